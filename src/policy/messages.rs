//! `messages/<id>.toml`: the definition of a formatted message: its sets, how often and in which order they stand, and what their fields hold.
//!
//! Lengths are written as the catalogues of message text formats write them: `3-5AN` is three to five letters or digits. A definition says what a
//! message is; what may leave of it is the profile's.

use super::agreements::line_of;
use super::edition::{Characters, FieldDefinition, FieldForm, MessageDefinition, Occurs, Order, SetDefinition, SourceFile};
use super::faults::Faults;
use super::profiles::ACTIONS;
use super::table::{Need, Table, Word, read};
use crate::base::{Action, Complaint};

const OCCURS: [(&str, Occurs); 4] = [("once", Occurs::Once), ("optional", Occurs::Optional), ("repeated", Occurs::Repeated), ("any", Occurs::Any)];
const ORDERS: [(&str, Order); 2] = [("listed", Order::Listed), ("free", Order::Free)];
const TYPES: [(&str, Type); 3] = [("text", Type::Text), ("position", Type::Position), ("time", Type::Time)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    Position,
    Time,
}

pub(in crate::policy) fn parse(file: &SourceFile) -> (Option<MessageDefinition>, Vec<Complaint>) {
    let mut faults = Faults::of(file.path.clone());
    let mut found = None;
    read(file, &mut faults, |root, faults| found = definition(root, file, faults));
    (found, faults.into_list())
}

fn definition(mut root: Table<'_>, file: &SourceFile, faults: &mut Faults) -> Option<MessageDefinition> {
    let kind = root.word("kind", Need::Required, faults).map(|word| word.text.to_owned());
    let otherwise = root.choice("otherwise", Need::Required, &ACTIONS, faults);
    let misfit = root.choice("misfit", Need::Optional, &ACTIONS, faults).unwrap_or(Action::Hold);
    let order = root.choice("order", Need::Optional, &ORDERS, faults).unwrap_or(Order::Listed);
    let mut sets: Vec<SetDefinition> = Vec::new();
    for table in root.tables("set", Need::Required, faults) {
        let place = table.place().clone();
        let Some(set) = set(table, file, faults) else { continue };
        if sets.iter().any(|earlier| earlier.id == set.id) {
            faults.at(&place, format!("the set `{}` stands twice", set.id), "one row for each set", "join the two rows, and say `repeated` or `any`");
        }
        sets.push(set);
    }
    root.finish(faults);
    Some(MessageDefinition { kind: kind?, sets, order, otherwise: otherwise?, misfit, file: file.path.clone() })
}

fn set(mut table: Table<'_>, file: &SourceFile, faults: &mut Faults) -> Option<SetDefinition> {
    let rule = format!("{}:{}", file.path, line_of(&file.text, table.place().start)).into();
    let id = table.word("id", Need::Required, faults).filter(|word| {
        let good = (3..=8).contains(&word.text.len()) && word.text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !good {
            faults.at(&word.at, format!("`{}` is no set", word.text), "3 to 8 capital letters or digits", "write the identifier as messages do");
        }
        good
    });
    let occurs = table.choice("occurs", Need::Required, &OCCURS, faults);
    let fields = table.tables("field", Need::Optional, faults).into_iter().map(|table| field(table, faults)).collect::<Vec<_>>();
    let repeats = table.flag("last_field_repeats", faults);
    table.finish(faults);
    let fields = fields.into_iter().collect::<Option<Vec<_>>>()?;
    Some(SetDefinition { id: id?.text.to_owned(), occurs: occurs?, fields, last_field_repeats: repeats, rule })
}

fn field(mut table: Table<'_>, faults: &mut Faults) -> Option<FieldDefinition> {
    let name = table.word("name", Need::Required, faults).map(|word| word.text.to_owned());
    let kind = table.choice("type", Need::Required, &TYPES, faults);
    let optional = table.flag("optional", faults);
    let unit = table.word("unit", Need::Optional, faults).map(|word| word.text.to_owned());
    let form = match kind? {
        Type::Text => {
            let length = table.word("length", Need::Required, faults);
            let length = length.and_then(|word| characters(&word, faults));
            let pattern = table.word("pattern", Need::Optional, faults);
            if let Some(word) = &pattern
                && regex::Regex::new(&format!("^(?:{})$", word.text)).is_err()
            {
                faults.at(&word.at, "the pattern does not compile", "a regular expression over the whole value", "correct the expression");
            }
            length.map(|length| FieldForm::Text { length, pattern: pattern.map(|word| word.text.to_owned()) })
        }
        Type::Position => Some(FieldForm::Position),
        Type::Time => Some(FieldForm::Time),
    };
    table.finish(faults);
    Some(FieldDefinition { name: name?, form: form?, optional, unit })
}

/// Reads a length such as `3-5AN` or `4N`.
// SPEC: ADatP-3 part I: A letters, N digits, S special characters, B blanks, X any.
fn characters(word: &Word<'_>, faults: &mut Faults) -> Option<Characters> {
    let digits = word.text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(word.text.len());
    let (bounds, kinds) = word.text.split_at_checked(digits)?;
    let (least, most) = bounds.split_once('-').unwrap_or((bounds, bounds));
    let bounds = least.parse::<usize>().ok().zip(most.parse::<usize>().ok()).filter(|(least, most)| least <= most && (1..=65_536).contains(most));
    match bounds.filter(|_| !kinds.is_empty() && kinds.chars().all(|c| "ANSBX".contains(c))) {
        Some((least, most)) => Some(Characters { least, most, kinds: kinds.to_owned() }),
        None => {
            faults.at(
                &word.at,
                format!("`{}` is no length", word.text),
                "such as `3-5AN`: bounds, then letters of `A N S B X`",
                "correct the length",
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::folder::from_texts;

    fn parsed(text: &str) -> (Option<MessageDefinition>, Vec<Complaint>) {
        parse(&from_texts([("messages/test.toml", text)])[0])
    }

    #[test]
    fn a_definition_is_read() {
        let text = "kind = \"INTREP\"\notherwise = \"hold\"\n[[set]]\nid = \"MSGID\"\noccurs = \"once\"\nlast_field_repeats = true\n\
                    field = [{ name = \"format\", type = \"text\", length = \"1-20X\" }, { name = \"place\", type = \"position\", optional = true }]\n";
        let (found, complaints) = parsed(text);
        assert_eq!(complaints, []);
        let found = found.unwrap();
        assert_eq!((found.kind.as_str(), found.sets.len(), found.sets[0].fields.len(), found.misfit), ("INTREP", 1, 2, Action::Hold));
        assert_eq!(&*found.sets[0].rule, "messages/test.toml:3");
    }

    #[test]
    fn what_cannot_hold_is_complained_of_with_its_place() {
        for (row, part) in [
            ("id = \"ab\"\noccurs = \"once\"", "is no set"),
            ("id = \"ABC\"\noccurs = \"sometimes\"", "unknown occurs"),
            ("id = \"ABC\"\noccurs = \"once\"\nfield = [{ name = \"a\", type = \"text\", length = \"5-3A\" }]", "is no length"),
            ("id = \"ABC\"\noccurs = \"once\"\nfield = [{ name = \"a\", type = \"text\", length = \"3Q\" }]", "is no length"),
            ("id = \"ABC\"\noccurs = \"once\"\nfield = [{ name = \"a\", type = \"text\", length = \"3A\", pattern = \"[\" }]", "does not compile"),
            ("id = \"ABC\"\noccurs = \"once\"\n[[set]]\nid = \"ABC\"\noccurs = \"once\"", "stands twice"),
            ("id = \"ABC\"\noccurs = \"once\"\nextra = 1", "unknown key"),
        ] {
            let (_, complaints) = parsed(&format!("kind = \"X\"\notherwise = \"hold\"\n[[set]]\n{row}\n"));
            assert!(complaints.iter().any(|c| c.what.contains(part) && c.at.is_some()), "{row}: {complaints:#?}");
        }
    }
}
