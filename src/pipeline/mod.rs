//! The whole path on one page: [`Inspector::pass`] takes a message and gives a [`Passage`] with one [`Ruling`] for each recipient.
//!
//! It has one cut: [`Inspector::inspect`] ends with proposals, plain data, of which [`Verifier::verify`] believes nothing. In a gateway a wall
//! between two processes stands there.
//!
//! This is the only place where steps are put in order, and the one exit for refusals. It is pure: time, keys and waivers are arguments,
//! so a test, `vestibule inspect`, a replay and the gateway do the same thing with the same message.

pub mod freedom;
mod guard;
pub mod laws;
mod passage;
pub mod preview;
mod verifier;

pub use freedom::Freedom;
pub use guard::{Alteration, Guard};
pub use passage::{EditView, Inspected, Passage, Ruling, Want};
pub use verifier::{Message, Verifier};

use std::sync::Arc;

use crate::base::{Budget, Header, Name, Reason, Refusal, Time};
use crate::filter::{Scanned, Scanner, Waivers};
use crate::format::{self, Received};
use crate::label::signature::Trust;
use crate::label::{self, Binding, Labelled, Reading, Signer, around};
use crate::policy::{Bind, PeerEntry};
use crate::rebuild;
use crate::release::Circumstances;
use crate::release::near::{Asked, Nearness};
use crate::sanitise::{self, Keys};
use crate::statement::Grant;
use crate::translate;
use crate::verify::{Proposal, Said};

/// What the path needs to know about the world, given by the caller.
#[derive(Debug, Clone, Copy)]
pub struct World<'w> {
    /// The time of the decision.
    pub now: Time,
    /// Keys of transforms.
    pub keys: &'w Keys<'w>,
    /// What reviewers waived for this message.
    pub waivers: &'w Waivers,
    /// The key that binds labels for recipients whose entries ask for it; none where the gateway has none, and then they get nothing.
    pub signer: Option<&'w Signer>,
}

/// A worker's view of a guard: the compiled rule set and a scanner that is kept between messages.
#[derive(Debug)]
pub struct Inspector<'g> {
    guard: &'g Guard,
    scanner: Scanner<'g>,
    supposed: Option<Arc<Trust>>,
}

impl<'g> Inspector<'g> {
    /// A worker over `guard`. Making one costs a scanner (about half a millisecond); keep it.
    #[must_use]
    pub fn new(guard: &'g Guard) -> Self {
        Self { guard, scanner: guard.filters().scanner(), supposed: None }
    }

    /// Supposes that every sender must bind its labels to its messages, and that these signers count; or, with none, what edition and configuration
    /// say. For trials of cases alone, which bring anchors of their own: a gateway supposes nothing.
    pub fn suppose_bound(&mut self, trust: Option<Arc<Trust>>) {
        self.supposed = trust;
    }

    /// The signers of labels who count for a sender.
    fn trust(&self, sender: &PeerEntry) -> Option<Arc<Trust>> {
        self.supposed.clone().or_else(|| self.guard.label_trust(sender))
    }

    /// How a sender's labels are read.
    fn reading<'t>(&self, sender: &PeerEntry, trust: Option<&'t Trust>) -> Reading<'t> {
        match self.supposed {
            Some(_) => Reading { scheme: sender.scheme, binding: Binding::Required(trust) },
            None => Guard::reading(sender, trust),
        }
    }

    /// Decides on one message: for each destination an outcome, all findings, and, where it may leave, fresh verified bytes.
    pub fn pass(&mut self, from: &Name, header: &Header, body: &[u8], world: &World<'_>) -> Passage {
        self.pass_under(from, Message { header, body }, world, &[])
    }

    /// The same under consents that third parties gave.
    pub fn pass_under(&mut self, from: &Name, Message { header, body }: Message<'_>, world: &World<'_>, grants: &[Grant]) -> Passage {
        let Inspected { mut passage, proposals } = self.inspect_under(from, Message { header, body }, world, grants);
        let verifier = Verifier::new(self.guard.edition(), self.guard.blocked_words(), world.signer);
        for (at, proposal) in proposals {
            passage.settle(
                at,
                |to| {
                    let verified = verifier.verify_under((from, to), &Message { header, body }, proposal, world.now, grants);
                    verified.map(|(verified, _)| verified)
                },
                world.waivers,
            );
            if passage.rulings.get(at).is_some_and(|ruling| ruling.output.is_some() && self.binds_for(&ruling.recipient)) {
                passage.bound(at);
            }
        }
        passage
    }

    /// Whether labels are bound to what this recipient gets.
    fn binds_for(&self, recipient: &Name) -> bool {
        self.guard.edition().peers.get(recipient).is_some_and(|entry| entry.bind != Bind::Nothing)
    }

    /// The rules under which it decides.
    #[must_use]
    pub const fn guard(&self) -> &'g Guard {
        self.guard
    }

    /// The first half of the path: everything before the second reader. What may leave is proposed, and nothing is verified.
    pub fn inspect(&mut self, from: &Name, header: &Header, body: &[u8], world: &World<'_>) -> Inspected {
        self.inspect_under(from, Message { header, body }, world, &[])
    }

    /// The same under consents that third parties gave.
    pub fn inspect_under(&mut self, from: &Name, Message { header, body }: Message<'_>, world: &World<'_>, grants: &[Grant]) -> Inspected {
        let recipients = match self.guard.edition().recipients(from, header, world.now) {
            Ok(recipients) => recipients,
            Err(refusal) => return Passage::refused(&refusal, header.destinations.iter().cloned()).into(),
        };
        let names = || recipients.iter().map(|entry| entry.name.clone());
        let Some(sender) = self.guard.edition().peers.get(from) else {
            let refusal = Refusal::new(Reason::AgreementNone, format!("the rule set knows no peer `{from}`"));
            return Passage::refused(&refusal, names()).into();
        };
        let mut budget = Budget::for_body(body.len());
        let trust = self.trust(sender);
        let mut reading = self.reading(sender, trust.as_deref());
        let opened = match around::open(header, body, reading.binding, world.now, &mut budget) {
            Ok(opened) => opened,
            Err(refusal) => return Passage::refused(&refusal, names()).weighed(self.guard.filters().labels()).into(),
        };
        if let Some(opened) = &opened {
            reading.binding = Binding::Around(opened.others());
        }
        let came = body;
        let (header, body) = opened.as_ref().map_or((header, body), |opened| (opened.header(), opened.content()));
        let parsed = match Received::new(header, body).and_then(|received| format::parse(received.within(came), &mut budget)) {
            Ok(parsed) => parsed,
            Err(refusal) => return Passage::refused(&refusal, names()).into(),
        };
        let name = parsed.format().name;
        let scanned = match self.guard.filters().scan(&mut self.scanner, &parsed, &mut budget) {
            Ok(scanned) => scanned,
            Err(refusal) => return Passage::refused(&refusal, names()).of_format(name).into(),
        };
        match label::verify(parsed, &self.guard.edition().lattice, &reading, world.now, &mut budget) {
            Ok(labelled) => self.rule(&labelled, &scanned, (sender, &recipients), world, grants),
            Err(refusal) => {
                Passage::refused(&refusal, names()).of_format(name).weighed(self.guard.filters().labels()).with_findings(scanned.findings()).into()
            }
        }
    }

    /// How near each rule of release came to speaking, for each recipient of a message that can be read and labelled; nothing where it cannot.
    pub fn near(&self, from: &Name, header: &Header, body: &[u8], now: Time) -> Vec<(Name, Nearness)> {
        let edition = self.guard.edition();
        let known = edition.recipients(from, header, now).ok().zip(edition.peers.get(from));
        let Some((recipients, sender)) = known else { return Vec::new() };
        let mut budget = Budget::for_body(body.len());
        let trust = self.trust(sender);
        let mut reading = self.reading(sender, trust.as_deref());
        let Ok(opened) = around::open(header, body, reading.binding, now, &mut budget) else { return Vec::new() };
        if let Some(opened) = &opened {
            reading.binding = Binding::Around(opened.others());
        }
        let (header, body) = opened.as_ref().map_or((header, body), |opened| (opened.header(), opened.content()));
        let parsed = Received::new(header, body).and_then(|received| format::parse(received, &mut budget));
        let labelled = parsed.and_then(|parsed| label::verify(parsed, &edition.lattice, &reading, now, &mut budget));
        let Ok(labelled) = labelled else { return Vec::new() };
        let asked = |recipient| Asked { labelled: &labelled, sender, recipient, now };
        recipients.into_iter().map(|recipient| (recipient.name.clone(), self.guard.engine().near(edition, &asked(recipient)))).collect()
    }

    fn rule(
        &self,
        labelled: &Labelled<'_>,
        scanned: &Scanned,
        (sender, recipients): (&PeerEntry, &[&PeerEntry]),
        world: &World<'_>,
        grants: &[Grant],
    ) -> Inspected {
        let mut inspected = Inspected::from(Passage::labelled(labelled, self.guard.edition().lattice.view(labelled.label())));
        for recipient in recipients {
            let (ruling, proposal) = self.rule_for(labelled, scanned, (sender, recipient), world, grants);
            inspected.add(ruling, proposal);
        }
        inspected
    }

    /// One recipient: from the decision to release to fresh bytes.
    fn rule_for(
        &self,
        labelled: &Labelled<'_>,
        scanned: &Scanned,
        (sender, recipient): (&PeerEntry, &PeerEntry),
        world: &World<'_>,
        grants: &[Grant],
    ) -> (Ruling, Option<Proposal>) {
        let mut ruling = Ruling::open(recipient.name.clone(), scanned.findings());
        ruling.chain.push(self.guard.engine().marked(labelled));
        let decided = self.guard.engine().decide_under(labelled, (sender, recipient), &Circumstances { now: world.now }, grants);
        let permitted = match decided {
            Ok(permitted) => permitted,
            Err(refusal) => {
                if refusal.reason.is_for_want_of_consent() {
                    ruling.wants(self.guard.engine().origins(labelled, sender, recipient), Said::of(labelled.label()));
                }
                return (ruling.refused(&refusal, world.waivers), None);
            }
        };
        ruling.permitted(permitted.clause().id.clone(), permitted.chain());
        let cleared = match self.guard.filters().check(permitted, scanned, world.waivers) {
            Ok(cleared) => cleared,
            Err(standing) => return (ruling.held(standing, world.waivers), None),
        };
        match sanitise::apply(cleared, world.keys).and_then(|sanitised| {
            ruling.edited(&sanitised);
            let translated = translate::apply(sanitised, &self.guard.edition().lattice, sender.scheme)?;
            ruling.translated(&translated);
            proposal(rebuild::write(translated)?, labelled)
        }) {
            Ok(proposal) => (ruling, Some(proposal)),
            Err(refusal) => (ruling.refused(&refusal, world.waivers), None),
        }
    }
}

/// What the first half claims of rebuilt bytes.
fn proposal(rebuilt: rebuild::Rebuilt<'_, '_>, labelled: &Labelled<'_>) -> Result<Proposal, Refusal> {
    let (translated, result) = rebuilt.into_parts();
    let detached = labelled.parsed().header().label.as_deref().map(rebuild::detached).transpose()?;
    let labels = (labelled.label(), translated.sanitised().permitted().label());
    Ok(Proposal::new(labelled.parsed().format().name, (result, translated.edits().clone()), labels).beside(detached))
}
