//! Messages of the other formats, from templates that are filled with fresh ids and the time of the draft: three of each, one that passes
//! and two that must not, or not whole.

use super::super::{Dice, Draft, Expected, Recipe, whole};
use crate::base::{Reason, Time};

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

macro_rules! forms {
    ($($name:literal, $says:literal, $from:literal, $to:literal, $expected:expr, $template:expr, $changes:expr;)*) => {
        pub(super) static RECIPES: &[Recipe] = &[$({
            static EXPECTED: [Expected; 1] = [$expected];
            Recipe {
                name: $name,
                says: $says,
                from: $from,
                to: &[$to],
                expected: &EXPECTED,
                draft: |draft, dice| fill(draft, dice, $template, &$changes),
                damage: whole,
            }
        },)*];
    };
}

type Template = (&'static str, &'static str);

const NO_CHANGE: [(&str, &str); 0] = [];

const STIX: Template = (
    "application/stix+json",
    r##"{"type":"bundle","id":"bundle--#UUID1#","objects":[
{"type":"indicator","spec_version":"2.1","id":"indicator--#UUID2#","created":"#FINE#","modified":"#FINE#","object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],"name":"Callback host","pattern":"[ipv4-addr:value = '198.51.100.#OCTET#']","pattern_type":"stix","valid_from":"#TIME#"},
{"type":"report","spec_version":"2.1","id":"report--#UUID3#","created":"#FINE#","modified":"#FINE#","object_marking_refs":["marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"],"name":"Week in review","published":"#TIME#","object_refs":["indicator--#UUID2#"]}
]}
"##,
);

const MISP: Template = (
    "application/misp+json",
    r##"{"Event":{"uuid":"#UUID1#","info":"Phishing against harbour pilots","date":"#DATE#","timestamp":"#SECONDS#","distribution":"3","event_creator_email":"analyst@harbour.example","Tag":[{"name":"tlp:green"}],"Attribute":[
{"uuid":"#UUID2#","type":"ip-dst","category":"Network activity","value":"198.51.100.#OCTET#","distribution":"5","timestamp":"#SECONDS#","to_ids":true},
{"uuid":"#UUID3#","type":"domain","category":"Network activity","value":"quay-#NUMBER#.example","distribution":"5","timestamp":"#SECONDS#","to_ids":true}
]}}
"##,
);

const MAIL: Template = (
    "message/rfc822",
    r##"Date: #DAY# #NAME# #CENTURY##YEAR# #CLOCK# +0000
From: Duty Officer <duty.officer@ops.example.gbr>
To: Watch <watch@ops.example.usa>
Bcc: archive@ops.example.gbr
Message-ID: <GEN-#NUMBER#-#OCTET#@ops.example.gbr>
Subject: Convoy
MMHS-Primary-Precedence: immediate
MMHS-Message-Type: operation
SIO-Label: type=":xml";
 label*0="PHM6b3JpZ2luYXRvckNvbmZpZGVudGlhbGl0eUxhYmVsIHhtbG5zOnM9InVy";
 label*1="bjpuYXRvOnN0YW5hZzo0Nzc0OmNvbmZpZGVudGlhbGl0eW1ldGFkYXRhbGFi";
 label*2="ZWw6MTowIiBSZXZpZXdEYXRlVGltZT0iMjAzMS0wMS0wMVQwMDowMDowMFoi";
 label*3="PjxzOkNvbmZpZGVudGlhbGl0eUluZm9ybWF0aW9uPjxzOlBvbGljeUlkZW50";
 label*4="aWZpZXI+R0JSPC9zOlBvbGljeUlkZW50aWZpZXI+PHM6Q2xhc3NpZmljYXRp";
 label*5="b24+U0VDUkVUPC9zOkNsYXNzaWZpY2F0aW9uPjxzOkNhdGVnb3J5IFRhZ05h";
 label*6="bWU9IlJlbGVhc2FibGUgVG8iIFR5cGU9IlBFUk1JU1NJVkUiPjxzOkdlbmVy";
 label*7="aWNWYWx1ZT5BVVM8L3M6R2VuZXJpY1ZhbHVlPjxzOkdlbmVyaWNWYWx1ZT5D";
 label*8="QU48L3M6R2VuZXJpY1ZhbHVlPjxzOkdlbmVyaWNWYWx1ZT5HQlI8L3M6R2Vu";
 label*9="ZXJpY1ZhbHVlPjxzOkdlbmVyaWNWYWx1ZT5OWkw8L3M6R2VuZXJpY1ZhbHVl";
 label*10="PjxzOkdlbmVyaWNWYWx1ZT5VU0E8L3M6R2VuZXJpY1ZhbHVlPjwvczpDYXRl";
 label*11="Z29yeT48L3M6Q29uZmlkZW50aWFsaXR5SW5mb3JtYXRpb24+PHM6Q3JlYXRp";
 label*12="b25EYXRlVGltZT4yMDI2LTAzLTAxVDEwOjAwOjAwWjwvczpDcmVhdGlvbkRh";
 label*13="dGVUaW1lPjwvczpvcmlnaW5hdG9yQ29uZmlkZW50aWFsaXR5TGFiZWw+"
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii

The convoy left at noon.
"##,
);

const MTF: Template = (
    "text/x-mtf",
    r##"PTTSZYUW RAABBCC0012 0601155-SSSS--RDDEEFF.
ZNY SSSSS
P #GROUP# #MONTH# #YEAR#
FM CJTF NORTH
TO CTG NORTH
INFO HQ NORTH
BT
N A T O  S E C R E T
SIC ABC
OPER/QUIET HARBOUR//
MSGID/INTREP/CJTF NORTH/#NUMBER#/#MONTH#//
DTG/#GROUP##MONTH##YEAR#//
LOCATION/REAL/AREA/NORTH COAST//
GENTEXT/SITUATION/1. (NU) THE WEATHER IS GOOD.
2. (NS) THE COLUMN HALTED AT NOON//
POC/J DOE/CAPT/CJTF NORTH/TEL:555-0100//
BT
#0012
NNNN
"##,
);

const NFFI: Template = (
    "application/nffi+xml",
    r##"<NFFIMessage xmlns="urn:nato:fft:protocols:nffi13">
  <track>
    <positionalData secPolicyName="NATO" secClassification="RESTRICTED">
      <trackSource><sourceSystem><country>DEU</country><system>FFT-HUB</system><subsystem>gateway 4</subsystem></sourceSystem><transponderId>UNIT-#NUMBER#</transponderId></trackSource>
      <dateTime>#STAMP#</dateTime>
      <coordinates><latitude accuracy="5">51.47752</latitude><longitude accuracy="5">-0.29514</longitude></coordinates>
    </positionalData>
    <identificationData secPolicyName="NATO" secClassification="SECRET">
      <unitSymbol>SFGPUCI----D---</unitSymbol>
      <unitShortName>1 BN</unitShortName>
    </identificationData>
    <deviceSpecificData secPolicyName="NATO" secClassification="RESTRICTED">
      <alert>true</alert>
    </deviceSpecificData>
  </track>
</NFFIMessage>
"##,
);

/// Gives the draft a message of a template, with some of its texts replaced.
fn fill(draft: &mut Draft, dice: &mut Dice, (media_type, template): Template, changes: &[(&str, &str)]) {
    let [time, ..] = &draft.times;
    let part = |range: std::ops::Range<usize>| time.get(range).unwrap_or_default().to_owned();
    let month = part(5..7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?)).copied().unwrap_or("JAN");
    let (day, clock) = (part(8..10), [part(11..13), part(14..16)].concat());
    let seconds = Time::parse(time).map_or(0, Time::unix_ms).div_euclid(1000);
    let name = month.chars().enumerate().map(|(at, c)| if at == 0 { c } else { c.to_ascii_lowercase() }).collect();
    let fresh = [
        ("#UUID1#", uuid(dice)),
        ("#UUID2#", uuid(dice)),
        ("#UUID3#", uuid(dice)),
        ("#OCTET#", dice.below(250).saturating_add(1).to_string()),
        ("#NUMBER#", dice.below(9_000).saturating_add(1_000).to_string()),
        ("#TIME#", format!("{}Z", part(0..19))),
        ("#FINE#", format!("{}.000Z", part(0..19))),
        ("#SECONDS#", seconds.to_string()),
        ("#DATE#", part(0..10)),
        ("#STAMP#", [part(0..4), part(5..7), day.clone(), clock.clone(), part(17..19)].concat()),
        ("#GROUP#", format!("{day}{clock}Z")),
        ("#DAY#", day),
        ("#MONTH#", month.to_owned()),
        ("#NAME#", name),
        ("#CENTURY#", part(0..2)),
        ("#YEAR#", part(2..4)),
        ("#CLOCK#", part(11..19)),
    ];
    let changed = changes.iter().fold(template.to_owned(), |text, (from, to)| text.replace(from, to));
    let filled = fresh.iter().fold(changed, |text, (mark, value)| text.replace(mark, value));
    // SPEC: RFC 5322, 2.1: lines end in CRLF.
    draft.body = Some(if media_type == MAIL.0 { filled.replace('\n', "\r\n") } else { filled });
    draft.media_type = media_type;
}

/// A UUID of version 4.
fn uuid(dice: &mut Dice) -> String {
    let (high, low) = (dice.roll() & 0xffff_ffff_ffff_0fff | 0x4000, dice.roll() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000);
    let digits = format!("{high:016x}{low:016x}");
    let group = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    [group(0..8), group(8..12), group(12..16), group(16..20), group(20..32)].join("-")
}

forms! {
    "stix-report", "a report with an indicator that the Five Eyes may have", "gbr-ops", "usa-ops", Expected::unchanged("usa-ops"), STIX, NO_CHANGE;
    "stix-red", "an indicator that is for nobody else is withheld, and the rest goes", "gbr-ops", "usa-ops", Expected::sanitised("usa-ops"), STIX,
        [("{\"type\":\"report\"", "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--#UUID3#\",\"created\":\"#FINE#\",\"modified\":\"#FINE#\",\"object_marking_refs\":[\"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1\"],\"pattern\":\"[domain-name:value = 'quay.example']\",\"pattern_type\":\"stix\",\"valid_from\":\"#TIME#\"},\n{\"type\":\"report\"")];
    "stix-unmarked", "an object that nobody has marked", "gbr-ops", "usa-ops", Expected::stopped("usa-ops", Reason::LabelMissing), STIX,
        [("\"object_marking_refs\":[\"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487\"],", "")];
    "misp-event", "an event with indicators, and its author's address", "gbr-ops", "usa-ops", Expected::sanitised("usa-ops"), MISP, NO_CHANGE;
    "misp-own", "an event for our own organisation", "gbr-ops", "usa-ops", Expected::stopped("usa-ops", Reason::FieldsPattern), MISP,
        [("\"distribution\":\"3\"", "\"distribution\":\"0\"")];
    "misp-two-tags", "an event with two levels that differ", "gbr-ops", "usa-ops", Expected::stopped("usa-ops", Reason::LabelDisagree), MISP,
        [("{\"name\":\"tlp:green\"}", "{\"name\":\"tlp:green\"},{\"name\":\"tlp:amber\"}")];
    "mail-letter", "a letter with a blind copy", "gbr-ops", "usa-ops", Expected::sanitised("usa-ops"), MAIL, NO_CHANGE;
    "mail-code-word", "a letter with a code word", "gbr-ops", "usa-ops", Expected::stopped("usa-ops", Reason::ContentWords), MAIL, [("The convoy", "GREYWATER")];
    "mail-nato", "a letter to the Five Eyes that is sent to NATO", "gbr-ops", "nato-hq", Expected::stopped("nato-hq", Reason::ClearancePermissive), MAIL, NO_CHANGE;
    "mtf-report", "a NATO report with a point of contact", "gbr-ops", "nato-hq", Expected::sanitised("nato-hq"), MTF, NO_CHANGE;
    "mtf-lower", "a report whose text is classified below its header", "gbr-ops", "nato-hq", Expected::stopped("nato-hq", Reason::InvalidMtfClassificationText), MTF,
        [("N A T O  S E C R E T", "NATO UNCLASSIFIED")];
    "mtf-portion", "a report with a paragraph that is marked above it", "gbr-ops", "nato-hq", Expected::stopped("nato-hq", Reason::LabelPortionAbove), MTF, [("(NS)", "(CTS)")];
    "nffi-track", "a NATO track with what it says of its device", "gbr-ops", "nato-hq", Expected::sanitised("nato-hq"), NFFI, NO_CHANGE;
    "nffi-unlabelled", "a section without a label beside labelled ones", "nato-hq", "gbr-ops", Expected::stopped("gbr-ops", Reason::InvalidNffiLabel), NFFI,
        [("<identificationData secPolicyName=\"NATO\" secClassification=\"SECRET\">", "<identificationData>")];
    "nffi-level", "a classification that its policy has not", "nato-hq", "gbr-ops", Expected::stopped("gbr-ops", Reason::LabelLevelUnknown), NFFI,
        [("secClassification=\"SECRET\"", "secClassification=\"OFFICIAL\"")];
}
