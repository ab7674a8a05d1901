//! What an inspector shows of a held message: the desk's item, as far as the message itself and the rules say it.
//!
//! Content of the message stands in it: native form, values, what would leave. The keeper adds what the journal says.

use std::sync::Arc;

use super::difference;
use crate::base::{Digest, Finding, Name, on_one_line};
use crate::control::desk::{Found, Item, Node, Output};
use crate::filter::{Removals, Waivers};
use crate::hop::message::{Preview, Wish};
use crate::label::{LabelView, marking};
use crate::pipeline::preview::{self, Read};
use crate::pipeline::{Guard, Inspector, Message, Ruling, World};
use crate::statement::Grant;

/// Fields of a message that are shown at most: 20,000, more than anybody reads. What is not shown cannot be released by review.
const FIELDS_MAX: usize = 20_000;

/// What a message is for a reviewer, and what the path says under the wish.
pub(super) fn of<'g>(
    inspector: &mut Inspector<'g>,
    guard: &'g Guard,
    (from, message): (&Name, Message<'_>),
    world: &World<'_>,
    grants: &[Grant],
    wish: &Wish,
) -> Option<(Preview, Ruling)> {
    let removed = Removals { paths: wish.removed.iter().cloned().collect(), rule: Arc::from(wish.rule.as_str()) };
    let asked = preview::Wish { waived: wish.waived.as_deref(), removed: &removed };
    let shown = inspector.preview(from, message, world, grants, asked)?;
    let whole = shown.read.as_ref().is_none_or(|read| read.fields.len() <= FIELDS_MAX);
    let item = item(guard, &shown, whole);
    let preview = Preview {
        item: serde_json::to_string(&item).ok()?,
        leaves: shown.leaves().filter(|_| whole),
        clause: shown.ruling.clause.clone(),
        waivers: shown.waivers,
        strange: shown.strange,
    };
    Some((preview, shown.ruling))
}

fn item(guard: &Guard, shown: &preview::Preview, whole: bool) -> Item {
    let ruling = &shown.ruling;
    let native = difference::rendered(&shown.content);
    let code = ruling.code.map(|code| format!(" ({code}: {})", code.sentence())).unwrap_or_default();
    let would = match whole {
        true => format!("{}{code}", ruling.outcome),
        false => format!("it has more than {FIELDS_MAX} fields, and what cannot be shown cannot be released: reject it, or return it to its sender"),
    };
    Item {
        format: shown.read.as_ref().map_or("", |read| read.format).to_owned(),
        native,
        digest: Digest::of(&shown.content).to_string(),
        length: u64::try_from(shown.content.len()).unwrap_or(u64::MAX),
        tree: shown.read.iter().flat_map(|read| nodes(read, &shown.findings, ruling)).take(FIELDS_MAX).collect(),
        chain: chain(guard, shown.label.as_ref(), ruling),
        findings: shown.findings.iter().map(found).collect(),
        output: output(shown).filter(|_| whole),
        would,
        ..Item::default()
    }
}

/// The label as it was read, then what follows from it.
fn chain(guard: &Guard, label: Option<&LabelView>, ruling: &Ruling) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(label) = label {
        let list = if label.national_only { "national only".to_owned() } else { label.releasable_to.join(" ") };
        lines.push(format!("{} {} [{list}]", label.policy, label.classification));
        lines.extend(marking::lines(&guard.edition().lattice, label).iter().map(ToString::to_string));
    }
    lines.extend(ruling.chain.iter().cloned());
    lines
}

fn found(finding: &Finding) -> Found {
    Found {
        name: finding.name(),
        code: finding.code.code().to_owned(),
        sentence: finding.code.sentence().to_owned(),
        rule: finding.rule.to_string(),
        path: on_one_line(&finding.path),
        span: finding.span.map(|span| (u64::from(span.start), u64::from(span.end))),
        severity: finding.severity.word().to_owned(),
        text: finding.text.clone(),
        waivable: Waivers::may_cover(finding),
    }
}

fn nodes<'r>(read: &'r Read, findings: &'r [Finding], ruling: &'r Ruling) -> impl Iterator<Item = Node> + 'r {
    let named: Vec<(String, String)> = findings.iter().map(|finding| (on_one_line(&finding.path), finding.name())).collect();
    let edits: Vec<(String, &str)> = ruling.edits.iter().map(|edit| (on_one_line(&edit.path), edit.action)).collect();
    read.fields.iter().map(move |field| {
        let mut names: Vec<String> = named.iter().filter(|(path, _)| *path == field.path).map(|(_, name)| name.clone()).collect();
        names.dedup();
        Node {
            depth: field.depth,
            path: field.path.clone(),
            name: field.name.clone(),
            text: field.text.clone(),
            span: Some((u64::from(field.span.start), u64::from(field.span.end))),
            findings: names,
            edit: edits.iter().find(|(path, _)| *path == field.path).map(|(_, action)| (*action).to_owned()).unwrap_or_default(),
            removable: field.removable,
        }
    })
}

fn output(shown: &preview::Preview) -> Option<Output> {
    let verified = shown.ruling.output.as_ref()?;
    let came = shown.read.as_ref().map_or(shown.content.as_slice(), |read| &read.canonical);
    let edits = shown.ruling.edits.iter().map(|edit| (on_one_line(&edit.path), edit.action.to_owned(), edit.rule.to_string()));
    Some(Output {
        native: difference::rendered(verified.bytes()),
        digest: verified.digest().to_string(),
        length: u64::try_from(verified.bytes().len()).unwrap_or(u64::MAX),
        difference: difference::lines(came, verified.bytes()),
        edits: edits.collect(),
    })
}
