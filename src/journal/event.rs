//! Events: what happened, as plain data. A record is an event at its place; its bytes are the leaf of the Merkle tree.
//!
//! Times are arguments: this room reads no clock for facts. Content is not part of a record, only its digest and length:
//! contents are sealed beside the records and dropped when nobody needs them, and the tree still holds.
//! Being held is the outcome `quarantine` of a decision, not an event of its own.

use std::sync::Arc;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};

use super::act::{ConditionAct, EditionAct};
use super::review::{Looked, Reviewed, Seeded};
use crate::base::encoding::{header, maybe, word};
use crate::base::{Digest, Fault, Header, MessageId, Name, Outcome, Reason, Time};

/// What names a message in a gateway: its sender, and the id that the sender gave it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode, Serialize)]
pub struct MessageKey {
    /// The peer that sent it.
    #[cbor(n(0), with = "word")]
    pub from: Name,
    /// The sender's id.
    #[cbor(n(1), with = "word")]
    pub id: MessageId,
}

/// A content: digest and length for ever, bytes while they are needed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Body {
    /// SHA-256 of the bytes.
    #[cbor(n(0), with = "word")]
    pub digest: Digest,
    /// Length in bytes.
    #[n(1)]
    pub length: u64,
    #[cbor(skip)]
    #[serde(skip)]
    bytes: Option<Arc<[u8]>>,
}

impl Body {
    /// A content with its bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self { digest: Digest::of(&bytes), length: u64::try_from(bytes.len()).unwrap_or(u64::MAX), bytes: Some(bytes) }
    }

    /// The bytes, for others that hold them.
    #[must_use]
    pub fn shared(&self) -> Option<Arc<[u8]>> {
        self.bytes.clone()
    }

    /// The bytes; `None` for a body that was read from a record.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }
}

/// A message was taken from a peer: from here on the gateway answers for it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Accepted {
    /// The peer that sent it.
    #[cbor(n(0), with = "word")]
    pub from: Name,
    /// What the sender says about it.
    #[cbor(n(1), with = "header")]
    #[serde(serialize_with = "header_as_json")]
    pub header: Header,
    /// The body.
    #[n(2)]
    pub body: Body,
    /// When it was received.
    #[cbor(n(3), with = "word")]
    pub received: Time,
    /// How the door that received it sealed it for the processes that read it; opaque to this room.
    #[n(4)]
    #[serde(skip)]
    pub seals: Option<ByteVec>,
}

impl Accepted {
    /// What names the message.
    #[must_use]
    pub fn key(&self) -> MessageKey {
        MessageKey { from: self.from.clone(), id: self.header.id }
    }
}

fn header_as_json<S: Serializer>(header: &Header, out: S) -> Result<S::Ok, S::Error> {
    let mut fields = out.serialize_struct("header", 7)?;
    fields.serialize_field("id", &header.id)?;
    fields.serialize_field("precedence", &header.precedence)?;
    fields.serialize_field("destinations", &header.destinations)?;
    fields.serialize_field("media_type", &header.media_type)?;
    fields.serialize_field("traffic", &header.traffic)?;
    fields.serialize_field("sent", &header.sent)?;
    fields.serialize_field("label", &header.label)?;
    fields.end()
}

/// What was decided for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Decision {
    /// The recipient.
    #[cbor(n(0), with = "word")]
    pub recipient: Name,
    /// The outcome.
    #[cbor(n(1), with = "word")]
    pub outcome: Outcome,
    /// The reason that decided; `None` where the message passed without one.
    #[cbor(n(2), with = "maybe")]
    pub code: Option<Reason>,
    /// The clause under which it is released, or would be.
    #[cbor(n(3), with = "maybe")]
    pub clause: Option<Name>,
    /// All findings, as the path wrote them (JSON); opaque to this room.
    #[n(4)]
    pub findings: String,
    /// All edits, as the path wrote them (JSON); opaque to this room.
    #[n(5)]
    pub edits: String,
    /// The bytes that leave; present where and only where the outcome is `forward`.
    #[n(6)]
    pub output: Option<Body>,
    /// The verifier's permit for them, sealed for the door through which they leave; opaque to this room.
    #[n(7)]
    #[serde(skip)]
    pub permit: Option<ByteVec>,
}

/// A message was decided for some or all recipients.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Decided {
    /// The message.
    #[n(0)]
    pub message: MessageKey,
    /// Name and edition of the rule set, such as `five-eyes 2026.1`.
    #[n(1)]
    pub edition: String,
    /// Digest of the edition.
    #[cbor(n(2), with = "word")]
    pub edition_digest: Digest,
    /// When.
    #[cbor(n(3), with = "word")]
    pub time: Time,
    /// One for each recipient. Empty for a message refused before its recipients were known; then `refusal` says why.
    #[n(4)]
    pub decisions: Vec<Decision>,
    /// Why the whole message was refused.
    #[cbor(n(5), with = "maybe")]
    pub refusal: Option<Reason>,
    /// What its label says; nothing where no label was validated, and in records of older programs.
    #[n(6)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marking: Option<Marking>,
}

/// The part of a validated label by which people look for messages.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Marking {
    /// The scheme, such as `GBR`.
    #[n(0)]
    pub policy: String,
    /// The classification in it, such as `SECRET`.
    #[n(1)]
    pub classification: String,
}

impl std::fmt::Display for Marking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.policy, self.classification)
    }
}

/// Bytes are about to leave: written before the first of them does, so that nothing leaves unrecorded.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Released {
    /// The message.
    #[n(0)]
    pub message: MessageKey,
    /// To whom.
    #[cbor(n(1), with = "word")]
    pub recipient: Name,
    /// Under which clause.
    #[cbor(n(2), with = "maybe")]
    pub clause: Option<Name>,
    /// Digest of the bytes.
    #[cbor(n(3), with = "word")]
    pub digest: Digest,
    /// Which attempt, from 1.
    #[n(4)]
    pub attempt: u32,
    /// When.
    #[cbor(n(5), with = "word")]
    pub time: Time,
}

/// The recipient's receipt was verified.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Delivered {
    /// The message.
    #[n(0)]
    pub message: MessageKey,
    /// Who has it.
    #[cbor(n(1), with = "word")]
    pub recipient: Name,
    /// The time that the receipt states.
    #[cbor(n(2), with = "word")]
    pub receipt: Time,
    /// When the receipt was verified here.
    #[cbor(n(3), with = "word")]
    pub time: Time,
}

/// An operator did something: a rule set was activated, the gateway started, bodies were dropped.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Operated {
    /// Who.
    #[n(0)]
    pub who: String,
    /// What, in one line.
    #[n(1)]
    pub what: String,
    /// When.
    #[cbor(n(2), with = "word")]
    pub time: Time,
}

/// A signed statement about all records before it. Being a record itself, it cannot vanish without a trace.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Checkpointed {
    /// Number, from 0 without gaps.
    #[n(0)]
    pub number: u64,
    /// Records that it covers.
    #[n(1)]
    pub size: u64,
    /// The signed note.
    #[n(2)]
    pub note: String,
}

/// A message carries information of third parties: whose it is, and under which consents it leaves. Recorded with the decision for the recipient.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Origin {
    /// The message.
    #[n(0)]
    pub message: MessageKey,
    /// For which recipient it was decided.
    #[cbor(n(1), with = "word")]
    pub recipient: Name,
    /// The third parties, by their codes.
    #[n(2)]
    pub origins: Vec<String>,
    /// The consents that the release uses up; none where it is held, or where a clause has the consent in general.
    #[n(3)]
    pub consents: Vec<String>,
    /// When.
    #[cbor(n(4), with = "word")]
    pub time: Time,
}

/// What follows from a statement.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(tag = "effect", rename_all = "lowercase")]
pub enum Effect {
    /// A consent may be used.
    #[n(0)]
    Granted {
        /// The statement's identity.
        #[cbor(n(0), with = "word")]
        id: MessageId,
        /// How often.
        #[n(1)]
        uses: u32,
    },
    /// A consent may not be used any more.
    #[n(1)]
    Revoked {
        /// The statement's identity.
        #[cbor(n(0), with = "word")]
        id: MessageId,
        /// The consent.
        #[cbor(n(1), with = "word")]
        of: MessageId,
    },
    /// Messages are withdrawn: what is due or held of them never leaves, and whoever has a copy is told.
    #[n(2)]
    Recalled {
        /// The statement's identity.
        #[cbor(n(0), with = "word")]
        id: MessageId,
        /// The messages.
        #[n(1)]
        targets: Vec<MessageKey>,
    },
    /// A recipient of copies has heard of a recall.
    #[n(3)]
    Acknowledged {
        /// The statement's identity.
        #[cbor(n(0), with = "word")]
        id: MessageId,
        /// The recall.
        #[cbor(n(1), with = "word")]
        of: MessageId,
        /// The recipient.
        #[cbor(n(2), with = "word")]
        by: Name,
    },
}

/// A peer made a statement about information.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Stated {
    /// The message in which it came.
    #[n(0)]
    pub message: MessageKey,
    /// The signed text; empty where it does not read.
    #[n(1)]
    pub note: String,
    /// What follows from it; nothing where it was refused.
    #[n(2)]
    pub effect: Option<Effect>,
    /// Why it was refused.
    #[cbor(n(3), with = "maybe")]
    pub refusal: Option<Reason>,
    /// When.
    #[cbor(n(4), with = "word")]
    pub time: Time,
}

/// The journal was put back from a backup. What left after that was made is not on record: from here on nothing that was due leaves without a person's
/// word, and consents that were given count as used up.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Restored {
    /// When the backup was made.
    #[cbor(n(0), with = "word")]
    pub backup: Time,
    /// Records of the backup.
    #[n(1)]
    pub records: u64,
    /// When it was put back.
    #[cbor(n(2), with = "word")]
    pub time: Time,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// A message was taken.
    #[n(0)]
    Accepted(#[n(0)] Accepted),
    /// A message was decided.
    #[n(1)]
    Decided(#[n(0)] Decided),
    /// Bytes left.
    #[n(2)]
    Released(#[n(0)] Released),
    /// A receipt came back.
    #[n(3)]
    Delivered(#[n(0)] Delivered),
    /// A person reviewed.
    #[n(4)]
    Reviewed(#[n(0)] Reviewed),
    /// An operator acted.
    #[n(5)]
    Operated(#[n(0)] Operated),
    /// The tree was signed.
    #[n(6)]
    Checkpointed(#[n(0)] Checkpointed),
    /// A message was found to carry information of third parties.
    #[n(20)]
    Origin(#[n(0)] Origin),
    /// A peer made a statement.
    #[n(21)]
    Stated(#[n(0)] Stated),
    /// Something became of an edition.
    #[n(22)]
    Edition(#[n(0)] EditionAct),
    /// A condition was set.
    #[n(23)]
    Condition(#[n(0)] ConditionAct),
    /// The journal was put back from a backup.
    #[n(24)]
    Restored(#[n(0)] Restored),
    /// A person looked at a held message.
    #[n(25)]
    Looked(#[n(0)] Looked),
    /// The office put a known item among what is held.
    #[n(26)]
    Seeded(#[n(0)] Seeded),
}

impl Event {
    /// The message that the event is about.
    #[must_use]
    pub fn message(&self) -> Option<MessageKey> {
        match self {
            Self::Accepted(event) => Some(event.key()),
            Self::Decided(event) => Some(event.message.clone()),
            Self::Released(event) => Some(event.message.clone()),
            Self::Delivered(event) => Some(event.message.clone()),
            Self::Reviewed(event) => Some(event.message.clone()),
            Self::Origin(event) => Some(event.message.clone()),
            Self::Stated(event) => Some(event.message.clone()),
            Self::Looked(event) => Some(event.message.clone()),
            Self::Seeded(event) => Some(event.accepted.key()),
            Self::Operated(_) | Self::Checkpointed(_) | Self::Edition(_) | Self::Condition(_) | Self::Restored(_) => None,
        }
    }

    /// The word for people and for programs.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Decided(_) => "decided",
            Self::Released(_) => "released",
            Self::Delivered(_) => "delivered",
            Self::Reviewed(_) => "reviewed",
            Self::Operated(_) => "operated",
            Self::Checkpointed(_) => "checkpointed",
            Self::Origin(_) => "origin",
            Self::Stated(_) => "stated",
            Self::Edition(_) => "edition",
            Self::Condition(_) => "condition",
            Self::Looked(_) => "looked",
            Self::Seeded(_) => "seeded",
            Self::Restored(_) => "restored",
        }
    }

    /// Bytes of content that travel with the event, for the queue's memory bound.
    #[must_use]
    pub fn content_bytes(&self) -> u64 {
        match self {
            Self::Accepted(event) => event.body.length,
            Self::Seeded(event) => event.accepted.body.length,
            Self::Decided(event) => event.decisions.iter().filter_map(|one| one.output.as_ref()).fold(0, |sum, body| sum.saturating_add(body.length)),
            _ => 0,
        }
    }
}

/// An event at its place in the journal. The index is part of the bytes, so that two records cannot change places.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Record {
    /// Place, from 0 without gaps; also the index of the leaf.
    #[n(0)]
    pub index: u64,
    /// What happened.
    #[n(1)]
    pub event: Event,
}

/// A record whose event stays where it is.
#[derive(Encode)]
struct Borrowed<'e> {
    #[n(0)]
    index: u64,
    #[n(1)]
    event: &'e Event,
}

/// The bytes of the leaf at `index`.
///
/// # Errors
/// None that memory does not cause.
pub(in crate::journal) fn encode(index: u64, event: &Event) -> Result<Vec<u8>, Fault> {
    minicbor::to_vec(Borrowed { index, event }).map_err(|e| Fault::from_cause("a record cannot be encoded", e))
}

impl Record {
    /// The bytes of the leaf.
    ///
    /// # Errors
    /// None that memory does not cause.
    pub fn encode(&self) -> Result<Vec<u8>, Fault> {
        encode(self.index, &self.event)
    }

    /// Reads the bytes of a leaf: these bytes, all of them, as [`Self::encode`] writes them.
    ///
    /// # Errors
    /// Where the bytes are no record, or are written in another way.
    pub fn decode(bytes: &[u8]) -> Result<Self, Fault> {
        let record: Self =
            minicbor::decode(bytes).map_err(|e| Fault::from_cause("a record of the journal cannot be read; run `vestibule audit verify`", e))?;
        match record.encode()? == bytes {
            true => Ok(record),
            false => Err(Fault::new("a record of the journal is not in the form in which this program writes it; run `vestibule audit verify`")),
        }
    }
}

#[cfg(test)]
pub(in crate::journal) mod tests {
    use super::*;
    use crate::base::{Precedence, Traffic};
    use crate::journal::act::{Hand, Step};
    use crate::journal::review::{Choice, Pending, Verdict, Waived};
    use crate::statement::ReturnClass;

    pub(in crate::journal) fn time(ms: i64) -> Time {
        Time::from_unix_ms(1_700_000_000_000_i64.saturating_add(ms)).unwrap()
    }

    pub(in crate::journal) fn accepted(n: u8) -> Accepted {
        let header = Header {
            id: MessageId::from_parts(1_700_000_000_000, [n; 10]),
            precedence: Precedence::Flash,
            destinations: vec![Name::new("usa-ops").unwrap(), Name::new("can-ops").unwrap()],
            media_type: "application/cot+xml".to_owned(),
            traffic: Traffic::Exercise,
            sent: time(0),
            label: Some("<label/>".to_owned()),
        };
        Accepted { from: Name::new("gbr-ops").unwrap(), header, body: Body::new(vec![n; 5]), received: time(1), seals: Some(vec![n].into()) }
    }

    fn stated(effect: Option<Effect>) -> Event {
        let refusal = effect.is_none().then_some(Reason::ConsentSignature);
        Event::Stated(Stated { message: accepted(9).key(), note: "note\n".to_owned(), effect, refusal, time: time(8) })
    }

    fn hand() -> Hand {
        Hand { officer: "maj-smith".to_owned(), role: "author".to_owned(), key: "maj-smith+0+A".to_owned(), signed: time(6) }
    }

    #[test]
    fn a_decision_of_an_older_program_reads_back_and_is_written_as_it_was() {
        // As the program wrote it before decisions had markings: five fields, the refusal being none.
        let mut old = minicbor::Encoder::new(Vec::new());
        old.array(2).unwrap().u8(7).unwrap().array(2).unwrap().u8(1).unwrap().array(1).unwrap().array(5).unwrap();
        old.array(2).unwrap().str("gbr-ops").unwrap().str(&accepted(1).header.id.to_string()).unwrap();
        old.str("five-eyes 2026.1").unwrap().str(&Digest::of(b"e").to_string()).unwrap().str(&time(2).to_string()).unwrap();
        old.array(0).unwrap();
        let bytes = old.into_writer();
        let (message, edition) = (accepted(1).key(), "five-eyes 2026.1".to_owned());
        let decided =
            Decided { message, edition, edition_digest: Digest::of(b"e"), time: time(2), decisions: Vec::new(), refusal: None, marking: None };
        let ours = Record { index: 7, event: Event::Decided(decided) };
        assert_eq!(ours.encode().unwrap(), bytes);
        assert_eq!(Record::decode(&bytes).unwrap(), ours);
    }

    fn every_event() -> Vec<Event> {
        let message = accepted(1).key();
        let recipient = Name::new("usa-ops").unwrap();
        let clause = Name::new("FVEY-TRACKS/4.2");
        let decision = |outcome, code, output: Option<Body>| Decision {
            recipient: recipient.clone(),
            outcome,
            code,
            clause: clause.clone(),
            findings: "[]".to_owned(),
            edits: String::new(),
            permit: output.as_ref().map(|_| vec![7].into()),
            output,
        };
        vec![
            Event::Accepted(accepted(1)),
            Event::Decided(Decided {
                message: message.clone(),
                edition: "five-eyes 2026.1".to_owned(),
                edition_digest: Digest::of(b"e"),
                time: time(2),
                decisions: vec![
                    decision(Outcome::Forward, None, Some(Body::new(*b"out"))),
                    decision(Outcome::Quarantine, Some(Reason::ContentWords), None),
                ],
                refusal: Some(Reason::FormatUnrecognised),
                marking: Some(Marking { policy: "GBR".to_owned(), classification: "SECRET".to_owned() }),
            }),
            Event::Released(Released {
                message: message.clone(),
                recipient: recipient.clone(),
                clause: None,
                digest: Digest::of(b"out"),
                attempt: 1,
                time: time(3),
            }),
            Event::Delivered(Delivered { message: message.clone(), recipient: recipient.clone(), receipt: time(3), time: time(4) }),
            Event::Reviewed(Reviewed {
                message: message.clone(),
                recipient: recipient.clone(),
                reviewer: "maj smith".to_owned(),
                verdict: Verdict::Return,
                waivers: vec!["codewords.txt:12".to_owned()],
                reason: "not ours to give".to_owned(),
                time: time(5),
                choice: Some(Choice {
                    edition: Digest::of(b"e"),
                    waived: vec![Waived { code: "c".to_owned(), rule: "r".to_owned(), path: "/p".to_owned(), reason: "why".to_owned() }],
                    removed: vec!["/event/detail".to_owned()],
                    leaves: Some(Digest::of(b"out")),
                    class: Some(ReturnClass::Content),
                    colleague: Some("bob".to_owned()),
                    with: vec!["ann".to_owned()],
                }),
                note: Some("note\n".to_owned()),
                pending: Some(Pending::Waits),
            }),
            Event::Operated(Operated { who: "ops".to_owned(), what: "activated".to_owned(), time: time(6) }),
            Event::Checkpointed(Checkpointed { number: 0, size: 6, note: "note\n".to_owned() }),
            Event::Origin(Origin {
                message: accepted(1).key(),
                recipient: Name::new("usa-ops").unwrap(),
                origins: vec!["CAN".to_owned()],
                consents: vec![accepted(2).header.id.to_string()],
                time: time(7),
            }),
            stated(Some(Effect::Granted { id: accepted(2).header.id, uses: 3 })),
            stated(Some(Effect::Revoked { id: accepted(3).header.id, of: accepted(2).header.id })),
            stated(Some(Effect::Recalled { id: accepted(4).header.id, targets: vec![accepted(1).key()] })),
            stated(Some(Effect::Acknowledged { id: accepted(5).header.id, of: accepted(4).header.id, by: Name::new("usa-ops").unwrap() })),
            stated(None),
            Event::Edition(EditionAct {
                step: Step::EmergencyBegun,
                ruleset: "five-eyes".to_owned(),
                number: "2026.2".to_owned(),
                digest: Digest::of(b"edition"),
                hands: vec![hand()],
                from: Some(time(7)),
                until: None,
                scope: vec!["FVEY-TRACKS/4.2".to_owned()],
                why: "flood".to_owned(),
                time: time(8),
            }),
            Event::Looked(Looked { message, recipient, officer: "ann".to_owned(), time: time(5) }),
            Event::Condition(ConditionAct {
                name: "alert".to_owned(),
                value: "heightened".to_owned(),
                hand: hand(),
                why: "order 7".to_owned(),
                time: time(9),
            }),
            Event::Restored(Restored { backup: time(10), records: 15, time: time(11) }),
        ]
    }

    fn without_bytes(mut event: Event) -> Event {
        match &mut event {
            Event::Accepted(one) => one.body.bytes = None,
            Event::Decided(one) => one.decisions.iter_mut().filter_map(|d| d.output.as_mut()).for_each(|b| b.bytes = None),
            _ => (),
        }
        event
    }

    #[test]
    fn every_event_reads_back_but_for_the_bytes_of_contents() {
        for (index, event) in (0..).zip(every_event()) {
            let bytes = Record { index, event: event.clone() }.encode().unwrap();
            assert_eq!(Record::decode(&bytes).unwrap(), Record { index, event: without_bytes(event) });
        }
    }

    #[test]
    fn a_record_with_a_byte_more_or_less_is_refused() {
        for (index, event) in (0..).zip(every_event()) {
            let mut bytes = Record { index, event }.encode().unwrap();
            assert!(Record::decode(&bytes[..bytes.len() - 1]).is_err());
            bytes.push(0);
            assert!(Record::decode(&bytes).is_err());
        }
    }

    #[test]
    fn a_record_as_json_names_its_event_and_shows_no_content() {
        let json = serde_json::to_value(Record { index: 0, event: Event::Accepted(accepted(1)) }).unwrap();
        assert_eq!(json["event"]["event"], "accepted");
        assert_eq!(json["event"]["header"]["precedence"], "FLASH");
        assert_eq!(json["event"]["body"]["length"], 5);
        assert_eq!(json["event"]["body"].as_object().unwrap().len(), 2);
    }

    #[test]
    fn changed_bytes_never_read_as_the_same_record_and_never_panic() {
        for (index, event) in (0..).zip(every_event()) {
            let bytes = Record { index, event }.encode().unwrap();
            let whole = Record::decode(&bytes).unwrap();
            for at in 0..bytes.len() {
                for bit in 0..8 {
                    let mut changed = bytes.clone();
                    changed[at] ^= 1 << bit;
                    assert!(Record::decode(&changed).is_ok_and(|record| record != whole) || Record::decode(&changed).is_err());
                }
            }
        }
    }

    #[test]
    fn integers_written_too_long_are_refused() {
        let bytes = Record { index: 5, event: every_event().swap_remove(5) }.encode().unwrap();
        assert_eq!(&bytes[..2], &[0x82, 0x05]);
        let longer = [&[0x82, 0x18, 0x05], &bytes[2..]].concat();
        assert!(Record::decode(&longer).is_err());
    }
}
