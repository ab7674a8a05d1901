//! What a command says: lines and JSON to standard output, complaints and progress to standard error.
//!
//! Colour only where a person looks and `NO_COLOR` is not set; a reader who has gone away ends the command quietly.

use std::io::{IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, OnceLock};

use comfy_table::{Cell, Color, ContentArrangement, Table, presets};
use serde::Serialize;

use super::Failure;
use crate::base::{Complaint, Fault, Outcome};
use crate::policy::{SourceFile, report};

/// Standard output of a command, or what is kept of it.
pub(super) struct Output {
    to: To,
}

enum To {
    Person(std::io::BufWriter<std::io::Stdout>),
    Kept(Vec<u8>),
}

impl Write for To {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Person(out) => out.write(bytes),
            Self::Kept(all) => all.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Person(out) => out.flush(),
            Self::Kept(all) => all.flush(),
        }
    }
}

impl Output {
    pub(super) fn new() -> Self {
        Self { to: To::Person(std::io::BufWriter::new(std::io::stdout())) }
    }

    /// An output that nobody reads yet.
    pub(super) const fn kept() -> Self {
        Self { to: To::Kept(Vec::new()) }
    }

    /// What was said to an output that is kept.
    pub(super) fn text_kept(self) -> String {
        match self.to {
            To::Kept(all) => String::from_utf8_lossy(&all).into_owned(),
            To::Person(_) => String::new(),
        }
    }

    /// One line.
    pub(super) fn line(&mut self, text: impl std::fmt::Display) -> Result<(), Failure> {
        writeln!(self.to, "{text}").map_err(gone)
    }

    /// Text that ends its own lines.
    pub(super) fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.to.write_all(text.as_bytes()).map_err(gone)
    }

    /// One object on one line.
    pub(super) fn json(&mut self, object: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(object).map_err(|error| Fault::from_cause("the answer could not be written as JSON", error))?;
        self.line(text)
    }

    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.to.flush().map_err(gone)
    }
}

fn gone(error: std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure::Quiet,
        _ => Failure::Fault(Fault::from_cause("standard output takes nothing more", error)),
    }
}

fn coloured(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A line to standard error, where a person may read it; an object where the log is made of objects.
pub(super) fn complain(text: &str) {
    // Nobody is left to tell where this fails.
    let _ = match LOGGED_AS.get() {
        Some(name) if format() == Format::Json => {
            writeln!(std::io::stderr(), "{}", serde_json::json!({ "process": &**name, "level": "ERROR", "fields": { "message": text } }))
        }
        _ => writeln!(std::io::stderr(), "vestibule: {text}"),
    };
}

/// A line to standard error that is no complaint.
pub(super) fn tell(text: &str) {
    match (LOGGED_AS.get(), format()) {
        (Some(_), Format::Json) => tracing::info!("{text}"),
        _ => drop(writeln!(std::io::stderr(), "{text}")),
    }
}

/// Complaints about files, with pointers into them, to standard error.
pub(super) fn report(complaints: &[Complaint], files: &[SourceFile]) {
    let look = if coloured(&std::io::stderr()) { report::Look::Colour } else { report::Look::Plain };
    let _ = write!(std::io::stderr(), "{}", report::render(complaints, files, look));
}

/// A table with a heading, as wide as the terminal.
pub(super) fn table(heading: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic).set_header(heading.iter().copied());
    if !coloured(&std::io::stdout()) {
        table.force_no_tty();
    }
    if !std::io::stdout().is_terminal() {
        table.set_width(140);
    }
    table
}

/// An outcome as a cell: its word, coloured by how restrictive it is.
pub(super) fn outcome(outcome: Outcome) -> Cell {
    let colour = match outcome {
        Outcome::Forward => Color::Green,
        Outcome::Quarantine => Color::Yellow,
        Outcome::Withhold => Color::Magenta,
        Outcome::Reject => Color::Red,
    };
    Cell::new(outcome.word()).fg(colour)
}

/// The log of a command that runs for long, to standard error; `VESTIBULE_LOG` chooses what, such as `info` or `vestibule::link=debug`.
pub(super) fn log(standard: &str) {
    log_with(standard, Format::Text, std::io::stderr);
}

/// What this process is called in a log that several write.
static LOGGED_AS: OnceLock<Arc<str>> = OnceLock::new();

/// What a line of a log is that several processes write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// Text for people, after the name of the process.
    Text,
    /// An object with process, time, level, target and fields, among them the message.
    Json,
}

/// As `VESTIBULE_LOG_FORMAT` says; text where it says nothing or something else.
fn format() -> Format {
    match std::env::var("VESTIBULE_LOG_FORMAT") {
        Ok(word) if word == "json" => Format::Json,
        _ => Format::Text,
    }
}

/// The same for one process of several that write one log: each line begins with its name, or is an object that has it.
pub(super) fn log_as(name: &str, standard: &str) {
    let (name, format): (Arc<str>, _) = (name.into(), format());
    // One that is set already, as in tests, stays.
    let _ = LOGGED_AS.set(Arc::clone(&name));
    log_with(standard, format, Lines { name, format, reader: reader() });
}

fn log_with<W>(standard: &str, format: Format, writer: W)
where
    W: for<'w> tracing_subscriber::fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = tracing_subscriber::EnvFilter::try_from_env("VESTIBULE_LOG").unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(standard));
    let built = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    // A log that is set already, as in tests, stays.
    let _ = match format {
        Format::Text => tracing::subscriber::set_global_default(built.with_ansi(coloured(&std::io::stderr())).finish()),
        Format::Json => tracing::subscriber::set_global_default(built.json().with_current_span(false).with_span_list(false).finish()),
    };
}

/// Who reads the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// The journal of systemd, which takes the severity of a line from its begin (sd-daemon(3)).
    Journal,
    /// A person, a file, another program.
    Other,
}

/// The journal, where the service manager says that standard error is its stream: device and inode, as in systemd.exec(5). No process needs a socket for
/// this, so those behind walls are heard as well.
fn reader() -> Reader {
    let named = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    let is = std::io::stderr().as_fd().try_clone_to_owned().and_then(|fd| std::fs::File::from(fd).metadata());
    match is {
        Ok(is) if named == format!("{}:{}", is.dev(), is.ino()) => Reader::Journal,
        _ => Reader::Other,
    }
}

/// Lines of a named process.
struct Lines {
    name: Arc<str>,
    format: Format,
    reader: Reader,
}

impl<'w> tracing_subscriber::fmt::MakeWriter<'w> for Lines {
    type Writer = Line;

    fn make_writer(&'w self) -> Line {
        Line { name: Arc::clone(&self.name), format: self.format, severity: "" }
    }

    fn make_writer_for(&'w self, about: &tracing::Metadata<'_>) -> Line {
        let severity = match (self.reader, *about.level()) {
            (Reader::Other, _) => "",
            (Reader::Journal, tracing::Level::ERROR) => "<3>",
            (Reader::Journal, tracing::Level::WARN) => "<4>",
            (Reader::Journal, tracing::Level::INFO) => "<6>",
            (Reader::Journal, _) => "<7>",
        };
        Line { severity, ..self.make_writer() }
    }
}

/// Writes a line of a named process in one piece, so that lines of several do not mix.
struct Line {
    name: Arc<str>,
    format: Format,
    severity: &'static str,
}

impl std::io::Write for Line {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let severity = self.severity;
        let (mut whole, rest) = match line.strip_prefix(b"{").filter(|_| self.format == Format::Json) {
            // A name is written as it is: it is one of our own, without quotes.
            Some(rest) => (format!("{severity}{{\"process\":\"{}\",", self.name).into_bytes(), rest),
            None => (format!("{severity}{}: ", self.name).into_bytes(), line),
        };
        whole.extend_from_slice(rest);
        std::io::stderr().write_all(&whole).map(|()| line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}
