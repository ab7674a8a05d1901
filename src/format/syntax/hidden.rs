//! Characters that nobody sees: no name, number or marking may hold one.

/// Whether a text has a hidden character; plain ASCII, which is nearly every value, is seen to have none at a glance.
#[must_use]
pub fn hides(text: &str) -> bool {
    let plain = text.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
    !plain && text.chars().any(is_hidden)
}

/// Whether a character is invisible, private, no character at all, or turns the writing direction.
///
/// SPEC: Unicode general categories Cc, Co, Cn (non-characters), Bidi_Control and Default_Ignorable_Code_Point.
fn is_hidden(c: char) -> bool {
    let nonchar = matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe;
    nonchar
        || matches!(c,
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_found_and_letters_are_not() {
        for c in ['\u{202e}', '\u{200b}', '\u{feff}', '\u{e001}', '\u{fdd0}', '\u{ad}', '\u{1fffe}', '\t', '\n', '\u{85}', '\u{e0041}', '\u{2066}'] {
            assert!(hides(&format!("AL{c}PHA")), "{c:?}");
        }
        for text in ["", "plain ASCII ~", "Åland ßtraße", "日本", "😀"] {
            assert!(!hides(text), "{text}");
        }
    }
}
