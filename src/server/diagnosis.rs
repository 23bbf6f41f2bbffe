//! Diagnoses each refusal, for the log: why it happened, most likely. Okta shows an administrator only the status.
//!
//! The search begins after the refusal, so that requests with a decision do not pay for it.

use std::{borrow::Cow, time::SystemTime};

use actix_http::RequestHead;
use actix_web::http::header;

use super::{
    admit::declared_length, connection::HEAD_TIMEOUT, path_diagnosis::PathDiagnosis,
    refusal::Refusal, request_context::RequestContext, warnings::Warning,
};
use crate::{
    auth::{Diagnosis, Reason},
    escape,
    okta::request::DecodeError,
};

/// How many characters of a header's value are logged.
const VALUE_LIMIT: usize = 100;
/// How many characters of a type in a body are logged.
const TYPE_LIMIT: usize = 60;

/// Why a request was refused, and a hint.
struct RefusalDiagnosis {
    /// The kind of the diagnosis. The log limits how often it prints diagnoses of one kind. `None` if the refusal has
    /// only one kind.
    kind: Option<&'static str>,
    text: Cow<'static, str>,
}

impl RequestContext<'_> {
    /// Logs the diagnosis of a refusal, and shows it on the page of `preview`. `head` is `None` if no whole head
    /// has arrived.
    pub(super) fn log_diagnosis(&self, refusal: &Refusal, head: Option<&RequestHead>) {
        let RefusalDiagnosis { kind, text } = self.diagnose(refusal, head);
        let (status, _) = refusal.status_and_summary();
        let reason = refusal.reason();
        let warning = Warning::Refused { status: status.as_str(), reason, kind, diagnosis: &text };
        self.state.warnings.log(&warning);
        // The page does not show requests to probes. For a hook, `admit` sets `self.hook` before it refuses the method.
        // So a refused method without a hook was sent to a probe.
        let is_probe = self.hook.is_none() && matches!(refusal, Refusal::MethodNotAllowed { .. });
        if let Some(feed) = &self.state.feed
            && !is_probe
        {
            feed.add_refusal(&self.received_call(), status.as_u16(), reason, &text);
        }
    }

    /// Finds out why credentials were refused.
    fn diagnose_credentials(&self, reason: Reason, head: Option<&RequestHead>) -> Diagnosis {
        let mut headers = Vec::new();
        if let Some(head) = head {
            for (name, value) in &head.headers {
                headers.push((name.as_str(), value.as_bytes()));
            }
        }
        let credentials = self.state.live.credentials.load();
        credentials.authenticator.diagnose(reason, &headers, SystemTime::now())
    }

    fn diagnose(&self, refusal: &Refusal, head: Option<&RequestHead>) -> RefusalDiagnosis {
        let settings = &self.state.settings.server;
        let text = match refusal {
            Refusal::NotFound(listener) => {
                let path = head.map(|head| head.uri.path()).unwrap_or_default();
                let path = PathDiagnosis::of(*listener, path, &settings.path_prefix, self.rules);
                return RefusalDiagnosis { kind: Some(path.kind()), text: path.to_string().into() };
            }
            Refusal::CredentialsRefused(reason) => {
                let Diagnosis { kind, text } = self.diagnose_credentials(*reason, head);
                return RefusalDiagnosis { kind: Some(kind), text: text.into() };
            }
            // `admit` has the limits of the lengths. The codec refuses more than 96 headers.
            Refusal::UriTooLong => "the URI is longer than 8 KiB".into(),
            Refusal::HeadersTooLarge => {
                "the headers are larger than 16 KiB, or there are more than 96".into()
            }
            Refusal::HeadTooSlow => {
                format!("the head of the request took longer than {} s", HEAD_TIMEOUT.as_secs())
                    .into()
            }
            Refusal::Malformed(not_http) => {
                return RefusalDiagnosis { kind: Some(not_http.kind()), text: not_http.diagnosis() };
            }
            Refusal::UnexpectedTls => {
                "the client speaks TLS, and the service plain HTTP; set `server.tls.certificate` and \
                 `server.tls.key`, or have a proxy terminate TLS"
                    .into()
            }
            Refusal::MethodNotAllowed { allow } => {
                let method = head.map(|head| known_method(head.method.as_str())).unwrap_or_default();
                format!("the method is {method}, and this path takes {allow}").into()
            }
            Refusal::Overloaded => {
                "overloaded: requests wait too long for their turn; give the service more cores, or \
                 raise `server.workers` if cores are idle"
                    .into()
            }
            Refusal::ConnectionLimitReached => {
                "`server.max_connections` is reached, and no connection is idle that could be closed for \
                 this one; raise the setting, and the memory of the service with it"
                    .into()
            }
            Refusal::MediaTypeNotJson => {
                let received = header_text(head, &header::CONTENT_TYPE);
                format!("there is {received}; send `content-type: application/json`").into()
            }
            Refusal::BodyEncoded => {
                let received = header_text(head, &header::CONTENT_ENCODING);
                format!("there is {received}; send the body uncompressed").into()
            }
            Refusal::BodyTooLarge => large_body(head, settings.body_limit).into(),
            Refusal::BodyTooSlow => {
                let timeout = settings.request_timeout.as_millis();
                format!("the body was not complete within `server.request_timeout`, {timeout} ms")
                    .into()
            }
            Refusal::BodyIncomplete => {
                "the client ended the connection before the body was complete, or sent invalid chunks"
                    .into()
            }
            Refusal::BodyInvalid(error) => describe_with_types(error).into(),
            Refusal::InternalError => {
                "this is a bug in the service; please report it with the message before this one".into()
            }
        };
        RefusalDiagnosis { kind: None, text }
    }
}

/// Describes a body that is larger than the limit, with its length if the head declares it.
fn large_body(head: Option<&RequestHead>, limit: usize) -> String {
    if let Some(head) = head
        && let Some(length) = declared_length(&head.headers)
    {
        return format!("the body has {length} bytes, and `server.body_limit` is {limit}");
    }
    format!("the body has more bytes than `server.body_limit`, {limit}")
}

/// Describes why a body is not a request of a hook. Adds its `eventType` and `requestType` if it has them.
fn describe_with_types(error: &DecodeError) -> String {
    let mut text = error.to_string();
    if let DecodeError::NotHookRequest { event_type, request_type, .. } = error {
        for (name, value) in [("eventType", event_type), ("requestType", request_type)] {
            if let Some(value) = value {
                text += &format!("; `{name}` is {}", escape::in_backticks(value, TYPE_LIMIT));
            }
        }
    }
    text
}

/// Completes "there is …": a header with its values, as in `content-type: text/plain`, or "no `content-type`".
fn header_text(head: Option<&RequestHead>, name: &header::HeaderName) -> String {
    let mut values = Vec::new();
    if let Some(head) = head {
        for value in head.headers.get_all(name) {
            values.push(String::from_utf8_lossy(value.as_bytes()));
        }
    }
    if values.is_empty() {
        return format!("no `{name}`");
    }
    let value = values.join(", ");
    escape::in_backticks(&format!("{name}: {value}"), name.as_str().len() + VALUE_LIMIT)
}

/// The method as a message names it. An unusual method is not repeated.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("an unknown one")
}
