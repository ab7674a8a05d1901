//! Pages that say what a table of the program says are held to it: a test makes the text anew and compares.

use std::path::Path;

use super::*;
use crate::base::Reason;
use crate::base::reason::Class;
use crate::label::scheme::{Holders, Policy, TagKind, Unmarked};
use crate::label::{Lattice, PolicyIx};
use crate::policy;
use crate::sandbox::{Layer, Need};

/// Checks that a page holds a table, word for word; prints what to write where it does not. The table is found by its head row.
pub(crate) fn assert_page_holds(name: &str, table: &str) {
    let page = PAGES.iter().find(|page| page.name == name).unwrap_or_else(|| panic!("the manual has no page `{name}`"));
    let head = table.lines().next().unwrap();
    let found: Vec<&str> = page.text.lines().skip_while(|line| *line != head).take_while(|line| line.starts_with('|')).collect();
    let wanted: Vec<&str> = table.lines().collect();
    assert!(found == wanted, "src/manual/{name}.md does not say what the program says. Write:\n\n{table}\n");
}

/// A table in Markdown.
pub(crate) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | ")).replace("|  |", "| |").replace("|  |", "| |");
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let rule = format!("|{}", "---|".repeat(head.len()));
    let escaped = rows.into_iter().map(|row| row.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>());
    [line(&head), rule].into_iter().chain(escaped.map(|row| line(&row))).collect::<Vec<_>>().join("\n")
}

/// The policies of the rule set of the lab.
fn lattice() -> std::sync::Arc<Lattice> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes");
    policy::load(&policy::read_folder(&folder).unwrap()).unwrap_or_else(|complaints| panic!("{complaints:#?}")).lattice
}

#[test]
fn every_page_of_the_folder_is_in_the_table_and_has_a_title() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/manual");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = name.strip_suffix(".md") else { continue };
        assert!(PAGES.iter().any(|page| page.name == name), "{name}");
    }
    assert!(PAGES.iter().all(|page| page.title() != page.name));
}

#[test]
fn the_page_of_reasons_is_the_table_of_reasons() {
    let class = |class: Class| match class {
        Class::Frame => "a fault of the frame",
        Class::Limit => "a limit",
        Class::Internal => "nothing",
    };
    let row = |reason: &Reason| {
        let words = [reason.outcome().word(), class(reason.class()), reason.sentence(), reason.remedy()];
        [format!("`{reason}`")].into_iter().chain(words.map(str::to_owned)).collect()
    };
    let head = ["code", "outcome", "told to the sender", "what is wrong", "what to do"];
    assert_page_holds("reasons", &table(&head, Reason::ALL.iter().map(row)));
}

#[test]
fn the_page_of_metrics_is_the_table_of_metrics() {
    let row = |metric: &crate::metrics::Metric| {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let words = [metric.kind.word(), metric.unit, &labels.join(", "), metric.meaning, metric.worry].map(str::to_owned);
        [format!("`{}`", metric.name)].into_iter().chain(words).collect()
    };
    let head = ["metric", "kind", "unit", "labels", "what it means", "when to worry"];
    assert_page_holds("metrics", &table(&head, crate::metrics::METRICS.iter().map(row)));
}

#[test]
fn the_page_of_walls_shows_what_a_hostile_part_is_stopped_by() {
    assert_page_holds("walls", &table(&["who", "what it does", "stopped by", "reason"], crate::process::hostile::rows()));
}

#[test]
fn the_page_of_labels_shows_the_translations_of_the_rule_set() {
    let lattice = lattice();
    let policies = lattice.policies();
    let head: Vec<String> = std::iter::once("from".to_owned()).chain(policies.iter().map(|policy| format!("to {}", policy.name))).collect();
    let cell = |at: usize, level: &crate::label::scheme::Level, to: usize| {
        let target = level.equivalents.iter().find(|equivalent| equivalent.policy == PolicyIx::at(to) && equivalent.applied.releases());
        match target {
            _ if at == to => String::new(),
            Some(target) => policies[to].levels[target.level.index()].name.clone(),
            None => "none".to_owned(),
        }
    };
    let cell = &cell;
    let rows = policies.iter().enumerate().flat_map(|(at, policy)| {
        policy.levels.iter().map(move |level| {
            let cells = (0..policies.len()).map(|to| cell(at, level, to));
            std::iter::once(format!("{} {}", policy.name, level.name)).chain(cells).collect()
        })
    });
    assert_page_holds("labels", &table(&head.iter().map(String::as_str).collect::<Vec<_>>(), rows));
}

#[test]
fn the_page_of_labels_says_what_absent_recipients_mean() {
    let meaning = |policy: &Policy, unmarked: Unmarked| {
        let mandatory = policy.mandatory.iter().map(|tag| format!("`{}`", policy.tags[tag.index()].set)).collect::<Vec<_>>().join(", ");
        match unmarked {
            Unmarked::Owner => format!("{} alone", policy.owner.as_deref().unwrap_or_default()),
            Unmarked::Open if mandatory.is_empty() => "whoever the other categories admit".to_owned(),
            Unmarked::Open => format!("whoever {mandatory} admits, which every label must have"),
        }
    };
    let lattice = lattice();
    let rows = lattice.policies().iter().map(|policy| {
        let list = policy.release.map_or_else(String::new, |release| format!("`{}`", policy.tags[release.index()].set));
        let mut meanings: Vec<(String, Vec<&str>)> = Vec::new();
        for level in &policy.levels {
            let said = meaning(policy, level.unmarked);
            match meanings.iter_mut().find(|(other, _)| *other == said) {
                Some((_, levels)) => levels.push(&level.name),
                None => meanings.push((said, vec![&level.name])),
            }
        }
        let said = match meanings.as_slice() {
            [(only, _)] => format!("at every level: {only}"),
            several => several.iter().map(|(said, levels)| format!("{}: {said}", levels.join(", "))).collect::<Vec<_>>().join("; "),
        };
        vec![policy.name.clone(), list, said]
    });
    assert_page_holds("labels", &table(&["policy", "list of recipients", "no recipient named"], rows));
}

#[test]
fn the_page_of_labels_lists_the_categories_of_the_rule_set() {
    const SHOWN_MAX: usize = 12;
    let lattice = lattice();
    let rows = lattice.policies().iter().flat_map(|policy| {
        policy.tags.iter().map(|tag| {
            let kind = match tag.kind {
                TagKind::Restrictive => "restrictive",
                TagKind::Permissive => "permissive",
                TagKind::Informative => "informative",
            };
            let names: Vec<&str> = tag.values.iter().map(|value| value.name.as_str()).collect();
            let values = if names.len() > SHOWN_MAX { format!("{} codes", names.len()) } else { names.join(", ") };
            vec![policy.name.clone(), tag.set.clone(), kind.to_owned(), values]
        })
    });
    assert_page_holds("labels", &table(&["policy", "tag set", "type", "values"], rows));
}

#[test]
fn the_page_of_labels_says_who_holds_the_values_that_peers_cannot_be_given() {
    let lattice = lattice();
    let rows = lattice.policies().iter().map(|policy| {
        let held = |holders: Holders| {
            let values = policy.tags.iter().flat_map(|tag| &tag.values).filter(|value| value.holders == holders);
            values.map(|value| value.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        vec![policy.name.clone(), held(Holders::Owner), held(Holders::Originator), held(Holders::Everyone)]
    });
    let head = ["policy", "held by the owner nation alone", "held by nobody without the originator's consent", "held by everyone"];
    assert_page_holds("labels", &table(&head, rows));
}

#[test]
fn the_page_of_walls_lists_every_layer() {
    let needed = |layer: &Layer| if layer.need() == Need::Required { "yes" } else { "where the host gives it" };
    let rows = Layer::ALL.iter().map(|layer| vec![layer.name().to_owned(), layer.about().to_owned(), needed(layer).to_owned()]);
    assert_page_holds("walls", &table(&["layer", "what it does", "required"], rows));
}

#[test]
fn the_page_of_the_console_is_the_table_of_routes() {
    use crate::console::routes::{Asking, ROUTES};
    let row = |route: &crate::console::routes::Route| {
        let roles: Vec<&str> = route.roles.iter().map(|role| role.word()).collect();
        let asking = if route.asking == Asking::Get { "GET" } else { "POST" };
        vec![format!("`{}`", route.path), asking.to_owned(), roles.join(", ")]
    };
    assert_page_holds("console", &table(&["page", "asked by", "for"], ROUTES.iter().map(row)));
}
