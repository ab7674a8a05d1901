//! `vestibule status`: how a running gateway is: its numbers, its peers, its processes and their walls.

use std::path::PathBuf;

use serde_json::Value;

use super::{Answer, Failure, Output, Verb, output, unreadable};
use crate::base::Fault;
use crate::config::Gateway;
use crate::control::{self, Request, Response};

/// Shows how a running gateway is.
#[derive(Debug, clap::Args)]
pub(super) struct Status {
    /// The gateway's configuration; the gateway must be running
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Verb for Status {
    const PATH: &'static [&'static str] = &["status"];
    const ABOUT: &'static str = "Show how a running gateway is: numbers, peers, processes and their walls";
    const EXAMPLES: &'static str = "  vestibule status --config gateway.toml\n  \
        vestibule status --config gateway.toml --json | jq -r '.processes[] | [.name, .pid, .restarts] | @tsv'\n  \
        vestibule status --config gateway.toml --json | jq '.lines[] | select(.[0] | startswith(\"alarm \"))'\n\n\
        Exit status 3 where no gateway answers.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let gateway = Gateway::read(&self.config).map_err(|cause| unreadable(&self.config, cause))?;
        let response = control::ask(&gateway.journal.join(control::SOCKET), &Request::Status {})?;
        let (lines, processes) = match &response {
            Response::Status { lines, processes } => (lines, processes),
            Response::Refused { text } => return Err(Fault::new(text.clone()).into()),
            _ => return Err(Fault::new("the gateway answered another question").into()),
        };
        if self.json {
            out.json(&response)?;
            return Ok(Answer::Done);
        }
        let mut numbers = output::table(&["what", "how"]);
        for (name, number) in lines {
            numbers.add_row([name, number]);
        }
        out.line(numbers)?;
        let mut table = output::table(&["process", "pid", "ready", "restarts", "walls"]);
        for process in processes {
            table.add_row(cells(process));
        }
        out.line(table)?;
        Ok(Answer::Done)
    }
}

/// A process in five cells: name, pid, readiness, restarts, walls.
pub(super) fn cells(process: &Value) -> [String; 5] {
    let number = |key: &str| process.get(key).and_then(Value::as_u64).map_or_else(|| "-".to_owned(), |number| number.to_string());
    let ready = if process.get("ready") == Some(&Value::Bool(true)) { "yes" } else { "no" };
    let name = process.get("name").and_then(Value::as_str).unwrap_or_default();
    [name.to_owned(), number("pid"), ready.to_owned(), number("restarts"), walls(process.get("walls"))]
}

/// One word for each layer; one that does not hold is in brackets.
fn walls(walls: Option<&Value>) -> String {
    let layers = walls.and_then(|walls| walls.get("layers")).and_then(Value::as_array);
    let Some(layers) = layers else { return "none".to_owned() };
    let word = |layer: &Value| {
        let name = layer.get(0).and_then(Value::as_str)?;
        let holds = layer.get(1).and_then(|state| state.get("state")).and_then(Value::as_str) == Some("closed");
        Some(if holds { name.to_owned() } else { format!("({name})") })
    };
    layers.iter().filter_map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::Layer;

    #[test]
    fn every_layer_is_one_word_and_one_that_does_not_hold_is_in_brackets() {
        let state = |layer: &Layer| serde_json::json!([layer, { "state": if *layer == Layer::Namespaces { "open" } else { "closed" }, "why": "x" }]);
        let layers: Vec<Value> = Layer::ALL.iter().map(state).collect();
        let process = serde_json::json!({ "name": "door-a", "pid": 7, "ready": true, "restarts": 0, "walls": { "role": "door", "layers": layers } });
        let expected = "privileges memory (namespaces) capabilities files tcp scopes limits calls";
        assert_eq!(cells(&process), ["door-a", "7", "yes", "0", expected].map(str::to_owned));
        let gone = serde_json::json!({ "name": "desk", "pid": null, "ready": false, "restarts": 3, "walls": null });
        assert_eq!(cells(&gone), ["desk", "-", "no", "3", "none"].map(str::to_owned));
    }
}
