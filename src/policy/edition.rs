//! One edition of a rule set, as plain data with its places in the files.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cases::Case;
use super::conditions::{Condition, When};
use super::detectors::DetectorRule;
use super::invariants::Invariant;
use super::values::ValueCase;
use crate::base::{Action, Digest, Header, Name, Reason, Refusal, Severity, Time, Traffic};
use crate::label::{Clearance, Group, Lattice, PolicyIx, Term};
use crate::normal::PathPattern;
use crate::statement::VerifierKey;

/// A file of the rule set: relative path and text, kept for error reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Path below the rule set's folder, with `/`.
    pub path: Arc<str>,
    /// Text.
    pub text: Arc<str>,
}

/// An immutable, digested state of a rule set.
#[derive(Debug, Clone)]
pub struct Edition {
    /// Name of the rule set, such as `five-eyes`.
    pub name: Name,
    /// The edition, such as `2026.1`.
    pub edition: String,
    /// SHA-256 over paths and bytes of all files, in path order.
    pub digest: Digest,
    /// The home nation or organisation, such as `GBR`.
    pub home: String,
    /// Nations and communities.
    pub registry: Registry,
    /// The marking schemes; shared with what is compiled from the edition.
    pub lattice: Arc<Lattice>,
    /// How held messages are reviewed.
    pub review: ReviewRules,
    /// What officers may set while a gateway runs.
    pub conditions: Vec<Condition>,
    /// Marking schemes that are kept for exercises.
    pub exercise_policies: BTreeSet<String>,
    /// What each peer may receive and how its markings are read.
    pub peers: BTreeMap<Name, PeerEntry>,
    /// The agreements.
    pub agreements: Vec<Agreement>,
    /// Extra Cedar policies.
    pub cedar: Vec<SourceFile>,
    /// Sentences that must hold of every message.
    pub invariants: Vec<Invariant>,
    /// Field profiles by format name.
    pub profiles: BTreeMap<String, Profile>,
    /// Definitions of formatted messages.
    pub messages: Vec<MessageDefinition>,
    /// Word lists.
    pub word_lists: Vec<WordList>,
    /// YARA sources.
    pub patterns: Vec<SourceFile>,
    /// Detectors that are switched on.
    pub detectors: Vec<DetectorRule>,
    /// Messages with the outcome that is expected of them.
    pub cases: Vec<Case>,
    /// Values of fields with what is expected of them.
    pub values: Vec<ValueCase>,
    /// All files, for reports.
    pub files: Vec<SourceFile>,
}

impl Edition {
    /// What journals and people call it, such as `five-eyes 2026.1`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.edition)
    }

    /// The keys with which a nation or organisation signs statements.
    pub fn keys_of<'e>(&'e self, party: &str) -> impl Iterator<Item = &'e VerifierKey> + use<'e> {
        let party = party.to_owned();
        self.peers.values().filter(move |peer| peer.nation == party).filter_map(|peer| peer.key.as_ref())
    }

    /// The peers that a header addresses: named peers and those who are members of named communities now, never the sender itself, each once, in the order of their names.
    ///
    /// # Errors
    /// `frame.destination` for a destination that is neither, or when nobody is left.
    pub fn recipients(&self, from: &Name, header: &Header, now: Time) -> Result<Vec<&PeerEntry>, Refusal> {
        let mut names = BTreeSet::new();
        for destination in &header.destinations {
            let members: Vec<&Name> = self.peers.values().filter(|entry| entry.is_member(destination, now)).map(|entry| &entry.name).collect();
            if self.peers.contains_key(destination) {
                names.insert(destination);
            } else if self.registry.communities.contains_key(destination) {
                names.extend(members);
            } else {
                return Err(Refusal::new(Reason::FrameDestination, format!("`{destination}` is neither a peer nor a community of the rule set")));
            }
        }
        names.remove(from);
        let recipients: Vec<_> = names.into_iter().filter_map(|name| self.peers.get(name)).collect();
        if recipients.is_empty() {
            return Err(Refusal::new(Reason::FrameDestination, "expected at least one destination other than the sender"));
        }
        Ok(recipients)
    }
}

/// Nations and communities, as the officer keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registry {
    /// Trigraph to name.
    pub nations: BTreeMap<String, String>,
    /// Organisations that are no nation, code to name.
    pub organisations: BTreeMap<String, String>,
    /// Community (such as `FVEY`) to its member nations, each with the time in which it is one.
    pub communities: BTreeMap<Name, Group>,
    /// Dates of members, of communities and of the groups of policies that are called like them.
    pub dated: BTreeMap<(Name, String), Term>,
    /// Nations for which no community and no group stands: they get what names themselves.
    pub by_name_only: BTreeSet<String>,
}

impl Registry {
    /// The codes of all nations, then of all organisations.
    pub fn owners(&self) -> impl Iterator<Item = &str> {
        self.nations.keys().chain(self.organisations.keys()).map(String::as_str)
    }
}

/// What the rule set says of a peer. The operator's configuration says where it is and how it proves itself.
#[derive(Debug, Clone)]
pub struct PeerEntry {
    /// Name, as in the gateway's configuration.
    pub name: Name,
    /// Nation (trigraph) or organisation.
    pub nation: String,
    /// Communities of the registry that it is a member of, at some time.
    pub communities: BTreeSet<Name>,
    /// When it is a member, for those of its communities where that is not always.
    pub terms: BTreeMap<Name, Term>,
    /// The marking scheme in which this peer's unqualified markings are read.
    pub scheme: PolicyIx,
    /// Clearances, at most one for each policy.
    pub clearances: Vec<Clearance>,
    /// Traffic that may go to and come from it.
    pub traffic: BTreeSet<Traffic>,
    /// Names of the formats that it reads, the one that it likes best first; none where it reads every format.
    pub reads: Vec<&'static str>,
    /// Whether its labels must be bound to their messages by a signature.
    pub binding: LabelBinding,
    /// Whether it gets labels that the gateway has bound.
    pub bind: Bind,
    /// The key with which it signs statements for its nation or organisation; none where it makes none.
    pub key: Option<VerifierKey>,
}

/// Whether a peer gets labels that the gateway has bound to the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bind {
    /// Labels leave as they stand in the message.
    Nothing,
    /// The labels stand in one binding in the message, signed by the gateway.
    Embedded,
    /// The label stands in a binding beside the message, in its header, signed by the gateway: in every format.
    Beside,
}

/// Whether the labels of a peer must be bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelBinding {
    /// The link's identity is enough.
    Unbound,
    /// A signed binding is required.
    Required,
}

impl PeerEntry {
    /// The entry as it is now: without the communities of which the peer is no member at this time, and without what it holds through them.
    #[must_use]
    pub fn at(&self, lattice: &Lattice, now: Time) -> Cow<'_, Self> {
        if self.terms.values().all(|term| term.holds(now)) {
            return Cow::Borrowed(self);
        }
        let mut held = self.clone();
        held.communities.retain(|name| self.terms.get(name).is_none_or(|term| term.holds(now)));
        for clearance in &mut held.clearances {
            clearance.permissive = lattice.permissive_of(clearance.policy, &held.nation, &held.communities);
        }
        Cow::Owned(held)
    }

    /// Whether the peer is a member of a community now.
    #[must_use]
    pub fn is_member(&self, community: &Name, now: Time) -> bool {
        self.communities.contains(community) && self.terms.get(community).is_none_or(|term| term.holds(now))
    }

    /// Whether nobody has looked at the members of one of its communities for longer than the rule set allows.
    #[must_use]
    pub fn is_stale(&self, now: Time) -> bool {
        self.terms.values().any(|term| term.is_stale(now))
    }

    /// Whether the peer reads a format.
    #[must_use]
    pub fn takes(&self, format: &str) -> bool {
        self.reads.is_empty() || self.reads.contains(&format)
    }

    /// Whether the peer is among the parties of a clause: by name, by nation or by community.
    #[must_use]
    pub fn is_among(&self, parties: &BTreeSet<String>) -> bool {
        parties.contains(self.name.as_str()) || parties.contains(&self.nation) || self.communities.iter().any(|name| parties.contains(name.as_str()))
    }
}

/// A formal sharing arrangement.
#[derive(Debug, Clone)]
pub struct Agreement {
    /// Such as `FVEY-TRACKS`.
    pub id: Name,
    /// Title for people.
    pub title: String,
    /// In force from.
    pub from: Time,
    /// In force until (exclusive).
    pub until: Time,
    /// Clauses.
    pub clauses: Vec<Clause>,
    /// File.
    pub file: Arc<str>,
}

/// How a clause releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Without people.
    Automatic,
    /// After review.
    Review,
}

/// The highest classification that a clause releases, in one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceiling {
    /// Policy.
    pub policy: PolicyIx,
    /// Name of the classification.
    pub level: String,
    /// Its rank by `hierarchy`.
    pub rank: u32,
}

/// How held messages are reviewed, where a clause does not say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReviewRules {
    /// Persons who must agree: 1 or 2.
    pub persons: u8,
    /// Persons who must agree where a finding is critical: 1 or 2.
    pub critical: u8,
    /// Hours after which a message that nobody has decided on is refused: 720, thirty days, unless the rule set says otherwise. What nobody looks at for
    /// a month is of no use to anybody, and a quarantine that only grows hides what matters.
    pub hours: u32,
}

impl Default for ReviewRules {
    fn default() -> Self {
        Self { persons: 1, critical: 1, hours: 720 }
    }
}

/// One clause of an agreement.
#[derive(Debug, Clone)]
pub struct Clause {
    /// `agreement/clause`, such as `FVEY-TRACKS/4.2`: the id that every release cites.
    pub id: Name,
    /// Peers, nations (trigraph) or communities that may originate.
    pub from: BTreeSet<String>,
    /// Peers, nations or communities that may receive.
    pub to: BTreeSet<String>,
    /// Format names.
    pub formats: BTreeSet<String>,
    /// Kinds, with `*` as wildcard, such as `a-*-G-*`; empty for all.
    pub kinds: Vec<String>,
    /// Ceilings; a label must be at or below the ceiling of a policy to which it can be taken.
    pub ceilings: Vec<Ceiling>,
    /// Automatic or after review.
    pub release: Release,
    /// Edits that the clause demands.
    pub sanitise: Vec<Transform>,
    /// Traffic that the clause covers.
    pub traffic: BTreeSet<Traffic>,
    /// The onward rule: nations, organisations and communities that consented once and for all that their information goes on under this clause.
    pub onward: BTreeSet<String>,
    /// Conditions under which alone it permits; none for always.
    pub when: Vec<When>,
    /// Persons who must agree on what becomes of a message that is held under it; where nothing is said, as the rule set has it.
    pub reviewers: Option<u8>,
    /// Line of the clause in its file.
    pub line: u32,
}

/// A sanitising step on the fields that a pattern names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transform {
    /// Which fields.
    pub path: PathPattern,
    /// What is done.
    pub action: TransformAction,
    /// `file:line`.
    pub rule: Arc<str>,
}

/// What a transform does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransformAction {
    /// Leaves the node and everything below out.
    Remove,
    /// Puts a fixed text in place of the value.
    Replace(String),
    /// Rounds a number to so many fraction digits (2 of a degree: about 1.1 km of latitude).
    CoarsenNumber(u8),
    /// Rounds a time down to a multiple of so many seconds.
    CoarsenTime(u32),
    /// Puts a keyed, stable pseudonym (HMAC-SHA-256, 80 bits, base32) in place of the value, so that the recipient can still correlate.
    Pseudonymise,
}

/// The field profile of a format.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Listed fields.
    pub fields: Vec<Field>,
    /// What happens to a field that no row lists.
    pub otherwise: Action,
    /// Paths of which at least one must be left after the edits and hold something, for the message to be worth sending; empty for no such rule.
    pub rest: Vec<PathPattern>,
    /// File.
    pub file: Arc<str>,
}

/// The definition of a formatted message.
#[derive(Debug, Clone)]
pub struct MessageDefinition {
    /// The message identifier.
    pub kind: String,
    /// Its sets, in their order.
    pub sets: Vec<SetDefinition>,
    /// Whether they stand in that order.
    pub order: Order,
    /// What happens to a set that no row lists.
    pub otherwise: Action,
    /// What happens where a set or field does not fit.
    pub misfit: Action,
    /// File.
    pub file: Arc<str>,
}

/// Whether the sets of a message stand in the order of its definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As listed.
    Listed,
    /// In any order.
    Free,
}

/// How often a set stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occurs {
    /// Exactly once.
    Once,
    /// Once or not at all.
    Optional,
    /// Once or more.
    Repeated,
    /// As often as wanted.
    Any,
}

/// A set of a message.
#[derive(Debug, Clone)]
pub struct SetDefinition {
    /// Its identifier.
    pub id: String,
    /// How often it stands.
    pub occurs: Occurs,
    /// Its fields in their order; none for sets of which only the occurrence is defined.
    pub fields: Vec<FieldDefinition>,
    /// Whether the last field may stand again.
    pub last_field_repeats: bool,
    /// `file:line`.
    pub rule: Arc<str>,
}

/// A field of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDefinition {
    /// Name, for people.
    pub name: String,
    /// What it holds.
    pub form: FieldForm,
    /// Whether `-` or nothing may stand.
    pub optional: bool,
    /// Unit, for people.
    pub unit: Option<String>,
}

/// What a field of a set holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldForm {
    /// Text of a length, matching the whole of a regular expression where one is given.
    Text {
        /// Characters.
        length: Characters,
        /// Regular expression over the whole value.
        pattern: Option<String>,
    },
    /// Degrees and minutes of WGS-84, with check digits or without.
    Position,
    /// A date-time group.
    Time,
}

/// Characters of a field, as catalogues write them: `3-5AN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Characters {
    /// At least.
    pub least: usize,
    /// At most.
    pub most: usize,
    /// Of `A` letters, `N` digits, `S` special characters, `B` blanks, `X` any.
    pub kinds: String,
}

/// What values a field may have.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldType {
    /// Any value.
    Any,
    /// Text of at most so many characters, matching the whole of a regular expression where one is given.
    Text {
        /// Characters at most.
        length_max: usize,
        /// Regular expression over the whole value.
        pattern: Option<String>,
    },
    /// One of these.
    OneOf(BTreeSet<String>),
    /// A decimal number within bounds, inclusive.
    Number {
        /// Smallest.
        min: Option<crate::base::Decimal>,
        /// Greatest.
        max: Option<crate::base::Decimal>,
    },
    /// A time.
    Time,
    /// An element without value of its own: listed so that its presence is allowed; children have rows of their own.
    Element,
}

/// A row of a field profile.
#[derive(Debug, Clone)]
pub struct Field {
    /// Which fields.
    pub path: PathPattern,
    /// What values it may have.
    pub kind: FieldType,
    /// `None`: allowed. Otherwise the action wherever the field stands (a forbidden field).
    pub forbid: Option<Action>,
    /// What happens where the value does not fit.
    pub misfit: Action,
    /// The default edit of this field, whoever receives it.
    pub transform: Option<TransformAction>,
    /// Reference: the value names another thing, a network address or a pull location.
    pub reference: bool,
    /// Names of the patterns that do not apply to the value: what they look for is what the field is for.
    pub allow: BTreeSet<String>,
    /// `file:line`.
    pub rule: Arc<str>,
}

/// A word list.
#[derive(Debug, Clone)]
pub struct WordList {
    /// File.
    pub file: Arc<str>,
    /// What a hit asks for.
    pub action: Action,
    /// How grave a hit is.
    pub severity: Severity,
    /// One sentence for reviewers.
    pub reason: String,
    /// Entries in file order.
    pub entries: Vec<WordEntry>,
}

/// An entry of a word list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordEntry {
    /// The word or phrase as written, before folding.
    pub text: String,
    /// Line in its file.
    pub line: u32,
}
