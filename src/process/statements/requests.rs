//! Requests for consent: when a message is held for want of it, the peers of the third party are asked, once each.

use super::Shared;
use crate::base::{Fault, Header, Name, Reason};
use crate::hop::{Notice, Received, Wanted};
use crate::journal::{Accepted, Appended, Body, Denied, Event, MessageKey};
use crate::policy::Edition;
use crate::process::notices::request_id;
use crate::process::world;
use crate::statement::MEDIA_TYPE;

/// Requests that wait for one peer, at most: 256. Beyond that nobody is asked, and the officer sees what is held.
const REQUESTS_MAX: u64 = 256;

impl Shared {
    /// Whether each peer of the third parties of a message that is held was asked.
    pub(super) async fn everyone_is_asked(&self, edition: &Edition, key: &MessageKey, recipient: &Name) -> Result<bool, Fault> {
        let Some(home) = Name::new(&edition.home) else { return Ok(true) };
        let origins = self.journal.trail(key).await?.map(|trail| trail.origins).unwrap_or_default();
        let asked = edition.peers.values().filter(|peer| peer.key.is_some() && origins.contains(&peer.nation));
        for peer in asked.filter(|peer| self.config.load().peer(peer.name.as_str()).is_some()) {
            if self.journal.receipt_of(&home, request_id(key, recipient, &peer.name)).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Asks whose consent is wanted for a message that is held. What fails here fails quietly: the message stays held.
    pub(in crate::process) async fn request(&self, edition: &Edition, message: Received, wanted: Vec<Wanted>) {
        for want in wanted {
            for origin in &want.origins {
                let peers = edition.peers.values().filter(|peer| peer.nation == *origin && peer.key.is_some());
                for to in peers.filter(|peer| self.config.load().peer(peer.name.as_str()).is_some()).map(|peer| &peer.name) {
                    self.request_of(edition, &message, (to, origin), &want).await;
                }
            }
        }
    }

    async fn request_of(&self, edition: &Edition, message: &Received, (to, origin): (&Name, &str), want: &Wanted) {
        let (Some(of), Some(home)) = (Name::new(origin), Name::new(&edition.home)) else { return };
        let key = MessageKey { from: home, id: request_id(&message.key(), &want.recipient, to) };
        let due = self.journal.undelivered().await.unwrap_or_default();
        if due.iter().any(|due| due.recipient == *to && due.count >= REQUESTS_MAX) {
            tracing::warn!(peer = %to, message = %message.header.id, "too much waits for the peer that could consent; it is not asked");
            return;
        }
        let now = world::now();
        let notice = Notice::Request { to: to.clone(), of, recipient: want.recipient.clone(), label: want.label.clone() };
        let Some(prepared) = self.write_notices(edition, message, &key, vec![notice], now).await else {
            tracing::warn!(peer = %to, message = %message.header.id, "no request for consent was written");
            return;
        };
        let header = Header {
            id: key.id,
            destinations: vec![to.clone()],
            media_type: MEDIA_TYPE.to_owned(),
            sent: now,
            label: None,
            ..message.header.clone()
        };
        let Some(bytes) = prepared.parcels.first().map(|parcel| std::sync::Arc::clone(&parcel.bytes)) else { return };
        let accepted = Accepted { from: key.from, header, body: Body::new(bytes), received: now, seals: None };
        let events = std::iter::once(Event::Accepted(accepted)).chain(prepared.events).collect();
        match self.journal.append(events, message.header.precedence).await {
            Ok(Appended::Kept { first, .. }) => self.dispatch(prepared.parcels, first),
            Ok(Appended::Repeated(_)) => {}
            // The peer was asked before, at another time.
            Err(Denied::Refused(refusal)) if refusal.reason == Reason::FrameIdReused => {}
            Err(denied) => tracing::warn!(peer = %to, %denied, "a request for consent is not on record"),
        }
    }
}
