//! The reasons to refuse a request, and the response to each.

use std::borrow::Cow;

use actix_web::http::StatusCode;

use super::{not_http::NotHttp, routes::Listener};
use crate::{
    auth::{Authenticator, Reason},
    okta::request::DecodeError,
};

/// The value of `retry-after`: seconds until the next try. Sent for an overload, and while the issuer's keys are
/// missing, without which no token can be verified. A fetch of the keys takes less time than this.
const RETRY_AFTER: &str = "2";

/// A header that some responses carry: its name and its value.
pub(super) type ExtraHeader = (&'static str, Cow<'static, str>);

/// Why a request gets no decision.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    UriTooLong,
    HeadersTooLarge,
    HeadTooSlow,
    /// The bytes are not an HTTP/1.1 request.
    Malformed(NotHttp),
    /// TLS, where the service speaks plain HTTP.
    UnexpectedTls,
    /// The path has no route on this listener.
    NotFound(Listener),
    /// The method is not one of `allow`, the value of the header `Allow`.
    MethodNotAllowed {
        allow: &'static str,
    },
    /// The request would wait too long for its turn.
    Overloaded,
    /// The connections are at their limit, and none can be closed for this one.
    ConnectionLimitReached,
    /// The credentials are missing, wrong, or cannot be verified.
    CredentialsRefused(Reason),
    /// The header `Content-Type` is absent, or is not that of JSON.
    MediaTypeNotJson,
    /// The body has a `Content-Encoding` other than `identity`.
    BodyEncoded,
    BodyTooLarge,
    BodyTooSlow,
    BodyIncomplete,
    /// The body is not a request of a hook.
    BodyInvalid(DecodeError),
    /// A bug of the service.
    InternalError,
}

/// The words for refusals in logs and metrics. The words for refused credentials are in `auth`.
pub(crate) const REASONS: [&str; 18] = [
    "not_http",
    "tls_on_plain_http",
    "uri_too_long",
    "headers_too_large",
    "head_too_slow",
    "not_found",
    "method_not_allowed",
    "overloaded",
    "connection_limit",
    "media_type",
    "content_encoding",
    "body_too_large",
    "body_too_slow",
    "body_incomplete",
    "json_syntax",
    "json_encoding",
    "not_hook_request",
    "internal",
];

impl Refusal {
    /// The word for this refusal in logs and metrics.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::UriTooLong => "uri_too_long",
            Self::HeadersTooLarge => "headers_too_large",
            Self::HeadTooSlow => "head_too_slow",
            Self::Malformed(_) => "not_http",
            Self::UnexpectedTls => "tls_on_plain_http",
            Self::NotFound(_) => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::Overloaded => "overloaded",
            Self::ConnectionLimitReached => "connection_limit",
            Self::CredentialsRefused(reason) => reason.as_str(),
            Self::MediaTypeNotJson => "media_type",
            Self::BodyEncoded => "content_encoding",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTooSlow => "body_too_slow",
            Self::BodyIncomplete => "body_incomplete",
            Self::BodyInvalid(error) => error.reason(),
            Self::InternalError => "internal",
        }
    }

    /// The status, and a sentence for the caller.
    pub(super) fn status_and_summary(&self) -> (StatusCode, Cow<'static, str>) {
        let (status, summary) = match self {
            Self::UriTooLong => (StatusCode::URI_TOO_LONG, "The URI is too long."),
            Self::HeadersTooLarge => {
                (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large.")
            }
            Self::HeadTooSlow => {
                (StatusCode::REQUEST_TIMEOUT, "The request's head did not arrive in time.")
            }
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "This is not an HTTP/1.1 request."),
            Self::UnexpectedTls => (StatusCode::BAD_REQUEST, "Use http, not https, here."),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "There is no such hook."),
            Self::MethodNotAllowed { .. } => (
                StatusCode::METHOD_NOT_ALLOWED,
                "This method is not allowed here; see the Allow header.",
            ),
            Self::Overloaded | Self::ConnectionLimitReached => {
                (StatusCode::SERVICE_UNAVAILABLE, "The service is overloaded; try again.")
            }
            Self::CredentialsRefused(reason) if reason.is_forbidden() => {
                (StatusCode::FORBIDDEN, "The credentials are not meant for this service.")
            }
            Self::CredentialsRefused(Reason::KeysUnavailable) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Tokens cannot be verified at present; try again.",
            ),
            Self::CredentialsRefused(_) => {
                (StatusCode::UNAUTHORIZED, "The credentials are missing or wrong.")
            }
            Self::MediaTypeNotJson => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send the header Content-Type: application/json.",
            ),
            Self::BodyEncoded => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send the body uncompressed, without the header Content-Encoding.",
            ),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large."),
            Self::BodyTooSlow => (StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time."),
            Self::BodyIncomplete => (StatusCode::BAD_REQUEST, "The body is incomplete."),
            Self::BodyInvalid(error) => {
                return (StatusCode::BAD_REQUEST, format!("Not processed: {error}.").into());
            }
            Self::InternalError => {
                (StatusCode::INTERNAL_SERVER_ERROR, "The request could not be processed.")
            }
        };
        (status, summary.into())
    }

    /// The headers that only the response to this refusal carries.
    pub(super) fn headers(&self, authenticator: &Authenticator) -> Vec<ExtraHeader> {
        match self {
            Self::MethodNotAllowed { allow } => vec![("allow", (*allow).into())],
            Self::BodyEncoded => vec![("accept-encoding", "identity".into())],
            Self::Overloaded
            | Self::ConnectionLimitReached
            | Self::CredentialsRefused(Reason::KeysUnavailable) => {
                vec![("retry-after", RETRY_AFTER.into())]
            }
            Self::CredentialsRefused(reason) => {
                let mut headers = Vec::new();
                for challenge in authenticator.challenges(*reason) {
                    headers.push(("www-authenticate", challenge.into()));
                }
                headers
            }
            _ => Vec::new(),
        }
    }
}
