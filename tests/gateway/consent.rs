//! Consent of third parties at the running gateway: held, asked for, given, released; and every consent that releases nothing.

use vestibule::statement::{Consent, MEDIA_TYPE, Request, Says, Scope, SignerKey, Statement};

use super::*;
use crate::binding::lab::{Authority, ECDSA_256, EXCLUSIVE, Plan, Reference, binding};

/// The key of a nation's statements in the lab.
pub(super) fn key(code: &str) -> SignerKey {
    let seed = Digest::of(format!("vestibule lab statements {code}").as_bytes());
    SignerKey::made(&format!("lab.{}.invalid/statements", code.to_lowercase()), &seed.0).unwrap().0
}

/// A track of `gbr-ops` that is American information, for these.
pub(super) fn american(to: &[&str]) -> (Header, Vec<u8>) {
    let (header, body) = track(Precedence::Priority);
    let values: String = ["USA", "AUS", "CAN", "GBR", "NZL"].map(|code| format!("<s:GenericValue>{code}</s:GenericValue>")).concat();
    let label = format!(
        concat!(
            "<s:originatorConfidentialityLabel xmlns:s=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\" ReviewDateTime=\"2099-12-31T00:00:00Z\">",
            "<s:ConfidentialityInformation><s:PolicyIdentifier>USA</s:PolicyIdentifier><s:Classification>SECRET</s:Classification>",
            "<s:Category TagName=\"Releasable To\" Type=\"PERMISSIVE\">{}</s:Category></s:ConfidentialityInformation>",
            "<s:CreationDateTime>2026-01-01T00:00:00Z</s:CreationDateTime></s:originatorConfidentialityLabel>"
        ),
        values
    );
    let bare = String::from_utf8(body).unwrap().replace(" access=\"SECRET\"", "");
    let (start, end) = bare.split_once(" releasableTo=\"").unwrap();
    let bare = format!("{start}{}", end.split_once('"').unwrap().1);
    let header = Header { id: world::fresh_id().unwrap(), destinations: to.iter().map(|peer| name(peer)).collect(), label: Some(label), ..header };
    (header, bare.into_bytes())
}

pub(super) fn says(by: &str, says: Says) -> Statement {
    Statement { id: world::fresh_id().unwrap(), by: name(by), time: now(), says }
}

/// Sends a text as a statement, and gives what became of it: the code of its refusal, or `taken`.
pub(super) async fn state(gateway: &Running, peer: &Peer, note: &str) -> &'static str {
    let id = send_note(peer, note).await;
    let journey = gateway.journey(id).await;
    let stated = journey.iter().find_map(|event| if let Event::Stated(stated) = event { Some(stated) } else { None });
    stated.expect("a statement on record").refusal.map_or("taken", |reason| reason.code())
}

pub(super) async fn send_note(peer: &Peer, note: &str) -> MessageId {
    let (header, _) = track(Precedence::Priority);
    let header = Header { id: world::fresh_id().unwrap(), media_type: MEDIA_TYPE.to_owned(), destinations: vec![name("GBR")], ..header };
    assert_eq!(peer.send(&header, note.as_bytes()).await.status, Status::Accepted);
    header.id
}

/// The requests for consent that a peer has got.
fn requests(peer: &Peer) -> Vec<Request> {
    let got = peer.got.lock().unwrap().clone();
    let texts = got.iter().filter(|(header, _)| header.media_type == MEDIA_TYPE).map(|(_, body)| String::from_utf8(body.clone()).unwrap());
    let read = texts.filter_map(|text| match Statement::parse(&text).map(|statement| statement.says) {
        Ok(Says::Request(request)) => Some(request),
        _ => None,
    });
    read.collect()
}

async fn request(peer: &Peer) -> Request {
    until("a request for consent", || !requests(peer).is_empty()).await;
    requests(peer).pop().unwrap()
}

/// A consent to what a request asks, for an hour and one use.
fn consent(request: &Request) -> Consent {
    let ms = now().unix_ms();
    Consent {
        scope: Scope::Content { content: request.content, label: request.label },
        to: [request.to.clone()].into(),
        from: Time::from_unix_ms(ms - 60_000).unwrap(),
        until: Time::from_unix_ms(ms + 3_600_000).unwrap(),
        uses: 1,
        revocable: true,
    }
}

async fn released(gateway: &Running, id: MessageId, to: &str) -> bool {
    gateway.outcome(id, to).await.0 == "forward"
}

/// Waits until a message has been decided so many times.
async fn decided(gateway: &Running, id: MessageId, times: usize) {
    let started = std::time::Instant::now();
    while gateway.journey(id).await.iter().filter(|event| matches!(event, Event::Decided(_))).count() < times {
        assert!(started.elapsed() < PATIENCE, "never decided again");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn what_is_anothers_waits_for_its_consent_passes_the_whole_path_again_and_arrives() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let (gbr, usa, can) = (lab.link("gbr-ops").await, lab.link("usa-ops").await, lab.link("can-ops").await);
        let (header, body) = american(&["can-ops"]);
        gbr.send(&header, &body).await;
        assert_eq!(gateway.outcome(header.id, "can-ops").await, ("quarantine".to_owned(), Some("agreement.consent")));
        let asked = request(&usa).await;
        assert_eq!((asked.of.as_str(), asked.sender.as_str(), asked.to.as_str()), ("USA", "gbr-ops", "can-ops"));
        assert_eq!(asked.content, Digest::of(&body));
        assert_eq!(state(&gateway, &usa, &key("USA").sign(&says("USA", Says::Consent(consent(&asked))).text())).await, "taken");
        until("the delivery", || can.count() >= 1).await;
        assert_eq!(can.got().len(), 1);
        let journey = gateway.journey(header.id).await;
        let words: Vec<&str> = journey.iter().map(Event::word).take(6).collect();
        assert_eq!(words, ["accepted", "decided", "origin", "decided", "origin", "released"]);
        let Event::Origin(used) = &journey[4] else { panic!() };
        assert_eq!((used.origins.as_slice(), used.consents.len()), (&["USA".to_owned()][..], 1));
        // Its own information goes back to the United States, and what is British goes to Canada, without anybody's consent.
        let (back, body) = american(&["usa-ops"]);
        gbr.send(&back, &body).await;
        assert!(released(&gateway, back.id, "usa-ops").await);
        gateway.stop().await;
        lab.audit();
    });
}

#[test]
fn a_consent_that_does_not_fit_releases_nothing_and_says_why() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let (gbr, usa, aus) = (lab.link("gbr-ops").await, lab.link("usa-ops").await, lab.link("aus-ops").await);
        let (header, body) = american(&["can-ops"]);
        gbr.send(&header, &body).await;
        let good = consent(&request(&usa).await);
        let by = |code: &str, one: &Consent| says(code, Says::Consent(one.clone())).text();
        let ms = now().unix_ms();
        let past = Consent { from: Time::from_unix_ms(ms - 7_200_000).unwrap(), until: Time::from_unix_ms(ms - 3_600_000).unwrap(), ..good.clone() };
        // Of the wrong originator; signed by the requester itself; sent by the requester; over; for the party itself; altered; not signed.
        assert_eq!(state(&gateway, &aus, &key("AUS").sign(&by("AUS", &good))).await, "consent.originator");
        assert_eq!(state(&gateway, &usa, &key("GBR").sign(&by("USA", &good))).await, "consent.signature");
        assert_eq!(state(&gateway, &gbr, &key("USA").sign(&by("USA", &good))).await, "consent.signature");
        assert_eq!(state(&gateway, &usa, &key("USA").sign(&by("USA", &past))).await, "consent.expired");
        let own = Consent { to: [name("usa-ops")].into(), ..good.clone() };
        assert_eq!(state(&gateway, &usa, &key("USA").sign(&by("USA", &own))).await, "consent.recipient");
        let altered = key("USA").sign(&by("USA", &good)).replacen("uses 1\n", "uses 9\n", 1);
        assert_eq!(state(&gateway, &usa, &altered).await, "consent.signature");
        assert_eq!(state(&gateway, &usa, &by("USA", &good)).await, "consent.malformed");
        assert_eq!(gateway.outcome(header.id, "can-ops").await.1, Some("agreement.consent"));
        // Good consents for something else: for another recipient, under another label, not yet.
        let held = |times| decided(&gateway, header.id, times);
        let other = Consent { to: [name("nzl-ops")].into(), ..good.clone() };
        let relabelled = Consent { scope: Scope::Content { content: Digest::of(&body), label: Digest::of(b"another") }, ..good.clone() };
        let later = Consent { from: Time::from_unix_ms(ms + 1_800_000).unwrap(), ..good.clone() };
        for (times, (one, code)) in
            [(relabelled, "consent.content"), (other, "consent.recipient"), (later, "consent.expired")].into_iter().enumerate()
        {
            assert_eq!(state(&gateway, &usa, &key("USA").sign(&by("USA", &one))).await, "taken");
            held(times + 2).await;
            assert_eq!(gateway.outcome(header.id, "can-ops").await, ("quarantine".to_owned(), Some(code)));
        }
        // For other bytes: nothing changes at all.
        let elsewhere = Consent { scope: Scope::Content { content: Digest::of(b"other"), label: Digest::of(b"label") }, ..good.clone() };
        assert_eq!(state(&gateway, &usa, &key("USA").sign(&by("USA", &elsewhere))).await, "taken");
        assert!(!released(&gateway, header.id, "can-ops").await);
        gateway.stop().await;
        lab.audit();
    });
}

#[test]
fn a_consent_is_used_as_often_as_it_says_and_not_after_it_was_taken_back() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
        let (header, body) = american(&["can-ops"]);
        gbr.send(&header, &body).await;
        let good = consent(&request(&usa).await);
        let given = says("USA", Says::Consent(good.clone()));
        let note = key("USA").sign(&given.text());
        assert_eq!(state(&gateway, &usa, &note).await, "taken");
        decided(&gateway, header.id, 2).await;
        assert!(released(&gateway, header.id, "can-ops").await);
        // The same statement in another message is no new consent, and its one use is over: also after a restart.
        assert_eq!(state(&gateway, &usa, &note).await, "consent.replayed");
        let again = Header { id: world::fresh_id().unwrap(), ..header.clone() };
        gbr.send(&again, &body).await;
        assert_eq!(gateway.outcome(again.id, "can-ops").await.1, Some("consent.exhausted"));
        gateway.stop().await;
        let gateway = lab.start().await;
        let (gbr, usa, aus) = (lab.link("gbr-ops").await, lab.link("usa-ops").await, lab.link("aus-ops").await);
        assert_eq!(state(&gateway, &usa, &note).await, "consent.replayed");
        let third = Header { id: world::fresh_id().unwrap(), ..header.clone() };
        gbr.send(&third, &body).await;
        assert_eq!(gateway.outcome(third.id, "can-ops").await.1, Some("consent.exhausted"));
        // A new one for a clause, taken back by who gave it and by nobody else.
        let (to_nzl, other) = american(&["nzl-ops"]);
        let other = String::from_utf8(other).unwrap().replacen("uid=\"", "uid=\"X", 1).into_bytes();
        let clause = Consent { scope: Scope::Clause(name("FVEY-TRACKS/1.1")), to: [name("nzl-ops")].into(), uses: 5, ..good.clone() };
        let wide = says("USA", Says::Consent(clause));
        assert_eq!(state(&gateway, &usa, &key("USA").sign(&wide.text())).await, "taken");
        gbr.send(&to_nzl, &other).await;
        assert!(released(&gateway, to_nzl.id, "nzl-ops").await);
        let back = |by: &str, of| says(by, Says::Revocation { of }).text();
        assert_eq!(state(&gateway, &aus, &key("AUS").sign(&back("AUS", wide.id))).await, "consent.unknown");
        assert_eq!(state(&gateway, &usa, &key("USA").sign(&back("USA", header.id))).await, "consent.unknown");
        assert_eq!(state(&gateway, &usa, &key("USA").sign(&back("USA", wide.id))).await, "taken");
        let after = Header { id: world::fresh_id().unwrap(), ..to_nzl.clone() };
        gbr.send(&after, &other).await;
        assert_eq!(gateway.outcome(after.id, "nzl-ops").await.1, Some("consent.revoked"));
        let firm = says("USA", Says::Consent(Consent { revocable: false, to: [name("aus-ops")].into(), ..good }));
        assert_eq!(state(&gateway, &usa, &key("USA").sign(&firm.text())).await, "taken");
        assert_eq!(state(&gateway, &usa, &key("USA").sign(&back("USA", firm.id))).await, "consent.unknown");
        gateway.stop().await;
        lab.audit();
    });
}

/// A lab in which `gbr-ops` must bind its labels, by signers of this authority; the rules and the anchor stand in the folder.
fn binding_lab(authority: &Authority, folder: &Path) -> Lab {
    for file in vestibule::policy::read_folder(Path::new(RULES)).unwrap() {
        let at = folder.join("rules").join(&*file.path);
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        std::fs::write(at, file.text.replace("[peer.gbr-ops]\n", "[peer.gbr-ops]\nbinding = \"required\"\n")).unwrap();
    }
    let at = |name: &str| folder.join(name).display().to_string();
    std::fs::write(at("anchor.pem"), &authority.pem).unwrap();
    std::fs::write(at("revoked.pem"), &authority.revocations).unwrap();
    let lines = format!("label_anchor = \"{}\"\nlabel_revocations = [\"{}\"]\n", at("anchor.pem"), at("revoked.pem"));
    Lab::with(|text| text.replace(RULES, &at("rules")).replace("name = \"national\"\n", &format!("name = \"national\"\n{lines}")))
}

#[test]
fn what_came_in_a_binding_leaves_by_consent_to_the_bytes_that_came() {
    run(async {
        let authority = Authority::make_until("label anchor", &[], 3_000);
        let folder = tempfile::tempdir().unwrap();
        let lab = binding_lab(&authority, folder.path());
        let gateway = lab.start().await;
        let (gbr, usa, can) = (lab.link("gbr-ops").await, lab.link("usa-ops").await, lab.link("can-ops").await);
        let (header, body) = american(&["can-ops"]);
        let text = String::from_utf8(body).unwrap();
        let content = text.split_once("?>\n").map_or(text.as_str(), |(_, content)| content).trim_end();
        let around = binding(header.label.as_deref().unwrap(), &format!("<mb:Data xmime:contentType=\"application/cot+xml\">{content}</mb:Data>"));
        let plan = Plan::filtered().with(|plan| plan.references = vec![Reference::new("#b1", &[EXCLUSIVE])]);
        let signed = plan.sign(&around, &authority.signer(ECDSA_256, 7, |_| {}));
        let header = Header { label: None, media_type: vestibule::label::around::MEDIA_TYPE.to_owned(), ..header };
        gbr.send(&header, signed.as_bytes()).await;
        assert_eq!(gateway.outcome(header.id, "can-ops").await, ("quarantine".to_owned(), Some("agreement.consent")));
        let asked = request(&usa).await;
        assert_eq!((asked.of.as_str(), asked.content), ("USA", Digest::of(signed.as_bytes())));
        // Consent to what is in it is consent to something else.
        let inner = Consent { scope: Scope::Content { content: Digest::of(content.as_bytes()), label: asked.label }, ..consent(&asked) };
        assert_eq!(state(&gateway, &usa, &key("USA").sign(&says("USA", Says::Consent(inner)).text())).await, "taken");
        assert!(!released(&gateway, header.id, "can-ops").await);
        assert_eq!(state(&gateway, &usa, &key("USA").sign(&says("USA", Says::Consent(consent(&asked))).text())).await, "taken");
        until("the delivery", || can.count() >= 1).await;
        let body = can.got().into_values().next().unwrap();
        assert!(!String::from_utf8(body).unwrap().contains("BindingInformation"));
        let journey = gateway.journey(header.id).await;
        let used = journey.iter().rev().find_map(|event| if let Event::Origin(used) = event { Some(used) } else { None }).unwrap();
        assert_eq!((used.origins.as_slice(), used.consents.len()), (&["USA".to_owned()][..], 1));
        gateway.stop().await;
        lab.audit();
    });
}
