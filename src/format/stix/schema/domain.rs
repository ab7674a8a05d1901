//! Domain objects and the relations between objects.
// SPEC: STIX 2.1, 4 (domain objects), 5 (relationship objects).

use super::Type::{Flag, Id, List, Number, Plain, Text, Time, Whole, Word};
use super::common::{ALIASES, CORE, DESCRIPTION, FIRST_SEEN, LAST_SEEN, MARKED, NAME, NAME_MAY, OBJECT_REFS, PHASES, VERSIONED};
use super::{Family, Kind, Property, Shape, may, must};
use crate::normal::Unit;

const WORDS: super::Type = List(&Plain);
const OPINIONS: &[&str] = &["strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"];

macro_rules! kind {
    ($name:literal, $family:ident, $own:ident) => {
        Kind { name: $name, family: Family::$family, shape: Shape { groups: &[CORE, VERSIONED, MARKED, $own] } }
    };
}

/// Domain objects and relations.
pub(super) const KINDS: &[Kind] = &[
    kind!("attack-pattern", Domain, ATTACK_PATTERN),
    kind!("campaign", Domain, CAMPAIGN),
    kind!("course-of-action", Domain, NAMED),
    kind!("grouping", Domain, GROUPING),
    kind!("identity", Domain, IDENTITY),
    kind!("incident", Domain, NAMED),
    kind!("indicator", Domain, INDICATOR),
    kind!("infrastructure", Domain, INFRASTRUCTURE),
    kind!("intrusion-set", Domain, INTRUSION_SET),
    kind!("location", Domain, LOCATION),
    kind!("malware", Domain, MALWARE),
    kind!("malware-analysis", Domain, MALWARE_ANALYSIS),
    kind!("note", Domain, NOTE),
    kind!("observed-data", Domain, OBSERVED_DATA),
    kind!("opinion", Domain, OPINION),
    kind!("report", Domain, REPORT),
    kind!("threat-actor", Domain, THREAT_ACTOR),
    kind!("tool", Domain, TOOL),
    kind!("vulnerability", Domain, NAMED),
    kind!("relationship", Relation, RELATIONSHIP),
    kind!("sighting", Relation, SIGHTING),
];

const NAMED: &[Property] = &[NAME, DESCRIPTION];
const ATTACK_PATTERN: &[Property] = &[NAME, DESCRIPTION, ALIASES, PHASES];
const CAMPAIGN: &[Property] = &[NAME, DESCRIPTION, ALIASES, FIRST_SEEN, LAST_SEEN, may("objective", Text)];
const GROUPING: &[Property] = &[NAME_MAY, DESCRIPTION, must("context", Plain), OBJECT_REFS];
const IDENTITY: &[Property] =
    &[NAME, DESCRIPTION, may("roles", List(&Text)), may("identity_class", Plain), may("sectors", WORDS), may("contact_information", Text)];
const INDICATOR: &[Property] = &[
    NAME_MAY,
    DESCRIPTION,
    may("indicator_types", WORDS),
    must("pattern", Text),
    must("pattern_type", Plain),
    may("pattern_version", Plain),
    must("valid_from", Time),
    may("valid_until", Time),
    PHASES,
];
const INFRASTRUCTURE: &[Property] = &[NAME, DESCRIPTION, may("infrastructure_types", WORDS), ALIASES, PHASES, FIRST_SEEN, LAST_SEEN];
const INTRUSION_SET: &[Property] = &[
    NAME,
    DESCRIPTION,
    ALIASES,
    FIRST_SEEN,
    LAST_SEEN,
    may("goals", List(&Text)),
    may("resource_level", Plain),
    may("primary_motivation", Plain),
    may("secondary_motivations", WORDS),
];
const LOCATION: &[Property] = &[
    NAME_MAY,
    DESCRIPTION,
    may("latitude", Number(Unit::Latitude, -90, 90)),
    may("longitude", Number(Unit::Longitude, -180, 180)),
    may("precision", Number(Unit::Metres, 0, 20_100_000)),
    may("region", Plain),
    may("country", Plain),
    may("administrative_area", Text),
    may("city", Text),
    may("street_address", Text),
    may("postal_code", Text),
];
const MALWARE: &[Property] = &[
    NAME_MAY,
    DESCRIPTION,
    may("malware_types", WORDS),
    must("is_family", Flag),
    ALIASES,
    PHASES,
    FIRST_SEEN,
    LAST_SEEN,
    may("operating_system_refs", List(&Id(&["software"]))),
    may("architecture_execution_envs", WORDS),
    may("implementation_languages", WORDS),
    may("capabilities", WORDS),
    may("sample_refs", List(&Id(&["artifact", "file"]))),
];
const MALWARE_ANALYSIS: &[Property] = &[
    must("product", Text),
    may("version", Text),
    may("host_vm_ref", Id(&["software"])),
    may("operating_system_ref", Id(&["software"])),
    may("installed_software_refs", List(&Id(&["software"]))),
    may("configuration_version", Text),
    may("modules", List(&Text)),
    may("analysis_engine_version", Text),
    may("analysis_definition_version", Text),
    may("submitted", Time),
    may("analysis_started", Time),
    may("analysis_ended", Time),
    may("result_name", Text),
    may("result", Plain),
    may("analysis_sco_refs", List(&Id(&[]))),
    may("sample_ref", Id(&["artifact", "file", "network-traffic"])),
];
const NOTE: &[Property] = &[may("abstract", Text), must("content", Text), may("authors", List(&Text)), OBJECT_REFS];
const OBSERVED_DATA: &[Property] = &[must("first_observed", Time), must("last_observed", Time), must("number_observed", Whole(1)), OBJECT_REFS];
const OPINION: &[Property] = &[may("explanation", Text), may("authors", List(&Text)), must("opinion", Word(OPINIONS)), OBJECT_REFS];
const REPORT: &[Property] = &[NAME, DESCRIPTION, may("report_types", WORDS), must("published", Time), OBJECT_REFS];
const THREAT_ACTOR: &[Property] = &[
    NAME,
    DESCRIPTION,
    may("threat_actor_types", WORDS),
    ALIASES,
    FIRST_SEEN,
    LAST_SEEN,
    may("roles", WORDS),
    may("goals", List(&Text)),
    may("sophistication", Plain),
    may("resource_level", Plain),
    may("primary_motivation", Plain),
    may("secondary_motivations", WORDS),
    may("personal_motivations", WORDS),
];
const TOOL: &[Property] = &[NAME, DESCRIPTION, may("tool_types", WORDS), ALIASES, PHASES, may("tool_version", Text)];
const RELATIONSHIP: &[Property] = &[
    must("relationship_type", Plain),
    DESCRIPTION,
    must("source_ref", Id(&[])),
    must("target_ref", Id(&[])),
    may("start_time", Time),
    may("stop_time", Time),
];
const SIGHTING: &[Property] = &[
    DESCRIPTION,
    FIRST_SEEN,
    LAST_SEEN,
    may("count", Whole(0)),
    must("sighting_of_ref", Id(&[])),
    may("observed_data_refs", List(&Id(&["observed-data"]))),
    may("where_sighted_refs", List(&Id(&["identity", "location"]))),
    may("summary", Flag),
];
