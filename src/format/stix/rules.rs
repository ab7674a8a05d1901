//! What the standard says of properties that stand together in one object.

use crate::base::{Reason, Refusal, Span, Time};
use crate::format::syntax::json::{Content, Object};

use super::schema::{Family, Kind};

/// Times of which the second must not lie before the first.
const ORDER: [(&str, &str); 8] = [
    ("created", "modified"),
    ("valid_from", "valid_until"),
    ("first_seen", "last_seen"),
    ("start_time", "stop_time"),
    ("first_observed", "last_observed"),
    ("start", "end"),
    ("analysis_started", "analysis_ended"),
    ("validity_not_before", "validity_not_after"),
];

/// Properties that every observable may have, and that say nothing alone.
const COMMON: [&str; 7] = ["type", "id", "spec_version", "defanged", "object_marking_refs", "granular_markings", "extensions"];

/// Hives of the registry, shortened: one key would have two spellings.
const HIVES: [&str; 5] = ["HKLM", "HKCC", "HKCR", "HKCU", "HKU"];

/// Checks an object whose properties are each as they should be.
///
/// # Errors
/// `invalid.stix.time_order`, `invalid.stix.rule`.
pub(super) fn check(object: &Object<'_>, kind: &Kind, span: Span) -> Result<(), Refusal> {
    for (first, second) in ORDER {
        if let (Some((from, _)), Some((to, place))) = (time(object, first), time(object, second))
            && to < from
        {
            return Err(
                Refusal::at(Reason::InvalidStixTimeOrder, place, format!("expected `{second}` not before `{first}`")).on(format!("/@{second}"))
            );
        }
    }
    match broken(object, kind) {
        Some(rule) => Err(Refusal::at(Reason::InvalidStixRule, span, rule)),
        None => Ok(()),
    }
}

/// The rule of the type that an object breaks.
// SPEC: STIX 2.1, in each type's own section.
fn broken(object: &Object<'_>, kind: &Kind) -> Option<&'static str> {
    let has = |name: &str| object.value(name).is_some();
    let is = |name: &str, flag: bool| object.value(name).is_some_and(|value| value.content == Content::Flag(flag));
    let place = has("latitude") && has("longitude");
    let rules: &[(bool, &str)] = match kind.name {
        "location" => &[
            (!place && !has("region") && !has("country"), "expected a region, a country, or latitude and longitude"),
            (has("latitude") != has("longitude"), "expected latitude and longitude together"),
            (has("precision") && !place, "expected a precision only beside latitude and longitude"),
        ],
        "malware" => &[(is("is_family", true) && !has("name"), "expected a name for a family of malware")],
        "malware-analysis" => &[(!has("result") && !has("analysis_sco_refs"), "expected a result or what the analysis found")],
        "artifact" => &[
            (has("payload_bin") == has("url"), "expected either the payload or where it lies"),
            (has("url") && !has("hashes"), "expected hashes of a payload that lies elsewhere"),
        ],
        "email-message" => &[
            (is("is_multipart", true) && has("body"), "expected `body_multipart` and no `body` in a message of several parts"),
            (is("is_multipart", false) && has("body_multipart"), "expected no `body_multipart` in a message of one part"),
        ],
        "file" => &[(!has("hashes") && !has("name"), "expected hashes or a name")],
        "network-traffic" => &[
            (!has("src_ref") && !has("dst_ref"), "expected a source or a destination"),
            (is("is_active", true) && has("end"), "expected no end of traffic that is active"),
        ],
        "windows-registry-key" => &[(
            object
                .text("key")
                .is_some_and(|key| HIVES.iter().any(|hive| key.split('\\').next().is_some_and(|first| first.eq_ignore_ascii_case(hive)))),
            "expected the hive of a registry key in full",
        )],
        "marking-definition" => &[
            (has("definition_type") != has("definition"), "expected `definition_type` and `definition` together"),
            (has("definition") == has("extensions"), "expected either a definition or one extension"),
            (!defined(object), "expected in `definition` what `definition_type` names, and nothing else"),
            (object.value("extensions").and_then(|all| all.object()).is_some_and(|all| all.members().len() != 1), "expected one extension"),
        ],
        _ => &[],
    };
    let empty = kind.family == Family::Observable && !has("extensions") && object.members().iter().all(|member| COMMON.contains(&&*member.key));
    let bare = empty.then_some("expected at least one property of its type");
    bare.or_else(|| rules.iter().find(|(broken, _)| *broken).map(|(_, rule)| *rule))
}

/// Whether the definition of a marking holds the one member that its type names.
fn defined(object: &Object<'_>) -> bool {
    let Some(definition) = object.value("definition").and_then(|definition| definition.object()) else { return true };
    let members = definition.members();
    members.len() == 1 && members.iter().all(|member| Some(&*member.key) == object.text("definition_type"))
}

/// Checks an object within an object: a reference to something outside, or a granular marking.
///
/// # Errors
/// `invalid.stix.rule`.
pub(super) fn inner(object: &Object<'_>, span: Span) -> Result<(), Refusal> {
    let has = |name: &str| object.value(name).is_some();
    let refuse = |rule| Err(Refusal::at(Reason::InvalidStixRule, span, rule));
    if has("source_name") && !has("description") && !has("url") && !has("external_id") {
        return refuse("expected a description, an address or an id of what lies outside");
    }
    if has("selectors") && has("marking_ref") == has("lang") {
        return refuse("expected either a marking or a language");
    }
    Ok(())
}

fn time(object: &Object<'_>, name: &str) -> Option<(Time, Span)> {
    let value = object.value(name)?;
    let time = match &value.content {
        Content::Time(time) => Some(*time),
        Content::Text(text) => Time::parse(text),
        _ => None,
    };
    time.map(|time| (time, value.span))
}
