//! A held message as a reviewer must see it: what an inspector shows of it, and what the journal has of it. The look itself is on record.

use super::messages::shown;
use super::refused;
use crate::base::{Fault, Name, Reason, Time};
use crate::control::desk::{Act, Choice, Held, Item, View};
use crate::filter::Removals;
use crate::hop::message::Wish;
use crate::journal::{Event, Looked, Reviewed};
use crate::process::keeper::Shared;
use crate::process::review::{Case, Choices, expires, officer};
use crate::process::world;

/// How long a look lasts: 5 minutes. Who asks what would leave under another choice meanwhile is still looking.
const LOOK_SECONDS: i64 = 300;

impl Shared {
    /// Shows a held message, and what would leave under a choice.
    pub(super) async fn item(&self, of: &Held, choice: &Choice, viewer: &str) -> Result<View, Fault> {
        let named = (Name::new(&of.from), of.id.parse().ok(), Name::new(&of.recipient));
        let (Some(from), Some(id), Some(recipient)) = named else { return Ok(refused("expected a sender, an id and a recipient")) };
        if viewer.trim().is_empty() {
            return Ok(refused("expected the name of whoever looks: it is on record"));
        }
        let Some(mut case) = self.case(&from, id, &recipient).await? else {
            return Ok(refused(format!("nothing is held under `{id}` for `{recipient}`; it may be decided already")));
        };
        self.note_look(&mut case, viewer).await?;
        let rule = Removals::by(std::iter::once(officer(viewer)), Vec::new()).rule.to_string();
        let wish = Wish { waived: Some(choice.waived.clone()), removed: choice.removed.clone(), rule };
        let (edition, preview) = self.preview(&case, wish).await?;
        let shown = serde_json::from_str::<Item>(&preview.item);
        let mut item = shown.map_err(|cause| Fault::from_cause("an inspector shows what does not read", cause))?;
        self.complete(&mut item, &case, viewer)?;
        let subject = case.subject(edition);
        item.head = subject.head();
        match (preview.strange.first(), preview.leaves) {
            (Some(name), _) => {
                item.would = format!("`{name}` is no finding of the message that reviewers may let pass");
                item.output = None;
            }
            (None, Some(leaves)) => item.release = subject.template(&choice.waived, &choice.removed, leaves),
            (None, None) => {}
        }
        Ok(View::Item(Box::new(item)))
    }

    /// What journal and rule set say of it.
    fn complete(&self, item: &mut Item, case: &Case, viewer: &str) -> Result<(), Fault> {
        let edition = std::sync::Arc::clone(&self.shifts.now().edition);
        let officers = self.officers()?;
        let choices = Choices::of(case, edition.digest, &officers);
        item.persons = case.persons(&edition);
        item.choices = choices.count();
        let reviews = format!("{} of {}", item.choices.min(item.persons), item.persons);
        let classification = case.marking.as_ref().map(ToString::to_string).unwrap_or_default();
        item.message = shown(&case.row, case.gravest(), reviews, (case.passed_to().unwrap_or_default(), classification));
        item.remedy = case.row.code.map(Reason::remedy).unwrap_or_default().to_owned();
        item.expires = expires(&case.row, edition.review.hours).to_string();
        // In the order of the journal: two acts may have one time, and a clock may be set back.
        let chosen: Vec<&Reviewed> = choices.seen_by(viewer).collect();
        item.acts = case.since.iter().filter_map(|entry| seen(&entry.event, case, &chosen)).collect();
        Ok(())
    }

    /// Records that somebody looks, once for as long as a look lasts.
    async fn note_look(&self, case: &mut Case, viewer: &str) -> Result<(), Fault> {
        let now = world::now();
        let recent = |look: &Looked| look.officer == viewer && look.recipient == case.row.recipient && now.seconds_since(look.time) < LOOK_SECONDS;
        if case.since.iter().any(|entry| matches!(&entry.event, Event::Looked(look) if recent(look))) {
            return Ok(());
        }
        let look = Looked { message: case.key(), recipient: case.row.recipient.clone(), officer: viewer.to_owned(), time: now };
        let appended = self.journal.append(vec![Event::Looked(look)], case.row.precedence).await;
        appended.map(|_| ()).map_err(|denied| Fault::from_cause("the journal refused the record of the look", denied))?;
        if let Some(again) = self.case(&case.row.from, case.row.id, &case.row.recipient).await? {
            *case = again;
        }
        Ok(())
    }
}

/// A look, a message passed on, or one of the choices that the viewer may see; nothing of anything else.
fn seen(event: &Event, case: &Case, chosen: &[&Reviewed]) -> Option<Act> {
    match event {
        Event::Looked(look) if look.recipient == case.row.recipient => Some(act(&look.officer, look.time, "looked", "")),
        Event::Reviewed(one) => {
            let passed = one.recipient == case.row.recipient && one.verdict.word() == "pass";
            let shown = passed || chosen.iter().any(|other| std::ptr::eq(*other, one));
            shown.then(|| act(&one.reviewer, one.time, one.verdict.word(), &one.reason))
        }
        _ => None,
    }
}

fn act(officer: &str, time: Time, what: &str, reason: &str) -> Act {
    Act { officer: officer.to_owned(), time: time.to_string(), what: what.to_owned(), reason: reason.to_owned() }
}
