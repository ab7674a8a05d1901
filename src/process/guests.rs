//! The processes that a keeper expects, by the tokens that the supervisor announced, and those that it has.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::order::Post;
use crate::base::Digest;

/// A process that the keeper expects or has, by its token.
pub(super) type Token = [u8; 32];

/// Whom the keeper expects, and how it lets go whom it has.
#[derive(Default)]
pub(super) struct Guests {
    expected: Mutex<HashMap<Token, (Post, Digest)>>,
    expecting: Notify,
    employed: Mutex<HashMap<Token, oneshot::Sender<()>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Guests {
    /// Expects a process that will show a token.
    pub(super) fn expect(&self, token: Token, post: (Post, Digest)) {
        lock(&self.expected).insert(token, post);
        self.expecting.notify_waiters();
    }

    /// What this token was announced for, once it was.
    pub(super) async fn announced(&self, token: &Token) -> (Post, Digest) {
        loop {
            let mut next = std::pin::pin!(self.expecting.notified());
            next.as_mut().enable();
            if let Some(post) = lock(&self.expected).remove(token) {
                return post;
            }
            next.await;
        }
    }

    /// What tells a worker's crew that it is to be let go.
    pub(super) fn employ(&self, token: Token) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        let mut employed = lock(&self.employed);
        // Those that have gone by themselves are forgotten here.
        employed.retain(|_, tell| !tell.is_closed());
        employed.insert(token, tell);
        told
    }

    /// Lets go whoever showed a token, or does not let it in.
    pub(super) fn release(&self, token: &Token) {
        match lock(&self.employed).remove(token) {
            // It may be gone by itself.
            Some(tell) => drop(tell.send(())),
            // It has not come yet, and is not let in.
            None => drop(lock(&self.expected).remove(token)),
        }
    }
}
