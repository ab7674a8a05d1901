//! The comparison: whether an edition releases what another does not, said only as far as the model can say it.
//!
//! The model takes some translations to be possible that the gateway refuses. Where marking schemes and the recipient's entry are the same in both
//! editions, both refuse the same ones, and what is proved of the two models holds of the two gateways. Where they are not, the old edition is
//! taken without any translation for that recipient ([`Reach::Own`]): it then releases less than its gateway does, and a proof holds again. What the
//! solver finds instead is asked of both engines, and counts only where the one releases it and the other does not; else nothing is decided.
//! INVARIANT: a yes is never wrong. What no model holds (content rules, how labels are read, edits) is compared as it stands, and named.

use std::collections::{BTreeMap, BTreeSet};

use super::admission::Reach;
use super::questions::{ATTEMPTS, Desk, Question};
use super::solver::{Answer, Solver};
use super::trial::{Seen, Weight, tried};
use super::witness::Witness;
use super::{Against, CounterExample, Verdict};
use crate::base::{Fault, Name};
use crate::policy::{Clause, Edition, PeerEntry, Release};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::prove) enum Manner {
    /// All that is released, by people or without them.
    All,
    /// What is released without people.
    Automatic,
}

/// Folders of rules that no model holds, with what they decide.
const OUTSIDE: [(&str, &str); 4] =
    [("policies/", "how labels are read"), ("formats/", "field profiles"), ("messages/", "definitions of messages"), ("filters/", "content rules")];

impl Manner {
    /// The sentence that is proved.
    pub(in crate::prove) fn sentence(self, against: &Against<'_>) -> String {
        let except: Vec<&str> = against.except.iter().map(Name::as_str).collect();
        let but = if except.is_empty() { String::new() } else { format!(", except under {}", except.join(", ")) };
        let title = against.guard.edition().title();
        match self {
            Self::All => format!("nothing is released that `{title}` does not release{but}"),
            Self::Automatic => format!("nothing is released without review that `{title}` does not release so{but}"),
        }
    }
}

/// How the old edition's mandatory control is modelled for one recipient.
pub(in crate::prove) fn reach(new: &Edition, old: &Edition) -> impl Fn(&PeerEntry) -> Reach {
    let alike = format!("{:?}", new.lattice.policies()) == format!("{:?}", old.lattice.policies());
    let held = |peer: &PeerEntry| (peer.nation.clone(), peer.communities.clone(), format!("{:?}{:?}", peer.terms, peer.clearances));
    let entries: BTreeMap<Name, _> = new.peers.values().map(|peer| (peer.name.clone(), held(peer))).collect();
    move |peer| match alike && entries.get(&peer.name) == Some(&held(peer)) {
        true => Reach::Translations,
        false => Reach::Own,
    }
}

/// The sentence of what [`rest`] says.
pub(in crate::prove) const REST: &str = "nothing else is different that decides what leaves";

/// What is different between two editions and stands outside the model.
pub(in crate::prove) fn rest(new: &Edition, against: &Against<'_>) -> Verdict {
    let old = against.guard.edition();
    let mut different: BTreeSet<String> = BTreeSet::new();
    for (folder, what) in OUTSIDE {
        let files = |edition: &Edition| -> BTreeMap<_, _> {
            let inside = edition.files.iter().filter(|file| file.path.starts_with(folder));
            inside.map(|file| (file.path.clone(), file.text.clone())).collect()
        };
        let (now, before) = (files(new), files(old));
        let paths: BTreeSet<_> = now.keys().chain(before.keys()).collect();
        different.extend(paths.into_iter().filter(|path| now.get(*path) != before.get(*path)).map(|path| format!("`{path}` ({what})")));
    }
    if new.home != old.home {
        different.insert("`ruleset.toml` (the home nation, whose consent nobody asks for)".to_owned());
    }
    for peer in new.peers.values() {
        let said = |edition: &Edition| {
            let peer = edition.peers.get(&peer.name)?;
            Some(format!("{:?}{:?}{:?}{:?}{:?}", edition.lattice.policy_name(peer.scheme), peer.reads, peer.binding, peer.bind, peer.key))
        };
        if said(new) != said(old) {
            different.insert(format!("`{}` of `peers.toml` (how its labels are read, what it reads, or whose statements count)", peer.name));
        }
    }
    let clauses = |edition: &Edition| -> BTreeMap<Name, Clause> {
        edition.agreements.iter().flat_map(|agreement| &agreement.clauses).map(|clause| (clause.id.clone(), clause.clone())).collect()
    };
    let before = clauses(old);
    for (id, clause) in clauses(new).iter().filter(|(id, _)| !against.except.contains(*id)) {
        let edits = |clause: &Clause| clause.sanitise.iter().map(|edit| format!("{:?}{:?}", edit.path, edit.action)).collect::<Vec<_>>();
        match before.get(id) {
            None => drop(different.insert(format!("`{id}` (a new clause: its edits and its onward rule)"))),
            Some(was) if edits(was) != edits(clause) || was.onward != clause.onward => {
                different.insert(format!("`{id}` (its edits or its onward rule)"));
            }
            Some(_) => {}
        }
    }
    match different.is_empty() {
        true => Verdict::Proved,
        false => {
            let named: Vec<String> = different.into_iter().collect();
            Verdict::Undecided(format!("no model holds what differs here: {}; compare the editions, and replay recorded traffic", named.join(", ")))
        }
    }
}

impl Desk<'_> {
    /// What a message that one model releases and the other does not is worth: both engines are asked.
    pub(in crate::prove) fn beyond(
        &self,
        solver: &mut Solver,
        manner: Manner,
        first: Witness,
        found: &cedar_policy_symcc::Env,
    ) -> Result<Verdict, Fault> {
        let question = Question::Beyond(manner);
        let mut best = None;
        let mut blocked = Vec::new();
        let mut next = Some((first, self.is_more(manner, found)));
        for attempt in 0..ATTEMPTS {
            let Some((witness, more)) = next else { break };
            if more {
                best = Some(witness);
                break;
            }
            blocked.push(self.blocked(&witness, attempt)?);
            next = self.another(solver, &question, &blocked)?;
        }
        let Some(witness) = best else {
            return Ok(Verdict::Undecided(
                "marking schemes or entries of peers differ, and what the model finds there both editions decide alike, or under an excepted clause; \
                 compare the editions, and replay recorded traffic"
                    .to_owned(),
            ));
        };
        let mut best = CounterExample { seen: tried(self.guard(), self.templates(), &witness), witness };
        blocked = vec![self.only_writable()?];
        if best.seen.wants_consent() {
            blocked.extend(self.after(&best.witness, &best.seen, ATTEMPTS)?);
        }
        for attempt in 0..ATTEMPTS {
            if best.seen.weight() == Weight::Forwarded {
                break;
            }
            let Some((witness, more)) = self.another(solver, &question, &blocked)? else { break };
            let seen = if more { tried(self.guard(), self.templates(), &witness) } else { Seen::Unwritten };
            blocked.extend(self.after(&witness, &seen, attempt)?);
            if seen.weight() > best.seen.weight() {
                best = CounterExample { witness, seen };
            }
        }
        Ok(Verdict::False(Box::new(best)))
    }

    /// The next message that the models tell apart, and whether the engines do.
    fn another(&self, solver: &mut Solver, question: &Question<'_>, blocked: &[cedar_policy::Policy]) -> Result<Option<(Witness, bool)>, Fault> {
        let Question::Beyond(manner) = question else { return Ok(None) };
        let Answer::Found(found) = self.ask(solver, question, blocked, self.ground())? else { return Ok(None) };
        let witness = Witness::read(&found, self.model(), self.guard().edition());
        Ok(witness.ok().map(|witness| (witness, self.is_more(*manner, &found))))
    }

    /// Whether the new edition's engine releases it under a clause that is not excepted, and the old one's does not.
    fn is_more(&self, manner: Manner, found: &cedar_policy_symcc::Env) -> bool {
        let Some(against) = self.against() else { return false };
        let released = |guard: &crate::pipeline::Guard| {
            let witness = Witness::read(found, self.model(), guard.edition()).ok()?;
            let clause = guard.engine().imagine(guard.edition(), &witness.imagined(), &witness.from, &witness.to).ok()?;
            (manner == Manner::All || clause.release == Release::Automatic).then(|| clause.id.clone())
        };
        released(self.guard()).is_some_and(|clause| !against.except.contains(&clause)) && released(against.guard).is_none()
    }
}
