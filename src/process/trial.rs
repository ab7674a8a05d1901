//! The trial of an edition before it comes into force: its own cases, through the whole path, and the proof of its invariants.
//!
//! Takes a compiled edition, gives every expectation that is not met and every invariant that does not hold. It is what `vestibule rules test` and
//! `vestibule rules prove` run, without their tables.

use std::path::Path;

use super::world::Secrets;
use crate::base::{Fault, Time};
use crate::cases::{Seen, Trial};
use crate::label::Signer;
use crate::link::pki::{Anchor, Use};
use crate::pipeline::{Guard, Inspector};
use crate::policy::{Bind, Case, Expectation};
use crate::prove::{self, CounterExample, Obstacle, Options, Proof, STEPS, Verdict};

/// Days that a key for looking only is valid: one, that of the case.
const PRACTICE_DAYS: u32 = 1;

/// Every expectation of the edition's cases that is not met, one line each.
///
/// # Errors
/// Where a key for looking only cannot be made.
pub(super) fn unmet(guard: &Guard) -> Result<Vec<String>, Fault> {
    let secrets = Secrets::from_bytes(b"cases: no pseudonym made with this key ever leaves");
    let mut inspector = Inspector::new(guard);
    let mut unmet = Vec::new();
    for case in &guard.edition().cases {
        let passage = Trial { case, signer: practice(guard, case)? }.pass(&mut inspector, &secrets.keys());
        for expected in &case.expect {
            let found = Seen::found(&passage, expected);
            if found.as_ref() != Some(&Seen::from(expected)) {
                unmet.push(line(case, expected, &found.map_or_else(|| "nothing".to_owned(), |found| found.to_string())));
            }
        }
    }
    guard.meet(&[]);
    Ok(unmet)
}

fn line(case: &Case, expected: &Expectation, found: &str) -> String {
    format!("{}: the case `{}` expects {} for `{}`, found {found}", case.rule, case.name, Seen::from(expected), expected.to)
}

/// A binding key of the time of a case, for looking only; none where nobody of the case gets labels bound.
///
/// # Errors
/// Where it cannot be made.
pub fn practice(guard: &Guard, case: &Case) -> Result<Option<Signer>, Fault> {
    let binds = |expected: &Expectation| guard.edition().peers.get(&expected.to).is_some_and(|peer| peer.bind != Bind::Nothing);
    if !case.expect.iter().any(binds) {
        return Ok(None);
    }
    signer_of(case.now).map(Some)
}

fn signer_of(now: Time) -> Result<Signer, Fault> {
    let issued = Anchor::make("practice", now, PRACTICE_DAYS)?.issue("practice.lab", Use::Label, now, PRACTICE_DAYS)?;
    Signer::of_pem(issued.key.as_bytes(), issued.certificate.as_bytes())
}

/// Every invariant of the edition that is not proved, one line each. What the model cannot hold and a solver that is not there prove nothing either.
pub(super) fn unproved(guard: &Guard, solver: &Path) -> Vec<String> {
    if guard.edition().invariants.is_empty() {
        return Vec::new();
    }
    match prove::prove(guard, &Options { solver, steps: STEPS, against: None }) {
        Ok(report) => report.proofs.iter().filter_map(open).collect(),
        Err(Obstacle::Fault(fault)) => vec![format!("the invariants are not proved: {fault}")],
        Err(Obstacle::Rules(complaints)) => {
            complaints.iter().map(|complaint| format!("{}: {}; {}", complaint.file, complaint.what, complaint.remedy)).collect()
        }
    }
}

/// What is wrong with one invariant; nothing where it is proved.
fn open(proof: &Proof) -> Option<String> {
    let why = match &proof.verdict {
        Verdict::Proved => return None,
        Verdict::False(found) => format!("is false: {}", example(found)),
        Verdict::Idle(clauses) => {
            let names: Vec<String> = clauses.iter().map(ToString::to_string).collect();
            format!("is false: nothing may be released under {}", names.join(", "))
        }
        Verdict::Undecided(why) => format!("is not decided: {why}"),
    };
    Some(format!("{}: the invariant `{}` ({}) {why}", proof.rule, proof.id, proof.sentence))
}

/// The summary of a counter-example: who, what and when, and what the real path did; `vestibule rules prove` shows it whole.
fn example(found: &CounterExample) -> String {
    let witness = &found.witness;
    format!("{} `{}` from `{}` to `{}` at {}; {}", witness.format.name, witness.kind, witness.from, witness.to, witness.now, found.seen.sentence())
}
