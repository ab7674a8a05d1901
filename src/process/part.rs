//! One process of a gateway: told by standard input what it is, it makes what it will need, closes its walls, and works until it is told to stop.
//!
//! Nothing untrusted reaches it before its walls are closed. The end of standard input is the end of the supervisor, and of the process.

use std::collections::HashMap;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot, watch};

use super::compile;
use super::crew::Duty;
use super::decide::{INSPECT, VERIFY};
use super::delivery::STOP_MAX;
use super::desk::DeskLine;
use super::gateway::give_way;
use super::guests::Guests;
use super::keeper::{Shared, sign};
use super::keys::DoorKeys;
use super::looks::Notarial;
use super::order::{Confinement, DoorRing, Failing, Order, Part, Pems, Post, Renewal, Renewed, Setup, Word, taken};
use super::seeds::Office;
use super::shift::Shift;
use super::trade::{Bound, DeskRenewal, DeskTrade, Listeners};
use super::world::{self, Secrets};
use super::{door, inspector, label_trust, verifier};
use crate::audit::{Intervals, Notary, SignerKey};
use crate::base::{Digest, Fault};
use crate::config;
use crate::control::papers::Papers;
use crate::control::{Act, Credentials, Response};
use crate::hop::wire::{FRAME_BYTES_MAX, Said};
use crate::hop::{Sender, Wire, wire};
use crate::journal::embedded::Engine;
use crate::journal::seal::{SealKey, SealRing};
use crate::journal::{Event, Journal};
use crate::link::Door;
use crate::link::tls::{Material, Pem};
use crate::pipeline::Guard;
use crate::policy;
use crate::sandbox::{self, Access, Grants, Role};
use crate::verify::BlockedWords;

/// Open files of the keeper at most: 1,024; the journal's readers take three each, each process one.
const KEEPER_FILES_MAX: u64 = 1024;

/// How long whoever comes to the keeper's socket may take to show a token that was announced: 5 seconds.
const TOKEN_TIME_MAX: Duration = Duration::from_secs(5);

/// Runs as the process of a gateway that is called so, until it is told to stop or has done what it is for.
///
/// # Errors
/// What it cannot make, walls that cannot be closed, and what ends it.
pub fn part(name: &str, desk: DeskTrade) -> Result<(), Fault> {
    if name == compile::PART {
        return compile::attend();
    }
    let broken = |cause| Fault::from_cause("standard input is no wire of a supervisor; `vestibule run` starts this", cause);
    let stream = std::os::unix::net::UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned().map_err(broken)?);
    let Order::Begin(setup) = first(&stream)? else { return Err(Fault::new("the first word of a supervisor says what a process is")) };
    let setup = Box::new(setup);
    let last = stream.try_clone().map_err(broken)?;
    let will = Will { last, open: Arc::new(AtomicBool::new(false)) };
    let role = role_of(&setup.part);
    // A secluded desk has a network of its own, in which nobody is: what it listens on outside it has from before.
    let bound = match &setup.part {
        Part::Desk => read_config(&setup).and_then(|config| (desk.bind)(&config)).inspect_err(|fault| will.say(fault))?,
        _ => Bound::default(),
    };
    if setup.confinement == Confinement::Full {
        sandbox::seclude(role).inspect_err(|fault| {
            will.open.store(true, Ordering::Relaxed);
            will.say(fault);
        })?;
    }
    stream.set_nonblocking(true).map_err(broken)?;
    runtime()?.block_on(async move {
        let control = wire::over::<Word, Order>(UnixStream::from_std(stream).map_err(broken)?);
        // While it is kept the wire stays open, and the last word can follow.
        let kept = control.sender.clone();
        let worked = play((desk, bound), control, *setup, &will.open).await.inspect_err(|fault| will.say(fault));
        drop(kept);
        worked
    })
}

/// What a process leaves behind: why it could not go on.
struct Will {
    last: std::os::unix::net::UnixStream,
    /// Whether walls stayed open that should be closed.
    open: Arc<AtomicBool>,
}

impl Will {
    fn say(&self, fault: &Fault) {
        let failing = if self.open.load(Ordering::Relaxed) { Failing::Walls } else { Failing::Work };
        // Fails where the supervisor is gone: then standard error alone says it.
        let _ = wire::say_last(&self.last, &Word::Failed { why: fault.to_string(), failing });
    }
}

/// Plays the part that it is given.
async fn play(desk: (DeskTrade, Bound), control: Wire<Word, Order>, setup: Setup, open: &Arc<AtomicBool>) -> Result<(), Fault> {
    let role = role_of(&setup.part);
    let config = read_config(&setup)?;
    let Setup { confinement, socket, token, part, .. } = setup;
    let memory_bytes_max = u64::from(config.process_memory_mib_max) << 20;
    let walls = Walls { role, confinement, memory_bytes_max, open: Arc::clone(open), control: control.sender.clone() };
    let orders = Orders { receiver: control.receiver, control: control.sender };
    let hop = Hop { socket, token };
    match part {
        Part::Keeper { rules, title, founding, office, credentials } => {
            let office = office.map(|given| given.office()).transpose()?;
            keep(config, (rules, title, founding), (office, credentials.taken()), (walls, orders), &hop).await
        }
        Part::Door { domain, own, keys } => attend_door(&config, &domain, (&own, &keys), walls, orders, &hop).await,
        Part::Inspector { urgent, rules, pseudonym, doors, verifier, office } => {
            let guard = compiled(rules)?;
            guard.trust_in_labels(label_trust::read(&config)?);
            let tools = inspector::Tools {
                guard: Arc::new(guard),
                secrets: Arc::new(Secrets::from_bytes(pseudonym.bytes())),
                doors: doors.doors()?,
                verifier: verifier.key()?,
                office: office.key()?,
            };
            if !urgent {
                give_way();
            }
            let wire = hop.connect().await?;
            orders.during(inspector::attend(&tools, wire, || walls.close())).await
        }
        Part::Verifier { rules, doors, permits, inspector } => {
            let edition = policy::load(&taken(rules)).map_err(faulty)?;
            let tools = verifier::Tools {
                blocked_words: BlockedWords::of(&edition.word_lists),
                edition: Arc::new(edition),
                doors: doors.doors()?,
                permits: permits.doors()?,
                inspector: inspector.key()?,
                signer: config.keys.binding.as_ref().map(world::signer).transpose()?,
            };
            let wire = hop.connect().await?;
            walls.close()?;
            orders.during(verifier::attend(&tools, wire)).await
        }
        Part::Desk => attend_desk(config, desk, walls, orders, &hop).await,
    }
}

fn read_config(setup: &Setup) -> Result<config::Gateway, Fault> {
    config::Gateway::of_text(Path::new(&setup.path), &setup.text).map_err(|fault| Fault::new(fault.to_string()))
}

/// The first word of the supervisor, read before there is a second thread.
fn first(mut stream: &std::os::unix::net::UnixStream) -> Result<Order, Fault> {
    let broken = |cause| Fault::from_cause("the supervisor does not say what this process is", cause);
    let mut length = [0; 4];
    stream.read_exact(&mut length).map_err(broken)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > FRAME_BYTES_MAX {
        return Err(Fault::new("the first word of the supervisor is longer than a frame may be"));
    }
    let mut bytes = zeroize::Zeroizing::new(vec![0; length]);
    stream.read_exact(&mut bytes).map_err(broken)?;
    minicbor::decode(&bytes).map_err(|cause| Fault::from_cause("the first word of the supervisor does not read", cause))
}

const fn role_of(part: &Part) -> Role {
    match part {
        Part::Keeper { .. } => Role::Keeper,
        Part::Door { .. } => Role::Door,
        Part::Inspector { .. } => Role::Inspector,
        Part::Verifier { .. } => Role::Verifier,
        Part::Desk => Role::Desk,
    }
}

/// One thread for all tasks of a process: there are more processes than processors already, and a task that wakes another on its own thread asks
/// nothing of the system. The journal has its own threads.
fn runtime() -> Result<Runtime, Fault> {
    Builder::new_current_thread().enable_all().build().map_err(|cause| Fault::from_cause("the threads of the process could not be started", cause))
}

pub(super) fn faulty(complaints: Vec<crate::base::Complaint>) -> Fault {
    Fault::new(format!("the rule set has {} faults; run `vestibule rules check`", complaints.len()))
}

fn compiled(rules: Vec<super::order::File>) -> Result<Guard, Fault> {
    Guard::load(&taken(rules)).map_err(faulty)
}

/// The walls of this process, which it closes once.
struct Walls {
    role: Role,
    confinement: Confinement,
    memory_bytes_max: u64,
    /// Whether they could not be closed.
    open: Arc<AtomicBool>,
    control: Sender<Word>,
}

impl Walls {
    fn close(&self) -> Result<(), Fault> {
        self.close_with(Grants::default(), None)
    }

    fn close_with(&self, grants: Grants, listens: Option<String>) -> Result<(), Fault> {
        let walls = match self.confinement {
            Confinement::Full => {
                let grants = Grants { memory_bytes_max: self.memory_bytes_max, ..grants };
                Some(sandbox::close(self.role, &grants).inspect_err(|_| self.open.store(true, Ordering::Relaxed))?)
            }
            Confinement::Off => None,
        };
        let walls = walls.map(|closed| serde_json::to_string(&closed)).transpose();
        let walls = walls.map_err(|cause| Fault::from_cause("the walls cannot be described", cause))?;
        let control = self.control.clone();
        // The supervisor may be gone: then this process ends by that.
        tokio::spawn(async move { control.say(Word::Ready { walls, listens }).await });
        Ok(())
    }
}

/// How this process reaches the keeper.
struct Hop {
    socket: String,
    token: [u8; 32],
}

impl Hop {
    async fn connect<Out: Said, In: Said>(&self) -> Result<Wire<Out, In>, Fault> {
        let failed = |cause| Fault::from_cause(format!("the keeper's socket `{}` does not answer", self.socket), cause);
        let mut stream = UnixStream::connect(&self.socket).await.map_err(failed)?;
        stream.write_all(&self.token).await.map_err(failed)?;
        Ok(wire::over(stream))
    }
}

/// What the supervisor says while this process works.
struct Orders {
    receiver: crate::hop::Receiver<Order>,
    control: Sender<Word>,
}

impl Orders {
    /// The next order that is not answered here; `None` where the process is to stop.
    async fn next(&mut self) -> Result<Option<Order>, Fault> {
        loop {
            match self.receiver.hear().await? {
                None | Some(Order::Stop) => return Ok(None),
                // The supervisor may be gone: then the next word is its end.
                Some(Order::Ping { number }) => {
                    let _ = self.control.say(Word::Pong { number }).await;
                }
                Some(order) => return Ok(Some(order)),
            }
        }
    }

    /// Works until the work ends, or the process is to stop.
    async fn during(mut self, work: impl Future<Output = Result<(), Fault>>) -> Result<(), Fault> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                order = self.next() => if order?.is_none() {
                    return Ok(());
                },
            }
        }
    }
}

fn material(own: &Pems) -> Result<Material, Fault> {
    let revocations: Vec<&[u8]> = own.revocations.iter().map(|list| list.as_slice()).collect();
    Material::of(&Pem { anchor: &own.anchor, certificate: &own.certificate, key: own.key.bytes(), revocations: &revocations })
}

fn ring(keys: &DoorRing) -> Result<DoorKeys, Fault> {
    Ok(DoorKeys { inspector: keys.inspector.doors()?, verifier: keys.verifier.doors()?, permits: keys.permits.doors()? })
}

fn domain_of(config: &config::Gateway, name: &crate::base::Name) -> Result<config::Domain, Fault> {
    let found = config.domains.iter().find(|domain| domain.name == *name).cloned();
    found.ok_or_else(|| Fault::new(format!("the configuration has no domain `{name}`")))
}

async fn attend_door(
    config: &config::Gateway,
    name: &crate::base::Name,
    (own, keys): (&Pems, &DoorRing),
    walls: Walls,
    mut orders: Orders,
    hop: &Hop,
) -> Result<(), Fault> {
    let domain = domain_of(config, name)?;
    let door = Arc::new(Door::open_with(&domain, material(own)?)?);
    let state = Arc::new(ArcSwap::from_pointee(door::State { domain, keys: ring(keys)? }));
    let wire = hop.connect().await?;
    walls.close_with(Grants::default(), Some(door.address()?.to_string()))?;
    let work = door::attend(Arc::clone(&door), Arc::clone(&state), wire);
    tokio::pin!(work);
    let ended = loop {
        tokio::select! {
            done = &mut work => break done,
            order = orders.next() => match order? {
                None => break Ok(()),
                Some(Order::Renew(renewal)) => {
                    let refused = renew(&door, &state, name, renewal).err().map(|fault| fault.to_string());
                    // The supervisor may be gone: then the next word is its end.
                    let _ = orders.control.say(Word::Renewed { refused }).await;
                }
                Some(_) => return Err(Fault::new("the supervisor says to a door what is not for doors")),
            }
        }
    };
    // The other sides are told at once; how long they take to say that they heard is theirs.
    let _unheard = tokio::time::timeout(STOP_MAX, door.close()).await;
    ended
}

fn renew(door: &Door, state: &ArcSwap<door::State>, name: &crate::base::Name, renewal: Renewal) -> Result<(), Fault> {
    let config = config::Gateway::of_text(Path::new(&renewal.path), &renewal.text).map_err(|fault| Fault::new(fault.to_string()))?;
    let Some(Renewed { own, keys }) = renewal.door else { return Err(Fault::new("a door is renewed without certificates")) };
    let domain = domain_of(&config, name)?;
    let keys = ring(&keys)?;
    door.reload_with(&domain, material(&own)?)?;
    state.store(Arc::new(door::State { domain, keys }));
    Ok(())
}

async fn attend_desk(config: config::Gateway, desk: (DeskTrade, Bound), walls: Walls, mut orders: Orders, hop: &Hop) -> Result<(), Fault> {
    let (trade, bound) = desk;
    let control = (trade.listen)(&config.journal)?;
    let (asks, mut asked) = mpsc::channel::<(Act, oneshot::Sender<Response>)>(16);
    let (tell, processes) = watch::channel(Vec::new());
    let (lay, papers) = watch::channel(Papers::default());
    let (renew, renewals) = mpsc::channel(1);
    let (line, heard) = DeskLine::over(hop.connect().await?, asks, (processes, papers));
    let work = (trade.work)(line, Listeners { config, control, bound, renewals });
    walls.close()?;
    tokio::pin!(work, heard);
    let (mut waiting, mut last) = (HashMap::<u64, oneshot::Sender<Response>>::new(), 0_u64);
    loop {
        tokio::select! {
            fault = &mut work => return Err(fault),
            gone = &mut heard => return gone,
            Some((act, answer)) = asked.recv() => {
                last = last.saturating_add(1);
                let Ok(line) = serde_json::to_string(&act) else { continue };
                waiting.retain(|_, answer| !answer.is_closed());
                waiting.insert(last, answer);
                // The supervisor may be gone: then the next word is its end.
                let _ = orders.control.say(Word::Asked { number: last, line }).await;
            }
            order = orders.next() => match order? {
                None => return Ok(()),
                Some(Order::Processes { lines }) => drop(tell.send(lines)),
                Some(Order::Papers { line }) => match serde_json::from_str(&line) {
                    Ok(all) => drop(lay.send(all)),
                    Err(error) => tracing::error!(%error, "what the supervisor read does not read"),
                },
                Some(Order::Renew(renewal)) => {
                    let (control, renew) = (orders.control.clone(), renew.clone());
                    // The work that takes it goes on meanwhile, or nobody would take it.
                    tokio::spawn(async move {
                        let refused = renew_desk(&renewal, &renew).await.err().map(|fault| fault.to_string());
                        // The supervisor may be gone: then this process ends by that.
                        let _ = control.say(Word::Renewed { refused }).await;
                    });
                }
                Some(Order::Answer { number, line }) => {
                    if let Some((answer, response)) = waiting.remove(&number).zip(serde_json::from_str(&line).ok()) {
                        // Who asked may be gone.
                        drop(answer.send(response));
                    }
                }
                Some(_) => return Err(Fault::new("the supervisor says to a desk what is not for desks")),
            }
        }
    }
}

/// Has the desk take a changed configuration.
async fn renew_desk(renewal: &Renewal, renew: &mpsc::Sender<DeskRenewal>) -> Result<(), Fault> {
    let gone = || Fault::new("the desk takes no configuration any more");
    let config = config::Gateway::of_text(Path::new(&renewal.path), &renewal.text).map_err(|fault| Fault::new(fault.to_string()))?;
    let console = renewal.console.as_ref().map(material).transpose()?;
    let (taken, wait) = oneshot::channel();
    renew.send(DeskRenewal { config, console, taken }).await.map_err(|_| gone())?;
    wait.await.map_err(|_| gone())?
}

/// Completes when a worker is to be let go; never where that can be said no more.
async fn released(told: oneshot::Receiver<()>, shift: &Shift) {
    if told.await.is_err() {
        std::future::pending::<()>().await;
    }
    shift.settled().await;
}

/// The shift of an edition; none where it is over before a worker of it came.
fn shift(shared: &Shared, edition: Digest) -> Option<Arc<Shift>> {
    let found = shared.shifts.of(edition);
    if found.is_none() {
        tracing::warn!(%edition, "a worker of an edition that is neither in force nor made ready is let go");
    }
    found
}

/// What a keeper begins under: rule files, what decisions call them, what puts them in force.
type Founded = (Vec<super::order::File>, String, Vec<Event>);

async fn keep(
    config: config::Gateway,
    (rules, title, founding): Founded,
    (office, credentials): (Option<Office>, Credentials),
    (walls, mut orders): (Walls, Orders),
    hop: &Hop,
) -> Result<(), Fault> {
    let edition = Arc::new(policy::load(&taken(rules)).map_err(faulty)?);
    let mut config = config;
    config.journal = whole(&config.journal)?;
    let sealing = SealRing::new(SealKey::open(&config.keys.quarantine)?, Vec::new());
    let journal: Arc<dyn Journal> = Arc::new(Engine::open(&config.journal, sealing)?);
    let notary = Arc::new(Notary::new(SignerKey::open(&config.keys.audit)?, Intervals::default(), &config.journal));
    let listener = listen(Path::new(&hop.socket))?;
    let folder: PathBuf = config.journal.clone();
    let shared = Shared::under(config, (edition, title), journal);
    // It is set here alone, so nothing is there to be kept.
    let _ = shared.notarial.set(Notarial { key: notary.verifier().clone(), folder: folder.clone() });
    shared.credit(credentials);
    shared.open_office(office);
    shared.stand(founding).await?;
    let guests = Arc::new(Guests::default());
    shared.started().await?;
    walls.close_with(Grants { folders: vec![(folder, Access::ReadWrite)], files_max: KEEPER_FILES_MAX, ..Grants::default() }, None)?;
    shared.take_up();
    shared.carriers.spawn(admit(Arc::clone(&shared), listener, Arc::clone(&guests)));
    shared.carriers.spawn(sign(Arc::clone(&shared), Arc::clone(&notary)));
    shared.carriers.spawn(Arc::clone(&shared).reconsider_all());
    shared.carriers.spawn(Arc::clone(&shared).expire_all());
    shared.carriers.spawn(Arc::clone(&shared).draw_all());
    let (recovering, control) = (Arc::clone(&shared), orders.control.clone());
    shared.carriers.spawn(async move {
        match recovering.recover().await {
            // The supervisor may be gone: then this process ends by that.
            Ok(()) => {
                let _ = control.say(Word::Recovered).await;
            }
            Err(fault) => recovering.fail(&fault),
        }
    });
    loop {
        tokio::select! {
            () = shared.failing() => break,
            order = orders.next() => match order? {
                None => break,
                Some(Order::Expect { token, post, edition }) => guests.expect(token, (post, edition)),
                Some(Order::Release { token }) => guests.release(&token),
                Some(order @ (Order::Renew(_) | Order::Prepare { .. } | Order::Record { .. } | Order::Drain)) => {
                    let refused = shared.obey(order).await.err().map(|fault| fault.to_string());
                    // The supervisor may be gone: then the next word is its end.
                    let _ = orders.control.say(Word::Renewed { refused }).await;
                }
                Some(_) => return Err(Fault::new("the supervisor says to a keeper what is not for keepers")),
            }
        }
    }
    shared.end(&notary).await
}

/// The journal's folder by its whole name: the walls are built around it.
fn whole(folder: &Path) -> Result<PathBuf, Fault> {
    let failed = |cause| Fault::from_cause(format!("the journal's folder `{}` cannot be made", folder.display()), cause);
    std::fs::create_dir_all(folder).map_err(failed)?;
    std::fs::canonicalize(folder).map_err(failed)
}

/// The keeper's socket, for processes of the same user alone; one that was left behind is replaced.
fn listen(path: &Path) -> Result<UnixListener, Fault> {
    use std::os::unix::fs::PermissionsExt as _;
    let failed = |cause| Fault::from_cause(format!("the keeper's socket `{}` could not be made", path.display()), cause);
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

/// Hears everybody who comes to the keeper's socket, each by itself: one that shows nothing keeps no other waiting.
async fn admit(shared: Arc<Shared>, listener: UnixListener, guests: Arc<Guests>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (shared, guests) = (Arc::clone(&shared), Arc::clone(&guests));
                tokio::spawn(async move { meet(&shared, stream, &guests).await });
            }
            Err(error) => return shared.fail(&Fault::from_cause("the keeper's socket failed", error)),
        }
    }
}

/// Takes up a process that shows a token which the supervisor announced; a token is good once. The process may be here before its announcement is.
async fn meet(shared: &Arc<Shared>, mut stream: UnixStream, guests: &Guests) {
    let mut token = [0; 32];
    let shown = tokio::time::timeout(TOKEN_TIME_MAX, async {
        stream.read_exact(&mut token).await.ok()?;
        Some(guests.announced(&token).await)
    });
    let Ok(Some((post, edition))) = shown.await else {
        tracing::error!("somebody came to the keeper's socket whom the supervisor did not announce");
        return;
    };
    let task = Arc::clone(shared);
    match post {
        Post::Door { domain } => shared.carriers.spawn(task.hear(domain, wire::over(stream))),
        Post::Inspector { urgent } => {
            let duty = if urgent { Duty::Urgent } else { Duty::Any };
            let Some(shift) = shift(&task, edition) else { return };
            let told = guests.employ(token);
            // These go on while the gateway stops: what is under way may end.
            tokio::spawn(async move {
                shift.inspectors.employ_until(duty, wire::over(stream), INSPECT, released(told, &shift)).await;
            });
        }
        Post::Verifier => {
            let Some(shift) = shift(&task, edition) else { return };
            let told = guests.employ(token);
            tokio::spawn(async move {
                shift.verifiers.employ_until(Duty::Any, wire::over(stream), VERIFY, released(told, &shift)).await;
            });
        }
        Post::Desk => shared.carriers.spawn(task.attend_desk(wire::over(stream))),
    }
}

impl Shared {
    /// Ends in order: what is under way may end, then the journal is signed.
    async fn end(&self, notary: &Notary) -> Result<(), Fault> {
        self.carriers.take().shutdown().await;
        let mut tasks = self.tasks.take();
        // What does not end in time is undone in the journal and done again after the next start.
        let _late = tokio::time::timeout(STOP_MAX, async { while tasks.join_next().await.is_some() {} }).await;
        tasks.shutdown().await;
        self.shifts.now().close();
        match self.failure() {
            Some(fault) => Err(fault),
            None => notary.checkpoint(self.journal.as_ref(), world::now()).await.map(|_signed| ()),
        }
    }
}
