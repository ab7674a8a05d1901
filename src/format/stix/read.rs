//! The strict reading of a bundle: values in, a typed tree out, every row of the table applied on the way.

use crate::base::{Budget, Reason, Refusal, Span};
use crate::format::syntax::json::{self, Content, Json, Nothing, Object};
use crate::normal::Tree;

use super::schema::{self, Family, Kind, Presence, Shape, Type};
use super::value;
use super::{rules, whole};

/// Reads a bundle.
///
/// # Errors
/// `malformed.json.*`, `invalid.stix.*`, `size.*`.
pub(super) fn read<'a>(body: &'a [u8], budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let mut document = json::read(body, budget)?;
    let span = document.span;
    let Content::Object(bundle) = &mut document.content else {
        return Err(Refusal::at(Reason::InvalidStixBundle, span, "expected a bundle"));
    };
    outside(bundle, span)?;
    let objects = match bundle.value_mut("objects").map(|objects| &mut objects.content) {
        Some(Content::List(objects)) if !objects.is_empty() => objects,
        _ => return Err(Refusal::at(Reason::InvalidStixBundle, span, "expected a list of at least one object in `objects`")),
    };
    for (at, object) in objects.iter_mut().enumerate() {
        self::object(object).map_err(|refusal| under(refusal, &format!("bundle/objects[{}]", at.saturating_add(1))))?;
    }
    whole::check(objects, budget)?;
    json::tree("bundle", document, Nothing::Refuse, budget)
}

/// Checks what stands around the objects.
fn outside(bundle: &Object<'_>, span: Span) -> Result<(), Refusal> {
    let refuse = |span, detail: &str| Err(Refusal::at(Reason::InvalidStixBundle, span, detail));
    match bundle.text("type") {
        Some("bundle") => {}
        Some(_) => return refuse(span, "expected a bundle, found an object alone: put it into one"),
        None => return refuse(span, "expected a bundle with a `type`: an envelope of TAXII is none"),
    }
    for member in bundle.members() {
        match &*member.key {
            "type" | "id" | "objects" => {}
            "spec_version" => {
                return Err(Refusal::at(Reason::InvalidStixVersion, member.key_span, "expected no version on a bundle, which STIX 2.0 has"));
            }
            _ => return refuse(member.key_span, "expected only type, id and objects in a bundle"),
        }
    }
    match bundle.value("id").and_then(|id| id.text().map(|text| (text, id.span))) {
        Some((id, _)) if id.strip_prefix("bundle--").is_some_and(value::is_uuid) => Ok(()),
        Some((_, span)) => Err(Refusal::at(Reason::InvalidStixId, span, "expected `bundle--` and a UUID in lower case")),
        None => refuse(span, "expected an `id`"),
    }
}

/// Checks one object and gives its values their types.
fn object(json: &mut Json<'_>) -> Result<(), Refusal> {
    let span = json.span;
    let Content::Object(object) = &mut json.content else {
        return Err(Refusal::at(Reason::InvalidStixValue, span, "expected an object"));
    };
    let (name, place) = object.value("type").and_then(|kind| kind.text().map(|text| (text, kind.span))).ok_or_else(|| missing("type", span))?;
    let kind = schema::kind(name).ok_or_else(|| Refusal::at(Reason::InvalidStixType, place, "expected a type of STIX 2.1"))?;
    versioned(object, kind, span)?;
    let (id, place) = object.value("id").and_then(|id| id.text().map(|text| (text, id.span))).ok_or_else(|| missing("id", span))?;
    if value::id(id) != Some(kind.name) {
        return Err(Refusal::at(Reason::InvalidStixId, place, format!("expected `{}--` and a UUID in lower case", kind.name)).on("/@id"));
    }
    self::shape(object, &kind.shape, kind, span)?;
    rules::check(object, kind, span)
}

/// Checks the version that an object states; observables may state none.
fn versioned(object: &Object<'_>, kind: &Kind, span: Span) -> Result<(), Refusal> {
    match object.value("spec_version") {
        Some(version) if version.text() == Some("2.1") => Ok(()),
        Some(version) => Err(Refusal::at(Reason::InvalidStixVersion, version.span, "expected `2.1`").on("/@spec_version")),
        None if kind.family == Family::Observable => Ok(()),
        None => Err(Refusal::at(Reason::InvalidStixVersion, span, "expected `spec_version` 2.1: without it the object is of STIX 2.0")),
    }
}

/// Checks the properties of an object against its shape.
fn shape(object: &mut Object<'_>, shape: &Shape, kind: &Kind, span: Span) -> Result<(), Refusal> {
    for member in object.members_mut() {
        let Some(property) = shape.property(&member.key) else {
            return Err(Refusal::at(Reason::InvalidStixProperty, member.key_span, "expected a property that the standard has here"));
        };
        holds(&mut member.value, property.holds, kind).map_err(|refusal| under(refusal, step(property.name, property.holds).as_ref()))?;
    }
    let absent = shape.properties().find(|property| property.presence == Presence::Required && object.value(property.name).is_none());
    match absent {
        Some(property) => Err(missing(property.name, span)),
        None => Ok(()),
    }
}

/// Checks one value, whatever its type.
fn holds(json: &mut Json<'_>, holds: Type, kind: &Kind) -> Result<(), Refusal> {
    let span = json.span;
    let expected = |detail| Err(Refusal::at(Reason::InvalidStixValue, span, detail));
    match (holds, &mut json.content) {
        (_, Content::Null) => Err(Refusal::at(Reason::MalformedJsonEmpty, span, "expected a value, or no property")),
        (Type::List(_) | Type::Texts, Content::List(items)) if items.is_empty() => {
            Err(Refusal::at(Reason::MalformedJsonEmpty, span, "expected at least one item"))
        }
        (Type::List(of), Content::List(items)) => each(items, *of, kind),
        (Type::Texts, Content::List(items)) => each(items, Type::Text, kind),
        (Type::Texts, Content::Text(_)) => Ok(()),
        (Type::List(_), _) => expected("expected a list"),
        (Type::Inner(inner), Content::Object(object)) => {
            shape(object, inner, kind, span)?;
            rules::inner(object, span)
        }
        (Type::Dictionary(_) | Type::Hashes | Type::Extensions | Type::Translations, Content::Object(object)) if object.members().is_empty() => {
            expected("expected at least one member")
        }
        (Type::Dictionary(of), Content::Object(object)) => members(object, *of, kind),
        (Type::Translations, Content::Object(object)) => members(object, Type::Dictionary(&Type::Texts), kind),
        (Type::Hashes, Content::Object(object)) => hashes(object),
        (Type::Extensions, Content::Object(object)) => extensions(object, kind),
        (Type::Inner(_) | Type::Dictionary(_) | Type::Hashes | Type::Extensions | Type::Translations, _) => expected("expected an object"),
        (scalar, content) => value::scalar(content, scalar, span),
    }
}

fn each(items: &mut [Json<'_>], of: Type, kind: &Kind) -> Result<(), Refusal> {
    items.iter_mut().try_for_each(|item| holds(item, of, kind))
}

fn members(object: &mut Object<'_>, of: Type, kind: &Kind) -> Result<(), Refusal> {
    object.members_mut().try_for_each(|member| holds(&mut member.value, of, kind).map_err(|refusal| under(refusal, step(&member.key, of).as_ref())))
}

fn hashes(object: &Object<'_>) -> Result<(), Refusal> {
    object.members().iter().try_for_each(|member| {
        let span = member.value.span;
        let text = member.value.text().ok_or_else(|| Refusal::at(Reason::InvalidStixValue, span, "expected a text"))?;
        value::hash(&member.key, text, span).map_err(|refusal| under(refusal, &format!("@{}", member.key)))
    })
}

fn extensions(object: &mut Object<'_>, kind: &Kind) -> Result<(), Refusal> {
    for member in object.members_mut() {
        let Some(known) = schema::extension(kind.name, &member.key) else {
            return Err(Refusal::at(Reason::InvalidStixExtension, member.key_span, "expected an extension of the standard for this type of object"));
        };
        let span = member.value.span;
        let Content::Object(extension) = &mut member.value.content else {
            return Err(Refusal::at(Reason::InvalidStixValue, span, "expected an object"));
        };
        if extension.members().is_empty() {
            return Err(Refusal::at(Reason::InvalidStixValue, span, "expected at least one property in an extension"));
        }
        shape(extension, known, kind, span).map_err(|refusal| under(refusal, &member.key))?;
    }
    Ok(())
}

fn missing(name: &str, span: Span) -> Refusal {
    Refusal::at(Reason::InvalidStixMissing, span, format!("expected the property `{name}`"))
}

/// The step of a property in a path: scalars are attributes, all else are elements.
fn step(name: &str, holds: Type) -> std::borrow::Cow<'_, str> {
    match holds {
        Type::List(_) | Type::Inner(_) | Type::Dictionary(_) | Type::Hashes | Type::Texts | Type::Extensions | Type::Translations => name.into(),
        _ => format!("@{name}").into(),
    }
}

/// The refusal with one more step before its path.
pub(super) fn under(refusal: Refusal, step: &str) -> Refusal {
    let path = format!("/{step}{}", refusal.place.path);
    refusal.on(path)
}
