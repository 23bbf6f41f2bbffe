//! Replays recorded requests through a running service.

use url::Url;

use super::{
    change::{AnswerDecision, answered_decision},
    local::{PresentAnswer, explain_reply},
    report::{CallTimes, ReplayOutcome, Replayed},
};
use crate::cli::{
    CliError,
    client::{CallFlags, HookCall, HookClient, HttpAnswer, NoReply, without_query},
    fixtures::Case,
};
use crate::okta::response::SIZE_LIMIT;

/// `replay` ends after this many calls in a row without an answer.
const MOST_UNANSWERED: usize = 5;
/// A hook gets no further request after this many in a row have timed out. Each takes two attempts.
const MOST_TIME_OUTS: usize = 3;

/// The hooks of a running service.
pub(super) struct RemoteHooks {
    base: Url,
    client: HookClient,
    calls: CallTimes,
    /// The calls without an answer since the last answer. Those that timed out do not count.
    unanswered: usize,
    /// Why the last call without an answer had none.
    last_reason: String,
    time_outs: TimeOuts,
}

/// The requests in a row that a hook has not answered in time.
#[derive(Default)]
struct TimeOuts {
    hook: String,
    count: usize,
}

impl RemoteHooks {
    pub(super) fn new(base: Url, flags: &CallFlags) -> Result<Self, CliError> {
        Ok(Self {
            base,
            client: HookClient::new(flags)?,
            calls: CallTimes::default(),
            unanswered: 0,
            last_reason: String::new(),
            time_outs: TimeOuts::default(),
        })
    }

    /// Sends a recorded request. Fails if the service does not answer at all.
    pub(super) fn replay(&mut self, case: Case) -> Result<Replayed, CliError> {
        if self.time_outs.are_too_many(&case.hook) {
            let why = format!(
                "not sent: the hook has not answered {MOST_TIME_OUTS} requests in a row within 3 s"
            );
            return Ok(Replayed::new(case, ReplayOutcome::problem(why)));
        }
        let request = match case.read_request() {
            Ok(request) => request,
            Err(problem) => return Ok(Replayed::of_problem(&problem)),
        };
        let call = self.client.call(&self.url_of(&case.hook), &request);
        let explanation = explain_reply(&request, call.hook_reply(), None);
        let succeeds_on_retry = call.succeeds_on_retry();
        let HookCall { reply, duration, .. } = call;
        let compared = match reply {
            Ok(answer) => {
                self.unanswered = 0;
                self.time_outs = TimeOuts::default();
                self.calls.times.push(duration);
                self.calls.answered += 1;
                if succeeds_on_retry {
                    self.calls.answered_on_retry += 1;
                }
                compare(&case, request, answer)
            }
            // A slow hook is a difference: other calls may be answered.
            Err(NoReply::TimedOut) => {
                self.time_outs.add(&case.hook);
                self.calls.times.push(duration);
                self.calls.unanswered += 1;
                self.last_reason = NoReply::TimedOut.to_string();
                Err(self.last_reason.clone())
            }
            Err(why) => {
                self.calls.unanswered += 1;
                self.unanswered += 1;
                self.last_reason = why.to_string();
                if self.unanswered == MOST_UNANSWERED {
                    return Err(self.no_answer());
                }
                Err(self.last_reason.clone())
            }
        };
        let outcome = compared.unwrap_or_else(|why| ReplayOutcome::Problem { why, explanation });
        let mut replayed = Replayed::new(case, outcome);
        replayed.duration = Some(duration);
        Ok(replayed)
    }

    /// The calls. Fails if the service answered none of them.
    pub(super) fn finish(self) -> Result<CallTimes, CliError> {
        if self.calls.answered == 0 && self.calls.unanswered > 0 {
            return Err(self.no_answer());
        }
        Ok(self.calls)
    }

    fn no_answer(&self) -> CliError {
        let Self { base, last_reason, .. } = self;
        let base = without_query(base);
        CliError(format!("--url: {base} does not answer: {last_reason}"))
    }

    /// The URL of a hook, below that of the service.
    fn url_of(&self, hook: &str) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(hook);
        }
        url
    }
}

impl TimeOuts {
    fn add(&mut self, hook: &str) {
        if self.hook != hook {
            *self = Self { hook: hook.to_owned(), count: 0 };
        }
        self.count += 1;
    }

    fn are_too_many(&self, hook: &str) -> bool {
        self.hook == hook && self.count >= MOST_TIME_OUTS
    }
}

/// Compares the answer of the service with the recorded one.
fn compare(case: &Case, request: Vec<u8>, answer: HttpAnswer) -> Result<ReplayOutcome, String> {
    if answer.status != 200 {
        return Err(describe_status(answer.status));
    }
    if answer.body.len() >= SIZE_LIMIT {
        return Err(format!("the answer of the service has {SIZE_LIMIT} bytes or more"));
    }
    let decision = AnswerDecision::of_any_hook(answered_decision(&request, &answer.body));
    PresentAnswer { request, body: answer.body, decision }.compare(case, None)
}

/// Describes a status other than 200, with Okta's reaction.
fn describe_status(status: u16) -> String {
    let reaction = match status {
        204 => ", which decides nothing, so Okta goes on",
        401 | 403 => ", so Okta denies; are the credentials of --user, --header or --oauth right?",
        404 => ", so Okta denies; does the service have this hook, and is --url its base?",
        200..=299 => "; Okta documents 200 and 204 only",
        _ => ", so Okta denies",
    };
    format!("the service answers with status {status}{reaction}")
}
