//! Files of signing keys: made once, readable by their owner alone.

use std::path::Path;

use zeroize::Zeroizing;

use crate::base::Fault;
use crate::journal::seal::{read_key_file, write_key_file};
use crate::statement::SignerKey;

impl SignerKey {
    /// Makes a key file, readable by its owner alone. `name` should be an address that the gateway's owner controls, with a path.
    ///
    /// # Errors
    /// Where the name does not fit, or the file exists or cannot be written.
    pub fn create(path: &Path, name: &str) -> Result<Self, Fault> {
        let mut seed = Zeroizing::new([0_u8; 32]);
        aws_lc_rs::rand::fill(seed.as_mut()).map_err(|_| Fault::new("the system gave no randomness for a key"))?;
        let (made, text) = Self::made(name, &seed)?;
        write_key_file(path, &text)?;
        Ok(made)
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// Where it cannot be read, others than its owner may read it, or it holds no key.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let text = read_key_file(path)?;
        Self::parse(text.trim_end_matches('\n')).map_err(|e| Fault::new(format!("`{}` holds no signing key: {e}", path.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signing_key_file_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.key");
        let made = SignerKey::create(&path, "gbr.example/vestibule").unwrap();
        assert_eq!(SignerKey::open(&path).unwrap().verifier(), made.verifier());
        assert!(SignerKey::create(&folder.path().join("b"), "two words").is_err());
    }
}
