//! The second reader: reads original and result again, with other code and other libraries, and must agree with the first.
//!
//! Takes a [`Claim`]: the original, the bytes that are about to leave, the declared edits and the first decision's label.
//! Gives [`Verified`]: proof that a reader which shares no code with the first (NIST SP 800-53 r5, AC-4(27))
//! found the same label, the same answer of mandatory control for this recipient, the same tree but for the declared edits,
//! and a result in canonical form. Only [`Verified`] may enter the outbox.
//!
//! Deliberately absent: any name of `format`, `filter`, `sanitise` or `rebuild`; agreements and content rules, which are
//! decided once; banner lines, which the first reader checks against the label.

mod acs;
mod around;
mod binding;
mod bound;
mod compare;
mod cot;
mod display;
mod ess;
mod exercise;
mod ism;
mod join;
mod json;
mod label;
mod mail;
mod mark;
mod marking;
mod misp;
mod moment;
mod mtf;
mod national;
mod nffi;
mod number;
mod oth;
mod place;
mod portion;
mod proposal;
mod readers;
mod release;
mod second;
mod shown;
mod stix;
mod tak;
mod third_party;
mod translate;
mod words;
mod xml;

pub use bound::{Bond, beside, bound};
pub use label::Said;
pub use proposal::Proposal;
pub use shown::{Shown, shown};
pub use third_party::{Parties, Release, digest_of, is_recall, third_parties};
pub use words::BlockedWords;

use std::collections::BTreeSet;

use crate::base::{Digest, Header, Name, Reason, Refusal, Time};
use crate::label::Lattice;
use crate::policy::{LabelBinding, PeerEntry};
use portion::{Decision, Ground};
use readers::{Canonical, Reader};
use second::Second;

/// What the second half knows by itself about one message and one recipient, and what the first half proposes.
#[derive(Debug)]
pub struct Claim<'c> {
    /// The header, as received.
    pub header: &'c Header,
    /// The body, as received.
    pub original: &'c [u8],
    /// What the first half claims.
    pub proposal: Proposal,
    /// The marking schemes.
    pub lattice: &'c Lattice,
    /// Who sent it.
    pub sender: &'c PeerEntry,
    /// Who is to get it.
    pub recipient: &'c PeerEntry,
    /// Words that must not stand in the result, whatever the first half found.
    pub blocked_words: &'c BlockedWords,
    /// Marking schemes that are kept for exercises.
    pub exercise_policies: &'c BTreeSet<String>,
    /// Now.
    pub now: Time,
}

/// Proof that the second reader agreed; holds the bytes that may leave and for whom.
#[derive(Debug)]
#[must_use]
pub struct Verified {
    bytes: Vec<u8>,
    digest: Digest,
    recipient: Name,
    detached: Option<String>,
}

impl Verified {
    /// The bytes that may leave.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The one recipient that may get them.
    #[must_use]
    pub const fn recipient(&self) -> &Name {
        &self.recipient
    }

    /// The detached label that leaves in the header, where the message came with one.
    #[must_use]
    pub fn detached(&self) -> Option<&str> {
        self.detached.as_deref()
    }

    /// The bytes, owned.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads original and result again and compares everything that the claim says.
///
/// # Errors
/// `verify.disagreement` where this reader refuses the original or finds another label; `verify.release` where it would
/// not release to this recipient; `verify.edit` where the result differs in more or less than the declared edits;
/// `verify.canonical` where the result is not in canonical form.
pub fn reread(claim: Claim<'_>) -> Result<Verified, Refusal> {
    match around::open(claim.sender, claim.header, claim.original).map_err(disagree)? {
        Some(around::Opened { header, metadata, content }) => {
            if let Some(metadata) = metadata {
                let tree = xml::read(metadata.as_bytes(), untyped).map_err(disagree)?;
                below(tree.root(), &claim)?;
            }
            compared(Claim { header: &header, original: content, ..claim }, Bound::Around)
        }
        None => {
            let bound = match (claim.sender.binding, &claim.header.label) {
                (LabelBinding::Unbound, _) => Bound::Not,
                (LabelBinding::Required, Some(_)) => Bound::Beside,
                (LabelBinding::Required, None) => Bound::Inside,
            };
            compared(claim, bound)
        }
    }
}

/// Where the binding of the labels stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// There need be none.
    Not,
    /// In the message.
    Inside,
    /// In the header.
    Beside,
    /// The message stood in it, and was taken out.
    Around,
}

fn compared(claim: Claim<'_>, bound: Bound) -> Result<Verified, Refusal> {
    let (reader, target) = identified(&claim)?;
    let original = (reader.read)(claim.original).map_err(disagree)?;
    let result = (target.read)(&claim.proposal.result).map_err(|expected| Refusal::new(Reason::VerifyCanonical, expected))?;
    (reader.check)(&original).map_err(disagree)?;
    (target.check)(&result).map_err(|expected| Refusal::new(Reason::VerifyEdit, expected))?;
    let said = claim.proposal.label.clone();
    let ground = Ground { reader, lattice: claim.lattice, scheme: claim.sender.scheme.index(), recipient: claim.recipient, now: claim.now };
    if bound == Bound::Inside {
        binding::check(&original, claim.header).map_err(disagree)?;
    }
    let marked = markings(&claim, bound, ground, &original, &said)?;
    detached(&claim, &said)?;
    addressed(&claim)?;
    apart(&claim, (reader.name, &original), (target.name, &result))?;
    let whole = Some(&said).filter(|_| marked > 0 || claim.header.label.is_some());
    let decision = decided(&claim, ground, &original, whole, &said)?;
    if reader.name == target.name {
        same(&claim, &original, &result)?;
        if mark::agreeing(&result, &(reader.marks)(&result), ground, &said) != Ok(marked) {
            return Err(disagree("the result does not carry the label of the original"));
        }
        let left = portion::labels(&result, ground, whole).map_err(disagree)?;
        portion::carried(&decision, &left, whole).map_err(disagree)?;
    } else {
        translated(&claim, (reader, &original), (target, &result), &decision.said)?;
        let unmarked = marked == 0 && !decision.has_parts();
        marked_as(&result, Ground { reader: target, ..ground }, &decision.said, unmarked).map_err(disagree)?;
    }
    target.spelling.check(&claim.proposal.result, &result)?;
    claim.blocked_words.absent_from(&result)?;
    let digest = Digest::of(&claim.proposal.result);
    drop(result);
    let Proposal { result: bytes, detached, .. } = claim.proposal;
    Ok(Verified { bytes, digest, recipient: claim.recipient.name.clone(), detached })
}

/// Reads a body with its second reader alone and gives the number of nodes: for benches; no proof comes of it.
///
/// # Errors
/// `verify.disagreement` where no reader claims the body or its reader refuses it.
pub fn read_alone(body: &[u8]) -> Result<usize, Refusal> {
    let reader = readers::identify(body).map_err(disagree)?;
    let tree = (reader.read)(body).map_err(disagree)?;
    (reader.check)(&tree).map_err(disagree)?;
    Ok(tree.nodes().len())
}

/// Reads an original and a result without edits, and compares them: for benches; no label is read and no proof comes of it.
///
/// # Errors
/// As those of [`reread`] that concern neither label nor edit.
pub fn agree(original: &[u8], result: &[u8]) -> Result<(), Refusal> {
    let reader = readers::identify(original).map_err(disagree)?;
    let original = (reader.read)(original).map_err(disagree)?;
    let again = (reader.read)(result).map_err(|expected| Refusal::new(Reason::VerifyCanonical, expected))?;
    (reader.check)(&original).and_then(|()| (reader.check)(&again)).map_err(disagree)?;
    let declared = place::Declared::default();
    let roots = original.root().zip(again.root()).ok_or_else(|| disagree("the second reader finds no message"))?;
    compare::element(roots.0, roots.1, &declared)?;
    reader.spelling.check(result, &again)
}

/// What the recipient may have of the original, by the second decision: the first half's label of it, and what it declares withheld, must be that.
fn decided(
    claim: &Claim<'_>,
    ground: Ground<'_>,
    original: &Second<'_>,
    whole: Option<&label::Said>,
    said: &label::Said,
) -> Result<Decision, Refusal> {
    let denied = |denied| Refusal::new(Reason::VerifyRelease, denied);
    let parts = portion::labels(original, ground, whole).map_err(disagree)?;
    if parts.is_empty() && whole.is_none() {
        return Err(disagree("the second reader finds no label"));
    }
    portion::agree(&parts, ground, whole, said).map_err(disagree)?;
    let decision = portion::decide(original, &parts, ground, whole, said).map_err(denied)?;
    portion::declared(&decision, &claim.proposal.edits)?;
    if decision.said != claim.proposal.released {
        return Err(disagree("what is left for the recipient has another label than the first half decided on"));
    }
    Ok(decision)
}

/// Checks a result in the format of the original: the same tree but for the declared edits.
fn same(claim: &Claim<'_>, original: &Second<'_>, result: &Second<'_>) -> Result<(), Refusal> {
    translate::none_declared(&claim.proposal.edits)?;
    let declared = place::Declared::locate(original, &claim.proposal.edits)?;
    let roots = original.root().zip(result.root()).ok_or_else(|| disagree("the second reader finds no message"))?;
    compare::element(roots.0, roots.1, &declared)
}

/// Checks a result in another format than the original.
fn translated(
    claim: &Claim<'_>,
    (reader, original): (&Reader, &Second<'_>),
    (target, result): (&Reader, &Second<'_>),
    said: &label::Said,
) -> Result<(), Refusal> {
    let row = translate::row(reader.name, target.name).ok_or_else(|| disagree("the second half does not translate into the format of the result"))?;
    let marked = translate::Marked { lattice: claim.lattice, said };
    translate::compare(row, original, result, &claim.proposal.edits, marked)
}

/// Checks that a translated result, as a whole or by its parts, says the label of what is released. Where the original's label stands in its
/// header only, so does the result's.
fn marked_as(result: &Second<'_>, ground: Ground<'_>, said: &label::Said, unmarked: bool) -> Result<(), &'static str> {
    let whole = mark::agreeing(result, &(ground.reader.marks)(result), ground, said)?;
    let whole = Some(said).filter(|_| whole > 0);
    let parts = portion::labels(result, ground, whole)?;
    portion::agree(&parts, ground, whole, said)?;
    if whole.is_none() && parts.is_empty() && !unmarked { Err("the result carries no label") } else { Ok(()) }
}

/// The second readers that claim original and result: that of the format that the first reader found, and that of a format that the recipient
/// reads, which is another only where it does not read the first.
fn identified(claim: &Claim<'_>) -> Result<(&'static Reader, &'static Reader), Refusal> {
    let reader = readers::identify(claim.original).map_err(disagree)?;
    if reader.name != claim.proposal.format {
        return Err(disagree("the second half finds another format than the first reader"));
    }
    let Ok(target) = readers::identify(&claim.proposal.result) else {
        return Err(Refusal::new(Reason::VerifyCanonical, "expected a result that one reader claims"));
    };
    if !claim.recipient.takes(target.name) {
        return Err(Refusal::new(Reason::VerifyRelease, "the result has a format that the recipient does not read"));
    }
    match claim.recipient.takes(reader.name) && target.name != reader.name {
        true => Err(Refusal::new(Reason::VerifyCanonical, "expected a result in the format of the original, which the recipient reads")),
        false => Ok((reader, target)),
    }
}

fn disagree(what: &'static str) -> Refusal {
    Refusal::new(Reason::VerifyDisagreement, what)
}

/// Checks that the message is meant for this recipient, and of a kind of traffic that both sides may have.
fn addressed(claim: &Claim<'_>) -> Result<(), Refusal> {
    let recipient = claim.recipient;
    let meant = |name: &Name| *name == recipient.name || release::communities(recipient, claim.now).any(|community| community == name);
    if !claim.header.destinations.iter().any(meant) {
        return Err(Refusal::new(Reason::VerifyRelease, "the message is not addressed to this recipient"));
    }
    if [claim.sender, recipient].iter().any(|peer| !peer.traffic.contains(&claim.header.traffic)) {
        return Err(Refusal::new(Reason::VerifyRelease, "exercise and operation would mix"));
    }
    Ok(())
}

/// Checks that header, original, result and the policy of the label are all of an exercise or all of an operation.
fn apart(claim: &Claim<'_>, (from, original): (&str, &Second<'_>), (into, result): (&str, &Second<'_>)) -> Result<(), Refusal> {
    let flag = claim.header.traffic;
    let policy = claim.lattice.policies().get(claim.proposal.label.policy).map_or("", |policy| policy.name.as_str());
    exercise::policy_fits(flag, policy, claim.exercise_policies)?;
    exercise::says(flag, from, original)?;
    exercise::says(flag, into, result)
}

/// Checks that every marking of the message as a whole, in body or header, says what the first reader's label says; gives the number
/// of markings in the body.
fn markings(claim: &Claim<'_>, bound: Bound, ground: Ground<'_>, original: &Second<'_>, said: &label::Said) -> Result<usize, Refusal> {
    let in_body = mark::agreeing(original, &(ground.reader.marks)(original), ground, said).map_err(disagree)?;
    match &claim.header.label {
        Some(detached) => {
            let tree = xml::read(detached.as_bytes(), untyped).map_err(disagree)?;
            let root = tree.root().ok_or_else(|| disagree("the detached label is no label"))?;
            if bound == Bound::Not && display::is_display(root) {
                return display::agree(&tree, claim.lattice, claim.sender.scheme.index(), said).map(|()| in_body).map_err(disagree);
            }
            let label = match bound {
                Bound::Inside | Bound::Beside => {
                    binding::beside(&tree, claim.original).map_err(disagree)?;
                    let of_metadata = |part: &second::Part<'_, '_>| matches!(label::mark_of(*part), Some(mark::Mark::Metadata(_)));
                    root.all().filter(of_metadata).try_for_each(|part| below(Some(part), claim))?;
                    let mut labels = root.all().filter(|part| label::is_label(*part));
                    labels.next().filter(|_| labels.next().is_none()).ok_or_else(|| disagree("expected one label in the binding of the header"))?
                }
                Bound::Not | Bound::Around => root,
            };
            detached_says(label, claim.lattice, said).map(|()| in_body)
        }
        None => Ok(in_body),
    }
}

/// Checks that a label of metadata in a binding is not above the first reader's label.
fn below(metadata: Option<second::Part<'_, '_>>, claim: &Claim<'_>) -> Result<(), Refusal> {
    let metadata = metadata.ok_or_else(|| disagree("the label of the metadata is no label"))?;
    let said = label::stanag(metadata, claim.lattice).map_err(disagree)?;
    portion::below(&said, &claim.proposal.label, claim.lattice, claim.now).map_err(disagree)
}

fn detached_says(part: second::Part<'_, '_>, lattice: &Lattice, said: &label::Said) -> Result<(), Refusal> {
    if !label::is_label(part) {
        return Err(disagree("the detached label is no label"));
    }
    match label::stanag(part, lattice).map_err(disagree)? == *said {
        true => Ok(()),
        false => Err(disagree("the detached label does not say what the first reader's label says")),
    }
}

/// Labels have no value that is compared other than character by character.
fn untyped(_: second::Part<'_, '_>) -> xml::Typed {
    &[]
}

/// Checks the detached label that is about to leave beside a result: there where the message came with one, canonical, and saying what the first
/// reader's label says.
fn detached(claim: &Claim<'_>, said: &Said) -> Result<(), Refusal> {
    match (&claim.header.label, &claim.proposal.detached) {
        (None, None) => Ok(()),
        (Some(_), Some(written)) => {
            let tree = xml::read(written.as_bytes(), untyped).map_err(|expected| Refusal::new(Reason::VerifyCanonical, expected))?;
            Canonical::Compared(xml::canonical).check(written.as_bytes(), &tree)?;
            let root = tree.root().ok_or_else(|| disagree("the detached label is no label"))?;
            if display::is_display(root) {
                display::leaves(&tree).map_err(|expected| Refusal::new(Reason::VerifyCanonical, expected))?;
                return display::agree(&tree, claim.lattice, claim.sender.scheme.index(), said).map_err(disagree);
            }
            detached_says(root, claim.lattice, said)
        }
        _ => Err(disagree("a detached label leaves where none came, or does not leave where one came")),
    }
}
