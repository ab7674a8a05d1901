//! Policies that hold and are no rules all the same: one that may fail while it is asked, and one that says again what another says.
//!
//! Strict validation proves types, attributes and names. What it does not prove is that arithmetic stays within its bounds: a policy that fails
//! refuses every message that reaches it (`agreement.error`), and which messages those are is chosen by their authors.

use std::ops::Range;
use std::sync::Arc;

use cedar_policy::Policy;
use serde_json::Value;

use super::desk::Compiled;
use crate::base::Complaint;
use crate::policy::SourceFile;

/// What may fail for some values, by the name that Cedar's JSON gives it, with how it is spelt.
const MAY_FAIL: [(&str, &str); 6] = [("+", "+"), ("-", "-"), ("*", "*"), ("neg", "-"), ("offset", ".offset"), ("durationSince", ".durationSince")];

/// Complaints about the policies of one file, which hold.
pub(in crate::release) fn policies(file: &SourceFile, compiled: &[Compiled]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut before: Vec<(String, Value)> = Vec::new();
    for Compiled { policy, .. } in compiled {
        let Ok(json) = policy.to_json() else { continue };
        let (id, within) = (policy.id().to_string(), place_of(file, policy));
        for (_, spelt) in MAY_FAIL.iter().filter(|(name, _)| uses(&json, name)) {
            complaints.push(Complaint {
                file: Arc::clone(&file.path),
                at: narrow(file, within.clone(), spelt),
                what: format!("the policy `{id}` may fail while it is asked: `{spelt}` can leave the range of whole numbers"),
                expected: "comparisons alone".to_owned(),
                remedy: "compare with a number that you have worked out".to_owned(),
            });
        }
        let said = said(json);
        if let Some((first, _)) = before.iter().find(|(_, other)| *other == said) {
            complaints.push(Complaint {
                file: Arc::clone(&file.path),
                at: within,
                what: format!("the policy `{id}` never speaks: `{first}` says the same"),
                expected: "conditions of its own".to_owned(),
                remedy: "remove one of the two".to_owned(),
            });
        }
        before.push((id, said));
    }
    complaints
}

/// What a policy says, without what it is called.
fn said(mut json: Value) -> Value {
    if let Some(object) = json.as_object_mut() {
        object.remove("annotations");
    }
    json
}

/// Whether an operator or function stands anywhere in a policy: it is the one key of its object.
fn uses(json: &Value, name: &str) -> bool {
    match json {
        Value::Object(object) => (object.len() == 1 && object.contains_key(name)) || object.values().any(|inner| uses(inner, name)),
        Value::Array(items) => items.iter().any(|inner| uses(inner, name)),
        _ => false,
    }
}

/// The bytes of a policy: Cedar gives a policy back as its author spelt it.
pub(in crate::release) fn place_of(file: &SourceFile, policy: &Policy) -> Option<Range<usize>> {
    let text = policy.to_cedar()?;
    let start = file.text.find(&text)?;
    Some(start..start.saturating_add(text.len()))
}

/// The first place of a sign within a policy where it stands with a blank on one side, or the policy.
fn narrow(file: &SourceFile, within: Option<Range<usize>>, sign: &str) -> Option<Range<usize>> {
    let within = within?;
    let text = file.text.get(within.clone())?;
    let begin = text.find("when").or_else(|| text.find("unless")).unwrap_or(0);
    let spelt = if sign.starts_with('.') { sign.to_owned() } else { format!(" {sign}") };
    let found = text.get(begin..).and_then(|rest| rest.find(&spelt)).map(|at| within.start.saturating_add(begin).saturating_add(at));
    Some(found.map_or(within, |start| {
        let blanks = spelt.len().saturating_sub(sign.len());
        start.saturating_add(blanks)..start.saturating_add(spelt.len())
    }))
}
