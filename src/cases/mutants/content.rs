//! Mutants of what is looked for in text: words, patterns, detectors, definitions of messages.

use std::sync::Arc;

use super::{Mutant, Tried, milder};
use crate::filter::Part;
use crate::pipeline::{Alteration, Guard};
use crate::policy::{Edition, MessageDefinition, SourceFile, WordList};

/// All of them.
pub(super) fn mutants(guard: &Guard) -> Vec<Mutant> {
    let edition = guard.edition();
    let mut all: Vec<Mutant> = edition.word_lists.iter().flat_map(words).collect();
    all.extend(guard.filters().patterns().into_iter().flat_map(|(rule, _)| pattern(edition, &rule)));
    for at in 0..edition.detectors.len() {
        all.extend(detector(edition, at));
    }
    all.extend(edition.messages.iter().enumerate().flat_map(|(at, definition)| definitions(at, definition)));
    all
}

fn mutant(rule: &str, what: String, notice: String, part: Part, edit: impl Fn(&mut Edition) + Send + Sync + 'static) -> Mutant {
    let edit = move |edition: &mut Edition| {
        edit(edition);
        Ok(())
    };
    let (rule, alteration) = (rule.to_owned(), Alteration::Filters(part));
    Mutant { rule, what, notice, alteration, edit: Box::new(edit), tried: Tried::Citing, row: None }
}

/// Each entry gone, and the whole list one step milder.
fn words(list: &WordList) -> Vec<Mutant> {
    let mut all = Vec::new();
    let of = |file: Arc<str>| move |edition: &mut Edition| edition.word_lists.iter().position(|list| list.file == file);
    for entry in &list.entries {
        let (find, line) = (of(Arc::clone(&list.file)), entry.line);
        let what = format!("the entry `{}` is gone", entry.text);
        let notice = format!("a message with `{}` in its text: `content.words`", entry.text);
        all.push(mutant(&format!("{}:{line}", list.file), what, notice, Part::Words, move |edition| {
            if let Some(list) = find(edition).and_then(|at| edition.word_lists.get_mut(at)) {
                list.entries.retain(|entry| entry.line != line);
            }
        }));
    }
    if let Some(action) = milder(list.action) {
        let find = of(Arc::clone(&list.file));
        let what = format!("the list `{}` asks for `{}` instead of `{}`", list.file, action.word(), list.action.word());
        let notice = format!("a message with a word of it and the outcome that `{}` leads to", list.action.word());
        all.push(mutant(&list.file, what, notice, Part::Words, move |edition| {
            if let Some(list) = find(edition).and_then(|at| edition.word_lists.get_mut(at)) {
                list.action = action;
            }
        }));
    }
    all
}

/// A pattern gone, and one step milder, as text of its file.
fn pattern(edition: &Edition, rule: &str) -> Vec<Mutant> {
    let Some((file, name)) = rule.rsplit_once(':') else { return Vec::new() };
    let Some(source) = edition.patterns.iter().find(|source| &*source.path == file) else { return Vec::new() };
    let Some((before, own, after)) = cut(&source.text, name) else { return Vec::new() };
    let replace = |text: String| {
        let file: Arc<str> = file.into();
        move |edition: &mut Edition| {
            let other = SourceFile { path: Arc::clone(&file), text: text.as_str().into() };
            edition.patterns.iter_mut().filter(|source| source.path == file).for_each(|source| *source = other.clone());
        }
    };
    let what = format!("the pattern `{name}` is gone");
    let notice = format!("a message in which `{name}` matches: `content.pattern`");
    let mut all = vec![mutant(rule, what, notice.clone(), Part::Patterns, replace(format!("{before}{after}")))];
    for (action, weaker) in [("refuse", "hold"), ("hold", "strip"), ("strip", "note")] {
        let (old, new) = (format!("action = \"{action}\""), format!("action = \"{weaker}\""));
        if own.contains(&old) {
            let what = format!("the pattern `{name}` asks for `{weaker}` instead of `{action}`");
            all.push(mutant(rule, what, notice.clone(), Part::Patterns, replace(format!("{before}{}{after}", own.replacen(&old, &new, 1)))));
        }
    }
    all
}

/// A file of patterns around one rule: rules begin with their word at the beginning of a line.
fn cut<'t>(text: &'t str, name: &str) -> Option<(&'t str, &'t str, &'t str)> {
    let starts = ["rule ", "private rule "].iter().find_map(|word| {
        let mut places = text.match_indices(&**word).filter(|(at, _)| *at == 0 || text.get(..*at).is_some_and(|before| before.ends_with('\n')));
        places.find(|(at, word)| {
            let after = text.get(at.saturating_add(word.len())..).unwrap_or_default();
            after.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '\n', '{', ':']))
        })
    });
    let start = starts?.0;
    let (before, rest) = text.split_at_checked(start)?;
    let end = rest.find("\n}").map_or(rest.len(), |at| at.saturating_add(2));
    let (own, after) = rest.split_at_checked(end)?;
    Some((before, own, after))
}

fn detector(edition: &Edition, at: usize) -> Vec<Mutant> {
    let Some(detector) = edition.detectors.get(at) else { return Vec::new() };
    let name = &detector.name;
    let notice = format!("a message of which `{name}` speaks, with the outcome that `{}` leads to", detector.action.word());
    let gone = mutant(&detector.rule, format!("the detector `{name}` is gone"), notice.clone(), Part::Detectors, move |edition| {
        if at < edition.detectors.len() {
            edition.detectors.remove(at);
        }
    });
    let mut all = vec![gone];
    if let Some(action) = milder(detector.action) {
        let what = format!("the detector `{name}` asks for `{}` instead of `{}`", action.word(), detector.action.word());
        all.push(mutant(&detector.rule, what, notice, Part::Detectors, move |edition| {
            if let Some(detector) = edition.detectors.get_mut(at) {
                detector.action = action;
            }
        }));
    }
    all
}

/// A definition gone, and each of its two actions one step milder.
fn definitions(at: usize, definition: &MessageDefinition) -> Vec<Mutant> {
    let kind = &definition.kind;
    let notice = |of: &str| format!("a message `{kind}` with {of}, and what is done with it");
    let tried = |mutant: Mutant| Mutant { tried: Tried::Formats(["mtf".to_owned()].into()), ..mutant };
    let gone =
        mutant(&definition.file, format!("the definition of `{kind}` is gone"), notice("a set that does not fit"), Part::Messages, move |edition| {
            if at < edition.messages.len() {
                edition.messages.remove(at);
            }
        });
    let mut all = vec![tried(gone)];
    if let Some(action) = milder(definition.misfit) {
        let what = format!("what does not fit the definition of `{kind}` meets `{}`", action.word());
        all.push(tried(mutant(&definition.file, what, notice("a set or field that does not fit"), Part::Messages, move |edition| {
            if let Some(definition) = edition.messages.get_mut(at) {
                definition.misfit = action;
            }
        })));
    }
    if let Some(action) = milder(definition.otherwise) {
        let what = format!("sets that the definition of `{kind}` does not list meet `{}`", action.word());
        all.push(tried(mutant(&definition.file, what, notice("a set that the definition does not list"), Part::Messages, move |edition| {
            if let Some(definition) = edition.messages.get_mut(at) {
                definition.otherwise = action;
            }
        })));
    }
    all
}
