//! `invariants.toml`: sentences that must hold of every message, proved before an edition is activated.
//!
//! This file reads them and checks every name in them. Proving needs the compiled rules and a solver, and is the business of another room.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::agreements::{Known, ceilings, formats, kinds, line_of};
use super::edition::{Agreement, Ceiling, SourceFile};
use super::faults::Faults;
use super::nesting;
use super::peers::traffic;
use super::table::{Need, Table, Word, read};
use crate::base::{Complaint, Name, Traffic};
use crate::label::Lattice;

/// The file's place in the folder.
pub(in crate::policy) const PATH: &str = "invariants.toml";

/// A sentence that must hold of every message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invariant {
    /// Its id.
    pub id: Name,
    /// The sentence, for people.
    pub sentence: String,
    /// What is proved.
    pub form: Form,
    /// The file.
    pub file: Arc<str>,
    /// Bytes of its table in the file.
    pub at: Range<usize>,
}

/// What an invariant says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// No message of this description is released.
    Never(Box<Description>),
    /// Each clause, but for those that are named, permits some message that no policy forbids and that its recipient may hold.
    Usable(BTreeSet<Name>),
}

/// A description of messages; a part that is empty leaves open what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description {
    /// To one of these: peers, nations, communities.
    pub to: BTreeSet<String>,
    /// To none of these.
    pub not_to: BTreeSet<String>,
    /// From one of these.
    pub from: BTreeSet<String>,
    /// From none of these.
    pub not_from: BTreeSet<String>,
    /// In one of these formats.
    pub formats: BTreeSet<String>,
    /// Of a kind like one of these.
    pub kinds: Vec<String>,
    /// As this traffic.
    pub traffic: Option<BTreeSet<Traffic>>,
    /// Marked in one of these policies.
    pub policies: BTreeSet<String>,
    /// Marked in none of these policies.
    pub not_policies: BTreeSet<String>,
    /// Marked above one of these classifications.
    pub above: Vec<Ceiling>,
    /// Marked with one of these categories, as `tag set/value`.
    pub categories: BTreeSet<String>,
    /// Under one of these clauses.
    pub clauses: BTreeSet<Name>,
    /// Where this Cedar condition holds, with its place in the file.
    pub when: Option<(String, Range<usize>)>,
}

/// Reads the file.
pub(in crate::policy) fn parse(file: &SourceFile, known: Known<'_>, agreements: &[Agreement]) -> (Vec<Invariant>, Vec<Complaint>) {
    let mut faults = Faults::of(file.path.clone());
    let mut found: Vec<Invariant> = Vec::new();
    read(file, &mut faults, |mut root, faults| {
        let desk = Desk { file, known, agreements };
        let never = root.tables("never", Need::Optional, faults).into_iter().map(|table| (Kind::Never, table));
        let usable: Vec<(Kind, Table<'_>)> =
            never.chain(root.tables("usable", Need::Optional, faults).into_iter().map(|table| (Kind::Usable, table))).collect();
        if usable.is_empty() {
            faults.whole("the file has no invariant", "at least one `[[never]]` or `[[usable]]`", "add an invariant or remove the file");
        }
        for (kind, table) in usable {
            let place = table.place().clone();
            let Some(invariant) = desk.invariant(kind, table, faults) else { continue };
            if found.iter().any(|earlier| earlier.id == invariant.id) {
                faults.at(&place, format!("the invariant `{}` stands twice", invariant.id), "an id of its own", "rename one of the two");
            }
            found.push(invariant);
        }
        root.finish(faults);
    });
    (found, faults.into_list())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Never,
    Usable,
}

/// What the invariants of one file may name.
struct Desk<'k> {
    file: &'k SourceFile,
    known: Known<'k>,
    agreements: &'k [Agreement],
}

impl Desk<'_> {
    fn invariant(&self, kind: Kind, mut table: Table<'_>, faults: &mut Faults) -> Option<Invariant> {
        let at = table.place().clone();
        let id = table.name("id", Need::Required, faults);
        let sentence = table.word("sentence", Need::Required, faults).map(|word| word.text.to_owned());
        let form = match kind {
            Kind::Never => Form::Never(Box::new(self.description(&mut table, faults))),
            Kind::Usable => Form::Usable(self.clauses(&mut table, "except", faults)),
        };
        let everything = Form::Never(Box::default());
        if form == everything {
            faults.at(&at, "the invariant forbids every message", "at least one part of a description", "say which messages are never released");
        }
        table.finish(faults);
        Some(Invariant { id: id?, sentence: sentence?, form, file: Arc::clone(&self.file.path), at })
    }

    fn description(&self, table: &mut Table<'_>, faults: &mut Faults) -> Description {
        Description {
            to: self.parties(table, "to", faults),
            not_to: self.parties(table, "not_to", faults),
            from: self.parties(table, "from", faults),
            not_from: self.parties(table, "not_from", faults),
            formats: formats(table, self.known, faults).unwrap_or_default(),
            kinds: kinds(table, faults),
            traffic: traffic(table, Need::Optional, faults),
            policies: self.policies(table, "policies", faults),
            not_policies: self.policies(table, "not_policies", faults),
            above: ceilings(table, "above", Need::Optional, self.known.lattice, faults),
            categories: self.categories(table, faults),
            clauses: self.clauses(table, "clauses", faults),
            when: table
                .word("when", Need::Optional, faults)
                .filter(|word| nesting::admits(word.text, &word.at, faults))
                .map(|word| (word.text.to_owned(), word.at)),
        }
    }

    fn parties(&self, table: &mut Table<'_>, key: &'static str, faults: &mut Faults) -> BTreeSet<String> {
        let registry = self.known.registry;
        let names = || self.known.peers.names.iter().chain(registry.communities.keys()).map(Name::as_str).chain(registry.owners());
        among(table.words(key, Need::Optional, faults), "peer, nation or community", names, faults)
    }

    fn policies(&self, table: &mut Table<'_>, key: &'static str, faults: &mut Faults) -> BTreeSet<String> {
        let names = || self.known.lattice.policies().iter().map(|policy| policy.name.as_str());
        among(table.words(key, Need::Optional, faults), "policy", names, faults)
    }

    fn categories(&self, table: &mut Table<'_>, faults: &mut Faults) -> BTreeSet<String> {
        let names = category_names(self.known.lattice);
        among(table.words("categories", Need::Optional, faults), "category", || names.iter().map(String::as_str), faults)
    }

    fn clauses(&self, table: &mut Table<'_>, key: &'static str, faults: &mut Faults) -> BTreeSet<Name> {
        let names = || self.agreements.iter().flat_map(|agreement| &agreement.clauses).map(|clause| clause.id.as_str());
        among(table.words(key, Need::Optional, faults), "clause", names, faults).iter().filter_map(|name| Name::new(name)).collect()
    }
}

/// The words that are known; of each other one a fault.
fn among<'n, N: Iterator<Item = &'n str>>(words: Vec<Word<'_>>, thing: &str, names: impl Fn() -> N, faults: &mut Faults) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for word in words {
        if names().any(|name| name == word.text) {
            found.insert(word.text.to_owned());
        } else {
            faults.unknown(&word.at, thing, word.text, names());
        }
    }
    found
}

/// Every category of every policy, as `tag set/value`.
fn category_names(lattice: &Lattice) -> BTreeSet<String> {
    let tags = lattice.policies().iter().flat_map(|policy| &policy.tags);
    tags.flat_map(|tag| tag.values.iter().map(move |value| format!("{}/{}", tag.set, value.name))).collect()
}

impl Invariant {
    /// The file with the line, as reports name a rule.
    #[must_use]
    pub fn rule(&self, files: &[SourceFile]) -> String {
        let text = files.iter().find(|file| file.path == self.file).map_or("", |file| &*file.text);
        format!("{}:{}", self.file, line_of(text, self.at.start))
    }
}
