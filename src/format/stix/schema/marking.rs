//! Marking definitions, language contents and extension definitions, and the extensions that marking definitions may have.
// SPEC: STIX 2.1, 7.1 to 7.3; OASIS, TLP 2.0 and ACS 3.0a marking extensions.

use super::Type::{Id, Inner, List, Plain, Text, Time, Translations, Word};
use super::common::{CORE, DESCRIPTION, EXTERNAL_REFERENCE, MARKED, NAME, NAME_MAY, VERSIONED};
use super::{Family, Kind, Property, Shape, Type, may, must};

/// The extension that holds a marking of TLP 2.0.
pub(in crate::format::stix) const TLP_2: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
/// The extension that holds an access control specification.
pub(in crate::format::stix) const ACS: &str = "extension-definition--3a65884d-005a-4290-8335-cb2d778a83ce";

/// Meta objects.
pub(super) const KINDS: &[Kind] = &[
    Kind { name: "marking-definition", family: Family::Meta, shape: Shape { groups: &[CORE, MARKED, DEFINITION] } },
    Kind { name: "language-content", family: Family::Meta, shape: Shape { groups: &[CORE, VERSIONED, MARKED, LANGUAGE] } },
    Kind { name: "extension-definition", family: Family::Meta, shape: Shape { groups: &[CORE, VERSIONED, MARKED, EXTENSION] } },
];

/// Extensions of marking definitions.
pub(super) const EXTENSIONS: &[(&str, Shape)] = &[(TLP_2, TLP_2_SHAPE), (ACS, ACS_SHAPE)];

const WORDS: Type = List(&Plain);
const EXTENDS: Property = must("extension_type", Word(&["property-extension"]));

const DEFINITION: &[Property] = &[
    must("created", Type::Created),
    may("created_by_ref", Id(&["identity"])),
    may("external_references", List(&Inner(&EXTERNAL_REFERENCE))),
    NAME_MAY,
    may("definition_type", Word(&["statement", "tlp"])),
    may("definition", Inner(&SAID)),
    may("extensions", Type::Extensions),
];
const SAID: Shape = Shape { groups: &[&[may("statement", Text), may("tlp", Word(&["white", "green", "amber", "red"]))]] };
const LANGUAGE: &[Property] = &[must("object_ref", Id(&[])), may("object_modified", Time), must("contents", Translations)];
const EXTENSION: &[Property] = &[
    NAME,
    DESCRIPTION,
    must("schema", Text),
    must("version", Plain),
    must("extension_types", List(&Word(&["new-sdo", "new-sco", "new-sro", "property-extension", "toplevel-property-extension"]))),
    may("extension_properties", WORDS),
];

const TLP_2_SHAPE: Shape = Shape { groups: &[&[EXTENDS, must("tlp_2_0", Word(&["clear", "green", "amber", "amber+strict", "red"]))]] };

const ACS_SHAPE: Shape = Shape {
    groups: &[&[
        EXTENDS,
        must("identifier", Plain),
        NAME_MAY,
        must("create_date_time", Time),
        must("responsible_entity_custodian", Plain),
        may("responsible_entity_originator", Plain),
        may("authority_reference", WORDS),
        must("policy_reference", Plain),
        must("control_set", Inner(&CONTROL_SET)),
        may("original_classification", Inner(&ORIGINAL)),
        may("derivative_classification", Inner(&DERIVATIVE)),
        may("declassification", Inner(&DECLASSIFICATION)),
        may("resource_disposition", Inner(&DISPOSITION)),
        may("public_release", Inner(&RELEASE)),
        may("access_privilege", List(&Inner(&PRIVILEGE))),
        may("further_sharing", List(&Inner(&SHARING))),
    ]],
};
const CONTROL_SET: Shape = Shape {
    groups: &[&[
        must("classification", Word(&["U", "C", "S", "TS"])),
        may("sci_controls", WORDS),
        may("logical_authority_category", WORDS),
        may("formal_determination", WORDS),
        may("caveat", WORDS),
        may("sensitivity", WORDS),
        may("shareability", WORDS),
        may("entity", WORDS),
        may("permitted_nationalities", WORDS),
        may("permitted_organizations", WORDS),
    ]],
};
const ORIGINAL: Shape = Shape {
    groups: &[&[may("classified_by", Text), may("classified_on", Time), may("classification_reason", Text), may("compilation_reason", Text)]],
};
const DERIVATIVE: Shape = Shape { groups: &[&[may("classified_by", Text), may("classified_on", Time), may("derived_from", Text)]] };
const DECLASSIFICATION: Shape =
    Shape { groups: &[&[may("declass_exemption", Text), may("declass_period", Text), may("declass_date", Time), may("declass_event", Text)]] };
const DISPOSITION: Shape = Shape { groups: &[&[must("disposition_date", Time), must("disposition_process", Text)]] };
const RELEASE: Shape = Shape { groups: &[&[must("released_by", Text), may("released_on", Time)]] };
const RULE: Property = must("rule_effect", Word(&["permit", "deny"]));
const PRIVILEGE: Shape = Shape { groups: &[&[must("privilege_action", Plain), must("privilege_scope", Inner(&SCOPE)), RULE]] };
const SCOPE: Shape = Shape {
    groups: &[&[may("permitted_nationalities", WORDS), may("permitted_organizations", WORDS), may("shareability", WORDS), may("entity", WORDS)]],
};
const SHARING: Shape = Shape { groups: &[&[RULE, must("sharing_scope", WORDS)]] };
