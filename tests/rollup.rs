//! Roll-up of portions into the label of the whole: the Register's precedence of foreign disclosure, and ODNI's own executable tests.
//!
//! ODNI's tests are read in place, where the shared samples stand beside the checkout. What is compared is what a label here has: classification,
//! controls, recipients. The join may be stricter than ODNI's banner, never wider: a guard does not lower what a sender asks to be left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use vestibule::base::{Budget, Reason, Refusal, Time};
use vestibule::format::syntax::xml::{Cdata, Comments, Options, read_tree};
use vestibule::label::{Label, Lattice, banner, ism};
use vestibule::normal::NodeId;
use vestibule::policy::{self, Edition};

static EDITION: LazyLock<Edition> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes");
    policy::load(&policy::read_folder(&folder).unwrap()).unwrap_or_else(|complaints| panic!("{complaints:#?}"))
});

fn lattice() -> &'static Lattice {
    &EDITION.lattice
}

fn now() -> Time {
    Time::parse("2026-06-01T12:00:00Z").unwrap()
}

fn portion(mark: &str) -> Label {
    let usa = lattice().policy("USA").unwrap();
    let whole = banner::read(lattice(), usa, "TOP SECRET//NOFORN").unwrap();
    let inner = banner::portion::mark_of(lattice(), usa, mark).unwrap_or_else(|| panic!("{mark} is no mark"));
    let label = banner::portion::read_portion(lattice(), usa, inner, &whole).unwrap_or_else(|refusal| panic!("{mark}: {refusal}"));
    lattice().check(&label, now()).map(|()| label).unwrap_or_else(|refusal| panic!("{mark}: {refusal}"))
}

/// The join of the portions that take part; `None` where none does.
fn rolled_up(portions: &[Label]) -> Option<Label> {
    let mut parts = portions.iter().filter(|portion| banner::portion::takes_part(lattice(), portion));
    let first = parts.next()?.clone();
    Some(parts.try_fold(first, |join, part| lattice().join(&join, part, now())).unwrap())
}

/// Nations that a label reaches, groups with their members: `USA` alone for one that is the nation's.
fn reached(label: &Label) -> BTreeSet<String> {
    let groups = &lattice().policies()[label.policy.index()].groups;
    opened(lattice().view(label).releasable_to, groups.iter().map(|(name, members)| (name.as_str(), members.keys().cloned().collect())).collect())
}

fn opened(names: Vec<String>, groups: BTreeMap<&str, Vec<String>>) -> BTreeSet<String> {
    names.into_iter().flat_map(|name| groups.get(name.as_str()).cloned().unwrap_or_else(|| vec![name])).collect()
}

/// SPEC: Register and Manual of 31 December 2016, table 3. RELIDO and DISPLAY ONLY release nothing by themselves here, so a banner that would say them is the nation's alone.
#[test]
fn the_precedence_of_foreign_disclosure_holds_for_every_pair_of_portions() {
    for (rule, one, two, banner) in [
        (1, "(S//NF)", "(S)", "USA"),
        (2, "(S//NF)", "(S//REL TO USA, GBR)", "USA"),
        (2, "(S//NF)", "(S//RELIDO)", "USA"),
        (2, "(S//NF)", "(S//DISPLAY ONLY GBR)", "USA"),
        (3, "(S//NF)", "(U//SBU-NF)", "USA"),
        (7, "(S)", "(U//LES-NF)", "USA"),
        (9, "(S//REL TO USA, AUS)", "(S//REL TO USA, GBR)", "USA"),
        (10, "(S//REL TO USA, GBR)", "(S//RELIDO)", "USA"),
        (11, "(S//REL TO USA, GBR)", "(S//DISPLAY ONLY DEU)", "USA"),
        (14, "(S//REL TO USA, GBR)", "(U//SBU-NF)", "USA"),
        (15, "(S//REL TO USA, GBR)", "(U//LES-NF)", "USA"),
        (16, "(S//REL TO USA, GBR)", "(S)", "USA"),
        (21, "(S//REL TO USA, AUS, GBR)", "(C//REL TO USA, CAN, GBR)", "GBR USA"),
        (23, "(S//REL TO USA, FVEY)", "(S//REL TO USA, GBR)", "GBR USA"),
        (23, "(S//REL TO USA, FVEY)", "(S//REL TO USA, ACGU)", "AUS CAN GBR USA"),
        (23, "(S//REL TO USA, TEYE)", "(S//REL TO USA, CAN, GBR)", "GBR USA"),
        (24, "(S//RELIDO)", "(S//RELIDO)", "USA"),
        (26, "(S//DISPLAY ONLY GBR)", "(S//REL TO USA, GBR)", "USA"),
        // Unclassified and uncaveated: it takes no part.
        (0, "(U)", "(S//REL TO USA, GBR)", "GBR USA"),
        // No community of others stands for its members unless the policy lists them.
        (0, "(S//REL TO USA, ISAC)", "(S//REL TO USA, GBR)", "USA"),
    ] {
        let join = rolled_up(&[portion(one), portion(two)]).unwrap();
        assert_eq!(reached(&join).into_iter().collect::<Vec<_>>().join(" "), banner, "{rule}: {one} and {two}");
        assert_eq!(rolled_up(&[portion(two), portion(one)]), Some(join), "{rule}: the other way round");
    }
}

const ISM: &str = ism::NAMESPACE;

/// The label of an element by its ISM attributes.
fn of_element(node: roxmltree::Node<'_, '_>) -> Result<Label, Refusal> {
    let attributes: String =
        node.attributes().filter(|attribute| attribute.namespace() == Some(ISM)).map(|a| format!(" ism:{}=\"{}\"", a.name(), a.value())).collect();
    let text = format!("<p xmlns:ism=\"{ISM}\"{attributes}/>");
    let options = Options { comments: Comments::Refuse, cdata: Cdata::Refuse, depth_max: 8 };
    let label = ism::read(lattice(), &read_tree(&text, options, &mut Budget::for_body(text.len())).unwrap(), NodeId::ROOT)?;
    lattice().check(&label, now()).map(|()| label)
}

/// What stands between two marks of a text.
fn between<'t>(text: &'t str, from: &str, to: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(found, _)| found)
}

/// How a join compares with one expectation of ODNI's.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Verdict {
    Same,
    Stricter,
    Wider,
    NotOfLabels,
}

const TOKENS: [(&str, &str); 9] = [
    ("RS", "RSEN"),
    ("OC", "ORCON"),
    ("OC-USGOV", "ORCON-USGOV"),
    ("IMC", "IMCON"),
    ("PR", "PROPIN"),
    ("DSEN", "DSEN"),
    ("FISA", "FISA"),
    ("FOUO", "FOUO"),
    ("RELIDO", "RELIDO"),
];

fn token(join: &Label, word: &str, wanted: bool) -> Verdict {
    let national = reached(join).iter().eq(["USA"]);
    match (word, wanted) {
        ("NF", true) if national => Verdict::Same,
        ("NF", true) => Verdict::Wider,
        ("NF", false) if national => Verdict::Stricter,
        ("REL", true) if national => Verdict::Stricter,
        ("REL", false) if !national => Verdict::Wider,
        ("NF" | "REL", _) => Verdict::Same,
        _ => {
            let Some((_, value)) = TOKENS.iter().find(|(known, _)| *known == word) else { return Verdict::NotOfLabels };
            let has = lattice().view(join).categories.values().flatten().any(|held| held == value);
            match (wanted, has) {
                (true, false) => Verdict::Wider,
                (false, true) => Verdict::Stricter,
                _ => Verdict::Same,
            }
        }
    }
}

fn compare(join: &Label, test: &str) -> Verdict {
    let is_resource = test.contains("resourceElement") && !test.contains("(.//*[");
    if let Some(letter) = between(test, "resourceElement[@ism:classification='", "'").filter(|_| is_resource) {
        let (_, level) = [("U", "UNCLASSIFIED"), ("C", "CONFIDENTIAL"), ("S", "SECRET"), ("TS", "TOP SECRET")]
            .into_iter()
            .find(|(known, _)| *known == letter)
            .unwrap();
        let wanted = lattice().rank(join.policy, lattice().level(join.policy, level).unwrap());
        // Higher where a portion asks to be left out, which is a sender's wish: decision vector 37.
        return match lattice().rank(join.policy, join.level).cmp(&wanted) {
            std::cmp::Ordering::Less => Verdict::Wider,
            std::cmp::Ordering::Equal => Verdict::Same,
            std::cmp::Ordering::Greater => Verdict::Stricter,
        };
    }
    if let Some(list) = between(test, "normalize-space(@ism:releasableTo)='", "'").or_else(|| between(test, "/@ism:releasableTo='", "'")) {
        let groups = &lattice().policies()[join.policy.index()].groups;
        let groups = groups.iter().map(|(name, members)| (name.as_str(), members.keys().cloned().collect())).collect();
        let (wanted, found) = (opened(list.split(' ').map(str::to_owned).collect(), groups), reached(join));
        return match (found == wanted, found.is_subset(&wanted)) {
            (true, _) => Verdict::Same,
            (_, true) => Verdict::Stricter,
            _ => Verdict::Wider,
        };
    }
    if let Some(word) = between(test, "xs:NMTOKENS(@ism:disseminationControls) = xs:NMTOKENS('", "'") {
        return token(join, word, test.trim_end().ends_with('1'));
    }
    match between(test, "@ism:disseminationControls='", "'") {
        Some(words) => words.split(' ').map(|word| token(join, word, true)).max().unwrap_or(Verdict::NotOfLabels),
        None => Verdict::NotOfLabels,
    }
}

/// Why scenarios have a portion that is refused before anything is rolled up.
const REFUSED: [(Reason, &str); 4] = [
    (Reason::LabelCategoryUnknown, "foreign sources, atomic energy, notices, approximate markings and controls that the rule set has no word for"),
    (Reason::LabelMalformed, "lists of recipients that do not begin with the owner, or that no control announces"),
    (Reason::LabelPolicyUnknown, "foreign and joint ownership, which are read from their owners only"),
    (Reason::LabelRule, "ORCON on an unclassified portion, which the Register forbids"),
];

#[test]
fn odnis_roll_up_tests_are_met_or_the_join_is_stricter() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    let folder = std::env::var_os("VESTIBULE_SAMPLES").map_or(beside, Into::into).join("labels/us-ic/rollup-xspec");
    if !folder.is_dir() {
        println!("not run: {} is absent", folder.display());
        return;
    }
    let mut tally: BTreeMap<Verdict, usize> = BTreeMap::new();
    let (mut scenarios, mut refused, mut wider) = (0, BTreeMap::<String, usize>::new(), Vec::new());
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        let document = roxmltree::Document::parse_with_options(&text, options).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for scenario in document.descendants().filter(|node| node.has_tag_name(("http://www.jenitennison.com/xslt/xspec", "scenario"))) {
            let Some(context) = scenario.children().find(|node| node.tag_name().name() == "context") else { continue };
            let marked = context.descendants().filter(|node| node.attribute((ISM, "classification")).is_some());
            // What is rolled up is written over the element of the resource.
            let portions: Vec<_> = marked.filter(|node| node.attribute((ISM, "resourceElement")) != Some("true")).map(of_element).collect();
            if portions.is_empty() || scenario.attribute("pending").is_some() {
                continue;
            }
            scenarios += 1;
            let name = scenario.attribute("label").unwrap_or_default();
            if let Some(refusal) = portions.iter().find_map(|portion| portion.as_ref().err()) {
                assert!(REFUSED.iter().any(|(reason, _)| *reason == refusal.reason), "{name}: {refusal}");
                *refused.entry(format!("{}: {}", refusal.reason, refusal.detail)).or_default() += 1;
                continue;
            }
            let labels: Vec<Label> = portions.into_iter().map(Result::unwrap).collect();
            let Some(join) = rolled_up(&labels) else { continue };
            for expect in scenario.children().filter(|node| node.tag_name().name() == "expect") {
                let test = expect.attribute("test").unwrap_or_default();
                let verdict = compare(&join, test);
                *tally.entry(verdict).or_default() += 1;
                if verdict == Verdict::Wider {
                    wider.push(format!("{}: {name}: {test}: {:?}", path.file_name().unwrap().display(), lattice().view(&join)));
                }
            }
        }
    }
    println!("{scenarios} scenarios: {tally:?}; refused: {refused:#?}");
    assert!(wider.is_empty(), "{}", wider.join("\n"));
    assert!(tally[&Verdict::Same] >= 40, "{tally:?}");
}
