//! The pull reader: one token after another, each checked before it is given.
//!
//! Proves, token by token, that the document is well-formed XML 1.0 with namespaces; [`Token::End`] is given only when
//! every byte was read. Names no format.

use std::borrow::Cow;

use crate::base::{Budget, Reason, Refusal, Span};

use super::chars::{self, is_white};
use super::cursor::Cursor;
use super::declaration::declaration;
use super::names::Scope;
use super::references::{Within, resolve};
use super::{Cdata, Comments, Options};

/// An element as it opens; its attributes are taken from [`Reader::attributes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag<'a> {
    /// Namespace; empty for none.
    pub namespace: &'a str,
    /// Local name.
    pub name: &'a str,
    /// Offset of its `<`.
    pub start: usize,
    /// One past the `>` of its opening tag.
    pub end: usize,
}

/// An attribute that is no namespace declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Namespace; empty for none.
    pub namespace: &'a str,
    /// Local name.
    pub name: &'a str,
    /// The normalised value.
    pub value: Cow<'a, str>,
    /// Bytes of the value without quotes.
    pub span: Span,
}

/// Text between two tags that is not only white space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<'a> {
    /// The text; borrowed exactly where the body holds these very bytes at `span`.
    pub value: Cow<'a, str>,
    /// Bytes of the text.
    pub span: Span,
}

/// What the reader found next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token<'a> {
    /// An element opens.
    Open(Tag<'a>),
    /// Text of the open element.
    Text(Text<'a>),
    /// The open element closes; `end` is one past its `>`.
    Close {
        /// One past the last byte of the element.
        end: usize,
    },
    /// The document is over and every byte was read.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The document element.
    Root,
    /// Content of the open element.
    Content,
    /// The closing of an element that was written as `<a/>`.
    Close,
    /// What follows the document element.
    Epilogue,
}

/// How many elements may stand outside all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Roots {
    /// One: a document.
    One,
    /// Any number: the content of an element whose tags stand elsewhere.
    Any,
}

#[derive(Debug)]
struct Open<'a> {
    whole: &'a str,
    scope: usize,
}

/// Whether text that is nothing but white space is a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum White {
    Dropped,
    Kept,
}

/// The reader.
#[derive(Debug)]
pub struct Reader<'a> {
    cursor: Cursor<'a>,
    options: Options,
    next: Next,
    roots: Roots,
    open: Vec<Open<'a>>,
    scope: Scope<'a>,
    attributes: Vec<Attribute<'a>>,
    prefixes: Vec<&'a str>,
    white: White,
}

impl<'a> Reader<'a> {
    /// A reader at the beginning of `text`, whose characters and XML declaration it checks at once.
    ///
    /// # Errors
    /// `malformed.xml.character`, `malformed.xml.declaration`, `size.budget`.
    pub fn new(text: &'a str, options: Options, budget: &mut Budget) -> Result<Self, Refusal> {
        budget.spend(u64::try_from(text.len()).unwrap_or(u64::MAX))?;
        chars::check(text)?;
        let mut cursor = Cursor::new(text);
        declaration(&mut cursor)?;
        Ok(Self::at(cursor, options, Roots::One))
    }

    /// A reader of elements that stand side by side in an element whose tags are not in `text`: no XML declaration, no text between them.
    ///
    /// # Errors
    /// `malformed.xml.character`, `size.budget`.
    pub fn fragment(text: &'a str, options: Options, budget: &mut Budget) -> Result<Self, Refusal> {
        budget.spend(u64::try_from(text.len()).unwrap_or(u64::MAX))?;
        chars::check(text)?;
        Ok(Self::at(Cursor::new(text), options, Roots::Any))
    }

    fn at(cursor: Cursor<'a>, options: Options, roots: Roots) -> Self {
        Self {
            cursor,
            options,
            next: Next::Root,
            roots,
            open: Vec::with_capacity(16),
            scope: Scope::default(),
            attributes: Vec::with_capacity(16),
            prefixes: Vec::new(),
            white: White::Dropped,
        }
    }

    /// A reader that gives white space between elements as text too: for signatures, which cover it.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn faithful(text: &'a str, options: Options, budget: &mut Budget) -> Result<Self, Refusal> {
        Ok(Self { white: White::Kept, ..Self::new(text, options, budget)? })
    }

    /// The name of the element that opened last, with its prefix.
    #[must_use]
    pub fn whole_name(&self) -> &'a str {
        self.open.last().map_or("", |open| open.whole)
    }

    /// The attributes of the element that opened last with their prefixes, in document order. They can be taken once.
    pub fn prefixed(&mut self) -> impl Iterator<Item = (Attribute<'a>, &'a str)> + '_ {
        self.attributes.drain(..).zip(self.prefixes.iter().copied())
    }

    /// The namespaces that the element that opened last declares, as prefix and name; the empty prefix is the default namespace.
    #[must_use]
    pub fn declared(&self) -> &[(&'a str, &'a str)] {
        self.scope.from(self.open.last().map_or(0, |open| open.scope))
    }

    /// The attributes of the element that opened last, in document order. They can be taken once.
    pub fn attributes(&mut self) -> std::vec::Drain<'_, Attribute<'a>> {
        self.attributes.drain(..)
    }

    /// The next token.
    ///
    /// # Errors
    /// `malformed.xml.*`, `size.depth`, `size.budget`.
    pub fn token(&mut self, budget: &mut Budget) -> Result<Token<'a>, Refusal> {
        match self.next {
            Next::Root => {
                self.between()?;
                match self.cursor.peek() {
                    Some(b'<') => self.opening(budget),
                    None if self.roots == Roots::Any => Ok(Token::End),
                    _ if self.roots == Roots::Any => Err(self.cursor.syntax("expected an element or the end, found text")),
                    _ => Err(self.cursor.syntax("expected the document element")),
                }
            }
            Next::Content => match self.text()? {
                Some(text) => Ok(Token::Text(text)),
                None if self.cursor.sees("</") => self.closing(),
                None => self.opening(budget),
            },
            Next::Close => Ok(self.closed()),
            Next::Epilogue => {
                self.between()?;
                match self.cursor.peek() {
                    None => Ok(Token::End),
                    Some(_) => Err(self.cursor.refusal(Reason::MalformedXmlTrailing, self.cursor.at(), "expected the end of the document")),
                }
            }
        }
    }

    /// White space and comments outside the document element; refuses what else begins with `<!` or `<?`.
    fn between(&mut self) -> Result<(), Refusal> {
        loop {
            self.cursor.white();
            if self.cursor.sees("<!--") {
                self.comment()?;
            } else {
                return self.markup();
            }
        }
    }

    /// Refuses declarations and instructions here.
    fn markup(&self) -> Result<(), Refusal> {
        let refuse = |reason, detail: &str| Err(self.cursor.refusal(reason, self.cursor.at(), detail));
        if self.cursor.sees("<?") {
            refuse(Reason::MalformedXmlInstruction, "expected no processing instruction")
        } else if self.cursor.sees("<![CDATA[") {
            refuse(Reason::MalformedXmlCdata, "expected no CDATA section here")
        } else if self.cursor.sees("<!") {
            refuse(Reason::MalformedXmlDoctype, "expected no DOCTYPE or other markup declaration")
        } else {
            Ok(())
        }
    }

    fn comment(&mut self) -> Result<Span, Refusal> {
        let from = self.cursor.at();
        self.cursor.skip("<!--".len());
        // SPEC: XML 1.0 production 15: `--` ends a comment, and only `>` may follow it.
        let closed = self.cursor.through("--").is_some() && self.cursor.take(">");
        if !closed {
            return Err(self.cursor.refusal(Reason::MalformedXmlSyntax, from, "expected the comment to end with `-->` and to hold no `--`"));
        }
        match self.options.comments {
            Comments::Allow => Ok(Span::new(from, self.cursor.at())),
            Comments::Refuse => Err(self.cursor.refusal(Reason::MalformedXmlComment, from, "expected no comment")),
        }
    }

    /// Text up to the next tag; `None` where there is only white space. The cursor then stands at a tag.
    fn text(&mut self) -> Result<Option<Text<'a>>, Refusal> {
        let mut found: Option<Text<'a>> = None;
        let mut comment = None;
        loop {
            let from = self.cursor.at();
            let Some(raw) = self.cursor.before_byte(b'<') else { return Err(self.unfinished()) };
            let ends = memchr::memchr(b'>', raw.as_bytes()).and_then(|_| memchr::memmem::find(raw.as_bytes(), b"]]>"));
            if let Some(at) = ends {
                let at = from.saturating_add(at);
                return Err(Refusal::at(Reason::MalformedXmlSyntax, Span::new(at, at.saturating_add(3)), "expected `]]&gt;`, found `]]>` in text"));
            }
            if !raw.is_empty() {
                join(&mut found, resolve(raw, from, Within::Text)?, Span::new(from, self.cursor.at()));
            }
            // Nearly always a tag comes next.
            if !matches!(self.cursor.second(), Some(b'!' | b'?')) {
                break;
            }
            if self.cursor.sees("<!--") {
                comment = comment.or(Some(self.comment()?));
            } else if self.cursor.sees("<![CDATA[") {
                let (value, span) = self.cdata()?;
                join(&mut found, value, span);
            } else {
                break;
            }
        }
        self.markup()?;
        let solid = found.as_ref().is_some_and(|text| !text.value.bytes().all(is_white));
        let found = found.filter(|_| solid || self.white == White::Kept);
        match (found, comment) {
            (Some(_), Some(span)) if solid => Err(Refusal::at(Reason::MalformedXmlComment, span, "expected text that no comment splits or adjoins")),
            (found, _) => Ok(found),
        }
    }

    fn cdata(&mut self) -> Result<(Cow<'a, str>, Span), Refusal> {
        let from = self.cursor.at();
        let here = self.open.last().map_or("", |open| open.whole);
        let allowed = match self.options.cdata {
            Cdata::Allow => true,
            Cdata::Refuse => false,
            Cdata::Inside(name) => here == name,
        };
        self.cursor.skip("<![CDATA[".len());
        if !allowed {
            return Err(self.cursor.refusal(Reason::MalformedXmlCdata, from, "expected no CDATA section here"));
        }
        let begin = self.cursor.at();
        let Some(raw) = self.cursor.through("]]>") else {
            return Err(self.cursor.refusal(Reason::MalformedXmlSyntax, from, "expected the CDATA section to end with `]]>`"));
        };
        Ok((resolve(raw, begin, Within::Cdata)?, Span::new(begin, begin.saturating_add(raw.len()))))
    }

    fn opening(&mut self, budget: &mut Budget) -> Result<Token<'a>, Refusal> {
        let start = self.cursor.at();
        if self.open.len() >= self.options.depth_max {
            return Err(self.cursor.refusal(Reason::SizeDepth, start, format!("expected at most {} levels", self.options.depth_max)));
        }
        self.cursor.skip(1);
        let (prefix, name, whole) = self.cursor.name("an element name after `<`")?;
        let named = Span::new(start.saturating_add(1), self.cursor.at());
        let scope = self.scope.len();
        self.attributes.clear();
        self.prefixes.clear();
        let mut count = 0_usize;
        let end = loop {
            let white = self.cursor.white();
            if self.cursor.take("/>") {
                break Next::Close;
            }
            if self.cursor.take(">") {
                break Next::Content;
            }
            if white == 0 {
                return Err(self.cursor.syntax("expected white space, `>` or `/>` in the opening tag"));
            }
            count = count.saturating_add(1);
            if count > Options::ATTRIBUTES_MAX {
                return Err(self.cursor.refusal(Reason::SizeNodes, self.cursor.at(), "expected at most 256 attributes of one element"));
            }
            budget.spend(u64::try_from(count).unwrap_or(u64::MAX))?;
            self.attribute(scope)?;
        };
        self.resolve_attributes()?;
        let namespace = self.scope.element(prefix, named)?;
        self.open.push(Open { whole, scope });
        self.next = end;
        Ok(Token::Open(Tag { namespace, name, start, end: self.cursor.at() }))
    }

    fn attribute(&mut self, scope: usize) -> Result<(), Refusal> {
        let from = self.cursor.at();
        let (prefix, name, whole) = self.cursor.name("an attribute name, `>` or `/>`")?;
        self.cursor.white();
        let equals = self.cursor.take("=");
        self.cursor.white();
        let quote = self.cursor.peek().filter(|byte| equals && matches!(byte, b'"' | b'\''));
        let refuse = |cursor: &Cursor<'_>, detail| Err(cursor.refusal(Reason::MalformedXmlAttribute, from, detail));
        let Some(quote) = quote else { return refuse(&self.cursor, "expected `=` and a quoted value after the attribute name") };
        self.cursor.skip(1);
        let begin = self.cursor.at();
        let Some(raw) = self.cursor.before_byte(quote) else { return refuse(&self.cursor, "expected a closing quote") };
        let span = Span::new(begin, self.cursor.at());
        // One look at all bytes for what is not as it stands; where there is some, it is looked at again.
        let special = raw.bytes().fold(false, |found, byte| found | matches!(byte, b'<' | b'&' | b'\r' | b'\n' | b'\t'));
        if special && memchr::memchr(b'<', raw.as_bytes()).is_some() {
            return Err(Refusal::at(Reason::MalformedXmlAttribute, span, "expected `&lt;`, found `<` in an attribute value"));
        }
        let value = if special { resolve(raw, begin, Within::Attribute)? } else { Cow::Borrowed(raw) };
        self.cursor.skip(1);
        match (prefix, whole) {
            (_, "xmlns") => self.scope.declare(scope, "", value, span),
            ("xmlns", _) => self.scope.declare(scope, name, value, span),
            // The prefix stands in for the namespace until all declarations of the tag were read.
            _ => {
                self.attributes.push(Attribute { namespace: prefix, name, value, span });
                self.prefixes.push(prefix);
                Ok(())
            }
        }
    }

    /// Turns prefixes into namespaces and refuses repeated attributes.
    fn resolve_attributes(&mut self) -> Result<(), Refusal> {
        for attribute in &mut self.attributes {
            attribute.namespace = self.scope.attribute(attribute.namespace, attribute.span)?;
        }
        let mut rest = self.attributes.as_slice();
        while let Some((last, before)) = rest.split_last() {
            if before.iter().any(|other| other.name == last.name && other.namespace == last.namespace) {
                return Err(Refusal::at(Reason::MalformedXmlAttribute, last.span, "expected each attribute once"));
            }
            rest = before;
        }
        Ok(())
    }

    fn closing(&mut self) -> Result<Token<'a>, Refusal> {
        let from = self.cursor.at();
        self.cursor.skip("</".len());
        let (_, _, whole) = self.cursor.name("an element name after `</`")?;
        self.cursor.white();
        let fits = self.open.last().is_some_and(|open| open.whole == whole);
        if !fits {
            return Err(self.cursor.refusal(Reason::MalformedXmlSyntax, from, "expected the closing tag of the element that is open"));
        }
        if !self.cursor.take(">") {
            return Err(self.cursor.syntax("expected `>` at the end of the closing tag"));
        }
        Ok(self.closed())
    }

    fn closed(&mut self) -> Token<'a> {
        if let Some(open) = self.open.pop() {
            self.scope.truncate(open.scope);
        }
        self.next = match (self.open.is_empty(), self.roots) {
            (false, _) => Next::Content,
            (true, Roots::One) => Next::Epilogue,
            (true, Roots::Any) => Next::Root,
        };
        Token::Close { end: self.cursor.at() }
    }

    fn unfinished(&self) -> Refusal {
        self.cursor.syntax("expected the closing tag of the element that is open, found the end of the text")
    }
}

/// Adds a piece to a run of text; keeps borrowed what is one piece.
fn join<'a>(run: &mut Option<Text<'a>>, piece: Cow<'a, str>, span: Span) {
    match run {
        _ if piece.is_empty() => {}
        None => *run = Some(Text { value: piece, span }),
        Some(text) => {
            text.value.to_mut().push_str(&piece);
            text.span.end = span.end;
        }
    }
}
