//! Formatted messages: samples of ours, samples of others, laws, generated messages.

#[path = "../corpus/mtf.rs"]
mod corpus;

use std::path::{Path, PathBuf};

use vestibule::base::{Budget, Refusal};
use vestibule::format::{self, Format, Syntax, laws};
use vestibule::normal::{Edits, Tree};

fn mtf() -> &'static Format {
    format::by_name("mtf").unwrap()
}

fn read(body: &[u8]) -> Result<Tree<'_>, Refusal> {
    let format = format::identify(body)?;
    (format.read)(body, &mut Budget::for_body(body.len()))
}

fn write(tree: &Tree<'_>, syntax: Syntax) -> Result<Vec<u8>, Refusal> {
    vestibule::rebuild::bytes(tree, &Edits::default(), syntax)
}
