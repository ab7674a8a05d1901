//! What is held: the triage list, groups of the same finding, and the figures of review.

use askama::Template;
use hyper::StatusCode;

use super::messages::{Line, ROWS, fields, lines, query, wanted};
use super::{Asked, Frame, Made, address, rendered, strange};
use crate::control::desk::{Group, Order, Quality, Query, View};

#[derive(Template)]
#[template(path = "console/templates/held.html")]
struct Shown {
    frame: Frame,
    wanted: Vec<(&'static str, &'static str, String)>,
    lines: Vec<Line>,
    groups: Vec<(Group, String)>,
    next: String,
    total: String,
}

pub(super) async fn page(asked: &Asked<'_>) -> Made {
    let mut wanted = wanted(asked.form);
    wanted.state = Some("held".to_owned());
    let after = asked.form.one("after").map(str::to_owned);
    let ask = Query::Messages { wanted: wanted.clone(), order: Order::Triage, after, rows: ROWS };
    let View::Messages(found) = asked.look(ask).await? else { return Err(strange()) };
    let View::Groups { groups } = asked.look(Query::Groups {}).await? else { return Err(strange()) };
    let next = found.next.as_deref().map(|next| query("/held", &wanted, next)).unwrap_or_default();
    let group = |group: Group| {
        let address = address("/held", &[("code", &group.code)]);
        (group, address)
    };
    let shown = Shown {
        frame: asked.frame("Held", "/held"),
        wanted: fields(&wanted).into_iter().filter(|(key, _, _)| !["state", "outcome"].contains(key)).collect(),
        lines: lines(&found.rows, asked.visitor),
        groups: groups.into_iter().map(group).collect(),
        next,
        total: found.total.map(|total| format!("{total} held")).unwrap_or_default(),
    };
    rendered(StatusCode::OK, &shown)
}

#[derive(Template)]
#[template(path = "console/templates/quality.html")]
struct Figures {
    frame: Frame,
    quality: Quality,
}

pub(super) async fn quality(asked: &Asked<'_>) -> Made {
    let View::Quality(quality) = asked.look(Query::Quality {}).await? else { return Err(strange()) };
    rendered(StatusCode::OK, &Figures { frame: asked.frame("Review figures", "/quality"), quality })
}
