//! Pages: what is shown of a view, and to whom. Text of others is made harmless here, and escaped once more by the templates.

mod audit;
mod edition;
mod held;
#[cfg(test)]
mod hostile;
mod item;
mod map;
mod messages;
mod overview;
mod plot;
mod rules;
mod shown;
mod sign;
mod state;

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use hyper::StatusCode;

use super::Console;
use super::answer::{self, Problem};
use super::entry::{Chain, Visitor, seconds};
use super::form::Form;
use super::routes::{self, Asking, ROUTES};
use crate::base::Time;
use crate::control::desk::{Query, View};

/// What a route gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Overview,
    Live,
    Asset,
    Held,
    Item,
    Choice,
    Decide,
    Quality,
    Messages,
    Message,
    Rules,
    RuleFile,
    Edition,
    EditionText,
    EditionSign,
    Activate,
    ConditionText,
    Condition,
    Partners,
    Audit,
    Checkpoint,
    Proof,
    Health,
}

/// What a page is made from.
pub(super) struct Asked<'a> {
    pub(super) console: &'a Arc<Console>,
    pub(super) visitor: &'a Visitor,
    pub(super) chain: &'a Chain,
    pub(super) form: &'a Form,
}

/// A page, or why there is none.
pub(super) type Made = Result<Response, Problem>;

/// Makes a page.
pub(super) async fn answer(console: &Arc<Console>, page: Page, (visitor, chain): &routes::Guest, path: &str, form: &Form) -> Made {
    let asked = Asked { console, visitor, chain, form };
    match page {
        Page::Overview => overview::page(&asked).await,
        Page::Live => Ok(overview::live(&asked)),
        Page::Asset => routes::asset(console, path),
        Page::Held => held::page(&asked).await,
        Page::Item => item::page(&asked).await,
        Page::Choice => item::choice(&asked).await,
        Page::Decide => item::decide(&asked).await,
        Page::Quality => held::quality(&asked).await,
        Page::Messages => messages::page(&asked).await,
        Page::Message => messages::journey(&asked).await,
        Page::Rules => rules::page(&asked).await,
        Page::RuleFile => rules::file(&asked).await,
        Page::Edition => edition::page(&asked),
        Page::EditionText => edition::statement(&asked),
        Page::EditionSign => edition::sign(&asked).await,
        Page::Activate => rules::activate(&asked).await,
        Page::ConditionText => rules::condition_text(&asked),
        Page::Condition => rules::condition(&asked).await,
        Page::Partners => state::partners(&asked).await,
        Page::Audit => audit::page(&asked).await,
        Page::Checkpoint => audit::checkpoint(&asked).await,
        Page::Proof => audit::proof(&asked).await,
        Page::Health => state::health(&asked),
    }
}

impl Asked<'_> {
    /// A view, with its text made harmless. The item is shown by its own page, which needs its names as they are.
    async fn look(&self, query: Query) -> Result<View, Problem> {
        match shown::view(self.console.office.look(query).await?)? {
            View::Refused { text } => Err(Problem::new(StatusCode::CONFLICT, text)),
            view => Ok(view),
        }
    }

    /// What every page shows around itself.
    fn frame(&self, title: &str, path: &'static str) -> Frame {
        frame(self.console, self.visitor, title, path)
    }

    fn may(&self, role: crate::control::Role) -> bool {
        self.visitor.roles.contains(&role)
    }
}

/// Now, to the second: what an officer signs is of this time.
fn now() -> Time {
    Time::from_unix_ms(seconds().saturating_mul(1000)).unwrap_or(Time::EPOCH)
}

/// The keeper's answer to another question.
fn strange() -> Problem {
    Problem::away("the keeper answers what it was not asked; both ends must be of one version")
}

/// What every page shows around itself.
struct Frame {
    title: String,
    banner: String,
    home: String,
    officer: String,
    roles: String,
    style: String,
    script: String,
    places: Vec<Place>,
    token: String,
}

/// An entry of the navigation.
struct Place {
    path: &'static str,
    name: &'static str,
    here: bool,
}

/// Pages of the navigation, in its order.
const PLACES: &[(&str, &str)] = &[
    ("/", "Overview"),
    ("/held", "Held"),
    ("/messages", "Messages"),
    ("/rules", "Rules"),
    ("/partners", "Partners"),
    ("/audit", "Audit"),
    ("/quality", "Review figures"),
    ("/health", "Health"),
];

fn frame(console: &Console, visitor: &Visitor, title: &str, path: &str) -> Frame {
    let open = |path: &str| ROUTES.iter().any(|route| route.path == path && route.asking == Asking::Get && route.is_open_to(&visitor.roles));
    let places = PLACES.iter().filter(|(path, _)| open(path));
    let roles: Vec<&str> = visitor.roles.iter().map(|role| role.word()).collect();
    let set = console.set();
    Frame {
        title: title.to_owned(),
        banner: set.banner.clone(),
        home: set.home.clone(),
        officer: visitor.name.clone(),
        roles: roles.join(", "),
        style: console.assets.style.clone(),
        script: console.assets.script.clone(),
        places: places.map(|&(place, name)| Place { path: place, name, here: place == path }).collect(),
        token: console.tokens.make(&visitor.name, u64::try_from(seconds()).unwrap_or(0)),
    }
}

/// A template as an answer.
fn rendered(status: StatusCode, template: &impl Template) -> Made {
    match template.render() {
        Ok(html) => Ok(answer::page(status, html)),
        Err(_) => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the page could not be written")),
    }
}

#[derive(Template)]
#[template(path = "console/templates/notice.html")]
struct Notice {
    frame: Frame,
    heading: &'static str,
    text: String,
    back: String,
}

/// A page that says why there is none.
pub(super) fn problem(console: &Console, visitor: &Visitor, problem: &Problem) -> Response {
    let heading = problem.status.canonical_reason().unwrap_or("Not done");
    let notice =
        Notice { frame: frame(console, visitor, heading, ""), heading, text: crate::base::plain::plain(&problem.text), back: "/".to_owned() };
    rendered(problem.status, &notice).unwrap_or_else(|_| answer::bare(problem.status, "the page could not be written\n"))
}

/// A page that says what became of something.
fn notice(asked: &Asked<'_>, status: StatusCode, heading: &'static str, text: &str, back: String) -> Made {
    rendered(status, &Notice { frame: asked.frame(heading, ""), heading, text: crate::base::plain::plain(text), back })
}

/// An address with a query.
fn address(path: &str, query: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        query.iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| format!("{key}={}", super::form::encoded(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}
