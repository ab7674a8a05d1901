//! Internet mail, with the fields of military messages and security labels.
//!
//! Takes a body, gives a typed tree: the row [`FORMAT`]. SPEC: RFC 5322, MIME (RFC 2045 to 2047), RFC 6477, RFC 7444.
//! Read are plain text and attachments, one level deep; an attachment that another format claims is read by that format's reader; any other
//! than plain text is opaque data, which the field profile judges. Absent on purpose: obsolete syntax, comments, groups, other character sets, parts within parts, signatures.

mod address;
mod decode;
mod inside;
mod label;
mod lines;
mod parameter;
mod part;
mod read;
mod schema;
mod sio;
mod value;
mod words;

use std::borrow::Cow;

use crate::base::Traffic;
use crate::normal::{NodeId, Tree};

use super::{Facts, Format, Syntax};

/// The row of mail.
pub const FORMAT: Format = Format {
    name: "mail",
    media_types: &["message/rfc822"],
    syntax: Syntax::Mail,
    claims,
    read: read::read,
    facts,
    required: REQUIRED,
    markings: label::markings,
    portions: inside::portions,
    mentions: inside::mentions,
    inside: inside::roots,
    kinds: |pattern| super::one_of(pattern, &["mail", "mail-attached"]),
    fields: |steps| super::step_is(steps.first(), "mail"),
};

/// What no rule may take away alone: without it nothing can be written.
const REQUIRED: &[&str] = &[
    "/mail/header",
    "/mail/header/@date",
    "/mail/header/message-id",
    "/mail/header/message-id/@left",
    "/mail/header/message-id/@right",
    "/mail/header/in-reply-to/id/@left",
    "/mail/header/in-reply-to/id/@right",
    "/mail/header/references/id/@left",
    "/mail/header/references/id/@right",
    "/mail/header/from",
    "/mail/header/from/mailbox",
    "/mail/header/from/mailbox/@local",
    "/mail/header/from/mailbox/@domain",
    "/mail/header/sender/mailbox",
    "/mail/header/sender/mailbox/@local",
    "/mail/header/sender/mailbox/@domain",
    "/mail/header/reply-to/mailbox/@local",
    "/mail/header/reply-to/mailbox/@domain",
    "/mail/header/to/mailbox/@local",
    "/mail/header/to/mailbox/@domain",
    "/mail/header/cc/mailbox/@local",
    "/mail/header/cc/mailbox/@domain",
    "/mail/header/bcc/mailbox/@local",
    "/mail/header/bcc/mailbox/@domain",
    "/mail/header/mmhs-exempted-address/mailbox/@local",
    "/mail/header/mmhs-exempted-address/mailbox/@domain",
    "/mail/header/mmhs-message-type/@type",
    "/mail/header/field/@name",
    "/mail/attachment/@type",
    "/mail/attachment/@format",
    "/mail/attachment/parameter/@name",
    "/mail/attachment/parameter/@value",
    "/mail/attachment/disposition/@name",
    "/mail/attachment/disposition/@value",
];

/// Bytes that are looked through for the author: 64 KiB.
const CLAIM_BYTES_MAX: usize = 64 * 1024;

/// Whether the body begins with a header field, and one of its header is `From`.
///
/// Lines may end in any way, and a byte order mark may stand in front: the refusal says what is wrong with that.
fn claims(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let head = body.get(..body.len().min(CLAIM_BYTES_MAX)).unwrap_or_default();
    let name = |line: &[u8]| {
        let colon = memchr::memchr(b':', line)?;
        let name = line.get(..colon)?.trim_ascii_end();
        let plain = !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        plain.then(|| name.to_ascii_lowercase())
    };
    let end = if memchr::memchr(b'\n', head).is_some() { b'\n' } else { b'\r' };
    let mut lines = head.split(|b| *b == end).map(|line| line.strip_suffix(b"\r").unwrap_or(line)).take_while(|line| !line.is_empty());
    let first = lines.next().and_then(name);
    let from = |name: Option<Vec<u8>>| name.is_some_and(|name| name == b"from");
    first.is_some() && (from(first) || lines.any(|line| from(name(line))))
}

fn facts<'t>(tree: &'t Tree<'_>) -> Facts<'t> {
    let traffic = match label::said(tree, "mmhs-message-type", "type").as_deref() {
        Some("exercise" | "drill") => Some(Traffic::Exercise),
        Some("operation") => Some(Traffic::Operation),
        _ => None,
    };
    let attached = tree.element(NodeId::ROOT, "attachment").is_some();
    let half = |name| label::said(tree, "message-id", name).unwrap_or_default();
    let subject = Cow::Owned(format!("{}@{}", half("left"), half("right")));
    Facts { kind: Cow::Borrowed(if attached { "mail-attached" } else { "mail" }), traffic, subject }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_an_author_is_claimed_and_other_texts_are_not() {
        for body in [
            "From: a@b\r\n\r\n",
            "Received: x\r\n by y\r\nFROM : a@b\r\n",
            "Date: x\nFrom: a\n\n",
            "\u{feff}Subject: x\r\nfrom: y",
            "Date: x\rFrom: y",
        ] {
            assert!(claims(body.as_bytes()), "{body:?}");
        }
        for body in [
            "",
            "From",
            "from me: you",
            "Subject: x\r\n\r\nFrom: y\r\n",
            "CLASSIFICATION: UNCLASSIFIED//\r\nROUTINE\r\nFM X\r\n",
            "MSGID/GENADMIN/X//\nFrom: a",
            "{\"a\":\n\"b\"}\nFrom: x",
            "<event>\nFrom: x",
            "\r\nFrom: x",
            " From: x",
            "From MAILER Mon\r\nFrom: x",
        ] {
            assert!(!claims(body.as_bytes()), "{body:?}");
        }
    }
}
