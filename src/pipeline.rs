//! Bytes in → bytes out: decode, evaluate, encode. The service, `eval`, `replay` and `check`
//! go through [`answer`], so that what a developer sees is what production does, byte for byte.

use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
};

use derive_more::{Display, Error};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    okta::{
        DecisionKind, Flow,
        request::{self, DecodeError},
        response,
    },
    rule::{Hook, Verdict},
};

/// The answer to a request, and how it came about.
pub struct Answer<'r, 'b> {
    /// The body for Okta.
    pub body: Vec<u8>,
    /// Which kind of request it was.
    pub request_type: Flow,
    /// Okta's name for the event.
    pub event_id: Option<Cow<'b, str>>,
    /// What Okta is told.
    pub decision: DecisionKind,
    /// One verdict a rule.
    pub verdicts: Vec<Verdict<'r>>,
    /// Whether the hook has a section for such a request. Where not, it is denied.
    pub handled: bool,
    /// Whether the answer to give was larger than Okta takes. Then the request is denied instead.
    pub too_large: bool,
}

/// Why there is no answer that decides. Whatever is sent instead, Okta denies.
#[derive(Debug, Display, Error, PartialEq, Eq)]
pub enum NoAnswer {
    /// The body is no request.
    Request(DecodeError),
    /// A fault of ours; the panic hook has said where.
    #[display("the request ran into a fault of ours; please report it")]
    Panicked,
}

/// The UTC day, for rules about dates.
pub fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// Answers one request; `today` is the UTC day, for requests that do not say when they were made.
///
/// # Errors
///
/// The body is no request, or we have a fault.
pub fn answer<'r, 'b>(
    hook: &'r Hook,
    body: &'b [u8],
    today: Date,
) -> Result<Answer<'r, 'b>, NoAnswer> {
    let decide = || {
        let request = request::decode(body).map_err(NoAnswer::Request)?;
        let (decision, verdicts) = hook.evaluate(&request, today);
        let request_type = request.request_type;
        let mut kind = decision.kind();
        let mut encoded = response::encode(request_type, &decision);
        let too_large = encoded.len() >= response::SIZE_LIMIT;
        if too_large {
            let denial = hook.too_large(request_type);
            kind = denial.kind();
            encoded = response::encode(request_type, &denial);
        }
        Ok(Answer {
            body: encoded,
            request_type,
            decision: kind,
            verdicts,
            too_large,
            handled: hook.section(request_type).is_some(),
            event_id: request.event_id,
        })
    };
    // No panic path is known. Were there one, it would cost its request an answer and nobody else.
    catch_unwind(AssertUnwindSafe(decide)).unwrap_or(Err(NoAnswer::Panicked))
}
