//! The samples that the supervisor's table of processes gives.

use serde_json::Value;

use crate::control::desk::Sample;

/// Samples of processes, as `vestibule status --json` shows them.
#[must_use]
pub fn of_processes(processes: &[Value]) -> Vec<Sample> {
    let mut samples = Vec::new();
    for process in processes {
        let Some(name) = process.get("name").and_then(Value::as_str) else { continue };
        let mut one = |metric: &str, value: u64| {
            samples.push(Sample { name: metric.to_owned(), labels: vec![("process".to_owned(), name.to_owned())], value });
        };
        one("vestibule_process_ready", u64::from(is_ready(process)));
        one("vestibule_process_restarts_total", process.get("restarts").and_then(Value::as_u64).unwrap_or_default());
        let layers = process.get("walls").and_then(|walls| walls.get("layers")).and_then(Value::as_array);
        let open = |layer: &&Value| layer.get(1).and_then(|state| state.get("state")).and_then(Value::as_str) != Some("closed");
        if let Some(layers) = layers {
            one("vestibule_process_walls_open", u64::try_from(layers.iter().filter(open).count()).unwrap_or(u64::MAX));
        }
    }
    samples
}

/// Whether a process says that it is ready.
pub(super) fn is_ready(process: &Value) -> bool {
    process.get("ready") == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_gives_readiness_restarts_and_the_layers_that_do_not_hold() {
        let walls = serde_json::json!({ "layers": [["files", { "state": "closed" }], ["scopes", { "state": "open", "why": "old kernel" }]] });
        let samples = of_processes(&[serde_json::json!({ "name": "door-a", "ready": true, "restarts": 2, "walls": walls }), serde_json::json!({})]);
        let values: Vec<_> = samples.iter().map(|sample| (sample.name.as_str(), sample.value)).collect();
        assert_eq!(values, [("vestibule_process_ready", 1), ("vestibule_process_restarts_total", 2), ("vestibule_process_walls_open", 1)]);
        assert!(samples.iter().all(|sample| super::super::find(&sample.name).is_some()));
    }
}
