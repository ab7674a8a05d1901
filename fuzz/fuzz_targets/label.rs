//! Markings: any text is read or refused, and what is read says the same when it is read again.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use vestibule::base::Budget;
use vestibule::label::{Lattice, PolicyFile, PolicyIx, banner, cot, stanag4774};

const FILES: [(&str, &str, &str); 3] = [
    ("gbr.xml", include_str!("../../rules/five-eyes/policies/gbr.xml"), include_str!("../../rules/five-eyes/policies/gbr.toml")),
    ("nato.xml", include_str!("../../rules/five-eyes/policies/nato.xml"), include_str!("../../rules/five-eyes/policies/nato.toml")),
    ("usa.xml", include_str!("../../rules/five-eyes/policies/usa.xml"), include_str!("../../rules/five-eyes/policies/usa.toml")),
];

fn lattice() -> &'static Lattice {
    static LATTICE: OnceLock<Lattice> = OnceLock::new();
    LATTICE.get_or_init(|| {
        let files = FILES.map(|(path, xml, toml)| PolicyFile { path: path.into(), xml: xml.into(), constraints: Some((path.into(), toml.into())) });
        Lattice::load(&files).expect("the policies that ship load")
    })
}

fuzz_target!(|text: &str| {
    let lattice = lattice();
    let _ = stanag4774::read_text(lattice, text, &mut Budget::for_body(text.len()));
    for scheme in ["GBR", "NATO", "USA"].map(|name| lattice.policy(name).expect("a policy that ships")) {
        each(lattice, scheme, text);
    }
});

fn each(lattice: &Lattice, scheme: PolicyIx, text: &str) {
    let mut lines = text.splitn(3, '\n');
    let triple = cot::Triple { access: lines.next(), caveat: lines.next(), releasable_to: lines.next() };
    let _ = cot::read(lattice, scheme, triple);
    let _ = banner::is_meant(text);
    let Ok(label) = banner::read(lattice, scheme, text) else { return };
    assert!(lattice.dominates(&label, &label));
    for other in (0..lattice.policies().len()).filter_map(|at| lattice.policy(&lattice.policies()[at].name)) {
        if let Ok(there) = lattice.translate(&label, other) {
            assert_eq!(Some(lattice.rank(other, there.level)), lattice.rank_in(&label, other));
        }
    }
}
