//! The trial of an edition before it comes into force: its own cases, through the whole path.
//!
//! Takes a compiled edition, gives every expectation that is not met. It is what `vestibule rules test` runs, without its tables.

use super::world::Secrets;
use crate::base::{Fault, Time};
use crate::cases::{Seen, Trial};
use crate::label::Signer;
use crate::link::pki::{Anchor, Use};
use crate::pipeline::{Guard, Inspector};
use crate::policy::{Bind, Case, Expectation};

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
