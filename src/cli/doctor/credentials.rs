//! Calls without credentials, with wrong ones, and with the right ones.

use ureq::http::HeaderMap;

use super::{CheckedHook, checkup::Checkup};
use crate::cli::client::{HttpAnswer, NoReply};

/// Checks that the hook refuses callers other than Okta.
pub(super) fn check_refusals(hook: &CheckedHook<'_>, checkup: &mut Checkup) {
    let without = hook.client.call_with(hook.url, &hook.body, &HeaderMap::new());
    check_refusal("no credentials", without.reply, checkup);
    let wrong = hook.client.wrong_credentials();
    if wrong.is_empty() {
        return;
    }
    let wrong = hook.client.call_with(hook.url, &hook.body, &wrong);
    check_refusal("wrong credentials", wrong.reply, checkup);
}

fn check_refusal(check: &'static str, reply: Result<HttpAnswer, NoReply>, checkup: &mut Checkup) {
    const FIX: &str = "answer 401 before the body is read";
    let status = match reply {
        Ok(reply) => reply.status,
        Err(why) => return checkup.problem(check, why.to_string(), FIX),
    };
    match status {
        401 => checkup.ok(check, "refused"),
        200..=299 => checkup.problem(
            check,
            format!("status {status}: anybody can call the hook and read its answers"),
            "check the credentials on every path, and answer 401",
        ),
        400..=499 => checkup.note(check, format!("refused with status {status}"), FIX),
        500..=599 => {
            checkup.problem(check, format!("status {status}, after which Okta calls again"), FIX)
        }
        _ => checkup.problem(check, format!("status {status}"), FIX),
    }
}

/// Checks that the hook answers to the credentials of the flags. Returns the headers of its answer, or
/// `None` if its answers cannot be checked.
pub(super) fn check_acceptance(hook: &CheckedHook<'_>, checkup: &mut Checkup) -> Option<HeaderMap> {
    let (check, message, fix) = match hook.client.call(hook.url, &hook.body).reply {
        Ok(reply) => match reply.status {
            401 | 403 if hook.has_credentials => (
                "credentials",
                format!("status {}: the hook refuses them", reply.status),
                "compare them with those of the hook",
            ),
            401 | 403 => (
                "credentials",
                format!("status {}: the hook asks for credentials", reply.status),
                "pass those that Okta has: --user, --header or --oauth",
            ),
            300..=399 => (
                "redirect",
                format!("status {}, which Okta does not follow", reply.status),
                "give Okta the final URL",
            ),
            404 | 405 => (
                "url",
                format!("status {}: POST is not served here", reply.status),
                "correct the path, in which case counts",
            ),
            _ => {
                if hook.has_credentials {
                    checkup.ok("credentials", "accepted");
                }
                checkup.ok("redirect", "none");
                return Some(reply.headers);
            }
        },
        Err(NoReply::Token(why)) => (
            "credentials",
            format!("no access token: {why}"),
            "correct the client, its secret, --token-url and --scope, here and at Okta",
        ),
        Err(why) => (
            "connection",
            why.to_string(),
            "let Okta connect to this host and port, and answer in well under 1 s",
        ),
    };
    checkup.problem(check, message, fix);
    None
}
