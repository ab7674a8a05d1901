//! Marking schemes: any text in place of a SPIF or its constraints loads or is complained of, with places inside the file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule::base::Complaint;
use vestibule::label::{Lattice, PolicyFile};

const GOOD_XML: &str = include_str!("../seeds/spif/small.xml");
const GOOD_TOML: &str = include_str!("../seeds/spif/small.toml");

fuzz_target!(init: load(GOOD_XML, GOOD_TOML).map(drop).expect("the seeds load"), |text: &str| {
    for (xml, toml) in [(text, GOOD_TOML), (GOOD_XML, text)] {
        let Err(complaints) = load(xml, toml) else { continue };
        assert!(!complaints.is_empty(), "a scheme does not load, and nothing says why");
        for complaint in complaints {
            let text = if &*complaint.file == "small.xml" { xml } else { toml };
            assert!(complaint.at.as_ref().is_none_or(|at| text.get(at.clone()).is_some()), "{complaint:?}");
        }
    }
});

fn load(xml: &str, toml: &str) -> Result<Lattice, Vec<Complaint>> {
    let constraints = Some(("small.toml".into(), toml.into()));
    Lattice::load(&[PolicyFile { path: "small.xml".into(), xml: xml.into(), constraints }])
}
