//! What is said on hops: plain data with one encoding, and what each seal covers.

use std::sync::Arc;

use minicbor::{Decode, Encode};

use super::field::{by_reference, header_by_reference, refusal, shared, waivers};
use super::{HopKey, Notice, Tag, Wanted};
use crate::base::encoding::{header, maybe, word};
use crate::base::{Digest, Fault, Header, MessageId, Name, Precedence, Refusal, Time, Traffic};
use crate::filter::Waivers;
use crate::journal::{Decision, Marking, MessageKey};
use crate::statement::Grant;

/// What a door received: sealed for those who will read it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Received {
    /// The peer that sent it.
    #[cbor(n(0), with = "word")]
    pub from: Name,
    /// What the peer says about it.
    #[cbor(n(1), with = "header")]
    pub header: Header,
    /// The body.
    #[cbor(n(2), with = "shared")]
    pub body: Arc<[u8]>,
    /// When it was received.
    #[cbor(n(3), with = "word")]
    pub received: Time,
    /// The door's seals.
    #[n(4)]
    pub seals: Seals,
}

/// The seals of a door over what it received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Seals {
    /// For inspectors.
    #[n(0)]
    pub inspector: Tag,
    /// For the verifier.
    #[n(1)]
    pub verifier: Tag,
}

impl Received {
    /// What names the message.
    #[must_use]
    pub fn key(&self) -> MessageKey {
        MessageKey { from: self.from.clone(), id: self.header.id }
    }

    /// The bytes that a seal of this covers: who sent it, every field of the header, the digest of the body, the time.
    ///
    /// # Errors
    /// None that memory does not cause.
    pub fn sealed(&self) -> Result<Vec<u8>, Fault> {
        let said = Covered { from: &self.from, header: &self.header, digest: Digest::of(&self.body), received: self.received };
        minicbor::to_vec(said).map_err(|cause| Fault::from_cause("what was received cannot be sealed", cause))
    }
}

#[derive(Encode)]
struct Covered<'r> {
    #[cbor(n(0), with = "by_reference")]
    from: &'r Name,
    #[cbor(n(1), with = "header_by_reference")]
    header: &'r Header,
    #[cbor(n(2), with = "word")]
    digest: Digest,
    #[cbor(n(3), with = "word")]
    received: Time,
}

/// The name of the stage that a door ends.
pub const RECEIVED: &str = "received";
/// The name of the stage that an inspector ends.
pub const PROPOSED: &str = "proposed";
/// The name of the stage that the verifier ends.
pub const PERMITTED: &str = "permitted";

/// What an inspector proposes for one recipient, sealed for the verifier.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Proposed {
    /// The place of its decision among those of the message.
    #[n(0)]
    pub at: u32,
    /// The recipient.
    #[cbor(n(1), with = "word")]
    pub recipient: Name,
    /// A [`crate::verify::Proposal`], encoded.
    #[cbor(n(2), with = "shared")]
    pub proposal: Arc<[u8]>,
    /// The inspector's seal.
    #[n(3)]
    pub tag: Tag,
}

/// What an inspector's seal covers besides the proposal itself.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'s> {
    /// The bytes that the door's seal covers.
    pub received: &'s [u8],
    /// The edition under which it was decided.
    pub edition: Digest,
    /// The time of the decision.
    pub now: Time,
}

impl Proposed {
    /// Seals a proposal.
    #[must_use]
    pub fn seal(key: &HopKey, setting: Setting<'_>, (at, recipient): (u32, Name), proposal: Vec<u8>) -> Self {
        let proposal: Arc<[u8]> = proposal.into();
        let tag = key.seal(PROPOSED, &parts(&setting, &recipient, &proposal, &setting.now.to_string()));
        Self { at, recipient, proposal, tag }
    }

    /// Whether an inspector proposed this, for this recipient, of this message, under this edition, at this time.
    #[must_use]
    pub fn is_sealed(&self, key: &HopKey, setting: Setting<'_>) -> bool {
        key.is_seal(&self.tag, PROPOSED, &parts(&setting, &self.recipient, &self.proposal, &setting.now.to_string()))
    }
}

fn parts<'p>(setting: &'p Setting<'_>, recipient: &'p Name, proposal: &'p [u8], now: &'p str) -> [&'p [u8]; 5] {
    [setting.received, &setting.edition.0, now.as_bytes(), recipient.as_str().as_bytes(), proposal]
}

/// The verifier's permit for bytes to leave to one recipient, sealed for the door through which they leave.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, serde::Serialize)]
pub struct Permit {
    /// The identity under which it goes on.
    #[cbor(n(0), with = "word")]
    pub id: MessageId,
    /// The one recipient.
    #[cbor(n(1), with = "word")]
    pub recipient: Name,
    /// Urgency.
    #[cbor(n(2), with = "word")]
    pub precedence: Precedence,
    /// Exercise or operation.
    #[cbor(n(3), with = "word")]
    pub traffic: Traffic,
    /// The media type of the bytes.
    #[n(4)]
    pub media_type: String,
    /// The detached label that leaves in the header.
    #[n(5)]
    pub label: Option<String>,
    /// SHA-256 of the bytes.
    #[cbor(n(6), with = "word")]
    pub digest: Digest,
    /// The edition under which it was decided.
    #[cbor(n(7), with = "word")]
    pub edition: Digest,
}

impl Permit {
    /// The bytes that the seal covers.
    ///
    /// # Errors
    /// None that memory does not cause.
    pub fn sealed(&self) -> Result<Vec<u8>, Fault> {
        minicbor::to_vec(self).map_err(|cause| Fault::from_cause("a permit cannot be sealed", cause))
    }
}

/// A permit and its seal.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Permitted {
    /// The permit.
    #[n(0)]
    pub permit: Permit,
    /// The verifier's seal.
    #[n(1)]
    pub tag: Tag,
}

impl Permitted {
    /// Seals a permit.
    ///
    /// # Errors
    /// None that memory does not cause.
    pub fn seal(key: &HopKey, permit: Permit) -> Result<Self, Fault> {
        let tag = key.seal(PERMITTED, &[&permit.sealed()?]);
        Ok(Self { permit, tag })
    }

    /// Whether the verifier permitted these bytes to leave.
    #[must_use]
    pub fn permits(&self, key: &HopKey, bytes: &[u8]) -> bool {
        let sealed = self.permit.sealed();
        sealed.is_ok_and(|sealed| key.is_seal(&self.tag, PERMITTED, &[&sealed])) && Digest::of(bytes) == self.permit.digest
    }
}

/// What the keeper says to a door.
#[derive(Debug, Encode, Decode)]
pub enum ToDoor {
    /// The answer to a message that the door received.
    #[n(0)]
    Answer {
        /// Which.
        #[n(0)]
        ask: u64,
        /// A receipt, encoded as on the link.
        #[cbor(n(1), with = "minicbor::bytes")]
        receipt: Vec<u8>,
    },
    /// Bytes to deliver.
    #[n(1)]
    Deliver {
        /// What the answer is to name.
        #[n(0)]
        ask: u64,
        /// Over which link.
        #[n(1)]
        link: u64,
        /// The verifier's permit.
        #[n(2)]
        permitted: Permitted,
        /// The bytes.
        #[cbor(n(3), with = "shared")]
        bytes: Arc<[u8]>,
    },
}

/// What a door says to the keeper.
#[derive(Debug, Encode, Decode)]
pub enum FromDoor {
    /// A link is up.
    #[n(0)]
    Linked {
        /// Its number at this door.
        #[n(0)]
        link: u64,
        /// The peer.
        #[cbor(n(1), with = "word")]
        peer: Name,
        /// Whether the peer takes messages.
        #[n(2)]
        takes: bool,
        /// When its certificate ends, in seconds since 1970.
        #[n(3)]
        until: Option<i64>,
    },
    /// A link is gone.
    #[n(1)]
    Unlinked {
        /// Its number.
        #[n(0)]
        link: u64,
    },
    /// A message arrived whole.
    #[n(2)]
    Received {
        /// What the answer is to name.
        #[n(0)]
        ask: u64,
        /// The message.
        #[n(1)]
        message: Received,
    },
    /// What became of a delivery.
    #[n(3)]
    Delivered {
        /// Which.
        #[n(0)]
        ask: u64,
        /// What became of it.
        #[n(1)]
        fate: Fate,
    },
    /// Refusals at the door so far, by code.
    #[n(4)]
    Refused {
        /// Codes and numbers.
        #[n(0)]
        counts: Vec<(String, u64)>,
    },
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Fate {
    /// The peer has it, and says since when.
    #[n(0)]
    Taken {
        /// The time of its receipt.
        #[cbor(n(0), with = "word")]
        at: Time,
    },
    /// The peer answered that it does not take it now.
    #[n(1)]
    Busy,
    /// The peer answered that it does not take it.
    #[n(2)]
    Refused,
    /// No answer; the link may be gone.
    #[n(3)]
    Unanswered {
        /// One line for the log.
        #[n(0)]
        why: String,
    },
    /// The door does not let it leave: what the keeper gave it is not what the verifier permitted.
    #[n(4)]
    Unpermitted,
}

/// What the keeper says to an inspector.
#[derive(Debug, Encode, Decode)]
pub enum ToInspector {
    /// To inspect a message.
    #[n(0)]
    Inspect {
        /// What the answer is to name.
        #[n(0)]
        ask: u64,
        /// The message.
        #[n(1)]
        message: Received,
        /// For whom, where not for all to whom it is addressed.
        #[cbor(n(2), with = "maybe")]
        only: Option<Name>,
        /// What reviewers waived.
        #[cbor(n(3), with = "waivers")]
        waivers: Waivers,
        /// The time of the decision.
        #[cbor(n(4), with = "word")]
        now: Time,
        /// Consents of third parties that may be meant.
        #[n(5)]
        grants: Vec<Grant>,
        /// The conditions that hold, by name.
        #[n(6)]
        conditions: Vec<(String, String)>,
        /// What a reviewer would have done: then it is shown, and nothing is proposed.
        #[n(7)]
        wish: Option<Wish>,
    },
}

/// What an inspector says to the keeper.
#[derive(Debug, Encode, Decode)]
pub enum FromInspector {
    /// A message was inspected.
    #[n(0)]
    Inspected {
        /// Which.
        #[n(0)]
        ask: u64,
        /// What was found.
        #[n(1)]
        inspection: Inspection,
    },
}

/// What a reviewer would have done with a message that is held.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Wish {
    /// Findings that are let pass, by their names; without a list, all that may be.
    #[n(0)]
    pub waived: Option<Vec<String>>,
    /// Fields that are taken out, by their paths.
    #[n(1)]
    pub removed: Vec<String>,
    /// Under which rule.
    #[n(2)]
    pub rule: String,
}

/// A held message as a reviewer sees it. Nothing follows from it: what leaves is decided again, and proposed and verified as ever.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Preview {
    /// The item of the desk, as JSON, as far as an inspector knows it.
    #[n(0)]
    pub item: String,
    /// The wish, as the path takes it.
    #[cbor(n(1), with = "waivers")]
    pub waivers: Waivers,
    /// Names of the wish that name no finding that may be let pass.
    #[n(2)]
    pub strange: Vec<String>,
    /// The digest of what would be proposed; `None` where nothing would leave.
    #[cbor(n(3), with = "maybe")]
    pub leaves: Option<Digest>,
    /// The clause.
    #[cbor(n(4), with = "maybe")]
    pub clause: Option<Name>,
}

/// What an inspector found.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Inspection {
    /// Digest of the edition under which it looked.
    #[cbor(n(0), with = "word")]
    pub edition: Digest,
    /// A decision for each recipient; one that waits for the verifier has no output yet.
    #[n(1)]
    pub decisions: Vec<Decision>,
    /// What waits for the verifier.
    #[n(2)]
    pub proposed: Vec<Proposed>,
    /// What is held for want of consent.
    #[n(3)]
    pub wanted: Vec<Wanted>,
    /// What a reviewer asked to see; then nothing is proposed.
    #[n(4)]
    pub preview: Option<Preview>,
    /// What its label says, where one was validated.
    #[n(5)]
    pub marking: Option<Marking>,
}

/// What the keeper says to the verifier.
#[derive(Debug, Encode, Decode)]
pub enum ToVerifier {
    /// To verify what is proposed for a message.
    #[n(0)]
    Verify {
        /// What the answer is to name.
        #[n(0)]
        ask: u64,
        /// The message.
        #[n(1)]
        message: Received,
        /// The time of the decision.
        #[cbor(n(2), with = "word")]
        now: Time,
        /// What is proposed.
        #[n(3)]
        proposed: Vec<Proposed>,
        /// Consents of third parties that may be meant.
        #[n(4)]
        grants: Vec<Grant>,
    },
    /// To write statements of the gateway's own about a message.
    #[n(1)]
    Notify {
        /// What the answer is to name.
        #[n(0)]
        ask: u64,
        /// The message.
        #[n(1)]
        message: Received,
        /// The time.
        #[cbor(n(2), with = "word")]
        now: Time,
        /// Which statements.
        #[n(3)]
        notices: Vec<Notice>,
    },
}

/// What the verifier says to the keeper.
#[derive(Debug, Encode, Decode)]
pub enum FromVerifier {
    /// Answers to the proposals, in their order.
    #[n(0)]
    Verified {
        /// Which.
        #[n(0)]
        ask: u64,
        /// For each proposal.
        #[n(1)]
        answers: Vec<Answer>,
    },
}

/// The verifier's answer to one proposal.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Answer {
    /// It may leave: the permit, and the bytes.
    #[n(0)]
    Permitted {
        /// The permit.
        #[n(0)]
        permitted: Permitted,
        /// The bytes that it permits.
        #[cbor(n(1), with = "shared")]
        bytes: Arc<[u8]>,
        /// The third parties whose information they carry, by their codes.
        #[n(2)]
        origins: Vec<String>,
        /// The identities of the consents that the release uses up.
        #[n(3)]
        consents: Vec<String>,
    },
    /// It may not.
    #[n(1)]
    Refused {
        /// Why.
        #[cbor(n(0), with = "refusal")]
        refusal: Refusal,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Reason, Span};
    use crate::filter::{ClauseReview, Waiver};
    use crate::hop::Party;

    fn key(from: Party, to: Party) -> HopKey {
        HopKey::derive(b"a secret", &from, &to).unwrap()
    }

    fn received() -> Received {
        let header = Header {
            id: MessageId::from_parts(1_700_000_000_000, [1; 10]),
            precedence: Precedence::Flash,
            destinations: vec![Name::new("usa-ops").unwrap()],
            media_type: "application/cot+xml".to_owned(),
            traffic: Traffic::Operation,
            sent: Time::parse("2026-11-23T08:00:00Z").unwrap(),
            label: Some("<label/>".to_owned()),
        };
        let seals = Seals { inspector: Tag([1; 32]), verifier: Tag([2; 32]) };
        let received = Time::parse("2026-11-23T08:00:01Z").unwrap();
        Received { from: Name::new("gbr-ops").unwrap(), header, body: b"<event/>".as_slice().into(), received, seals }
    }

    #[test]
    fn every_field_of_what_was_received_counts_for_its_seal() {
        let whole = received().sealed().unwrap();
        let name = |text| Name::new(text).unwrap();
        let changes: [fn(&mut Received); 10] = [
            |one| one.from = Name::new("usa-ops").unwrap(),
            |one| one.body = b"<event />".as_slice().into(),
            |one| one.received = Time::parse("2026-11-23T08:00:02Z").unwrap(),
            |one| one.header.id = MessageId::from_parts(1_700_000_000_001, [1; 10]),
            |one| one.header.precedence = Precedence::Routine,
            |one| one.header.destinations.push(Name::new("can-ops").unwrap()),
            |one| one.header.media_type = String::new(),
            |one| one.header.traffic = Traffic::Exercise,
            |one| one.header.sent = Time::parse("2026-11-23T08:00:02Z").unwrap(),
            |one| one.header.label = None,
        ];
        for change in changes {
            let mut other = received();
            change(&mut other);
            assert_ne!(other.sealed().unwrap(), whole, "{other:?}");
        }
        assert_eq!(received().key().from, name("gbr-ops"));
    }

    #[test]
    fn a_proposal_is_sealed_for_its_message_its_recipient_its_edition_and_its_time() {
        let key = key(Party::Inspector, Party::Verifier);
        let now = Time::parse("2026-11-23T08:00:01Z").unwrap();
        let setting = Setting { received: b"one", edition: Digest::of(b"e"), now };
        let sealed = Proposed::seal(&key, setting, (0, Name::new("usa-ops").unwrap()), b"proposal".to_vec());
        assert!(sealed.is_sealed(&key, setting));
        assert!(!sealed.is_sealed(&key, Setting { received: b"two", ..setting }));
        assert!(!sealed.is_sealed(&key, Setting { edition: Digest::of(b"f"), ..setting }));
        assert!(!sealed.is_sealed(&key, Setting { now: Time::parse("2026-11-23T08:00:02Z").unwrap(), ..setting }));
        assert!(!Proposed { recipient: Name::new("can-ops").unwrap(), ..sealed.clone() }.is_sealed(&key, setting));
        assert!(!Proposed { proposal: b"proposam".as_slice().into(), ..sealed }.is_sealed(&key, setting));
    }

    #[test]
    fn a_permit_is_for_these_bytes_and_every_field_of_it_counts() {
        let door = key(Party::Verifier, Party::Door(Name::new("coalition").unwrap()));
        let permit = Permit {
            id: MessageId::from_parts(1, [0; 10]),
            recipient: Name::new("usa-ops").unwrap(),
            precedence: Precedence::Routine,
            traffic: Traffic::Operation,
            media_type: String::new(),
            label: None,
            digest: Digest::of(b"bytes"),
            edition: Digest::of(b"e"),
        };
        let permitted = Permitted::seal(&door, permit.clone()).unwrap();
        assert!(permitted.permits(&door, b"bytes") && !permitted.permits(&door, b"byteS"));
        let changes: [fn(&mut Permit); 8] = [
            |one| one.id = MessageId::from_parts(2, [0; 10]),
            |one| one.recipient = Name::new("can-ops").unwrap(),
            |one| one.precedence = Precedence::Flash,
            |one| one.traffic = Traffic::Exercise,
            |one| one.media_type = "text/plain".to_owned(),
            |one| one.label = Some(String::new()),
            |one| one.digest = Digest::of(b"other"),
            |one| one.edition = Digest::of(b"f"),
        ];
        for change in changes {
            let mut other = permitted.clone();
            change(&mut other.permit);
            assert!(!other.permits(&door, b"bytes") && !other.permits(&door, b"other"), "{:?}", other.permit);
        }
        assert!(!permitted.permits(&key(Party::Verifier, Party::Door(Name::new("national").unwrap())), b"bytes"));
    }

    #[test]
    fn what_is_said_reads_back() {
        let waivers = Waivers {
            findings: std::iter::once(Waiver { code: Reason::ContentWords, rule: "words.txt:1".into(), path: "/event".to_owned() }).collect(),
            clause_review: ClauseReview::Granted,
            removed: crate::filter::Removals { paths: ["/event/detail".to_owned()].into(), rule: "review/ann".into() },
        };
        let now = received().received;
        let conditions = vec![("alert".to_owned(), "heightened".to_owned())];
        let bytes = minicbor::to_vec(ToInspector::Inspect {
            ask: 7,
            message: received(),
            only: None,
            waivers: waivers.clone(),
            now,
            grants: Vec::new(),
            conditions: conditions.clone(),
            wish: None,
        })
        .unwrap();
        let ToInspector::Inspect { ask, message, only, waivers: again, now: then, conditions: held, .. } = minicbor::decode(&bytes).unwrap();
        assert_eq!((ask, message, only, again, then, held), (7, received(), None, waivers, now, conditions));
        let refusal = Refusal::at(Reason::VerifyEdit, Span::new(1, 2), "expected").on("/event");
        let bytes = minicbor::to_vec(Answer::Refused { refusal: refusal.clone() }).unwrap();
        assert_eq!(minicbor::decode::<Answer>(&bytes).unwrap(), Answer::Refused { refusal });
        for at in 0..bytes.len() {
            assert!(minicbor::decode::<Answer>(&bytes[..at]).is_err());
        }
    }
}
