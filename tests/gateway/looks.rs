//! What people at the desk are shown, asked over the control socket of a real gateway behind its walls; and its health and metrics over HTTP.

use std::io::{Read as _, Write as _};

use vestibule::control::desk::{Order, Query, View, Wanted};

use super::*;

fn look(lab: &Lab, query: Query) -> View {
    let socket = lab.path("state/journal").join(control::SOCKET);
    match control::ask(&socket, &Request::Look(query)).unwrap() {
        Response::View(view) => view,
        other => panic!("{other:?}"),
    }
}

fn refused(view: View) -> String {
    match view {
        View::Refused { text } => text,
        other => panic!("{other:?}"),
    }
}

fn messages(lab: &Lab, wanted: Wanted, order: Order) -> Vec<vestibule::control::desk::Message> {
    match look(lab, Query::Messages { wanted, order, after: None, rows: 50 }) {
        View::Messages(rows) => rows.rows,
        other => panic!("{other:?}"),
    }
}

fn get(port: u16, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn free_tcp_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn the_desk_shows_what_the_gateway_did_and_machines_see_its_health() {
    run(async {
        let port = free_tcp_port();
        let lab = Lab::with(|text| text.replacen("[keys]", &format!("[metrics]\nlisten = \"127.0.0.1:{port}\"\n\n[keys]"), 1));
        let gateway = lab.spawn().await;
        let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
        let (track, body) = track(Precedence::Flash);
        gbr.send(&track, &body).await;
        let (held, body) = letter("word-plain", 4);
        gbr.send(&held, &body).await;
        until("the delivery", || usa.count() >= 1).await;

        let waiting = messages(&lab, Wanted { state: Some("held".to_owned()), ..Wanted::default() }, Order::Triage);
        assert_eq!(waiting.iter().map(|one| (one.id.clone(), one.code.as_str())).collect::<Vec<_>>(), [(held.id.to_string(), "content.words")]);
        assert!(!waiting[0].severity.is_empty() && waiting[0].reviews.starts_with("0 of "), "{:?}", waiting[0]);
        for (classification, found) in [("secret", 1), ("GBR SECRET", 1), ("USA SECRET", 0), ("TOP SECRET", 0)] {
            let wanted = Wanted { state: Some("held".to_owned()), classification: Some(classification.to_owned()), ..Wanted::default() };
            assert_eq!(messages(&lab, wanted, Order::Triage).len(), found, "{classification}");
        }
        assert_eq!(waiting[0].classification, "GBR SECRET");
        until("the state of the delivery", || {
            let of = Wanted { id: Some(track.id.to_string()), ..Wanted::default() };
            messages(&lab, of, Order::Newest).iter().any(|one| one.state == "delivered")
        })
        .await;

        let View::Overview(overview) = look(&lab, Query::Overview {}) else { panic!() };
        assert!(overview.confined && overview.home == "GBR" && overview.edition.starts_with("five-eyes "));
        assert_eq!((overview.minutes.len(), overview.held.iter().map(|(_, count)| count).sum::<u64>()), (60, 1));
        let peer = overview.peers.iter().find(|peer| peer.name == "usa-ops").unwrap();
        assert!(peer.linked && peer.received == 1 && peer.flow.iter().sum::<u64>() == 1, "{peer:?}");
        assert_eq!(overview.stuck[0].id, held.id.to_string());

        let View::Groups { groups } = look(&lab, Query::Groups {}) else { panic!() };
        assert_eq!((groups.len(), groups[0].count, groups[0].code.as_str()), (1, 1, "content.words"));
        assert!(groups[0].rule.contains("words"), "{:?}", groups[0]);

        let View::Journey { steps } = look(&lab, Query::Journey { id: track.id.to_string() }) else { panic!() };
        assert_eq!(steps.iter().map(|step| step.kind.as_str()).collect::<Vec<_>>(), ["accepted", "decided", "released", "delivered"]);
        assert!(steps[1].facts.iter().any(|(name, value)| name == "decisions.0.outcome" && value == "forward"), "{:?}", steps[1]);

        let View::Rules(rules) = look(&lab, Query::Rules {}) else { panic!() };
        assert_eq!(rules.clauses.iter().map(|clause| clause.releases).sum::<u64>(), 1);
        assert!(
            rules.files.iter().any(|(path, _)| path == "ruleset.toml") && rules.clauses.iter().all(|clause| clause.sentence.starts_with("from "))
        );
        let View::Partners { partners } = look(&lab, Query::Partners {}) else { panic!() };
        let usa_partner = partners.iter().find(|partner| partner.peer.name == "usa-ops").unwrap();
        assert!(usa_partner.nation == "USA" && !usa_partner.agreements.is_empty() && usa_partner.clearance.contains("USA"), "{usa_partner:?}");

        let View::Records(records) = look(&lab, Query::Records { after: None, rows: 3 }) else { panic!() };
        assert_eq!(records.rows.len(), 3);
        assert!(records.rows[0].index > records.rows[2].index && records.next == Some(records.rows[2].index.to_string()));
        let View::Audit(audit) = look(&lab, Query::Audit {}) else { panic!() };
        assert!(audit.size > 5 && audit.key.contains('+'), "{audit:?}");
        // Nothing is signed so soon after the start, so nothing is proved yet.
        assert!(refused(look(&lab, Query::Proof { index: 0 })).contains("checkpoint"));
        let odd =
            Query::Messages { wanted: Wanted { state: Some("lost".to_owned()), ..Wanted::default() }, order: Order::Newest, after: None, rows: 1 };
        assert!(refused(look(&lab, odd)).contains("expected a state"));

        assert!(get(port, "/healthz").starts_with("HTTP/1.1 200 "));
        until("readiness", || get(port, "/readyz").starts_with("HTTP/1.1 200 ")).await;
        let numbers = get(port, "/metrics");
        for line in [
            "vestibule_held{precedence=\"ROUTINE\"} ",
            "vestibule_accepted_total 2",
            "vestibule_linked{peer=\"usa-ops\"} 1",
            "vestibule_process_ready{process=\"keeper\"} 1",
        ] {
            assert!(numbers.contains(line), "`{line}` is missing in {numbers}");
        }
        assert!(numbers.contains("vestibule_decision_codes_total{code=\"content.words\"} 1"), "{numbers}");

        commands(&lab, &held);
        assert_eq!(gateway.terminate().await, 0);
        lab.audit();
    });
}

/// What the terminal shows of the same.
fn commands(lab: &Lab, held: &Header) {
    let (status, out, errors) = lab.command(&["watch", "--once"], &[]);
    assert_eq!(status, 0, "{errors}");
    assert!(out.contains("walls closed") && out.contains(&held.id.to_string()), "{out}");
    let (status, out, errors) = lab.command(&["watch", "--once", "--page", "processes"], &[]);
    assert!(status == 0 && out.contains("keeper") && !out.contains("(files)"), "{out}{errors}");
    let (status, out, _) = lab.command(&["quarantine", "groups"], &["--json"]);
    assert!(status == 0 && out.contains("\"content.words\""), "{out}");
    let reason = ["--by", "a.turing", "--reason", "code word confirmed", &held.id.to_string()];
    assert_eq!(lab.command(&["quarantine", "reject"], &reason).0, 0);
    let (status, out, errors) = lab.command(&["quarantine", "quality"], &[]);
    assert!(status == 0 && out.contains("a.turing") && out.contains("content.words"), "{out}{errors}");
}

#[test]
fn metrics_on_every_network_are_refused_before_anything_starts() {
    let lab = Lab::new();
    let text = std::fs::read_to_string(lab.config()).unwrap();
    std::fs::write(lab.config(), text.replacen("[keys]", "[metrics]\nlisten = \"0.0.0.0:9464\"\n\n[keys]", 1)).unwrap();
    let (status, out, errors) = lab.command(&["check"], &[]);
    assert_ne!(status, 0, "{out}{errors}");
    assert!(format!("{out}{errors}").contains("loopback"), "{out}{errors}");
}
