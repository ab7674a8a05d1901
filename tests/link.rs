//! The link over real QUIC on loopback, with real certificates: what is let in, what is refused, and what stays up.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::arithmetic_side_effects, reason = "a failed test says where")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::crypto::aws_lc_rs::{self, kx_group};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use vestibule::base::{Digest, Header, MessageId, Name, Precedence, Time, Traffic};
use vestibule::config::{Domain, Limits, Own, Peer};
use vestibule::link::pki::{Anchor, Use};
use vestibule::link::wire::{self, Hello, Sizes};
use vestibule::link::{Close, Door, Link, LinkError, Receipt, Status};

const GATE: &str = "gateway.coalition.lab";
const USA: &str = "usa-ops.coalition.lab";
const CAN: &str = "can-ops.coalition.lab";

fn now() -> Time {
    Time::from_unix_ms(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()).unwrap()
}

fn earlier(days: i64) -> Time {
    Time::from_unix_ms(now().unix_ms() - days * 86_400_000).unwrap()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// A domain's authority in a folder: everybody's files lie beside one another.
struct Lab {
    folder: tempfile::TempDir,
    anchor: Anchor,
}

impl Lab {
    fn new() -> Self {
        let lab = Self { folder: tempfile::tempdir().unwrap(), anchor: Anchor::make("coalition", now(), 3650).unwrap() };
        lab.write("anchor.pem", lab.anchor.certificate());
        lab.revoke(&[]);
        lab.issue("gate", GATE, Use::Both);
        lab.issue("usa", USA, Use::Client);
        lab.issue("can", CAN, Use::Client);
        lab
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path(file), text).unwrap();
    }

    fn issue(&self, stem: &str, identity: &str, purpose: Use) {
        self.issue_at(stem, identity, purpose, now(), 30);
    }

    fn issue_at(&self, stem: &str, identity: &str, purpose: Use, at: Time, days: u32) {
        let issued = self.anchor.issue(identity, purpose, at, days).unwrap();
        self.write(&format!("{stem}.pem"), &issued.certificate);
        self.write(&format!("{stem}.key"), &issued.key);
    }

    fn revoke(&self, stems: &[&str]) {
        let certificates: Vec<String> = stems.iter().map(|stem| std::fs::read_to_string(self.path(&format!("{stem}.pem"))).unwrap()).collect();
        let certificates: Vec<&str> = certificates.iter().map(String::as_str).collect();
        self.write("revoked.pem", &self.anchor.revoke(&certificates, now(), 30).unwrap());
    }

    fn own(&self, stem: &str) -> Own {
        Own {
            anchor: self.path("anchor.pem"),
            certificate: self.path(&format!("{stem}.pem")),
            key: self.path(&format!("{stem}.key")),
            revocations: vec![self.path("revoked.pem")],
        }
    }

    fn domain(&self, limits: Limits) -> Domain {
        let peer = |stem: &str, identity: &str| Peer { name: name(stem), identity: identity.to_owned(), address: None, onward: Vec::new(), limits };
        Domain {
            name: name("coalition"),
            listen: loopback(),
            identity: self.own("gate"),
            label_trust: None,
            peers: vec![peer("usa", USA), peer("can", CAN)],
            limits,
        }
    }

    fn gate(&self, limits: Limits) -> Door {
        Door::open(&self.domain(limits)).unwrap()
    }

    /// A peer's side: its only peer is the gateway.
    fn peer(&self, stem: &str, gate: &Door) -> Door {
        Door::open(&self.peer_domain(stem, gate.address().unwrap(), Limits::default())).unwrap()
    }

    fn peer_domain(&self, stem: &str, address: SocketAddr, limits: Limits) -> Domain {
        let gateway = Peer { name: name("gateway"), identity: GATE.to_owned(), address: Some(address), onward: Vec::new(), limits };
        Domain { name: name("gateway"), listen: loopback(), identity: self.own(stem), label_trust: None, peers: vec![gateway], limits }
    }

    async fn linked(&self, stem: &str, gate: &Door) -> (Door, Link, Link) {
        let door = self.peer(stem, gate);
        let near = door.dial(&name("gateway")).await.unwrap();
        let far = gate.next_link().await.unwrap();
        (door, near, far)
    }
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn header(number: u8, precedence: Precedence) -> Header {
    Header {
        id: MessageId::from_parts(1_767_323_045_123, [number; 10]),
        precedence,
        destinations: vec![name("can")],
        media_type: "application/cot+xml".to_owned(),
        traffic: Traffic::Exercise,
        sent: now(),
        label: None,
    }
}

fn routine(number: u8) -> Header {
    header(number, Precedence::Routine)
}

/// A far end that accepts everything and counts.
fn accepting(link: Link) {
    tokio::spawn(async move {
        let mut position = 0;
        while let Some(inbound) = link.next().await {
            position += 1;
            let receipt = Receipt::accepted(inbound.header.id, Digest::of(&inbound.body), position, now());
            let _ = inbound.respond(receipt).await;
        }
    });
}

fn count(door: &Door, code: &str) -> u64 {
    door.counters().tally().refused.get(code).copied().unwrap_or(0)
}

/// Waits for something that another task is about to do.
async fn until(what: &str, mut seen: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if seen() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never seen: {what}");
}

fn run<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), test).await.expect("the test ended within a minute") })
}

async fn refused(door: &Door) -> String {
    match door.dial(&name("gateway")).await {
        Err(LinkError::Closed(why)) => why,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the link came up"),
    }
}

#[test]
fn a_message_crosses_and_its_receipt_comes_back() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits::default());
        let (_door, near, far) = lab.linked("usa", &gate).await;
        assert_eq!((near.peer().as_str(), far.peer().as_str()), ("gateway", "usa"));
        let mut sent = routine(1);
        sent.label = Some("<label/>".to_owned());
        let body = b"<event/>".repeat(300);
        let answering = async {
            let inbound = far.next().await.unwrap();
            assert_eq!((&inbound.header, &inbound.body), (&sent, &body));
            let receipt = Receipt::accepted(inbound.header.id, Digest::of(&inbound.body), 1, now());
            inbound.respond(receipt.clone()).await.unwrap();
            receipt
        };
        let (received, made) = tokio::join!(near.send(&sent, &body), answering);
        assert_eq!(received.unwrap(), made);
        accepting(near.clone());
        let back = far.send(&routine(2), b"the other way").await.unwrap();
        assert_eq!((back.status, back.position), (Status::Accepted, 1));
        let tally = gate.counters().tally();
        assert_eq!((tally.links, tally.received, tally.received_bytes, tally.sent), (1, 1, 2400, 1));
        assert!(tally.refused.is_empty());
    });
}

#[test]
fn a_repeated_message_is_given_to_the_journal_again() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits::default());
        let (_door, near, far) = lab.linked("usa", &gate).await;
        accepting(far);
        for position in 1..=2 {
            assert_eq!(near.send(&routine(1), b"same").await.unwrap().position, position);
        }
    });
}

#[test]
fn a_receipt_of_another_message_is_not_believed() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits::default());
        let (_door, near, far) = lab.linked("usa", &gate).await;
        let lying = async {
            let inbound = far.next().await.unwrap();
            inbound.respond(Receipt::accepted(routine(9).id, Digest::of(b"x"), 1, now())).await.unwrap();
            drop(far.next().await.unwrap());
        };
        let sending = async {
            assert!(matches!(near.send(&routine(1), b"x").await, Err(LinkError::Receipt(_))));
            assert!(matches!(near.send(&routine(1), b"x").await, Err(LinkError::NoReceipt)));
        };
        tokio::join!(lying, sending);
    });
}

#[test]
fn a_certificate_of_another_anchor_is_refused_on_both_sides() {
    run(async {
        let (lab, other) = (Lab::new(), Lab::new());
        let gate = lab.gate(Limits::default());
        // The gateway is not below the peer's anchor: the peer refuses.
        let stranger = other.peer("usa", &gate);
        refused(&stranger).await;
        assert_eq!(count(&stranger, "certificate.chain"), 1);
        // The peer is not below the gateway's anchor: the gateway refuses.
        let mut domain = lab.peer_domain("usa", gate.address().unwrap(), Limits::default());
        domain.identity.certificate = other.path("usa.pem");
        domain.identity.key = other.path("usa.key");
        refused(&Door::open(&domain).unwrap()).await;
        until("the refusal", || count(&gate, "certificate.chain") == 1).await;
        // Others are served.
        lab.linked("can", &gate).await;
    });
}

#[test]
fn a_revoked_certificate_is_refused_at_the_handshake() {
    run(async {
        let lab = Lab::new();
        lab.revoke(&["usa"]);
        let gate = lab.gate(Limits::default());
        refused(&lab.peer("usa", &gate)).await;
        until("the refusal", || count(&gate, "certificate.revoked") == 1).await;
        lab.linked("can", &gate).await;
    });
}

#[test]
fn a_revoked_gateway_is_refused_by_its_peer() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits::default());
        lab.revoke(&["gate"]);
        let door = lab.peer("usa", &gate);
        refused(&door).await;
        assert_eq!(count(&door, "certificate.revoked"), 1);
    });
}

#[test]
fn a_revocation_list_out_of_its_time_lets_nobody_in() {
    run(async {
        let lab = Lab::new();
        let fresh = std::fs::read_to_string(lab.path("revoked.pem")).unwrap();
        lab.write("revoked.pem", &lab.anchor.revoke(&[], earlier(10), 5).unwrap());
        let gate = lab.gate(Limits::default());
        lab.write("revoked.pem", &fresh);
        refused(&lab.peer("usa", &gate)).await;
        until("the refusal", || count(&gate, "certificate.revocation") == 1).await;
    });
}

#[test]
fn an_identity_that_is_no_peer_is_refused() {
    run(async {
        let lab = Lab::new();
        lab.issue("stranger", "stranger.coalition.lab", Use::Client);
        let gate = lab.gate(Limits::default());
        refused(&lab.peer("stranger", &gate)).await;
        until("the refusal", || count(&gate, "certificate.unknown") == 1).await;
    });
}

#[test]
fn an_expired_certificate_is_refused() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits::default());
        let mut domain = lab.peer_domain("usa", gate.address().unwrap(), Limits::default());
        lab.issue_at("old", USA, Use::Client, earlier(20), 10);
        domain.identity = lab.own("old");
        // Our own door refuses to open with it, so a bare client shows it.
        assert!(Door::open(&domain).is_err());
        assert!(bare(&lab, "old", &gate).await.is_err());
        until("the refusal", || count(&gate, "certificate.time") == 1).await;
    });
}

#[test]
fn a_server_certificate_does_not_open_a_door_as_client() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits::default());
        lab.issue("server", USA, Use::Server);
        assert!(Door::open(&lab.peer_domain("server", gate.address().unwrap(), Limits::default())).is_err());
        assert!(bare(&lab, "server", &gate).await.is_err());
        until("the refusal", || count(&gate, "certificate.purpose") == 1).await;
    });
}

#[test]
fn a_gateway_that_is_not_the_one_dialled_is_refused() {
    run(async {
        let lab = Lab::new();
        lab.issue("gate", "other.coalition.lab", Use::Both);
        let gate = lab.gate(Limits::default());
        let door = lab.peer("usa", &gate);
        refused(&door).await;
        assert_eq!(count(&door, "certificate.unknown"), 1);
    });
}

#[test]
fn a_domain_with_faulty_material_does_not_open() {
    run(async {
        let lab = Lab::new();
        let fault = |change: &dyn Fn(&mut Own)| {
            let mut domain = lab.domain(Limits::default());
            change(&mut domain.identity);
            Door::open(&domain).err().expect("a fault").what
        };
        assert!(fault(&|own| own.key = lab.path("can.key")).contains("refused"));
        assert!(fault(&|own| own.anchor = lab.path("gate.pem")).contains("anchor"));
        assert!(fault(&|own| own.certificate = lab.path("anchor.pem")).contains("refused"));
        assert!(fault(&|own| own.revocations = vec![lab.path("gate.pem")]).contains("no revocation list"));
        assert!(fault(&|own| own.key = lab.path("nowhere.key")).contains("cannot be read"));
    });
}

/// A client of our anchor that keeps none of our rules, for what our own door cannot be made to do: shakes hands, no more.
async fn shake(lab: &Lab, stem: &str, gate: &Door, alpn: &[u8], groups: &[&'static dyn SupportedKxGroup]) -> Result<quinn::Connection, String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(lab.path("anchor.pem")).unwrap()).unwrap();
    let own = lab.own(stem);
    let chain = vec![CertificateDer::from_pem_file(&own.certificate).unwrap()];
    let key = PrivateKeyDer::from_pem_file(&own.key).unwrap();
    let provider = Arc::new(CryptoProvider { kx_groups: groups.to_vec(), ..aws_lc_rs::default_provider() });
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13]).unwrap();
    let mut tls = tls.with_root_certificates(roots).with_client_auth_cert(chain, key).unwrap();
    tls.alpn_protocols = vec![alpn.to_vec()];
    let config = quinn::ClientConfig::new(Arc::new(quinn::crypto::rustls::QuicClientConfig::try_from(tls).unwrap()));
    let endpoint = quinn::Endpoint::client(loopback()).unwrap();
    endpoint.connect_with(config, gate.address().unwrap(), GATE).unwrap().await.map_err(|error| error.to_string())
}

/// The same, and says hello.
async fn bare(lab: &Lab, stem: &str, gate: &Door) -> Result<quinn::Connection, String> {
    let connection = shake(lab, stem, gate, wire::ALPN, &[kx_group::X25519MLKEM768]).await?;
    let hello = Hello { sizes: Sizes { header_bytes_max: 65_536, body_bytes_max: 65_536 }, streams_max: 16 };
    let answer = exchange(&connection, &hello.encode()).await?;
    Hello::decode(&answer).map_err(|refusal| refusal.to_string())?;
    Ok(connection)
}

async fn exchange(connection: &quinn::Connection, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let (mut stream, mut reply) = connection.open_bi().await.map_err(|error| error.to_string())?;
    stream.write_all(bytes).await.map_err(|error| error.to_string())?;
    stream.finish().map_err(|error| error.to_string())?;
    reply.read_to_end(Hello::BYTES).await.map_err(|error| error.to_string())
}

/// Sends raw bytes on a stream of their own and reads the receipt.
async fn raw(connection: &quinn::Connection, bytes: &[u8]) -> Receipt {
    let (mut stream, mut reply) = connection.open_bi().await.unwrap();
    // The far side may stop reading at any byte.
    let _ = stream.write_all(bytes).await;
    let _ = stream.finish();
    Receipt::decode(&reply.read_to_end(Receipt::BYTES).await.unwrap()).unwrap()
}

fn frame(header: &Header, body: &[u8]) -> Vec<u8> {
    [wire::encode_head(header, body).unwrap(), body.to_vec()].concat()
}

#[test]
fn another_protocol_name_is_refused() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits::default());
        assert!(shake(&lab, "usa", &gate, b"h3", &[kx_group::X25519]).await.is_err());
        until("the refusal", || count(&gate, "handshake.failed") == 1).await;
    });
}

#[test]
fn the_post_quantum_hybrid_alone_is_enough_and_a_foreign_group_is_not() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits::default());
        assert!(shake(&lab, "usa", &gate, wire::ALPN, &[kx_group::X25519MLKEM768]).await.is_ok());
        assert!(shake(&lab, "usa", &gate, wire::ALPN, &[kx_group::X25519]).await.is_ok());
        assert!(shake(&lab, "usa", &gate, wire::ALPN, &[kx_group::SECP256R1]).await.is_err());
    });
}

#[test]
fn every_malformed_frame_is_answered_counted_and_leaves_the_link_up() {
    run(async {
        let lab = Lab::new();
        let limits = Limits { body_bytes_max: 65_536, header_bytes_max: 512, ..Limits::default() };
        let gate = lab.gate(limits);
        let connection = bare(&lab, "usa", &gate).await.unwrap();
        let far = gate.next_link().await.unwrap();
        let good = frame(&routine(1), b"<event/>");
        let with = |at: usize, value: u8| {
            let mut bytes = good.clone();
            bytes[at] = value;
            bytes
        };
        let mut long = routine(1);
        long.label = Some("x".repeat(600));
        let cases: Vec<(Vec<u8>, &str, Status, bool)> = vec![
            (with(0, b'X'), "frame.magic", Status::Frame, false),
            (b"GET".to_vec(), "frame.magic", Status::Frame, false),
            (with(4, 9), "frame.version", Status::Frame, false),
            (with(5, 2), "frame.header", Status::Frame, false),
            (with(46 + 16, 9), "frame.header", Status::Frame, false),
            (good[..20].to_vec(), "frame.truncated", Status::Frame, false),
            (good[..60].to_vec(), "frame.truncated", Status::Frame, false),
            (good[..good.len() - 1].to_vec(), "frame.truncated", Status::Frame, true),
            ([good.clone(), vec![0]].concat(), "frame.trailing", Status::Frame, true),
            (with(good.len() - 1, b'!'), "frame.digest", Status::Frame, true),
            (frame(&long, b"x"), "size.header", Status::Limit, false),
            (frame(&routine(1), &vec![b'x'; 65_537]), "size.body", Status::Limit, false),
            (Hello { sizes: Sizes { header_bytes_max: 1, body_bytes_max: 1 }, streams_max: 1 }.encode(), "frame.header", Status::Frame, false),
        ];
        for (bytes, code, status, named) in cases {
            let before = count(&gate, code);
            let receipt = raw(&connection, &bytes).await;
            assert_eq!((receipt.status, receipt.id), (status, named.then_some(routine(1).id)), "{code}");
            assert_eq!(count(&gate, code), before + 1, "{code}");
        }
        assert_eq!(gate.counters().tally().received, 0);
        accepting(far);
        assert_eq!(raw(&connection, &good).await.status, Status::Accepted);
    });
}

#[test]
fn a_slow_sender_is_refused_while_others_are_served() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits { message_ms_max: 100, ..Limits::default() });
        let connection = bare(&lab, "usa", &gate).await.unwrap();
        accepting(gate.next_link().await.unwrap());
        let good = frame(&routine(1), b"<event/>");
        let (mut stream, mut reply) = connection.open_bi().await.unwrap();
        stream.write_all(&good[..good.len() - 1]).await.unwrap();
        assert_eq!(raw(&connection, &good).await.status, Status::Accepted);
        let receipt = Receipt::decode(&reply.read_to_end(Receipt::BYTES).await.unwrap()).unwrap();
        assert_eq!((receipt.status, receipt.id), (Status::Frame, Some(routine(1).id)));
        assert_eq!(count(&gate, "frame.slow"), 1);
    });
}

#[test]
fn a_flood_of_resets_cuts_the_link_and_no_other() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits { resets_per_second_max: 20, ..Limits::default() });
        let connection = bare(&lab, "usa", &gate).await.unwrap();
        gate.next_link().await.unwrap();
        let (_door, near, far) = lab.linked("can", &gate).await;
        accepting(far);
        for _ in 0..200 {
            let Ok((mut stream, _)) = connection.open_bi().await else { break };
            let _ = stream.write_all(b"VSTB").await;
            let _ = stream.reset(0_u32.into());
        }
        let closed = connection.closed().await;
        assert!(matches!(closed, quinn::ConnectionError::ApplicationClosed(why) if why.error_code == 3_u32.into()));
        assert!(count(&gate, "frame.reset") > 20);
        assert_eq!(near.send(&routine(1), b"still served").await.unwrap().status, Status::Accepted);
    });
}

#[test]
fn more_messages_than_the_rate_are_refused_over_all_links_of_a_peer() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits { messages_per_second_max: 3, ..Limits::default() });
        let (door, first, far) = lab.linked("usa", &gate).await;
        accepting(far);
        let second = door.dial(&name("gateway")).await.unwrap();
        accepting(gate.next_link().await.unwrap());
        let mut limited = 0;
        for number in 0..6 {
            let link = if number % 2 == 0 { &first } else { &second };
            limited += u32::from(link.send(&routine(number), b"x").await.unwrap().status == Status::Limit);
        }
        assert!((1..=3).contains(&limited), "{limited}");
        assert_eq!(count(&gate, "size.rate"), u64::from(limited));
    });
}

#[test]
fn more_handshakes_than_the_rate_are_refused() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits { handshakes_per_second_max: 2, ..Limits::default() });
        let door = lab.peer("usa", &gate);
        let mut turned_away = 0;
        for _ in 0..8 {
            turned_away += u32::from(door.dial(&name("gateway")).await.is_err());
        }
        assert!(turned_away > 0);
        assert!(count(&gate, "handshake.rate") > 0);
    });
}

#[test]
fn a_reload_drops_no_link_but_those_that_are_no_longer_welcome() {
    run(async {
        let lab = Lab::new();
        let limits = Limits::default();
        let gate = lab.gate(limits);
        let (usa_door, usa, usa_far) = lab.linked("usa", &gate).await;
        let (_can_door, can, can_far) = lab.linked("can", &gate).await;
        accepting(usa_far.clone());
        accepting(can_far);
        let domain = Domain { listen: loopback(), ..lab.domain(limits) };
        // A new certificate of the gateway: nobody notices.
        lab.issue("gate", GATE, Use::Both);
        gate.reload(&domain).unwrap();
        assert_eq!(usa.send(&routine(1), b"x").await.unwrap().position, 1);
        // A revocation bites on the live link, and on the next handshake.
        lab.revoke(&["usa"]);
        gate.reload(&domain).unwrap();
        assert!(usa.closed().await.contains("1"));
        assert!(usa_far.next().await.is_none());
        refused(&usa_door).await;
        assert_eq!(can.send(&routine(2), b"x").await.unwrap().position, 1);
        // A peer that was removed leaves.
        let mut smaller = domain.clone();
        smaller.peers.retain(|peer| peer.name.as_str() != "can");
        gate.reload(&smaller).unwrap();
        can.closed().await;
        until("the roll is empty", || gate.linked().is_empty()).await;
        assert_eq!(gate.counters().tally().cut, 2);
    });
}

#[test]
fn a_reload_with_faulty_material_changes_nothing() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits::default());
        let (_door, near, far) = lab.linked("usa", &gate).await;
        accepting(far);
        let domain = lab.domain(Limits::default());
        lab.write("revoked.pem", "nothing");
        assert!(gate.reload(&domain).is_err());
        lab.revoke(&[]);
        let elsewhere = Domain { listen: SocketAddr::from(([127, 0, 0, 1], 9)), ..domain };
        assert!(gate.reload(&elsewhere).is_err());
        assert_eq!(near.send(&routine(1), b"x").await.unwrap().status, Status::Accepted);
        lab.linked("can", &gate).await;
    });
}

#[test]
fn the_most_urgent_message_that_has_arrived_is_given_out_first() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits::default());
        let (_door, near, far) = lab.linked("usa", &gate).await;
        let mut sending = tokio::task::JoinSet::new();
        for (number, precedence) in
            [Precedence::Routine, Precedence::Priority, Precedence::Routine, Precedence::Immediate, Precedence::Flash].into_iter().enumerate()
        {
            let link = near.clone();
            sending.spawn(async move { link.send(&header(u8::try_from(number).unwrap(), precedence), b"x").await });
        }
        until("all arrived", || gate.counters().tally().received == 5).await;
        // Counted just before it is queued.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut order = Vec::new();
        for _ in 0..5 {
            order.push(far.next().await.unwrap().header.precedence);
        }
        assert!(order.windows(2).all(|pair| pair[0] >= pair[1]), "{order:?}");
    });
}

#[test]
fn an_urgent_message_finds_a_stream_when_routine_ones_hold_all_they_may() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits { streams_max: 8, ..Limits::default() });
        let (_door, near, far) = lab.linked("usa", &gate).await;
        let mut sending = tokio::task::JoinSet::new();
        for number in 0..20 {
            let link = near.clone();
            sending.spawn(async move { link.send(&routine(number), b"x").await });
        }
        until("the streams are held", || gate.counters().tally().received == 7).await;
        let link = near.clone();
        sending.spawn(async move { link.send(&header(99, Precedence::Flash), b"x").await });
        until("the urgent one", || gate.counters().tally().received == 8).await;
        let first = far.next().await.unwrap();
        assert_eq!(first.header.precedence, Precedence::Flash);
    });
}

#[test]
fn a_message_larger_than_the_other_side_takes_is_not_sent() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits { body_bytes_max: 2048, ..Limits::default() });
        let (_door, near, far) = lab.linked("usa", &gate).await;
        accepting(far);
        assert_eq!(near.theirs().sizes.body_bytes_max, 2048);
        assert!(matches!(near.send(&routine(1), &[b'x'; 2049]).await, Err(LinkError::Message(_))));
        assert_eq!(near.send(&routine(1), &[b'x'; 2048]).await.unwrap().status, Status::Accepted);
    });
}

#[test]
fn bodies_in_flight_wait_for_their_share_and_all_arrive() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits { body_bytes_max: 4096, in_flight_bytes_max: 4096, ..Limits::default() });
        let (_door, near, far) = lab.linked("usa", &gate).await;
        let mut sending = tokio::task::JoinSet::new();
        for number in 0..8 {
            let link = near.clone();
            sending.spawn(async move { link.send(&routine(number), &[b'x'; 3000]).await.unwrap().status });
        }
        until("the first", || gate.counters().tally().received == 1).await;
        accepting(far);
        assert!(sending.join_all().await.into_iter().all(|status| status == Status::Accepted));
    });
}

#[test]
fn what_leaves_takes_the_newest_link_and_the_oldest_gives_way() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits { links_max: 2, ..Limits::default() });
        let (door, first, _) = lab.linked("usa", &gate).await;
        let second = door.dial(&name("gateway")).await.unwrap();
        let far = gate.next_link().await.unwrap();
        assert_eq!(gate.link_to(&name("usa")).unwrap().number(), far.number());
        assert!(!first.is_closed());
        let third = door.dial(&name("gateway")).await.unwrap();
        let newest = gate.next_link().await.unwrap();
        assert!(first.closed().await.contains("2"));
        assert_eq!(gate.link_to(&name("usa")).unwrap().number(), newest.number());
        third.close(Close::Done);
        newest.closed().await;
        until("the next newest", || gate.link_to(&name("usa")).is_some_and(|link| link.number() == far.number())).await;
        assert!(!second.is_closed());
    });
}

#[test]
fn two_gateways_that_dial_each_other_both_deliver() {
    run(async {
        let lab = Lab::new();
        lab.issue("usa", USA, Use::Both);
        let gate = lab.gate(Limits::default());
        let usa = Door::open(&lab.peer_domain("usa", gate.address().unwrap(), Limits::default())).unwrap();
        let mut dialling = lab.domain(Limits::default());
        dialling.peers[0].address = Some(usa.address().unwrap());
        gate.reload(&dialling).unwrap();
        let (towards_gate, towards_usa) = (name("gateway"), name("usa"));
        let (one, other) = tokio::join!(usa.dial(&towards_gate), gate.dial(&towards_usa));
        for link in [one.unwrap(), other.unwrap(), gate.next_link().await.unwrap(), usa.next_link().await.unwrap()] {
            accepting(link);
        }
        for (door, peer) in [(&usa, &towards_gate), (&gate, &towards_usa)] {
            assert_eq!(door.link_to(peer).unwrap().send(&routine(1), b"x").await.unwrap().status, Status::Accepted);
        }
    });
}

#[test]
fn a_thousand_messages_are_in_flight_at_once() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits::default());
        let (_door, near, far) = lab.linked("usa", &gate).await;
        let mut sending = tokio::task::JoinSet::new();
        for number in 0..1024_u32 {
            let link = near.clone();
            sending.spawn(async move {
                let urgent = if number % 8 == 0 { Precedence::Flash } else { Precedence::Routine };
                link.send(&header(1, urgent), &[b'x'; 2048]).await.unwrap().status
            });
        }
        until("all are in flight", || gate.counters().tally().received == 1024).await;
        accepting(far);
        assert!(sending.join_all().await.into_iter().all(|status| status == Status::Accepted));
    });
}

#[test]
fn a_client_that_says_no_hello_gets_no_link() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits { handshake_ms_max: 200, ..Limits::default() });
        let silent = shake(&lab, "can", &gate, wire::ALPN, &[kx_group::X25519MLKEM768]).await.unwrap();
        silent.closed().await;
        until("the refusal", || count(&gate, "handshake.slow") == 1).await;
        let rude = shake(&lab, "can", &gate, wire::ALPN, &[kx_group::X25519MLKEM768]).await.unwrap();
        assert!(exchange(&rude, &frame(&routine(1), b"no hello first")).await.is_err());
        until("the refusal", || count(&gate, "handshake.hello") == 1).await;
        assert_eq!(gate.counters().tally().links, 0);
    });
}

#[test]
fn a_body_without_room_is_told_to_come_again() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits { body_bytes_max: 4096, in_flight_bytes_max: 4096, message_ms_max: 100, ..Limits::default() });
        let (_door, near, far) = lab.linked("usa", &gate).await;
        let holding = tokio::spawn({
            let near = near.clone();
            async move { near.send(&routine(1), &[b'x'; 4096]).await }
        });
        let held = far.next().await.unwrap();
        assert_eq!(near.send(&routine(2), b"x").await.unwrap().status, Status::Busy);
        let receipt = Receipt::accepted(held.header.id, Digest::of(&held.body), 1, now());
        held.respond(receipt).await.unwrap();
        holding.await.unwrap().unwrap();
        accepting(far);
        assert_eq!(near.send(&routine(2), b"x").await.unwrap().status, Status::Accepted);
    });
}

#[test]
fn a_closed_door_ends_its_links_on_both_sides() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits::default());
        let (_door, near, far) = lab.linked("usa", &gate).await;
        gate.close().await;
        assert!(far.next().await.is_none());
        near.closed().await;
        assert!(matches!(near.send(&routine(1), b"x").await, Err(LinkError::Closed(_))));
        assert!(gate.next_link().await.is_none());
    });
}

#[test]
fn a_peer_that_answers_at_the_address_of_another_is_refused() {
    run(async {
        let lab = Lab::new();
        lab.issue("can", CAN, Use::Both);
        let gate = lab.gate(Limits::default());
        let can = Door::open(&lab.peer_domain("can", gate.address().unwrap(), Limits::default())).unwrap();
        let mut dialling = lab.domain(Limits::default());
        dialling.peers[0].address = Some(can.address().unwrap());
        gate.reload(&dialling).unwrap();
        assert!(gate.dial(&name("usa")).await.is_err());
        assert_eq!(count(&gate, "certificate.mismatch"), 1);
        // The other is a peer too, at its own address.
        dialling.peers[1].address = dialling.peers[0].address.take();
        gate.reload(&dialling).unwrap();
        assert_eq!(gate.dial(&name("can")).await.unwrap().peer().as_str(), "can");
        assert!(matches!(gate.dial(&name("usa")).await, Err(LinkError::Closed(_))));
        assert!(matches!(gate.dial(&name("nobody")).await, Err(LinkError::Closed(_))));
    });
}

#[test]
fn a_reload_lets_a_new_peer_in_and_a_new_list_keeps_one_out_at_the_handshake() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits::default());
        lab.issue("aus", "aus-ops.coalition.lab", Use::Client);
        let aus = lab.peer("aus", &gate);
        refused(&aus).await;
        let mut wider = lab.domain(Limits::default());
        wider.peers.push(Peer { name: name("aus"), identity: "aus-ops.coalition.lab".to_owned(), ..wider.peers[0].clone() });
        gate.reload(&wider).unwrap();
        aus.dial(&name("gateway")).await.unwrap();
        assert_eq!(gate.next_link().await.unwrap().peer().as_str(), "aus");
        lab.revoke(&["can"]);
        gate.reload(&wider).unwrap();
        refused(&lab.peer("can", &gate)).await;
        until("the refusal", || count(&gate, "certificate.revoked") == 1).await;
    });
}

#[test]
fn a_gateway_grants_no_unidirectional_stream_and_takes_no_datagram() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits::default());
        let connection = bare(&lab, "usa", &gate).await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(50), connection.open_uni()).await.is_err());
        assert_eq!(connection.max_datagram_size(), None);
    });
}

#[test]
fn a_refused_body_is_not_read_to_its_end() {
    run(async {
        let lab = Lab::new();
        let gate = lab.gate(Limits { body_bytes_max: 65_536, ..Limits::default() });
        let connection = bare(&lab, "usa", &gate).await.unwrap();
        let body = vec![b'x'; 8_000_000];
        let (mut stream, mut reply) = connection.open_bi().await.unwrap();
        let stopped = stream.write_all(&frame(&routine(1), &body)).await;
        assert!(matches!(stopped, Err(quinn::WriteError::Stopped(_))), "{stopped:?}");
        assert_eq!(Receipt::decode(&reply.read_to_end(Receipt::BYTES).await.unwrap()).unwrap().status, Status::Limit);
        assert_eq!(gate.counters().tally().received_bytes, 0);
    });
}
