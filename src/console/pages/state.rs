//! Partners, and how the gateway itself is.

use askama::Template;
use hyper::StatusCode;

use super::{Asked, Frame, Made, now, rendered, shown, strange};
use crate::base::Time;
use crate::base::plain::plain;
use crate::control::desk::{Partner, Query, View};
use crate::control::papers::{self, Dated, Worth};

/// Something that ends, as a row.
struct Ending {
    of: String,
    what: &'static str,
    until: String,
    worth: &'static str,
    left: String,
}

/// A partner as a card.
struct Card {
    partner: Partner,
    /// What the certificate of its link is worth, and how long it is good; empty where it is not linked.
    worth: &'static str,
    left: String,
    /// Decisions on what it sent, and for it, by outcome.
    sent: Vec<(String, u64)>,
    received: Vec<(String, u64)>,
    /// Releases under all clauses that it has part in.
    releases: u64,
}

#[derive(Template)]
#[template(path = "console/templates/partners.html")]
struct Partners {
    frame: Frame,
    cards: Vec<Card>,
    endings: Vec<Ending>,
    /// How many of them somebody must do something about now.
    urgent: usize,
    read: String,
}

pub(super) async fn partners(asked: &Asked<'_>) -> Made {
    let View::Partners { partners } = asked.look(Query::Partners {}).await? else { return Err(strange()) };
    let papers = shown::papers(asked.console.office.papers())?;
    let now = now();
    let mut endings: Vec<(Worth, Ending)> = papers.endings.iter().map(|one| ending(one, now)).collect();
    // What needs somebody stands first; the others stay in the order of the configuration.
    endings.sort_by_key(|(worth, _)| std::cmp::Reverse(*worth));
    let urgent = endings.iter().filter(|(worth, _)| *worth == Worth::Bad).count();
    let shown = Partners {
        frame: asked.frame("Partners", "/partners"),
        cards: partners.into_iter().map(|partner| card(partner, now)).collect(),
        endings: endings.into_iter().map(|(_, ending)| ending).collect(),
        urgent,
        read: papers.read,
    };
    rendered(StatusCode::OK, &shown)
}

fn ending(one: &papers::Ending, now: Time) -> (Worth, Ending) {
    let (worth, left) = one.at(now);
    (worth, Ending { of: one.of.clone(), what: one.what.word(), until: one.until.clone(), worth: worth.word(), left })
}

fn card(partner: Partner, now: Time) -> Card {
    let (worth, left) = match Time::parse(&partner.certificate_until) {
        Some(until) => papers::left(Dated::Certificate, until, now),
        None => (Worth::Good, String::new()),
    };
    let of = |side: &str| {
        let total = |(name, count): &(String, u64)| Some((name.strip_prefix(side)?.trim_start_matches([':', ' ']).to_owned(), *count));
        partner.totals.iter().filter_map(total).collect()
    };
    let releases = partner.clauses.iter().fold(0_u64, |sum, clause| sum.saturating_add(clause.releases));
    Card { worth: if left.is_empty() { "" } else { worth.word() }, left, sent: of("from it"), received: of("for it"), releases, partner }
}

/// A process as a row.
struct Process {
    name: String,
    pid: String,
    ready: bool,
    restarts: String,
    walls: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "console/templates/health.html")]
struct Health {
    frame: Frame,
    processes: Vec<Process>,
    remarks: Vec<String>,
}

pub(super) fn health(asked: &Asked<'_>) -> Made {
    let processes: Vec<Process> = asked.console.office.processes().iter().map(process).collect();
    rendered(StatusCode::OK, &Health { frame: asked.frame("Health", "/health"), remarks: remarks(&processes), processes })
}

fn text(value: Option<&serde_json::Value>) -> String {
    match value {
        None | Some(serde_json::Value::Null) => String::new(),
        Some(serde_json::Value::String(text)) => plain(text),
        Some(other) => plain(&other.to_string()),
    }
}

fn process(value: &serde_json::Value) -> Process {
    // Each layer is its name, and how it is closed.
    let layer = |layer: &serde_json::Value| {
        let how = layer.get(1);
        let word = |key: &str| text(how.and_then(|how| how.get(key)));
        (text(layer.get(0)), format!("{}: {}", word("state"), word("detail")))
    };
    let walls = value.get("walls").and_then(|walls| walls.get("layers")).and_then(serde_json::Value::as_array);
    Process {
        name: text(value.get("name")),
        pid: text(value.get("pid")),
        ready: value.get("ready").and_then(serde_json::Value::as_bool).unwrap_or(false),
        restarts: text(value.get("restarts")),
        walls: walls.map(|walls| walls.iter().map(layer).collect()).unwrap_or_default(),
    }
}

/// What somebody should do something about.
fn remarks(processes: &[Process]) -> Vec<String> {
    let mut all = Vec::new();
    if processes.is_empty() {
        all.push("the supervisor has not told of its processes yet; load the page again".to_owned());
    }
    for process in processes {
        if !process.ready {
            all.push(format!("`{}` is not ready; look into the log for why", process.name));
        }
        if process.walls.is_empty() && process.ready {
            all.push(format!("`{}` has no walls: `confinement` is off, which is for development only", process.name));
        }
        if !matches!(process.restarts.as_str(), "" | "0") {
            all.push(format!("`{}` was started again {} times; look into the log for why it ended", process.name, process.restarts));
        }
    }
    all
}
