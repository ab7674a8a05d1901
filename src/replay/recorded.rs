//! What a journal has of each decision: message, time, and what reviewers had waived, as it was when the decision was made.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Totals;
use super::consents::Consents;
use crate::base::{Digest, Fault, Header, MessageId, Name, Reason, Time};
use crate::filter::{ClauseReview, Removals, Waiver, Waivers};
use crate::journal::embedded::Reader;
use crate::journal::{Accepted, Choice, Decided, Decision, Entry, Event, MessageKey, Reviewed, Verdict};
use crate::statement::{Grant, MEDIA_TYPE};

/// Acceptances that are kept for the decisions that follow: 4,096. A decision stands beside its acceptance, unless people reviewed or the gateway
/// was started again; then the acceptance is looked up.
const ACCEPTANCES_MAX: usize = 4_096;

/// One decision on record, with all that it was made from but the body.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The message.
    pub key: MessageKey,
    /// Index of the record of decision.
    pub record: u64,
    /// The header; where one recipient alone was decided on, it alone is addressed.
    pub header: Header,
    /// The time of the decision.
    pub now: Time,
    /// What reviewers had waived.
    pub waivers: Waivers,
    /// Consents of third parties that may be meant, as they stood.
    pub grants: Vec<Grant>,
    /// The conditions that were set, by name.
    pub conditions: Arc<Vec<(String, String)>>,
    /// What was decided.
    pub decisions: Vec<Decision>,
    /// Name and edition of the rule set in force.
    pub edition: String,
    /// Its digest.
    pub digest: Digest,
}

/// The decisions on the messages of an id, oldest first, without those that people made.
///
/// # Errors
/// Where the journal cannot be read.
pub fn of_message(reader: &Reader, id: MessageId) -> Result<Vec<Recorded>, Fault> {
    Gathering::default().gather(reader, reader.message(id)?, &mut Totals::default())
}

/// What is known while records are read in order.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    accepted: HashMap<MessageKey, Accepted>,
    /// Known items: no messages, and what the office made of them is no answer of the rules to anybody.
    seeded: HashSet<MessageKey>,
    reviewed: Option<(u64, Reviewed)>,
    consents: Consents,
    conditions: Arc<Vec<(String, String)>>,
}

impl Gathering {
    /// The decisions among the next records.
    pub(super) fn gather(&mut self, reader: &Reader, entries: Vec<Entry>, totals: &mut Totals) -> Result<Vec<Recorded>, Fault> {
        let mut found = Vec::new();
        for Entry { index, event, .. } in entries {
            match event {
                Event::Accepted(one) => {
                    if self.accepted.len() >= ACCEPTANCES_MAX {
                        self.accepted.clear();
                    }
                    self.accepted.insert(one.key(), one);
                }
                // One that waits for a second person has decided nothing.
                Event::Reviewed(one) if one.pending.is_some() => {}
                Event::Reviewed(one) => self.reviewed = Some((index, one)),
                Event::Seeded(one) => drop(self.seeded.insert(one.accepted.key())),
                Event::Decided(one) if self.seeded.contains(&one.message) => drop(self.reviewed.take()),
                Event::Decided(one) => {
                    let review = self.reviewed.take().filter(|(_, review)| review.message == one.message);
                    if is_by_people(&one) {
                        totals.by_people = totals.by_people.saturating_add(1);
                    } else {
                        found.extend(self.recorded(reader, index, one, review)?);
                    }
                }
                Event::Origin(one) => self.consents.use_up(&one),
                Event::Stated(one) => self.consents.take(one),
                Event::Condition(one) => {
                    let conditions = Arc::make_mut(&mut self.conditions);
                    conditions.retain(|(name, _)| *name != one.name);
                    conditions.push((one.name, one.value));
                }
                Event::Looked(_)
                | Event::Edition(_)
                | Event::Released(_)
                | Event::Delivered(_)
                | Event::Operated(_)
                | Event::Checkpointed(_)
                | Event::Restored(_) => {}
            }
        }
        Ok(found)
    }

    fn recorded(&mut self, reader: &Reader, record: u64, decided: Decided, review: Option<(u64, Reviewed)>) -> Result<Option<Recorded>, Fault> {
        let Decided { message: key, edition, edition_digest: digest, time: now, decisions, refusal: _, marking: _ } = decided;
        let (mut header, content) = match self.accepted.get(&key) {
            Some(accepted) => (accepted.header.clone(), accepted.body.digest),
            None => match acceptance(reader, &key)? {
                Some(found) => found,
                None => return Ok(None),
            },
        };
        // The gateway's own notices to peers are no messages that rules decide on.
        if header.media_type == MEDIA_TYPE {
            return Ok(None);
        }
        let grants = self.consents.grants(content);
        let mut waivers = Waivers::default();
        if let Some((index, review)) = review.filter(|(_, review)| review.verdict == Verdict::Release) {
            waivers = match review.choice {
                Some(choice) => chosen(choice)?,
                None => waived(reader, &key, &review.recipient, index)?,
            };
            header.destinations = vec![review.recipient];
        }
        let conditions = Arc::clone(&self.conditions);
        Ok(Some(Recorded { key, record, header, now, waivers, grants, conditions, decisions, edition, digest }))
    }
}

/// A rejection or return by a reviewer, the end of the time for reviews, and the withdrawal of a message by its originator, are no answers of the rules.
fn is_by_people(decided: &Decided) -> bool {
    let by_people = [Reason::ReviewRejected, Reason::ReviewReturned, Reason::ReviewExpired, Reason::RecallWithdrawn].map(Some);
    decided.decisions.iter().all(|decision| by_people.contains(&decision.code))
}

/// How a message was accepted; nothing for a known item, which nobody sent.
fn acceptance(reader: &Reader, key: &MessageKey) -> Result<Option<(Header, Digest)>, Fault> {
    let header = reader.message(key.id)?.into_iter().find_map(|entry| match entry.event {
        Event::Accepted(accepted) if accepted.key() == *key => Some(Some((accepted.header, accepted.body.digest))),
        Event::Seeded(seeded) if seeded.accepted.key() == *key => Some(None),
        _ => None,
    });
    header.ok_or_else(|| Fault::new(format!("the journal has a decision on `{}` and no acceptance; run `vestibule audit verify`", key.id)))
}

/// What a review waived: all findings of the decision that held the message, and the review of the clause.
fn waived(reader: &Reader, key: &MessageKey, recipient: &Name, before: u64) -> Result<Waivers, Fault> {
    let held = |entry: Entry| match entry.event {
        Event::Decided(decided) if entry.index < before && decided.message == *key => {
            decided.decisions.into_iter().find(|decision| decision.recipient == *recipient)
        }
        _ => None,
    };
    let decision = reader.message(key.id)?.into_iter().rev().find_map(held);
    let findings = decision.and_then(|decision| Waivers::of_recorded(&decision.findings));
    let findings = findings.ok_or_else(|| Fault::new(format!("the journal has a review of `{}` and no decision that held it", key.id)))?;
    Ok(Waivers { findings, clause_review: ClauseReview::Granted, ..Waivers::default() })
}

/// What a review let pass and took out, as its record says it.
fn chosen(choice: Choice) -> Result<Waivers, Fault> {
    let strange = || Fault::new("a review on record names a code that this program does not know");
    let mut waivers = Waivers { removed: Removals::by(choice.with.iter().map(String::as_str), choice.removed), ..Waivers::default() };
    for one in choice.waived {
        let code = Reason::from_code(&one.code).ok_or_else(strange)?;
        if code == Reason::AgreementReview {
            waivers.clause_review = ClauseReview::Granted;
        }
        waivers.findings.insert(Waiver { code, rule: one.rule.into(), path: one.path });
    }
    Ok(waivers)
}
