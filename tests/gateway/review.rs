//! Quarantine and review at the running gateway, asked as reviewers ask: over the control socket of a real process, and by handle.

use super::*;
use vestibule::journal::Verdict;
use vestibule::process::{Ask, Asked};

async fn asked(gateway: &Running, id: MessageId, verdict: Verdict) -> Result<Vec<Asked>, Fault> {
    let ask = Ask {
        id,
        from: None,
        recipient: None,
        reviewer: "a.turing".to_owned(),
        verdict,
        reason: "seen and weighed".to_owned(),
        waived: None,
        removed: Vec::new(),
        class: None,
        colleague: None,
    };
    gateway.handle.review(&ask).await
}

#[test]
fn a_held_message_that_is_released_passes_the_whole_path_again_and_arrives() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
        let (header, body) = letter("word-plain", 4);
        gbr.send(&header, &body).await;
        assert_eq!(gateway.outcome(header.id, "usa-ops").await, ("quarantine".to_owned(), Some("content.words")));
        assert_eq!(usa.count(), 0);
        let after = asked(&gateway, header.id, Verdict::Release).await.unwrap();
        assert_eq!(after.iter().map(|one| (one.outcome.word(), one.code)).collect::<Vec<_>>(), [("forward", None)]);
        until("the delivery", || usa.count() >= 1).await;
        let mut journey = Vec::new();
        while delivered(&journey) == 0 {
            journey = gateway.journey(header.id).await;
        }
        let words: Vec<&str> = journey.iter().map(Event::word).collect();
        assert_eq!(words, ["accepted", "decided", "reviewed", "decided", "released", "delivered"]);
        let Event::Reviewed(reviewed) = &journey[2] else { panic!() };
        assert_eq!((reviewed.reviewer.as_str(), reviewed.reason.as_str(), reviewed.waivers.len()), ("a.turing", "seen and weighed", 1));
        // It is not held any more.
        assert!(asked(&gateway, header.id, Verdict::Release).await.is_err());
        assert_eq!(usa.count(), 1);
        gateway.stop().await;
        lab.audit();
    });
}

#[test]
fn no_review_releases_against_the_label_and_a_rejected_message_never_leaves() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
        for (recipe, held) in [("label-code-word", "clearance.restrictive"), ("label-missing", "label.missing")] {
            let (header, body) = letter(recipe, 4);
            gbr.send(&header, &body).await;
            let before = gateway.outcome(header.id, "usa-ops").await;
            assert_eq!(before.1, Some(held), "{recipe}");
            if let Ok(after) = asked(&gateway, header.id, Verdict::Release).await {
                assert_eq!(before, (after[0].outcome.word().to_owned(), after[0].code.map(|code| code.code())), "{recipe}");
            }
            assert_eq!(gateway.outcome(header.id, "usa-ops").await, before, "{recipe}");
        }
        let (header, body) = letter("word-plain", 4);
        gbr.send(&header, &body).await;
        let after = asked(&gateway, header.id, Verdict::Reject).await.unwrap();
        assert_eq!((after[0].outcome.word(), after[0].code.map(|code| code.code())), ("reject", Some("review.rejected")));
        assert!(asked(&gateway, header.id, Verdict::Release).await.is_err());
        let words: Vec<&str> = gateway.journey(header.id).await.iter().map(Event::word).collect();
        assert_eq!(words, ["accepted", "decided", "reviewed", "decided"]);
        let (header, body) = track(Precedence::Routine);
        gbr.send(&header, &body).await;
        until("the next message", || usa.count() >= 1).await;
        assert_eq!(usa.got().len(), 1);
        gateway.stop().await;
        lab.audit();
    });
}

#[test]
fn a_reviewer_lists_releases_and_rejects_by_command() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.spawn().await;
        let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
        let mut ids = Vec::new();
        for recipe in ["word-plain", "tasking-review", "label-code-word"] {
            let (header, body) = letter(recipe, 6);
            gbr.send(&header, &body).await;
            ids.push(header.id.to_string());
        }
        let (_, list, _) = lab.command(&["quarantine", "list"], &["--json"]);
        assert!(ids[..2].iter().all(|id| list.contains(id.as_str())), "{list}");
        let by = ["--by", "a.turing", "--reason", "weighed"];
        assert_eq!(lab.command(&["quarantine", "release"], &[&by[..], &[ids[1].as_str()]].concat()).0, 0);
        assert_eq!(lab.command(&["quarantine", "reject"], &[&by[..], &[ids[0].as_str()]].concat()).0, 0);
        let (status, _, errors) = lab.command(&["quarantine", "release"], &[&by[..], &[ids[2].as_str()]].concat());
        assert_eq!(status, 1, "{errors}");
        until("the delivery", || usa.count() >= 1).await;
        assert_eq!(gateway.terminate().await, 0);
        lab.audit();
    });
}
