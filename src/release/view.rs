//! Policies of Cedar files as plain data: what they are called, what they do, and what a message must have for them to speak.

use cedar_policy::{Effect, Policy};
use serde_json::Value;

use super::engine::Engine;

/// A policy of a Cedar file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyView {
    /// Its id, as decisions cite it.
    pub id: String,
    /// Whether it forbids.
    pub forbids: bool,
    /// Conditions without which it never speaks, as far as they are plain; there may be more.
    pub needs: Vec<Needs>,
}

/// A condition without which a policy does not speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// The label's classification is this.
    Classification(String),
    /// The label has this category: tag set and value.
    Category(String, String),
}

impl Engine {
    /// The policies of the edition's Cedar files.
    #[must_use]
    pub fn policies(&self) -> Vec<PolicyView> {
        self.extras().iter().map(|extra| view(&extra.policy)).collect()
    }
}

fn view(policy: &Policy) -> PolicyView {
    let mut needs = Vec::new();
    let json = policy.to_json().unwrap_or_default();
    for condition in json.get("conditions").and_then(Value::as_array).into_iter().flatten() {
        if condition.get("kind").and_then(Value::as_str) == Some("when")
            && let Some(body) = condition.get("body")
        {
            conjuncts(body, &mut needs);
        }
    }
    PolicyView { id: policy.id().to_string(), forbids: policy.effect() == Effect::Forbid, needs }
}

/// What must hold for all of an expression to hold.
fn conjuncts(body: &Value, needs: &mut Vec<Needs>) {
    if let Some(both) = body.get("&&") {
        ["left", "right"].into_iter().filter_map(|side| both.get(side)).for_each(|side| conjuncts(side, needs));
    }
    if let Some((of, entity)) = compared(body.get("==")) {
        needs.extend((of == "classification").then_some(Needs::Classification(entity)));
    }
    if let Some((of, entity)) = compared(body.get("contains")) {
        let category = entity.split_once('/').filter(|_| of == "categories");
        needs.extend(category.map(|(tag, value)| Needs::Category(tag.to_owned(), value.to_owned())));
    }
}

/// The attribute of the context on the left, and the id of the entity on the right.
fn compared(operands: Option<&Value>) -> Option<(String, String)> {
    let (left, right) = (operands?.get("left")?, operands?.get("right")?);
    let attribute = left.get(".")?;
    (attribute.get("left")?.get("Var")?.as_str()? == "context").then_some(())?;
    let entity = right.get("Value")?.get("__entity")?.get("id")?;
    Some((attribute.get("attr")?.as_str()?.to_owned(), entity.as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_must_hold_is_a_need() {
        let needs = |condition: &str| view(&Policy::parse(None, format!("forbid (principal, action, resource) {condition};")).unwrap()).needs;
        let secret = || Needs::Classification("TOP SECRET".into());
        assert_eq!(needs("when { context.classification == Classification::\"TOP SECRET\" }"), [secret()]);
        assert_eq!(needs("when { context.national_only && context.classification == Classification::\"TOP SECRET\" }"), [secret()]);
        assert_eq!(needs("when { context.national_only || context.classification == Classification::\"TOP SECRET\" }"), []);
        assert_eq!(needs("unless { context.classification == Classification::\"TOP SECRET\" }"), []);
        assert_eq!(needs("when { context.categories.contains(Category::\"A b/C\") }"), [Needs::Category("A b".into(), "C".into())]);
        assert_eq!(needs("when { !context.categories.contains(Category::\"A b/C\") }"), []);
    }
}
