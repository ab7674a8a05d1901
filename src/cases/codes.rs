//! Which reasons count for coverage: those that rules of this rule set can give.
//!
//! Reasons of frames, formats, labels and second readers are given by code whatever the rules say, and the project's own tests meet them. What counts
//! follows from what stands in the rule set: a set without a word list needs no case of `content.words`.

use std::collections::BTreeSet;

use crate::base::{Action, Reason};
use crate::policy::{Clause, Edition, Field, FieldType, PeerEntry, Release};
use crate::translate;

/// The reasons that count.
pub(super) fn counting(edition: &Edition, forbids: bool) -> BTreeSet<Reason> {
    let mut codes = BTreeSet::from([Reason::AgreementNone, Reason::ClearanceLevel, Reason::ClearancePermissive]);
    let mut when = |stands: bool, code: Reason| codes.extend(stands.then_some(code));
    let clauses = || edition.agreements.iter().flat_map(|agreement| &agreement.clauses);
    when(forbids, Reason::AgreementForbidden);
    when(clauses().any(|clause| clause.release == Release::Review), Reason::AgreementReview);
    when(!edition.word_lists.is_empty(), Reason::ContentWords);
    when(!edition.patterns.is_empty(), Reason::ContentPattern);
    let own = |name: &str| crate::filter::DETECTORS.iter().any(|detector| detector.name == name);
    when(edition.detectors.iter().any(|rule| own(&rule.name)), Reason::ContentDetector);
    let lost =
        |clause: &Clause, peer: &PeerEntry| peer.is_among(&clause.to) && clause.formats.iter().any(|format| translate::row(format, peer).is_err());
    when(clauses().any(|clause| edition.peers.values().any(|peer| lost(clause, peer))), Reason::TranslateNone);
    when(edition.profiles.values().any(|profile| !profile.rest.is_empty()), Reason::RestEmpty);
    for code in [Reason::FieldsSet, Reason::FieldsMissing, Reason::FieldsOrder, Reason::FieldsForm] {
        when(!edition.messages.is_empty(), code);
    }
    let profiles = || edition.profiles.values();
    when(profiles().any(|profile| profile.otherwise > Action::Strip), Reason::FieldsUnknown);
    let any = |test: &dyn Fn(&Field) -> bool| profiles().flat_map(|profile| &profile.fields).any(test);
    when(any(&|field| field.forbid.is_some_and(|action| action > Action::Strip)), Reason::FieldsForbidden);
    when(any(&|field| field.forbid == Some(Action::Strip)), Reason::FieldsStripped);
    when(any(&|field| field.reference && field.forbid == Some(Action::Strip)), Reason::ReferenceUrl);
    let stops = |field: &Field| field.forbid.is_none() && field.misfit > Action::Strip;
    when(any(&|field| stops(field) && matches!(field.kind, FieldType::Number { .. })), Reason::FieldsRange);
    when(any(&|field| stops(field) && matches!(field.kind, FieldType::Text { .. })), Reason::FieldsLength);
    when(any(&|field| stops(field) && matches!(field.kind, FieldType::Text { pattern: Some(_), .. } | FieldType::OneOf(_))), Reason::FieldsPattern);
    codes
}
