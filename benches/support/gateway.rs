//! The gateway as it is measured: the lab's configuration and rule set, a durable journal in a temporary folder, a peer that sends and one that
//! receives, each with its own door, all in this process. The gateway has a runtime of its own, as its process has, and so have the two ends of
//! what is urgent: on machines of their own they would not wait in one queue with those who send the crowd. Where it is asked for, the gateway is
//! `vestibule run` instead, with its processes and their walls.

#![allow(dead_code, reason = "each bench asks for what it measures")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::sync::{mpsc, oneshot};
use vestibule::base::{Digest, Header, Name, Precedence, Time, Traffic};
use vestibule::config::{self, Remote};
use vestibule::control::{self, Request, Response};
use vestibule::generate::{self, Dice, Draft};
use vestibule::link::{Door, Link, Receipt, Status};
use vestibule::process::{Gateway, load_guard, world};

/// Who sends and who receives.
const FROM: &str = "gbr-ops";
const TO: &str = "usa-ops";
/// ROUTINE messages that wait while FLASH is measured.
const CROWD: usize = 512;
/// Officers, and in which role each signs.
const SIGNERS: [(&str, &str); 2] = [("ann", "author"), ("bob", "approver")];
/// How the number of a message begins in `uid`, so that the sink finds it again.
const UID: &str = "BENCH-";

/// How the gateway runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// In this process, over channels.
    OneProcess,
    /// As `vestibule run`: processes behind their walls.
    Walls,
    /// The same with officers, whose signatures put editions in force.
    Court,
}

/// A running gateway with its two peers.
pub(crate) struct Lab {
    /// Numbers of the messages that arrive.
    pub(crate) arrivals: mpsc::UnboundedReceiver<u64>,
    sender: Sender,
    gateway: config::Gateway,
    listening: Vec<(Name, SocketAddr)>,
    _peers: Vec<Arc<Door>>,
    runtime: Option<tokio::runtime::Runtime>,
    supervisor: Option<Child>,
    folder: tempfile::TempDir,
}

/// The sending peer.
#[derive(Clone)]
pub(crate) struct Sender {
    link: Link,
    body: Arc<str>,
}

impl Sender {
    /// Sends the message of a number and waits for its receipt.
    pub(crate) async fn send(self, number: u64) {
        self.send_as(number, Precedence::Routine).await;
    }

    async fn send_as(&self, number: u64, precedence: Precedence) {
        let header = Header {
            id: world::fresh_id().expect("randomness"),
            precedence,
            destinations: vec![Name::new(TO).expect("a name")],
            media_type: String::new(),
            traffic: Traffic::Operation,
            sent: world::now(),
            label: None,
        };
        let body = self.body.replacen(&format!("{UID}{:020}", 0), &format!("{UID}{number:020}"), 1);
        let receipt = self.link.send(&header, body.as_bytes()).await.expect("a receipt");
        assert_eq!(receipt.status, Status::Accepted, "the gateway takes every message of the bench");
    }
}

impl Lab {
    /// Makes keys, starts the gateway and links both peers; messages have about `body_bytes` bytes.
    pub(crate) async fn start(body_bytes: usize, form: Form) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = configuration(folder.path(), form);
        let gateway = config::Gateway::read(&path).expect("the lab's configuration");
        let (runtime, supervisor, listening) = match form {
            Form::OneProcess => {
                let (runtime, listening) = open(path, gateway.clone()).await;
                (Some(runtime), None, listening)
            }
            Form::Walls | Form::Court => {
                let supervisor = supervise(&path, &gateway).await;
                let listening = gateway.domains.iter().map(|domain| (domain.name.clone(), domain.listen)).collect();
                (None, Some(supervisor), listening)
            }
        };
        let mut peers = Vec::new();
        for name in [FROM, TO] {
            peers.push(dial(&gateway, &listening, name).await);
        }
        let (arrived, arrivals) = mpsc::unbounded_channel();
        let [(near, source), (far, sink)] = <[_; 2]>::try_from(peers).map_err(drop).expect("two peers");
        tokio::spawn(receive(sink, arrived));
        let sender = Sender { link: source, body: body(body_bytes).into() };
        Self { arrivals, sender, gateway, listening, _peers: vec![near, far], runtime, supervisor, folder }
    }

    /// The processes of the gateway that are there, by name; the one that runs it is `supervisor`.
    pub(crate) fn processes(&self) -> Vec<(String, u32)> {
        let own = self.supervisor.iter().map(|child| ("supervisor".to_owned(), child.id()));
        let others = processes(&self.gateway).into_iter().filter_map(|process| Some((process.name, process.pid.filter(|_| process.ready)?)));
        own.chain(others).collect()
    }

    /// Signs the next edition; gives what puts it in force and says whether it did.
    pub(crate) fn next_edition(&self, number: &str) -> impl FnOnce() -> bool + Send + use<> {
        let folder = self.folder.path().to_owned();
        let next = edition(&folder, number, number);
        move || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
            command.args(["rules", "activate", "--config"]).arg(folder.join("gateway.toml")).arg(next);
            command.stdout(Stdio::null()).status().expect("`vestibule rules activate`").success()
        }
    }

    /// The sending peer.
    pub(crate) fn sender(&self) -> Sender {
        self.sender.clone()
    }

    /// The p99 of FLASH in milliseconds from send to delivery, one at a time: on an idle gateway, then while ROUTINE saturates it.
    pub(crate) async fn flash(&mut self, span: Duration) -> (f64, f64) {
        let quiet = self.quiet(span);
        let idle = asked(&quiet).await;
        let (sender, stop) = (self.sender(), Arc::new(std::sync::atomic::AtomicBool::new(false)));
        let crowd: Vec<_> = (0..CROWD)
            .map(|_| {
                let (sender, stop) = (sender.clone(), Arc::clone(&stop));
                tokio::spawn(async move {
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        sender.send_as(0, Precedence::Routine).await;
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let busy = asked(&quiet).await;
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for one in crowd {
            one.await.expect("a sender that ends");
        }
        (idle, busy)
    }

    /// A thread with both ends of what is urgent, which measures whenever it is asked.
    fn quiet(&self, span: Duration) -> mpsc::UnboundedSender<oneshot::Sender<f64>> {
        let (ask, mut questions) = mpsc::unbounded_channel::<oneshot::Sender<f64>>();
        let (gateway, listening, body) = (self.gateway.clone(), self.listening.clone(), Arc::clone(&self.sender.body));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let ((_near, link), (_far, sink)) = (dial(&gateway, &listening, FROM).await, dial(&gateway, &listening, TO).await);
                let (arrived, mut arrivals) = mpsc::unbounded_channel();
                // The newest link takes the deliveries.
                tokio::spawn(receive(sink, arrived));
                let (sender, mut number) = (Sender { link, body }, u64::from(u32::MAX));
                while let Some(answer) = questions.recv().await {
                    let _ = answer.send(flashes(&sender, &mut arrivals, &mut number, span).await);
                }
            });
        });
        ask
    }
}

/// The gateway in this process, with a runtime of its own.
async fn open(path: PathBuf, config: config::Gateway) -> (tokio::runtime::Runtime, Vec<(Name, SocketAddr)>) {
    let guard = load_guard(&config.rules).expect("the lab's rules").expect("rules without faults");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (tell, listening) = oneshot::channel();
    runtime.spawn(async move {
        let running = Gateway::open(&path, config, guard).await.expect("a gateway");
        tell.send(running.listening().expect("addresses")).expect("a lab that waits");
        running.run(std::future::pending()).await
    });
    (runtime, listening.await.expect("a gateway that opens"))
}

/// `vestibule run`, all of whose processes are ready.
async fn supervise(path: &Path, config: &config::Gateway) -> Child {
    let log = std::fs::File::create(path.with_extension("log")).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command.args(["run", "--config"]).arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).env("VESTIBULE_LOG", "warn");
    let mut child = command.spawn().expect("`vestibule run`");
    // Some processes are announced before others: the desk, which says so, is the last.
    while processes(config).is_empty() || processes(config).iter().any(|process| !process.ready) {
        assert!(child.try_wait().expect("a process").is_none(), "`vestibule run` ended");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    child
}

/// What `vestibule status` knows of a process.
#[derive(serde::Deserialize)]
struct Known {
    name: String,
    pid: Option<u32>,
    ready: bool,
}

/// The processes as the gateway tells them.
fn processes(config: &config::Gateway) -> Vec<Known> {
    match control::ask(&config.journal.join(control::SOCKET), &Request::Status {}) {
        Ok(Response::Status { processes, .. }) => processes.into_iter().filter_map(|one| serde_json::from_value(one).ok()).collect(),
        _ => Vec::new(),
    }
}

async fn asked(quiet: &mpsc::UnboundedSender<oneshot::Sender<f64>>) -> f64 {
    let (answer, wait) = oneshot::channel();
    quiet.send(answer).expect("the thread of what is urgent");
    wait.await.expect("a figure")
}

async fn flashes(sender: &Sender, arrivals: &mut mpsc::UnboundedReceiver<u64>, number: &mut u64, span: Duration) -> f64 {
    let (began, mut latency) = (Instant::now(), Histogram::<u64>::new(3).expect("a histogram"));
    while began.elapsed() < span {
        *number += 1;
        let (sender, sent, flash) = (sender.clone(), Instant::now(), *number);
        let receipt = tokio::spawn(async move { sender.send_as(flash, Precedence::Flash).await });
        while arrivals.recv().await.expect("arrivals") != flash {}
        latency.record(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX)).expect("a value");
        receipt.await.expect("a receipt");
    }
    latency.value_at_quantile(0.99) as f64 / 1000.0
}

/// A door of a peer of the lab, and its link to the gateway.
async fn dial(gateway: &config::Gateway, listening: &[(Name, SocketAddr)], name: &str) -> (Arc<Door>, Link) {
    let (domain, _) = gateway.peer(name).expect("a peer of the lab");
    let mut remote = Remote::read(&domain.identity.anchor.with_file_name(format!("{name}.toml"))).expect("the peer's file");
    let address = listening.iter().find(|(known, _)| *known == domain.name).map(|(_, address)| *address);
    remote.domain.peers.iter_mut().for_each(|peer| peer.address = address);
    let door = Arc::new(Door::open(&remote.domain).expect("a door"));
    let link = door.dial(&Name::new(Remote::GATEWAY).expect("a name")).await.expect("a link");
    (door, link)
}

impl Drop for Lab {
    fn drop(&mut self) {
        // A runtime that waits for its tasks must not be dropped within another.
        self.runtime.take().into_iter().for_each(tokio::runtime::Runtime::shutdown_background);
        // Its processes end when it is gone.
        if let Some(mut supervisor) = self.supervisor.take() {
            let _ = supervisor.kill();
            let _ = supervisor.wait();
        }
    }
}

/// Answers for every delivery and tells its number, each in a task of its own.
async fn receive(link: Link, arrived: mpsc::UnboundedSender<u64>) {
    let mut position = 0;
    while let Some(inbound) = link.next().await {
        position += 1;
        let (arrived, at) = (arrived.clone(), position);
        tokio::spawn(async move {
            // The harness may have gone on to the next run.
            let _ = arrived.send(number(&inbound.body));
            let receipt = Receipt::accepted(inbound.header.id, Digest::of(&inbound.body), at, world::now());
            let _ = inbound.respond(receipt).await;
        });
    }
}

/// The number in a delivered message.
fn number(body: &[u8]) -> u64 {
    let text = std::str::from_utf8(body).expect("UTF-8");
    let (_, rest) = text.split_once(UID).expect("the uid of the bench");
    rest.get(..20).and_then(|digits| digits.parse().ok()).expect("a number")
}

/// A SECRET track of about `bytes` bytes whose stale time lies a day ahead.
fn body(bytes: usize) -> String {
    let mut dice = Dice::seeded(1);
    let now = world::now();
    let mut draft = Draft::new(&mut dice, now);
    (generate::recipe("track-five-eyes").expect("a recipe of tracks").draft)(&mut draft, &mut dice);
    draft.uid = format!("{UID}{:020}", 0);
    draft.times[2] = Time::from_unix_ms(now.unix_ms() + 86_400_000).expect("a time").to_string();
    draft.pad(&mut dice, bytes);
    draft.written()
}

/// The lab's configuration with ports that the system chooses, and the keys that it names.
fn configuration(folder: &Path, form: Form) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(here.join("deploy/lab/gateway.toml")).expect("the lab's configuration");
    let rules = format!("{:?}", here.join("rules/five-eyes").display().to_string());
    let text = match form {
        Form::Court => text.replace("../../rules/five-eyes", "rules") + &officers(folder),
        _ => text.replace("\"../../rules/five-eyes\"", &rules),
    };
    let ports = match form {
        Form::OneProcess => [0, 0],
        Form::Walls | Form::Court => free_ports(),
    };
    let text = text.replace("127.0.0.1:4471", &format!("127.0.0.1:{}", ports[0])).replace("127.0.0.1:4472", &format!("127.0.0.1:{}", ports[1]));
    let path = folder.join("gateway.toml");
    std::fs::write(&path, text).expect("a file");
    vestibule(&["pki", "init", "--config", &path.display().to_string()]);
    path
}

/// Officers who sign in pairs, and the first edition under their signatures; gives their entries of the configuration.
fn officers(folder: &Path) -> String {
    let entry = |name: &str, role: &str| vestibule(&["pki", "officer", "--name", name, "--roles", role, "--into", &key(folder, name)]);
    let entries = SIGNERS.map(|(name, role)| entry(name, role)).concat();
    edition(folder, "rules", "2026.1");
    format!("\n{entries}")
}

/// Writes the rule set of the lab as an edition of a number, signed by two.
fn edition(folder: &Path, name: &str, number: &str) -> PathBuf {
    let place = folder.join(name);
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes");
    for file in vestibule::policy::read_folder(&rules).expect("the rule set of the lab") {
        let path = place.join(&*file.path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let own = &*file.path == "ruleset.toml";
        let text = if own { file.text.replace("edition = \"2026.1\"", &format!("edition = \"{number}\"")) } else { file.text.to_string() };
        std::fs::write(path, text).expect("a file");
    }
    for (officer, role) in SIGNERS {
        vestibule(&["rules", "sign", &place.display().to_string(), "--key", &key(folder, officer), "--role", role]);
    }
    place
}

fn key(folder: &Path, officer: &str) -> String {
    folder.join(format!("{officer}.key")).display().to_string()
}

/// What a command that succeeds prints.
fn vestibule(words: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_vestibule")).args(words).output().expect("`vestibule`");
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// Two ports that nobody has.
fn free_ports() -> [u16; 2] {
    let sockets = [(); 2].map(|()| std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket"));
    sockets.map(|socket| socket.local_addr().expect("an address").port())
}
