//! The fields of a header: cut and unfolded here, each value read by the library's parser of its kind.

use mail_parser::parsers::MessageStream;
use mail_parser::{Address, ContentType, HeaderValue};

use crate::verify::second::{Second, Spelling};
use crate::verify::{ess, xml};

/// A field.
#[derive(Debug)]
pub(super) struct Field {
    /// Name in small letters.
    pub(super) name: String,
    /// Value in one line, with one space between words.
    pub(super) text: String,
}

/// Fields that are attributes of the header, in their order.
const ATTRIBUTES: [&str; 9] = [
    "date",
    "subject",
    "mmhs-primary-precedence",
    "mmhs-copy-precedence",
    "mmhs-extended-authorisation-info",
    "mmhs-originator-reference",
    "mmhs-originator-plad",
    "mmhs-acp127-message-identifier",
    "mmhs-codress-message-indicator",
];

/// Fields that are elements of the header, in their order.
const ELEMENTS: [&str; 17] = [
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "message-id",
    "in-reply-to",
    "references",
    "mmhs-message-type",
    "mmhs-subject-indicator-codes",
    "mmhs-handling-instructions",
    "mmhs-message-instructions",
    "mmhs-exempted-address",
    "mmhs-other-recipients-indicator-to",
    "mmhs-other-recipients-indicator-cc",
    "sio-label",
];

/// Fields of content.
const CONTENT: [&str; 6] = ["mime-version", "content-type", "content-transfer-encoding", "content-disposition", "content-id", "content-description"];

/// Cuts the fields of a header that ends with an empty line; gives them and the place after that line.
pub(super) fn cut(bytes: &[u8]) -> Result<(Vec<Field>, usize), &'static str> {
    let end = match bytes.starts_with(b"\r\n") {
        true => 0,
        false => memchr::memmem::find(bytes, b"\r\n\r\n").map(|at| at.saturating_add(2)).ok_or("expected an empty line after the header")?,
    };
    let head = bytes.get(..end).and_then(|head| std::str::from_utf8(head).ok()).filter(|head| head.is_ascii());
    let head = head.ok_or("expected a header in ASCII")?;
    let mut fields: Vec<Field> = Vec::new();
    for line in head.split_terminator("\r\n") {
        if line.chars().any(|c| c.is_ascii_control() && c != '\t') {
            return Err("expected no control characters in the header");
        }
        let words = |text: &str| text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        if line.starts_with([' ', '\t']) {
            let open = fields.last_mut().ok_or("expected a field before its continuation")?;
            let more = words(line);
            if more.is_empty() {
                return Err("expected words in a continuation");
            }
            if !open.text.is_empty() {
                open.text.push(' ');
            }
            open.text.push_str(&more);
            continue;
        }
        let (name, value) = line.split_once(':').ok_or("expected a colon after the name of a field")?;
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
            return Err("expected the name of a field right before the colon");
        }
        fields.push(Field { name: name.to_ascii_lowercase(), text: words(value) });
    }
    Ok((fields, end.saturating_add(2)))
}

/// Adds the header.
pub(super) fn header(tree: &mut Second<'_>, fields: &[Field]) -> Result<(), &'static str> {
    let known = |name: &str| ATTRIBUTES.contains(&name) || ELEMENTS.contains(&name);
    for (at, field) in fields.iter().enumerate() {
        let twice = fields.iter().skip(at.saturating_add(1)).any(|other| other.name == field.name);
        if twice && (known(&field.name) || CONTENT.contains(&field.name.as_str())) {
            return Err("expected fields that stand once");
        }
    }
    let of = |name: &str| fields.iter().find(|field| field.name == name).map(|field| field.text.as_str());
    tree.open("", "header");
    for name in ATTRIBUTES {
        if let Some(text) = of(name) {
            let (value, spelling) = leaf(name, text)?;
            tree.attribute("", name, value, spelling);
        }
    }
    for name in ELEMENTS {
        if let Some(text) = of(name) {
            tree.open("", name);
            element(tree, name, text)?;
            tree.close();
        }
    }
    for field in fields.iter().filter(|field| !known(&field.name) && !CONTENT.contains(&field.name.as_str())) {
        tree.open("", "field");
        tree.attribute("", "name", field.name.clone(), Spelling::Exact);
        let text = unstructured(&field.text)?;
        if !text.trim().is_empty() {
            tree.text(text, Spelling::Exact);
        }
        tree.close();
    }
    tree.close();
    Ok(())
}

fn leaf(name: &str, text: &str) -> Result<(String, Spelling), &'static str> {
    match name {
        "date" | "mmhs-extended-authorisation-info" => Ok((date(text)?, Spelling::Time)),
        "subject" => Ok((unstructured(text)?, Spelling::Exact)),
        "mmhs-codress-message-indicator" => Ok((text.to_owned(), Spelling::Number)),
        "mmhs-primary-precedence" | "mmhs-copy-precedence" => {
            let words = ["deferred", "routine", "priority", "immediate", "flash", "override"];
            Ok((worded(text, &words).ok_or("expected a precedence")?, Spelling::Exact))
        }
        _ => Ok((text.to_owned(), Spelling::Exact)),
    }
}

/// A word of a list, or the word of its number.
fn worded(text: &str, words: &[&str]) -> Option<String> {
    let small = text.to_ascii_lowercase();
    let numbered = text.parse::<usize>().ok().filter(|_| text.len() == 1).and_then(|number| words.get(number).map(|word| (*word).to_owned()));
    words.contains(&small.as_str()).then_some(small).or(numbered)
}

fn element(tree: &mut Second<'_>, name: &str, text: &str) -> Result<(), &'static str> {
    match name {
        "message-id" => match identifiers(text)?.as_slice() {
            [only] => halves(tree, only)?,
            _ => return Err("expected one identifier"),
        },
        "in-reply-to" | "references" => {
            for each in identifiers(text)? {
                tree.open("", "id");
                halves(tree, &each)?;
                tree.close();
            }
        }
        "mmhs-message-type" => {
            let kind = content_type(text).ok_or("expected a type of message")?;
            let word = worded(kind.c_type.trim(), &["exercise", "operation", "project", "drill"]).ok_or("expected a type of message")?;
            if let Some(identifier) = kind.attribute("identifier") {
                let plain = |c: char| c.is_ascii_alphanumeric() || " '+,-./:=?".contains(c);
                if identifier.is_empty() || identifier.len() > 69 || !identifier.chars().all(plain) {
                    return Err("expected a military string of at most 69 characters after the type");
                }
                tree.attribute("", "identifier", identifier.to_owned(), Spelling::Exact);
            }
            tree.attribute("", "type", word, Spelling::Exact);
        }
        "mmhs-subject-indicator-codes" => items(tree, "sic", listed(text)),
        "mmhs-handling-instructions" | "mmhs-message-instructions" => items(tree, "instruction", listed(text)),
        "mmhs-other-recipients-indicator-to" | "mmhs-other-recipients-indicator-cc" => items(tree, "designator", listed(text)),
        "sio-label" => return sio_label(tree, text),
        _ => return mailboxes(tree, text),
    }
    Ok(())
}

fn halves(tree: &mut Second<'_>, identifier: &str) -> Result<(), &'static str> {
    let (left, right) = identifier.split_once('@').ok_or("expected an identifier in two halves")?;
    tree.attribute("", "left", left.to_owned(), Spelling::Exact);
    tree.attribute("", "right", right.to_owned(), Spelling::Exact);
    Ok(())
}

fn listed(text: &str) -> Vec<String> {
    text.split(';').map(|item| item.trim().to_owned()).collect()
}

fn items(tree: &mut Second<'_>, name: &'static str, all: Vec<String>) {
    for item in all {
        tree.open("", name);
        tree.text(item, Spelling::Exact);
        tree.close();
    }
}

/// A value as the library's parsers take it.
fn value<T>(
    text: &str,
    read: impl FnOnce(HeaderValue<'_>) -> Option<T>,
    parse: impl for<'x> Fn(&mut MessageStream<'x>) -> HeaderValue<'x>,
) -> Option<T> {
    let line = format!(" {text}\r\n");
    read(parse(&mut MessageStream::new(line.as_bytes())))
}

/// A value before parameters, with these.
pub(super) fn content_type(text: &str) -> Option<ContentType<'static>> {
    let read = |value: HeaderValue<'_>| value.into_owned().into_content_type();
    value(text, read, |stream| stream.parse_content_type())
}

/// Text, with encoded words decoded.
pub(super) fn unstructured(text: &str) -> Result<String, &'static str> {
    let read = |value: HeaderValue<'_>| match value {
        HeaderValue::Empty => Some(String::new()),
        other => other.into_text().map(std::borrow::Cow::into_owned),
    };
    let said = value(text, read, |stream| stream.parse_unstructured()).ok_or("expected text")?;
    if said.chars().any(char::is_control) { Err("expected no control characters in a field") } else { Ok(said) }
}

/// Identifiers without brackets.
pub(super) fn identifiers(text: &str) -> Result<Vec<String>, &'static str> {
    let read = |value: HeaderValue<'_>| match value {
        HeaderValue::Text(only) => Some(vec![only.into_owned()]),
        HeaderValue::TextList(all) => Some(all.into_iter().map(std::borrow::Cow::into_owned).collect()),
        _ => None,
    };
    value(text, read, |stream| stream.parse_id()).ok_or("expected identifiers")
}

fn date(text: &str) -> Result<String, &'static str> {
    let read = |value: HeaderValue<'_>| value.into_datetime().filter(mail_parser::DateTime::is_valid);
    let moment = value(text, read, |stream| stream.parse_date()).ok_or("expected a date")?;
    let mut utc = mail_parser::DateTime::from_timestamp(moment.to_timestamp());
    (utc.tz_before_gmt, utc.tz_hour, utc.tz_minute) = (false, 0, 0);
    Ok(utc.to_rfc3339())
}

fn mailboxes(tree: &mut Second<'_>, text: &str) -> Result<(), &'static str> {
    let read = |value: HeaderValue<'_>| match value.into_address()? {
        Address::List(all) => Some(all.into_iter().map(mail_parser::Addr::into_owned).collect::<Vec<_>>()),
        Address::Group(_) => None,
    };
    for each in value(text, read, |stream| stream.parse_address()).ok_or("expected mailboxes without groups")? {
        let address = each.address.ok_or("expected an address")?;
        let (local, domain) = address.rsplit_once('@').ok_or("expected an address with a domain")?;
        tree.open("", "mailbox");
        tree.attribute("", "domain", domain.to_ascii_lowercase(), Spelling::Exact);
        tree.attribute("", "local", local.to_owned(), Spelling::Exact);
        if let Some(name) = each.name {
            tree.attribute("", "name", name.trim().to_owned(), Spelling::Exact);
        }
        tree.close();
    }
    Ok(())
}

/// Parameters and label of the SIO-Label field.
fn sio_label(tree: &mut Second<'_>, text: &str) -> Result<(), &'static str> {
    // The field is parameters alone: behind a word it is what the library reads.
    let all = content_type(&format!("label/parameters; {text}")).ok_or("expected parameters")?;
    for name in ["bgcolor", "fgcolor", "marking", "type"] {
        if let Some(value) = all.attribute(name) {
            tree.attribute("", name, value.to_owned(), Spelling::Exact);
        }
    }
    let Some(label) = all.attribute("label") else { return Ok(()) };
    let xml = mail_parser::decoders::base64::base64_decode(label.as_bytes()).ok_or("expected a label in base64")?;
    match all.attribute("type") {
        Some(":xml") => {}
        Some(":ess") => return ess::read(tree, &xml),
        _ => return Err("expected a label in XML or in binary"),
    }
    let inside = xml::read(&xml, |_| &[])?;
    let root = inside.root().ok_or("expected a label")?;
    tree.graft(root);
    Ok(())
}
