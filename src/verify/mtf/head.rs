//! The header as the second reader sees it: words and columns.

use crate::verify::second::{Second, Spelling};

/// What later parts must agree with.
#[derive(Debug, Default)]
pub(super) struct Places<'t> {
    /// Whether there is a header.
    pub(super) stand: bool,
    /// Letters of classification.
    letters: Vec<&'t str>,
    /// The level of a first line.
    banner: Option<Level>,
    /// Station and number.
    pub(super) origin: Option<String>,
}

/// Words of a classification, and the letter for them.
pub(super) type Level = (&'static str, char);

impl Places<'_> {
    /// Checks the classification of the text.
    pub(super) fn agree(&self, level: Level) -> Result<(), &'static str> {
        let letters = self.letters.iter().all(|letter| letter.chars().eq([level.1]));
        let banner = self.banner.is_none_or(|banner| banner.1 == level.1);
        if letters && banner { Ok(()) } else { Err("expected one classification in header and text") }
    }
}

/// The level with which a text begins.
pub(super) fn level(text: &str) -> Option<Level> {
    let (scheme, rest) = match text.split_once(' ') {
        Some(("NATO", rest)) => ("NATO", rest),
        Some(("UK", rest)) => ("UK", rest),
        Some(("COSMIC", rest)) => ("COSMIC", rest),
        _ => ("", text),
    };
    let word = |word: &str| rest.strip_prefix(word).is_some_and(|after| after.is_empty() || after.starts_with(' ') || after.starts_with('/'));
    Some(match scheme {
        "COSMIC" if word("TOP SECRET") => ("COSMIC TOP SECRET", 'T'),
        "NATO" if word("CONFIDENTIAL") => ("NATO CONFIDENTIAL", 'C'),
        "NATO" if word("RESTRICTED") => ("NATO RESTRICTED", 'R'),
        "NATO" if word("SECRET") => ("NATO SECRET", 'S'),
        "NATO" if word("UNCLASSIFIED") => ("NATO UNCLASSIFIED", 'U'),
        "NATO" if word("UNCLAS") => ("NATO UNCLAS", 'U'),
        "UK" if word("TOP SECRET") => ("UK TOP SECRET", 'T'),
        "UK" if word("SECRET") => ("UK SECRET", 'S'),
        "UK" if word("OFFICIAL-SENSITIVE") => ("UK OFFICIAL-SENSITIVE", 'R'),
        "UK" if word("OFFICIAL") => ("UK OFFICIAL", 'U'),
        "" if word("TOP SECRET") => ("TOP SECRET", 'T'),
        "" if word("SECRET") => ("SECRET", 'S'),
        "" if word("CONFIDENTIAL") => ("CONFIDENTIAL", 'C'),
        "" if word("RESTRICTED") => ("RESTRICTED", 'R'),
        "" if word("UNCLAS EFTO") => ("UNCLAS EFTO", 'E'),
        "" if word("UNCLASSIFIED") => ("UNCLASSIFIED", 'U'),
        "" if word("UNCLAS") => ("UNCLAS", 'U'),
        "" if word("OFFICIAL-SENSITIVE") => ("OFFICIAL-SENSITIVE", 'R'),
        "" if word("OFFICIAL") => ("OFFICIAL", 'U'),
        _ => return None,
    })
}

/// Runs of three and more single letters are words spaced out.
pub(super) fn close_up(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut run = String::new();
    let flush = |run: &mut String, made: &mut String| {
        let spaced = run.chars().count() < 3;
        for c in run.chars() {
            if spaced && !made.is_empty() {
                made.push(' ');
            }
            made.push(c);
        }
        run.clear();
    };
    for word in text.split(' ') {
        let single = word.len() == 1 && word.chars().all(|c| c.is_ascii_uppercase());
        if single {
            run.push_str(word);
            continue;
        }
        if run.len() > 2 && !made.is_empty() {
            made.push(' ');
        }
        flush(&mut run, &mut made);
        if !word.is_empty() {
            if !made.is_empty() {
                made.push(' ');
            }
            made.push_str(word);
        }
    }
    if run.len() > 2 && !made.is_empty() {
        made.push(' ');
    }
    flush(&mut run, &mut made);
    made
}

/// Marking, file number, and series with its number, of the first line of a text.
pub(super) fn first(line: &str) -> (&str, Option<&str>, Option<&str>) {
    if let Some((marking, file)) = line.strip_suffix("//").and_then(|rest| rest.rsplit_once("//"))
        && file.len() == 6
        && file.strip_prefix('N').is_some_and(digits)
    {
        return (marking.trim_matches(' '), Some(file), None);
    }
    let marking = line.strip_suffix("//").unwrap_or(line).trim_matches(' ');
    let series = |tail: &str| {
        let (name, number) = tail.split_once(' ').unwrap_or((tail, ""));
        let (count, year) = number.split_once('/').unwrap_or((number, ""));
        let named = (5..=12).contains(&name.len()) && name.chars().all(|c| c.is_ascii_uppercase());
        named && (1..=4).contains(&count.len()) && digits(count) && year.len() == 2 && digits(year)
    };
    let before = marking.rfind(' ').and_then(|last| marking.get(..last)).and_then(|head| head.rfind(' '));
    match before.and_then(|at| marking.get(..at).zip(marking.get(at..).map(|tail| tail.trim_start_matches(' ')))) {
        Some((head, tail)) if series(tail) => (head.trim_matches(' '), None, Some(tail)),
        _ => (marking, None, None),
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn capitals(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// A header, line by line.
#[derive(Debug, Default)]
pub(super) struct Header<'t> {
    banner: Option<&'t str>,
    transmission: Option<&'t str>,
    /// Precedence, media, letter, content, station, number, filed, then the addressees.
    routing: Option<([&'t str; 7], Vec<&'t str>)>,
    calling: Option<&'t str>,
    security: Option<[&'t str; 3]>,
    time: [&'t str; 4],
    from: &'t str,
    lists: [Vec<&'t str>; 3],
    accounting: Option<&'t str>,
}

impl<'t> Header<'t> {
    /// The number of the routing line.
    pub(super) fn number(&self) -> Option<&'t str> {
        self.routing.as_ref().map(|(columns, _)| columns[5])
    }

    /// The marking above the header.
    pub(super) fn banner(&self) -> Option<&'t str> {
        self.banner
    }

    /// Writes the header into the tree; gives what the text must agree with.
    pub(super) fn emit(self, tree: &mut Second<'t>) -> Places<'t> {
        let mut places = Places { stand: true, banner: self.banner.and_then(level), ..Places::default() };
        tree.open("", "header");
        self.banner.into_iter().for_each(|text| super::leaf(tree, "banner", text));
        self.transmission.into_iter().for_each(|text| super::leaf(tree, "transmission", text));
        if let Some((columns, to)) = self.routing {
            places.letters.push(columns[2]);
            places.origin = Some([columns[4], columns[5]].concat());
            tree.open("", "routing");
            for (name, value) in ["precedence", "media", "classification", "content", "station", "number", "filed"].into_iter().zip(columns) {
                tree.attribute("", name, value, Spelling::Exact);
            }
            to.into_iter().for_each(|text| super::leaf(tree, "to", text));
            tree.close();
        }
        self.calling.into_iter().for_each(|text| super::leaf(tree, "calling", text));
        if let Some([circuit, letter, signals]) = self.security {
            places.letters.push(letter);
            tree.open("", "security");
            tree.attribute("", "circuit", circuit, Spelling::Exact);
            tree.attribute("", "classification", letter, Spelling::Exact);
            if !signals.is_empty() {
                tree.text(signals, Spelling::Exact);
            }
            tree.close();
        }
        let [action, info, dtg, signals] = self.time;
        tree.open("", "time");
        for (name, value) in [("action", action), ("info", info), ("dtg", dtg)].into_iter().filter(|(_, value)| !value.is_empty()) {
            tree.attribute("", name, value, Spelling::Exact);
        }
        if !signals.is_empty() {
            tree.text(signals, Spelling::Exact);
        }
        tree.close();
        super::leaf(tree, "from", self.from);
        for (name, list) in ["to", "info", "exempt"].into_iter().zip(self.lists) {
            list.into_iter().for_each(|text| super::leaf(tree, name, text));
        }
        self.accounting.into_iter().for_each(|text| super::leaf(tree, "accounting", text));
        tree.close();
        places
    }
}

/// A marking without its name and its `//`.
pub(super) fn banner(line: &str) -> &str {
    let line = line.strip_prefix("CLASSIFICATION: ").unwrap_or(line);
    line.strip_suffix("//").unwrap_or(line).trim_matches(' ')
}

/// Reads the lines above `BT`.
pub(super) fn parse<'t>(lines: &[&'t str]) -> Result<Header<'t>, &'static str> {
    if lines.iter().any(|line| line.len() > 80) {
        return Err("expected header lines of at most 80 columns");
    }
    let mut head = Header::default();
    let mut left: std::collections::VecDeque<&'t str> =
        lines.iter().map(|line| line.trim_start_matches(' ')).filter(|line| !line.is_empty()).collect();
    let marking = |line: &str| level(banner(line)).is_some();
    head.banner = left.pop_front_if(|line| marking(line)).map(banner);
    head.transmission = left.pop_front_if(|line| line.starts_with("VZCZC"));
    if let Some(line) = left.pop_front_if(|line| {
        line.as_bytes().get(8) == Some(&b' ') && line.get(9..).is_some_and(|rest| rest.starts_with('R')) && line.get(..8).is_some_and(capitals)
    }) {
        head.routing = Some(columns(line)?);
    }
    head.calling = left.pop_front_if(|line| line.starts_with("DE ")).and_then(|line| line.get(3..)).map(|text| text.trim_start_matches(' '));
    if let Some(line) = left.pop_front_if(|line| line.starts_with("ZNR ") || line.starts_with("ZNY ")) {
        head.security = Some(security(line)?);
    }
    let word = left.pop_front_if(|line| matches!(*line, "ROUTINE" | "PRIORITY" | "IMMEDIATE" | "FLASH"));
    head.time = left.pop_front().and_then(time).ok_or("expected precedence and date-time group")?;
    let routed = head.routing.as_ref().map(|(columns, _)| columns[0]);
    let said = word.map(|word| {
        if word == "FLASH" {
            "Z"
        } else if word == "IMMEDIATE" {
            "O"
        } else {
            word.get(..1).unwrap_or("")
        }
    });
    if routed.into_iter().chain(said).any(|letter| letter != head.time[0]) {
        return Err("expected one precedence");
    }
    if let (Some((columns, _)), Some(security)) = (&head.routing, &head.security)
        && columns[2] != security[1]
    {
        return Err("expected one letter of classification");
    }
    head.from = left.pop_front().and_then(|line| line.strip_prefix("FM ")).map(|text| text.trim_start_matches(' ')).ok_or("expected FM")?;
    for (word, list) in ["TO", "INFO", "XMT"].into_iter().zip(&mut head.lists) {
        addressees(&mut left, word, list)?;
    }
    head.accounting = left.pop_front_if(|line| *line == "GRNC" || line.starts_with("ACCT "));
    if left.is_empty() { Ok(head) } else { Err("expected no other line in the header") }
}

/// Addressees behind a word, as far as no other word of the header stands.
fn addressees<'t>(left: &mut std::collections::VecDeque<&'t str>, word: &str, list: &mut Vec<&'t str>) -> Result<(), &'static str> {
    let behind = |line: &'t str| line.strip_prefix(word).filter(|rest| rest.is_empty() || rest.starts_with(' '));
    if left.front().is_none_or(|line| behind(line).is_none()) {
        return Ok(());
    }
    while let Some(line) = left.pop_front_if(|line| behind(line).is_some() || !means(line)) {
        let address = behind(line).unwrap_or(line).trim_start_matches(' ');
        if means(address) {
            return Err("expected addressees that are no words of the header");
        }
        list.extend(Some(address).filter(|address| !address.is_empty()));
    }
    if list.is_empty() { Err("expected an addressee") } else { Ok(()) }
}

fn means(line: &str) -> bool {
    let word = line.split(' ').next().unwrap_or("");
    super::begins(line) || matches!(word, "TO" | "INFO" | "XMT" | "ACCT" | "GRNC" | "FM" | "BT" | "DE" | "ZNR" | "ZNY") || time(line).is_some()
}

/// The columns of format line 2.
fn columns(line: &str) -> Result<([&str; 7], Vec<&str>), &'static str> {
    let at = |from: usize, to: usize| line.get(from..to).unwrap_or("");
    let letter = at(3, 4);
    let to: Vec<&str> = line.get(35..).map(|rest| rest.strip_suffix('.').unwrap_or(rest)).unwrap_or("").split(' ').collect();
    let indicator = |text: &str| text.len() == 7 && text.starts_with('R') && capitals(text);
    let day: u32 = at(21, 24).parse().unwrap_or(0);
    let checks = [
        "YZOPR".contains(at(0, 1)),
        capitals(at(0, 8)),
        "UERCST".contains(letter),
        at(8, 9) == " " && at(20, 21) == " " && at(28, 29) == "-" && at(33, 35) == "--",
        indicator(at(9, 16)) && digits(at(16, 20)) && digits(at(21, 28)),
        (1..=366).contains(&day) && at(24, 26) < "24" && at(26, 28) < "60",
        at(29, 33).len() == 4 && at(29, 33).chars().all(|c| letter.starts_with(c)),
        to.iter().all(|to| indicator(to)),
    ];
    match checks.iter().all(|good| *good) {
        true => Ok(([at(0, 1), at(1, 3), letter, at(4, 8), at(9, 16), at(16, 20), at(21, 28)], to)),
        false => Err("expected the columns of a routing line"),
    }
}

fn security(line: &str) -> Result<[&str; 3], &'static str> {
    let (circuit, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (five, signals) = rest.split_once(' ').unwrap_or((rest, ""));
    let letter = five.get(..1).unwrap_or("");
    let good = five.len() == 5 && "UERCST".contains(letter) && five.chars().all(|c| letter.starts_with(c));
    if good { Ok([circuit, letter, signals.trim_start_matches(' ')]) } else { Err("expected five letters of one classification") }
}

/// Whether a line has precedence and date-time group.
pub(super) fn is_time(line: &str) -> bool {
    time(line).is_some()
}

/// Action, info, date-time group, signals.
fn time(line: &str) -> Option<[&str; 4]> {
    let letter = |text: &str| text.len() == 1 && "YZOPR".contains(text);
    let (action, rest) = line.split_once(' ').filter(|(word, _)| letter(word))?;
    let (info, rest) = rest.split_once(' ').filter(|(word, _)| letter(word)).unwrap_or(("", rest));
    let group = rest.get(..7)?;
    let zone = group.get(6..)?;
    let good = digits(group.get(..6)?) && capitals(zone) && zone != "J" && (1..=31).contains(&group.get(..2)?.parse::<u8>().ok()?);
    let clock = group.get(2..4)? < "24" && group.get(4..6)? < "60";
    let month = rest.get(7..12)?.strip_prefix(' ')?.strip_suffix(' ')?;
    let known = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(' ').any(|known| known == month);
    let year = rest.get(12..)?.split(' ').next()?;
    let whole = rest.get(..12_usize.checked_add(year.len())?)?;
    let signals = rest.get(whole.len()..)?.trim_start_matches(' ');
    (good && clock && known && digits(year) && matches!(year.len(), 2 | 4)).then_some([action, info, whole, signals])
}
