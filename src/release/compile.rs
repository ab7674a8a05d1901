//! Clauses as Cedar: each becomes one permit whose id is `agreement/clause`; the schema is generated from the edition.
//!
//! The principal is the peer that would receive, the resource is the peer that sent, the context is the message.
//! INVARIANT: a clause's text is made of names whose characters the rule set room has checked, and of quoted strings.

use std::fmt::Write;

use serde::Serialize;

use crate::base::Traffic;
use crate::label::Lattice;
use crate::policy::{Agreement, Clause, Condition, Edition, Registry, When};

use super::exercise;
use super::vocabulary::WORDS;

/// Members of one chain of alternatives at most: 32, so that lists of any length stay as flat as what officers write themselves.
const CHAIN_MAX: usize = 32;

/// The Cedar schema of an edition, for `release.cedar` and for every clause.
#[must_use]
pub fn schema(lattice: &Lattice) -> String {
    let ranks: Vec<String> = lattice.policies().iter().map(|policy| format!("{}?: Long", quoted(&policy.name))).collect();
    let words = WORDS.join(", ");
    format!(
        "entity {words};
entity Nation;
entity Community;
entity Peer in [Nation, Community] = {{ name: String, nation: String }};
action release appliesTo {{
  principal: [Peer],
  resource: [Peer],
  context: {{
    format: Format,
    kind: String,
    subject: String,
    traffic: Traffic,
    precedence: Precedence,
    now_ms: Long,
    policy: Policy,
    classification: Classification,
    national_only: Bool,
    releasable_to: Set<Group>,
    categories: Set<Category>,
    ranks: {{ {} }},
  }},
}};
",
        ranks.join(", ")
    )
}

/// The same for an edition that declares conditions: `context.conditions` has each, and one `in` another of the same is not below it.
#[must_use]
pub fn schema_with(lattice: &Lattice, conditions: &[Condition]) -> String {
    let plain = schema(lattice);
    if conditions.is_empty() {
        return plain;
    }
    let fields: Vec<String> = conditions.iter().map(|condition| format!("{}: Condition", quoted(condition.name.as_str()))).collect();
    let entity = "entity Condition in [Condition];\n";
    format!("{entity}{}", plain.replacen("    format: Format,\n", &format!("    conditions: {{ {} }},\n    format: Format,\n", fields.join(", ")), 1))
}

/// What one condition of a clause is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum About {
    /// Who receives.
    Recipient,
    /// Who sent.
    Sender,
    /// That nobody is given what is its own.
    Itself,
    /// When the agreement is in force.
    Dates,
    /// The format.
    Format,
    /// Exercise or operation.
    Traffic,
    /// The kind of the content.
    Kind,
    /// The conditions of the rule set.
    Conditions,
    /// Whether the label can be taken to a policy in which the clause has a ceiling.
    Policy,
    /// How high the label is.
    Ceiling,
}

/// The conditions of a clause, in the order in which they are asked: all must hold.
pub(in crate::release) fn conditions(agreement: &Agreement, clause: &Clause, registry: &Registry, lattice: &Lattice) -> Vec<(About, String)> {
    let mut conditions = vec![
        (About::Recipient, parties("principal", clause.to.iter(), registry)),
        (About::Sender, parties("resource", clause.from.iter(), registry)),
        (About::Itself, "principal != resource".to_owned()),
        (About::Dates, format!("context.now_ms >= {} && context.now_ms < {}", agreement.from.unix_ms(), agreement.until.unix_ms())),
        (About::Format, one_of("context.format", "Format", clause.formats.iter().map(String::as_str))),
        (About::Traffic, one_of("context.traffic", "Traffic", clause.traffic.iter().map(|&traffic| exercise::word(traffic)))),
    ];
    if !clause.kinds.is_empty() {
        conditions.push((About::Kind, either(clause.kinds.iter().map(|kind| format!("context.kind like {}", quoted(kind))))));
    }
    conditions.extend(clause.when.iter().map(|when| (About::Conditions, holds(when))));
    conditions.extend(ceilings(clause, lattice, ("context.ranks", &quoted)));
    conditions
}

/// What stands before the name of a policy in the attribute with the label's rank there, in what is left of a clause: a record within the context takes
/// as long to make as all that is beside it. No policy of an officer can see these: the schema has none.
pub(in crate::release) const FLAT_RANK: &str = "rank:";

/// What is left of the conditions of a clause between two peers that it names, for a format that it names, while it is in force: who asks knows these, and
/// a message of either kind of traffic is one that a clause for both takes.
pub(in crate::release) fn left(agreement: &Agreement, clause: &Clause, registry: &Registry, lattice: &Lattice) -> String {
    let of_all_traffic = Traffic::ALL.iter().all(|traffic| clause.traffic.contains(traffic));
    let put = |about: About| match about {
        About::Recipient | About::Sender | About::Itself | About::Dates | About::Format | About::Policy | About::Ceiling => false,
        About::Traffic => !of_all_traffic,
        About::Kind | About::Conditions => true,
    };
    let all = conditions(agreement, clause, registry, lattice).into_iter().filter(|(about, _)| put(*about)).map(|(_, condition)| condition);
    let rank = |policy: &str| quoted(&format!("{FLAT_RANK}{policy}"));
    let ceilings = match clause.ceilings.as_slice() {
        // What reaches the only ceiling need not be asked twice.
        [ceiling] => {
            let name = rank(lattice.policy_name(ceiling.policy));
            vec![format!("context has {name} && context[{name}] <= {}", ceiling.rank)]
        }
        _ => ceilings(clause, lattice, ("context", &rank)).into_iter().map(|(_, condition)| condition).collect(),
    };
    all.chain(ceilings).collect::<Vec<_>>().join(" && ")
}

/// A clause of an agreement as a Cedar permit.
#[must_use]
pub fn permit(agreement: &Agreement, clause: &Clause, registry: &Registry, lattice: &Lattice) -> String {
    let conditions: Vec<String> = conditions(agreement, clause, registry, lattice).into_iter().map(|(_, condition)| condition).collect();
    permit_when(clause.id.as_str(), &conditions.join(" &&\n  "))
}

/// A permit under a condition.
pub(in crate::release) fn permit_when(id: &str, condition: &str) -> String {
    format!("@id({})\npermit (principal, action == Action::\"release\", resource)\nwhen {{\n  {condition}\n}};\n", quoted(id))
}

/// All clauses of an edition as Cedar, for people who want to read what is decided.
#[must_use]
pub fn clauses(edition: &Edition) -> String {
    let all = edition.agreements.iter().flat_map(|agreement| agreement.clauses.iter().map(move |clause| (agreement, clause)));
    all.map(|(agreement, clause)| permit(agreement, clause, &edition.registry, &edition.lattice)).collect::<Vec<_>>().join("\n")
}

fn holds(when: &When) -> String {
    let (name, id) = (quoted(when.condition.as_str()), |value: &String| quoted(&format!("{}/{value}", when.condition)));
    let equal: Vec<String> = when.values.iter().map(|value| format!("context.conditions[{name}] == Condition::{}", id(value))).collect();
    format!("({})", if equal.is_empty() { "false".to_owned() } else { equal.join(" || ") })
}

/// At or below every ceiling of a policy to which the label can be taken, and at least one of them can be reached.
fn ceilings(clause: &Clause, lattice: &Lattice, (ranks, name): (&str, &dyn Fn(&str) -> String)) -> Vec<(About, String)> {
    let names: Vec<(String, u32)> = clause.ceilings.iter().map(|ceiling| (name(lattice.policy_name(ceiling.policy)), ceiling.rank)).collect();
    let reached: Vec<String> = names.iter().map(|(name, _)| format!("{ranks} has {name}")).collect();
    let below = names.iter().map(|(name, rank)| format!("(if {ranks} has {name} then {ranks}[{name}] <= {rank} else true)"));
    let mut all = vec![(About::Policy, format!("({})", if reached.is_empty() { "false".to_owned() } else { reached.join(" || ") }))];
    all.extend(below.map(|below| (About::Ceiling, below)));
    all
}

/// Whether one side is among parties.
pub(in crate::release) fn parties<'p>(side: &str, parties: impl Iterator<Item = &'p String>, registry: &Registry) -> String {
    let one = |party: &String| {
        let entity = entity_of(party, registry);
        let within = if entity == "Peer" { "==" } else { "in" };
        format!("{side} {within} {entity}::{}", quoted(party))
    };
    either(parties.map(one))
}

/// The type of the entity that a party is.
pub(in crate::release) fn entity_of(party: &str, registry: &Registry) -> &'static str {
    if registry.owners().any(|owner| owner == party) {
        "Nation"
    } else if registry.communities.contains_key(party) {
        "Community"
    } else {
        "Peer"
    }
}

/// Whether a word is one of those that are named.
pub(in crate::release) fn one_of<'v>(what: &str, kind: &str, values: impl Iterator<Item = &'v str>) -> String {
    either(values.map(|value| format!("{what} == {kind}::{}", quoted(value))))
}

/// One condition or another; none holds never. A long chain is written as a chain of chains: Cedar's reader calls itself for each member of one.
pub(in crate::release) fn either(conditions: impl Iterator<Item = String>) -> String {
    let mut all: Vec<String> = conditions.collect();
    while all.len() > CHAIN_MAX {
        all = all.chunks(CHAIN_MAX).map(|some| format!("({})", some.join(" || "))).collect();
    }
    format!("({})", if all.is_empty() { "false".to_owned() } else { all.join(" || ") })
}

/// A Cedar string literal.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => write!(out, "\\u{{{:x}}}", u32::from(c)).unwrap_or(()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
