//! Contacts at sea in OTH-Gold, made of the draft's own place and time: releases, places of the label that disagree, lines that mislead.

use super::super::{Dice, Draft, Expected, Recipe};
use crate::base::Reason;

static FIVE: [Expected; 3] =
    [Expected::unchanged("usa-ops"), Expected::unchanged("nzl-ops"), Expected::stopped("nato-hq", Reason::ClearancePermissive)];
static COARSER: [Expected; 1] = [Expected::sanitised("nato-hq")];
static DISAGREE: [Expected; 1] = [Expected::stopped("usa-ops", Reason::LabelDisagree)];
static CHECK: [Expected; 1] = [Expected::stopped("usa-ops", Reason::InvalidOthCheck)];
static FREE_TEXT: [Expected; 1] = [Expected::stopped("usa-ops", Reason::InvalidOthFreeText)];
static WORDS: [Expected; 1] = [Expected::stopped("usa-ops", Reason::ContentWords)];

const FIVE_EYES: &str = "SECRET - AUS/CAN/NZ/UK/US EYES ONLY";
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

const fn recipe(
    name: &'static str,
    says: &'static str,
    to: &'static [&'static str],
    expected: &'static [Expected],
    damage: fn(String) -> Vec<u8>,
) -> Recipe {
    Recipe { name, says, from: "gbr-ops", to, expected, draft: claimed, damage }
}

fn claimed(draft: &mut Draft, _: &mut Dice) {
    draft.media_type = "application/vnd.oth-gold";
}

const USA: &[&str] = &["usa-ops"];

pub(super) static RECIPES: &[Recipe] = &[
    recipe("oth-contact", "a contact at sea for the Five Eyes", &["usa-ops", "nzl-ops", "nato-hq"], &FIVE, |text| contact(&text, FIVE_EYES, "")),
    recipe("oth-contact-to-nato", "a contact at sea for NATO: its place leaves to six minutes, its remarks do not", &["nato-hq"], &COARSER, |text| {
        contact(&text, "NATO SECRET", "RMKS/SEEN TWICE AT DAWN\n")
    }),
    recipe("oth-labels-differ", "a set of classification below the line of the header", USA, &DISAGREE, |text| {
        swapped(contact(&text, FIVE_EYES, ""), "\nCTC/", "\nSEC/OFFICIAL\nCTC/")
    }),
    recipe("oth-check-digit", "a position with a wrong check digit", USA, &CHECK, |text| miscounted(&contact(&text, FIVE_EYES, ""))),
    recipe("oth-set-in-remarks", "a line of remarks that some receivers take for a set", USA, &FREE_TEXT, |text| {
        contact(&text, FIVE_EYES, "RMKS/SEE BELOW\nTRACK/T4102/HERON\n")
    }),
    recipe("oth-word", "a code word that a line end cuts in two", USA, &WORDS, |text| contact(&text, FIVE_EYES, "RMKS/glass\norchard is delayed\n")),
];

fn swapped(text: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    String::from_utf8_lossy(&text).replacen(from, to, 1).into_bytes()
}

/// The message with the check digit of its latitude one too great.
fn miscounted(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    let at = text.windows(2).position(|pair| pair.first() == Some(&b'N') && pair.last().is_some_and(u8::is_ascii_digit));
    if let Some(digit) = at.and_then(|at| text.get_mut(at.saturating_add(1))) {
        *digit = if *digit == b'9' { b'0' } else { digit.saturating_add(1) };
    }
    text
}

/// A contact at the place and time of the written event.
fn contact(event: &str, class: &str, remarks: &str) -> Vec<u8> {
    let said = |name: &str| event.split_once(&format!(" {name}=\"")).and_then(|(_, rest)| rest.split_once('"')).map_or("", |(value, _)| value);
    let part = |text: &str, range: std::ops::Range<usize>| text.get(range).unwrap_or_default().to_owned();
    let time = said("time");
    let month = part(time, 5..7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?)).copied().unwrap_or("JAN");
    let group = format!("{}{}{}Z", part(time, 8..10), part(time, 11..13), part(time, 14..16));
    let track = said("uid").bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))).checked_rem(9_000).unwrap_or(0);
    let [lat, lon] = [("lat", 2, 'N'), ("lon", 3, 'E')].map(|(name, width, letter)| {
        let (degrees, fraction) = said(name).split_once('.').unwrap_or((said(name), ""));
        let minutes = part(fraction, 0..2).parse::<u32>().ok().and_then(|part| part.checked_rem(60)).unwrap_or(0);
        sealed(&format!("{degrees:0>width$}{minutes:02}{letter}"))
    });
    format!(
        "P {group} {month} {year}\nFM HMS LANTERN\nTO MARITIME HEADQUARTERS\nBT\n{class}\nMSGID/HMS LANTERN/GOLD/{serial:04}/{month}\n\
         CTC/T{serial:04}/UNEQUATED-UNKNOWN///MER//XX////17\nPOS/{dtg}/{month}/{lat}/{lon}/RADAR////231T/12K\n{remarks}ENDAT\nBT\nNNNN\n",
        year = part(time, 2..4),
        serial = track.saturating_add(1_000),
        dtg = sealed(&group),
    )
    .into_bytes()
}

/// A text with the sum of its digits, modulo 10, behind it.
fn sealed(text: &str) -> String {
    let sum: u32 = text.chars().filter_map(|c| c.to_digit(10)).sum();
    format!("{text}{}", sum.checked_rem(10).unwrap_or(0))
}
