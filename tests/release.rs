//! Decisions over the lab's rule set: label by recipient, through the real reader, the real labels and Cedar.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "these functions serve tests only")]

use std::sync::LazyLock;

use vestibule::base::{Budget, Header, MessageId, Name, Precedence, Reason, Time, Traffic};
use vestibule::format::{self, Received};
use vestibule::label::{self, Binding, Reading};
use vestibule::policy::{self, Edition};
use vestibule::release::{Circumstances, Engine};

static EDITION: LazyLock<Edition> = LazyLock::new(|| {
    let files = policy::read_folder(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    policy::load(&files).unwrap_or_else(|complaints| panic!("{}", policy::report::render(&complaints, &files, policy::report::Look::Plain)))
});
static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::compile(&EDITION).unwrap());

struct Sent<'s> {
    from: &'s str,
    kind: &'s str,
    attributes: &'s str,
    traffic: Traffic,
    now: &'s str,
}

impl Default for Sent<'_> {
    fn default() -> Self {
        Sent { from: "gbr-ops", kind: "a-f-G-U-C", attributes: "", traffic: Traffic::Operation, now: "2026-03-01T12:00:30Z" }
    }
}

/// The clause that permits and whether it asks for review, or the code of the refusal.
fn decide_in(edition: &Edition, engine: &Engine, sent: &Sent<'_>, to: &str) -> Result<(String, bool), Reason> {
    let body = format!(
        r#"<event version="2.0" uid="T-1" type="{}" how="m-g" time="2026-03-01T12:00:00Z" start="2026-03-01T12:00:00Z" stale="2026-03-01T12:10:00Z" {}><point lat="51.5" lon="-0.1" hae="0" ce="5" le="5"/></event>"#,
        sent.kind, sent.attributes
    );
    let now = Time::parse(sent.now).unwrap();
    let header = Header {
        id: MessageId::from_parts(1, [7; 10]),
        precedence: Precedence::Routine,
        destinations: vec![Name::new(to).unwrap()],
        media_type: String::new(),
        traffic: sent.traffic,
        sent: now,
        label: None,
    };
    let mut budget = Budget::for_body(body.len());
    let (sender, recipient) = (&edition.peers[sent.from], &edition.peers[to]);
    let parsed = format::parse(Received::new(&header, body.as_bytes()).unwrap(), &mut budget).map_err(|refusal| refusal.reason)?;
    let reading = Reading { scheme: sender.scheme, binding: Binding::Unbound };
    let labelled = label::verify(parsed, &edition.lattice, &reading, now, &mut budget).map_err(|refusal| refusal.reason)?;
    let permitted = engine.decide(&labelled, sender, recipient, &Circumstances { now }).map_err(|refusal| refusal.reason)?;
    assert!(permitted.chain().len() >= 3, "{:?}", permitted.chain());
    assert_eq!(permitted.recipient().name.as_str(), to);
    Ok((permitted.clause().id.to_string(), permitted.review()))
}

fn decide(sent: &Sent<'_>, to: &str) -> Result<(String, bool), Reason> {
    decide_in(&EDITION, &ENGINE, sent, to)
}

/// A row: what is expected of one label for one recipient.
fn said(result: Result<(String, bool), Reason>) -> String {
    match result {
        Ok((clause, false)) => clause,
        Ok((clause, true)) => format!("{clause} review"),
        Err(reason) => reason.code().to_owned(),
    }
}

#[test]
fn an_answer_from_memory_is_the_answer_of_the_rules() {
    let cold = Engine::compile(&EDITION).unwrap();
    let labels = [
        "",
        r#"access="OFFICIAL" releasableTo="GBR ISAC""#,
        r#"access="SECRET" releasableTo="GBR USA CAN AUS NZL""#,
        r#"access="SECRET" releasableTo="GBR NATO""#,
        r#"access="SECRET" caveat="UK EYES ONLY""#,
        r#"access="TOP SECRET" releasableTo="GBR USA""#,
    ];
    let mut answers = std::collections::BTreeSet::new();
    for now in ["2020-01-01T00:00:00Z", "2026-03-01T12:00:30Z", "2029-12-31T23:59:59Z", "2030-01-01T00:00:00Z", "2026-03-01T12:00:31Z"] {
        for (kind, traffic) in [("a-f-G-U-C", Traffic::Operation), ("b-m-p-s-m", Traffic::Operation), ("a-f-G-U-C", Traffic::Exercise)] {
            for (from, attributes) in labels.iter().flat_map(|label| [("gbr-ops", label), ("usa-ops", label)]) {
                let sent = Sent { from, kind, attributes, traffic, now };
                for to in PEERS.into_iter().filter(|to| *to != from) {
                    cold.forget();
                    let rules = decide_in(&EDITION, &cold, &sent, to);
                    let warm = [(), ()].map(|()| decide(&sent, to));
                    assert_eq!([&rules, &rules], [&warm[0], &warm[1]], "{from} to {to}: {kind} {attributes} at {now}");
                    answers.insert(said(rules));
                }
            }
        }
    }
    assert!(answers.len() >= 8, "{answers:?}");
}

const PEERS: [&str; 7] = ["usa-ops", "can-ops", "aus-ops", "nzl-ops", "nato-hq", "deu-ops", "guest-isac"];

#[test]
fn british_labels_reach_exactly_the_peers_that_may_hold_them() {
    let (track, coarse, isac) = ("FVEY-TRACKS/1.1", "NATO-SA/1.1", "ISAC-NOTICES/1.1");
    let (group, level, only) = ("clearance.permissive", "clearance.level", "clearance.national_only");
    // NATO TOP SECRET is never releasable, and neither NATO nor Canada, Australia and New Zealand know `ISAC`.
    let no_equal = "clearance.equivalence";
    for (attributes, expected) in [
        (r#"access="SECRET" releasableTo="GBR USA CAN AUS NZL""#, [track, track, track, track, group, group, level]),
        (r#"access="SECRET" releasableTo="GBR USA""#, [track, group, group, group, group, group, level]),
        (r#"access="SECRET" releasableTo="GBR NATO""#, [track, track, group, group, coarse, coarse, level]),
        (r#"access="SECRET" caveat="UK EYES ONLY""#, [only, only, only, only, only, only, level]),
        (r#"access="SECRET""#, [only, only, only, only, only, only, level]),
        (r#"access="TOP SECRET" releasableTo="GBR USA CAN AUS NZL""#, [level, level, level, level, no_equal, no_equal, level]),
        (r#"access="OFFICIAL" releasableTo="GBR ISAC""#, [group, no_equal, no_equal, no_equal, no_equal, no_equal, isac]),
    ] {
        let sent = Sent { attributes, ..Sent::default() };
        let found = PEERS.map(|peer| said(decide(&sent, peer)));
        assert_eq!(found, expected.map(str::to_owned), "{attributes}");
    }
}

#[test]
fn what_allies_send_reaches_britain_as_its_label_says() {
    for (from, attributes, expected) in [
        ("usa-ops", r#"access="SECRET" releasableTo="USA GBR""#, "FVEY-TRACKS/1.1"),
        ("usa-ops", r#"access="SECRET" releasableTo="USA, FVEY""#, "FVEY-TRACKS/1.1"),
        ("usa-ops", r#"access="SECRET" caveat="NOFORN""#, "clearance.national_only"),
        ("usa-ops", r#"access="SECRET" releasableTo="USA CAN""#, "clearance.permissive"),
        ("can-ops", r#"access="SECRET" releasableTo="GBR CAN""#, "FVEY-TRACKS/1.1"),
        ("nato-hq", r#"access="NATO SECRET""#, "NATO-SA/1.2"),
        ("deu-ops", r#"access="NATO RESTRICTED""#, "NATO-SA/1.2"),
        ("nato-hq", r#"access="COSMIC TOP SECRET""#, "clearance.level"),
        ("guest-isac", r#"access="OFFICIAL" releasableTo="GBR ISAC""#, "ISAC-NOTICES/2.1 review"),
    ] {
        let sent = Sent { from, attributes, ..Sent::default() };
        assert_eq!(said(decide(&sent, "gbr-ops")), expected, "{from} {attributes}");
    }
}

#[test]
fn kind_time_and_forbid_decide_which_clause_applies() {
    let fvey = r#"access="SECRET" releasableTo="GBR USA CAN AUS NZL""#;
    let nato = r#"access="SECRET" releasableTo="GBR NATO""#;
    for (kind, attributes, now, to, expected) in [
        ("a-h-A-M-F", fvey, "2026-03-01T12:00:00Z", "usa-ops", "FVEY-TRACKS/1.1"),
        ("b-m-p-s-m", fvey, "2026-03-01T12:00:00Z", "usa-ops", "FVEY-TRACKS/1.2"),
        ("b-a-o-tbl", fvey, "2026-03-01T12:00:00Z", "usa-ops", "FVEY-TRACKS/1.3"),
        ("t-x-f", fvey, "2026-03-01T12:00:00Z", "usa-ops", "FVEY-TRACKS/2.1 review"),
        ("b-t-f", fvey, "2026-03-01T12:00:00Z", "usa-ops", "agreement.none"),
        ("r-A", fvey, "2026-03-01T12:00:00Z", "usa-ops", "agreement.none"),
        ("a-f-G", fvey, "2024-12-31T23:59:59.999Z", "usa-ops", "agreement.none"),
        ("a-f-G", fvey, "2025-01-01T00:00:00Z", "usa-ops", "FVEY-TRACKS/1.1"),
        ("a-f-G", fvey, "2029-12-31T23:59:59.999Z", "usa-ops", "FVEY-TRACKS/1.1"),
        ("a-f-G", fvey, "2030-01-01T00:00:00Z", "usa-ops", "agreement.none"),
        ("a-f-F-G", fvey, "2026-03-01T12:00:00Z", "usa-ops", "FVEY-TRACKS/1.1"),
        ("a-f-F-G", nato, "2026-03-01T12:00:00Z", "nato-hq", "agreement.forbidden"),
    ] {
        let sent = Sent { kind, attributes, now, ..Sent::default() };
        assert_eq!(said(decide(&sent, to)), expected, "{kind} {attributes} {now}");
    }
}

#[test]
fn exercise_and_operation_do_not_mix() {
    let marked = |opex: &str| format!(r#"{opex} access="SECRET" releasableTo="GBR USA""#);
    for (traffic, opex, expected) in [
        (Traffic::Operation, "", "FVEY-TRACKS/1.1"),
        (Traffic::Operation, r#"opex="o""#, "FVEY-TRACKS/1.1"),
        (Traffic::Operation, r#"opex="e""#, "exercise.mixed"),
        (Traffic::Exercise, r#"opex="e""#, "FVEY-TRACKS/1.1"),
        (Traffic::Exercise, r#"opex="o""#, "exercise.mixed"),
        (Traffic::Exercise, "", "exercise.mixed"),
    ] {
        let attributes = marked(opex);
        let sent = Sent { traffic, attributes: &attributes, ..Sent::default() };
        assert_eq!(said(decide(&sent, "usa-ops")), expected, "{traffic:?} {opex}");
    }
}

#[test]
fn a_sender_is_no_recipient_of_its_own_message() {
    let sent = Sent { from: "usa-ops", attributes: r#"access="SECRET" releasableTo="USA GBR""#, ..Sent::default() };
    assert_eq!(said(decide(&sent, "usa-ops")), "agreement.none");
}

/// The lab with other Cedar policies, as plain data.
fn edition_with_cedar(text: &str) -> Edition {
    let mut files = EDITION.files.clone();
    files.retain(|file| &*file.path != "release.cedar");
    files.push(policy::SourceFile { path: "release.cedar".into(), text: text.into() });
    policy::load(&files).unwrap()
}

/// The lab with other Cedar policies.
fn with_cedar(text: &str) -> (Edition, Engine) {
    let edition = edition_with_cedar(text);
    let engine = Engine::compile(&edition).unwrap();
    (edition, engine)
}

#[test]
fn a_rule_that_could_fail_while_it_is_asked_does_not_load() {
    let overflow = "@id(\"overflow\")\nforbid (principal, action, resource)\nwhen { context.now_ms * 9223372036854775807 > 0 && context.policy == Policy::\"NATO\" };\n";
    let complaints = Engine::compile(&edition_with_cedar(overflow)).unwrap_err();
    assert!(complaints.iter().any(|complaint| complaint.what.starts_with("the policy `release.cedar/overflow` may fail")), "{complaints:?}");
}

#[test]
fn a_permit_of_a_cedar_file_is_cited_by_its_id_and_an_automatic_clause_comes_first() {
    let permits = "@id(\"reservations\") @release(\"review\")\npermit (principal, action, resource) when { context.kind like \"r-*\" };\n\
                   @id(\"aaa\") @release(\"review\")\npermit (principal, action, resource) when { context.kind like \"a-*\" };\n";
    let (edition, engine) = with_cedar(permits);
    let attributes = r#"access="SECRET" releasableTo="GBR USA""#;
    let sent = Sent { kind: "r-A", attributes, ..Sent::default() };
    assert_eq!(said(decide_in(&edition, &engine, &sent, "usa-ops")), "release.cedar/reservations review");
    let sent = Sent { attributes, ..Sent::default() };
    assert_eq!(said(decide_in(&edition, &engine, &sent, "usa-ops")), "FVEY-TRACKS/1.1");
    let sent = Sent { attributes: r#"access="TOP SECRET" releasableTo="GBR USA""#, ..Sent::default() };
    assert_eq!(said(decide_in(&edition, &engine, &sent, "usa-ops")), "clearance.level", "no rule reaches past mandatory control");
}

#[test]
fn a_thousand_clauses_change_no_decision_of_others() {
    let mut files = EDITION.files.clone();
    let mut text = String::from(
        "id = \"MANY\"\ntitle = \"many\"\nfrom = \"2025-01-01T00:00:00Z\"\nuntil = \"2030-01-01T00:00:00Z\"\nformats = [\"cot\"]\ntraffic = [\"operation\"]\n",
    );
    for number in 0..1000 {
        let clause = format!(
            "[[clause]]\nid = \"{number}\"\nfrom = [\"GBR\"]\nto = [\"nzl-ops\"]\nkinds = [\"z-{number}\"]\nup_to = [{{ policy = \"GBR\", level = \"OFFICIAL\" }}]\nrelease = \"automatic\"\n"
        );
        text.push_str(&clause);
    }
    files.push(policy::SourceFile { path: "agreements/many.toml".into(), text: text.into() });
    let edition = policy::load(&files).unwrap();
    let engine = Engine::compile(&edition).unwrap();
    let sent = Sent { attributes: r#"access="SECRET" releasableTo="GBR USA CAN AUS NZL""#, ..Sent::default() };
    for peer in ["usa-ops", "nzl-ops"] {
        let start = std::time::Instant::now();
        for _ in 0..50 {
            assert_eq!(said(decide_in(&edition, &engine, &sent, peer)), "FVEY-TRACKS/1.1");
        }
        println!("{peer}: {:?} for each message, read, labelled and decided", start.elapsed() / 50);
    }
}
