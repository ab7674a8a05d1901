//! What arrives, when, and how often.

use vestibule::base::Budget;
use vestibule::format;
use vestibule::normal::NodeId;

use super::*;

#[test]
fn a_good_track_arrives_rebuilt_and_its_journey_is_on_record() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
        gateway.linked("usa-ops").await;
        let (header, body) = track(Precedence::Routine);
        let receipt = gbr.send(&header, &body).await;
        assert_eq!((receipt.status, receipt.id, receipt.digest, receipt.position), (Status::Accepted, Some(header.id), Digest::of(&body), 1));
        until("the delivery", || usa.count() >= 1).await;
        let got = usa.got.lock().unwrap()[0].clone();
        assert_eq!((got.0.id, &got.0.destinations), (onward(header.id), &vec![name("usa-ops")]));
        assert!(got.1 != body && got.1.starts_with(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<event "), "rebuilt, not copied");
        let mut journey = Vec::new();
        while delivered(&journey) == 0 {
            journey = gateway.journey(header.id).await;
        }
        let words: Vec<&str> = journey.iter().map(Event::word).collect();
        assert_eq!(words, ["accepted", "decided", "released", "delivered"]);
        let Event::Released(released) = &journey[2] else { panic!() };
        assert_eq!((released.digest, released.clause.as_ref().map(Name::as_str), released.attempt), (Digest::of(&got.1), Some("FVEY-TRACKS/1.1"), 1));
        gateway.stop().await;
        lab.audit();
    });
}

#[test]
fn a_repeated_message_gets_its_first_receipt_and_one_delivery_and_its_id_serves_no_other() {
    run(async {
        let lab = Lab::with(|text| text.replace("journal = ", "clock_seconds_max = 2\njournal = "));
        let gateway = lab.start().await;
        let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
        let (header, body) = track(Precedence::Routine);
        let first = gbr.send(&header, &body).await;
        until("the delivery", || usa.count() >= 1).await;
        assert_eq!(gbr.send(&header, &body).await, first);
        let (other, _) = track(Precedence::Routine);
        gbr.send(&other, &body).await;
        until("the second message", || usa.count() >= 2).await;
        // Long after, the time in the header is too old for a new message; the receipt stands all the same.
        until("the header's age", || now().seconds_since(header.sent) > 3).await;
        assert_eq!(gbr.send(&header, &body).await, first);
        let late = Header { id: world::fresh_id().unwrap(), ..header.clone() };
        assert_eq!(gbr.send(&late, &body).await.status, Status::Frame);
        assert_eq!(gateway.refused("frame.time"), 1);
        let changed = [body.as_slice(), b"\n"].concat();
        let fresh = Header { sent: now(), ..header.clone() };
        let refused = gbr.send(&fresh, &changed).await;
        assert_eq!((refused.status, refused.position, gateway.refused("frame.id_reused")), (Status::Frame, 0, 1));
        assert_eq!(usa.count(), 2);
        let words: Vec<&str> = gateway.journey(header.id).await.iter().map(Event::word).collect();
        assert_eq!(words, ["accepted", "decided", "released", "delivered"]);
        gateway.stop().await;
        lab.audit();
    });
}

#[test]
fn flash_leaves_first_when_a_recipient_comes_back_to_a_long_queue() {
    run(async {
        // Few at a time, so that the order of receipts tells the order of departure: of two that are under way, either may be answered first.
        const UNDER_WAY_MAX: usize = 8;
        let lab = Lab::with(|text| text.replace("[limits]", &format!("[limits]\nstreams_max = {UNDER_WAY_MAX}")));
        let gateway = lab.start().await;
        let gbr = lab.link("gbr-ops").await;
        let mut order = Vec::new();
        for number in 0..120 {
            let precedence = match number {
                0..100 => Precedence::Routine,
                100..110 => Precedence::Priority,
                _ => Precedence::Flash,
            };
            let (header, body) = track(precedence);
            assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
            order.push((precedence, header.id));
        }
        let counts = gateway.journal().counts().await.unwrap();
        assert_eq!((counts.due, counts.delivered), (120, 0));
        let waiting = gateway.handle.lanes().into_iter().find(|(peer, ..)| peer.as_str() == "usa-ops").unwrap();
        assert_eq!((waiting.1, waiting.2), (0, false), "nothing waits in memory for one who is away");
        let usa = lab.link("usa-ops").await;
        until("all deliveries", || usa.count() >= 120).await;
        let mut records = Vec::new();
        while records.len() < 120 {
            let all = gateway.records().await;
            records = all.into_iter().filter_map(|entry| if let Event::Delivered(one) = entry.event { Some(one.message.id) } else { None }).collect();
        }
        let places: Vec<usize> = order.iter().map(|(_, id)| records.iter().position(|other| other == id).unwrap()).collect();
        let (routine, urgent) = places.split_at(100);
        let (priority, flash) = urgent.split_at(10);
        assert!(flash.iter().all(|place| *place < 10 + UNDER_WAY_MAX), "{places:?}");
        assert!(priority.iter().all(|place| *place < 20 + UNDER_WAY_MAX), "{places:?}");
        println!("deliveries on record: FLASH at {flash:?}, the first ROUTINE at {}", routine.iter().min().unwrap());
        gateway.stop().await;
        lab.audit();
    });
}

#[test]
fn a_link_that_comes_and_goes_beside_another_does_not_stop_deliveries() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
        // A second link of the same peer that puts everything off, as `vestibule send` does.
        let door = Door::open(&config::Remote::read(&lab.peer("usa-ops")).unwrap().domain).unwrap();
        let busy = dial(&door).await;
        let declining = busy.clone();
        tokio::spawn(async move {
            while let Some(inbound) = declining.next().await {
                let id = inbound.header.id;
                let _ = inbound.respond(Receipt::refused(Status::Busy, Some(id), now())).await;
            }
        });
        for number in 1..=5 {
            let (header, body) = track(Precedence::Routine);
            gbr.send(&header, &body).await;
            until("a delivery over the other link", || usa.count() >= number).await;
        }
        door.close().await;
        let (header, body) = track(Precedence::Routine);
        gbr.send(&header, &body).await;
        until("a delivery after the second link has gone", || usa.count() >= 6).await;
        gateway.stop().await;
    });
}

#[test]
fn a_delivery_that_one_link_does_not_answer_leaves_the_link_in_use() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let gbr = lab.link("gbr-ops").await;
        let door = Door::open(&config::Remote::read(&lab.peer("usa-ops")).unwrap().domain).unwrap();
        let link = dial(&door).await;
        gateway.linked("usa-ops").await;
        let (header, body) = track(Precedence::Routine);
        gbr.send(&header, &body).await;
        // Dropped unanswered: the gateway gets no receipt on a link that stays up.
        drop(link.next().await.unwrap());
        let again = link.next().await.unwrap();
        assert_eq!(again.header.id, onward(header.id));
        let receipt = Receipt::accepted(again.header.id, Digest::of(&again.body), 1, now());
        again.respond(receipt).await.unwrap();
        let mut journey = Vec::new();
        while delivered(&journey) == 0 {
            journey = gateway.journey(header.id).await;
        }
        assert_eq!(journey.iter().map(Event::word).collect::<Vec<_>>(), ["accepted", "decided", "released", "released", "delivered"]);
        gateway.stop().await;
        lab.audit();
    });
}

#[test]
fn a_recipient_that_is_killed_in_the_middle_misses_nothing_and_gets_nothing_twice() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let gbr = lab.link("gbr-ops").await;
        let inbox = lab.path("inbox");
        let files = || {
            std::fs::read_dir(&inbox)
                .map_or(0, |entries| entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|ending| ending == "msg")).count())
        };
        let mut recipient = Process::receive(&lab.peer("usa-ops"), &inbox);
        let mut ids = Vec::new();
        for number in 0..200 {
            let (header, body) = track(if number % 7 == 0 { Precedence::Flash } else { Precedence::Routine });
            assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
            ids.push(onward(header.id));
            if number % 50 == 25 {
                until("some deliveries", || files() > number / 4).await;
                recipient.kill();
                recipient = Process::receive(&lab.peer("usa-ops"), &inbox);
            }
        }
        until("all deliveries", || files() == 200).await;
        let mut counts = gateway.journal().counts().await.unwrap();
        while counts.delivered < 200 {
            counts = gateway.journal().counts().await.unwrap();
        }
        assert_eq!((counts.accepted, counts.due, counts.delivered), (200, 0, 200));
        assert!(ids.iter().all(|id| inbox.join(format!("{id}.msg")).exists()));
        gateway.stop().await;
        lab.audit();
    });
}

#[test]
fn a_detached_label_goes_on_in_one_spelling() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let (nato, gbr) = (lab.link("nato-hq").await, lab.link("gbr-ops").await);
        let (mut header, body) = letter("label-detached", 3);
        let label = header.label.clone().unwrap();
        // The same label with a spelling that could carry something: another prefix, quotes and white space.
        header.label = Some(label.replace("slab:", "x:").replace(":slab", ":x").replace('"', "'").replace("><", ">\n \t<"));
        assert_eq!(nato.send(&header, &body).await.status, Status::Accepted);
        until("the delivery", || gbr.count() >= 1).await;
        let got = gbr.got.lock().unwrap()[0].0.label.clone().unwrap();
        let plain = Header { id: world::fresh_id().unwrap(), label: Some(label), ..header.clone() };
        assert_eq!(nato.send(&plain, &body).await.status, Status::Accepted);
        until("the delivery of the plain one", || gbr.count() >= 2).await;
        assert_eq!(gbr.got.lock().unwrap()[1].0.label.clone().unwrap(), got);
        assert!(got.contains("<slab:originatorConfidentialityLabel") && !got.contains('\t') && !got.contains("x:"), "{got}");
        gateway.stop().await;
    });
}

#[test]
fn handsets_get_a_frame_with_its_media_type_where_others_get_the_event() {
    run(async {
        let peer = "\n[[domain.peer]]\nname = \"usa-handsets\"\nidentity = \"usa-handsets.coalition.lab\"\n";
        let lab = Lab::with(|text| text + peer);
        let gateway = lab.start().await;
        let (gbr, usa, handsets) = (lab.link("gbr-ops").await, lab.link("usa-ops").await, lab.link("usa-handsets").await);
        gateway.linked("usa-ops").await;
        gateway.linked("usa-handsets").await;
        let (header, body) = track(Precedence::Immediate);
        let destinations = vec![name("usa-handsets"), name("usa-ops")];
        let header = Header { destinations, media_type: "application/cot+xml".to_owned(), ..header };
        assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
        until("both deliveries", || usa.count() >= 1 && handsets.count() >= 1).await;
        let (to_handsets, frame) = handsets.got.lock().unwrap()[0].clone();
        let (to_usa, event) = usa.got.lock().unwrap()[0].clone();
        assert_eq!((to_handsets.media_type.as_str(), to_usa.media_type.as_str()), ("application/x-protobuf", "application/cot+xml"));
        assert_eq!((to_handsets.precedence, &to_handsets.destinations), (Precedence::Immediate, &vec![name("usa-handsets")]));
        // SPEC: TAK protocol, version 1: 191, 1, 191 before a message of the mesh.
        assert!(frame.starts_with(&[191, 1, 191]) && event.starts_with(b"<?xml"));
        assert_eq!((format::identify(&frame).unwrap().name, format::identify(&event).unwrap().name), ("tak", "cot"));
        let read = |body: &[u8], path: &str| {
            let tree = (format::identify(body).unwrap().read)(body, &mut Budget::for_body(body.len())).unwrap();
            tree.subtree(NodeId::ROOT).find(|(id, _)| tree.path(*id) == path).map(|(_, node)| node.value.text().into_owned())
        };
        for path in ["/event/@uid", "/event/@type", "/event/@access", "/event/@releasableTo", "/event/point/@lat", "/event/detail/contact/@callsign"]
        {
            assert!(read(&frame, path).is_some() && read(&frame, path) == read(&event, path), "{path}");
        }
        let mut journey = Vec::new();
        while delivered(&journey) < 2 {
            journey = gateway.journey(header.id).await;
        }
        let edits = journey.iter().find_map(|event| match event {
            Event::Decided(decided) => decided.decisions.iter().find(|one| one.recipient.as_str() == "usa-handsets").map(|one| one.edits.clone()),
            _ => None,
        });
        assert!(edits.unwrap().contains("\"/event/@version\""), "what the frame cannot say is on record");
        gateway.stop().await;
        lab.audit();
    });
}
