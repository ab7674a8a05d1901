//! A door as a process: links of one domain on one side, the keeper on the other. It reads no content and opens no file.
//!
//! What arrives is sealed for those who will read it before anybody else touches it. What is to leave leaves only under the verifier's permit for
//! these bytes, this recipient and this identity: the keeper in between can neither alter nor invent a release.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::task::JoinSet;

use super::fault_points::{self, Place};
use super::keys::DoorKeys;
use super::world;
use crate::base::{Digest, Fault, Header, MessageId, Name};
use crate::config;
use crate::hop::message::{Fate, FromDoor, Permitted, RECEIVED, Received, Seals, ToDoor};
use crate::hop::{Sender, Tag, Wire};
use crate::link::{Door, Inbound, Link, LinkError, Receipt, Status};

/// How often refusals are told to the keeper, where there are new ones: once a second.
const TELL: Duration = Duration::from_secs(1);

/// What a reload replaces.
pub(super) struct State {
    /// The domain.
    pub(super) domain: config::Domain,
    /// Keys for its peers.
    pub(super) keys: DoorKeys,
}

/// What the tasks of a door share.
struct Porch {
    door: Arc<Door>,
    state: Arc<ArcSwap<State>>,
    keeper: Sender<FromDoor>,
    asks: AtomicU64,
    inbound: Mutex<HashMap<u64, (Name, Inbound)>>,
    links: Mutex<HashMap<u64, Link>>,
}

/// Attends to a door until the keeper is gone.
///
/// # Errors
/// What the keeper said that no keeper would.
pub(super) async fn attend(door: Arc<Door>, state: Arc<ArcSwap<State>>, wire: Wire<FromDoor, ToDoor>) -> Result<(), Fault> {
    let Wire { sender, mut receiver } = wire;
    let porch = Porch { door, state, keeper: sender, asks: AtomicU64::new(1), inbound: Mutex::default(), links: Mutex::default() };
    let porch = Arc::new(porch);
    let mut tasks = JoinSet::new();
    tasks.spawn(accept(Arc::clone(&porch)));
    tasks.spawn(dial_all(Arc::clone(&porch)));
    tasks.spawn(tell(Arc::clone(&porch)));
    loop {
        match receiver.hear().await? {
            Some(ToDoor::Answer { ask, receipt }) => porch.answer(ask, &receipt, &mut tasks),
            Some(ToDoor::Deliver { ask, link, permitted, bytes }) => {
                let porch = Arc::clone(&porch);
                tasks.spawn(async move {
                    let fate = porch.deliver(link, &permitted, &bytes).await;
                    // Fails where the keeper is gone: it will ask again, and the peer answers from its record.
                    let _ = porch.keeper.say(FromDoor::Delivered { ask, fate }).await;
                });
            }
            None => break,
        }
        // Finished tasks are let go here, so that the set holds only what runs.
        while tasks.try_join_next().is_some() {}
    }
    tasks.shutdown().await;
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Porch {
    /// Answers a message that a peer waits for.
    fn answer(&self, ask: u64, receipt: &[u8], tasks: &mut JoinSet<()>) {
        let Some((peer, inbound)) = lock(&self.inbound).remove(&ask) else {
            tracing::warn!(ask, "the keeper answers what it was not asked");
            return;
        };
        let Ok(receipt) = Receipt::decode(receipt) else {
            tracing::error!(%peer, "the keeper answers with what is no receipt");
            return;
        };
        let id = inbound.header.id;
        if !speaks_of(&receipt, id, &inbound.body) {
            tracing::error!(%peer, message = %id, "the keeper answers with the receipt of another message");
            return;
        }
        tasks.spawn(async move {
            // A sender that is gone asks again with the same id, and is answered from the record.
            if let Err(error) = inbound.respond(receipt).await {
                tracing::info!(%peer, message = %id, %error, "receipt not taken");
            }
        });
    }

    /// Carries a link until it ends.
    async fn carry(self: Arc<Self>, link: Link) {
        let (number, peer) = (link.number(), link.peer().clone());
        lock(&self.links).insert(number, link.clone());
        tracing::info!(%peer, link = number, "linked");
        let linked = FromDoor::Linked { link: number, peer: peer.clone(), takes: link.takes_messages(), until: link.certificate_end() };
        if self.keeper.say(linked).await.is_ok() {
            while let Some(inbound) = link.next().await {
                if self.receive(&peer, inbound).await.is_err() {
                    break;
                }
            }
        }
        lock(&self.links).remove(&number);
        // Fails where the keeper is gone, and then it knows of no link.
        let _ = self.keeper.say(FromDoor::Unlinked { link: number }).await;
        tracing::info!(%peer, link = number, "link ended");
    }

    /// Seals what arrived, and gives it to the keeper.
    async fn receive(&self, peer: &Name, inbound: Inbound) -> Result<(), crate::hop::wire::Gone> {
        fault_points::at(Place::DoorTakes, &inbound.body);
        let mut message = Received {
            from: peer.clone(),
            header: inbound.header.clone(),
            body: inbound.body.as_slice().into(),
            received: world::now(),
            seals: Seals { inspector: Tag([0; 32]), verifier: Tag([0; 32]) },
        };
        let Ok(sealed) = message.sealed() else {
            tracing::error!(%peer, message = %message.header.id, "what was received cannot be sealed");
            return Ok(());
        };
        let state = self.state.load();
        let Some((inspector, verifier)) = state.keys.inspector.get(peer).zip(state.keys.verifier.get(peer)) else {
            tracing::warn!(%peer, "a message of a peer that was taken out is let go");
            return Ok(());
        };
        message.seals = Seals { inspector: inspector.seal(RECEIVED, &[&sealed]), verifier: verifier.seal(RECEIVED, &[&sealed]) };
        drop(state);
        let ask = self.asks.fetch_add(1, Ordering::Relaxed);
        lock(&self.inbound).insert(ask, (peer.clone(), inbound));
        self.keeper.say(FromDoor::Received { ask, message }).await
    }

    /// Lets bytes leave that the verifier permits.
    async fn deliver(&self, link: u64, permitted: &Permitted, bytes: &[u8]) -> Fate {
        fault_points::at(Place::DoorDelivers, bytes);
        let permit = &permitted.permit;
        let link = lock(&self.links).get(&link).cloned();
        if let Err(why) = leaves(&self.state.load().keys, permitted, bytes, link.as_ref().map(Link::peer)) {
            tracing::error!(recipient = %permit.recipient, message = %permit.id, why, "it does not leave");
            return Fate::Unpermitted;
        }
        let Some(link) = link else { return Fate::Unanswered { why: "the link is gone".to_owned() } };
        let sent = link.send(&self.onward(permitted), bytes).await;
        fault_points::at(Place::DoorDelivered, bytes);
        match sent {
            Ok(receipt) => match receipt.status {
                Status::Accepted => Fate::Taken { at: receipt.at },
                Status::Busy => Fate::Busy,
                Status::Frame | Status::Limit => Fate::Refused,
            },
            Err(error @ LinkError::Message(_)) => {
                tracing::error!(recipient = %permit.recipient, message = %permit.id, %error, "the recipient does not take messages of this size");
                Fate::Refused
            }
            Err(error) => Fate::Unanswered { why: error.to_string() },
        }
    }

    /// The header of a delivery: nothing of the sender's own spelling goes on.
    fn onward(&self, permitted: &Permitted) -> Header {
        let permit = &permitted.permit;
        let state = self.state.load();
        let onward =
            state.domain.peers.iter().find(|peer| peer.name == permit.recipient).map(|peer| peer.onward.clone()).filter(|names| !names.is_empty());
        Header {
            id: permit.id,
            precedence: permit.precedence,
            destinations: onward.unwrap_or_else(|| vec![permit.recipient.clone()]),
            media_type: permit.media_type.clone(),
            traffic: permit.traffic,
            sent: world::now(),
            label: permit.label.clone(),
        }
    }
}

/// Whether bytes may leave over a link to this peer: under a permit of the verifier for these bytes, to no other than the recipient that it names.
pub(super) fn leaves(keys: &DoorKeys, permitted: &Permitted, bytes: &[u8], peer: Option<&Name>) -> Result<(), &'static str> {
    let recipient = &permitted.permit.recipient;
    if !keys.permits.get(recipient).is_some_and(|key| permitted.permits(key, bytes)) {
        return Err("the keeper gave what the verifier did not permit");
    }
    if peer.is_some_and(|peer| peer != recipient) {
        return Err("the keeper gave a release to another peer");
    }
    Ok(())
}

/// Whether a receipt speaks of its own message and body, whatever the keeper says.
pub(super) fn speaks_of(receipt: &Receipt, id: MessageId, body: &[u8]) -> bool {
    receipt.status != Status::Accepted || (receipt.id == Some(id) && receipt.digest == Digest::of(body))
}

async fn accept(porch: Arc<Porch>) {
    let mut links = JoinSet::new();
    while let Some(link) = porch.door.next_link().await {
        links.spawn(Arc::clone(&porch).carry(link));
        while links.try_join_next().is_some() {}
    }
}

/// Keeps a link to every peer that the configuration has an address for.
async fn dial_all(porch: Arc<Porch>) {
    let mut dialling: BTreeMap<Name, tokio::task::AbortHandle> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    loop {
        let state = porch.state.load_full();
        for peer in state.domain.peers.iter().filter(|peer| peer.address.is_some()) {
            dialling.entry(peer.name.clone()).or_insert_with(|| tasks.spawn(dial(Arc::clone(&porch), peer.name.clone())));
        }
        let gone = |name: &Name| !state.domain.peers.iter().any(|peer| peer.name == *name && peer.address.is_some());
        dialling.retain(|name, task| {
            if gone(name) {
                task.abort();
            }
            !gone(name)
        });
        tokio::time::sleep(TELL).await;
    }
}

/// Keeps a link to a peer.
async fn dial(porch: Arc<Porch>, peer: Name) {
    const FIRST: Duration = Duration::from_millis(100);
    const MAX: Duration = Duration::from_secs(10);
    let mut pause = FIRST;
    loop {
        match porch.door.dial(&peer).await {
            Ok(link) => {
                pause = FIRST;
                Arc::clone(&porch).carry(link).await;
            }
            Err(error) => tracing::info!(%peer, %error, "no link yet"),
        }
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2).min(MAX);
    }
}

/// Tells the keeper what the door refused.
async fn tell(porch: Arc<Porch>) {
    let mut told = BTreeMap::new();
    loop {
        tokio::time::sleep(TELL).await;
        let refused = porch.door.counters().tally().refused;
        if refused != told {
            let counts = refused.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect();
            if porch.keeper.say(FromDoor::Refused { counts }).await.is_err() {
                return;
            }
            told = refused;
        }
    }
}
