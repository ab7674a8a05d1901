//! Well-known readers that do less: what the readers of the formats are measured beside.

use std::hint::black_box;

use nom::bytes::complete::take_till;
use nom::character::complete::char;
use nom::multi::many0;
use nom::sequence::{pair, preceded, terminated};
use nom::{IResult, Parser};
use prost::Message;

/// A reader: its name, and one that says how many parts it found.
pub(crate) type Plain = (&'static str, fn(&[u8]) -> usize);

/// The reader beside a format.
pub(crate) fn beside(format: &str) -> Plain {
    match format {
        "cot" | "nffi" => ("quick-xml events", events),
        "tak" => ("prost and quick-xml", frame),
        "stix" | "misp" => ("serde_json::Value", value),
        "mail" => ("mail-parser", mail),
        _ => ("memchr lines", lines),
    }
}

/// A bare tokeniser of the same grammar, for formats whose reader beside is none: a line split says where fields end and keeps none.
pub(crate) fn tokeniser(format: &str) -> Option<fn(&[u8]) -> usize> {
    matches!(format, "mtf" | "oth").then_some(tokens)
}

/// The word that begins a line, and its fields.
type Tokens<'a> = (&'a [u8], Vec<&'a [u8]>);

/// Every field of every line by combinators, kept as slices.
fn tokens(body: &[u8]) -> usize {
    let text = || take_till(|byte| matches!(byte, b'/' | b'\n'));
    let line = terminated(pair(text(), many0(preceded(char('/'), text()))), char('\n'));
    let read: IResult<&[u8], Vec<Tokens<'_>>> = many0(line).parse(body);
    let (rest, lines) = read.expect("lines");
    assert!(rest.is_empty(), "the tokeniser reads all lines");
    black_box(&lines).len()
}

/// Every event of a document, and every attribute with its value.
fn events(body: &[u8]) -> usize {
    let mut reader = quick_xml::Reader::from_reader(body);
    let mut count = 0;
    loop {
        match reader.read_event().expect("well-formed") {
            quick_xml::events::Event::Eof => return count,
            quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag) => {
                count += 1;
                for attribute in tag.attributes() {
                    count += usize::from(!black_box(attribute.expect("sound").value).is_empty());
                }
            }
            event => count += usize::from(!black_box(&event).is_empty()),
        }
    }
}

fn value(body: &[u8]) -> usize {
    let value: serde_json::Value = serde_json::from_slice(body).expect("JSON");
    black_box(&value).as_object().map_or(0, serde_json::Map::len)
}

fn lines(body: &[u8]) -> usize {
    let mut start = 0;
    let mut fields = 0;
    for end in memchr::memchr_iter(b'\n', body) {
        let line = body.get(start..end).unwrap_or_default();
        fields += 1 + memchr::memchr_iter(b'/', line).map(black_box).count();
        start = end + 1;
    }
    fields
}

fn mail(body: &[u8]) -> usize {
    let mail = mail_parser::MessageParser::default().parse(body).expect("a mail");
    black_box(&mail).parts.len()
}

#[derive(Clone, PartialEq, Message)]
struct Frame {
    #[prost(message, optional, tag = "2")]
    event: Option<Event>,
}

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(string, tag = "1")]
    kind: String,
    #[prost(string, tag = "5")]
    uid: String,
    #[prost(uint64, tag = "6")]
    send: u64,
    #[prost(uint64, tag = "7")]
    start: u64,
    #[prost(uint64, tag = "8")]
    stale: u64,
    #[prost(string, tag = "9")]
    how: String,
    #[prost(double, tag = "10")]
    lat: f64,
    #[prost(double, tag = "11")]
    lon: f64,
    #[prost(double, tag = "12")]
    hae: f64,
    #[prost(double, tag = "13")]
    ce: f64,
    #[prost(double, tag = "14")]
    le: f64,
    #[prost(message, optional, tag = "15")]
    detail: Option<Detail>,
}

#[derive(Clone, PartialEq, Message)]
struct Detail {
    #[prost(string, tag = "1")]
    xml: String,
}

/// The message of a stream frame, then the XML that it carries.
fn frame(body: &[u8]) -> usize {
    let mut rest = body.get(1..).unwrap_or_default();
    prost::encoding::decode_varint(&mut rest).expect("a length");
    let frame = Frame::decode(rest).expect("a message");
    let detail = black_box(frame).event.and_then(|event| event.detail).expect("a detail");
    1 + events(detail.xml.as_bytes())
}
