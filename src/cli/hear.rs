//! What a peer hears of statements: requests for consent and recalls, told in one line; and the answer to a recall.

use std::path::Path;
use std::time::Duration;

use super::{consent, peer};
use crate::audit::SignerKey;
use crate::base::{Fault, MessageId, Name};
use crate::link::{Link, Status};
use crate::process::world;
use crate::statement::{Notice, Request, ReturnClass, Says, Statement};

/// A statement that a gateway delivered.
#[derive(Debug)]
pub(super) enum Heard {
    /// It asks for consent.
    Request(Request),
    /// It passes on a recall.
    Recall(Notice),
    /// It returns a message.
    Returned(MessageId, ReturnClass),
    /// It is something else.
    Other,
}

impl Heard {
    pub(super) fn of(body: &[u8]) -> Self {
        let text = std::str::from_utf8(body).unwrap_or_default();
        match (Statement::parse(text).map(|statement| statement.says), Notice::parse(text)) {
            (Ok(Says::Request(request)), _) => Self::Request(request),
            (Ok(Says::Returned { of, class }), _) => Self::Returned(of, class),
            (_, Ok(notice)) => Self::Recall(notice),
            _ => Self::Other,
        }
    }
}

impl std::fmt::Display for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Request(request) => {
                write!(f, "request for consent of {}: from {} to {}, content {}", request.of, request.sender, request.to, request.content)
            }
            Self::Returned(of, class) => write!(f, "message {of} is returned by a reviewer: {}", class.word()),
            Self::Recall(notice) => {
                let copies: Vec<String> = notice.copies.iter().map(|(id, _)| id.to_string()).collect();
                write!(f, "recall {} by {} of {}", notice.recall.id, notice.recall.by, copies.join(" "))?;
                match &notice.recall.says {
                    Says::Recall(recall) => recall.successor.iter().try_for_each(|successor| write!(f, ", succeeded by content {successor}")),
                    _ => Ok(()),
                }
            }
            Self::Other => f.write_str("a statement of another kind"),
        }
    }
}

/// With what a peer answers recalls.
#[derive(Debug)]
pub(super) struct Voice {
    key: SignerKey,
    by: Name,
}

impl Voice {
    pub(super) fn open(key: &Path, by: Name) -> Result<Self, Fault> {
        Ok(Self { key: SignerKey::open(key)?, by })
    }

    /// Acknowledges a recall over the link on which it came. Where that fails it is missed at the gateway, and said by hand.
    pub(super) async fn acknowledge(&self, link: &Link, notice: &Notice) {
        let Ok((header, id)) = consent::header().and_then(|header| Ok((header, world::fresh_id()?))) else { return };
        let statement = Statement { id, by: self.by.clone(), time: world::now(), says: Says::Acknowledgement { of: notice.recall.id } };
        let note = self.key.sign(&statement.text());
        let told = peer::deliver(link, &header, note.as_bytes(), Duration::from_secs(30)).await;
        if !told.is_ok_and(|receipt| receipt.status == Status::Accepted) {
            tracing::warn!(recall = %notice.recall.id, "the acknowledgement was not taken; say it with `vestibule recall acknowledge`");
        }
    }
}
