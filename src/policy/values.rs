//! Cases of values: of one field, what may stand in it and what may not, and what is done then.
//!
//! `field = [{ path = "/event/point/@ce", passes = ["0"], stops = ["-1"], action = "hold" }]` beside or instead of `[[case]]`, with the
//! format above. A message tries many rows at once and shows the gravest; a value tries one row, and shows what that row does.

use std::sync::Arc;

use super::agreements::line_of;
use super::edition::SourceFile;
use super::faults::Faults;
use super::profiles::ACTIONS;
use super::table::{Need, Table};
use super::transforms::pattern;
use crate::base::{Action, Reason};
use crate::format::{FORMATS, by_name};

/// What is expected of the values of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueCase {
    /// `file:line`.
    pub rule: Arc<str>,
    /// Name of the format.
    pub format: &'static str,
    /// The steps to the field, each a name.
    pub path: Vec<String>,
    /// Whether the field may stand without a value; `None` where the case does not say.
    pub bare: Option<Expected>,
    /// Values that pass.
    pub passes: Vec<String>,
    /// Values that do not.
    pub stops: Vec<String>,
    /// Characters that a value may have at most: one more is too long.
    pub longest: Option<usize>,
    /// What is done with a value that does not pass.
    pub action: Option<Action>,
    /// The reason of that, where the case says.
    pub code: Option<Reason>,
    /// The edit that the profile makes of every value, as rule files spell it; none where it makes none.
    pub edit: Option<String>,
    /// Whether the value names another thing.
    pub reference: bool,
}

/// What is expected of a field that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It passes.
    Passes,
    /// It does not.
    Stops,
}

const EXPECTED: [(&str, Expected); 2] = [("passes", Expected::Passes), ("stops", Expected::Stops)];

/// Reads `format` and `field` of a file of cases.
pub(in crate::policy) fn parse(root: &mut Table<'_>, file: &SourceFile, faults: &mut Faults) -> Vec<ValueCase> {
    let format = root.word("format", Need::Optional, faults);
    let tables = root.tables("field", Need::Optional, faults);
    let found = format.as_ref().and_then(|word| {
        let found = by_name(word.text);
        if found.is_none() {
            faults.unknown(&word.at, "format", word.text, FORMATS.iter().map(|format| format.name));
        }
        found
    });
    if let (None, Some(first)) = (&format, tables.first()) {
        let place = first.place().clone();
        faults.at(&place, "the fields are of no format", "`format = \"...\"` at the top of the file", "name the format whose fields these are");
    }
    tables.into_iter().filter_map(|table| read(table, found?.name, file, faults)).collect()
}

fn read(mut table: Table<'_>, format: &'static str, file: &SourceFile, faults: &mut Faults) -> Option<ValueCase> {
    let place = table.place().clone();
    let rule = format!("{}:{}", file.path, line_of(&file.text, place.start)).into();
    let path = table.word("path", Need::Required, faults);
    let steps = path.as_ref().and_then(|word| pattern(word, faults)).map(|pattern| pattern.steps().to_vec());
    if let Some(word) = path.as_ref().filter(|word| word.text.contains('*')) {
        faults.at(&word.at, "a case speaks of one field", "a path without `*`", "name a field that the row speaks of");
    }
    let bare = table.choice("bare", Need::Optional, &EXPECTED, faults);
    let texts = |key: &'static str, table: &mut Table<'_>, faults: &mut Faults| -> Vec<String> {
        table.value(key, Need::Optional, faults).map_or_else(Vec::new, |value| value.texts(faults))
    };
    let (passes, stops) = (texts("passes", &mut table, faults), texts("stops", &mut table, faults));
    let longest = table.whole("longest", Need::Optional, (1, 65_536), faults);
    let action = table.choice("action", Need::Optional, &ACTIONS, faults);
    let code = table.word("code", Need::Optional, faults);
    let reason = code.as_ref().and_then(|word| Reason::from_code(word.text));
    if let Some(word) = code.filter(|_| reason.is_none()) {
        faults.unknown(&word.at, "code", word.text, Reason::ALL.iter().map(|reason| reason.code()));
    }
    let edit = table.word("edit", Need::Optional, faults).map(|word| word.text.to_owned());
    let reference = table.flag("reference", faults);
    table.finish(faults);
    let tried = !passes.is_empty() || !stops.is_empty() || longest.is_some() || bare.is_some();
    if !tried {
        faults.at(&place, "the case tests nothing: it tries no value", "`passes`, `stops`, `longest` or `bare`", "give a value, or remove the case");
    }
    let refuses = !stops.is_empty() || longest.is_some() || bare == Some(Expected::Stops);
    if refuses && action.is_none() {
        faults.at(&place, "the case does not say what is done with a value that does not pass", "`action = \"...\"`", "say what is expected");
    }
    let longest = longest.and_then(|longest| usize::try_from(longest).ok());
    Some(ValueCase { rule, format, path: steps?, bare, passes, stops, longest, action, code: reason, edit, reference })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::folder::from_texts;
    use crate::policy::table;

    fn parsed(text: &str) -> (Vec<ValueCase>, Vec<String>) {
        let file = &from_texts([("cases/x.toml", text)])[0];
        let (mut faults, mut found) = (Faults::of("cases/x.toml".into()), Vec::new());
        table::read(file, &mut faults, |mut root, faults| {
            found = parse(&mut root, file, faults);
            root.finish(faults);
        });
        (found, faults.into_list().into_iter().map(|complaint| complaint.what).collect())
    }

    #[test]
    fn a_case_of_values_is_read_whole() {
        let (found, complaints) = parsed(
            "format = \"cot\"\nfield = [\n  { path = \"/event/@uid\", passes = [\"A\", \"\"], stops = [\"<\"], longest = 128, action = \"hold\", code = \"fields.pattern\", reference = true },\n]\n",
        );
        assert_eq!(complaints, Vec::<String>::new());
        assert_eq!(
            (found[0].format, found[0].path.as_slice(), &*found[0].rule),
            ("cot", &["event".to_owned(), "@uid".to_owned()][..], "cases/x.toml:3")
        );
        assert_eq!((found[0].passes.len(), found[0].longest, found[0].action, found[0].reference), (2, Some(128), Some(Action::Hold), true));
    }

    #[test]
    fn a_case_of_values_that_tests_nothing_is_complained_of() {
        for (row, told) in [
            ("path = \"/event/@uid\"", "it tries no value"),
            ("path = \"/event/*\", passes = [\"a\"]", "speaks of one field"),
            ("path = \"/event/@uid\", stops = [\"a\"]", "does not say what is done"),
            ("path = \"/event/@uid\", bare = \"stop\"", "unknown bare `stop`"),
            ("path = \"/event/@uid\", stops = [\"a\"], action = \"hold\", code = \"field.range\"", "unknown code `field.range`"),
        ] {
            let (_, complaints) = parsed(&format!("format = \"cot\"\nfield = [{{ {row} }}]\n"));
            assert!(complaints.iter().any(|what| what.contains(told)), "{told}: {complaints:?}");
        }
        let (_, complaints) = parsed("field = [{ path = \"/event/@uid\", passes = [\"a\"] }]\n");
        assert!(complaints.iter().any(|what| what.contains("of no format")), "{complaints:?}");
    }
}
