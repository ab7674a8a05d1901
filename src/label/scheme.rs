//! A marking scheme as plain data: what a SPIF and the constraints beside it say, with every reference resolved.
//!
//! Nothing here decides anything. The fields are public and documented because the second decision (room `verify`)
//! is written over this data by other hands than the first.
//!
//! INVARIANT (kept by [`super::Lattice::load`]): every index in here points into the list that it names.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::Time;

/// A marking scheme of the lattice: its place in [`super::Lattice::policies`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyIx(pub(in crate::label) u16);

/// A classification of a policy: its place in [`Policy::levels`], which is no rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LevelIx(pub(in crate::label) u16);

/// A category tag of a policy: its place in [`Policy::tags`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagIx(pub(in crate::label) u16);

/// A value of a category tag: its place in [`Tag::values`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueIx(pub(in crate::label) u16);

macro_rules! places {
    ($($name:ident),*) => {
        $(impl $name {
            /// The place in its list.
            #[must_use]
            pub fn index(self) -> usize {
                usize::from(self.0)
            }

            /// The place `at`; a list of the lattice never reaches the last one.
            #[must_use]
            pub fn at(at: usize) -> Self {
                Self(u16::try_from(at).unwrap_or(u16::MAX))
            }
        })*
    };
}
places!(PolicyIx, LevelIx, TagIx, ValueIx);

/// A security policy: the marking scheme of a nation or an alliance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Name, such as `NATO`.
    pub name: String,
    /// Object identifier, dotted, such as `1.3.26.1.3.1`.
    pub oid: String,
    /// The nation (trigraph) that owns everything labelled under this policy; `None` for an alliance's policy.
    pub owner: Option<String>,
    /// How names of classifications and values are compared.
    pub case: Case,
    /// Classifications, in file order: the order is [`Level::hierarchy`].
    pub levels: Vec<Level>,
    /// Category tags, in file order.
    pub tags: Vec<Tag>,
    /// The permissive tag that names the nations and groups to which something may be released.
    pub release: Option<TagIx>,
    /// Where a label says whose information is in it beside the owner's; `None` where the policy has no words for that.
    pub origins: Option<Origins>,
    /// Tags that every label of this policy must carry.
    pub mandatory: Vec<TagIx>,
    /// What a marking without room for a tag (a banner, CoT's attributes) says of it all the same.
    pub implied: Vec<Implied>,
    /// Combinations that the constraints beside the SPIF demand or forbid.
    pub rules: Vec<Rule>,
    /// Member nations of groups, as the rule set dates them; compares audiences, never admits anyone.
    pub groups: BTreeMap<String, Group>,
    /// Policies into which a label of this one may be translated, with values that every translation adds.
    pub equivalents: Vec<EquivalentPolicy>,
    /// The grammar of banner lines.
    pub banner: Option<BannerForm>,
    /// How it is called in markings for people, and what stands around and between their parts.
    pub words: Words,
    /// In force from.
    pub not_before: Option<Time>,
    /// In force until, inclusive.
    pub not_after: Option<Time>,
    /// The SPIF.
    pub file: Arc<str>,
}

/// The tags that say whose information is in something beside the owner's. They inform and decide nothing; rules ask for them, and no translation
/// takes them along: they stay with the label that says them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origins {
    /// The tag whose values are the origins of foreign information.
    pub foreign: TagIx,
    /// The value of it that conceals the origin; it stands alone.
    pub concealed: ValueIx,
    /// The tag whose values are the owners of a joint product, the policy's own among them.
    pub joint: TagIx,
}

impl Origins {
    /// Whether a tag is one of these.
    #[must_use]
    pub fn has(self, tag: TagIx) -> bool {
        tag == self.foreign || tag == self.joint
    }
}

/// The members of a group, each with the time in which it is one.
pub type Group = BTreeMap<String, Term>;

/// The time in which a nation is a member of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Term {
    /// A member from then on; none where it has always been one.
    pub from: Option<Time>,
    /// No member from then on; none where no end is known.
    pub until: Option<Time>,
    /// The end of what is known: from then on nobody is taken for a member until an officer has looked again.
    pub known_until: Option<Time>,
}

impl Term {
    /// Whether the membership is in force, and known to be.
    #[must_use]
    pub fn holds(&self, now: Time) -> bool {
        self.from.is_none_or(|from| now >= from) && self.until.is_none_or(|until| now < until) && !self.is_stale(now)
    }

    /// Whether nobody has looked at the table of the group for longer than the rule set allows.
    #[must_use]
    pub fn is_stale(&self, now: Time) -> bool {
        self.known_until.is_some_and(|until| now >= until)
    }
}

/// How names are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// Byte for byte.
    Exact,
    /// Without regard to ASCII case.
    // SPEC: ADatP-4774 Ed A V1 asks for this in the policies NATO and PUBLIC only.
    Folded,
}

impl Case {
    /// Whether two names are one.
    #[must_use]
    pub fn same(self, one: &str, other: &str) -> bool {
        match self {
            Self::Exact => one == other,
            Self::Folded => one.eq_ignore_ascii_case(other),
        }
    }
}

/// The grammar in which a policy's banner lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BannerForm {
    /// Intelligence Community markings (Register and Manual of 31 December 2016).
    Usa,
    /// Government Security Classifications (policy of August 2024).
    Gbr,
    /// NATO lines (ADatP-4774, appendix 2).
    Nato,
    /// Canadian lines.
    Can,
    /// Australian lines and mail markings (Email Protective Marking Standard 2024.1).
    Aus,
    /// Lines of New Zealand (Protective Security Requirements).
    Nzl,
    /// Lines of the European Union (Council Decision 2013/488/EU).
    Eu,
}

/// A classification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// Name, such as `SECRET`; means nothing outside its policy.
    pub name: String,
    /// The identifier in binary labels; no order.
    pub lacv: u64,
    /// The rank. Two classifications of equal hierarchy are incomparable.
    pub hierarchy: u32,
    /// The colour behind its marking, in small letters: a name of CSS or `#` and six digits. `None` where the policy names none.
    pub colour: Option<String>,
    /// How it is called in markings for people.
    pub words: Words,
    /// Whether it is still given.
    pub status: Status,
    /// Categories that a label of this level must carry.
    pub required: Vec<Requirement>,
    /// What it means that a label of this level has no value of [`Policy::release`].
    pub unmarked: Unmarked,
    /// The same level in other policies.
    pub equivalents: Vec<LevelEquivalent>,
}

/// What a SPIF says of the marking of one thing above and below a page. Nothing is decided by it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// In file order; of each role one in each language.
    pub phrases: Vec<Phrase>,
    /// In file order; of each place one in each language.
    pub qualifiers: Vec<Qualifier>,
}

impl Words {
    /// Takes what other words say beside these, where these say nothing.
    pub(in crate::label) fn beside(&mut self, others: &Self) {
        let said = |words: &Self, other: &Phrase| words.phrases.iter().any(|one| one.language == other.language);
        let more: Vec<Phrase> = others.phrases.iter().filter(|other| !said(self, other)).cloned().collect();
        self.phrases.extend(more);
        let said = |words: &Self, other: &Qualifier| words.qualifiers.iter().any(|one| (&one.language, one.place) == (&other.language, other.place));
        let more: Vec<Qualifier> = others.qualifiers.iter().filter(|other| !said(self, other)).cloned().collect();
        self.qualifiers.extend(more);
    }
}

/// Words for one thing in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// The language (BCP 47, in small letters); `None` for the policy's own.
    pub language: Option<String>,
    /// The words; `None` for the name of the thing.
    pub text: Option<String>,
    /// They stand where the name of the policy would.
    pub replaces_policy: bool,
    /// The thing itself is not shown.
    pub hides_name: bool,
    /// The classification is not shown beside the thing.
    pub hides_class: bool,
}

/// What stands around a thing, or between several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qualifier {
    /// The language (BCP 47, in small letters); `None` for the policy's own.
    pub language: Option<String>,
    /// Where it stands.
    pub place: QualifierPlace,
    /// The characters, spaces as they are.
    pub text: String,
}

/// Where a qualifier stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QualifierPlace {
    /// In front.
    Prefix,
    /// Behind.
    Suffix,
    /// Between.
    Separator,
}

/// What absent releasability means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmarked {
    /// The owner nation only.
    Owner,
    /// The release tag constrains nobody; other tags may.
    Open,
}

/// Whether a name is still in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// In use.
    Current,
    /// Refused in labels.
    Obsolete,
}

/// How a tag takes part in the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TagKind {
    /// A recipient must hold every value of the label.
    Restrictive,
    /// A recipient must hold one value of the label. An absent tag constrains nobody; an empty one admits nobody.
    Permissive,
    /// Never used in a decision.
    Informative,
}

/// A category tag. A tag set of the SPIF may hold several; `set` and `oid` are those of the set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Name of the tag set, as STANAG 4774 labels name it.
    pub set: String,
    /// Object identifier of the tag set.
    pub oid: String,
    /// Further names of the tag set, under the same object identifier.
    pub aliases: Vec<String>,
    /// How it takes part.
    pub kind: TagKind,
    /// Values, in file order.
    pub values: Vec<TagValue>,
    /// Values in one label at least, where the tag is used.
    pub select_min: Option<u32>,
    /// Values in one label at most.
    pub select_max: Option<u32>,
    /// What stands around and between its values in markings for people.
    pub words: Words,
}

/// A value of a category tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagValue {
    /// Name, such as `ATOMAL`.
    pub name: String,
    /// The identifier in binary labels; no order.
    pub lacv: u64,
    /// Whether it is still given.
    pub status: Status,
    /// How it is called in markings for people.
    pub words: Words,
    /// Who holds it.
    pub holders: Holders,
    /// Levels with which it must not stand.
    pub excluded_levels: Vec<LevelIx>,
    /// The one level with which it may stand.
    pub required_level: Option<LevelIx>,
    /// Categories with which it must not stand.
    pub excluded: Vec<Selector>,
    /// Categories that must stand with it.
    pub required: Vec<Requirement>,
    /// Given from.
    pub not_before: Option<Time>,
    /// Given until, inclusive.
    pub not_after: Option<Time>,
    /// The same value in other policies.
    pub equivalents: Vec<ValueEquivalent>,
}

/// Who holds a category value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holders {
    /// Peers to whom the rule set gives it (restrictive), or who are in the group that it names (permissive).
    Listed,
    /// Peers of the owner nation, and nobody else can be given it: NOFORN, UK EYES ONLY.
    Owner,
    /// Everyone: a permissive tag with this value constrains nobody. NATO's `Releasable` in Context.
    Everyone,
    /// Nobody without the originator's consent: ORCON.
    Originator,
}

/// One value of a tag, or any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selector {
    /// The tag.
    pub tag: TagIx,
    /// The value; `None` for any value of the tag.
    pub value: Option<ValueIx>,
}

/// Categories that must stand in a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// How many.
    pub operation: Operation,
    /// Of these.
    pub of: Vec<Selector>,
}

/// How many selectors of a requirement a label must meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Exactly one.
    OnlyOne,
    /// At least one.
    OneOrMore,
    /// Every one.
    All,
}

/// Which way an equivalence may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// From this policy into the other, at release.
    Release,
    /// From the other policy into this one, at reception. Kept; the guard releases only.
    Reception,
    /// Both ways.
    Both,
}

impl Applied {
    /// Whether it may be taken from this policy into the other.
    #[must_use]
    pub const fn releases(self) -> bool {
        matches!(self, Self::Release | Self::Both)
    }
}

/// A policy into which labels may be translated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EquivalentPolicy {
    /// The other policy.
    pub policy: PolicyIx,
    /// Values of the other policy that every translation adds.
    pub adds: Vec<(TagIx, ValueIx)>,
}

/// The same level in another policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelEquivalent {
    /// The other policy.
    pub policy: PolicyIx,
    /// The level there.
    pub level: LevelIx,
    /// Which way.
    pub applied: Applied,
    /// Values of the other policy that the translation adds.
    pub adds: Vec<(TagIx, ValueIx)>,
}

/// The same category value in another policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueEquivalent {
    /// The other policy.
    pub policy: PolicyIx,
    /// Where it goes there.
    pub to: Target,
    /// Which way.
    pub applied: Applied,
}

/// Where a category value goes in a translation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// To this value.
    Value(TagIx, ValueIx),
    /// Nowhere. Only informative values are discarded.
    Discard,
}

/// A value that a marking without room for its tag says all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Implied {
    /// The tag.
    pub tag: TagIx,
    /// The value.
    pub value: ValueIx,
    /// Always, or only beside a list of recipients.
    pub when: ImpliedWhen,
}

/// When a value is implied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImpliedWhen {
    /// In every such marking.
    Always,
    /// Where the marking names recipients.
    Released,
}

/// A rule of the constraints beside the SPIF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Levels for which the rule speaks; empty for all.
    pub levels: Vec<LevelIx>,
    /// The rule speaks where one of these stands in the label; empty for every label.
    pub when: Vec<Selector>,
    /// What it asks.
    pub asks: Asks,
    /// Why, for people.
    pub why: String,
}

/// What a rule of the constraints asks of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asks {
    /// Such a label must not be.
    Never,
    /// All of these must stand in it.
    Needs(Vec<Selector>),
}
