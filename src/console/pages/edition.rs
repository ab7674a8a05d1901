//! One edition, as officers who are to sign it must see it: what differs from the one in force, its clauses, signatures and reports, and the forms by
//! which two persons put it in force. The gateway reads each signature itself, and examines the edition anew before it comes into force.

use std::collections::BTreeMap;

use askama::Template;
use hyper::StatusCode;

use super::sign::{self, Signing};
use super::{Asked, Frame, Made, address, now, rendered, rules, shown, strange};
use crate::base::encoding::digest_of_text;
use crate::base::{Name, Time};
use crate::console::answer::Problem;
use crate::control::papers::{Change, Proposal, Report};
use crate::control::statement::check_reason;
use crate::control::{Act, Edict, Emergency, Role, Statement};

/// An edition as a row.
pub(super) struct Line {
    pub(super) title: String,
    pub(super) address: String,
    pub(super) state: String,
    /// How many differences of each effect, in words.
    pub(super) changes: Vec<(&'static str, usize)>,
    pub(super) hands: Vec<String>,
    pub(super) missing: usize,
    pub(super) faults: usize,
    pub(super) reports: Vec<(String, String)>,
}

const EFFECTS: [&str; 4] = ["wider", "narrower", "either", "neither"];

fn counted(changes: &[Change]) -> Vec<(&'static str, usize)> {
    let count = |effect: &'static str| (effect, changes.iter().filter(|change| change.effect == effect).count());
    EFFECTS.map(count).into_iter().filter(|(_, count)| *count > 0).collect()
}

/// A report of other files than these says nothing about them.
fn answer(report: &Report, proposal: &Proposal) -> String {
    match report.digest == proposal.digest {
        true => report.answer.clone(),
        false => "of other files".to_owned(),
    }
}

pub(super) fn line(proposal: &Proposal) -> Line {
    let folder = proposal.folder.rsplit('/').next().unwrap_or_default().to_owned();
    Line {
        title: if proposal.ruleset.is_empty() { folder } else { proposal.title() },
        address: address("/rules/edition", &[("folder", &proposal.folder)]),
        state: proposal.state.clone(),
        changes: counted(&proposal.changes),
        hands: proposal.hands.iter().filter(|hand| hand.why.is_empty()).map(|hand| format!("{} as {}", hand.officer, hand.role)).collect(),
        missing: proposal.missing.len(),
        faults: proposal.faults.len(),
        reports: proposal.reports.iter().map(|report| (report.name.clone(), answer(report, proposal))).collect(),
    }
}

#[derive(Template)]
#[template(path = "console/templates/edition.html")]
struct Shown {
    frame: Frame,
    title: String,
    /// Differences with whom they are about, in the order of `rules compare`.
    groups: Vec<(String, Vec<Change>)>,
    counts: Vec<(&'static str, usize)>,
    reports: Vec<(Report, String)>,
    edition: Proposal,
    read: String,
    /// The roles in which the visitor may sign it.
    roles: Vec<&'static str>,
    may_activate: bool,
    kind: &'static str,
}

fn found(asked: &Asked<'_>, wanted: impl Fn(&Proposal) -> bool) -> Result<(Proposal, String), Problem> {
    let papers = shown::papers(asked.console.office.papers())?;
    let found = papers.editions.into_iter().find(|edition| wanted(edition));
    let gone = || Problem::new(StatusCode::NOT_FOUND, "no such edition is in force or waits; go back to the rules");
    Ok((found.ok_or_else(gone)?, papers.read))
}

pub(super) fn page(asked: &Asked<'_>) -> Made {
    let folder = asked.form.need("folder").map_err(Problem::bad)?;
    let (edition, read) = found(asked, |edition| edition.folder == folder)?;
    let mut groups: Vec<(String, Vec<Change>)> = Vec::new();
    for change in &edition.changes {
        match groups.last_mut().filter(|(of, _)| *of == change.of) {
            Some((_, changes)) => changes.push(change.clone()),
            None => groups.push((change.of.clone(), vec![change.clone()])),
        }
    }
    let waits = edition.state == "waits" && !edition.digest.is_empty();
    let roles = [Role::Author, Role::Approver].into_iter().filter(|role| waits && asked.may(*role)).map(Role::word).collect();
    let may_activate = waits && edition.missing.is_empty() && [Role::Author, Role::Approver, Role::Operator].into_iter().any(|role| asked.may(role));
    let title = line(&edition).title;
    let shown = Shown {
        frame: asked.frame(&title, "/rules"),
        title,
        groups,
        counts: counted(&edition.changes),
        reports: edition.reports.iter().map(|report| (report.clone(), answer(report, &edition))).collect(),
        kind: if edition.emergency.is_empty() { "plain" } else { "emergency" },
        edition,
        read,
        roles,
        may_activate,
    };
    rendered(StatusCode::OK, &shown)
}

/// The text by which an edition is signed.
pub(super) fn statement(asked: &Asked<'_>) -> Made {
    let digest = asked.form.need("digest").map_err(Problem::bad)?;
    let (edition, _) = found(asked, |edition| edition.digest == digest && edition.state == "waits")?;
    let role =
        Role::named(asked.form.need("role").map_err(Problem::bad)?).filter(|role| asked.may(*role) && [Role::Author, Role::Approver].contains(role));
    let role = role.ok_or_else(|| Problem::new(StatusCode::FORBIDDEN, "you may not sign in this role"))?;
    let digest = digest_of_text(&edition.digest).ok_or_else(strange)?;
    let officer = Name::new(&asked.visitor.name).ok_or_else(strange)?;
    let edict = Edict { ruleset: edition.ruleset.clone(), number: edition.number.clone(), digest };
    let statement = Statement { edict, officer, role, signed: now(), emergency: emergency(asked).map_err(Problem::bad)? };
    Statement::parse(&statement.text()).map_err(|why| Problem::bad(format!("that cannot be signed: {why}")))?;
    let back = line(&edition).address;
    sign::page(asked, Signing { heading: "Sign an edition", action: "/rules/sign", button: "Hand in the signature", to_sign: statement.text(), back })
}

/// The bounds of an emergency, where the form has any.
fn emergency(asked: &Asked<'_>) -> Result<Option<Emergency>, String> {
    let given: BTreeMap<&str, &str> = ["until", "scope", "reason"]
        .into_iter()
        .filter_map(|key| Some((key, asked.form.one(key)?.trim())))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    if given.is_empty() {
        return Ok(None);
    }
    let (Some(until), Some(scope), Some(reason)) = (given.get("until"), given.get("scope"), given.get("reason")) else {
        return Err("an emergency has until, scope and reason, all three; a plain edition none of them".to_owned());
    };
    let until = Time::parse(until).ok_or("expected a time such as `2026-11-23T20:00:00Z`")?;
    check_reason(reason)?;
    let scope: Vec<&str> = scope.split([',', ' ']).filter(|name| !name.is_empty()).collect();
    match scope.iter().all(|name| Name::new(name).is_some()) {
        true => Ok(Some(Emergency { until, scope: scope.into_iter().map(str::to_owned).collect(), reason: (*reason).to_owned() })),
        false => Err("expected clauses as `agreement/clause`, with commas between".to_owned()),
    }
}

/// Hands a signed note over an edition to the gateway, which reads it itself.
pub(super) async fn sign(asked: &Asked<'_>) -> Made {
    let note = asked.form.text("note").ok_or_else(|| Problem::bad("the field `note` is empty; sign the text, and paste the note"))?;
    rules::done(asked, asked.console.office.act(Act::Sign { note: sign::whole(note) }).await?)
}
