//! Text on one line: what a message wrote, so that lists, signatures and terminals take it for one word and not for lines of their own.

/// The text with every control character, line separator and backslash written as an escape: different texts stay different.
#[must_use]
pub fn on_one_line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || c == '\\' || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.chars().any(breaks) {
        return text.to_owned();
    }
    text.chars().map(|c| if breaks(c) { format!("\\u{{{:x}}}", u32::from(c)) } else { c.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_texts_stay_different_and_stay_on_one_line() {
        assert_eq!(on_one_line("/event/detail[2]/@uid"), "/event/detail[2]/@uid");
        let hostile = ["a\nb", "a\\nb", "a\r\nb", "a\u{85}b", "a\u{2028}b", "a\u{202e}b", "a\\u{a}b", "a b", "ab"];
        let lines: std::collections::BTreeSet<String> = hostile.iter().map(|text| on_one_line(text)).collect();
        assert_eq!(lines.len(), hostile.len());
        assert!(lines.iter().all(|line| line.lines().count() == 1 && !line.chars().any(char::is_control)));
    }
}
