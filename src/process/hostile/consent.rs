//! Hostile deeds about consent: messages that carry information of a third party, and statements that are not what they seem. Tests only.

use super::setting::{Setting, Stops};
use super::{HOP, Header, Received, Time, name};
use crate::base::Digest;
use crate::hop::Notice;
use crate::hop::message::ToVerifier;
use crate::process::world;
use crate::statement::{Consent, Grant, Recall, Says, Scope, SignerKey, Standing, Statement, Target};
use crate::verify::Said;

fn key(code: &str) -> SignerKey {
    let seed = Digest::of(format!("vestibule lab statements {code}").as_bytes());
    SignerKey::made(&format!("lab.{}.invalid/statements", code.to_lowercase()), &seed.0).unwrap().0
}

/// A consent of the United States to whatever the clause of tracks releases to Canada, signed by somebody.
fn consent(by: &str, now: Time) -> Grant {
    let at = |ms: i64| Time::from_unix_ms(now.unix_ms() + ms).unwrap();
    let scope = Scope::Clause(name("FVEY-TRACKS/1.1"));
    let consent = Consent { scope, to: [name("can-ops")].into(), from: at(-60_000), until: at(3_600_000), uses: 1, revocable: true };
    let statement = Statement { id: world::fresh_id().unwrap(), by: name("USA"), time: now, says: Says::Consent(consent) };
    let signed = key(by).sign(&statement.text());
    // Its signature is put under the name of the key that would count.
    let note = signed.replace(&format!("lab.{}.invalid", by.to_lowercase()), "lab.usa.invalid");
    Grant { note, standing: Standing::Good }
}

impl Setting {
    /// A track of `gbr-ops` to `can-ops` that is American information, as its door sealed it.
    fn american(&self) -> (Received, Time) {
        let (track, now) = self.letter_of("track-five-eyes", "gbr-ops", "gbr-ops", &["can-ops"]);
        let label = concat!(
            "<s:originatorConfidentialityLabel xmlns:s=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\" ReviewDateTime=\"2099-12-31T00:00:00Z\">",
            "<s:ConfidentialityInformation><s:PolicyIdentifier>USA</s:PolicyIdentifier><s:Classification>SECRET</s:Classification>",
            "<s:Category TagName=\"Releasable To\" Type=\"PERMISSIVE\"><s:GenericValue>USA</s:GenericValue><s:GenericValue>CAN</s:GenericValue>",
            "<s:GenericValue>GBR</s:GenericValue></s:Category></s:ConfidentialityInformation>",
            "<s:CreationDateTime>2026-01-01T00:00:00Z</s:CreationDateTime></s:originatorConfidentialityLabel>"
        );
        let bare = super::text(&track.body).replace(" access=\"SECRET\"", "");
        let (start, end) = bare.split_once(" releasableTo=\"").unwrap();
        let bare = format!("{start}{}", end.split_once('"').unwrap().1);
        let header = Header { label: Some(label.to_owned()), ..track.header };
        self.received("gbr-ops", "gbr-ops", (header, bare.into_bytes()), now)
    }

    /// What the verifier says of a proposal that an inspector could make only under a consent, where there is none.
    pub(super) fn passed_without_consent(&self) -> Stops {
        let (message, now) = self.american();
        let proposed = self.inspected_under(&message, now, None, vec![consent("USA", now)]).proposed;
        assert!(!proposed.is_empty(), "under a consent it passes");
        self.refused(&message, now, proposed)
    }

    /// What the inspector says of a consent that somebody else signed.
    pub(super) fn offered_forged_consent(&self) -> Stops {
        let (message, now) = self.american();
        let inspection = self.inspected_under(&message, now, None, vec![consent("GBR", now)]);
        assert!(inspection.proposed.is_empty());
        inspection.decisions.iter().filter_map(|decision| decision.code).map(|code| ("inspector", code.to_string())).collect()
    }

    /// What the verifier says when it is to ask Australia for what is American.
    pub(super) fn asked_of_another(&self) -> Stops {
        let (message, now) = self.american();
        let inspection = self.inspected(&message, now, None);
        let label: Said = inspection.wanted[0].label.clone();
        let ask = |to: &str| {
            let notice = Notice::Request { to: name(to), of: name("USA"), recipient: name("can-ops"), label: label.clone() };
            Self::stops(self.answered(ToVerifier::Notify { ask: 1, message: message.clone(), now, notices: vec![notice] }))
        };
        assert!(ask("usa-ops").is_empty(), "the United States are asked");
        ask("aus-ops")
    }

    /// What the verifier says when it is to pass on a recall that another party signed, or that is none.
    pub(super) fn passed_on_forged_recall(&self) -> Stops {
        let (track, now) = self.american();
        let says = Says::Recall(Recall { target: Target::Message(track.header.id), successor: None });
        let text = Statement { id: world::fresh_id().unwrap(), by: name("USA"), time: now, says }.text();
        let pass_on = |note: String| {
            let header = Header { id: world::fresh_id().unwrap(), label: None, ..track.header.clone() };
            let (message, now) = self.received("gbr-ops", "gbr-ops", (header, note.into_bytes()), now);
            let notices = vec![Notice::Recall { to: name("can-ops"), copies: Vec::new() }];
            Self::stops(self.answered(ToVerifier::Notify { ask: 1, message, now, notices }))
        };
        assert!(pass_on(key("USA").sign(&text)).is_empty(), "a true recall is passed on");
        assert_eq!(pass_on("anything at all".to_owned()), [("verifier", HOP.to_owned())]);
        pass_on(key("GBR").sign(&text).replace("lab.gbr", "lab.usa"))
    }
}
