//! Calls without credentials, with wrong ones, and with the right ones.

use ureq::http::HeaderMap;

use super::{
    CheckedHook,
    checkup::{Checkup, Obstacle},
    tls,
};
use crate::cli::client::{HttpAnswer, NoReply, NoToken};

/// Checks that the hook refuses callers other than Okta.
pub(super) fn check_refusals(hook: &CheckedHook<'_>, checkup: &mut Checkup) {
    let without = hook.client.call_with(hook.url, &hook.body, &HeaderMap::new());
    check_refusal("no credentials", without.reply, checkup);
    let wrong_headers = hook.client.wrong_credentials();
    if wrong_headers.is_empty() {
        return;
    }
    let wrong = hook.client.call_with(hook.url, &hook.body, &wrong_headers);
    check_refusal("wrong credentials", wrong.reply, checkup);
}

fn check_refusal(check: &'static str, reply: Result<HttpAnswer, NoReply>, checkup: &mut Checkup) {
    const FIX: &str = "answer 401 before the body is read";
    let status = match reply {
        Ok(answer) => answer.status,
        Err(why) => {
            checkup.problem(check, why.to_string(), FIX);
            return;
        }
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

/// Checks that the hook accepts the credentials of the flags. Returns the headers of its answer, or `None` if
/// its answers cannot be checked.
pub(super) fn check_acceptance(hook: &CheckedHook<'_>, checkup: &mut Checkup) -> Option<HeaderMap> {
    let reply = hook.client.call(hook.url, &hook.body).reply;
    // Some servers answer plain HTTP at a TLS port with 400, and others break the connection.
    let may_be_tls = match &reply {
        Ok(answer) => answer.status == 400,
        Err(why) => matches!(why, NoReply::Connection(_)),
    };
    if may_be_tls && hook.url.scheme() == "http" && tls::speaks_tls(hook.url) {
        checkup.problem("url", "this port speaks TLS", "write `https` in the URL");
        return None;
    }
    let answer = match reply {
        Ok(answer) => answer,
        Err(why) => {
            obstacle_without_answer(why).report(checkup);
            return None;
        }
    };
    if let Some(obstacle) = obstacle_of_status(answer.status, hook.has_credentials) {
        obstacle.report(checkup);
        return None;
    }
    if hook.has_credentials {
        report_credentials(answer.status, checkup);
    }
    checkup.ok("redirect", "none");
    Some(answer.headers)
}

fn report_credentials(status: u16, checkup: &mut Checkup) {
    const CHECK: &str = "credentials";
    match status {
        200..=299 => checkup.ok(CHECK, "accepted"),
        _ => checkup.note(
            CHECK,
            format!("status {status}: it is not known whether the hook accepts them"),
            "correct the answer, then check again",
        ),
    }
}

/// Why the answers cannot be checked, if the status says so.
fn obstacle_of_status(status: u16, has_credentials: bool) -> Option<Obstacle> {
    let obstacle = match status {
        401 | 403 if has_credentials => Obstacle {
            check: "credentials",
            message: format!("status {status}: the hook refuses them"),
            fix: "compare them with those of the hook",
        },
        401 | 403 => Obstacle {
            check: "credentials",
            message: format!("status {status}: the hook asks for credentials"),
            fix: "pass those that Okta has: --user, --header or --oauth",
        },
        300..=399 => Obstacle {
            check: "redirect",
            message: format!("status {status}, which Okta does not follow"),
            fix: "give Okta the final URL",
        },
        404 | 405 => Obstacle {
            check: "url",
            message: format!("status {status}: POST is not served here"),
            fix: "correct the path; it is case-sensitive",
        },
        _ => return None,
    };
    Some(obstacle)
}

fn obstacle_without_answer(why: NoReply) -> Obstacle {
    match why {
        NoReply::Token(why) => Obstacle {
            check: "credentials",
            message: format!("no access token: {why}"),
            fix: match why {
                NoToken::TimedOut => {
                    "make the token URL faster: Okta's 3 s include the token and the hook's answer"
                }
                NoToken::Connection(_) => {
                    "correct --token-url, and let Okta connect to its host and port"
                }
                NoToken::Refused(_) => {
                    "correct the client, its secret, --token-url and --scope, here and at Okta"
                }
            },
        },
        NoReply::TimedOut | NoReply::Connection(_) => Obstacle {
            check: "connection",
            message: why.to_string(),
            fix: "let Okta connect to this host and port, and answer in well under 1 s",
        },
    }
}
