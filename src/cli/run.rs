//! `vestibule run`: the gateway, until it is told to stop; it answers operators over its control socket meanwhile.

use std::path::PathBuf;
use std::sync::Arc;

use super::receive::{Until, stopped};
use super::{Answer, Failure, Output, Verb, output, runtime, unreadable};
use crate::base::{Fault, Outcome};
use crate::config;
use crate::control::{self, Asker, Request, Response, Review};
use crate::journal::Verdict;
use crate::process::{Ask, Gateway, Handle, load_guard};

/// Runs a gateway.
#[derive(Debug, clap::Args)]
pub(super) struct Run {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Stop when standard input ends, as when the program that started this one is gone
    #[arg(long)]
    while_stdin: bool,
}

impl Verb for Run {
    const PATH: &'static [&'static str] = &["run"];
    const ABOUT: &'static str = "Run the gateway";
    const EXAMPLES: &'static str = "  vestibule run --config deploy/lab/gateway.toml\n  VESTIBULE_LOG=debug vestibule run --config gateway.toml\n\n\
        SIGHUP reads certificates, revocation lists and peers again; SIGTERM and Ctrl-C stop in order.";

    fn run(self, _: &mut Output) -> Result<Answer, Failure> {
        output::log("info");
        let config = config::Gateway::read(&self.config).map_err(|cause| unreadable(&self.config, cause))?;
        let guard = match load_guard(&config.rules)? {
            Ok(guard) => guard,
            Err(complaints) => return Err(Failure::Complaints(complaints, crate::policy::read_folder(&config.rules)?)),
        };
        runtime()?.block_on(async {
            let socket = config.journal.join(control::SOCKET);
            let gateway = Gateway::open(&self.config, config, guard).await?;
            let handle = gateway.handle();
            let listener = control::listen(&socket)?;
            for (domain, address) in gateway.listening()? {
                output::tell(&format!("listening for domain `{domain}` on {address}"));
            }
            let reviews = Arc::new(handle.clone());
            let answering = tokio::spawn(control::serve(listener, move |asker, request| answer(Arc::clone(&reviews), asker, request)));
            let reloading = tokio::spawn(reload(handle));
            let ended = gateway.run(async {
                if let Err(fault) = stopped(Until::of(self.while_stdin)).await {
                    tracing::error!(%fault, "the gateway stops");
                }
            });
            let ended = ended.await;
            answering.abort();
            reloading.abort();
            // A socket file that stays is replaced at the next start.
            let _ = std::fs::remove_file(&socket);
            ended.map(|()| Answer::Done).map_err(Failure::Fault)
        })
    }
}

/// Reads certificates, lists and peers again at each SIGHUP.
async fn reload(handle: Handle) {
    let Ok(mut hangups) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()) else { return };
    while hangups.recv().await.is_some() {
        match handle.reload().await {
            Ok(()) => tracing::info!("certificates, revocation lists and peers were read again"),
            Err(fault) => tracing::error!(%fault, "the old configuration stays in force"),
        }
    }
}

async fn answer(handle: Arc<Handle>, asker: Asker, request: Request) -> Response {
    match request {
        Request::Status {} => status(&handle).await,
        Request::Review(review) => decide(&handle, asker, review).await,
    }
}

async fn status(handle: &Handle) -> Response {
    let mut lines = match handle.journal().counts().await {
        Err(fault) => return Response::Refused { text: fault.to_string() },
        Ok(counts) => [
            ("records", counts.records),
            ("accepted", counts.accepted),
            ("undecided", counts.undecided),
            ("due", counts.due),
            ("delivered", counts.delivered),
            ("held", counts.held),
        ]
        .map(|(name, number)| (name.to_owned(), number.to_string()))
        .to_vec(),
    };
    for (peer, waiting, linked) in handle.lanes() {
        lines.push((format!("peer {peer}"), format!("{}, {waiting} waiting", if linked { "linked" } else { "not linked" })));
    }
    Response::Status { lines }
}

async fn decide(handle: &Handle, asker: Asker, review: Review) -> Response {
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
        },
        reason: review.reason,
    };
    match handle.review(&ask).await {
        Ok(asked) => {
            let wanted = match ask.verdict {
                Verdict::Release => Outcome::Forward,
                Verdict::Reject => Outcome::Reject,
            };
            let each = asked.iter().map(|now| match now.code {
                Some(code) => format!("{}: {} ({code})", now.recipient, now.outcome),
                None => format!("{}: {}", now.recipient, now.outcome),
            });
            let text = each.collect::<Vec<_>>().join(", ");
            match asked.iter().all(|now| now.outcome == wanted) {
                true => Response::Done { text },
                false => Response::Refused { text: format!("the review is recorded, and something that cannot be waived still stands: {text}") },
            }
        }
        Err(Fault { what, .. }) => Response::Refused { text: what },
    }
}
