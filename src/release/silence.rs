//! Whether any policy of the Cedar files would speak, asked as one question: most messages meet none of them.
//!
//! Cedar takes some two microseconds for each policy that it is given, most of it before the first condition is looked at. So what all further
//! policies ask, scopes and conditions, is joined by `or` into one policy. Where that one neither holds nor fails, none of them holds and none
//! fails, for a disjunction that is false has looked at every member; where it holds or fails, they are asked one by one, and what each says is
//! what counts. A policy whose scope names the nation of another than this recipient can never hold and is left out.
//! Absent on purpose: any answer. Silence is all that is learned here, and the joined policy takes its words from the policies as Cedar prints them.

use cedar_policy::{Policy, PolicyId, PolicySet};
use serde_json::{Value, json};

/// The id of the joined policy; nobody cites it.
const ID: &str = "any";
/// Levels of JSON in a joined expression at most: 48, some twenty operators within each other. Cedar turns it into its own tree by recursion, with up
/// to 100 KB of stack for each operator where it is not optimised; what is deeper is asked one by one.
const DEPTH_MAX: usize = 48;

/// One policy that holds wherever one of these does, for a recipient of a nation; none where there is no policy that could hold, or one that
/// cannot be joined.
pub(in crate::release) fn joined<'p>(policies: impl Iterator<Item = &'p Policy>, nation: &str) -> Option<Joined> {
    let mut asked = Vec::new();
    for policy in policies {
        let text = policy.to_json().ok()?;
        if !is_of_another(text.get("principal")?, nation) {
            asked.push(condition(&text)?);
        }
    }
    let Some(any) = folded("||", asked) else { return Some(Joined::Never) };
    if depth(&any) > DEPTH_MAX {
        return None;
    }
    let all = json!({ "op": "All" });
    let text = json!({ "effect": "permit", "principal": all, "action": all, "resource": all, "conditions": [{ "kind": "when", "body": any }] });
    let policy = Policy::from_json(Some(PolicyId::new(ID)), text).ok()?;
    PolicySet::from_policies([policy]).ok().map(|set| Joined::Any(Box::new(set)))
}

/// What a recipient's further policies come to.
pub(in crate::release) enum Joined {
    /// None of them can hold for this recipient.
    Never,
    /// One policy that holds wherever one of them does.
    Any(Box<PolicySet>),
}

/// Whether a scope names a nation that is not this one. Who is of which nation is plain data of the edition, and never changes within it.
fn is_of_another(scope: &Value, nation: &str) -> bool {
    let entity = scope.get("entity");
    let said = |key: &str| entity.and_then(|entity| entity.get(key)).and_then(Value::as_str);
    scope.get("op").and_then(Value::as_str) == Some("in") && said("type") == Some("Nation") && said("id").is_some_and(|id| id != nation)
}

/// What a policy asks, scope and conditions, as one expression; none for what this does not know.
fn condition(policy: &Value) -> Option<Value> {
    let mut all = Vec::new();
    for side in ["principal", "action", "resource"] {
        all.extend(scope(side, policy.get(side)?)?);
    }
    for clause in policy.get("conditions")?.as_array()? {
        let body = clause.get("body")?.clone();
        all.push(match clause.get("kind")?.as_str()? {
            "when" => body,
            "unless" => json!({ "!": { "arg": body } }),
            _ => return None,
        });
    }
    Some(folded("&&", all).unwrap_or_else(|| json!({ "Value": true })))
}

/// All of them joined by one operator, in their order, as a tree that is as low as it can be: many policies make it no deeper than few.
fn folded(op: &str, mut all: Vec<Value>) -> Option<Value> {
    while all.len() > 1 {
        let mut rest = std::mem::take(&mut all).into_iter();
        while let Some(left) = rest.next() {
            all.push(match rest.next() {
                Some(right) => json!({ op: { "left": left, "right": right } }),
                None => left,
            });
        }
    }
    all.pop()
}

/// How deep an expression nests: an operator and its operands are two levels of JSON.
fn depth(expression: &Value) -> usize {
    let below: Box<dyn Iterator<Item = &Value>> = match expression {
        Value::Array(members) => Box::new(members.iter()),
        Value::Object(members) => Box::new(members.values()),
        _ => return 0,
    };
    below.map(depth).max().unwrap_or(0).saturating_add(1)
}

/// A scope as an expression: nothing where it asks nothing.
fn scope(side: &str, scope: &Value) -> Option<Option<Value>> {
    let op = scope.get("op")?.as_str()?;
    let entity = || scope.get("entity").map(|entity| json!({ "Value": { "__entity": entity } }));
    match op {
        "All" => Some(None),
        // Every question is about a release, and the schema has no other action.
        "==" if side == "action" && scope.get("entity")?.get("id")?.as_str()? == "release" => Some(None),
        "==" | "in" => Some(Some(json!({ op: { "left": { "Var": side }, "right": entity()? } }))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &str, nation: &str) -> Option<String> {
        let policy = Policy::parse(Some(PolicyId::new("p")), source).unwrap();
        match joined([&policy, &policy].into_iter(), nation)? {
            Joined::Never => Some("never".to_owned()),
            Joined::Any(set) => {
                Some(set.policies().map(|one| one.to_cedar().unwrap()).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" "))
            }
        }
    }

    #[test]
    fn scopes_and_conditions_become_one_expression_and_what_cannot_hold_none() {
        let both = |one: &str| Some(format!("permit( principal, action, resource ) when {{ ({one}) || ({one}) }};"));
        let found =
            text("forbid (principal in Nation::\"ISAC\", action == Action::\"release\", resource) when { context.kind like \"a-*\" };", "ISAC");
        assert_eq!(found, both("(principal in Nation::\"ISAC\") && (context.kind like \"a-*\")"));
        let source = "forbid (principal in Nation::\"ISAC\", action == Action::\"release\", resource) unless { resource in Nation::\"GBR\" };";
        assert_eq!(text(source, "GBR").as_deref(), Some("never"));
        let found = text(source, "ISAC");
        assert_eq!(found, both("(principal in Nation::\"ISAC\") && (!(resource in Nation::\"GBR\"))"));
        let many: Vec<Value> = (0..1_000).map(|number| json!({ "Value": number })).collect();
        assert_eq!(depth(&folded("||", many).unwrap()), 1 + 2 * 10, "a thousand policies are ten levels of pairs");
        assert_eq!(text("forbid (principal is Peer, action, resource);", "GBR"), None, "what this does not know is not joined");
    }
}
