//! The journal: its chain, its records, and proofs to keep.

use askama::Template;
use hyper::StatusCode;

use super::{Asked, Frame, Made, address, rendered, strange};
use crate::console::answer::{self, Problem};
use crate::control::desk::{Audit, Query, Step, View};

#[derive(Template)]
#[template(path = "console/templates/audit.html")]
struct Shown {
    frame: Frame,
    audit: Audit,
    steps: Vec<Step>,
    next: String,
}

pub(super) async fn page(asked: &Asked<'_>) -> Made {
    let View::Audit(audit) = asked.look(Query::Audit {}).await? else { return Err(strange()) };
    let after = asked.form.one("after").map(str::to_owned);
    let View::Records(records) = asked.look(Query::Records { after, rows: 50 }).await? else { return Err(strange()) };
    let next = records.next.as_deref().map(|next| address("/audit", &[("after", next)])).unwrap_or_default();
    rendered(StatusCode::OK, &Shown { frame: asked.frame("Audit", "/audit"), audit, steps: records.rows, next })
}

pub(super) async fn checkpoint(asked: &Asked<'_>) -> Made {
    let View::Audit(audit) = asked.look(Query::Audit {}).await? else { return Err(strange()) };
    // A signed note, as it is: a signature does not survive an escape.
    match asked.console.office.look(Query::Audit {}).await? {
        View::Audit(whole) => Ok(answer::file(&format!("checkpoint-{}.txt", audit.covered), whole.checkpoint)),
        _ => Err(strange()),
    }
}

pub(super) async fn proof(asked: &Asked<'_>) -> Made {
    let index = asked.form.need("index").map_err(Problem::bad)?;
    let index: u64 = index.parse().map_err(|_| Problem::bad("expected the index of a record, a whole number"))?;
    let View::Proof { text } = asked.look(Query::Proof { index }).await? else { return Err(strange()) };
    Ok(answer::file(&format!("record-{index}.proof"), text))
}
