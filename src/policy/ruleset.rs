//! `ruleset.toml`: what the rule set is called, whose it is, and which nations, organisations and communities it knows.

use std::collections::{BTreeMap, BTreeSet};

use super::conditions::{self, Condition};
use super::edition::{Registry, ReviewRules, SourceFile};
use super::faults::Faults;
use super::table::{Need, Table, Word, read};
use crate::base::{Complaint, Name};
use crate::label::{Group, Term};

/// The file's place in the folder.
pub(in crate::policy) const PATH: &str = "ruleset.toml";

/// What `ruleset.toml` says.
#[derive(Debug, Default)]
pub(in crate::policy) struct Ruleset {
    pub(in crate::policy) name: Option<Name>,
    pub(in crate::policy) edition: String,
    pub(in crate::policy) home: String,
    pub(in crate::policy) registry: Registry,
    pub(in crate::policy) conditions: Vec<Condition>,
    pub(in crate::policy) review: ReviewRules,
    /// Names of policies, each with its place.
    pub(in crate::policy) exercise_policies: Vec<(String, std::ops::Range<usize>)>,
}

pub(in crate::policy) fn parse(file: &SourceFile) -> (Ruleset, Vec<Complaint>) {
    let mut faults = Faults::of(file.path.clone());
    let mut ruleset = Ruleset::default();
    read(file, &mut faults, |mut root, faults| {
        ruleset.name = root.name("name", Need::Required, faults);
        ruleset.edition = root.word("edition", Need::Required, faults).map(|word| word.text.to_owned()).unwrap_or_default();
        let home = root.word("home", Need::Required, faults);
        ruleset.registry.nations = titles(root.table("nations", Need::Required, faults), Length::Three, faults);
        ruleset.registry.organisations = titles(root.table("organisations", Need::Optional, faults), Length::Any, faults);
        ruleset.registry.by_name_only = by_name_only(&mut root, &ruleset.registry, faults);
        ruleset.registry.communities = communities(root.table("communities", Need::Optional, faults), &ruleset.registry, faults);
        dates(&mut root, &mut ruleset.registry, faults);
        ruleset.conditions = conditions::declared(root.table("conditions", Need::Optional, faults), faults);
        if let Some(review) = root.table("review", Need::Optional, faults) {
            ruleset.review = review_rules(review, faults);
        }
        if let Some(mut exercise) = root.table("exercise", Need::Optional, faults) {
            let words = exercise.words("policies", Need::Required, faults);
            ruleset.exercise_policies = words.into_iter().map(|word| (word.text.to_owned(), word.at)).collect();
            exercise.finish(faults);
        }
        if let Some(home) = home {
            known_owner(&home, &ruleset.registry, faults);
            ruleset.home = home.text.to_owned();
        }
        root.finish(faults);
    });
    (ruleset, faults.into_list())
}

/// Hours of a review at most: 8,784, a leap year.
const HOURS_MAX: u32 = 8_784;

fn review_rules(mut table: Table<'_>, faults: &mut Faults) -> ReviewRules {
    let usual = ReviewRules::default();
    let persons = persons(&mut table, "persons", faults).unwrap_or(usual.persons);
    let critical = super::ruleset::persons(&mut table, "critical", faults).unwrap_or(usual.critical);
    let hours = table.whole("hours", Need::Optional, (1, HOURS_MAX), faults).unwrap_or(usual.hours);
    table.finish(faults);
    ReviewRules { persons, critical, hours }
}

/// A number of persons.
pub(in crate::policy) fn persons(table: &mut Table<'_>, key: &'static str, faults: &mut Faults) -> Option<u8> {
    table.whole(key, Need::Optional, (1, 2), faults).and_then(|number| u8::try_from(number).ok())
}

/// Notes a fault unless the word is a nation or organisation.
pub(in crate::policy) fn known_owner(word: &Word<'_>, registry: &Registry, faults: &mut Faults) {
    if !registry.owners().any(|code| code == word.text) {
        faults.unknown(&word.at, "nation or organisation", word.text, registry.owners());
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    Three,
    Any,
}

fn titles(table: Option<Table<'_>>, length: Length, faults: &mut Faults) -> BTreeMap<String, String> {
    let mut titles = BTreeMap::new();
    for (code, title) in table.iter().flat_map(Table::entries) {
        let capitals = code.text.bytes().all(|b| b.is_ascii_uppercase()) && (2..=16).contains(&code.text.len());
        if !capitals || (length == Length::Three && code.text.len() != 3) {
            let expected = if length == Length::Three { "three capital letters (ISO 3166-1 alpha-3)" } else { "2 to 16 capital letters" };
            faults.at(&code.at, format!("`{}` is no code", code.text), expected, "write the code in capital letters");
        }
        if let Some(title) = title.word(faults) {
            titles.insert(code.text.to_owned(), title.text.to_owned());
        }
    }
    titles
}

/// Nations for which no group stands. Lists of members that others publish may name some that nobody means to release to.
fn by_name_only(root: &mut Table<'_>, registry: &Registry, faults: &mut Faults) -> BTreeSet<String> {
    let words = root.words("by_name_only", Need::Optional, faults);
    words.iter().filter(|word| is_code(word, registry, faults)).map(|word| word.text.to_owned()).collect()
}

/// Whether a word is a nation or organisation of the registry, or the code of a nation of which no peer is known: groups of policies have such members.
fn is_code(word: &Word<'_>, registry: &Registry, faults: &mut Faults) -> bool {
    let trigraph = word.text.len() == 3 && word.text.bytes().all(|byte| byte.is_ascii_uppercase());
    let known = trigraph || registry.owners().any(|owner| owner == word.text);
    if !known {
        faults.unknown(&word.at, "nation or organisation", word.text, registry.owners());
    }
    known
}

/// Dates of memberships, and until when the table of a community is known to hold.
fn dates(root: &mut Table<'_>, registry: &mut Registry, faults: &mut Faults) {
    for mut entry in root.tables("member", Need::Optional, faults) {
        let place = entry.place().clone();
        let community = entry.word("of", Need::Required, faults).and_then(|word| community(&word, registry, faults));
        let code = entry.word("code", Need::Required, faults).filter(|word| is_code(word, registry, faults));
        let from = entry.time("from", Need::Optional, faults).map(|(time, _)| time);
        let until = entry.time("until", Need::Optional, faults).map(|(time, _)| time);
        entry.finish(faults);
        let (Some(name), Some(code)) = (community, code) else { continue };
        if from.is_none() && until.is_none() || from.zip(until).is_some_and(|(from, until)| until <= from) {
            faults.at(&place, "the membership has no dates, or is never in force", "`from`, `until` or both, in this order", "correct the dates");
        }
        let term = Term { from, until, known_until: None };
        if registry.dated.insert((name.clone(), code.text.to_owned()), term).is_some() {
            faults.at(&code.at, format!("`{}` stands twice for `{name}`", code.text), "each member of a community once", "join the two");
        }
        match registry.communities.get_mut(&name).and_then(|members| members.get_mut(code.text)) {
            Some(member) => *member = term,
            // A group of a policy may have members who are no nation of the registry.
            None if !registry.nations.contains_key(code.text) && !registry.organisations.contains_key(code.text) => {}
            None => faults.at(&code.at, format!("`{}` is no member of `{name}`", code.text), "a member of the community", "add it to `communities`"),
        }
    }
    for mut entry in root.tables("known", Need::Optional, faults) {
        let community = entry.word("community", Need::Required, faults).and_then(|word| community(&word, registry, faults));
        let until = entry.time("until", Need::Required, faults).map(|(time, _)| time);
        entry.finish(faults);
        let members = community.and_then(|name| registry.communities.get_mut(&name)).into_iter().flat_map(BTreeMap::values_mut);
        members.for_each(|term| term.known_until = until);
    }
}

fn community(word: &Word<'_>, registry: &Registry, faults: &mut Faults) -> Option<Name> {
    let found = registry.communities.get_key_value(word.text).map(|(name, _)| name.clone());
    if found.is_none() {
        faults.unknown(&word.at, "community", word.text, registry.communities.keys().map(Name::as_str));
    }
    found
}

fn communities(table: Option<Table<'_>>, registry: &Registry, faults: &mut Faults) -> BTreeMap<Name, Group> {
    let mut communities = BTreeMap::new();
    for (code, members) in table.iter().flat_map(Table::entries) {
        if registry.owners().any(|owner| owner == code.text) {
            // One word with two meanings would let a clause reach more peers than its author meant.
            let what = format!("`{}` is a community and also a nation or organisation", code.text);
            faults.at(&code.at, what, "a name of its own", "rename one of the two");
        }
        let members = members.words(faults);
        if members.is_empty() {
            faults.at(&code.at, format!("the community `{}` has no members", code.text), "at least one member", "list its members or remove it");
        }
        for member in &members {
            known_owner(member, registry, faults);
        }
        if let Some(name) = code.name(faults) {
            let members = members.iter().filter(|member| !registry.by_name_only.contains(member.text));
            communities.insert(name, members.map(|member| (member.text.to_owned(), Term::default())).collect());
        }
    }
    communities
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Time;
    use crate::policy::folder::from_texts;

    fn parsed(text: &str) -> (Ruleset, Vec<String>) {
        let (ruleset, complaints) = parse(&from_texts([(PATH, text)])[0]);
        (ruleset, complaints.into_iter().map(|c| c.what).collect())
    }

    const GOOD: &str = "name = \"five-eyes\"\nedition = \"1\"\nhome = \"GBR\"\n[nations]\nGBR = \"United Kingdom\"\n";

    #[test]
    fn a_whole_file_is_read() {
        let text = format!("{GOOD}USA = \"United States\"\n[organisations]\nISAC = \"Sharing centre\"\n[communities]\nFVEY = [\"GBR\", \"USA\"]\n");
        let (ruleset, complaints) = parsed(&text);
        assert_eq!(complaints, Vec::<String>::new());
        assert_eq!(ruleset.home, "GBR");
        assert_eq!(ruleset.registry.communities["FVEY"].len(), 2);
        assert!(ruleset.registry.communities["FVEY"].values().all(|term| *term == Term::default()));
        assert_eq!(ruleset.registry.owners().collect::<Vec<_>>(), ["GBR", "USA", "ISAC"]);
    }

    #[test]
    fn memberships_have_dates_and_a_nation_may_be_in_no_group_at_all() {
        let good = format!(
            "{}by_name_only = [\"SWE\"]\n[nations]\nGBR = \"x\"\nFIN = \"y\"\nSWE = \"z\"\n[communities]\nNATO = [\"GBR\", \"FIN\", \"SWE\"]\n",
            GOOD.split("[nations]").next().unwrap()
        );
        let member = |more: &str| format!("[[member]]\nof = \"NATO\"\ncode = \"FIN\"\n{more}\n");
        let known = "[[known]]\ncommunity = \"NATO\"\nuntil = 2028-01-01T00:00:00Z\n";
        let (ruleset, complaints) = parsed(&format!("{good}{}{known}", member("from = 2023-04-04T00:00:00Z")));
        assert_eq!(complaints, Vec::<String>::new());
        let nato = &ruleset.registry.communities["NATO"];
        let at =
            |text: &str| nato.iter().filter(|(_, term)| term.holds(Time::parse(text).unwrap())).map(|(code, _)| code.as_str()).collect::<Vec<_>>();
        assert_eq!(at("2022-01-01T00:00:00Z"), ["GBR"]);
        assert_eq!(at("2023-04-04T00:00:00Z"), ["FIN", "GBR"]);
        assert_eq!(at("2028-01-01T00:00:00Z"), Vec::<&str>::new());
        for (more, told) in [
            (member(""), "no dates"),
            (member("from = 2024-01-01T00:00:00Z\nuntil = 2023-01-01T00:00:00Z"), "never in force"),
            (member("from = 2024-01-01T00:00:00Z") + &member("until = 2025-01-01T00:00:00Z"), "stands twice"),
            (member("form = 2024-01-01T00:00:00Z"), "key `form`"),
            (known.replace("NATO", "NTO"), "community `NTO`"),
            (member("from = 2024-01-01T00:00:00Z").replace("FIN", "Fin"), "`Fin`"),
            (member("from = 2024-01-01T00:00:00Z").replace("FIN", "SWE"), "no member of `NATO`"),
        ] {
            let (_, complaints) = parsed(&format!("{good}{more}"));
            assert!(complaints.iter().any(|what| what.contains(told)), "{told}: {complaints:?}");
        }
    }

    #[test]
    fn reviews_have_one_or_two_persons_and_an_end() {
        let (ruleset, complaints) = parsed(&format!("{GOOD}[review]\npersons = 2\nhours = 48\n"));
        assert_eq!((ruleset.review, complaints), (ReviewRules { persons: 2, critical: 1, hours: 48 }, Vec::new()));
        assert_eq!(parsed(GOOD).0.review, ReviewRules::default());
        for bad in ["persons = 0", "persons = 3", "critical = \"two\"", "hours = 0", "hours = 8785", "days = 2"] {
            let (_, complaints) = parsed(&format!("{GOOD}[review]\n{bad}\n"));
            assert_eq!(complaints.len(), 1, "{bad}: {complaints:?}");
        }
    }

    #[test]
    fn every_fault_is_told_not_only_the_first() {
        let text = "nme = 1\nedition = \"\"\nhome = \"GRB\"\n[nations]\nGBR = \"x\"\nfra = \"y\"\n[communities]\nGBR = [\"USA\"]\nX = []\n";
        let (_, complaints) = parsed(text);
        for part in ["`name` is missing", "expected a string", "organisation `GRB`", "`fra`", "also a nation", "`USA`", "no members", "key `nme`"] {
            assert!(complaints.iter().any(|what| what.contains(part)), "{part} in {complaints:#?}");
        }
    }

    #[test]
    fn a_duplicate_key_is_a_fault() {
        let (_, complaints) = parsed(&format!("{GOOD}GBR = \"again\"\n"));
        assert!(complaints[0].contains("duplicate key"), "{complaints:?}");
    }
}
