//! Characters of markings: what people see is what is compared.
//!
//! A marking word is printable ASCII, and nothing else: no look-alike, no direction mark, no invisible space can make
//! `АUS` out of `AUS`. Free text of a label may hold letters of other scripts, but nothing invisible.

use crate::base::{Reason, Refusal};

/// Characters of one marking at most: 512. The longest line of the public manuals has some 80.
pub(in crate::label) const MARKING_CHARS_MAX: usize = 512;

/// Checks that a marking is plain: printable ASCII of bearable length.
pub(in crate::label) fn plain(text: &str) -> Result<(), Refusal> {
    if let Some(found) = text.chars().find(|c| !matches!(c, ' '..='~')) {
        return Err(Refusal::new(Reason::LabelCharacter, format!("expected plain letters, found U+{:04X}", u32::from(found))));
    }
    if text.len() > MARKING_CHARS_MAX {
        return Err(Refusal::new(Reason::LabelMalformed, format!("expected at most {MARKING_CHARS_MAX} characters, found {}", text.len())));
    }
    Ok(())
}

/// Checks free text of a label: visible characters of any script.
pub(in crate::label) fn visible(text: &str) -> Result<(), Refusal> {
    let hidden = |c: &char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffd}' | '\u{e0000}'..)
    };
    if let Some(found) = text.chars().find(hidden) {
        return Err(Refusal::new(Reason::LabelCharacter, format!("expected visible characters, found U+{:04X}", u32::from(found))));
    }
    if text.chars().count() > MARKING_CHARS_MAX {
        return Err(Refusal::new(Reason::LabelMalformed, format!("expected at most {MARKING_CHARS_MAX} characters")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T>(found: Result<T, Refusal>) -> &'static str {
        found.map_or_else(|refusal| refusal.reason.code(), |_| "read")
    }

    #[test]
    fn a_marking_is_printable_ascii_and_nothing_that_looks_like_it() {
        for text in ["", "SECRET//REL TO USA, GBR", "~ !"] {
            assert_eq!(code(plain(text)), "read");
        }
        for text in ["\u{410}US", "SEC\u{200b}RET", "\u{202e}TERCES", "\u{ff33}ECRET", "SECRET\n", "\u{a0}", "caf\u{e9}", "\u{7f}"] {
            assert_eq!(code(plain(text)), "label.character", "{text:?}");
        }
        assert_eq!((code(plain(&"A".repeat(512))), code(plain(&"A".repeat(513)))), ("read", "label.malformed"));
    }

    #[test]
    fn free_text_may_be_of_any_script_and_hides_nothing() {
        for text in ["Directeur général", "日本", "CN=Lab, O=Nation"] {
            assert_eq!(code(visible(text)), "read");
        }
        for text in ["a\u{200d}b", "a\tb", "\u{feff}", "\u{2066}x", "\u{e0041}", "\u{fe0f}", "\u{e001}", "\u{ad}"] {
            assert_eq!(code(visible(text)), "label.character", "{text:?}");
        }
        assert_eq!((code(visible(&"é".repeat(512))), code(visible(&"é".repeat(513)))), ("read", "label.malformed"));
    }
}
