//! Markings: any text is read or refused; labels of any bytes keep the laws of `src/label/laws.rs`.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use vestibule::base::{Budget, Time};
use vestibule::label::{Lattice, PolicyFile, PolicyIx, banner, cot, laws, stanag4774};

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

fuzz_target!(|bytes: &[u8]| {
    let lattice = lattice();
    laws::all(lattice, bytes, Time::parse("2026-06-01T12:00:00Z").expect("a time")).expect("a law");
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = stanag4774::read_text(lattice, text, &mut Budget::for_body(text.len()));
    for scheme in (0..lattice.policies().len()).map(PolicyIx::at) {
        each(lattice, scheme, text);
    }
});

/// Reads the text as a banner, and its lines as Cursor-on-Target's three attributes.
fn each(lattice: &Lattice, scheme: PolicyIx, text: &str) {
    let mut lines = text.splitn(3, '\n');
    let triple = cot::Triple { access: lines.next(), caveat: lines.next(), releasable_to: lines.next() };
    let _ = cot::read(lattice, scheme, triple);
    let _ = banner::is_meant(text);
    if let Ok(label) = banner::read(lattice, scheme, text) {
        laws::translation_never_widens(lattice, &label, &laws::readers(lattice)).expect("a law");
    }
}
