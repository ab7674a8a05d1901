//! `formats/<format>.toml`: the field profile of a format: what each field may hold, and what happens where it does not.

use std::collections::BTreeSet;

use super::agreements::line_of;
use super::edition::{Field, FieldType, Profile, SourceFile};
use super::faults::Faults;
use super::table::{Need, Table, read};
use super::transforms::{action, pattern};
use crate::base::{Action, Complaint};

/// Characters of a text field at most, whatever a profile says: 65,536, the largest text that a reviewer can be asked to read.
const LENGTH_MAX: u32 = 65_536;
/// Bytes that a compiled regular expression may take: 1 MiB. Profiles of a hundred fields stay far below it.
const PATTERN_BYTES_MAX: usize = 1024 * 1024;

/// The actions, as rule files spell them.
pub(in crate::policy) const ACTIONS: [(&str, Action); 4] =
    [("note", Action::Note), ("strip", Action::Strip), ("hold", Action::Hold), ("refuse", Action::Refuse)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Any,
    Text,
    OneOf,
    Number,
    Time,
    Element,
}

const TYPES: [(&str, Type); 6] =
    [("any", Type::Any), ("text", Type::Text), ("one-of", Type::OneOf), ("number", Type::Number), ("time", Type::Time), ("element", Type::Element)];

pub(in crate::policy) fn parse(file: &SourceFile) -> (Option<Profile>, Vec<Complaint>) {
    let mut faults = Faults::of(file.path.clone());
    let mut profile = None;
    read(file, &mut faults, |root, faults| profile = read_profile(root, file, faults));
    (profile, faults.into_list())
}

fn read_profile(mut root: Table<'_>, file: &SourceFile, faults: &mut Faults) -> Option<Profile> {
    let otherwise = root.choice("otherwise", Need::Required, &ACTIONS, faults);
    let rest = root.words("rest", Need::Optional, faults).iter().filter_map(|word| pattern(word, faults)).collect();
    let mut fields: Vec<Field> = Vec::new();
    for table in root.tables("field", Need::Required, faults) {
        let place = table.place().clone();
        let Some(field) = read_field(table, file, faults) else { continue };
        if fields.iter().any(|earlier| earlier.path == field.path) {
            faults.at(&place, format!("the field `{}` stands twice", field.path), "one row for each path", "join the two rows");
        }
        fields.push(field);
    }
    root.finish(faults);
    Some(Profile { fields, otherwise: otherwise?, rest, file: file.path.clone() })
}

fn read_field(mut table: Table<'_>, file: &SourceFile, faults: &mut Faults) -> Option<Field> {
    let rule = format!("{}:{}", file.path, line_of(&file.text, table.place().start)).into();
    let path = table.word("path", Need::Required, faults).and_then(|word| pattern(&word, faults));
    let forbid = table.choice("forbid", Need::Optional, &ACTIONS, faults);
    let kind = match forbid {
        // A forbidden field needs no type: whatever it holds, it does not pass.
        Some(_) => Some(FieldType::Any),
        None => field_type(&mut table, faults),
    };
    let misfit = table.choice("misfit", Need::Optional, &ACTIONS, faults).unwrap_or(Action::Hold);
    let transform = table.table("transform", Need::Optional, faults).and_then(|mut step| {
        let action = action(&mut step, faults);
        step.finish(faults);
        action
    });
    let reference = table.flag("reference", faults);
    let allow = match forbid {
        // Nothing of a forbidden field passes, so nothing in it is allowed.
        Some(_) => BTreeSet::new(),
        None => table.words("allow", Need::Optional, faults).iter().map(|word| word.text.to_owned()).collect(),
    };
    table.finish(faults);
    Some(Field { path: path?, kind: kind?, forbid, misfit, transform, reference, allow, rule })
}

fn field_type(table: &mut Table<'_>, faults: &mut Faults) -> Option<FieldType> {
    match table.choice("type", Need::Required, &TYPES, faults)? {
        Type::Any => Some(FieldType::Any),
        Type::Time => Some(FieldType::Time),
        Type::Element => Some(FieldType::Element),
        Type::Text => text(table, faults),
        Type::Number => number(table, faults),
        Type::OneOf => one_of(table, faults),
    }
}

fn text(table: &mut Table<'_>, faults: &mut Faults) -> Option<FieldType> {
    let length = table.whole("length_max", Need::Required, (1, LENGTH_MAX), faults);
    let pattern = table.word("pattern", Need::Optional, faults);
    if let Some(word) = &pattern {
        // The whole value must match, as the field filter reads it: `^(?:...)$` is compiled here as there.
        let whole = format!("^(?:{})$", word.text);
        if let Err(error) = regex::RegexBuilder::new(&whole).size_limit(PATTERN_BYTES_MAX).build() {
            let said = error.to_string();
            let why = said.lines().last().unwrap_or("malformed").trim_start_matches("error: ").to_owned();
            faults.at(
                &word.at,
                "the pattern does not compile",
                why,
                "correct the regular expression; it has neither look-around nor back-references",
            );
        }
    }
    let length_max = usize::try_from(length?).unwrap_or(usize::MAX);
    Some(FieldType::Text { length_max, pattern: pattern.map(|word| word.text.to_owned()) })
}

fn number(table: &mut Table<'_>, faults: &mut Faults) -> Option<FieldType> {
    let (min, max) = (table.decimal("min", faults), table.decimal("max", faults));
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        let place = table.place().clone();
        faults.at(&place, "no number fits the field", format!("`min` {min} is above `max` {max}"), "exchange the two");
    }
    Some(FieldType::Number { min, max })
}

fn one_of(table: &mut Table<'_>, faults: &mut Faults) -> Option<FieldType> {
    let values: BTreeSet<String> = table.words("values", Need::Required, faults).iter().map(|word| word.text.to_owned()).collect();
    if values.is_empty() {
        let place = table.place().clone();
        faults.at(&place, "no value fits the field", "`values = [...]` with at least one value", "list the values");
        return None;
    }
    Some(FieldType::OneOf(values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::edition::TransformAction;
    use crate::policy::folder::from_texts;

    fn parsed(text: &str) -> (Option<Profile>, Vec<Complaint>) {
        parse(&from_texts([("formats/cot.toml", text)])[0])
    }

    #[test]
    fn every_type_is_read() {
        let text = r#"
otherwise = "strip"
rest = ["/event/point"]
[[field]]
path = "/event"
type = "element"
[[field]]
path = "/event/@uid"
type = "text"
length_max = 128
pattern = '[A-Z]+'
[[field]]
path = "/event/point/@lat"
type = "number"
min = -90
max = 89.99
misfit = "refuse"
transform = { action = "coarsen", digits = 3 }
[[field]]
path = "/event/@time"
type = "time"
[[field]]
path = "/event/detail/takv/**"
forbid = "strip"
[[field]]
path = "/event/detail/link/@uid"
type = "any"
reference = true
allow = ["url"]
[[field]]
path = "/event/@version"
type = "one-of"
values = ["2.0"]
"#;
        let (profile, complaints) = parsed(text);
        assert_eq!(complaints, []);
        let profile = profile.unwrap();
        assert_eq!((profile.fields.len(), profile.otherwise, profile.rest.len()), (7, Action::Strip, 1));
        assert_eq!(profile.fields[2].misfit, Action::Refuse);
        assert_eq!(profile.fields[2].transform, Some(TransformAction::CoarsenNumber(3)));
        assert_eq!(profile.fields[4].forbid, Some(Action::Strip));
        assert!(profile.fields[5].reference && !profile.fields[1].reference);
        assert!(profile.fields[5].allow.contains("url") && profile.fields[1].allow.is_empty());
        assert_eq!(&*profile.fields[1].rule, "formats/cot.toml:7");
    }

    #[test]
    fn what_cannot_hold_is_complained_of() {
        for (row, part) in [
            ("path = \"event\"\ntype = \"any\"", "is no path"),
            ("path = \"/event/@a/b\"\ntype = \"any\"", "is no path"),
            ("path = \"/a\"\ntype = \"txt\"", "unknown type `txt`"),
            ("path = \"/a\"\ntype = \"text\"", "`length_max` is missing"),
            ("path = \"/a\"\ntype = \"text\"\nlength_max = 0", "whole number from 1 to 65536"),
            ("path = \"/a\"\ntype = \"text\"\nlength_max = 9\npattern = '(?=x)'", "does not compile"),
            ("path = \"/a\"\ntype = \"text\"\nlength_max = 9\npattern = '['", "does not compile"),
            ("path = \"/a\"\ntype = \"number\"\nmin = 2\nmax = 1", "no number fits"),
            ("path = \"/a\"\ntype = \"number\"\nmin = 1e3", "decimal number"),
            ("path = \"/a\"\ntype = \"one-of\"\nvalues = []", "no value fits"),
            ("path = \"/a\"\ntype = \"one-of\"\nvalues = [\"x\", \"x\"]", "stands twice"),
            ("path = \"/a\"\ntype = \"any\"\nmisfit = \"drop\"", "unknown misfit `drop`"),
            ("path = \"/a\"\ntype = \"any\"\nreference = \"yes\"", "`true` or `false`"),
            ("path = \"/a\"\ntype = \"any\"\nlength_max = 3", "unknown key `length_max`"),
            ("path = \"/a\"\nforbid = \"strip\"\nallow = [\"url\"]", "unknown key `allow`"),
            ("path = \"/a\"\ntype = \"any\"\nallow = [\"url\", \"url\"]", "stands twice"),
            ("path = \"/a\"\ntype = \"any\"\ntransform = { action = \"coarsen\", digits = 7 }", "from 0 to 6"),
            ("path = \"/a\"\ntype = \"any\"\ntransform = { action = \"coarsen-time\" }", "`seconds` is missing"),
            ("path = \"/a\"\ntype = \"any\"\n[[field]]\npath = \"/a\"\ntype = \"any\"", "stands twice"),
        ] {
            let (_, complaints) = parsed(&format!("otherwise = \"strip\"\n[[field]]\n{row}\n"));
            assert!(complaints.iter().any(|c| c.what.contains(part) && c.at.is_some()), "{row}: {complaints:#?}");
        }
    }
}
