//! The reader: one pass over the text, one level of the document a call.

use crate::base::{Budget, Reason, Refusal, Span};
use crate::format::syntax::xml;
use crate::normal::Unit;

use super::{Content, DEPTH_MAX, Json, Member, Object, number, text};

/// Reads one value and nothing after it.
///
/// # Errors
/// `malformed.utf8`, `malformed.json.*`, `size.depth`, `size.nodes`, `size.budget`.
pub fn read<'a>(body: &'a [u8], budget: &mut Budget) -> Result<Json<'a>, Refusal> {
    let text = xml::text(body)?;
    budget.spend(u64::try_from(text.len()).unwrap_or(u64::MAX))?;
    let mut reader = Reader { text, at: 0, depth: 0, values: 0, budget };
    reader.white();
    let value = reader.value()?;
    reader.white();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(Refusal::at(Reason::MalformedJsonTrailing, reader.here(), "expected nothing after the value")),
    }
}

#[derive(Debug)]
struct Reader<'a, 'b> {
    text: &'a str,
    /// The next byte; always at the beginning of a character.
    at: usize,
    depth: usize,
    values: usize,
    budget: &'b mut Budget,
}

impl<'a> Reader<'a, '_> {
    fn value(&mut self) -> Result<Json<'a>, Refusal> {
        self.budget.spend(1)?;
        self.values = self.values.saturating_add(1);
        if self.values > self.budget.parts_max() {
            return Err(Refusal::at(Reason::SizeNodes, self.here(), format!("expected at most {} values", self.budget.parts_max())));
        }
        let start = self.at;
        let content = match self.peek() {
            Some(b'"') => {
                let (text, span) = self.text()?;
                return Ok(Json { content: Content::Text(text), span });
            }
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::list)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Content::Flag(true))?,
            Some(b'f') => self.word("false", Content::Flag(false))?,
            Some(b'n') => self.word("null", Content::Null)?,
            _ => return Err(self.refusal("expected a value")),
        };
        Ok(Json { content, span: Span::new(start, self.at) })
    }

    /// What stands between brackets, one level deeper.
    fn nested(&mut self, inner: fn(&mut Self) -> Result<Content<'a>, Refusal>) -> Result<Content<'a>, Refusal> {
        if self.depth >= DEPTH_MAX {
            return Err(Refusal::at(Reason::SizeDepth, self.here(), format!("expected at most {DEPTH_MAX} levels")));
        }
        self.depth = self.depth.saturating_add(1);
        self.step();
        self.white();
        let content = inner(self)?;
        self.depth = self.depth.saturating_sub(1);
        Ok(content)
    }

    fn list(&mut self) -> Result<Content<'a>, Refusal> {
        let mut items = Vec::new();
        if self.took(b']') {
            return Ok(Content::List(items));
        }
        loop {
            items.push(self.value()?);
            self.white();
            if self.took(b']') {
                return Ok(Content::List(items));
            }
            self.comma("expected `,` or `]`")?;
        }
    }

    fn object(&mut self) -> Result<Content<'a>, Refusal> {
        let mut members = Vec::new();
        if self.took(b'}') {
            return Ok(Content::Object(Object { members }));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.refusal("expected a key in quotes"));
            }
            let (key, key_span) = self.text()?;
            self.white();
            if !self.took(b':') {
                return Err(self.refusal("expected `:` after a key"));
            }
            self.white();
            members.push(Member { key, key_span, value: self.value()? });
            self.white();
            if self.took(b'}') {
                break;
            }
            self.comma("expected `,` or `}`")?;
        }
        // The sort is stable: of two equal keys the second in the text stands second.
        members.sort_by(|a, b| a.key.cmp(&b.key));
        let twice = members.windows(2).find_map(|pair| match pair {
            [first, second] if first.key == second.key => Some(second.key_span),
            _ => None,
        });
        match twice {
            None => Ok(Content::Object(Object { members })),
            Some(span) => Err(Refusal::at(Reason::MalformedJsonRepeated, span, "expected each key once in an object")),
        }
    }

    /// A text and its span without the quotes; the next byte is the opening one.
    fn text(&mut self) -> Result<(std::borrow::Cow<'a, str>, Span), Refusal> {
        let (value, span) = text::read(self.text, self.at.saturating_add(1))?;
        self.at = span.range().end.saturating_add(1);
        Ok((value, span))
    }

    fn number(&mut self) -> Result<Content<'a>, Refusal> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let token = number::token(rest).ok_or_else(|| self.refusal("expected a number as JSON writes it"))?;
        let span = Span::new(self.at, self.at.saturating_add(token.len()));
        self.at = span.range().end;
        let detail = "expected a number of at most 18 digits on each side of the point, and no negative zero";
        let decimal = number::decimal(token).ok_or_else(|| Refusal::at(Reason::MalformedJsonNumber, span, detail))?;
        Ok(Content::Number(decimal, Unit::One))
    }

    fn word(&mut self, word: &str, content: Content<'a>) -> Result<Content<'a>, Refusal> {
        if !self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(self.refusal("expected `true`, `false` or `null`"));
        }
        self.at = self.at.saturating_add(word.len());
        Ok(content)
    }

    /// A comma between two items; white space around it.
    fn comma(&mut self, expected: &str) -> Result<(), Refusal> {
        if !self.took(b',') {
            return Err(self.refusal(expected));
        }
        self.white();
        Ok(())
    }

    // SPEC: RFC 8259, 2: `ws`.
    fn white(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.step();
        }
    }

    fn took(&mut self, byte: u8) -> bool {
        let stands = self.peek() == Some(byte);
        if stands {
            self.step();
        }
        stands
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    const fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    /// The next character, or the end.
    fn here(&self) -> Span {
        let width = self.text.get(self.at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        Span::new(self.at, self.at.saturating_add(width))
    }

    fn refusal(&self, expected: &str) -> Refusal {
        Refusal::at(Reason::MalformedJsonSyntax, self.here(), expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> (&'static str, usize) {
        let refusal = read(text.as_bytes(), &mut Budget::for_body(text.len())).err();
        refusal.map_or(("read", 0), |refusal| (refusal.reason.code(), refusal.place.span.map_or(usize::MAX, |span| span.range().start)))
    }

    #[test]
    fn values_are_read_with_their_places() {
        let text = " {\"b\":[1.50,\"x\\u0041\",true] , \"a\":\"é\"}\n";
        let value = read(text.as_bytes(), &mut Budget::for_body(text.len())).unwrap();
        let object = value.object().unwrap();
        assert_eq!(object.members().iter().map(|member| &*member.key).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(object.text("a"), Some("é"));
        assert_eq!(text.get(object.value("a").unwrap().span.range()), Some("é"));
        let items = object.value("b").unwrap().list().unwrap();
        assert_eq!(items.iter().map(|item| text.get(item.span.range()).unwrap()).collect::<Vec<_>>(), ["1.50", "x\\u0041", "true"]);
        assert_eq!(items[1].text(), Some("xA"));
        assert!(matches!(&items[0].content, Content::Number(number, Unit::One) if number.to_string() == "1.5"));
    }

    #[test]
    fn what_is_not_json_is_refused_where_it_leaves_the_grammar() {
        for (text, at) in [
            ("", 0),
            ("{", 1),
            ("[1,]", 3),
            ("[1 2]", 3),
            ("{\"a\" 1}", 5),
            ("{a:1}", 1),
            ("nul", 0),
            ("+1", 0),
            ("[é]", 1),
            ("{\"a\":1,}", 7),
            ("01", 1),
        ] {
            let code = code(text);
            assert!(code == ("malformed.json.syntax", at) || text == "01" && code == ("malformed.json.trailing", at), "{text}: {code:?}");
        }
        assert_eq!(code("{} {}"), ("malformed.json.trailing", 3));
        assert_eq!(code("\u{feff}1"), ("malformed.utf8", 0));
    }

    #[test]
    fn a_key_stands_once_however_it_is_escaped() {
        assert_eq!(code("{\"k\":1,\"j\":2,\"\\u006b\":3}"), ("malformed.json.repeated", 14));
        assert_eq!(code("[{\"a\":{\"a\":1}},{\"a\":2}]"), ("read", 0));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(code(&nested(DEPTH_MAX)), ("read", 0));
        assert_eq!(code(&nested(DEPTH_MAX + 1)), ("size.depth", DEPTH_MAX));
        assert_eq!(code(&"[".repeat(100_000)).0, "size.depth");
        assert_eq!(code(&format!("[{}0]", "0,".repeat(Budget::PARTS_MIN))).0, "size.nodes");
    }
}
