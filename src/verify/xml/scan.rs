//! A scan of XML text for what the tree library lets pass: the second reader's own eyes.
//!
//! Takes text, proves that it is one well-formed XML 1.0 document without document type, processing instruction,
//! foreign encoding or version, with comments only between tags and CDATA only inside `remarks`, within depth and
//! number of nodes. It builds no tree; names are matched, namespaces are not (the tree library resolves them).
//! SPEC: XML 1.0, 5th edition; production numbers stand at the checks.

/// Why a text is refused: the byte at which the scan stopped, and one line without content of the message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    /// Byte of the text.
    pub(super) at: usize,
    /// What was expected.
    pub(super) expected: &'static str,
}

/// Levels at most: 64, as the normal form has.
const DEPTH_MAX: usize = 64;
/// Elements, attributes and texts of a document of `bytes` bytes at most, as the normal form has.
pub(super) fn parts_max(bytes: usize) -> usize {
    bytes.div_euclid(16).max(250_000)
}

/// The element in which a CDATA section may stand.
const CDATA_HOST: &str = "remarks";

type Seen<T> = Result<T, Flaw>;

/// Scans a whole document.
///
/// # Errors
/// The first flaw.
pub(super) fn document(text: &str) -> Seen<()> {
    characters(text)?;
    let mut scan = Scan { text, at: 0, open: Vec::with_capacity(16), nodes: 0, run: Run::Blank, roots: 0 };
    scan.declaration()?;
    while scan.at < text.len() {
        match scan.rest().as_bytes() {
            [b'<', b'!', b'-', b'-', ..] => scan.comment()?,
            [b'<', b'!', b'[', ..] => scan.cdata()?,
            [b'<', b'!', ..] => return scan.flaw("expected no document type declaration"),
            [b'<', b'?', ..] => return scan.flaw("expected no processing instruction"),
            [b'<', b'/', ..] => scan.close()?,
            [b'<', ..] => scan.open()?,
            _ => scan.characters_until_markup()?,
        }
    }
    match (scan.open.is_empty(), scan.roots) {
        (true, 1) => Ok(()),
        _ => scan.flaw("expected one document element, closed"),
    }
}

/// What stands between the last tag and here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    /// White space or nothing.
    Blank,
    /// A comment, after which only white space may follow before the next tag.
    Commented,
    /// Text, after which no comment may follow before the next tag.
    Text,
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    open: Vec<&'t str>,
    nodes: usize,
    run: Run,
    roots: usize,
}

impl<'t> Scan<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn flaw<T>(&self, expected: &'static str) -> Seen<T> {
        Err(Flaw { at: self.at, expected })
    }

    fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.skip(word.len());
        }
        found
    }

    fn blanks(&mut self) -> usize {
        let rest = self.rest();
        let count = rest.bytes().position(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r')).unwrap_or(rest.len());
        self.skip(count);
        count
    }

    fn count(&mut self) -> Seen<()> {
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > parts_max(self.text.len()) { self.flaw("expected at most 250,000 parts, or one for 16 bytes") } else { Ok(()) }
    }

    /// Takes everything before `end`, and `end` itself.
    fn until(&mut self, end: &str, expected: &'static str) -> Seen<&'t str> {
        let rest = self.rest();
        let Some(found) = memchr::memmem::find(rest.as_bytes(), end.as_bytes()) else { return self.flaw(expected) };
        self.skip(found.saturating_add(end.len()));
        Ok(rest.get(..found).unwrap_or(""))
    }

    // SPEC: [23] XMLDecl; version and encoding narrowed to the two that are read here.
    fn declaration(&mut self) -> Seen<()> {
        if !self.rest().strip_prefix("<?xml").is_some_and(|after| after.starts_with(blank)) {
            return Ok(());
        }
        let before = self.at;
        self.skip(5);
        let inner = self.until("?>", "expected an end of the XML declaration")?;
        let mut words = inner;
        let mut value = |name: &str| -> Option<&'t str> {
            let spaced = words.trim_start_matches(blank);
            let after = spaced.strip_prefix(name).filter(|_| spaced.len() < words.len())?;
            let after = after.trim_start_matches(blank).strip_prefix('=')?.trim_start_matches(blank);
            let quote = after.chars().next().filter(|&q| q == '"' || q == '\'')?;
            let (value, left) = after.get(1..)?.split_once(quote)?;
            words = left;
            Some(value)
        };
        let version = value("version");
        let encoding = value("encoding");
        let standalone = value("standalone");
        let fits = version == Some("1.0")
            && encoding.is_none_or(|name| name.eq_ignore_ascii_case("utf-8"))
            && standalone.is_none_or(|word| word == "yes" || word == "no")
            && words.trim_start_matches(blank).is_empty();
        if fits {
            return Ok(());
        }
        self.at = before;
        self.flaw("expected a declaration of XML 1.0 in UTF-8")
    }

    // SPEC: [15] Comment.
    fn comment(&mut self) -> Seen<()> {
        if self.run == Run::Text {
            return self.flaw("expected no comment inside text");
        }
        self.skip(4);
        let inner = self.until("--", "expected an end of the comment")?;
        if inner.ends_with('-') || !self.eat(">") {
            return self.flaw("expected no `--` inside a comment");
        }
        self.run = Run::Commented;
        Ok(())
    }

    fn cdata(&mut self) -> Seen<()> {
        if self.open.last() != Some(&CDATA_HOST) || self.run == Run::Commented {
            return self.flaw("expected no CDATA section here");
        }
        if !self.eat("<![CDATA[") {
            return self.flaw("expected a CDATA section");
        }
        self.until("]]>", "expected an end of the CDATA section")?;
        self.run = Run::Text;
        self.count()
    }

    // SPEC: [42] ETag.
    fn close(&mut self) -> Seen<()> {
        self.skip(2);
        let name = self.name()?;
        if self.open.pop() != Some(name) {
            return self.flaw("expected the end tag of the open element");
        }
        self.blanks();
        self.run = Run::Blank;
        if self.eat(">") { Ok(()) } else { self.flaw("expected `>` at the end of an end tag") }
    }

    // SPEC: [40] STag, [44] EmptyElemTag.
    fn open(&mut self) -> Seen<()> {
        self.skip(1);
        if self.open.is_empty() {
            self.roots = self.roots.saturating_add(1);
        }
        if self.open.len() >= DEPTH_MAX {
            return self.flaw("expected at most 64 levels");
        }
        let name = self.name()?;
        self.count()?;
        self.run = Run::Blank;
        loop {
            let spaced = self.blanks() > 0;
            if self.eat("/>") {
                return Ok(());
            }
            if self.eat(">") {
                self.open.push(name);
                return Ok(());
            }
            if !spaced {
                return self.flaw("expected white space before an attribute");
            }
            self.attribute()?;
        }
    }

    // SPEC: [41] Attribute, [10] AttValue.
    fn attribute(&mut self) -> Seen<()> {
        self.name()?;
        self.blanks();
        if !self.eat("=") {
            return self.flaw("expected `=` after the name of an attribute");
        }
        self.blanks();
        let Some(quote @ (b'"' | b'\'')) = self.rest().bytes().next() else { return self.flaw("expected a quoted value") };
        self.skip(1);
        let (from, rest) = (self.at, self.rest());
        let Some(end) = memchr::memchr(quote, rest.as_bytes()) else { return self.flaw("expected an end of the value") };
        let value = rest.get(..end).unwrap_or("");
        self.skip(end.saturating_add(1));
        self.count()?;
        if let Some(at) = value.find('<') {
            self.at = from.saturating_add(at);
            return self.flaw("expected no `<` in a value");
        }
        self.references(value, from)
    }

    fn characters_until_markup(&mut self) -> Seen<()> {
        let from = self.at;
        let rest = self.rest();
        let run = rest.get(..memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len())).unwrap_or("");
        if !run.trim_start_matches(blank).is_empty() {
            if self.open.is_empty() || self.run == Run::Commented {
                return self.flaw("expected no text here");
            }
            if run.contains("]]>") {
                return self.flaw("expected no `]]>` in text");
            }
            self.references(run, from)?;
            self.run = Run::Text;
            self.count()?;
        }
        self.at = from.saturating_add(run.len());
        Ok(())
    }

    /// References in a value or text that begins at byte `from`. SPEC: [66] CharRef, [68] EntityRef, predefined only.
    fn references(&self, text: &str, from: usize) -> Seen<()> {
        for at in memchr::memchr_iter(b'&', text.as_bytes()) {
            let after = text.get(at.saturating_add(1)..).unwrap_or("");
            let body = after.split_once(';').map(|(body, _)| body);
            let known = match body {
                Some("amp" | "lt" | "gt" | "quot" | "apos") => true,
                Some(other) => other.strip_prefix('#').is_some_and(|number| numbered(number).is_some_and(allowed)),
                None => false,
            };
            if !known {
                return Err(Flaw { at: from.saturating_add(at), expected: "expected a predefined entity or a character reference" });
            }
        }
        Ok(())
    }

    // SPEC: [5] Name.
    fn name(&mut self) -> Seen<&'t str> {
        let rest = self.rest();
        let plain =
            rest.bytes().position(|b| !matches!(b, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b':' | b'_' | b'-' | b'.')).unwrap_or(rest.len());
        let ascii = rest.as_bytes().get(plain).is_none_or(u8::is_ascii);
        let end = if ascii { plain } else { rest.find(|c| !name_char(c)).unwrap_or(rest.len()) };
        let name = rest.get(..end).unwrap_or("");
        if !name.starts_with(name_start) {
            return self.flaw("expected a name");
        }
        self.skip(end);
        Ok(name)
    }
}

fn numbered(number: &str) -> Option<char> {
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
    let plain = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    u32::from_str_radix(digits, radix).ok().filter(|_| plain).and_then(char::from_u32)
}

fn blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

// SPEC: [2] Char.
fn allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

fn characters(text: &str) -> Seen<()> {
    if text.starts_with('\u{FEFF}') {
        return Err(Flaw { at: 0, expected: "expected no byte order mark" });
    }
    // All bytes of ASCII from the space up are characters of XML; what is not plain is looked at again, one by one.
    if text.bytes().fold(true, |plain, b| plain & matches!(b, b' '..=0x7F | b'\t' | b'\n' | b'\r')) {
        return Ok(());
    }
    match text.char_indices().find(|&(_, c)| !allowed(c)) {
        None => Ok(()),
        Some((at, _)) => Err(Flaw { at, expected: "expected characters of XML 1.0" }),
    }
}

// SPEC: [4] NameStartChar.
fn name_start(c: char) -> bool {
    matches!(c, ':' | 'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

// SPEC: [4a] NameChar.
fn name_char(c: char) -> bool {
    name_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_documents_pass() {
        for text in [
            "<a/>",
            "<?xml version=\"1.0\"?><a/>",
            "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n<!-- c --><a b='1' c = \"&lt;&#x41;&#65;\">t<b/> u</a>\n<!-- d -->\n",
            "<a><remarks>x<![CDATA[<b>&]]>y</remarks></a>",
            "<é:a xmlns:é='u'/>",
            "<a>\n<!-- between -->\n<b/></a>",
        ] {
            assert_eq!(document(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_the_tree_library_lets_pass_is_found() {
        for text in [
            "",
            " ",
            "text",
            "\u{FEFF}<a/>",
            "<a/><b/>",
            "<a>",
            "</a>",
            "<a></b>",
            "<a/>x",
            "x<a/>",
            "<!DOCTYPE a><a/>",
            "<!DOCTYPE a []><a/>",
            "<?xml version='1.1'?><a/>",
            "<?xml version='1.0' encoding='latin1'?><a/>",
            "<?xml version='1.0' encoding='UTF-16'?><a/>",
            "<?xml version='1.0' standalone='maybe'?><a/>",
            "<?xml encoding='UTF-8'?><a/>",
            "<?xml version='1.0'encoding='UTF-8'?><a/>",
            "<?xml version='1.0' standalone='yes' encoding='UTF-8'?><a/>",
            " <?xml version='1.0'?><a/>",
            "<?xml version='1.0'?><?xml version='1.0'?><a/>",
            "<?pi?><a/>",
            "<a><?pi x?></a>",
            "<a/><?pi?>",
            "<a b='1'c='2'/>",
            "<a b=1/>",
            "<a b/>",
            "<a b='<'/>",
            "<a b='&x;'/>",
            "<a>&nbsp;</a>",
            "<a>&#0;</a>",
            "<a>&#xFFFE;</a>",
            "<a>&#xD800;</a>",
            "<a>&#+65;</a>",
            "<a>&#;</a>",
            "<a>&#x;</a>",
            "<a>&amp</a>",
            "<a>& </a>",
            "<a>]]></a>",
            "<a>\u{1}</a>",
            "<a>\u{FFFE}</a>",
            "<a b='\u{0}'/>",
            "<!-- a--b --><a/>",
            "<!-- a---><a/>",
            "<!-- <a/>",
            "<a>t<!-- c --></a>",
            "<a><!-- c -->t</a>",
            "<a>t<!-- c -->u</a>",
            "<a><![CDATA[x]]></a>",
            "<remarks><!-- c --><![CDATA[x]]></remarks>",
            "<remarks><![CDATA[x</remarks>",
            "<remarks><![cdata[x]]></remarks>",
            "<![CDATA[x]]><a/>",
            "<1a/>",
            "<a 1='x'/>",
            "< a/>",
            "<a/ >",
            "</a >",
            "<a b='1' / >",
            "<a><b></a></b>",
            "<a",
            "<a b='",
            "<-a/>",
            "<a>&#x110000;</a>",
            "&amp;<a/>",
        ] {
            assert!(document(text).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_and_parts_are_limited() {
        let nested = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
        assert_eq!(document(&nested(64)), Ok(()));
        assert_eq!(document(&nested(65)).unwrap_err().expected, "expected at most 64 levels");
        let wide = |parts: usize| format!("<a>{}</a>", "<b/>".repeat(parts));
        assert_eq!(document(&wide(249_999)), Ok(()));
        assert_eq!(document(&wide(250_000)).unwrap_err().expected, "expected at most 250,000 parts, or one for 16 bytes");
    }
}
