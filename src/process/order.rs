//! What the supervisor says to the processes that it started, and they to it, over their standard input.
//!
//! A process is given everything it needs before its walls close: the text of the configuration, rule files, certificates, and the keys of its own
//! hops and of no other. It opens nothing that another role may not see.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use zeroize::Zeroize;

use super::keys::Doors;
use super::seeds::{Office, Seed};
use crate::base::{Digest, Fault, Name};
use crate::control::Credentials;
use crate::hop::HopKey;
use crate::journal::Event;
use crate::policy::SourceFile;

/// What the supervisor says.
#[derive(Debug, Encode, Decode)]
pub(super) enum Order {
    /// What a process is, and everything that it is given. The first word, and said once.
    #[n(0)]
    Begin(#[n(0)] Setup),
    /// To the keeper: whoever brings this token is this process.
    #[n(1)]
    Expect {
        /// The token.
        #[cbor(n(0), with = "minicbor::bytes")]
        token: [u8; 32],
        /// What the process is.
        #[n(1)]
        post: Post,
        /// The edition under which it works.
        #[cbor(n(2), with = "crate::base::encoding::word")]
        edition: Digest,
    },
    /// To keeper, doors and desk: the configuration has changed.
    #[n(2)]
    Renew(#[n(0)] Renewal),
    /// To end in order.
    #[n(3)]
    Stop,
    /// To say that it lives.
    #[n(4)]
    Ping {
        /// What the answer is to name.
        #[n(0)]
        number: u64,
    },
    /// To the desk: the processes as they are.
    #[n(5)]
    Processes {
        /// One line of JSON for each.
        #[n(0)]
        lines: Vec<String>,
    },
    /// To the keeper: who brought this token gets nothing more, and is let go when it has answered what it was given.
    #[n(6)]
    Release {
        /// The token.
        #[cbor(n(0), with = "minicbor::bytes")]
        token: [u8; 32],
    },
    /// To the keeper: workers of another edition are about to come.
    #[n(7)]
    Prepare {
        /// The edition.
        #[n(0)]
        rules: Vec<File>,
        /// What decisions are to call it.
        #[n(1)]
        title: String,
    },
    /// To the keeper: to record what officers did; an edition that was made ready then gets all work.
    #[n(8)]
    Record {
        /// The acts.
        #[n(0)]
        acts: Vec<Event>,
        /// The edition that gets all work from here on; none where it stays.
        #[cbor(n(1), with = "crate::base::encoding::maybe")]
        change: Option<Digest>,
    },
    /// To the desk: what the supervisor has read of files for people, as JSON.
    #[n(11)]
    Papers {
        /// `control::papers::Papers`.
        #[n(0)]
        line: String,
    },
    /// To the keeper: to take in nothing new, and to say when nothing is under way.
    #[n(10)]
    Drain,
    /// To the desk: what became of what officers signed, as JSON.
    #[n(9)]
    Answer {
        /// Which question.
        #[n(0)]
        number: u64,
        /// A response of the control socket.
        #[n(1)]
        line: String,
    },
}

/// What a process says.
#[derive(Debug, Encode, Decode)]
pub(super) enum Word {
    /// Its walls are closed, and it works.
    #[n(0)]
    Ready {
        /// Its walls, as JSON; nothing where it has none.
        #[n(0)]
        walls: Option<String>,
        /// Where it listens.
        #[n(1)]
        listens: Option<String>,
    },
    /// It lives.
    #[n(1)]
    Pong {
        /// Which question.
        #[n(0)]
        number: u64,
    },
    /// The keeper has decided what an earlier run left undecided.
    #[n(2)]
    Recovered,
    /// What became of a renewal.
    #[n(3)]
    Renewed {
        /// Why it was refused.
        #[n(0)]
        refused: Option<String>,
    },
    /// It cannot go on.
    #[n(4)]
    Failed {
        /// Why.
        #[n(0)]
        why: String,
        /// At what.
        #[n(1)]
        failing: Failing,
    },
    /// The desk was asked to do what officers have signed.
    #[n(5)]
    Asked {
        /// What the answer is to name.
        #[n(0)]
        number: u64,
        /// The act, as JSON.
        #[n(1)]
        line: String,
    },
}

/// What a process could not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(super) enum Failing {
    /// Close its walls: the host, or what it is granted, must change before it can.
    #[n(0)]
    Walls,
    /// Anything else.
    #[n(1)]
    Work,
}

/// What the keeper is to take a process for.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(super) enum Post {
    /// The door of a domain.
    #[n(0)]
    Door {
        /// The domain.
        #[cbor(n(0), with = "crate::base::encoding::word")]
        domain: Name,
    },
    /// An inspector.
    #[n(1)]
    Inspector {
        /// Whether it is kept for what is urgent.
        #[n(0)]
        urgent: bool,
    },
    /// The verifier.
    #[n(2)]
    Verifier,
    /// The desk.
    #[n(3)]
    Desk,
}

/// Whether a process closes its walls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(super) enum Confinement {
    /// It does, or it does not start.
    #[n(0)]
    Full,
    /// It does not: for development.
    #[n(1)]
    Off,
}

/// What a process is given.
#[derive(Debug, Encode, Decode)]
pub(super) struct Setup {
    /// Where the configuration stands, for paths in it.
    #[n(0)]
    pub(super) path: String,
    /// Its text.
    #[n(1)]
    pub(super) text: String,
    /// Whether it closes its walls.
    #[n(2)]
    pub(super) confinement: Confinement,
    /// Where the keeper's socket is.
    #[n(3)]
    pub(super) socket: String,
    /// What it shows the keeper.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub(super) token: [u8; 32],
    /// What is for its role alone.
    #[n(5)]
    pub(super) part: Part,
}

/// What is for one role alone.
#[derive(Debug, Encode, Decode)]
pub(super) enum Part {
    /// The keeper reads its own keys: they are of what it keeps.
    #[n(0)]
    Keeper {
        /// The edition.
        #[n(0)]
        rules: Vec<File>,
        /// What decisions are to call it.
        #[n(1)]
        title: String,
        /// What puts it in force, where the journal does not say so yet.
        #[n(2)]
        founding: Vec<Event>,
        /// Known items; nothing where there are none.
        #[n(3)]
        office: Option<OfficeGiven>,
        /// The certificates of officers.
        #[n(4)]
        credentials: CredentialsGiven,
    },
    /// A door.
    #[n(1)]
    Door {
        /// The domain.
        #[cbor(n(0), with = "crate::base::encoding::word")]
        domain: Name,
        /// Certificates and keys.
        #[n(1)]
        own: Pems,
        /// Keys of its hops.
        #[n(2)]
        keys: DoorRing,
    },
    /// An inspector.
    #[n(2)]
    Inspector {
        /// Whether it is kept for what is urgent.
        #[n(0)]
        urgent: bool,
        /// The edition.
        #[n(1)]
        rules: Vec<File>,
        /// The key of pseudonyms.
        #[n(2)]
        pseudonym: Secret,
        /// Keys of what doors say.
        #[n(3)]
        doors: Ring,
        /// The key of what it proposes.
        #[n(4)]
        verifier: Secret,
        /// The key of what the office says.
        #[n(5)]
        office: Secret,
    },
    /// The verifier.
    #[n(3)]
    Verifier {
        /// The edition.
        #[n(0)]
        rules: Vec<File>,
        /// Keys of what doors say.
        #[n(1)]
        doors: Ring,
        /// Keys of what it permits.
        #[n(2)]
        permits: Ring,
        /// The key of what inspectors propose.
        #[n(3)]
        inspector: Secret,
    },
    /// The desk.
    #[n(4)]
    Desk,
}

/// A changed configuration.
#[derive(Debug, Clone, Encode, Decode)]
pub(super) struct Renewal {
    /// Where it stands.
    #[n(0)]
    pub(super) path: String,
    /// Its text.
    #[n(1)]
    pub(super) text: String,
    /// For a door: its certificates, lists and keys.
    #[n(2)]
    pub(super) door: Option<Renewed>,
    /// For a desk with a console: its certificate, key and lists.
    #[n(3)]
    pub(super) console: Option<Pems>,
    /// For the keeper: known items; nothing where there are none.
    #[n(4)]
    pub(super) office: Option<OfficeGiven>,
    /// For the keeper: the certificates of officers.
    #[n(5)]
    pub(super) credentials: Option<CredentialsGiven>,
}

/// The certificates of officers, on their way to the keeper.
#[derive(Debug, Clone, Encode, Decode)]
pub(super) struct CredentialsGiven {
    /// Their anchors (PEM).
    #[n(0)]
    anchors: ByteVec,
    /// Revocation lists (PEM).
    #[n(1)]
    revocations: ByteVec,
    /// Officers by name, with their certificates (PEM).
    #[n(2)]
    certificates: Vec<(String, ByteVec)>,
}

impl CredentialsGiven {
    pub(super) fn of(given: Credentials) -> Self {
        let certificates = given.certificates.into_iter().map(|(name, pem)| (name.to_string(), pem.into())).collect();
        Self { anchors: given.anchors.into(), revocations: given.revocations.into(), certificates }
    }

    pub(super) fn taken(self) -> Credentials {
        let certificates = self.certificates.into_iter().filter_map(|(name, pem)| Some((Name::new(&name)?, pem.into()))).collect();
        Credentials { anchors: self.anchors.into(), revocations: self.revocations.into(), certificates }
    }
}

/// What the keeper is given of the office.
#[derive(Debug, Clone, Encode, Decode)]
pub(super) struct OfficeGiven {
    #[n(0)]
    key: Secret,
    #[n(1)]
    seeds: Vec<Seed>,
}

impl OfficeGiven {
    pub(super) fn of(office: Office) -> Self {
        Self { key: Secret::of(&office.key), seeds: office.seeds }
    }

    /// The office.
    ///
    /// # Errors
    /// Where its key is none.
    pub(super) fn office(&self) -> Result<Office, Fault> {
        Ok(Office { key: self.key.key()?, seeds: self.seeds.clone() })
    }
}

/// What a door is given anew.
#[derive(Debug, Clone, Encode, Decode)]
pub(super) struct Renewed {
    /// Certificates and keys.
    #[n(0)]
    pub(super) own: Pems,
    /// Keys of its hops.
    #[n(1)]
    pub(super) keys: DoorRing,
}

/// A rule file.
#[derive(Debug, Clone, Encode, Decode)]
pub(super) struct File {
    /// Path below the rule set's folder.
    #[n(0)]
    path: String,
    /// Text.
    #[n(1)]
    text: String,
}

/// Rule files, as they are sent.
pub(super) fn sent(files: &[SourceFile]) -> Vec<File> {
    files.iter().map(|file| File { path: file.path.to_string(), text: file.text.to_string() }).collect()
}

/// Rule files, as they are read.
pub(super) fn taken(files: Vec<File>) -> Vec<SourceFile> {
    files.into_iter().map(|file| SourceFile { path: file.path.into(), text: file.text.into() }).collect()
}

/// Bytes that are wiped when they are let go.
#[derive(Clone, Encode, Decode)]
pub(super) struct Secret(#[n(0)] ByteVec);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec().into())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn of(key: &HopKey) -> Self {
        Self::new(key.bytes())
    }

    /// The key of a hop.
    ///
    /// # Errors
    /// Where it is not one.
    pub(super) fn key(&self) -> Result<HopKey, Fault> {
        <[u8; 32]>::try_from(self.bytes()).map(HopKey::from_bytes).map_err(|_| Fault::new("a key of a hop has not 32 bytes"))
    }
}

/// Keys of hops by peer.
#[derive(Debug, Clone, Encode, Decode)]
pub(super) struct Ring(#[n(0)] Vec<(String, Secret)>);

impl Ring {
    pub(super) fn of(doors: &Doors) -> Self {
        Self(doors.iter().map(|(peer, key)| (peer.to_string(), Secret::of(key))).collect())
    }

    /// The keys.
    ///
    /// # Errors
    /// Where one is none.
    pub(super) fn doors(&self) -> Result<Doors, Fault> {
        let one = |(peer, key): &(String, Secret)| {
            let name = Name::new(peer).ok_or_else(|| Fault::new("a key of a hop is for no name"))?;
            Ok((name, key.key()?))
        };
        self.0.iter().map(one).collect()
    }
}

/// The keys of a door.
#[derive(Debug, Clone, Encode, Decode)]
pub(super) struct DoorRing {
    /// What it says to inspectors.
    #[n(0)]
    pub(super) inspector: Ring,
    /// What it says to the verifier.
    #[n(1)]
    pub(super) verifier: Ring,
    /// What the verifier says to it.
    #[n(2)]
    pub(super) permits: Ring,
}

/// Certificates and keys of a domain, as their files hold them.
#[derive(Debug, Clone, Encode, Decode)]
pub(super) struct Pems {
    /// The domain's anchor.
    #[n(0)]
    pub(super) anchor: ByteVec,
    /// Our chain.
    #[n(1)]
    pub(super) certificate: ByteVec,
    /// Its key.
    #[n(2)]
    pub(super) key: Secret,
    /// Revocation lists.
    #[n(3)]
    pub(super) revocations: Vec<ByteVec>,
}
