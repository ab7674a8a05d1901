//! A shift: one edition with the inspectors and verifiers that decide under it, and the change from one shift to the next.
//!
//! A message is begun and ended under one shift. While the next one is made ready the present one works on; then every message that comes is the
//! next one's, and the old one ends what it has begun and is let go. Nobody waits for anybody.
//!
//! INVARIANT: a shift that is retired gets no new work, and its workers stay until nobody holds work under it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use super::crew::Crew;
use super::decide::{Question, Submission};
use crate::base::{Digest, Fault};
use crate::hop::message::{Answer, Inspection};
use crate::policy::Edition;

/// One edition, with those who decide under it.
pub(super) struct Shift {
    pub(super) edition: Arc<Edition>,
    /// What decisions call the edition: an emergency edition is called one.
    pub(super) title: String,
    pub(super) inspectors: Crew<Question, Inspection>,
    pub(super) verifiers: Crew<Submission, Vec<Answer>>,
    held: Arc<RwLock<()>>,
    retired: AtomicBool,
}

impl Shift {
    pub(super) fn new(edition: Arc<Edition>, title: String, work_time_max: Duration) -> Arc<Self> {
        let (inspectors, verifiers) = (Crew::new(work_time_max), Crew::new(work_time_max));
        Arc::new(Self { edition, title, inspectors, verifiers, held: Arc::default(), retired: AtomicBool::new(false) })
    }

    /// Completes at once while the shift gets work, and else when nobody holds work under it any more.
    pub(super) async fn settled(&self) {
        if self.retired.load(Ordering::SeqCst) {
            drop(self.held.write().await);
        }
    }

    /// Takes nothing more; what waits is still answered.
    pub(super) fn close(&self) {
        self.inspectors.close();
        self.verifiers.close();
    }

    /// Lets go of what waits for workers that are gone: whoever sent it is told to send it again.
    fn abandon(&self) {
        self.inspectors.abandon();
        self.verifiers.abandon();
    }
}

/// Work under a shift: while it is held, the shift's workers stay.
pub(super) struct Work {
    pub(super) shift: Arc<Shift>,
    _held: Option<OwnedRwLockReadGuard<()>>,
}

/// The shift that gets work, and the one that is made ready.
pub(super) struct Shifts {
    places: Mutex<Places>,
}

struct Places {
    now: Arc<Shift>,
    next: Option<Arc<Shift>>,
}

impl Shifts {
    pub(super) fn new(now: Arc<Shift>) -> Self {
        Self { places: Mutex::new(Places { now, next: None }) }
    }

    /// A lock that a panic of another thread does not close: a place is changed whole.
    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The shift that gets work.
    pub(super) fn now(&self) -> Arc<Shift> {
        Arc::clone(&self.lock().now)
    }

    /// Begins work under the shift that gets it.
    pub(super) fn work(&self) -> Work {
        let places = self.lock();
        let shift = Arc::clone(&places.now);
        // It is taken under the lock under which a shift is retired, so nobody waits to write yet.
        let held = Arc::clone(&shift.held).try_read_owned().ok();
        Work { shift, _held: held }
    }

    /// The shift of an edition, for those who come to work under it.
    pub(super) fn of(&self, edition: Digest) -> Option<Arc<Shift>> {
        let places = self.lock();
        std::iter::once(&places.now).chain(&places.next).find(|shift| shift.edition.digest == edition).map(Arc::clone)
    }

    /// Takes a shift that is made ready; one that was before it is let go.
    pub(super) fn prepare(&self, next: Arc<Shift>) {
        let before = self.lock().next.replace(next);
        before.iter().for_each(|shift| shift.abandon());
    }

    /// The shift that was made ready gets all work from here on. Gives the one that got it before.
    ///
    /// # Errors
    /// Where none of this edition was made ready.
    pub(super) fn change(&self, edition: Digest) -> Result<Arc<Shift>, Fault> {
        let mut places = self.lock();
        let next = places.next.take_if(|next| next.edition.digest == edition);
        let next = next.ok_or_else(|| Fault::new("an edition is to come into force that was not made ready"))?;
        let before = std::mem::replace(&mut places.now, next);
        before.retired.store(true, Ordering::SeqCst);
        Ok(before)
    }
}

/// Lets a retired shift go when its work has ended, or after so long that its workers must be gone.
pub(super) async fn let_go(before: Arc<Shift>, time_max: Duration) {
    if tokio::time::timeout(time_max, before.settled()).await.is_err() {
        tracing::error!(edition = %before.title, "messages are still undecided under the edition before; they are to be sent again");
        before.abandon();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Precedence;

    fn shift(number: &str) -> Arc<Shift> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes");
        let mut files = crate::policy::read_folder(&folder).unwrap();
        for file in files.iter_mut().filter(|file| &*file.path == "README.md") {
            file.text = number.into();
        }
        Shift::new(Arc::new(crate::policy::load(&files).unwrap()), number.to_owned(), Duration::from_secs(9))
    }

    #[tokio::test]
    async fn work_goes_to_the_next_shift_and_the_one_before_is_settled_when_its_work_has_ended() {
        let (one, two) = (shift("one"), shift("two"));
        let digest = two.edition.digest;
        let shifts = Shifts::new(Arc::clone(&one));
        assert!(shifts.change(digest).is_err());
        let begun = shifts.work();
        one.settled().await;
        shifts.prepare(two);
        assert!(shifts.of(digest).is_some());
        let before = shifts.change(digest).unwrap();
        assert_eq!((before.title.as_str(), shifts.work().shift.title.as_str(), begun.shift.title.as_str()), ("one", "two", "one"));
        assert!(shifts.of(one.edition.digest).is_none());
        let settling = tokio::spawn(async move { before.settled().await });
        tokio::task::yield_now().await;
        assert!(!settling.is_finished());
        drop(begun);
        settling.await.unwrap();
    }

    #[tokio::test]
    async fn work_that_nobody_is_left_to_do_is_given_back() {
        let (one, two) = (shift("one"), shift("two"));
        let shifts = Shifts::new(Arc::clone(&one));
        let work = shifts.work();
        shifts.prepare(Arc::clone(&two));
        let before = shifts.change(two.edition.digest).unwrap();
        let asked = tokio::spawn(async move { work.shift.verifiers.ask(Precedence::Routine, Submission::nothing()).await });
        tokio::task::yield_now().await;
        let_go(before, Duration::from_millis(1)).await;
        assert_eq!(asked.await.unwrap().unwrap_err(), super::super::crew::Lost::Stopping);
    }
}
