//! The steps of a request of Okta's guide: decode, judge, encode.

use divan::{Bencher, black_box};
use registration_hook::{
    clock,
    pipeline::{decode, encode},
};

use crate::rules::guide;

const DENIED: GuideRequest = GuideRequest {
    hook: "registrationHookSSR",
    body: include_bytes!("../guide/fixtures/registrationHookSSR/guide-deny.request.json"),
};
const ALLOWED: GuideRequest = GuideRequest {
    hook: "registrationHookSSR",
    body: include_bytes!("../guide/fixtures/registrationHookSSR/guide-allow.request.json"),
};
const UPDATED: GuideRequest = GuideRequest {
    hook: "registrationHookPP",
    body: include_bytes!("../guide/fixtures/registrationHookPP/guide-update.request.json"),
};

/// A request, and the hook that it is sent to.
pub struct GuideRequest {
    pub hook: &'static str,
    pub body: &'static [u8],
}

/// The three decisions.
pub const DECISIONS: [&str; 3] = ["deny", "allow", "update"];

/// The request of the guide that leads to this decision.
pub fn request_of(decision: &str) -> GuideRequest {
    match decision {
        "deny" => DENIED,
        "allow" => ALLOWED,
        _ => UPDATED,
    }
}

#[divan::bench(args = DECISIONS)]
fn decode_request(bencher: Bencher<'_, '_>, decision: &str) {
    let body = request_of(decision).body;

    bencher.bench_local(|| decode(black_box(body)).is_ok());
}

#[divan::bench(args = DECISIONS)]
fn judge(bencher: Bencher<'_, '_>, decision: &str) {
    let rules = guide();
    let GuideRequest { hook, body } = request_of(decision);
    let hook = &rules.hooks[hook];
    let facts = clock::facts();
    let request = decode(body).unwrap();

    bencher.bench_local(|| black_box(hook).judge(black_box(&request), &facts).decision.kind());
}

#[divan::bench(args = DECISIONS)]
fn encode_answer(bencher: Bencher<'_, '_>, decision: &str) {
    let rules = guide();
    let GuideRequest { hook, body } = request_of(decision);
    let facts = clock::facts();
    let request = decode(body).unwrap();
    let judgement = rules.hooks[hook].judge(&request, &facts);

    bencher.bench_local(|| encode(request.flow, black_box(&judgement.decision)));
}
