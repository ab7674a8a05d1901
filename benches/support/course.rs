//! The rule set of the lab with as many more words, patterns and clauses as a figure asks for, and the messages that run over it.

use std::path::Path;

use vestibule::base::{Action, Header, Name, Precedence, Severity, Time};
use vestibule::filter::Waivers;
use vestibule::generate::{self, Dice, Draft};
use vestibule::pipeline::Guard;
use vestibule::policy::{self, Edition, PeerEntry, SourceFile, WordEntry, WordList};
use vestibule::process::world::Secrets;

/// Who sends and who gets every message of the bench.
const FROM: &str = "gbr-ops";
const TO: &str = "usa-ops";

/// A compiled rule set with what stands beside it for every message.
pub(crate) struct Course {
    /// The rule set, compiled.
    pub(crate) guard: Guard,
    /// Keys of transforms.
    pub(crate) secrets: Secrets,
    /// None.
    pub(crate) waivers: Waivers,
    /// The time of all decisions.
    pub(crate) now: Time,
}

impl Course {
    /// `rules/five-eyes` with `rules` more words and as many more patterns, and its agreements as they are.
    pub(crate) fn with_rules(rules: usize) -> Self {
        let mut edition = lab();
        let entries = (0_u32..).take(rules).map(|n| WordEntry { text: code_word(n), line: n + 1 }).collect();
        let list = WordList { file: "bench.txt".into(), action: Action::Hold, severity: Severity::High, reason: "a code word".into(), entries };
        edition.word_lists.push(list);
        edition.patterns.push(SourceFile { path: "bench.yar".into(), text: (0_u32..).take(rules).map(pattern).collect::<String>().into() });
        Self::of(edition)
    }

    /// `rules/five-eyes` with `clauses` clauses that may release to the recipient, of which one applies.
    pub(crate) fn with_clauses(clauses: usize) -> Self {
        let mut edition = lab();
        let agreement = edition.agreements.iter().find(|agreement| agreement.id.as_str() == "FVEY-TRACKS").expect("an agreement on tracks").clone();
        let applies = agreement.clauses.iter().find(|clause| clause.id.as_str() == "FVEY-TRACKS/1.1").expect("a clause on tracks").clone();
        let others = (1..clauses).map(|n| {
            let id = Name::new(&format!("FVEY-TRACKS/n{n}")).expect("a name");
            vestibule::policy::Clause { id, kinds: vec![format!("b-x-{n}-*")], ..applies.clone() }
        });
        let clauses = std::iter::once(applies.clone()).chain(others).collect();
        edition.agreements = vec![vestibule::policy::Agreement { clauses, ..agreement }];
        Self::of(edition)
    }

    fn of(edition: Edition) -> Self {
        let guard = Guard::compile(edition).expect("the rules of this bench are sound");
        Self { guard, secrets: Secrets::from_bytes(&[7; 32]), waivers: Waivers::default(), now: now() }
    }

    /// The sender's entry.
    pub(crate) fn sender(&self) -> &PeerEntry {
        self.peer(FROM)
    }

    /// The recipient's entry.
    pub(crate) fn recipient(&self) -> &PeerEntry {
        self.peer(TO)
    }

    fn peer(&self, name: &str) -> &PeerEntry {
        self.guard.edition().peers.values().find(|peer| peer.name.as_str() == name).expect("a peer of the lab")
    }
}

/// What fills a message to its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filling {
    /// Vertices of a drawing: many small fields.
    Drawing,
    /// Remarks in Latin letters: one long field.
    Latin,
    /// Remarks in Cyrillic letters, which are folded twice.
    Cyrillic,
}

impl Filling {
    /// The word of tables.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Drawing => "drawing",
            Self::Latin => "remarks",
            Self::Cyrillic => "remarks, Cyrillic",
        }
    }
}

/// A SECRET track of about `bytes` bytes to the one recipient.
pub(crate) fn message(bytes: usize, filling: Filling) -> (Header, Vec<u8>) {
    let recipe = generate::recipe("track-five-eyes").expect("a recipe of tracks");
    let (header, small) = generate::padded(recipe, 1, now(), if filling == Filling::Drawing { bytes } else { 0 });
    let header = Header { destinations: vec![Name::new(TO).expect("a name")], precedence: Precedence::Routine, ..header };
    let sentence = match filling {
        Filling::Drawing => return (header, small),
        Filling::Latin => "Convoy of four vehicles moved north along the river road, halted near the second bridge. ",
        Filling::Cyrillic => "Колонна из четырёх машин прошла на север вдоль реки и остановилась у второго моста. ",
    };
    let mut dice = Dice::seeded(1);
    let mut draft = Draft::new(&mut dice, now());
    (recipe.draft)(&mut draft, &mut dice);
    let mut remarks = String::new();
    loop {
        let longer = format!("{remarks}{sentence}");
        draft.remarks = Some(longer.clone());
        if draft.written().len() > bytes && !remarks.is_empty() {
            draft.remarks = Some(remarks);
            return (header, draft.written().into_bytes());
        }
        remarks = longer;
    }
}

fn now() -> Time {
    Time::parse("2026-11-23T08:00:00Z").expect("a time")
}

fn lab() -> Edition {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes");
    policy::load(&policy::read_folder(&folder).expect("the rule set of the lab")).expect("a rule set without faults")
}

/// An invented word of three syllables.
fn code_word(n: u32) -> String {
    const SYLLABLES: [&str; 10] = ["ZAK", "VOR", "QUIL", "MEX", "TUB", "RAN", "JOP", "LYD", "FEN", "GOS"];
    let syllable = |at: u32| usize::try_from(at % 10).ok().and_then(|at| SYLLABLES.get(at)).copied().unwrap_or_default();
    format!("{}{}{} {}", syllable(n), syllable(n / 10), syllable(n / 100), syllable(n / 1000))
}

/// Literals, regular expressions and hexadecimal strings in turn.
fn pattern(n: u32) -> String {
    let body = match n % 3 {
        0 => format!("$a = \"project-{n:05}\" nocase"),
        1 => format!("$a = /grid{n:04}[A-Z]{{2}} ?[0-9]{{4,10}}/"),
        _ => format!("$a = {{ 4B 45 59 {:02X} {:02X} [2-8] 3A 3D }}", n / 256, n % 256),
    };
    format!("rule p{n} {{ meta: action = \"hold\" severity = \"high\" reason = \"bench\" strings: {body} condition: $a }}\n")
}
