//! Parts: how the content of a mail is put together, and what each part is said to be.
//!
//! Takes the MIME fields and the content, gives parts one level deep with the range of their bytes; `decode` reads those.
//! What is cut in more than one way by anybody's reader is refused; what holds parts of its own is held for people.
// SPEC: RFC 2045, RFC 2046 section 5.1, RFC 2183.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr_iter, memmem};

use crate::base::{Budget, Reason, Refusal, Span};

use super::lines::{Field, header};
use super::parameter::{First, Parameter, is_token, parameters};
use super::schema::{FILE_NAME_MAX, MIME, NAME_BYTES_MAX, PARTS_MAX, VALUE_BYTES_MAX};
use super::value::{identifier, uncommented};
use super::words;

/// A text with its place.
pub(super) type Placed<'a> = (Cow<'a, str>, Span);

/// How the bytes of a part are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As they are, in ASCII.
    Seven,
    /// As they are.
    Eight,
    /// Quoted-printable.
    Quoted,
    /// Base64.
    Base64,
}

/// What a part is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disposition {
    /// Shown, or nothing said.
    Inline,
    /// Kept apart.
    Attachment,
}

/// One part.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// Media type in lower case.
    pub(super) kind: (String, Span),
    /// Parameters of the media type, without the name of a file.
    pub(super) parameters: Vec<Parameter<'a>>,
    /// What it is for.
    pub(super) disposition: Disposition,
    /// Parameters of the disposition, without the name of a file.
    pub(super) about: Vec<Parameter<'a>>,
    /// File name.
    pub(super) file_name: Option<Placed<'a>>,
    /// Identifier.
    pub(super) id: Option<Placed<'a>>,
    /// Description.
    pub(super) description: Option<Placed<'a>>,
    /// How its bytes are written.
    pub(super) encoding: Encoding,
    /// The part, its header included.
    pub(super) span: Span,
    /// Its bytes, without the line end that belongs to what follows.
    pub(super) content: Range<usize>,
}

/// Cuts the content into parts: the one part of a simple mail, or those of `multipart/mixed`.
///
/// # Errors
/// `malformed.mail.*`, `invalid.mail.*`.
pub(super) fn parts<'a>(body: &'a [u8], fields: Vec<Field<'a>>, content: Range<usize>, budget: &mut Budget) -> Result<Vec<Part<'a>>, Refusal> {
    let span = Span::new(content.start, content.end);
    let mut whole = part(fields, span, inner(content.clone()))?;
    if whole.kind.0 != "multipart/mixed" {
        return composite(&whole).map(|()| vec![whole]);
    }
    let place = whole.kind.1;
    let refuse = |reason, detail: &str| Err(Refusal::at(reason, place, detail).on("/mail"));
    let boundary = whole.parameters.pop().filter(|only| only.name == "boundary" && whole.parameters.is_empty());
    let Some(boundary) = boundary.map(|boundary| boundary.value).filter(|boundary| is_boundary(boundary)) else {
        return refuse(Reason::MalformedMailBoundary, "expected one boundary of 1 to 70 letters, digits and `'()+_,-./:=?`, and no other parameter");
    };
    let alone = whole.file_name.is_none() && whole.id.is_none() && whole.description.is_none() && whole.about.is_empty();
    if !alone || whole.disposition != Disposition::Inline || !matches!(whole.encoding, Encoding::Seven | Encoding::Eight) {
        return refuse(Reason::InvalidMailMime, "expected parts in 7bit or 8bit, without name, identifier, description or disposition");
    }
    let refuse_at = |at: usize, detail: &str| Err(Refusal::at(Reason::MalformedMailBoundary, Span::new(at, at), detail).on("/mail"));
    let mut found = Vec::new();
    for range in cut(body, content, &boundary, budget)? {
        if found.len() >= PARTS_MAX {
            return refuse(Reason::SizeNodes, "expected at most 64 parts");
        }
        let (fields, start) = header(body, range.clone(), budget)?;
        // The empty line after the header and the line end before the boundary are two: taken for one, a part begins where it ends.
        if start >= range.end {
            return refuse_at(range.end, "expected an empty line after the header of a part, and a line end before the boundary");
        }
        if let Some(other) = fields.iter().find(|field| field.name == "mime-version" || !MIME.contains(&field.name.as_str())) {
            return Err(other.refusal(Reason::InvalidMailPart, "expected fields of content only"));
        }
        let part = part(fields, Span::new(range.start, range.end), inner(start..range.end))?;
        composite(&part)?;
        found.push(part);
    }
    Ok(found)
}

/// Bytes without the line end after them; where there are none, nothing.
fn inner(content: Range<usize>) -> Range<usize> {
    content.start..content.end.saturating_sub(2).max(content.start)
}

fn composite(part: &Part<'_>) -> Result<(), Refusal> {
    match part.kind.0.starts_with("multipart/") || part.kind.0.starts_with("message/") {
        true => Err(Refusal::at(Reason::InvalidMailComposite, part.kind.1, "expected text and attachments, one level deep").on("/mail")),
        false => Ok(()),
    }
}

// SPEC: RFC 2046, 5.1.1, without spaces.
fn is_boundary(text: &str) -> bool {
    (1..=70).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&b))
}

/// The ranges between boundary lines, each with its last line end.
// SPEC: RFC 2046, 5.1.1, without preamble, epilogue, padding and nested boundaries that begin alike.
fn cut(body: &[u8], content: Range<usize>, boundary: &str, budget: &mut Budget) -> Result<Vec<Range<usize>>, Refusal> {
    let mark = format!("--{boundary}");
    let mut found = Vec::new();
    let mut open: Option<usize> = None;
    let mut start = content.start;
    let refuse = |at: usize, detail: &str| Err(Refusal::at(Reason::MalformedMailBoundary, Span::new(at, at), detail).on("/mail"));
    for feed in memchr_iter(b'\n', body.get(content.clone()).unwrap_or_default()) {
        budget.spend(1)?;
        let next = content.start.saturating_add(feed).saturating_add(1);
        let line = body.get(start..next.saturating_sub(2)).unwrap_or_default();
        match (line.strip_prefix(mark.as_bytes()), open) {
            // SPEC: the boundary is a line of its own; there are programs that cut a mail wherever it stands.
            (None, Some(_)) if memmem::find(line, mark.as_bytes()).is_some() => return refuse(start, "expected no boundary within a line"),
            (None, Some(_)) => {}
            (None, None) => return refuse(start, "expected a boundary right after the header, and nothing before it"),
            (Some(b""), _) => {
                found.extend(open.map(|from| from..start));
                open = Some(next);
            }
            (Some(b"--"), Some(from)) => {
                found.push(from..start);
                return match next == content.end {
                    true => Ok(found),
                    false => refuse(next, "expected nothing after the closing boundary"),
                };
            }
            (Some(_), _) => return refuse(start, "expected boundary lines to be the boundary and nothing else"),
        }
        start = next;
    }
    refuse(content.end, "expected a closing boundary")
}

/// Reads the fields of content.
fn part<'a>(fields: Vec<Field<'a>>, span: Span, content: Range<usize>) -> Result<Part<'a>, Refusal> {
    let kind = ("text/plain".to_owned(), Span { end: span.start, ..span });
    let mut part = Part {
        kind,
        parameters: Vec::new(),
        disposition: Disposition::Inline,
        about: Vec::new(),
        file_name: None,
        id: None,
        description: None,
        encoding: Encoding::Seven,
        span,
        content,
    };
    let mut seen: Vec<&str> = Vec::new();
    for field in &fields {
        if seen.contains(&field.name.as_str()) {
            return Err(field.refusal(Reason::InvalidMailRepeated, format!("expected `{}` once", field.name)));
        }
        seen.push(&field.name);
        let mime = |detail: &str| field.refusal(Reason::InvalidMailMime, detail);
        match field.name.as_str() {
            "mime-version" if field.text != "1.0" => return Err(mime("expected version 1.0")),
            "content-type" => {
                let (kind, rest) = head(field);
                if !kind.split_once('/').is_some_and(|(main, sub)| is_word(main) && is_word(sub)) || kind.len() > 127 {
                    uncommented(field)?;
                    return Err(mime("expected a media type as `type/subtype`"));
                }
                part.kind = (kind.to_ascii_lowercase(), field.cut(0..kind.len()).1);
                part.parameters = parameters(field, rest, First::Follows)?;
            }
            "content-transfer-encoding" => {
                part.encoding = encoding(&field.text).ok_or_else(|| mime("expected 7bit, 8bit, quoted-printable or base64"))?
            }
            "content-disposition" => {
                let (word, rest) = head(field);
                part.disposition = match word.to_ascii_lowercase().as_str() {
                    "inline" => Disposition::Inline,
                    "attachment" => Disposition::Attachment,
                    _ => return Err(mime("expected `inline` or `attachment`")),
                };
                part.about = parameters(field, rest, First::Follows)?;
            }
            "content-id" => part.id = Some(identifier(field)?.whole),
            "content-description" => part.description = Some(words::text(field)?),
            _ => {}
        }
    }
    name_of(&mut part)?;
    // Such a value is written in one line, between quotes.
    let long =
        part.about.iter().chain(&part.parameters).find(|parameter| parameter.value.len() > VALUE_BYTES_MAX || parameter.name.len() > NAME_BYTES_MAX);
    if let Some(long) = long {
        return Err(Refusal::at(Reason::InvalidMailParameter, long.span, "expected values of at most 256 bytes and names of at most 76").on("/mail"));
    }
    Ok(part)
}

/// The words before the first `;`, and where the parameters begin.
fn head<'f>(field: &'f Field<'_>) -> (&'f str, usize) {
    let end = field.text.find(';').unwrap_or(field.text.len());
    (field.text.get(..end).unwrap_or("").trim_end_matches(' '), end)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token)
}

fn encoding(word: &str) -> Option<Encoding> {
    match word.to_ascii_lowercase().as_str() {
        "7bit" => Some(Encoding::Seven),
        "8bit" => Some(Encoding::Eight),
        "quoted-printable" => Some(Encoding::Quoted),
        "base64" => Some(Encoding::Base64),
        _ => None,
    }
}

/// Takes the name of the file out of the parameters, which may say it twice and must say the same.
fn name_of(part: &mut Part<'_>) -> Result<(), Refusal> {
    let first = part.about.iter().position(|parameter| parameter.name == "filename").map(|at| part.about.remove(at));
    let second = part.parameters.iter().position(|parameter| parameter.name == "name").map(|at| part.parameters.remove(at));
    let same = first.as_ref().zip(second.as_ref()).is_none_or(|(one, two)| one.value == two.value);
    let Some(name) = first.or(second) else { return Ok(()) };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b" ._-+=,()[]".contains(&b);
    let inner = !name.value.starts_with([' ', '.']) && !name.value.ends_with([' ', '.']);
    if !same || !inner || !(1..=FILE_NAME_MAX).contains(&name.value.len()) || !name.value.bytes().all(plain) {
        let detail =
            "expected one name of 1 to 128 letters, digits, inner spaces and `._-+=,()[]`, that begins and ends with none of space and full stop";
        return Err(Refusal::at(Reason::InvalidMailFileName, name.span, detail).on("/mail/attachment/@name"));
    }
    part.file_name = Some((name.value, name.span));
    Ok(())
}
