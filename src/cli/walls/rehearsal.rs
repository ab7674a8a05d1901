//! What each process does all day, in small and behind its own walls: the proof that the walls let a process do its work.
//!
//! Takes a gateway's configuration with its keys, gives nothing: it ends by itself or is killed. The tests take one allowance after the other away
//! and find each one needed, so that no sheet lists more than work asks for.

use std::io::Write as _;
use std::os::unix::net::UnixStream as Stream;
use std::panic::{catch_unwind, panic_any};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Runtime;

use super::super::{Failure, lab, unreadable};
use crate::audit::{Intervals, Notary, SignerKey};
use crate::base::{Digest, Fault, Header, Name, Outcome, Precedence};
use crate::config::{Gateway, Remote};
use crate::control::{self, Request, Response};
use crate::filter::Waivers;
use crate::generate::{message, recipes};
use crate::journal::embedded::Engine;
use crate::journal::seal::{SealKey, SealRing};
use crate::journal::{Accepted, Body, Decided, Decision, Event, Journal as _, MessageKey};
use crate::link::tls::Material;
use crate::link::{Door, Receipt};
use crate::pipeline::{Inspector, World};
use crate::process::{load_guard, world};
use crate::sandbox::{self, Access, Grants, Locked, Role};

/// What a process is told to rehearse.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Rehearsal {
    /// Whose work, behind whose walls.
    pub(super) role: Role,
    /// The gateway's configuration.
    pub(super) config: PathBuf,
    /// The allowance that is left out, by its place in the sheet; none in earnest.
    pub(super) without: Option<usize>,
}

/// Messages that a rehearsed journal keeps: 400 of 16 KiB, more than the log of writes holds before it is taken into the file.
const KEPT: u64 = 400;
const KEPT_BYTES: usize = 16 << 10;

/// Does the work; ends well, or with a fault, or is killed.
pub(super) fn perform(told: &Rehearsal) -> Result<(), Failure> {
    let gateway = Gateway::read(&told.config).map_err(|cause| unreadable(&told.config, cause))?;
    match told.role {
        Role::Inspector | Role::Verifier => path(told, &gateway)?,
        Role::Door => door(told, &gateway)?,
        Role::Keeper => keeper(told, &gateway)?,
        Role::Desk => desk(told, &told.config)?,
    }
    Ok(stopped()?)
}

/// A process is told to stop by the end of its standard input.
fn stopped() -> Result<(), Fault> {
    std::io::Read::read(&mut std::io::stdin(), &mut [0]).map(drop).map_err(broken)
}

/// Closes the walls, and says how in one line.
fn close(told: &Rehearsal, grants: &Grants) -> Result<(), Fault> {
    let closed = match told.without {
        None => sandbox::close(told.role, grants),
        Some(at) => sandbox::close_without(told.role, grants, at),
    }?;
    let said = serde_json::to_string(&closed).map_err(broken)?;
    writeln!(std::io::stdout(), "{said}").map_err(broken)
}

fn broken(cause: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::from_cause("the rehearsal broke off", cause)
}

fn runtime() -> Result<Runtime, Fault> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(broken)
}

/// A wire between two ends, as the runtime holds them.
fn wire(runtime: &Runtime) -> Result<(UnixStream, UnixStream), Fault> {
    let _within = runtime.enter();
    UnixStream::pair().map_err(broken)
}

/// Bytes over a wire and back, as frames are carried: length and content in one, and a pause with a timer.
async fn exchange(near: &mut UnixStream, far: &mut UnixStream, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    let send = async {
        near.write_all(&length).await?;
        near.write_all(bytes).await
    };
    let receive = async {
        let length = usize::try_from(far.read_u32().await?).unwrap_or(0);
        let mut taken = vec![0; length];
        far.read_exact(&mut taken).await.map(|_| taken)
    };
    let (sent, taken) = tokio::join!(send, receive);
    sent.map_err(broken)?;
    tokio::time::sleep(Duration::from_millis(1)).await;
    taken.map_err(broken)
}

/// READ to VERIFY on every message that the program can make, with a panic between.
fn path(told: &Rehearsal, gateway: &Gateway) -> Result<(), Fault> {
    sandbox::seclude(told.role)?;
    let guard = load_guard(&gateway.rules)?.map_err(|_| Fault::new("the rule set has faults; see `vestibule rules check`"))?;
    let secrets = world::Secrets::read(&gateway.keys.pseudonym)?;
    let key = Locked::copy(&[7; 32])?;
    let mut inspector = Inspector::new(&guard);
    let runtime = runtime()?;
    let (mut near, mut far) = wire(&runtime)?;
    close(told, &Grants::default())?;
    let (keys, waivers) = (secrets.keys(), Waivers::default());
    for (at, recipe) in recipes().into_iter().enumerate() {
        let (header, body) = message(recipe, 1, world::now());
        let from = Name::new(recipe.from).ok_or_else(|| Fault::new("a recipe has no sender"))?;
        let body = runtime.block_on(exchange(&mut near, &mut far, &body))?;
        let world = World { now: world::now(), keys: &keys, waivers: &waivers, signer: None };
        let _ruled = inspector.pass(&from, &header, &body, &world);
        if at == 0 {
            // As after a message on which the path fails: the worker is made afresh.
            let _failed = catch_unwind(fail);
            inspector = Inspector::new(&guard);
        }
    }
    drop((near.into_split(), far));
    world::fresh_id()?;
    std::thread::sleep(Duration::from_millis(1));
    grow()?;
    drop(key);
    Ok(())
}

/// What a flaw of the path does.
#[expect(clippy::panic, reason = "a panic behind walls is what is rehearsed: saying it must not need a call that is not listed")]
fn fail() {
    panic_any("rehearsed")
}

/// Memory that grows in place and is given back, as bodies are gathered.
fn grow() -> Result<(), Fault> {
    let mut gathered: Vec<u8> = Vec::new();
    while gathered.len() < 96 << 20 {
        gathered.resize(gathered.len().saturating_mul(2).max(1 << 20), 1);
    }
    match Digest::of(&gathered) {
        digest if digest.0 == [0; 32] => Err(Fault::new("a digest of nothing")),
        _ => Ok(()),
    }
}

/// A link between two doors, a message with its receipt, and the wire to the keeper.
fn door(told: &Rehearsal, gateway: &Gateway) -> Result<(), Fault> {
    let domain = gateway.domains.first().ok_or_else(|| Fault::new("the configuration has no domain"))?;
    let mut domain = domain.clone();
    domain.listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let peer = domain.peers.first().ok_or_else(|| Fault::new("the domain has no peer"))?;
    let mut remote = Remote::read(&lab::peer_file(&domain, peer)).map_err(|_| Fault::new("the peer's own file cannot be read"))?.domain;
    sandbox::seclude(told.role)?;
    let material = [Material::load(&domain.identity)?, Material::load(&remote.identity)?];
    let runtime = runtime()?;
    let (mut near, mut far) = wire(&runtime)?;
    let [own, theirs] = material;
    let within = runtime.enter();
    let ours = Door::open_with(&domain, own)?;
    for peer in &mut remote.peers {
        peer.address = Some(ours.address()?);
    }
    let other = Door::open_with(&remote, theirs)?;
    drop(within);
    close(told, &Grants::default())?;
    runtime.block_on(async {
        let gateway = Name::new(Remote::GATEWAY).ok_or_else(|| Fault::new("the gateway has no name"))?;
        let (dialled, accepted) = tokio::join!(other.dial(&gateway), ours.next_link());
        let (link, accepted) = (dialled.map_err(broken)?, accepted.ok_or_else(|| Fault::new("no link came up"))?);
        let recipe = recipes().into_iter().next().ok_or_else(|| Fault::new("there is no recipe"))?;
        let (header, mut body) = message(recipe, 1, world::now());
        body.resize(200_000, b' ');
        let answer = async {
            let inbound = accepted.next().await.ok_or_else(|| Fault::new("no message came"))?;
            let body = exchange(&mut near, &mut far, &inbound.body).await?;
            let receipt = Receipt::accepted(inbound.header.id, Digest::of(&body), 1, world::now());
            inbound.respond(receipt).await.map_err(broken)
        };
        let (sent, answered) = tokio::join!(link.send(&header, &body), answer);
        sent.map_err(broken)?;
        answered?;
        other.close().await;
        ours.close().await;
        drop((near.into_split(), far));
        Ok(())
    })
}

/// A journal that takes messages, is read, is signed, and whose log of writes is taken into its file; and a process that connects.
fn keeper(told: &Rehearsal, gateway: &Gateway) -> Result<(), Fault> {
    sandbox::seclude(told.role)?;
    let folder = told.config.with_file_name(format!("journal-{}", world::fresh_id()?));
    std::fs::create_dir_all(&folder).map_err(broken)?;
    let folder = folder.canonicalize().map_err(broken)?;
    let ring = SealRing::new(SealKey::open(&gateway.keys.quarantine)?, Vec::new());
    let notary = Notary::new(SignerKey::open(&gateway.keys.audit)?, Intervals::default(), &folder);
    let engine = Engine::open(&folder, ring)?;
    let idle = Engine::open(&folder.join("idle"), SealRing::new(SealKey::open(&gateway.keys.quarantine)?, Vec::new()))?;
    let runtime = runtime()?;
    let listener = listener(&runtime, &folder.join("rehearsal"))?;
    let mut caller = connect(&folder.join("rehearsal"))?;
    let (mut near, mut far) = wire(&runtime)?;
    close(told, &Grants { folders: vec![(folder, Access::ReadWrite)], ..Grants::default() })?;
    runtime.block_on(async {
        let (mut stream, _) = listener.accept().await.map_err(broken)?;
        caller.write_all(b"ready").map_err(broken)?;
        stream.read_exact(&mut [0; 5]).await.map_err(broken)?;
        drop(stream.into_split());
        exchange(&mut near, &mut far, b"a frame").await?;
        for number in 0..KEPT {
            engine.append(kept(number)?, Precedence::Routine).await.map(drop).map_err(broken)?;
        }
        engine.counts().await?;
        let (one, two) = tokio::join!(engine.undelivered(), engine.undecided(10));
        drop((one?, two?));
        notary.checkpoint(&engine, world::now()).await?;
        drop(engine);
        // One that nobody reads removes its log of writes when it ends.
        idle.append(kept(0)?, Precedence::Routine).await.map(drop).map_err(broken)?;
        drop(idle);
        Ok(())
    })
}

/// A message, and the decision on it.
fn kept(number: u64) -> Result<Vec<Event>, Fault> {
    let recipe = recipes().into_iter().next().ok_or_else(|| Fault::new("there is no recipe"))?;
    let (header, _): (Header, _) = message(recipe, number, world::now());
    let named = |name: &str| Name::new(name).ok_or_else(|| Fault::new("a recipe names nobody"));
    let (from, time) = (named(recipe.from)?, world::now());
    let key = MessageKey { from: from.clone(), id: world::fresh_id()? };
    let header = Header { id: key.id, ..header };
    let decision = Decision {
        recipient: named("usa-ops")?,
        outcome: Outcome::Forward,
        code: None,
        clause: None,
        findings: "[]".to_owned(),
        edits: "[]".to_owned(),
        output: Some(Body::new(vec![1; KEPT_BYTES])),
        permit: None,
    };
    let edition_digest = Digest::of(b"rehearsal");
    let accepted = Accepted { from, header, body: Body::new(vec![0; KEPT_BYTES]), received: time, seals: None };
    let decided =
        Decided { message: key, edition: "rehearsal".to_owned(), edition_digest, time, decisions: vec![decision], refusal: None, marking: None };
    Ok(vec![Event::Accepted(accepted), Event::Decided(decided)])
}

fn listener(runtime: &Runtime, path: &Path) -> Result<UnixListener, Fault> {
    let _within = runtime.enter();
    control::listen(path)
}

fn connect(path: &Path) -> Result<Stream, Fault> {
    Stream::connect(path).map_err(broken)
}

/// An operator's question and its answer.
fn desk(told: &Rehearsal, config: &Path) -> Result<(), Fault> {
    sandbox::seclude(told.role)?;
    let path = config.with_file_name(format!("desk-{}", world::fresh_id()?));
    let runtime = runtime()?;
    let listener = listener(&runtime, &path)?;
    // As many as are answered at a time, and one who is let in when another has gone.
    let mut callers = (0..=control::socket::QUESTIONS_MAX).map(|_| connect(&path)).collect::<Result<Vec<_>, _>>()?;
    let (mut near, mut far) = wire(&runtime)?;
    let within = runtime.enter();
    // The socket's owner is looked up when the answers begin, and is a file.
    let answering = runtime.spawn(control::serve(listener, |_, request| async move {
        match request {
            Request::Status {} => Response::Status { lines: vec![("rehearsal".to_owned(), "1".to_owned())], processes: Vec::new() },
            _ => Response::Refused { text: "a rehearsal".to_owned() },
        }
    }));
    drop(within);
    runtime.block_on(async { tokio::time::sleep(Duration::from_millis(50)).await });
    close(told, &Grants::default())?;
    let mut caller = callers.pop().ok_or_else(|| Fault::new("nobody asks"))?;
    drop(callers);
    caller.write_all(b"{\"ask\":\"status\"}\n").map_err(broken)?;
    let mut answer = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(caller), &mut answer).map_err(broken)?;
    runtime.block_on(exchange(&mut near, &mut far, answer.as_bytes()))?;
    drop((near.into_split(), far));
    answering.abort();
    Ok(())
}
