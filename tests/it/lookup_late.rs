//! Requests that are late themselves. Their sources have not failed.

use std::{io::Write as _, thread, time::Duration};

use crate::{
    api::Api,
    lookup_service::{REGISTRATION, decision, found, hook, service_of},
    support::{AUTHORIZATION, Answer, JSON, registration, request, wait_for},
};

#[test]
fn a_slow_body_does_not_have_a_rule_skipped() {
    let api = Api::start(|_, wire| found(wire));
    let rules = hook("get = '/a'\non_failure = 'skip'");
    let service = service_of(&api, &[("hook.toml", &rules)], &[]);
    let body = registration(str::from_utf8(REGISTRATION).unwrap());
    let bytes = request("POST", "/hook", &[AUTHORIZATION, JSON], &body);
    let (start, end) = bytes.split_at(bytes.len() - 1);
    let answer_to_slow_body = || {
        let mut connection = service.connect();
        connection.write_all(start).unwrap();
        // The request has 2.5 s, of which lookups leave 0.1 s.
        thread::sleep(Duration::from_millis(2420));
        connection.write_all(end).unwrap();
        Answer::read(&mut connection)
    };

    // A busy machine may sleep too long.
    let answer = wait_for("an answer in time", || {
        let answer = answer_to_slow_body();
        (answer.status != 408).then_some(answer)
    });

    assert_eq!(decision(&answer), "LOOKUP_FAILED");
    service.wait_for_log("the request had too little time left to ask");
    assert!(api.asked().is_empty());
}
