//! Replays recorded requests through a running service.

use std::time::Duration;

use url::Url;

use super::{
    change::{AnswerDecision, answered_decision},
    local::{PresentAnswer, explain_reply},
    report::{CallStatistics, ReplayOutcome, Replayed},
};
use crate::{
    cli::{
        CliError,
        client::{CallFlags, HookCall, HookClient, HttpAnswer, NoReply, without_query},
        fixtures::Case,
    },
    okta::response::SIZE_LIMIT,
};

/// `replay` ends after this many calls in a row without a connection.
const MOST_UNCONNECTED: usize = 5;
/// A hook gets no further request after this many in a row have timed out. Each has taken two attempts of 3 s.
const MOST_TIME_OUTS: usize = 3;

/// The hooks of a running service.
pub(super) struct RemoteHooks {
    base: Url,
    client: HookClient,
    calls: CallStatistics,
    /// How many calls since the last answer had no connection or no access token.
    unconnected: usize,
    /// Why the most recent unanswered call failed.
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
            calls: CallStatistics::default(),
            unconnected: 0,
            last_reason: String::new(),
            time_outs: TimeOuts::default(),
        })
    }

    /// Sends a recorded request, and compares the answer. Fails after
    /// [`MOST_UNCONNECTED`] calls in a row without a connection or access token.
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
                self.count_answer(duration, succeeds_on_retry);
                compare(&case, request, answer)
            }
            Err(why) => {
                self.count_failure(&case.hook, duration, &why)?;
                Err(why.to_string())
            }
        };
        let outcome = compared.unwrap_or_else(|why| ReplayOutcome::Problem { why, explanation });
        let mut replayed = Replayed::new(case, outcome);
        replayed.duration = Some(duration);
        Ok(replayed)
    }

    fn count_answer(&mut self, duration: Duration, succeeds_on_retry: bool) {
        self.unconnected = 0;
        self.time_outs = TimeOuts::default();
        self.calls.times.push(duration);
        self.calls.answered += 1;
        if succeeds_on_retry {
            self.calls.answered_on_retry += 1;
        }
    }

    /// Counts an unanswered call. Fails after [`MOST_UNCONNECTED`] in a row without a connection or access token.
    /// Time-outs are counted apart, since other hooks of the service may be faster.
    fn count_failure(
        &mut self,
        hook: &str,
        duration: Duration,
        why: &NoReply,
    ) -> Result<(), CliError> {
        self.calls.unanswered += 1;
        self.last_reason = why.to_string();
        match why {
            NoReply::TimedOut => {
                self.time_outs.add(hook);
                self.calls.times.push(duration);
            }
            NoReply::Connection(_) | NoReply::Token(_) => {
                self.unconnected += 1;
                if self.unconnected == MOST_UNCONNECTED {
                    return Err(self.no_answer());
                }
            }
        }
        Ok(())
    }

    /// The statistics of the calls. Fails if the service answered none of them.
    pub(super) fn finish(self) -> Result<CallStatistics, CliError> {
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
