//! Folding: text reduced to the letters that a reader sees, each with its place in the original.
//!
//! Takes text, gives lower-case letters and digits without anything between them. What is folded away: case, compatibility forms (NFKD:
//! full-width, mathematical, circled letters), accents, characters without appearance, everything that is no letter or digit, and the
//! pairs that the eye confuses (`0` and `o`; `1`, `l` and `i`). Two readings are made of other scripts: as their own letters, and as
//! the Latin letters that they look like (UTS #39); ASCII has one reading and takes the fast path.
//!
//! INVARIANT: an offset belongs to the character of the original that gave the letter; characters without appearance belong to the letter
//! before them, so that a gap between two letters is something that a reader sees.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// How letters outside ASCII are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::filter) enum Reading {
    /// As letters of their own script.
    Native,
    /// As the Latin letters that they look like.
    LookAlike,
}

/// Bytes of the original that gave a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::filter) struct Origin {
    /// First byte.
    pub(in crate::filter) start: usize,
    /// One past the last byte.
    pub(in crate::filter) end: usize,
}

/// Folded text: UTF-8 bytes, each with its origin; values stand apart by a null.
#[derive(Debug, Default)]
pub(in crate::filter) struct Folded {
    bytes: Vec<u8>,
    origins: Vec<Origin>,
    starts: Vec<usize>,
    known: BTreeMap<(Reading, char), Glyph>,
}

/// What a character outside ASCII folds to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Glyph {
    /// It has no appearance of its own.
    Unseen,
    /// Its letters; none for what stands between letters.
    Letters(Box<str>),
}

impl Folded {
    /// Characters whose folding is remembered from message to message: 4,096, some 400 KB. Looking one up anew costs about a microsecond.
    const KNOWN_MAX: usize = 4_096;

    pub(in crate::filter) fn clear(&mut self) {
        self.bytes.clear();
        self.origins.clear();
        self.starts.clear();
    }

    /// The letters.
    pub(in crate::filter) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Ends a value: no word goes on into the next.
    pub(in crate::filter) fn part(&mut self) {
        if self.bytes.last().is_some_and(|&last| last != 0) {
            let end = self.origins.last().map_or(0, |origin| origin.end);
            self.bytes.push(0);
            self.origins.push(Origin { start: end, end });
        }
    }

    /// Adds a piece of a value that begins at byte `base` of the original.
    pub(in crate::filter) fn push(&mut self, text: &str, base: usize, reading: Reading) {
        self.starts.push(self.bytes.len());
        if text.is_ascii() {
            for (byte, start) in text.bytes().zip(base..) {
                if let Some(letter) = ascii(byte) {
                    self.bytes.push(letter);
                    self.origins.push(Origin { start, end: start.saturating_add(1) });
                }
            }
            return;
        }
        for (at, c) in text.char_indices() {
            let start = base.saturating_add(at);
            let origin = Origin { start, end: start.saturating_add(c.len_utf8()) };
            match u8::try_from(c).ok().filter(u8::is_ascii) {
                Some(byte) => {
                    if let Some(letter) = ascii(byte) {
                        self.bytes.push(letter);
                        self.origins.push(origin);
                    }
                }
                None => self.wide(c, origin, reading),
            }
        }
    }

    fn wide(&mut self, c: char, origin: Origin, reading: Reading) {
        if self.known.len() >= Self::KNOWN_MAX {
            self.known.clear();
        }
        match self.known.entry((reading, c)).or_insert_with(|| glyph(c, reading)) {
            Glyph::Unseen => {
                if let Some(last) = self.origins.last_mut().filter(|last| last.end == origin.start) {
                    last.end = origin.end;
                }
            }
            Glyph::Letters(letters) => {
                self.bytes.extend_from_slice(letters.as_bytes());
                self.origins.extend(std::iter::repeat_n(origin, letters.len()));
            }
        }
    }

    /// The original bytes of a range of letters, where the range is whole words of `text`; `loose` ends may lie inside a word, as scripts
    /// that put no space between words have it.
    pub(in crate::filter) fn word(&self, range: std::ops::Range<usize>, loose: (bool, bool), text: &str) -> Option<std::ops::Range<usize>> {
        let first = self.origins.get(range.start)?;
        let last = self.origins.get(range.end.checked_sub(1)?)?;
        let edges = (loose.0 || self.edge(range.start, text)) && (loose.1 || self.edge(range.end, text));
        edges.then_some(first.start..last.end)
    }

    /// Whether a word may begin or end before the letter at `at`. It may between a letter and a digit: `WORD2` is a use of `WORD`.
    fn edge(&self, at: usize, text: &str) -> bool {
        let (Some(before), Some(here)) = (at.checked_sub(1), self.bytes.get(at)) else { return true };
        let gap = match (self.origins.get(before), self.origins.get(at)) {
            (Some(left), Some(right)) => right.start > left.end,
            _ => true,
        };
        let digit = |at: usize| self.origins.get(at).and_then(|origin| text.as_bytes().get(origin.start)).is_some_and(u8::is_ascii_digit);
        gap || digit(before) != digit(at) || *here == 0 || self.bytes.get(before) == Some(&0) || self.starts.binary_search(&at).is_ok()
    }
}

/// The folded letters of `text` alone.
pub(in crate::filter) fn letters(text: &str, reading: Reading) -> String {
    let mut folded = Folded::default();
    folded.push(text, 0, reading);
    String::from_utf8(folded.bytes).unwrap_or_default()
}

fn glyph(c: char, reading: Reading) -> Glyph {
    if is_unseen(c) {
        return Glyph::Unseen;
    }
    let mut letters = String::new();
    for part in enclosed(c).nfkd().filter(|&part| !is_unseen(part)) {
        match (u8::try_from(part).ok().filter(u8::is_ascii), reading) {
            (Some(byte), _) => letters.extend(ascii(byte).map(char::from)),
            (None, Reading::Native) => letters.extend(native(part)),
            (None, Reading::LookAlike) => match look_alike(part) {
                Some(letter) => letters.push(letter),
                None => letters.extend(native(part)),
            },
        }
    }
    Glyph::Letters(letters.into())
}

/// The folded letter of an ASCII character; none for what stands between letters.
const fn ascii(byte: u8) -> Option<u8> {
    match byte {
        b'0' => Some(b'o'),
        b'1' | b'l' | b'L' => Some(b'i'),
        b'a'..=b'z' | b'2'..=b'9' => Some(byte),
        b'A'..=b'Z' => Some(byte.to_ascii_lowercase()),
        _ => None,
    }
}

/// Letters in boxes and discs and regional indicators, which have no compatibility decomposition.
fn enclosed(c: char) -> std::iter::Once<char> {
    let offset = |first: u32| u32::from(c).saturating_sub(first).saturating_add(u32::from('a'));
    let letter = match u32::from(c) {
        0x1F150..=0x1F169 => char::from_u32(offset(0x1F150)),
        0x1F170..=0x1F189 => char::from_u32(offset(0x1F170)),
        0x1F1E6..=0x1F1FF => char::from_u32(offset(0x1F1E6)),
        _ => None,
    };
    std::iter::once(letter.unwrap_or(c))
}

/// Characters that add nothing that a reader takes for a letter: marks, zero-width characters, variation selectors, tags, soft hyphens.
fn is_unseen(c: char) -> bool {
    is_combining_mark(c) || (!c.is_ascii() && unicode_security::skeleton(c.encode_utf8(&mut [0; 4])).next().is_none())
}

fn native(c: char) -> impl Iterator<Item = char> {
    let letters = c.to_uppercase().flat_map(char::to_lowercase).filter(|letter| letter.is_alphanumeric() && !is_combining_mark(*letter));
    letters.map(|letter| u8::try_from(letter).ok().filter(u8::is_ascii).and_then(ascii).map_or(letter, char::from))
}

/// The one Latin letter or digit that `c` or its capital looks like.
fn look_alike(c: char) -> Option<char> {
    let capital = c.to_uppercase().next().filter(|_| c.to_uppercase().count() == 1);
    prototype(c).or_else(|| capital.and_then(prototype))
}

fn prototype(c: char) -> Option<char> {
    let mut buffer = [0; 4];
    let mut like = unicode_security::skeleton(c.encode_utf8(&mut buffer));
    match (like.next(), like.next(), like.next()) {
        // UTS #39 has `m` look like `rn`, and here it is to be read as `m`.
        (Some('r'), Some('n'), None) => Some('m'),
        (Some(one), None, _) => u8::try_from(one).ok().filter(u8::is_ascii).and_then(ascii).map(char::from),
        _ => None,
    }
}
