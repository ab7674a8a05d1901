//! Known items among what is held: they look like any other, are counted as none, leave never, and say whether reviewers look.

use super::reviewers::{Panel, done, look, release, waits, word};
use super::*;
use vestibule::control::desk::{Message, Order, Quality, Query, Step, View, Wanted};
use vestibule::control::review::Chosen;
use vestibule::journal::{OpenSeed, Verdict};

/// `[review]` with one known item for each held message, at once.
fn section(open_max: u32) -> String {
    format!("[review]\nseeds = \"seeds\"\nseed_one_in = 1\nseeds_open_max = {open_max}\nseed_delay_seconds_max = 0\n")
}

/// Writes a known item into a lab: a message with a word of a list, of which the office knows what is to become.
fn known(lab: &Lab, file: &str, salt: u64, more: &str) {
    let (_, body) = letter("word-plain", salt);
    described(lab, file, &body, &format!("from = \"gbr-ops\"\nto = \"usa-ops\"\nwhy = \"the word names an operation\"\n{more}"));
}

fn described(lab: &Lab, file: &str, body: &[u8], text: &str) {
    std::fs::create_dir_all(lab.path("seeds")).unwrap();
    std::fs::write(lab.path("seeds").join(file).with_extension("xml"), body).unwrap();
    let message = Path::new(file).with_extension("xml").display().to_string();
    std::fs::write(lab.path("seeds").join(file), format!("message = \"{message}\"\n{text}\n")).unwrap();
}

async fn open(gateway: &Running, count: usize) -> Vec<OpenSeed> {
    let started = std::time::Instant::now();
    loop {
        let open = gateway.journal().seeds().await.unwrap().open;
        if open.len() == count {
            return open;
        }
        assert!(started.elapsed() < PATIENCE, "{count} known items were never open");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn shown(gateway: &Running, query: Query) -> View {
    gateway.handle.look(query).await.unwrap()
}

async fn held(gateway: &Running) -> Vec<Message> {
    let wanted = Wanted { state: Some("held".to_owned()), ..Wanted::default() };
    match shown(gateway, Query::Messages { wanted, order: Order::Triage, after: None, rows: 50 }).await {
        View::Messages(page) => {
            assert_eq!(page.total, Some(page.rows.len() as u64));
            page.rows
        }
        other => panic!("{other:?}"),
    }
}

async fn steps(gateway: &Running, id: MessageId) -> Vec<Step> {
    match shown(gateway, Query::Journey { id: id.to_string() }).await {
        View::Journey { steps } => steps,
        other => panic!("{other:?}"),
    }
}

async fn quality(gateway: &Running) -> Quality {
    match shown(gateway, Query::Quality {}).await {
        View::Quality(quality) => quality,
        other => panic!("{other:?}"),
    }
}

fn kinds(steps: &[Step]) -> Vec<&str> {
    steps.iter().map(|step| step.kind.as_str()).collect()
}

/// What the gateway says of a number of its own.
fn number(lines: &[(String, String)], name: &str) -> String {
    lines.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

#[test]
fn a_known_item_looks_like_a_held_message_is_counted_as_none_and_reaches_nobody_when_it_is_released() {
    run(async {
        let panel = Panel::furnished(1, |_, text| text.to_owned(), &section(1));
        known(&panel.lab, "greywater.toml", 77, "expected = \"reject\"");
        let gateway = panel.lab.start().await;
        let (gbr, usa) = (panel.lab.link("gbr-ops").await, panel.lab.link("usa-ops").await);
        let (header, body) = letter("word-plain", 4);
        gbr.send(&header, &body).await;
        let seed = open(&gateway, 1).await.remove(0);
        // In lists, groups, overview, journeys and records it is a message.
        let rows = held(&gateway).await;
        let fields = |row: &Message| {
            (row.from.clone(), row.recipient.clone(), row.code.clone(), row.clause.clone(), row.severity.clone(), row.reviews.clone())
        };
        assert_eq!(rows.len(), 2);
        assert_eq!(fields(&rows[0]), fields(&rows[1]));
        assert!(rows.iter().any(|row| row.id == seed.message.id.to_string()));
        let View::Groups { groups } = shown(&gateway, Query::Groups {}).await else { panic!() };
        assert_eq!(groups.iter().map(|group| group.count).collect::<Vec<_>>(), [2]);
        let View::Overview(overview) = shown(&gateway, Query::Overview {}).await else { panic!() };
        let quarantined: u64 = overview.minutes.iter().map(|minute| minute.outcomes[1].1).sum();
        assert_eq!((quarantined, number_of(&overview.counts, "held"), number_of(&overview.counts, "accepted")), (2, 2, 2));
        let (of_seed, of_message) = (steps(&gateway, seed.message.id).await, steps(&gateway, header.id).await);
        assert_eq!(kinds(&of_seed), kinds(&of_message));
        let names = |steps: &[Step]| steps.iter().flat_map(|step| step.facts.iter().map(|(name, _)| name.clone())).collect::<Vec<_>>();
        assert_eq!(names(&of_seed), names(&of_message));
        let View::Records(records) = shown(&gateway, Query::Records { after: None, rows: 100 }).await else { panic!() };
        assert!(records.rows.iter().all(|step| step.kind != "seeded" && !format!("{step:?}").contains("greywater")));
        let proof = shown(&gateway, Query::Proof { index: of_seed[0].index }).await;
        assert!(matches!(proof, View::Refused { .. }), "{proof:?}");
        // Nothing that counts messages counts it, and its sender has no receipt of it.
        let counts = gateway.journal().counts().await.unwrap();
        assert_eq!((counts.accepted, counts.held), (1, 1));
        assert_eq!(gateway.journal().receipt_of(&name("gbr-ops"), seed.message.id).await.unwrap(), None);
        assert_eq!(quality(&gateway).await.seeded, (0, 0));
        // It is released, with all that a release has.
        let item = look(&gateway, seed.message.id, "ann", &[], &[]).await;
        let found = word(&item);
        let waived = look(&gateway, seed.message.id, "ann", &[&found], &[]).await;
        let note = panel.note("ann", &waived, release(&waived, &[&found], &[]));
        let Response::Done { text } = gateway.handle.note(&note).await.unwrap() else { panic!() };
        assert!(text.contains("known item") && text.contains("`reject` would have been right, not `release`"), "{text}");
        assert_eq!(gateway.outcome(seed.message.id, "usa-ops").await, ("reject".to_owned(), Some("review.seed")));
        assert_eq!(kinds(&steps(&gateway, seed.message.id).await), ["seeded", "decided", "looked", "reviewed", "decided"]);
        // What is released after it arrives alone.
        let item = look(&gateway, header.id, "ann", &[&found], &[]).await;
        done(&gateway, &panel.note("ann", &item, release(&item, &[&found], &[]))).await;
        until("the delivery", || usa.count() >= 1).await;
        let started = std::time::Instant::now();
        while gateway.journal().counts().await.unwrap().delivered == 0 {
            assert!(started.elapsed() < PATIENCE, "the receipt of the delivery never came");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(usa.got().keys().copied().collect::<Vec<_>>(), [onward(header.id)]);
        let counts = gateway.journal().counts().await.unwrap();
        assert_eq!((counts.accepted, counts.delivered, counts.due, counts.held), (1, 1, 0, 0));
        let quality = quality(&gateway).await;
        assert_eq!((quality.seeded, quality.seeds_expired, quality.seeds[0].file.as_str()), ((1, 0), 0, "greywater.toml"));
        assert_eq!((quality.officers[0].items, quality.officers[0].seeded), (1, (1, 0)));
        gateway.stop().await;
        panel.lab.audit();
        let (status, out, errors) = panel.lab.command(&["rules", "replay"], &[&panel.lab.path("rules").display().to_string()]);
        assert_eq!(status, 0, "{out}{errors}");
    });
}

fn number_of(counts: &[(String, u64)], name: &str) -> u64 {
    counts.iter().find(|(known, _)| known == name).unwrap().1
}

#[test]
fn no_more_are_open_than_may_be_and_the_right_answer_of_two_persons_is_told_to_be_right() {
    run(async {
        let panel = Panel::furnished(2, |_, text| text.to_owned(), &section(1));
        known(&panel.lab, "a.toml", 77, "expected = \"reject\"");
        known(&panel.lab, "b.toml", 78, "expected = \"return\"");
        let gateway = panel.lab.start().await;
        let gbr = panel.lab.link("gbr-ops").await;
        for salt in 4..8 {
            let (header, body) = letter("word-plain", salt);
            gbr.send(&header, &body).await;
        }
        let seed = open(&gateway, 1).await.remove(0);
        assert_eq!(held(&gateway).await.len(), 5);
        let item = look(&gateway, seed.message.id, "ann", &[], &[]).await;
        let right = match seed.file.as_str() {
            "a.toml" => Verdict::Reject,
            _ => Verdict::Return,
        };
        let chosen = || match right {
            Verdict::Reject => Chosen::Reject,
            _ => Chosen::Return(vestibule::statement::ReturnClass::Content),
        };
        // The first of two learns nothing, and the figures do not tell the second.
        let response = gateway.handle.note(&panel.note("ann", &item, chosen())).await.unwrap();
        assert!(matches!(&response, Response::Waiting { text } if !text.contains("known")), "{response:?}");
        assert_eq!((quality(&gateway).await.seeded, open(&gateway, 1).await.len()), ((0, 0), 1));
        let Response::Done { text } = gateway.handle.note(&panel.note("bob", &item, chosen())).await.unwrap() else { panic!() };
        assert!(text.contains(&format!("`{}` is right", right.word())), "{text}");
        let figures = quality(&gateway).await;
        assert_eq!((figures.seeded, figures.rules[0].seeded), ((2, 2), (2, 2)));
        assert_eq!(gbr.count(), 0, "a sender that sent nothing gets no notice");
        // Room for the next one.
        let (header, body) = letter("word-plain", 9);
        gbr.send(&header, &body).await;
        open(&gateway, 1).await;
        let plain = look(&gateway, header.id, "ann", &[], &[]).await;
        waits(&gateway, &panel.note("ann", &plain, Chosen::Reject), "a second person").await;
        gateway.stop().await;
        panel.lab.audit();
    });
}

#[test]
fn the_processes_behind_their_walls_draw_known_items_and_count_them_as_nothing() {
    run(async {
        let lab = Lab::with(|text| format!("{text}\n{}", section(2)));
        known(&lab, "a.toml", 77, "expected = \"reject\"");
        let gateway = lab.spawn().await;
        let gbr = lab.link("gbr-ops").await;
        let (header, body) = letter("word-plain", 4);
        gbr.send(&header, &body).await;
        let listed = || {
            let (status, out, errors) = lab.command(&["quarantine", "list"], &["--json"]);
            assert_eq!(status, 0, "{errors}");
            out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        until("the known item", || listed().len() == 2).await;
        let known = listed().into_iter().find(|id| *id != header.id.to_string()).unwrap();
        let socket = lab.path("state/journal").join(control::SOCKET);
        let Ok(Response::Status { lines, .. }) = control::ask(&socket, &Request::Status {}) else { panic!() };
        assert_eq!((number(&lines, "accepted"), number(&lines, "held")), ("1".to_owned(), "1".to_owned()));
        // A reload with a folder that does not read is refused, and the old one stays.
        std::fs::write(lab.path("seeds/b.toml"), "message = \"none.xml\"\n").unwrap();
        let (status, out, errors) = lab.command(&["check"], &[]);
        assert_eq!(status, 1, "{errors}");
        assert!(out.contains("FAIL known items") && out.contains("b.toml"), "{out}");
        std::fs::remove_file(lab.path("seeds/b.toml")).unwrap();
        let (status, out, errors) =
            lab.command(&["quarantine", "release"], &["--by", "ann", "--yes", "--waive-all", "fine", "--reason", "fine", &known]);
        assert_eq!(status, 0, "{out}{errors}");
        assert!(out.contains("`reject` would have been right"), "{out}{errors}");
        let (status, out, errors) = lab.command(&["quarantine", "quality"], &[]);
        assert_eq!(status, 0, "{errors}");
        assert!(out.contains("1 answers, 0 right") && out.contains("a.toml"), "{out}");
        assert_eq!(gateway.terminate().await, 0);
        lab.audit();
    });
}

#[test]
fn a_known_item_that_does_not_read_or_would_not_be_held_is_a_fault_of_the_check_with_its_place() {
    let lab = Lab::with(|text| format!("{text}\n{}", section(2)));
    let check = || {
        let (status, out, _) = lab.command(&["check"], &[]);
        (status, out.lines().filter(|line| line.contains("known item")).map(str::to_owned).collect::<Vec<_>>())
    };
    let (status, lines) = check();
    assert!(status == 1 && lines[0].contains("cannot be read"), "{lines:?}");
    known(&lab, "good.toml", 77, "expected = \"reject\"");
    assert_eq!(check(), (0, vec!["ok   known item `good.toml`: held for content.words, expected: reject".to_owned()]));
    let (_, passing) = letter("track-five-eyes", 5);
    let (_, held) = letter("word-plain", 5);
    let text = |from: &str, to: &str, expected: &str| format!("from = \"{from}\"\nto = \"{to}\"\nexpected = \"{expected}\"\nwhy = \"known\"");
    let right = text("gbr-ops", "usa-ops", "reject");
    for (body, text, told) in [
        (&passing, right.clone(), "would not be held but forward"),
        (&b"<no message".to_vec(), right.clone(), "would not be held but reject"),
        (&held, text("gbr-ops", "usa-ops", "pass"), "write `release`, `reject` or `return`"),
        (&held, text("gbr-ops", "nobody", "reject"), "`to` names `nobody`, which is no peer"),
        (&held, text("usa-ops", "usa-ops", "reject"), "another recipient"),
        (&held, format!("{right}\ncolour = \"red\""), "bad.toml`: line"),
        (&held, right.replace("known", ""), "one line of 1 to 300"),
        (&Vec::new(), right.clone(), "has 0 bytes"),
    ] {
        described(&lab, "bad.toml", body, &text);
        let (status, lines) = check();
        assert_eq!(status, 1, "{told}");
        assert!(lines.iter().any(|line| line.starts_with("FAIL") && line.contains(told) && line.contains("bad.")), "{told}: {lines:?}");
    }
    std::fs::write(lab.path("seeds/bad.toml"), format!("message = \"../gateway.toml\"\n{right}")).unwrap();
    assert!(check().1.iter().any(|line| line.contains("in the same folder")));
}
