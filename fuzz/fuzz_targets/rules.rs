//! Rule files: any text in place of any file of the lab's rule set, or beside them, is loaded or complained of, with places inside the
//! files, and the complaints can be shown. The first line of the input is the path, the rest the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule::policy::report::{Look, json_lines, render};
use vestibule::policy::{SourceFile, load};
use vestibule::release::Engine;
use vestibule_fuzz::FILES;

fuzz_target!(|input: &str| {
    let Some((path, text)) = input.split_once('\n') else { return };
    let changed = SourceFile { path: path.into(), text: text.into() };
    let mut files: Vec<SourceFile> = FILES.iter().filter(|file| file.path != changed.path).cloned().collect();
    files.push(changed);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let complaints = match load(&files) {
        Ok(edition) => Engine::compile(&edition).err().unwrap_or_default(),
        Err(complaints) => {
            assert!(!complaints.is_empty(), "a rule set does not load, and nothing says why");
            complaints
        }
    };
    for complaint in complaints.iter().filter(|complaint| complaint.at.is_some()) {
        let at = complaint.at.clone().unwrap_or_default();
        let file = files.iter().find(|file| file.path == complaint.file).expect("a complaint with a place names a file of the rule set");
        assert!(file.text.get(at).is_some(), "{complaint:?}");
    }
    assert_eq!(render(&complaints, &files, Look::Plain).is_empty(), complaints.is_empty());
    assert_eq!(json_lines(&complaints, &files).lines().count(), complaints.len());
});
