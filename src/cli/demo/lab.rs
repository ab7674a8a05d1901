//! The lab of the demo: folders, keys, configuration, processes.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::super::{Failure, lab, letter, unreadable};
use super::{court, failed};
use crate::base::{Fault, MessageId};
use crate::config::{Domain, Gateway, Peer};
use crate::control::{self, Request};
use crate::generate::{Recipe, message, recipes};
use crate::process::world;

/// The lab's configuration, as tests and benches know it; the demo gives it other ports and paths.
const CONFIGURATION: &str = include_str!("../../../deploy/lab/gateway.toml");
/// The longest time for the gateway to start: 60 seconds; an unoptimised build compiles its rule set in 10.
const START_MAX: Duration = Duration::from_secs(60);

/// A folder that is removed at the end, unless it is to be kept.
struct Folder {
    path: PathBuf,
    kept: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed stays in the folder for temporary files, which the system clears.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// A lab.
pub(super) struct Lab {
    folder: Folder,
    config: PathBuf,
    gateway: Gateway,
}

/// A message that was put into a peer's outgoing folder.
pub(super) struct Posted {
    pub(super) id: MessageId,
    pub(super) recipe: &'static Recipe,
}

impl Lab {
    /// Makes a lab in a folder, or in a temporary one.
    pub(super) fn make(folder: Option<&Path>, rules: &Path) -> Result<Self, Failure> {
        let kept = folder.is_some();
        let path = match folder {
            Some(path) => path.to_owned(),
            None => std::env::temp_dir().join(format!("vestibule-demo-{}", world::fresh_id()?)),
        };
        std::fs::create_dir_all(&path).map_err(failed(&path))?;
        let path = path.canonicalize().map_err(failed(&path))?;
        let folder = Folder { path, kept };
        let config = folder.path.join("gateway.toml");
        if !config.exists() {
            let rules = rules
                .canonicalize()
                .map_err(|error| Fault::from_cause(format!("there is no rule set at `{}`; give `--rules`", rules.display()), error))?;
            let text = CONFIGURATION
                .replace("\"../../rules/five-eyes\"", "\"rules\"")
                .replace(":4471\"", &format!(":{}\"", free_port()?))
                .replace(":4472\"", &format!(":{}\"", free_port()?))
                .replace(":4473\"", &format!(":{}\"", free_port()?));
            let text = format!("{text}{}", court::make(&folder.path, &rules)?);
            std::fs::write(&config, text).map_err(failed(&config))?;
        }
        let gateway = Gateway::read(&config).map_err(|cause| unreadable(&config, cause))?;
        lab::make(&gateway, world::now())?;
        court::certify(&folder.path, &gateway)?;
        let made = Self { folder, config, gateway };
        for (_, peer) in made.peers() {
            for place in [made.inbox(peer), made.outbox(peer.name.as_str()), made.logs()] {
                std::fs::create_dir_all(&place).map_err(failed(&place))?;
            }
        }
        Ok(made)
    }

    pub(super) const fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    fn peers(&self) -> impl Iterator<Item = (&Domain, &Peer)> {
        self.gateway.domains.iter().flat_map(|domain| domain.peers.iter().map(move |peer| (domain, peer)))
    }

    fn inbox(&self, peer: &Peer) -> PathBuf {
        self.folder.path.join("inbox").join(peer.name.as_str())
    }

    fn outbox(&self, peer: &str) -> PathBuf {
        self.folder.path.join("outbox").join(peer)
    }

    fn logs(&self) -> PathBuf {
        self.folder.path.join("log")
    }

    /// Starts the gateway, waits until it answers, then starts a process for each peer.
    pub(super) async fn start(&self) -> Result<Running, Failure> {
        let mut gateway = self.spawn("gateway", &["run", "--while-stdin", "--config"], &self.config, &[])?;
        self.answering(&mut gateway).await?;
        let mut running = Running { children: vec![("gateway".to_owned(), gateway)], logs: self.logs() };
        for (domain, peer) in self.peers() {
            let (inbox, outbox) = (self.inbox(peer), self.outbox(peer.name.as_str()));
            let more = [Path::new("--into"), &inbox, Path::new("--outgoing"), &outbox];
            let child = self.spawn(peer.name.as_str(), &["receive", "--json", "--while-stdin", "--config"], &lab::peer_file(domain, peer), &more)?;
            running.children.push((peer.name.to_string(), child));
        }
        Ok(running)
    }

    fn spawn(&self, name: &str, words: &[&str], config: &Path, more: &[&Path]) -> Result<Child, Failure> {
        let program = std::env::current_exe().map_err(|error| Fault::from_cause("this program's own file is not known", error))?;
        let log = self.logs().join(format!("{name}.log"));
        let file = std::fs::File::create(&log).map_err(failed(&log))?;
        let errors = file.try_clone().map_err(failed(&log))?;
        let mut command = Command::new(program);
        command.args(words).arg(config).args(more).stdin(Stdio::piped()).stdout(file).stderr(errors).kill_on_drop(true);
        let child = command.spawn().map_err(|error| Fault::from_cause(format!("the process `{name}` could not be started"), error))?;
        Ok(child)
    }

    async fn answering(&self, gateway: &mut Child) -> Result<(), Failure> {
        let socket = self.gateway.journal.join(control::SOCKET);
        let started = tokio::time::Instant::now();
        loop {
            let asked = socket.clone();
            let answer = tokio::task::spawn_blocking(move || control::ask(&asked, &Request::Status {})).await;
            if matches!(answer, Ok(Ok(_))) {
                return Ok(());
            }
            let ended = gateway.try_wait().ok().flatten().is_some();
            if ended || started.elapsed() > START_MAX {
                let log = std::fs::read_to_string(self.logs().join("gateway.log")).unwrap_or_default();
                return Err(Failure::Fault(Fault::new(format!("the gateway did not start; it said:\n{log}"))));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Puts one message of each recipe into the outgoing folder of its sender.
    pub(super) fn post(&self, seed: u64) -> Result<Vec<Posted>, Failure> {
        let mut posted = Vec::new();
        for (number, recipe) in recipes().into_iter().enumerate() {
            let (header, body) = message(recipe, seed, world::now());
            let file = self.outbox(recipe.from).join(format!("{seed:04}-{number:04}-{}.xml", recipe.name));
            letter::write(&file, &header, &body)?;
            posted.push(Posted { id: header.id, recipe });
        }
        Ok(posted)
    }

    /// How to go on by hand.
    pub(super) fn invitation(&self) -> String {
        let program = std::env::current_exe().map_or_else(|_| "vestibule".to_owned(), |path| path.display().to_string());
        let (config, folder) = (self.config.display(), self.folder.path.display());
        let sender = self.peers().next().map(|(domain, peer)| lab::peer_file(domain, peer).display().to_string()).unwrap_or_default();
        format!(
            "\nThe lab stays up; Ctrl-C ends it. From another terminal:\n\n  \
             send a message      {program} generate --into /tmp/traffic --only track-five-eyes --seed $RANDOM\n                      \
             {program} send --config {sender} /tmp/traffic/*.xml\n  \
             why was it so       {program} inspect --config {config} --from gbr-ops --explain /tmp/traffic/*.xml\n  \
             what is held        {program} quarantine list --config {config}\n  \
             what happened       {program} audit show --config {config} --totals\n  \
             is it untouched     {program} audit verify --config {config}\n  \
             what has arrived    ls {folder}/inbox/*\n{}",
            court::invitation(&self.folder.path, &self.gateway)
        )
    }
}

/// A port that nobody uses now. Another program may take it before the gateway does; the gateway then says so.
fn free_port() -> Result<u16, Fault> {
    let failed = |error| Fault::from_cause("no free port on 127.0.0.1", error);
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").map_err(failed)?;
    socket.local_addr().map(|address| address.port()).map_err(failed)
}

/// The processes of the lab.
pub(super) struct Running {
    children: Vec<(String, Child)>,
    logs: PathBuf,
}

impl Running {
    /// Waits until one of the processes ends, which none should.
    pub(super) async fn ended(&mut self) -> Fault {
        loop {
            for (name, child) in &mut self.children {
                if let Ok(Some(status)) = child.try_wait() {
                    let log = std::fs::read_to_string(self.logs.join(format!("{name}.log"))).unwrap_or_default();
                    let last: Vec<&str> = log.lines().rev().take(5).collect();
                    return Fault::new(format!(
                        "the process `{name}` ended with {status}; it said last: {}",
                        last.into_iter().rev().collect::<Vec<_>>().join(" / ")
                    ));
                }
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Ends all processes, the gateway last.
    pub(super) async fn stop(mut self) {
        while let Some((_, mut child)) = self.children.pop() {
            // A process that has ended already cannot be killed, and need not be.
            let _ = child.kill().await;
        }
    }
}
