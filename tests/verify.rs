//! The second reader against a first half that errs or lies: every lie has its code.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "these functions serve tests only")]

pub(crate) mod document;
mod schemes;
mod decisions;
mod exercise;
mod halves;
mod lab;
mod labels;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use document::{Content, Element, Fate, edits, event, fates, time};
use proptest::prelude::*;
use vestibule::base::{Header, MessageId, Name, Precedence, Reason, Refusal, Traffic};
use vestibule::label::{Category, Label, Lattice};
use vestibule::normal::{Change, Edit, Edits};
use vestibule::policy::PeerEntry;
use vestibule::verify::{BlockedWords, Claim, Proposal, Verified, reread};

static LATTICE: LazyLock<Lattice> = LazyLock::new(schemes::lattice);

static WORDS: LazyLock<BlockedWords> = LazyLock::new(BlockedWords::default);

/// Name of the tag set that names recipients.
const RELEASE: &str = "Releasable To";

/// A label of the lattice: policy, classification, recipients, and further values by names that are unique.
fn label(policy: &str, level: &str, release: &[&str], others: &[&str]) -> Label {
    let policy = LATTICE.policy(policy).unwrap();
    let mut label = Label::new(policy, LATTICE.level(policy, level).unwrap());
    let recipients = LATTICE.scheme(policy).unwrap().release;
    let all = release.iter().map(|name| (name, true)).chain(others.iter().map(|name| (name, false)));
    for (name, recipient) in all {
        let places = LATTICE.values_named(policy, name).iter().copied();
        let (tag, value) = places.clone().find(|(tag, _)| (Some(*tag) == recipients) == recipient).unwrap();
        match label.categories.iter_mut().find(|category| category.tag == tag) {
            Some(category) => category.values.push(value),
            None => label.categories.push(Category { tag, values: vec![value] }),
        }
    }
    label.categories.sort_by_key(|category| category.tag);
    label.categories.iter_mut().for_each(|category| category.values.sort());
    label
}

fn peer(name: &str, nation: &str, communities: &[&str], scheme: &str, clearances: &[(&str, &str)]) -> PeerEntry {
    let communities: BTreeSet<Name> = communities.iter().map(|c| Name::new(c).unwrap()).collect();
    let clearance =
        |(policy, level): &(&str, &str)| LATTICE.clearance(LATTICE.policy(policy).unwrap(), level, &BTreeMap::new(), nation, &communities).unwrap();
    PeerEntry {
        name: Name::new(name).unwrap(),
        nation: nation.into(),
        scheme: LATTICE.policy(scheme).unwrap(),
        clearances: clearances.iter().map(clearance).collect(),
        traffic: BTreeSet::from([Traffic::Operation]),
        binding: vestibule::policy::LabelBinding::Unbound,
        bind: vestibule::policy::Bind::Nothing,
        key: None,
        communities,
        terms: BTreeMap::new(),
        reads: Vec::new(),
    }
}

fn gbr() -> PeerEntry {
    peer("gbr-ops", "GBR", &["FVEY", "NATO"], "GBR", &[("GBR", "SECRET")])
}

fn usa() -> PeerEntry {
    peer("usa-ops", "USA", &["FVEY", "NATO"], "USA", &[("USA", "SECRET")])
}

fn header() -> Header {
    Header {
        id: MessageId::from_parts(1_795_421_937_000, [7; 10]),
        precedence: Precedence::Routine,
        destinations: vec![Name::new("usa-ops").unwrap()],
        media_type: String::new(),
        traffic: Traffic::Operation,
        sent: time("2026-11-23T08:00:00Z"),
        label: None,
    }
}

/// The marking of most tests, and the label that a first reader makes of it.
pub(crate) const MARKING: [(&str, &str); 2] = [("access", "SECRET"), ("releasableTo", "GBR,USA")];

fn marked() -> Label {
    label("GBR", "SECRET", &["GBR", "USA"], &[])
}

pub(crate) struct Case {
    header: Header,
    original: Vec<u8>,
    result: Vec<u8>,
    edits: Edits,
    sender: PeerEntry,
    recipient: PeerEntry,
    label: Label,
    kept: BTreeSet<String>,
}

impl Case {
    pub(crate) fn new(original: impl Into<Vec<u8>>, result: impl Into<Vec<u8>>, edits: Edits) -> Self {
        Self {
            header: header(),
            original: original.into(),
            result: result.into(),
            edits,
            sender: gbr(),
            recipient: usa(),
            label: marked(),
            kept: BTreeSet::new(),
        }
    }

    pub(crate) fn reread(&self) -> Result<Verified, Refusal> {
        reread(Claim {
            header: &self.header,
            original: &self.original,
            proposal: Proposal::new("cot", (self.result.clone(), self.edits.clone()), (&self.label, &self.label))
                .beside(self.header.label.as_deref().and_then(|label| vestibule::rebuild::detached(label).ok())),
            lattice: &LATTICE,
            sender: &self.sender,
            recipient: &self.recipient,
            blocked_words: &WORDS,
            exercise_policies: &self.kept,
            now: time("2026-11-23T08:00:01Z"),
        })
    }

    fn code(&self) -> &'static str {
        self.reread().map_or_else(|refusal| refusal.reason.code(), |_| "verified")
    }
}

fn sample() -> Element {
    let contact = Element::new("contact", &[("callsign", "DAGGER 1"), ("phone", "+44")], Vec::new());
    let link = |uid| Content::Element(Element::new("link", &[("relation", "p-p"), ("uid", uid)], Vec::new()));
    let remarks = Element::new("remarks", &[("source", "me")], vec![Content::Text("convoy <of> three & more".into())]);
    let track = Element::new("track", &[("course", "90.25"), ("speed", "12.5")], Vec::new());
    event(&MARKING, vec![Content::Element(contact), link("A"), link("B"), Content::Element(remarks), Content::Element(track)])
}

fn keep(of: &Element) -> Vec<Fate> {
    vec![Fate::Keep; of.places().len()]
}

fn with(of: &Element, changes: &[(&str, Fate)]) -> Vec<Fate> {
    let places = of.places();
    let mut fates = keep(of);
    for (path, fate) in changes {
        let at = places.iter().position(|place| place.path == *path).unwrap();
        fates[at] = fate.clone();
    }
    fates
}

/// An honest case: the original written carelessly, the result as the fates say, all of them declared.
fn honest(of: &Element, fates: &[Fate]) -> Case {
    Case::new(of.careless(3), of.canonical(fates), edits(&of.places(), fates))
}

#[test]
fn an_honest_message_is_verified_with_its_bytes_digest_and_recipient() {
    let case = honest(&sample(), &keep(&sample()));
    let verified = case.reread().unwrap();
    assert_eq!(verified.bytes(), case.result);
    assert_eq!(verified.digest(), vestibule::base::Digest::of(&case.result));
    assert_eq!(verified.recipient().as_str(), "usa-ops");
    assert_eq!(verified.into_bytes(), case.result);
}

#[test]
fn every_kind_of_declared_edit_is_verified() {
    let changes = [
        ("/event/detail/contact/@phone", Fate::Remove),
        ("/event/detail/contact/@callsign", Fate::Replace("K7".into())),
        ("/event/detail/link[1]", Fate::Remove),
        ("/event/detail/link[2]/@uid", Fate::Replace("\"B\"".into())),
        ("/event/detail/track/@course", Fate::Replace("90.3".into())),
        ("/event/point/@lat", Fate::Replace("51.5".into())),
    ];
    let case = honest(&sample(), &with(&sample(), &changes));
    assert_eq!(case.code(), "verified");
    assert_eq!(case.edits.len(), changes.len());
}

#[test]
fn a_hidden_edit_is_refused() {
    let sample = sample();
    for (path, fate) in [
        ("/event/detail/contact/@phone", Fate::Remove),
        ("/event/detail/contact", Fate::Remove),
        ("/event/detail/link[2]", Fate::Remove),
        ("/event/detail/remarks", Fate::Remove),
        ("/event/detail/remarks/@source", Fate::Replace("you".into())),
        ("/event/detail/track/@speed", Fate::Replace("13".into())),
        ("/event/point/@lon", Fate::Replace("0".into())),
        ("/event/@uid", Fate::Replace("OTHER".into())),
        ("/event/@stale", Fate::Replace("2026-11-23T09:05:00.5Z".into())),
    ] {
        let mut case = honest(&sample, &with(&sample, &[(path, fate)]));
        assert_eq!(case.code(), "verified", "{path}");
        case.edits = Edits::default();
        let refusal = case.reread().unwrap_err();
        assert_eq!(refusal.reason, Reason::VerifyEdit, "{path}");
    }
}

#[test]
fn a_declared_edit_that_was_not_made_is_refused() {
    let sample = sample();
    for (path, fate) in [
        ("/event/detail/contact/@phone", Fate::Remove),
        ("/event/detail/contact", Fate::Remove),
        ("/event/detail/link[1]", Fate::Remove),
        ("/event/detail/remarks/@source", Fate::Replace("you".into())),
        ("/event/point/@lat", Fate::Replace("51.5".into())),
    ] {
        let mut case = honest(&sample, &with(&sample, &[(path, fate)]));
        case.result = sample.canonical(&keep(&sample));
        assert_eq!(case.code(), "verify.edit", "{path}");
    }
}

#[test]
fn only_the_text_of_a_removed_element_is_not_enough() {
    let sample = sample();
    let removed = with(&sample, &[("/event/detail/remarks", Fate::Remove)]);
    let mut case = honest(&sample, &removed);
    let at = sample.places().iter().rposition(|place| place.path == "/event/detail/remarks").unwrap();
    let mut emptied = keep(&sample);
    emptied[at] = Fate::Remove;
    case.result = sample.canonical(&emptied);
    assert_eq!(case.code(), "verify.edit");
    case.edits = edits(&sample.places(), &emptied);
    assert_eq!(case.code(), "verified");
    case.result = sample.canonical(&removed);
    assert_eq!(case.code(), "verify.edit");
}

#[test]
fn additions_moves_and_repetitions_are_refused() {
    let sample = sample();
    let canonical = String::from_utf8(sample.canonical(&keep(&sample))).unwrap();
    for (from, to) in [
        ("<contact ", "<added/><contact "),
        ("<detail>", "<detail added=\"1\">"),
        ("phone=\"+44\"/>", "phone=\"+44\">x</contact>"),
        ("<link uid=\"A\" relation=\"p-p\"/>", "<link uid=\"A\" relation=\"p-p\"/><link uid=\"A\" relation=\"p-p\"/>"),
        ("uid=\"A\" relation=\"p-p\"/><link uid=\"B\"", "uid=\"B\" relation=\"p-p\"/><link uid=\"A\""),
        ("more</remarks>", "more.</remarks>"),
        ("</remarks>", "<b/></remarks>"),
        ("<track ", "<speed "),
        ("callsign=\"DAGGER 1\"", "callsign=\"DAGGER 2\""),
        ("callsign=\"DAGGER 1\" phone=\"+44\"", "callsign=\"+44\" phone=\"DAGGER 1\""),
        ("<detail>", "<detail><remarks>hidden</remarks>"),
    ] {
        assert!(canonical.contains(from), "{from}");
        let case = Case::new(sample.careless(1), canonical.replacen(from, to, 1), Edits::default());
        assert_eq!(case.code(), "verify.edit", "{to}");
    }
}

#[test]
fn a_result_that_is_no_event_any_more_is_refused() {
    let sample = sample();
    for path in ["/event/point", "/event/@uid", "/event/@time", "/event/point/@lat"] {
        assert_eq!(honest(&sample, &with(&sample, &[(path, Fate::Remove)])).code(), "verify.edit", "{path}");
    }
}

#[test]
fn the_result_of_another_message_is_refused() {
    let one = sample();
    let mut two = sample();
    two.attributes[1].1 = "GBR-TRACK-8".into();
    let mut case = honest(&one, &keep(&one));
    case.result = two.canonical(&keep(&two));
    assert_eq!(case.code(), "verify.edit");
}

#[test]
fn the_bytes_made_for_another_recipient_are_refused() {
    let sample = sample();
    let for_one = with(&sample, &[("/event/detail/contact/@callsign", Fate::Replace("PSEUDONYM-1".into()))]);
    let for_other = with(&sample, &[("/event/detail/contact/@callsign", Fate::Replace("PSEUDONYM-2".into()))]);
    let mut case = honest(&sample, &for_one);
    case.result = sample.canonical(&for_other);
    assert_eq!(case.code(), "verify.edit");
}

#[test]
fn edits_that_lead_nowhere_or_to_two_places_are_refused() {
    let sample = sample();
    let fates = with(&sample, &[("/event/detail/link[1]/@uid", Fate::Remove)]);
    let declared = honest(&sample, &fates);
    let moved = |change: fn(&mut Edit)| {
        let mut edits = Edits::default();
        for edit in declared.edits.iter() {
            let mut edit = edit.clone();
            change(&mut edit);
            edits.add(edit);
        }
        Case::new(sample.careless(1), sample.canonical(&fates), edits).code()
    };
    assert_eq!(moved(|_| {}), "verified");
    assert_eq!(moved(|edit| edit.path = "/event/detail/link[2]/@uid".into()), "verify.edit");
    assert_eq!(moved(|edit| edit.path = "/event/detail/link/@uid".into()), "verify.edit");
    assert_eq!(moved(|edit| edit.node = document::nodes(4)[3]), "verify.edit");
    assert_eq!(moved(|edit| edit.node = document::nodes(5000)[4999]), "verify.edit");
    assert_eq!(moved(|edit| edit.action = "remove"), "verified");
    assert_eq!(moved(|edit| edit.change = Change::Replace(vestibule::normal::Value::Empty)), "verify.edit");
}

#[test]
fn coarsening_may_only_coarsen() {
    let sample = sample();
    for (path, value, code) in [
        ("/event/point/@lat", "51.48", "verified"),
        ("/event/point/@lat", "51", "verified"),
        ("/event/point/@lat", "51.4", "verify.edit"),
        ("/event/point/@lat", "52", "verify.edit"),
        ("/event/point/@lat", "51.47751", "verify.edit"),
        ("/event/point/@lat", "-51.5", "verify.edit"),
        ("/event/detail/track/@course", "90.3", "verified"),
        ("/event/detail/track/@course", "91", "verify.edit"),
        ("/event/point/@le", "12", "verified"),
        ("/event/point/@le", "8", "verify.edit"),
        ("/event/point/@hae", "100", "verify.edit"),
    ] {
        assert_eq!(honest(&sample, &with(&sample, &[(path, Fate::Replace(value.into()))])).code(), code, "{path} {value}");
    }
}

#[test]
fn results_that_are_not_canonical_are_refused() {
    let sample = sample();
    let canonical = String::from_utf8(sample.canonical(&keep(&sample))).unwrap();
    for (from, to) in [
        ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", ""),
        ("UTF-8\"?>\n", "utf-8\"?>\n"),
        ("UTF-8\"?>\n", "UTF-8\"?>"),
        ("UTF-8\"?>\n", "UTF-8\"?>\n\n"),
        ("UTF-8\"?>\n", "UTF-8\"?>\r\n"),
        ("UTF-8\"?>\n", "UTF-8\" standalone=\"yes\"?>\n"),
        ("</event>", "</event>\n"),
        ("</event>", "</event><!-- x -->"),
        ("</event>", "</event >"),
        ("<detail>", "<detail >"),
        ("<detail>", "<detail> "),
        ("<detail>", "<detail>\n"),
        ("<detail>", "<!-- x --><detail>"),
        ("phone=\"+44\"/>", "phone=\"+44\" />"),
        ("phone=\"+44\"/>", "phone=\"+44\"></contact>"),
        ("uid=\"A\"", "uid='A'"),
        ("uid=\"A\"", "uid= \"A\""),
        ("uid=\"A\"", "uid=\"&#65;\""),
        ("uid=\"A\" relation=\"p-p\"", "relation=\"p-p\" uid=\"A\""),
        ("version=\"2.0\" uid=\"GBR-TRACK-7\"", "uid=\"GBR-TRACK-7\" version=\"2.0\""),
        ("lat=\"51.4775\" lon=\"-0.001\"", "lon=\"-0.001\" lat=\"51.4775\""),
        ("lat=\"51.4775\"", "lat=\"51.47750\""),
        ("hae=\"45\"", "hae=\"45.0\""),
        ("le=\"9.5\"", "le=\"9.50\""),
        ("course=\"90.25\"", "course=\"90.250\""),
        ("00.5Z", "00.50Z"),
        ("time=\"2026-11-23T08:00:00Z\"", "time=\"2026-11-23T08:00:00.0Z\""),
        ("convoy", "con&#118;oy"),
        ("&lt;of&gt;", "&#60;of&gt;"),
        ("&lt;of&gt;", "&lt;of>"),
        ("convoy &lt;of&gt; three &amp; more", "<![CDATA[convoy <of> three & more]]>"),
        ("<detail>", "<detail xmlns:a=\"b\">"),
        ("<event ", "<event\n"),
        ("<event ", "<event  "),
    ] {
        assert!(canonical.contains(from), "{from}");
        let case = Case::new(sample.careless(1), canonical.replacen(from, to, 1), Edits::default());
        assert_eq!(case.code(), "verify.canonical", "{to}");
    }
}

#[test]
fn originals_that_the_second_reader_does_not_read_are_refused() {
    let sample = sample();
    let canonical = String::from_utf8(sample.canonical(&keep(&sample))).unwrap();
    for (from, to) in [
        ("<event ", "<!DOCTYPE event><event "),
        ("<event ", "<!DOCTYPE event [<!ENTITY a \"b\">]><event "),
        ("version=\"1.0\"", "version=\"1.1\""),
        ("encoding=\"UTF-8\"", "encoding=\"ISO-8859-1\""),
        ("<detail>", "<detail><?pi x?>"),
        ("con", "con<!-- -->"),
        ("convoy", "&convoy;"),
        ("uid=\"A\"", "uid=\"A\" uid=\"A\""),
        ("<detail>", "<detail xmlns:a=\"u\"><b:c/>"),
        ("lat=\"51.4775\"", "lat=\"91\""),
        ("lat=\"51.4775\"", "lat=\"NaN\""),
        ("lat=\"51.4775\"", "lat=\"5e1\""),
        ("stale=\"2026", "stale=\"2025"),
        ("version=\"2.0\"", "version=\"3.0\""),
        ("<event ", "<event nonsense=\"1\" "),
        ("<detail>", "<point lat=\"1\" lon=\"1\" hae=\"0\" ce=\"0\" le=\"0\"/><detail>"),
        ("<detail>", "<detail>text"),
        ("</event>", "</event><event/>"),
        ("<contact ", "<contact/><contact "),
        ("time=\"2026-11-23T08:00:00Z\"", "time=\"2026-11-23T08:00:00+00:00\""),
    ] {
        assert!(canonical.contains(from), "{from}");
        let case = Case::new(canonical.replacen(from, to, 1), canonical.clone(), Edits::default());
        assert_eq!(case.code(), "verify.disagreement", "{to}");
    }
    let mut invalid = canonical.clone().into_bytes();
    invalid.insert(200, 0xFF);
    assert_eq!(Case::new(invalid, canonical, Edits::default()).code(), "verify.disagreement");
}

#[test]
fn many_siblings_attributes_and_edits_cost_linear_work() {
    let attributes: Vec<(String, String)> = (0..2_000).rev().map(|n| (format!("a{n:05}"), format!("{n}"))).collect();
    let wide = Element { name: "wide".into(), attributes, content: Vec::new() };
    let links = (0..3_000).map(|n| Content::Element(Element::new("link", &[("uid", &n.to_string())], Vec::new())));
    let event = event(&MARKING, std::iter::once(Content::Element(wide)).chain(links).collect());
    let places = event.places();
    let fates: Vec<Fate> =
        places.iter().map(|place| if place.path.ends_with("/@uid") && place.path.contains("link") { Fate::Remove } else { Fate::Keep }).collect();
    let case = honest(&event, &fates);
    assert_eq!(case.code(), "verified");
    assert_eq!(case.edits.len(), 3_000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn honest_results_are_verified_however_the_original_is_written(detail in document::detail(), seed: u64, writing: u64) {
        let event = event(&MARKING, detail);
        let fates = fates(&event, seed);
        let case = Case::new(event.careless(writing), event.canonical(&fates), edits(&event.places(), &fates));
        let verdict = case.reread().map(|_| ());
        prop_assert!(verdict.is_ok(), "{:?}\n{}\n{}", verdict, String::from_utf8_lossy(&case.original), String::from_utf8_lossy(&case.result));
    }

    #[test]
    fn any_change_of_the_result_is_refused(detail in document::detail(), seed: u64, at: prop::sample::Index, with: u8, kind in 0_u8..3) {
        let event = event(&MARKING, detail);
        let fates = fates(&event, seed);
        let mut case = Case::new(event.careless(seed), event.canonical(&fates), edits(&event.places(), &fates));
        let honest = case.result.clone();
        let at = at.index(honest.len());
        match kind {
            0 => case.result[at] = with,
            1 => case.result.insert(at, with),
            _ => drop(case.result.remove(at)),
        }
        prop_assert_eq!(case.reread().is_ok(), case.result == honest, "{}", String::from_utf8_lossy(&case.result));
    }

    #[test]
    fn an_edit_more_or_less_than_declared_is_refused(detail in document::detail(), one: u64, other: u64) {
        let event = event(&MARKING, detail);
        let (made, declared) = (fates(&event, one), fates(&event, other));
        let case = Case::new(event.careless(one), event.canonical(&made), edits(&event.places(), &declared));
        prop_assert_eq!(case.reread().is_ok(), event.canonical(&made) == event.canonical(&declared));
    }
}
