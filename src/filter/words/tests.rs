//! Folding, entries and the places of hits.

use super::*;
use crate::filter::protected::Protected;
use crate::filter::samples::sample;
use crate::policy::WordEntry;
use proptest::prelude::*;

fn list(entries: &[&str]) -> WordList {
    let entries = entries.iter().zip(5..).map(|(text, line)| WordEntry { text: (*text).to_owned(), line }).collect();
    WordList { file: "words.txt".into(), action: Action::Hold, severity: Severity::High, reason: "listed".into(), entries }
}

/// Each entry in a list of its own weight: the longer the heavier, so that none says only what another says.
fn weighed(entries: &[&str]) -> Vec<WordList> {
    let lists = list(entries).entries.into_iter().map(|entry| {
        let action = match entry.text.len() {
            0..3 => Action::Note,
            3..5 => Action::Strip,
            5..8 => Action::Hold,
            _ => Action::Refuse,
        };
        WordList { action, entries: vec![entry], ..list(&[]) }
    });
    lists.collect()
}

/// The matched pieces of the original, each with its rule.
fn hits<'t>(entries: &[&str], text: &'t str) -> Vec<(String, &'t str)> {
    let words = Words::compile(&weighed(entries), &[]).unwrap();
    let fields = [format!("/event/detail/remarks={text}")];
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let tree = sample(&fields);
    let protected = Protected::default();
    let mut found = Found::new(&tree, &protected);
    let mut budget = Budget::for_body(text.len());
    let mut all = Text::default();
    all.read(&tree, &[], &mut budget).unwrap();
    words.scan(&all, &mut Scratch::default(), &mut found, &mut budget).unwrap();
    let base = tree.all().find(|(_, node)| node.kind == crate::normal::Kind::Text).map_or(0, |(_, node)| node.span.range().start);
    let piece = |range: Range<usize>| &text[range.start - base..range.end - base];
    found.finish().0.into_iter().map(|finding| (finding.rule.to_string(), piece(finding.span.unwrap().range()))).collect()
}

#[test]
fn a_listed_word_is_found_however_it_is_spelt_and_its_bytes_are_exact() {
    for (text, piece) in [
        ("SECRET", "SECRET"),
        ("the secret plan", "secret"),
        ("the SeCrEt plan", "SeCrEt"),
        ("S E C R E T", "S E C R E T"),
        ("S  E  C  R  E  T now", "S  E  C  R  E  T"),
        ("S.E.C.R.E.T.", "S.E.C.R.E.T"),
        ("a SE-CRET b", "SE-CRET"),
        ("a SEC_RET b", "SEC_RET"),
        ("a SEC\nRET b", "SEC\nRET"),
        ("(SECRET)", "SECRET"),
        ("//SECRET//NF", "SECRET"),
        ("x=SECRET;y", "SECRET"),
        ("TOP_SECRET_PLAN", "SECRET"),
        ("secret, or not", "secret"),
        ("\"secret\"", "secret"),
        ("ＳＥＣＲＥＴ", "ＳＥＣＲＥＴ"),
        ("ｓｅｃｒｅｔ plan", "ｓｅｃｒｅｔ"),
        ("𝐒𝐄𝐂𝐑𝐄𝐓", "𝐒𝐄𝐂𝐑𝐄𝐓"),
        ("𝔰𝔢𝔠𝔯𝔢𝔱", "𝔰𝔢𝔠𝔯𝔢𝔱"),
        ("𝚂𝙴𝙲𝚁𝙴𝚃 x", "𝚂𝙴𝙲𝚁𝙴𝚃"),
        ("ⓢⓔⓒⓡⓔⓣ", "ⓢⓔⓒⓡⓔⓣ"),
        ("🅢🅔🅒🅡🅔🅣", "🅢🅔🅒🅡🅔🅣"),
        ("🆂🅴🅲🆁🅴🆃", "🆂🅴🅲🆁🅴🆃"),
        ("🇸🇪🇨🇷🇪🇹", "🇸🇪🇨🇷🇪🇹"),
        ("⒮⒠⒞⒭⒠⒯", "⒮⒠⒞⒭⒠⒯"),
        // Cyrillic: ЅЕСRЕТ.
        ("\u{405}\u{415}\u{421}R\u{415}\u{422}", "\u{405}\u{415}\u{421}R\u{415}\u{422}"),
        // Cyrillic small letters: ѕесrет, of which the last looks Latin only as a capital.
        ("\u{455}\u{435}\u{441}r\u{435}\u{442}", "\u{455}\u{435}\u{441}r\u{435}\u{442}"),
        // One Cyrillic letter.
        ("the s\u{435}cret plan", "s\u{435}cret"),
        // Greek capital epsilon and tau.
        ("S\u{395}CR\u{395}\u{3A4}", "S\u{395}CR\u{395}\u{3A4}"),
        ("sécrèt", "sécrèt"),
        ("se\u{301}cret", "se\u{301}cret"),
        ("s\u{336}e\u{336}c\u{336}r\u{336}e\u{336}t\u{336} x", "s\u{336}e\u{336}c\u{336}r\u{336}e\u{336}t\u{336}"),
        ("s\u{200B}e\u{200B}cret", "s\u{200B}e\u{200B}cret"),
        ("se\u{200D}cr\u{2060}et", "se\u{200D}cr\u{2060}et"),
        ("se\u{AD}cret", "se\u{AD}cret"),
        ("\u{202E}secret\u{202C}", "secret\u{202C}"),
        ("s\u{FEFF}ecret", "s\u{FEFF}ecret"),
        ("s\u{A0}e\u{2003}c r\u{3000}et", "s\u{A0}e\u{2003}c r\u{3000}et"),
        ("s·e·c·r·e·t", "s·e·c·r·e·t"),
        ("s–e–c–r–e–t", "s–e–c–r–e–t"),
        ("s🙂e🙂c🙂r🙂e🙂t", "s🙂e🙂c🙂r🙂e🙂t"),
        ("geheim: „secret“", "secret"),
        ("ſecret", "ſecret"),
        ("ä secret ö", "secret"),
        ("SECRET2 is delayed", "SECRET"),
        ("phase 2SECRET10", "SECRET"),
    ] {
        assert_eq!(hits(&["Secret"], text), [("words.txt:5".to_owned(), piece)], "{text:?}");
    }
}

#[test]
fn a_word_is_found_only_as_a_whole() {
    for text in [
        "secretary",
        "secrets",
        "nonsecret",
        "xsecret",
        "secretе\u{301}r",
        "sécrétaire",
        "sec",
        "s e c r e",
        "se cr",
        "ecret",
        "",
        "terces",
        "s\u{435}cretary",
    ] {
        assert_eq!(hits(&["secret"], text), [], "{text:?}");
    }
}

#[test]
fn phrases_and_digits_fold_as_words_do() {
    for (entry, text, piece) in [
        ("TOP SECRET", "the top  secret plan", "top  secret"),
        ("TOP SECRET", "TOPSECRET", "TOPSECRET"),
        ("TOP SECRET", "t o p - s e c r e t", "t o p - s e c r e t"),
        ("no-forn", "X//NOFORN", "NOFORN"),
        ("JABBERWOCK", "JABBERW0CK", "JABBERW0CK"),
        ("WILLOW", "W1110W", "W1110W"),
        ("ICON", "\u{406}C\u{41E}N", "\u{406}C\u{41E}N"),
        ("MAGMA", "\u{39C}AG\u{41C}A", "\u{39C}AG\u{41C}A"),
        ("straße", "STRASSE", "STRASSE"),
        ("STRASSE", "Straße 7", "Straße"),
        ("Übung", "ubung", "ubung"),
        ("Операция", "это ОПЕРАЦИЯ века", "ОПЕРАЦИЯ"),
        ("ΝΑΤΟ", "nato", "nato"),
        ("ΝΑΤΟ", "το νατο σήμερα", "νατο"),
        ("机密", "这是机密文件", "机密"),
        ("OP 77", "op-77", "op-77"),
    ] {
        assert_eq!(hits(&[entry], text), [("words.txt:5".to_owned(), piece)], "{entry} in {text}");
    }
}

#[test]
fn entries_that_overlap_are_all_found() {
    let found = hits(&["top secret", "secret", "secret plan", "top"], "a top secret plan");
    let mut pieces: Vec<&str> = found.iter().map(|(_, piece)| *piece).collect();
    pieces.sort_unstable();
    assert_eq!(pieces, ["secret", "secret plan", "top", "top secret"]);
}

#[test]
fn every_place_of_a_word_is_reported() {
    assert_eq!(hits(&["bat"], "bat, bat; B A T").len(), 3);
}

#[test]
fn useless_entries_are_complaints_with_their_lines() {
    for entry in ["", "-", "x", "//", "é", "   ", "\u{200B}"] {
        let complaints = Words::compile(&[list(&["word", entry])], &[]).unwrap_err();
        assert_eq!(complaints.len(), 1, "{entry:?}");
    }
    let text = "# reason\n\n\n\nAlpha Word\n  alphaw0rd\n";
    let files = [SourceFile { path: "words.txt".into(), text: text.into() }];
    let complaint = Words::compile(&[list(&["Alpha Word", "alphaw0rd"])], &files).unwrap_err().remove(0);
    assert_eq!(complaint.line_and_column(text), (6, 3));
    assert_eq!(&text[complaint.at.unwrap()], "alphaw0rd");
    assert_eq!(complaint.what, "the entry `alphaw0rd` says the same as line 5");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn an_inserted_word_is_found_at_any_place(before in "[^<&\\p{C}\\p{M}]{0,40}", after in "[^<&\\p{C}\\p{M}]{0,40}", gap in "[ .,;:/-]{1,3}") {
        let text = format!("{before} JABBERWOCK{gap}{after}");
        let found = hits(&["jabberwock"], &text);
        prop_assert!(found.iter().any(|(_, piece)| *piece == "JABBERWOCK"), "{found:?}");
    }

    #[test]
    fn what_is_reported_folds_to_the_entry(text in "\\PC{0,60}") {
        for (_, piece) in hits(&["ab", "o1", "ee"], &text) {
            let folded = fold::letters(piece, Reading::LookAlike);
            let native = fold::letters(piece, Reading::Native);
            prop_assert!([&folded, &native].iter().any(|text| ["ab", "oi", "ee"].contains(&text.as_str())), "{piece}");
        }
    }

    #[test]
    fn more_entries_lose_no_finding(text in "[a-c \u{430}\u{441}-]{0,30}", more in proptest::collection::btree_set("[a-c]{2,3}", 1..4)) {
        let fewer = hits(&["ab ca"], &text);
        let mut all = vec!["ab ca"];
        all.extend(more.iter().map(String::as_str));
        let found = hits(&all, &text);
        prop_assert!(fewer.iter().all(|hit| found.contains(hit)));
    }
}
