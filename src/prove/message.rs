//! Counter-examples as Cursor-on-Target: an event of a kind, with a STANAG 4774 label inside that says what was found.

use crate::base::{Header, MessageId, Time, Traffic};
use crate::policy::Edition;

use super::witness::Witness;

/// The subject of each event that is written.
pub(in crate::prove) const SUBJECT: &str = "COUNTER-EXAMPLE-1";

/// Minutes until the event is stale: 10, in milliseconds.
const STALE_MS: i64 = 600_000;

/// The event of values, and a header; nothing where the label or the time cannot be said.
pub(in crate::prove) fn event(edition: &Edition, witness: &Witness) -> Option<(Header, Vec<u8>)> {
    let time = witness.now.floor_to_seconds(1);
    let stale = Time::from_unix_ms(time.unix_ms().saturating_add(STALE_MS))?;
    let label = crate::label::written_as_stanag4774(&edition.lattice, &witness.label, time).ok()?;
    let exercise = match witness.traffic {
        Traffic::Operation => "",
        Traffic::Exercise => " opex=\"e-COUNTER EXAMPLE\"",
    };
    // Kinds come from rule sets and their cases, and are plain; another one is not written.
    let plain = witness.kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let body = format!(
        "<event version=\"2.0\" uid=\"{SUBJECT}\" type=\"{}\" how=\"m-g\" time=\"{time}\" start=\"{time}\" stale=\"{stale}\"{exercise}>\n  \
         <point lat=\"51.5\" lon=\"-0.25\" hae=\"20\" ce=\"10\" le=\"10\"/>\n  <detail>\n    {label}\n    <contact callsign=\"TANGO-1\"/>\n  </detail>\n</event>\n",
        witness.kind
    );
    let header = Header {
        id: MessageId::from_parts(0, [0; 10]),
        precedence: witness.precedence,
        destinations: vec![witness.to.clone()],
        media_type: String::new(),
        traffic: witness.traffic,
        sent: witness.now,
        label: None,
    };
    plain.then(|| (header, body.into_bytes()))
}
