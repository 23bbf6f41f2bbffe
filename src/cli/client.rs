//! Calls a running hook as Okta does: with its headers and credentials, within 3 s, with one retry.

use std::{
    cell::RefCell,
    io::Read as _,
    time::{Duration, Instant},
};

use derive_more::Display;
use ureq::http::{
    HeaderMap, HeaderName, HeaderValue, Request,
    header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, PRAGMA, USER_AGENT},
};
use url::{ParseError, Url};

use super::CliError;
use crate::{
    http_client::{HttpClient, IdleConnections, NameLookup, describe_request_error},
    okta::reply::HookReply,
    settings,
};

mod flags;
mod token;
mod wrong;

pub(super) use flags::CallFlags;
pub(super) use token::NoToken;
use token::{AccessToken, ClientCredentials};

/// Okta's time for one attempt. The fetch of an access token is part of it.
pub(super) const OKTA_TIMEOUT: Duration = Duration::from_secs(3);
/// The most bytes of an answer that are read: about four times Okta's limit.
const LARGEST_ANSWER: u64 = 1 << 20;
/// A connection that is idle for longer is not used again, since the server may have closed it.
const IDLE_TIME: Duration = Duration::from_secs(2);

/// The headers of each call, as captured from Okta, besides the credentials and `x-okta-request-id`.
const OKTA_HEADERS: [(HeaderName, &str); 6] = [
    (ACCEPT, "application/json"),
    (CONTENT_TYPE, "application/json"),
    (USER_AGENT, "Okta-Integrations"),
    (CACHE_CONTROL, "no-cache"),
    (PRAGMA, "no-cache"),
    (CONNECTION, "keep-alive"),
];
/// The header with the `id` of the end user's request to Okta.
const REQUEST_ID: &str = "x-okta-request-id";

/// Calls hooks with the credentials of the flags.
pub(super) struct HookClient {
    http: HttpClient,
    /// The headers of `--user` and `--header`, with their secrets.
    headers: HeaderMap,
    oauth: Option<ClientCredentials>,
    /// The last access token, to use again while it is valid.
    token: RefCell<Option<AccessToken>>,
}

/// A call and its result.
pub(super) struct HookCall {
    pub(super) reply: Result<HttpAnswer, NoReply>,
    /// How long the last attempt took.
    pub(super) duration: Duration,
    /// Whether the reply is that of a second attempt.
    pub(super) is_retried: bool,
}

/// An answer over HTTP, with any status.
pub(super) struct HttpAnswer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// The first MiB at most. Okta accepts less.
    pub(super) body: Vec<u8>,
}

/// Why a call has no answer.
#[derive(Clone, Debug, Display, PartialEq, Eq)]
pub(super) enum NoReply {
    #[display("no answer within 3 s, after which Okta gives up")]
    TimedOut,
    #[display("no connection, or a broken one: {_0}")]
    Connection(String),
    #[display("no access token: {_0}")]
    Token(NoToken),
}

/// Reads the URL of an argument. Refuses a URL that cannot be called, and one with a user name or password. An
/// error never repeats the URL.
pub(super) fn read_url(argument: &str, text: &str) -> Result<Url, CliError> {
    // Okta refuses white space in a URL. The parser would hide it, by dropping or escaping it.
    if text.contains(char::is_whitespace) {
        return Err(CliError(format!(
            "{argument}: Okta refuses a URL with white space; remove it"
        )));
    }
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(ParseError::RelativeUrlWithoutBase) => {
            return Err(CliError(format!(
                "{argument}: it has no `https://`; expected `https://HOST/PATH`"
            )));
        }
        Err(error) => {
            return Err(CliError(format!("{argument}: {error}; expected `https://HOST/PATH`")));
        }
    };
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(CliError(format!("{argument}: expected `https://HOST/PATH`")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(CliError(format!(
            "{argument}: pass credentials by --user, as Okta's URL has none"
        )));
    }
    Ok(url)
}

/// The URL as messages show it: without its query, which may have a key.
pub(super) fn without_query(url: &Url) -> Url {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    shown
}

impl HookClient {
    /// A client with the credentials of these flags, and with the proxies of this process's environment.
    pub(super) fn new(flags: &CallFlags) -> Result<Self, CliError> {
        let environment = settings::environment();
        let proxies = settings::read_proxies_from(&environment)?;
        let idle = IdleConnections { count: 1, time: IDLE_TIME };
        let http =
            HttpClient::new(flags.ca_file.as_deref(), proxies, idle, NameLookup::InSeparateThread)
                .map_err(|why| CliError(format!("--ca-file: {why}")))?;
        let headers = flags.headers(&environment)?;
        let oauth = flags.client_credentials(&environment)?;
        Ok(Self { http, headers, oauth, token: RefCell::new(None) })
    }

    /// Posts a request as Okta does. Retries once after a time-out, a failed connection and a 5xx.
    pub(super) fn call(&self, url: &Url, body: &[u8]) -> HookCall {
        let first = self.call_once(url, body);
        if first.may_be_retried() {
            return HookCall { is_retried: true, ..self.call_once(url, body) };
        }
        first
    }

    /// Makes one attempt with the credentials of the flags.
    pub(super) fn call_once(&self, url: &Url, body: &[u8]) -> HookCall {
        let start = Instant::now();
        let reply = match self.credentials(start) {
            Ok(headers) => self.post(url, body, &headers, start),
            Err(why) => Err(NoReply::Token(why)),
        };
        HookCall { reply, duration: start.elapsed(), is_retried: false }
    }

    /// Makes one attempt with these headers in place of credentials.
    pub(super) fn call_with(&self, url: &Url, body: &[u8], headers: &HeaderMap) -> HookCall {
        let start = Instant::now();
        let reply = self.post(url, body, headers, start);
        HookCall { reply, duration: start.elapsed(), is_retried: false }
    }

    /// The headers with the credentials. Fetches an access token if one is needed and none is valid.
    fn credentials(&self, now: Instant) -> Result<HeaderMap, NoToken> {
        let mut headers = self.headers.clone();
        let Some(oauth) = &self.oauth else {
            return Ok(headers);
        };
        let mut kept_token = self.token.borrow_mut();
        let token = match kept_token.take() {
            Some(token) if token.is_valid(now) => token,
            _ => oauth.fetch(&self.http, OKTA_TIMEOUT)?,
        };
        headers.insert(AUTHORIZATION, token.authorization.clone());
        *kept_token = Some(token);
        Ok(headers)
    }

    /// Posts a request within the time that is left of an attempt that began at `start`.
    fn post(
        &self,
        url: &Url,
        body: &[u8],
        headers: &HeaderMap,
        start: Instant,
    ) -> Result<HttpAnswer, NoReply> {
        let remaining = OKTA_TIMEOUT.saturating_sub(start.elapsed());
        // The fetch of a token may have taken all of the time.
        if remaining.is_zero() {
            return Err(NoReply::TimedOut);
        }
        let mut request = Request::post(url.as_str());
        for (name, value) in OKTA_HEADERS {
            request = request.header(name, value);
        }
        if let Some(id) = request_id(body) {
            request = request.header(REQUEST_ID, id);
        }
        let mut request = request.body(body).map_err(ureq::Error::from)?;
        // Headers of the flags replace Okta's headers of the same names.
        for (name, value) in headers {
            request.headers_mut().insert(name, value.clone());
        }
        let mut response = self.http.send(request, remaining)?;
        let mut body = Vec::new();
        let mut reader = response.body_mut().as_reader().take(LARGEST_ANSWER);
        reader.read_to_end(&mut body).map_err(ureq::Error::from)?;
        let (parts, _) = response.into_parts();
        Ok(HttpAnswer { status: parts.status.as_u16(), headers: parts.headers, body })
    }
}

impl HookCall {
    /// The reply as Okta receives it.
    pub(super) fn hook_reply(&self) -> HookReply<'_> {
        match &self.reply {
            Ok(answer) => HookReply::Answered { status: answer.status, body: &answer.body },
            Err(NoReply::TimedOut) => HookReply::TimedOut,
            Err(NoReply::Connection(_) | NoReply::Token(_)) => HookReply::Unreachable,
        }
    }

    /// Whether the first attempt failed, and the second one did not.
    pub(super) fn succeeds_on_retry(&self) -> bool {
        self.is_retried && !self.may_be_retried()
    }

    /// Whether the attempt failed in a way after which Okta tries once more.
    fn may_be_retried(&self) -> bool {
        match &self.reply {
            Ok(answer) => answer.status >= 500,
            Err(NoReply::TimedOut | NoReply::Connection(_)) => true,
            Err(NoReply::Token(_)) => false,
        }
    }
}

impl From<ureq::Error> for NoReply {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Timeout(_) => Self::TimedOut,
            error => Self::Connection(describe_request_error(&error)),
        }
    }
}

/// The value of `x-okta-request-id`: the text `data.context.request.id` of the request, if it has one.
fn request_id(body: &[u8]) -> Option<HeaderValue> {
    let request: serde_json::Value = serde_json::from_slice(body).ok()?;
    let id = request.pointer("/data/context/request/id")?.as_str()?;
    HeaderValue::from_str(id).ok()
}
