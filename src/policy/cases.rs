//! `cases/*.toml`: messages with the outcome that the officer expects of them. An edition whose own cases fail does not activate.
//!
//! This file reads them; running them needs the whole path and is the pipeline's business.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine;

use super::agreements::line_of;
use super::conditions::{self, Condition};
use super::edition::SourceFile;
use super::faults::Faults;
use super::peers::TRAFFIC;
use super::table::{Need, Table, Word, read};
use super::values::{self, ValueCase};
use crate::base::{Complaint, Name, Outcome, Precedence, Reason, Time, Traffic};
use crate::label::signature::Trust;
use crate::statement::{Grant, Standing};

/// One message with what is expected of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// A sentence.
    pub name: String,
    /// `file:line`.
    pub rule: Arc<str>,
    /// The sending peer.
    pub from: Name,
    /// The time at which the message is decided.
    pub now: Time,
    /// The conditions that are set, by name.
    pub conditions: Vec<(String, String)>,
    /// The header's precedence.
    pub precedence: Precedence,
    /// The header's traffic flag.
    pub traffic: Traffic,
    /// The header's media type; empty where it claims none.
    pub media_type: String,
    /// The header's detached label.
    pub label: Option<String>,
    /// Consents of third parties, as signed texts.
    pub consents: Vec<String>,
    /// Label anchors and revocation lists of a file below `cases/trust/`, in PEM: in this case the sender must bind its labels, and these count.
    /// They are made for the case; nothing but its trial reads them.
    pub anchors: Option<Arc<str>>,
    /// The body.
    pub body: Vec<u8>,
    /// What is expected, for one or more recipients.
    pub expect: Vec<Expectation>,
}

impl Case {
    /// The signers of labels who count in this case; none where the case supposes nothing of signatures.
    #[must_use]
    pub fn trust(&self) -> Option<Arc<Trust>> {
        // INVARIANT: anchors were read once, as the case was.
        self.anchors.as_ref().and_then(|pem| Trust::of_pem(pem.as_bytes(), pem.as_bytes()).ok()).map(Arc::new)
    }

    /// Its consents as they are handed to those who decide.
    #[must_use]
    pub fn grants(&self) -> Vec<Grant> {
        self.consents.iter().map(|note| Grant { note: note.clone(), standing: Standing::Good }).collect()
    }
}

/// What is expected for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The recipient.
    pub to: Name,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason that decides; `None` where the message is forwarded.
    pub code: Option<Reason>,
    /// The clause that permits, where the case says.
    pub clause: Option<Name>,
    /// The paths that are edited, all of them; `None` where the case does not say.
    pub edits: Option<Vec<String>>,
    /// What is done to these paths, where the case cares: the same field may be removed by a clause, or lost in translation.
    pub actions: BTreeMap<String, String>,
    /// The reasons of all findings, in their order; `None` where the case does not say. What a note says is seen in no outcome.
    pub findings: Option<Vec<Reason>>,
}

const OUTCOMES: [(&str, Outcome); 4] =
    [("forward", Outcome::Forward), ("quarantine", Outcome::Quarantine), ("withhold", Outcome::Withhold), ("reject", Outcome::Reject)];
const PRECEDENCES: [(&str, Precedence); 4] =
    [("ROUTINE", Precedence::Routine), ("PRIORITY", Precedence::Priority), ("IMMEDIATE", Precedence::Immediate), ("FLASH", Precedence::Flash)];

/// The files that cases name.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Beside<'f> {
    /// Those below `cases/messages/`.
    pub(in crate::policy) messages: &'f [&'f SourceFile],
    /// Those below `cases/trust/`.
    pub(in crate::policy) trust: &'f [&'f SourceFile],
}

/// Reads the cases of one file.
pub(in crate::policy) fn parse(
    file: &SourceFile,
    beside: Beside<'_>,
    (peers, conditions): (&BTreeSet<Name>, &[Condition]),
) -> (Vec<Case>, Vec<ValueCase>, Vec<Complaint>) {
    let mut faults = Faults::of(file.path.clone());
    let mut cases: Vec<Case> = Vec::new();
    let mut values: Vec<ValueCase> = Vec::new();
    read(file, &mut faults, |mut root, faults| {
        values = values::parse(&mut root, file, faults);
        // A file may speak of values alone, and values have no time.
        let need = if values.is_empty() { Need::Required } else { Need::Optional };
        let now = root.time("now", need, faults).map(|(time, _)| time);
        for table in root.tables("case", need, faults) {
            let place = table.place().clone();
            let Some(case) = read_case(table, file, beside, (peers, conditions), now, faults) else { continue };
            if cases.iter().any(|earlier| earlier.name == case.name) {
                faults.at(&place, format!("the case `{}` stands twice", case.name), "a name of its own", "rename one of the two");
            }
            cases.push(case);
        }
        root.finish(faults);
    });
    (cases, values, faults.into_list())
}

fn read_case(
    mut table: Table<'_>,
    file: &SourceFile,
    beside: Beside<'_>,
    (peers, declared): (&BTreeSet<Name>, &[Condition]),
    above: Option<Time>,
    faults: &mut Faults,
) -> Option<Case> {
    let rule = format!("{}:{}", file.path, line_of(&file.text, table.place().start)).into();
    let name = table.word("name", Need::Required, faults);
    let from = peer(&mut table, "from", peers, faults);
    let now = table.time("now", Need::Optional, faults).map(|(time, _)| time).or(above);
    let precedence = table.choice("precedence", Need::Optional, &PRECEDENCES, faults).unwrap_or(Precedence::Routine);
    let traffic = table.choice("traffic", Need::Optional, &TRAFFIC, faults).unwrap_or(Traffic::Operation);
    let media_type = table.word("media_type", Need::Optional, faults).map(|word| word.text.to_owned()).unwrap_or_default();
    let label = table.word("label", Need::Optional, faults).map(|word| word.text.to_owned());
    let consents = table.words("consents", Need::Optional, faults).iter().map(|word| word.text.to_owned()).collect();
    let conditions = conditions::given(&mut table, declared, faults);
    let anchors = anchors(&mut table, beside.trust, faults);
    let body = body(&mut table, beside.messages, faults);
    let mut expect: Vec<Expectation> = Vec::new();
    let place = table.place().clone();
    let expectations = table.tables("expect", Need::Required, faults);
    if expectations.is_empty() {
        faults.at(&place, "the case expects nothing", "`expect = [{ to = ..., outcome = ... }]`", "say what must happen");
    }
    for entry in expectations {
        let at = entry.place().clone();
        let Some(one) = expectation(entry, peers, faults) else { continue };
        if expect.iter().any(|earlier| earlier.to == one.to) {
            faults.at(&at, format!("two expectations for `{}`", one.to), "one for each recipient", "remove one of the two");
        }
        expect.push(one);
    }
    table.finish(faults);
    Some(Case {
        name: name?.text.to_owned(),
        rule,
        from: from?,
        now: now?,
        conditions,
        precedence,
        traffic,
        media_type,
        label,
        consents,
        anchors,
        body: body?,
        expect,
    })
}

fn peer(table: &mut Table<'_>, key: &'static str, peers: &BTreeSet<Name>, faults: &mut Faults) -> Option<Name> {
    let word = table.word(key, Need::Required, faults)?;
    let found = peers.get(word.text).cloned();
    if found.is_none() {
        faults.unknown(&word.at, "peer", word.text, peers.iter().map(Name::as_str));
    }
    found
}

/// The label anchors of a case: one file holds both anchors and revocation lists.
fn anchors(table: &mut Table<'_>, trust: &[&SourceFile], faults: &mut Faults) -> Option<Arc<str>> {
    let word = table.word("anchors", Need::Optional, faults)?;
    let named = |file: &SourceFile| file.path.strip_prefix("cases/trust/").map(str::to_owned);
    let Some(file) = trust.iter().find(|file| named(file).as_deref() == Some(word.text)) else {
        let names: Vec<String> = trust.iter().filter_map(|file| named(file)).collect();
        faults.unknown(&word.at, "file of label anchors", word.text, names.iter().map(String::as_str));
        return None;
    };
    if let Err(fault) = Trust::of_pem(file.text.as_bytes(), file.text.as_bytes()) {
        faults.at(&word.at, fault.to_string(), "label anchors and their revocation lists in PEM, in one file", "make the file anew");
    }
    Some(Arc::clone(&file.text))
}

/// How the name of a message file ends that holds bytes in base64: rule sets are text, and some formats are not.
const ENCODED: &str = ".base64";

/// The body: `message` inline, or `file` below `cases/messages/`; `replace` then changes places that stand in it exactly once.
fn body(table: &mut Table<'_>, messages: &[&SourceFile], faults: &mut Faults) -> Option<Vec<u8>> {
    let inline = table.word("message", Need::Optional, faults);
    let named = table.word("file", Need::Optional, faults);
    let changes = table.table("replace", Need::Optional, faults);
    let mut text = match (inline, named) {
        (Some(word), None) => word.text.to_owned(),
        (None, Some(word)) => {
            let path = |file: &&&SourceFile| file.path.strip_prefix("cases/messages/") == Some(word.text);
            let Some(file) = messages.iter().find(path) else {
                faults.unknown(&word.at, "message", word.text, messages.iter().filter_map(|file| file.path.strip_prefix("cases/messages/")));
                return None;
            };
            if word.text.ends_with(ENCODED) {
                if let Some((old, _)) = changes.iter().flat_map(Table::entries).next() {
                    faults.at(&old.at, "a message in base64 cannot be changed in places", "a message in text", "write a file of its own");
                }
                return decoded(&file.text, &word, faults);
            }
            file.text.to_string()
        }
        _ => {
            let place = table.place().clone();
            faults.at(&place, "the case has no message, or two", "`message = '...'` or `file = \"...\"`", "give exactly one of the two");
            return None;
        }
    };
    for (old, new) in changes.iter().flat_map(Table::entries) {
        let new = match new.any_text() {
            Some(new) => new,
            None => new.word(faults)?.text,
        };
        if text.matches(old.text).count() != 1 {
            faults.at(&old.at, format!("`{}` does not stand exactly once in the message", old.text), "a part of the message", "name a longer part");
        }
        text = text.replacen(old.text, new, 1);
    }
    Some(text.into_bytes())
}

/// The bytes of a message file in base64, whose lines may end anywhere.
fn decoded(text: &str, named: &Word<'_>, faults: &mut Faults) -> Option<Vec<u8>> {
    let plain: String = text.split_ascii_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(plain).ok();
    if bytes.is_none() {
        faults.at(&named.at, "the message file is not in base64", "base64 with padding (RFC 4648, 4)", "encode it anew, or name it otherwise");
    }
    bytes
}

fn reason_of(word: &Word<'_>, faults: &mut Faults) -> Option<Reason> {
    let found = Reason::from_code(word.text);
    if found.is_none() {
        faults.unknown(&word.at, "code", word.text, Reason::ALL.iter().map(|reason| reason.code()));
    }
    found
}

fn expectation(mut table: Table<'_>, peers: &BTreeSet<Name>, faults: &mut Faults) -> Option<Expectation> {
    let to = peer(&mut table, "to", peers, faults);
    let outcome = table.choice("outcome", Need::Required, &OUTCOMES, faults);
    let code = table.word("code", Need::Optional, faults);
    if outcome.is_some_and(|outcome| outcome != Outcome::Forward) && code.is_none() {
        let place = table.place().clone();
        faults.at(
            &place,
            "the expectation names no code",
            "`code = \"...\"`",
            "name the code that decides: an outcome for the wrong reason is no success",
        );
    }
    let reason = code.as_ref().and_then(|word| reason_of(word, faults));
    let clause = table.name("clause", Need::Optional, faults);
    let edits = table.value("edits", Need::Optional, faults).map(|value| value.words(faults).iter().map(|word| word.text.to_owned()).collect());
    let actions = table.table("actions", Need::Optional, faults);
    let actions =
        actions.iter().flat_map(Table::entries).filter_map(|(path, word)| Some((path.text.to_owned(), word.word(faults)?.text.to_owned()))).collect();
    let findings = table
        .value("findings", Need::Optional, faults)
        .map(|value| value.items_as_words(faults).iter().filter_map(|word| reason_of(word, faults)).collect());
    table.finish(faults);
    if code.is_some() && reason.is_none() {
        return None;
    }
    Some(Expectation { to: to?, outcome: outcome?, code: reason, clause, edits, actions, findings })
}
