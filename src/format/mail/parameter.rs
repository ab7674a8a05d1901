//! Parameters of a header field: `; name=value`, each once, in pieces where the field says so.
//!
//! SPEC: RFC 2045 section 5.1; RFC 2231 section 3 for pieces. Values with a character set of their own (`name*=`) are refused:
//! readers differ on them.

use std::borrow::Cow;

use crate::base::{Reason, Refusal, Span};

use super::lines::Field;

/// Parameters of one field at most, pieces included: 1536. A label of 64 KiB in pieces of 64 needs 1,366.
const PARAMETERS_MAX: usize = 1536;

/// A parameter, whole.
#[derive(Debug)]
pub(super) struct Parameter<'a> {
    /// Name in lower case, without the number of a piece.
    pub(super) name: String,
    /// Value without quotes.
    pub(super) value: Cow<'a, str>,
    /// Where it stands: exact where it is one piece in one line.
    pub(super) span: Span,
    pieces: usize,
}

/// Reads the parameters that begin at byte `from` of the value: with `;` before each, or before each but the first.
///
/// # Errors
/// `invalid.mail.parameter`, `invalid.mail.comment`.
pub(super) fn parameters<'a>(field: &Field<'a>, from: usize, first: First) -> Result<Vec<Parameter<'a>>, Refusal> {
    let mut found: Vec<Parameter<'a>> = Vec::new();
    let mut cursor = Cursor { field, at: from };
    cursor.blank();
    let mut bare = first == First::Bare;
    let mut count = 0_usize;
    while bare || cursor.at < field.text.len() {
        if !std::mem::take(&mut bare) {
            cursor.expect(b';', "expected `;` between parameters")?;
            cursor.blank();
        }
        count = count.saturating_add(1);
        if count > PARAMETERS_MAX {
            return Err(cursor.refusal("expected at most 1536 parameters"));
        }
        let name = cursor.token()?.to_ascii_lowercase();
        cursor.expect(b'=', "expected `=` right after the name of a parameter")?;
        let (value, span) = if cursor.peek() == Some(b'"') { cursor.quoted()? } else { cursor.plain()? };
        cursor.blank();
        add(&mut found, &name, value, span)
            .ok_or_else(|| cursor.refusal("expected each parameter once, and its pieces from `*0` on in their order"))?;
    }
    Ok(found)
}

/// What stands before the first parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    /// `;`, after a value.
    Follows,
    /// Nothing: the field is parameters alone.
    Bare,
}

/// Adds a parameter, or a piece to the one before it; none for what stands twice or out of order.
fn add<'a>(found: &mut Vec<Parameter<'a>>, name: &str, value: Cow<'a, str>, span: Span) -> Option<()> {
    let (name, piece) = match name.split_once('*') {
        None => (name, None),
        Some((name, number)) => (name, Some(number)),
    };
    let Some(number) = piece else {
        let fresh = !name.is_empty() && found.iter().all(|other| other.name != name);
        return fresh.then(|| found.push(Parameter { name: name.to_owned(), value, span, pieces: 0 }));
    };
    match found.iter_mut().find(|other| other.name == name) {
        None => (number == "0" && !name.is_empty()).then(|| found.push(Parameter { name: name.to_owned(), value, span, pieces: 1 })),
        Some(open) => {
            if open.pieces == 0 || number != open.pieces.to_string() {
                return None;
            }
            open.pieces = open.pieces.saturating_add(1);
            open.value.to_mut().push_str(&value);
            open.span = Span { start: open.span.start, end: span.end };
            Some(())
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

    fn blank(&mut self) {
        while self.peek() == Some(b' ') {
            self.at = self.at.saturating_add(1);
        }
    }

    fn expect(&mut self, byte: u8, detail: &str) -> Result<(), Refusal> {
        match self.peek() {
            Some(found) if found == byte => {
                self.at = self.at.saturating_add(1);
                Ok(())
            }
            Some(b'(') => Err(self.field.refusal(Reason::InvalidMailComment, "expected no comment in a structured field")),
            _ => Err(self.refusal(detail)),
        }
    }

    fn token(&mut self) -> Result<&str, Refusal> {
        let rest = self.field.text.get(self.at..).unwrap_or("");
        let length = rest.bytes().position(|b| !is_token(b)).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.refusal("expected a word of letters, digits and signs, or a quoted one"));
        }
        self.at = self.at.saturating_add(length);
        Ok(rest.get(..length).unwrap_or(""))
    }

    fn plain(&mut self) -> Result<(Cow<'a, str>, Span), Refusal> {
        let start = self.at;
        self.token()?;
        Ok(self.field.cut(start..self.at))
    }

    fn quoted(&mut self) -> Result<(Cow<'a, str>, Span), Refusal> {
        let (value, end) = quoted(&self.field.text, self.at).ok_or_else(|| self.refusal("expected `\"` at the end of a quoted value"))?;
        let (cut, span) = self.field.cut(self.at.saturating_add(1)..end.saturating_sub(1));
        self.at = end;
        Ok((value.map_or(cut, Cow::Owned), span))
    }

    fn refusal(&self, detail: &str) -> Refusal {
        self.field.refusal(Reason::InvalidMailParameter, detail)
    }
}

/// Reads the quoted string that begins at `start`: its value where that has escapes, and the byte after it.
pub(super) fn quoted(text: &str, start: usize) -> Option<(Option<String>, usize)> {
    let mut out = String::new();
    let mut escapes = 0_usize;
    let mut bytes = text.bytes().enumerate().skip(start.saturating_add(1));
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some(((escapes > 0).then_some(out), at.saturating_add(1))),
            b'\\' => {
                escapes = escapes.saturating_add(1);
                // An escape of what needs none would be a second spelling.
                out.push(char::from(bytes.next().map(|(_, b)| b).filter(|b| matches!(b, b'"' | b'\\'))?));
            }
            _ => out.push(char::from(byte)),
        }
    }
    None
}

/// Whether a byte may stand in a token.
// SPEC: RFC 2045, 5.1.
pub(super) fn is_token(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~') && !br#"()<>@,;:\"/[]?="#.contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, first: First) -> Result<Vec<(String, String)>, &'static str> {
        let field = Field { name: "content-type".into(), text: Cow::Borrowed(text), span: Span::new(0, text.len()) };
        parameters(&field, 0, first)
            .map(|all| all.into_iter().map(|p| (p.name, p.value.into_owned())).collect())
            .map_err(|refusal| refusal.reason.code())
    }

    #[test]
    fn values_are_plain_quoted_or_in_pieces() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read("; a=b; C=\"d \\\"e\\\\\"", First::Follows), Ok(vec![pair("a", "b"), pair("c", "d \"e\\")]));
        assert_eq!(read("l*0=a; l*1=\"b\" ; x=y", First::Bare), Ok(vec![pair("l", "ab"), pair("x", "y")]));
        assert_eq!(read("", First::Follows), Ok(vec![]));
    }

    #[test]
    fn what_readers_put_together_differently_is_refused() {
        for text in [
            "a",
            "; a",
            "; a=",
            "; =b",
            "; a=b c=d",
            "; a=b;",
            "; a=b; A=c",
            "; a*=utf-8''x",
            "; a*0*=b",
            "; a*1=b",
            "; a*0=b; a*2=c",
            "; a*0=b; a*01=c",
            "; a=b; a*0=c",
            "; a*0=b; a=c",
            "; a=\"b",
            "; a=\"b\\c\"",
            "; a =b",
            "; a= b",
            "; a=b/c",
        ] {
            assert_eq!(read(text, First::Follows), Err("invalid.mail.parameter"), "{text}");
        }
        assert_eq!(read("; a=b (c)", First::Follows), Err("invalid.mail.comment"));
    }
}
