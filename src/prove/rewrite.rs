//! Policies in the words of the model: the same conditions, with what an edition knows put in place of what the gateway looks up.
//!
//! Takes a policy as it decides, as a tree in JSON; gives one for the schema of the model. Membership of nations and communities, names of peers,
//! lists of recipients and categories become conditions over peers and yes-or-no words. Whatever is not known here is refused: a policy
//! that was left out would make the proof say something of other rules.

use std::collections::BTreeSet;

use cedar_policy::{Policy, PolicyId};
use serde_json::{Map, Value, json};

use super::facts::{Facts, any, condition};

/// Why a policy cannot be modelled: what it says that the model does not hold.
pub(in crate::prove) type Unmodelled = String;

/// One edition's way of saying things, and the categories that were named so far.
#[derive(Debug)]
pub(in crate::prove) struct Rewriter<'e> {
    facts: Facts<'e>,
    /// Categories that policies name.
    pub(in crate::prove) mentioned: BTreeSet<String>,
}

impl<'e> Rewriter<'e> {
    pub(in crate::prove) const fn of(facts: Facts<'e>) -> Self {
        Self { facts, mentioned: BTreeSet::new() }
    }

    /// A policy for the schema of the model, under the same id.
    pub(in crate::prove) fn policy(&mut self, policy: &Policy) -> Result<Policy, Unmodelled> {
        let tree = policy.to_json().map_err(|error| error.to_string())?;
        let mut conditions = Vec::new();
        for side in ["principal", "resource"] {
            let scope = tree.get(side).ok_or("a policy without scope")?;
            conditions.extend(self.scope(side, scope)?.map(|body| json!({ "kind": "when", "body": body })));
        }
        for condition in tree.get("conditions").and_then(Value::as_array).into_iter().flatten() {
            let body = self.expression(condition.get("body").ok_or("a condition without body")?)?;
            conditions.push(json!({ "kind": condition.get("kind"), "body": body }));
        }
        let every = json!({ "op": "All" });
        let rewritten = json!({ "effect": tree.get("effect"), "principal": every, "action": every, "resource": every, "conditions": conditions });
        Policy::from_json(Some(PolicyId::new(policy.id())), rewritten).map_err(|error| error.to_string())
    }

    fn scope(&mut self, side: &str, scope: &Value) -> Result<Option<Value>, Unmodelled> {
        let op = scope.get("op").and_then(Value::as_str).unwrap_or_default();
        let entity = |of: &Value| of.get("entity").cloned().ok_or_else(|| "a slot".to_owned());
        match op {
            "All" => Ok(None),
            "==" | "in" => self.among(side, &entity(scope)?).map(Some),
            "is" => scope.get("in").map(|within| self.among(side, &entity(within)?)).transpose(),
            other => Err(format!("the scope `{other}`")),
        }
    }

    /// That a side is in an entity.
    fn among(&self, side: &str, entity: &Value) -> Result<Value, Unmodelled> {
        let (kind, id) = named(entity).ok_or("membership of what is no name")?;
        parsed(&self.facts.among(side, kind, id))
    }

    fn expression(&mut self, expression: &Value) -> Result<Value, Unmodelled> {
        let (op, inside) = single(expression).ok_or("an expression of an unknown form")?;
        match op {
            "Value" => literal(inside).map(|()| expression.clone()),
            "Var" if side(expression).is_some() => Ok(expression.clone()),
            "Set" => {
                let items = inside.as_array().into_iter().flatten().map(|item| self.expression(item)).collect::<Result<Vec<_>, _>>()?;
                Ok(json!({ "Set": items }))
            }
            "." => self.attribute(inside),
            "has" => self.presence(inside),
            "in" => self.membership(inside),
            "is" => match inside.get("left").and_then(side) {
                Some(_) => Ok(json!({ "Value": true })),
                None => Err("`is` of anything but `principal` and `resource`".to_owned()),
            },
            "like" => Ok(json!({ "like": { "left": self.expression(part(inside, "left")?)?, "pattern": inside.get("pattern") } })),
            "contains" | "containsAny" | "containsAll" if listed(inside).is_some() => self.list(op, inside),
            "isEmpty" => Err("`isEmpty`".to_owned()),
            "<" | "<=" | ">" | ">=" | "==" | "!=" if ranked(inside).is_some() => self.rank(op, inside),
            "!" | "neg" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "&&" | "||" | "+" | "-" | "*" | "contains" | "containsAny" | "containsAll"
            | "if-then-else" => self.parts(op, inside),
            other => Err(format!("`{other}`")),
        }
    }

    fn parts(&mut self, op: &str, inside: &Value) -> Result<Value, Unmodelled> {
        let mut rewritten = Map::new();
        for (name, part) in inside.as_object().ok_or("an expression of an unknown form")? {
            rewritten.insert(name.clone(), self.expression(part)?);
        }
        Ok(json!({ op: rewritten }))
    }

    fn attribute(&mut self, inside: &Value) -> Result<Value, Unmodelled> {
        let left = part(inside, "left")?;
        let attribute = inside.get("attr").and_then(Value::as_str).unwrap_or_default();
        match (side(left), attribute) {
            (Some(side), "nation") => return parsed(&self.facts.text_of(side, |peer| &peer.nation)),
            (Some(side), "name") => return parsed(&self.facts.text_of(side, |peer| peer.name.as_str())),
            (Some(_), other) => return Err(format!("`{other}` of a peer")),
            (None, _) => {}
        }
        let known = match attribute {
            name if is_conditions(left) => return Ok(json!({ ".": { "left": { "Var": "context" }, "attr": condition(name) } })),
            _ if !is_context(left) => return Ok(json!({ ".": { "left": self.expression(left)?, "attr": attribute } })),
            "national_only" => self.facts.attribute(attribute),
            "format" | "kind" | "subject" | "traffic" | "precedence" | "now_ms" | "policy" | "classification" => attribute.to_owned(),
            other => return Err(format!("`context.{other}` other than with `contains`, `containsAny` or `containsAll` and names")),
        };
        Ok(json!({ ".": { "left": left, "attr": known } }))
    }

    fn presence(&mut self, inside: &Value) -> Result<Value, Unmodelled> {
        let left = part(inside, "left")?;
        // Peers and messages have everything that the schema of the rules lets a policy ask for.
        if side(left).is_some() || is_context(left) {
            return Ok(json!({ "Value": true }));
        }
        if let Some("ranks") = attribute_of_message(left) {
            let policy = inside.get("attr").and_then(Value::as_str).unwrap_or_default();
            return parsed(&self.facts.ranked(policy, |_| true));
        }
        Ok(json!({ "has": { "left": self.expression(left)?, "attr": inside.get("attr") } }))
    }

    fn membership(&mut self, inside: &Value) -> Result<Value, Unmodelled> {
        let (left, right) = (part(inside, "left")?, part(inside, "right")?);
        let Some(side) = side(left) else { return Err("`in` of anything but `principal` and `resource`".to_owned()) };
        let entities = entities(right).ok_or("membership of what is no name")?;
        let named = entities.into_iter().map(|entity| named(entity).map(|(kind, id)| self.facts.among(side, kind, id)));
        parsed(&any(named.collect::<Option<_>>().ok_or("membership of what is no name")?))
    }

    /// A rank beside a number: which classifications there are is known, and so is which of them fit.
    fn rank(&self, op: &str, inside: &Value) -> Result<Value, Unmodelled> {
        let (policy, bound) = ranked(inside).ok_or("a rank")?;
        parsed(&self.facts.ranked(policy, |rank| {
            let rank = i64::from(rank);
            match op {
                "<" => rank < bound,
                "<=" => rank <= bound,
                ">" => rank > bound,
                ">=" => rank >= bound,
                "==" => rank == bound,
                _ => rank != bound,
            }
        }))
    }

    /// Categories, or those to whom a label releases: `context.categories.contains(...)`.
    fn list(&mut self, op: &str, inside: &Value) -> Result<Value, Unmodelled> {
        let which = listed(inside).ok_or("a list")?.to_owned();
        let entities = entities(part(inside, "right")?).ok_or_else(|| format!("`context.{which}` with anything but names"))?;
        let mut conditions = Vec::new();
        for entity in entities {
            let (_, id) = named(entity).ok_or("a list of what is no name")?;
            conditions.push(match which.as_str() {
                "categories" => {
                    self.mentioned.insert(id.to_owned());
                    self.facts.holds(id)
                }
                _ => self.facts.released_to(id),
            });
        }
        parsed(&if op == "containsAll" { super::facts::all(conditions) } else { any(conditions) })
    }
}

/// The one member of an object.
fn single(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.iter().next().map(|(name, value)| (name.as_str(), value))
}

fn part<'v>(inside: &'v Value, name: &str) -> Result<&'v Value, Unmodelled> {
    inside.get(name).ok_or_else(|| format!("an expression without `{name}`"))
}

/// `principal` or `resource`.
fn side(value: &Value) -> Option<&str> {
    value.get("Var").and_then(Value::as_str).filter(|name| ["principal", "resource"].contains(name))
}

/// `context.conditions`.
fn is_conditions(value: &Value) -> bool {
    value.get(".").is_some_and(|dot| dot.get("left").is_some_and(is_context) && dot.get("attr").and_then(Value::as_str) == Some("conditions"))
}

fn is_context(value: &Value) -> bool {
    value.get("Var").and_then(Value::as_str) == Some("context")
}

/// The list of the message whose content is asked for.
fn listed(inside: &Value) -> Option<&str> {
    let (left, attribute) = inside.get("left").and_then(|left| left.get(".")).map(|dot| (dot.get("left"), dot.get("attr")))?;
    attribute.and_then(Value::as_str).filter(|name| ["categories", "releasable_to"].contains(name)).filter(|_| left.is_some_and(is_context))
}

/// The attribute of the message that an expression is.
fn attribute_of_message(value: &Value) -> Option<&str> {
    let dot = value.get(".")?;
    dot.get("attr").and_then(Value::as_str).filter(|_| dot.get("left").is_some_and(is_context))
}

/// The policy and the number of a comparison of a rank with a number.
fn ranked(inside: &Value) -> Option<(&str, i64)> {
    let dot = inside.get("left")?.get(".")?;
    dot.get("left").and_then(attribute_of_message).filter(|name| *name == "ranks")?;
    let number = inside.get("right").and_then(|right| right.get("Value")).and_then(Value::as_i64);
    dot.get("attr").and_then(Value::as_str).zip(number)
}

/// Type and id of an entity.
fn named(entity: &Value) -> Option<(&str, &str)> {
    let entity = entity.get("__entity").unwrap_or(entity);
    entity.get("type").and_then(Value::as_str).zip(entity.get("id").and_then(Value::as_str))
}

/// The entities of a literal: one, or a set of them.
fn entities(value: &Value) -> Option<Vec<&Value>> {
    match single(value)? {
        ("Value", Value::Array(items)) => Some(items.iter().collect()),
        ("Value", entity) => Some(vec![entity]),
        ("Set", Value::Array(items)) => items.iter().map(|item| item.get("Value")).collect(),
        _ => None,
    }
}

/// Whether a literal means the same in the model: no entity of a type that the model does not have.
fn literal(value: &Value) -> Result<(), Unmodelled> {
    match value {
        Value::Array(items) => items.iter().try_for_each(literal),
        Value::Object(_) => match named(value) {
            Some(("Nation" | "Community" | "Category" | "Group", id)) => Err(format!("`{id}` other than as a membership or in a list")),
            Some(_) => Ok(()),
            None => Err("a literal of an unknown form".to_owned()),
        },
        _ => Ok(()),
    }
}

/// An expression in Cedar as a tree: the text is made by this room, of names that were checked and quoted.
fn parsed(text: &str) -> Result<Value, Unmodelled> {
    // As the side of an equation, an expression of any type stands in a condition.
    let policy =
        Policy::parse(None, format!("permit (principal, action, resource) when {{ ({text}) == ({text}) }};")).map_err(|error| error.to_string())?;
    let tree = policy.to_json().map_err(|error| error.to_string())?;
    let side = tree.pointer("/conditions/0/body/==/left").cloned();
    side.ok_or_else(|| "an expression of an unknown form".to_owned())
}
