//! Patterns of kinds: `*` stands for any characters or none, everything else for itself.

/// Whether `text` is like `pattern`, in which `*` stands for any characters or none.
#[must_use]
pub fn like(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(head) else { return false };
    let mut pieces = tail.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        // The first place leaves most for the pieces that follow.
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

/// Whether every text that is like `narrow` is like `wide` too. A star of the narrow one is itself only like a star, so the answer may be no
/// where it is yes, never the other way.
#[must_use]
pub fn like_all(wide: &str, narrow: &str) -> bool {
    like(wide, narrow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters_or_none() {
        for (pattern, text, is_like) in [
            ("a-*", "a-f-G", true),
            ("a-*", "a-", true),
            ("a-*", "b-m", false),
            ("*", "", true),
            ("a-*-G-*", "a-f-G-U-C", true),
            ("a-*-G-*", "a-f-G", false),
            ("a-*-P", "a-x-P-P", true),
            ("a-*-P", "a-x-P-Q", false),
            ("ab*ba", "aba", false),
            ("b-a-o-tbl", "b-a-o-tbl", true),
            ("b-a-o-tbl", "b-a-o-tbl-x", false),
            ("**x", "x", true),
        ] {
            assert_eq!(like(pattern, text), is_like, "{pattern} {text}");
        }
    }

    #[test]
    fn a_wide_pattern_holds_a_narrow_one() {
        for (wide, narrow, holds) in
            [("a-*", "a-f-*", true), ("a-f-*", "a-*", false), ("*", "a-*", true), ("a-*-G*", "a-f-G*", true), ("a", "a", true), ("a", "a*", false)]
        {
            assert_eq!(like_all(wide, narrow), holds, "{wide} {narrow}");
        }
    }
}
