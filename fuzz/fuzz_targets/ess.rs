//! Binary security labels: the bytes as the label of a mail, every law of the formats, and both halves of the guard at one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule::format::{by_name, laws};
use vestibule::normal::Edits;
use vestibule::rebuild;
use vestibule_fuzz::through_both;

fuzz_target!(|label: &[u8]| {
    let format = by_name("mail").expect("the format is in the table");
    let body = letter(label);
    laws::all(format, &body, |tree, syntax| rebuild::bytes(tree, &Edits::default(), syntax)).expect("a law");
    through_both(label.len(), None, &body);
});

/// A mail that says nothing but its label.
fn letter(label: &[u8]) -> Vec<u8> {
    let coded = base64(label);
    let pieces = coded.as_bytes().chunks(64).enumerate().map(|(at, piece)| format!(";\r\n label*{at}=\"{}\"", String::from_utf8_lossy(piece)));
    let head = "Date: Sun, 1 Mar 2026 11:00:00 +0000\r\nFrom: a@b\r\nMessage-ID: <1@b>\r\nSIO-Label: type=\":ess\"";
    format!("{head}{}\r\n\r\nx\r\n", pieces.collect::<String>()).into_bytes()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let sum = three.iter().chain([0; 2].iter()).take(3).fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
        let digit = |at: usize| if at <= three.len() { char::from(DIGITS[sum >> (18 - 6 * at) & 63]) } else { '=' };
        (0..4).map(digit).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}
