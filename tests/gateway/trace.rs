//! Traces: what a collector gets over HTTP, read with OTLP's own types; and a collector that is away, busy or hangs.

use std::collections::BTreeMap;
use std::convert::Infallible;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request as HttpRequest, Response as HttpResponse, StatusCode};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;

use super::*;
use vestibule::trace::trace_of;

/// What a request was, and its body.
type Posted = (String, Vec<u8>);

/// What a collector was posted, and what it answers.
#[derive(Clone)]
struct Collector {
    address: SocketAddr,
    posted: Arc<Mutex<Vec<Posted>>>,
    answers: Arc<Mutex<StatusCode>>,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let one = Self { address: listener.local_addr().unwrap(), posted: Arc::default(), answers: Arc::new(Mutex::new(StatusCode::OK)) };
        let serving = one.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let collector = serving.clone();
                let service = service_fn(move |request: HttpRequest<Incoming>| {
                    let collector = collector.clone();
                    async move {
                        let what = format!("{} {} {}", request.method(), request.uri().path(), request.headers()["content-type"].to_str().unwrap());
                        let body = request.into_body().collect().await.unwrap().to_bytes().to_vec();
                        collector.posted.lock().unwrap().push((what, body));
                        let status = *collector.answers.lock().unwrap();
                        Ok::<_, Infallible>(HttpResponse::builder().status(status).body(Full::new(Bytes::new())).unwrap())
                    }
                });
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        one
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every span, in the order in which it came.
    fn spans(&self) -> Vec<Span> {
        let posted = self.posted.lock().unwrap();
        let requests = posted.iter().map(|(_, body)| ExportTraceServiceRequest::decode(body.as_slice()).unwrap());
        requests.flat_map(|request| request.resource_spans).flat_map(|one| one.scope_spans).flat_map(|one| one.spans).collect()
    }
}

fn fact(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|one| one.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        other => panic!("{other:?}"),
    }
}

fn trace(lab: &Lab, to: &str, more: &[&str]) -> (i32, String, String) {
    tokio::task::block_in_place(|| lab.command(&["trace"], &[&["--to", to, "--once"], more].concat()))
}

#[test]
fn the_journey_of_each_message_is_one_trace_whose_spans_say_who_decided_what_and_show_no_content() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.spawn().await;
        let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
        let (good, body) = track(Precedence::Routine);
        gbr.send(&good, &body).await;
        let (held, word) = letter("word-plain", 3);
        gbr.send(&held, &word).await;
        until("the delivery", || usa.count() >= 1).await;
        let id = held.id.to_string();
        let words = ["--by", "a.turing", "--reason", "known", id.as_str()];
        tokio::task::block_in_place(|| lab.command(&["quarantine", "release"], &words));
        assert_eq!(gateway.terminate().await, 0);
        let collector = Collector::start().await;
        let (status, out, errors) = trace(&lab, &collector.url(), &[]);
        assert_eq!(status, 0, "{errors}");
        assert!(collector.posted.lock().unwrap().iter().all(|(what, _)| what == "POST /v1/traces application/x-protobuf"));
        let spans = collector.spans();
        assert!(out.contains(&format!("{} spans", spans.len())), "{out}");
        let of = |id: MessageId| -> Vec<&Span> {
            let trace = trace_of(&MessageKey { from: name("gbr-ops"), id });
            spans.iter().filter(|span| span.trace_id == trace).collect()
        };
        let names = |id| of(id).iter().map(|span| span.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(good.id), ["message", "decide", "release", "deliver"]);
        let held_names = names(held.id);
        assert_eq!(&held_names[..3], ["message", "decide", "held"], "{held_names:?}");
        assert_eq!(of(good.id).len() + of(held.id).len(), spans.len());
        for id in [good.id, held.id] {
            let root = of(id)[0];
            assert!(root.parent_span_id.is_empty() && of(id)[1..].iter().all(|span| span.parent_span_id == root.span_id));
            assert!(
                of(id)
                    .iter()
                    .all(|span| span.trace_id.len() == 16 && span.span_id.len() == 8 && span.end_time_unix_nano >= span.start_time_unix_nano)
            );
        }
        let decide = of(good.id)[1];
        assert_eq!(fact(decide, "vestibule.outcome").as_deref(), Some("forward"));
        assert_eq!(fact(decide, "vestibule.clause").as_deref(), Some("FVEY-TRACKS/1.1"));
        assert_eq!(fact(decide, "vestibule.recipient").as_deref(), Some("usa-ops"));
        assert!(fact(decide, "vestibule.edition").unwrap().starts_with("five-eyes"));
        assert_eq!(fact(of(held.id)[1], "vestibule.code").as_deref(), Some("content.words"));
        // The code word that held it, and whoever released it, are in no span.
        for (_, body) in collector.posted.lock().unwrap().iter() {
            let text = String::from_utf8_lossy(body);
            assert!(!text.contains("GREYWATER") && !text.contains("turing"), "{text}");
        }
        // What was posted is not posted again; a follower that forgot its place posts the same spans under the same identities.
        assert_eq!(trace(&lab, &collector.url(), &[]).1, "0 records, 0 spans\n");
        let second = Collector::start().await;
        let place = lab.path("place").display().to_string();
        assert_eq!(trace(&lab, &second.url(), &["--place", &place]).0, 0);
        assert_eq!(second.spans(), spans);
    });
}

#[test]
fn a_collector_that_is_away_busy_or_hangs_holds_up_no_message_and_gets_everything_later() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.spawn().await;
        let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
        // Somebody who takes a connection and says nothing.
        let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", mute.local_addr().unwrap());
        let follower = Process::start(&["trace", "--config", &lab.config().display().to_string(), "--to", &url], &lab.path("trace.log"));
        let (mut sent, mut held) = (Vec::new(), None);
        for number in 0..20 {
            let (header, body) = track(Precedence::Routine);
            assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
            sent.push(header.id);
            if held.is_none() {
                held = Some(tokio::time::timeout(PATIENCE, mute.accept()).await.unwrap().unwrap());
            }
            until("a delivery while the collector hangs", || usa.count() > number).await;
        }
        follower.kill();
        let collector = Collector::start().await;
        *collector.answers.lock().unwrap() = StatusCode::SERVICE_UNAVAILABLE;
        let (status, _, errors) = trace(&lab, &collector.url(), &[]);
        assert!(status == 3 && errors.contains("busy"), "{errors}");
        assert_eq!(trace(&lab, "http://127.0.0.1:1", &[]).0, 3);
        assert_eq!(trace(&lab, "http://192.0.2.1:4318", &[]).0, 2);
        *collector.answers.lock().unwrap() = StatusCode::OK;
        collector.posted.lock().unwrap().clear();
        assert_eq!(gateway.terminate().await, 0);
        assert_eq!(trace(&lab, &collector.url(), &[]).0, 0);
        let mut by_trace: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        for span in collector.spans() {
            *by_trace.entry(span.trace_id).or_default() += 1;
        }
        for id in sent {
            assert_eq!(by_trace.get(trace_of(&MessageKey { from: name("gbr-ops"), id }).as_slice()), Some(&4));
        }
        lab.audit();
    });
}

/// A word that stands in no program, and in every message of the test below.
const MARKER: &str = "QUOKKAMARZIPAN";

#[test]
fn no_content_of_a_message_is_in_any_log_however_much_is_logged() {
    run(async {
        let lab = Lab::new();
        let file = std::fs::File::create(lab.path("gateway.log")).unwrap();
        let errors = file.try_clone().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_vestibule"))
            .args(["run", "--config", &lab.config().display().to_string()])
            .env("VESTIBULE_LOG", "trace")
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .spawn()
            .unwrap();
        let gateway = Process { child };
        lab.answering().await;
        let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
        let mark = |body: Vec<u8>| -> Vec<u8> {
            let text = String::from_utf8(body).unwrap();
            let marked = match text.find("<remarks") {
                Some(at) => {
                    let open = text[at..].find('>').unwrap() + at + 1;
                    format!("{}{MARKER} {}", &text[..open], &text[open..])
                }
                None => text.replacen("</detail>", &format!("<remarks>{MARKER}</remarks></detail>"), 1),
            };
            assert!(marked.contains(MARKER), "{text}");
            marked.into_bytes()
        };
        // One that leaves, one that is held, one that is refused, and one that is not even well-formed.
        let (header, body) = track(Precedence::Routine);
        gbr.send(&header, &mark(body)).await;
        for recipe in ["word-plain", "latitude-91", "uk-eyes-only"] {
            let (header, body) = letter(recipe, 5);
            gbr.send(&header, &mark(body)).await;
        }
        let (header, _) = track(Precedence::Routine);
        gbr.send(&header, format!("<event {MARKER}").as_bytes()).await;
        until("the delivery", || usa.count() >= 1).await;
        let got = usa.got.lock().unwrap()[0].1.clone();
        assert!(String::from_utf8_lossy(&got).contains(MARKER), "the marker leaves, so it could be logged");
        assert_eq!(gateway.terminate().await, 0);
        let log = std::fs::read_to_string(lab.path("gateway.log")).unwrap();
        assert!(log.contains("linked peer=gbr-ops") && log.contains("stopping"), "{log}");
        assert!(!log.contains(MARKER), "{}", log.lines().find(|line| line.contains(MARKER)).unwrap());
    });
}
