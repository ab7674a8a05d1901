//! The XML declaration: version 1.0, encoding UTF-8, and a standalone that means nothing without DTD.

use crate::base::{Reason, Refusal, Span};

use super::chars::is_white;
use super::cursor::Cursor;

/// Takes the XML declaration where there is one.
///
/// SPEC: XML 1.0 production 23. The standalone declaration is read and has no meaning without DTD.
pub(super) fn declaration(cursor: &mut Cursor<'_>) -> Result<(), Refusal> {
    let declared = cursor.sees("<?xml") && cursor.rest().as_bytes().get(5).copied().is_some_and(|b| is_white(b) || b == b'?');
    if !declared {
        return Ok(());
    }
    let inside = cursor.through("?>").and_then(|text| text.strip_prefix("<?xml")).unwrap_or("");
    let wrong = || Refusal::at(Reason::MalformedXmlDeclaration, Span::new(0, cursor.at()), "expected `<?xml version=\"1.0\" encoding=\"UTF-8\"?>`");
    let (version, rest) = pseudo_attribute(inside, "version").ok_or_else(wrong)?;
    let (encoding, rest) = pseudo_attribute(rest, "encoding").unwrap_or(("UTF-8", rest));
    let (standalone, rest) = pseudo_attribute(rest, "standalone").unwrap_or(("no", rest));
    let white = rest.bytes().all(is_white);
    if version == "1.0" && encoding.eq_ignore_ascii_case("UTF-8") && matches!(standalone, "yes" | "no") && white { Ok(()) } else { Err(wrong()) }
}

/// The value of `name="value"` after white space, and what follows.
fn pseudo_attribute<'t>(text: &'t str, name: &str) -> Option<(&'t str, &'t str)> {
    let trim = |text: &'t str| text.trim_start_matches([' ', '\t', '\r', '\n']);
    let after = trim(text);
    let rest = trim(after.strip_prefix(name).filter(|_| after.len() < text.len())?);
    let rest = trim(rest.strip_prefix('=')?);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest.get(1..)?.split_once(quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> Option<&str> {
        let mut cursor = Cursor::new(text);
        declaration(&mut cursor).ok().map(|()| cursor.rest())
    }

    #[test]
    fn a_declaration_of_our_profile_is_taken_whole_and_none_is_fine() {
        for text in [
            "<?xml version='1.0'?>",
            "<?xml version=\"1.0\"?>",
            "<?xml\tversion = '1.0'\n?>",
            "<?xml version='1.0' encoding='utf-8'?>",
            "<?xml version='1.0' encoding=\"UTF-8\" standalone='no' ?>",
            "<?xml version='1.0' standalone='yes'?>",
        ] {
            assert_eq!(after(&format!("{text}<a/>")), Some("<a/>"), "{text}");
        }
        for text in ["", "<a/>", "<?xml-stylesheet?>", "<?xmlx?>", " <?xml version='1.0'?>"] {
            assert_eq!(after(text), Some(text), "no declaration stands here: the reader refuses what does");
        }
    }

    #[test]
    fn every_other_declaration_is_refused() {
        for text in [
            "<?xml?>",
            "<?xml ?>",
            "<?xml version='1.1'?>",
            "<?xml version='1.0\"?>",
            "<?xml version=''?>",
            "<?xml Version='1.0'?>",
            "<?xmlversion='1.0'?>",
            "<?xml encoding='UTF-8'?>",
            "<?xml version='1.0'encoding='UTF-8'?>",
            "<?xml version='1.0' encoding='UTF8'?>",
            "<?xml version='1.0' encoding='UTF-8 '?>",
            "<?xml version='1.0' standalone='yes' encoding='UTF-8'?>",
            "<?xml version='1.0' standalone='YES'?>",
            "<?xml version='1.0' x?>",
            "<?xml version='1.0' ",
            "<?xml version='1.0' version='1.0'?>",
        ] {
            let refused = after(text).is_none_or(|rest| rest == text);
            assert!(refused, "{text}");
            let mut cursor = Cursor::new(text);
            if let Err(refusal) = declaration(&mut cursor) {
                assert_eq!(refusal.reason, Reason::MalformedXmlDeclaration, "{text}");
            }
        }
    }
}
