//! What formatted messages consist of beyond their sets: words of classification and precedence, profiles, and the table of paths.

use crate::format::syntax::slash::Profile;

/// Message identifiers of administrative messages: free text for people, written with lower case and wide lines. All others are formatted text.
const ADMINISTRATIVE: [&str; 4] = ["GENADMIN", "NAVADMIN", "ALNAV", "MARADMIN"];

/// The profile that messages of a kind follow: decided by the message identifier and by nothing else.
pub(super) fn profile(kind: &str) -> Profile {
    match ADMINISTRATIVE.contains(&kind) {
        true => Profile::Administrative,
        false => Profile::Formatted,
    }
}

/// Classifications as texts begin, with the letter that headers have for them. Longer ones stand before those that they begin with.
// SPEC: ACP 127: E, R, C, S and T, with U for unclassified.
const CLASSIFICATIONS: [(&str, char); 19] = [
    ("COSMIC TOP SECRET", 'T'),
    ("NATO CONFIDENTIAL", 'C'),
    ("NATO RESTRICTED", 'R'),
    ("NATO SECRET", 'S'),
    ("NATO UNCLASSIFIED", 'U'),
    ("NATO UNCLAS", 'U'),
    ("UK TOP SECRET", 'T'),
    ("UK SECRET", 'S'),
    ("TOP SECRET", 'T'),
    ("SECRET", 'S'),
    ("CONFIDENTIAL", 'C'),
    ("RESTRICTED", 'R'),
    ("UNCLAS EFTO", 'E'),
    ("UNCLASSIFIED", 'U'),
    ("UNCLAS", 'U'),
    // A scheme that came after the letters.
    ("UK OFFICIAL-SENSITIVE", 'R'),
    ("UK OFFICIAL", 'U'),
    ("OFFICIAL-SENSITIVE", 'R'),
    ("OFFICIAL", 'U'),
];

/// What a line says of classification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Classified {
    /// The words, without caveats.
    pub(super) words: &'static str,
    /// The letter of the header.
    pub(super) letter: char,
}

/// The classification with which a line begins.
pub(super) fn classified(line: &str) -> Option<Classified> {
    let ends = |rest: &str| rest.is_empty() || rest.starts_with([' ', '/']);
    let found = CLASSIFICATIONS.iter().find(|(words, _)| line.strip_prefix(words).is_some_and(ends));
    found.map(|&(words, letter)| Classified { words, letter })
}

/// Letters that headers have for classifications.
pub(super) const LETTERS: &str = "UERCST";

/// Words of precedence in newer headers, with the letter of each.
pub(super) const PRECEDENCES: [(&str, &str); 4] = [("ROUTINE", "R"), ("PRIORITY", "P"), ("IMMEDIATE", "O"), ("FLASH", "Z")];

/// Marks that begin a paragraph of its own classification, with the classification that each stands for.
// SPEC: the letters of ACP 127, with the prefix N of NATO; `CUI` and `FOUO` say no level, and are kept for the label to be judged by.
pub(super) const PORTIONS: [(&str, &str); 14] = [
    ("U", "UNCLASSIFIED"),
    ("R", "RESTRICTED"),
    ("C", "CONFIDENTIAL"),
    ("S", "SECRET"),
    ("TS", "TOP SECRET"),
    ("NU", "NATO UNCLASSIFIED"),
    ("NR", "NATO RESTRICTED"),
    ("NC", "NATO CONFIDENTIAL"),
    ("NS", "NATO SECRET"),
    ("CTS", "COSMIC TOP SECRET"),
    ("O", "UK OFFICIAL"),
    ("OS", "UK OFFICIAL-SENSITIVE"),
    ("CUI", "CUI"),
    ("FOUO", "FOUO"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths of the tree, what stands there, and where it stands in the message.
    const PATHS: [(&str, &str, &str); 22] = [
        ("/mtf/header/banner", "text; a marking", "a first line of classification, as newer systems write it"),
        ("/mtf/header/transmission", "text", "line 1: `VZCZC` and the identification of the transmission"),
        ("/mtf/header/routing/@precedence", "one of `Y Z O P R`", "line 2, column 1"),
        ("/mtf/header/routing/@media", "2 letters", "line 2, columns 2 and 3"),
        ("/mtf/header/routing/@classification", "one of `U E R C S T`; a marking", "line 2, columns 4 and 30 to 33"),
        ("/mtf/header/routing/@content", "4 letters", "line 2, columns 5 to 8"),
        ("/mtf/header/routing/@station", "`R` and 6 letters", "line 2, columns 10 to 16"),
        ("/mtf/header/routing/@number", "4 digits", "line 2, columns 17 to 20; again after the text as `#nnnn`"),
        ("/mtf/header/routing/@filed", "day of the year and time, 7 digits", "line 2, columns 22 to 28"),
        ("/mtf/header/routing/to", "`R` and 6 letters", "line 2, from column 36"),
        ("/mtf/header/calling", "text", "line 3, after `DE`"),
        ("/mtf/header/security/@circuit", "`ZNR` or `ZNY`", "line 4"),
        ("/mtf/header/security/@classification", "one of `U E R C S T`; a marking", "line 4, written five times"),
        ("/mtf/header/security", "text", "line 4, operating signals"),
        ("/mtf/header/time/@action, @info", "one of `Y Z O P R`", "line 5: precedence for action and for information"),
        ("/mtf/header/time/@dtg", "`DDhhmmZ MON YY`, any zone but J", "line 5"),
        ("/mtf/header/time", "text", "line 5, operating signals"),
        ("/mtf/header/from, to, info, exempt, accounting", "text, one for each line", "lines 6 to 10"),
        ("/mtf/text/@classification", "text; a marking", "line 12, spaced letters closed up"),
        ("/mtf/text/@file", "`N` and 5 digits", "line 12, between `//`"),
        ("/mtf/text/sic, line", "text, one for each line", "lines before the first set"),
        ("/mtf/header/@number", "4 digits", "`#nnnn` after the text, where no line 2 gives it"),
    ];

    #[test]
    fn the_page_of_formats_shows_the_paths_of_header_and_text() {
        let rows = PATHS.iter().map(|(path, kind, place)| vec![format!("`{}`", path.replace(", ", "`, `")), (*kind).to_owned(), (*place).to_owned()]);
        crate::manual::tests::assert_page_holds("formats", &crate::manual::tests::table(&["path", "what stands there", "in the message"], rows));
    }

    #[test]
    fn the_page_of_formats_shows_the_words_of_classification() {
        let rows = CLASSIFICATIONS.iter().map(|(words, letter)| vec![format!("`{words}`"), format!("`{letter}`")]);
        crate::manual::tests::assert_page_holds("formats", &crate::manual::tests::table(&["words", "letter"], rows));
    }

    #[test]
    fn the_page_of_formats_shows_the_portion_marks() {
        let rows = PORTIONS.iter().map(|(mark, words)| vec![format!("`({mark})`"), format!("`{words}`")]);
        crate::manual::tests::assert_page_holds("formats", &crate::manual::tests::table(&["portion mark", "read as"], rows));
    }

    #[test]
    fn longer_words_of_classification_win() {
        assert_eq!(classified("UNCLASSIFIED").map(|found| found.words), Some("UNCLASSIFIED"));
        assert_eq!(classified("UNCLAS EFTO").map(|found| found.letter), Some('E'));
        assert_eq!(classified("UK SECRET").map(|found| found.letter), Some('S'));
        assert_eq!(classified("SECRET//NOFORN").map(|found| found.letter), Some('S'));
        assert_eq!(classified("SECRETARY"), None);
    }

    #[test]
    fn only_administrative_kinds_are_read_with_the_wide_profile() {
        assert_eq!(profile("GENADMIN"), Profile::Administrative);
        for kind in ["INTREP", "GENDAMIN", "genadmin", "GENADMIN, USMTF, 2008", ""] {
            assert_eq!(profile(kind), Profile::Formatted, "{kind}");
        }
    }
}
