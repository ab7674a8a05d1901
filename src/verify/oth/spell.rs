//! Values and bytes: what the second half makes of each field, and its own writer of whole messages.

use super::super::second::{Part, Second, Sort};
use super::COLUMNS_MAX;
use super::table::{MONTHS, columns, is_text};

/// The check digit behind a text: the last digit of the sum of its digits.
pub(super) fn check_digit(text: &str) -> String {
    let sum: u32 = text.chars().filter_map(|c| c.to_digit(10)).sum();
    let mut spelt = sum.to_string();
    spelt.split_off(spelt.len().saturating_sub(1))
}

/// A time as RFC 3339 has it, from `DDhhmm[ss]`, month and two figures of the year.
pub(super) fn clock(digits: &str, month: &str, year: &str) -> Option<String> {
    if !matches!(digits.len(), 6 | 8) || year.len() != 2 || !digits.chars().chain(year.chars()).all(|c| c.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| digits.get(range).and_then(|two| two.parse::<u32>().ok());
    let (day, hour, minute) = (number(0..2)?, number(2..4)?, number(4..6)?);
    let second = if digits.len() == 8 { number(6..8)? } else { 0 };
    let place = MONTHS.iter().position(|known| *known == month)?;
    let leap = year.parse::<u32>().ok()?.checked_rem(4)? == 0;
    let days = match place {
        1 if leap => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    };
    let fits = (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60;
    fits.then(|| format!("20{year}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z", place.saturating_add(1)))
}

/// Decimal degrees from `d..dmm[ss]Hc`; `figures` before the hemisphere tell minutes (4, 5) from seconds (6, 7).
pub(super) fn angle(field: &str, hemispheres: &str, figures: usize) -> Result<String, &'static str> {
    let (digits, tail) = field.split_at_checked(figures).ok_or("expected degrees and minutes")?;
    let before = field.get(..figures.saturating_add(1)).ok_or("expected a hemisphere")?;
    let letter = tail.chars().next().filter(|letter| hemispheres.contains(*letter)).ok_or("expected a hemisphere")?;
    if tail.get(1..) != Some(check_digit(before).as_str()) || !digits.chars().all(|c| c.is_ascii_digit()) {
        return Err("expected a check digit that is right");
    }
    let width = if hemispheres == "NS" { 2 } else { 3 };
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok());
    let whole = number(digits.get(..width)).ok_or("expected degrees")?;
    let minutes = number(digits.get(width..width.saturating_add(2))).ok_or("expected minutes")?;
    let seconds = number(digits.get(width.saturating_add(2)..).filter(|rest| !rest.is_empty()));
    let limit = if width == 2 { 90 } else { 180 };
    let part = minutes.saturating_mul(60).saturating_add(seconds.unwrap_or(0));
    if minutes > 59 || seconds > Some(59) || whole.saturating_mul(3_600).saturating_add(part) > 3_600_u64.saturating_mul(limit) {
        return Err("expected an angle within its range");
    }
    let sign = if "SW".contains(letter) && (whole, part) != (0, 0) { "-" } else { "" };
    Ok(format!("{sign}{}", decimal(whole, part, seconds.is_some()).ok_or("expected an angle")?))
}

/// Degrees and 3,600ths of a degree as a decimal: 4 places, or 6 where seconds are meant; without zeros at its end.
fn decimal(whole: u64, part: u64, seconds: bool) -> Option<String> {
    let (places, scale) = if seconds { (6, 1_000_000_u64) } else { (4, 10_000) };
    // Twice the value plus one half, so that the division rounds to the nearest.
    let rounded = part.checked_mul(scale)?.checked_mul(2)?.checked_add(3_600)?.checked_div(7_200)?;
    let digits = format!("{rounded:0places$}");
    let digits = digits.trim_end_matches('0');
    Some(if digits.is_empty() { whole.to_string() } else { format!("{whole}.{digits}") })
}

/// Degrees of a bearing such as `032T` or `031.5T`.
pub(super) fn degrees_true(field: &str) -> Option<String> {
    let number = field.strip_suffix('T')?;
    let (whole, tenth) = number.split_once('.').unwrap_or((number, ""));
    let value: u32 = whole.parse().ok().filter(|_| whole.len() == 3 && whole.chars().all(|c| c.is_ascii_digit()))?;
    let fits = value < 360 || (value == 360 && matches!(tenth, "" | "0"));
    let form = if number.contains('.') { tenth.len() == 1 && tenth.chars().all(|c| c.is_ascii_digit()) } else { true };
    (fits && form).then(|| with_tenth(value, tenth))
}

/// Knots of a number such as `0012` or `17.5`.
pub(super) fn knots(number: &str) -> Option<String> {
    let (whole, tenth) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let form = (1..=4).contains(&whole.len()) && digits(whole) && (!number.contains('.') || (tenth.len() == 1 && digits(tenth)));
    if form { whole.parse().ok().map(|value| with_tenth(value, tenth)) } else { None }
}

fn with_tenth(value: u32, tenth: &str) -> String {
    if matches!(tenth, "" | "0") { value.to_string() } else { format!("{value}.{tenth}") }
}

/// The bytes of a message.
pub(super) fn write(tree: &Second<'_>) -> Result<Vec<u8>, &'static str> {
    let root = tree.root().ok_or("expected a message")?;
    let mut out = String::new();
    let mut headed = false;
    for child in root.children() {
        if child.name().1 == "header" {
            headed = true;
            header(child, &mut out)?;
        } else {
            set(child, &mut out)?;
        }
    }
    if headed {
        out.push_str("BT\nNNNN\n");
    }
    Ok(out.into_bytes())
}

fn header(part: Part<'_, '_>, out: &mut String) -> Result<(), &'static str> {
    if let Some((circuit, letter)) = part.said("circuit").zip(part.said("letter")) {
        out.push_str(&format!("{circuit} {letter}{letter}{letter}{letter}{letter}\n"));
    }
    let (day_and_clock, second, month, year) = group(part.said("time").ok_or("expected a time")?).ok_or("expected a time of this century")?;
    if second != "00" {
        return Err("expected a whole minute");
    }
    out.push_str(&format!("{} {day_and_clock}Z {month} {year}\n", part.said("precedence").ok_or("expected a precedence")?));
    let mut last = "";
    for element in part.content() {
        let name = element.name().1;
        match name {
            _ if name == last => {}
            "from" => out.push_str("FM "),
            "to" => out.push_str("TO "),
            "info" => out.push_str("INFO "),
            _ => out.push_str("BT\n"),
        }
        last = name;
        out.push_str(element.whole_text().ok_or("expected words in the header")?);
        out.push('\n');
    }
    Ok(())
}

/// `DDhhmm`, `ss`, month and year of a time.
fn group(time: &str) -> Option<(String, &str, &'static str, &str)> {
    let part = |range: std::ops::Range<usize>| time.get(range);
    let month = part(5..7)?.parse::<usize>().ok()?;
    let clock = format!("{}{}{}", part(8..10)?, part(11..13)?, part(14..16)?);
    let month = *MONTHS.get(month.checked_sub(1)?)?;
    Some((clock, part(17..19)?, month, part(2..4)?)).filter(|_| time.len() == 20 && time.starts_with("20"))
}

fn set(part: Part<'_, '_>, out: &mut String) -> Result<(), &'static str> {
    let name = part.name().1;
    if is_text(name) || name == "SEC" {
        let text = part.content().find(|child| child.node.sort == Sort::Text).ok_or("expected a text")?.value();
        let text = if name == "SEC" { text.replacen("//", "/", 1) } else { text.to_owned() };
        out.push_str(&format!("{name}/{text}\n"));
    } else {
        fields(part, name, out)?;
    }
    part.content().filter(|child| child.is_element()).try_for_each(|child| set(child, out))
}

fn fields(part: Part<'_, '_>, name: &str, out: &mut String) -> Result<(), &'static str> {
    let mut all: Vec<String> = Vec::new();
    for (column, kind) in columns(name) {
        let value = part.said(column);
        match (kind, value) {
            ("time", Some(time)) => {
                let (clock, second, month, year) = group(time).ok_or("expected a time of this century")?;
                let clock = if second == "00" { format!("{clock}Z") } else { format!("{clock}{second}Z") };
                all.push(format!("{clock}{}", check_digit(&clock)));
                all.push(format!("{month}{year}"));
            }
            ("time", None) => all.extend([String::new(), String::new()]),
            ("place", _) => match part.said("lat").zip(part.said("lon")) {
                Some((lat, lon)) => all.push(format!("LL:{}-{}", letters(lat, "NS", true)?, letters(lon, "EW", true)?)),
                None => all.push(String::new()),
            },
            (_, None) => all.push(String::new()),
            (_, Some(value)) => all.push(spelt(kind, value, name)?),
        }
    }
    while all.last().is_some_and(String::is_empty) {
        all.pop();
    }
    let mut column = name.len();
    out.push_str(name);
    for field in all {
        let next = column.saturating_add(field.len()).saturating_add(1);
        column = if next > COLUMNS_MAX {
            out.push('\n');
            field.len().saturating_add(1)
        } else {
            next
        };
        out.push('/');
        out.push_str(&field);
    }
    out.push('\n');
    Ok(())
}

fn spelt(kind: &str, value: &str, set: &str) -> Result<String, &'static str> {
    Ok(match kind {
        "moment" => format!("{value}{}", check_digit(value)),
        "lat" => letters(value, "NS", false)?,
        "lon" => letters(value, "EW", false)?,
        "latsec" => letters(value, "NS", true)?,
        "lonsec" => letters(value, "EW", true)?,
        "bearing" => match value.find('.').unwrap_or(value.len()) {
            1 => format!("00{value}T"),
            2 => format!("0{value}T"),
            _ => format!("{value}T"),
        },
        "speed" if set == "XPOS" => format!("{value}KTS"),
        "speed" => format!("{value}K"),
        _ => value.to_owned(),
    })
}

/// An angle in figures, hemisphere and check digit, such that [`angle`] makes the same decimal of it.
fn letters(value: &str, hemispheres: &str, seconds: bool) -> Result<String, &'static str> {
    let expected = "expected an angle that the format can spell";
    let (positive, negative) = hemispheres.split_at(1);
    let (letter, size) = value.strip_prefix('-').map_or((positive, value), |size| (negative, size));
    let (whole, fraction) = size.split_once('.').unwrap_or((size, ""));
    let width = if hemispheres == "NS" { 2 } else { 3 };
    let exact: u64 = format!("{fraction:0<6}").parse().map_err(|_| expected)?;
    // The candidate next to the fraction, in minutes or seconds; reading it back decides.
    let (steps, per) = if seconds { (3_600_u64, 1_u64) } else { (60, 60) };
    let near = exact.saturating_mul(steps).saturating_add(500_000).checked_div(1_000_000).ok_or(expected)?;
    let part = near.saturating_mul(per);
    let whole_number: u64 = whole.parse().map_err(|_| expected)?;
    if near >= steps || decimal(whole_number, part, seconds).as_deref() != Some(size) {
        return Err(expected);
    }
    let minutes = part.checked_div(60).ok_or(expected)?;
    let rest = if seconds { format!("{:02}", part.checked_rem(60).ok_or(expected)?) } else { String::new() };
    let figures = format!("{whole_number:0width$}{minutes:02}{rest}{letter}");
    Ok(format!("{figures}{}", check_digit(&figures)))
}
