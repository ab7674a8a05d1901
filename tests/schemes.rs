//! Marking schemes against each other: pairs of schemes, the chain that `inspect` prints for them, the public portion vectors.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use vestibule::base::{Reason, Refusal, Time};
use vestibule::label::{Label, LabelView, Lattice, banner};
use vestibule::policy::{self, Edition};

use crate::samples::shared;

static EDITION: LazyLock<Edition> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes");
    policy::load(&policy::read_folder(&folder).unwrap()).unwrap_or_else(|complaints| panic!("{complaints:#?}"))
});

fn now() -> Time {
    Time::parse("2026-06-01T12:00:00Z").unwrap()
}

fn lattice() -> &'static Lattice {
    &EDITION.lattice
}

fn read(scheme: &str, line: &str) -> Result<Label, Refusal> {
    let label = banner::read_qualified(lattice(), lattice().policy(scheme).unwrap(), line)?;
    lattice().check(&label, now())?;
    Ok(label)
}

fn said(view: &LabelView) -> String {
    format!("{} {} to {}", view.policy, view.classification, view.releasable_to.join(" "))
}

/// From, line, into, what it becomes there or why it does not.
const PAIRS: [(&str, &str, &str, Result<&str, Reason>); 16] = [
    ("USA", "CONFIDENTIAL//REL TO USA, AUS", "AUS", Ok("AUS SECRET to AUS USA")),
    ("USA", "UNCLASSIFIED//REL TO USA, FVEY", "AUS", Ok("AUS PROTECTED to FVEY USA")),
    ("USA", "SECRET//REL TO USA, CAN", "CAN", Ok("CAN SECRET to CAN USA")),
    ("USA", "SECRET//REL TO USA, NZL", "NZL", Ok("NZL SECRET to NZL USA")),
    ("GBR", "SECRET - UK/US EYES ONLY", "CAN", Ok("CAN SECRET to GBR USA")),
    ("GBR", "TOP SECRET - FIVE EYES ONLY", "AUS", Ok("AUS TOP SECRET to FVEY")),
    ("CAN", "CONFIDENTIAL//REL TO CAN, GBR", "GBR", Ok("GBR SECRET to CAN GBR")),
    ("CAN", "UNCLASSIFIED//REL TO CAN, USA", "USA", Ok("USA UNCLASSIFIED to CAN USA")),
    ("AUS", "PROTECTED//REL AUS/NZL", "NZL", Ok("NZL CONFIDENTIAL to AUS NZL")),
    ("AUS", "SECRET//REL AUS/USA", "USA", Ok("USA SECRET to AUS USA")),
    ("NZL", "RESTRICTED//REL TO NZL, USA", "USA", Ok("USA CONFIDENTIAL to NZL USA")),
    ("NZL", "RESTRICTED//REL TO NZL, GBR", "GBR", Ok("GBR OFFICIAL-SENSITIVE to GBR NZL")),
    ("EU", "S-UE/EU-S RELEASABLE TO USA", "USA", Ok("USA SECRET to EU USA")),
    // One way only: no class of the Union is one of the alliance, and what the alliance owns is none of the Union's.
    ("EU", "R-UE/EU-R RELEASABLE TO GBR", "NATO", Err(Reason::ClearanceEquivalence)),
    ("NATO", "NATO RESTRICTED", "EU", Err(Reason::ClearanceEquivalence)),
    ("CAN", "PROTECTED C//REL TO CAN, AUS", "AUS", Err(Reason::ClearanceEquivalence)),
];

#[test]
fn sixteen_pairs_of_schemes_come_out_as_their_table_says() {
    for (from, line, into, expected) in PAIRS {
        let label = read(from, line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
        let found = lattice().translate(&label, lattice().policy(into).unwrap(), now()).map(|there| said(&lattice().view(&there)));
        let sorted = |text: &str| {
            let (head, codes) = text.split_once(" to ").unwrap();
            (head.to_owned(), codes.split(' ').map(str::to_owned).collect::<BTreeSet<_>>())
        };
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(sorted(&found), sorted(expected), "{line} into {into}"),
            (found, expected) => assert_eq!(found.map_err(|refusal| refusal.reason), expected.map(str::to_owned), "{line} into {into}"),
        }
    }
}

#[test]
fn an_alliances_secret_is_no_nations_unless_it_was_released_to_it() {
    let decided = |line: &str, peer: &str| {
        let label = read("NATO", line).unwrap();
        let entry = &EDITION.peers[peer];
        lattice().names(&label, &entry.nation, &entry.communities).map_err(|refusal| refusal.reason)
    };
    assert_eq!(decided("NATO SECRET", "gbr-ops"), Ok(()), "a member");
    assert_eq!(decided("NATO SECRET", "aus-ops"), Err(Reason::ClearancePermissive));
    assert_eq!(decided("NATO SECRET Releasable to AUS", "aus-ops"), Ok(()));
    assert_eq!(decided("NATO SECRET Releasable to AUS", "nzl-ops"), Err(Reason::ClearancePermissive));
}

/// Public portion marks that the rule set refuses, for the reason for which it refuses their banners.
fn is_refused(mark: &str) -> bool {
    let unknown = ["SI-ABC", "SI-G ABCD", "ANB", "HCS-P JJJ", "LMN", "SAR-", "RD-", "FRD-", "DEU", "JOINT", "FGI"];
    unknown.iter().any(|part| mark.contains(part)) || mark == "(//NS//ATOMAL//OC)"
}

#[test]
fn the_public_portion_marks_say_what_their_banners_say() {
    let Some(table) = shared("labels/us-ic/banner-portion-vectors.tsv") else { return };
    let usa = lattice().policy("USA").unwrap();
    let (mut same, mut refused) = (0, 0);
    for row in std::fs::read_to_string(table).unwrap().lines().filter(|row| !row.starts_with('#')) {
        let columns: Vec<&str> = row.split('\t').collect();
        let (line, mark) = (columns[0], columns[1]);
        if mark == "-" {
            continue;
        }
        // Full titles are one spelling too many for banners; their portion marks are the same as those of the abbreviations.
        let whole = banner::read(lattice(), usa, line).or_else(|_| banner::read(lattice(), usa, "SECRET//REL TO USA, GBR")).unwrap();
        let inner = banner::portion::mark_of(lattice(), usa, mark).unwrap_or_else(|| panic!("{mark} is no mark"));
        let found = banner::portion::read_portion(lattice(), usa, inner, &whole).and_then(|label| lattice().check(&label, now()).map(|()| label));
        match found {
            Ok(label) => {
                assert!(lattice().dominates(&whole, &label, now()) || banner::read(lattice(), usa, line).is_err(), "{row}");
                same += 1;
            }
            Err(refusal) => {
                assert!(is_refused(mark), "{row}: {refusal}");
                refused += 1;
            }
        }
    }
    assert_eq!(same + refused, 28);
    assert!(same >= 12, "{same}");
}

#[test]
fn the_australian_mail_samples_are_read_or_refused_for_an_argued_reason() {
    let Some(folder) = shared("labels/au") else { return };
    let aus = lattice().policy("AUS").unwrap();
    let (mut read, mut refused) = (0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        for line in text.lines().filter(|line| line.contains("SEC=")) {
            let start = line.find("VER=").or_else(|| line.find("SEC=")).unwrap();
            let marking = line[start..].trim_end_matches([']', '"', '\'', ',']);
            match banner::read(lattice(), aus, marking) {
                Ok(_) => read += 1,
                Err(refusal) => {
                    // Free words, dates of declassification, unknown keys, spaces, lines of the samples that are no marking, notes, originators, foreign caveats and a wrong kind of caveat.
                    let argued = [
                        "EXPIRES",
                        "NOTE",
                        "ORIGIN",
                        "FG:",
                        "C:",
                        "EXCLUSIVE-FOR",
                        "RI:SH:",
                        "REL:",
                        "NS=",
                        "VER=",
                        "ACCESS=",
                        "SH:",
                        "RI:REL",
                        "SEC=OFFICIAL",
                        "DOWNTO",
                        "Unknown",
                        "SEC= ",
                        ": TopSecret",
                    ];
                    assert!(argued.iter().any(|part| marking.contains(part)) || marking.contains('{'), "{}: {marking}: {refusal}", path.display());
                    refused += 1;
                }
            }
        }
    }
    println!("{read} read, {refused} refused");
    assert!(read + refused > 0);
}

/// The chains that `inspect` prints, held in a file.
const CHAINS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/chains.txt");
const TRACK: &str = "track.xml";
const MARITIME: &str = "nato-track.xml";
const OF_TRACK: &str = "access=\"SECRET\" releasableTo=\"GBR USA CAN AUS NZL\"";
const OF_MARITIME: &str = "access=\"NATO SECRET\"";

/// Sender, recipient, message of the lab's cases, and what is changed in it.
const MESSAGES: [(&str, &str, &str, &str, &str); 23] = [
    ("usa-ops", "gbr-ops", TRACK, OF_TRACK, "access=\"CONFIDENTIAL//REL TO USA, GBR\""),
    ("gbr-ops", "usa-ops", TRACK, OF_TRACK, "access=\"UK SECRET - UK/US EYES ONLY\""),
    ("gbr-ops", "usa-ops", TRACK, OF_TRACK, "access=\"UK SECRET - UK EYES ONLY\""),
    ("nato-hq", "gbr-ops", MARITIME, OF_MARITIME, OF_MARITIME),
    ("gbr-ops", "nato-hq", TRACK, OF_TRACK, "access=\"SECRET\" releasableTo=\"GBR NATO\""),
    ("usa-ops", "nato-hq", TRACK, OF_TRACK, "access=\"TOP SECRET//REL TO USA, NATO\""),
    ("usa-ops", "can-ops", TRACK, OF_TRACK, "access=\"SECRET//REL TO USA, FVEY\""),
    ("usa-ops", "can-ops", TRACK, OF_TRACK, "access=\"SECRET//ORCON/REL TO USA, CAN\""),
    ("can-ops", "gbr-ops", TRACK, OF_TRACK, "access=\"CONFIDENTIAL//REL TO CAN, GBR\""),
    ("can-ops", "usa-ops", TRACK, OF_TRACK, "access=\"PROTECTED B\" releasableTo=\"CAN USA\""),
    ("aus-ops", "nzl-ops", TRACK, OF_TRACK, "access=\"PROTECTED//REL AUS/NZL\""),
    ("aus-ops", "usa-ops", TRACK, OF_TRACK, "access=\"SECRET//AUSTEO\""),
    ("nzl-ops", "aus-ops", TRACK, OF_TRACK, "access=\"RESTRICTED//REL TO NZL, AUS\""),
    ("nzl-ops", "gbr-ops", TRACK, OF_TRACK, "access=\"IN-CONFIDENCE//REL TO NZL, GBR\""),
    ("deu-ops", "gbr-ops", MARITIME, OF_MARITIME, "access=\"S-UE/EU-S RELEASABLE TO GBR\""),
    ("deu-ops", "nato-hq", MARITIME, OF_MARITIME, "access=\"R-UE/EU-R RELEASABLE TO GBR, USA\""),
    ("gbr-ops", "guest-isac", "threats.stix.json", "Callback host", "Callback host"),
    ("usa-ops", "gbr-ops", "actor.stix.json", "GH-2", "GH-2"),
    ("usa-ops", "aus-ops", "actor.stix.json", "GH-2", "GH-2"),
    ("usa-ops", "gbr-ops", TRACK, OF_TRACK, "access=\"SECRET//FGI DEU//REL TO USA, GBR\""),
    ("usa-ops", "gbr-ops", TRACK, OF_TRACK, "access=\"SECRET//FGI//REL TO USA, GBR\""),
    ("usa-ops", "gbr-ops", TRACK, OF_TRACK, "access=\"//JOINT SECRET CAN GBR USA//REL TO USA, CAN, GBR\""),
    ("usa-ops", "aus-ops", TRACK, OF_TRACK, "access=\"//JOINT SECRET CAN GBR USA//REL TO USA, AUS, CAN, GBR\""),
];

#[test]
fn inspect_prints_mark_scheme_equivalence_and_decision_for_every_pair() {
    let folder = tempfile::tempdir().unwrap();
    let messages = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes/cases/messages");
    let mut printed = String::new();
    for (number, (from, to, name, old, new)) in MESSAGES.iter().enumerate() {
        let text = std::fs::read_to_string(messages.join(name)).unwrap();
        assert!(text.contains(old), "{name}: {old}");
        let file = format!("{:02}-{from}-{to}.{}", number + 1, name.rsplit('.').next().unwrap());
        std::fs::write(folder.path().join(&file), text.replace(old, new)).unwrap();
        let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/five-eyes");
        let words = ["inspect", "--rules", rules, "--explain", "--now", "2026-03-01T12:00:30Z", "--from", from, "--to", to, &file];
        let output = Command::new(env!("CARGO_BIN_EXE_vestibule")).args(words).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout).unwrap();
        // Edits and findings of the content are other tests' business.
        let of_label =
            |line: &&str| !line.starts_with("  edit") && (!line.starts_with("  finding") || line.contains("label.") || line.contains("clearance."));
        said.lines().filter(of_label).for_each(|line| printed.push_str(&format!("{}\n", line.trim_end())));
    }
    if std::env::var("VESTIBULE_GOLDEN").is_ok_and(|value| value == "write") {
        std::fs::write(CHAINS, &printed).unwrap();
    }
    let held = std::fs::read_to_string(CHAINS).unwrap_or_default();
    assert_eq!(printed, held, "run with VESTIBULE_GOLDEN=write and read what changed");
}
