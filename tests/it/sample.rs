//! The subcommand `sample`: requests as Okta sends them.

use std::collections::BTreeSet;

use boon::{Compiler, Schemas};
use serde_json::Value;

use crate::support::{Failures, program, repository, run, text};

fn sample(arguments: &[&str]) -> Value {
    let output = run(program().arg("sample").args(arguments), b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn samples_fit_the_schema_of_requests() {
    let mut schemas = Schemas::new();
    let schema = Compiler::new()
        .compile(repository("tests/request.schema.json").to_str().unwrap(), &mut schemas)
        .unwrap();
    let mut failures = Failures::default();

    for arguments in [
        &["ssr"][..],
        &["pp"],
        &["classic"],
        &["ssr", "--set", "email=ann@okta.com", "--set", "accepted:=true"],
        &["pp", "--set", "employeeNumber:=1234", "--set", "profile.userType=contractor"],
    ] {
        let request = sample(arguments);
        if let Err(error) = schemas.validate(&request, schema) {
            failures.add(format!("{arguments:?}: {error}"));
        }
    }

    failures.assert_none();
}

#[test]
fn each_sample_has_a_fresh_event_id_and_the_present_time() {
    let mut ids = BTreeSet::new();

    for _ in 0..3 {
        let request = sample(&["ssr"]);
        ids.insert(request["eventId"].as_str().unwrap().to_owned());
        let time: jiff::Timestamp = request["eventTime"].as_str().unwrap().parse().unwrap();
        let age = jiff::Timestamp::now().as_second() - time.as_second();

        assert!((0..60).contains(&age), "{time}");
    }

    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| id.len() == 22), "{ids:?}");
}

#[test]
fn login_follows_the_email_unless_it_is_set() {
    let email = sample(&["ssr", "--set", "email=ann@okta.com"]);
    let both = sample(&["ssr", "--set", "email=ann@okta.com", "--set", "login=ann"]);
    // The text that `login` has without an address.
    let default = "login=rosario.jones@okta.com";
    let equal = sample(&["ssr", "--set", default, "--set", "email=ann@okta.com"]);

    assert_eq!(email["data"]["userProfile"]["login"], "ann@okta.com");
    assert_eq!(both["data"]["userProfile"]["login"], "ann");
    assert_eq!(equal["data"]["userProfile"]["login"], "rosario.jones@okta.com");
}

#[test]
fn a_value_may_have_the_words_of_the_template() {
    let words = "FORM `FORM` PROFILE EVENT-ID REQUEST-ID";

    let request = sample(&[
        "pp",
        "--set",
        &format!("employeeNumber={words}"),
        "--set",
        &format!("profile.userType={words}"),
    ]);

    assert_eq!(request["data"]["userProfileUpdate"]["employeeNumber"], words);
    assert_eq!(request["data"]["context"]["user"]["profile"]["userType"], words);
}
