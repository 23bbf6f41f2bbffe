//! Messages that a caller can provoke. Each kind is logged at most once per interval, so that an
//! administrator finds the reason and an attacker cannot fill the log.

use std::{borrow::Cow, io, time::Instant};

use derive_more::Display;
use log::Level;

use crate::{okta::response::SIZE_LIMIT, rule::lookup::LookupFailure, throttle::Throttle};

/// A message that a caller can provoke. Shows no part of a request except for escaped excerpts in a diagnosis.
#[derive(Display)]
pub(super) enum Warning<'a> {
    #[display("cannot accept connections: {_0}; is `ulimit -n` too low?")]
    CannotAccept(io::Error),
    #[display(
        "server.max_connections is reached: each further connection closes the one that has been \
         idle longest"
    )]
    ConnectionEvicted,
    #[display("a TLS handshake failed: {_0}")]
    Handshake(&'static str),
    #[display("refused with {status} {reason}: {diagnosis}")]
    Refused {
        status: &'a str,
        reason: &'static str,
        /// The kind of the diagnosis. `None` if the reason has only one kind of diagnosis.
        kind: Option<&'static str>,
        diagnosis: &'a str,
    },
    #[display(
        "`{hook}` denied a {request_type} request, for which it has no section; narrow Okta's \
         setting \"Run this hook\", or add [{section}] to its rules"
    )]
    MissingSection { hook: &'a str, request_type: &'a str, section: &'a str },
    #[display(
        "`{hook}` denied a {request_type} request because the answer would have {SIZE_LIMIT} bytes \
         or more, which Okta refuses; shorten the rules' messages, or update fewer attributes"
    )]
    TooLargeAnswer { hook: &'a str, request_type: &'a str },
    #[display(
        "`{hook}` denied a {request_type} request because it takes more work to judge than is allowed; \
         shorten the lists and patterns of its rules and of `set`, or lower `server.body_limit`"
    )]
    TooCostly { hook: &'a str, request_type: &'a str },
    #[display(
        "`{hook}` denied a {request_type} request without `eventId`, from which its rules \
         `generate` an attribute; Okta always sends it, so look at what calls the hook"
    )]
    MissingEventId { hook: &'a str, request_type: &'a str },
    #[display("`{hook}`: the lookup `{lookup}` failed: {why}")]
    FailedLookup { hook: &'a str, lookup: &'a str, why: &'a LookupFailure },
}

impl Warning<'_> {
    fn level(&self) -> Level {
        match self {
            Self::CannotAccept(_) | Self::TooLargeAnswer { .. } => Level::Error,
            Self::ConnectionEvicted
            | Self::Handshake(_)
            | Self::Refused { .. }
            | Self::MissingSection { .. }
            | Self::TooCostly { .. }
            | Self::MissingEventId { .. }
            | Self::FailedLookup { .. } => Level::Warn,
        }
    }

    /// The kind of this message. There must be few kinds, since the throttle remembers all of them.
    fn kind(&self) -> Cow<'static, str> {
        match self {
            Self::CannotAccept(_) => "accept".into(),
            Self::ConnectionEvicted => "max_connections".into(),
            Self::Handshake(why) => format!("handshake {why}").into(),
            Self::Refused { reason, kind: None, .. } => format!("refusal with `{reason}`").into(),
            Self::Refused { reason, kind: Some(kind), .. } => {
                format!("refusal with `{reason}`: {}", kind.replace('_', " ")).into()
            }
            Self::MissingSection { hook, .. } => format!("hook {hook} no section").into(),
            Self::TooLargeAnswer { hook, .. } => format!("hook {hook} too large").into(),
            Self::TooCostly { hook, .. } => format!("hook {hook} too costly").into(),
            Self::MissingEventId { hook, .. } => format!("hook {hook} no event").into(),
            // `why` names a status or an error code, of which there are few.
            Self::FailedLookup { hook, lookup, why } => {
                format!("hook {hook} lookup {lookup}: {why}").into()
            }
        }
    }
}

/// Logs at most one message of a kind per interval.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Throttle);

impl Warnings {
    /// Logs a message, or counts it for the next one of its kind.
    pub(super) fn log(&self, warning: &Warning<'_>) {
        if let Some(omitted) = self.0.admit(&warning.kind(), Instant::now()) {
            log::log!(warning.level(), "{warning}{omitted}");
        }
    }

    /// Logs how many messages of each kind were left out since the last one. Called when the service stops.
    pub(crate) fn log_omitted(&self) {
        for (kind, count) in self.0.omitted() {
            log::warn!(
                "left out of the log since the last message of the kind \"{kind}\": {count}"
            );
        }
    }
}
