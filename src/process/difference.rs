//! Two messages side by side, as lines that people read: what only came, what only leaves, what both have.
//!
//! Formats write a message in few lines or in one. So that an edit of one field is one line, XML is cut before each tag and attribute, and JSON after
//! each member; bytes that are no text are shown in hexadecimal digits, sixteen a line.

use similar::{ChangeTag, TextDiff};

/// Lines that are compared at most: 40,000, so that no message costs a reviewer's gateway more than a second. Beyond, both are shown whole.
const LINES_MAX: usize = 40_000;

/// A message as text: itself where it is text, else its bytes.
pub(super) fn rendered(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            bytes.chunks(16).map(|row| row.iter().map(|byte| format!("{byte:02x} ")).collect::<String>().trim_end().to_owned() + "\n").collect()
        }
    }
}

/// The lines of both, each with `+`, `-` or a space before it.
pub(super) fn lines(came: &[u8], leaves: &[u8]) -> Vec<String> {
    let (came, leaves) = (cut(&rendered(came)), cut(&rendered(leaves)));
    let many = came.lines().count().max(leaves.lines().count()) > LINES_MAX;
    if many {
        return came.lines().map(|line| format!("-{line}")).chain(leaves.lines().map(|line| format!("+{line}"))).collect();
    }
    let signed = |change: similar::Change<&str>| {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        format!("{sign}{}", change.value().trim_end_matches('\n'))
    };
    TextDiff::from_lines(&came, &leaves).iter_all_changes().map(signed).collect()
}

/// Text in lines of one tag, attribute or member each.
fn cut(text: &str) -> String {
    match text.trim_start().as_bytes().first() {
        Some(b'<') => cut_xml(text),
        Some(b'{' | b'[') => cut_json(text),
        _ => text.to_owned(),
    }
}

fn cut_xml(text: &str) -> String {
    let (mut out, mut tag, mut quote) = (String::with_capacity(text.len()), false, None);
    for c in text.chars() {
        match (tag, quote, c) {
            (true, Some(open), _) if c == open => quote = None,
            (true, None, '"' | '\'') => quote = Some(c),
            (true, None, ' ' | '\n') => {
                out.push_str("\n  ");
                continue;
            }
            (true, None, '>') => tag = false,
            (false, _, '<') => {
                tag = true;
                if !out.is_empty() && !out.ends_with('\n') {
                    out.push('\n');
                }
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

fn cut_json(text: &str) -> String {
    let (mut out, mut quoted, mut escaped) = (String::with_capacity(text.len()), false, false);
    for c in text.chars() {
        out.push(c);
        match (quoted, escaped, c) {
            (true, false, '\\') => escaped = true,
            (true, false, '"') => quoted = false,
            (false, _, '"') => quoted = true,
            (false, _, '{' | '[' | ',') => out.push('\n'),
            _ => escaped = false,
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_of_one_field_is_one_line_in_each_syntax() {
        for (came, leaves, gone, new) in [
            ("<e a=\"1 2\" b=\"x>y\"><f>t u</f></e>", "<e a=\"1\" b=\"x>y\"><f>t u</f></e>", "-  a=\"1 2\"", "+  a=\"1\""),
            ("{\"a\":\"x,\\\"y\",\"b\":[1,2]}", "{\"a\":\"x,\\\"z\",\"b\":[1,2]}", "-\"a\":\"x,\\\"y\",", "+\"a\":\"x,\\\"z\","),
            ("ONE\nTWO//\n", "ONE\nTHREE//\n", "-TWO//", "+THREE//"),
        ] {
            let lines = lines(came.as_bytes(), leaves.as_bytes());
            let changed: Vec<&String> = lines.iter().filter(|line| !line.starts_with(' ')).collect();
            assert_eq!(changed, [gone, new], "{lines:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_digits_and_what_is_the_same_differs_nowhere() {
        assert_eq!(rendered(&[0xff, 0, 1]), "ff 00 01\n");
        assert_eq!(lines(&[0xff; 17], &[0xff; 17]).iter().filter(|line| !line.starts_with(' ')).count(), 0);
        assert_eq!(lines(&[0xff; 17], &[0xff; 16]), [format!(" {}", "ff ".repeat(16).trim_end()), "-ff".to_owned()]);
    }
}
