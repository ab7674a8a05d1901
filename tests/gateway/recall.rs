//! Recall at the running gateway: what is withdrawn stops where it is, and everybody who has a copy is told and answers for it.

use vestibule::statement::{MEDIA_TYPE, Notice, Recall, Says, Target};

use super::consent::{american, key, says, send_note, state};
use super::*;

fn recall(by: &str, target: Target) -> (MessageId, String) {
    let statement = says(by, Says::Recall(Recall { target, successor: None }));
    (statement.id, key(by).sign(&statement.text()))
}

fn acknowledgement(by: &str, of: MessageId) -> String {
    key(by).sign(&says(by, Says::Acknowledgement { of }).text())
}

/// The notices of recalls that a peer has got.
fn notices(peer: &Peer) -> Vec<Notice> {
    let got = peer.got.lock().unwrap().clone();
    got.iter()
        .filter(|(header, _)| header.media_type == MEDIA_TYPE)
        .filter_map(|(_, body)| Notice::parse(&String::from_utf8(body.clone()).unwrap()).ok())
        .collect()
}

/// An American track that `usa-ops` sends to these.
fn own(to: &[&str]) -> (Header, Vec<u8>) {
    let (header, body) = american(to);
    (header, body)
}

#[test]
fn a_recall_reaches_everybody_who_has_a_copy_and_is_tracked_to_the_last_acknowledgement() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let (usa, can, aus) = (lab.link("usa-ops").await, lab.link("can-ops").await, lab.link("aus-ops").await);
        let gbr = lab.link("gbr-ops").await;
        // Canada and Australia have it; New Zealand is away, and it waits for it.
        let (header, body) = own(&["can-ops", "aus-ops", "nzl-ops"]);
        usa.send(&header, &body).await;
        until("two deliveries", || can.count() + aus.count() == 2).await;
        // Not by somebody else, not of what is not there, and not forged.
        assert_eq!(state(&gateway, &gbr, &recall("GBR", Target::Message(header.id)).1).await, "recall.originator");
        assert_eq!(state(&gateway, &gbr, &recall("GBR", Target::Content(Digest::of(&body))).1).await, "recall.originator");
        assert_eq!(state(&gateway, &usa, &recall("USA", Target::Content(Digest::of(b"other"))).1).await, "recall.unknown");
        assert_eq!(state(&gateway, &gbr, &recall("USA", Target::Message(header.id)).1).await, "consent.signature");
        let (id, note) = recall("USA", Target::Content(Digest::of(&body)));
        assert_eq!(state(&gateway, &usa, &note).await, "taken");
        until("two notices", || notices(&can).len() == 1 && notices(&aus).len() == 1).await;
        let notice = notices(&can).pop().unwrap();
        assert_eq!((notice.recall.id, notice.recall.by.as_str()), (id, "USA"));
        let copy = delivery_id(&MessageKey { from: name("usa-ops"), id: header.id });
        assert_eq!(notice.copies, [(copy, Digest::of(&can.got()[&copy]))]);
        // What was due to New Zealand never leaves, and the same content is not taken again, whoever sends it.
        let nzl = lab.link("nzl-ops").await;
        gateway.linked("nzl-ops").await;
        let again = Header { id: world::fresh_id().unwrap(), ..header.clone() };
        usa.send(&again, &body).await;
        assert_eq!(gateway.outcome(again.id, "nzl-ops").await, ("reject".to_owned(), Some("recall.withdrawn")));
        let later = Header { id: world::fresh_id().unwrap(), destinations: vec![name("can-ops")], ..header.clone() };
        gbr.send(&later, &body).await;
        assert_eq!(gateway.outcome(later.id, "can-ops").await, ("reject".to_owned(), Some("recall.withdrawn")));
        // Acknowledgements: forged, of who has no copy, twice, and true.
        assert_eq!(state(&gateway, &can, &acknowledgement("AUS", id)).await, "consent.signature");
        assert_eq!(state(&gateway, &nzl, &acknowledgement("NZL", id)).await, "recall.acknowledgement");
        assert_eq!(state(&gateway, &can, &acknowledgement("CAN", again.id)).await, "recall.acknowledgement");
        assert_eq!(state(&gateway, &can, &acknowledgement("CAN", id)).await, "taken");
        assert_eq!(state(&gateway, &can, &acknowledgement("CAN", id)).await, "recall.acknowledgement");
        let statements = gateway.journal().statements(Some(id)).await.unwrap();
        let told: Vec<(&str, bool)> = statements[0].copies.iter().map(|copy| (copy.recipient.as_str(), copy.acknowledged)).collect();
        assert_eq!(told, [("aus-ops", false), ("can-ops", true)]);
        assert_eq!(state(&gateway, &aus, &acknowledgement("AUS", id)).await, "taken");
        assert!(gateway.journal().statements(Some(id)).await.unwrap()[0].copies.iter().all(|copy| copy.acknowledged));
        assert!(nzl.got().is_empty(), "{:?}", nzl.got().len());
        gateway.stop().await;
        lab.audit();
    });
}

#[test]
fn what_is_held_is_withdrawn_too_and_no_consent_releases_it_any_more() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
        let (header, body) = american(&["can-ops"]);
        gbr.send(&header, &body).await;
        assert_eq!(gateway.outcome(header.id, "can-ops").await.1, Some("agreement.consent"));
        assert_eq!(state(&gateway, &usa, &recall("USA", Target::Content(Digest::of(&body))).1).await, "taken");
        let held =
            gateway.journal().quarantine(vestibule::journal::Filter { id: Some(header.id), ..Default::default() }, Page::first(10)).await.unwrap();
        assert!(held.rows.is_empty());
        gateway.stop().await;
        lab.audit();
    });
}

#[test]
fn a_recall_survives_kill_9_of_the_gateway_and_a_recipient_that_is_away() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.spawn().await;
        let usa = lab.link("usa-ops").await;
        let (header, body) = own(&["can-ops", "nzl-ops"]);
        {
            let can = lab.link("can-ops").await;
            usa.send(&header, &body).await;
            until("the delivery", || can.count() >= 1).await;
        }
        // Canada is away when it is recalled; what waits for New Zealand is stopped by the same record.
        let (id, note) = recall("USA", Target::Message(header.id));
        send_note(&usa, &note).await;
        gateway.kill();
        let gateway = lab.spawn().await;
        let (can, nzl) = (lab.link("can-ops").await, lab.link("nzl-ops").await);
        until("the notice", || notices(&can).iter().any(|notice| notice.recall.id == id)).await;
        send_note(&can, &acknowledgement("CAN", id)).await;
        // Something else goes to New Zealand, and is the first that it gets.
        let usa = lab.link("usa-ops").await;
        let (other, body) = track(Precedence::Routine);
        let body = String::from_utf8(body).unwrap().replacen("releasableTo=\"GBR USA CAN AUS NZL\"", "releasableTo=\"USA NZL GBR CAN AUS\"", 1);
        let other = Header { destinations: vec![name("nzl-ops")], ..other };
        let gbr = lab.link("gbr-ops").await;
        gbr.send(&other, body.as_bytes()).await;
        until("the next message", || nzl.count() >= 1).await;
        assert_eq!(nzl.got().keys().copied().collect::<Vec<_>>(), [onward(other.id)]);
        drop(usa);
        assert_eq!(gateway.terminate().await, 0);
        lab.audit();
        let (_, shown, errors) = lab.command(&["recall", "show"], &[&id.to_string()]);
        assert!(shown.contains("can-ops") && shown.contains("acknowledged"), "{shown}{errors}");
    });
}
