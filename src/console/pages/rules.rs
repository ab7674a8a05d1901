//! Rules: the edition in force, its clauses, files and reports, and the acts that change it.

use std::path::PathBuf;

use askama::Template;
use hyper::StatusCode;

use super::{Asked, Frame, Made, address, notice, rendered, strange};
use crate::base::Time;
use crate::console::answer::Problem;
use crate::control::desk::{Query, Rules, View};
use crate::control::{Act, Response, Role};

#[derive(Template)]
#[template(path = "console/templates/rules.html")]
struct Shown {
    frame: Frame,
    rules: Rules,
    files: Vec<(String, String, usize)>,
    may_activate: bool,
    may_set: bool,
}

pub(super) async fn page(asked: &Asked<'_>) -> Made {
    let View::Rules(rules) = asked.look(Query::Rules {}).await? else { return Err(strange()) };
    let files = rules.files.iter().map(|(path, text)| (path.clone(), address("/rules/file", &[("path", path)]), text.lines().count())).collect();
    let may_activate = [Role::Author, Role::Approver, Role::Operator].into_iter().any(|role| asked.may(role));
    rendered(StatusCode::OK, &Shown { frame: asked.frame("Rules", "/rules"), files, rules: *rules, may_activate, may_set: asked.may(Role::Operator) })
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

pub(super) async fn condition(asked: &Asked<'_>) -> Made {
    let note = asked.form.text("note").ok_or_else(|| Problem::bad("the field `note` is empty; paste what `vestibule condition sign` wrote"))?;
    done(asked, asked.console.office.act(Act::Condition { note }).await?)
}

fn done(asked: &Asked<'_>, response: Response) -> Made {
    let back = "/rules".to_owned();
    match response {
        Response::Done { text } => notice(asked, StatusCode::OK, "Done", &text, back),
        Response::Waiting { text } => notice(asked, StatusCode::ACCEPTED, "Recorded; it waits for a second person", &text, back),
        Response::Refused { text } => notice(asked, StatusCode::CONFLICT, "Refused", &text, back),
        _ => Err(strange()),
    }
}
