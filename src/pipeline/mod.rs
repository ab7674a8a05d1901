//! The whole path on one page: [`Inspector::pass`] takes a message and gives a [`Passage`] with one [`Ruling`] for each recipient.
//!
//! This is the only place where steps are put in order, and the one exit for refusals. It is pure: time, keys and waivers are arguments,
//! so a test, `vestibule inspect`, a replay and the gateway do the same thing with the same message.

mod guard;
pub mod laws;
mod passage;

pub use guard::Guard;
pub use passage::{EditView, Passage, Ruling};

use crate::base::{Budget, Header, Name, Reason, Refusal, Time};
use crate::filter::{Scanned, Scanner, Waivers};
use crate::format::{self, Parsed, Received};
use crate::label::binding::{self, Bond};
use crate::label::{self, Label, Labelled, Signer};
use crate::policy::{Bind, PeerEntry};
use crate::rebuild;
use crate::release::Circumstances;
use crate::sanitise::{self, Keys};
use crate::translate;
use crate::verify::{self, Claim, Verified};

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
}

impl<'g> Inspector<'g> {
    /// A worker over `guard`. Making one costs a scanner (about half a millisecond); keep it.
    #[must_use]
    pub fn new(guard: &'g Guard) -> Self {
        Self { guard, scanner: guard.filters().scanner() }
    }

    /// Decides on one message: for each destination an outcome, all findings, and, where it may leave, fresh verified bytes.
    pub fn pass(&mut self, from: &Name, header: &Header, body: &[u8], world: &World<'_>) -> Passage {
        let recipients = match self.guard.recipients(from, header, world.now) {
            Ok(recipients) => recipients,
            Err(refusal) => return Passage::refused(&refusal, header.destinations.iter().cloned()),
        };
        let names = || recipients.iter().map(|entry| entry.name.clone());
        let Some(sender) = self.guard.edition().peers.get(from) else {
            let refusal = Refusal::new(Reason::AgreementNone, format!("the rule set knows no peer `{from}`"));
            return Passage::refused(&refusal, names());
        };
        let mut budget = Budget::for_body(body.len());
        let parsed = match Received::new(header, body).and_then(|received| format::parse(received, &mut budget)) {
            Ok(parsed) => parsed,
            Err(refusal) => return Passage::refused(&refusal, names()),
        };
        let name = parsed.format().name;
        let scanned = match self.guard.filters().scan(&mut self.scanner, &parsed, &mut budget) {
            Ok(scanned) => scanned,
            Err(refusal) => return Passage::refused(&refusal, names()).of_format(name),
        };
        match self.label(parsed, sender, world, &mut budget) {
            Ok(labelled) => self.rule(&labelled, &scanned, sender, &recipients, world),
            Err(refusal) => {
                Passage::refused(&refusal, names()).of_format(name).weighed(self.guard.filters().labels()).with_findings(scanned.findings())
            }
        }
    }

    fn label<'a>(&self, parsed: Parsed<'a>, sender: &PeerEntry, world: &World<'_>, budget: &mut Budget) -> Result<Labelled<'a>, Refusal> {
        let trust = self.guard.label_trust(sender);
        label::verify(parsed, &self.guard.edition().lattice, &Guard::reading(sender, trust.as_deref()), world.now, budget)
    }

    fn rule(&self, labelled: &Labelled<'_>, scanned: &Scanned, sender: &PeerEntry, recipients: &[&PeerEntry], world: &World<'_>) -> Passage {
        let mut passage = Passage::labelled(labelled, self.guard.edition().lattice.view(labelled.label()));
        for recipient in recipients {
            passage.add(self.rule_for(labelled, scanned, sender, recipient, world));
        }
        passage
    }

    /// One recipient: from the decision to release to verified bytes.
    fn rule_for(&self, labelled: &Labelled<'_>, scanned: &Scanned, sender: &PeerEntry, recipient: &PeerEntry, world: &World<'_>) -> Ruling {
        let mut ruling = Ruling::open(recipient.name.clone(), scanned.findings());
        ruling.chain.push(self.guard.engine().marked(labelled));
        let permitted = match self.guard.engine().decide(labelled, sender, recipient, &Circumstances { now: world.now }) {
            Ok(permitted) => permitted,
            Err(refusal) => return ruling.refused(&refusal, world.waivers),
        };
        ruling.permitted(permitted.clause().id.clone(), permitted.chain());
        let cleared = match self.guard.filters().check(permitted, scanned, world.waivers) {
            Ok(cleared) => cleared,
            Err(standing) => return ruling.held(standing, world.waivers),
        };
        match sanitise::apply(cleared, world.keys).and_then(|sanitised| {
            ruling.edited(&sanitised);
            let translated = translate::apply(sanitised, &self.guard.edition().lattice, sender.scheme)?;
            ruling.translated(&translated);
            let rebuilt = rebuild::write(translated)?;
            self.reread(rebuilt, labelled, sender, recipient, world)
        }) {
            Ok(verified) => {
                if recipient.bind == Bind::Embedded {
                    ruling.bound();
                }
                ruling.forwarded(verified)
            }
            Err(refusal) => ruling.refused(&refusal, world.waivers),
        }
    }

    fn reread(
        &self,
        rebuilt: rebuild::Rebuilt<'_, '_>,
        labelled: &Labelled<'_>,
        sender: &PeerEntry,
        recipient: &PeerEntry,
        world: &World<'_>,
    ) -> Result<Verified, Refusal> {
        let (translated, result) = rebuilt.into_parts();
        if let Some(text) = &labelled.parsed().header().label {
            verify::detached(&rebuild::detached(text)?, &self.guard.edition().lattice, labelled.label())?;
        }
        let released = translated.sanitised().permitted().label();
        let verified = verify::reread(Claim {
            header: labelled.parsed().header(),
            format: labelled.parsed().format().name,
            original: labelled.parsed().body(),
            result,
            edits: translated.edits(),
            lattice: &self.guard.edition().lattice,
            sender,
            recipient,
            label: labelled.label(),
            released,
            blocked_words: self.guard.blocked_words(),
            now: world.now,
        })?;
        match recipient.bind {
            Bind::Nothing => Ok(verified),
            Bind::Embedded => self.bind(verified, labelled.parsed().header(), released, recipient, world),
        }
    }

    /// Binds the label to what leaves, and has the second reader look at that too.
    fn bind(&self, verified: Verified, header: &Header, released: &Label, recipient: &PeerEntry, world: &World<'_>) -> Result<Verified, Refusal> {
        let refuse = |expected: &str| Refusal::new(Reason::LabelBind, expected);
        let signer = world.signer.ok_or_else(|| refuse("expected a binding key of this gateway: set `binding_key` and `binding_certificate`"))?;
        if header.label.is_some() {
            return Err(refuse("expected the label in the message and not in its header, beside which no bound label can stand"));
        }
        let lattice = &self.guard.edition().lattice;
        let text = std::str::from_utf8(verified.bytes()).map_err(|_| refuse("expected a format that is text"))?;
        let text = binding::embed(text, Bond { lattice, label: released, policy: recipient.scheme, now: world.now }, signer)?;
        let blocked_words = self.guard.blocked_words();
        verify::bound(verified, text.into_bytes(), verify::Bond { lattice, released, recipient, signer, blocked_words })
    }
}
