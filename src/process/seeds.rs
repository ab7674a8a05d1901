//! Known items: messages whose right answer the office knows, put among what is held to see whether reviewers still look.
//!
//! A known item is shown as a held message is: an inspector of the edition in force reads it, and what it finds is on record. It is no message all the
//! same. No peer sent it, so no door sealed it: the office has a key for inspectors alone, and the verifier, which permits every byte that leaves,
//! believes none of it. The journal keeps it as an event of its own, and takes no decision on it that would let it leave.
//!
//! INVARIANT: whatever is decided on a known item, nothing leaves.

mod folder;

use std::sync::Arc;
use std::time::Duration;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use tokio::sync::{Mutex, Semaphore};

pub use folder::{held_for, read};

use super::keeper::Shared;
use super::world;
use crate::base::encoding::word;
use crate::base::{Fault, Header, MessageId, Name, Outcome, Precedence, Time, Traffic};
use crate::config;
use crate::filter::Waivers;
use crate::hop::message::{RECEIVED, Seals};
use crate::hop::{HopKey, Party, Received, Tag};
use crate::journal::{Accepted, Body, Decided, Decision, Event, Seeded, Verdict};

/// How long a sender's message is on its way, as far as a known item pretends: up to 400 milliseconds.
const ON_ITS_WAY_MS: u32 = 400;

/// A known item, as the office wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Seed {
    /// The file that describes it.
    #[n(0)]
    pub file: String,
    /// Who seems to have sent it.
    #[cbor(n(1), with = "word")]
    pub from: Name,
    /// For whom it is held.
    #[cbor(n(2), with = "word")]
    pub to: Name,
    /// Urgency.
    #[cbor(n(3), with = "word")]
    pub precedence: Precedence,
    /// The media type that its sender seems to claim.
    #[n(4)]
    pub media_type: String,
    /// Exercise or operation.
    #[cbor(n(5), with = "word")]
    pub traffic: Traffic,
    /// A detached label.
    #[n(6)]
    pub label: Option<String>,
    /// The right answer.
    #[n(7)]
    pub expected: Verdict,
    /// Why it is right.
    #[n(8)]
    pub why: String,
    /// The message.
    #[n(9)]
    pub body: ByteVec,
}

impl Seed {
    /// What its sender seems to say about it.
    #[must_use]
    pub fn header(&self, id: MessageId, sent: Time) -> Header {
        Header {
            id,
            precedence: self.precedence,
            destinations: vec![self.to.clone()],
            media_type: self.media_type.clone(),
            traffic: self.traffic,
            sent,
            label: self.label.clone(),
        }
    }

    /// The message under the office's seal, which inspectors believe and nobody else.
    fn received(&self, key: &HopKey) -> Result<Received, Fault> {
        let now = world::now();
        let sent = now.unix_ms().saturating_sub(i64::from(world::below(ON_ITS_WAY_MS)?));
        let header = self.header(world::fresh_id()?, Time::from_unix_ms(sent).unwrap_or(now));
        let nobody = Tag([0; 32]);
        let seals = Seals { inspector: nobody, verifier: nobody };
        let mut message = Received { from: self.from.clone(), header, body: Arc::from(self.body.as_slice()), received: now, seals };
        message.seals.inspector = key.seal(RECEIVED, &[&message.sealed()?]);
        Ok(message)
    }
}

/// What the keeper has of the office: its key for inspectors, and the known items.
#[derive(Debug)]
pub(super) struct Office {
    pub(super) key: HopKey,
    pub(super) seeds: Vec<Seed>,
}

/// What the office of a configuration gives the keeper; nothing where it has no known items.
///
/// # Errors
/// Where a file of it does not read.
pub(super) fn given(secret: &world::HopSecret, config: &config::Gateway) -> Result<Option<Office>, Fault> {
    let seeds = read(config)?;
    let key = HopKey::derive(secret.bytes(), &Party::Office, &Party::Inspector)?;
    Ok((!seeds.is_empty()).then_some(Office { key, seeds }))
}

/// The turns of the draw.
pub(super) struct Draw {
    /// One for each message that was held and for which nothing was drawn yet.
    held: Semaphore,
    /// Held while one is put among the others, so that no two of them count what is open at once.
    sowing: Mutex<()>,
}

impl Default for Draw {
    fn default() -> Self {
        Self { held: Semaphore::new(0), sowing: Mutex::default() }
    }
}

impl Shared {
    /// Takes the known items of a configuration in place of those before.
    pub(super) fn open_office(&self, office: Option<Office>) {
        self.office.store(office.map(Arc::new));
    }

    /// Notes that a message was held: a known item may follow.
    pub(super) fn note_held(&self, decisions: &[Decision]) {
        let draws = self.config.load().review.as_ref().is_some_and(|review| review.seed_one_in > 0);
        if draws && decisions.iter().any(|decision| decision.outcome == Outcome::Quarantine) {
            self.draw.held.add_permits(1);
        }
    }

    /// Draws for each message that is held, for as long as the gateway runs.
    pub(super) async fn draw_all(self: Arc<Self>) {
        loop {
            let Ok(turn) = self.draw.held.acquire().await else { return };
            turn.forget();
            match self.drawn() {
                Ok(Some(delay)) => {
                    let shared = Arc::clone(&self);
                    self.carriers.spawn(async move {
                        tokio::time::sleep(delay).await;
                        if let Err(fault) = shared.sow().await {
                            tracing::error!(%fault, "no known item was put among what is held");
                        }
                    });
                }
                Ok(None) => {}
                Err(fault) => tracing::error!(%fault, "nothing was drawn for a held message"),
            }
        }
    }

    /// Whether a known item follows, and after how long.
    fn drawn(&self) -> Result<Option<Duration>, Fault> {
        let config = self.config.load();
        let Some(review) = config.review.as_ref().filter(|review| review.seed_one_in > 0) else { return Ok(None) };
        if world::below(review.seed_one_in)? > 0 {
            return Ok(None);
        }
        let ms = world::below(review.seed_delay_seconds_max.saturating_mul(1000).saturating_add(1))?;
        Ok(Some(Duration::from_millis(ms.into())))
    }

    /// Puts one known item among what is held, unless enough of them are, or all of them.
    async fn sow(&self) -> Result<(), Fault> {
        let _turn = self.draw.sowing.lock().await;
        let config = self.config.load_full();
        let (Some(office), Some(review)) = (self.office.load_full(), config.review.as_ref()) else { return Ok(()) };
        let open = self.journal.seeds().await?.open;
        if u32::try_from(open.len()).is_ok_and(|count| count < review.seeds_open_max) {
            let free: Vec<&Seed> = office.seeds.iter().filter(|seed| open.iter().all(|one| one.file != seed.file)).collect();
            let at = world::below(u32::try_from(free.len()).unwrap_or(u32::MAX))?;
            if let Some(seed) = usize::try_from(at).ok().and_then(|at| free.get(at)) {
                return self.put(seed, &office.key).await;
            }
        }
        Ok(())
    }

    /// Has an inspector look at a known item, and records it as held, where the edition in force holds it.
    async fn put(&self, seed: &Seed, key: &HopKey) -> Result<(), Fault> {
        let work = self.shifts.work();
        let (shift, message) = (&work.shift, seed.received(key)?);
        let (header, received) = (message.header.clone(), message.received);
        let seals = minicbor::to_vec(message.seals).map_err(|cause| Fault::from_cause("the seal of the office has no encoding", cause))?;
        let question = self.question(message, Some(seed.to.clone()), Waivers::default(), received);
        let lost = || Fault::new("no inspector looked at the known item");
        let inspection = shift.inspectors.ask(seed.precedence, question).await.map_err(|_| lost())?;
        let marking = inspection.marking;
        let decision = inspection.decisions.into_iter().find(|decision| decision.recipient == seed.to);
        let decision = decision.filter(|_| inspection.edition == shift.edition.digest).ok_or_else(lost)?;
        if decision.outcome != Outcome::Quarantine || decision.code.is_none() {
            tracing::warn!(file = seed.file, "the edition in force would not hold a known item: it is left out; see `vestibule check`");
            return Ok(());
        }
        let (edition, edition_digest) = (shift.title.clone(), shift.edition.digest);
        let accepted = Accepted { from: seed.from.clone(), header, body: Body::new(seed.body.as_slice()), received, seals: Some(seals.into()) };
        let message = accepted.key();
        let seeded = Seeded { accepted, recipient: seed.to.clone(), file: seed.file.clone(), expected: seed.expected, why: seed.why.clone() };
        let decided = Decided { message, edition, edition_digest, time: received, decisions: vec![decision], refusal: None, marking };
        let appended = self.journal.append(vec![Event::Seeded(seeded), Event::Decided(decided)], seed.precedence).await;
        appended.map(|_| ()).map_err(|denied| Fault::from_cause("the journal refused a known item", denied))
    }
}

/// What a reviewer is told who has decided on a known item.
pub(super) fn lesson(seeded: &Seeded, chosen: Verdict) -> String {
    let (expected, chosen, why) = (seeded.expected.word(), chosen.word(), &seeded.why);
    match seeded.expected.word() == chosen {
        true => format!("this was a known item of the office, and nothing left: `{chosen}` is right ({why})"),
        false => format!("this was a known item of the office, and nothing left: `{expected}` would have been right, not `{chosen}` ({why})"),
    }
}
