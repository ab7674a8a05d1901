//! The engine: clauses and Cedar policies of one edition, compiled, validated and asked.
//!
//! Cedar evaluates every policy that it is given, at 2 microseconds each. So each policy that may concern a recipient stands alone, with a sketch of
//! what it asks (`sketch`): where the plain data of a message shows that it does not hold and cannot fail, it is not put to Cedar. Whatever holds or
//! is not known, Cedar is asked, which has the last word: for the clause that permits, and for all of `release.cedar` that may speak. What a clause asks
//! of the recipient and of the format is asked once, when the edition is compiled; for each message whom it takes from, of Cedar's entities, when it is
//! in force, and of Cedar the rest of its condition.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;
use std::sync::Arc;

use arc_swap::ArcSwap;
use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, EvalResult, Expression, Policy, PolicyId, PolicySet, Request,
    Response, RestrictedExpression, Schema, ValidationMode, Validator, eval_expression,
};

use super::memo::{Eras, Memo, Said};
use super::question::Question;
use super::sketch::{Scene, Sketch, Wants, looked_at};
use super::third_party::{Asked, Ground};
use super::vocabulary::{Types, Vocabulary};
use super::{Circumstances, Permitted, compile, exercise, parts};
use crate::base::{Complaint, Name, Reason, Refusal, Time};
use crate::label::{Labelled, Lattice};
use crate::policy::conditions::met;
use crate::policy::{Agreement, Clause, Condition, Edition, PeerEntry, Registry, Release};
use crate::statement::Grant;

/// The compiled release rules of one edition.
pub struct Engine {
    pub(in crate::release) lattice: Arc<Lattice>,
    authorizer: Authorizer,
    entities: Arc<Entities>,
    /// For the time in which a peer is no member of a community of its own: who is in what is asked anew then.
    schema: Arc<Schema>,
    registry: Registry,
    conditions: Vec<Condition>,
    pub(in crate::release) exercise_policies: BTreeSet<String>,
    /// What the conditions are, by name.
    met: ArcSwap<Vec<(String, String)>>,
    /// All policies, for an edition that differs in one of them.
    clauses: Vec<Compiled>,
    extras: Vec<Compiled>,
    action: EntityUid,
    pub(in crate::release) types: Types,
    pub(in crate::release) desks: BTreeMap<Name, Desk>,
    third_parties: Ground,
}

/// What an engine asks Cedar with.
struct Tools {
    entities: Arc<Entities>,
    schema: Arc<Schema>,
    action: EntityUid,
    types: Types,
}

/// What is kept ready for one peer: as sender its entry, as recipient the rest.
pub(in crate::release) struct Desk {
    pub(in crate::release) entry: PeerEntry,
    uid: EntityUid,
    /// Its place among the peers, by name.
    place: usize,
    /// Its clauses by format, in the order of preference.
    permits: BTreeMap<String, Vec<Arc<Alone>>>,
    /// How many permits there are, those of Cedar files among them.
    known: usize,
    /// The policies of Cedar files, in the order of their ids, without those that can never hold for it.
    extras: Vec<Alone>,
    memo: Memo,
}

/// A policy, alone.
#[derive(Clone)]
struct Alone {
    /// What it permits under; `None` for a forbid.
    clause: Option<Arc<Clause>>,
    id: PolicyId,
    put: Put,
    /// Of a clause, what is left of it for a recipient that it names.
    left: Option<Arc<Left>>,
    /// Of a clause, which peers may be in what it takes from, by their places.
    from: Arc<[bool]>,
    sketch: Sketch,
    wants: Wants,
}

/// What of a policy is put to Cedar.
#[derive(Clone)]
enum Put {
    /// All of it.
    Whole(Arc<PolicySet>),
    /// What is left of a clause where recipient and format are known to be those that it names.
    Left(Arc<Left>),
}

/// What is left of a clause for a recipient and a format that it names.
pub(in crate::release) struct Left {
    /// The parties from which it takes.
    from: Vec<EntityUid>,
    /// When its agreement is in force, in milliseconds of Unix time.
    force: Range<i64>,
    /// All further conditions.
    condition: Expression,
    wants: Wants,
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

/// The rule in which an edition differs from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'c> {
    /// A clause is gone or another, by its id.
    Clause(&'c Name),
    /// A policy of a Cedar file is gone, by its id.
    Policy(&'c str),
    /// An entry of `peers.toml` is another.
    Peer,
}

/// One policy with the clause that it came from; `None` for a forbid.
#[derive(Clone)]
pub(in crate::release) struct Compiled {
    pub(in crate::release) policy: Policy,
    pub(in crate::release) clause: Option<Arc<Clause>>,
    /// Of a clause, what is left of its condition for a recipient and a format that it names.
    pub(in crate::release) left: Option<Arc<Left>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("recipients", &self.desks.len()).finish_non_exhaustive()
    }
}

impl Engine {
    /// Compiles the clauses and the Cedar files of an edition, all validated strictly against the schema that the edition gives.
    ///
    /// # Errors
    /// Every fault of every policy: syntax, types, a missing or repeated `@id`, a condition that can never hold.
    pub fn compile(edition: &Edition) -> Result<Self, Vec<Complaint>> {
        let mut complaints = Vec::new();
        let schema = parse_schema(edition).map_err(|what| vec![of_edition(edition, what)])?;
        let clauses = compile_clauses(edition, &schema, &mut complaints);
        let mut extras: Vec<Compiled> = Vec::new();
        let mut ground = super::extra::Ground { schema: &schema, vocabulary: Vocabulary::of(edition), seen: BTreeSet::new() };
        for file in &edition.cedar {
            extras.append(&mut super::extra::parse(file, &mut ground, &mut complaints));
        }
        super::stated::descriptions(edition, &schema, &ground.vocabulary, &mut complaints);
        let entities =
            entities((&edition.registry, &edition.conditions), edition.peers.values(), &schema).map_err(|what| vec![of_edition(edition, what)])?;
        let desks = desks(edition, (&clauses, &extras), &entities).unwrap_or_else(|what| {
            complaints.push(of_edition(edition, what));
            BTreeMap::new()
        });
        let types = Types::new().map_err(|what| vec![of_edition(edition, what)])?;
        let action = uid("Action", "release").map_err(|what| vec![of_edition(edition, what)])?;
        if !complaints.is_empty() {
            return Err(complaints);
        }
        let (entities, schema) = (Arc::new(entities), Arc::new(schema));
        let tools = Tools { entities, schema, action, types };
        Ok(Self::over(edition, tools, (clauses, extras, desks)))
    }

    /// The engine of an edition that differs from its own in one rule: only that rule is compiled anew. For trying; nothing is complained of here but
    /// what does not compile at all.
    ///
    /// # Errors
    /// What does not compile, in one line.
    pub fn altered(&self, edition: &Edition, change: Change<'_>) -> Result<Self, String> {
        let (mut clauses, mut extras) = (self.clauses.clone(), self.extras.clone());
        match change {
            Change::Peer => {}
            Change::Policy(id) => extras.retain(|extra| extra.policy.id().to_string() != id),
            Change::Clause(id) => {
                let all = edition.agreements.iter().flat_map(|agreement| agreement.clauses.iter().map(move |clause| (agreement, clause)));
                let other = all.into_iter().find(|(_, clause)| clause.id == *id);
                let other = other.map(|(agreement, clause)| compile_clause(edition, agreement, clause)).transpose()?;
                let same = |one: &Compiled| one.clause.as_ref().is_some_and(|clause| clause.id == *id);
                clauses.retain(|one| !same(one));
                clauses.extend(other);
            }
        }
        let desks = desks(edition, (&clauses, &extras), &self.entities)?;
        let (action, types) = (uid("Action", "release")?, Types::new()?);
        let (entities, schema) = (Arc::clone(&self.entities), Arc::clone(&self.schema));
        let tools = Tools { entities, schema, action, types };
        Ok(Self::over(edition, tools, (clauses, extras, desks)))
    }

    /// An engine of its parts.
    fn over(edition: &Edition, tools: Tools, (clauses, extras, desks): (Vec<Compiled>, Vec<Compiled>, BTreeMap<Name, Desk>)) -> Self {
        let Tools { entities, schema, action, types } = tools;
        Self {
            lattice: Arc::clone(&edition.lattice),
            authorizer: Authorizer::new(),
            entities,
            schema,
            registry: edition.registry.clone(),
            conditions: edition.conditions.clone(),
            exercise_policies: edition.exercise_policies.clone(),
            met: ArcSwap::from_pointee(met(&edition.conditions, &[])),
            clauses,
            extras,
            action,
            types,
            desks,
            third_parties: Ground::of(edition),
        }
    }

    /// The policies of Cedar files.
    pub(in crate::release) fn extras(&self) -> &[Compiled] {
        &self.extras
    }

    /// What the first line of every chain says of a message: its mark and where it stands.
    #[must_use]
    pub fn marked(&self, labelled: &Labelled<'_>) -> String {
        marked(&self.lattice, labelled)
    }

    /// The conditions as they are.
    pub(in crate::release) fn conditions_met(&self) -> Arc<Vec<(String, String)>> {
        self.met.load_full()
    }

    /// Takes these conditions from the next message on.
    pub fn meet(&self, set: &[(String, String)]) {
        let now = met(&self.conditions, set);
        if **self.met.load() != now {
            self.met.store(Arc::new(now));
        }
    }

    /// Lets go of every answer that was given before: for benches, and for the law that an answer from memory is that of the rules.
    pub fn forget(&self) {
        self.desks.values().for_each(|desk| desk.memo.forget());
    }

    /// Decides on one message for one recipient, where no third party has consented to anything.
    ///
    /// # Errors
    /// As [`Self::decide_under`].
    pub fn decide<'m, 'a>(
        &self,
        labelled: &'m Labelled<'a>,
        sender: &'m PeerEntry,
        recipient: &'m PeerEntry,
        circumstances: &Circumstances,
    ) -> Result<Permitted<'m, 'a>, Refusal> {
        self.decide_under(labelled, (sender, recipient), circumstances, &[])
    }

    /// The third parties whose information a message carries from a sender to a recipient.
    #[must_use]
    pub fn origins(&self, labelled: &Labelled<'_>, sender: &PeerEntry, recipient: &PeerEntry) -> BTreeSet<String> {
        self.third_parties.origins(&self.lattice, labelled.label(), sender, recipient)
    }

    /// Decides on one message for one recipient, under the consents that third parties gave.
    ///
    /// # Errors
    /// `clearance.*`, `exercise.mixed`, `agreement.none`, `agreement.forbidden`, `agreement.error`, `agreement.consent`, `consent.*`.
    pub fn decide_under<'m, 'a>(
        &self,
        labelled: &'m Labelled<'a>,
        (sender, recipient): (&'m PeerEntry, &'m PeerEntry),
        circumstances: &Circumstances,
        grants: &[Grant],
    ) -> Result<Permitted<'m, 'a>, Refusal> {
        let mut chain = vec![marked(&self.lattice, labelled)];
        let kept = parts::keep(&self.lattice, labelled, recipient, circumstances.now)?;
        chain.extend_from_slice(kept.chain());
        let facts = labelled.parsed().facts();
        let flag = labelled.parsed().header().traffic;
        let said = exercise::said(labelled.parsed().tree(), facts.traffic)?;
        exercise::agree(flag, said, &sender.traffic, &recipient.traffic)?;
        exercise::policy_agrees(flag, self.lattice.policy_name(labelled.label().policy), &self.exercise_policies)?;
        let conditions = self.met.load_full();
        let ask = || {
            let question = Question::of(labelled, kept.label(), &facts, &self.lattice, (circumstances, Arc::clone(&conditions)));
            self.ask(&question, &sender.name, &recipient.name)
        };
        let header = labelled.parsed().header();
        let said = Said {
            format: labelled.parsed().format().name,
            kind: &facts.kind,
            subject: &facts.subject,
            traffic: header.traffic,
            precedence: header.precedence,
            label: kept.label(),
            sender: &sender.name,
            conditions: &conditions,
        };
        let clause = self.desks.get(&recipient.name).map_or_else(ask, |desk| desk.memo.answer(&said, circumstances.now, ask))?;
        let how = match clause.release {
            Release::Automatic => "permits",
            Release::Review => "permits after review",
        };
        chain.push(format!("`{}` {how}", clause.id));
        let (label, body, now) = (labelled.label(), labelled.parsed().came(), circumstances.now);
        let leave = self.third_parties.agree(&self.lattice, &Asked { label, body, sender, recipient, clause: &clause, now }, grants)?;
        chain.extend(leave.line(&clause));
        Ok(Permitted { labelled, recipient, clause, kept, leave, chain })
    }

    /// The clause that permits: an automatic one before one that asks for review, then the lowest id.
    pub(in crate::release) fn ask(&self, question: &Question<'_>, sender: &Name, recipient: &Name) -> Result<Arc<Clause>, Refusal> {
        let unknown = || Refusal::new(Reason::AgreementNone, "expected sender and recipient to be peers of the rule set");
        let desk = self.desks.get(recipient).ok_or_else(unknown)?;
        let from = self.desks.get(sender).ok_or_else(unknown)?;
        let (held, sends) = (desk.entry.at(&self.lattice, question.now), from.entry.at(&self.lattice, question.now));
        let scene = Scene { question, recipient: &held, sender: &sends };
        let may_hold = |one: &&Alone| one.sketch.holds(scene) != Some(false);
        let takes = |one: &&Alone| one.from.get(from.place) == Some(&true);
        let permits = desk.permits.get(question.format).into_iter().flatten().map(Arc::as_ref);
        let clauses: Vec<&Alone> = permits.filter(takes).filter(may_hold).collect();
        let extras: Vec<&Alone> = desk.extras.iter().filter(may_hold).collect();
        let none = || Refusal::new(Reason::AgreementNone, format!("expected one of {} clauses to apply, none does", desk.known));
        if clauses.is_empty() && extras.is_empty() {
            return Err(none());
        }
        let wants = clauses.iter().chain(&extras).map(|one| one.wants).fold(Wants::NONE, Wants::and);
        let unasked = |what: &str| Refusal::new(Reason::AgreementError, what.to_owned());
        let context = question.context(&self.types, wants).ok_or_else(|| unasked("the message could not be put to the rules"))?;
        let request = self.request(desk, from, context).ok_or_else(|| unasked("the question could not be put to the rules"))?;
        let entities = self.entities_of([&sends, &held]).ok_or_else(|| unasked("the memberships could not be put to the rules"))?;
        let mut permitting: Vec<&Arc<Clause>> = Vec::new();
        for one in clauses {
            if self.applies(one, (from, desk, question.now), &request, &entities)? {
                permitting.extend(&one.clause);
                // INVARIANT: they stand in the order of preference, and the policy of a clause has nothing in it that can fail.
                break;
            }
        }
        permitting.extend(self.speak(&extras, (from, desk, question.now), &request, &entities)?);
        permitting.into_iter().min_by_key(|clause| order(clause)).map(Arc::clone).ok_or_else(none)
    }

    /// What the policies of the Cedar files permit, of those that may speak.
    fn speak<'d>(
        &self,
        extras: &[&'d Alone],
        between: (&Desk, &Desk, Time),
        request: &Request,
        entities: &Entities,
    ) -> Result<Vec<&'d Arc<Clause>>, Refusal> {
        let (mut permitting, mut forbidding) = (Vec::new(), None);
        for extra in extras {
            // INVARIANT: every one is asked, for one that fails refuses whatever the others say.
            if self.applies(extra, between, request, entities)? {
                match &extra.clause {
                    Some(clause) => permitting.push(clause),
                    None => forbidding = forbidding.or(Some(&extra.id)),
                }
            }
        }
        match forbidding {
            Some(id) => Err(Refusal::new(Reason::AgreementForbidden, format!("the policy `{id}` forbids it"))),
            None => Ok(permitting),
        }
    }

    /// Whether a policy applies; any failure refuses.
    fn applies(&self, one: &Alone, (from, to, now): (&Desk, &Desk, Time), request: &Request, entities: &Entities) -> Result<bool, Refusal> {
        match &one.put {
            Put::Whole(set) => self.answer(request, set, entities).map(|said| said.diagnostics().reason().next().is_some()),
            Put::Left(left) if !left.force.contains(&now.unix_ms()) || from.uid == to.uid => Ok(false),
            Put::Left(left) if !left.from.iter().any(|party| is_in(entities, &from.uid, party)) => Ok(false),
            Put::Left(left) => match eval_expression(request, entities, &left.condition) {
                Ok(said) => Ok(said == EvalResult::Bool(true)),
                Err(_) => Err(failed(&one.id)),
            },
        }
    }

    /// What a set of policies says. Cedar skips a policy that fails; a forbid that fails would open the gate, so any failure at all refuses.
    pub(in crate::release) fn answer(&self, request: &Request, policies: &PolicySet, entities: &Entities) -> Result<Response, Refusal> {
        let response = self.authorizer.is_authorized(request, policies, entities);
        if let Some(error) = response.diagnostics().errors().next() {
            let cedar_policy::AuthorizationError::PolicyEvaluationError(error) = error;
            return Err(failed(error.policy_id()));
        }
        Ok(response)
    }

    /// Who is in what: as it was compiled, unless one of the two has left or not yet joined a community.
    pub(in crate::release) fn entities_of(&self, peers: [&Cow<'_, PeerEntry>; 2]) -> Option<Cow<'_, Entities>> {
        if peers.iter().all(|peer| matches!(peer, Cow::Borrowed(_))) {
            return Some(Cow::Borrowed(&self.entities));
        }
        let [one, two] = peers.map(Cow::as_ref);
        let other = Some(two).filter(|two| two.name != one.name);
        entities((&self.registry, &self.conditions), std::iter::once(one).chain(other), &self.schema).ok().map(Cow::Owned)
    }

    /// The decision as Cedar alone makes it, over all policies at once and with nothing left out: the law by which the fast way is held.
    #[cfg(test)]
    pub(in crate::release) fn ask_plainly(&self, question: &Question<'_>, sender: &Name, recipient: &Name) -> Response {
        let all = PolicySet::from_policies(self.clauses.iter().chain(&self.extras).map(|one| one.policy.clone())).unwrap();
        let (to, from) = (&self.desks[recipient], &self.desks[sender]);
        let request = self.request(to, from, question.context(&self.types, Wants::ALL).unwrap()).unwrap();
        let entities = self.entities_of([&from.entry.at(&self.lattice, question.now), &to.entry.at(&self.lattice, question.now)]).unwrap();
        self.authorizer.is_authorized(&request, &all, &entities)
    }

    pub(in crate::release) fn request(&self, to: &Desk, from: &Desk, context: Context) -> Option<Request> {
        // Policies were validated against the schema; tests validate that the context has the schema's shape.
        Request::new(to.uid.clone(), self.action.clone(), from.uid.clone(), context, None).ok()
    }
}

/// Whether a peer is in a party, as Cedar's `in` says: of the two ways to ask its entities, this one leaves out that a peer is in itself.
fn is_in(entities: &Entities, peer: &EntityUid, party: &EntityUid) -> bool {
    peer == party || entities.is_ancestor_of(party, peer)
}

fn failed(rule: &PolicyId) -> Refusal {
    Refusal::new(Reason::AgreementError, format!("the rule `{rule}` failed"))
}

/// The order of preference: a clause that releases by itself before one that asks for review, then by the id.
fn order(clause: &Clause) -> (bool, Name) {
    (clause.release == Release::Review, clause.id.clone())
}

fn marked(lattice: &Lattice, labelled: &Labelled<'_>) -> String {
    let label = labelled.label();
    let places: Vec<&str> = labelled.sources().iter().map(|source| source.form.word()).collect();
    format!("marked `{} {}` by {}", lattice.policy_name(label.policy), lattice.level_name(label.policy, label.level), places.join(" and "))
}

pub(in crate::release) fn parse_schema(edition: &Edition) -> Result<Schema, String> {
    let text = compile::schema_with(&edition.lattice, &edition.conditions);
    Schema::from_cedarschema_str(&text).map(|(schema, _)| schema).map_err(|error| format!("the schema of the rules does not hold: {error}"))
}

pub(in crate::release) fn compile_clauses(edition: &Edition, schema: &Schema, complaints: &mut Vec<Complaint>) -> Vec<Compiled> {
    let mut compiled = Vec::new();
    let mut all = PolicySet::new();
    for agreement in &edition.agreements {
        for clause in &agreement.clauses {
            let parsed = compile_clause(edition, agreement, clause);
            match parsed.and_then(|one| all.add(one.policy.clone()).map(|()| one).map_err(|error| error.to_string())) {
                Ok(one) => compiled.push(one),
                Err(what) => complaints.push(of_file(Arc::clone(&agreement.file), format!("the clause `{}` does not compile: {what}", clause.id))),
            }
        }
    }
    let result = Validator::new(schema.clone()).validate(&all, ValidationMode::Strict);
    for error in result.validation_errors() {
        let file = edition.agreements.first().map_or_else(|| "agreements".into(), |agreement| Arc::clone(&agreement.file));
        complaints.push(of_file(file, format!("a clause does not hold: {error}")));
    }
    compiled
}

fn compile_clause(edition: &Edition, agreement: &Agreement, clause: &Clause) -> Result<Compiled, String> {
    let text = compile::permit(agreement, clause, &edition.registry, &edition.lattice);
    let parsed = |text: String| Policy::parse(Some(PolicyId::new(clause.id.as_str())), text).map_err(|error| error.to_string());
    let left = compile::left(agreement, clause, &edition.registry, &edition.lattice);
    let wants = looked_at(&parsed(compile::permit_when(clause.id.as_str(), &left))?);
    let condition = left.parse().map_err(|error: cedar_policy::ParseErrors| error.to_string())?;
    let from = clause.from.iter().map(|party| party_uid(party, &edition.registry)).collect::<Result<_, _>>()?;
    let force = agreement.from.unix_ms()..agreement.until.unix_ms();
    Ok(Compiled { policy: parsed(text)?, clause: Some(Arc::new(clause.clone())), left: Some(Arc::new(Left { from, force, condition, wants })) })
}

fn desks(edition: &Edition, (clauses, extras): (&[Compiled], &[Compiled]), entities: &Entities) -> Result<BTreeMap<Name, Desk>, String> {
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

fn entities<'p>(
    (registry, conditions): (&Registry, &[Condition]),
    peers: impl Iterator<Item = &'p PeerEntry>,
    schema: &Schema,
) -> Result<Entities, String> {
    let mut all = Vec::new();
    for owner in registry.owners() {
        all.push(Entity::new_no_attrs(uid("Nation", owner)?, HashSet::new()));
    }
    for community in registry.communities.keys() {
        all.push(Entity::new_no_attrs(uid("Community", community.as_str())?, HashSet::new()));
    }
    for condition in conditions {
        let id = |value: &String| uid("Condition", &format!("{}/{value}", condition.name));
        let below = std::iter::once(None).chain(condition.values.iter().map(Some));
        for (value, below) in condition.values.iter().zip(below) {
            all.push(Entity::new_no_attrs(id(value)?, below.map(id).transpose()?.into_iter().collect()));
        }
    }
    for peer in peers {
        let mut parents = HashSet::from([uid("Nation", &peer.nation)?]);
        for community in &peer.communities {
            parents.insert(uid("Community", community.as_str())?);
        }
        let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
        let attributes = [("name".to_owned(), text(peer.name.as_str())), ("nation".to_owned(), text(&peer.nation))];
        let entity = Entity::new(uid("Peer", peer.name.as_str())?, attributes.into_iter().collect(), parents).map_err(|error| error.to_string())?;
        all.push(entity);
    }
    Entities::from_entities(all, Some(schema)).map_err(|error| error.to_string())
}

fn party_uid(party: &str, registry: &Registry) -> Result<EntityUid, String> {
    uid(compile::entity_of(party, registry), party)
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, String> {
    let name: EntityTypeName = kind.parse().map_err(|error| format!("`{kind}` is no entity type: {error}"))?;
    Ok(EntityUid::from_type_name_and_id(name, EntityId::new(id)))
}

pub(in crate::release) fn of_edition(edition: &Edition, what: String) -> Complaint {
    of_file(edition.files.first().map_or_else(|| "ruleset.toml".into(), |file| Arc::clone(&file.path)), what)
}

fn of_file(file: Arc<str>, what: String) -> Complaint {
    Complaint {
        file,
        at: None,
        what,
        expected: "rules that compile".to_owned(),
        remedy: "report it with the rule set: the names passed the first check".to_owned(),
    }
}
