//! The strict JSON reader: nothing panics, whatever it reads serde_json reads as the same values, and what is written reads back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule::base::Budget;
use vestibule::format::Syntax;
use vestibule::format::syntax::json::{self, Content, Json, Nothing};
use vestibule::normal::Edits;
use vestibule::rebuild;

fuzz_target!(|body: &[u8]| {
    let mut budget = Budget::for_body(body.len());
    let Ok(document) = json::read(body, &mut budget) else { return };
    let other: serde_json::Value = serde_json::from_slice(body).expect("a second reader takes what we take");
    same(&document, &other);
    let Ok(tree) = json::tree("root", document, Nothing::Refuse, &mut budget) else { return };
    let written = rebuild::bytes(&tree, &Edits::default(), Syntax::Json).expect("what is read is written");
    let mut budget = Budget::for_body(written.len());
    let again = json::read(&written, &mut budget).and_then(|again| json::tree("root", again, Nothing::Refuse, &mut budget));
    assert!(tree.same_fields(&again.expect("what is written is read")), "what is written is read as other fields");
});

/// One value by both readers. Numbers are compared as far as binary floating point goes.
fn same(own: &Json<'_>, other: &serde_json::Value) {
    match &own.content {
        Content::Null => assert!(other.is_null()),
        Content::Flag(flag) => assert_eq!(other.as_bool(), Some(*flag)),
        Content::Text(text) => assert_eq!(other.as_str(), Some(&**text)),
        Content::Number(number, _) => {
            let (own, other) = (number.to_string().parse::<f64>().expect("a number"), other.as_f64().expect("a number"));
            assert!((own - other).abs() <= other.abs() * 1e-12);
        }
        Content::Time(_) => panic!("the reader gives no times"),
        Content::List(items) => {
            let others = other.as_array().expect("a list");
            assert_eq!(items.len(), others.len());
            items.iter().zip(others).for_each(|(item, other)| same(item, other));
        }
        Content::Object(object) => {
            let others = other.as_object().expect("an object");
            assert_eq!(object.members().len(), others.len());
            object.members().iter().for_each(|member| same(&member.value, &others[&*member.key]));
        }
    }
}
