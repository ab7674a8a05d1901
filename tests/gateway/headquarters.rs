//! The rule set of a headquarters on a running gateway: one track, and what each of four recipients sees of it.

use vestibule::format;

use super::*;

/// The lab as the boundary of a headquarters: the headquarters on one side, a member, a partner and the mission on the other.
fn headquarters() -> Lab {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/nato");
    Lab::with(|text| {
        let text = text.replace(RULES, rules).replace("home = \"GBR\"", "home = \"NHQ\"").replace("gbr-ops", "nhq-ops");
        let peers = [("usa-ops", "mission-ops"), ("can-ops", "mission-handsets"), ("aus-ops", "aut-ops"), ("guest-isac", "industry-cell")];
        let text = peers.iter().fold(text, |text, (old, new)| text.replace(old, new));
        // The rest of the lab's peers are strangers to these rules.
        let strangers = ["nzl-ops", "nato-hq"].map(|peer| format!("[[domain.peer]]\nname = \"{peer}\"\nidentity = \"{peer}.coalition.lab\"\n"));
        strangers.iter().fold(text, |text, entry| text.replace(entry, ""))
    })
}

#[test]
fn a_track_of_the_headquarters_reaches_a_member_whole_a_partner_coarsely_and_handsets_in_a_frame() {
    run(async {
        let lab = headquarters();
        let gateway = lab.start().await;
        let sender = Peer::of(&lab.path("state/pki/national/nhq-ops.toml")).await;
        let names = ["aut-ops", "deu-ops", "mission-handsets", "mission-ops"];
        let mut peers = Vec::new();
        for peer in names {
            peers.push(lab.link(peer).await);
            gateway.linked(peer).await;
        }
        let body = include_str!("../../rules/nato/cases/messages/track.xml").replace("NATO SECRET", "NATO RESTRICTED Releasable to KFOR, PFP");
        let (header, _) = track(Precedence::Priority);
        let header = Header { destinations: names.map(name).to_vec(), media_type: "application/cot+xml".to_owned(), ..header };
        assert_eq!(sender.send(&header, body.as_bytes()).await.status, Status::Accepted);
        until("four deliveries", || peers.iter().all(|peer| peer.count() >= 1)).await;
        let got: Vec<(String, Vec<u8>)> =
            peers.iter().map(|peer| peer.got.lock().unwrap()[0].clone()).map(|(header, body)| (header.media_type, body)).collect();
        let text = |at: usize| String::from_utf8(got[at].1.clone()).unwrap();
        let (partner, member, mission) = (text(0), text(1), text(3));
        assert!(member.contains("lat=\"42.66218\"") && member.contains("FALCON 6") && member.contains("valley road"), "{member}");
        assert!(mission.contains("lat=\"42.66\"") && !mission.contains("FALCON 6") && mission.contains("valley road"), "{mission}");
        assert!(partner.contains("lat=\"42.7\"") && !partner.contains("CASE-NATO-TRACK-1") && !partner.contains("<remarks"), "{partner}");
        assert_eq!(format::identify(&got[2].1).unwrap().name, "tak");
        let types: Vec<&str> = got.iter().map(|(media_type, _)| media_type.as_str()).collect();
        assert_eq!(types, ["application/cot+xml", "application/cot+xml", "application/x-protobuf", "application/cot+xml"]);
        gateway.stop().await;
        lab.audit();
    });
}
