//! The strict reading of an event in XML: tokens in, a typed tree out.
//!
//! White space between elements and comments are dropped; CDATA is read in `remarks` only.

use crate::base::{Budget, Refusal};
use crate::format::event::{DEPTH_MAX, EVENT, Event};
use crate::format::syntax::xml::{self, Cdata, Comments, Options, Reader, Token};
use crate::normal::Tree;

const OPTIONS: Options = Options { comments: Comments::Allow, cdata: Cdata::Inside("remarks"), depth_max: DEPTH_MAX };

/// Reads an event.
///
/// # Errors
/// `malformed.*`, `invalid.cot.*`, `size.*`.
pub(super) fn read<'a>(body: &'a [u8], budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    let text = xml::text(body)?;
    let mut event = Event::new(&EVENT, xml::nodes_at_most(text));
    let mut reader = Reader::new(text, OPTIONS, budget)?;
    loop {
        match reader.token(budget)? {
            Token::Open(tag) => event.open(&tag, reader.attributes(), budget)?,
            Token::Text(text) => event.text(text, budget)?,
            Token::Close { end } => event.close(end)?,
            Token::End => break,
        }
    }
    event.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Reason;
    use crate::normal::Value;

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
