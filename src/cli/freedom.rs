//! `vestibule inspect --freedom`: how many bits of what leaves its author could choose in what its recipient does not need.

use comfy_table::{Cell, Table};
use serde::Serialize;

use super::{Failure, Output, output};
use crate::base::{Fault, Name, Outcome};
use crate::pipeline::freedom::{Class, Freedom};
use crate::pipeline::{Guard, Ruling};

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// One row for each message and recipient.
    Table,
    /// Each field.
    Fields,
    /// One object for each message and recipient.
    Json,
}

#[derive(Serialize)]
struct Line<'l> {
    file: &'l str,
    to: &'l Name,
    outcome: Outcome,
    /// Bits that are room for a hidden word.
    free_bits: Option<f64>,
    bits: std::collections::BTreeMap<&'static str, f64>,
    freedom: Option<&'l Freedom>,
}

/// The table, with a column for each class.
pub(super) fn table() -> Table {
    let head = ["file", "to", "outcome", "format", "profile", "bytes", "free bits"];
    let classes = Class::ALL.iter().filter(|class| class.is_free()).map(|class| class.word());
    output::table(&head.into_iter().chain(classes).chain(["closed", "meaning"]).collect::<Vec<_>>())
}

/// Shows the room in what leaves for one recipient.
pub(super) fn show(guard: &Guard, file: &str, ruling: &Ruling, look: Look, (out, table): (&mut Output, &mut Table)) -> Result<(), Failure> {
    let measured = guard.freedom(ruling).map_err(|refusal| Failure::Fault(Fault::new(format!("what leaves cannot be measured: {refusal}"))))?;
    let bits = |class: &Class| measured.as_ref().map_or(0.0, |freedom| freedom.bits(*class));
    match (look, &measured) {
        (Look::Json, _) => out.json(&Line {
            file,
            to: &ruling.recipient,
            outcome: ruling.outcome,
            free_bits: measured.as_ref().map(Freedom::free),
            bits: Class::ALL.iter().filter(|_| measured.is_some()).map(|class| (class.word(), bits(class))).collect(),
            freedom: measured.as_ref(),
        }),
        (Look::Fields, Some(freedom)) => fields(file, ruling, freedom, out),
        (Look::Fields, None) => out.line(format_args!("{file} to {}: {}, nothing leaves\n", ruling.recipient, ruling.outcome)),
        (Look::Table, _) => {
            let named = |text: &str| Cell::new(text);
            let profile = measured.as_ref().and_then(|freedom| freedom.profile.as_deref()).unwrap_or_default();
            let mut cells = vec![named(file), Cell::new(&ruling.recipient), output::outcome(ruling.outcome)];
            cells.extend([named(measured.as_ref().map_or("", |freedom| freedom.format)), named(profile)]);
            cells.push(named(&measured.as_ref().map_or_else(String::new, |freedom| freedom.bytes.to_string())));
            cells.push(named(&measured.as_ref().map_or_else(String::new, |freedom| whole(freedom.free()))));
            let classes = Class::ALL.iter().filter(|class| class.is_free()).chain([&Class::Closed, &Class::Meaning]);
            cells.extend(classes.map(|class| Cell::new(measured.as_ref().map_or_else(String::new, |_| whole(bits(class))))));
            table.add_row(cells);
            Ok(())
        }
    }
}

fn whole(bits: f64) -> String {
    format!("{bits:.0}")
}

fn fields(file: &str, ruling: &Ruling, freedom: &Freedom, out: &mut Output) -> Result<(), Failure> {
    let profile = freedom.profile.as_deref().unwrap_or("no profile");
    let free = whole(freedom.free());
    out.line(format_args!("{file} to {}: {} bits free in {} bytes of {} ({profile})", ruling.recipient, free, freedom.bytes, freedom.format))?;
    for room in &freedom.rooms {
        out.line(format_args!("  {:<11}{:>9.1}  {}", room.class.word(), room.bits, room.path))?;
    }
    out.line("")
}

/// What the figures are, behind them.
pub(super) fn close(table: Table, look: Look, out: &mut Output) -> Result<(), Failure> {
    match look {
        Look::Json => return Ok(()),
        Look::Fields => {}
        Look::Table => out.line(table)?,
    }
    out.line(
        "Bits that the author of this one message could choose; free are text, identifiers, digits beyond use, optional fields and order. An upper bound: \
         rules on content may forbid some of it. White space, spelling, comments, prefixes, order of attributes and unknown fields are zero: what leaves \
         is written anew. Not counted: how many messages there are, when and to whom.",
    )
}
