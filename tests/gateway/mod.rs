//! The running gateway: real QUIC, real certificates, a real journal, the rule set of the lab; in this process where counters are looked at, as a
//! process of its own where it is killed.

mod backup;
mod bad_input;
mod browser;
mod chain;
mod consent;
mod console;

mod delivery;
mod drain;
mod editions;
mod headquarters;
#[cfg(debug_assertions)]
mod kills;
mod load;
mod looks;
mod operator;
mod papers;
mod processes;
mod replay;
mod recall;
mod review;
mod reviewers;
mod seeds;
mod supervision;
mod trace;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use vestibule::base::{Digest, Fault, Header, MessageId, Name, Precedence, Time};
use vestibule::config;
use vestibule::control::{self, Request, Response};
use vestibule::generate::{message, recipes};
use vestibule::journal::{Entry, Event, Journal, MessageKey, Page};
use vestibule::link::{Door, Link, LinkError, Receipt, Status};
use vestibule::process::{Gateway, Handle, delivery_id, load_guard, world};

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/five-eyes");
/// How long anything may take that another task or process is about to do.
const PATIENCE: Duration = Duration::from_secs(60);

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn now() -> Time {
    world::now()
}

fn run<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // On the heap: unoptimised, the states of a gateway and of its test are larger together than a test thread's stack.
    let test = Box::pin(test);
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(300), test).await.expect("the test ended within five minutes") })
}

/// Waits for something that another task or process is about to do.
async fn until(what: &str, mut seen: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !seen() {
        assert!(started.elapsed() < PATIENCE, "never seen: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Runs the program, and gives status, standard output and standard error.
fn vestibule(words: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_vestibule")).args(words).env_remove("VESTIBULE_LOG").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn free_port() -> u16 {
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The lab of `deploy/lab` in a folder of its own, on free ports, with its keys.
struct Lab {
    folder: tempfile::TempDir,
}

impl Lab {
    fn new() -> Self {
        Self::with(|text| text)
    }

    /// A lab whose configuration is changed.
    fn with(change: impl FnOnce(String) -> String) -> Self {
        let lab = Self { folder: tempfile::tempdir().unwrap() };
        let text = include_str!("../../deploy/lab/gateway.toml").replace("../../rules/five-eyes", RULES);
        let text = text.replace(":4471\"", &format!(":{}\"", free_port())).replace(":4472\"", &format!(":{}\"", free_port()));
        std::fs::write(lab.config(), change(text)).unwrap();
        lab.keys();
        lab
    }

    fn keys(&self) {
        let (status, _, errors) = vestibule(&["pki", "init", "--config", &self.config().display().to_string()]);
        assert_eq!(status, 0, "{errors}");
    }

    fn path(&self, inner: &str) -> PathBuf {
        self.folder.path().join(inner)
    }

    fn config(&self) -> PathBuf {
        self.path("gateway.toml")
    }

    /// The file of a peer, as `pki init` wrote it.
    fn peer(&self, peer: &str) -> PathBuf {
        let domain = if peer == "gbr-ops" { "national" } else { "coalition" };
        self.path(&format!("state/pki/{domain}/{peer}.toml"))
    }

    /// Runs a command on this lab's gateway.
    fn command(&self, words: &[&str], more: &[&str]) -> (i32, String, String) {
        let config = self.config().display().to_string();
        vestibule(&[words, &["--config", &config], more].concat())
    }

    /// Checks the journal as `audit verify` does.
    fn audit(&self) {
        let (status, out, errors) = self.command(&["audit", "verify"], &[]);
        assert_eq!(status, 0, "{out}{errors}");
    }

    /// Starts the gateway in this process.
    async fn start(&self) -> Running {
        let config = config::Gateway::read(&self.config()).unwrap();
        let guard = load_guard(&config.rules).unwrap().unwrap();
        let gateway = Box::pin(Gateway::open(&self.config(), config, guard)).await.unwrap();
        let (handle, (stop, stopped)) = (gateway.handle(), oneshot::channel::<()>());
        let task = tokio::spawn(gateway.run(async {
            let _ = stopped.await;
        }));
        Running { handle, stop, task }
    }

    /// Starts the gateway as a process, and waits until it answers.
    async fn spawn(&self) -> Process {
        self.spawn_failing("").await
    }

    /// The same with points at which its processes fail on purpose.
    async fn spawn_failing(&self, faults: &str) -> Process {
        let child = Process::failing(&["run", "--config", &self.config().display().to_string()], &self.path("gateway.log"), faults);
        self.answering().await;
        child
    }

    async fn answering(&self) {
        let socket = self.path("state/journal").join(control::SOCKET);
        let log = self.path("gateway.log");
        until(&format!("the gateway of {}", log.display()), || matches!(control::ask(&socket, &Request::Status {}), Ok(Response::Status { .. })))
            .await;
    }

    /// A link of a peer to the gateway.
    async fn link(&self, peer: &str) -> Peer {
        Peer::of(&self.peer(peer)).await
    }
}

/// A gateway in this process.
struct Running {
    handle: Handle,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), Fault>>,
}

impl Running {
    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }

    fn journal(&self) -> Arc<dyn Journal> {
        self.handle.journal()
    }

    /// Everything that happened to a message.
    async fn journey(&self, id: MessageId) -> Vec<Event> {
        self.journal().message(id).await.unwrap().into_iter().map(|entry| entry.event).collect()
    }

    /// Outcome and code for a recipient, as the last decision has them.
    async fn outcome(&self, id: MessageId, to: &str) -> (String, Option<&'static str>) {
        let decisions = self.journey(id).await.into_iter().filter_map(|event| match event {
            Event::Decided(decided) => decided.decisions.into_iter().find(|decision| decision.recipient.as_str() == to),
            _ => None,
        });
        let last = decisions.last().expect("a decision for the recipient");
        (last.outcome.word().to_owned(), last.code.map(|code| code.code()))
    }

    async fn records(&self) -> Vec<Entry> {
        let (mut rows, mut page) = (Vec::new(), Page::first(Page::ROWS_MAX));
        loop {
            let part = self.journal().records(page).await.unwrap();
            rows.extend(part.rows);
            match part.next {
                Some(next) => page.after = Some(next),
                None => return rows,
            }
        }
    }

    fn refused(&self, code: &str) -> u64 {
        self.handle.refused().get(code).copied().unwrap_or(0)
    }

    async fn linked(&self, peer: &str) {
        until(&format!("the link of {peer}"), || self.handle.lanes().iter().any(|(known, _, linked)| known.as_str() == peer && *linked)).await;
    }
}

/// A process of the program; killed when it is let go.
struct Process {
    child: Child,
}

/// The processes that one has started.
fn parts_of(parent: u32) -> Vec<u32> {
    let started = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok()) == Some(parent)
    };
    let all = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    all.filter(started).collect()
}

impl Process {
    fn start(words: &[&str], log: &Path) -> Self {
        Self::failing(words, log, "")
    }

    /// The same with points at which its processes fail on purpose.
    fn failing(words: &[&str], log: &Path, faults: &str) -> Self {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        let errors = file.try_clone().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
        let child = command
            .args(words)
            .env_remove("VESTIBULE_LOG")
            .env("VESTIBULE_FAULTS", faults)
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .spawn()
            .unwrap();
        Self { child }
    }

    /// A recipient that keeps what it gets in a folder.
    fn receive(config: &Path, into: &Path) -> Self {
        let words = ["receive", "--config", &config.display().to_string(), "--into", &into.display().to_string()];
        Self::start(&words, &into.with_extension("log"))
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Kills it and every process that it started, all at once, as when the machine's power fails.
    fn kill(mut self) {
        let parts = parts_of(self.child.id());
        let all = |signal: &str| {
            if !parts.is_empty() {
                // One that has ended by itself meanwhile is no fault of this.
                let _ = Command::new("kill").arg(signal).args(parts.iter().map(ToString::to_string)).stderr(Stdio::null()).status().unwrap();
            }
        };
        // Stopped first: a door that sees the others gone would still say goodbye to its peers.
        all("-STOP");
        self.child.kill().unwrap();
        all("-9");
        self.child.wait().unwrap();
    }

    /// Tells it to stop in order, and gives its exit status.
    async fn terminate(mut self) -> i32 {
        self.signal("-TERM");
        let mut status = None;
        until("the end of the process", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        })
        .await;
        status.unwrap().code().expect("an exit status, not a signal")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a peer was sent.
type Got = Arc<Mutex<Vec<(Header, Vec<u8>)>>>;

/// A peer in this process: it sends, and keeps what it is sent.
struct Peer {
    _door: Door,
    link: Link,
    got: Got,
}

impl Peer {
    async fn of(file: &Path) -> Self {
        let door = Door::open(&config::Remote::read(file).unwrap().domain).unwrap();
        let link = dial(&door).await;
        let got = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(keep(link.clone(), Arc::clone(&got)));
        Self { _door: door, link, got }
    }

    async fn send(&self, header: &Header, body: &[u8]) -> Receipt {
        self.link.send(header, body).await.unwrap()
    }

    /// The ids and bodies of what it was sent so far, the first of each id only.
    fn got(&self) -> HashMap<MessageId, Vec<u8>> {
        let mut got = HashMap::new();
        for (header, body) in self.got.lock().unwrap().iter() {
            got.entry(header.id).or_insert_with(|| body.clone());
        }
        got
    }

    fn count(&self) -> usize {
        self.got.lock().unwrap().len()
    }
}

/// Dials until the link is up.
async fn dial(door: &Door) -> Link {
    let started = std::time::Instant::now();
    loop {
        match door.dial(&name(config::Remote::GATEWAY)).await {
            Ok(link) => return link,
            Err(error) => assert!(started.elapsed() < PATIENCE, "no link: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn keep(link: Link, got: Got) {
    while let Some(inbound) = link.next().await {
        got.lock().unwrap().push((inbound.header.clone(), inbound.body.clone()));
        let receipt = Receipt::accepted(inbound.header.id, Digest::of(&inbound.body), 1, now());
        let _ = inbound.respond(receipt).await;
    }
}

/// A fresh message of a recipe.
fn letter(recipe: &str, seed: u64) -> (Header, Vec<u8>) {
    let recipe = recipes().into_iter().find(|one| one.name == recipe).unwrap_or_else(|| panic!("no recipe {recipe}"));
    let (header, body) = message(recipe, seed, now());
    (Header { id: world::fresh_id().unwrap(), ..header }, body)
}

/// Sends tracks one after the other until told to stop; gives how many were accepted.
async fn sending(gbr: Arc<Peer>, mut stop: oneshot::Receiver<()>) -> usize {
    let mut sent = 0;
    while stop.try_recv().is_err() {
        let (header, body) = track(Precedence::Routine);
        assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
        sent += 1;
    }
    sent
}

/// A good track from `gbr-ops` to `usa-ops`.
fn track(precedence: Precedence) -> (Header, Vec<u8>) {
    let (header, body) = letter("track-five-eyes", 1);
    (Header { precedence, destinations: vec![name("usa-ops")], ..header }, body)
}

fn onward(id: MessageId) -> MessageId {
    delivery_id(&MessageKey { from: name("gbr-ops"), id })
}

fn delivered(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::Delivered(_))).count()
}
