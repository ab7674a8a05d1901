//! The form of one field: length and characters, a pattern, a position with its check digits, a time.

use regex::Regex;

use crate::base::Reason;
use crate::policy::{Characters, FieldDefinition, FieldForm};

/// The compiled form of a field.
#[derive(Debug)]
pub(in crate::filter) struct Form {
    check: Check,
    optional: bool,
    /// Name, and unit where there is one, for people.
    name: String,
}

#[derive(Debug)]
enum Check {
    Text(Characters, Option<Regex>),
    Position,
    Time,
}

impl Form {
    /// Compiles a field.
    ///
    /// # Errors
    /// What is wrong with the pattern.
    pub(in crate::filter) fn compile(field: &FieldDefinition) -> Result<Self, String> {
        let check = match &field.form {
            FieldForm::Text { length, pattern } => {
                let pattern =
                    pattern.as_ref().map(|pattern| Regex::new(&format!("^(?:{pattern})$"))).transpose().map_err(|error| error.to_string())?;
                Check::Text(length.clone(), pattern)
            }
            FieldForm::Position => Check::Position,
            FieldForm::Time => Check::Time,
        };
        let unit = field.unit.as_ref().map_or_else(String::new, |unit| format!(" ({unit})"));
        Ok(Self { check, optional: field.optional, name: format!("`{}`{unit}", field.name) })
    }

    /// Whether data must stand.
    pub(in crate::filter) const fn is_mandatory(&self) -> bool {
        !self.optional
    }

    /// What is wrong with a value.
    pub(in crate::filter) fn misfit(&self, text: &str) -> Option<(Reason, String)> {
        let name = &self.name;
        if text == "-" {
            return (!self.optional).then(|| (Reason::FieldsMissing, format!("expected data in {name}")));
        }
        match &self.check {
            Check::Text(length, pattern) => {
                let Characters { least, most, kinds } = length;
                if !(*least..=*most).contains(&text.chars().count()) {
                    return Some((Reason::FieldsForm, format!("expected {least} to {most} characters in {name}")));
                }
                let fits = text.chars().all(|c| stands(c, kinds)) && pattern.as_ref().is_none_or(|pattern| pattern.is_match(text));
                (!fits).then(|| (Reason::FieldsForm, format!("expected characters of `{kinds}` in the stated form in {name}")))
            }
            Check::Position if is_position(text) => None,
            Check::Position => Some((
                Reason::FieldsForm,
                format!("expected degrees and minutes north or south, then east or west, with right check digits, in {name}"),
            )),
            Check::Time if is_time(text) => None,
            Check::Time => {
                Some((Reason::FieldsForm, format!("expected day, hour and minute with zone, then month and year or a check digit, in {name}")))
            }
        }
    }
}

fn stands(c: char, kinds: &str) -> bool {
    let kind = match c {
        'A'..='Z' => 'A',
        '0'..='9' => 'N',
        ' ' => 'B',
        _ => 'S',
    };
    kinds.contains(['X', kind])
}

/// Digits and what follows them.
fn digits(text: &str) -> (&str, &str) {
    text.split_at_checked(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())).unwrap_or((text, ""))
}

/// Whether a check digit, where one stands, is the sum of the digits.
// SPEC: the sum of all digits, modulo 10, behind the hemisphere or zone: `4307N4`.
fn checked(number: &str, check: &str) -> bool {
    let sum = number.bytes().fold(0_u32, |sum, digit| sum.saturating_add(u32::from(digit.saturating_sub(b'0'))));
    check.is_empty() || check.parse() == Ok(sum % 10)
}

/// `5120N00130W`, with seconds, and with a check digit behind each half or neither; a hyphen may stand between the halves.
fn is_position(text: &str) -> bool {
    [0, 1].into_iter().any(|check| {
        let first = half(text, 2, 90, "NS", check);
        let second = first.and_then(|rest| half(rest.strip_prefix('-').unwrap_or(rest), 3, 180, "EW", check));
        second.is_some_and(str::is_empty)
    })
}

/// What follows one half: degrees of so many digits, minutes and perhaps seconds, a sign, so many check digits.
fn half<'t>(text: &'t str, degrees: usize, most: u32, signs: &str, check: usize) -> Option<&'t str> {
    let (number, rest) = digits(text);
    let rest = rest.strip_prefix(|c: char| signs.contains(c))?;
    let (check, rest) = rest.split_at_checked(check)?;
    let part = |from: usize, to: usize| number.get(from..to).and_then(|part| part.parse::<u32>().ok());
    let minutes = degrees.saturating_add(2);
    let whole = number.len() == minutes || number.len() == minutes.saturating_add(2);
    let below = |part: Option<u32>| part.is_none_or(|part| part < 60);
    let at_end = number.get(degrees..)?.bytes().all(|b| b == b'0');
    let within = part(0, degrees)? < most || part(0, degrees)? == most && at_end;
    let fits = whole && within && below(part(degrees, minutes)) && below(part(minutes, number.len()));
    (fits && checked(number, check)).then_some(rest)
}

/// `021430Z`, with a check digit, or with month and year.
fn is_time(text: &str) -> bool {
    let (number, rest) = digits(text);
    let part = |from: usize, to: usize| number.get(from..to).and_then(|part| part.parse::<u32>().ok());
    let clock = number.len() == 6 && part(0, 2).is_some_and(|day| (1..=31).contains(&day)) && part(2, 4) < Some(24) && part(4, 6) < Some(60);
    let Some((zone, rest)) = rest.split_at_checked(1) else { return false };
    let month = rest.get(..3).is_some_and(|month| "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC".as_bytes().chunks(3).any(|known| known == month.as_bytes()));
    let year = rest.get(3..).is_some_and(|year| matches!(year.len(), 0 | 2 | 4) && year.bytes().all(|b| b.is_ascii_digit()));
    let dated = rest.is_empty() || month && year || rest.len() == 1 && checked(number, rest);
    clock && zone.bytes().all(|b| b.is_ascii_uppercase() && b != b'J') && dated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_have_degrees_minutes_and_right_check_digits() {
        for good in ["5120N00130W", "512030N0013000W", "4307N4-00557E7", "4307N400557E7", "9000N18000E", "0000S00000W"] {
            assert!(is_position(good), "{good}");
        }
        for bad in [
            "",
            "5120N",
            "5160N00130W",
            "9100N00130W",
            "9001N00130W",
            "5120N18100W",
            "4308N400557E7",
            "4307N400557E8",
            "5120E00130W",
            "512N00130W",
            "5120N00130WX",
        ] {
            assert!(!is_position(bad), "{bad}");
        }
    }

    #[test]
    fn times_have_day_clock_and_zone() {
        for good in ["021430Z", "021430ZMAR2026", "021430ZMAR26", "021430AMAR", "010934Z7"] {
            assert!(is_time(good), "{good}");
        }
        for bad in ["", "021430", "321430Z", "022430Z", "021460Z", "021430J", "021430ZMRZ26", "010934Z8", "02143Z"] {
            assert!(!is_time(bad), "{bad}");
        }
    }

    #[test]
    fn characters_are_of_their_kinds_and_counted() {
        let form = |length: (usize, usize, &str), optional| {
            let length = Characters { least: length.0, most: length.1, kinds: length.2.to_owned() };
            Form::compile(&FieldDefinition { name: "f".into(), form: FieldForm::Text { length, pattern: None }, optional, unit: None }).unwrap()
        };
        let code = |form: &Form, text: &str| form.misfit(text).map(|(code, _)| code.code());
        let serial = form((3, 4, "N"), false);
        assert_eq!(code(&serial, "001"), None);
        assert_eq!(code(&serial, "01"), Some("fields.form"));
        assert_eq!(code(&serial, "01A"), Some("fields.form"));
        assert_eq!(code(&serial, "-"), Some("fields.missing"));
        assert_eq!(code(&form((1, 9, "X"), true), "-"), None);
        assert_eq!(code(&form((1, 9, "AB"), false), "A B"), None);
    }
}
