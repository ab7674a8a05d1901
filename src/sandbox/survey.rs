//! What this host gives, asked without changing anything: for those who check before they start.

use super::{Layer, State, files, sys};

/// Every layer, and whether the host gives it.
#[must_use]
pub fn survey() -> Vec<(Layer, State)> {
    let always = |layer, detail: &str| (layer, State::Closed(detail.to_owned()));
    let namespaces = match sys::try_unshare() {
        Ok(()) => State::Closed("users, network and shared memory of its own".to_owned()),
        Err(refused) => State::Unavailable(format!("the host forbids it: {refused}")),
    };
    let calls = match sys::calls_can_kill() {
        true => State::Closed("an unlisted call kills the process".to_owned()),
        false => State::Unavailable("the kernel has no seccomp filters that kill a process: it needs Linux 4.14 or later".to_owned()),
    };
    let mut layers = vec![
        always(Layer::Privileges, "no new privileges"),
        always(Layer::Memory, "not dumpable, no core"),
        (Layer::Namespaces, namespaces),
        always(Layer::Capabilities, "dropped where there are any"),
        always(Layer::Limits, "memory, descriptors, processes, file sizes"),
        (Layer::Calls, calls),
    ];
    layers.extend(files::survey());
    layers.sort_by_key(|(layer, _)| *layer);
    layers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_survey_speaks_of_every_layer_once_and_changes_nothing() {
        let threads = || std::fs::read_to_string("/proc/self/status").unwrap();
        let before = threads();
        let found: Vec<Layer> = survey().into_iter().map(|(layer, _)| layer).collect();
        assert_eq!(found, Layer::ALL);
        for line in ["NoNewPrivs:", "Seccomp:", "CapEff:"] {
            let of = |text: &str| text.lines().find(|found| found.starts_with(line)).map(str::to_owned);
            assert_eq!(of(&before), of(&threads()));
        }
    }
}
