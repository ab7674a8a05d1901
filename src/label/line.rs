//! Classification lines of text messages: `UNCLAS`, `S E C R E T`, `SECRET REL TO USA, GBR`, `NATO SECRET`; and the letters of their headers.
//!
//! Takes a line that is the label of its part or message and the sender's scheme. The line is a banner of the scheme, but for what the message
//! handling procedures add: letters set apart, the short word `UNCLAS`, a subject code behind it, `//` at the end, and, in the American scheme,
//! a space where the banner has `//`. Everything else is refused as the banner's grammar refuses it.
// SPEC: ACP 121/ACP 126: the classification is the first word of the text, its letters set apart; SECNAVINST 5210 subject codes `N01000`.

use std::borrow::Cow;

use super::banner;
use super::character::plain;
use super::lattice::Lattice;
use super::mark::Label;
use super::scheme::{BannerForm, PolicyIx};
use super::words::malformed;
use crate::base::{Reason, Refusal};

/// Words that may be written with their letters set apart, the longest of two with one beginning first.
const SPACED: [&str; 7] = ["TOP SECRET", "SECRET", "CONFIDENTIAL", "RESTRICTED", "UNCLASSIFIED", "UNCLAS", "NATO"];
/// The short word and what it stands for.
const SHORT: (&str, &str) = ("UNCLAS", "UNCLASSIFIED");

/// Reads a classification line.
///
/// # Errors
/// As [`banner::read`].
pub fn read(lattice: &Lattice, scheme: PolicyIx, line: &str) -> Result<Label, Refusal> {
    plain(line)?;
    let line = line.trim_end_matches(' ');
    let line = line.strip_suffix("//").map_or(line, |line| line.trim_end_matches(' '));
    let line = without_subject_code(line);
    let line = unshortened(&closed_up(line)).into_owned();
    match lattice.scheme(scheme)?.banner {
        Some(BannerForm::Usa) => banner::read_qualified(lattice, scheme, &slashed(lattice, scheme, &line)),
        Some(BannerForm::Nato) => banner::read_qualified(lattice, scheme, &named(lattice, scheme, &line)),
        _ => banner::read_qualified(lattice, scheme, &line),
    }
}

/// The letters of a header, all the same: the level that they say.
///
/// # Errors
/// `label.malformed`, and `label.disagree` where the label's level is another.
pub fn agree(lattice: &Lattice, label: &Label, letters: &str) -> Result<(), Refusal> {
    plain(letters)?;
    let first = letters.chars().next().filter(|first| letters.len() <= LETTERS_MAX && letters.chars().all(|letter| letter == *first));
    let levels = first.and_then(|first| LETTERS.iter().find(|(letter, _)| *letter == first)).map(|(_, levels)| *levels);
    let levels = levels.ok_or_else(|| malformed("expected a letter among `U`, `E`, `R`, `C`, `S`, `T`, up to five times"))?;
    if levels.contains(&lattice.level_name(label.policy, label.level)) {
        return Ok(());
    }
    Err(Refusal::new(Reason::LabelDisagree, "expected the letter of the classification that the label says"))
}

/// Letters of one place at most: 5, as format line 4 has them.
const LETTERS_MAX: usize = 5;
/// Letters with the classifications that they stand for.
// SPEC: ACP 127: `E` is unclassified, encrypted for transmission only.
const LETTERS: [(char, &[&str]); 6] = [
    ('U', &["UNCLASSIFIED", "OFFICIAL"]),
    ('E', &["UNCLASSIFIED"]),
    ('R', &["RESTRICTED", "OFFICIAL-SENSITIVE"]),
    ('C', &["CONFIDENTIAL"]),
    ('S', &["SECRET"]),
    ('T', &["TOP SECRET"]),
];

/// The line without a subject code: `UNCLAS //N01000` is `UNCLAS`. Only behind a classification alone, so that nothing else is cut off.
fn without_subject_code(line: &str) -> &str {
    let Some((head, code)) = line.split_once("//") else { return line };
    let digits = code.strip_prefix('N').unwrap_or(code);
    let is_code = digits.len() == 5 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_code { head.strip_suffix(' ').unwrap_or(head) } else { line }
}

/// The line with words closed up whose letters are set apart, as far as they stand at its beginning.
fn closed_up(line: &str) -> Cow<'_, str> {
    let mut words: Vec<&str> = Vec::new();
    let mut rest = line;
    while let Some((word, tail)) = SPACED.iter().find_map(|word| strip_spaced(rest, word).map(|tail| (*word, tail))) {
        words.push(word);
        rest = tail.trim_start_matches(' ');
        if rest.len() == tail.len() || words.len() > 2 {
            break;
        }
    }
    if words.is_empty() {
        return Cow::Borrowed(line);
    }
    let gap = if rest.is_empty() || rest.starts_with('/') { "" } else { " " };
    Cow::Owned(format!("{}{gap}{rest}", words.join(" ")))
}

/// What follows a word with its letters set apart by one space; between two words there are one to three.
fn strip_spaced<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let mut rest = text;
    for (at, part) in word.split(' ').enumerate() {
        if at > 0 {
            let trimmed = rest.trim_start_matches(' ');
            rest = Some(trimmed).filter(|trimmed| (1..=3).contains(&rest.len().saturating_sub(trimmed.len())))?;
        }
        for (place, letter) in part.chars().enumerate() {
            rest = if place > 0 { rest.strip_prefix(' ')? } else { rest };
            rest = rest.strip_prefix(letter)?;
        }
    }
    Some(rest).filter(|rest| rest.is_empty() || rest.starts_with([' ', '/']))
}

fn unshortened(line: &str) -> Cow<'_, str> {
    let (short, long) = SHORT;
    let (nato, word) = line.strip_prefix("NATO ").map_or(("", line), |word| ("NATO ", word));
    match word.strip_prefix(short).filter(|rest| rest.is_empty() || rest.starts_with([' ', '/'])) {
        Some(rest) => Cow::Owned(format!("{nato}{long}{rest}")),
        None => Cow::Borrowed(line),
    }
}

/// An American line with `//` between classification and controls, where the message has a space.
fn slashed<'t>(lattice: &Lattice, scheme: PolicyIx, line: &'t str) -> Cow<'t, str> {
    let levels = lattice.scheme(scheme).map(|scheme| scheme.levels.as_slice()).unwrap_or_default();
    let controls = levels.iter().find_map(|level| line.strip_prefix(level.name.as_str())?.strip_prefix(' ').map(|rest| (level, rest)));
    match controls {
        Some((level, rest)) if !rest.starts_with([' ', '/']) => Cow::Owned(format!("{}//{rest}", level.name)),
        _ => Cow::Borrowed(line),
    }
}

/// A line of the alliance with the name that its banner begins with, and its release phrase as the banner has it: text messages are in capitals.
fn named<'t>(lattice: &Lattice, scheme: PolicyIx, line: &'t str) -> Cow<'t, str> {
    let levels = lattice.scheme(scheme).map(|scheme| scheme.levels.as_slice()).unwrap_or_default();
    let bare = levels.iter().any(|level| line.strip_prefix(level.name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '/'])));
    let prefix = match (bare, line.starts_with("TOP SECRET")) {
        (false, _) => "",
        (true, true) => "COSMIC ",
        (true, false) => "NATO ",
    };
    let phrase = [" RELEASABLE TO ", " REL TO "].into_iter().find_map(|phrase| line.split_once(phrase));
    match phrase {
        Some((head, list)) => Cow::Owned(format!("{prefix}{head} Releasable to {list}")),
        None if prefix.is_empty() => Cow::Borrowed(line),
        None => Cow::Owned(format!("{prefix}{line}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::tests::{lattice, now, read as banner};

    fn line(scheme: &str, text: &str) -> Result<Label, Reason> {
        let label = read(lattice(), lattice().policy(scheme).unwrap(), text).map_err(|refusal| refusal.reason)?;
        lattice().check(&label, now()).map_err(|refusal| refusal.reason)?;
        Ok(label)
    }

    #[test]
    fn lines_of_text_messages_say_what_the_banner_says() {
        for (scheme, text, policy, expected) in [
            ("USA", "UNCLAS", "USA", "UNCLASSIFIED"),
            ("USA", "UNCLAS  ", "USA", "UNCLASSIFIED"),
            ("USA", "UNCLASSIFIED//", "USA", "UNCLASSIFIED"),
            ("USA", "UNCLAS//N05060//", "USA", "UNCLASSIFIED"),
            ("USA", "UNCLAS //05000//", "USA", "UNCLASSIFIED"),
            ("USA", "U N C L A S", "USA", "UNCLASSIFIED"),
            ("USA", "U N C L A S S I F I E D //N01000//", "USA", "UNCLASSIFIED"),
            ("USA", "S E C R E T", "USA", "SECRET"),
            ("USA", "T O P  S E C R E T//NOFORN", "USA", "TOP SECRET//NOFORN"),
            ("USA", "S E C R E T REL TO USA, GBR", "USA", "SECRET//REL TO USA, GBR"),
            ("USA", "SECRET REL TO USA, GBR", "USA", "SECRET//REL TO USA, GBR"),
            ("USA", "SECRET//REL TO USA, GBR", "USA", "SECRET//REL TO USA, GBR"),
            ("USA", "SECRET NOFORN", "USA", "SECRET//NOFORN"),
            ("USA", "NATO SECRET", "NATO", "NATO SECRET"),
            ("USA", "UK SECRET", "GBR", "SECRET"),
            ("GBR", "OFFICIAL", "GBR", "OFFICIAL"),
            ("GBR", "SECRET - UK/US EYES ONLY", "GBR", "SECRET - UK/US EYES ONLY"),
            ("NATO", "SECRET", "NATO", "NATO SECRET"),
            ("NATO", "N A T O  U N C L A S", "NATO", "NATO UNCLASSIFIED"),
            ("NATO", "NATO UNCLAS", "NATO", "NATO UNCLASSIFIED"),
            ("NATO", "NATO RESTRICTED RELEASABLE TO JPN", "NATO", "NATO RESTRICTED Releasable to JPN"),
            ("NATO", "RESTRICTED REL TO JPN", "NATO", "NATO RESTRICTED Releasable to JPN"),
            ("NATO", "TOP SECRET", "NATO", "COSMIC TOP SECRET"),
        ] {
            let found = line(scheme, text).unwrap_or_else(|reason| panic!("{scheme} {text}: {}", reason.code()));
            assert!(found.says_the_same(&banner(policy, expected).unwrap()), "{scheme} {text}: {:?}", lattice().view(&found));
        }
    }

    #[test]
    fn lines_that_are_almost_right_are_refused() {
        for (scheme, text, reason) in [
            ("USA", "", Reason::LabelMalformed),
            ("USA", "UNCLASS", Reason::LabelLevelUnknown),
            ("USA", "unclas", Reason::LabelLevelUnknown),
            ("USA", "UNCLAS E F T O", Reason::LabelCategoryUnknown),
            ("USA", "UNCLAS NAVADMIN 285/07", Reason::LabelCategoryUnknown),
            ("USA", "S E C RET", Reason::LabelLevelUnknown),
            ("USA", "S  E  C  R  E  T", Reason::LabelLevelUnknown),
            ("USA", "SECRETS", Reason::LabelLevelUnknown),
            ("USA", "SECRET//N05060//N05060//", Reason::LabelCategoryUnknown),
            ("USA", "SECRET  REL TO USA, GBR", Reason::LabelLevelUnknown),
            ("USA", "SECRET REL TO GBR", Reason::LabelMalformed),
            ("USA", "SECRET\u{a0}NOFORN", Reason::LabelCharacter),
            ("GBR", "UNCLAS", Reason::LabelLevelUnknown),
            ("NATO", "NATO TOP SECRET", Reason::LabelMalformed),
            ("NATO", "NATO SECRET REL TO XXX", Reason::LabelCategoryUnknown),
            ("TLP", "RED", Reason::LabelMalformed),
        ] {
            assert_eq!(line(scheme, text).map(|label| lattice().view(&label)), Err(reason), "{scheme} {text:?}");
        }
    }

    #[test]
    fn letters_agree_with_the_level_or_refuse() {
        let said = |policy: &str, of: &str, letters: &str| agree(lattice(), &banner(policy, of).unwrap(), letters).map_err(|refusal| refusal.reason);
        for (policy, of, letters) in [
            ("USA", "UNCLASSIFIED", "U"),
            ("USA", "UNCLASSIFIED", "UUUUU"),
            ("USA", "UNCLASSIFIED", "E"),
            ("USA", "TOP SECRET", "T"),
            ("NATO", "NATO RESTRICTED", "RRRR"),
            ("GBR", "OFFICIAL", "U"),
            ("GBR", "OFFICIAL-SENSITIVE", "R"),
            ("USA", "SECRET//NOFORN", "S"),
        ] {
            assert_eq!(said(policy, of, letters), Ok(()), "{of} {letters}");
        }
        for (of, letters, reason) in [
            ("SECRET", "U", Reason::LabelDisagree),
            ("CONFIDENTIAL", "S", Reason::LabelDisagree),
            ("SECRET", "SSSU", Reason::LabelMalformed),
            ("SECRET", "SSSSSS", Reason::LabelMalformed),
            ("SECRET", "", Reason::LabelMalformed),
            ("SECRET", "s", Reason::LabelMalformed),
            ("SECRET", "M", Reason::LabelMalformed),
        ] {
            assert_eq!(said("USA", of, letters), Err(reason), "{of} {letters}");
        }
    }
}
