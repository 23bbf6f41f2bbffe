//! Bytes in → bytes out, in three steps: [`decode`], [`Hook::judge`] and [`encode`].
//!
//! The service, `eval`, `replay` and `check` all use [`answer`], which takes the three steps. So the
//! subcommands show exactly what production answers, byte for byte. The steps read no clock, file or
//! network. Before them, `server`, `cli` and `preview` gather the [`Facts`]: today's date, and the results of the
//! lookups that [`questions`] returns.

use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
};

use derive_more::{Display, Error};

pub use crate::okta::{
    request::{DecodeError, decode},
    response::encode,
};
use crate::{
    okta::{DecisionKind, Flow, Request, response::SIZE_LIMIT},
    rule::{
        Facts, Hook, Judgement, LookupVerdict, SetOutcome, Verdict,
        lookup::{AskedLookup, LookupFailure, LookupResult, LookupResults},
    },
};

/// The answer to a request, and how it came about.
pub struct HookAnswer<'r, 'b> {
    /// The body for Okta.
    pub body: Vec<u8>,
    /// The flow of the request.
    pub flow: Flow,
    /// Okta's `eventId`, if the request has one.
    pub event_id: Option<Cow<'b, str>>,
    /// The kind of the decision that the body carries.
    pub decision: DecisionKind,
    /// One verdict per rule.
    pub verdicts: Vec<Verdict<'r>>,
    /// The outcomes of `set` that need an explanation, as in [`Judgement::sets`]. Empty if a rule denies.
    pub sets: Vec<SetOutcome<'r>>,
    /// One verdict per lookup of the section.
    pub lookups: Vec<LookupVerdict<'r>>,
    /// Whether the hook has a section for the flow. If not, the request is denied.
    pub has_section: bool,
    /// Whether the answer would have been too large for Okta. If so, the request is denied.
    pub too_large: bool,
    /// Whether judging took more work than is allowed. If so, the request is denied.
    pub too_costly: bool,
}

impl<'r> HookAnswer<'r, '_> {
    /// The outcome of an attribute of `set`. Returns `None` if the attribute was set and its recipe has no
    /// alternatives.
    pub(crate) fn set_outcome(&self, attribute: &str) -> Option<&SetOutcome<'r>> {
        self.sets.iter().find(|outcome| outcome.set.attribute.value == attribute)
    }

    /// Whether the request is denied because it has no `eventId`, from which an identifier is to be made.
    pub fn lacks_needed_event_id(&self) -> bool {
        self.sets.iter().any(SetOutcome::lacks_needed_event_id)
    }
}

/// Why a request has no answer. Okta denies such a request.
#[derive(Debug, Display, Error, PartialEq, Eq)]
pub enum NoAnswer {
    /// The body is not a request of a hook.
    InvalidRequest(DecodeError),
    /// A bug of ours. The panic hook has logged the place.
    #[display("the request met a bug of ours; please report it")]
    Panicked,
}

/// The lookups to ask before a request is answered. Empty if a rule that needs no lookup denies the request.
pub fn questions<'r>(
    hook: &'r Hook,
    body: &[u8],
    facts: &Facts,
) -> Result<Vec<AskedLookup<'r>>, NoAnswer> {
    if !hook.has_lookups() {
        return Ok(Vec::new());
    }
    catch_panic(|| {
        let request = decode(body).map_err(NoAnswer::InvalidRequest)?;
        Ok(hook.questions(&request, facts))
    })
}

/// Runs a step, and turns a panic into [`NoAnswer::Panicked`]. No panic path is known. If there is one, only the
/// request that takes it has no answer, and the worker goes on.
fn catch_panic<T>(step: impl FnOnce() -> Result<T, NoAnswer>) -> Result<T, NoAnswer> {
    catch_unwind(AssertUnwindSafe(step)).unwrap_or(Err(NoAnswer::Panicked))
}

/// The results of lookups when no network source is asked. A lookup without a recorded result is answered by
/// its table. If it has no table, it counts as failed.
pub fn recorded_results(asked: &[AskedLookup<'_>], recorded: &LookupResults) -> LookupResults {
    let mut results = LookupResults::new();
    for AskedLookup { lookup, question } in asked {
        let name = &lookup.name.value;
        let known = recorded.get(name).cloned().or_else(|| question.result_of_table());
        let result = known.unwrap_or(LookupResult::Failed(LookupFailure::NotRecorded));
        results.insert(name.clone(), result);
    }
    results
}

/// Answers one request. `facts` must have a result for each of the [`questions`].
pub fn answer<'r, 'b>(
    hook: &'r Hook,
    body: &'b [u8],
    facts: &Facts,
) -> Result<HookAnswer<'r, 'b>, NoAnswer> {
    catch_panic(|| {
        let request = decode(body).map_err(NoAnswer::InvalidRequest)?;
        Ok(answer_request(hook, request, facts))
    })
}

/// Judges a request and encodes the decision, or a denial if the answer would be too large.
fn answer_request<'r, 'b>(
    hook: &'r Hook,
    request: Request<'b>,
    facts: &Facts,
) -> HookAnswer<'r, 'b> {
    let flow = request.flow;
    let Judgement { decision, verdicts, sets, lookups, has_section, too_costly } =
        hook.judge(&request, facts);
    let mut kind = decision.kind();
    let mut body = encode(flow, &decision);
    let too_large = body.len() >= SIZE_LIMIT;
    if too_large {
        let denial = hook.denial_as_too_large(flow);
        kind = denial.kind();
        body = encode(flow, &denial);
    }
    // The decision borrows the request, so drop it before the event's id is moved out of the request.
    drop(decision);
    let event_id = request.event_id;
    HookAnswer {
        body,
        flow,
        event_id,
        decision: kind,
        verdicts,
        sets,
        lookups,
        has_section,
        too_large,
        too_costly,
    }
}
