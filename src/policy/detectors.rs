//! `filters/detectors.toml`: which of the gateway's own detectors look through the text, and what each of them asks for.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::agreements::line_of;
use super::edition::SourceFile;
use super::faults::Faults;
use super::profiles::ACTIONS;
use super::table::{Need, read};
use crate::base::{Action, Complaint, Severity};

/// The file's place in the folder.
pub(in crate::policy) const PATH: &str = "filters/detectors.toml";

/// A detector that is switched on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectorRule {
    /// Name in the filter's own table.
    pub name: String,
    /// What is done where it finds something.
    pub action: Action,
    /// How grave that is.
    pub severity: Severity,
    /// File and line.
    pub rule: Arc<str>,
}

/// Reads the list; whether a name is one of the filter's table is asked where the filters are compiled.
pub(in crate::policy) fn parse(file: &SourceFile) -> (Vec<DetectorRule>, Vec<Complaint>) {
    let mut faults = Faults::of(file.path.clone());
    let (mut rules, mut present) = (Vec::new(), BTreeSet::new());
    read(file, &mut faults, |mut root, faults| {
        for mut entry in root.tables("detector", Need::Required, faults) {
            let rule = format!("{}:{}", file.path, line_of(&file.text, entry.place().start)).into();
            let name = entry.word("name", Need::Required, faults);
            let action = entry.choice("action", Need::Required, &ACTIONS, faults);
            let severity = entry.choice("severity", Need::Required, &Severity::WORDS, faults);
            entry.finish(faults);
            let (Some(name), Some(action), Some(severity)) = (name, action, severity) else { continue };
            if !present.insert(name.text.to_owned()) {
                faults.at(&name.at, format!("the detector `{}` stands twice", name.text), "each detector once", "remove one of the two");
                continue;
            }
            rules.push(DetectorRule { name: name.text.to_owned(), action, severity, rule });
        }
        root.finish(faults);
    });
    (rules, faults.into_list())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Vec<DetectorRule>, Vec<Complaint>) {
        parse(&SourceFile { path: PATH.into(), text: text.into() })
    }

    #[test]
    fn each_detector_is_listed_once_with_all_that_it_needs() {
        let (rules, complaints) = parsed(
            "[[detector]]\nname = \"a\"\naction = \"hold\"\nseverity = \"high\"\n\n[[detector]]\nname = \"b\"\naction = \"strip\"\nseverity = \"low\"\n",
        );
        assert!(complaints.is_empty(), "{complaints:?}");
        assert_eq!(rules.iter().map(|rule| (rule.name.as_str(), rule.action)).collect::<Vec<_>>(), [("a", Action::Hold), ("b", Action::Strip)]);
        assert_eq!(&*rules[1].rule, "filters/detectors.toml:6");
        let twice = "[[detector]]\nname = \"a\"\naction = \"hold\"\nseverity = \"high\"\n[[detector]]\nname = \"a\"\naction = \"hold\"\nseverity = \"high\"\n";
        for (text, told) in [
            (twice, "stands twice"),
            ("[[detector]]\nname = \"a\"\naction = \"holt\"\nseverity = \"high\"\n", "holt"),
            ("[[detector]]\nname = \"a\"\naction = \"hold\"\n", "severity"),
            ("[[detector]]\nname = \"a\"\naction = \"hold\"\nseverity = \"high\"\nwhy = \"\"\n", "why"),
        ] {
            let (_, complaints) = parsed(text);
            assert!(complaints.iter().any(|one| one.what.contains(told)), "{told}: {complaints:?}");
        }
    }
}
