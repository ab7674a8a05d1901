//! JSON: the suite of others, and what the reader and the writer make of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use vestibule::base::{Budget, Refusal};
use vestibule::format::Syntax;
use vestibule::format::syntax::json::{self, Content, Json, Nothing};
use vestibule::normal::Edits;

/// What RFC 8259 lets stand and we refuse, each with its reason.
const REFUSED: &[(&str, &str)] = &[
    ("y_number_double_close_to_zero.json", "malformed.json.number"), // 78 digits behind the point
    ("y_number_minus_zero.json", "malformed.json.number"),           // readers do not agree on a negative zero
    ("y_number_negative_zero.json", "malformed.json.number"),
    ("y_number_real_capital_e.json", "malformed.json.number"), // 1E22: more than 18 digits
    ("y_number.json", "malformed.json.number"),                // 123e65
    ("y_number_real_exponent.json", "malformed.json.number"),  // 123e45
    ("y_number_real_fraction_exponent.json", "malformed.json.number"), // 123.456e78
    ("y_object_extreme_numbers.json", "malformed.json.number"), // -1.0e+28
    ("y_object_duplicated_key.json", "malformed.json.repeated"), // I-JSON: each key once
    ("y_object_duplicated_key_and_value.json", "malformed.json.repeated"),
    ("y_string_escaped_noncharacter.json", "malformed.json.character"), // I-JSON: no non-characters
    ("y_string_last_surrogates_1_and_2.json", "malformed.json.character"),
    ("y_string_nonCharacterInUTF-8_U+10FFFF.json", "malformed.json.character"),
    ("y_string_nonCharacterInUTF-8_U+FFFF.json", "malformed.json.character"),
    ("y_string_unicode_U+10FFFE_nonchar.json", "malformed.json.character"),
    ("y_string_unicode_U+1FFFE_nonchar.json", "malformed.json.character"),
    ("y_string_unicode_U+FDD0_nonchar.json", "malformed.json.character"),
    ("y_string_unicode_U+FFFE_nonchar.json", "malformed.json.character"),
];

fn read(body: &[u8]) -> Result<Json<'_>, Refusal> {
    json::read(body, &mut Budget::for_body(body.len()))
}

/// The folder of the JSON test suite, where it stands beside the checkout.
fn suite() -> Option<PathBuf> {
    crate::samples::shared("../suites/jsontestsuite/test_parsing")
}

#[test]
fn the_json_test_suite_is_read_and_refused_as_it_says() {
    let Some(folder) = suite() else { return };
    let mut count = BTreeMap::new();
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let body = std::fs::read(&path).unwrap();
        let found = read(&body).err().map(|refusal| refusal.reason.code());
        let listed = REFUSED.iter().find(|(file, _)| *file == name).map(|(_, code)| *code);
        let fits = match name.get(..2) {
            Some("y_") => found == listed,
            Some("n_") => found.is_some(),
            // What the standard leaves open is refused, all of it: numbers beyond 18 digits, halves of surrogate pairs, other encodings, depth.
            _ => found.is_some(),
        };
        *count.entry((name.get(..2).unwrap().to_owned(), found.unwrap_or("read"))).or_insert(0) += 1;
        if !fits {
            wrong.push(format!("{name}: {found:?}"));
        }
    }
    println!("{count:?}");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(count.values().sum::<i32>() > 300);
}

#[test]
fn what_is_written_reads_back_as_the_same_and_serde_reads_the_same() {
    let Some(folder) = suite() else { return };
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let body = std::fs::read(&path).unwrap();
        let Ok(document) = read(&body) else { continue };
        let theirs: serde_json::Value = serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        same(&document, &theirs).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let mut budget = Budget::for_body(body.len());
        let Ok(tree) = json::tree("root", document, Nothing::Refuse, &mut budget) else { continue };
        let written = vestibule::rebuild::bytes(&tree, &Edits::default(), Syntax::Json).unwrap();
        let again = json::tree("root", read(&written).unwrap(), Nothing::Refuse, &mut budget).unwrap();
        assert!(tree.same_fields(&again), "{}", path.display());
        count += 1;
    }
    assert!(count >= 5, "{count}");
}

/// Whether a library reads what we read; numbers as far as binary floating point goes.
fn same(ours: &Json<'_>, theirs: &serde_json::Value) -> Result<(), String> {
    let fits = match (&ours.content, theirs) {
        (Content::Null, serde_json::Value::Null) => true,
        (Content::Flag(a), serde_json::Value::Bool(b)) => a == b,
        (Content::Number(a, _), serde_json::Value::Number(b)) => a.to_string().parse::<f64>().ok() == b.as_f64(),
        (Content::Text(a), serde_json::Value::String(b)) => a == b,
        (Content::List(a), serde_json::Value::Array(b)) => {
            a.iter().zip(b).try_for_each(|(a, b)| same(a, b))?;
            a.len() == b.len()
        }
        (Content::Object(a), serde_json::Value::Object(b)) => {
            a.members()
                .iter()
                .try_for_each(|member| b.get(&*member.key).map_or(Err("a key is missing".into()), |value| same(&member.value, value)))?;
            a.members().len() == b.len()
        }
        _ => false,
    };
    if fits { Ok(()) } else { Err(format!("{ours:?} is not {theirs}")) }
}
