//! All files of a rule set, read in the order in which they name each other: rule set, policies, peers, agreements, the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::agreements::{self, Known};
use super::cases::{self, Beside, Case};
use super::conditions::Condition;
use super::detectors::DetectorRule;
use super::edition::{Agreement, Edition, MessageDefinition, Profile, SourceFile, WordList};
use super::faults::Faults;
use super::invariants::{self, Invariant};
use super::peers::{self, Peers};
use super::ruleset::{self, Ruleset};
use super::values::ValueCase;
use super::{detectors, groups, idle, messages, nesting, profiles, usable, words};
use crate::base::{Complaint, Digest};
use crate::format::FORMATS;
use crate::label::{Lattice, PolicyFile};

/// Where a file belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shelf {
    Ruleset,
    Peers,
    Policy,
    Constraints,
    Agreement,
    Cedar,
    Invariants,
    Profile,
    Definition,
    Words,
    Patterns,
    Detectors,
    Cases,
    Message,
    Trust,
    Readme,
}

fn shelf(path: &str) -> Option<Shelf> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
    Some(match (folder, suffix) {
        (_, "md") if name == "README.md" => Shelf::Readme,
        ("", _) if path == ruleset::PATH => Shelf::Ruleset,
        ("", _) if path == peers::PATH => Shelf::Peers,
        ("", _) if path == invariants::PATH => Shelf::Invariants,
        ("", "cedar") => Shelf::Cedar,
        ("policies", "xml") => Shelf::Policy,
        ("policies", "toml") => Shelf::Constraints,
        ("agreements", "toml") => Shelf::Agreement,
        ("formats", "toml") => Shelf::Profile,
        ("messages", "toml") => Shelf::Definition,
        ("filters/words", "txt") => Shelf::Words,
        ("filters/patterns", "yar") => Shelf::Patterns,
        _ if path == detectors::PATH => Shelf::Detectors,
        ("cases", "toml") => Shelf::Cases,
        ("cases/messages", _) => Shelf::Message,
        ("cases/trust", "pem") => Shelf::Trust,
        _ => return None,
    })
}

/// The files of one rule set, and what was found wrong in them so far.
struct Desk<'f> {
    files: &'f [SourceFile],
    complaints: Vec<Complaint>,
}

/// Reads the files of a rule set into an edition.
///
/// # Errors
/// Every fault of every file. Files that name others are read after them; where those are at fault, names are not checked against them.
pub fn load(files: &[SourceFile]) -> Result<Edition, Vec<Complaint>> {
    let mut desk = Desk { files, complaints: Vec::new() };
    desk.complain_of_strangers();
    let ruleset = desk.ruleset();
    let registry = &ruleset.registry;
    let lattice = desk.lattice().map(|lattice| lattice.registered(&registry.communities, &registry.dated, &registry.by_name_only));
    if let Some(lattice) = &lattice {
        desk.complaints.append(&mut groups::differences(registry, lattice));
        let mut faults = Faults::of(ruleset::PATH.into());
        for (name, at) in ruleset.exercise_policies.iter().filter(|(name, _)| lattice.policy(name).is_none()) {
            faults.unknown(at, "policy", name, lattice.policies().iter().map(|policy| &*policy.name));
        }
        desk.complaints.append(&mut faults.into_list());
    }
    // Without nations and marking schemes every peer, clearance and ceiling would seem wrong: those files wait until these are right.
    let registered = ruleset.registry.owners().next().is_some();
    let peers = lattice.as_ref().filter(|_| registered).map(|lattice| desk.peers(&ruleset, lattice)).unwrap_or_default();
    let agreements =
        lattice.as_ref().filter(|_| !peers.names.is_empty()).map(|lattice| desk.agreements(&ruleset, &peers, lattice)).unwrap_or_default();
    // They name what stands in all of the files before: where one of those is wrong, they would be blamed for it.
    let settled = desk.complaints.is_empty();
    let invariants = lattice.as_ref().filter(|_| settled).map(|lattice| desk.invariants(&ruleset, &peers, lattice, &agreements)).unwrap_or_default();
    let profiles = desk.profiles();
    desk.complain_of_formats_without_profile(&agreements);
    let messages = desk.messages();
    let word_lists = desk.word_lists();
    let detectors = desk.detectors();
    let (cases, values) = if peers.names.is_empty() { (Vec::new(), Vec::new()) } else { desk.cases(&peers, &ruleset.conditions) };
    let copies = |on: Shelf| desk.on(on).into_iter().cloned().collect();
    let (cedar, patterns): (Vec<SourceFile>, _) = (copies(Shelf::Cedar), copies(Shelf::Patterns));
    for file in &cedar {
        let mut faults = Faults::of(Arc::clone(&file.path));
        nesting::complain(file, &mut faults);
        desk.complaints.append(&mut faults.into_list());
    }
    // Between files that are at fault themselves, everything would seem idle.
    if let (Some(lattice), true) = (&lattice, desk.complaints.is_empty()) {
        let ground = usable::Ground { files, lattice, peers: &peers.entries, agreements: &agreements };
        desk.complaints.append(&mut usable::clauses(ground));
        desk.complaints.extend(profiles.iter().flat_map(|(format, profile)| usable::fields(format, profile, files)));
        desk.complaints.append(&mut idle::cases(&cases, &agreements, files));
    }
    match (ruleset.name, lattice, desk.complaints.is_empty()) {
        (Some(name), Some(lattice), true) => Ok(Edition {
            name,
            edition: ruleset.edition,
            digest: digest(files),
            home: ruleset.home,
            registry: ruleset.registry,
            review: ruleset.review,
            conditions: ruleset.conditions,
            exercise_policies: ruleset.exercise_policies.into_iter().map(|(name, _)| name).collect(),
            lattice: Arc::new(lattice),
            peers: peers.entries,
            agreements,
            cedar,
            invariants,
            profiles,
            messages,
            word_lists,
            patterns,
            detectors,
            cases,
            values,
            files: files.to_vec(),
        }),
        _ => Err(desk.complaints),
    }
}

/// SHA-256 over the digests of path and text of each file, in path order: no two folders share one by shifting bytes between files.
fn digest(files: &[SourceFile]) -> Digest {
    let mut sorted: Vec<&SourceFile> = files.iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    let parts = sorted.iter().flat_map(|file| [Digest::of(file.path.as_bytes()).0, Digest::of(file.text.as_bytes()).0]);
    Digest::of(&parts.flatten().collect::<Vec<u8>>())
}

impl<'f> Desk<'f> {
    fn on(&self, wanted: Shelf) -> Vec<&'f SourceFile> {
        self.files.iter().filter(|file| shelf(&file.path) == Some(wanted)).collect()
    }

    /// A file that no rule reads is a rule that its author believes in.
    fn complain_of_strangers(&mut self) {
        for file in self.files.iter().filter(|file| shelf(&file.path).is_none()) {
            let mut faults = Faults::of(file.path.clone());
            let places = "`ruleset.toml`, `peers.toml`, `invariants.toml`, `*.cedar`, `policies/`, `agreements/`, `formats/`, `messages/`, `filters/words/`, `filters/patterns/`, `filters/detectors.toml` or `cases/`";
            faults.whole("the file has no place in a rule set", format!("a file of {places}"), "move it, correct its suffix or remove it");
            self.complaints.append(&mut faults.into_list());
        }
    }

    fn absent(&mut self, path: &str, remedy: &str) {
        let mut faults = Faults::of(path.into());
        faults.whole("the file is missing", "a file of this name", remedy);
        self.complaints.append(&mut faults.into_list());
    }

    fn ruleset(&mut self) -> Ruleset {
        let Some(file) = self.on(Shelf::Ruleset).pop() else {
            self.absent(ruleset::PATH, "name the rule set, its edition, its home and its nations in it");
            return Ruleset::default();
        };
        let (ruleset, mut complaints) = ruleset::parse(file);
        self.complaints.append(&mut complaints);
        ruleset
    }

    fn lattice(&mut self) -> Option<Lattice> {
        let constraints = self.on(Shelf::Constraints);
        let beside = |file: &&SourceFile| {
            let stem = file.path.strip_suffix(".xml").unwrap_or(&file.path);
            constraints.iter().find(|other| other.path.strip_suffix(".toml") == Some(stem)).map(|other| (other.path.clone(), other.text.clone()))
        };
        let policies = self.on(Shelf::Policy);
        let alone = constraints.iter().filter(|file| !policies.iter().any(|xml| xml.path.strip_suffix(".xml") == file.path.strip_suffix(".toml")));
        let orphans: Vec<_> = alone.map(|file| file.path.clone()).collect();
        for path in orphans {
            self.absent(&path.replace(".toml", ".xml"), "constraints stand beside the policy that they constrain");
        }
        if policies.is_empty() {
            self.absent("policies/*.xml", "add the marking scheme of the home nation");
            return None;
        }
        let files: Vec<PolicyFile> =
            policies.iter().map(|file| PolicyFile { path: file.path.clone(), xml: file.text.clone(), constraints: beside(file) }).collect();
        match Lattice::load(&files) {
            Ok(lattice) => Some(lattice),
            Err(mut complaints) => {
                self.complaints.append(&mut complaints);
                None
            }
        }
    }

    fn peers(&mut self, ruleset: &Ruleset, lattice: &Lattice) -> Peers {
        let Some(file) = self.on(Shelf::Peers).pop() else {
            self.absent(peers::PATH, "say nation, scheme and clearances of each peer in it");
            return Peers::default();
        };
        let (peers, mut complaints) = peers::parse(file, &ruleset.registry, lattice);
        self.complaints.append(&mut complaints);
        peers
    }

    fn agreements(&mut self, ruleset: &Ruleset, peers: &Peers, lattice: &Lattice) -> Vec<Agreement> {
        let formats: Vec<&'static str> = FORMATS.iter().map(|format| format.name).collect();
        let known = Known { registry: &ruleset.registry, conditions: &ruleset.conditions, peers, lattice, formats: &formats };
        let mut agreements: Vec<Agreement> = Vec::new();
        for file in self.on(Shelf::Agreement) {
            let (agreement, mut complaints) = agreements::parse(file, known);
            self.complaints.append(&mut complaints);
            let Some(agreement) = agreement else { continue };
            if let Some(first) = agreements.iter().find(|earlier| earlier.id == agreement.id) {
                let mut faults = Faults::of(file.path.clone());
                faults.whole(
                    format!("the agreement `{}` stands twice", agreement.id),
                    format!("first in `{}`", first.file),
                    "give one of the two another id",
                );
                self.complaints.append(&mut faults.into_list());
            }
            agreements.push(agreement);
        }
        agreements
    }

    fn invariants(&mut self, ruleset: &Ruleset, peers: &Peers, lattice: &Lattice, agreements: &[Agreement]) -> Vec<Invariant> {
        let formats: Vec<&'static str> = FORMATS.iter().map(|format| format.name).collect();
        let known = Known { registry: &ruleset.registry, conditions: &ruleset.conditions, peers, lattice, formats: &formats };
        let Some(file) = self.on(Shelf::Invariants).pop() else { return Vec::new() };
        let (invariants, mut complaints) = invariants::parse(file, known, agreements);
        self.complaints.append(&mut complaints);
        invariants
    }

    fn profiles(&mut self) -> BTreeMap<String, Profile> {
        let mut found = BTreeMap::new();
        for file in self.on(Shelf::Profile) {
            let name = file.path.trim_start_matches("formats/").trim_end_matches(".toml").to_owned();
            if crate::format::by_name(&name).is_none() {
                let mut faults = Faults::of(file.path.clone());
                faults.whole(format!("`{name}` is no format"), "a format of this gateway", "name the file after a format");
                self.complaints.append(&mut faults.into_list());
            }
            let (profile, mut complaints) = profiles::parse(file);
            self.complaints.append(&mut complaints);
            found.extend(profile.map(|profile| (name, profile)));
        }
        found
    }

    /// A format without profile would have every field of its messages unjudged.
    fn complain_of_formats_without_profile(&mut self, agreements: &[Agreement]) {
        let named: BTreeSet<&String> = agreements.iter().flat_map(|agreement| &agreement.clauses).flat_map(|clause| &clause.formats).collect();
        for format in named {
            let path = format!("formats/{format}.toml");
            if !self.files.iter().any(|file| *file.path == *path) {
                self.absent(&path, "a clause releases this format: say what its fields may hold");
            }
        }
    }

    fn messages(&mut self) -> Vec<MessageDefinition> {
        let mut found = Vec::new();
        for file in self.on(Shelf::Definition) {
            let (definition, mut complaints) = messages::parse(file);
            self.complaints.append(&mut complaints);
            found.extend(definition);
        }
        found
    }

    fn word_lists(&mut self) -> Vec<WordList> {
        let mut lists = Vec::new();
        for file in self.on(Shelf::Words) {
            let (list, mut complaints) = words::parse(file);
            self.complaints.append(&mut complaints);
            lists.extend(list);
        }
        lists
    }

    fn detectors(&mut self) -> Vec<DetectorRule> {
        let mut all = Vec::new();
        for file in self.on(Shelf::Detectors) {
            let (mut found, mut complaints) = detectors::parse(file);
            self.complaints.append(&mut complaints);
            all.append(&mut found);
        }
        all
    }

    fn cases(&mut self, peers: &Peers, conditions: &[Condition]) -> (Vec<Case>, Vec<ValueCase>) {
        let (messages, trust) = (self.on(Shelf::Message), self.on(Shelf::Trust));
        let beside = Beside { messages: &messages, trust: &trust };
        let (mut all, mut values) = (Vec::new(), Vec::new());
        for file in self.on(Shelf::Cases) {
            let (mut found, mut of_values, mut complaints) = cases::parse(file, beside, (&peers.names, conditions));
            self.complaints.append(&mut complaints);
            all.append(&mut found);
            values.append(&mut of_values);
        }
        (all, values)
    }
}
