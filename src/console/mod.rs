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

use arc_swap::ArcSwap;
use entry::Entry;
pub use entry::Visitor;
pub use serve::serve;

use crate::base::{Fault, Time};
use crate::config::{self, ConsoleLimits};
use crate::control::desk::Office;
use crate::link::ends;
use crate::link::tls::Material;

/// A console that is about to serve.
pub struct Console {
    office: Arc<dyn Office>,
    /// As the configuration in force says.
    setting: Setting,
    tokens: token::Tokens,
    assets: assets::Assets,
    conduct: conduct::Conduct,
}

/// What of a console a reload changes: shared between those who serve and those who are told of a new configuration.
#[derive(Clone)]
pub struct Setting(Arc<ArcSwap<Set>>);

struct Set {
    entry: Entry,
    banner: String,
    home: String,
    limits: ConsoleLimits,
}

impl Setting {
    /// What a configuration says, from what its files hold; `port` is that of the listener.
    ///
    /// # Errors
    /// Where the configuration has no console, or a certificate, key or list does not keep its profile.
    pub fn of(config: &config::Gateway, material: &Material, port: u16) -> Result<Self, Fault> {
        Ok(Self(Arc::new(ArcSwap::from_pointee(set(config, material, port)?))))
    }

    /// Takes a changed configuration: from the next request on who is no officer any more is refused, on open connections as well.
    ///
    /// # Errors
    /// Those of [`Setting::of`]; then what was in force stays.
    pub fn renew(&self, config: &config::Gateway, material: &Material) -> Result<(), Fault> {
        self.0.store(Arc::new(set(config, material, self.0.load().entry.port())?));
        Ok(())
    }

    /// Name and port, as browsers send them.
    #[must_use]
    pub fn authority(&self) -> String {
        self.0.load().entry.authority()
    }

    fn now(&self) -> Arc<Set> {
        self.0.load_full()
    }
}

fn set(config: &config::Gateway, material: &Material, port: u16) -> Result<Set, Fault> {
    let console = config.console.as_ref().ok_or_else(|| Fault::new("the configuration has no `[console]`; restart the gateway to close it"))?;
    let entry = Entry::new(material, &config.officers, port)?;
    Ok(Set { entry, banner: console.banner.clone(), home: config.home.clone(), limits: console.limits })
}

impl Console {
    /// A console over an office, with what its configuration says.
    ///
    /// # Errors
    /// Where the system gives no randomness for the key of its tokens.
    pub fn new(office: Arc<dyn Office>, setting: Setting) -> Result<Self, Fault> {
        let (tokens, assets, conduct) = (token::Tokens::new()?, assets::Assets::new(), conduct::Conduct::default());
        Ok(Self { office, setting, tokens, assets, conduct })
    }

    fn set(&self) -> Arc<Set> {
        self.setting.now()
    }
}

/// Whether a configuration has a console that somebody may enter.
#[must_use]
pub fn opens(config: &config::Gateway) -> bool {
    config.console.is_some() && config.officers.iter().any(|officer| officer.identity.is_some())
}

/// Whether the console of a configuration could open: its files are there, fit together, are in force, and each officer's entry can be told apart.
///
/// # Errors
/// The first thing that is wrong, with its file where it is one's.
pub fn check(config: &config::Gateway, now: Time) -> Result<(), Fault> {
    let Some(console) = config.console.as_ref() else { return Ok(()) };
    let set = set(config, &Material::load(&console.identity)?, console.listen.port())?;
    for path in std::iter::once(&console.identity.anchor).chain([&console.identity.certificate]).chain(&console.identity.revocations) {
        let end = ends(path)?.time();
        if end <= now {
            return Err(Fault::new(format!("`{}` ended {end}; have a new one issued", path.display())));
        }
    }
    drop(set);
    Ok(())
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
