//! Internet mail: every law of the formats, and both halves of the guard at one, for any bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule::format::{by_name, laws};
use vestibule::normal::Edits;
use vestibule::rebuild;
use vestibule_fuzz::{OPEN, through_both};

fuzz_target!(|body: &[u8]| {
    let format = by_name("mail").expect("the format is in the table");
    laws::all(format, body, |tree, syntax| rebuild::bytes(tree, &Edits::default(), syntax)).expect("a law");
    // Marked in the body, or with a label beside it, so that unmarked bodies meet the second reader too.
    through_both(body.len(), None, body);
    through_both(body.len(), Some(OPEN), body);
});
