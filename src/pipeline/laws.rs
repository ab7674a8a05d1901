//! Laws of the whole path: what holds of both halves of the guard for every message, checked by tests, fuzzing and corpora alike.
//!
//! A law takes a setting and a message, and gives the sentence of what was broken; it never panics of itself.
//! Deliberately absent: agreements and content rules, which only the first half decides.

use std::collections::BTreeSet;

use crate::base::{Budget, Header, Reason, Refusal, Time};
use crate::format::{self, Received};
use crate::label::{self, Binding, Labelled, Lattice, Reading};
use crate::normal::Edits;
use crate::policy::PeerEntry;
use crate::rebuild;
use crate::release::exercise;
use crate::release::parts::{self, Kept};
use crate::translate::{self, Marked, Translation};
use crate::verify::{self, BlockedWords, Claim, Proposal};

/// A broken law: one sentence.
pub type Broken = String;

/// Who sends a message to whom, under which marking schemes, at what time.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'s> {
    /// The marking schemes.
    pub lattice: &'s Lattice,
    /// Who sends.
    pub sender: &'s PeerEntry,
    /// Who is to get it.
    pub recipient: &'s PeerEntry,
    /// When it is decided.
    pub now: Time,
}

/// What the first half reads and labels, the second half reads with the same labels, admits exactly where mandatory control admits it or a part of it,
/// and finds rewritten without an edit but what is withheld, in canonical form. A message that the first half refuses asks nothing of the second.
///
/// The header must address the recipient, with traffic that both peers may have. The recipient is asked as if it read every format: translation has a
/// law of its own.
///
/// # Errors
/// What was broken.
pub fn the_halves_agree(setting: &Setting<'_>, header: &Header, body: &[u8]) -> Result<(), Broken> {
    let mut budget = Budget::for_body(body.len());
    let Ok(parsed) = Received::new(header, body).and_then(|received| format::parse(received, &mut budget)) else { return Ok(()) };
    let reading = Reading { scheme: setting.sender.scheme, binding: Binding::Unbound };
    let Ok(labelled) = label::verify(parsed, setting.lattice, &reading, setting.now, &mut budget) else { return Ok(()) };
    let tree = labelled.parsed().tree();
    let admitted = apart(&labelled, header, setting).and_then(|()| parts::keep(setting.lattice, &labelled, setting.recipient, setting.now));
    let edits = admitted.as_ref().map(|kept| kept.edits(tree)).unwrap_or_default();
    let result = rebuild::bytes(tree, &edits, labelled.parsed().format().syntax);
    let result = result.map_err(|refusal| format!("what was read is not written: {refusal}"))?;
    let detached = header.label.as_deref().map(rebuild::detached).transpose();
    let detached = detached.map_err(|refusal| format!("a label that was read is not written: {refusal}"))?;
    let labels = (labelled.label(), admitted.as_ref().map_or(labelled.label(), Kept::label));
    let recipient = PeerEntry { reads: Vec::new(), ..setting.recipient.clone() };
    let verified = verify::reread(Claim {
        header,
        original: body,
        proposal: Proposal::new(labelled.parsed().format().name, (result, edits), labels).beside(detached),
        lattice: setting.lattice,
        sender: setting.sender,
        recipient: &recipient,
        blocked_words: &BlockedWords::default(),
        exercise_policies: &BTreeSet::new(),
        now: setting.now,
    });
    match (admitted, verified) {
        (Ok(_), Ok(_)) => Ok(()),
        (Err(_), Err(refusal)) if refusal.reason == Reason::VerifyRelease => Ok(()),
        (Err(refusal), Ok(_)) => Err(format!("the second half releases what mandatory control does not: {refusal}")),
        (_, Err(refusal)) => Err(format!("the second half refuses what the first half takes: {refusal}")),
    }
}

/// The first half's wall between exercise and operation.
fn apart(labelled: &Labelled<'_>, header: &Header, setting: &Setting<'_>) -> Result<(), Refusal> {
    let said = exercise::said(labelled.parsed().tree(), labelled.parsed().facts().traffic)?;
    exercise::agree(header.traffic, said, &setting.sender.traffic, &setting.recipient.traffic)
}

/// What a translation gave.
#[derive(Debug)]
pub struct Told {
    /// The bytes that would leave.
    pub bytes: Vec<u8>,
    /// The edits over the original, with what is lost.
    pub edits: Edits,
}

/// What the first half translates for a recipient that reads only the other format, the second half translates alike: the same tree, the same
/// losses, the same label. A message that the first half refuses, or of another format, gives the reason.
///
/// # Errors
/// What was broken.
pub fn the_halves_translate_alike(row: &Translation, setting: &Setting<'_>, header: &Header, body: &[u8]) -> Result<Result<Told, Reason>, Broken> {
    let mut budget = Budget::for_body(body.len());
    let parsed = match Received::new(header, body).and_then(|received| format::parse(received, &mut budget)) {
        Ok(parsed) if parsed.format().name == row.from => parsed,
        Ok(_) => return Ok(Err(Reason::TranslateNone)),
        Err(refusal) => return Ok(Err(refusal.reason)),
    };
    let reading = Reading { scheme: setting.sender.scheme, binding: Binding::Unbound };
    let labelled = match label::verify(parsed, setting.lattice, &reading, setting.now, &mut budget) {
        Ok(labelled) => labelled,
        Err(refusal) => return Ok(Err(refusal.reason)),
    };
    let kept = apart(&labelled, header, setting).and_then(|()| parts::keep(setting.lattice, &labelled, setting.recipient, setting.now));
    let kept = match kept {
        Ok(kept) => kept,
        Err(refusal) => return Ok(Err(refusal.reason)),
    };
    let tree = labelled.parsed().tree();
    let marked = Marked { lattice: setting.lattice, scheme: setting.sender.scheme, label: kept.label() };
    let made = translate::tree(row, labelled.parsed().format(), tree, &kept.edits(tree), marked, &mut budget);
    let (made, result) = match made.and_then(|made| rebuild::message(&made.tree, made.format).map(|result| (made, result))) {
        Ok(made) => made,
        Err(refusal) => return Ok(Err(refusal.reason)),
    };
    let recipient = PeerEntry { reads: vec![row.to], ..setting.recipient.clone() };
    let detached = match header.label.as_deref().map(rebuild::detached).transpose() {
        Ok(detached) => detached,
        Err(refusal) => return Err(format!("a label that was read is not written: {refusal}")),
    };
    let verified = verify::reread(Claim {
        header,
        original: body,
        proposal: Proposal::new(labelled.parsed().format().name, (result, made.edits.clone()), (labelled.label(), kept.label())).beside(detached),
        lattice: setting.lattice,
        sender: setting.sender,
        recipient: &recipient,
        blocked_words: &BlockedWords::default(),
        exercise_policies: &BTreeSet::new(),
        now: setting.now,
    });
    match verified {
        Ok(verified) => Ok(Ok(Told { bytes: verified.into_bytes(), edits: made.edits })),
        Err(refusal) => Err(format!("the second half refuses what the first half translates: {refusal}")),
    }
}
