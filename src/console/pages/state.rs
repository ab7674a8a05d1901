//! Partners, and how the gateway itself is.

use askama::Template;
use hyper::StatusCode;

use super::{Asked, Frame, Made, rendered, strange};
use crate::base::plain::plain;
use crate::control::desk::{Partner, Query, View};

#[derive(Template)]
#[template(path = "console/templates/partners.html")]
struct Partners {
    frame: Frame,
    partners: Vec<Partner>,
}

pub(super) async fn partners(asked: &Asked<'_>) -> Made {
    let View::Partners { partners } = asked.look(Query::Partners {}).await? else { return Err(strange()) };
    rendered(StatusCode::OK, &Partners { frame: asked.frame("Partners", "/partners"), partners })
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
