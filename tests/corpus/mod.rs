//! Other people's messages, where their folder stands beside the checkout: `../shared/samples`, or what `VESTIBULE_SAMPLES` names.

mod oth;
mod misp;

use std::path::{Path, PathBuf};

/// A folder of shared samples; says so in one line where it is absent.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    let path = std::env::var_os("VESTIBULE_SAMPLES").map_or_else(beside, PathBuf::from).join(folder);
    if path.is_dir() {
        Some(path)
    } else {
        println!("not run: {} is absent", path.display());
        None
    }
}
