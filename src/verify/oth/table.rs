//! Sets as the second half knows them: names and kinds of their columns, and what each may stand under.

/// The months.
pub(super) const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

const MESSAGE: &[&str] = &["oth"];
const CONTACT: &[&str] = &["CTC"];
const SIGHTING: &[&str] = &["POS", "XPOS", "JPOS", "LOB", "XLOB", "JLOB"];
const REMARK: &[&str] = &["CTC", "POS", "XPOS", "JPOS", "LOB", "XLOB", "JLOB"];

/// The sets under which a set may stand; none for what is no set.
pub(super) fn parents(set: &str) -> Option<&'static [&'static str]> {
    Some(match set {
        "MSGID" | "SEC" | "ADDEE" | "ENDAT" | "NARR" | "WEX" | "WHSKY" => MESSAGE,
        "CTC" | "DEL" | "DPOS" | "DLOB" | "DXPOS" | "DXLOB" | "MRG" => MESSAGE,
        "POS" | "XPOS" | "JPOS" | "LOB" | "XLOB" | "JLOB" => CONTACT,
        "GOB" | "UIC" | "PAIR" | "PCRFT" | "RIG" | "ARR" | "DEP" | "DES" => CONTACT,
        "RADB" | "EOB" | "SIGNA" | "MODEG" | "PRSNL" | "EQPT" | "POW" | "REFUG" | "ENGAG" => SIGHTING,
        "RMKS" => REMARK,
        "SIGAM" => &["SIGNA"],
        "WUNIT" => &["WHSKY"],
        _ => return None,
    })
}

/// Whether a set holds free text.
pub(super) fn is_text(set: &str) -> bool {
    matches!(set, "NARR" | "RMKS" | "SIGAM")
}

/// The columns of a set, in order, each with its kind; a column without a kind is plain text.
pub(super) fn columns(set: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let line = match set {
        "MSGID" => "command identifier serial month:month operation qualifier qualifierSerial",
        "ADDEE" => "address1 address2 address3 address4 address5 address6 address7 address8 address9",
        "ENDAT" => "derivation downgrade exempt",
        "WEX" => "dtg:moment month:month lat:lat lon:lon radius windDirection:bearing windSpeed:speed weather seaState duration temperature",
        "WHSKY" => "name cells cellSize pimCell remarks",
        "WUNIT" => "name cells",
        "DEL" => "track command uid",
        "DPOS" => "track dtg:moment month:month lat:lat lon:lon sensor source command uid",
        "DLOB" => "track dtg:moment month:month lat:lat lon:lon bearing:bearing sensor command uid",
        "DXPOS" => "command track uid time:time place:place sensor axis:bearing semiMajor semiMinor source",
        "DXLOB" => "command track uid time:time place:place bearing:bearing sensor halfWidth range source",
        "MRG" => "track into command intoCommand uid intoUid",
        "CTC" => {
            "track name trademark type category pennant flag sconum selectiveId alert force systemTrack trackType averageSpeed:knots averageTime \
             discreteId uid ircs suspicion voiceCallSign"
        }
        "POS" => {
            "dtg:moment month:month lat:lat lon:lon sensor axis:bearing semiMajor semiMinor course:bearing speed:speed altitude frequency source \
             contact units"
        }
        "JPOS" => "dtg:moment month:month lat:latsec lon:lonsec sensor axis:bearing semiMajor semiMinor course:bearing speed:speed frequency source",
        "XPOS" => {
            "time:time place:place sensor axis:bearing semiMajor semiMinor course:bearing speed:speed altitude depth frequency source contact \
             photos units"
        }
        "LOB" => "dtg:moment month:month lat:lat lon:lon bearing:bearing sensor halfWidth range frequency source",
        "JLOB" => "dtg:moment month:month lat:latsec lon:lonsec bearing:bearing sensor halfWidth range frequency source",
        "XLOB" => "time:time place:place bearing:bearing sensor halfWidth range frequency source",
        "RADB" => "dtg:moment month:month elnot emitter frequency pulseInterval pulseFrequency pulseWidth scanRate scanType",
        "EOB" => "pin developmental",
        "SIGNA" => "source frequency harmonics rpm turnsPerKnot dtg:moment month:month sensor status",
        "MODEG" => "operating propulsion depth measured means",
        "PRSNL" => "dtg:moment month:month allocated assigned killed missing captured wounded ambulatory transportable untransportable",
        "EQPT" => "dtg:moment month:month name allocated assigned failed diminished lost",
        "POW" => "dtg:moment month:month count",
        "REFUG" => "dtg:moment month:month count country subgroup",
        "ENGAG" => "dtg:moment month:month level uid",
        "GOB" => "equipment target quantity designator",
        "UIC" => "code",
        "PAIR" => "command1 track1 command2 track2 command3 track3 command4 track4 command5 track5 command6 track6",
        "PCRFT" => "colour brand length",
        "RIG" => "appearance profile stern uprights tonnage length comments",
        "ARR" | "DEP" | "DES" => "port country dtg:moment month:month cargo1 cargo2 cargo3 cargo4",
        _ => "",
    };
    line.split_ascii_whitespace().map(|column| column.split_once(':').unwrap_or((column, "")))
}
