//! `ruleset.toml`: what the rule set is called, whose it is, and which nations, organisations and communities it knows.

use std::collections::{BTreeMap, BTreeSet};

use super::edition::{Registry, SourceFile};
use super::faults::Faults;
use super::table::{Need, Table, Word, read};
use crate::base::{Complaint, Name};

/// The file's place in the folder.
pub(in crate::policy) const PATH: &str = "ruleset.toml";

/// What `ruleset.toml` says.
#[derive(Debug, Default)]
pub(in crate::policy) struct Ruleset {
    pub(in crate::policy) name: Option<Name>,
    pub(in crate::policy) edition: String,
    pub(in crate::policy) home: String,
    pub(in crate::policy) registry: Registry,
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
        ruleset.registry.communities = communities(root.table("communities", Need::Optional, faults), &ruleset.registry, faults);
        if let Some(home) = home {
            known_owner(&home, &ruleset.registry, faults);
            ruleset.home = home.text.to_owned();
        }
        root.finish(faults);
    });
    (ruleset, faults.into_list())
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

fn communities(table: Option<Table<'_>>, registry: &Registry, faults: &mut Faults) -> BTreeMap<Name, BTreeSet<String>> {
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
            communities.insert(name, members.iter().map(|member| member.text.to_owned()).collect());
        }
    }
    communities
}

#[cfg(test)]
mod tests {
    use super::*;
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
        assert_eq!(ruleset.registry.owners().collect::<Vec<_>>(), ["GBR", "USA", "ISAC"]);
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
