//! The door of a domain: one socket on which links are accepted and from which they are dialled.
//!
//! Takes a domain of the configuration, gives links that are up: the other side is a peer, and has said hello. On TLS 1.3
//! a client learns of its refusal only after its own handshake is done, so nothing is up before a hello came back.
//! A reload changes certificates, revocation lists and peers under way; links that it does not concern go on.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use quinn::{Connection, Endpoint, Incoming, TransportConfig, VarInt};
use rustls::pki_types::{CertificateDer, UnixTime};
use tokio::sync::mpsc;

use super::channel::{Close, Link, LinkError, Setting, clock, lock};
use super::counters::Counters;
use super::identity::Role;
use super::intake;
use super::reset;
use super::session::{Bucket, Conduct, Roll};
use super::tls::{self, Material, Warden};
use super::wire::{Hello, Sizes};
use crate::base::{Fault, Name};
use crate::config::{Domain, Limits, Peer};

/// Links that are up and wait to be taken by [`Door::next_link`], at most.
const LINKS_WAITING_MAX: usize = 256;

/// The door of one domain.
pub struct Door {
    shared: Arc<Shared>,
    up: tokio::sync::Mutex<mpsc::Receiver<Link>>,
}

struct Shared {
    endpoint: Endpoint,
    state: ArcSwap<State>,
    standings: Mutex<BTreeMap<Name, Standing>>,
    handshakes: Mutex<Bucket>,
    counters: Arc<Counters>,
    numbers: AtomicU64,
    started: Instant,
}

/// What a reload replaces.
struct State {
    domain: Domain,
    material: Material,
    warden: Arc<Warden>,
}

/// A peer while the door is open.
struct Standing {
    conduct: Arc<Mutex<Conduct>>,
    roll: Roll<Link>,
}

impl Door {
    /// Opens the door of a domain: reads its files and binds its socket. Needs a tokio runtime.
    ///
    /// # Errors
    /// A fault with the file, or the address, that is wrong.
    pub fn open(domain: &Domain) -> Result<Self, Fault> {
        Self::open_with(domain, Material::load(&domain.identity)?)
    }

    /// Everything that [`Door::open`] would refuse, but for the address: reads the files and opens nothing.
    ///
    /// # Errors
    /// A fault with the file that is wrong.
    pub fn check(domain: &Domain) -> Result<(), Fault> {
        State::new(domain, Material::load(&domain.identity)?, &Arc::default()).map(|_| ())
    }

    /// Opens the door with material that was read before, for a process that can no longer open files.
    ///
    /// # Errors
    /// A fault with what is wrong in the material, or with the address.
    pub fn open_with(domain: &Domain, material: Material) -> Result<Self, Fault> {
        let counters = Arc::new(Counters::default());
        let resets = reset::config(material.secret());
        let (state, server) = State::new(domain, material, &counters)?;
        let socket = std::net::UdpSocket::bind(domain.listen)
            .map_err(|cause| Fault::from_cause(format!("the address `{}` of domain `{}` cannot be bound", domain.listen, domain.name), cause))?;
        let runtime = quinn::default_runtime().ok_or_else(|| Fault::new("a door opens only within a tokio runtime"))?;
        let endpoint =
            Endpoint::new(resets, server, socket, runtime).map_err(|cause| Fault::from_cause("the socket cannot be used for QUIC", cause))?;
        let (up, waiting) = mpsc::channel(LINKS_WAITING_MAX);
        let shared = Arc::new(Shared {
            endpoint,
            handshakes: Mutex::new(Bucket::new(domain.limits.handshakes_per_second_max, Duration::ZERO)),
            state: ArcSwap::from_pointee(state),
            standings: Mutex::default(),
            counters,
            numbers: AtomicU64::new(1),
            started: Instant::now(),
        });
        // Only the accepting side holds the sender, so that `next_link` ends when the door is closed.
        tokio::spawn(accept(Arc::clone(&shared), up));
        Ok(Self { shared, up: tokio::sync::Mutex::new(waiting) })
    }

    /// The next link that a peer made and that is up; `None` when the door is closed.
    pub async fn next_link(&self) -> Option<Link> {
        self.up.lock().await.recv().await
    }

    /// Dials a peer whose address the configuration states; gives the link when it is up.
    ///
    /// # Errors
    /// [`LinkError::Closed`] with the reason; dial again later.
    pub async fn dial(&self, peer: &Name) -> Result<Link, LinkError> {
        let state = self.shared.state.load_full();
        let found = state
            .domain
            .peers
            .iter()
            .find(|known| known.name == *peer)
            .ok_or_else(|| LinkError::Closed(format!("`{peer}` is no peer of this domain")))?;
        let address = found.address.ok_or_else(|| LinkError::Closed(format!("the configuration has no address of `{peer}`")))?;
        let limits = found.limits;
        let mut config = tls::client(&state.material, Arc::clone(&state.warden), peer.clone()).map_err(|fault| LinkError::Closed(fault.what))?;
        config.transport_config(Arc::new(transport(&limits)));
        let connecting = self.shared.endpoint.connect_with(config, address, &found.identity).map_err(|error| LinkError::Closed(error.to_string()))?;
        let late = |_| LinkError::Closed(format!("no answer within {} ms", limits.handshake_ms_max));
        let connection =
            tokio::time::timeout(limits.handshake(), connecting).await.map_err(late)?.map_err(|error| LinkError::Closed(error.to_string()))?;
        let theirs = tokio::time::timeout(limits.handshake(), greet(&connection, &limits)).await.map_err(late)?;
        let theirs = theirs.ok_or_else(|| LinkError::Closed(why(&connection)))?;
        Ok(self.shared.establish(connection, found, Role::Server, theirs))
    }

    /// The link over which messages leave for a peer: its newest that is up.
    #[must_use]
    pub fn link_to(&self, peer: &Name) -> Option<Link> {
        lock(&self.shared.standings).get(peer).and_then(|standing| standing.roll.iter().rev().find(|link| !link.is_closed()).cloned())
    }

    /// Peers with a link that is up.
    #[must_use]
    pub fn linked(&self) -> Vec<Name> {
        lock(&self.shared.standings)
            .iter()
            .filter(|(_, standing)| standing.roll.iter().any(|link| !link.is_closed()))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Takes a changed domain: certificates, revocation lists, peers and limits.
    ///
    /// Links go on, except those that would not be let in now. Sizes and streams of a link are those of its beginning.
    ///
    /// # Errors
    /// A fault with what is wrong; everything then stays as it was.
    pub fn reload(&self, domain: &Domain) -> Result<(), Fault> {
        self.reload_with(domain, Material::load(&domain.identity)?)
    }

    /// Takes a changed domain with material that was read before.
    ///
    /// # Errors
    /// As [`Door::reload`].
    pub fn reload_with(&self, domain: &Domain, material: Material) -> Result<(), Fault> {
        let shared = &self.shared;
        if domain.listen != shared.state.load().domain.listen {
            return Err(Fault::new(format!("domain `{}` would listen elsewhere; restart the gateway for that", domain.name)));
        }
        let (state, server) = State::new(domain, material, &shared.counters)?;
        let warden = Arc::clone(&state.warden);
        shared.state.store(Arc::new(state));
        shared.endpoint.set_server_config(server);
        let now = shared.started.elapsed();
        lock(&shared.handshakes).set_rate(domain.limits.handshakes_per_second_max, now);
        let standings = lock(&shared.standings);
        for peer in &domain.peers {
            if let Some(standing) = standings.get(&peer.name) {
                lock(&standing.conduct).set_limits(&peer.limits, now);
            }
        }
        let links: Vec<Link> = standings.values().flat_map(|standing| standing.roll.iter().cloned()).collect();
        drop(standings);
        links.iter().filter(|link| !welcome(&warden, link)).for_each(|link| link.close(Close::Unwelcome));
        Ok(())
    }

    /// The address on which links are accepted.
    ///
    /// # Errors
    /// A fault where the socket is gone.
    pub fn address(&self) -> Result<SocketAddr, Fault> {
        self.shared.endpoint.local_addr().map_err(|cause| Fault::from_cause("the door's socket is gone", cause))
    }

    /// What was counted since the door opened.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Closes all links and the door, and waits until the other sides know.
    pub async fn close(&self) {
        self.shared.endpoint.close(Close::Done.code(), b"");
        self.shared.endpoint.wait_idle().await;
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.shared.endpoint.close(Close::Done.code(), b"");
    }
}

impl State {
    fn new(domain: &Domain, material: Material, counters: &Arc<Counters>) -> Result<(Self, Option<quinn::ServerConfig>), Fault> {
        let now = clock().unix_ms().div_euclid(1000);
        let named = |fault: Fault| Fault { what: format!("domain `{}`: {}", domain.name, fault.what), cause: fault.cause };
        let warden = Arc::new(Warden::new(&material, &domain.peers, Arc::clone(counters), now).map_err(named)?);
        let roles = tls::own_roles(&material, now).map_err(named)?;
        if domain.peers.iter().any(|peer| peer.address.is_some()) && !roles.contains(&Role::Client) {
            return Err(named(Fault::new("the certificate may not be used to dial, yet a peer has an address")));
        }
        // A peer that only dials holds no certificate to accept with, and its door accepts nobody.
        let server = match roles.contains(&Role::Server) {
            true => {
                let mut server = tls::server(&material, Arc::clone(&warden)).map_err(named)?;
                server.transport_config(Arc::new(transport(&domain.limits)));
                Some(server)
            }
            false => None,
        };
        Ok((Self { domain: domain.clone(), material, warden }, server))
    }

    fn peer(&self, name: &Name) -> Option<&Peer> {
        self.domain.peers.iter().find(|peer| peer.name == *name)
    }
}

impl Shared {
    fn establish(self: &Arc<Self>, connection: Connection, peer: &Peer, role: Role, theirs: Hello) -> Link {
        connection.set_max_concurrent_bi_streams(streams(&peer.limits));
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let mut standings = lock(&self.standings);
        let standing = standings
            .entry(peer.name.clone())
            .or_insert_with(|| Standing { conduct: Arc::new(Mutex::new(Conduct::new(&peer.limits, self.started.elapsed()))), roll: Roll::default() });
        let link = Link::begin(Setting {
            connection,
            peer: peer.name.clone(),
            role,
            number,
            limits: peer.limits,
            theirs,
            conduct: Arc::clone(&standing.conduct),
            counters: Arc::clone(&self.counters),
            started: self.started,
        });
        let surplus = standing.roll.enter(number, link.clone(), peer.limits.links_max);
        drop(standings);
        surplus.iter().for_each(|oldest| oldest.close(Close::Superseded));
        self.counters.link();
        tracing::info!(peer = %peer.name, link = number, "a link is up");
        tokio::spawn(watch(Arc::clone(self), link.clone()));
        // A reload may have come between the handshake and now; its list of links did not hold this one.
        if !welcome(&self.state.load().warden, &link) {
            link.close(Close::Unwelcome);
        }
        link
    }
}

/// Forgets a link when it is gone, and ends it when its certificate does.
async fn watch(shared: Arc<Shared>, link: Link) {
    let left = link.certificate_end();
    let left = left.map_or(0, |end| end.saturating_sub(clock().unix_ms().div_euclid(1000)));
    let left = Duration::from_secs(u64::try_from(left).unwrap_or(0));
    tokio::select! {
        why = link.closed() => tracing::info!(peer = %link.peer(), link = link.number(), "a link is gone: {why}"),
        () = tokio::time::sleep(left) => link.close(Close::Unwelcome),
    }
    if let Some(standing) = lock(&shared.standings).get_mut(link.peer()) {
        standing.roll.leave(link.number());
    }
}

async fn accept(shared: Arc<Shared>, up: mpsc::Sender<Link>) {
    while let Some(incoming) = shared.endpoint.accept().await {
        let now = shared.started.elapsed();
        let (begun, low) = {
            let mut handshakes = lock(&shared.handshakes);
            (handshakes.take(now), handshakes.is_low(now))
        };
        if !begun {
            shared.counters.refused("handshake.rate");
            incoming.refuse();
        } else if low && incoming.may_retry() && !incoming.remote_address_validated() {
            // Under load a caller proves its address first, so that forged addresses cost us no cryptography.
            let _ = incoming.retry();
        } else {
            tokio::spawn(admit(Arc::clone(&shared), up.clone(), incoming));
        }
    }
}

async fn admit(shared: Arc<Shared>, up: mpsc::Sender<Link>, incoming: Incoming) {
    let from = incoming.remote_address();
    let limits = shared.state.load().domain.limits;
    let link = tokio::time::timeout(limits.handshake(), welcome_in(&shared, incoming)).await;
    match link.unwrap_or_else(|_| Err(("handshake.slow", format!("not done within {} ms", limits.handshake_ms_max)))) {
        // Fails only when the door is gone.
        Ok(link) => drop(up.send(link).await),
        Err((code, why)) => {
            shared.counters.refused(code);
            tracing::warn!(%from, code, "no link came up: {why}");
        }
    }
}

async fn welcome_in(shared: &Arc<Shared>, incoming: Incoming) -> Result<Link, (&'static str, String)> {
    let failed = |error: quinn::ConnectionError| ("handshake.failed", error.to_string());
    let connection = incoming.accept().map_err(failed)?.await.map_err(failed)?;
    let state = shared.state.load_full();
    let name = state.warden.judge(&certificates(&connection), Role::Client, unix_now());
    let found = name.ok().and_then(|name| state.peer(&name));
    let Some(peer) = found else {
        connection.close(Close::Unwelcome.code(), b"");
        return Err(("handshake.failed", "the peer was removed while it shook hands".to_owned()));
    };
    match answer_greeting(&connection, &peer.limits).await {
        Some(theirs) => Ok(shared.establish(connection, peer, Role::Client, theirs)),
        None => {
            connection.close(Close::Hello.code(), b"");
            Err(("handshake.hello", "expected a hello on the first stream".to_owned()))
        }
    }
}

/// The dialling side's hello, and the answer to it.
async fn greet(connection: &Connection, limits: &Limits) -> Option<Hello> {
    let (mut stream, mut reply) = connection.open_bi().await.ok()?;
    stream.write_all(&own_hello(limits).encode()).await.ok()?;
    stream.finish().ok()?;
    intake::hello(&mut reply).await.ok()
}

async fn answer_greeting(connection: &Connection, limits: &Limits) -> Option<Hello> {
    let (mut reply, mut stream) = connection.accept_bi().await.ok()?;
    let theirs = intake::hello(&mut stream).await.ok()?;
    reply.write_all(&own_hello(limits).encode()).await.ok()?;
    reply.finish().ok()?;
    Some(theirs)
}

const fn own_hello(limits: &Limits) -> Hello {
    let sizes = Sizes { header_bytes_max: limits.header_bytes_max, body_bytes_max: limits.body_bytes_max };
    Hello { sizes, streams_max: limits.streams_max }
}

/// Bytes that a stream may send before they are read. Small, because a body that waits for its share waits unread:
/// what a link can claim is `in_flight_bytes_max` and this for each of its streams. On a path of 600 ms (a satellite)
/// a body of 1 MiB still arrives in 5 s.
const STREAM_WINDOW_BYTES: u32 = 131_072;

fn transport(limits: &Limits) -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(streams(limits))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .datagram_receive_buffer_size(None)
        .stream_receive_window(STREAM_WINDOW_BYTES.into())
        .max_idle_timeout(Some(VarInt::from_u32(limits.idle_ms_max).into()))
        .keep_alive_interval(Some(limits.idle().checked_div(3).unwrap_or_default()));
    transport
}

/// Streams that QUIC grants: a quarter more than messages in flight, because it renews credit for closed streams only in
/// eighths of the grant, and because the hello took one.
fn streams(limits: &Limits) -> VarInt {
    limits.streams_max.saturating_add(limits.streams_max.div_euclid(4)).saturating_add(2).into()
}

fn welcome(warden: &Warden, link: &Link) -> bool {
    warden.judge(&certificates(link.connection()), link.role(), unix_now()).is_ok_and(|name| name == *link.peer())
}

pub(super) fn certificates(connection: &Connection) -> Vec<CertificateDer<'static>> {
    connection.peer_identity().and_then(|identity| identity.downcast::<Vec<CertificateDer<'static>>>().ok()).map(|chain| *chain).unwrap_or_default()
}

/// What the other side said when it closed, for people.
fn why(connection: &Connection) -> String {
    connection.close_reason().map_or_else(|| "the other side did not say hello".to_owned(), |reason| reason.to_string())
}

fn unix_now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(clock().unix_ms()).unwrap_or(0)))
}
