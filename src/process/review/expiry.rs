//! Expiry: what nobody has decided on within the time of the rule set is refused, and a first choice without a second ends with it.

use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use crate::base::{Fault, Reason, Time};
use crate::journal::{Filter, Page, Row};
use crate::process::world;

/// How often it is looked at: each minute, for a time that is counted in hours.
const INTERVAL: Duration = Duration::from_secs(60);

/// When a message that is held is refused if nobody decides: hours after it was received.
pub(in crate::process) fn expires(row: &Row, hours: u32) -> Time {
    let ms = i64::from(hours).saturating_mul(3_600_000);
    Time::from_unix_ms(row.received.unix_ms().saturating_add(ms)).unwrap_or(row.received)
}

impl Shared {
    /// Refuses what is over, now and each minute from now on.
    pub(in crate::process) async fn expire_all(self: Arc<Self>) {
        loop {
            if let Err(fault) = self.expire().await {
                tracing::error!(%fault, "what is held too long was not refused");
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    async fn expire(&self) -> Result<(), Fault> {
        let hours = self.shifts.now().edition.review.hours;
        let before = world::now().unix_ms().saturating_sub(i64::from(hours).saturating_mul(3_600_000));
        let Some(until) = Time::from_unix_ms(before) else { return Ok(()) };
        loop {
            // Those that are refused are no longer among the held: the first page is always the next.
            let rows = self.journal.quarantine(Filter { until: Some(until), ..Filter::default() }, Page::first(Page::ROWS_MAX)).await?.rows;
            if rows.is_empty() {
                return Ok(());
            }
            for row in rows {
                self.expire_one(row).await?;
            }
        }
    }

    async fn expire_one(&self, row: Row) -> Result<(), Fault> {
        let _turn = self.reviewing.lock().await;
        // Somebody may have decided meanwhile.
        let Some(case) = self.case(&row.from, row.id, &row.recipient).await? else { return Ok(()) };
        tracing::warn!(message = %row.id, recipient = %row.recipient, "a held message is refused: nobody has decided in time");
        self.append(&case, vec![self.refused(&case, Reason::ReviewExpired)]).await
    }
}
