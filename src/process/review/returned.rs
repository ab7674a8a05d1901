//! Return: a held message goes back to its sender as a notice of one word, and never leaves.
//!
//! Refusal and notice are one append: whoever is told that it was refused is told nothing that is not on record, and nothing is refused in silence.

use std::sync::Arc;

use super::{Case, Shared};
use crate::base::{Fault, Header, Name};
use crate::hop::Notice;
use crate::journal::{Accepted, Appended, Body, Event, MessageKey};
use crate::process::notices::return_id;
use crate::process::world;
use crate::statement::{MEDIA_TYPE, ReturnClass};

impl Shared {
    /// Records `events`, which refuse the message, with the notice to its sender, and sends that.
    pub(super) async fn give_back(&self, case: &Case, class: ReturnClass, events: Vec<Event>) -> Result<(), Fault> {
        let work = self.shifts.work();
        let shift = &work.shift;
        let home = Name::new(&shift.edition.home).ok_or_else(|| Fault::new("the home of the edition is no name"))?;
        let (message, now) = (case.kept(None)?.message, world::now());
        let key = MessageKey { from: home, id: return_id(&case.key(), &case.row.recipient) };
        let notice = Notice::Return { to: message.from.clone(), recipient: case.row.recipient.clone(), class };
        let unwritten = || Fault::new("the verifier writes no notice to the sender now; look into the log, and ask again, or reject the message");
        let prepared = self.write_notices(shift, &message, &key, vec![notice], now).await.ok_or_else(unwritten)?;
        let bytes = prepared.parcels.first().map(|parcel| Arc::clone(&parcel.bytes)).ok_or_else(unwritten)?;
        let header = Header {
            id: key.id,
            destinations: vec![message.from.clone()],
            media_type: MEDIA_TYPE.to_owned(),
            sent: now,
            label: None,
            ..message.header.clone()
        };
        let accepted = Accepted { from: key.from, header, body: Body::new(bytes), received: now, seals: None };
        let all = std::iter::once(Event::Accepted(accepted)).chain(prepared.events).chain(events).collect();
        match self.journal.append(all, case.row.precedence).await {
            Ok(Appended::Kept { first, .. }) => {
                self.dispatch(prepared.parcels, first);
                Ok(())
            }
            Ok(Appended::Repeated(_)) => Err(Fault::new("the sender was told before that the message is returned")),
            Err(denied) => Err(Fault::from_cause("the journal refused the review", denied)),
        }
    }
}
