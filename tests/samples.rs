//! Samples of every format, ours and other people's, and what is said of ours in every format.
//!
//! Other people's stand beside the checkout, in `../shared/samples`, or where `VESTIBULE_SAMPLES` says. They are used in place: a clone that
//! stands alone runs every test that needs none of them. Counts, exceptions and the codes of a reader are each format's own to say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use vestibule::base::{Budget, Header, MessageId, Name, Precedence, Reason, Refusal, Time, Traffic};
use vestibule::filter::Waivers;
use vestibule::format::{self, Format, Syntax, laws};
use vestibule::normal::{Edits, Tree};
use vestibule::pipeline::{Guard, Inspector, Ruling, World};
use vestibule::sanitise::Keys;

/// The time of tests in which it does not matter.
pub(crate) fn now() -> Time {
    Time::parse("2026-11-23T08:00:00Z").unwrap()
}

/// The header of an ordinary message to one peer, with a label beside it or none.
pub(crate) fn header(to: &Name, label: Option<&str>) -> Header {
    Header {
        id: MessageId::from_parts(1_795_421_937_000, [7; 10]),
        precedence: Precedence::Routine,
        destinations: vec![to.clone()],
        media_type: String::new(),
        traffic: Traffic::Operation,
        sent: now(),
        label: label.map(str::to_owned),
    }
}

/// What a guard says of an ordinary message to one peer, at the time of the cases of the lab.
pub(crate) fn ruling(guard: &Guard, from: &str, to: &str, body: &[u8]) -> Ruling {
    let now = Time::parse("2026-03-01T12:00:30Z").unwrap();
    let header = Header { sent: now, ..header(&Name::new(to).unwrap(), None) };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let world = World { now, keys: &Keys { pseudonym: &key }, waivers: &Waivers::default(), signer: None };
    Inspector::new(guard).pass(&Name::new(from).unwrap(), &header, body, &world).rulings.remove(0)
}

/// A label beside the message that everybody may have.
pub(crate) const OPEN: &str = concat!(
    "<originatorConfidentialityLabel xmlns=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\" ReviewDateTime=\"2036-01-01T00:00:00Z\">",
    "<ConfidentialityInformation>",
    "<PolicyIdentifier>NATO</PolicyIdentifier><Classification>UNCLASSIFIED</Classification>",
    "<Category TagName=\"Context\" Type=\"PERMISSIVE\"><GenericValue>NATO</GenericValue></Category>",
    "</ConfidentialityInformation><CreationDateTime>2026-01-01T00:00:00Z</CreationDateTime></originatorConfidentialityLabel>"
);

/// A file and its bytes.
pub(crate) type Sample = (PathBuf, Vec<u8>);

/// The tree of a body in whichever format claims it.
pub(crate) fn read(body: &[u8]) -> Result<Tree<'_>, Refusal> {
    let format = format::identify(body)?;
    (format.read)(body, &mut Budget::for_body(body.len()))
}

/// The bytes of a tree without edits.
pub(crate) fn write(tree: &Tree<'_>, syntax: Syntax) -> Result<Vec<u8>, Refusal> {
    vestibule::rebuild::bytes(tree, &Edits::default(), syntax)
}

/// Every file below a folder that has one of the endings, or every file where none is named; in the order of their paths.
pub(crate) fn files(folder: &Path, endings: &[&str]) -> Vec<Sample> {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let wanted = |path: &Path| endings.is_empty() || path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted));
    let below = |path: PathBuf| match path.is_dir() {
        true => files(&path, endings),
        false if wanted(&path) => vec![(path.clone(), std::fs::read(&path).unwrap())],
        false => Vec::new(),
    };
    entries.into_iter().flat_map(below).collect()
}

/// A folder or a file of other people's samples; says so in one line where it is absent.
pub(crate) fn shared(below: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    let path = std::env::var_os("VESTIBULE_SAMPLES").map_or_else(beside, PathBuf::from).join(below);
    if path.exists() {
        return Some(path);
    }
    println!("not run: {} is absent; VESTIBULE_SAMPLES may name another folder", path.display());
    None
}

/// The code that a rejected sample stands for: the name of its folder.
pub(crate) fn code_of(path: &Path) -> &str {
    path.parent().unwrap().file_name().unwrap().to_str().unwrap()
}

/// Which refusals of samples point at a place in the body.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Placed {
    Always,
    /// All but those of bytes that no format claims, which have no place.
    OnceClaimed,
}

/// The samples of one format.
pub(crate) struct Samples {
    name: &'static str,
}

impl Samples {
    /// Those of a format, by its name.
    pub(crate) const fn of(name: &'static str) -> Self {
        Self { name }
    }

    pub(crate) fn format(&self) -> &'static Format {
        format::by_name(self.name).unwrap()
    }

    pub(crate) fn accepted(&self) -> Vec<Sample> {
        self.own("accept")
    }

    pub(crate) fn rejected(&self) -> Vec<Sample> {
        self.own("reject")
    }

    fn own(&self, kind: &str) -> Vec<Sample> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/format").join(self.name).join("samples").join(kind);
        files(&folder, &[])
    }

    /// The accepted sample of that name, without its ending.
    pub(crate) fn named(&self, name: &str) -> Vec<u8> {
        let found = self.accepted().into_iter().find(|(path, _)| path.file_stem().unwrap() == name);
        found.unwrap_or_else(|| panic!("{} has no sample {name}", self.name)).1
    }

    /// There are so many at least; each is read, and keeps every law.
    pub(crate) fn accepted_keep_every_law(&self, count_min: usize) {
        let samples = self.accepted();
        assert!(samples.len() >= count_min, "{} samples", samples.len());
        for (path, body) in samples {
            read(&body).unwrap_or_else(|refusal| panic!("{}: {refusal} {:?}", path.display(), refusal.place));
            laws::all(self.format(), &body, write).unwrap_or_else(|broken| panic!("{}: {broken}", path.display()));
        }
    }

    /// Every byte of the chosen accepted samples counts.
    pub(crate) fn every_byte_counts(&self, chosen: impl Fn(&Path, &[u8]) -> bool) {
        let samples: Vec<_> = self.accepted().into_iter().filter(|(path, body)| chosen(path, body)).collect();
        assert!(!samples.is_empty(), "none is chosen");
        for (path, body) in samples {
            laws::every_byte_counts(self.format(), &body).unwrap_or_else(|broken| panic!("{}: {broken}", path.display()));
        }
    }

    /// Each rejected sample is refused with the code of its folder, with a place and in words; the laws hold for it too.
    pub(crate) fn rejected_are_refused(&self, placed: Placed) {
        let mut wrong = Vec::new();
        for (path, body) in self.rejected() {
            let code = code_of(&path);
            let named = path.display();
            match read(&body) {
                Ok(_) => wrong.push(format!("{named} is read")),
                Err(refusal) if refusal.reason.code() != code => wrong.push(format!("{named}: {refusal}")),
                Err(refusal) => {
                    let free = placed == Placed::OnceClaimed && code.starts_with("format.");
                    wrong.extend((refusal.place.span.is_none() && !free).then(|| format!("{named}: no place")));
                    wrong.extend((refusal.detail.is_empty() || refusal.detail.ends_with('.')).then(|| format!("{named}: {}", refusal.detail)));
                }
            }
            wrong.extend(laws::all(self.format(), &body, write).err().map(|broken| format!("{named}: {broken}")));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// Each code that begins so has a rejected sample.
    pub(crate) fn every_code_has_a_sample(&self, beginnings: &[&str]) {
        let samples = self.rejected();
        let folders: BTreeSet<&str> = samples.iter().map(|(path, _)| code_of(path)).collect();
        let codes: Vec<&str> =
            Reason::ALL.iter().map(|reason| reason.code()).filter(|code| beginnings.iter().any(|beginning| code.starts_with(beginning))).collect();
        assert!(!codes.is_empty(), "no code begins so: {beginnings:?}");
        let missing: Vec<_> = codes.iter().filter(|code| !folders.contains(*code)).collect();
        assert!(missing.is_empty(), "no sample is refused with {missing:?}");
    }
}
