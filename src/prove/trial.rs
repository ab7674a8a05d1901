//! The trial: what the real path does with a message that the model releases.

use aws_lc_rs::hmac;

use super::template::Template;
use super::witness::Witness;
use crate::base::{Header, Name, Outcome, Reason};
use crate::filter::Waivers;
use crate::pipeline::{Guard, Inspector, World};
use crate::sanitise::Keys;

/// Messages that are sent for one counter-example at most: 64, each of which takes some milliseconds. Rule sets have some dozens of cases that say the
/// same of sender, label and kind.
const MESSAGES_MAX: usize = 64;

/// What became of a counter-example.
#[derive(Debug)]
pub enum Seen {
    /// It was written, and the path gave a ruling.
    Tried(Box<Tried>),
    /// Nothing that can be written has these values: the counter-example is of the model only.
    Unwritten,
}

/// A counter-example that was sent down the path.
#[derive(Debug)]
pub struct Tried {
    /// Its header.
    pub header: Header,
    /// Its bytes.
    pub body: Vec<u8>,
    /// What the path said.
    pub outcome: Outcome,
    /// Why, where it was not forwarded.
    pub code: Option<Reason>,
    /// The clause.
    pub clause: Option<Name>,
    /// The reasoning, a line a step.
    pub chain: Vec<String>,
}

/// How much a trial says: a message that leaves is the breach itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// The counter-example is of the model only.
    OfTheModel,
    /// It was written, and something else than the rules of release stopped it.
    Stopped,
    /// It is held until people have looked, and may leave then.
    Review,
    /// It leaves.
    Forwarded,
}

impl Weight {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::OfTheModel => "model",
            Self::Stopped => "stopped",
            Self::Review => "review",
            Self::Forwarded => "forwarded",
        }
    }
}

impl Seen {
    /// How much it says.
    #[must_use]
    pub fn weight(&self) -> Weight {
        match self {
            Self::Unwritten => Weight::OfTheModel,
            Self::Tried(tried) => match (tried.outcome, tried.code) {
                (Outcome::Forward, _) => Weight::Forwarded,
                (_, Some(Reason::AgreementReview)) => Weight::Review,
                _ => Weight::Stopped,
            },
        }
    }

    /// Whether nothing but the consent of a third party is missing: no model holds consents.
    pub(in crate::prove) fn wants_consent(&self) -> bool {
        matches!(self, Self::Tried(tried) if tried.code.is_some_and(Reason::is_for_want_of_consent))
    }

    /// One line for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self::Tried(tried) = self else { return "of the model only: no template can say it".to_owned() };
        let under = tried.clause.as_ref().map_or_else(String::new, |clause| format!(" under {clause}"));
        match (self.weight(), tried.code) {
            (Weight::Forwarded, _) => format!("the gateway forwards it{under}"),
            (Weight::Review, _) => format!("the gateway holds it for review{under}, and would release it then"),
            (_, Some(code)) if code.is_for_want_of_consent() => {
                format!("the gateway holds it until a third party consents{under}, and would release it then")
            }
            (_, Some(code)) => format!("of the model only: the gateway stops it with {code}{under}"),
            (_, None) => format!("of the model only: the gateway says {}", tried.outcome),
        }
    }
}

/// Writes what was found by each template that can say it, and sends it down the path: the message that shows most. One case may say the same as
/// another and be stopped for a word that stands in it.
pub(in crate::prove) fn tried(guard: &Guard, templates: &[Template<'_>], witness: &Witness) -> Seen {
    let mut best = Seen::Unwritten;
    for (header, body) in templates.iter().filter_map(|template| template.written(guard.edition(), witness)).take(MESSAGES_MAX) {
        let seen = sent(guard, witness, header, body);
        if seen.weight() > best.weight() {
            best = seen;
        }
        if best.weight() == Weight::Forwarded {
            break;
        }
    }
    best
}

/// What the path says of a message.
fn sent(guard: &Guard, witness: &Witness, header: Header, body: Vec<u8>) -> Seen {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"prove: no pseudonym made with this key ever leaves");
    let waivers = Waivers::default();
    let world = World { now: witness.now, keys: &Keys { pseudonym: &key }, waivers: &waivers, signer: None };
    guard.meet(&witness.conditions);
    let passage = Inspector::new(guard).pass(&witness.from, &header, &body, &world);
    guard.meet(&[]);
    let ruling = passage.rulings.into_iter().find(|ruling| ruling.recipient == witness.to);
    ruling.map_or(Seen::Unwritten, |ruling| {
        let (outcome, code, clause, chain) = (ruling.outcome, ruling.code, ruling.clause, ruling.chain);
        Seen::Tried(Box::new(Tried { header, body, outcome, code, clause, chain }))
    })
}
