//! What operators write: the gateway's file and a peer's file, read into plain data with every default filled in.
//!
//! Takes a TOML file, gives a [`Gateway`] or a [`Remote`], or all faults of the file at once, each with place and remedy.
//! The single source of keys, units, defaults, ranges and explanations is the table [`keys::KEYS`].
//! Absent on purpose: clearances, nations and communities of peers. They are rules, and rules are the officer's.

pub mod check;
pub mod keys;
pub mod read;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::base::{Complaint, Fault, Name};

/// Why a file gave no configuration.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The file could not be read at all.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The file is at fault: everything that is wrong with it.
    #[error("{}", .0.first().map_or("the configuration is faulty", |complaint| complaint.what.as_str()))]
    Faulty(Vec<Complaint>),
}

/// A gateway as its operator describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// The home nation (trigraph) or organisation.
    pub home: String,
    /// Folder of the rule set.
    pub rules: PathBuf,
    /// Folder of the journal.
    pub journal: PathBuf,
    /// Inspectors that work in parallel.
    pub inspectors: u16,
    /// Messages that are accepted and not yet decided, at most; beyond it peers are told `busy`.
    pub undecided_messages_max: u32,
    /// How far a message's time sent may lie from the gateway's clock, in seconds, either way.
    pub clock_seconds_max: u32,
    /// Writable memory that one process may claim behind its walls, in MiB.
    pub process_memory_mib_max: u32,
    /// How long an inspector or the verifier may take for one message, in milliseconds.
    pub work_ms_max: u32,
    /// Whether the processes close their walls.
    pub confinement: Confinement,
    /// How long an emergency edition may be in force, in hours.
    pub emergency_hours_max: u32,
    /// Whether an edition's invariants are proved before it comes into force.
    pub prove: Proving,
    /// The solver that proves them: its path, or its name where the environment finds it.
    pub solver: PathBuf,
    /// Whose signatures put editions in force; nobody's where the folder of the rule set is in force as it is.
    pub officers: Vec<Officer>,
    /// Anchors and revocation lists of the officers' certificates; `None` where every officer has a bare key.
    pub officer_trust: Option<Trusted>,
    /// The folder of editions that wait to be signed; `None` where the console shows none.
    pub waiting: Option<PathBuf>,
    /// The web console; `None` where there is none.
    pub console: Option<Console>,
    /// Where health and metrics are answered; `None` where nobody listens.
    pub metrics: Option<SocketAddr>,
    /// Known items among what reviewers see; `None` where there are none.
    pub review: Option<Review>,
    /// Key files.
    pub keys: Keys,
    /// The networks that the gateway touches; two at least.
    pub domains: Vec<Domain>,
}

impl Gateway {
    /// Reads a gateway's file. Paths in it are relative to its folder.
    ///
    /// # Errors
    /// [`Unreadable`]: the file cannot be read, or all faults of its content.
    pub fn read(path: &std::path::Path) -> Result<Self, Unreadable> {
        read::gateway(path)
    }

    /// Reads a gateway's file whose text is at hand. Paths in it are relative to the folder of `path`.
    ///
    /// # Errors
    /// [`Unreadable`]: all faults of its content.
    pub fn of_text(path: &std::path::Path, text: &str) -> Result<Self, Unreadable> {
        read::gateway_text(path, text.to_owned())
    }

    /// The domain of a peer, and the peer.
    #[must_use]
    pub fn peer(&self, name: &str) -> Option<(&Domain, &Peer)> {
        self.domains.iter().find_map(|domain| domain.peers.iter().find(|peer| peer.name.as_str() == name).map(|peer| (domain, peer)))
    }
}

/// Whether the processes of a gateway close their walls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confinement {
    /// A process that cannot close its walls does not start.
    Full,
    /// No process closes its walls: for development only.
    Off,
}

/// Whether invariants are proved before an edition comes into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proving {
    /// An edition whose invariants are not proved does not come into force; so it is where nothing is said.
    Always,
    /// Editions come into force with invariants that nobody has proved; said loudly.
    Never,
}

/// A person whose signatures count.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    /// Name, as in the signatures.
    pub name: Name,
    /// The public key, `name+hash+key`; `None` where the certificate has it.
    #[serde(default)]
    pub key: Option<String>,
    /// The certificate whose key signs, with what is between it and the anchor (PEM); `None` where `key` is given.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// What the officer may do: words of [`keys::ROLES`].
    pub roles: std::collections::BTreeSet<String>,
    /// The name in the officer's certificate for the console; `None` where the officer does not enter it.
    #[serde(default)]
    pub identity: Option<String>,
}

/// The web console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Console {
    /// Where browsers connect (TCP).
    pub listen: SocketAddr,
    /// Certificate and trust of the console.
    pub identity: Own,
    /// The highest classification that it may show.
    pub banner: String,
    /// What it bears.
    pub limits: ConsoleLimits,
}

/// Limits of the console. What each is for, its unit and its range stand in [`keys::KEYS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the table `KEYS` documents each of them, and a test holds both together")]
pub struct ConsoleLimits {
    pub connections_max: u32,
    pub connections_of_one_max: u32,
    pub handshakes_max: u32,
    pub handshake_ms_max: u32,
    pub head_ms_max: u32,
    pub head_bytes_max: u32,
    pub head_lines_max: u32,
    pub form_ms_max: u32,
    pub requests_per_second_max: u32,
    pub requests_burst_max: u32,
    pub connection_minutes_max: u32,
}

impl Default for ConsoleLimits {
    fn default() -> Self {
        read::console_limits(&std::collections::BTreeMap::new())
    }
}

impl ConsoleLimits {
    /// Time for a handshake.
    #[must_use]
    pub fn handshake(&self) -> Duration {
        Duration::from_millis(self.handshake_ms_max.into())
    }

    /// Time for the head of a request.
    #[must_use]
    pub fn head(&self) -> Duration {
        Duration::from_millis(self.head_ms_max.into())
    }

    /// Time for a form to arrive.
    #[must_use]
    pub fn form(&self) -> Duration {
        Duration::from_millis(self.form_ms_max.into())
    }

    /// Life of a connection.
    #[must_use]
    pub fn connection(&self) -> Duration {
        Duration::from_secs(u64::from(self.connection_minutes_max).saturating_mul(60))
    }
}

/// Known items among what reviewers see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Their folder.
    pub seeds: PathBuf,
    /// One for so many held messages, on average; 0 for none.
    pub seed_one_in: u32,
    /// Undecided at once, at most.
    pub seeds_open_max: u32,
    /// Seconds after the held message that draws one, at most.
    pub seed_delay_seconds_max: u32,
}

/// Key files of a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Key of pseudonyms.
    pub pseudonym: PathBuf,
    /// Key that signs checkpoints of the journal.
    pub audit: PathBuf,
    /// Key that encrypts held bodies.
    pub quarantine: PathBuf,
    /// Secret of the seals between the processes.
    pub hops: PathBuf,
    /// What binds labels for recipients that get them bound; `None` where the gateway binds none.
    pub binding: Option<Binding>,
}

/// Files of the key that binds labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The key (PEM, PKCS #8).
    pub key: PathBuf,
    /// Its certificate, and the authorities above it (PEM).
    pub certificate: PathBuf,
}

/// A network that the gateway touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Name.
    pub name: Name,
    /// Where links are accepted (UDP).
    pub listen: SocketAddr,
    /// Certificate and trust in this domain.
    pub identity: Own,
    /// Whose signatures on labels count; `None` where the domain has no such signers.
    pub label_trust: Option<Trusted>,
    /// Peers.
    pub peers: Vec<Peer>,
    /// Limits of the domain, and of its peers unless they have their own.
    pub limits: Limits,
}

/// Files by which this side proves itself, and against which it holds the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// The domain's trust anchor (PEM).
    pub anchor: PathBuf,
    /// Our certificate in this domain, followed by intermediate ones (PEM).
    pub certificate: PathBuf,
    /// Its key (PEM, PKCS #8).
    pub key: PathBuf,
    /// Revocation lists (PEM), one for each issuer.
    pub revocations: Vec<PathBuf>,
}

/// Files against which signatures on labels are held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// The anchors (PEM).
    pub anchor: PathBuf,
    /// Their revocation lists (PEM), one for each issuer.
    pub revocations: Vec<PathBuf>,
}

/// A system that may link to the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Name, as in the rule set.
    pub name: Name,
    /// The one subject alternative name of its certificate: a DNS name, or a URI.
    pub identity: String,
    /// Where the gateway dials it; `None` where the peer dials the gateway.
    pub address: Option<SocketAddr>,
    /// What deliveries to it are addressed to, where it is a gateway; empty for its own name.
    pub onward: Vec<Name>,
    /// Its limits.
    pub limits: Limits,
}

/// Limits of links. What each is for, its unit and its range stand in [`keys::KEYS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the table `KEYS` documents each of them, and a test holds both together")]
pub struct Limits {
    pub body_bytes_max: u32,
    pub header_bytes_max: u32,
    pub in_flight_bytes_max: u32,
    pub streams_max: u32,
    pub links_max: u32,
    pub messages_per_second_max: u32,
    pub resets_per_second_max: u32,
    pub handshakes_per_second_max: u32,
    pub message_ms_max: u32,
    pub receipt_ms_max: u32,
    pub handshake_ms_max: u32,
    pub idle_ms_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        read::limits_default()
    }
}

impl Limits {
    /// Time for a whole message.
    #[must_use]
    pub fn message(&self) -> Duration {
        Duration::from_millis(self.message_ms_max.into())
    }

    /// Time that a receipt may take.
    #[must_use]
    pub fn receipt(&self) -> Duration {
        Duration::from_millis(self.receipt_ms_max.into())
    }

    /// Time for handshake and hello.
    #[must_use]
    pub fn handshake(&self) -> Duration {
        Duration::from_millis(self.handshake_ms_max.into())
    }

    /// Time without any packet after which a link is dead.
    #[must_use]
    pub fn idle(&self) -> Duration {
        Duration::from_millis(self.idle_ms_max.into())
    }
}

/// A peer's side, for `vestibule send` and `vestibule receive`: one gateway, dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// The peer's own name.
    pub name: Name,
    /// The peer's network with the gateway as its only peer: a door is opened on it as on a gateway's domain.
    pub domain: Domain,
}

impl Remote {
    /// Reads a peer's file. Paths in it are relative to its folder.
    ///
    /// # Errors
    /// [`Unreadable`]: the file cannot be read, or all faults of its content.
    pub fn read(path: &std::path::Path) -> Result<Self, Unreadable> {
        read::remote(path)
    }

    /// The name under which the door knows the gateway.
    pub const GATEWAY: &'static str = "gateway";
}
