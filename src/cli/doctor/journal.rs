//! The journal and what it says: whether it opens, what is signed, its last record, the edition in force, what is held.

use super::{Ground, Seen, span};
use crate::audit::{Checkpoint, SignerKey};
use crate::base::{Fault, Time};
use crate::config::Proving;
use crate::control::Standing;
use crate::journal::Page;
use crate::journal::embedded::Reader;
use crate::policy;
use crate::process::{credentials, notes};
use crate::prove;

/// Records that may stand unsigned beside a gateway that is killed: those of a minute, 1,024 by default; more say that nobody signs.
const UNSIGNED_MAX: u64 = 2048;
/// Records at the end of the journal that are read for their time: 64. Only checkpoints have none.
const LAST_RECORDS: u64 = 64;
/// How long a message may be held before somebody should look: a day.
const HELD_SECONDS_DOUBTFUL: i64 = 86_400;
/// How long before nobody looks at all: a week.
const HELD_SECONDS_BAD: i64 = 7 * 86_400;

/// Looks at the journal, where there is one; a journal that does not open is said once, by the row `journal`.
fn with(ground: &Ground, look: impl FnOnce(&Reader) -> Result<Vec<Seen>, Fault>) -> Vec<Seen> {
    let Some(Ok(reader)) = &ground.journal else {
        return vec![Seen::good("", "no journal to look at")];
    };
    look(reader).unwrap_or_else(|fault| vec![Seen::bad("", fault.to_string(), "run `vestibule audit verify`")])
}

pub(super) fn opens(ground: &Ground) -> Vec<Seen> {
    let folder = ground.config.journal.display().to_string();
    vec![match &ground.journal {
        None => Seen::good(folder, "none yet: the first start makes it"),
        Some(Ok(reader)) => match reader.head() {
            Ok(head) => Seen::good(folder, format!("{} records", head.size)),
            Err(fault) => Seen::bad(folder, fault.to_string(), "run `vestibule audit verify`, then put a backup back"),
        },
        Some(Err(fault)) => Seen::bad(folder, fault.to_string(), "look at the file, then put a backup back: `vestibule audit restore`"),
    }]
}

pub(super) fn checkpoint(ground: &Ground) -> Vec<Seen> {
    with(ground, |reader| {
        let head = reader.head()?;
        let key = SignerKey::open(&ground.config.keys.audit)?;
        let path = ground.config.journal.join("checkpoint");
        let note = match std::fs::read_to_string(&path) {
            Ok(note) => note,
            Err(_) if head.checkpoint_next <= 1 => return Ok(vec![Seen::good("", "none yet")]),
            Err(error) => {
                let seen = format!("`{}`: {error}", path.display());
                return Ok(vec![Seen::bad("", seen, "run `vestibule audit verify`: somebody took it away")]);
            }
        };
        let signed = match Checkpoint::open(&note, key.verifier()) {
            Ok(checkpoint) => checkpoint.size,
            Err(why) => return Ok(vec![Seen::bad("", why, "run `vestibule audit verify`: it is not this gateway's")]),
        };
        let unsigned = head.size.saturating_sub(signed.max(head.checkpoint_size));
        let seen = format!("{signed} of {} records are signed", head.size);
        Ok(vec![match (signed > head.size, unsigned > UNSIGNED_MAX) {
            (true, _) => Seen::bad("", seen, "records were cut off: keep the folder, run `vestibule audit verify`, put a backup back"),
            (false, true) => Seen::doubtful("", seen, "start the gateway: it signs what stands unsigned"),
            (false, false) => Seen::good("", seen),
        }])
    })
}

/// The time of the last record that has one.
fn last_time(reader: &Reader) -> Result<Option<Time>, Fault> {
    let from = reader.head()?.size.saturating_sub(LAST_RECORDS);
    let page = Page { after: Some(from), rows: Page::ROWS_MAX };
    Ok(reader.records(page)?.rows.iter().filter_map(|entry| entry.event.time()).max())
}

pub(super) fn last_record(ground: &Ground) -> Vec<Seen> {
    with(ground, |reader| {
        let Some(last) = last_time(reader)? else { return Ok(vec![Seen::good("", "none yet")]) };
        let ahead = last.seconds_since(ground.now);
        Ok(vec![match ahead {
            ahead if ahead > i64::from(ground.config.clock_seconds_max) => Seen::bad(
                "",
                format!("it is of {last}, {} after now", span(ahead)),
                "set the clock: it was turned back, and dates of certificates and clauses are judged by it",
            ),
            ahead if ahead > 1 => Seen::doubtful("", format!("it is of {last}, {} after now", span(ahead)), "look at the clock: it was turned back"),
            _ => Seen::good("", format!("it is of {last}, {} ago", span(ahead.saturating_neg()))),
        }])
    })
}

/// What the journal says of editions; nothing where there is none that reads.
fn standing(ground: &Ground) -> Result<Standing, Fault> {
    match &ground.journal {
        Some(Ok(reader)) => Ok(Standing::of(reader.acts()?.iter().map(|entry| &entry.event))),
        _ => Ok(Standing::default()),
    }
}

pub(super) fn rules(ground: &Ground) -> Vec<Seen> {
    let folder = ground.config.rules.display().to_string();
    let edition = match policy::read_folder(&ground.config.rules).map(|files| policy::load(&files)) {
        Err(fault) => return vec![Seen::bad(folder, fault.to_string(), "put the rule set there, or name its folder")],
        Ok(Err(complaints)) => {
            return vec![Seen::bad(folder, format!("{} faults", complaints.len()), "see `vestibule rules check`")];
        }
        Ok(Ok(edition)) => edition,
    };
    if edition.home != ground.config.home {
        let seen = format!("its home is `{}`, the configuration's `{}`", edition.home, ground.config.home);
        return vec![Seen::bad(folder, seen, "make them agree")];
    }
    let title = edition.title();
    vec![match standing(ground) {
        Err(fault) => Seen::bad(folder, fault.to_string(), "run `vestibule audit verify`"),
        Ok(standing) => match standing.in_force {
            None => Seen::good(folder, format!("{title} ({})", edition.digest)),
            Some(edict) if edict.digest == edition.digest => Seen::good(folder, format!("{title} is the one in force ({})", edition.digest)),
            Some(edict) => Seen::doubtful(
                folder,
                format!("the folder is {title} ({}), and {} is in force ({})", edition.digest, edict.title(), edict.digest),
                "activate the folder, or put that of the edition in force back",
            ),
        },
    }]
}

pub(super) fn officers(ground: &Ground) -> Vec<Seen> {
    let officers = match credentials::officers(&ground.config) {
        Ok(officers) => officers,
        Err(fault) => return vec![Seen::bad("", fault.to_string(), "give each officer's own public key or certificate")],
    };
    if officers.is_empty() {
        let remedy = "name officers in the configuration; see `vestibule manual editions`";
        return vec![Seen::doubtful("", "the configuration names none: rule sets and reviews are not signed", remedy)];
    }
    let suspended = officers.suspended().map(|(name, why)| {
        Seen::doubtful(name.to_string(), format!("signatures do not count: {why}"), "issue a certificate anew, or take the officer out")
    });
    let suspended: Vec<Seen> = suspended.collect();
    let names = ground.config.officers.iter().map(|one| one.name.to_string()).collect::<Vec<_>>().join(", ");
    let notes = match notes(&ground.config.rules) {
        Ok(notes) => notes,
        Err(fault) => return vec![Seen::bad("", fault.to_string(), "put the signatures beside the rules")],
    };
    let mut seen = vec![Seen::good("", format!("{names}; {} signatures beside the rules", notes.len()))];
    let solver = || ground.config.solver.display().to_string();
    match ground.config.prove {
        Proving::Always => seen.extend(prove::present(&ground.config.solver).err().map(|fault| {
            let remedy = "install cvc5; without it no edition with invariants comes into force";
            Seen::bad(solver(), fault.to_string(), remedy)
        })),
        Proving::Never => {
            seen.push(Seen::doubtful("prove", "editions come into force unproved", "install cvc5, and remove `prove` from the configuration"))
        }
    }
    seen.extend(suspended);
    seen.extend(notes.iter().filter_map(|(file, note)| {
        let why = officers.edition(note).err()?;
        Some(Seen::bad(file.clone(), format!("the signature does not count: {why}"), "have it signed again: `vestibule rules sign`"))
    }));
    seen
}

pub(super) fn held(ground: &Ground) -> Vec<Seen> {
    with(ground, |reader| {
        let held = reader.counts()?.held;
        let Some(oldest) = reader.oldest_held()? else { return Ok(vec![Seen::good("", "nothing is held")]) };
        let age = ground.now.seconds_since(oldest);
        let seen = format!("{held} messages are held, the oldest for {}", span(age));
        let remedy = "decide on them: `vestibule quarantine list`";
        Ok(vec![match age {
            age if age > HELD_SECONDS_BAD => Seen::bad("", seen, remedy),
            age if age > HELD_SECONDS_DOUBTFUL => Seen::doubtful("", seen, remedy),
            _ => Seen::good("", seen),
        }])
    })
}
