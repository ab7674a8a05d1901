//! Observables.
// SPEC: STIX 2.1, 6.

use super::Type::{Base64, Dictionary, Flag, Hashes, Hex, Id, Inner, List, Plain, Scalar, Text, Texts, Time, Whole, Within, Word};
use super::common::{MARKED, OBSERVED};
use super::{Family, Kind, Property, Shape, may, must};

macro_rules! kind {
    ($name:literal, $own:ident) => {
        Kind { name: $name, family: Family::Observable, shape: Shape { groups: &[OBSERVED, MARKED, $own] } }
    };
}

/// Observables.
pub(super) const KINDS: &[Kind] = &[
    kind!("artifact", ARTIFACT),
    kind!("autonomous-system", AUTONOMOUS_SYSTEM),
    kind!("directory", DIRECTORY),
    kind!("domain-name", DOMAIN_NAME),
    kind!("email-addr", EMAIL_ADDR),
    kind!("email-message", EMAIL_MESSAGE),
    kind!("file", FILE),
    kind!("ipv4-addr", ADDRESS),
    kind!("ipv6-addr", ADDRESS),
    kind!("mac-addr", VALUE),
    kind!("mutex", MUTEX),
    kind!("network-traffic", NETWORK_TRAFFIC),
    kind!("process", PROCESS),
    kind!("software", SOFTWARE),
    kind!("url", VALUE),
    kind!("user-account", USER_ACCOUNT),
    kind!("windows-registry-key", WINDOWS_REGISTRY_KEY),
    kind!("x509-certificate", X509_CERTIFICATE),
];

const ENCRYPTIONS: &[&str] = &["AES-256-GCM", "ChaCha20-Poly1305", "mime-type-indicated"];
const REGISTRY_TYPES: &[&str] = &[
    "REG_NONE",
    "REG_SZ",
    "REG_EXPAND_SZ",
    "REG_BINARY",
    "REG_DWORD",
    "REG_DWORD_BIG_ENDIAN",
    "REG_DWORD_LITTLE_ENDIAN",
    "REG_LINK",
    "REG_MULTI_SZ",
    "REG_RESOURCE_LIST",
    "REG_FULL_RESOURCE_DESCRIPTION",
    "REG_RESOURCE_REQUIREMENTS_LIST",
    "REG_QWORD",
    "REG_INVALID_TYPE",
];
const PAYLOAD: super::Type = Id(&["artifact"]);
const TRAFFIC: super::Type = Id(&["network-traffic"]);
const ENDPOINT: super::Type = Id(&["ipv4-addr", "ipv6-addr", "mac-addr", "domain-name"]);
const MAILBOX: super::Type = Id(&["email-addr"]);

const VALUE: &[Property] = &[must("value", Text)];
const ARTIFACT: &[Property] = &[
    may("mime_type", Plain),
    may("payload_bin", Base64),
    may("url", Text),
    may("hashes", Hashes),
    may("encryption_algorithm", Word(ENCRYPTIONS)),
    may("decryption_key", Text),
];
const AUTONOMOUS_SYSTEM: &[Property] = &[must("number", Whole(0)), may("name", Text), may("rir", Plain)];
const DIRECTORY: &[Property] = &[
    must("path", Text),
    may("path_enc", Plain),
    may("ctime", Time),
    may("mtime", Time),
    may("atime", Time),
    may("contains_refs", List(&Id(&["file", "directory"]))),
];
const DOMAIN_NAME: &[Property] = &[must("value", Text), may("resolves_to_refs", List(&Id(&["ipv4-addr", "ipv6-addr", "domain-name"])))];
const EMAIL_ADDR: &[Property] = &[must("value", Text), may("display_name", Text), may("belongs_to_ref", Id(&["user-account"]))];
const EMAIL_MESSAGE: &[Property] = &[
    must("is_multipart", Flag),
    may("date", Time),
    may("content_type", Plain),
    may("from_ref", MAILBOX),
    may("sender_ref", MAILBOX),
    may("to_refs", List(&MAILBOX)),
    may("cc_refs", List(&MAILBOX)),
    may("bcc_refs", List(&MAILBOX)),
    may("message_id", Text),
    may("subject", Text),
    may("received_lines", List(&Text)),
    may("additional_header_fields", Dictionary(&Texts)),
    may("body", Text),
    may("body_multipart", List(&Inner(&MIME_PART))),
    may("raw_email_ref", PAYLOAD),
];
const MIME_PART: Shape = Shape {
    groups: &[&[may("body", Text), may("body_raw_ref", Id(&["artifact", "file"])), may("content_type", Plain), may("content_disposition", Text)]],
};
const FILE: &[Property] = &[
    may("hashes", Hashes),
    may("size", Whole(0)),
    may("name", Text),
    may("name_enc", Plain),
    may("magic_number_hex", Hex),
    may("mime_type", Plain),
    may("ctime", Time),
    may("mtime", Time),
    may("atime", Time),
    may("parent_directory_ref", Id(&["directory"])),
    may("contains_refs", List(&Id(&[]))),
    may("content_ref", PAYLOAD),
];
const ADDRESS: &[Property] =
    &[must("value", Text), may("resolves_to_refs", List(&Id(&["mac-addr"]))), may("belongs_to_refs", List(&Id(&["autonomous-system"])))];
const MUTEX: &[Property] = &[must("name", Text)];
const NETWORK_TRAFFIC: &[Property] = &[
    may("start", Time),
    may("end", Time),
    may("is_active", Flag),
    may("src_ref", ENDPOINT),
    may("dst_ref", ENDPOINT),
    may("src_port", Within(0, 65_535)),
    may("dst_port", Within(0, 65_535)),
    must("protocols", List(&Plain)),
    may("src_byte_count", Whole(0)),
    may("dst_byte_count", Whole(0)),
    may("src_packets", Whole(0)),
    may("dst_packets", Whole(0)),
    may("ipfix", Dictionary(&Scalar)),
    may("src_payload_ref", PAYLOAD),
    may("dst_payload_ref", PAYLOAD),
    may("encapsulates_refs", List(&TRAFFIC)),
    may("encapsulated_by_ref", TRAFFIC),
];
const PROCESS: &[Property] = &[
    may("is_hidden", Flag),
    may("pid", Whole(0)),
    may("created_time", Time),
    may("cwd", Text),
    may("command_line", Text),
    may("environment_variables", Dictionary(&Text)),
    may("opened_connection_refs", List(&TRAFFIC)),
    may("creator_user_ref", Id(&["user-account"])),
    may("image_ref", Id(&["file"])),
    may("parent_ref", Id(&["process"])),
    may("child_refs", List(&Id(&["process"]))),
];
const SOFTWARE: &[Property] =
    &[must("name", Text), may("cpe", Text), may("swid", Text), may("languages", List(&Plain)), may("vendor", Text), may("version", Text)];
const USER_ACCOUNT: &[Property] = &[
    may("user_id", Text),
    may("credential", Text),
    may("account_login", Text),
    may("account_type", Plain),
    may("display_name", Text),
    may("is_service_account", Flag),
    may("is_privileged", Flag),
    may("can_escalate_privs", Flag),
    may("is_disabled", Flag),
    may("account_created", Time),
    may("account_expires", Time),
    may("credential_last_changed", Time),
    may("account_first_login", Time),
    may("account_last_login", Time),
];
const WINDOWS_REGISTRY_KEY: &[Property] = &[
    may("key", Text),
    may("values", List(&Inner(&REGISTRY_VALUE))),
    may("modified_time", Time),
    may("creator_user_ref", Id(&["user-account"])),
    may("number_of_subkeys", Whole(0)),
];
const REGISTRY_VALUE: Shape = Shape { groups: &[&[may("name", Text), may("data", Text), may("data_type", Word(REGISTRY_TYPES))]] };
const X509_CERTIFICATE: &[Property] = &[
    may("is_self_signed", Flag),
    may("hashes", Hashes),
    may("version", Text),
    may("serial_number", Text),
    may("signature_algorithm", Text),
    may("issuer", Text),
    may("validity_not_before", Time),
    may("validity_not_after", Time),
    may("subject", Text),
    may("subject_public_key_algorithm", Text),
    may("subject_public_key_modulus", Text),
    may("subject_public_key_exponent", Whole(0)),
    may("x509_v3_extensions", Inner(&X509_V3)),
];
const X509_V3: Shape = Shape {
    groups: &[&[
        may("basic_constraints", Text),
        may("name_constraints", Text),
        may("policy_constraints", Text),
        may("key_usage", Text),
        may("extended_key_usage", Text),
        may("subject_key_identifier", Text),
        may("authority_key_identifier", Text),
        may("subject_alternative_name", Text),
        may("issuer_alternative_name", Text),
        may("subject_directory_attributes", Text),
        may("crl_distribution_points", Text),
        may("inhibit_any_policy", Text),
        may("private_key_usage_period_not_before", Time),
        may("private_key_usage_period_not_after", Time),
        may("certificate_policies", Text),
        may("policy_mappings", Text),
    ]],
};
