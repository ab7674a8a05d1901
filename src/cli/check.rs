//! `vestibule check`: everything that `run` would refuse, without starting.

use std::path::{Path, PathBuf};

use super::{Answer, Failure, Output, Verb, output, unreadable, walls};
use crate::audit::SignerKey;
use crate::base::Fault;
use crate::config::{Gateway, Proving};
use crate::control::Officers;
use crate::journal::seal::SealKey;
use crate::link::tls::Material;
use crate::process::{bound_without_key, credentials, label_trust, load_guard, seeds, world};
use crate::prove;
use crate::sandbox::{Layer, Need};

/// Checks a gateway's configuration.
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE", required_unless_present_any = ["walls", "walls_told"])]
    config: Option<PathBuf>,
    /// Try every forbidden thing behind the walls of every process; with a configuration, its own work too
    #[arg(long)]
    walls: bool,
    /// What one process of `--walls` is told
    #[arg(long, hide = true, value_name = "JSON", conflicts_with_all = ["walls", "config", "json"])]
    walls_told: Option<String>,
    /// Print one JSON object for each check
    #[arg(long)]
    json: bool,
}

#[derive(serde::Serialize)]
struct Line {
    check: String,
    passed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl Verb for Check {
    const PATH: &'static [&'static str] = &["check"];
    const ABOUT: &'static str = "Check configuration, keys, certificates and rule set, without starting";
    const EXAMPLES: &'static str = "  vestibule check --config deploy/lab/gateway.toml\n  vestibule check --walls\n  vestibule check --config gateway.toml && systemctl restart vestibule\n\n\
        Exit status 1 where anything would keep `vestibule run` from starting.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        if let Some(told) = &self.walls_told {
            return walls::told(told);
        }
        let configured = self.config.as_deref().map_or(Ok(Answer::Done), |config| self.configuration(config, out))?;
        let stopped = if self.walls { walls::probe(self.config.as_deref(), self.json, out)? } else { Answer::Done };
        Ok(if configured == Answer::Done { stopped } else { configured })
    }
}

impl Check {
    fn configuration(&self, config: &Path, out: &mut Output) -> Result<Answer, Failure> {
        let gateway = match Gateway::read(config).map_err(|cause| unreadable(config, cause)) {
            Err(Failure::Complaints(complaints, files)) => {
                output::report(&complaints, &files);
                return Ok(Answer::No);
            }
            other => other?,
        };
        let mut lines = vec![line("configuration", Ok(()))];
        for domain in &gateway.domains {
            lines.push(line(&format!("certificates of `{}`", domain.name), Material::load(&domain.identity).map(drop)));
        }
        if gateway.console.is_some() {
            lines.push(line("console", crate::console::check(&gateway, world::now())));
        }
        lines.push(line("label anchors", label_trust::read(&gateway).map(drop)));
        if gateway.officer_trust.is_some() {
            lines.push(line("officers' certificates", credentials::officers(&gateway).and_then(|officers| all_count(&officers))));
        }
        lines.push(line("audit key", SignerKey::open(&gateway.keys.audit).map(drop)));
        lines.push(line("hop key", world::HopSecret::read(&gateway.keys.hops).map(drop)));
        lines.push(line("quarantine key", SealKey::open(&gateway.keys.quarantine).map(drop)));
        if let Some(files) = &gateway.keys.binding {
            lines.push(line("binding key", world::signer(files).and_then(|signer| in_force(&signer))));
        }
        lines.push(line("pseudonym key", world::Secrets::read(&gateway.keys.pseudonym).map(drop)));
        lines.push(rules(&gateway)?);
        lines.extend(known_items(&gateway));
        lines.extend(solver(&gateway));
        lines.extend(walls::layers().into_iter().map(wall));
        for line in &lines {
            match self.json {
                true => out.json(line)?,
                false => out.line(format_args!(
                    "{} {}{}",
                    if line.passed { "ok  " } else { "FAIL" },
                    line.check,
                    line.text.iter().map(|text| format!(": {text}")).collect::<String>()
                ))?,
            }
        }
        Ok(if lines.iter().all(|line| line.passed) { Answer::Done } else { Answer::No })
    }
}

fn line(check: &str, result: Result<(), Fault>) -> Line {
    Line { check: check.to_owned(), passed: result.is_ok(), text: result.err().map(|fault| fault.to_string()) }
}

/// A layer that the host does not give fails the check only where no process starts without it.
fn wall((layer, given): (Layer, Result<String, String>)) -> Line {
    let passed = given.is_ok() || layer.need() == Need::WhereGiven;
    let text = given.unwrap_or_else(|why| format!("not given: {why}"));
    Line { check: format!("wall `{layer}`"), passed, text: Some(text) }
}

/// Whether the signatures of every officer count.
fn all_count(officers: &Officers) -> Result<(), Fault> {
    match officers.suspended().next() {
        Some((name, why)) => Err(Fault::new(format!("the signatures of `{name}` do not count: {why}"))),
        None => Ok(()),
    }
}

fn rules(gateway: &Gateway) -> Result<Line, Failure> {
    let check = "rule set".to_owned();
    let failed = |text| Line { check: check.clone(), passed: false, text: Some(text) };
    Ok(match load_guard(&gateway.rules) {
        Err(fault) => failed(fault.to_string()),
        Ok(Err(complaints)) => {
            output::report(&complaints, &crate::policy::read_folder(&gateway.rules)?);
            failed(format!("{} faults, reported above", complaints.len()))
        }
        Ok(Ok(guard)) => {
            let unknown: Vec<&str> = gateway
                .domains
                .iter()
                .flat_map(|domain| &domain.peers)
                .map(|peer| peer.name.as_str())
                .filter(|name| !guard.edition().peers.contains_key(*name))
                .collect();
            if let Some(peer) = bound_without_key(gateway, guard.edition()) {
                return Ok(failed(format!("it binds labels for `{peer}`: set `binding_key` and `binding_certificate`")));
            }
            match (guard.edition().home == gateway.home, unknown.is_empty()) {
                (true, true) => Line { check, passed: true, text: Some(format!("{} {}", guard.edition().name, guard.edition().edition)) },
                (false, _) => failed(format!("its home is `{}`, the configuration's `{}`", guard.edition().home, gateway.home)),
                (_, false) => failed(format!("it has no peers {}", unknown.join(", "))),
            }
        }
    })
}

/// One line for each known item of `[review]`: one that nobody would see is at fault.
fn known_items(gateway: &Gateway) -> Vec<Line> {
    let guard = load_guard(&gateway.rules).ok().and_then(Result::ok);
    let (items, guard) = match (seeds::read(gateway), guard) {
        (Err(fault), _) => return vec![line("known items", Err(fault))],
        (Ok(items), Some(guard)) => (items, guard),
        // What is wrong with the rules is said of the rules.
        (Ok(_), None) => return Vec::new(),
    };
    let of = |seed: &seeds::Seed| {
        let held = seeds::held_for(seed, &guard);
        let passed = held.is_ok();
        let text = held.map_or_else(|fault| fault.to_string(), |code| format!("held for {code}, expected: {}", seed.expected.word()));
        Line { check: format!("known item `{}`", seed.file), passed, text: Some(text) }
    };
    if let Ok(trust) = label_trust::read(gateway) {
        guard.trust_in_labels(trust);
    }
    items.iter().map(of).collect()
}

/// The solver, where an edition would be proved before it comes into force.
fn solver(gateway: &Gateway) -> Option<Line> {
    let proves = gateway.prove == Proving::Always && !gateway.officers.is_empty();
    proves.then(|| line("solver", prove::present(&gateway.solver)))
}

/// Whether others would take what the key signs now.
fn in_force(signer: &crate::label::Signer) -> Result<(), Fault> {
    signer.check(world::now()).map_err(|objection| Fault::new(format!("the binding certificate would not be taken: {}", objection.sentence())))
}
