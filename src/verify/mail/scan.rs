//! A scan of lines: what the library reads freely and a mail must not have.
//!
//! Only bytes are looked at here; none of them gets a meaning.

use mail_parser::MessagePart;

/// Whether the first line is a field and the header has a field `From`.
pub(super) fn claims(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body.get(..body.len().min(64 * 1024)).unwrap_or_default());
    let mut lines =
        text.trim_start_matches('\u{feff}').split('\n').map(|line| line.trim_end_matches('\r')).take_while(|line| !line.is_empty()).peekable();
    let named = |line: &str| line.split_once(':').map(|(name, _)| name.trim_end().to_ascii_lowercase());
    let plain = |name: &String| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let begins = lines.peek().and_then(|line| named(line)).as_ref().is_some_and(plain);
    begins && lines.any(|line| named(line).as_deref() == Some("from"))
}

/// Checks line ends, lengths and the bytes that no line may have.
pub(super) fn lines(bytes: &[u8]) -> Result<(), &'static str> {
    let whole = bytes.strip_suffix(b"\r\n").ok_or("expected a line end at the end")?;
    let mut before = 0_u8;
    let mut length = 0_usize;
    let mut dots = 0_usize;
    for &byte in whole.iter().chain(b"\r\n") {
        if byte == 0 || (byte == b'\n') != (before == b'\r') {
            return Err("expected CR LF as line end, neither alone, and no NUL");
        }
        match byte {
            b'\n' if length == 1 && dots == 1 => return Err("expected no line that is a full stop"),
            b'\n' if length > 998 => return Err("expected lines of at most 998 bytes"),
            b'\n' => (length, dots) = (0, 0),
            b'\r' => {}
            _ => {
                length = length.saturating_add(1);
                dots = dots.saturating_add(usize::from(byte == b'.'));
            }
        }
        before = byte;
    }
    Ok(())
}

/// Checks that the library's parts and their boundary lines are the whole content, in order and without a gap.
pub(super) fn covered(bytes: &[u8], start: usize, boundary: &str, parts: &[&MessagePart<'_>]) -> Result<(), &'static str> {
    let mut at = start;
    let mut take = |piece: &str, to: Option<usize>| {
        let fits = bytes.get(at..).is_some_and(|rest| rest.starts_with(piece.as_bytes()));
        at = to.unwrap_or_else(|| at.saturating_add(piece.len()));
        if fits { Ok(()) } else { Err("expected parts right after each other, from the header to the end of the mail") }
    };
    let place = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
    for part in parts {
        take(&format!("--{boundary}\r\n"), Some(place(part.offset_header)))?;
        take("", Some(place(part.offset_end)))?;
        take("\r\n", None)?;
    }
    take(&format!("--{boundary}--\r\n"), None)?;
    let ends = at == bytes.len();
    let marks = memchr::memmem::find_iter(bytes.get(start..).unwrap_or_default(), format!("--{boundary}").as_bytes()).count();
    match ends && !parts.is_empty() && marks == parts.len().saturating_add(1) {
        true => Ok(()),
        false => Err("expected each boundary once, and nothing after the last"),
    }
}
