//! Field profiles and definitions of messages.

use super::Effect;
use super::agreements::doing;
use super::facts::{Facts, Weight, quoted};
use super::spelt;
use crate::base::Action;
use crate::policy::profiles::ACTIONS;
use crate::policy::{Characters, Edition, Field, FieldDefinition, FieldForm, FieldType, MessageDefinition, Occurs, Order, Profile, SetDefinition};

const EITHER: Weight = Weight::Always(Effect::Either);

/// What an edition says of the fields of messages.
pub(super) fn facts(edition: &Edition) -> Facts {
    let mut facts = Facts::default();
    for (format, profile) in &edition.profiles {
        facts.member("the rule set", "field profile", format!("`{format}`"), Effect::Wider);
        of_profile(&mut facts, format, profile);
    }
    for definition in &edition.messages {
        facts.member("the rule set", "message definition", format!("`{}`", definition.kind), Effect::Either);
        of_definition(&mut facts, definition);
    }
    facts
}

/// An action as a value: the milder, the more leaves.
pub(super) fn action(facts: &mut Facts, subject: &str, aspect: &str, action: Action) {
    let mildness = match action {
        Action::Note => 3,
        Action::Strip => 2,
        Action::Hold => 1,
        Action::Refuse => 0,
    };
    facts.value(subject, aspect, spelt(&ACTIONS, &action), Weight::Opens(mildness));
}

fn of_profile(facts: &mut Facts, format: &str, profile: &Profile) {
    let Profile { fields, otherwise, rest, file: _ } = profile;
    let owner = format!("the profile of `{format}`");
    action(facts, &owner, "the action on fields that no row lists", *otherwise);
    let rest: Vec<String> = rest.iter().map(ToString::to_string).collect();
    facts.value(&owner, "the list of fields of which one must be left", quoted(&rest), EITHER);
    for field in fields {
        facts.member(&owner, "field", format!("`{}`", field.path), Effect::Either);
        of_field(facts, &format!("the field `{}` of `{format}`", field.path), field);
    }
}

fn of_field(facts: &mut Facts, subject: &str, field: &Field) {
    let Field { path: _, kind, forbid, misfit, transform, reference, allow, rule: _ } = field;
    of_type(facts, subject, kind);
    match forbid {
        None => facts.value(subject, "the ban", "none", Weight::Opens(4)),
        Some(asks) => action(facts, subject, "the ban", *asks),
    }
    action(facts, subject, "the action on a misfit", *misfit);
    let said = transform.as_ref().map_or_else(|| "none".to_owned(), doing);
    facts.value(subject, "the edit", said, Weight::Opens(i128::from(transform.is_none())));
    facts.value(subject, "the mark of a reference", if *reference { "set" } else { "not set" }, EITHER);
    allow.iter().for_each(|name| facts.member(subject, "pattern that does not apply", format!("`{name}`"), Effect::Wider));
}

fn of_type(facts: &mut Facts, subject: &str, kind: &FieldType) {
    let bound = |bound: &Option<crate::base::Decimal>| bound.map_or_else(|| "any".to_owned(), |bound| bound.to_string());
    let name = match kind {
        FieldType::Any => "any value",
        FieldType::Text { length_max, pattern } => {
            let length = i128::try_from(*length_max).unwrap_or(i128::MAX);
            facts.value(subject, "the greatest length", length_max.to_string(), Weight::Opens(length));
            let said = pattern.as_ref().map_or_else(|| "any".to_owned(), |pattern| format!("`{pattern}`"));
            facts.value(subject, "the form", said, Weight::Opens(i128::from(pattern.is_none())));
            "text"
        }
        FieldType::OneOf(values) => {
            values.iter().for_each(|value| facts.member(subject, "value", format!("`{value}`"), Effect::Wider));
            "one of a list"
        }
        FieldType::Number { min, max } => {
            facts.value(subject, "the least number", bound(min), Weight::Opens(i128::from(min.is_none())));
            facts.value(subject, "the greatest number", bound(max), Weight::Opens(i128::from(max.is_none())));
            "number"
        }
        FieldType::Time => "time",
        FieldType::Element => "element",
    };
    facts.value(subject, "the type", name, EITHER);
}

fn of_definition(facts: &mut Facts, definition: &MessageDefinition) {
    let MessageDefinition { kind, sets, order, otherwise, misfit, file: _ } = definition;
    let subject = format!("the message definition `{kind}`");
    let (said, opens) = match order {
        Order::Listed => ("as listed", 0),
        Order::Free => ("any", 1),
    };
    facts.value(&subject, "the order of sets", said, Weight::Opens(opens));
    action(facts, &subject, "the action on sets that no row lists", *otherwise);
    action(facts, &subject, "the action on a misfit", *misfit);
    facts.value(&subject, "the list of sets", quoted(sets.iter().map(|set| &set.id)), EITHER);
    sets.iter().for_each(|set| of_set(facts, kind, set));
}

fn of_set(facts: &mut Facts, kind: &str, set: &SetDefinition) {
    let SetDefinition { id, occurs, fields, last_field_repeats, rule: _ } = set;
    let subject = format!("the set `{id}` of `{kind}`");
    let occurs = match occurs {
        Occurs::Once => "once",
        Occurs::Optional => "once or not at all",
        Occurs::Repeated => "once or more",
        Occurs::Any => "as often as wanted",
    };
    facts.value(&subject, "the occurrence", occurs, EITHER);
    facts.value(&subject, "the repetition of the last field", if *last_field_repeats { "allowed" } else { "not allowed" }, EITHER);
    let described: Vec<String> = fields.iter().map(defined).collect();
    facts.value(&subject, "the list of fields", described.join("; "), EITHER);
}

fn defined(field: &FieldDefinition) -> String {
    let FieldDefinition { name, form, optional, unit } = field;
    let form = match form {
        FieldForm::Text { length: Characters { least, most, kinds }, pattern } => {
            let like = pattern.as_ref().map_or_else(String::new, |pattern| format!(" like `{pattern}`"));
            format!("{least}-{most}{kinds}{like}")
        }
        FieldForm::Position => "position".to_owned(),
        FieldForm::Time => "time".to_owned(),
    };
    let may = if *optional { ", optional" } else { "" };
    format!("{name}: {form}{may}{}", unit.as_ref().map_or_else(String::new, |unit| format!(" in {unit}")))
}
