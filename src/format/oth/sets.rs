//! The sets of OTH-Gold with their fields in order, and what each set may stand under, as a table.
//!
//! SPEC: OS-OTG as public implementations and messages show it (manual page `formats`); the specification itself is not public.

use super::schema::{Field, Holds, Occurs, Of, Presence, Report, Set, Type};

const fn required(name: &'static str, kind: Type) -> Field {
    Field { name, kind, presence: Presence::Required }
}

const fn optional(name: &'static str, kind: Type) -> Field {
    Field { name, kind, presence: Presence::Optional }
}

const fn any(least: u8, most: u8) -> Type {
    Type::Text { least, most, of: Of::Any }
}

const fn letters(least: u8, most: u8) -> Type {
    Type::Text { least, most, of: Of::Letters }
}

const fn digits(least: u8, most: u8) -> Type {
    Type::Text { least, most, of: Of::Digits }
}

const fn code(least: u8, most: u8) -> Type {
    Type::Text { least, most, of: Of::Alphanumeric }
}

const fn fields(id: &'static str, under: &'static [&'static str], occurs: Occurs, report: Report, fields: &'static [Field]) -> Set {
    Set { id, under, occurs, report, holds: Holds::Fields(fields) }
}

/// A set of a message of contacts, directly under it.
const fn contact(id: &'static str, list: &'static [Field]) -> Set {
    fields(id, &["oth"], Occurs::Many, Report::Contact, list)
}

/// A set about one contact.
const fn about(id: &'static str, occurs: Occurs, list: &'static [Field]) -> Set {
    fields(id, &["CTC"], occurs, Report::Contact, list)
}

/// A set about one position or bearing of a contact.
const fn detail(id: &'static str, occurs: Occurs, list: &'static [Field]) -> Set {
    fields(id, OBSERVED, occurs, Report::Contact, list)
}

/// What observes a contact.
const OBSERVED: &[&str] = &["POS", "LOB", "XPOS", "XLOB", "JPOS", "JLOB"];

const TRACK: Type = code(5, 6);
const COMMAND: Type = any(1, 14);
const IDENTITY: Type = any(1, 24);
const SENSOR: Type = code(2, 6);
const COUNT: Type = digits(1, 4);
const LENGTH: Type = any(3, 9);
const FREQUENCY: Type = any(3, 10);
const PORT: Type = any(1, 18);
const CARGO: Type = letters(3, 3);
const FLAG: Type = letters(2, 2);

/// Fields of several sets as one list: those that stand together in many are written once.
macro_rules! join {
    ($($run:expr),* $(,)?) => {{
        const RUNS: &[&[Field]] = &[$($run),*];
        const JOINED: [Field; count(RUNS)] = joined(RUNS);
        &JOINED
    }};
}

const fn count(mut runs: &[&[Field]]) -> usize {
    let mut count = 0_usize;
    while let [run, others @ ..] = runs {
        count = count.saturating_add(run.len());
        runs = others;
    }
    count
}

const fn joined<const COUNT: usize>(mut runs: &[&[Field]]) -> [Field; COUNT] {
    let mut all = [required("", Type::Moment); COUNT];
    let mut free: &mut [Field] = &mut all;
    while let [run, others @ ..] = runs {
        let (here, after) = free.split_at_mut(run.len());
        here.copy_from_slice(run);
        free = after;
        runs = others;
    }
    all
}

/// When it was.
const WHEN: &[Field] = &[required("dtg", Type::Moment), required("month", Type::Month)];
/// When, to the second, and where, in the extended sets.
const AT_PLACE: &[Field] = &[required("time", Type::Time), required("place", Type::Place)];
/// Where, to a tenth of a minute of arc.
const AT_MINUTES: &[Field] = &[required("lat", Type::LatitudeMinutes), required("lon", Type::LongitudeMinutes)];
/// Where, to a second of arc.
const AT_SECONDS: &[Field] = &[required("lat", Type::LatitudeSeconds), required("lon", Type::LongitudeSeconds)];
/// How well the place is known.
const ELLIPSE: &[Field] = &[optional("axis", Type::Bearing), optional("semiMajor", LENGTH), optional("semiMinor", LENGTH)];
/// Where it goes.
const MOTION: &[Field] = &[optional("course", Type::Bearing), optional("speed", Type::Speed)];
/// What it was heard on, and by whom.
const RECEIVED: &[Field] = &[optional("frequency", FREQUENCY), optional("source", SENSOR)];

/// All sets: first those of the message, then contacts and what is under them, then other reports.
pub(super) static SETS: &[Set] = &[
    fields(
        "MSGID",
        &["oth"],
        Occurs::Once,
        Report::Any,
        &[
            required("command", COMMAND),
            required("identifier", code(3, 9)),
            required("serial", digits(4, 5)),
            required("month", Type::Month),
            optional("operation", any(1, 20)),
            optional("qualifier", letters(3, 3)),
            optional("qualifierSerial", digits(3, 3)),
        ],
    ),
    Set { id: "SEC", under: &["oth"], occurs: Occurs::Once, report: Report::Any, holds: Holds::Marking },
    fields(
        "ADDEE",
        &["oth"],
        Occurs::Many,
        Report::Any,
        &[
            required("address1", any(1, 6)),
            optional("address2", any(1, 6)),
            optional("address3", any(1, 6)),
            optional("address4", any(1, 6)),
            optional("address5", any(1, 6)),
            optional("address6", any(1, 6)),
            optional("address7", any(1, 6)),
            optional("address8", any(1, 6)),
            optional("address9", any(1, 6)),
        ],
    ),
    contact("DEL", &[required("track", TRACK), required("command", COMMAND), optional("uid", IDENTITY)]),
    contact(
        "DLOB",
        join!(
            &[required("track", TRACK)],
            WHEN,
            AT_MINUTES,
            &[required("bearing", Type::Bearing), optional("sensor", SENSOR), required("command", COMMAND), optional("uid", IDENTITY)],
        ),
    ),
    contact(
        "DPOS",
        join!(
            &[required("track", TRACK)],
            WHEN,
            AT_MINUTES,
            &[optional("sensor", SENSOR), optional("source", SENSOR), required("command", COMMAND), optional("uid", IDENTITY)],
        ),
    ),
    contact(
        "DXLOB",
        &[
            required("command", COMMAND),
            required("track", TRACK),
            optional("uid", IDENTITY),
            required("time", Type::Time),
            required("place", Type::Place),
            required("bearing", Type::Bearing),
            optional("sensor", SENSOR),
            optional("halfWidth", any(2, 8)),
            optional("range", any(2, 7)),
            optional("source", SENSOR),
        ],
    ),
    contact(
        "DXPOS",
        join!(
            &[required("command", COMMAND), required("track", TRACK), optional("uid", IDENTITY)],
            AT_PLACE,
            &[optional("sensor", SENSOR)],
            ELLIPSE,
            &[optional("source", SENSOR)],
        ),
    ),
    contact(
        "MRG",
        &[
            required("track", TRACK),
            required("into", TRACK),
            required("command", COMMAND),
            required("intoCommand", COMMAND),
            optional("uid", IDENTITY),
            optional("intoUid", IDENTITY),
        ],
    ),
    contact(
        "CTC",
        &[
            required("track", TRACK),
            required("name", any(3, 38)),
            optional("trademark", any(1, 20)),
            optional("type", code(2, 6)),
            optional("category", letters(3, 3)),
            optional("pennant", code(1, 6)),
            optional("flag", FLAG),
            optional("sconum", code(6, 6)),
            optional("selectiveId", digits(4, 4)),
            optional("alert", letters(2, 3)),
            optional("force", digits(2, 2)),
            optional("systemTrack", code(4, 5)),
            optional("trackType", digits(1, 1)),
            optional("averageSpeed", Type::Knots),
            optional("averageTime", COUNT),
            optional("discreteId", digits(4, 4)),
            optional("uid", IDENTITY),
            optional("ircs", code(4, 8)),
            optional("suspicion", digits(2, 2)),
            optional("voiceCallSign", any(1, 12)),
        ],
    ),
    about(
        "POS",
        Occurs::Many,
        join!(
            WHEN,
            AT_MINUTES,
            &[optional("sensor", SENSOR)],
            ELLIPSE,
            MOTION,
            &[optional("altitude", code(3, 6))],
            RECEIVED,
            &[optional("contact", digits(1, 7)), optional("units", digits(1, 3))],
        ),
    ),
    about(
        "LOB",
        Occurs::Many,
        join!(
            WHEN,
            AT_MINUTES,
            &[required("bearing", Type::Bearing), optional("sensor", SENSOR), optional("halfWidth", any(3, 6)), optional("range", LENGTH)],
            RECEIVED,
        ),
    ),
    about(
        "XPOS",
        Occurs::Many,
        join!(
            AT_PLACE,
            &[optional("sensor", SENSOR)],
            ELLIPSE,
            MOTION,
            &[optional("altitude", any(2, 8)), optional("depth", any(2, 7))],
            RECEIVED,
            &[optional("contact", digits(1, 7)), optional("photos", letters(3, 3)), optional("units", digits(1, 3))],
        ),
    ),
    about(
        "XLOB",
        Occurs::Many,
        join!(
            AT_PLACE,
            &[required("bearing", Type::Bearing), optional("sensor", SENSOR), optional("halfWidth", any(2, 8)), optional("range", any(2, 7))],
            RECEIVED,
        ),
    ),
    about("JPOS", Occurs::Many, join!(WHEN, AT_SECONDS, &[optional("sensor", SENSOR)], ELLIPSE, MOTION, RECEIVED)),
    about(
        "JLOB",
        Occurs::Many,
        join!(
            WHEN,
            AT_SECONDS,
            &[required("bearing", Type::Bearing), optional("sensor", SENSOR), optional("halfWidth", any(3, 6)), optional("range", LENGTH)],
            RECEIVED,
        ),
    ),
    detail(
        "RADB",
        Occurs::Many,
        &[
            required("dtg", Type::Moment),
            required("month", Type::Month),
            optional("elnot", code(5, 5)),
            optional("emitter", any(1, 15)),
            optional("frequency", FREQUENCY),
            optional("pulseInterval", any(1, 11)),
            optional("pulseFrequency", any(1, 11)),
            optional("pulseWidth", any(1, 7)),
            optional("scanRate", any(3, 8)),
            optional("scanType", letters(1, 4)),
        ],
    ),
    detail("EOB", Occurs::Once, &[optional("pin", code(9, 9)), optional("developmental", code(9, 9))]),
    detail(
        "SIGNA",
        Occurs::Many,
        &[
            required("source", any(1, 15)),
            required("frequency", FREQUENCY),
            required("harmonics", any(1, 22)),
            optional("rpm", any(1, 4)),
            optional("turnsPerKnot", any(1, 5)),
            required("dtg", Type::Moment),
            required("month", Type::Month),
            optional("sensor", SENSOR),
            optional("status", any(4, 13)),
        ],
    ),
    Set { id: "SIGAM", under: &["SIGNA"], occurs: Occurs::Many, report: Report::Contact, holds: Holds::Text },
    detail(
        "MODEG",
        Occurs::Once,
        &[
            optional("operating", any(3, 13)),
            optional("propulsion", any(3, 17)),
            optional("depth", code(3, 7)),
            optional("measured", letters(1, 1)),
            optional("means", any(1, 19)),
        ],
    ),
    detail(
        "PRSNL",
        Occurs::Once,
        &[
            required("dtg", Type::Moment),
            required("month", Type::Month),
            optional("allocated", COUNT),
            optional("assigned", COUNT),
            optional("killed", COUNT),
            optional("missing", COUNT),
            optional("captured", COUNT),
            optional("wounded", COUNT),
            optional("ambulatory", COUNT),
            optional("transportable", COUNT),
            optional("untransportable", COUNT),
        ],
    ),
    detail(
        "EQPT",
        Occurs::Many,
        &[
            required("dtg", Type::Moment),
            required("month", Type::Month),
            required("name", any(1, 54)),
            optional("allocated", COUNT),
            optional("assigned", COUNT),
            optional("failed", COUNT),
            optional("diminished", COUNT),
            optional("lost", COUNT),
        ],
    ),
    detail("POW", Occurs::Once, &[required("dtg", Type::Moment), required("month", Type::Month), required("count", COUNT)]),
    detail(
        "REFUG",
        Occurs::Many,
        &[
            required("dtg", Type::Moment),
            required("month", Type::Month),
            required("count", COUNT),
            optional("country", FLAG),
            optional("subgroup", any(1, 20)),
        ],
    ),
    detail(
        "ENGAG",
        Occurs::Many,
        &[required("dtg", Type::Moment), required("month", Type::Month), required("level", letters(2, 2)), optional("uid", IDENTITY)],
    ),
    about(
        "GOB",
        Occurs::Once,
        &[optional("equipment", any(5, 7)), optional("target", any(10, 13)), optional("quantity", digits(1, 2)), optional("designator", any(5, 5))],
    ),
    about("UIC", Occurs::Once, &[required("code", code(6, 6))]),
    about(
        "PAIR",
        Occurs::Once,
        &[
            required("command1", COMMAND),
            required("track1", TRACK),
            required("command2", COMMAND),
            required("track2", TRACK),
            optional("command3", COMMAND),
            optional("track3", TRACK),
            optional("command4", COMMAND),
            optional("track4", TRACK),
            optional("command5", COMMAND),
            optional("track5", TRACK),
            optional("command6", COMMAND),
            optional("track6", TRACK),
        ],
    ),
    about("PCRFT", Occurs::Once, &[optional("colour", letters(3, 6)), optional("brand", any(1, 20)), optional("length", any(2, 9))]),
    about(
        "RIG",
        Occurs::Once,
        &[
            optional("appearance", code(3, 3)),
            optional("profile", any(5, 13)),
            optional("stern", letters(7, 7)),
            optional("uprights", letters(1, 11)),
            optional("tonnage", digits(1, 6)),
            optional("length", code(3, 6)),
            optional("comments", any(1, 13)),
        ],
    ),
    about("ARR", Occurs::Once, JOURNEY),
    about("DEP", Occurs::Once, JOURNEY),
    about("DES", Occurs::Once, JOURNEY),
    Set {
        id: "RMKS",
        under: &["POS", "LOB", "XPOS", "XLOB", "JPOS", "JLOB", "CTC"],
        occurs: Occurs::Many,
        report: Report::Contact,
        holds: Holds::Text,
    },
    Set { id: "NARR", under: &["oth"], occurs: Occurs::Once, report: Report::Opnote, holds: Holds::Text },
    fields(
        "WEX",
        &["oth"],
        Occurs::Once,
        Report::Opnote,
        &[
            optional("dtg", Type::Moment),
            optional("month", Type::Month),
            optional("lat", Type::LatitudeMinutes),
            optional("lon", Type::LongitudeMinutes),
            optional("radius", LENGTH),
            optional("windDirection", Type::Bearing),
            optional("windSpeed", Type::Speed),
            optional("weather", letters(1, 3)),
            optional("seaState", digits(1, 1)),
            optional("duration", digits(1, 1)),
            optional("temperature", any(1, 5)),
        ],
    ),
    fields(
        "WHSKY",
        &["oth"],
        Occurs::Once,
        Report::Whisky,
        &[
            required("name", any(1, 40)),
            required("cells", digits(2, 2)),
            required("cellSize", code(3, 4)),
            required("pimCell", code(3, 4)),
            optional("remarks", any(1, 30)),
        ],
    ),
    fields("WUNIT", &["WHSKY"], Occurs::Many, Report::Whisky, &[required("name", any(1, 26)), required("cells", any(3, 58))]),
    fields(
        "ENDAT",
        &["oth"],
        Occurs::Once,
        Report::Any,
        &[optional("derivation", any(1, 55)), optional("downgrade", any(1, 38)), optional("exempt", code(2, 2))],
    ),
];

const JOURNEY: &[Field] = &[
    required("port", PORT),
    required("country", FLAG),
    optional("dtg", Type::Moment),
    optional("month", Type::Month),
    optional("cargo1", CARGO),
    optional("cargo2", CARGO),
    optional("cargo3", CARGO),
    optional("cargo4", CARGO),
];

#[cfg(test)]
mod tests {
    use super::super::schema::set;
    use super::*;

    /// Every path under which a set may stand.
    fn paths(id: &str) -> Vec<String> {
        if id == "oth" {
            return vec!["/oth".into()];
        }
        let row = set(id).unwrap();
        row.under.iter().flat_map(|parent| paths(parent)).map(|above| format!("{above}/{id}")).collect()
    }

    #[test]
    fn every_set_stands_under_one_that_is_known_and_names_each_field_once() {
        for row in SETS {
            assert!(!paths(row.id).is_empty(), "{}", row.id);
            assert_eq!(SETS.iter().filter(|other| other.id == row.id).count(), 1, "{}", row.id);
            let Holds::Fields(fields) = &row.holds else { continue };
            for field in *fields {
                assert_eq!(fields.iter().filter(|other| other.name == field.name).count(), 1, "{}/@{}", row.id, field.name);
                if let Type::Text { least, most, .. } = field.kind {
                    assert!(0 < least && least <= most && most < 64, "{}/@{}", row.id, field.name);
                }
            }
        }
    }

    #[test]
    fn what_no_rule_may_take_away_is_what_the_table_requires() {
        let mut expected: Vec<String> = ["@precedence", "@time", "from", "to", "classification"].map(|name| format!("/oth/header/{name}")).into();
        expected.extend(["/oth/MSGID".to_owned(), "/oth/ENDAT".to_owned()]);
        for row in SETS {
            let Holds::Fields(fields) = &row.holds else { continue };
            for path in paths(row.id) {
                for field in fields.iter().filter(|field| field.presence == Presence::Required) {
                    let names = if field.kind == Type::Place { vec!["lat", "lon"] } else { vec![field.name] };
                    expected.extend(names.into_iter().map(|name| format!("{path}/@{name}")));
                }
            }
        }
        let covers = |pattern: &str, path: &str| {
            let (one, other) = (pattern.split('/'), path.split('/'));
            one.clone().count() == other.clone().count() && one.zip(other).all(|(one, other)| one == "*" || one == other)
        };
        let required = super::super::FORMAT.required;
        for path in &expected {
            assert!(required.iter().any(|pattern| covers(pattern, path)), "{path} may be taken away");
        }
        for pattern in required {
            assert!(expected.iter().any(|path| covers(pattern, path)), "{pattern} is nothing that the table requires");
        }
    }

    /// A field as the manual writes it: required ones in bold.
    fn spoken(field: &Field) -> String {
        let kind = match field.kind {
            Type::Text { least, most, of } => {
                let count = if least == most { format!("{most}") } else { format!("{least} to {most}") };
                let of = match of {
                    Of::Letters => " letters",
                    Of::Digits => " digits",
                    Of::Alphanumeric => " letters or digits",
                    Of::Any => "",
                };
                format!("{count}{of}")
            }
            Type::Moment => "`DDhhmmZ`".into(),
            Type::Month => "month".into(),
            Type::Time => "time".into(),
            Type::LatitudeMinutes => "degrees north, minutes".into(),
            Type::LongitudeMinutes => "degrees east, minutes".into(),
            Type::LatitudeSeconds => "degrees north, seconds".into(),
            Type::LongitudeSeconds => "degrees east, seconds".into(),
            Type::Place => "`lat` and `lon`, seconds".into(),
            Type::Bearing => "degrees, 0 to 360".into(),
            Type::Speed | Type::Knots => "knots, 0 to 9999".into(),
        };
        match field.presence {
            Presence::Required => format!("**`{}`** ({kind})", field.name),
            Presence::Optional => format!("`{}` ({kind})", field.name),
        }
    }

    #[test]
    fn the_page_of_formats_shows_this_table() {
        let rows = SETS.iter().map(|row| {
            let under: Vec<String> = row.under.iter().map(|parent| format!("`{parent}`")).collect();
            let occurs = match row.occurs {
                Occurs::Once => "once",
                Occurs::Many => "often",
            };
            let holds = match &row.holds {
                Holds::Fields(fields) => fields.iter().map(spoken).collect::<Vec<_>>().join(", "),
                Holds::Text => "free text".into(),
                Holds::Marking => "classification, then words that amplify it, as one text joined by `//`".into(),
            };
            vec![format!("`{}`", row.id), under.join(", "), occurs.to_owned(), holds]
        });
        let table = crate::manual::tests::table(&["set", "under", "stands", "holds"], rows);
        crate::manual::tests::assert_page_holds("formats", &table);
    }
}
