//! The bounds of an emergency edition: how long it may last, and in which clauses it may differ from the edition before it.
//!
//! Everything outside the named clauses is compared as text, file by file, so that nothing that could matter is overlooked. Cases and prose decide
//! nothing and may differ. Takes two editions, gives every difference outside the scope.

use std::collections::{BTreeMap, BTreeSet};

use super::statement::{Emergency, check_reason};
use crate::base::{Name, Time};
use crate::policy::{Agreement, Clause, Edition, Transform};

/// Checks an emergency edition against its bounds and against the edition before it.
///
/// # Errors
/// Every reason why it goes beyond them, one line each.
pub fn check(emergency: &Emergency, (before, edition): (&Edition, &Edition), now: Time, hours_max: u32) -> Result<(), Vec<String>> {
    let mut faults: Vec<String> = check_reason(&emergency.reason).err().into_iter().collect();
    let seconds = emergency.until.seconds_since(now);
    if seconds <= 0 || seconds > i64::from(hours_max).saturating_mul(3600) {
        faults.push(format!("an emergency until {} is over already, or longer than {hours_max} hours", emergency.until));
    }
    for id in &emergency.scope {
        if ![before, edition].iter().any(|edition| clauses(edition).any(|(_, clause)| clause.id.as_str() == id)) {
            faults.push(format!("the scope names `{id}`, which is no clause; expected `agreement/clause`"));
        }
    }
    faults.extend(outside(&emergency.scope, before, edition));
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn clauses(edition: &Edition) -> impl Iterator<Item = (&Agreement, &Clause)> {
    edition.agreements.iter().flat_map(|agreement| agreement.clauses.iter().map(move |clause| (agreement, clause)))
}

/// What differs outside the clauses of the scope, one line each.
fn outside(scope: &BTreeSet<String>, before: &Edition, edition: &Edition) -> Vec<String> {
    let (old, new) = (texts(before), texts(edition));
    let paths: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let mut found: Vec<String> = paths
        .into_iter()
        .filter(|path| old.get(path) != new.get(path))
        .map(|path| format!("`{path}` differs, and an emergency may differ in the clauses of its scope only"))
        .collect();
    let (old, new) = (heads(before), heads(edition));
    // An agreement that is new or gone has clauses that are: those are told of below.
    for (id, head) in &old {
        if new.get(id).is_some_and(|other| other != head) {
            found.push(format!("the title or the dates of the agreement `{id}` differ"));
        }
    }
    let (old, new) = (terms(before), terms(edition));
    let ids: BTreeSet<&Name> = old.keys().chain(new.keys()).copied().collect();
    found.extend(
        ids.into_iter()
            .filter(|id| !scope.contains(id.as_str()) && old.get(id) != new.get(id))
            .map(|id| format!("the clause `{id}` differs and is not in the scope")),
    );
    found
}

/// Every file that is neither an agreement nor without effect; the number of the edition is left out, for it must differ.
fn texts(edition: &Edition) -> BTreeMap<&str, String> {
    let counts = |path: &str| !path.starts_with("agreements/") && !path.starts_with("cases/") && !path.ends_with(".md");
    let text = |path: &str, text: &str| match path {
        "ruleset.toml" => text.lines().filter(|line| !line.trim_start().starts_with("edition")).collect::<Vec<_>>().join("\n"),
        _ => text.to_owned(),
    };
    edition.files.iter().filter(|file| counts(&file.path)).map(|file| (&*file.path, text(&file.path, &file.text))).collect()
}

fn heads(edition: &Edition) -> BTreeMap<&Name, (&str, Time, Time)> {
    edition.agreements.iter().map(|one| (&one.id, (one.title.as_str(), one.from, one.until))).collect()
}

/// All that a clause says, without where it says it.
fn terms(edition: &Edition) -> BTreeMap<&Name, String> {
    let plain = |clause: &Clause| {
        let nowhere = |step: &Transform| Transform { rule: "".into(), ..step.clone() };
        let sanitise = clause.sanitise.iter().map(nowhere).collect();
        format!("{:?}", Clause { line: 0, sanitise, ..clause.clone() })
    };
    clauses(edition).map(|(_, clause)| (&clause.id, plain(clause))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::officer::tests::time;
    use super::*;
    use crate::policy::{self, SourceFile};

    fn rules(change: impl Fn(&str, &str) -> String) -> Edition {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes");
        let files: Vec<SourceFile> = policy::read_folder(&folder).unwrap();
        let changed = files.iter().map(|file| SourceFile { path: file.path.clone(), text: change(&file.path, &file.text).into() });
        policy::load(&changed.collect::<Vec<_>>()).unwrap()
    }

    /// The rule set with one text in one file replaced, and its number raised.
    fn with(path: &'static str, from: &'static str, to: &'static str) -> Edition {
        rules(|file, text| {
            let text = if file == "ruleset.toml" { text.replacen("edition = \"", "edition = \"9", 1) } else { text.to_owned() };
            if file == path {
                assert!(text.contains(from), "{path} has no {from}");
                text.replacen(from, to, 1)
            } else {
                text
            }
        })
    }

    fn faults(edition: &Edition, scope: &[&str], until: &str) -> Vec<String> {
        let scope = scope.iter().map(|id| (*id).to_owned()).collect();
        let emergency = Emergency { until: time(until), scope, reason: "flood".to_owned() };
        let before = rules(|_, text| text.to_owned());
        check(&emergency, (&before, edition), time("2026-11-23T10:00:00Z"), 24).err().unwrap_or_default()
    }

    const SOON: &str = "2026-11-23T12:00:00Z";

    #[test]
    fn a_clause_of_the_scope_may_differ_and_no_other_and_no_other_file() {
        let widened = with("agreements/messages.toml", "release = \"review\"", "release = \"automatic\"");
        let before = rules(|_, text| text.to_owned());
        let (old, new) = (terms(&before), terms(&widened));
        let changed = old.keys().find(|id| old.get(*id) != new.get(*id)).unwrap().to_string();
        assert_eq!(faults(&widened, &[&changed], SOON), Vec::<String>::new());
        let other = clauses(&before).map(|(_, clause)| clause.id.to_string()).find(|id| *id != changed).unwrap();
        assert_eq!(faults(&widened, &[&other], SOON), [format!("the clause `{changed}` differs and is not in the scope")]);
        let prose = with("README.md", "\n", "\n\n");
        assert_eq!(faults(&prose, &[&changed], SOON), Vec::<String>::new());
        for (path, from, to, told) in [
            ("release.cedar", "\n", "\n\n", "`release.cedar` differs"),
            ("peers.toml", "\n", "\n\n", "`peers.toml` differs"),
            ("ruleset.toml", "[nations]\n", "[nations]\nJPN = \"Japan\"\n", "`ruleset.toml` differs"),
            ("agreements/fvey-tracks.toml", "title = \"", "title = \"x", "the dates of the agreement"),
        ] {
            let found = faults(&with(path, from, to), &[&changed], SOON);
            assert!(found.len() == 1 && found[0].contains(told), "{told}: {found:?}");
        }
    }

    #[test]
    fn an_emergency_ends_in_time_and_its_scope_is_of_clauses() {
        let same = with("README.md", "\n", "\n");
        for until in ["2026-11-23T10:00:00Z", "2026-11-23T09:00:00Z", "2026-11-24T10:00:01Z"] {
            assert!(faults(&same, &[], until)[0].contains("longer than 24 hours"), "{until}");
        }
        assert_eq!(faults(&same, &[], "2026-11-24T10:00:00Z"), Vec::<String>::new());
        assert!(faults(&same, &["FVEY-TRACKS"], SOON)[0].contains("which is no clause"));
    }
}
