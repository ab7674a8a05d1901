//! Bodies of every format, grown to a size from a head, pieces that are numbered, and a tail, as the formats' own samples have them.

use std::fmt::Write;

/// What a body is grown from.
pub(crate) struct Kind {
    /// The format's name.
    pub(crate) name: &'static str,
    head: &'static str,
    /// The piece of a number.
    piece: fn(&mut String, u32) -> std::fmt::Result,
    /// Between pieces.
    between: &'static str,
    tail: &'static str,
    /// Puts a frame around what was grown.
    frame: fn(String) -> Vec<u8>,
}

impl Kind {
    /// A body of `bytes` bytes at most, but of one piece at least.
    pub(crate) fn body(&self, bytes: usize) -> Vec<u8> {
        let mut body = self.head.to_owned();
        for n in 0.. {
            let before = body.len();
            if n > 0 {
                body.push_str(self.between);
            }
            (self.piece)(&mut body, n).expect("text grows");
            if n > 0 && body.len() + self.tail.len() > bytes {
                body.truncate(before);
                break;
            }
        }
        body.push_str(self.tail);
        (self.frame)(body)
    }
}

/// One kind of body for each format.
pub(crate) const KINDS: [Kind; 8] = [
    Kind { name: "cot", head: COT, piece: link, between: "", tail: "</detail></event>", frame: String::into_bytes },
    Kind { name: "tak", head: "", piece: link, between: "", tail: "", frame: framed },
    Kind { name: "nffi", head: NFFI, piece: track, between: "\n", tail: "</NFFIMessage>\n", frame: String::into_bytes },
    Kind { name: "mtf", head: MTF, piece: sets, between: "", tail: "RMKS/NOTHING FOLLOWS//\n", frame: String::into_bytes },
    Kind { name: "oth", head: OTH, piece: contact, between: "", tail: "ENDAT\n", frame: String::into_bytes },
    Kind { name: "stix", head: STIX, piece: indicator, between: ",", tail: "]}", frame: String::into_bytes },
    Kind { name: "misp", head: MISP, piece: attribute, between: ",", tail: "]}}", frame: String::into_bytes },
    Kind { name: "mail", head: MAIL, piece: line, between: "", tail: "Nothing else to report.\r\n", frame: String::into_bytes },
];

const COT: &str = "<event version=\"2.0\" uid=\"GBR-TRK-0001\" type=\"u-d-f\" how=\"h-e\" time=\"2026-03-01T10:00:00Z\" \
                   start=\"2026-03-01T10:00:00Z\" stale=\"2026-03-01T10:05:00Z\">\
                   <point lat=\"51.4775\" lon=\"-0.0014\" hae=\"46.2\" ce=\"4.9\" le=\"9999999.0\"/><detail>";
const NFFI: &str = "<NFFIMessage xmlns=\"urn:nato:fft:protocols:nffi13\">";
const MTF: &str = "NATO SECRET\nMSGID/INTREP/CJTF NORTH/0044/MAR//\n";
const OTH: &str = "MSGID/-/GOLD/0025/MAR\n";
const STIX: &str = "{\"type\":\"bundle\",\"id\":\"bundle--5d0092c5-5f74-4287-9642-33f4c354e5ff\",\"objects\":[";
const MISP: &str = "{\"Event\":{\"uuid\":\"a1b2c3d4-0000-4000-8000-000000000010\",\"info\":\"Phishing against harbour pilots\",\
                    \"date\":\"2026-01-02\",\"timestamp\":\"1767312000\",\"distribution\":\"3\",\"Attribute\":[";
const MAIL: &str = "Date: Sun, 1 Mar 2026 11:00:00 +0000\r\nFrom: duty.officer@ops.example.gbr\r\nTo: watch@ops.example.usa\r\n\
                    Message-ID: <20260301.1@ops.example.gbr>\r\nSubject: Convoy\r\n\r\n";

fn link(out: &mut String, n: u32) -> std::fmt::Result {
    write!(out, "<link uid=\"drawing-{n:08}\" type=\"b-m-p-c\" point=\"51.4{:04},-0.2{:04}\" relation=\"c\"/>", n % 10_000, n * 7 % 10_000)
}

fn track(out: &mut String, n: u32) -> std::fmt::Result {
    write!(
        out,
        "<track><positionalData secPolicyName=\"NATO\" secClassification=\"RESTRICTED\"><trackSource><sourceSystem><country>GBR</country>\
         <system>BRIGADE-C2</system></sourceSystem><transponderId>UNIT-{n}</transponderId></trackSource><dateTime>20260301120000</dateTime>\
         <coordinates><latitude>51.{:04}</latitude><longitude>-0.2951</longitude></coordinates></positionalData>\
         <identificationData secPolicyName=\"NATO\" secClassification=\"RESTRICTED\"><unitSymbol>SFGPUCI----D---</unitSymbol>\
         <unitShortName>{n} BN</unitShortName></identificationData></track>",
        n % 10_000
    )
}

fn sets(out: &mut String, n: u32) -> std::fmt::Result {
    write!(
        out,
        "GENTEXT/SITUATION/{n}. THE COLUMN HALTED NORTH OF THE RIVER AT NOON.\nTHE ROADS ARE DRY AND THE BRIDGES STAND//\n\
         TIMEFRAM/FROM:010600ZMAR2026/TO:020600ZMAR2026/ASOF:020700ZMAR2026//\n\
         1FWPNS\n/CODE  /TITLE       /ON-HAND/SVC\n/AK{:04}/AM-HOW-105  /   1500/  1450\n/AK4321/AM-AT-75    /    200//\n",
        n % 10_000
    )
}

fn contact(out: &mut String, n: u32) -> std::fmt::Result {
    let n = n % 10_000;
    write!(out, "CTC/T{n:04}/UNEQUATED-LARK {n}///MER//FR////30///0010\nPOS/141205Z3/MAR/4101N6/00158W4/////040T/0001K/ALT000\n")
}

fn indicator(out: &mut String, n: u32) -> std::fmt::Result {
    write!(
        out,
        "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--5d0092c5-5f74-4287-9642-{n:012x}\",\
         \"created\":\"2026-03-01T10:00:00.000Z\",\"modified\":\"2026-03-01T10:00:00.000Z\",\"name\":\"Callback host {n}\",\
         \"indicator_types\":[\"malicious-activity\",\"anomalous-activity\"],\"pattern\":\"[domain-name:value = 'update{n}.example.net']\",\
         \"pattern_type\":\"stix\",\"valid_from\":\"2026-03-01T10:00:00Z\",\"description\":\"Seen in three networks.\",\
         \"object_marking_refs\":[\"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9\"]}}"
    )
}

fn attribute(out: &mut String, n: u32) -> std::fmt::Result {
    write!(
        out,
        "{{\"uuid\":\"a1b2c3d4-0000-4000-8000-{:012x}\",\"type\":\"domain\",\"category\":\"Network activity\",\"value\":\"quay{n}.example\",\
         \"distribution\":\"5\",\"timestamp\":\"1767225600\",\"to_ids\":true,\"comment\":\"seen\",\"Tag\":[{{\"name\":\"tlp:green\"}}]}}",
        n + 0x100
    )
}

fn line(out: &mut String, n: u32) -> std::fmt::Result {
    write!(out, "{n:06} Convoy of four vehicles moved north along the river road, halted near a bridge.\r\n")
}

/// A stream frame around an event whose `detail` holds the XML.
fn framed(xml: String) -> Vec<u8> {
    let detail = field(1, xml.as_bytes());
    let mut event: Vec<u8> = [(1, "u-d-f"), (5, "GBR-TRK-0001")].iter().flat_map(|(number, text)| field(*number, text.as_bytes())).collect();
    for (number, ms) in [(6, 1_772_359_200_000_u64), (7, 1_772_359_200_000), (8, 1_772_359_500_000)] {
        event.extend(varint(number << 3).into_iter().chain(varint(ms)));
    }
    event.extend(field(9, b"h-e"));
    for (number, value) in [(10, 51.4775_f64), (11, -0.0014), (12, 46.2), (13, 4.9), (14, 9_999_999.0)] {
        event.extend(varint(number << 3 | 1).into_iter().chain(value.to_le_bytes()));
    }
    event.extend(field(15, &detail));
    let message = field(2, &event);
    [vec![0xbf], varint(u64::try_from(message.len()).expect("a small number")), message].concat()
}

fn field(number: u64, bytes: &[u8]) -> Vec<u8> {
    [varint(number << 3 | 2), varint(u64::try_from(bytes.len()).expect("a small number")), bytes.to_vec()].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(u8::try_from(value & 0x7f | 0x80).expect("a byte"));
        value >>= 7;
    }
    bytes.push(u8::try_from(value).expect("a byte"));
    bytes
}
