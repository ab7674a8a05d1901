//! `peers.toml`: nation, communities, marking scheme, clearances and traffic of each peer. The officer's business; addresses and
//! certificates are the operator's and stand in the gateway's configuration.

use std::collections::{BTreeMap, BTreeSet};

use super::edition::{Bind, LabelBinding as Binding, PeerEntry, Registry, SourceFile};
use super::faults::Faults;
use super::ruleset::known_owner;
use super::table::{Need, Table, Word, choose, read};
use crate::base::{Complaint, Name, Traffic};
use crate::format::{FORMATS, by_name};
use crate::label::{Clearance, Lattice, Term};
use crate::statement::VerifierKey;

/// The file's place in the folder.
pub(in crate::policy) const PATH: &str = "peers.toml";

/// The two kinds of traffic, as rule files spell them.
pub(in crate::policy) const TRAFFIC: [(&str, Traffic); 2] = [("operation", Traffic::Operation), ("exercise", Traffic::Exercise)];

/// Whether a peer's labels must be bound, as rule files spell it.
pub(in crate::policy) const BINDING: [(&str, Binding); 2] = [("unbound", Binding::Unbound), ("required", Binding::Required)];

/// How labels are bound for a peer, as rule files spell it.
pub(in crate::policy) const BIND: [(&str, Bind); 2] = [("nothing", Bind::Nothing), ("embedded", Bind::Embedded)];

/// What `peers.toml` says. A peer whose entry is at fault is in `names` only, so that files which name it are not blamed for it.
#[derive(Debug, Default)]
pub(in crate::policy) struct Peers {
    pub(in crate::policy) names: BTreeSet<Name>,
    pub(in crate::policy) entries: BTreeMap<Name, PeerEntry>,
}

pub(in crate::policy) fn parse(file: &SourceFile, registry: &Registry, lattice: &Lattice) -> (Peers, Vec<Complaint>) {
    let mut faults = Faults::of(file.path.clone());
    let mut peers = Peers::default();
    read(file, &mut faults, |mut root, faults| {
        let table = root.table("peer", Need::Required, faults);
        for (name, entry) in table.iter().flat_map(Table::entries) {
            peers.names.extend(Name::new(name.text));
            let Some(entry) = entry.table(faults) else { continue };
            if let Some(peer) = peer(&name, entry, registry, lattice, faults) {
                peers.entries.insert(peer.name.clone(), peer);
            }
        }
        root.finish(faults);
    });
    (peers, faults.into_list())
}

/// The kinds of traffic that a list names; both directions and both kinds must be said, never assumed.
///
/// `None` where the key is absent.
pub(in crate::policy) fn traffic(table: &mut Table<'_>, need: Need, faults: &mut Faults) -> Option<BTreeSet<Traffic>> {
    let words = table.value("traffic", need, faults)?.words(faults);
    Some(words.iter().filter_map(|word| choose(word, "kind of traffic", &TRAFFIC, faults)).collect())
}

fn peer(name: &Word<'_>, mut table: Table<'_>, registry: &Registry, lattice: &Lattice, faults: &mut Faults) -> Option<PeerEntry> {
    let named = name.name(faults);
    if registry.owners().any(|owner| owner == name.text) || registry.communities.contains_key(name.text) {
        faults.at(&name.at, format!("the peer `{}` has the name of a nation or community", name.text), "a name of its own", "rename the peer");
    }
    let nation = table.word("nation", Need::Required, faults);
    if let Some(nation) = &nation {
        known_owner(nation, registry, faults);
    }
    let communities = communities(&mut table, nation.as_ref(), registry, faults);
    let scheme = table.word("scheme", Need::Required, faults);
    let scheme = scheme.and_then(|word| {
        let found = lattice.policy(word.text);
        if found.is_none() {
            faults.unknown(&word.at, "policy", word.text, lattice.policies().iter().map(|policy| &*policy.name));
        }
        found
    });
    let traffic = traffic(&mut table, Need::Required, faults).unwrap_or_default();
    let code = nation.map(|word| word.text.to_owned()).unwrap_or_default();
    let clearances = clearances(&mut table, &code, &communities, lattice, faults);
    let term = |name: &Name| Some((name.clone(), *registry.communities.get(name)?.get(&code)?));
    let terms = communities.iter().filter_map(term).filter(|(_, term)| *term != Term::default()).collect();
    let reads = reads(&mut table, faults);
    let binding = table.word("binding", Need::Optional, faults).map_or(Some(Binding::Unbound), |word| choose(&word, "binding", &BINDING, faults));
    let bind = table.word("bind", Need::Optional, faults).map_or(Some(Bind::Nothing), |word| choose(&word, "bind", &BIND, faults));
    let key = key(&mut table, faults);
    table.finish(faults);
    Some(PeerEntry {
        name: named?,
        nation: code,
        communities,
        terms,
        scheme: scheme?,
        clearances,
        traffic,
        reads,
        binding: binding?,
        bind: bind?,
        key,
    })
}

/// The key with which the peer signs statements.
fn key(table: &mut Table<'_>, faults: &mut Faults) -> Option<VerifierKey> {
    let word = table.word("key", Need::Optional, faults)?;
    let key = word.text.parse();
    if let Err(what) = &key {
        faults.at(&word.at, "the key of statements does not read", what, "copy what `vestibule consent key` printed for the peer");
    }
    key.ok()
}

/// The formats that the peer reads. An empty list would mean that it reads nothing, and is a fault.
fn reads(table: &mut Table<'_>, faults: &mut Faults) -> Vec<&'static str> {
    let Some(value) = table.value("reads", Need::Optional, faults) else { return Vec::new() };
    let words = value.words(faults);
    if words.is_empty() {
        faults.at(
            &value.at(),
            "a peer that reads no format",
            "names of formats",
            "name a format, or leave `reads` out: then the peer reads every format",
        );
    }
    let known = |word: &Word<'_>| {
        let format = by_name(word.text);
        if format.is_none() {
            faults.unknown(&word.at, "format", word.text, FORMATS.iter().map(|format| format.name));
        }
        format.map(|format| format.name)
    };
    words.iter().filter_map(known).collect()
}

fn communities(table: &mut Table<'_>, nation: Option<&Word<'_>>, registry: &Registry, faults: &mut Faults) -> BTreeSet<Name> {
    let mut communities = BTreeSet::new();
    for word in table.words("communities", Need::Optional, faults) {
        let Some((name, members)) = registry.communities.get_key_value(word.text) else {
            faults.unknown(&word.at, "community", word.text, registry.communities.keys().map(Name::as_str));
            continue;
        };
        let known = nation.filter(|nation| registry.owners().any(|owner| owner == nation.text));
        if let Some(nation) = known.filter(|nation| !members.contains_key(nation.text)) {
            let what = format!("`{}` is no member of `{name}`", nation.text);
            faults.at(&word.at, what, "a community of which the peer's nation is a member", "correct the peer or the membership in ruleset.toml");
            continue;
        }
        communities.insert(name.clone());
    }
    communities
}

fn clearances(table: &mut Table<'_>, nation: &str, communities: &BTreeSet<Name>, lattice: &Lattice, faults: &mut Faults) -> Vec<Clearance> {
    let mut clearances: Vec<Clearance> = Vec::new();
    for mut entry in table.tables("clearances", Need::Required, faults) {
        let policy = entry.word("policy", Need::Required, faults);
        let up_to = entry.word("up_to", Need::Required, faults);
        let restrictive = restrictive(entry.table("restrictive", Need::Optional, faults), faults);
        let place = entry.place().clone();
        entry.finish(faults);
        let (Some(policy), Some(up_to)) = (policy, up_to) else { continue };
        let Some(ix) = lattice.policy(policy.text) else {
            faults.unknown(&policy.at, "policy", policy.text, lattice.policies().iter().map(|policy| &*policy.name));
            continue;
        };
        if clearances.iter().any(|earlier| earlier.policy == ix) {
            faults.at(&policy.at, format!("two clearances in the policy `{}`", policy.text), "one clearance for each policy", "join the two");
        }
        match lattice.clearance(ix, up_to.text, &restrictive, nation, communities) {
            Ok(clearance) => clearances.push(clearance),
            Err(what) => faults.at(&place, what, "not a clearance of this policy", "use levels, tags and values as the policy's file spells them"),
        }
    }
    clearances
}

fn restrictive(table: Option<Table<'_>>, faults: &mut Faults) -> BTreeMap<String, BTreeSet<String>> {
    let mut tags = BTreeMap::new();
    for (tag, values) in table.iter().flat_map(Table::entries) {
        let values = values.words(faults).iter().map(|word| word.text.to_owned()).collect();
        tags.insert(tag.text.to_owned(), values);
    }
    tags
}
