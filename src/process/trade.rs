//! What the desk's process needs of those who know what operators ask: its listeners, made before its walls close, and its work.

use std::path::Path;
use std::pin::Pin;

use tokio::net::UnixListener;
use tokio::sync::{mpsc, oneshot};

use super::desk::DeskLine;
use crate::base::Fault;
use crate::config;
use crate::link::tls::Material;

/// What the desk does with its line to the keeper, until it cannot.
pub(super) type DeskWork = fn(DeskLine, Listeners) -> Pin<Box<dyn Future<Output = Fault> + Send>>;

/// The control socket, made before the desk's walls close.
pub(super) type DeskListen = fn(&Path) -> Result<UnixListener, Fault>;

/// What else the desk listens on: made before it leaves the network of the host.
pub(super) type DeskBind = fn(&config::Gateway) -> Result<Bound, Fault>;

/// What a desk needs of those who know what operators ask.
#[derive(Clone, Copy)]
pub struct DeskTrade {
    /// Makes its control socket.
    pub listen: DeskListen,
    /// Makes what it listens on in the host's network.
    pub bind: DeskBind,
    /// Answers operators.
    pub work: DeskWork,
}

/// What the desk listens on in the host's network, by purpose; none where the configuration has none.
#[derive(Debug, Default)]
pub struct Bound {
    /// Health and metrics.
    pub metrics: Option<std::net::TcpListener>,
    /// The web console.
    pub console: Option<std::net::TcpListener>,
}

/// Everything that the desk listens on.
#[derive(Debug)]
pub struct Listeners {
    /// The configuration as it was when the desk started.
    pub config: config::Gateway,
    /// The control socket.
    pub control: UnixListener,
    /// In the host's network.
    pub bound: Bound,
    /// Configurations that come into force while it works.
    pub renewals: mpsc::Receiver<DeskRenewal>,
}

/// A configuration that comes into force while the desk works.
pub struct DeskRenewal {
    /// The configuration.
    pub config: config::Gateway,
    /// What the files of its console hold; none where it has none.
    pub console: Option<Material>,
    /// Where the desk says whether it takes it.
    pub taken: oneshot::Sender<Result<(), Fault>>,
}

impl std::fmt::Debug for DeskRenewal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeskRenewal").finish_non_exhaustive()
    }
}
