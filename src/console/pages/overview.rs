//! The overview, and the news that keep it true while somebody looks.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use askama::Template;
use axum::body::{Body, Bytes};
use axum::response::Response;
use hyper::StatusCode;
use hyper::body::Frame as Piece;
use tokio::sync::mpsc;

use super::map::Map;
use super::messages::{Line, lines};
use super::plot::{self, Plot};
use super::{Asked, Frame, Made, rendered, shown, strange};
use crate::console::answer;
use crate::control::desk::{Overview, Peer, Query, View};

/// How often the news are looked at: 2 seconds.
const NEWS: Duration = Duration::from_secs(2);

#[derive(Template)]
#[template(path = "console/templates/overview.html")]
struct Shown {
    frame: Frame,
    overview: Overview,
    map: Map,
    plot: Plot,
    lines: Vec<Line>,
    /// Partners, each with the line of its hour.
    partners: Vec<(Peer, String)>,
    /// Held messages by precedence, with what stands for their share of all: 0 to 100.
    queues: Vec<(String, u64, u64)>,
}

pub(super) async fn page(asked: &Asked<'_>) -> Made {
    let View::Overview(overview) = asked.look(Query::Overview {}).await? else { return Err(strange()) };
    let (map, plot) = (Map::of(&overview.home, &overview.peers), Plot::of(&overview.minutes));
    let lines = lines(&overview.stuck, asked.visitor);
    let partners = overview.peers.iter().map(|peer| (peer.clone(), plot::line(&peer.flow))).collect();
    let most = overview.held.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let share = |count: u64| count.saturating_mul(100).checked_div(most).unwrap_or(0);
    let queues = overview.held.iter().map(|(word, count)| (word.clone(), *count, share(*count))).collect();
    rendered(StatusCode::OK, &Shown { frame: asked.frame("Overview", "/"), map, plot, lines, partners, queues, overview: *overview })
}

/// The news, as long as somebody listens: what stands where on the page, by the names that the page gives.
pub(super) fn live(asked: &Asked<'_>) -> Response {
    let (tell, told) = mpsc::channel::<Bytes>(1);
    let (console, chain) = (Arc::clone(asked.console), Arc::clone(asked.chain));
    tokio::spawn(async move {
        while let Ok(news) = console.office.look(Query::Overview {}).await.map(|view| shown::view(view).map(|view| news(&view))) {
            // Who is no officer any more hears nothing more. The channel is full while the browser is slow, and closed when it is gone.
            let text = format!("data: {}\n\n", news.unwrap_or_default());
            if console.set().entry.visitor(&chain).is_err() || tell.send(Bytes::from(text)).await.is_err() {
                return;
            }
            tokio::time::sleep(NEWS).await;
        }
    });
    answer::typed(StatusCode::OK, "text/event-stream", Body::new(News(told)))
}

fn news(view: &View) -> String {
    let View::Overview(overview) = view else { return String::new() };
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    all.insert("now".to_owned(), overview.now.clone());
    all.extend(overview.counts.iter().map(|(name, number)| (format!("count {name}"), number.to_string())));
    all.extend(overview.held.iter().map(|(name, number)| (format!("held {name}"), number.to_string())));
    for peer in &overview.peers {
        let state = if peer.linked { "linked" } else { "not linked" };
        for (what, value) in [
            ("link", state.to_owned()),
            ("waiting", peer.waiting.to_string()),
            ("sent", peer.sent.to_string()),
            ("received", peer.received.to_string()),
        ] {
            all.insert(format!("{what} {}", peer.name), value);
        }
    }
    serde_json::to_string(&all).unwrap_or_default()
}

/// What is said to a browser, piece by piece.
struct News(mpsc::Receiver<Bytes>);

impl hyper::body::Body for News {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Piece<Bytes>, Self::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|bytes| Ok(Piece::data(bytes))))
    }
}
