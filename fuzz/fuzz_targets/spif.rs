//! Marking schemes: any text in place of a SPIF or its constraints loads or is complained of, with places inside the file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule::label::{Lattice, PolicyFile};

const GOOD_XML: &str = include_str!("../../rules/five-eyes/policies/gbr.xml");
const GOOD_TOML: &str = include_str!("../../rules/five-eyes/policies/gbr.toml");

fuzz_target!(|text: &str| {
    for (xml, toml) in [(text, GOOD_TOML), (GOOD_XML, text)] {
        let file = PolicyFile { path: "gbr.xml".into(), xml: xml.into(), constraints: Some(("gbr.toml".into(), toml.into())) };
        if let Err(complaints) = Lattice::load(&[file]) {
            assert!(!complaints.is_empty());
            for complaint in complaints {
                let text = if &*complaint.file == "gbr.xml" { xml } else { toml };
                assert!(complaint.at.as_ref().is_none_or(|at| at.end <= text.len()), "{complaint:?}");
            }
        }
    }
});
