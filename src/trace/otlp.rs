//! Spans in the words of OTLP.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span as OtlpSpan, Status};
use prost::Message as _;

use super::Span;
use crate::base::Time;

/// The bytes of a request that carries these spans; `home` names the gateway among others.
#[must_use]
pub fn request(home: &str, spans: &[Span]) -> Vec<u8> {
    let resource = Resource {
        attributes: vec![fact("service.name", "vestibule"), fact("service.namespace", home), fact("service.version", env!("CARGO_PKG_VERSION"))],
        ..Resource::default()
    };
    let scope = InstrumentationScope { name: "vestibule.journal".to_owned(), ..InstrumentationScope::default() };
    let spans = ScopeSpans { scope: Some(scope), spans: spans.iter().map(one).collect(), ..ScopeSpans::default() };
    let all = ResourceSpans { resource: Some(resource), scope_spans: vec![spans], ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![all] }.encode_to_vec()
}

fn one(span: &Span) -> OtlpSpan {
    let ns = |time: Time| u64::try_from(time.unix_ns()).unwrap_or(0);
    OtlpSpan {
        trace_id: span.trace.to_vec(),
        span_id: span.id.to_vec(),
        parent_span_id: span.parent.map(|id| id.to_vec()).unwrap_or_default(),
        name: span.name.to_owned(),
        kind: if span.name == "deliver" { SpanKind::Producer } else { SpanKind::Internal }.into(),
        start_time_unix_nano: ns(span.start),
        end_time_unix_nano: ns(span.end.max(span.start)),
        attributes: span.facts.iter().map(|(name, value)| fact(name, value)).collect(),
        // A message that is stopped is no error of the gateway; one that the gateway could not work on is.
        status: span.stopped.as_ref().map(|code| Status {
            message: code.clone(),
            code: if code.starts_with("fault.") || code.starts_with("verify.") { StatusCode::Error } else { StatusCode::Ok }.into(),
        }),
        ..OtlpSpan::default()
    }
}

fn fact(name: &str, value: &str) -> KeyValue {
    KeyValue { key: name.to_owned(), value: Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) }), ..KeyValue::default() }
}
