//! Hostile components: one part of the gateway plays false with the keys that it holds, and the others are the real ones. Tests only.
//!
//! [`DEEDS`] is the table: the test plays each row, and the manual page `walls` shows it.

mod consent;
mod setting;

use setting::{Setting, Stops};

use super::door::{leaves, speaks_of};
use crate::base::{Header, Name, Outcome, Precedence, Time};
use crate::hop::message::{Inspection, Permitted};
use crate::hop::{Proposed, Received};
use crate::link::{Receipt, Status};
use crate::normal::Edits;
use crate::verify::Said;

/// A row: who plays false, what it does, which parts stop it, and the reason that reviewers see.
struct Deed {
    by: &'static str,
    what: &'static str,
    stopped_by: &'static [&'static str],
    reason: &'static str,
    play: fn(&Setting) -> Stops,
}

/// Where nothing is held, because nothing is taken.
const NONE: &str = "";
const HOP: &str = "fault.hop";
const BOTH: &[&str] = &["inspector", "verifier"];

const fn deed(by: &'static str, what: &'static str, stopped_by: &'static [&'static str], reason: &'static str, play: fn(&Setting) -> Stops) -> Deed {
    Deed { by, what, stopped_by, reason, play }
}

static DEEDS: &[Deed] = &[
    deed("keeper", "alters a body", BOTH, HOP, |set| set.told_other(|message| message.body = [&message.body, &b" "[..]].concat().into())),
    deed("keeper", "alters a header", BOTH, HOP, |set| {
        set.told_other(|message| {
            let other = |one: &Precedence| *one != message.header.precedence;
            message.header.precedence = Precedence::ALL.into_iter().find(other).unwrap();
        })
    }),
    deed("keeper", "alters a destination", BOTH, HOP, |set| set.told_other(|message| message.header.destinations = vec![name("aus-ops")])),
    deed("keeper", "says that another peer sent it", BOTH, HOP, |set| set.told_other(|message| message.from = name("can-ops"))),
    deed("keeper", "asks for a decision as of another time", BOTH, HOP, |set| set.asked_at(Time::EPOCH)),
    deed("keeper", "has the verifier decide at another time than the inspector", &["verifier"], HOP, |set| {
        let (message, now) = set.message();
        let inspection = set.inspected(&message, now, None);
        let other = Time::from_unix_ms(now.unix_ms().saturating_add(1)).unwrap();
        set.refused(&message, other, inspection.proposed)
    }),
    deed("keeper", "gives the verifier what was proposed for another message", &["verifier"], HOP, |set| {
        let ((one, now), (other, _)) = (set.message(), set.message());
        set.refused(&one, now, set.inspected(&other, now, None).proposed)
    }),
    deed("keeper", "gives one recipient what was proposed for another", &["verifier"], HOP, |set| {
        set.proposed_otherwise(|proposed| proposed.recipient = name("aus-ops"))
    }),
    deed("keeper", "alters a proposal", &["verifier"], HOP, |set| {
        set.proposed_otherwise(|one| one.proposal = [&one.proposal, &b"x"[..]].concat().into())
    }),
    deed("keeper", "asks for a recipient to whom it is not addressed", &["verifier"], "verify.release", |set| {
        let (message, now) = set.message();
        set.refused(&message, now, set.inspected(&message, now, Some(name("aus-ops"))).proposed)
    }),
    deed("keeper", "has a known item of the office permitted, with an inspector's help", &["verifier"], HOP, Setting::seeded),
    deed("keeper", "lets one message leave under the permit of another", &["door"], NONE, |set| {
        let ((one, _), (_, bytes)) = (set.permitted(), set.permitted());
        set.at_door(&one, &bytes, "usa-ops")
    }),
    deed("keeper", "lets other bytes leave under a permit", &["door"], NONE, |set| {
        let (one, bytes) = set.permitted();
        set.at_door(&one, &[&bytes, &b" "[..]].concat(), "usa-ops")
    }),
    deed("keeper", "gives a permit to another recipient", &["door"], NONE, |set| {
        set.permitted_otherwise(|one| one.permit.recipient = name("aus-ops"))
    }),
    deed("keeper", "gives a permit another identity", &["door"], NONE, |set| {
        set.permitted_otherwise(|one| one.permit.id = super::world::fresh_id().unwrap())
    }),
    deed("keeper", "alters the label that leaves in a header", &["door"], NONE, |set| {
        set.permitted_otherwise(|one| one.permit.label = Some(String::new()))
    }),
    deed("keeper", "sends a release over the link of another peer", &["door"], NONE, |set| {
        let (one, bytes) = set.permitted();
        assert_eq!(leaves(&set.door_keys(), &one, &bytes, Some(&name("usa-ops"))), Ok(()));
        set.at_door(&one, &bytes, "aus-ops")
    }),
    deed("keeper", "answers a door with the receipt of another message", &["door"], NONE, |set| {
        let ((one, now), (other, _)) = (set.message(), set.message());
        let receipt = |of: &Received| Receipt { status: Status::Accepted, ..Receipt::accepted(of.header.id, set.digest(of), 1, now) };
        assert!(speaks_of(&receipt(&one), one.header.id, &one.body));
        match speaks_of(&receipt(&other), one.header.id, &one.body) {
            true => Vec::new(),
            false => vec![("door", NONE.to_owned())],
        }
    }),
    deed("inspector", "lies about the label", &["verifier"], "verify.disagreement", |set| {
        set.resealed(|one| {
            let lower = Said::of(&set.lower_label(&one.proposal.label));
            (one.proposal.label, one.proposal.released) = (lower.clone(), lower);
        })
    }),
    deed("inspector", "adds a field to a result", &["verifier"], "verify.edit", |set| {
        set.resealed(|one| one.proposal.result = text(&one.proposal.result).replacen("<remarks>", "<remarks>x</remarks><remarks>", 1).into_bytes())
    }),
    deed("inspector", "changes a value and says nothing of it", &["verifier"], "verify.edit", |set| {
        set.resealed(|one| one.proposal.result = text(&one.proposal.result).replacen("<remarks>", "<remarks>x", 1).into_bytes())
    }),
    deed("inspector", "hides an edit", &["verifier"], "verify.edit", |set| set.resealed_edited(|one| one.proposal.edits = Edits::default())),
    deed("inspector", "spells a result in another way", &["verifier"], "verify.canonical", |set| {
        set.resealed(|one| one.proposal.result = text(&one.proposal.result).replacen("<point ", "<point  ", 1).into_bytes())
    }),
    deed("inspector", "proposes for one message what it made of another", &["verifier"], "verify.edit", |set| {
        let (other, now) = set.message();
        let result = set.unsealed(&set.inspected(&other, now, None).proposed[0]).result;
        set.resealed(|one| one.proposal.result.clone_from(&result))
    }),
    deed("inspector", "gives one recipient the bytes of another who may have more", &["verifier"], "verify.release", |set| {
        set.resealed_for(&["usa-ops", "deu-ops"], |one| one.recipient = name("deu-ops"))
    }),
    deed("inspector", "lets pass what waits for the consent of a third party", &["verifier"], "verify.consent", |set| set.passed_without_consent()),
    deed("keeper", "offers a consent that its party did not sign", &["inspector"], "agreement.consent", |set| set.offered_forged_consent()),
    deed("keeper", "asks somebody for the consent of another", &["verifier"], HOP, |set| set.asked_of_another()),
    deed("keeper", "passes on a recall that its party did not sign", &["verifier"], HOP, |set| set.passed_on_forged_recall()),
    deed("inspector", "decides for nobody", &["keeper"], HOP, |set| set.decided(|inspection| inspection.decisions.clear())),
    deed("inspector", "decides for somebody else", &["keeper"], HOP, |set| {
        set.decided(|inspection| inspection.decisions[0].recipient = name("aus-ops"))
    }),
    deed("inspector", "lets a message leave by itself", &["keeper"], HOP, |set| {
        set.decided(|inspection| inspection.decisions[0].outcome = Outcome::Forward)
    }),
    deed("inspector", "proposes for one recipient twice", &["keeper"], HOP, |set| {
        set.decided(|inspection| inspection.proposed.push(inspection.proposed[0].clone()))
    }),
    deed("inspector", "decides under another edition", &["keeper"], HOP, |set| set.decided(|inspection| inspection.edition.0[0] ^= 1)),
    deed("door", "seals with its own key what another door's peer sent", BOTH, HOP, |set| set.sealed_by_other()),
    deed("door", "speaks for a peer of another domain", &["keeper"], NONE, |set| set.spoken_for_other()),
];

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The table as the manual shows it.
pub(crate) fn rows() -> Vec<Vec<String>> {
    let reason = |deed: &Deed| if deed.reason == NONE { "nothing is taken".to_owned() } else { format!("`{}`", deed.reason) };
    DEEDS.iter().map(|deed| vec![deed.by.to_owned(), deed.what.to_owned(), deed.stopped_by.join(", "), reason(deed)]).collect()
}

#[test]
fn each_deed_of_a_hostile_part_is_stopped_by_those_who_are_said_to_stop_it() {
    let set = Setting::new();
    set.lets_honest_messages_leave();
    let mut wrong = Vec::new();
    for deed in DEEDS {
        let found = (deed.play)(&set);
        let expected: Stops = deed.stopped_by.iter().map(|part| (*part, deed.reason.to_owned())).collect();
        if found != expected {
            wrong.push(format!("{} {}: expected {expected:?}, found {found:?}", deed.by, deed.what));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_disagreement_of_the_readers_raises_an_alarm_that_is_counted() {
    assert_eq!(Setting::new().alarms_of_a_lie(), [("verify.disagreement".to_owned(), 1)]);
}
