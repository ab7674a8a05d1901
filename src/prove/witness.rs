//! A message as values: what a solver found, in the words of the gateway.

use cedar_policy::{Context, EntityUid, EvalResult};
use cedar_policy_symcc::Env;

use super::facts::{condition, name_of};
use super::model::Model;
use crate::base::{Name, Precedence, Time, Traffic};
use crate::format::{self, Format};
use crate::label::Label;
use crate::policy::Edition;
use crate::release::exercise;
use crate::release::stated::Imagined;

/// A message that was never written, with who sends it and who would receive it.
#[derive(Debug, Clone)]
pub struct Witness {
    /// The sender.
    pub from: Name,
    /// The recipient.
    pub to: Name,
    /// The format.
    pub format: &'static Format,
    /// Its kind.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// Operation or exercise.
    pub traffic: Traffic,
    /// Precedence.
    pub precedence: Precedence,
    /// The time of the decision.
    pub now: Time,
    /// The conditions that officers have set, by name.
    pub conditions: Vec<(String, String)>,
    /// The label.
    pub label: Label,
}

impl Witness {
    /// Reads what the solver found; the part that is not there or not known, where there is one.
    pub(in crate::prove) fn read(found: &Env, model: &Model, edition: &Edition) -> Result<Self, String> {
        let request = &found.request;
        let context = request.context().ok_or("no message")?;
        let peer = |uid: Option<&EntityUid>| uid.and_then(|uid| Name::new(uid.id().unescaped())).ok_or("no peer");
        let precedence = word(context, "precedence")?;
        let traffic = word(context, "traffic")?;
        let format = word(context, "format")?;
        let now = match context.get("now_ms") {
            Some(EvalResult::Long(ms)) => Time::from_unix_ms(ms),
            _ => None,
        };
        Ok(Self {
            from: peer(request.resource())?,
            to: peer(request.principal())?,
            format: format::by_name(&format).ok_or("no format")?,
            kind: text(context, "kind")?,
            subject: text(context, "subject")?,
            traffic: Traffic::ALL.into_iter().find(|kind| exercise::word(*kind) == traffic).ok_or("no traffic")?,
            precedence: Precedence::ALL.into_iter().find(|known| known.word() == precedence).ok_or("no precedence")?,
            now: now.ok_or("no time")?,
            conditions: edition.conditions.iter().map(|declared| set(context, declared.name.as_str())).collect::<Result<_, _>>()?,
            label: label(context, model, edition)?,
        })
    }

    /// The message as the rules would be asked about it.
    #[must_use]
    pub fn imagined(&self) -> Imagined<'_> {
        let Self { kind, subject, traffic, precedence, now, conditions, label, .. } = self;
        Imagined { format: self.format.name, kind, subject, traffic: *traffic, precedence: *precedence, now: *now, conditions, label }
    }
}

fn text(context: &Context, name: &str) -> Result<String, String> {
    match context.get(name) {
        Some(EvalResult::String(text)) => Ok(text),
        _ => Err(format!("no `{name}`")),
    }
}

fn word(context: &Context, name: &str) -> Result<String, String> {
    match context.get(name) {
        Some(EvalResult::EntityUid(uid)) => Ok(uid.id().unescaped().to_owned()),
        _ => Err(format!("no `{name}`")),
    }
}

/// What a condition is.
fn set(context: &Context, name: &str) -> Result<(String, String), String> {
    let value = word(context, &condition(name))?;
    Ok((name.to_owned(), value.rsplit('/').next().unwrap_or_default().to_owned()))
}

fn label(context: &Context, model: &Model, edition: &Edition) -> Result<Label, String> {
    let lattice = &edition.lattice;
    let (policy, classification) = (word(context, "policy")?, word(context, "classification")?);
    let at = lattice.policies().iter().position(|known| known.name == policy).ok_or("no policy of this edition")?;
    let scheme = lattice.policies().get(at).ok_or("no policy of this edition")?;
    let level = scheme.levels.iter().position(|level| level.name == classification).ok_or("no classification of this edition")?;
    let stands = |category: &str| {
        let attribute = model.categories.word(category);
        attribute.is_some_and(|attribute| matches!(context.get(&attribute), Some(EvalResult::Bool(true))))
    };
    // One name stands for a class.
    let values = |tag: &crate::label::scheme::Tag| -> Vec<usize> {
        let mut seen = std::collections::BTreeSet::new();
        let named = tag.values.iter().map(|value| name_of(tag, &value.name)).enumerate().filter(|(_, name)| stands(name));
        named.filter(|(_, name)| seen.insert(model.categories.word(name))).map(|(at, _)| at).collect()
    };
    let categories: Vec<(usize, Vec<usize>)> =
        scheme.tags.iter().enumerate().map(|(at, tag)| (at, values(tag))).filter(|(_, values)| !values.is_empty()).collect();
    lattice.label(at, level, &categories).ok_or_else(|| "no label".to_owned())
}
