//! Who may enter: officers with a client certificate of the console's anchor, judged in the handshake and again at each request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, UnixTime};

use crate::base::Fault;
use crate::config::{self, Limits, Peer};
use crate::control::Role;
use crate::link::counters::Counters;
use crate::link::identity::{Objection, Role as Side};
use crate::link::tls::{self, Material, Warden};

/// What judges who enters.
pub(super) struct Entry {
    warden: Arc<Warden>,
    server: Arc<rustls::ServerConfig>,
    roles: BTreeMap<String, BTreeSet<Role>>,
    /// The name in the console's own certificate, and where it listens.
    name: String,
    port: u16,
}

/// The certificates that somebody showed.
pub(super) type Chain = Arc<[CertificateDer<'static>]>;

/// An officer who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The officer's name, as in the configuration.
    pub name: String,
    /// What the officer may do.
    pub roles: BTreeSet<Role>,
}

impl Entry {
    /// The entry of a configuration's console, from what its files hold.
    ///
    /// # Errors
    /// Where a certificate, key or list does not keep its profile.
    pub(super) fn new(material: &Material, officers: &[config::Officer], port: u16) -> Result<Self, Fault> {
        let now = seconds();
        let mut roles = BTreeMap::new();
        let mut peers = Vec::new();
        for officer in officers {
            let Some(identity) = officer.identity.clone() else { continue };
            peers.push(Peer { name: officer.name.clone(), identity, address: None, onward: Vec::new(), limits: Limits::default() });
            roles.insert(officer.name.to_string(), officer.roles.iter().filter_map(|word| Role::named(word)).collect());
        }
        let name = tls::own_name(material, now)?;
        let warden = Arc::new(Warden::new(material, &peers, Arc::new(Counters::default()), now)?);
        let server = Arc::new(tls::console(material, Arc::clone(&warden))?);
        Ok(Self { warden, server, roles, name, port })
    }

    pub(super) fn server(&self) -> Arc<rustls::ServerConfig> {
        Arc::clone(&self.server)
    }

    /// The officer of a chain of certificates, now.
    pub(super) fn visitor(&self, chain: &[CertificateDer<'_>]) -> Result<Visitor, Objection> {
        let name = self.warden.judge(chain, Side::Client, UnixTime::now())?.to_string();
        let roles = self.roles.get(&name).cloned().ok_or(Objection::Unknown)?;
        Ok(Visitor { name, roles })
    }

    /// Whether a `Host` is this console's own.
    pub(super) fn is_own_host(&self, host: &str) -> bool {
        host == self.authority() || (self.port == 443 && host == self.name)
    }

    /// Whether an `Origin` is this console's own.
    pub(super) fn is_own_origin(&self, origin: &str) -> bool {
        origin.strip_prefix("https://").is_some_and(|host| self.is_own_host(host))
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// Name and port, as browsers send them.
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.name, self.port)
    }
}

/// Seconds since 1970, by the clock of this machine.
pub(super) fn seconds() -> i64 {
    i64::try_from(UnixTime::now().as_secs()).unwrap_or(i64::MAX)
}
