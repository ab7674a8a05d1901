//! The extensions that the standard predefines for observables, and those of marking definitions. Any other extension is refused.
// SPEC: STIX 2.1, 6 (predefined extensions of files, network traffic, processes and accounts).

use super::Type::{Dictionary, Flag, Hashes, Hex, Id, Inner, List, Number, Plain, Scalar, Text, Texts, Time, Whole, Word};
use super::{Property, Shape, may, must};
use crate::normal::Unit;

/// The properties of the extension `name` of objects of the type `kind`.
pub(in crate::format::stix) fn extension(kind: &str, name: &str) -> Option<&'static Shape> {
    let list = match kind {
        "file" => FILE,
        "network-traffic" => NETWORK_TRAFFIC,
        "process" => PROCESS,
        "user-account" => USER_ACCOUNT,
        "marking-definition" => super::marking::EXTENSIONS,
        _ => &[],
    };
    list.iter().find(|(known, _)| *known == name).map(|(_, shape)| shape)
}

macro_rules! shape {
    ($own:ident) => {
        Shape { groups: &[$own] }
    };
}

const FILE: &[(&str, Shape)] = &[
    ("archive-ext", shape!(ARCHIVE)),
    ("ntfs-ext", shape!(NTFS)),
    ("pdf-ext", shape!(PDF)),
    ("raster-image-ext", shape!(IMAGE)),
    ("windows-pebinary-ext", shape!(BINARY)),
];
const NETWORK_TRAFFIC: &[(&str, Shape)] =
    &[("http-request-ext", shape!(HTTP)), ("icmp-ext", shape!(ICMP)), ("socket-ext", shape!(SOCKET)), ("tcp-ext", shape!(TCP))];
const PROCESS: &[(&str, Shape)] = &[("windows-process-ext", shape!(WINDOWS_PROCESS)), ("windows-service-ext", shape!(SERVICE))];
const USER_ACCOUNT: &[(&str, Shape)] = &[("unix-account-ext", shape!(UNIX))];

const ARCHIVE: &[Property] = &[must("contains_refs", List(&Id(&["file", "directory"]))), may("comment", Text)];
const NTFS: &[Property] = &[may("sid", Plain), may("alternate_data_streams", List(&Inner(&STREAM)))];
const STREAM: Shape = Shape { groups: &[&[must("name", Text), may("hashes", Hashes), may("size", Whole(0))]] };
const PDF: &[Property] =
    &[may("version", Plain), may("is_optimized", Flag), may("document_info_dict", Dictionary(&Text)), may("pdfid0", Plain), may("pdfid1", Plain)];
const IMAGE: &[Property] =
    &[may("image_height", Whole(0)), may("image_width", Whole(0)), may("bits_per_pixel", Whole(0)), may("exif_tags", Dictionary(&Scalar))];
const BINARY: &[Property] = &[
    must("pe_type", Plain),
    may("imphash", Plain),
    may("machine_hex", Hex),
    may("number_of_sections", Whole(0)),
    may("time_date_stamp", Time),
    may("pointer_to_symbol_table_hex", Hex),
    may("number_of_symbols", Whole(0)),
    may("size_of_optional_header", Whole(0)),
    may("characteristics_hex", Hex),
    may("file_header_hashes", Hashes),
    may("optional_header", Inner(&HEADER)),
    may("sections", List(&Inner(&SECTION))),
];
const SECTION: Shape =
    Shape { groups: &[&[must("name", Text), may("size", Whole(0)), may("entropy", Number(Unit::One, 0, 8)), may("hashes", Hashes)]] };
const HEADER: Shape = Shape {
    groups: &[&[
        may("magic_hex", Hex),
        may("major_linker_version", Whole(0)),
        may("minor_linker_version", Whole(0)),
        may("size_of_code", Whole(0)),
        may("size_of_initialized_data", Whole(0)),
        may("size_of_uninitialized_data", Whole(0)),
        may("address_of_entry_point", Whole(0)),
        may("base_of_code", Whole(0)),
        may("base_of_data", Whole(0)),
        may("image_base", Whole(0)),
        may("section_alignment", Whole(0)),
        may("file_alignment", Whole(0)),
        may("major_os_version", Whole(0)),
        may("minor_os_version", Whole(0)),
        may("major_image_version", Whole(0)),
        may("minor_image_version", Whole(0)),
        may("major_subsystem_version", Whole(0)),
        may("minor_subsystem_version", Whole(0)),
        may("win32_version_value_hex", Hex),
        may("size_of_image", Whole(0)),
        may("size_of_headers", Whole(0)),
        may("checksum_hex", Hex),
        may("subsystem_hex", Hex),
        may("dll_characteristics_hex", Hex),
        may("size_of_stack_reserve", Whole(0)),
        may("size_of_stack_commit", Whole(0)),
        may("size_of_heap_reserve", Whole(0)),
        may("size_of_heap_commit", Whole(0)),
        may("loader_flags_hex", Hex),
        may("number_of_rva_and_sizes", Whole(0)),
        may("hashes", Hashes),
    ]],
};
const HTTP: &[Property] = &[
    must("request_method", Plain),
    must("request_value", Text),
    may("request_version", Plain),
    may("request_header", Dictionary(&Texts)),
    may("message_body_length", Whole(0)),
    may("message_body_data_ref", Id(&["artifact"])),
];
const ICMP: &[Property] = &[must("icmp_type_hex", Hex), must("icmp_code_hex", Hex)];
const ADDRESS_FAMILIES: &[&str] = &["AF_UNSPEC", "AF_INET", "AF_IPX", "AF_APPLETALK", "AF_NETBIOS", "AF_INET6", "AF_IRDA", "AF_BTH"];
const SOCKET_TYPES: &[&str] = &["SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM", "SOCK_SEQPACKET"];
const SOCKET: &[Property] = &[
    must("address_family", Word(ADDRESS_FAMILIES)),
    may("is_blocking", Flag),
    may("is_listening", Flag),
    may("options", Dictionary(&Scalar)),
    may("socket_type", Word(SOCKET_TYPES)),
    may("socket_descriptor", Whole(0)),
    may("socket_handle", Whole(0)),
];
const TCP: &[Property] = &[may("src_flags_hex", Hex), may("dst_flags_hex", Hex)];
const LEVELS: &[&str] = &["low", "medium", "high", "system"];
const WINDOWS_PROCESS: &[Property] = &[
    may("aslr_enabled", Flag),
    may("dep_enabled", Flag),
    may("priority", Plain),
    may("owner_sid", Plain),
    may("window_title", Text),
    may("startup_info", Dictionary(&Scalar)),
    may("integrity_level", Word(LEVELS)),
];
const STARTS: &[&str] = &["SERVICE_AUTO_START", "SERVICE_BOOT_START", "SERVICE_DEMAND_START", "SERVICE_DISABLED", "SERVICE_SYSTEM_ALERT"];
const SERVICES: &[&str] = &["SERVICE_KERNEL_DRIVER", "SERVICE_FILE_SYSTEM_DRIVER", "SERVICE_WIN32_OWN_PROCESS", "SERVICE_WIN32_SHARE_PROCESS"];
const STATES: &[&str] = &[
    "SERVICE_CONTINUE_PENDING",
    "SERVICE_PAUSE_PENDING",
    "SERVICE_PAUSED",
    "SERVICE_RUNNING",
    "SERVICE_START_PENDING",
    "SERVICE_STOP_PENDING",
    "SERVICE_STOPPED",
];
const SERVICE: &[Property] = &[
    may("service_name", Text),
    may("descriptions", List(&Text)),
    may("display_name", Text),
    may("group_name", Text),
    may("start_type", Word(STARTS)),
    may("service_dll_refs", List(&Id(&["file"]))),
    may("service_type", Word(SERVICES)),
    may("service_status", Word(STATES)),
];
const UNIX: &[Property] = &[may("gid", Whole(0)), may("groups", List(&Text)), may("home_dir", Text), may("shell", Text)];
