//! The document element as this spelling has it: the event, less its version, with what only the protocol carries.

use crate::format::event::{Attribute, DETAIL, Element, Holds, Occurs, Others, POINT, Presence, Type};
use crate::normal::Unit;

const fn required(name: &'static str, kind: Type) -> Attribute {
    Attribute { name, kind, presence: Presence::Required }
}

const fn optional(name: &'static str, kind: Type) -> Attribute {
    Attribute { name, kind, presence: Presence::Optional }
}

/// Version of the protocol at most: 255. There is one version; the field has 32 bits.
pub(super) const VERSION_MAX: u32 = 255;
const VERSION: Type = Type::Number { unit: Unit::One, least: 1, most: 255 };

const CONTROL: Element = Element {
    name: "takControl",
    occurs: Occurs::Once,
    holds: Holds::Elements,
    others: Others::Closed,
    attributes: &[optional("minProtoVersion", VERSION), optional("maxProtoVersion", VERSION), optional("contactUid", Type::Plain)],
    children: &[],
};

/// The document element.
pub(super) static EVENT: Element = Element {
    name: "event",
    occurs: Occurs::Always,
    holds: Holds::Elements,
    others: Others::Closed,
    attributes: &[
        required("frame", Type::Plain),
        optional("submissionTime", Type::Time),
        optional("creationTime", Type::Time),
        required("type", Type::Atoms),
        optional("access", Type::Plain),
        optional("qos", Type::Qos),
        optional("opex", Type::Opex),
        required("uid", Type::Uid),
        required("time", Type::Time),
        required("start", Type::Time),
        required("stale", Type::Time),
        required("how", Type::How),
        optional("caveat", Type::Plain),
        optional("releasableTo", Type::Plain),
    ],
    children: &[CONTROL, POINT, DETAIL],
};
