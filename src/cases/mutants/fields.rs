//! Mutants of field profiles: a row gone, one of its constraints gone, what it does one step milder.

use super::{Mutant, ProfileChange, RowChange, Tried, milder};
use crate::base::Action;
use crate::filter::Part;
use crate::pipeline::Alteration;
use crate::policy::{Edition, Field, FieldType, Profile};

/// All of them.
pub(super) fn mutants(edition: &Edition) -> Vec<Mutant> {
    let mut all = Vec::new();
    for (format, profile) in &edition.profiles {
        for (at, field) in profile.fields.iter().enumerate() {
            all.push(dropped(format, at, field));
            all.extend(weaker(field).into_iter().map(|(what, other)| changed(format, at, field, what, other)));
        }
        all.extend(of_profile(format, profile));
    }
    all
}

fn dropped(format: &str, at: usize, field: &Field) -> Mutant {
    let what = format!("the row `{}` is gone", field.path);
    let notice = match field.forbid {
        Some(action) => format!("the field `{}`, which meets `{}`: in `field`, `bare = \"stops\"` with its `code`", field.path, action.word()),
        None => format!("a value of `{}` that passes: in `field`, `passes`", field.path),
    };
    let name = format.to_owned();
    mutant(format, field, what, notice, ProfileChange::Without(at), move |edition| {
        if let Some(profile) = edition.profiles.get_mut(&name).filter(|profile| at < profile.fields.len()) {
            profile.fields.remove(at);
        }
    })
}

fn changed(format: &str, at: usize, field: &Field, what: String, other: Field) -> Mutant {
    let notice = format!("a value of `{}` that does not pass, in `field`: `stops` or `longest`, with its `action`", field.path);
    let (name, another) = (format.to_owned(), other.clone());
    mutant(format, field, what, notice, ProfileChange::Other(at, Box::new(other)), move |edition| {
        if let Some(place) = edition.profiles.get_mut(&name).and_then(|profile| profile.fields.get_mut(at)) {
            *place = another.clone();
        }
    })
}

fn mutant(
    format: &str,
    field: &Field,
    what: String,
    notice: String,
    change: ProfileChange,
    edit: impl Fn(&mut Edition) + Send + Sync + 'static,
) -> Mutant {
    let edit = move |edition: &mut Edition| {
        edit(edition);
        Ok(())
    };
    let alteration = Alteration::Filters(Part::Profile(format.to_owned()));
    let row = Some(RowChange { format: format.to_owned(), change });
    Mutant { rule: field.rule.to_string(), what, notice, alteration, edit: Box::new(edit), tried: Tried::Row, row }
}

/// The row in weaker forms, each with what is weaker.
fn weaker(field: &Field) -> Vec<(String, Field)> {
    let path = &field.path;
    let mut all = Vec::new();
    let mut with = |what: String, change: &dyn Fn(&mut Field)| {
        let mut other = field.clone();
        change(&mut other);
        all.push((what, other));
    };
    if let Some(action) = field.forbid {
        with(format!("`{path}` passes"), &|field| field.forbid = None);
        if let Some(milder) = milder(action).filter(|milder| *milder > Action::Note) {
            with(format!("`{path}` meets `{}` instead of `{}`", milder.word(), action.word()), &|field| field.forbid = Some(milder));
        }
    } else {
        match &field.kind {
            FieldType::Any | FieldType::Element => {}
            FieldType::Text { length_max, pattern } => {
                let (length_max, pattern) = (*length_max, pattern.clone());
                if pattern.is_some() {
                    with(format!("`{path}` has no `pattern`"), &|field| field.kind = FieldType::Text { length_max, pattern: None });
                }
                with(format!("`{path}` has no `length_max`"), &|field| {
                    field.kind = FieldType::Text { length_max: usize::MAX, pattern: pattern.clone() };
                });
            }
            FieldType::Number { min, max } => {
                let (min, max) = (*min, *max);
                if min.is_some() {
                    with(format!("`{path}` has no `min`"), &|field| field.kind = FieldType::Number { min: None, max });
                }
                if max.is_some() {
                    with(format!("`{path}` has no `max`"), &|field| field.kind = FieldType::Number { min, max: None });
                }
                with(format!("`{path}` holds anything"), &|field| field.kind = FieldType::Any);
            }
            FieldType::OneOf(_) | FieldType::Time => with(format!("`{path}` holds anything"), &|field| field.kind = FieldType::Any),
        }
        if let Some(milder) = milder(field.misfit).filter(|_| !matches!(field.kind, FieldType::Any | FieldType::Element)) {
            with(format!("what does not fit `{path}` meets `{}` instead of `{}`", milder.word(), field.misfit.word()), &|field| {
                field.misfit = milder
            });
        }
    }
    if let Some(transform) = &field.transform {
        with(format!("the profile no longer makes the edit `{}` of `{path}`", transform.word()), &|field| field.transform = None);
    }
    if field.reference {
        with(format!("`{path}` is no reference"), &|field| field.reference = false);
    }
    all
}

/// What a profile says beside its rows.
fn of_profile(format: &str, profile: &Profile) -> Vec<Mutant> {
    let part = || Alteration::Filters(Part::Profile(format.to_owned()));
    let mut all = Vec::new();
    if let Some(action) = milder(profile.otherwise) {
        let name = format.to_owned();
        let edit = move |edition: &mut Edition| {
            edition.profiles.get_mut(&name).into_iter().for_each(|profile| profile.otherwise = action);
            Ok(())
        };
        all.push(Mutant {
            rule: profile.file.to_string(),
            what: format!("what no row of `{}` lists meets `{}` instead of `{}`", profile.file, action.word(), profile.otherwise.word()),
            notice: "a field that no row lists: in `field`, `bare = \"stops\"` with `action`".to_owned(),
            alteration: part(),
            edit: Box::new(edit),
            tried: Tried::Formats([format.to_owned()].into()),
            row: Some(RowChange { format: format.to_owned(), change: ProfileChange::Otherwise(action) }),
        });
    }
    if !profile.rest.is_empty() {
        let name = format.to_owned();
        let edit = move |edition: &mut Edition| {
            edition.profiles.get_mut(&name).into_iter().for_each(|profile| profile.rest.clear());
            Ok(())
        };
        all.push(Mutant {
            rule: profile.file.to_string(),
            what: format!("`rest` of `{}` is empty", profile.file),
            notice: "a message of which nothing that `rest` names is left: `withhold`, `rest.empty`".to_owned(),
            alteration: part(),
            edit: Box::new(edit),
            tried: Tried::Formats([format.to_owned()].into()),
            row: None,
        });
    }
    all
}
