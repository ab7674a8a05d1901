//! What stands first in a body that may be XML: cheap, from the bytes, for formats that claim by the name of their document element.
//!
//! Deliberately absent: any judgement; a name that is found here may still stand in a document that is refused.

/// The beginning of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First<'b> {
    /// The local name of the first tag, after declaration, comments and white space.
    Tag(&'b [u8]),
    /// The rest of a body whose first tag hides behind a DOCTYPE or an instruction: for a refusal that says so.
    Hidden(&'b [u8]),
    /// No XML.
    Nothing,
}

/// Finds what stands first.
#[must_use]
pub fn first(body: &[u8]) -> First<'_> {
    let mut rest = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    loop {
        let stop: &[u8] = match rest {
            [b'<', b'?', b'x', b'm', b'l', ..] => b"?>",
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            [b'<', b'!' | b'?', ..] => return First::Hidden(rest),
            [b'<', tag @ ..] => {
                let end = tag.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>')).unwrap_or(tag.len());
                let name = tag.get(..end).unwrap_or_default();
                return First::Tag(name.rsplit(|b| *b == b':').next().unwrap_or(name));
            }
            _ => return First::Nothing,
        };
        let end = memchr::memmem::find(rest, stop).map_or(rest.len(), |at| at.saturating_add(stop.len()));
        rest = rest.get(end..).unwrap_or_default().trim_ascii_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_tag_is_found_behind_what_means_nothing() {
        for (body, name) in [("<a/>", "a"), ("<a>", "a"), ("<a", "a"), ("\u{feff} \r\n<?xml version='1.0'?><!-- <b> --> <n:a x='1'>", "a")] {
            assert_eq!(first(body.as_bytes()), First::Tag(name.as_bytes()), "{body}");
        }
        assert_eq!(first(b"<!-- c --><!DOCTYPE a>"), First::Hidden(b"<!DOCTYPE a>"));
        assert_eq!(first(b"<?pi?><a>"), First::Hidden(b"<?pi?><a>"));
        for body in ["", "x<a>", "{}", "<!-- <a>", "<?xml <a>"] {
            assert_eq!(first(body.as_bytes()), First::Nothing, "{body}");
        }
    }
}
