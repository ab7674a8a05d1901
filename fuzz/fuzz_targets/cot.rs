//! Cursor-on-Target: every law of the formats, for any bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule::format::{by_name, laws};
use vestibule::normal::Edits;
use vestibule::rebuild;

fuzz_target!(|body: &[u8]| {
    let format = by_name("cot").expect("the format is in the table");
    laws::all(format, body, |tree, syntax| rebuild::bytes(tree, &Edits::default(), syntax)).expect("a law");
});
