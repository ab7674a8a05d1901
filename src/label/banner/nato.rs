//! NATO banners: `NATO SECRET`, `NATO/KFOR CONFIDENTIAL`, `COSMIC TOP SECRET//BOHEMIA`, `NATO RESTRICTED Releasable to JPN, UKR - STAFF`.
// SPEC: ADatP-4774 Ed A V1, appendix 2; `//` before special categories as the US Register writes them.

use crate::base::Refusal;
use crate::label::lattice::Lattice;
use crate::label::mark::Label;
use crate::label::scheme::PolicyIx;
use crate::label::words::{add_implied, malformed, unknown};

const CONTEXT_SET: &str = "Context";
const SPECIAL_SET: &str = "Special Category Designators";
const ADMINISTRATIVE_SET: &str = "Administrative";
const HIGHEST: &str = "TOP SECRET";

/// Reads a NATO banner. Recipients are written as codes.
pub(super) fn read(lattice: &Lattice, policy: PolicyIx, line: &str) -> Result<Label, Refusal> {
    let (line, administrative) = cut(line, " - ");
    let (line, recipients) = cut(line, " Releasable to ");
    let (head, special) = cut(line, "//");
    let (context, class) = match head.strip_prefix("COSMIC ") {
        Some(HIGHEST) => ("NATO", HIGHEST),
        Some(_) => return Err(malformed("expected `TOP SECRET` after `COSMIC`")),
        None => read_head(head)?,
    };
    let mut label = Label::new(policy, lattice.named_level(policy, class)?);
    if context != "NATO" {
        add(lattice, &mut label, CONTEXT_SET, context)?;
    }
    for name in special.into_iter().flat_map(|list| list.split('/')) {
        add(lattice, &mut label, SPECIAL_SET, name)?;
    }
    if let Some(list) = recipients {
        // The context itself stands in the list and is not displayed.
        for code in std::iter::once(context).chain(list.split(", ")) {
            let (tag, value) = lattice.recipient(policy, code)?;
            label.add(tag, value);
        }
    }
    for name in administrative.into_iter().flat_map(|list| list.split('/')) {
        add(lattice, &mut label, ADMINISTRATIVE_SET, name)?;
    }
    add_implied(lattice.scheme(policy)?, &mut label);
    Ok(label)
}

fn read_head(head: &str) -> Result<(&str, &str), Refusal> {
    let rest = head.strip_prefix("NATO").ok_or_else(|| malformed("expected `NATO` or `COSMIC TOP SECRET`"))?;
    let (context, class) = match rest.strip_prefix('/') {
        Some(named) => named.split_once(' ').ok_or_else(|| malformed("expected a classification after the context"))?,
        None => ("NATO", rest.strip_prefix(' ').unwrap_or(rest)),
    };
    match class {
        HIGHEST => Err(malformed("expected `COSMIC TOP SECRET`")),
        // The policy folds case; a banner is written in capitals all the same.
        _ if class.bytes().any(|byte| byte.is_ascii_lowercase()) => Err(malformed("expected capitals")),
        _ => Ok((context, class)),
    }
}

fn cut<'t>(text: &'t str, mark: &str) -> (&'t str, Option<&'t str>) {
    text.split_once(mark).map_or((text, None), |(head, tail)| (head, Some(tail)))
}

fn add(lattice: &Lattice, label: &mut Label, set: &str, name: &str) -> Result<(), Refusal> {
    let (tag, value) =
        lattice.value_in(label.policy, set, name).ok_or_else(|| unknown(format!("expected values that the policy lists in `{set}`")))?;
    if label.has(tag, value) {
        return Err(malformed("expected each value once"));
    }
    label.add(tag, value);
    Ok(())
}
