//! What the gateway is measured beside: a plain quinn relay of the same bytes, without parsing and without disk, and the same relay with group fsync.
//!
//! Source, relay and sink run in this process, as the gateway's peers do, so that the figures of one run can be divided by each other.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{Connection, Endpoint};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::{mpsc, oneshot};

const ALPN: &[u8] = b"relay/1";
const BYTES_MAX: usize = 1 << 20;
/// A receipt of the gateway's size, so that the way back costs the same.
const RECEIPT: [u8; 128] = [7; 128];

/// Whether the relay keeps what it takes before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// Nothing is written.
    Nothing,
    /// Every message is appended to a file and synced, in groups, before the receipt.
    GroupSync,
}

/// A relay between a source's connection and a sink.
pub(crate) struct Relay {
    /// The source's connection to the relay.
    pub(crate) source: Connection,
    /// What arrives at the sink.
    pub(crate) arrivals: mpsc::UnboundedReceiver<Vec<u8>>,
    _endpoints: Vec<Endpoint>,
}

struct Keys {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Keys {
    fn make() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        Self { chain: vec![made.cert.der().clone()], key: PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into()) }
    }

    fn server(&self) -> quinn::ServerConfig {
        let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())
            .expect("a key for the certificate");
        tls.alpn_protocols = vec![ALPN.to_vec()];
        let mut config = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls).expect("QUIC keys")));
        config.transport_config(transport());
        config
    }

    fn client(&self) -> quinn::ClientConfig {
        let mut roots = rustls::RootCertStore::empty();
        self.chain.iter().for_each(|cert| roots.add(cert.clone()).expect("a root"));
        let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![ALPN.to_vec()];
        let mut config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).expect("QUIC keys")));
        config.transport_config(transport());
        config
    }
}

fn transport() -> Arc<quinn::TransportConfig> {
    let mut transport = quinn::TransportConfig::default();
    transport.max_concurrent_bidi_streams(2_048_u32.into());
    transport.max_idle_timeout(Some(Duration::from_secs(30).try_into().expect("a timeout")));
    Arc::new(transport)
}

fn listen(keys: &Keys) -> (Endpoint, SocketAddr) {
    let endpoint = Endpoint::server(keys.server(), (Ipv4Addr::LOCALHOST, 0).into()).expect("a socket");
    let address = endpoint.local_addr().expect("an address");
    (endpoint, address)
}

async fn dial(keys: &Keys, address: SocketAddr) -> (Endpoint, Connection) {
    let mut endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).expect("a socket");
    endpoint.set_default_client_config(keys.client());
    let connection = endpoint.connect(address, "localhost").expect("a name").await.expect("a connection");
    (endpoint, connection)
}

/// Sends one message and waits for its receipt.
pub(crate) async fn send(connection: &Connection, body: &[u8]) {
    let (mut out, mut back) = connection.open_bi().await.expect("a stream");
    out.write_all(body).await.expect("to send");
    out.finish().expect("to finish");
    back.read_to_end(RECEIPT.len()).await.expect("a receipt");
}

impl Relay {
    /// Starts sink and relay and connects the source.
    pub(crate) async fn start(keeping: Keeping) -> Self {
        let keys = Keys::make();
        let (sink, sink_address) = listen(&keys);
        let (arrived, arrivals) = mpsc::unbounded_channel();
        tokio::spawn(serve(sink.clone(), move |body| {
            let arrived = arrived.clone();
            async move {
                let _ = arrived.send(body);
            }
        }));
        let (onward, to_sink) = dial(&keys, sink_address).await;
        let (relay, relay_address) = listen(&keys);
        let keeper = (keeping == Keeping::GroupSync).then(Keeper::start);
        tokio::spawn(serve(relay.clone(), move |body| {
            let (to_sink, keeper) = (to_sink.clone(), keeper.clone());
            async move {
                if let Some(keeper) = keeper {
                    keeper.keep(body.clone()).await;
                }
                tokio::spawn(async move { send(&to_sink, &body).await });
            }
        }));
        let (near, source) = dial(&keys, relay_address).await;
        Self { source, arrivals, _endpoints: vec![sink, onward, relay, near] }
    }
}

async fn serve<F, Fut>(endpoint: Endpoint, take: F)
where
    F: Fn(Vec<u8>) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    while let Some(incoming) = endpoint.accept().await {
        let take = take.clone();
        tokio::spawn(async move {
            let Ok(connection) = incoming.await else { return };
            while let Ok((mut back, mut stream)) = connection.accept_bi().await {
                let take = take.clone();
                tokio::spawn(async move {
                    let Ok(body) = stream.read_to_end(BYTES_MAX).await else { return };
                    take(body).await;
                    if back.write_all(&RECEIPT).await.is_ok() {
                        let _ = back.finish();
                    }
                });
            }
        });
    }
}

/// Appends and syncs in groups, on a thread of its own.
#[derive(Clone)]
struct Keeper {
    queue: mpsc::UnboundedSender<(Vec<u8>, oneshot::Sender<()>)>,
}

impl Keeper {
    fn start() -> Self {
        let (queue, mut waiting) = mpsc::unbounded_channel::<(Vec<u8>, oneshot::Sender<()>)>();
        std::thread::spawn(move || {
            let mut file = tempfile::tempfile().expect("a file");
            let mut group = Vec::new();
            while let Some(first) = waiting.blocking_recv() {
                group.push(first);
                while let Ok(next) = waiting.try_recv() {
                    group.push(next);
                }
                for (body, _) in &group {
                    file.write_all(body).expect("to append");
                }
                file.sync_data().expect("to sync");
                for (_, done) in group.drain(..) {
                    let _ = done.send(());
                }
            }
        });
        Self { queue }
    }

    async fn keep(&self, body: Vec<u8>) {
        let (done, wait) = oneshot::channel();
        let _ = self.queue.send((body, done));
        let _ = wait.await;
    }
}
