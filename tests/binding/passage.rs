//! A signed label through the whole guard: taken where it is bound, held where it is not.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::hmac;
use vestibule::base::{Header, MessageId, Name, Outcome, Precedence, Traffic};
use vestibule::filter::Waivers;
use vestibule::pipeline::{Guard, Inspector, Ruling, World};
use vestibule::policy::{self, SourceFile};
use vestibule::sanitise::Keys;

use super::lab::*;

/// The rule set of the lab, in which NATO must bind its labels.
fn guard() -> Guard {
    let files = policy::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    let bind = |file: SourceFile| {
        let text = file.text.replace("[peer.nato-hq]\n", "[peer.nato-hq]\nbinding = \"required\"\n");
        if &*file.path == "peers.toml" { SourceFile { text: text.into(), ..file } } else { file }
    };
    let files: Vec<SourceFile> = files.into_iter().map(bind).collect();
    Guard::load(&files).unwrap_or_else(|complaints| panic!("{complaints:?}"))
}

fn ruling(guard: &Guard, body: &str) -> Ruling {
    let header = Header {
        id: MessageId::from_parts(1, [0; 10]),
        precedence: Precedence::Routine,
        destinations: vec![Name::new("gbr-ops").unwrap()],
        media_type: "application/cot+xml".into(),
        traffic: Traffic::Operation,
        sent: now(),
        label: None,
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let world = World { now: now(), keys: &Keys { pseudonym: &key }, waivers: &Waivers::default(), signer: None };
    Inspector::new(guard).pass(&Name::new("nato-hq").unwrap(), &header, body.as_bytes(), &world).rulings.pop().unwrap()
}

#[test]
fn a_bound_label_is_taken_and_an_unbound_one_is_held() {
    let guard = guard();
    let body = message().replace("a-f-G\"", "a-n-S-X-M\"").replace("A&amp;B &#xE8;é", "MV EXAMPLE");
    let code = |ruling: &Ruling| ruling.code.map(vestibule::base::Reason::code);
    for plan in [Plan::filtered(), Plan::enveloped()] {
        let signed = plan.sign(&body, &SIGNER);
        guard.trust_in_labels(BTreeMap::new());
        assert_eq!(code(&ruling(&guard, &signed)), Some("label.binding"), "no anchors");
        let trust = Arc::new(AUTHORITY.trust());
        guard.trust_in_labels(BTreeMap::from([(Name::new("nato-hq").unwrap(), trust)]));
        let released = ruling(&guard, &signed);
        assert_eq!((released.outcome, code(&released)), (Outcome::Forward, None), "{released:?}");
        assert!(released.chain.iter().any(|step| step == "marked `NATO SECRET` by STANAG 4774 label"), "{:?}", released.chain);
        assert_eq!(code(&ruling(&guard, &body.replace(HERE, ""))), Some("label.binding"));
        assert_eq!(code(&ruling(&guard, &signed.replace(">SECRET<", ">RESTRICTED<"))), Some("label.binding_digest"));
    }
}
