//! Indicators between STIX and MISP, as the second half translates them.
//!
//! Nothing is made typed on the way: members of the one format become members of the other, in the order of their names.

use super::super::moment::Moment;
use super::super::second::{Part, Second, Spelling};
use super::{Account, Row};

pub(super) const MISP_TO_STIX: Row = Row { from: "misp", to: "stix", translate: stix };
pub(super) const STIX_TO_MISP: Row = Row { from: "stix", to: "misp", translate: misp };

const ARRAY: &str = "array";
/// Levels from low to high, with the ids of version 2 and of version 1.
const TLP: [(&str, &str, &str); 5] = [
    ("clear", "94868c89-83c2-464b-929b-a1a8aa3c8487", "613f2e26-407d-48c7-9eca-b8e91df99dc9"),
    ("green", "bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "34098fce-860f-48ae-8e50-ebd3cc5e41da"),
    ("amber", "55d920b0-5e8b-4f79-9ee9-91f868d9b421", "f88d31f6-486f-44da-b317-01333bde0b82"),
    ("amber+strict", "939a9414-2ddd-4d32-a0cd-375ea402b003", ""),
    ("red", "e828b379-4e03-4974-9ac4-e53a884c97c1", "5e57c739-391a-4eb3-b6be-7d15ca92d5ed"),
];
/// What is before and behind the value in a pattern, for each type.
const FORMS: [(&str, &str); 11] = [
    ("ip-dst", "ipv4-addr:value"),
    ("ip-dst", "ipv6-addr:value"),
    ("ip-src", "network-traffic:src_ref.value"),
    ("domain", "domain-name:value"),
    ("url", "url:value"),
    ("email-src", "email-message:from_ref.value"),
    ("email-dst", "email-message:to_refs[*].value"),
    ("filename", "file:name"),
    ("md5", "file:hashes.MD5"),
    ("sha1", "file:hashes.'SHA-1'"),
    ("sha256", "file:hashes.'SHA-256'"),
];

type Made = Result<Second<'static>, &'static str>;

fn rank(word: &str) -> Option<usize> {
    let tag = word.to_lowercase();
    let (level, id) = (tag.strip_prefix("tlp:").unwrap_or(""), word.strip_prefix("marking-definition--").unwrap_or(""));
    let named = TLP.iter().position(|(name, two, one)| *name == level || (!id.is_empty() && (*two == id || *one == id)));
    named.or_else(|| (level == "white").then_some(0))
}

fn name(rank: usize) -> &'static str {
    TLP.get(rank).map_or("", |(name, _, _)| *name)
}

/// The form of a type, its literals open; none where it has none.
fn compares(kind: &str, value: &str) -> Option<String> {
    let escaped = |text: &str| text.chars().flat_map(|c| ['\\'].into_iter().filter(move |_| matches!(c, '\\' | '\'')).chain([c])).collect::<String>();
    let property = |wanted: &str| FORMS.iter().find(|(known, _)| *known == wanted).map(|(_, property)| *property);
    let one = |property: &str, value: &str| (!value.is_empty()).then(|| format!("{property} = '{}'", escaped(value)));
    let inner = match kind.split_once('|') {
        Some(("filename", hash)) if matches!(hash, "md5" | "sha1" | "sha256") => {
            let at = value.rfind('|')?;
            let (file, sum) = (value.get(..at)?, value.get(at..)?.get(1..)?);
            format!("{} AND {}", one("file:name", file)?, one(property(hash)?, sum)?)
        }
        Some(_) => return None,
        None if kind == "ip-dst" && value.contains(':') => one("ipv6-addr:value", value)?,
        None => one(property(if kind == "hostname" { "domain" } else { kind })?, value)?,
    };
    Some(format!("[{inner}]"))
}

/// The type and value whose pattern this is: every form is tried, and must give the pattern letter by letter.
fn told(pattern: &str) -> Option<(String, String)> {
    let plain = |literal: &str| {
        let mut chars = literal.chars();
        let mut out = String::new();
        while let Some(c) = chars.next() {
            out.extend(if c == '\\' { chars.next() } else { Some(c) });
        }
        out
    };
    let inner = pattern.strip_prefix('[').and_then(|rest| rest.strip_suffix("']"))?;
    let of = |known: &str, value: String| (compares(known, &value).as_deref() == Some(pattern)).then(|| (known.to_owned(), value));
    for (kind, property) in FORMS {
        let Some(literal) = inner.strip_prefix(property).and_then(|rest| rest.strip_prefix(" = '")) else { continue };
        if let Some(found) = of(kind, plain(literal)) {
            return Some(found);
        }
        for (hash, property) in FORMS.iter().skip(8) {
            let between = format!("' AND {property} = '");
            let found =
                literal.rsplit_once(&*between).and_then(|(file, sum)| of(&format!("filename|{hash}"), format!("{}|{}", plain(file), plain(sum))));
            if kind == "filename" && found.is_some() {
                return found;
            }
        }
    }
    None
}

fn member<'t, 'a>(part: Part<'t, 'a>, name: &str) -> Option<Part<'t, 'a>> {
    part.attributes().find(|leaf| leaf.name() == ("", name))
}

fn must<'t, 'a>(account: &mut Account<'t, 'a>, part: Part<'t, 'a>, name: &str) -> Result<&'t str, &'static str> {
    member(part, name).map(|leaf| account.take(leaf)).ok_or("expected what an indicator or report must have")
}

/// Takes a member that says what is understood without it.
fn understood<'t, 'a>(account: &mut Account<'t, 'a>, part: Part<'t, 'a>, name: &str, value: &str) {
    if let Some(leaf) = member(part, name).filter(|leaf| leaf.value() == value) {
        account.take(leaf);
    }
}

/// The one level that some leaves say.
fn marked<'t, 'a>(account: &mut Account<'t, 'a>, leaves: impl Iterator<Item = Part<'t, 'a>>) -> Result<Option<usize>, &'static str> {
    let mut found: Option<usize> = None;
    for leaf in leaves {
        let Some(level) = rank(leaf.value()) else { continue };
        account.take(leaf);
        if *found.get_or_insert(level) != level {
            return Err("expected one level on each part");
        }
    }
    Ok(found)
}

fn tags<'t, 'a>(part: Part<'t, 'a>) -> impl Iterator<Item = Part<'t, 'a>> {
    part.content().filter(|child| child.name().1 == "Tag").filter_map(|tag| member(tag, "name"))
}

fn listed<'t, 'a>(part: Part<'t, 'a>, name: &'static str) -> impl Iterator<Item = Part<'t, 'a>> {
    part.content().filter(move |item| item.name() == (ARRAY, name)).flat_map(Part::content)
}

/// Nothing that is left of the original is marked above what was carried over.
fn covered(root: Part<'_, '_>, carried: usize) -> Result<(), &'static str> {
    let above = root.all().filter(|part| !part.is_element()).filter_map(|part| rank(part.value())).any(|level| level > carried);
    if above { Err("expected nothing marked above what both formats have") } else { Ok(()) }
}

fn item(into: &mut Second<'static>, name: &'static str, value: String) {
    into.open(ARRAY, name);
    into.text(value, Spelling::Exact);
    into.close();
}

fn exact(into: &mut Second<'static>, name: &'static str, value: &str) {
    into.attribute("", name, value.to_owned(), Spelling::Exact);
}

fn time(into: &mut Second<'static>, name: &'static str, value: &str) {
    into.attribute("", name, value.to_owned(), Spelling::Time);
}

/// A time that tells a version, as STIX spells it.
fn version(into: &mut Second<'static>, name: &'static str, whole: &str) {
    exact(into, name, &fine(whole));
}

/// Whole seconds to the millisecond.
fn fine(whole: &str) -> String {
    format!("{}.000Z", whole.trim_end_matches('Z'))
}

fn stix(account: &mut Account<'_, '_>) -> Made {
    let event = account.root()?.content().find(|part| part.name().1 == "Event").ok_or("expected an event")?;
    let level = marked(account, tags(event))?.ok_or("expected an event with a level")?;
    let changed = stamp(account, event)?;
    let date = format!("{}T00:00:00Z", must(account, event, "date")?);
    understood(account, event, "distribution", "0");
    let (uuid, info) = (must(account, event, "uuid")?, must(account, event, "info")?);
    let (mut ids, mut objects, mut most) = (Vec::new(), Vec::new(), level);
    for part in event.content().filter(|part| part.name().1 == "Attribute") {
        if let Some(indicator) = Indicator::of_attribute(account, part, level)? {
            most = most.max(indicator.level);
            ids.push(format!("indicator--{}", indicator.uuid));
            objects.push(indicator);
        }
    }
    covered(event, most)?;
    let mut bundle = Second::default();
    bundle.open("", "bundle");
    exact(&mut bundle, "id", &format!("bundle--{uuid}"));
    exact(&mut bundle, "type", "bundle");
    bundle.open(ARRAY, "objects");
    version(&mut bundle, "created", &changed);
    exact(&mut bundle, "id", &format!("report--{uuid}"));
    version(&mut bundle, "modified", &changed);
    exact(&mut bundle, "name", info);
    time(&mut bundle, "published", &date);
    exact(&mut bundle, "spec_version", "2.1");
    exact(&mut bundle, "type", "report");
    reference(&mut bundle, level);
    ids.into_iter().for_each(|id| item(&mut bundle, "object_refs", id));
    bundle.close();
    objects.iter().for_each(|indicator| indicator.object(&mut bundle));
    bundle.close();
    if objects.is_empty() { Err("expected an indicator") } else { Ok(bundle) }
}

fn reference(into: &mut Second<'static>, level: usize) {
    item(into, "object_marking_refs", format!("marking-definition--{}", TLP.get(level).map_or("", |(_, id, _)| *id)));
}

fn stamp<'t, 'a>(account: &mut Account<'t, 'a>, part: Part<'t, 'a>) -> Result<String, &'static str> {
    must(account, part, "timestamp")?.parse::<i64>().ok().and_then(Moment::spell).ok_or("expected seconds since 1970")
}

struct Indicator<'t> {
    uuid: &'t str,
    kind: String,
    value: String,
    changed: String,
    first: Option<&'t str>,
    last: Option<&'t str>,
    comment: Option<&'t str>,
    level: usize,
}

impl<'t> Indicator<'t> {
    fn of_attribute<'a>(account: &mut Account<'t, 'a>, part: Part<'t, 'a>, above: usize) -> Result<Option<Self>, &'static str> {
        let (Some(kind), Some(value)) = (member(part, "type"), part.said("value")) else { return Ok(None) };
        if part.said("to_ids") != Some("true") || part.said("deleted") == Some("true") || compares(kind.value(), value).is_none() {
            return Ok(None);
        }
        let kind = account.take_as(kind, if kind.value() == "hostname" { "domain".to_owned() } else { kind.value().to_owned() });
        must(account, part, "value")?;
        must(account, part, "to_ids")?;
        understood(account, part, "category", category(&kind));
        understood(account, part, "distribution", "5");
        let mut taken = |name| member(part, name).map(|leaf| account.take(leaf)).filter(|text| !text.is_empty());
        let (comment, first, last) = (taken("comment"), taken("first_seen"), taken("last_seen"));
        let level = marked(account, tags(part))?.unwrap_or(above).max(above);
        let uuid = must(account, part, "uuid")?;
        Ok(Some(Self { uuid, kind, value: value.to_owned(), changed: stamp(account, part)?, first, last, comment, level }))
    }

    fn of_object<'a>(account: &mut Account<'t, 'a>, object: Part<'t, 'a>) -> Result<Option<Self>, &'static str> {
        let read =
            object.said("pattern").and_then(told).filter(|_| object.said("pattern_type") == Some("stix") && object.said("revoked") != Some("true"));
        let Some((kind, value)) = read else { return Ok(None) };
        must(account, object, "pattern")?;
        must(account, object, "pattern_type")?;
        let level = marked(account, listed(object, "object_marking_refs"))?.ok_or("expected a level on each indicator")?;
        let uuid = identity(account, object, "indicator--")?;
        let changed = versions(account, object)?;
        let mut taken = |name| member(object, name).map(|leaf| account.take(leaf)).filter(|text| !text.is_empty());
        let (comment, first, last) = (taken("description"), taken("valid_from"), taken("valid_until"));
        let first = first.filter(|first| !Spelling::Time.same(first, &changed));
        Ok(Some(Self { uuid, kind, value, changed, first, last, comment, level }))
    }

    fn object(&self, into: &mut Second<'static>) {
        into.open(ARRAY, "objects");
        version(into, "created", &self.changed);
        self.comment.iter().for_each(|comment| exact(into, "description", comment));
        exact(into, "id", &format!("indicator--{}", self.uuid));
        version(into, "modified", &self.changed);
        exact(into, "pattern", &compares(&self.kind, &self.value).unwrap_or_default());
        exact(into, "pattern_type", "stix");
        exact(into, "spec_version", "2.1");
        exact(into, "type", "indicator");
        time(into, "valid_from", self.first.unwrap_or(&self.changed));
        self.last.iter().for_each(|last| time(into, "valid_until", last));
        reference(into, self.level);
        into.close();
    }

    fn attribute(&self, into: &mut Second<'static>) -> Result<(), &'static str> {
        into.open(ARRAY, "Attribute");
        exact(into, "category", category(&self.kind));
        self.comment.iter().for_each(|comment| exact(into, "comment", comment));
        exact(into, "distribution", "5");
        self.first.iter().for_each(|first| time(into, "first_seen", first));
        self.last.iter().for_each(|last| time(into, "last_seen", last));
        exact(into, "timestamp", &seconds(&self.changed)?);
        into.attribute("", "to_ids", "true", Spelling::Flag);
        exact(into, "type", &self.kind);
        exact(into, "uuid", self.uuid);
        exact(into, "value", &self.value);
        tag(into, self.level);
        into.close();
        Ok(())
    }
}

/// The category that is usual for a type.
fn category(kind: &str) -> &'static str {
    let network = matches!(kind, "ip-dst" | "ip-src" | "domain" | "url" | "email-dst");
    if network { "Network activity" } else { "Payload delivery" }
}

fn seconds(time: &str) -> Result<String, &'static str> {
    Moment::read(time).map(|moment| moment.seconds().to_string()).ok_or("expected a time")
}

fn tag(into: &mut Second<'static>, level: usize) {
    into.open(ARRAY, "Tag");
    exact(into, "name", &format!("tlp:{}", name(level)));
    into.close();
}

fn identity<'t, 'a>(account: &mut Account<'t, 'a>, object: Part<'t, 'a>, prefix: &str) -> Result<&'t str, &'static str> {
    must(account, object, "type")?;
    must(account, object, "spec_version")?;
    must(account, object, "id")?.strip_prefix(prefix).ok_or("expected an id of its own type")
}

/// A time of an object cut to a multiple of so many seconds.
fn cut<'t, 'a>(account: &mut Account<'t, 'a>, object: Part<'t, 'a>, name: &str, step: i64) -> Result<String, &'static str> {
    let leaf = member(object, name).ok_or("expected a time")?;
    let whole = Moment::read(leaf.value()).and_then(|moment| moment.seconds().checked_sub(moment.seconds().checked_rem_euclid(step)?));
    Ok(account.take_as(leaf, whole.and_then(Moment::spell).ok_or("expected a time after 1970")?))
}

fn versions<'t, 'a>(account: &mut Account<'t, 'a>, object: Part<'t, 'a>) -> Result<String, &'static str> {
    let leaf = member(object, "modified").ok_or("expected a time")?;
    let changed = Moment::read(leaf.value()).and_then(|moment| Moment::spell(moment.seconds())).ok_or("expected a time after 1970")?;
    account.take_as(leaf, fine(&changed));
    if let Some(created) = member(object, "created").filter(|created| created.value() == fine(&changed)) {
        account.take(created);
    }
    Ok(changed)
}

fn misp(account: &mut Account<'_, '_>) -> Made {
    let root = account.root()?;
    let of = |kind: &'static str| root.content().filter(move |object| object.said("type") == Some(kind));
    let mut reports = of("report");
    let (Some(report), None) = (reports.next(), reports.next()) else { return Err("expected one report") };
    let level = marked(account, listed(report, "object_marking_refs"))?.ok_or("expected a report with a level")?;
    let mut indicators = Vec::new();
    for object in of("indicator") {
        indicators.extend(Indicator::of_object(account, object)?);
    }
    let (least, most) = indicators.iter().fold((usize::MAX, level), |(least, most), one| (least.min(one.level), most.max(one.level)));
    if indicators.is_empty() || least < level {
        return Err("expected indicators that are marked no lower than their report");
    }
    covered(root, most)?;
    let uuid = identity(account, report, "report--")?;
    understood(account, root, "id", &format!("bundle--{uuid}"));
    understood(account, root, "type", "bundle");
    for leaf in listed(report, "object_refs") {
        if indicators.iter().any(|one| leaf.value().strip_prefix("indicator--") == Some(one.uuid)) {
            account.take(leaf);
        }
    }
    let info = must(account, report, "name")?;
    let day = cut(account, report, "published", 86_400)?;
    let changed = versions(account, report)?;
    let mut event = Second::default();
    event.open("", "misp");
    event.open("", "Event");
    exact(&mut event, "date", day.get(..10).unwrap_or_default());
    exact(&mut event, "distribution", "0");
    exact(&mut event, "info", info);
    exact(&mut event, "timestamp", &seconds(&changed)?);
    exact(&mut event, "uuid", uuid);
    indicators.iter().try_for_each(|one| one.attribute(&mut event))?;
    tag(&mut event, level);
    event.close();
    event.close();
    Ok(event)
}
