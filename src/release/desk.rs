//! Desks: what is kept ready for each peer of an edition, so that few policies are put to Cedar for a message.
//!
//! Takes the compiled policies of an edition and who is in what; gives for each peer the clauses that name it as recipient, by format and in the order of
//! preference, each with what it asks of a message, and the policies of Cedar files that may speak for it. Deliberately absent: any answer.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use cedar_policy::{Entities, EntityUid, Expression, Policy, PolicyId, PolicySet};

use super::memo::{Eras, Memo};
use super::sketch::{Sketch, Wants, looked_at};
use super::who::{is_in, party_uid, uid};
use crate::base::Name;
use crate::policy::{Clause, Edition, PeerEntry, Release};

/// What is kept ready for one peer: as sender its entry, as recipient the rest.
pub(super) struct Desk {
    pub(super) entry: PeerEntry,
    pub(super) uid: EntityUid,
    /// Its place among the peers, by name.
    pub(super) place: usize,
    /// Its clauses by format, in the order of preference.
    pub(super) permits: BTreeMap<String, Vec<Arc<Alone>>>,
    /// How many permits there are, those of Cedar files among them.
    pub(super) known: usize,
    /// The policies of Cedar files, in the order of their ids, without those that can never hold for it.
    pub(super) extras: Vec<Alone>,
    pub(super) memo: Memo,
}

/// A policy, alone.
#[derive(Clone)]
pub(super) struct Alone {
    /// What it permits under; `None` for a forbid.
    pub(super) clause: Option<Arc<Clause>>,
    pub(super) id: PolicyId,
    pub(super) put: Put,
    /// Of a clause, what is left of it for a recipient that it names.
    pub(super) left: Option<Arc<Left>>,
    /// Of a clause, which peers may be in what it takes from, by their places.
    pub(super) from: Arc<[bool]>,
    pub(super) sketch: Sketch,
    pub(super) wants: Wants,
}

/// What of a policy is put to Cedar.
#[derive(Clone)]
pub(super) enum Put {
    /// All of it.
    Whole(Arc<PolicySet>),
    /// What is left of a clause where recipient and format are known to be those that it names.
    Left(Arc<Left>),
}

/// What is left of a clause for a recipient and a format that it names.
pub(super) struct Left {
    /// The parties from which it takes.
    pub(super) from: Vec<EntityUid>,
    /// When its agreement is in force, in milliseconds of Unix time.
    pub(super) force: Range<i64>,
    /// All further conditions.
    pub(super) condition: Expression,
    pub(super) wants: Wants,
}

impl Alone {
    fn of(compiled: &Compiled) -> Result<Self, String> {
        let policy = &compiled.policy;
        let set = PolicySet::from_policies([policy.clone()]).map_err(|error| error.to_string())?;
        let (sketch, wants) = (Sketch::of(policy), looked_at(policy));
        let (clause, left, id) = (compiled.clause.clone(), compiled.left.clone(), policy.id().clone());
        Ok(Self { clause, id, put: Put::Whole(Arc::new(set)), left, from: Arc::default(), sketch, wants })
    }

    /// The same for one recipient: what is known of it for all time needs no second look.
    fn before(&self, recipient: &PeerEntry) -> Self {
        let sketch = if recipient.terms.is_empty() { self.sketch.clone().settled(recipient) } else { self.sketch.clone() };
        Self { sketch, ..self.clone() }
    }
}

/// One policy with the clause that it came from; `None` for a forbid.
#[derive(Clone)]
pub(super) struct Compiled {
    pub(super) policy: Policy,
    pub(super) clause: Option<Arc<Clause>>,
    /// Of a clause, what is left of its condition for a recipient and a format that it names.
    pub(super) left: Option<Arc<Left>>,
}

/// The order of preference: a clause that releases by itself before one that asks for review, then by the id.
pub(super) fn order(clause: &Clause) -> (bool, Name) {
    (clause.release == Release::Review, clause.id.clone())
}

/// The desks of all peers of an edition.
///
/// # Errors
/// One line: what Cedar does not take.
pub(super) fn desks(edition: &Edition, (clauses, extras): (&[Compiled], &[Compiled]), entities: &Entities) -> Result<BTreeMap<Name, Desk>, String> {
    let eras = Eras::of(edition);
    let alone = |all: &[Compiled]| all.iter().map(Alone::of).collect::<Result<Vec<_>, _>>();
    let (mut clauses, mut extras) = (alone(clauses)?, alone(extras)?);
    clauses.sort_by_cached_key(|one| one.clause.as_ref().map(|clause| order(clause)));
    extras.sort_by_cached_key(|one| one.id.to_string());
    let peers = edition.peers.values().map(|peer| Ok((peer, uid("Peer", peer.name.as_str())?))).collect::<Result<Vec<_>, String>>()?;
    let mut members: BTreeMap<&String, Vec<bool>> = BTreeMap::new();
    for party in edition.agreements.iter().flat_map(|agreement| &agreement.clauses).flat_map(|clause| clause.from.iter().chain(&clause.to)) {
        if members.contains_key(party) {
            continue;
        }
        let entity = party_uid(party, &edition.registry)?;
        // Cedar is asked who is in what, for as long as the edition lives; of who is not always in it, whether it may be.
        let alone = BTreeSet::from([party.clone()]);
        let within = |(peer, uid): &(&PeerEntry, EntityUid)| match peer.terms.is_empty() {
            true => is_in(entities, uid, &entity),
            false => peer.is_among(&alone),
        };
        members.insert(party, peers.iter().map(within).collect());
    }
    let named = |parties: &BTreeSet<String>, place: usize| {
        let of = |party| members.get(party).and_then(|all| all.get(place)).copied().unwrap_or(false);
        parties.iter().any(of)
    };
    for one in &mut clauses {
        if let Some(clause) = &one.clause {
            one.from = (0..peers.len()).map(|place| named(&clause.from, place)).collect();
        }
    }
    let mut desks = BTreeMap::new();
    for (place, (peer, uid)) in peers.iter().enumerate() {
        let mut permits: BTreeMap<String, Vec<Arc<Alone>>> = BTreeMap::new();
        let mut known = extras.iter().filter(|extra| extra.clause.is_some()).count();
        for one in &clauses {
            // What does not name the recipient or the format has a condition in its policy that does not hold.
            let Some(clause) = one.clause.as_ref().filter(|clause| peer.is_among(&clause.to)) else { continue };
            let mut own = one.before(peer);
            if let Some(left) = one.left.as_ref().filter(|_| peer.terms.is_empty() && named(&clause.to, place)) {
                (own.put, own.wants) = (Put::Left(Arc::clone(left)), left.wants);
            }
            let own = Arc::new(own);
            known = known.saturating_add(1);
            clause.formats.iter().for_each(|format| permits.entry(format.clone()).or_default().push(Arc::clone(&own)));
        }
        let extras = extras.iter().map(|one| one.before(peer)).filter(|one| one.sketch != Sketch::Holds(false)).collect();
        let (entry, uid, memo) = ((*peer).clone(), uid.clone(), Memo::new(&eras));
        desks.insert(peer.name.clone(), Desk { entry, uid, place, permits, known, extras, memo });
    }
    Ok(desks)
}
