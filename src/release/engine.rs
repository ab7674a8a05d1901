//! The engine: clauses and Cedar policies of one edition, compiled, validated and asked.
//!
//! Cedar evaluates every policy that it is given, at 2 microseconds each. So each policy that may concern a recipient stands alone, with a sketch of
//! what it asks (`sketch`): where the plain data of a message shows that it does not hold and cannot fail, it is not put to Cedar. Whatever holds or
//! is not known, Cedar is asked, which has the last word: for the clause that permits, and for all of `release.cedar` that may speak. What a clause asks
//! of the recipient and of the format is asked once, when the edition is compiled; for each message whom it takes from, of Cedar's entities, when it is
//! in force, and of Cedar the rest of its condition.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use cedar_policy::{
    Authorizer, Context, Entities, EntityUid, EvalResult, Policy, PolicyId, PolicySet, Request, Response, Schema, ValidationMode, Validator,
    eval_expression,
};

use super::desk::{Alone, Compiled, Desk, Left, Put, desks, order};
use super::memo::Said;
use super::question::Question;
use super::sketch::{Scene, Wants, looked_at};
use super::third_party::{Asked, Ground};
use super::vocabulary::{Types, Vocabulary};
use super::who::{entities, is_in, party_uid, uid};
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

fn failed(rule: &PolicyId) -> Refusal {
    Refusal::new(Reason::AgreementError, format!("the rule `{rule}` failed"))
}

fn marked(lattice: &Lattice, labelled: &Labelled<'_>) -> String {
    let label = labelled.label();
    let words = |says: bool| {
        let places: Vec<&str> = labelled.sources().iter().filter(|source| source.form.says() == says).map(|source| source.form.word()).collect();
        places.join(" and ")
    };
    let beside = Some(words(false)).filter(|words| !words.is_empty()).map_or_else(String::new, |words| format!(", beside it {words}"));
    format!("marked `{} {}` by {}{beside}", lattice.policy_name(label.policy), lattice.level_name(label.policy, label.level), words(true))
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
