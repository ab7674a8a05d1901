//! Hostile text, made harmless for people's eyes: what cannot be seen, or moves what can, stands there as a visible escape.

/// Letters and marks that Unicode counts as letters and that show nothing (Hangul fillers), or join what stands around them.
const UNSEEN: &[char] = &['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}', '\u{17b4}', '\u{17b5}'];

/// Text that a terminal or a page shows and does not obey: controls, invisible characters and what reorders lines are written as escapes. Line
/// feeds stay.
#[must_use]
pub fn plain(text: &str) -> String {
    let quiet = |c: char| c == '\n' || (' '..='~').contains(&c) || (c.is_alphanumeric() && !UNSEEN.contains(&c));
    text.chars().map(|c| if quiet(c) { c.to_string() } else { format!("\\u{{{:x}}}", u32::from(c)) }).collect()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_message_cannot_command_what_shows_it() {
        assert_eq!(plain("a\u{1b}[2Jb\u{202e}c\r\nä"), "a\\u{1b}[2Jb\\u{202e}c\\u{d}\nä");
    }

    #[test]
    fn what_cannot_be_seen_is_seen() {
        for unseen in ['\u{200b}', '\u{2066}', '\u{feff}', '\u{ad}', '\u{3164}', '\u{e0041}', '\u{0}', '\u{a0}', '\t'] {
            assert!(plain(&unseen.to_string()).starts_with("\\u{"), "{:x}", u32::from(unseen));
        }
    }
}
