//! The reading of a checked file: defaults of the table, then the file, layered with the crate `config`.
//!
//! Takes a path, gives plain data in which every path is whole and every limit is set, or all faults of the file.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::keys::{self, Presence, Section};
use super::{
    Binding, Confinement, Console, ConsoleLimits, Domain, Gateway, Keys, Limits, Officer, Own, Peer, Proving, Remote, Review, Trusted, Unreadable,
    check,
};
use crate::base::{Complaint, Fault, Name};

/// The bytes of a configuration file at most.
const FILE_BYTES_MAX: u64 = 1_048_576;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GatewayGiven {
    home: String,
    rules: PathBuf,
    journal: PathBuf,
    inspectors: u16,
    undecided_messages_max: u32,
    clock_seconds_max: u32,
    process_memory_mib_max: u32,
    work_ms_max: u32,
    confinement: Option<Confinement>,
    emergency_hours_max: u32,
    prove: Option<Proving>,
    solver: Option<PathBuf>,
    #[serde(default)]
    officer: Vec<Officer>,
    officer_anchor: Option<PathBuf>,
    officer_revocations: Option<Vec<PathBuf>>,
    waiting: Option<PathBuf>,
    console: Option<ConsoleGiven>,
    metrics: Option<MetricsGiven>,
    review: Option<ReviewGiven>,
    keys: KeysGiven,
    #[serde(default)]
    limits: BTreeMap<String, u32>,
    domain: Vec<DomainGiven>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysGiven {
    pseudonym: PathBuf,
    hops: PathBuf,
    audit: PathBuf,
    quarantine: PathBuf,
    binding_key: Option<PathBuf>,
    binding_certificate: Option<PathBuf>,
}

#[derive(Deserialize)]
struct ConsoleGiven {
    listen: SocketAddr,
    anchor: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
    revocations: Vec<PathBuf>,
    banner: String,
    /// What else stands there are limits: the check has seen every key.
    #[serde(flatten)]
    limits: BTreeMap<String, u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricsGiven {
    listen: SocketAddr,
}

#[derive(Deserialize)]
struct ReviewGiven {
    seeds: PathBuf,
    /// What else stands there are limits: the check has seen every key.
    #[serde(flatten)]
    limits: BTreeMap<String, u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DomainGiven {
    name: Name,
    listen: SocketAddr,
    anchor: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
    revocations: Vec<PathBuf>,
    label_anchor: Option<PathBuf>,
    label_revocations: Option<Vec<PathBuf>>,
    #[serde(default)]
    limits: BTreeMap<String, u32>,
    peer: Vec<PeerGiven>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeerGiven {
    name: Name,
    identity: String,
    address: Option<SocketAddr>,
    #[serde(default)]
    onward: Vec<Name>,
    #[serde(default)]
    limits: BTreeMap<String, u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RemoteGiven {
    name: Name,
    gateway: SocketAddr,
    gateway_identity: String,
    listen: Option<SocketAddr>,
    anchor: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
    revocations: Vec<PathBuf>,
    #[serde(default)]
    limits: BTreeMap<String, u32>,
}

/// Reads a gateway's file.
pub(super) fn gateway(path: &Path) -> Result<Gateway, Unreadable> {
    whole(Source::open(path, Section::Gateway)?)
}

/// Reads a gateway's file whose text is at hand.
pub(super) fn gateway_text(path: &Path, text: String) -> Result<Gateway, Unreadable> {
    whole(Source::of(path, text, Section::Gateway)?)
}

fn whole(source: Source) -> Result<Gateway, Unreadable> {
    let given: GatewayGiven = source.layered(Section::Gateway)?;
    let common = layer(BTreeMap::new(), given.limits);
    let domains = given.domain.into_iter().map(|domain| source.domain(domain, &common)).collect();
    let at = |path: PathBuf| source.folder.join(path);
    let binding = match (given.keys.binding_key, given.keys.binding_certificate) {
        (None, None) => None,
        // One alone is a contradiction, which is told of below; an empty path then stands for it.
        (key, certificate) => Some(Binding { key: key.map(at).unwrap_or_default(), certificate: certificate.map(at).unwrap_or_default() }),
    };
    let keys = Keys {
        pseudonym: at(given.keys.pseudonym),
        audit: at(given.keys.audit),
        quarantine: at(given.keys.quarantine),
        hops: at(given.keys.hops),
        binding,
    };
    let gateway = Gateway {
        home: given.home,
        rules: at(given.rules),
        journal: at(given.journal),
        inspectors: given.inspectors,
        undecided_messages_max: given.undecided_messages_max,
        clock_seconds_max: given.clock_seconds_max,
        process_memory_mib_max: given.process_memory_mib_max,
        work_ms_max: given.work_ms_max,
        confinement: given.confinement.unwrap_or(Confinement::Full),
        emergency_hours_max: given.emergency_hours_max,
        prove: given.prove.unwrap_or(Proving::Always),
        // Without a path it is found by the environment, as programs are.
        solver: given.solver.map_or_else(|| PathBuf::from("cvc5"), at),
        officers: given.officer.into_iter().map(|officer| Officer { certificate: officer.certificate.map(at), ..officer }).collect(),
        officer_trust: source.trusted(given.officer_anchor, given.officer_revocations),
        waiting: given.waiting.map(at),
        console: given.console.map(|console| source.console(console)),
        metrics: given.metrics.map(|metrics| metrics.listen),
        review: given.review.map(|review| source.review(review)),
        keys,
        domains,
    };
    source.settle(contradictions(&gateway))?;
    Ok(gateway)
}

/// Reads a peer's file.
pub(super) fn remote(path: &Path) -> Result<Remote, Unreadable> {
    let source = Source::open(path, Section::Remote)?;
    let given: RemoteGiven = source.layered(Section::Remote)?;
    let own_port = match given.gateway {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let Some(gateway) = Name::new(Remote::GATEWAY) else { return Err(Fault::new("the gateway's name is no name").into()) };
    let domain = DomainGiven {
        name: gateway.clone(),
        listen: given.listen.unwrap_or(own_port),
        anchor: given.anchor,
        certificate: given.certificate,
        key: given.key,
        revocations: given.revocations,
        label_anchor: None,
        label_revocations: None,
        limits: given.limits,
        peer: vec![PeerGiven {
            name: gateway,
            identity: given.gateway_identity,
            address: Some(given.gateway),
            onward: Vec::new(),
            limits: BTreeMap::new(),
        }],
    };
    let domain = source.domain(domain, &BTreeMap::new());
    let mut faults = Vec::new();
    domain_contradictions(&domain, &mut faults);
    source.settle(faults)?;
    Ok(Remote { name: given.name, domain })
}

/// The limits that stand where no file says otherwise.
pub(super) fn limits_default() -> Limits {
    limits_of(&BTreeMap::new())
}

struct Source {
    file: Arc<str>,
    text: String,
    folder: PathBuf,
}

impl Source {
    fn open(path: &Path, top: Section) -> Result<Self, Unreadable> {
        let shown = path.display().to_string();
        let unread = |cause| Fault::from_cause(format!("the configuration `{shown}` cannot be read"), cause);
        let bytes = std::fs::metadata(path).map_err(unread)?.len();
        if bytes > FILE_BYTES_MAX {
            return Err(Fault::new(format!("the configuration `{shown}` has {bytes} bytes, expected at most {FILE_BYTES_MAX}")).into());
        }
        Self::of(path, std::fs::read_to_string(path).map_err(unread)?, top)
    }

    fn of(path: &Path, text: String, top: Section) -> Result<Self, Unreadable> {
        let shown = path.display().to_string();
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let source = Self { file: shown.into(), text, folder };
        let faults = check::check(&source.file, &source.text, top);
        if faults.is_empty() { Ok(source) } else { Err(Unreadable::Faulty(faults)) }
    }

    /// Defaults first, then the file; the check has already seen every key.
    fn layered<T: for<'de> Deserialize<'de>>(&self, top: Section) -> Result<T, Unreadable> {
        let mut builder = ::config::Config::builder();
        for key in keys::of(top) {
            if let Presence::Default(default) = key.presence {
                builder = builder.set_default(key.name, default).map_err(|cause| self.surprise(&cause))?;
            }
        }
        let file = ::config::File::from_str(&self.text, ::config::FileFormat::Toml);
        let built = builder.add_source(file).build().map_err(|cause| self.surprise(&cause))?;
        built.try_deserialize().map_err(|cause| self.surprise(&cause))
    }

    fn surprise(&self, cause: &::config::ConfigError) -> Unreadable {
        self.faulty(vec![(cause.to_string(), "see the manual page `operate`".to_owned())])
    }

    fn settle(&self, faults: Vec<(String, String)>) -> Result<(), Unreadable> {
        if faults.is_empty() { Ok(()) } else { Err(self.faulty(faults)) }
    }

    /// Faults between keys: the whole file is the place, unless the words in backticks stand in it once.
    fn faulty(&self, faults: Vec<(String, String)>) -> Unreadable {
        let complaints = faults.into_iter().map(|(what, remedy)| {
            let at = what
                .split('`')
                .nth(1)
                .and_then(|word| self.text.rfind(&format!("\"{word}\"")).map(|from| from..from.saturating_add(word.len()).saturating_add(2)));
            Complaint { file: Arc::clone(&self.file), at, what, expected: "keys that agree with one another".to_owned(), remedy }
        });
        Unreadable::Faulty(complaints.collect())
    }

    /// Names of files lead from the folder of the configuration.
    fn own(&self, anchor: PathBuf, certificate: PathBuf, key: PathBuf, revocations: Vec<PathBuf>) -> Own {
        let at = |path: PathBuf| self.folder.join(path);
        Own { anchor: at(anchor), certificate: at(certificate), key: at(key), revocations: revocations.into_iter().map(at).collect() }
    }

    fn console(&self, given: ConsoleGiven) -> Console {
        let identity = self.own(given.anchor, given.certificate, given.key, given.revocations);
        Console { listen: given.listen, identity, banner: given.banner, limits: console_limits(&given.limits) }
    }

    fn review(&self, given: ReviewGiven) -> Review {
        let limit = |name: &str| limit(Section::Review, &given.limits, name);
        Review {
            seeds: self.folder.join(given.seeds),
            seed_one_in: limit("seed_one_in"),
            seeds_open_max: limit("seeds_open_max"),
            seed_delay_seconds_max: limit("seed_delay_seconds_max"),
        }
    }

    fn trusted(&self, anchor: Option<PathBuf>, revocations: Option<Vec<PathBuf>>) -> Option<Trusted> {
        let at = |path: PathBuf| self.folder.join(path);
        match (anchor, revocations) {
            (None, None) => None,
            // One without the other is a contradiction, which is told of below; an empty list then stands for it.
            (anchor, revocations) => Some(Trusted {
                anchor: anchor.map(at).unwrap_or_default(),
                revocations: revocations.unwrap_or_default().into_iter().map(at).collect(),
            }),
        }
    }

    fn domain(&self, given: DomainGiven, common: &BTreeMap<String, u32>) -> Domain {
        let limits = layer(common.clone(), given.limits);
        let identity = self.own(given.anchor, given.certificate, given.key, given.revocations);
        let label_trust = self.trusted(given.label_anchor, given.label_revocations);
        let peer = |peer: PeerGiven| Peer {
            name: peer.name,
            identity: peer.identity,
            address: peer.address,
            onward: peer.onward,
            limits: limits_of(&layer(limits.clone(), peer.limits)),
        };
        Domain {
            name: given.name,
            listen: given.listen,
            identity,
            label_trust,
            peers: given.peer.into_iter().map(peer).collect(),
            limits: limits_of(&limits),
        }
    }
}

fn layer(mut below: BTreeMap<String, u32>, above: BTreeMap<String, u32>) -> BTreeMap<String, u32> {
    below.extend(above);
    below
}

/// The value of a limit, or what stands for it.
fn limit(section: Section, given: &BTreeMap<String, u32>, name: &str) -> u32 {
    let default = keys::find(section, name).map_or(0, |key| match key.presence {
        Presence::Default(default) => default,
        Presence::Required | Presence::Optional => 0,
    });
    given.get(name).copied().unwrap_or(default)
}

/// Limits of the console, where the file does not say otherwise those of the table.
pub(super) fn console_limits(given: &BTreeMap<String, u32>) -> ConsoleLimits {
    let limit = |name: &str| limit(Section::Console, given, name);
    ConsoleLimits {
        connections_max: limit("connections_max"),
        connections_of_one_max: limit("connections_of_one_max"),
        handshakes_max: limit("handshakes_max"),
        handshake_ms_max: limit("handshake_ms_max"),
        head_ms_max: limit("head_ms_max"),
        head_bytes_max: limit("head_bytes_max"),
        head_lines_max: limit("head_lines_max"),
        form_ms_max: limit("form_ms_max"),
        requests_per_second_max: limit("requests_per_second_max"),
        requests_burst_max: limit("requests_burst_max"),
        connection_minutes_max: limit("connection_minutes_max"),
    }
}

fn limits_of(given: &BTreeMap<String, u32>) -> Limits {
    let limit = |name: &str| limit(Section::Limits, given, name);
    Limits {
        body_bytes_max: limit("body_bytes_max"),
        header_bytes_max: limit("header_bytes_max"),
        in_flight_bytes_max: limit("in_flight_bytes_max"),
        streams_max: limit("streams_max"),
        links_max: limit("links_max"),
        messages_per_second_max: limit("messages_per_second_max"),
        resets_per_second_max: limit("resets_per_second_max"),
        handshakes_per_second_max: limit("handshakes_per_second_max"),
        message_ms_max: limit("message_ms_max"),
        receipt_ms_max: limit("receipt_ms_max"),
        handshake_ms_max: limit("handshake_ms_max"),
        idle_ms_max: limit("idle_ms_max"),
    }
}

/// What no single key can be blamed for.
fn contradictions(gateway: &Gateway) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let mut names = BTreeMap::new();
    let mut addresses = BTreeMap::new();
    let mut peers = BTreeMap::new();
    let empty = |binding: &Binding| [&binding.key, &binding.certificate].iter().any(|path| path.as_os_str().is_empty());
    if gateway.keys.binding.as_ref().is_some_and(empty) {
        faults.push((
            "the gateway has a binding key without certificate, or a certificate without key".to_owned(),
            "give both `binding_key` and `binding_certificate`, or neither".to_owned(),
        ));
    }
    officer_contradictions(&gateway.officers, &mut faults);
    if gateway.officer_trust.as_ref().is_some_and(half) {
        let what = "the officers have anchors without revocation lists, or lists without anchors".to_owned();
        faults.push((what, "give both `officer_anchor` and `officer_revocations`, or neither".to_owned()));
    }
    if gateway.officer_trust.is_none() && gateway.officers.iter().any(|officer| officer.certificate.is_some()) {
        let what = "an officer has a certificate, and nothing says under whose anchor".to_owned();
        faults.push((what, "give `officer_anchor` and `officer_revocations`, outside of `[[officer]]`".to_owned()));
    }
    if let Some(listen) = gateway.metrics.filter(|listen| listen.ip().is_unspecified()) {
        let what = format!("metrics would be answered on every network: `{listen}`");
        faults.push((what, "give a loopback address, such as \"127.0.0.1:9464\", or the one address that may ask".to_owned()));
    }
    for domain in &gateway.domains {
        if names.insert(&domain.name, ()).is_some() {
            faults.push((format!("two domains are called `{}`", domain.name), "give each domain its own name".to_owned()));
        }
        if domain.listen.port() != 0 && addresses.insert(domain.listen, ()).is_some() {
            faults.push((format!("two domains listen on `{}`", domain.listen), "give each domain its own address".to_owned()));
        }
        for peer in &domain.peers {
            if peers.insert(&peer.name, ()).is_some() {
                faults.push((format!("two peers are called `{}`", peer.name), "give each peer its own name, over all domains".to_owned()));
            }
        }
        domain_contradictions(domain, &mut faults);
    }
    faults
}

/// One person with two names, or two with one key, would be two persons for the two-person rule.
fn officer_contradictions(officers: &[Officer], faults: &mut Vec<(String, String)>) {
    let mut known: Vec<&Officer> = Vec::new();
    for officer in officers {
        if known.iter().any(|other| other.name == officer.name) {
            faults.push((format!("two officers are called `{}`", officer.name), "give each officer one entry, with all roles".to_owned()));
        }
        if officer.identity.is_some() && known.iter().any(|other| other.identity == officer.identity) {
            let what = format!("the officer `{}` has the identity of another", officer.name);
            faults.push((what, "give each officer a certificate of their own".to_owned()));
        }
        if officer.key.is_some() == officer.certificate.is_some() {
            let what = format!("the officer `{}` has both a key and a certificate, or neither", officer.name);
            faults.push((what, "give `key`, or `certificate` in its place".to_owned()));
        }
        if officer.certificate.is_some() && known.iter().any(|other| other.certificate == officer.certificate) {
            let what = format!("the officer `{}` has the certificate of another", officer.name);
            faults.push((what, "give each officer a certificate of their own".to_owned()));
        }
        if officer.key.is_some() && known.iter().any(|other| other.key == officer.key) {
            faults.push((format!("the officer `{}` has the key of another", officer.name), "give each officer a key of their own".to_owned()));
        }
        known.push(officer);
    }
    for role in ["author", "approver"] {
        if !officers.is_empty() && !officers.iter().any(|officer| officer.roles.contains(role)) {
            let what = format!("no officer is an {role}, so no edition could ever be put in force");
            faults.push((what, format!("add an officer with the role `{role}`, or remove all of them")));
        }
    }
}

/// Anchors without lists, or lists without anchors.
fn half(trust: &Trusted) -> bool {
    trust.revocations.is_empty() || trust.anchor.as_os_str().is_empty()
}

fn domain_contradictions(domain: &Domain, faults: &mut Vec<(String, String)>) {
    if domain.label_trust.as_ref().is_some_and(half) {
        faults.push((
            format!("the domain `{}` has label anchors without revocation lists, or lists without anchors", domain.name),
            "give both `label_anchor` and `label_revocations`, or neither".to_owned(),
        ));
    }
    let mut identities = BTreeMap::new();
    for peer in &domain.peers {
        if identities.insert(&peer.identity, ()).is_some() {
            faults.push((format!("two peers have the identity `{}`", peer.identity), "give each peer its own certificate".to_owned()));
        }
        if peer.address.is_some() && !check::is_dns_name(&peer.identity) {
            faults.push((
                format!("the gateway cannot dial the identity `{}`", peer.identity),
                "give a peer with an address a DNS name as identity".to_owned(),
            ));
        }
        if peer.limits.in_flight_bytes_max < peer.limits.body_bytes_max {
            faults.push((
                format!("peer `{}` may have fewer bytes in flight than one body may have", peer.name),
                "raise `in_flight_bytes_max`, or lower `body_bytes_max`".to_owned(),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAB: &str = include_str!("../../deploy/lab/gateway.toml");

    fn read(text: &str) -> Result<Gateway, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.toml");
        std::fs::write(&path, text).unwrap();
        match Gateway::read(&path) {
            Ok(mut gateway) => {
                gateway.rules = gateway.rules.strip_prefix(folder.path()).unwrap().to_path_buf();
                Ok(gateway)
            }
            Err(Unreadable::Faulty(complaints)) => Err(complaints.into_iter().map(|c| c.what).collect()),
            Err(Unreadable::Fault(fault)) => Err(vec![fault.what]),
        }
    }

    #[test]
    fn the_lab_is_readable_and_has_the_peers_of_the_design() {
        let lab = read(LAB).unwrap();
        assert_eq!(lab.home, "GBR");
        assert_eq!(lab.rules, Path::new("../../rules/five-eyes"));
        let peers = |at: usize| lab.domains[at].peers.iter().map(|p| p.name.to_string()).collect::<Vec<_>>();
        assert_eq!(peers(0), ["gbr-ops"]);
        assert_eq!(peers(1), ["usa-ops", "can-ops", "aus-ops", "nzl-ops", "nato-hq", "deu-ops", "guest-isac"]);
        assert!(lab.domains.iter().all(|domain| domain.listen.ip().is_loopback()));
        assert_eq!(lab.peer("deu-ops").unwrap().0.name.as_str(), "coalition");
    }

    #[test]
    fn limits_are_layered_from_table_over_file_and_domain_to_peer() {
        let text = LAB
            .replace("[limits]\n", "[limits]\nlinks_max = 7\nstreams_max = 9\n")
            .replace("name = \"gbr-ops\"\n", "name = \"gbr-ops\"\nlimits = { links_max = 3 }\n");
        let lab = read(&text).unwrap();
        let (domain, peer) = lab.peer("gbr-ops").unwrap();
        assert_eq!((domain.limits.links_max, domain.limits.streams_max), (7, 9));
        assert_eq!((peer.limits.links_max, peer.limits.streams_max), (3, 9));
        assert_eq!(peer.limits.body_bytes_max, Limits::default().body_bytes_max);
    }

    #[test]
    fn every_limit_of_the_table_reaches_its_field() {
        for key in keys::of(Section::Limits) {
            let keys::Kind::Whole { max, .. } = key.kind else { panic!("{}", key.name) };
            let given = BTreeMap::from([(key.name.to_owned(), max)]);
            assert_ne!(limits_of(&given), limits_default(), "{}", key.name);
        }
        assert!(!format!("{:?}", limits_default()).contains(": 0,"));
    }

    #[test]
    fn every_limit_of_the_console_reaches_its_field_and_a_file_can_say_it() {
        let limits: Vec<_> = keys::of(Section::Console).filter(|key| matches!(key.kind, keys::Kind::Whole { .. })).collect();
        assert_eq!(limits.len(), format!("{:?}", ConsoleLimits::default()).matches(": ").count());
        for key in limits {
            let keys::Kind::Whole { min, max } = key.kind else { panic!("{}", key.name) };
            let given = BTreeMap::from([(key.name.to_owned(), max)]);
            assert_ne!(console_limits(&given), ConsoleLimits::default(), "{}", key.name);
            let text = LAB.replacen("banner = ", &format!("{} = {min}\nbanner = ", key.name), 1);
            let said = read(&text).unwrap().console.unwrap().limits;
            assert_eq!(said, console_limits(&BTreeMap::from([(key.name.to_owned(), min)])), "{}", key.name);
            let text = LAB.replacen("banner = ", &format!("{} = 0\nbanner = ", key.name), 1);
            assert_eq!(read(&text).unwrap_err(), [format!("`{}` has a value that does not fit", key.name)]);
        }
        assert!(!format!("{:?}", ConsoleLimits::default()).contains(": 0,"));
    }

    #[test]
    fn contradictions_between_keys_are_refused() {
        for (from, to, expected) in [
            ("name = \"can-ops\"", "name = \"usa-ops\"", "two peers are called `usa-ops`"),
            ("identity = \"can-ops.coalition.lab\"", "identity = \"usa-ops.coalition.lab\"", "two peers have the identity `usa-ops.coalition.lab`"),
            ("name = \"national\"", "name = \"coalition\"", "two domains are called `coalition`"),
            (
                "identity = \"gbr-ops.national.lab\"",
                "identity = \"urn:gbr\"\naddress = \"127.0.0.1:9\"",
                "the gateway cannot dial the identity `urn:gbr`",
            ),
            (
                "quarantine = \"state/keys/quarantine.key\"",
                "quarantine = \"state/keys/quarantine.key\"\nbinding_key = \"binding.key\"",
                "the gateway has a binding key without certificate, or a certificate without key",
            ),
            (
                "name = \"coalition\"",
                "name = \"coalition\"\nlabel_revocations = [\"revoked.pem\"]",
                "the domain `coalition` has label anchors without revocation lists, or lists without anchors",
            ),
            (
                "[limits]\n",
                "[[officer]]\nname = \"a\"\nkey = \"k\"\nroles = [\"author\", \"approver\"]\n[[officer]]\nname = \"a\"\nkey = \"l\"\nroles = [\"auditor\"]\n[limits]\n",
                "two officers are called `a`",
            ),
            (
                "[limits]\n",
                "[[officer]]\nname = \"a\"\nkey = \"k\"\nroles = [\"author\", \"approver\"]\n[[officer]]\nname = \"b\"\nkey = \"k\"\nroles = [\"auditor\"]\n[limits]\n",
                "the officer `b` has the key of another",
            ),
            (
                "[limits]\n",
                "[[officer]]\nname = \"a\"\nroles = [\"author\", \"approver\"]\n[limits]\n",
                "the officer `a` has both a key and a certificate, or neither",
            ),
            (
                "[limits]\n",
                "[[officer]]\nname = \"a\"\nkey = \"k\"\ncertificate = \"a.pem\"\nroles = [\"author\", \"approver\"]\n[limits]\n",
                "the officer `a` has both a key and a certificate, or neither",
            ),
            (
                "[limits]\n",
                "[[officer]]\nname = \"a\"\ncertificate = \"a.pem\"\nroles = [\"author\", \"approver\"]\n[limits]\n",
                "an officer has a certificate, and nothing says under whose anchor",
            ),
            (
                "[limits]\n",
                "[[officer]]\nname = \"a\"\ncertificate = \"a.pem\"\nroles = [\"author\"]\n[[officer]]\nname = \"b\"\ncertificate = \"a.pem\"\nroles = [\"approver\"]\n[limits]\n",
                "the officer `b` has the certificate of another",
            ),
            (
                "[limits]\n",
                "[[officer]]\nname = \"a\"\nkey = \"k\"\nroles = [\"author\"]\n[limits]\n",
                "no officer is an approver, so no edition could ever be put in force",
            ),
            ("[limits]\n", "[limits]\nin_flight_bytes_max = 1024\n", "peer `gbr-ops` may have fewer bytes in flight than one body may have"),
        ] {
            assert!(LAB.contains(from), "{from}");
            let faults = read(&LAB.replacen(from, to, 1)).unwrap_err();
            assert_eq!(faults[0], expected);
        }
    }

    #[test]
    fn a_complaint_points_at_the_word() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.toml");
        let text = LAB.replacen("name = \"can-ops\"", "name = \"usa-ops\"", 1);
        std::fs::write(&path, &text).unwrap();
        let Err(Unreadable::Faulty(complaints)) = Gateway::read(&path) else { panic!("expected complaints") };
        assert_eq!(text.get(complaints[0].at.clone().unwrap()).unwrap(), "\"usa-ops\"");
    }

    #[test]
    fn an_absent_file_is_a_fault_of_the_surroundings() {
        assert!(matches!(Gateway::read(Path::new("nowhere/gateway.toml")), Err(Unreadable::Fault(_))));
    }

    #[test]
    fn a_peer_file_gives_a_domain_whose_only_peer_is_the_gateway() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usa-ops.toml");
        let readme = include_str!("../../deploy/lab/README.md");
        let text = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        std::fs::write(&path, text).unwrap();
        let remote = Remote::read(&path).unwrap();
        assert_eq!(remote.domain.peers[0].address, Some(SocketAddr::from(([127, 0, 0, 1], 4472))));
        assert_eq!(remote.domain.identity.key, folder.path().join("state/pki/coalition/usa-ops.key"));
        assert!(remote.domain.listen.ip().is_unspecified());
    }
}
