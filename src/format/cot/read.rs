//! The strict reading of an event: tokens in, a typed tree out, every rule of the table applied on the way.
//!
//! One pass, no recovery. White space between elements and comments are dropped; CDATA is read in `remarks` only.

use crate::base::{Budget, Reason, Refusal, Span};
use crate::format::syntax::xml::{self, Attribute, Cdata, Comments, Options, Reader, Tag, Token};
use crate::normal::{NodeId, Tree, TreeBuilder, Value};

use super::schema::{
    EVENT, Element, Holds, NAME_BINDING, NAMES_LABEL, NAMESPACE_BINDING, NAMESPACE_LABEL, NAMESPACE_SIGNATURE, NAMESPACES_OF_ATTRIBUTES,
    NAMESPACES_OF_SIGNATURES, Occurs, Others, Presence,
};
use super::value::{hides, value};

/// Open elements at most: 16. Real messages reach 7; a signed label adds 6.
const DEPTH_MAX: usize = 16;

const OPTIONS: Options = Options { comments: Comments::Allow, cdata: Cdata::Inside("remarks"), depth_max: DEPTH_MAX };

/// Reads an event.
///
/// # Errors
/// `malformed.*`, `invalid.cot.*`, `size.*`.
pub(super) fn read<'a>(body: &'a [u8], budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let text = xml::text(body)?;
    let mut event = Event { tree: TreeBuilder::with_capacity(xml::nodes_at_most(text)), levels: Vec::with_capacity(DEPTH_MAX) };
    let mut reader = Reader::new(text, OPTIONS, budget)?;
    loop {
        match reader.token(budget)? {
            Token::Open(tag) => event.open(&tag, reader.attributes(), budget)?,
            Token::Text(text) => {
                event.text(text.span)?;
                event.tree.text(Value::Text(text.value), text.span, budget)?;
            }
            Token::Close { end } => event.close(end)?,
            Token::End => break,
        }
    }
    let tree = event.tree.finish().ok_or_else(|| Refusal::new(Reason::MalformedXmlSyntax, "expected one document element"))?;
    order_of_times(&tree)?;
    Ok(tree)
}

/// What is known of an open element.
#[derive(Debug)]
struct Level<'a> {
    name: &'a str,
    start: usize,
    /// Its row of the table; none below what the table does not know.
    row: Option<&'static Element>,
    /// Which children of the row have stood: one bit each.
    seen: u64,
    holds: Held,
    realm: Realm,
}

/// What an element was seen to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Nothing,
    Text,
    Elements,
}

/// Whose vocabulary an element is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Realm {
    /// Cursor-on-Target, without namespace.
    Cot,
    /// A label or binding in `detail`.
    Label,
    /// A signature in a binding: nothing but what signatures are made of stands in it.
    Signature,
}

#[derive(Debug)]
struct Event<'a> {
    tree: TreeBuilder<'a>,
    levels: Vec<Level<'a>>,
}

impl<'a> Event<'a> {
    fn open(&mut self, tag: &Tag<'a>, attributes: impl Iterator<Item = Attribute<'a>>, budget: &mut Budget) -> Result<(), Refusal> {
        let span = Span::new(tag.start, tag.end);
        let realm = self.realm(tag, span)?;
        let row = self.row(tag, span)?;
        self.levels.push(Level { name: tag.name, start: tag.start, row, seen: 0, holds: Held::Nothing, realm });
        if hides(tag.name) {
            return Err(self.refusal(Reason::InvalidCotCharacter, span, "expected an element name of visible characters"));
        }
        self.tree.open(tag.namespace, tag.name, tag.start, budget)?;
        let mut stood = 0_u64;
        for attribute in attributes {
            stood |= self.attribute(attribute, budget)?;
        }
        let missing = row.and_then(|row| {
            let mut all = row.attributes.iter().enumerate();
            all.find(|(place, known)| known.presence == Presence::Required && stood & bit(*place) == 0).map(|(_, known)| known.name)
        });
        match missing {
            Some(name) => Err(self.refusal(Reason::InvalidCotMissing, span, &format!("expected the attribute `{name}`"))),
            None => Ok(()),
        }
    }

    /// The realm of an element; namespaces stand only in labels and bindings, and these only in `detail`.
    fn realm(&self, tag: &Tag<'_>, span: Span) -> Result<Realm, Refusal> {
        let parent = self.levels.last();
        let in_detail = self.levels.len() == 2 && parent.is_some_and(|level| level.name == "detail");
        let in_label = parent.is_some_and(|level| level.realm == Realm::Label);
        // Rules name fields without their namespace: what has a label's name must be one, or a rule that lets labels pass lets it pass.
        let own = match tag.name {
            NAME_BINDING => NAMESPACE_BINDING,
            name if NAMES_LABEL.contains(&name) => NAMESPACE_LABEL,
            _ if tag.namespace == NAMESPACE_BINDING => "",
            _ => tag.namespace,
        };
        if in_detail && tag.namespace != own {
            return Err(self.refusal(
                Reason::MalformedXmlNamespace,
                span,
                "expected the name of a label or binding with its namespace, and no other",
            ));
        }
        let in_signature = parent.is_some_and(|level| level.realm == Realm::Signature);
        let in_binding = in_label && self.levels.len() == 3 && parent.is_some_and(|level| level.name == NAME_BINDING);
        match tag.namespace {
            namespace if in_signature && NAMESPACES_OF_SIGNATURES.contains(&namespace) => Ok(Realm::Signature),
            NAMESPACE_SIGNATURE if in_binding && tag.name == "Signature" => Ok(Realm::Signature),
            _ if in_signature => {
                Err(self.refusal(Reason::MalformedXmlNamespace, span, "expected nothing in a signature but the elements of a signature"))
            }
            "" if in_label => Ok(Realm::Label),
            "" => Ok(Realm::Cot),
            NAMESPACE_LABEL | NAMESPACE_BINDING if in_detail || in_label => Ok(Realm::Label),
            _ => Err(self.refusal(
                Reason::MalformedXmlNamespace,
                span,
                "expected no namespace but that of a STANAG 4774 label or 4778 binding in `detail`",
            )),
        }
    }

    /// The row of an element, counted in its parent.
    fn row(&mut self, tag: &Tag<'_>, span: Span) -> Result<Option<&'static Element>, Refusal> {
        let Some(parent) = self.levels.last_mut() else {
            return if tag.name == EVENT.name {
                Ok(Some(&EVENT))
            } else {
                Err(Refusal::at(Reason::InvalidCotElement, span, "expected `event` as the document element"))
            };
        };
        let held = std::mem::replace(&mut parent.holds, Held::Elements);
        if held == Held::Text {
            return Err(self.refusal(Reason::InvalidCotText, span, "expected text or elements, found both"));
        }
        let known = parent.row.filter(|_| tag.namespace.is_empty());
        let Some((place, row)) = known.and_then(|known| known.child(tag.name)) else {
            return match parent.row {
                Some(row) if row.others == Others::Closed => {
                    let expected = if row.children.is_empty() { "expected no element in `point`" } else { "expected `point` or `detail` in `event`" };
                    Err(self.refusal(Reason::InvalidCotElement, span, expected))
                }
                Some(row) if row.holds == Holds::Text => Err(self.refusal(Reason::InvalidCotElement, span, "expected text only in `remarks`")),
                _ => Ok(None),
            };
        };
        let before = parent.seen & bit(place);
        parent.seen |= bit(place);
        if row.occurs != Occurs::Many && before != 0 {
            return Err(self.refusal(Reason::InvalidCotRepeated, span, &format!("expected `{}` once", row.name)));
        }
        Ok(Some(row))
    }

    /// Adds an attribute; gives its bit in the table, or none.
    fn attribute(&mut self, attribute: Attribute<'a>, budget: &mut Budget) -> Result<u64, Refusal> {
        let Attribute { namespace, name, value: text, span } = attribute;
        let (row, realm) = self.levels.last().map_or((None, Realm::Cot), |level| (level.row, level.realm));
        if !(namespace.is_empty() || realm == Realm::Label && NAMESPACES_OF_ATTRIBUTES.contains(&namespace)) {
            return Err(self.refusal(Reason::MalformedXmlNamespace, span, "expected an attribute without namespace"));
        }
        if hides(name) {
            return Err(self.refusal(Reason::InvalidCotCharacter, span, "expected an attribute name of visible characters"));
        }
        let known = row.filter(|_| namespace.is_empty()).and_then(|row| row.attribute(name));
        let value = match (known, row) {
            (Some(known), _) => value(known.kind, text, span).map_err(|refusal| refusal.on(format!("{}/@{name}", self.path())))?,
            (None, Some(row)) if row.others == Others::Closed => {
                return Err(self.refusal(Reason::InvalidCotAttribute, span, "expected an attribute of the base schema"));
            }
            (None, _) => Value::Text(text),
        };
        self.tree.attribute(namespace, name, value, span, budget)?;
        let place = row.and_then(|row| row.attributes.iter().position(|known| known.name == name));
        Ok(place.map_or(0, bit))
    }

    /// Whether text may stand in the open element.
    fn text(&mut self, span: Span) -> Result<(), Refusal> {
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        let held = std::mem::replace(&mut level.holds, Held::Text);
        if level.row.is_some_and(|row| row.holds != Holds::Text) {
            return Err(self.refusal(Reason::InvalidCotText, span, "expected no text in this element"));
        }
        match held {
            Held::Nothing => Ok(()),
            _ => Err(self.refusal(Reason::InvalidCotText, span, "expected text or elements, found both")),
        }
    }

    fn close(&mut self, end: usize) -> Result<(), Refusal> {
        if let Some(Level { row: Some(row), seen, start, .. }) = self.levels.last() {
            let mut children = row.children.iter().enumerate();
            let missing = children.find(|(place, child)| child.occurs == Occurs::Always && seen & bit(*place) == 0);
            if let Some((_, child)) = missing {
                return Err(self.refusal(Reason::InvalidCotMissing, Span::new(*start, end), &format!("expected the element `{}`", child.name)));
            }
        }
        self.levels.pop();
        self.tree.close(end);
        Ok(())
    }

    fn refusal(&self, reason: Reason, span: Span, detail: &str) -> Refusal {
        Refusal::at(reason, span, detail).on(self.path())
    }

    fn path(&self) -> String {
        self.levels.iter().flat_map(|level| ["/", level.name]).collect()
    }
}

fn bit(place: usize) -> u64 {
    u32::try_from(place).ok().and_then(|place| 1_u64.checked_shl(place)).unwrap_or(0)
}

/// SPEC: CoT base event: stale must not lie before start.
fn order_of_times(tree: &Tree<'_>) -> Result<(), Refusal> {
    let time = |name| tree.attribute(NodeId::ROOT, name);
    match (time("start"), time("stale")) {
        (Some((_, start)), Some((_, stale))) => match (&start.value, &stale.value) {
            (Value::Time(from), Value::Time(to)) if from <= to => Ok(()),
            _ => Err(Refusal::at(Reason::InvalidCotTimeOrder, stale.span, "expected a stale that does not lie before start").on("/event/@stale")),
        },
        _ => Err(Refusal::new(Reason::InvalidCotMissing, "expected the attributes `start` and `stale`").on("/event")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "<event version='2.0' uid='u' type='a' how='m-g' time='2026-03-01T10:00:00Z' start='2026-03-01T10:00:00Z' \
                        stale='2026-03-01T10:00:00Z'>";
    const POINT: &str = "<point lat='1' lon='2' hae='3' ce='4' le='5'/>";

    fn refused(inside: &str) -> (&'static str, String) {
        let body = format!("{HEAD}{inside}</event>");
        let refusal = read(body.as_bytes(), &mut Budget::for_body(body.len())).unwrap_err();
        (refusal.reason.code(), refusal.place.path)
    }

    #[test]
    fn refusals_name_the_field_by_its_path() {
        let detail = |inside: &str| refused(&format!("{POINT}<detail>{inside}</detail>"));
        assert_eq!(refused("<point lat='x'/>"), ("invalid.cot.number", "/event/point/@lat".into()));
        assert_eq!(refused("<point lat='1'/>"), ("invalid.cot.missing", "/event/point".into()));
        assert_eq!(refused(""), ("invalid.cot.missing", "/event".into()));
        assert_eq!(refused(&POINT.repeat(2)), ("invalid.cot.repeated", "/event".into()));
        assert_eq!(detail("<track course='x'/>"), ("invalid.cot.number", "/event/detail/track/@course".into()));
        assert_eq!(
            detail("<shape><polyline><vertex lat='90.5'/></polyline></shape>"),
            ("invalid.cot.range", "/event/detail/shape/polyline/vertex/@lat".into())
        );
        assert_eq!(detail("<a>x<b/></a>"), ("invalid.cot.text", "/event/detail/a".into()));
    }

    #[test]
    fn a_name_of_the_table_has_its_rules_only_in_its_place() {
        let body = format!("{HEAD}{POINT}<detail><other><track course='x'/><track/>text-free</other></detail></event>").replace("text-free", "");
        let tree = read(body.as_bytes(), &mut Budget::for_body(body.len())).unwrap();
        assert!(tree.all().any(|(_, node)| node.name == "course" && matches!(node.value, Value::Text(_))));
    }

    #[test]
    fn an_exhausted_budget_is_a_refusal_and_not_half_a_tree() {
        let body = format!("{HEAD}{POINT}</event>");
        let mut full = Budget::for_body(body.len());
        read(body.as_bytes(), &mut full).unwrap();
        let used = Budget::for_body(body.len()).left() - full.left();
        for short in [1, used / 2, used] {
            let mut budget = Budget::for_body(body.len());
            let all = budget.left();
            budget.spend(all - used + short).unwrap();
            assert_eq!(read(body.as_bytes(), &mut budget).unwrap_err().reason, Reason::SizeBudget, "{short} too few");
            assert_eq!(budget.left(), 0);
        }
    }
}
