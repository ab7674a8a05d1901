//! What a policy asks, as far as the plain data of a question can tell: whether it is worth putting to Cedar at all.
//!
//! Takes a policy as Cedar itself gives it in JSON; gives an expression over [`Question`], sender and recipient that holds, does not hold, or does not
//! know. INVARIANT: where it knows, Cedar would say the same and would not fail; what it does not know, and all that holds, Cedar is asked. So a
//! sketch can save a question and can release nothing. It also tells which values of the context a policy looks at: no others need to be put to it,
//! and were one missing, Cedar would fail, which refuses.
//! Absent on purpose: arithmetic, extension functions, and whatever else may fail; order and short cuts are those of Cedar.

use cedar_policy::Policy;
use serde_json::Value;

use super::compile::FLAT_RANK;
use super::exercise;
use super::question::Question;
use crate::policy::PeerEntry;

/// Levels of operators within each other at most, below which nothing is known: 24. Chains of the same operator are one level.
const DEPTH_MAX: usize = 24;

/// One of the two parties of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::release) enum Side {
    /// The principal.
    Recipient,
    /// The resource.
    Sender,
}

/// A value that has one spelling: what it is of, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::release) enum Word {
    /// Written in the policy: its entity type, or nothing for a string.
    Written(Box<str>, Box<str>),
    Peer(Side),
    Name(Side),
    Nation(Side),
    Format,
    Kind,
    Subject,
    Traffic,
    Precedence,
    Policy,
    Classification,
}

/// A whole number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::release) enum Number {
    Written(i64),
    Now,
    /// The rank in a policy, where the label can be taken to it.
    Rank(Box<str>),
}

/// What a peer may be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::release) enum Group {
    Peer,
    Nation,
    Community,
}

/// A condition over plain data; none of them can fail but by what is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::release) enum Sketch {
    /// Nothing is known.
    Unknown,
    Holds(bool),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
    If(Box<[Self; 3]>),
    Same(Word, Word),
    Within(Side, Group, Box<str>),
    /// The pieces between stars.
    Like(Word, Box<[Box<str>]>),
    Less(Number, Number),
    LessOrSame(Number, Number),
    Ranked(Box<str>),
    NationalOnly,
    Category(Box<str>),
    ReleasableTo(Box<str>),
    Condition(Box<str>, Box<str>),
}

/// A question between two peers, as their memberships are now.
#[derive(Debug, Clone, Copy)]
pub(in crate::release) struct Scene<'s> {
    pub(in crate::release) question: &'s Question<'s>,
    pub(in crate::release) recipient: &'s PeerEntry,
    pub(in crate::release) sender: &'s PeerEntry,
}

impl Sketch {
    /// The sketch of a policy.
    pub(in crate::release) fn of(policy: &Policy) -> Self {
        policy.to_json().ok().and_then(|json| whole(&json)).unwrap_or(Self::Unknown)
    }

    /// The same where the recipient is known, and is always what it is now.
    pub(in crate::release) fn settled(self, recipient: &PeerEntry) -> Self {
        let settle = |all: Vec<Self>| all.into_iter().map(|one| one.settled(recipient));
        match self {
            Self::Within(Side::Recipient, group, id) => Self::Holds(is_within(recipient, group, &id)),
            Self::Not(one) => match one.settled(recipient) {
                Self::Holds(holds) => Self::Holds(!holds),
                other => Self::Not(Box::new(other)),
            },
            Self::All(all) => joined(settle(all), true, Self::All),
            Self::Any(all) => joined(settle(all), false, Self::Any),
            other => other,
        }
    }

    /// Whether it holds, where that is known.
    pub(in crate::release) fn holds(&self, scene: Scene<'_>) -> Option<bool> {
        let (question, label) = (scene.question, &scene.question.label);
        match self {
            Self::Unknown => None,
            Self::Holds(holds) => Some(*holds),
            Self::Not(one) => one.holds(scene).map(|holds| !holds),
            // As Cedar does it: what follows one that does not hold is not looked at, and what follows one that may have failed neither.
            Self::All(all) => all.iter().map(|one| one.holds(scene)).find(|said| *said != Some(true)).unwrap_or(Some(true)),
            Self::Any(all) => all.iter().map(|one| one.holds(scene)).find(|said| *said != Some(false)).unwrap_or(Some(false)),
            Self::If(parts) => {
                let [test, then, otherwise] = &**parts;
                if test.holds(scene)? { then.holds(scene) } else { otherwise.holds(scene) }
            }
            Self::Same(one, other) => Some(one.text(scene) == other.text(scene)),
            Self::Within(side, group, id) => Some(is_within(scene.peer(*side), *group, id)),
            Self::Like(word, pieces) => Some(is_like(pieces, word.text(scene))),
            Self::Less(one, other) => Some(one.value(question)? < other.value(question)?),
            Self::LessOrSame(one, other) => Some(one.value(question)? <= other.value(question)?),
            Self::Ranked(policy) => Some(question.ranks.iter().any(|(name, _)| **name == **policy)),
            Self::NationalOnly => Some(label.national_only),
            Self::Category(id) => Some(label.categories.iter().any(|(tag, values)| {
                id.strip_prefix(tag.as_str()).and_then(|rest| rest.strip_prefix('/')).is_some_and(|value| values.iter().any(|one| one == value))
            })),
            Self::ReleasableTo(group) => Some(label.releasable_to.iter().any(|one| **one == **group)),
            Self::Condition(name, value) => question.conditions.iter().find(|(one, _)| **one == **name).map(|(_, now)| **now == **value),
        }
    }
}

impl<'s> Scene<'s> {
    const fn peer(self, side: Side) -> &'s PeerEntry {
        match side {
            Side::Recipient => self.recipient,
            Side::Sender => self.sender,
        }
    }
}

impl Word {
    /// What it is of: values of two kinds are never compared here.
    fn kind(&self) -> &str {
        match self {
            Self::Written(kind, _) => kind,
            Self::Peer(_) => "Peer",
            Self::Format => "Format",
            Self::Traffic => "Traffic",
            Self::Precedence => "Precedence",
            Self::Policy => "Policy",
            Self::Classification => "Classification",
            Self::Name(_) | Self::Nation(_) | Self::Kind | Self::Subject => "",
        }
    }

    fn text<'s>(&'s self, scene: Scene<'s>) -> &'s str {
        let question = scene.question;
        match self {
            Self::Written(_, text) => text,
            Self::Peer(side) | Self::Name(side) => scene.peer(*side).name.as_str(),
            Self::Nation(side) => &scene.peer(*side).nation,
            Self::Format => question.format,
            Self::Kind => question.kind,
            Self::Subject => question.subject,
            Self::Traffic => exercise::word(question.traffic),
            Self::Precedence => question.precedence.word(),
            Self::Policy => &question.label.policy,
            Self::Classification => &question.label.classification,
        }
    }
}

impl Number {
    fn value(&self, question: &Question<'_>) -> Option<i64> {
        match self {
            Self::Written(number) => Some(*number),
            Self::Now => Some(question.now.unix_ms()),
            Self::Rank(policy) => question.ranks.iter().find(|(name, _)| **name == **policy).map(|(_, rank)| i64::from(*rank)),
        }
    }
}

fn is_within(peer: &PeerEntry, group: Group, id: &str) -> bool {
    match group {
        Group::Peer => peer.name.as_str() == id,
        Group::Nation => peer.nation == id,
        Group::Community => peer.communities.iter().any(|community| community.as_str() == id),
    }
}

/// Members of a chain without those that change nothing; what follows the first that decides is not looked at.
fn joined(all: impl Iterator<Item = Sketch>, neutral: bool, make: impl FnOnce(Vec<Sketch>) -> Sketch) -> Sketch {
    let mut kept = Vec::new();
    for one in all.filter(|one| *one != Sketch::Holds(neutral)) {
        let decides = one == Sketch::Holds(!neutral);
        kept.push(one);
        if decides {
            break;
        }
    }
    match (kept.pop(), kept.is_empty()) {
        (None, _) => Sketch::Holds(neutral),
        (Some(one), true) => one,
        (Some(last), false) => {
            kept.push(last);
            make(kept)
        }
    }
}

/// Whether a text begins with the first piece, ends with the last, and has the others in this order between them.
fn is_like(pieces: &[Box<str>], text: &str) -> bool {
    let Some((first, others)) = pieces.split_first() else { return text.is_empty() };
    let Some((last, middle)) = others.split_last() else { return **first == *text };
    let Some(mut rest) = text.strip_prefix(&**first) else { return false };
    for piece in middle {
        match rest.split_once(&**piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(&**last)
}

/// Scope and conditions of a policy.
fn whole(policy: &Value) -> Option<Sketch> {
    let mut all = Vec::new();
    for (side, of) in [("principal", Some(Side::Recipient)), ("action", None), ("resource", Some(Side::Sender))] {
        all.push(scope(policy.get(side)?, of));
    }
    for condition in policy.get("conditions")?.as_array()? {
        let body = expression(condition.get("body")?, 0);
        all.push(match condition.get("kind")?.as_str()? {
            "when" => body,
            "unless" => Sketch::Not(Box::new(body)),
            _ => Sketch::Unknown,
        });
    }
    Some(joined(all.into_iter(), true, Sketch::All))
}

/// A scope; every question is about a release, and the schema has no other action.
fn scope(scope: &Value, side: Option<Side>) -> Sketch {
    let within = |side, entity: &Value| {
        let said = |key: &str| entity.get(key).and_then(Value::as_str);
        Some(Sketch::Within(side, group(said("type")?)?, said("id")?.into()))
    };
    let said = match (scope.get("op").and_then(Value::as_str), side) {
        (Some("All"), _) => Some(Sketch::Holds(true)),
        (Some("=="), None) => scope.get("entity").and_then(|entity| entity.get("id")).filter(|id| *id == "release").map(|_| Sketch::Holds(true)),
        // A peer has nothing below it: it is in itself alone.
        (Some("in" | "=="), Some(side)) => scope.get("entity").and_then(|entity| within(side, entity)),
        _ => None,
    };
    said.unwrap_or(Sketch::Unknown)
}

fn group(kind: &str) -> Option<Group> {
    [("Peer", Group::Peer), ("Nation", Group::Nation), ("Community", Group::Community)]
        .into_iter()
        .find(|(name, _)| *name == kind)
        .map(|(_, group)| group)
}

/// An expression that gives a truth.
fn expression(json: &Value, depth: usize) -> Sketch {
    let known = || {
        let (op, operands) = json.as_object().filter(|object| object.len() == 1)?.iter().next()?;
        let (below, side) = (depth.saturating_add(1), |side: &str| operands.get(side));
        let under = |one: &Value| expression(one, below);
        Some(match op.as_str() {
            "Value" => Sketch::Holds(operands.as_bool()?),
            "!" => Sketch::Not(Box::new(under(side("arg")?))),
            "&&" => joined(chain(json, "&&").into_iter().map(under), true, Sketch::All),
            "||" => joined(chain(json, "||").into_iter().map(under), false, Sketch::Any),
            "if-then-else" => Sketch::If(Box::new([under(side("if")?), under(side("then")?), under(side("else")?)])),
            "==" => same(side("left")?, side("right")?)?,
            "!=" => Sketch::Not(Box::new(same(side("left")?, side("right")?)?)),
            "<" => Sketch::Less(number(side("left")?)?, number(side("right")?)?),
            "<=" => Sketch::LessOrSame(number(side("left")?)?, number(side("right")?)?),
            ">" => Sketch::Less(number(side("right")?)?, number(side("left")?)?),
            ">=" => Sketch::LessOrSame(number(side("right")?)?, number(side("left")?)?),
            "in" => within(side("left")?, side("right")?)?,
            "like" => Sketch::Like(word(side("left")?).filter(|word| word.kind().is_empty())?, pieces(side("pattern")?)?),
            "contains" => contains(side("left")?, side("right")?)?,
            "has" => Sketch::Ranked((context(side("left")?)? == "ranks").then(|| side("attr")?.as_str())??.into()),
            "." => (context(json)? == "national_only").then_some(Sketch::NationalOnly)?,
            _ => return None,
        })
    };
    if depth > DEPTH_MAX { Sketch::Unknown } else { known().unwrap_or(Sketch::Unknown) }
}

/// The members of a chain of one operator, as they stand. Chains lean to the left, and may be long.
fn chain<'v>(json: &'v Value, op: &str) -> Vec<&'v Value> {
    let (mut at, mut members) = (json, Vec::new());
    while let Some((left, right)) = at.get(op).and_then(|both| both.get("left").zip(both.get("right"))) {
        members.push(right);
        at = left;
    }
    members.push(at);
    members.reverse();
    members
}

/// The attribute of the context that an expression is.
fn context(json: &Value) -> Option<&str> {
    let dot = json.get(".")?;
    (dot.get("left")?.get("Var")? == "context").then(|| dot.get("attr")?.as_str())?
}

fn side(json: &Value) -> Option<Side> {
    match json.get("Var")?.as_str()? {
        "principal" => Some(Side::Recipient),
        "resource" => Some(Side::Sender),
        _ => None,
    }
}

/// An entity that is written in a policy: type and id.
fn entity(json: &Value) -> Option<(&str, &str)> {
    let entity = json.get("Value")?.get("__entity")?;
    Some((entity.get("type")?.as_str()?, entity.get("id")?.as_str()?))
}

fn word(json: &Value) -> Option<Word> {
    if let Some(side) = side(json) {
        return Some(Word::Peer(side));
    }
    if let Some((kind, id)) = entity(json) {
        return Some(Word::Written(kind.into(), id.into()));
    }
    if let Some(text) = json.get("Value").and_then(Value::as_str) {
        return Some(Word::Written("".into(), text.into()));
    }
    if let Some(attribute) = context(json) {
        let words = [
            ("format", Word::Format),
            ("kind", Word::Kind),
            ("subject", Word::Subject),
            ("traffic", Word::Traffic),
            ("precedence", Word::Precedence),
            ("policy", Word::Policy),
            ("classification", Word::Classification),
        ];
        return words.into_iter().find(|(name, _)| *name == attribute).map(|(_, word)| word);
    }
    let dot = json.get(".")?;
    let side = side(dot.get("left")?)?;
    match dot.get("attr")?.as_str()? {
        "name" => Some(Word::Name(side)),
        "nation" => Some(Word::Nation(side)),
        _ => None,
    }
}

fn number(json: &Value) -> Option<Number> {
    if let Some(number) = json.get("Value").and_then(Value::as_i64) {
        return Some(Number::Written(number));
    }
    if context(json) == Some("now_ms") {
        return Some(Number::Now);
    }
    let dot = json.get(".")?;
    (context(dot.get("left")?)? == "ranks").then(|| Some(Number::Rank(dot.get("attr")?.as_str()?.into())))?
}

fn same(left: &Value, right: &Value) -> Option<Sketch> {
    if let Some((name, (kind, id))) = condition(left).zip(entity(right)).or_else(|| condition(right).zip(entity(left))) {
        let value = id.strip_prefix(name)?.strip_prefix('/').filter(|_| kind == "Condition")?;
        return Some(Sketch::Condition(name.into(), value.into()));
    }
    let (one, other) = (word(left)?, word(right)?);
    (one.kind() == other.kind()).then_some(Sketch::Same(one, other))
}

/// The name of a condition of the rule set.
fn condition(json: &Value) -> Option<&str> {
    let dot = json.get(".")?;
    (context(dot.get("left")?)? == "conditions").then(|| dot.get("attr")?.as_str())?
}

fn within(left: &Value, right: &Value) -> Option<Sketch> {
    let side = side(left)?;
    let one = |json: &Value| entity(json).and_then(|(kind, id)| Some(Sketch::Within(side, group(kind)?, id.into())));
    match right.get("Set").and_then(Value::as_array) {
        Some(set) => Some(Sketch::Any(set.iter().map(one).collect::<Option<_>>()?)),
        None => one(right),
    }
}

fn contains(left: &Value, right: &Value) -> Option<Sketch> {
    let (kind, id) = entity(right)?;
    match (context(left)?, kind) {
        ("categories", "Category") => Some(Sketch::Category(id.into())),
        ("releasable_to", "Group") => Some(Sketch::ReleasableTo(id.into())),
        _ => None,
    }
}

/// The pieces of a pattern between its stars.
fn pieces(pattern: &Value) -> Option<Box<[Box<str>]>> {
    let mut pieces = vec![String::new()];
    for element in pattern.as_array()? {
        match element.get("Literal").and_then(Value::as_str) {
            Some(text) => pieces.last_mut()?.push_str(text),
            None if element == "Wildcard" => pieces.push(String::new()),
            None => return None,
        }
    }
    Some(pieces.into_iter().map(String::into_boxed_str).collect())
}

/// Which values of the context a policy looks at: all of them where that is not plain.
pub(in crate::release) fn looked_at(policy: &Policy) -> Wants {
    policy.to_json().map_or(Wants::ALL, |json| wants(&json))
}

/// Values of the context that a policy looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::release) struct Wants {
    /// Names, each a bit, in the order of [`Wants::NAMES`].
    values: u16,
    /// Of the ranks, those in these policies: a bit for each name, and one bit may stand for several names.
    ranks: u64,
}

impl Wants {
    const NAMES: [&str; 13] = [
        "format",
        "kind",
        "subject",
        "traffic",
        "precedence",
        "now_ms",
        "policy",
        "classification",
        "national_only",
        "releasable_to",
        "categories",
        "ranks",
        "conditions",
    ];
    /// Ranks as attributes of the context itself, which only clauses look at.
    const FLAT: u16 = 1 << 15;
    /// All that the schema has.
    pub(in crate::release) const ALL: Self = Self { values: u16::MAX ^ Self::FLAT, ranks: u64::MAX };
    pub(in crate::release) const NONE: Self = Self { values: 0, ranks: 0 };

    /// What either wants.
    pub(in crate::release) const fn and(self, other: Self) -> Self {
        Self { values: self.values | other.values, ranks: self.ranks | other.ranks }
    }

    /// Whether a value is wanted; one that has no name here always is.
    pub(in crate::release) fn has(self, name: &str) -> bool {
        self.values & Self::only(name).values != 0
    }

    /// Whether the rank in a policy is wanted.
    pub(in crate::release) fn has_rank(self, policy: &str) -> bool {
        self.ranks & Self::rank(policy).ranks != 0
    }

    /// Whether the rank in a policy is wanted as an attribute of the context.
    pub(in crate::release) fn has_flat_rank(self, policy: &str) -> bool {
        self.values & Self::FLAT != 0 && self.has_rank(policy)
    }

    /// The rank in one policy, as an attribute of the context.
    fn flat_rank(policy: &str) -> Self {
        Self { values: Self::FLAT, ..Self::rank(policy) }
    }

    /// The rank in one policy.
    fn rank(policy: &str) -> Self {
        let place = policy.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)) % 64;
        Self { ranks: 1 << place, ..Self::only("ranks") }
    }

    fn only(name: &str) -> Self {
        let bits = (0..15).map(|place| 1_u16 << place);
        Self::NAMES.iter().zip(bits).find(|(one, _)| **one == name).map_or(Self::ALL, |(_, values)| Self { values, ranks: 0 })
    }
}

/// The policy whose rank an access or a test is about.
fn ranked(of: &Value) -> Option<&str> {
    (context(of.get("left")?)? == "ranks").then(|| of.get("attr")?.as_str())?
}

fn wants(json: &Value) -> Wants {
    let tested = || json.get("has").filter(|has| has.get("left").and_then(|left| left.get("Var")).is_some_and(|var| var == "context"));
    let attribute = || context(json).or_else(|| tested()?.get("attr")?.as_str());
    if let Some(policy) = attribute().and_then(|attribute| attribute.strip_prefix(FLAT_RANK)) {
        return Wants::flat_rank(policy);
    }
    if let Some(policy) = json.get(".").or_else(|| json.get("has")).and_then(ranked) {
        return Wants::rank(policy);
    }
    if let Some(name) = context(json) {
        // The record as a whole, such as where it is compared.
        return if name == "ranks" { Wants { ranks: u64::MAX, ..Wants::only(name) } } else { Wants::only(name) };
    }
    match json {
        Value::Object(object) if object.get("Var").is_some_and(|var| var == "context") => Wants::ALL,
        Value::Object(object) => object.values().map(wants).fold(Wants::NONE, Wants::and),
        Value::Array(all) => all.iter().map(wants).fold(Wants::NONE, Wants::and),
        _ => Wants::NONE,
    }
}

#[cfg(test)]
mod tests {
    use cedar_policy::PolicyId;

    use super::*;

    fn sketch(source: &str) -> Sketch {
        Sketch::of(&Policy::parse(Some(PolicyId::new("p")), source).unwrap())
    }

    fn when(condition: &str) -> Sketch {
        sketch(&format!("permit (principal, action == Action::\"release\", resource) when {{ {condition} }};"))
    }

    #[test]
    fn what_is_not_plain_is_not_known() {
        for condition in [
            "context.now_ms + 1 > 2",
            "context.categories.isEmpty()",
            "principal is Peer",
            "context.kind == principal.name && context == context",
            "decimal(\"1.0\") == decimal(\"1.0\")",
            "context.policy == Classification::\"SECRET\"",
            "context.categories.contains(Group::\"GBR\")",
            "context.conditions[\"alert\"] in Condition::\"alert/high\"",
        ] {
            let said = when(condition);
            let unknown = |one: &Sketch| *one == Sketch::Unknown;
            assert!(unknown(&said) || matches!(&said, Sketch::All(all) if all.iter().any(unknown)), "{condition}: {said:?}");
        }
        assert_eq!(sketch("permit (principal is Peer, action, resource);"), Sketch::Unknown);
    }

    #[test]
    fn chains_may_be_long_and_nesting_may_not_be_deep() {
        // Made as JSON: the reader of Cedar itself takes more stack for these than a test has.
        let leaf = || serde_json::json!({ ".": { "left": { "Var": "context" }, "attr": "national_only" } });
        let long = (1..300).fold(leaf(), |left, _| serde_json::json!({ "||": { "left": left, "right": leaf() } }));
        assert!(matches!(expression(&long, 0), Sketch::Any(all) if all.len() == 300));
        let deep = (0..DEPTH_MAX + 2).fold(leaf(), |arg, _| serde_json::json!({ "!": { "arg": arg } }));
        let mut said = expression(&deep, 0);
        while let Sketch::Not(one) = said {
            said = *one;
        }
        assert_eq!(said, Sketch::Unknown);
    }

    #[test]
    fn a_star_in_a_pattern_stands_for_anything_and_an_escaped_one_for_itself() {
        let like = |pattern: &str, text: &str| {
            let Sketch::Like(_, pieces) = when(&format!("context.kind like \"{pattern}\"")) else { panic!("{pattern}") };
            is_like(&pieces, text)
        };
        for (pattern, text, is_like) in [
            ("a-*", "a-f", true),
            ("a-*", "b", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("ab*ba", "aba", false),
            ("a*b*c", "aXbXc", true),
            ("**x", "x", true),
        ] {
            assert_eq!(like(pattern, text), is_like, "{pattern} {text}");
        }
        assert!(like("a\\*", "a*") && !like("a\\*", "ab"));
    }

    #[test]
    fn only_what_is_looked_at_is_wanted() {
        let wants =
            |condition: &str| looked_at(&Policy::parse(None, format!("permit (principal, action, resource) when {{ {condition} }};")).unwrap());
        let named = |condition: &str| Wants::NAMES.into_iter().filter(|name| wants(condition).has(name)).collect::<Vec<_>>();
        assert_eq!(named("context.kind like \"a*\" && context.ranks has \"GBR\""), ["kind", "ranks"]);
        let ranks = |condition: &str| ["GBR", "NATO", "USA"].into_iter().filter(|name| wants(condition).has_rank(name)).collect::<Vec<_>>();
        assert_eq!(ranks("context.ranks has \"GBR\" && context.ranks[\"NATO\"] <= 4"), ["GBR", "NATO"]);
        assert_eq!(ranks("context.kind like \"a*\""), [""; 0]);
        let flat = wants("context has \"rank:GBR\" && context[\"rank:GBR\"] <= 4");
        assert!(flat.has_flat_rank("GBR") && !flat.has_flat_rank("USA") && !flat.has("ranks") && !flat.has("kind"));
        assert!(!wants("context.ranks has \"GBR\"").has_flat_rank("GBR") && !Wants::ALL.has_flat_rank("GBR"));
        for whole in ["context.ranks == context.ranks", "context has ranks", "context == context"] {
            assert_eq!(ranks(whole), ["GBR", "NATO", "USA"], "{whole}");
        }
        assert_eq!(named("principal in Nation::\"GBR\""), [""; 0]);
        assert_eq!(named("context.conditions.alert == Condition::\"alert/high\""), ["conditions"]);
        assert_eq!(wants("context has kind"), Wants::ALL);
        assert_eq!(wants("context == context"), Wants::ALL);
        assert_eq!(wants("context.unheard == 1"), Wants::ALL);
    }
}
