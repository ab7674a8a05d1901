//! The markings of the Traffic Light Protocol that the standard defines once for all, by their fixed ids.
// SPEC: STIX 2.1, 7.2.1.4 (TLP 1); OASIS, STIX extension for TLP 2.0.

use crate::format::syntax::json::Object;

use super::schema::TLP_2;

/// One marking.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tlp {
    /// The id.
    pub(super) id: &'static str,
    /// The word in the definition.
    word: &'static str,
    /// The name that a definition may give.
    name: &'static str,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

const fn one(id: &'static str, word: &'static str, name: &'static str) -> Tlp {
    Tlp { id, word, name, version: Version::One }
}

const fn two(id: &'static str, word: &'static str, name: &'static str) -> Tlp {
    Tlp { id, word, name, version: Version::Two }
}

const ALL: [Tlp; 9] = [
    one("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "white", "TLP:WHITE"),
    one("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "green", "TLP:GREEN"),
    one("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "amber", "TLP:AMBER"),
    one("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "red", "TLP:RED"),
    two("marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "clear", "TLP:CLEAR"),
    two("marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green", "TLP:GREEN"),
    two("marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber", "TLP:AMBER"),
    two("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "amber+strict", "TLP:AMBER+STRICT"),
    two("marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "red", "TLP:RED"),
];

/// The marking of an id.
pub(super) fn of(id: &str) -> Option<&'static Tlp> {
    ALL.iter().find(|tlp| tlp.id == id)
}

/// Whether an object says that it defines a marking of the protocol, of whatever id.
pub(super) fn is_claimed(object: &Object<'_>) -> bool {
    let extended = object.value("extensions").and_then(|all| all.object()).is_some_and(|all| all.value(TLP_2).is_some());
    extended || object.text("definition_type") == Some("tlp")
}

impl Tlp {
    /// Whether an object defines this marking as the standard does, and adds nothing.
    pub(super) fn is_defined_by(&self, object: &Object<'_>) -> bool {
        let created = match self.version {
            Version::One => "2017-01-20T00:00:00.000Z",
            Version::Two => "2022-10-01T00:00:00.000Z",
        };
        let on_time = object.text("created") == Some(created);
        let inner = |name: &str, key: &str| object.value(name).and_then(|value| value.object()).and_then(|value| value.value(key));
        let said = match self.version {
            Version::One => inner("definition", "tlp").and_then(|word| word.text()),
            Version::Two => inner("extensions", TLP_2).and_then(|extension| extension.object()).and_then(|extension| extension.text("tlp_2_0")),
        };
        let named = object.value("name").is_none_or(|name| name.text() == Some(self.name));
        let known = ["type", "spec_version", "id", "created", "name", "definition_type", "definition", "extensions"];
        on_time && named && said == Some(self.word) && object.members().iter().all(|member| known.contains(&&*member.key))
    }
}
