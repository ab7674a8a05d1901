//! Papers: what the supervisor has read of files for people at the desk. Editions that wait to be signed, each beside the one in force; and when
//! certificates and revocation lists end.
//!
//! The desk sits behind walls and opens no file, so it is told, and can have nothing read. Names, sentences and reports are text that others wrote, and
//! hostile: whoever shows them escapes them. Deliberately absent: anything that is computed when somebody asks.

use serde::{Deserialize, Serialize};

use super::desk::Clause;
use crate::base::Time;

/// Seconds before its end below which something is bad: 3 days, a long weekend.
const SECONDS_BAD: i64 = 3 * 86_400;
/// Seconds before its end below which a certificate is doubtful: 30 days, what an authority may take.
const SECONDS_DOUBTFUL: i64 = 30 * 86_400;
/// Revocation lists are followed by new ones often: doubtful below a day, for what is late is late by an authority's working day.
const LIST_SECONDS_DOUBTFUL: i64 = 86_400;

/// Everything that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Papers {
    /// When.
    pub read: String,
    /// When certificates and lists end, in the order of the configuration.
    pub endings: Vec<Ending>,
    /// The folder of editions that wait; empty where the configuration names none.
    pub folder: String,
    /// Why that folder is not read; empty where it is.
    pub fault: String,
    /// The edition in force, then those that wait.
    pub editions: Vec<Proposal>,
}

/// What ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dated {
    /// A certificate.
    #[default]
    Certificate,
    /// An authority's certificate, below which others are believed.
    Anchor,
    /// An authority's certificate, below which signatures on labels are believed.
    LabelAnchor,
    /// A revocation list.
    List,
    /// A revocation list of signers of labels.
    LabelList,
}

impl Dated {
    /// What people call it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Anchor => "anchor",
            Self::LabelAnchor => "label anchor",
            Self::List => "revocation list",
            Self::LabelList => "revocation list of labels",
        }
    }

    /// Whether it is a revocation list.
    #[must_use]
    pub const fn is_list(self) -> bool {
        matches!(self, Self::List | Self::LabelList)
    }
}

/// How long something is still good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// Long enough.
    Good,
    /// Somebody should do something about it.
    Doubtful,
    /// Hardly, or no more.
    Bad,
}

impl Worth {
    /// What something is worth that ends in so many seconds.
    #[must_use]
    pub fn of(what: Dated, seconds_left: i64) -> Self {
        let doubtful = if what.is_list() { LIST_SECONDS_DOUBTFUL } else { SECONDS_DOUBTFUL };
        match seconds_left {
            left if left < doubtful.min(SECONDS_BAD) => Self::Bad,
            left if left < doubtful => Self::Doubtful,
            _ => Self::Good,
        }
    }

    /// The word of pages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Doubtful => "doubtful",
            Self::Bad => "bad",
        }
    }
}

/// Something that ends.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ending {
    /// Whose: a domain, the console, the binding key.
    pub of: String,
    /// What.
    pub what: Dated,
    /// Until when it is good; empty where that is not known.
    pub until: String,
    /// Why it is not known; empty where it is.
    pub fault: String,
}

impl Ending {
    /// What it is worth at a time, and how long it is still good in words.
    #[must_use]
    pub fn at(&self, now: Time) -> (Worth, String) {
        let Some(until) = Time::parse(&self.until) else { return (Worth::Bad, self.fault.clone()) };
        left(self.what, until, now)
    }
}

/// What something is worth at a time, and how long it is still good in words.
#[must_use]
pub fn left(what: Dated, until: Time, now: Time) -> (Worth, String) {
    let seconds = until.seconds_since(now);
    let words = match seconds {
        seconds if seconds < 0 => "ended".to_owned(),
        seconds if seconds < 2 * 3600 => format!("{} minutes left", seconds.div_euclid(60)),
        seconds if seconds < 2 * 86_400 => format!("{} hours left", seconds.div_euclid(3600)),
        seconds => format!("{} days left", seconds.div_euclid(86_400)),
    };
    (Worth::of(what, seconds), words)
}

/// An edition, as officers who are to sign it must see it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Proposal {
    /// `in force`, `comes into force at ...`, `waits`.
    pub state: String,
    /// Its folder on the gateway's machine.
    pub folder: String,
    /// The name of the rule set.
    pub ruleset: String,
    /// Its number.
    pub number: String,
    /// Its digest.
    pub digest: String,
    /// Why it could not come into force as it is; its signatures are counted separately.
    pub faults: Vec<String>,
    /// Its clauses.
    pub clauses: Vec<Clause>,
    /// What differs from the edition in force; nothing for that one itself.
    pub changes: Vec<Change>,
    /// Signatures that lie beside it.
    pub hands: Vec<Signature>,
    /// What its signatures lack; nothing where two persons have signed it.
    pub missing: Vec<String>,
    /// What both say of an emergency: until when, scope, reason. Empty for a plain edition.
    pub emergency: Vec<(String, String)>,
    /// Reports that lie beside it.
    pub reports: Vec<Report>,
}

impl Proposal {
    /// What people call it.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.ruleset, self.number)
    }
}

/// A difference from the edition in force.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Change {
    /// Whom it is about.
    pub of: String,
    /// `wider`, `narrower`, `either`, `neither`.
    pub effect: String,
    /// One sentence.
    pub text: String,
}

/// A signature beside an edition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Signature {
    /// Its file.
    pub file: String,
    /// Whose it is; empty where it does not count.
    pub officer: String,
    /// In which role.
    pub role: String,
    /// When.
    pub time: String,
    /// Why it does not count; empty where it does.
    pub why: String,
}

/// What `vestibule rules report` left beside an edition. It is text of whoever may write there: it informs, and nothing depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Report {
    /// `cases`, `compare`, `replay`, `proofs`.
    pub name: String,
    /// `yes` or `no`.
    pub answer: String,
    /// When it was made.
    pub time: String,
    /// What was asked.
    pub command: String,
    /// Digest of the files that it is about.
    pub digest: String,
    /// Its text.
    pub text: String,
}

/// The first line of a report.
const REPORT: &str = "vestibule report 1";

impl Report {
    /// A report as its file has it.
    #[must_use]
    pub fn file(&self) -> String {
        let Self { name, answer, time, command, digest, text } = self;
        format!("{REPORT}\nreport: {name}\ndigest: {digest}\nanswer: {answer}\ntime: {time}\ncommand: {command}\n\n{text}")
    }

    /// Reads a file of a report.
    ///
    /// # Errors
    /// One line: that it is none.
    pub fn parse(file: &str) -> Result<Self, String> {
        let (head, text) = file.split_once("\n\n").ok_or("it has no empty line below its head")?;
        let mut lines = super::statement::Lines::of(head, REPORT)?;
        let (name, digest, answer) = (lines.field("report")?, lines.field("digest")?, lines.field("answer")?);
        let (time, command) = (lines.time("time")?, lines.field("command")?);
        match lines.is_done() && ["yes", "no"].contains(&answer) {
            true => Ok(Self {
                name: name.to_owned(),
                answer: answer.to_owned(),
                time: time.to_string(),
                command: command.to_owned(),
                digest: digest.to_owned(),
                text: text.to_owned(),
            }),
            false => Err("its answer is neither `yes` nor `no`, or it says more than a report does".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_soon_is_told_apart_and_lists_end_sooner() {
        let now = Time::parse("2026-11-23T12:00:00Z").unwrap();
        let at = |what, until: &str| Ending { what, until: until.to_owned(), ..Ending::default() }.at(now);
        for (what, until, worth, words) in [
            (Dated::Certificate, "2027-11-23T12:00:00Z", Worth::Good, "365 days left"),
            (Dated::Certificate, "2026-12-13T12:00:00Z", Worth::Doubtful, "20 days left"),
            (Dated::Certificate, "2026-11-25T11:00:00Z", Worth::Bad, "47 hours left"),
            (Dated::List, "2026-11-25T13:00:00Z", Worth::Good, "2 days left"),
            (Dated::List, "2026-11-23T13:00:00Z", Worth::Bad, "60 minutes left"),
            (Dated::Anchor, "2026-11-23T11:59:59Z", Worth::Bad, "ended"),
        ] {
            assert_eq!(at(what, until), (worth, words.to_owned()), "{until}");
        }
        let unknown = Ending { fault: "`a.pem` cannot be read".to_owned(), ..Ending::default() };
        assert_eq!(unknown.at(now), (Worth::Bad, "`a.pem` cannot be read".to_owned()));
    }

    #[test]
    fn reports_read_back_and_other_texts_do_not() {
        let report = Report {
            name: "proofs".to_owned(),
            answer: "no".to_owned(),
            time: "2026-11-23T12:00:00Z".to_owned(),
            command: "vestibule rules prove next".to_owned(),
            digest: "ab".to_owned(),
            text: "one line\n\nanother\n".to_owned(),
        };
        let file = report.file();
        assert_eq!(Report::parse(&file).unwrap(), report);
        for bad in [file.replace("answer: no", "answer: maybe"), file.replace("\n\n", "\n"), file.replace("report 1", "report 2"), String::new()] {
            assert!(Report::parse(&bad).is_err(), "{bad}");
        }
    }
}
