//! Markings: any text is read or refused, what is read keeps its rank in translation, and the second half reads no other label from it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule::base::{Budget, Time};
use vestibule::label::{Lattice, PolicyIx, banner, cot, stanag4774};
use vestibule_fuzz::{EDITION, through_both};

fuzz_target!(|text: &str| {
    let lattice = &EDITION.lattice;
    let _ = stanag4774::read_text(lattice, text, &mut Budget::for_body(text.len()));
    for policy in lattice.policies() {
        each(lattice, lattice.policy(&policy.name).expect("a policy that ships"), text);
    }
    let pick = text.len();
    through_both(pick, Some(text), event("", "").as_bytes());
    through_both(pick, None, event("", text).as_bytes());
    through_both(pick, None, event(&attributes(text), "").as_bytes());
});

fn each(lattice: &Lattice, scheme: PolicyIx, text: &str) {
    let _ = cot::read(lattice, scheme, triple(text));
    let _ = banner::is_meant(text);
    let Ok(label) = banner::read(lattice, scheme, text) else { return };
    assert!(lattice.dominates(&label, &label, now()), "a label dominates itself");
    for other in lattice.policies().iter().filter_map(|policy| lattice.policy(&policy.name)) {
        if let Ok(there) = lattice.translate(&label, other, now()) {
            assert_eq!(Some(lattice.rank(other, there.level)), lattice.rank_in(&label, other), "a translation changes the rank");
        }
    }
}

/// The time of decisions; any would do.
fn now() -> Time {
    Time::parse("2026-06-01T12:00:00Z").expect("a time")
}

/// The first three lines; an absent line is an absent attribute.
fn triple(text: &str) -> cot::Triple<'_> {
    let mut lines = text.splitn(3, '\n');
    cot::Triple { access: lines.next(), caveat: lines.next(), releasable_to: lines.next() }
}

fn attributes(text: &str) -> String {
    let cot::Triple { access, caveat, releasable_to } = triple(text);
    let one = |name: &str, value: Option<&str>| value.map_or(String::new(), |value| format!(" {name}=\"{}\"", escaped(value)));
    [one("access", access), one("caveat", caveat), one("releasableTo", releasable_to)].concat()
}

/// As a writer does it that lets no character be normalised away.
fn escaped(text: &str) -> String {
    let one = |c: char| match c {
        '&' | '<' | '"' | '\t' | '\n' | '\r' => format!("&#{};", u32::from(c)),
        _ => c.into(),
    };
    text.chars().map(one).collect()
}

fn event(attributes: &str, detail: &str) -> String {
    let times = "time=\"2026-11-23T08:00:00Z\" start=\"2026-11-23T08:00:00Z\" stale=\"2026-11-23T08:05:00Z\"";
    let point = "<point lat=\"51.5\" lon=\"-0.1\" hae=\"46\" ce=\"5\" le=\"9\"/>";
    format!("<event version=\"2.0\" uid=\"A\" type=\"a-f-G\" how=\"m-g\" {times}{attributes}>{point}<detail>{detail}</detail></event>")
}
