//! Tokens of forms: proof that a form came from a page that this console gave to this officer within the last two hours.
//!
//! A token is an HMAC over the officer and the hour, under a key made at the start: nothing is stored, and nothing survives a restart.

use aws_lc_rs::hmac;

use crate::base::Fault;

const HOUR: u64 = 3600;

/// Makes and checks tokens.
pub(super) struct Tokens(hmac::Key);

impl Tokens {
    pub(super) fn new() -> Result<Self, Fault> {
        let mut secret = zeroize::Zeroizing::new([0_u8; 32]);
        aws_lc_rs::rand::fill(secret.as_mut()).map_err(|_| Fault::new("the system gave no randomness for the console's forms"))?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref())))
    }

    fn text(officer: &str, hour: u64) -> String {
        format!("vestibule form 1\n{officer}\n{hour}")
    }

    /// The token of an officer at this time, in seconds since 1970.
    pub(super) fn make(&self, officer: &str, now: u64) -> String {
        let hour = now.div_euclid(HOUR);
        let tag = hmac::sign(&self.0, Self::text(officer, hour).as_bytes());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether it is this officer's, of this hour or the one before it.
    pub(super) fn check(&self, officer: &str, now: u64, given: &str) -> bool {
        let hour = now.div_euclid(HOUR);
        let Some(tag) = bytes(given) else { return false };
        [hour, hour.saturating_sub(1)].iter().any(|hour| hmac::verify(&self.0, Self::text(officer, *hour).as_bytes(), &tag).is_ok())
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    (hex.len() == 64).then(|| pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_officer_this_hour_and_the_next() {
        let tokens = Tokens::new().unwrap();
        let made = tokens.make("ann", 7200);
        for (officer, now, good) in
            [("ann", 7200, true), ("ann", 10_799, true), ("ann", 14_399, true), ("ann", 14_400, false), ("ann", 7199, false), ("bob", 7200, false)]
        {
            assert_eq!(tokens.check(officer, now, &made), good, "{officer} {now}");
        }
        assert!(!Tokens::new().unwrap().check("ann", 7200, &made), "another start has another key");
        for bad in ["", "0", made.get(1..).unwrap(), &format!("{made}00"), &"g".repeat(64), &"é".repeat(32)] {
            assert!(!tokens.check("ann", 7200, bad), "{bad}");
        }
    }
}
