//! Rules: the edition in force, its clauses and files, the editions that wait beside it, and the acts that change it.

use std::path::PathBuf;

use askama::Template;
use hyper::StatusCode;

use super::edition::{Line, line};
use super::sign::{self, Signing};
use super::{Asked, Frame, Made, address, notice, now, rendered, shown, strange};
use crate::base::{Name, Time};
use crate::console::answer::Problem;
use crate::control::desk::{Query, Rules, View};
use crate::control::statement::check_reason;
use crate::control::{Act, ConditionStatement, Response, Role};

#[derive(Template)]
#[template(path = "console/templates/rules.html")]
struct Shown {
    frame: Frame,
    rules: Rules,
    editions: Vec<Line>,
    /// The folder of editions that wait; empty where the configuration names none.
    folder: String,
    fault: String,
    files: Vec<(String, String, usize)>,
    may_activate: bool,
    may_set: bool,
}

pub(super) async fn page(asked: &Asked<'_>) -> Made {
    let View::Rules(rules) = asked.look(Query::Rules {}).await? else { return Err(strange()) };
    let papers = shown::papers(asked.console.office.papers())?;
    let files = rules.files.iter().map(|(path, text)| (path.clone(), address("/rules/file", &[("path", path)]), text.lines().count())).collect();
    let may_activate = [Role::Author, Role::Approver, Role::Operator].into_iter().any(|role| asked.may(role));
    let shown = Shown {
        frame: asked.frame("Rules", "/rules"),
        editions: papers.editions.iter().map(line).collect(),
        folder: papers.folder,
        fault: papers.fault,
        files,
        rules: *rules,
        may_activate,
        may_set: asked.may(Role::Operator),
    };
    rendered(StatusCode::OK, &shown)
}

#[derive(Template)]
#[template(path = "console/templates/file.html")]
struct RuleFile {
    frame: Frame,
    path: String,
    text: String,
}

/// A file of the edition in force, out of the edition and never off the disk.
pub(super) async fn file(asked: &Asked<'_>) -> Made {
    let wanted = asked.form.need("path").map_err(Problem::bad)?;
    let View::Rules(rules) = asked.look(Query::Rules {}).await? else { return Err(strange()) };
    let found = rules.files.into_iter().find(|(path, _)| path == wanted);
    let (path, text) = found.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "the edition in force has no such file"))?;
    rendered(StatusCode::OK, &RuleFile { frame: asked.frame(&path, "/rules"), text, path })
}

pub(super) async fn activate(asked: &Asked<'_>) -> Made {
    let folder = PathBuf::from(asked.form.need("folder").map_err(Problem::bad)?);
    let whole = folder.is_absolute() && !folder.components().any(|part| matches!(part, std::path::Component::ParentDir));
    if !whole {
        return Err(Problem::bad("expected the whole path of a folder on the gateway's machine, such as `/srv/rules/five-eyes`"));
    }
    let from = match asked.form.one("from") {
        None => None,
        Some(text) => Some(Time::parse(text).ok_or_else(|| Problem::bad("expected a time such as `2026-11-23T10:00:00Z`, or nothing"))?),
    };
    let emergency = asked.form.one("kind") == Some("emergency");
    done(asked, asked.console.office.act(Act::Activate { folder, from, emergency }).await?)
}

/// The text by which a condition is set, to be signed.
pub(super) fn condition_text(asked: &Asked<'_>) -> Made {
    let field = |key| asked.form.need(key).map(str::trim).map_err(Problem::bad);
    let (name, value, reason) = (field("name")?.to_owned(), field("value")?.to_owned(), field("reason")?.to_owned());
    check_reason(&reason).map_err(Problem::bad)?;
    let officer = Name::new(&asked.visitor.name).ok_or_else(strange)?;
    let statement = ConditionStatement { name, value, officer, signed: now(), reason };
    // One spelling: what would not read back is not shown for signing.
    ConditionStatement::parse(&statement.text()).map_err(|why| Problem::bad(format!("that cannot be signed: {why}")))?;
    sign::page(
        asked,
        Signing { heading: "Set a condition", action: "/rules/condition", button: "Set", to_sign: statement.text(), back: "/rules".to_owned() },
    )
}

pub(super) async fn condition(asked: &Asked<'_>) -> Made {
    let note = asked.form.text("note").ok_or_else(|| Problem::bad("the field `note` is empty; paste what `vestibule condition sign` wrote"))?;
    done(asked, asked.console.office.act(Act::Condition { note: sign::whole(note) }).await?)
}

/// What became of an act on rules.
pub(super) fn done(asked: &Asked<'_>, response: Response) -> Made {
    let back = "/rules".to_owned();
    match response {
        Response::Done { text } => notice(asked, StatusCode::OK, "Done", &text, back),
        Response::Waiting { text } => notice(asked, StatusCode::ACCEPTED, "Recorded; it waits", &text, back),
        Response::Refused { text } => notice(asked, StatusCode::CONFLICT, "Refused", &text, back),
        _ => Err(strange()),
    }
}
