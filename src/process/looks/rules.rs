//! The rule set in force, for people: its clauses as sentences, its files, what officers did about it.

use std::collections::{BTreeMap, BTreeSet};

use super::records::step;
use crate::base::{Fault, Name, Traffic};
use crate::control::desk::{Clause, Rules, View};
use crate::label::Lattice;
use crate::policy::{self, Edition, Release};
use crate::process::keeper::Shared;

/// Acts that are shown: the last 200.
const ACTS_MAX: usize = 200;

impl Shared {
    pub(super) async fn rule_set(&self) -> Result<View, Fault> {
        let (shift, config) = (self.shifts.now(), self.config.load_full());
        let (edition, released) = (&shift.edition, self.journal.clauses().await?);
        let released: BTreeMap<Name, u64> = released.into_iter().collect();
        let acts = self.journal.acts().await?;
        let roles = |roles: &BTreeSet<String>| roles.iter().cloned().collect::<Vec<_>>().join(", ");
        Ok(View::Rules(Box::new(Rules {
            edition: shift.title.clone(),
            digest: edition.digest.to_string(),
            acts: acts.iter().rev().take(ACTS_MAX).map(step).collect(),
            clauses: clauses(edition, &released),
            files: edition.files.iter().map(|file| (file.path.to_string(), file.text.to_string())).collect(),
            officers: config.officers.iter().map(|officer| (officer.name.to_string(), roles(&officer.roles))).collect(),
        })))
    }
}

/// The clauses of an edition, with how often something was released under each.
pub(in crate::process) fn clauses(edition: &Edition, released: &BTreeMap<Name, u64>) -> Vec<Clause> {
    let clause = |clause: &policy::Clause| Clause {
        name: clause.id.to_string(),
        sentence: sentence(clause, &edition.lattice),
        releases: released.get(&clause.id).copied().unwrap_or_default(),
    };
    edition.agreements.iter().flat_map(|agreement| &agreement.clauses).map(clause).collect()
}

/// What a clause lets pass.
fn sentence(clause: &policy::Clause, lattice: &Lattice) -> String {
    let list = |words: &BTreeSet<String>| words.iter().cloned().collect::<Vec<_>>().join(", ");
    let mut text = format!("from {} to {}: {}", list(&clause.from), list(&clause.to), list(&clause.formats));
    if !clause.kinds.is_empty() {
        text.push_str(&format!(" of the kinds {}", clause.kinds.join(", ")));
    }
    let ceilings: Vec<String> = clause.ceilings.iter().map(|one| format!("{} {}", lattice.policy_name(one.policy), one.level)).collect();
    if !ceilings.is_empty() {
        text.push_str(&format!(", up to {}", ceilings.join(" or ")));
    }
    if clause.traffic.len() == 1 {
        text.push_str(if clause.traffic.contains(&Traffic::Exercise) { ", exercises only" } else { ", operations only" });
    }
    text.push_str(match clause.release {
        Release::Automatic => "; released without people",
        Release::Review => "; released after review",
    });
    if !clause.sanitise.is_empty() {
        text.push_str(&format!(", with {} edits", clause.sanitise.len()));
    }
    if !clause.onward.is_empty() {
        text.push_str(&format!("; information of {} may go onward", list(&clause.onward)));
    }
    if !clause.when.is_empty() {
        text.push_str("; only while the conditions that it names hold");
    }
    text
}
