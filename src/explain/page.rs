//! An explanation as one page that holds all it shows, needs no script, and prints.

use askama::Template;

use super::text::shown;
use super::{Explanation, Step};
use crate::base::Fault;
use crate::release::near::Spoke;

#[derive(Template)]
#[template(path = "explain/templates/explain.html")]
struct Shown<'s> {
    title: String,
    edition: &'s str,
    all: Vec<One<'s>>,
}

struct One<'s> {
    outcome: &'static str,
    from: &'s str,
    to: &'s str,
    code: Option<&'static str>,
    sentence: &'static str,
    clause: Option<&'s str>,
    markings: Vec<String>,
    steps: &'s [Step],
    rules: Vec<(String, Vec<String>)>,
    otherwise: Vec<String>,
    remedy: Option<&'static str>,
}

/// The page of the explanations of one message.
///
/// # Errors
/// None that memory does not cause.
pub fn write(all: &[Explanation]) -> Result<String, Fault> {
    let first = all.first().ok_or_else(|| Fault::new("there is nothing to explain: the message is addressed to nobody"))?;
    let page = Shown { title: format!("Why: {}", first.message), edition: &first.edition, all: all.iter().map(one).collect() };
    page.render().map_err(|error| Fault::from_cause("the explanation could not be written", error))
}

fn one(one: &Explanation) -> One<'_> {
    One {
        outcome: one.outcome.word(),
        from: one.from.as_str(),
        to: one.to.as_str(),
        code: one.code.map(|code| code.code()),
        sentence: one.sentence.unwrap_or_default(),
        clause: one.clause.as_ref().map(|clause| clause.as_str()),
        markings: one.markings.iter().map(ToString::to_string).collect(),
        steps: &one.steps,
        rules: rules(one),
        otherwise: one.otherwise.iter().map(ToString::to_string).collect(),
        remedy: one.remedy,
    }
}

fn rules(one: &Explanation) -> Vec<(String, Vec<String>)> {
    let Some(rules) = &one.rules else { return Vec::new() };
    let permits = rules.clauses.iter().filter(|near| near.unmet.is_empty()).map(|near| (near.clause.to_string(), vec!["permits".to_owned()]));
    let spoke = rules.own.iter().filter(|own| own.spoke != Spoke::Silent);
    let own = spoke.map(|own| (own.id.clone(), vec![if own.spoke == Spoke::Failed { "failed".to_owned() } else { format!("{}s", own.effect) }]));
    let (shown, others) = shown(rules);
    let unmet = shown.into_iter().map(|near| (near.clause.to_string(), near.unmet.iter().map(|unmet| unmet.text.clone()).collect()));
    let rest = std::iter::once((format!("{others} other clauses"), vec!["do not apply".to_owned()]));
    permits.chain(own).chain(unmet).chain(rest).collect()
}
