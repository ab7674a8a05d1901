//! What would have given a milder outcome: the path asked again with one thing changed, or two or three where one does not do.
//!
//! Candidates follow from the reason that decides: a clearance that is higher, a clause that covers more, a policy that is not there, a reviewer who
//! lets a finding pass. Each is tried on the whole path; what it gives is what the path said. Where a change brings the message to a later step and
//! no further, the search goes on from there, for so many changes and questions.

use std::collections::BTreeSet;

use cedar_policy::PolicySet;
use serde::Serialize;

use super::{Question, stands};
use crate::base::{Header, Name, Outcome, Reason, Time, Traffic};
use crate::filter::{ClauseReview, Waiver, Waivers};
use crate::label::{LabelView, Lattice, LevelIx, PolicyIx};
use crate::pipeline::{Guard, Inspector, Ruling, World};
use crate::policy::{Ceiling, Clause, Edition, PeerEntry};
use crate::release::About;
use crate::release::near::{Near, Nearness};

/// Questions about one recipient at most: 40. An engine is compiled for most of them.
const ASKED_MAX: usize = 40;
/// Changes that are supposed together at most: 3.
const TOGETHER_MAX: usize = 3;
/// Clauses that are supposed to cover more: the 3 nearest.
const CLAUSES_MAX: usize = 3;

/// One way in which it would have been otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Supposed {
    /// The outcome then.
    pub outcome: Outcome,
    /// The reason that decides then.
    pub code: Option<Reason>,
    /// The clause then.
    pub clause: Option<Name>,
    /// The recipient.
    pub to: Name,
    /// What must all be so, each as what follows `if`.
    pub conditions: Vec<String>,
    /// How much was asked.
    pub asked: Asked,
}

/// How far a supposition was carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Asked {
    /// The whole path, to bytes that a second reader has verified.
    Path,
    /// The decision to release alone: a label cannot be changed without its message.
    Release,
}

impl std::fmt::Display for Supposed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let did = match (self.asked, self.outcome) {
            (Asked::Release, _) => "permitted",
            (Asked::Path, Outcome::Forward) => "released",
            (Asked::Path, Outcome::Quarantine) => "held",
            (Asked::Path, Outcome::Withhold) => "withheld",
            (Asked::Path, Outcome::Reject) => "rejected",
        };
        let preposition = if self.outcome == Outcome::Forward { "to" } else { "for" };
        write!(f, "would be {did} {preposition} {}", self.to)?;
        self.clause.iter().try_for_each(|clause| write!(f, " under {clause}"))?;
        self.code.iter().try_for_each(|code| write!(f, " ({code})"))?;
        write!(f, " if {}", self.conditions.join(", and "))?;
        if self.asked == Asked::Release { write!(f, "; fields and content are judged after that") } else { Ok(()) }
    }
}

/// What is supposed.
#[derive(Clone)]
struct Supposition {
    conditions: Vec<String>,
    edition: Option<Edition>,
    header: Header,
    waivers: Waivers,
    /// The clause that is to permit.
    clause: Option<Name>,
}

/// A change of a supposition.
enum Change {
    Edition(Box<dyn FnOnce(&mut Edition)>),
    Clause(Name, Box<dyn FnOnce(&mut Edition)>),
    Traffic(Traffic),
    Waive(BTreeSet<Waiver>),
    Review,
}

/// What would have given a milder outcome for one recipient, the mildest first.
pub(super) fn milder(guard: &Guard, question: &Question<'_>, ruling: &Ruling, near: Option<&Nearness>, world: &World<'_>) -> Vec<Supposed> {
    if ruling.outcome == Outcome::Forward {
        return Vec::new();
    }
    let mut found = by_label(ruling, near);
    let header = Header { destinations: vec![ruling.recipient.clone()], ..question.header.clone() };
    let start = Supposition { conditions: Vec::new(), edition: None, header, waivers: world.waivers.clone(), clause: None };
    let mut search = Search { guard, question, to: &ruling.recipient, from: ruling.outcome, world, asked: 0, found: Vec::new() };
    search.from(&start, ruling.outcome);
    found.append(&mut search.found);
    found.sort_by_key(|one| (one.outcome, one.conditions.len()));
    found
}

fn by_label(ruling: &Ruling, near: Option<&Nearness>) -> Vec<Supposed> {
    let labels = near.into_iter().flat_map(|near| &near.labels);
    let one = |(said, clause): &(String, Name)| Supposed {
        outcome: Outcome::Forward,
        code: None,
        clause: Some(clause.clone()),
        to: ruling.recipient.clone(),
        conditions: vec![said.clone()],
        asked: Asked::Release,
    };
    labels.map(one).collect()
}

struct Search<'s> {
    guard: &'s Guard,
    question: &'s Question<'s>,
    to: &'s Name,
    from: Outcome,
    world: &'s World<'s>,
    asked: usize,
    found: Vec<Supposed>,
}

/// Where a supposition ends.
struct Seen {
    outcome: Outcome,
    code: Option<Reason>,
    clause: Option<Name>,
    candidates: Vec<(String, Change)>,
}

impl Search<'_> {
    /// Tries what may follow from a supposition, the nearest changes first; what stays stopped at a later place is followed.
    fn from(&mut self, start: &Supposition, outcome: Outcome) {
        let mut open = vec![(start.clone(), outcome, None)];
        while let Some((here, at, code)) = open.pop() {
            let Some(seen) = self.see(&here) else { continue };
            // What a change of one clause gives another is no answer about the one.
            if here.clause.is_some() && seen.clause.is_some() && here.clause != seen.clause {
                continue;
            }
            if !here.conditions.is_empty() && seen.outcome < self.from {
                let Seen { outcome, code, clause, .. } = seen;
                let conditions = here.conditions.clone();
                self.found.push(Supposed { outcome, code, clause, to: self.to.clone(), conditions, asked: Asked::Path });
                continue;
            }
            // A change that changed nothing leads nowhere.
            if here.conditions.len() >= TOGETHER_MAX || (!here.conditions.is_empty() && (seen.outcome, seen.code) == (at, code)) {
                continue;
            }
            let next = seen.candidates.into_iter().map(|(said, change)| (self.supposing(&here, said, change), seen.outcome, seen.code));
            let next: Vec<_> = next.collect();
            open.splice(0..0, next.into_iter().rev());
        }
    }

    fn supposing(&self, here: &Supposition, said: String, change: Change) -> Supposition {
        let mut next = here.clone();
        next.conditions.push(said);
        match change {
            Change::Edition(change) => change(next.edition.get_or_insert_with(|| self.guard.edition().clone())),
            Change::Clause(id, change) => {
                change(next.edition.get_or_insert_with(|| self.guard.edition().clone()));
                next.clause = Some(id);
            }
            Change::Traffic(traffic) => next.header.traffic = traffic,
            Change::Waive(findings) => next.waivers.findings.extend(findings),
            Change::Review => next.waivers.clause_review = ClauseReview::Granted,
        }
        next
    }

    /// Asks the path.
    fn see(&mut self, here: &Supposition) -> Option<Seen> {
        if self.asked >= ASKED_MAX {
            return None;
        }
        self.asked = self.asked.saturating_add(1);
        let changed = here.edition.clone().map(|edition| self.guard.supposing(edition)).transpose().ok()?;
        let guard = changed.as_ref().unwrap_or(self.guard);
        let mut inspector = Inspector::new(guard);
        let world = World { waivers: &here.waivers, ..*self.world };
        let Question { from, body, .. } = *self.question;
        let passage = inspector.pass(from, &here.header, body, &world);
        let ruling = passage.rulings.iter().find(|ruling| ruling.recipient == *self.to)?;
        let near = || inspector.near(from, &here.header, body, world.now).into_iter().find(|(name, _)| name == self.to).map(|(_, near)| near);
        let candidates = candidates(guard.edition(), (passage.label.as_ref(), passage.format), ruling, near, here, (from, world.now));
        Some(Seen { outcome: ruling.outcome, code: ruling.code, clause: ruling.clause.clone(), candidates })
    }
}

type Candidates = Vec<(String, Change)>;
/// What was read of a message: label and format.
type Read<'r> = (Option<&'r LabelView>, Option<&'static str>);

/// What may be supposed where a ruling ended so.
fn candidates(
    edition: &Edition,
    (label, format): Read<'_>,
    ruling: &Ruling,
    near: impl FnOnce() -> Option<Nearness>,
    here: &Supposition,
    (from, now): (&Name, Time),
) -> Candidates {
    let Some(code) = ruling.code else { return Vec::new() };
    let recipient = edition.peers.get(&ruling.recipient);
    let mut all = match (code.code().split('.').next(), label, recipient) {
        (Some("clearance"), Some(label), Some(recipient)) => clearances(&edition.lattice, label, recipient, code),
        (Some("exercise"), _, Some(recipient)) => exercises(here, recipient, from),
        _ => Vec::new(),
    };
    match code {
        Reason::AgreementNone => {
            all.extend(near().map(|near| clauses(edition, &near, (label, format), (from, &ruling.recipient), now)).unwrap_or_default())
        }
        Reason::AgreementForbidden => all.extend(near().as_ref().map(forbids).unwrap_or_default()),
        Reason::AgreementReview => all.push((format!("reviewers agreed to the release under {}", clause_of(ruling)), Change::Review)),
        _ => {}
    }
    all.extend(findings(ruling, &here.waivers));
    all
}

fn clause_of(ruling: &Ruling) -> String {
    ruling.clause.as_ref().map_or_else(|| "the clause".to_owned(), Name::to_string)
}

/// Each finding that stands let pass; and all of them, where there are several.
fn findings(ruling: &Ruling, waivers: &Waivers) -> Candidates {
    let waiver = |finding: &crate::base::Finding| Waiver { code: finding.code, rule: finding.rule.clone(), path: finding.path.clone() };
    let mut covered = Waivers { findings: ruling.findings.iter().map(waiver).collect(), ..Waivers::default() };
    let standing: Vec<_> = ruling.findings.iter().filter(|finding| stands(finding, waivers) && covered.cover(finding)).collect();
    covered
        .findings
        .retain(|waiver| standing.iter().any(|finding| (finding.code, &finding.rule, &finding.path) == (waiver.code, &waiver.rule, &waiver.path)));
    let said = match standing.as_slice() {
        [] => return Vec::new(),
        [one] if one.rule.is_empty() => format!("reviewers let {} at {} pass", one.code, one.path),
        [one] => format!("reviewers let {} at {} pass, or the rule {} were not", one.code, one.path, one.rule),
        more => format!("reviewers let all {} findings pass", more.len()),
    };
    vec![(said, Change::Waive(covered.findings))]
}

fn change(said: String, change: impl FnOnce(&mut Edition) + 'static) -> (String, Change) {
    (said, Change::Edition(Box::new(change)))
}

fn peer(edition: &mut Edition, name: &Name, with: impl FnOnce(&mut PeerEntry)) {
    if let Some(entry) = edition.peers.get_mut(name) {
        with(entry);
    }
}

/// The recipient cleared higher, in another policy, or for a value.
fn clearances(lattice: &Lattice, label: &LabelView, recipient: &PeerEntry, code: Reason) -> Candidates {
    let Some((policy, level)) = lattice.policy(&label.policy).and_then(|policy| Some((policy, lattice.level(policy, &label.classification)?))) else {
        return Vec::new();
    };
    let name = &recipient.name;
    let mut all = Vec::new();
    let there = |in_policy: PolicyIx| lattice.label(policy.index(), level.index(), &[]).and_then(|label| lattice.rank_in(&label, in_policy));
    for held in &recipient.clearances {
        let (held, Some(rank)) = (held.policy, there(held.policy)) else { continue };
        let Some(scheme) = lattice.policies().get(held.index()) else { continue };
        let reaches = |(_, level): &(usize, &crate::label::scheme::Level)| level.hierarchy <= rank;
        let levels: BTreeSet<LevelIx> = scheme.levels.iter().enumerate().filter(reaches).map(|(at, _)| LevelIx::at(at)).collect();
        let highest = scheme.levels.iter().filter(|level| level.hierarchy == rank).map(|level| level.name.as_str()).next().unwrap_or_default();
        let name = name.clone();
        all.push(change(format!("`{name}` were cleared up to {} {highest}", scheme.name), move |edition| {
            peer(edition, &name, |entry| {
                entry.clearances.iter_mut().filter(|clearance| clearance.policy == held).for_each(|clearance| clearance.levels.extend(&levels));
            });
        }));
    }
    if !recipient.clearances.iter().any(|clearance| clearance.policy == policy)
        && let Ok(clearance) =
            lattice.clearance(policy, &label.classification, &label_values(lattice, policy, label), &recipient.nation, &recipient.communities)
    {
        let name = name.clone();
        all.push(change(format!("`{name}` held a clearance in {} up to {}", label.policy, label.classification), move |edition| {
            peer(edition, &name, |entry| entry.clearances.push(clearance));
        }));
    }
    if code == Reason::ClearanceRestrictive {
        all.extend(values(lattice, policy, label, name));
    }
    all
}

/// Restrictive values of a label by their tags, as a clearance would name them.
fn label_values(lattice: &Lattice, policy: PolicyIx, label: &LabelView) -> std::collections::BTreeMap<String, BTreeSet<String>> {
    let restrictive = |set: &str| {
        lattice
            .policies()
            .get(policy.index())
            .is_some_and(|scheme| scheme.tags.iter().any(|tag| tag.set == set && tag.kind == crate::label::scheme::TagKind::Restrictive))
    };
    let sets = label.categories.iter().filter(|(set, _)| restrictive(set));
    sets.map(|(set, values)| (set.clone(), values.iter().cloned().collect())).collect()
}

/// The recipient given each restrictive value of the label.
fn values(lattice: &Lattice, policy: PolicyIx, label: &LabelView, name: &Name) -> Candidates {
    let names: BTreeSet<String> = label_values(lattice, policy, label).into_values().flatten().collect();
    let held = names.iter().flat_map(|value| lattice.values_named(policy, value).iter().map(move |place| (value.clone(), *place)));
    let places: Vec<_> = held.collect();
    if places.is_empty() {
        return Vec::new();
    }
    let name = name.clone();
    let said: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    vec![change(format!("`{name}` held {}", said.join(", ")), move |edition| {
        peer(edition, &name, |entry| {
            for clearance in entry.clearances.iter_mut().filter(|clearance| clearance.policy == policy) {
                for (_, (tag, value)) in &places {
                    clearance.restrictive.entry(*tag).or_default().insert(*value);
                }
            }
        });
    })]
}

/// The other kind of traffic, or peers that take part in this one.
fn exercises(here: &Supposition, recipient: &PeerEntry, from: &Name) -> Candidates {
    let flag = here.header.traffic;
    let (other, word) = match flag {
        Traffic::Operation => (Traffic::Exercise, "exercise"),
        Traffic::Exercise => (Traffic::Operation, "operation"),
    };
    let (to, from) = (recipient.name.clone(), from.clone());
    let said = format!("both `{from}` and `{to}` took part in this kind of traffic");
    vec![
        (format!("the header said `{word}`"), Change::Traffic(other)),
        change(said, move |edition| {
            [from, to].iter().for_each(|name| {
                peer(edition, name, |entry| {
                    entry.traffic.insert(flag);
                })
            })
        }),
    ]
}

/// The nearest clauses, each as it would have to be.
fn clauses(edition: &Edition, near: &Nearness, read: Read<'_>, peers: (&Name, &Name), now: Time) -> Candidates {
    let (shown, _) = super::text::shown(near);
    let first: Vec<&Near> = if shown.is_empty() { near.clauses.iter().filter(|near| !near.unmet.is_empty()).collect() } else { shown };
    // A clause for another format is no candidate where there is one for this.
    let of_format = |near: &&Near| near.unmet.iter().all(|unmet| unmet.about != About::Format);
    let any = first.iter().any(of_format);
    first.into_iter().filter(|near| !any || of_format(near)).take(CLAUSES_MAX).filter_map(|near| clause(edition, near, read, peers, now)).collect()
}

/// What a clause would have to cover.
struct Wanted {
    to: String,
    from: String,
    format: String,
    own: Ceiling,
    force: (Time, Time),
}

fn clause(edition: &Edition, near: &Near, (label, format): Read<'_>, (from, to): (&Name, &Name), now: Time) -> Option<(String, Change)> {
    if near.unmet.iter().any(|unmet| unmet.about == About::Itself) {
        return None;
    }
    let label = label?;
    let policy = edition.lattice.policy(&label.policy)?;
    let level = edition.lattice.level(policy, &label.classification)?;
    let own = Ceiling { policy, level: label.classification.clone(), rank: edition.lattice.rank(policy, level) };
    let force = (Time::EPOCH, Time::from_unix_ms(now.unix_ms().saturating_add(1))?);
    let wanted = Wanted { to: to.to_string(), from: from.to_string(), format: format?.to_owned(), own, force };
    let marked = edition.lattice.label(policy.index(), level.index(), &[])?;
    let lattice = std::sync::Arc::clone(&edition.lattice);
    let abouts: Vec<About> = near.unmet.iter().map(|unmet| unmet.about).collect();
    let said: Vec<String> = abouts.iter().map(|about| wider(*about, label)).collect();
    let id = near.clause.clone();
    let changed = move |edition: &mut Edition| {
        for agreement in edition.agreements.iter_mut().filter(|agreement| agreement.clauses.iter().any(|clause| clause.id == id)) {
            if abouts.contains(&About::Dates) {
                (agreement.from, agreement.until) = wanted.force;
            }
            let clause = agreement.clauses.iter_mut().find(|clause| clause.id == id);
            clause
                .into_iter()
                .for_each(|clause| abouts.iter().for_each(|about| widen(clause, *about, &wanted, &|there| lattice.rank_in(&marked, there))));
        }
    };
    Some((format!("{} {}", near.clause, said.join(" and ")), Change::Clause(near.clause.clone(), Box::new(changed))))
}

/// What a clause would have to say, as what follows its name.
fn wider(about: About, label: &LabelView) -> String {
    match about {
        About::Recipient => "released to this recipient".to_owned(),
        About::Sender => "released what comes from this sender".to_owned(),
        About::Itself => "released to the sender itself".to_owned(),
        About::Dates => "were in force".to_owned(),
        About::Format => "covered this format".to_owned(),
        About::Traffic => "covered this kind of traffic".to_owned(),
        About::Kind => "covered this kind".to_owned(),
        About::Conditions => "permitted under the conditions as they are".to_owned(),
        About::Policy | About::Ceiling => format!("had a ceiling of {} {}", label.policy, label.classification),
    }
}

/// Lets a clause cover what it does not.
fn widen(clause: &mut Clause, about: About, wanted: &Wanted, rank: &dyn Fn(PolicyIx) -> Option<u32>) {
    match about {
        About::Recipient => clause.to.extend([wanted.to.clone()]),
        About::Sender => clause.from.extend([wanted.from.clone()]),
        About::Format => clause.formats.extend([wanted.format.clone()]),
        About::Itself | About::Dates => {}
        About::Traffic => clause.traffic = Traffic::ALL.into(),
        About::Kind => clause.kinds.clear(),
        About::Conditions => clause.when.clear(),
        About::Policy => clause.ceilings.push(wanted.own.clone()),
        About::Ceiling => {
            let raised = |ceiling: &mut Ceiling| ceiling.rank = rank(ceiling.policy).map_or(ceiling.rank, |rank| rank.max(ceiling.rank));
            clause.ceilings.iter_mut().for_each(raised);
        }
    }
}

/// Each forbid that spoke, gone.
fn forbids(near: &Nearness) -> Candidates {
    let speaking = near.own.iter().filter(|own| own.effect == "forbid" && own.spoke == crate::release::near::Spoke::Applies);
    let ids: Vec<String> = speaking.map(|own| own.id.rsplit_once('/').map_or(own.id.as_str(), |(_, id)| id).to_owned()).collect();
    if ids.is_empty() {
        return Vec::new();
    }
    let said: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
    let verb = if ids.len() == 1 { "the policy" } else { "the policies" };
    vec![change(format!("{verb} {} did not forbid it", said.join(", ")), move |edition| {
        for file in &mut edition.cedar {
            let Ok(set) = file.text.parse::<PolicySet>() else { continue };
            let left = set.policies().filter(|policy| !policy.annotation("id").is_some_and(|id| ids.iter().any(|gone| gone == id)));
            file.text = left.map(ToString::to_string).collect::<Vec<_>>().join("\n").into();
        }
    })]
}
