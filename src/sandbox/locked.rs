//! Secret bytes in locked memory: never swapped, never in a core, zero once nobody needs them.
//!
//! To be made before the walls close, for locking is a call that no role may make afterwards. Giving them back is allowed at any time.

use zeroize::Zeroize as _;

use super::sys::Pages;
use crate::base::Fault;

/// Secret bytes.
pub struct Locked {
    pages: Pages,
}

impl Locked {
    /// Copies a secret into locked memory; whoever calls wipes what it copied from.
    ///
    /// # Errors
    /// When the system locks no more: its limit is `ulimit -l`, and each secret takes a page.
    pub fn copy(secret: &[u8]) -> Result<Self, Fault> {
        Self::fill(secret.len(), |bytes| bytes.copy_from_slice(secret))
    }

    /// Locked memory of a length, filled in place, so that the secret stands nowhere else.
    ///
    /// # Errors
    /// As [`Locked::copy`].
    pub fn fill(length: usize, fill: impl FnOnce(&mut [u8])) -> Result<Self, Fault> {
        let taken = Pages::take(length);
        let mut pages = taken.map_err(|cause| Fault::from_cause("memory for a secret cannot be locked; raise the limit of locked memory", cause))?;
        fill(pages.bytes_mut());
        Ok(Self { pages })
    }

    /// The secret.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.pages.bytes()
    }
}

impl std::fmt::Debug for Locked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Locked(..)")
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        self.pages.bytes_mut().zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The flags of the mapping in which an address lies, as the system shows them.
    fn flags(address: usize) -> String {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut inside = false;
        for line in maps.lines() {
            let range = line.split_whitespace().next().unwrap().split_once('-');
            if let Some((Ok(from), Ok(to))) = range.map(|(from, to)| (usize::from_str_radix(from, 16), usize::from_str_radix(to, 16))) {
                inside = (from..to).contains(&address);
            } else if inside && line.starts_with("VmFlags:") {
                return line.to_owned();
            }
        }
        panic!("the address is not mapped");
    }

    #[test]
    fn a_secret_is_locked_and_in_no_core_and_in_no_child() {
        let secret = Locked::copy(b"once upon a midnight").unwrap();
        assert_eq!(secret.bytes(), b"once upon a midnight");
        let flags = flags(secret.bytes().as_ptr().addr());
        assert!([" lo", " dd", " dc"].iter().all(|flag| flags.contains(flag)), "{flags}");
        assert_eq!(format!("{secret:?}"), "Locked(..)");
    }

    #[test]
    fn an_empty_secret_and_one_of_several_pages_are_whole() {
        assert!(Locked::copy(b"").unwrap().bytes().is_empty());
        let long = Locked::fill(10_000, |bytes| bytes.fill(7)).unwrap();
        assert!(long.bytes().len() == 10_000 && long.bytes().iter().all(|byte| *byte == 7));
    }
}
