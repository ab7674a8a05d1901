//! The messages of the TAK protocol, version 1, as the library's own structures, written from the published definitions.

use prost::Message;

/// `TakMessage`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct TakMessage {
    #[prost(message, optional, tag = "1")]
    pub(super) tak_control: Option<TakControl>,
    #[prost(message, optional, tag = "2")]
    pub(super) cot_event: Option<CotEvent>,
    #[prost(uint64, tag = "3")]
    pub(super) submission_time: u64,
    #[prost(uint64, tag = "4")]
    pub(super) creation_time: u64,
}

/// `TakControl`.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct TakControl {
    #[prost(uint32, tag = "1")]
    pub(super) min_proto_version: u32,
    #[prost(uint32, tag = "2")]
    pub(super) max_proto_version: u32,
    #[prost(string, tag = "3")]
    pub(super) contact_uid: String,
}

/// `CotEvent`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct CotEvent {
    #[prost(string, tag = "1")]
    pub(super) kind: String,
    #[prost(string, tag = "2")]
    pub(super) access: String,
    #[prost(string, tag = "3")]
    pub(super) qos: String,
    #[prost(string, tag = "4")]
    pub(super) opex: String,
    #[prost(string, tag = "5")]
    pub(super) uid: String,
    #[prost(uint64, tag = "6")]
    pub(super) send_time: u64,
    #[prost(uint64, tag = "7")]
    pub(super) start_time: u64,
    #[prost(uint64, tag = "8")]
    pub(super) stale_time: u64,
    #[prost(string, tag = "9")]
    pub(super) how: String,
    #[prost(double, tag = "10")]
    pub(super) lat: f64,
    #[prost(double, tag = "11")]
    pub(super) lon: f64,
    #[prost(double, tag = "12")]
    pub(super) hae: f64,
    #[prost(double, tag = "13")]
    pub(super) ce: f64,
    #[prost(double, tag = "14")]
    pub(super) le: f64,
    #[prost(message, optional, tag = "15")]
    pub(super) detail: Option<Detail>,
    #[prost(string, tag = "16")]
    pub(super) caveat: String,
    #[prost(string, tag = "17")]
    pub(super) releasable_to: String,
}

/// `Detail`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Detail {
    #[prost(string, tag = "1")]
    pub(super) xml_detail: String,
    #[prost(message, optional, tag = "2")]
    pub(super) contact: Option<Contact>,
    #[prost(message, optional, tag = "3")]
    pub(super) group: Option<Group>,
    #[prost(message, optional, tag = "4")]
    pub(super) precision_location: Option<PrecisionLocation>,
    #[prost(message, optional, tag = "5")]
    pub(super) status: Option<Status>,
    #[prost(message, optional, tag = "6")]
    pub(super) takv: Option<Takv>,
    #[prost(message, optional, tag = "7")]
    pub(super) track: Option<Track>,
}

/// `Contact`.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Contact {
    #[prost(string, tag = "1")]
    pub(super) endpoint: String,
    #[prost(string, tag = "2")]
    pub(super) callsign: String,
}

/// `Group`.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Group {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) role: String,
}

/// `PrecisionLocation`.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct PrecisionLocation {
    #[prost(string, tag = "1")]
    pub(super) geopointsrc: String,
    #[prost(string, tag = "2")]
    pub(super) altsrc: String,
}

/// `Status`.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Status {
    #[prost(uint32, tag = "1")]
    pub(super) battery: u32,
}

/// `Takv`.
#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Takv {
    #[prost(string, tag = "1")]
    pub(super) device: String,
    #[prost(string, tag = "2")]
    pub(super) platform: String,
    #[prost(string, tag = "3")]
    pub(super) os: String,
    #[prost(string, tag = "4")]
    pub(super) version: String,
}

/// `Track`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Track {
    #[prost(double, tag = "1")]
    pub(super) speed: f64,
    #[prost(double, tag = "2")]
    pub(super) course: f64,
}
