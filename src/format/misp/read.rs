//! The strict reading of a MISP body: the one message of its envelope, every rule of the table applied, then the normal form of JSON.
//!
//! The synchronisation protocol wraps a message: `{"response":[...]}` of an export, `[...]` of a push. A wrapper with one message says nothing
//! and is dropped; one with several is several messages.

use crate::base::{Budget, Reason, Refusal, Span};
use crate::format::syntax::json::{self, Content, Json, Member, Nothing, Object};
use crate::normal::Tree;

use super::schema::{Model, Occurs, Part, Presence, ROOTS};
use super::value::{Stands, clock, is_uuid, open, typed};

/// The root of the tree; the message is its one element.
const ROOT: &str = "misp";
/// What an index lists.
const INDEXED: [&str; 3] = ["Note", "Opinion", "Relationship"];
/// The level of distribution that names its audience in a sharing group.
const SHARING_GROUP_LEVEL: &str = "4";

/// Reads a message.
///
/// # Errors
/// `malformed.*`, `invalid.misp.*`, `size.*`.
pub(super) fn read<'a>(body: &'a [u8], budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let mut document = unwrapped(json::read(body, budget)?)?;
    let span = document.span;
    let wrong = || Refusal::at(Reason::InvalidMispRoot, span, "expected one object with one key, such as `Event`");
    let Content::Object(object) = &mut document.content else { return Err(wrong()) };
    if is_index(object) {
        return json::tree(ROOT, document, Nothing::Absent, budget);
    }
    let only = object.members().len() == 1;
    let member = object.members_mut().next().filter(|_| only).ok_or_else(wrong)?;
    let root = ROOTS.iter().find(|root| root.name == &*member.key).ok_or_else(wrong)?;
    let mut reading = Reading { path: format!("/{ROOT}") };
    if reading.part(root, &mut member.value)? == Stands::No {
        return Err(wrong());
    }
    json::tree(ROOT, document, Nothing::Absent, budget)
}

/// Whether a message is an index of analyst data, by which instances compare what they have: under each key a UUID or more, with the time of
/// the last change.
fn is_index(object: &Object<'_>) -> bool {
    let entry = |member: &Member<'_>| is_uuid(&member.key) && member.value.text().is_some_and(|text| clock(text).is_some());
    let entries = |value: &Json<'_>| value.object().is_some_and(|object| !object.members().is_empty() && object.members().iter().all(entry));
    let list = |value: &Json<'_>| value.list().is_some_and(|items| !items.is_empty() && items.iter().all(entries));
    let named = |member: &Member<'_>| INDEXED.contains(&&*member.key) && (entries(&member.value) || list(&member.value));
    !object.members().is_empty() && object.members().iter().all(named)
}

/// The message within its wrappers.
fn unwrapped(document: Json<'_>) -> Result<Json<'_>, Refusal> {
    let span = document.span;
    let list = match document.content {
        Content::List(items) => items,
        Content::Object(mut object) => {
            let only = object.members().len() == 1;
            match object.value_mut("response").filter(|_| only).map(|response| &mut response.content) {
                Some(Content::List(items)) => std::mem::take(items),
                _ => return Ok(Json { content: Content::Object(object), span }),
            }
        }
        content => return Ok(Json { content, span }),
    };
    match <[Json<'_>; 1]>::try_from(list) {
        Ok([message]) => Ok(message),
        Err(several) => Err(Refusal::at(Reason::InvalidMispSeveral, span, format!("expected one message, found {}", several.len()))),
    }
}

/// Where the reader is.
struct Reading {
    path: String,
}

impl Reading {
    /// A model where it may stand; says whether it does.
    fn part(&mut self, part: &'static Part, value: &mut Json<'_>) -> Result<Stands, Refusal> {
        let above = self.path.len();
        self.path.push('/');
        self.path.push_str(part.name);
        let span = value.span;
        let stands = match (&mut value.content, part.occurs) {
            (Content::Null, _) => Stands::No,
            (Content::List(items), _) if items.is_empty() => Stands::No,
            (Content::Object(object), Occurs::Once) => {
                self.model(part.model, object, span)?;
                Stands::Yes
            }
            (Content::List(items), Occurs::Many) => {
                for item in items.iter_mut() {
                    let span = item.span;
                    let Content::Object(object) = &mut item.content else {
                        return Err(self.refusal(Reason::InvalidMispShape, span, "expected a list of objects"));
                    };
                    self.model(part.model, object, span)?;
                }
                Stands::Yes
            }
            (_, Occurs::Once) => return Err(self.refusal(Reason::InvalidMispShape, span, "expected an object")),
            (_, Occurs::Many) => return Err(self.refusal(Reason::InvalidMispShape, span, "expected a list")),
        };
        self.path.truncate(above);
        Ok(stands)
    }

    /// The members of an object, by its row of the table.
    fn model(&mut self, model: &'static Model, object: &mut Object<'_>, span: Span) -> Result<(), Refusal> {
        let mut stood = 0_u64;
        let mut grouped = Stands::No;
        for member in object.members_mut() {
            if let Some((place, field)) = model.field(&member.key) {
                let stands = typed(field.kind, &mut member.value).map_err(|refusal| refusal.on(format!("{}/@{}", self.path, field.name)))?;
                stood |= if stands == Stands::Yes { bit(place) } else { 0 };
            } else if let Some(part) = model.part(&member.key) {
                let stands = self.part(part, &mut member.value)?;
                grouped = if part.name == "SharingGroup" { stands } else { grouped };
            } else {
                open(&mut member.value);
            }
        }
        let mut fields = model.fields.iter().enumerate();
        let missing = fields.find(|(place, field)| field.presence == Presence::Required && stood & bit(*place) == 0);
        if let Some((_, field)) = missing {
            return Err(self.refusal(Reason::InvalidMispMissing, span, &format!("expected `{}` in `{}`", field.name, model.name)));
        }
        // SPEC: core format, distribution: level 4 is the sharing group that the message carries.
        let names_group = object.text("distribution") == Some(SHARING_GROUP_LEVEL) && model.part("SharingGroup").is_some();
        if names_group && grouped == Stands::No {
            return Err(self.refusal(Reason::InvalidMispSharingGroup, span, "expected `SharingGroup` beside distribution 4"));
        }
        Ok(())
    }

    fn refusal(&self, reason: Reason, span: Span, detail: &str) -> Refusal {
        Refusal::at(reason, span, detail).on(self.path.clone())
    }
}

fn bit(place: usize) -> u64 {
    u32::try_from(place).ok().and_then(|place| 1_u64.checked_shl(place)).unwrap_or(0)
}
