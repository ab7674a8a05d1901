//! The table of configuration keys: the single source of defaults, checks and the reference in the manual.
//!
//! A new key is one row here and one field in `read.rs`; a row without field, or a field without row, fails a test.

/// The table of the file that a key stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The top of a gateway's file.
    Gateway,
    /// `[keys]` of a gateway's file.
    Keys,
    /// `[limits]` of the file, `[domain.limits]` of a domain, `[domain.peer.limits]` of a peer.
    Limits,
    /// `[[domain]]`.
    Domain,
    /// `[[domain.peer]]`.
    Peer,
    /// `[[officer]]`.
    Officer,
    /// `[console]`.
    Console,
    /// `[metrics]`.
    Metrics,
    /// `[review]`.
    Review,
    /// The top of a peer's own file, for `send` and `receive`.
    Remote,
}

impl Section {
    /// The heading in the file, for people.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Gateway => "the gateway's file",
            Self::Keys => "`[keys]`",
            Self::Limits => "`[limits]`",
            Self::Domain => "`[[domain]]`",
            Self::Peer => "`[[domain.peer]]`",
            Self::Officer => "`[[officer]]`",
            Self::Console => "`[console]`",
            Self::Metrics => "`[metrics]`",
            Self::Review => "`[review]`",
            Self::Remote => "the peer's file",
        }
    }
}

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number within bounds, inclusive.
    Whole {
        /// Smallest.
        min: u32,
        /// Greatest.
        max: u32,
    },
    /// Text without control characters.
    Text,
    /// 1 to 64 of `a-z A-Z 0-9 . _ / + -`.
    Name,
    /// A path, relative to the file.
    Path,
    /// A list of paths with at least one.
    Paths,
    /// A list of names with at least one.
    Names,
    /// `address:port`.
    Address,
    /// A DNS name or a URI.
    Identity,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of these words with at least one.
    Words(&'static [&'static str]),
    /// A table with the keys of another section.
    Table(Section),
    /// A list of tables with the keys of another section, at least one.
    Tables(Section),
}

impl Kind {
    /// What is expected, for people.
    #[must_use]
    pub fn expected(self) -> String {
        match self {
            Self::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Self::Text => "text in quotes".to_owned(),
            Self::Name => "a name in quotes: 1 to 64 of `a-z A-Z 0-9 . _ / + -`".to_owned(),
            Self::Path => "a path in quotes".to_owned(),
            Self::Paths => "a list of paths, such as [\"a.pem\"]".to_owned(),
            Self::Names => "a list of names, such as [\"usa-ops\"]".to_owned(),
            Self::Address => "an address and port in quotes, such as \"127.0.0.1:4433\"".to_owned(),
            Self::Identity => "a DNS name such as \"ops.example.lab\", or a URI, in quotes".to_owned(),
            Self::Word(words) => format!("one of \"{}\"", words.join("\", \"")),
            Self::Words(words) => format!("a list of one or more of \"{}\"", words.join("\", \"")),
            Self::Table(section) => format!("a table {}", section.heading()),
            Self::Tables(section) => format!("one or more tables {}", section.heading()),
        }
    }
}

/// Whether a key may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It must be there.
    Required,
    /// It may be left out, and then nothing stands for it.
    Optional,
    /// It may be left out, and then this number stands for it.
    Default(u32),
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Where it stands.
    pub section: Section,
    /// Its name.
    pub name: &'static str,
    /// What its value must be.
    pub kind: Kind,
    /// Unit of its value; empty where it has none.
    pub unit: &'static str,
    /// Whether it may be left out.
    pub presence: Presence,
    /// What it is, and why its default is what it is.
    pub sentence: &'static str,
}

const fn row(section: Section, name: &'static str, kind: Kind, presence: Presence, sentence: &'static str) -> Key {
    Key { section, name, kind, unit: "", presence, sentence }
}

const fn number(section: Section, name: &'static str, unit: &'static str, default: u32, min: u32, max: u32, sentence: &'static str) -> Key {
    Key { section, name, kind: Kind::Whole { min, max }, unit, presence: Presence::Default(default), sentence }
}

use Presence::{Optional, Required};
use Section::{Console, Domain, Gateway, Keys, Limits, Metrics, Officer, Peer, Remote, Review};

/// What officers may do, as the configuration spells it.
pub const ROLES: &[&str] = &["viewer", "author", "approver", "reviewer", "operator", "auditor"];

/// All keys.
pub const KEYS: &[Key] = &[
    row(Gateway, "home", Kind::Text, Required, "the home nation (trigraph) or organisation"),
    row(Gateway, "rules", Kind::Path, Required, "folder of the rule set"),
    row(Gateway, "journal", Kind::Path, Required, "folder of the journal: every event, the outbox, the quarantine"),
    number(
        Gateway,
        "inspectors",
        "threads",
        2,
        1,
        256,
        "inspectors that work in parallel; one for each core is enough, because an inspection never waits",
    ),
    number(
        Gateway,
        "undecided_messages_max",
        "messages",
        100_000,
        1,
        10_000_000,
        "messages accepted and not yet decided, at most; beyond it peers are told `busy`, so that a queue cannot eat the disk",
    ),
    number(
        Gateway,
        "clock_seconds_max",
        "seconds",
        300,
        1,
        86_400,
        "how far a message's time sent may lie from the gateway's clock, either way; five minutes is what unsynchronised machines keep",
    ),
    number(
        Gateway,
        "process_memory_mib_max",
        "MiB",
        4096,
        16,
        1_048_576,
        "writable memory that one process may claim behind its walls; a process holds 10 to 70 MiB, bodies and rule sets at their limits need more",
    ),
    number(
        Gateway,
        "work_ms_max",
        "milliseconds",
        20_000,
        100,
        600_000,
        "how long an inspector or the verifier may take for one message before it is let go and another is asked; some hundred times what the largest takes",
    ),
    row(
        Gateway,
        "confinement",
        Kind::Word(&["full", "off"]),
        Optional,
        "whether the processes close their walls, as they do where nothing is said; `off` is for development, and is logged loudly",
    ),
    number(
        Gateway,
        "emergency_hours_max",
        "hours",
        24,
        1,
        168,
        "how long an emergency edition may be in force; a day is long enough to sign a plain one",
    ),
    row(
        Gateway,
        "prove",
        Kind::Word(&["always", "never"]),
        Optional,
        "whether the invariants of an edition are proved before it comes into force, as they are where nothing is said; `never` is logged loudly",
    ),
    row(Gateway, "solver", Kind::Path, Optional, "the solver cvc5 that proves them; where nothing is said it is found by its name"),
    row(
        Gateway,
        "officer",
        Kind::Tables(Officer),
        Optional,
        "people whose signatures put editions in force; without them the folder `rules` is in force as it is, which is logged loudly",
    ),
    row(
        Gateway,
        "officer_anchor",
        Kind::Path,
        Optional,
        "trust anchors of officers' certificates that sign (PEM); needed where an officer has a `certificate`",
    ),
    row(Gateway, "officer_revocations", Kind::Paths, Optional, "their revocation lists (PEM), one for each issuer; needed with `officer_anchor`"),
    row(
        Gateway,
        "waiting",
        Kind::Path,
        Optional,
        "folder with a folder for each edition that waits to be signed; the console shows them beside the one in force; without it, it shows none",
    ),
    row(Gateway, "console", Kind::Table(Console), Optional, "the web console; without it, or where no officer has an `identity`, nobody listens"),
    row(Gateway, "metrics", Kind::Table(Metrics), Optional, "health and metrics over HTTP; without it nobody listens"),
    row(Gateway, "review", Kind::Table(Review), Optional, "known items among what reviewers see; without it there are none"),
    row(Gateway, "keys", Kind::Table(Keys), Required, "key files"),
    row(Gateway, "limits", Kind::Table(Limits), Optional, "limits of all links unless a domain or a peer has its own"),
    row(Gateway, "domain", Kind::Tables(Domain), Required, "the networks that the gateway touches"),
    row(Keys, "pseudonym", Kind::Path, Required, "key of pseudonyms: whoever holds it can link pseudonyms to names"),
    row(Keys, "audit", Kind::Path, Required, "key that signs checkpoints of the journal"),
    row(Keys, "quarantine", Kind::Path, Required, "key that encrypts held bodies"),
    row(
        Keys,
        "hops",
        Kind::Path,
        Required,
        "secret of the seals between the processes: with another one, what waits in the journal is no longer believed",
    ),
    row(
        Keys,
        "binding_key",
        Kind::Path,
        Optional,
        "key that binds labels for peers with `bind` in the rule set (PEM, PKCS #8; RSA or Ed25519, whose signatures are the same each time)",
    ),
    row(
        Keys,
        "binding_certificate",
        Kind::Path,
        Optional,
        "its certificate and the authorities above it (PEM); given with `binding_key`, and only with it",
    ),
    row(Domain, "name", Kind::Name, Required, "name of the domain"),
    row(Domain, "listen", Kind::Address, Required, "where links are accepted (UDP)"),
    row(Domain, "anchor", Kind::Path, Required, "the domain's trust anchor (PEM)"),
    row(Domain, "certificate", Kind::Path, Required, "the gateway's certificate in this domain (PEM)"),
    row(Domain, "key", Kind::Path, Required, "its key (PEM, PKCS #8)"),
    row(
        Domain,
        "revocations",
        Kind::Paths,
        Required,
        "certificate revocation lists (PEM), one for each issuer; without a list in force nobody gets in",
    ),
    row(
        Domain,
        "label_anchor",
        Kind::Path,
        Optional,
        "anchors of those who sign labels in this domain (PEM); without it, nobody's signature on a label counts",
    ),
    row(
        Domain,
        "label_revocations",
        Kind::Paths,
        Optional,
        "certificate revocation lists (PEM) of the label anchors, one for each issuer; given with `label_anchor`, and only with it",
    ),
    row(Domain, "limits", Kind::Table(Limits), Optional, "limits of this domain's links"),
    row(Domain, "peer", Kind::Tables(Peer), Required, "systems that may link to the gateway"),
    row(Peer, "name", Kind::Name, Required, "name of the peer, as in the rule set"),
    row(Peer, "identity", Kind::Identity, Required, "the one subject alternative name of its certificate"),
    row(Peer, "address", Kind::Address, Optional, "where the gateway dials it; without it, the peer dials the gateway"),
    row(
        Peer,
        "onward",
        Kind::Names,
        Optional,
        "for a peer that is a gateway: what deliveries to it are addressed to there; without it, the peer's own name",
    ),
    row(Peer, "limits", Kind::Table(Limits), Optional, "limits of this peer's links"),
    row(Officer, "name", Kind::Name, Required, "name of the officer, as in the signatures"),
    row(
        Officer,
        "key",
        Kind::Text,
        Optional,
        "the officer's public key, `name+hash+key`, as `vestibule pki officer` prints it; either this or `certificate`",
    ),
    row(
        Officer,
        "certificate",
        Kind::Path,
        Optional,
        "in place of `key`: the officer's certificate for signing documents (PEM, ECDSA P-256 or Ed25519), then those between it and `officer_anchor`; it ends, and can be revoked",
    ),
    row(
        Officer,
        "roles",
        Kind::Words(ROLES),
        Required,
        "what the officer may do: an author and another officer, an approver, sign an edition; an operator sets conditions",
    ),
    row(
        Officer,
        "identity",
        Kind::Identity,
        Optional,
        "the one subject alternative name of the officer's certificate for the console; without it, the officer does not enter there",
    ),
    row(Console, "listen", Kind::Address, Required, "where officers' browsers connect (TCP)"),
    row(Console, "anchor", Kind::Path, Required, "the trust anchor of officers' certificates (PEM)"),
    row(Console, "certificate", Kind::Path, Required, "the console's certificate (PEM); its one name is the only one that the console answers to"),
    row(Console, "key", Kind::Path, Required, "its key (PEM, PKCS #8)"),
    row(
        Console,
        "revocations",
        Kind::Paths,
        Required,
        "certificate revocation lists (PEM), one for each issuer; without a list in force nobody gets in",
    ),
    row(
        Console,
        "banner",
        Kind::Text,
        Required,
        "the highest classification that the console may show, as it stands at the top and the bottom of each page, such as \"SECRET\"",
    ),
    number(Console, "connections_max", "connections", 32, 4, 48, "connections in all; the desk has 64 descriptors, and officers are few"),
    number(
        Console,
        "connections_of_one_max",
        "connections",
        12,
        2,
        48,
        "connections of one officer; a browser opens six, and keeps one for the news of each page that is open",
    ),
    number(Console, "handshakes_max", "handshakes", 8, 1, 32, "handshakes under way; whoever is slow in one is nobody yet"),
    number(Console, "handshake_ms_max", "milliseconds", 5000, 100, 60_000, "time for a handshake; a smart card that asks for a number takes seconds"),
    number(Console, "head_ms_max", "milliseconds", 5000, 100, 60_000, "time for the head of a request; a browser sends it at once"),
    number(Console, "head_bytes_max", "bytes", 16_384, 8192, 131_072, "the head of a request; a search takes a few hundred"),
    number(Console, "head_lines_max", "lines", 48, 24, 200, "lines of the head of a request; browsers send twenty"),
    number(Console, "form_ms_max", "milliseconds", 10_000, 100, 120_000, "time for a form to arrive; the longest has 2 MiB"),
    number(Console, "requests_per_second_max", "requests per second", 40, 4, 10_000, "requests of one officer, after the burst; a page is three"),
    number(Console, "requests_burst_max", "requests", 120, 12, 100_000, "requests of one officer at once; forty pages in a moment"),
    number(
        Console,
        "connection_minutes_max",
        "minutes",
        15,
        1,
        1440,
        "life of a connection with all that it carries; a page that listens for news connects again",
    ),
    row(
        Metrics,
        "listen",
        Kind::Address,
        Required,
        "where `/healthz`, `/readyz` and `/metrics` are answered (TCP, HTTP without TLS): a loopback address, or one address of a network of the operator's",
    ),
    row(
        Review,
        "seeds",
        Kind::Path,
        Required,
        "the folder of known items: messages whose right answer the office knows, each beside a file that says it; see the manual page `review`",
    ),
    number(
        Review,
        "seed_one_in",
        "held messages",
        0,
        0,
        10_000,
        "one known item is put among so many held messages, on average, drawn by the system's random source; 0 puts none: the office decides how many",
    ),
    number(
        Review,
        "seeds_open_max",
        "known items",
        2,
        1,
        64,
        "undecided at once, at most; two keep a queue that nobody works on from filling with what is no work",
    ),
    number(
        Review,
        "seed_delay_seconds_max",
        "seconds",
        600,
        0,
        3600,
        "how long at most after the held message that drew it a known item comes, drawn anew each time; what comes at once would be known by that",
    ),
    row(Remote, "name", Kind::Name, Required, "the peer's own name, as the gateway knows it"),
    row(Remote, "gateway", Kind::Address, Required, "where the gateway listens"),
    row(Remote, "gateway_identity", Kind::Identity, Required, "the DNS name in the gateway's certificate"),
    row(Remote, "listen", Kind::Address, Optional, "where the peer accepts links (UDP); without it, any free port"),
    row(Remote, "anchor", Kind::Path, Required, "the domain's trust anchor (PEM)"),
    row(Remote, "certificate", Kind::Path, Required, "the peer's certificate (PEM)"),
    row(Remote, "key", Kind::Path, Required, "its key (PEM, PKCS #8)"),
    row(Remote, "revocations", Kind::Paths, Required, "certificate revocation lists (PEM), one for each issuer"),
    row(Remote, "limits", Kind::Table(Limits), Optional, "limits of the peer's links"),
    number(
        Limits,
        "body_bytes_max",
        "bytes",
        1_048_576,
        1_024,
        67_108_864,
        "body of a message at most; structured messages are a few kilobytes, bundles a few hundred",
    ),
    number(Limits, "header_bytes_max", "bytes", 65_536, 256, 1_048_576, "header of a message at most; the detached label is the only large part"),
    number(
        Limits,
        "in_flight_bytes_max",
        "bytes",
        67_108_864,
        1_024,
        1_073_741_824,
        "bodies that one link may have in flight together; the memory that a link can claim is this and 128 KiB for each of `streams_max`",
    ),
    number(
        Limits,
        "streams_max",
        "messages",
        1_024,
        1,
        8_192,
        "messages that one link may have in flight; each waits for the durable write of its group",
    ),
    number(Limits, "links_max", "links", 4, 1, 64, "links that one peer may hold; two suffice when both sides dial, the rest is for restarts"),
    number(
        Limits,
        "messages_per_second_max",
        "messages per second",
        50_000,
        1,
        1_000_000,
        "messages that one peer may send, over all its links; above what a machine can take, so it bites only where set",
    ),
    number(
        Limits,
        "resets_per_second_max",
        "streams per second",
        100,
        1,
        100_000,
        "streams that are opened and reset; a peer that does more is abusing the link, and the link is cut",
    ),
    number(
        Limits,
        "handshakes_per_second_max",
        "handshakes per second",
        200,
        1,
        100_000,
        "handshakes that a domain begins; one costs about 2 ms of a core",
    ),
    number(
        Limits,
        "message_ms_max",
        "milliseconds",
        10_000,
        50,
        600_000,
        "time for a whole message; a slower sender is refused, so that open streams cannot be hoarded",
    ),
    number(
        Limits,
        "receipt_ms_max",
        "milliseconds",
        60_000,
        50,
        600_000,
        "time that the other side may take for a receipt; the message is then sent again with the same id",
    ),
    number(Limits, "handshake_ms_max", "milliseconds", 5_000, 50, 60_000, "time for handshake and hello"),
    number(
        Limits,
        "idle_ms_max",
        "milliseconds",
        30_000,
        500,
        600_000,
        "time without any packet after which a link is dead; both sides keep it alive at a third of this",
    ),
];

/// The row of a key.
#[must_use]
pub fn find(section: Section, name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.section == section && key.name == name)
}

/// The keys of a section, in the order of the table.
pub fn of(section: Section) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.section == section)
}

/// The key of a section that is spelt most like `name`, where one is near enough to be meant.
#[must_use]
pub fn nearest(section: Section, name: &str) -> Option<&'static str> {
    let near = name.chars().count().div_euclid(3).max(2);
    of(section).map(|key| (distance(key.name, name), key.name)).filter(|&(steps, _)| steps <= near).min().map(|(_, found)| found)
}

/// The reference of all keys, for the manual page `configuration`.
#[must_use]
pub fn reference() -> String {
    let mut out = String::from(
        "# Configuration\n\nEvery key, made from the table that also checks files. Paths are relative to their file. Unknown keys are refused.\n",
    );
    for section in [
        Section::Gateway,
        Section::Keys,
        Section::Domain,
        Section::Peer,
        Section::Officer,
        Section::Console,
        Section::Metrics,
        Section::Review,
        Section::Limits,
        Section::Remote,
    ] {
        out.push_str(&format!("\n## In {}\n\n| key | value | without it | meaning |\n|---|---|---|---|\n", section.heading()));
        for key in of(section) {
            let value = match key.kind {
                Kind::Whole { min, max } => format!("{min} to {max} {}", key.unit),
                other => other.expected(),
            };
            let absent = match key.presence {
                Presence::Required => "a fault".to_owned(),
                Presence::Optional => "nothing".to_owned(),
                Presence::Default(default) => default.to_string(),
            };
            out.push_str(&format!("| `{}` | {value} | {absent} | {} |\n", key.name, key.sentence));
        }
    }
    out
}

/// Insertions, deletions and substitutions between two words (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (above, left) in a.chars().enumerate() {
        let mut diagonal = above;
        let mut last = above.saturating_add(1);
        if let Some(first) = row.first_mut() {
            *first = last;
        }
        for (cell, right) in row.iter_mut().skip(1).zip(b.chars()) {
            let substituted = diagonal.saturating_add(usize::from(left != right));
            diagonal = *cell;
            *cell = substituted.min(diagonal.saturating_add(1)).min(last.saturating_add(1));
            last = *cell;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_levenshtein() {
        for (a, b, steps) in [("", "", 0), ("kitten", "sitting", 3), ("listen", "", 6), ("", "abc", 3), ("home", "hmoe", 2), ("a", "a", 0)] {
            assert_eq!(distance(a, b), steps, "{a} {b}");
        }
    }

    #[test]
    fn a_misspelt_key_finds_the_one_that_was_meant() {
        assert_eq!(nearest(Section::Limits, "body_byte_max"), Some("body_bytes_max"));
        assert_eq!(nearest(Section::Domain, "lisen"), Some("listen"));
        assert_eq!(nearest(Section::Domain, "clearance"), None);
    }

    #[test]
    fn the_manual_is_the_table() {
        assert!(include_str!("../manual/configuration.md") == reference(), "write this into src/manual/configuration.md:\n{}", reference());
    }

    #[test]
    fn every_row_is_whole_and_stands_once() {
        for (at, key) in KEYS.iter().enumerate() {
            assert!(KEYS.iter().skip(at + 1).all(|other| (other.section, other.name) != (key.section, key.name)), "{}", key.name);
            assert!(!key.sentence.is_empty() && !key.sentence.ends_with('.'), "{}", key.name);
            if let (Kind::Whole { min, max }, Presence::Default(default)) = (key.kind, key.presence) {
                assert!(min <= default && default <= max && !key.unit.is_empty(), "{}", key.name);
            }
        }
    }
}
