//! The web console: what officers see of a gateway, and where they decide, in a browser and without trust in it.
//!
//! Takes an [`Office`], a listener that was bound before the walls closed, and a certificate; serves pages over TLS 1.3
//! to officers whose client certificates the console's anchor has issued. Who asks is the certificate of the connection, judged again at each
//! request: there is no session to fix, steal or outlive. What each may ask stands in one table ([`routes::ROUTES`]).
//!
//! Deciding needs more than a certificate: an act is a note that the officer has signed, and the keeper reads the signature itself. A console that is
//! taken over can show falsehoods, and release nothing.
//!
//! INVARIANT: one connection carries one request: what follows it is never read, so that nothing can be smuggled behind it.
//!
//! Deliberately absent: cookies, sessions, passwords, redirects, files of the machine, requests to anybody else.

mod answer;
mod assets;
mod conduct;
mod entry;
mod form;
mod pages;
pub mod routes;
mod serve;
mod statement;
mod strict;
mod token;

use std::net::TcpListener;
use std::sync::Arc;

pub use entry::{Entry, Visitor};
pub use serve::serve;

use crate::base::Fault;
use crate::config;
use crate::control::desk::Office;

/// A console that is about to serve.
pub struct Console {
    office: Arc<dyn Office>,
    entry: Entry,
    tokens: token::Tokens,
    assets: assets::Assets,
    conduct: conduct::Conduct,
    banner: String,
    home: String,
}

impl Console {
    /// A console over an office, for whom `entry` knows.
    ///
    /// # Errors
    /// Where the system gives no randomness for the key of its tokens.
    pub fn new(office: Arc<dyn Office>, entry: Entry, config: &config::Gateway) -> Result<Self, Fault> {
        let banner = config.console.as_ref().map(|console| console.banner.clone()).unwrap_or_default();
        let (tokens, assets, conduct) = (token::Tokens::new()?, assets::Assets::new(), conduct::Conduct::default());
        Ok(Self { office, entry, tokens, assets, conduct, banner, home: config.home.clone() })
    }
}

/// Whether a configuration has a console that somebody may enter.
#[must_use]
pub fn opens(config: &config::Gateway) -> bool {
    config.console.is_some() && config.officers.iter().any(|officer| officer.identity.is_some())
}

/// Binds what the console listens on, in the network of the host; nothing where the configuration has no console, or nobody who may enter it.
///
/// # Errors
/// Where the address is taken or is none of this machine.
pub fn bind(config: &config::Gateway) -> Result<Option<TcpListener>, Fault> {
    let Some(console) = config.console.as_ref() else { return Ok(None) };
    if !opens(config) {
        tracing::info!("the console stays closed: no officer of the configuration has an `identity`");
        return Ok(None);
    }
    let failed =
        |cause| Fault::from_cause(format!("the console cannot listen on `{}`; give `[console] listen` a free address", console.listen), cause);
    let listener = TcpListener::bind(console.listen).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(Some(listener))
}
