//! The review of a held message: what came, what was found, what would leave, and the words that a decision is signed in.
//!
//! Two steps, each usable without script: a choice, which shows what would leave under it and the text to sign; and the note, which the gateway
//! believes. Names and paths of a message travel in forms as base64, because browsers change the ends of lines.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hyper::StatusCode;

use super::{Asked, Frame, Made, address, notice, now, rendered, shown, sign, strange};
use crate::base::plain::plain;
use crate::console::answer::Problem;
use crate::console::statement::{Said, to_sign};
use crate::control::Response;
use crate::control::desk::{Choice, Found, Held, Item, Node, Query, View};

/// A piece of the native form: plain text, or what a finding stands on.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    text: String,
    /// What was found there; empty where nothing was.
    why: String,
}

/// A node of the tree as a row.
struct Row {
    /// Class of its depth.
    depth: String,
    value: String,
    path: String,
    name: String,
    text: String,
    findings: Vec<String>,
    edit: String,
    removable: bool,
    removed: bool,
}

/// A finding as a row.
struct Finding {
    value: String,
    code: String,
    sentence: String,
    rule: String,
    path: String,
    severity: String,
    text: String,
    waivable: bool,
    waived: bool,
    why: String,
}

#[derive(Template)]
#[template(path = "console/templates/item.html")]
struct Shown {
    frame: Frame,
    item: Item,
    pieces: Vec<Piece>,
    leaves: Vec<Piece>,
    rows: Vec<Row>,
    findings: Vec<Finding>,
    journey: String,
    said: Said,
    /// What is signed; empty where nothing was chosen yet.
    to_sign: String,
    /// Why there is nothing to sign, although something was chosen.
    unsignable: String,
}

fn decoded(value: &str) -> Result<String, Problem> {
    let bytes = BASE64.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    bytes.ok_or_else(|| Problem::bad("the form names something that no page of this console named"))
}

fn held(asked: &Asked<'_>) -> Result<Held, Problem> {
    let field = |key| asked.form.need(key).map(str::to_owned).map_err(Problem::bad);
    Ok(Held { from: field("from")?, id: field("id")?, recipient: field("recipient")? })
}

async fn look(asked: &Asked<'_>, of: Held, choice: Choice) -> Result<Item, Problem> {
    match asked.look(Query::Item { of, choice, viewer: asked.visitor.name.clone() }).await? {
        View::Item(item) => Ok(*item),
        _ => Err(strange()),
    }
}

pub(super) async fn page(asked: &Asked<'_>) -> Made {
    let item = look(asked, held(asked)?, Choice::default()).await?;
    show(asked, item, &Choice::default(), Said::default(), (String::new(), String::new()))
}

/// The same under a choice, with the text to sign. It changes nothing.
pub(super) async fn choice(asked: &Asked<'_>) -> Made {
    let all = |key: &'static str| asked.form.all(key).map(decoded).collect::<Result<Vec<_>, _>>();
    let (waived, removed) = (all("waive")?, all("remove")?);
    let whys = all("named")?.into_iter().zip(asked.form.all("why").map(str::to_owned));
    let field = |key| asked.form.one(key).unwrap_or_default().trim().to_owned();
    let said = Said {
        verdict: field("verdict"),
        class: field("class"),
        colleague: field("colleague"),
        reason: field("reason"),
        whys: whys.filter(|(_, why)| !why.is_empty()).collect(),
    };
    let choice = Choice { waived, removed };
    let item = look(asked, held(asked)?, choice.clone()).await?;
    let text = to_sign(&item, &said, (&asked.visitor.name, &now().to_string()));
    let outcome = match text {
        Ok(text) if sign::is_seen(&text) => (text, String::new()),
        Ok(_) => {
            (String::new(), "the text to sign would hold letters that cannot be seen; decide at the terminal, with `vestibule quarantine`".to_owned())
        }
        Err(why) => (String::new(), why),
    };
    show(asked, item, &choice, said, outcome)
}

/// Hands a signed note to the gateway, which reads it itself.
pub(super) async fn decide(asked: &Asked<'_>) -> Made {
    let of = held(asked)?;
    let note = asked.form.text("note").ok_or_else(|| Problem::bad("the field `note` is empty; sign the text, and paste the note"))?;
    let note = sign::whole(note);
    let back = address("/message", &[("id", &of.id)]);
    match asked.console.office.review(note).await? {
        Response::Done { text } => notice(asked, StatusCode::OK, "Done", &text, back),
        Response::Waiting { text } => notice(asked, StatusCode::ACCEPTED, "Recorded; it waits for a second person", &text, back),
        Response::Refused { text } => notice(asked, StatusCode::CONFLICT, "Refused", &text, back),
        _ => Err(strange()),
    }
}

fn show(asked: &Asked<'_>, item: Item, choice: &Choice, said: Said, (to_sign, unsignable): (String, String)) -> Made {
    let spans: Vec<((u64, u64), String)> =
        item.findings.iter().filter_map(|found| Some((found.span?, format!("{}: {}", found.code, found.text)))).collect();
    let (waived, removed): (BTreeSet<&str>, BTreeSet<&str>) =
        (choice.waived.iter().map(String::as_str).collect(), choice.removed.iter().map(String::as_str).collect());
    let shown = Shown {
        frame: asked.frame("Review", "/held"),
        pieces: pieces(&item.native, &spans),
        leaves: item.output.as_ref().map(|output| pieces(&output.native, &[])).unwrap_or_default(),
        rows: item.tree.iter().map(|node| row(node, &removed)).collect(),
        findings: item.findings.iter().map(|found| finding(found, &waived, &said.whys)).collect(),
        journey: address("/message", &[("id", &item.message.id)]),
        said: Said {
            verdict: plain(&said.verdict),
            class: plain(&said.class),
            colleague: plain(&said.colleague),
            reason: plain(&said.reason),
            ..said
        },
        to_sign,
        unsignable: plain(&unsignable),
        item: harmless(item)?,
    };
    rendered(StatusCode::OK, &shown)
}

/// The texts that the template shows as they are; tree, findings and native form go by their rows.
fn harmless(item: Item) -> Result<Item, Problem> {
    let lines = |lines: Vec<String>| lines.iter().map(|line| plain(line)).collect();
    let output = item.output.map(|output| crate::control::desk::Output {
        native: String::new(),
        digest: plain(&output.digest),
        difference: lines(output.difference),
        edits: output.edits.iter().map(|(path, what, rule)| (plain(path), plain(what), plain(rule))).collect(),
        ..output
    });
    let act = |act: crate::control::desk::Act| crate::control::desk::Act {
        officer: plain(&act.officer),
        time: plain(&act.time),
        what: plain(&act.what),
        reason: plain(&act.reason),
    };
    Ok(Item {
        message: shown::of(item.message)?,
        digest: plain(&item.digest),
        expires: plain(&item.expires),
        remedy: plain(&item.remedy),
        format: plain(&item.format),
        chain: lines(item.chain),
        acts: item.acts.into_iter().map(act).collect(),
        would: plain(&item.would),
        output,
        native: String::new(),
        tree: Vec::new(),
        findings: Vec::new(),
        ..item
    })
}

fn row(node: &Node, removed: &BTreeSet<&str>) -> Row {
    Row {
        depth: format!("d{}", node.depth.min(12)),
        value: BASE64.encode(&node.path),
        path: plain(&node.path),
        name: plain(&node.name),
        text: plain(&node.text),
        findings: node.findings.iter().map(|name| plain(name)).collect(),
        edit: plain(&node.edit),
        removable: node.removable,
        removed: removed.contains(node.path.as_str()),
    }
}

fn finding(found: &Found, waived: &BTreeSet<&str>, whys: &BTreeMap<String, String>) -> Finding {
    Finding {
        value: BASE64.encode(&found.name),
        code: plain(&found.code),
        sentence: plain(&found.sentence),
        rule: plain(&found.rule),
        path: plain(&found.path),
        severity: plain(&found.severity),
        text: plain(&found.text),
        waivable: found.waivable,
        waived: waived.contains(found.name.as_str()),
        why: whys.get(&found.name).map(|why| plain(why)).unwrap_or_default(),
    }
}

/// How the lines of a text end. Where all end in one way that is not shown; where they differ, every carriage return is, because programs differ too.
enum Ends {
    Alike,
    Mixed,
}

impl Ends {
    fn in_text(text: &str) -> Self {
        let all = text.matches("\r\n").count();
        let alike = all == text.matches('\n').count() && all == text.matches('\r').count();
        if alike { Self::Alike } else { Self::Mixed }
    }

    fn of(&self, piece: &str) -> String {
        match self {
            Self::Alike => piece.replace('\r', ""),
            Self::Mixed => piece.to_owned(),
        }
    }
}

/// The text cut where findings begin and end. A span that lies not on whole characters is not shown; the finding still stands in its list.
fn pieces(text: &str, spans: &[((u64, u64), String)]) -> Vec<Piece> {
    let ends = Ends::in_text(text);
    let at = |offset: u64| usize::try_from(offset).ok().filter(|at| text.is_char_boundary(*at));
    let whole: Vec<(usize, usize, &str)> =
        spans.iter().filter_map(|((from, to), why)| Some((at(*from)?, at(*to)?, why.as_str()))).filter(|(from, to, _)| from < to).collect();
    let mut cuts: BTreeSet<usize> = [0, text.len()].into();
    cuts.extend(whole.iter().flat_map(|(from, to, _)| [*from, *to]));
    let cuts: Vec<usize> = cuts.into_iter().collect();
    let piece = |pair: &[usize]| {
        let [from, to] = pair else { return None };
        let why: Vec<&str> = whole.iter().filter(|(begin, end, _)| begin <= from && to <= end).map(|(_, _, why)| *why).collect();
        Some(Piece { text: plain(&ends.of(text.get(*from..*to)?)), why: plain(&why.join("; ")) })
    };
    cuts.windows(2).filter_map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_marked_where_they_stand_and_overlaps_are_told_together() {
        let spans = [((2, 5), "one".to_owned()), ((4, 7), "two".to_owned()), ((1, 99), "outside".to_owned()), ((5, 2), "backwards".to_owned())];
        let pieces = pieces("abcdefghi", &spans);
        let seen: Vec<(&str, &str)> = pieces.iter().map(|piece| (piece.text.as_str(), piece.why.as_str())).collect();
        assert_eq!(seen, [("ab", ""), ("cd", "one"), ("e", "one; two"), ("fg", "two"), ("hi", "")]);
    }

    #[test]
    fn ends_of_lines_that_are_alike_are_quiet_and_others_are_seen() {
        let text = |text| pieces(text, &[]).into_iter().map(|piece| piece.text).collect::<String>();
        assert_eq!(text("a\r\nb\r\n"), "a\nb\n");
        assert_eq!(text("a\r\nb\n"), "a\\u{d}\nb\n");
        assert_eq!(text("a\rb\r\n"), "a\\u{d}b\\u{d}\n");
    }

    #[test]
    fn a_span_within_a_character_is_passed_over_and_the_text_stays_whole() {
        let pieces = pieces("aäb", &[((0, 2), "cuts".to_owned())]);
        assert_eq!(pieces, [Piece { text: "aäb".to_owned(), why: String::new() }]);
    }
}
