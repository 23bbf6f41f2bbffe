//! A body → the decision of each of the guide's hooks, and the bytes of the answer.

use registration_hook::{
    clock,
    okta::request::DecodeError,
    pipeline::{self, NoAnswer},
};

use super::{
    answer::{Outcome, read_answer},
    guide::{Expected, Hook, expected_answer},
};

/// Okta refuses an answer of this size, so the service may decide otherwise from there.
const ANSWER_LIMIT: usize = 256_000;

/// Compares what the service answers with what [`expected_answer`] says, for each of the hooks.
pub fn body(data: &[u8]) {
    for hook in Hook::ALL {
        let expected = expected_answer(hook, data);
        if let Expected::Answer { body, .. } = &expected
            && body.len() >= ANSWER_LIMIT
        {
            assert_ne!(actual_outcome(hook, data), Some(Outcome::Update), "{hook:?}: too large");
            continue;
        }
        assert_eq!(actual_answer(hook, data), expected, "{hook:?}");
    }
}

/// The answer of the service.
fn actual_answer(hook: Hook, data: &[u8]) -> Expected {
    match pipeline::answer(hook.rules(), data, &clock::facts()) {
        Ok(answer) => {
            let outcome = read_answer(&answer.body);
            assert_eq!(answer.decision.as_str(), outcome.name(), "{hook:?}");
            let body = String::from_utf8(answer.body).expect("an answer is UTF-8");
            Expected::Answer { outcome, body }
        }
        Err(NoAnswer::InvalidRequest(
            DecodeError::Syntax { .. } | DecodeError::Encoding { .. },
        )) => Expected::NotStrictJson,
        Err(NoAnswer::InvalidRequest(DecodeError::NotHookRequest { .. })) => {
            Expected::NoHookRequest
        }
        Err(other) => panic!("{hook:?}: {other}"),
    }
}

/// The decision of the service, or `None` where it refuses to answer.
fn actual_outcome(hook: Hook, data: &[u8]) -> Option<Outcome> {
    let answer = pipeline::answer(hook.rules(), data, &clock::facts()).ok()?;
    Some(read_answer(&answer.body))
}
