//! Bytes that no honest system sends: each must be refused whole, for the reason stated, and cost no more than its size.

use super::super::{Dice, Draft, Expected, Recipe, whole};
use crate::base::Reason;

const fn refused(reason: Reason) -> [Expected; 1] {
    [Expected::stopped("usa-ops", reason)]
}

macro_rules! refusals {
    ($($name:literal, $says:literal, $reason:ident, $draft:expr, $damage:expr;)*) => {
        pub(super) static RECIPES: &[Recipe] = &[$({
            static EXPECTED: [Expected; 1] = refused(Reason::$reason);
            Recipe { name: $name, says: $says, from: "gbr-ops", to: &["usa-ops"], expected: &EXPECTED, draft: $draft, damage: $damage }
        },)*];
    };
}

fn marked(draft: &mut Draft, _: &mut Dice) {
    draft.mark("SECRET", "", "GBR USA CAN AUS NZL");
}

/// The text with something before its document element.
fn before(text: &str, what: &str) -> Vec<u8> {
    text.replacen("<event", &format!("{what}<event"), 1).into_bytes()
}

fn laughs(text: &str) -> Vec<u8> {
    let mut doctype = String::from("<!DOCTYPE event [<!ENTITY l0 \"ha\">");
    for level in 1_u32..10 {
        let below = level.saturating_sub(1);
        doctype.push_str(&format!("<!ENTITY l{level} \"{}\">", format!("&l{below};").repeat(10)));
    }
    doctype.push_str("]>\n");
    String::from_utf8_lossy(&before(text, &doctype)).replacen("<remarks>", "<remarks>&l9;", 1).into_bytes()
}

fn swapped(text: &str, from: &str, to: &str) -> Vec<u8> {
    text.replacen(from, to, 1).into_bytes()
}

refusals! {
    "not-a-message", "a page of the web", FormatUnrecognised, marked, |_| b"<!doctype html><title>hello</title>\n".to_vec();
    "json-as-cot", "JSON that claims to be Cursor-on-Target", FormatUnrecognised, marked, |_| br#"{"event":{"version":"2.0"}}"#.to_vec();
    "media-type-false", "a true message with a false media type", FormatMediaType, |draft, dice| {
        marked(draft, dice);
        draft.media_type = "application/json";
    }, whole;
    "utf8-broken", "a byte that is not UTF-8 in a remark", MalformedUtf8, marked, |text| {
        let mut bytes = swapped(&text, "<remarks>", "<remarks>#");
        if let Some(at) = bytes.iter().position(|&byte| byte == b'#').and_then(|at| bytes.get_mut(at)) {
            *at = 0xff;
        }
        bytes
    };
    "encoding-false", "declared as Latin-1", MalformedXmlDeclaration, marked, |text| swapped(&text, "UTF-8", "ISO-8859-1");
    "doctype", "a document type declaration", MalformedXmlDoctype, marked, |text| before(&text, "<!DOCTYPE event SYSTEM \"event.dtd\">\n");
    "billion-laughs", "entities that would grow to gigabytes", MalformedXmlDoctype, marked, |text| laughs(&text);
    "external-entity", "an entity that would read a file of the gateway", MalformedXmlDoctype, marked, |text| {
        let with = before(&text, "<!DOCTYPE event [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n");
        String::from_utf8_lossy(&with).replacen("<remarks>", "<remarks>&x;", 1).into_bytes()
    };
    "entity-unknown", "a reference to an entity that nobody defined", MalformedXmlEntity, marked, |text| swapped(&text, "<remarks>", "<remarks>&nbsp;");
    "instruction", "a processing instruction", MalformedXmlInstruction, marked, |text| before(&text, "<?xml-stylesheet href=\"a.xsl\"?>");
    "cdata-in-detail", "a CDATA section outside text", MalformedXmlCdata, marked, |text| swapped(&text, "<detail>", "<detail><![CDATA[x]]>");
    "attribute-twice", "two values of `uid`", MalformedXmlAttribute, marked, |text| swapped(&text, " type=", " uid=\"OTHER\" type=");
    "control-character", "a character that XML does not allow", MalformedXmlCharacter, marked, |text| swapped(&text, "<remarks>", "<remarks>&#1;");
    "cut-short", "a message whose last end tag is missing", MalformedXmlSyntax, marked, |text| swapped(&text, "</event>", "");
    "cut-in-attribute", "a message that ends in the middle of an attribute", MalformedXmlAttribute, marked, |text| {
        let mut bytes = text.into_bytes();
        bytes.truncate(80);
        bytes
    };
    "two-documents", "a second event behind the first", MalformedXmlTrailing, marked, |text| swapped(&text, "</event>", "</event><event/>");
    "prefix-unbound", "a prefix that is bound to nothing", MalformedXmlNamespace, marked, |text| swapped(&text, "<detail>", "<detail><x:y/>");
    "nested-deeply", "two hundred elements, each within the other", SizeDepth, |draft, dice| {
        marked(draft, dice);
        draft.element(format!("{}{}", "<a>".repeat(200), "</a>".repeat(200)));
    }, whole;
    "latitude-91", "a latitude beyond the pole", InvalidCotRange, |draft, dice| {
        marked(draft, dice);
        draft.point[0] = "91.0".to_owned();
    }, whole;
    "latitude-nan", "a latitude that is not a number", InvalidCotNumber, |draft, dice| {
        marked(draft, dice);
        draft.point[0] = "NaN".to_owned();
    }, whole;
    "height-1e999", "a height that overflows every machine number", InvalidCotNumber, |draft, dice| {
        marked(draft, dice);
        draft.point[2] = "1e999".to_owned();
    }, whole;
    "two-points", "two places at once", InvalidCotRepeated, marked, |text| {
        swapped(&text, "<detail>", r#"<point lat="1" lon="1" hae="0" ce="1" le="1"/><detail>"#)
    };
    "two-contacts", "two contacts, of which other readers keep only one", InvalidCotRepeated, |draft, dice| {
        marked(draft, dice);
        draft.element(r#"<contact callsign="OTHER-1"/>"#);
    }, whole;
    "point-missing", "no place at all", InvalidCotMissing, marked, |text| {
        let start = text.find("<point").unwrap_or(0);
        let end = text.find("<detail>").unwrap_or(start);
        [text.get(..start), text.get(end..)].into_iter().flatten().collect::<String>().into_bytes()
    };
    "version-1", "version 1.0", InvalidCotVersion, marked, |text| swapped(&text, "<event version=\"2.0\"", "<event version=\"1.0\"");
    "type-sentence", "a type that is a sentence", InvalidCotType, |draft, dice| {
        marked(draft, dice);
        draft.kind = "a friendly unit";
    }, whole;
    "uid-empty", "an event without identity", InvalidCotUid, |draft, dice| {
        marked(draft, dice);
        draft.uid.clear();
    }, whole;
    "how-unknown-form", "a how that does not follow its grammar", InvalidCotHow, |draft, dice| {
        marked(draft, dice);
        draft.how = "m g";
    }, whole;
    "time-local", "a time with an offset instead of Z", InvalidCotTime, |draft, dice| {
        marked(draft, dice);
        draft.times[0] = "2026-01-02T03:04:05+01:00".to_owned();
    }, whole;
    "stale-before-start", "stale before it starts", InvalidCotTimeOrder, |draft, dice| {
        marked(draft, dice);
        draft.times[2] = "2020-01-02T03:04:05Z".to_owned();
    }, whole;
    "text-in-event", "text where none belongs", InvalidCotText, marked, |text| swapped(&text, "<detail>", "stray words<detail>");
    "element-unknown", "an element beside point and detail", InvalidCotElement, marked, |text| swapped(&text, "<detail>", "<annex/><detail>");
    "attribute-unknown", "an attribute of event that does not exist", InvalidCotAttribute, |draft, dice| {
        marked(draft, dice);
        draft.attribute("priority", "1");
    }, whole;
}
