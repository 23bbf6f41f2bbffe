//! Asks an HTTP API.
//!
//! ureq blocks, so each call has a thread of its own. A call may last longer than the request waits for it,
//! since resolving a host's name cannot be cut short. A call needs a slot, a permit to call, and keeps the slot until
//! the call has ended. So a source never has more threads than slots.

use std::{
    io::{self, Read as _},
    sync::Arc,
    time::{Duration, Instant as StdInstant},
};

use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};
use ureq::{
    AsSendBody, Proxy,
    http::{HeaderName, HeaderValue, Request, Response, header, request},
};

use crate::{
    http_client::{HttpClient, IdleConnections, NameLookup, has_connected, reset_has_connected},
    proxies::Proxies,
    rule::lookup::{HttpQuestion, LookupFailure, SourceAnswer},
    settings::HttpSource,
};

mod place;
mod threads;

use super::failure::{
    connection_failure, lacks_time_to_ask, proxy_failure, through_proxy, tls_failure,
};
pub(crate) use place::ApiPlace;
use threads::CallThreads;

/// The longest wait for a free slot.
const SLOT_WAIT: Duration = Duration::from_millis(100);
/// The largest body of a response, in bytes.
const BODY_LIMIT: usize = 64 << 10;
/// How long an idle connection is kept.
const IDLE_TIME: Duration = Duration::from_secs(30);

/// An HTTP API that can be asked.
pub(crate) struct HttpApi {
    endpoint: Arc<Endpoint>,
    /// One slot for each question that may be asked at a time.
    slots: Arc<Semaphore>,
    threads: CallThreads,
}

/// The data that a call needs. It holds a secret, and cannot be printed.
struct Endpoint {
    client: HttpClient,
    /// The URL without a slash at its end.
    url: String,
    /// The header that is sent with every question. Its value is a secret.
    header: Option<(HeaderName, HeaderValue)>,
    /// The proxy before the source.
    proxy: Option<Proxy>,
}

impl HttpApi {
    /// Reads the certificates, and does not connect yet. An error says what cannot be used.
    pub(crate) fn new(settings: &HttpSource, proxies: &Proxies) -> Result<Self, String> {
        let idle = IdleConnections { count: settings.concurrency, time: IDLE_TIME };
        let ca_file = settings.ca_file.as_deref();
        let client = HttpClient::new(ca_file, proxies.clone(), idle, NameLookup::InThisThread)?;
        let header = match &settings.header {
            Some(header) => Some(secret_header(&header.name, header.secret.expose())?),
            None => None,
        };
        let url = settings.url.as_str().trim_end_matches('/').to_owned();
        let proxy = proxies.for_url(&settings.url).cloned();
        let endpoint = Arc::new(Endpoint { client, url, header, proxy });
        let slots = Arc::new(Semaphore::new(settings.concurrency));
        let threads = CallThreads::new(settings.concurrency)
            .map_err(|error| format!("cannot make its threads: {error}"))?;
        Ok(Self { endpoint, slots, threads })
    }

    /// Asks a question. Ends by the deadline.
    pub(crate) async fn ask(&self, question: &HttpQuestion, deadline: Instant) -> SourceAnswer {
        let wait_until = deadline.min(Instant::now() + SLOT_WAIT);
        let Ok(Ok(slot)) = timeout_at(wait_until, self.slots.clone().acquire_owned()).await else {
            return SourceAnswer::failed(LookupFailure::Busy);
        };
        if lacks_time_to_ask(deadline) {
            return SourceAnswer::failed(LookupFailure::TimeoutBeforeAsking);
        }
        let endpoint = self.endpoint.clone();
        let question = question.clone();
        let call = self.threads.run(slot, move || endpoint.ask(&question, deadline.into_std()));
        let Some(call) = call else {
            // The system has no thread left.
            return SourceAnswer::failed(LookupFailure::Busy);
        };
        match timeout_at(deadline, call).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => SourceAnswer::failed(LookupFailure::Panicked),
            Err(_) => SourceAnswer::failed(LookupFailure::Timeout),
        }
    }
}

/// The header of a source. `secret` is `None` if it could not be read.
fn secret_header(name: &str, secret: Option<&str>) -> Result<(HeaderName, HeaderValue), String> {
    let value = secret.and_then(|secret| HeaderValue::from_str(secret).ok());
    match (HeaderName::from_bytes(name.as_bytes()), value) {
        (Ok(name), Some(mut value)) => {
            value.set_sensitive(true);
            Ok((name, value))
        }
        _ => Err("the header cannot be sent".to_owned()),
    }
}

impl Endpoint {
    /// Asks a question. Blocks until about the deadline, or for as long as it takes to resolve the host's name.
    fn ask(&self, question: &HttpQuestion, deadline: StdInstant) -> SourceAnswer {
        match self.call(question, deadline) {
            Ok(answer) => answer,
            Err(error) => SourceAnswer::failed(self.failure_of(&error)),
        }
    }

    fn call(
        &self,
        question: &HttpQuestion,
        deadline: StdInstant,
    ) -> Result<SourceAnswer, ureq::Error> {
        let mut response = self.send(question, deadline)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        if question.expects(status) {
            // A body within the limit is read to its end, so that its connection can be used again. A larger one
            // is noticed by the first byte beyond the limit.
            let mut reader = response.body_mut().as_reader().take(BODY_LIMIT as u64 + 1);
            reader.read_to_end(&mut body)?;
        }
        if body.len() > BODY_LIMIT {
            return Ok(SourceAnswer::failed(LookupFailure::TooLarge));
        }
        Ok(question.answer(status, &body))
    }

    /// Sends the question, and returns the response before its body. If an idle connection turns out to
    /// be closed, sends the question again.
    fn send(
        &self,
        question: &HttpQuestion,
        deadline: StdInstant,
    ) -> Result<Response<ureq::Body>, ureq::Error> {
        loop {
            // From here on, `has_connected` says whether this thread has opened a new connection.
            reset_has_connected();
            let sent = match &question.body {
                None => self.send_once(Request::get(self.url_of(question)), (), deadline),
                Some(body) => {
                    let post = Request::post(self.url_of(question));
                    let post = post.header(header::CONTENT_TYPE, "application/json");
                    self.send_once(post, body, deadline)
                }
            };
            if let Err(ureq::Error::Io(error)) = &sent
                && is_closed(error)
                && !has_connected()
            {
                // The attempt has used up an idle connection, which the source had closed. Once none is left, an
                // attempt makes a new connection, and the loop ends.
                continue;
            }
            return sent;
        }
    }

    fn failure_of(&self, error: &ureq::Error) -> LookupFailure {
        match (&self.proxy, error) {
            (Some(proxy), ureq::Error::ConnectProxyFailed(_)) => proxy_failure(
                proxy,
                "refuses to connect to the source; does it ask for a password?",
            ),
            (Some(proxy), _) => through_proxy(http_failure(error), proxy),
            (None, _) => http_failure(error),
        }
    }

    fn url_of(&self, question: &HttpQuestion) -> String {
        format!("{}{}", self.url, question.target)
    }

    fn send_once<B: AsSendBody>(
        &self,
        request: request::Builder,
        body: B,
        deadline: StdInstant,
    ) -> Result<Response<ureq::Body>, ureq::Error> {
        let mut request = request.header(header::ACCEPT, "application/json");
        if let Some((name, secret)) = &self.header {
            request = request.header(name, secret);
        }
        let remaining = deadline.saturating_duration_since(StdInstant::now());
        self.client.send(request.body(body)?, remaining)
    }
}

/// Whether the other side has closed the connection.
fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

/// The failure of a lookup whose request has this error.
fn http_failure(error: &ureq::Error) -> LookupFailure {
    match error {
        ureq::Error::Timeout(_) => LookupFailure::Timeout,
        ureq::Error::HostNotFound => LookupFailure::HostNotFound,
        ureq::Error::Io(error) => connection_failure(error),
        ureq::Error::Rustls(error) => tls_failure(error),
        ureq::Error::Tls(_) | ureq::Error::Pem(_) => LookupFailure::Tls,
        ureq::Error::LargeResponseHeader(..) => LookupFailure::TooLarge,
        // The source has responded, but not as HTTP demands.
        ureq::Error::Protocol(_) | ureq::Error::BodyStalled => LookupFailure::NotHttp,
        _ => LookupFailure::Connection,
    }
}
