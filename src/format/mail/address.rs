//! Mailboxes: an address, and what its owner is called.
//!
//! SPEC: RFC 5322 section 3.4, without groups, routes, literals, quoted local parts, comments and obsolete phrases; encoded words
//! in names are refused, because readers differ on where an address begins after decoding.

use std::borrow::Cow;

use crate::base::{Reason, Refusal, Span};

use super::lines::Field;
use super::parameter::quoted;
use super::schema::{ADDRESS_BYTES_MAX, DISPLAY_BYTES_MAX, LIST_MAX, LOCAL_BYTES_MAX};
use super::value::{is_atom, is_dot_atom};

/// A mailbox.
#[derive(Debug)]
pub(super) struct Mailbox<'a> {
    /// What stands before the `@` of the address, and where.
    pub(super) local: (Cow<'a, str>, Span),
    /// What stands behind it, in lower case, and where.
    pub(super) domain: (Cow<'a, str>, Span),
    /// Display name.
    pub(super) name: Option<(Cow<'a, str>, Span)>,
    /// Where the mailbox stands.
    pub(super) span: Span,
}

/// The two halves of an address.
type Address<'a> = ((Cow<'a, str>, Span), (Cow<'a, str>, Span));

/// Reads mailboxes between commas.
///
/// # Errors
/// `invalid.mail.address`, `invalid.mail.comment`.
pub(super) fn mailboxes<'a>(field: &Field<'a>) -> Result<Vec<Mailbox<'a>>, Refusal> {
    let mut found = Vec::new();
    let mut cursor = Cursor { field, at: 0 };
    loop {
        if found.len() >= LIST_MAX {
            return Err(cursor.refusal("expected at most 500 mailboxes"));
        }
        cursor.blank();
        found.push(cursor.mailbox()?);
        cursor.blank();
        match cursor.peek() {
            None => return Ok(found),
            Some(b',') => cursor.step(),
            Some(_) => return Err(cursor.unexpected()),
        }
    }
}

struct Cursor<'f, 'a> {
    field: &'f Field<'a>,
    at: usize,
}

impl<'a> Cursor<'_, 'a> {
    fn peek(&self) -> Option<u8> {
        self.field.text.as_bytes().get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn blank(&mut self) {
        while self.peek() == Some(b' ') {
            self.step();
        }
    }

    fn refusal(&self, detail: &str) -> Refusal {
        self.field.refusal(Reason::InvalidMailAddress, detail)
    }

    fn unexpected(&self) -> Refusal {
        match self.peek() {
            Some(b'(') => self.field.refusal(Reason::InvalidMailComment, "expected no comment in a structured field"),
            Some(b':' | b';') => self.refusal("expected mailboxes, found a group"),
            _ => self.refusal("expected `local@domain` or `Name <local@domain>`, joined by `,`"),
        }
    }

    fn mailbox(&mut self) -> Result<Mailbox<'a>, Refusal> {
        let start = self.at;
        let mut name = String::new();
        loop {
            match self.peek() {
                Some(b'"') => {
                    let (value, end) = quoted(&self.field.text, self.at).ok_or_else(|| self.refusal("expected `\"` at the end of a quoted name"))?;
                    let plain = || self.field.text.get(self.at.saturating_add(1)..end.saturating_sub(1)).unwrap_or("").to_owned();
                    push(&mut name, &value.unwrap_or_else(plain));
                    self.at = end;
                }
                Some(b'<') => {
                    self.step();
                    let address = self.address()?;
                    if self.peek() != Some(b'>') {
                        return Err(self.unexpected());
                    }
                    let before = start..self.at;
                    self.step();
                    return self.named(name, before, address);
                }
                Some(byte) if is_atom(byte) => {
                    let from = self.at;
                    self.run(is_atom);
                    if matches!(self.peek(), Some(b'@' | b'.')) && name.is_empty() {
                        self.at = from;
                        let (local, domain) = self.address()?;
                        return Ok(Mailbox { span: self.field.cut(start..self.at).1, local, domain, name: None });
                    }
                    push(&mut name, self.field.text.get(from..self.at).unwrap_or(""));
                }
                _ => return Err(self.unexpected()),
            }
            // Some readers put a space between words that touch, others none.
            if self.peek().is_some_and(|next| next == b'"' || is_atom(next)) {
                return Err(self.refusal("expected white space between the words of a name"));
            }
            self.blank();
        }
    }

    /// A mailbox with brackets; `before` ends at the closing one.
    fn named(&self, name: String, before: std::ops::Range<usize>, (local, domain): Address<'a>) -> Result<Mailbox<'a>, Refusal> {
        let span = self.field.cut(before.start..self.at).1;
        let phrase = self.field.text.get(before.clone()).unwrap_or("").split('<').next().unwrap_or("");
        if phrase.is_empty() {
            return Ok(Mailbox { local, domain, name: None, span });
        }
        let said = name.trim_matches(' ');
        if said.is_empty() || said.len() > DISPLAY_BYTES_MAX || said.contains("=?") {
            return Err(self.refusal("expected a name of 1 to 256 characters, without encoded words"));
        }
        let (whole, place) = self.field.cut(before.start..before.start.saturating_add(phrase.trim_end_matches(' ').len()));
        let name = if whole == said { (whole, place) } else { (Cow::Owned(said.to_owned()), span) };
        Ok(Mailbox { local, domain, name: Some(name), span })
    }

    fn run(&mut self, part: fn(u8) -> bool) {
        while self.peek().is_some_and(part) {
            self.step();
        }
    }

    // SPEC: RFC 5322, 3.4.1, dot-atom on both sides; the domain is a name of hosts.
    fn address(&mut self) -> Result<Address<'a>, Refusal> {
        let start = self.at;
        self.run(|b| is_atom(b) || b == b'.');
        let local = self.field.text.get(start..self.at).unwrap_or("");
        if self.peek() != Some(b'@') || !is_dot_atom(local) || local.len() > LOCAL_BYTES_MAX {
            return Err(self.unexpected());
        }
        self.step();
        let from = self.at;
        self.run(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
        let domain = self.field.text.get(from..self.at).unwrap_or("");
        let label = |label: &str| (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
        if !domain.split('.').all(label) || self.at.saturating_sub(start) > ADDRESS_BYTES_MAX {
            return Err(self.refusal("expected a domain of letters, digits and inner hyphens, at most 254 bytes with the local part"));
        }
        let before = self.field.cut(start..from.saturating_sub(1));
        let (behind, span) = self.field.cut(from..self.at);
        let small = match behind.bytes().any(|b| b.is_ascii_uppercase()) {
            true => Cow::Owned(behind.to_ascii_lowercase()),
            false => behind,
        };
        Ok((before, (small, span)))
    }
}

fn push(name: &mut String, word: &str) {
    if !name.is_empty() {
        name.push(' ');
    }
    name.push_str(word);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, &'static str> {
        let field = Field { name: "to".into(), text: Cow::Borrowed(text), span: Span::new(0, text.len()) };
        let all = mailboxes(&field).map_err(|refusal| refusal.reason.code())?;
        Ok(all.into_iter().map(|m| (m.name.map_or(String::new(), |(name, _)| name.into_owned()), format!("{}@{}", m.local.0, m.domain.0))).collect())
    }

    #[test]
    fn names_and_addresses_are_told_apart() {
        let pair = |name: &str, address: &str| (name.to_owned(), address.to_owned());
        assert_eq!(read("a.b@Example.MIL").unwrap(), [pair("", "a.b@example.mil")]);
        assert_eq!(
            read("<a@b>, Duty Officer <c@d> ,\"Ops, \\\"J3\\\"\" <e@f>").unwrap(),
            [pair("", "a@b"), pair("Duty Officer", "c@d"), pair("Ops, \"J3\"", "e@f")]
        );
        assert_eq!(read("A \"B. C\" <x@y>").unwrap(), [pair("A B. C", "x@y")]);
    }

    #[test]
    fn addresses_with_two_readings_are_refused() {
        let long = format!("{}@b", "a".repeat(65));
        for text in [
            "",
            ",",
            "a@b,",
            ",a@b",
            "a@b,,c@d",
            "a",
            "a@",
            "@b",
            "a@b c@d",
            "a..b@c",
            ".a@b",
            "a.@b",
            "a@b.",
            "a@.b",
            "a@-b",
            "a@b_c",
            "a@[1.2.3.4]",
            "<a@b",
            "a@b>",
            "<@x:a@b>",
            "<a@b> c",
            "Name a@b",
            "John Q. Public <a@b>",
            "Watch qos=\"1\" <a@b>",
            "\"A\"B <a@b>",
            "\"A\"\"B\" <a@b>",
            "\"a\"@b",
            "\"x",
            "\"\" <a@b>",
            "\" \" <a@b>",
            "=?utf-8?q?x?= <a@b>",
            "\"=?utf-8?q?x?=\" <a@b>",
            "Ops: a@b;",
            "undisclosed-recipients:;",
            "a@b;c@d",
            "a @b",
            "a@ b",
            "<a@b>>",
            "a@b@c",
            "\"a\\b\" <c@d>",
            &long,
        ] {
            assert_eq!(read(text), Err("invalid.mail.address"), "{text}");
        }
        for text in ["a@b (c)", "a(c)@b", "(c)a@b", "Name (c) <a@b>", "<a@b(c)>", "<a(c)@b>"] {
            assert_eq!(read(text), Err("invalid.mail.comment"), "{text}");
        }
    }
}
