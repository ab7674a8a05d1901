//! Mandatory control: the recipient's clearance must admit the label, in the label's own policy or one step away from it.
//!
//! Takes a label and a recipient, gives the lines of reasoning. This is code: no rule set can switch it off.
//! Deliberately absent: a second step of translation (equivalences do not chain), and any use of communities
//! other than through the clearance that was made from them.

use crate::base::{Reason, Refusal, Time};
use crate::label::{Label, Lattice};
use crate::policy::PeerEntry;

/// Whether the recipient may hold what the label marks, as its memberships of groups are now.
///
/// # Errors
/// `clearance.group_stale` where a membership of which nobody knows any more would admit it; else `clearance.*`: of several possible policies, the reason that came nearest to admission.
// SPEC: design page 3, step 4; ADatP-4774.1 access decision.
pub fn clear(lattice: &Lattice, label: &Label, recipient: &PeerEntry, now: Time) -> Result<Vec<String>, Refusal> {
    let held = recipient.at(lattice, now);
    let decided = admit(lattice, label, &held, now);
    // Who would be admitted if the tables of members were still taken for true is a question for people.
    let lapsed = recipient.is_stale(now) && decided.is_err() && admit(lattice, label, recipient, now).is_ok();
    if lapsed { Err(Refusal::new(Reason::ClearanceGroupStale, "expected a table of members that an officer has looked at in time")) } else { decided }
}

fn admit(lattice: &Lattice, label: &Label, recipient: &PeerEntry, now: Time) -> Result<Vec<String>, Refusal> {
    let own = recipient.clearances.iter().find(|clearance| clearance.policy == label.policy);
    if let Some(clearance) = own {
        lattice.admits(clearance, label)?;
        let policy = lattice.policy_name(label.policy);
        return Ok(vec![format!("`{}` is cleared in `{policy}`, the label's own policy, and its clearance admits the label", recipient.name)]);
    }
    let mut nearest = Refusal::new(Reason::ClearanceUnknown, "expected a clearance in the label's policy or in one to which it can be taken");
    for clearance in &recipient.clearances {
        let there = lattice.translate(label, clearance.policy, now).and_then(|there| {
            lattice.admits(clearance, &there)?;
            // One step away a group may be written as its members: who is to read it must be named by the label itself.
            lattice.names(label, &recipient.nation, &recipient.communities).map(|()| there)
        });
        match there {
            Ok(there) => {
                let step = format!(
                    "`{} {}` is `{} {}` to `{}`",
                    lattice.policy_name(label.policy),
                    lattice.level_name(label.policy, label.level),
                    lattice.policy_name(there.policy),
                    lattice.level_name(there.policy, there.level),
                    recipient.name
                );
                return Ok(vec![step, format!("the clearance of `{}` admits the translated label", recipient.name)]);
            }
            Err(refusal) => nearest = nearer(nearest, refusal),
        }
    }
    Err(nearest)
}

/// Of two refusals the one that got further: an absent equivalence says less than a clearance that is too low.
fn nearer(one: Refusal, other: Refusal) -> Refusal {
    let far = |refusal: &Refusal| match refusal.reason {
        Reason::ClearanceUnknown => 0,
        Reason::ClearanceEquivalence => 1,
        _ => 2,
    };
    if far(&other) > far(&one) { other } else { one }
}
