//! Fault points: places on the way of a message at which a process fails on purpose, so that tests see what the others do then.
//!
//! A build for development reads them from `VESTIBULE_FAULTS`; a release has no such variable and no such code. Each is `PROCESS PLACE DEED TIMES WORD`,
//! several stand with `;` between them: the first TIMES runs of each process whose name begins with PROCESS do DEED at PLACE, with the first bytes there
//! in which WORD stands. Without WORD all bytes count.

#[cfg(debug_assertions)]
use std::sync::OnceLock;

use crate::hop::Sender;
use crate::hop::wire::Said;

/// Where a process may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A door has a message whole, and nobody else has it.
    DoorTakes,
    /// A door was told to let bytes leave.
    DoorDelivers,
    /// A door has the far receipt, and nobody else has it.
    DoorDelivered,
    /// The keeper has a message that is nowhere recorded.
    KeeperTakes,
    /// A decision is made, and nowhere recorded.
    KeeperDecided,
    /// Acceptance and decision are recorded, and the sender does not know.
    KeeperRecorded,
    /// A release is recorded, and nothing has left.
    KeeperReleases,
    /// The far receipt is here, and nowhere recorded.
    KeeperDelivered,
    /// An inspector has a message.
    InspectorTakes,
    /// An inspector has decided, and nobody knows.
    InspectorAnswers,
    /// The verifier has a proposal.
    VerifierTakes,
    /// The verifier has decided, and nobody knows.
    VerifierAnswers,
}

#[cfg(debug_assertions)]
impl Place {
    const ALL: [(Self, &'static str); 12] = [
        (Self::DoorTakes, "door.takes"),
        (Self::DoorDelivers, "door.delivers"),
        (Self::DoorDelivered, "door.delivered"),
        (Self::KeeperTakes, "keeper.takes"),
        (Self::KeeperDecided, "keeper.decided"),
        (Self::KeeperRecorded, "keeper.recorded"),
        (Self::KeeperReleases, "keeper.releases"),
        (Self::KeeperDelivered, "keeper.delivered"),
        (Self::InspectorTakes, "inspector.takes"),
        (Self::InspectorAnswers, "inspector.answers"),
        (Self::VerifierTakes, "verifier.takes"),
        (Self::VerifierAnswers, "verifier.answers"),
    ];
}

/// What a process does to itself.
#[cfg(debug_assertions)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Die,
    Hang,
    EatMemory,
    Garble,
}

#[cfg(debug_assertions)]
const VARIABLE: &str = "VESTIBULE_FAULTS";

/// What a process is given of them: those of its name, until it has had its times.
#[cfg(debug_assertions)]
pub(super) fn given(process: &str, earlier: u32) -> Option<(&'static str, String)> {
    let all = std::env::var(VARIABLE).ok()?;
    let mine = all.split(';').filter(|point| {
        let mut words = point.split_whitespace();
        let named = words.next().is_some_and(|name| process.starts_with(name));
        named && words.nth(2).and_then(|times| times.parse().ok()).is_some_and(|times: u32| earlier < times)
    });
    Some((VARIABLE, mine.collect::<Vec<_>>().join(";"))).filter(|(_, mine)| !mine.is_empty())
}

/// A release has none.
#[cfg(not(debug_assertions))]
pub(super) fn given(_: &str, _: u32) -> Option<(&'static str, String)> {
    None
}

/// Fails here, where this process is to.
#[cfg(debug_assertions)]
pub(super) fn at(place: Place, bytes: &[u8]) {
    if let Some(deed) = deed(place, bytes) {
        perform(deed);
    }
}

/// A release does not fail on purpose.
#[cfg(not(debug_assertions))]
pub(super) const fn at(_: Place, _: &[u8]) {}

/// The same for a process that is about to answer: it may also answer with what does not read.
#[cfg(debug_assertions)]
pub(super) async fn before<T: Said>(place: Place, bytes: &[u8], answer: &Sender<T>) {
    match deed(place, bytes) {
        Some(Deed::Garble) => answer.garble().await,
        Some(deed) => perform(deed),
        None => {}
    }
}

/// A release does not fail on purpose.
#[cfg(not(debug_assertions))]
pub(super) async fn before<T: Said>(_: Place, _: &[u8], _: &Sender<T>) {}

#[cfg(debug_assertions)]
fn deed(place: Place, bytes: &[u8]) -> Option<Deed> {
    static POINTS: OnceLock<Vec<(Place, Deed, String)>> = OnceLock::new();
    let points = POINTS.get_or_init(|| std::env::var(VARIABLE).unwrap_or_default().split(';').filter_map(read).collect());
    let found = points.iter().find(|(at, _, word)| *at == place && memchr::memmem::find(bytes, word.as_bytes()).is_some());
    found.map(|(_, deed, _)| *deed)
}

#[cfg(debug_assertions)]
fn read(point: &str) -> Option<(Place, Deed, String)> {
    let mut words = point.split_whitespace().skip(1);
    let (place, deed) = words.next().zip(words.next())?;
    let place = Place::ALL.into_iter().find(|(_, word)| *word == place).map(|(place, _)| place)?;
    let deed = match deed {
        "die" => Deed::Die,
        "hang" => Deed::Hang,
        "eat" => Deed::EatMemory,
        "garble" => Deed::Garble,
        _ => return None,
    };
    Some((place, deed, words.nth(1).unwrap_or_default().to_owned()))
}

#[cfg(debug_assertions)]
fn perform(deed: Deed) {
    tracing::error!(?deed, "failing on purpose");
    match deed {
        Deed::Die | Deed::Garble => std::process::abort(),
        Deed::Hang => loop {
            std::thread::park();
        },
        Deed::EatMemory => {
            let mut eaten = Vec::new();
            loop {
                // Claimed and not touched: its own limit is what it meets, not the end of the host's memory.
                eaten.push(std::hint::black_box(Vec::<u8>::with_capacity(64 << 20)));
            }
        }
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::*;

    #[test]
    fn a_point_reads_as_it_is_written_and_no_other_way() {
        assert_eq!(read("inspector inspector.takes die 2 WORD"), Some((Place::InspectorTakes, Deed::Die, "WORD".to_owned())));
        assert_eq!(read("door-a door.delivers hang 1"), Some((Place::DoorDelivers, Deed::Hang, String::new())));
        for none in ["", "keeper", "keeper keeper.sleeps die 1", "keeper keeper.takes dance 1"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
