//! The folder of known items: each a TOML file that says whose message it is, for whom, and what the right answer is, beside the message itself.
//!
//! Reads what the office wrote, never what came over a link. Everything wrong with a file is one line with the file, what was expected, and a remedy.

use std::path::Path;

use serde::Deserialize;

use super::Seed;
use crate::base::{Fault, MessageId, Name, Outcome, Precedence, Traffic};
use crate::config;
use crate::filter::Waivers;
use crate::journal::Verdict;
use crate::pipeline::{Guard, Inspector, World};
use crate::process::world::{self, Secrets};

/// Known items of a folder at most: 128; a reviewer who works through a hundred in a year forgets the first.
const SEEDS_MAX: usize = 128;
/// Bytes of one message, of its label and of its description at most: 128 KiB each, so that all of them are handed to the keeper in one go.
const FILE_BYTES_MAX: u64 = 128 << 10;
/// Characters of a reason at most: 300, what a person reads at a glance.
const WHY_CHARS_MAX: usize = 300;

/// A description, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    message: String,
    from: Name,
    to: Name,
    expected: String,
    why: String,
    #[serde(default = "routine")]
    precedence: Precedence,
    #[serde(default)]
    media_type: String,
    #[serde(default = "operation")]
    traffic: Traffic,
    label: Option<String>,
}

const fn routine() -> Precedence {
    Precedence::Routine
}

const fn operation() -> Traffic {
    Traffic::Operation
}

/// The known items of a configuration; none where it names no folder.
///
/// # Errors
/// The first file that does not read, with what was expected and a remedy.
pub fn read(config: &config::Gateway) -> Result<Vec<Seed>, Fault> {
    let Some(review) = &config.review else { return Ok(Vec::new()) };
    let shown = review.seeds.display();
    let unread = |cause| Fault::from_cause(format!("the folder of known items `{shown}` cannot be read; make it, or take `[review]` out"), cause);
    let mut names: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(&review.seeds).map_err(unread)? {
        let name = entry.map_err(unread)?.file_name();
        names.extend(name.to_str().filter(|name| name.ends_with(".toml")).map(str::to_owned));
    }
    names.sort();
    match names.len() {
        0 => Err(Fault::new(format!("the folder of known items `{shown}` has no `.toml` file; add one for each item, or take `[review]` out"))),
        count if count > SEEDS_MAX => Err(Fault::new(format!("`{shown}` has {count} known items, expected at most {SEEDS_MAX}; take old ones out"))),
        _ => names.into_iter().map(|name| seed(config, &review.seeds, name)).collect(),
    }
}

fn seed(config: &config::Gateway, folder: &Path, file: String) -> Result<Seed, Fault> {
    let shown = folder.join(&file).display().to_string();
    let wrong = |what: String| Fault::new(format!("`{shown}`: {what}"));
    let text = text(folder, &file)?;
    let given: Described = toml::from_str(&text).map_err(|cause| {
        let line = cause.span().map(|span| text.get(..span.start).unwrap_or_default().lines().count().max(1));
        let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        wrong(format!("{place}{}; see the manual page `review`", cause.message().lines().next().unwrap_or_default()))
    })?;
    let expected = Verdict::named(&given.expected).filter(|verdict| *verdict != Verdict::Pass);
    let expected = expected.ok_or_else(|| wrong(format!("`expected` is `{}`; write `release`, `reject` or `return`", given.expected)))?;
    for (key, peer) in [("from", &given.from), ("to", &given.to)] {
        if config.peer(peer.as_str()).is_none() {
            return Err(wrong(format!("`{key}` names `{peer}`, which is no peer of the configuration; write the name of one")));
        }
    }
    if given.from == given.to {
        return Err(wrong(format!("it goes from `{0}` to `{0}`; write another recipient", given.from)));
    }
    let plain = !given.why.trim().is_empty() && !given.why.chars().any(char::is_control) && given.why.chars().count() <= WHY_CHARS_MAX;
    if !plain {
        return Err(wrong(format!("`why` is what reviewers are told afterwards; write one line of 1 to {WHY_CHARS_MAX} characters")));
    }
    let Described { message, from, to, why, precedence, media_type, traffic, label, .. } = given;
    let body = bytes(folder, &message)?;
    let label = label.map(|label| self::text(folder, &label)).transpose()?;
    Ok(Seed { file, from, to, precedence, media_type, traffic, label, expected, why, body: body.into() })
}

/// The bytes of a file of the folder: of no other folder, and no link to one.
fn bytes(folder: &Path, name: &str) -> Result<Vec<u8>, Fault> {
    let shown = folder.join(name).display().to_string();
    if Path::new(name).components().count() != 1 || name.starts_with('.') {
        return Err(Fault::new(format!("`{shown}`: expected the name of a file in the same folder")));
    }
    let unread = |cause| Fault::from_cause(format!("the known item's file `{shown}` cannot be read; put it beside its description"), cause);
    let seen = std::fs::symlink_metadata(folder.join(name)).map_err(unread)?;
    match (seen.is_file(), seen.len()) {
        (false, _) => Err(Fault::new(format!("`{shown}` is no plain file; put the message itself there"))),
        (true, length) if length == 0 || length > FILE_BYTES_MAX => {
            Err(Fault::new(format!("`{shown}` has {length} bytes, expected 1 to {FILE_BYTES_MAX}; choose a message of that size")))
        }
        (true, _) => std::fs::read(folder.join(name)).map_err(unread),
    }
}

fn text(folder: &Path, name: &str) -> Result<String, Fault> {
    String::from_utf8(bytes(folder, name)?).map_err(|_| Fault::new(format!("`{}` is not UTF-8; save it as UTF-8", folder.join(name).display())))
}

/// The code for which an edition holds a known item.
///
/// # Errors
/// What it would do instead, with a remedy.
pub fn held_for(seed: &Seed, guard: &Guard) -> Result<String, Fault> {
    let (secrets, now) = (Secrets::from_bytes(&[0; 32]), world::now());
    let (keys, waivers) = (secrets.keys(), Waivers::default());
    let header = seed.header(MessageId::from_parts(0, [0; 10]), now);
    let world = World { now, keys: &keys, waivers: &waivers, signer: None };
    let inspected = Inspector::new(guard).inspect(&seed.from, &header, &seed.body, &world);
    let (rulings, proposals) = (inspected.passage.rulings, inspected.proposals);
    let at = rulings.iter().position(|ruling| ruling.recipient == seed.to);
    // What is proposed waits for the second half alone.
    if at.is_some_and(|at| proposals.iter().any(|(proposed, _)| *proposed == at)) {
        return Err(Fault::new("it would not be held but forwarded: nobody would see it; change the message, or take it out"));
    }
    let ruling = at.and_then(|at| rulings.into_iter().nth(at));
    let ruling = ruling.ok_or_else(|| Fault::new(format!("nothing is decided for `{}`; write the name of a peer that may get it", seed.to)))?;
    match (ruling.outcome, ruling.code) {
        (Outcome::Quarantine, Some(code)) => Ok(code.code().to_owned()),
        (outcome, code) => {
            let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
            Err(Fault::new(format!("it would not be held but {outcome}{code}: nobody would see it; change the message, or take it out")))
        }
    }
}
