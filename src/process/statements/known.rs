//! What the keeper has in mind of statements: consents that may be used, and what is withdrawn.

use std::collections::{HashMap, HashSet};

use crate::base::{Digest, MessageId, Name, Reason, Refusal};
use crate::hop::Received;
use crate::journal::{self, Effect, MessageKey};
use crate::policy::Edition;
use crate::statement::{CONSENTS_MAX, Consent, Grant, Says, Scope, Standing, Statement, Target};

/// Consents to a clause that are kept at once, at most: 64. They go with every message for those to whom they are given.
const CLAUSE_CONSENTS_MAX: usize = 64;

/// A consent, and where it stands.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) by: Name,
    pub(super) consent: Consent,
    note: String,
    used: u32,
    pub(super) ended: bool,
}

impl Given {
    const fn standing(&self) -> Standing {
        match (self.ended, self.used >= self.consent.uses) {
            (true, _) => Standing::Revoked,
            (false, true) => Standing::Exhausted,
            (false, false) => Standing::Good,
        }
    }
}

/// Consents and recalls, as the journal has them.
#[derive(Debug, Default)]
pub(in crate::process) struct Known {
    consents: HashMap<MessageId, Given>,
    /// Consents to one content, by its digest.
    by_content: HashMap<Digest, Vec<MessageId>>,
    /// Consents to a clause.
    by_clause: Vec<MessageId>,
    /// Consents for which nothing that is held was decided again yet.
    fresh: HashSet<MessageId>,
    /// Who withdrew which contents.
    contents: HashMap<Digest, HashSet<Name>>,
    /// Messages that are withdrawn.
    messages: HashSet<MessageKey>,
}

impl Known {
    /// What statements on record say.
    pub(super) fn of(statements: &[journal::Statement]) -> Self {
        let mut known = Self::default();
        for one in statements {
            let text = one.stated.note.rsplit_once("\n\n").map(|(text, _)| format!("{text}\n")).unwrap_or_default();
            let (Some(effect), Ok(statement)) = (&one.stated.effect, Statement::parse(&text)) else { continue };
            known.take(effect, &statement, &one.stated.note);
            if let Some(given) = known.consents.get_mut(&statement.id) {
                (given.used, given.ended) = (one.used, one.ended);
            }
        }
        known
    }

    /// Takes in what follows from a statement.
    pub(super) fn take(&mut self, effect: &Effect, statement: &Statement, note: &str) {
        match (effect, &statement.says) {
            (Effect::Granted { id, .. }, Says::Consent(consent)) => {
                match &consent.scope {
                    Scope::Content { content, .. } => self.by_content.entry(*content).or_default().push(*id),
                    Scope::Clause(_) => self.by_clause.push(*id),
                }
                let given = Given { by: statement.by.clone(), consent: consent.clone(), note: note.to_owned(), used: 0, ended: false };
                self.consents.insert(*id, given);
                self.fresh.insert(*id);
            }
            (Effect::Revoked { of, .. }, _) => self.consents.get_mut(of).into_iter().for_each(|given| given.ended = true),
            (Effect::Recalled { targets, .. }, Says::Recall(recall)) => {
                self.messages.extend(targets.iter().cloned());
                if let Target::Content(content) = recall.target {
                    self.contents.entry(content).or_default().insert(statement.by.clone());
                }
            }
            _ => {}
        }
    }

    /// Notes that consents were used.
    pub(in crate::process) fn use_up<'c>(&mut self, consents: impl Iterator<Item = &'c str>) {
        for id in consents.filter_map(|text| text.parse().ok()) {
            let given: Option<&mut Given> = self.consents.get_mut(&id);
            given.into_iter().for_each(|given| given.used = given.used.saturating_add(1));
        }
    }

    /// The consents that may be meant for a message: to its body, or to a clause for one of those who may get it.
    pub(in crate::process) fn grants(&self, edition: &Edition, message: &Received, only: Option<&Name>) -> Vec<Grant> {
        if self.consents.is_empty() {
            return Vec::new();
        }
        self.meant(edition, message, only).map(|(_, given)| Grant { note: given.note.clone(), standing: given.standing() }).collect()
    }

    /// Whether one of these consents may be meant for a message that is held, and may be used.
    pub(super) fn may_release(&self, edition: &Edition, message: &Received, only: &Name, among: &HashSet<MessageId>) -> bool {
        self.meant(edition, message, Some(only)).any(|(id, given)| among.contains(id) && given.standing() == Standing::Good)
    }

    /// The consents that have come since this was asked last.
    pub(super) fn take_fresh(&mut self) -> HashSet<MessageId> {
        std::mem::take(&mut self.fresh)
    }

    fn meant<'k>(&'k self, edition: &'k Edition, message: &'k Received, only: Option<&'k Name>) -> impl Iterator<Item = (&'k MessageId, &'k Given)> {
        let for_content = self.by_content.get(&Digest::of(&message.body)).into_iter().flatten();
        let meant = move |given: &Given| match only {
            Some(name) => given.consent.to.contains(name),
            None => given.consent.to.iter().any(|name| edition.peers.get(name).is_some_and(|peer| addresses(message, peer))),
        };
        let for_clause = self.by_clause.iter().filter(move |id| self.consents.get(*id).is_some_and(meant));
        for_content.chain(for_clause).filter_map(|id| self.consents.get(id).map(|given| (id, given)))
    }

    /// Whether another consent can be kept.
    ///
    /// # Errors
    /// `consent.full`.
    pub(super) fn room_for(&self, consent: &Consent) -> Result<(), Refusal> {
        let of_clause = matches!(consent.scope, Scope::Clause(_));
        let good = |id: &&MessageId| self.consents.get(*id).is_some_and(|given| given.standing() == Standing::Good);
        let full = self.consents.len() >= CONSENTS_MAX || (of_clause && self.by_clause.iter().filter(good).count() >= CLAUSE_CONSENTS_MAX);
        if full {
            Err(Refusal::new(Reason::ConsentFull, format!("expected at most {CONSENTS_MAX}, and {CLAUSE_CONSENTS_MAX} of clauses")))
        } else {
            Ok(())
        }
    }

    /// Lets go of consents that nobody can use any more, because their time is over.
    pub(super) fn let_go(&mut self, now: crate::base::Time) {
        self.consents.retain(|_, given| given.consent.until > now);
        let kept = &self.consents;
        self.by_clause.retain(|id| kept.contains_key(id));
        self.by_content.values_mut().for_each(|ids| ids.retain(|id| kept.contains_key(id)));
        self.by_content.retain(|_, ids| !ids.is_empty());
    }

    /// A consent.
    pub(super) fn consent(&self, id: MessageId) -> Option<&Given> {
        self.consents.get(&id)
    }

    /// Whether a message was withdrawn by name.
    pub(in crate::process) fn has_withdrawn(&self, key: &MessageKey) -> bool {
        !self.messages.is_empty() && self.messages.contains(key)
    }

    /// Whether a message is withdrawn: by name, or because its content was, by its sender's nation or by one whose information it carries.
    pub(in crate::process) fn withdraws<'o>(&self, edition: &Edition, message: &Received, mut origins: impl Iterator<Item = &'o String>) -> bool {
        if self.has_withdrawn(&message.key()) {
            return true;
        }
        let Some(by) = (!self.contents.is_empty()).then(|| self.contents.get(&Digest::of(&message.body))).flatten() else { return false };
        let sender = edition.peers.get(&message.from).map(|peer| peer.nation.as_str());
        sender.is_some_and(|nation| by.contains(nation)) || origins.any(|origin| by.contains(origin.as_str()))
    }
}

fn addresses(message: &Received, peer: &crate::policy::PeerEntry) -> bool {
    message.header.destinations.iter().any(|name| *name == peer.name || peer.communities.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Time;

    fn time(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    fn consent(scope: Scope, until: &str) -> Consent {
        let to = [Name::new("can-ops").unwrap()].into_iter().collect();
        Consent { scope, to, from: time("2026-11-23T08:00:00Z"), until: time(until), uses: 1, revocable: true }
    }

    fn clause() -> Scope {
        Scope::Clause(Name::new("A/1.1").unwrap())
    }

    fn give(known: &mut Known, number: u64, consent: Consent) {
        let id = MessageId::from_parts(number, [0; 10]);
        let statement = Statement { id, by: Name::new("USA").unwrap(), time: consent.from, says: Says::Consent(consent) };
        known.take(&Effect::Granted { id, uses: 1 }, &statement, "");
    }

    #[test]
    fn consents_to_clauses_are_kept_up_to_their_limit_and_room_comes_back_with_time_and_use() {
        let (mut known, end) = (Known::default(), "2026-11-23T12:00:00Z");
        let full = |known: &Known, scope| known.room_for(&consent(scope, end)).map_err(|refusal| refusal.reason.code());
        for number in (0_u64..).take(CLAUSE_CONSENTS_MAX) {
            assert_eq!(full(&known, clause()), Ok(()), "{number}");
            give(&mut known, number, consent(clause(), if number == 0 { "2026-11-23T09:00:00Z" } else { end }));
        }
        assert_eq!(full(&known, clause()), Err("consent.full"));
        let content = Scope::Content { content: Digest::of(b"a"), label: Digest::of(b"b") };
        assert_eq!(full(&known, content), Ok(()), "one to a content goes with that content only");
        known.let_go(time("2026-11-23T09:00:00Z"));
        assert_eq!(full(&known, clause()), Ok(()));
        give(&mut known, 1_000, consent(clause(), end));
        assert_eq!(full(&known, clause()), Err("consent.full"));
        known.use_up(std::iter::once(MessageId::from_parts(1_000, [0; 10]).to_string().as_str()));
        assert_eq!(full(&known, clause()), Ok(()), "one that is used up goes with no message");
    }

    #[test]
    fn all_consents_together_have_a_limit() {
        let (mut known, end) = (Known::default(), "2026-11-23T12:00:00Z");
        let content = |number: u64| Scope::Content { content: Digest::of(&number.to_be_bytes()), label: Digest::of(b"b") };
        for number in (0_u64..).take(CONSENTS_MAX) {
            give(&mut known, number, consent(content(number), end));
        }
        assert_eq!(known.room_for(&consent(content(0), end)).map_err(|refusal| refusal.reason), Err(Reason::ConsentFull));
        known.let_go(time(end));
        assert_eq!(known.room_for(&consent(content(0), end)), Ok(()));
    }
}
