//! Cursor-on-Target events in the TAK protocol, version 1: one protobuf message in a mesh or stream frame.
//!
//! Takes a body, gives the same typed tree as the XML spelling does, so that one rule speaks of both: the row [`FORMAT`]. Declared
//! differences: no `version`; `frame`, `submissionTime`, `creationTime` and `takControl` stand beside what an event has; numbers are binary
//! and times whole milliseconds; the elements of `detail` that have messages of their own stand last, in the order of their field numbers.
//! Absent on purpose: version 0 (which is XML), messages that only announce versions, several messages in one body.

mod frame;
mod read;
mod schema;
pub mod wire;

use super::event::{facts, fields, kinds, markings};
use super::{Format, Syntax, whole};

/// The row of the TAK protocol.
pub const FORMAT: Format = Format {
    name: "tak",
    media_types: &["application/x-protobuf", "application/protobuf"],
    syntax: Syntax::Tak,
    claims: frame::claims,
    read: read::read,
    facts,
    required: REQUIRED,
    markings,
    portions: whole,
    mentions: whole,
    inside: whole,
    kinds,
    fields,
};

/// What an event must have, less its version, and the frame; a test holds it against the smallest event.
const REQUIRED: &[&str] = &[
    "/event/@frame",
    "/event/@uid",
    "/event/@type",
    "/event/@how",
    "/event/@time",
    "/event/@start",
    "/event/@stale",
    "/event/point",
    "/event/point/@lat",
    "/event/point/@lon",
    "/event/point/@hae",
    "/event/point/@ce",
    "/event/point/@le",
];
