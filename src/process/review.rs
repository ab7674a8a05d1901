//! Review: what people decide about held messages. A release waives findings, never mandatory control, and goes through the whole path again.
//!
//! Where the configuration has officers, nothing counts but what a reviewer has signed: the note names message, recipient, edition and the digest of what
//! leaves, and what leaves is that or nothing. Without officers whoever may ask may decide, and the log says so.
//!
//! INVARIANT: where two persons must agree, nothing follows from the word of one; where they differ, nothing follows at all.

mod case;
mod choices;
mod expiry;
mod returned;

pub(super) use case::{Case, persons};
pub(super) use choices::{Choices, officer};
pub(super) use expiry::expires;

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use super::decide::Question;
use super::keeper::Shared;
use super::seeds::lesson;
use super::world;
use crate::base::encoding::{maybe, word};
use crate::base::{Fault, MessageId, Name, Outcome, Reason};
use crate::control::Response;
use crate::control::review::{Chosen, ReviewStatement};
use crate::filter::{Removals, Waivers};
use crate::hop::message::{Preview, Wish};
use crate::journal::{Choice, Decided, Decision, Event, Pending, Reviewed, Verdict, Waived};
use crate::statement::ReturnClass;
use choices::Turn;

/// What a reviewer asks for without a signature.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Ask {
    /// The message.
    #[cbor(n(0), with = "word")]
    pub id: MessageId,
    /// The peer that sent it; needed where two peers used the same id.
    #[cbor(n(1), with = "maybe")]
    pub from: Option<Name>,
    /// For which recipient; `None` for all for whom it is held.
    #[cbor(n(2), with = "maybe")]
    pub recipient: Option<Name>,
    /// Who asks.
    #[n(3)]
    pub reviewer: String,
    /// What is wanted.
    #[n(4)]
    pub verdict: Verdict,
    /// Why.
    #[n(5)]
    pub reason: String,
    /// Findings that are let pass, each with its reason; without a list, all that may be, for the reason given.
    #[n(6)]
    pub waived: Option<Vec<(String, String)>>,
    /// Fields that are taken out.
    #[n(7)]
    pub removed: Vec<String>,
    /// The class of reason that the sender is told, where it is returned.
    #[n(8)]
    pub class: Option<ReturnClass>,
    /// The colleague to whom it is passed.
    #[cbor(n(9), with = "maybe")]
    pub colleague: Option<Name>,
}

/// What became of it, for each recipient.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, serde::Serialize)]
pub struct Asked {
    /// The recipient.
    #[cbor(n(0), with = "word")]
    pub recipient: Name,
    /// The outcome after the review.
    #[cbor(n(1), with = "word")]
    pub outcome: Outcome,
    /// The reason that decides now.
    #[cbor(n(2), with = "maybe")]
    pub code: Option<Reason>,
    /// What came of the review, where it was not carried out at once.
    #[n(3)]
    pub pending: Option<Pending>,
    /// What there is to learn from it, where it was a known item of the office.
    #[n(4)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lesson: Option<String>,
}

impl Asked {
    /// The same with what there is to learn, where a known item is decided.
    fn taught(self, case: &Case, verdict: Verdict) -> Self {
        let lesson = case.seeded.as_ref().filter(|_| self.pending.is_none()).map(|seeded| lesson(seeded, verdict));
        Self { lesson, ..self }
    }
}

/// One person's decision on one held message, whoever vouches for it.
pub(super) struct Review {
    reviewer: String,
    reason: String,
    note: Option<String>,
    verdict: Verdict,
    choice: Choice,
    /// What the path is to let pass and take out.
    waivers: Waivers,
}

/// Why a review is not carried out: one line for whoever asked.
pub(super) type Refused = String;

impl Shared {
    /// Carries out what somebody asks without a signature.
    pub(super) async fn review(&self, ask: &Ask) -> Result<Vec<Asked>, Fault> {
        if !self.config.load().officers.is_empty() {
            return Err(Fault::new(
                "the configuration names officers: a review must be signed by one; give `--key`, see `vestibule quarantine release`",
            ));
        }
        let _turn = self.reviewing.lock().await;
        tracing::warn!(reviewer = ask.reviewer, message = %ask.id, "A REVIEW WITHOUT SIGNATURE: the configuration names no officers");
        let mut asked = Vec::new();
        for case in self.cases(ask).await? {
            let review = self.unsigned(&case, ask).await?.map_err(Fault::new)?;
            let verdict = review.verdict;
            let pending = self.settle(&case, review).await?.map_err(Fault::new)?;
            asked.push(self.standing(&case, pending).await?.taught(&case, verdict));
        }
        match asked.is_empty() {
            true => Err(Fault::new(format!("nothing is held under `{}`", ask.id))),
            false => Ok(asked),
        }
    }

    /// Carries out what a reviewer has signed.
    pub(super) async fn take_note(&self, note: &str) -> Result<Response, Fault> {
        let _turn = self.reviewing.lock().await;
        Ok(match self.signed(note).await? {
            Ok(response) => response,
            Err(text) => {
                tracing::warn!(why = text, "a review is refused");
                Response::Refused { text: format!("the message stays as it is: {text}") }
            }
        })
    }

    async fn signed(&self, note: &str) -> Result<Result<Response, Refused>, Fault> {
        let config = self.config.load_full();
        let officers = self.officers()?;
        if officers.is_empty() {
            return Ok(Err("the configuration names no officers, whose signatures would count".to_owned()));
        }
        let (said, _) = match officers.review(note) {
            Ok(said) => said,
            Err(why) => return Ok(Err(why)),
        };
        let skew = world::now().seconds_since(said.signed).unsigned_abs();
        if skew > u64::from(config.clock_seconds_max) {
            return Ok(Err(format!("it was signed {skew} seconds from now, expected at most {}; sign it again", config.clock_seconds_max)));
        }
        let subject = &said.subject;
        let Some(case) = self.case(&subject.from, subject.message, &subject.to).await? else {
            return Ok(Err(format!("nothing is held under `{}` for `{}`; it may be decided already", subject.message, subject.to)));
        };
        if let Err(why) = case.subject(self.shifts.now().edition.digest).is(subject) {
            return Ok(Err(why));
        }
        if case.has_note(note) {
            return Ok(Err("this statement was taken before; look at the message again, and sign anew".to_owned()));
        }
        let review = match self.weighed(&case, &said, note).await? {
            Ok(review) => review,
            Err(why) => return Ok(Err(why)),
        };
        if let (Verdict::Pass, Some(colleague)) = (review.verdict, &review.choice.colleague)
            && !officers.is_reviewer(colleague)
        {
            return Ok(Err(format!("`{colleague}` is no reviewer")));
        }
        let verdict = review.verdict;
        let pending = match self.settle(&case, review).await? {
            Ok(pending) => pending,
            Err(why) => return Ok(Err(why)),
        };
        let now = self.standing(&case, pending).await?.taught(&case, verdict);
        Ok(Ok(answer(&now)))
    }

    /// What a signed statement asks, where what would leave is what it says.
    async fn weighed(&self, case: &Case, said: &ReviewStatement, note: &str) -> Result<Result<Review, Refused>, Fault> {
        let (reviewer, note) = (said.officer.to_string(), Some(note.to_owned()));
        let (class, colleague) = match &said.chosen {
            Chosen::Return(class) => (Some(*class), None),
            Chosen::Pass(colleague) => (None, Some(colleague.to_string())),
            Chosen::Release { waived, removed, leaves } => {
                let release = self.release(case, &reviewer, Some(waived), (removed.iter().cloned().collect(), &said.reason)).await?;
                let review = release.map(|review| Review { note, reason: said.reason.clone(), ..review });
                return Ok(review.and_then(|review| match review.choice.leaves == Some(*leaves) {
                    true => Ok(review),
                    false => {
                        Err("what would leave has another digest than the one that was signed: look at the message again, and sign that".to_owned())
                    }
                }));
            }
            Chosen::Reject => (None, None),
        };
        let choice = self.bare(class, colleague);
        let verdict = said.chosen.verdict();
        Ok(Ok(Review { reviewer, reason: said.reason.clone(), note, verdict, choice, waivers: Waivers::default() }))
    }

    async fn unsigned(&self, case: &Case, ask: &Ask) -> Result<Result<Review, Refused>, Fault> {
        let (class, colleague) = match (ask.verdict, ask.class, &ask.colleague) {
            (Verdict::Release, ..) => {
                let waived: Option<BTreeMap<String, String>> = ask.waived.as_ref().map(|waived| waived.iter().cloned().collect());
                return self.release(case, &ask.reviewer, waived.as_ref(), (ask.removed.clone(), &ask.reason)).await;
            }
            (Verdict::Return, None, _) => return Ok(Err("expected the class of reason that the sender is told".to_owned())),
            (Verdict::Pass, _, None) => return Ok(Err("expected the colleague to whom it is passed".to_owned())),
            (_, class, colleague) => (class, colleague.as_ref().map(Name::to_string)),
        };
        let (choice, reviewer) = (self.bare(class, colleague), ask.reviewer.clone());
        Ok(Ok(Review { reviewer, reason: ask.reason.clone(), note: None, verdict: ask.verdict, choice, waivers: Waivers::default() }))
    }

    /// A choice by which nothing leaves.
    fn bare(&self, class: Option<ReturnClass>, colleague: Option<String>) -> Choice {
        let edition = self.shifts.now().edition.digest;
        Choice { edition, waived: Vec::new(), removed: Vec::new(), leaves: None, class, colleague, with: Vec::new() }
    }

    /// A release: the path is asked what would leave.
    async fn release(
        &self,
        case: &Case,
        reviewer: &str,
        waived: Option<&BTreeMap<String, String>>,
        (removed, reason): (Vec<String>, &str),
    ) -> Result<Result<Review, Refused>, Fault> {
        let wish = Wish {
            waived: waived.map(|waived| waived.keys().cloned().collect()),
            removed,
            rule: Removals::by(std::iter::once(reviewer), Vec::new()).rule.to_string(),
        };
        let (edition, preview) = self.preview(case, wish).await?;
        if let Some(name) = preview.strange.first() {
            return Ok(Err(format!("`{name}` is no finding of the message that reviewers may let pass")));
        }
        let Some(leaves) = preview.leaves else {
            return Ok(Err(format!("nothing would leave: {}", case::would(&preview))));
        };
        let why = |name: &str| waived.and_then(|waived| waived.get(name)).cloned().unwrap_or_else(|| reason.to_owned());
        let waiver = |waiver: &crate::filter::Waiver| Waived {
            reason: why(&waiver.name()),
            code: waiver.code.code().to_owned(),
            rule: waiver.rule.to_string(),
            path: waiver.path.clone(),
        };
        let choice = Choice {
            edition,
            waived: preview.waivers.findings.iter().map(waiver).collect(),
            removed: preview.waivers.removed.paths.iter().cloned().collect(),
            leaves: Some(leaves),
            class: None,
            colleague: None,
            with: Vec::new(),
        };
        let (reviewer, reason) = (reviewer.to_owned(), reason.to_owned());
        Ok(Ok(Review { reviewer, reason, note: None, verdict: Verdict::Release, choice, waivers: preview.waivers }))
    }

    /// What an inspector shows of a message under a wish, and the edition under which it looked.
    pub(super) async fn preview(&self, case: &Case, wish: Wish) -> Result<(crate::base::Digest, Preview), Fault> {
        let work = self.shifts.work();
        let shift = &work.shift;
        let kept = case.kept(None)?;
        let grants = self.statements.read().await.grants(&shift.edition, &kept.message, kept.only.as_ref());
        let question = Question { grants, wish: Some(wish), ..kept.question(self, Waivers::default(), world::now()) };
        let lost = || Fault::new("no inspector could show the message; look into the log, and ask again");
        let inspection = shift.inspectors.ask(case.row.precedence, question).await.map_err(|_| lost())?;
        match inspection.edition == shift.edition.digest {
            true => inspection.preview.map(|preview| (inspection.edition, preview)).ok_or_else(lost),
            false => Err(lost()),
        }
    }

    /// Records a decision, and carries it out where enough persons agree.
    async fn settle(&self, case: &Case, review: Review) -> Result<Result<Option<Pending>, Refused>, Fault> {
        let edition = std::sync::Arc::clone(&self.shifts.now().edition);
        let officers = self.officers()?;
        let turn = match review.verdict {
            Verdict::Pass => Turn::Keep(Pending::Passed),
            _ => match Choices::of(case, edition.digest, &officers).turn(case.persons(&edition), &review) {
                Ok(turn) => turn,
                Err(why) => return Ok(Err(why)),
            },
        };
        let with = match turn {
            Turn::Keep(pending) => {
                self.append(case, vec![reviewed(case, &review, Vec::new(), Some(pending))]).await?;
                return Ok(Ok(Some(pending)));
            }
            Turn::CarryOut(with) => with,
        };
        let event = reviewed(case, &review, with.clone(), None);
        // A known item: the answer is on record, and nothing follows from it.
        if case.seeded.is_some() {
            self.append(case, vec![event, self.refused(case, Reason::ReviewSeed)]).await?;
            return Ok(Ok(None));
        }
        match review.verdict {
            Verdict::Release => {
                let waivers =
                    Waivers { removed: Removals::by(with.iter().map(String::as_str), review.choice.removed.iter().cloned()), ..review.waivers };
                self.decide_again(case.kept(review.choice.leaves)?, waivers, vec![event]).await?;
            }
            Verdict::Return => {
                let class = review.choice.class.unwrap_or(ReturnClass::Other);
                let refused = self.refused(case, Reason::ReviewReturned);
                self.give_back(case, class, vec![event, refused]).await?;
            }
            Verdict::Reject | Verdict::Pass => self.append(case, vec![event, self.refused(case, Reason::ReviewRejected)]).await?,
        }
        Ok(Ok(None))
    }

    /// The decision by which a held message never leaves.
    fn refused(&self, case: &Case, code: Reason) -> Event {
        let shift = self.shifts.now();
        let decision = Decision {
            recipient: case.row.recipient.clone(),
            outcome: Outcome::Reject,
            code: Some(code),
            clause: case.row.clause.clone(),
            findings: "[]".to_owned(),
            edits: "[]".to_owned(),
            output: None,
            permit: None,
        };
        Event::Decided(Decided {
            message: case.key(),
            edition: shift.title.clone(),
            edition_digest: shift.edition.digest,
            time: world::now(),
            decisions: vec![decision],
            refusal: None,
            marking: case.marking.clone(),
        })
    }

    async fn append(&self, case: &Case, events: Vec<Event>) -> Result<(), Fault> {
        let appended = self.journal.append(events, case.row.precedence).await;
        appended.map(|_| ()).map_err(|denied| Fault::from_cause("the journal refused the review", denied))
    }
}

/// The record of a review.
fn reviewed(case: &Case, review: &Review, with: Vec<String>, pending: Option<Pending>) -> Event {
    let name = |waived: &Waived| crate::base::on_one_line(&format!("{} {} {}", waived.code, waived.rule, waived.path));
    Event::Reviewed(Reviewed {
        message: case.key(),
        recipient: case.row.recipient.clone(),
        reviewer: review.reviewer.clone(),
        verdict: review.verdict,
        waivers: review.choice.waived.iter().map(name).collect(),
        reason: review.reason.clone(),
        time: world::now(),
        choice: Some(Choice { with, ..review.choice.clone() }),
        note: review.note.clone(),
        pending,
    })
}

/// What whoever asked is told.
fn answer(now: &Asked) -> Response {
    let code = now.code.map(|code| format!(" ({code})")).unwrap_or_default();
    let lesson = now.lesson.as_ref().map(|lesson| format!("; {lesson}")).unwrap_or_default();
    let text = format!("{}: {}{code}{lesson}", now.recipient, now.outcome);
    match now.pending {
        None => Response::Done { text },
        Some(pending) => Response::Waiting { text: format!("{text}; {}", pending.told()) },
    }
}
