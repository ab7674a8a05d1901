//! Messages: the search, and the journey of one.

use askama::Template;
use hyper::StatusCode;

use super::{Asked, Frame, Made, address, rendered, strange};
use crate::console::answer::Problem;
use crate::console::entry::Visitor;
use crate::console::form::Form;
use crate::control::Role;
use crate::control::desk::{Message, Order, Query, Step, View, Wanted};

/// Rows of a page.
pub(super) const ROWS: u32 = 50;

/// A decision as a row.
pub(super) struct Line {
    pub(super) message: Message,
    /// Its journey.
    pub(super) journey: String,
    /// Its review; empty where it is not held, or not for this visitor.
    pub(super) review: String,
}

pub(super) fn lines(messages: &[Message], visitor: &Visitor) -> Vec<Line> {
    let reviewer = visitor.roles.contains(&Role::Reviewer);
    let line = |message: &Message| Line {
        journey: address("/message", &[("id", &message.id)]),
        review: match reviewer && message.state == "held" {
            true => address("/item", &[("from", &message.from), ("id", &message.id), ("recipient", &message.recipient)]),
            false => String::new(),
        },
        message: message.clone(),
    };
    messages.iter().map(line).collect()
}

/// What a search wants.
pub(super) fn wanted(form: &Form) -> Wanted {
    let field = |key: &str| form.one(key).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    Wanted {
        id: field("id"),
        state: field("state"),
        from: field("from"),
        recipient: field("recipient"),
        outcome: field("outcome"),
        code: field("code"),
        rule: field("rule"),
        classification: field("classification"),
        since: field("since"),
        until: field("until"),
    }
}

/// The query of a page of results: what is wanted, and where it begins.
pub(super) fn query(path: &str, wanted: &Wanted, after: &str) -> String {
    let or = |value: &Option<String>| value.clone().unwrap_or_default();
    let fields = [
        ("id", or(&wanted.id)),
        ("state", or(&wanted.state)),
        ("from", or(&wanted.from)),
        ("recipient", or(&wanted.recipient)),
        ("outcome", or(&wanted.outcome)),
        ("code", or(&wanted.code)),
        ("rule", or(&wanted.rule)),
        ("classification", or(&wanted.classification)),
        ("since", or(&wanted.since)),
        ("until", or(&wanted.until)),
        ("after", after.to_owned()),
    ];
    address(path, &fields.each_ref().map(|(key, value)| (*key, value.as_str())))
}

#[derive(Template)]
#[template(path = "console/templates/messages.html")]
struct Shown {
    frame: Frame,
    wanted: Vec<(&'static str, &'static str, String)>,
    lines: Vec<Line>,
    next: String,
    total: String,
}

/// The fields of a search with their labels and what stands in them.
pub(super) fn fields(wanted: &Wanted) -> Vec<(&'static str, &'static str, String)> {
    let or = |value: &Option<String>| crate::base::plain::plain(value.as_deref().unwrap_or_default());
    vec![
        ("id", "Id", or(&wanted.id)),
        ("from", "Sender", or(&wanted.from)),
        ("recipient", "Recipient", or(&wanted.recipient)),
        ("classification", "Classification", or(&wanted.classification)),
        ("outcome", "Outcome", or(&wanted.outcome)),
        ("code", "Code", or(&wanted.code)),
        ("state", "State", or(&wanted.state)),
        ("since", "Received since", or(&wanted.since)),
        ("until", "Received before", or(&wanted.until)),
    ]
}

pub(super) async fn page(asked: &Asked<'_>) -> Made {
    let wanted = wanted(asked.form);
    let after = asked.form.one("after").map(str::to_owned);
    let ask = Query::Messages { wanted: wanted.clone(), order: Order::Newest, after, rows: ROWS };
    let View::Messages(found) = asked.look(ask).await? else { return Err(strange()) };
    let next = found.next.as_deref().map(|next| query("/messages", &wanted, next)).unwrap_or_default();
    let shown = Shown {
        frame: asked.frame("Messages", "/messages"),
        wanted: fields(&wanted),
        lines: lines(&found.rows, asked.visitor),
        next,
        total: found.total.map(|total| format!("{total} in all")).unwrap_or_default(),
    };
    rendered(StatusCode::OK, &shown)
}

#[derive(Template)]
#[template(path = "console/templates/message.html")]
struct Journey {
    frame: Frame,
    id: String,
    steps: Vec<Step>,
}

pub(super) async fn journey(asked: &Asked<'_>) -> Made {
    let id = asked.form.need("id").map_err(Problem::bad)?.to_owned();
    let View::Journey { steps } = asked.look(Query::Journey { id: id.clone() }).await? else { return Err(strange()) };
    if steps.is_empty() {
        return Err(Problem::new(StatusCode::NOT_FOUND, "nothing is known under this id"));
    }
    rendered(StatusCode::OK, &Journey { frame: asked.frame("Message", "/messages"), id: crate::base::plain::plain(&id), steps })
}
