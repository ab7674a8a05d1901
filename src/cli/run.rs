//! `vestibule run`: the gateway, until it is told to stop; it answers operators over its control socket meanwhile.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use tokio::signal::unix::SignalKind;
use tokio::sync::mpsc;

use super::receive::{Until, stopped};
use super::{Answer, Failure, Output, Verb, output, runtime, unreadable};
use crate::base::{Fault, Outcome};
use crate::config;
use crate::console::{self, Console, Setting};
use crate::control::desk::Office;
use crate::control::{self, Asker, Request, Response, Review};
use crate::journal::Verdict;
use crate::link::tls::Material;
use crate::metrics;
use crate::process::{self, Ask, Bound, DeskLine, DeskRenewal, DeskTrade, Faulty, Listeners, Rules, Wish};

/// Runs a gateway.
#[derive(Debug, clap::Args)]
pub(super) struct Run {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE", required_unless_present = "part")]
    config: Option<PathBuf>,
    /// Stop when standard input ends, as when the program that started this one is gone
    #[arg(long)]
    while_stdin: bool,
    /// What one process of a gateway is called by the one that starts it
    #[arg(long, hide = true, value_name = "NAME", conflicts_with_all = ["config", "while_stdin"])]
    part: Option<String>,
}

impl Verb for Run {
    const PATH: &'static [&'static str] = &["run"];
    const ABOUT: &'static str = "Run the gateway";
    const EXAMPLES: &'static str = "  vestibule run --config deploy/lab/gateway.toml\n  VESTIBULE_LOG=debug vestibule run --config gateway.toml\n\n\
        It starts a process for each door, inspector, the verifier, the keeper and the desk, and starts one again that ends.\n\
        SIGHUP reads certificates, revocation lists, peers, officers and trust in labels again; SIGTERM and Ctrl-C stop in order; SIGUSR1 does so after it\n\
        has told senders `busy` and ended what is under way, as `vestibule drain` does.\n\
        VESTIBULE_LOG_FORMAT=json makes every line of the log an object. A service manager is told by NOTIFY_SOCKET how the gateway stands.";

    fn run(self, _: &mut Output) -> Result<Answer, Failure> {
        match (&self.part, &self.config) {
            (Some(name), _) => {
                output::log_as(name, "info");
                process::part(name, DESK).map(|()| Answer::Done).map_err(Failure::Fault)
            }
            (None, Some(config)) => self.supervise(config),
            (None, None) => Err(Failure::Usage("expected --config FILE".to_owned())),
        }
    }
}

impl Run {
    fn supervise(&self, path: &Path) -> Result<Answer, Failure> {
        output::log_as("supervisor", "info");
        let text = std::fs::read_to_string(path)
            .map_err(|cause| Failure::Fault(Fault::from_cause(format!("the configuration `{}` cannot be read", path.display()), cause)))?;
        let config = config::Gateway::of_text(path, &text).map_err(|cause| unreadable(path, cause))?;
        // Compiled once here, so that every fault of the rules is said before a process is started.
        let rules = match Rules::in_force(&config)? {
            Ok(rules) => rules,
            Err(Faulty::Complaints(complaints, files)) => return Err(Failure::Complaints(complaints, files)),
            Err(faulty @ Faulty::Report(_)) => {
                return Err(Failure::Usage(format!("the rule set may not be in force:\n{}", faulty.lines().join("\n"))));
            }
        };
        runtime()?.block_on(async {
            let supervisor = process::supervise(path, text, rules)?;
            let (tell, wishes) = mpsc::channel(1);
            let reloads = tokio::spawn(told(SignalKind::hangup(), Wish::Reload, tell.clone()));
            let drains = tokio::spawn(told(SignalKind::user_defined1(), Wish::Drain, tell));
            let stop = async {
                if let Err(fault) = stopped(Until::of(self.while_stdin)).await {
                    tracing::error!(%fault, "the gateway stops");
                }
            };
            let listening = |domain: &str, address: &str| output::tell(&format!("listening for domain `{domain}` on {address}"));
            let ended = supervisor.run(stop, wishes, listening).await;
            reloads.abort();
            drains.abort();
            // A socket file that stays is replaced at the next start.
            let _ = std::fs::remove_file(config.journal.join(control::SOCKET));
            ended.map(|()| Answer::Done).map_err(Failure::Fault)
        })
    }
}

/// A wish for each signal of a kind.
async fn told(kind: SignalKind, wish: Wish, tell: mpsc::Sender<Wish>) {
    let Ok(mut signals) = tokio::signal::unix::signal(kind) else { return };
    while signals.recv().await.is_some() {
        if tell.send(wish).await.is_err() {
            return;
        }
    }
}

/// What the desk does: it answers the control socket.
const DESK: DeskTrade = DeskTrade { listen: |journal| control::listen(&journal.join(control::SOCKET)), bind, work };

fn bind(config: &config::Gateway) -> Result<Bound, Fault> {
    let metrics = config.metrics.map(|address| {
        let failed =
            |cause| Fault::from_cause(format!("`{address}` cannot be listened on for metrics; choose another `listen` in `[metrics]`"), cause);
        std::net::TcpListener::bind(address).map_err(failed)
    });
    Ok(Bound { console: console::bind(config)?, metrics: metrics.transpose()? })
}

fn work(line: DeskLine, listeners: Listeners) -> Pin<Box<dyn Future<Output = Fault> + Send>> {
    let line = Arc::new(line);
    let console = listeners.bound.console.map(|listener| opened(&line, &listeners.config, listener));
    let (setting, console) = match console {
        Some(Ok((setting, serving))) => (Some(setting), Some(Ok(serving))),
        Some(Err(fault)) => (None, Some(Err(fault))),
        None => (None, None),
    };
    let renewed = renewed(setting, listeners.renewals);
    let watched: Arc<dyn Office> = Arc::<DeskLine>::clone(&line);
    let numbers = listeners.bound.metrics.map(|listener| metrics::serve(listener, watched));
    let control = control::serve(listeners.control, move |asker, request| answer(Arc::clone(&line), asker, request));
    let console = async {
        match console {
            Some(Ok(serving)) => serving.await,
            // The control socket goes on: by it the fault is found.
            Some(Err(fault)) => {
                tracing::error!(%fault, "the console stays closed");
                std::future::pending().await
            }
            None => std::future::pending().await,
        }
    };
    let numbers = async {
        match numbers {
            Some(serving) => serving.await,
            None => std::future::pending().await,
        }
    };
    Box::pin(async {
        tokio::select! { fault = control => fault, fault = console => fault, fault = numbers => fault, fault = renewed => fault }
    })
}

/// Takes every configuration that comes into force.
async fn renewed(setting: Option<Setting>, mut renewals: mpsc::Receiver<DeskRenewal>) -> Fault {
    while let Some(DeskRenewal { config, console, taken }) = renewals.recv().await {
        let done = match (&setting, console) {
            (Some(setting), Some(material)) => setting.renew(&config, &material),
            // It was closed when the gateway started: its listener is made before the walls close.
            (None, Some(_)) if console::opens(&config) => {
                tracing::warn!("the console stays closed until the gateway is started again");
                Ok(())
            }
            _ => Ok(()),
        };
        // Who asked may be gone.
        drop(taken.send(done));
    }
    Fault::new("the desk hears of no configuration any more")
}

/// The console on its listener, and what a reload changes of it. Its files are read here, before the walls close.
fn opened(
    line: &Arc<DeskLine>,
    config: &config::Gateway,
    listener: std::net::TcpListener,
) -> Result<(Setting, impl Future<Output = Fault> + use<>), Fault> {
    let Some(settings) = &config.console else { return Err(Fault::new("the configuration has no console")) };
    let address = listener.local_addr().map_err(|cause| Fault::from_cause("the console's listener has no address", cause))?;
    let setting = Setting::of(config, &Material::load(&settings.identity)?, address.port())?;
    tracing::info!("the console listens on https://{} ({address})", setting.authority());
    let office: Arc<dyn Office> = Arc::<DeskLine>::clone(line);
    let serving = console::serve(Console::new(office, setting.clone())?, listener)?;
    Ok((setting, serving))
}

async fn answer(line: Arc<DeskLine>, asker: Asker, request: Request) -> Response {
    let answered = match request {
        Request::Status {} => line.status().await.map(|lines| Response::Status { lines, processes: line.processes() }),
        Request::Review(review) => Ok(decide(&line, asker, review).await),
        Request::Note { note } => line.note(note).await,
        Request::Act(act) => line.act(act).await,
        Request::Look(query) => line.look(query).await.map(Response::View),
    };
    answered.unwrap_or_else(|fault| Response::Refused { text: fault.to_string() })
}

async fn decide(line: &DeskLine, asker: Asker, review: Review) -> Response {
    if review.reason.trim().is_empty() || review.reason.chars().count() > 1000 {
        return Response::Refused { text: "expected a reason of 1 to 1,000 characters".to_owned() };
    }
    let ask = Ask {
        id: review.message,
        from: review.from,
        recipient: review.recipient,
        // Who asks in truth is what the kernel says; both are recorded.
        reviewer: format!("{} (uid {})", review.reviewer, asker.uid),
        verdict: match review.verdict {
            control::Verdict::Release => Verdict::Release,
            control::Verdict::Reject => Verdict::Reject,
            control::Verdict::Return => Verdict::Return,
            control::Verdict::Pass => Verdict::Pass,
        },
        reason: review.reason,
        waived: review.waived,
        removed: review.removed,
        class: review.class,
        colleague: review.colleague,
    };
    let wanted = if ask.verdict == Verdict::Release { Outcome::Forward } else { Outcome::Reject };
    match line.review(ask).await {
        Ok(asked) => {
            let each = asked.iter().map(|now| match now.code {
                Some(code) => format!("{}: {} ({code})", now.recipient, now.outcome),
                None => format!("{}: {}", now.recipient, now.outcome),
            });
            let text = each.collect::<Vec<_>>().join(", ");
            let lessons: Vec<&str> = asked.iter().filter_map(|now| now.lesson.as_deref()).collect();
            match (asked.iter().find_map(|now| now.pending), asked.iter().all(|now| now.outcome == wanted || now.lesson.is_some())) {
                (None, true) if !lessons.is_empty() => Response::Done { text: format!("{text}; {}", lessons.join("; ")) },
                (Some(pending), _) => Response::Waiting { text: format!("{text}; {}", pending.told()) },
                (None, true) => Response::Done { text },
                (None, false) => {
                    Response::Refused { text: format!("the review is recorded, and something that cannot be waived still stands: {text}") }
                }
            }
        }
        Err(Fault { what, .. }) => Response::Refused { text: what },
    }
}
