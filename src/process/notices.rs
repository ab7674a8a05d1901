//! Statements of the gateway's own, written by the verifier: requests for consent, and recalls that are passed on.
//!
//! The keeper says which; what they say is the verifier's, from what a door sealed. So a keeper that plays false can ask too often, or tell somebody of
//! a recall whom it does not concern, and can put no words into either.

use super::delivery_id;
use super::verifier::{Tools, hop};
use crate::base::{Digest, MessageId, Name, Reason, Refusal, Time};
use crate::hop::message::{Answer, Permitted};
use crate::hop::{Notice, Permit, Received};
use crate::journal::MessageKey;
use crate::statement::{MEDIA_TYPE, Request, Says, Statement, notice};
use crate::verify;

/// The identity of a request: a function of the message, the recipient and who is asked, so that nobody is asked twice.
#[must_use]
pub fn request_id(key: &MessageKey, recipient: &Name, asked: &Name) -> MessageId {
    derived(key, &format!("vestibule request {} {} {recipient} {asked}", key.from, key.id))
}

/// The identity of the notice by which a message is returned: a function of the message and of whom it was for.
#[must_use]
pub(super) fn return_id(key: &MessageKey, recipient: &Name) -> MessageId {
    derived(key, &format!("vestibule return {} {} {recipient}", key.from, key.id))
}

/// An identity of the time of a message and the digest of a text.
fn derived(key: &MessageKey, text: &str) -> MessageId {
    let digest = Digest::of(text.as_bytes());
    let (mut time, mut random) = ([0_u8; 8], [0_u8; 10]);
    time.iter_mut().skip(2).zip(key.id.bytes()).for_each(|(to, from)| *to = *from);
    random.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
    MessageId::from_parts(u64::from_be_bytes(time), random)
}

impl Tools {
    /// Writes statements about a message, each under a permit.
    pub(super) fn notices(&self, message: &Received, now: Time, notices: &[Notice]) -> Vec<Answer> {
        let believed = self.believed(message, now);
        let one = |wanted: &Notice| believed.clone().and_then(|_| self.notice(message, now, wanted));
        notices
            .iter()
            .map(|wanted| {
                one(wanted).unwrap_or_else(|refusal| {
                    tracing::error!(message = %message.header.id, recipient = %wanted.to(), %refusal, "the second half writes no such statement");
                    Answer::Refused { refusal }
                })
            })
            .collect()
    }

    fn notice(&self, message: &Received, now: Time, wanted: &Notice) -> Result<Answer, Refusal> {
        let (id, text) = match wanted {
            Notice::Request { .. } => self.request(message, now, wanted)?,
            Notice::Return { to, recipient, class } => {
                if *to != message.from {
                    return Err(hop("expected to return a message to its sender"));
                }
                let says = Says::Returned { of: message.header.id, class: *class };
                let id = return_id(&message.key(), recipient);
                (id, Statement { id, by: self.home()?, time: now, says }.text())
            }
            Notice::Recall { copies, .. } => {
                let note = std::str::from_utf8(&message.body).ok().filter(|note| verify::is_recall(&self.edition, note));
                let note = note.ok_or_else(|| hop("expected a recall under the signature of its party"))?;
                let copies = copies.iter().map(|copy| (copy.id, copy.digest));
                (delivery_id(&message.key()), notice(copies, note))
            }
        };
        let (to, bytes) = (wanted.to(), text.into_bytes());
        let key = self.permits.get(to).ok_or_else(|| hop("no door has such a recipient"))?;
        let permit = Permit {
            id,
            recipient: to.clone(),
            precedence: message.header.precedence,
            traffic: message.header.traffic,
            media_type: MEDIA_TYPE.to_owned(),
            label: None,
            digest: Digest::of(&bytes),
            edition: self.edition.digest,
        };
        let permitted = Permitted::seal(key, permit).map_err(|fault| Refusal::new(Reason::FaultInternal, fault.what))?;
        Ok(Answer::Permitted { permitted, bytes: bytes.into(), origins: Vec::new(), consents: Vec::new() })
    }

    fn home(&self) -> Result<Name, Refusal> {
        Name::new(&self.edition.home).ok_or_else(|| hop("the home of the edition is no name"))
    }

    /// The text of a request: whatever the keeper says, it goes to a peer of the party that is asked, and names peers and a label of the edition.
    fn request(&self, message: &Received, now: Time, wanted: &Notice) -> Result<(MessageId, String), Refusal> {
        let Notice::Request { to, of, recipient, label } = wanted else { return Err(hop("expected a request")) };
        let peer = |name: &Name| self.edition.peers.get(name).ok_or_else(|| hop("expected peers of the edition"));
        if peer(to)?.nation != of.as_str() || peer(recipient)?.nation == of.as_str() || peer(&message.from)?.nation == of.as_str() {
            return Err(hop("expected to ask a party that takes no part in the release"));
        }
        let label = verify::digest_of(&self.edition.lattice, label).ok_or_else(|| hop("expected a label of the edition"))?;
        let home = self.home()?;
        let id = request_id(&message.key(), recipient, to);
        let request = Request { of: of.clone(), sender: message.from.clone(), to: recipient.clone(), content: Digest::of(&message.body), label };
        Ok((id, Statement { id, by: home, time: now, says: Says::Request(request) }.text()))
    }
}
