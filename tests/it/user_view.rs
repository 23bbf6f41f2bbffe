//! The prediction of the texts that the end user sees, for the answers of any hook. Rows, and the texts T1 to T3, are
//! those of `docs/user-view.md`.

use proptest::prelude::*;
use registration_hook::{
    form_fields::form_fields,
    okta::{Flow, reply::HookReply},
    pipeline::decode,
    user_view::{Certainty, ClientKind, Effect, FormState, Screen, TextPlace, UserView, user_view},
};
use serde_json::{Value, json};

use crate::support::{Failures, load_rules, registration, repository};

const FIELDS: [&str; 4] = ["email", "firstName", "lastName", "employeeNumber"];
const FORM_HAS_ERRORS: &str = "We found some errors. Please review the form and make corrections.";
const CANNOT_COMPLETE: &str = "Registration cannot be completed at this time.";
const CALL_FAILED: &str = "There was an error creating your account. Please try registering again.";

fn view(flow: Flow, answer: &Value) -> UserView {
    let body = answer.to_string();
    user_view(HookReply::Answered { status: 200, body: body.as_bytes() }, flow, &FIELDS)
}

/// The screens of a client in one line: `banner: text (certainty/place, row)`.
fn screens(view: &UserView, client: ClientKind) -> String {
    let view = view.clients.iter().find(|view| view.client == client).unwrap();
    view.screens.iter().map(screen).collect::<Vec<_>>().join(" OR ")
}

fn screen(screen: &Screen) -> String {
    let mut parts = Vec::new();
    for shown in &screen.texts {
        let place = match &shown.place {
            TextPlace::Banner => "banner",
            TextPlace::Field(field) => field,
            TextPlace::Message => "message",
            TextPlace::Input(field) => &format!("input {field}"),
            TextPlace::Cause => "cause",
        };
        let (text, place_certainty) =
            (shown.text_certainty.as_str(), shown.place_certainty.as_str());
        let shown_text = match shown.text.as_str() {
            FORM_HAS_ERRORS => "T1",
            CALL_FAILED => "T2",
            CANNOT_COMPLETE => "T3",
            text => text,
        };
        parts.push(format!("{place}: {shown_text} ({text}/{place_certainty}, {})", shown.row));
    }
    parts.push(match screen.form {
        FormState::Stays => "stays".to_owned(),
        FormState::MayStay => "may stay".to_owned(),
        FormState::Replaced => "replaced".to_owned(),
        FormState::NextStep => "next".to_owned(),
    });
    parts.join("; ")
}

fn cause(text: &str, location: &str) -> Value {
    json!({"errorSummary": text, "reason": "R", "locationType": "body", "location": location, "domain": "end-user"})
}

fn denial(causes: Vec<Value>) -> Value {
    json!({
        "commands": [{"type": "com.okta.action.update", "value": {"registration": "DENY"}}],
        "error": {"errorSummary": "Top", "errorCauses": causes},
    })
}

fn command(name: &str, value: Value) -> Value {
    json!({"commands": [{"type": name, "value": value}]})
}

fn action(registration: &str) -> Value {
    command("com.okta.action.update", json!({"registration": registration}))
}

/// A row: the flow, the answer, the client, and its screens.
type Row = (Flow, Value, ClientKind, &'static str);

fn check(rows: Vec<Row>) {
    let mut failures = Failures::default();
    for (flow, answer, client, expected) in rows {
        let view = view(flow, &answer);
        let row = format!("{} {client:?} {answer}", flow.spec().name);
        failures.check_eq(row, screens(&view, client), expected);
    }
    failures.assert_none();
}

#[test]
fn registrations_on_identity_engine_show_the_texts_of_rows_1_to_11() {
    let flow = Flow::SelfServiceRegistration;
    let at_email = cause("No.", "data.userProfile.email");
    let at_last_name = cause("Short.", "data.userProfile.lastName");
    let at_login = cause("No login.", "data.userProfile.login");
    let empty = cause("", "data.userProfile.email");
    check(vec![
        (flow, action("ALLOW"), ClientKind::Gen2, "next"),
        (flow, json!({}), ClientKind::Gen3, "next"),
        (
            flow,
            denial(vec![at_last_name.clone(), at_email.clone()]),
            ClientKind::Gen2,
            "banner: T1 (rendered/rendered, 2); email: No. (documented/inferred, 2); lastName: Short. (documented/inferred, 2); stays",
        ),
        (
            flow,
            denial(vec![at_email.clone()]),
            ClientKind::App,
            "message: No. (inferred/inferred, 2); input email: No. (inferred/inferred, 2); stays",
        ),
        (
            flow,
            denial(vec![at_login.clone()]),
            ClientKind::Gen2,
            "banner: T1 (unknown/rendered, 4); may stay OR banner: T3 (unknown/rendered, 4); may stay OR banner: No login. (unknown/rendered, 4); may stay",
        ),
        // Beside a text at a field, Gen2 does not show a text for the whole form. Gen3 does, if Okta sends that text.
        (
            flow,
            denial(vec![at_email.clone(), at_login.clone()]),
            ClientKind::Gen2,
            "banner: T1 (rendered/rendered, 2); email: No. (documented/inferred, 2); stays",
        ),
        (
            flow,
            denial(vec![at_email.clone(), at_login]),
            ClientKind::Gen3,
            "banner: T1 (unknown/rendered, 4); email: No. (documented/inferred, 2); stays OR banner: T3 (unknown/rendered, 4); email: No. (documented/inferred, 2); stays OR banner: No login. (unknown/rendered, 4); email: No. (documented/inferred, 2); stays",
        ),
        (
            flow,
            denial(vec![empty.clone()]),
            ClientKind::Gen2,
            "banner: T1 (rendered/rendered, 2); email:  (unknown/inferred, 2); stays",
        ),
        (flow, denial(vec![empty]), ClientKind::Gen3, "banner: T1 (rendered/rendered, 2); stays"),
        (flow, denial(vec![]), ClientKind::Gen2, "banner: T3 (documented/rendered, 5); may stay"),
        (
            flow,
            json!({"error": {"errorSummary": "Top"}}),
            ClientKind::Gen3,
            "banner: T3 (inferred/rendered, 5); may stay",
        ),
        (
            flow,
            action("DENY"),
            ClientKind::Gen2,
            "banner: Registration denied. (documented/rendered, 6); may stay",
        ),
        (
            flow,
            json!({"commands": action("DENY")["commands"], "error": null}),
            ClientKind::Gen2,
            "banner: Registration denied. (inferred/rendered, 8); may stay",
        ),
        (
            flow,
            json!({"commands": [{"type": "com.okta.user.profile.update", "value": []}]}),
            ClientKind::Gen2,
            "banner: T2 (inferred/rendered, 10); may stay",
        ),
        // The one observed case: an unknown object as a value, and an unknown member.
        (
            flow,
            json!({
                "commands": [{"type": "com.okta.user.profile.update", "value": {"error": {"x": "y"}}}],
                "statusCode": 500,
            }),
            ClientKind::Gen2,
            "banner: T2 (inferred/rendered, 10); may stay",
        ),
        (
            flow,
            command("com.okta.user.profile.update", json!({"password": "Secret1"})),
            ClientKind::Gen2,
            "banner: T2 (inferred/rendered, 10); may stay",
        ),
        (
            flow,
            command("com.okta.user.profile.update", json!({"department": null})),
            ClientKind::Gen2,
            "banner: T2 (unknown/rendered, 11); may stay OR next",
        ),
        (
            flow,
            command("com.action.update", json!({"registration": "ALLOW"})),
            ClientKind::Gen2,
            "banner: T2 (unknown/rendered, 11); may stay OR next",
        ),
        (
            flow,
            command("com.okta.user.progressive.profile.update", json!({"employeeNumber": "1234"})),
            ClientKind::App,
            "message: T2 (unknown/inferred, 11); may stay OR next",
        ),
    ]);
}

#[test]
fn progressive_profiles_show_the_texts_of_rows_12_to_17() {
    let flow = Flow::ProgressiveProfile;
    let updated = cause("Four digits.", "data.userProfileUpdate.employeeNumber");
    let failed = "banner: There was an error updating your profile. Please try again later. (unknown/rendered, 17); may stay OR banner: Your profile couldn't be updated at this time. Please try again later. (unknown/rendered, 17); may stay OR next";
    check(vec![
        (
            flow,
            denial(vec![cause("Four digits.", "data.userProfile.employeeNumber")]),
            ClientKind::Gen3,
            "banner: T1 (rendered/rendered, 12); employeeNumber: Four digits. (documented/inferred, 12); stays",
        ),
        (
            flow,
            denial(vec![updated]),
            ClientKind::Gen2,
            "banner: T1 (unknown/rendered, 13); employeeNumber: Four digits. (unknown/inferred, 13); stays OR banner: T1 (unknown/rendered, 13); may stay",
        ),
        (flow, denial(vec![]), ClientKind::Gen2, "banner: T1 (documented/rendered, 14); may stay"),
        (
            flow,
            denial(vec![]),
            ClientKind::Gen3,
            "banner: T1 (unknown/rendered, 14); stays OR banner: There was an unsupported response from server. (unknown/rendered, 14); replaced",
        ),
        (
            flow,
            denial(vec![]),
            ClientKind::App,
            "message: T1 (unknown/unknown, 14); may stay OR may stay",
        ),
        (
            flow,
            action("DENY"),
            ClientKind::Gen3,
            "banner: Profile update denied. (documented/rendered, 15); may stay",
        ),
        (
            flow,
            command("com.okta.user.profile.update", json!({"employeeNumber": "1234"})),
            ClientKind::Gen2,
            failed,
        ),
        (
            flow,
            command("com.okta.user.progressive.profile.update", json!({"employeeNumber": "1234"})),
            ClientKind::Gen2,
            "next",
        ),
    ]);
}

#[test]
fn classic_registrations_show_the_texts_of_rows_18_to_25() {
    let flow = Flow::Classic;
    let at_email = cause("No.", "data.userProfile.email");
    let at_field = cause("Short.", "lastName");
    let at_field_too = cause("Strange.", "lastName");
    let elsewhere = cause("Lost.", "requestType");
    let without = |text: &str| json!({"errorSummary": text});
    check(vec![
        (
            flow,
            denial(vec![at_email.clone(), cause("Hidden.", "data.userProfile.lastName")]),
            ClientKind::Classic,
            "banner: No. (rendered/rendered, 18); stays",
        ),
        (
            flow,
            denial(vec![cause("", "data.userProfile.email")]),
            ClientKind::Classic,
            "banner:  (rendered/rendered, 18); stays",
        ),
        (
            flow,
            denial(vec![at_field.clone(), at_field_too]),
            ClientKind::Classic,
            "banner: T1 (rendered/rendered, 19); lastName: Short., Strange. (rendered/rendered, 19); stays",
        ),
        (
            flow,
            denial(vec![elsewhere]),
            ClientKind::Classic,
            "banner: T1 (rendered/rendered, 20); stays",
        ),
        (
            flow,
            denial(vec![without("No place."), without("Second.")]),
            ClientKind::Classic,
            "banner: No place. (rendered/rendered, 21); stays",
        ),
        (
            flow,
            denial(vec![without("email: is wrong")]),
            ClientKind::Classic,
            "banner: T1 (rendered/rendered, 21); email: is wrong (rendered/rendered, 19); stays",
        ),
        (
            flow,
            denial(vec![without("Sorry: lost")]),
            ClientKind::Classic,
            "banner: T1 (rendered/rendered, 21); stays",
        ),
        (
            flow,
            denial(vec![at_email.clone(), at_field.clone()]),
            ClientKind::Classic,
            "banner: No. (rendered/rendered, 18); lastName: Short. (rendered/rendered, 19); stays",
        ),
        (
            flow,
            denial(vec![at_field, at_email.clone()]),
            ClientKind::Classic,
            "banner: T1 (rendered/rendered, 19); lastName: Short. (rendered/rendered, 19); stays",
        ),
        (flow, denial(vec![]), ClientKind::Classic, "banner: T3 (documented/rendered, 23); stays"),
        (
            flow,
            action("DENY"),
            ClientKind::Classic,
            "banner: Registration denied. (documented/rendered, 24); stays",
        ),
        (
            flow,
            denial(vec![at_email]),
            ClientKind::ClassicApp,
            "message: T3 (inferred/inferred, 18); cause: No. (inferred/inferred, 18); stays",
        ),
        (
            flow,
            denial(vec![]),
            ClientKind::ClassicApp,
            "message: T3 (inferred/inferred, 23); stays",
        ),
        (
            flow,
            action("DENY"),
            ClientKind::ClassicApp,
            "message: Registration denied. (inferred/inferred, 24); stays",
        ),
    ]);
}

#[test]
fn a_failed_call_shows_a_general_text_and_204_none() {
    let mut failures = Failures::default();
    let flows = [Flow::SelfServiceRegistration, Flow::ProgressiveProfile, Flow::Classic];
    let clients = [ClientKind::Gen2, ClientKind::Gen3, ClientKind::Classic];

    let t2 = "banner: T2 (documented/rendered, 9); may stay";
    let t6 = "banner: There was an error updating your profile. Please try again later. (documented/rendered, 16); may stay OR banner: Your profile couldn't be updated at this time. Please try again later. (documented/rendered, 16); may stay";
    let unreachable = "banner: T2 (unknown/rendered, 25); stays OR banner: Okta could not communicate correctly with an inline hook. (unknown/rendered, 25); stays";
    let timed_out = "banner: T2 (unknown/rendered, 25); stays OR banner: Okta did not receive a response from an inline hook. (unknown/rendered, 25); stays";
    let answered = |status, body| HookReply::Answered { status, body };
    for (reply, expected) in [
        (HookReply::TimedOut, [t2, t6, timed_out]),
        (HookReply::Unreachable, [t2, t6, unreachable]),
        (answered(302, b"{}"), [t2, t6, unreachable]),
        (answered(401, b"{}"), [t2, t6, unreachable]),
        (answered(503, b"{}"), [t2, t6, unreachable]),
        (answered(204, b""), ["next"; 3]),
    ] {
        for ((flow, client), expected) in flows.into_iter().zip(clients).zip(expected) {
            let view = user_view(reply, flow, &FIELDS);

            failures.check_eq(expected, screens(&view, client), expected);
        }
    }
    for body in [&b""[..], b"[]", b"{", &[b' '; 256_000]] {
        let view = user_view(answered(200, body), Flow::SelfServiceRegistration, &FIELDS);

        failures.check_eq(body.len(), view.effect, Effect::Stops);
        failures.check_eq(body.len(), view.certainty, Certainty::Inferred);
    }
    failures.assert_none();
}

#[test]
fn no_prediction_is_certain_if_there_are_several() {
    let mut failures = Failures::default();
    let updated = cause("x", "data.userProfileUpdate.email");
    let elsewhere = cause("x", "body");
    let unknown = command("com.action.update", json!({}));

    for flow in [Flow::SelfServiceRegistration, Flow::ProgressiveProfile, Flow::Classic] {
        for answer in [denial(vec![updated.clone(), elsewhere.clone()]), unknown.clone()] {
            for client in view(flow, &answer).clients {
                let is_one = client.screens.len() == 1;
                for shown in client.screens.iter().flat_map(|screen| &screen.texts) {
                    let row = format!("{:?} {answer} {shown:?}", client.client);
                    failures.check(row, is_one || shown.text_certainty == Certainty::Unknown);
                }
            }
        }
    }
    failures.assert_none();
}

#[test]
fn an_error_decides_before_deny_and_deny_before_allow() {
    let mut failures = Failures::default();
    let allow = json!({"type": "com.okta.action.update", "value": {"registration": "ALLOW"}});
    let deny = json!({"type": "com.okta.action.update", "value": {"registration": "DENY"}});
    let update = json!({"type": "com.okta.user.profile.update", "value": {"city": "Oslo"}});

    for (answer, expected) in [
        (json!({"commands": [allow], "error": {}}), Effect::Stops),
        (json!({"commands": [allow, deny]}), Effect::Stops),
        (json!({"commands": [deny, update]}), Effect::Stops),
        // Okta applies commands in their order, and does not document an ALLOW after a DENY.
        (json!({"commands": [deny, allow]}), Effect::Unknown),
        (json!({"commands": [deny, allow], "error": {}}), Effect::Stops),
        (json!({"commands": [update, allow]}), Effect::Updates),
        (json!({"commands": [allow], "error": null}), Effect::GoesOn),
        (json!({"commands": []}), Effect::GoesOn),
    ] {
        let effect = view(Flow::SelfServiceRegistration, &answer).effect;
        failures.check_eq(answer, effect, expected);
    }
    failures.assert_none();
}

#[test]
fn what_okta_does_not_document_is_not_called_documented() {
    let mut failures = Failures::default();
    let flow = Flow::SelfServiceRegistration;
    let allow = || action("ALLOW")["commands"].clone();
    let deny = || action("DENY")["commands"].clone();
    let mut denial_and_status = denial(vec![cause("No.", "data.userProfile.email")]);
    denial_and_status["statusCode"] = json!(500);
    let update = |value| command("com.okta.user.profile.update", value);

    for (status, answer, effect, certainty) in [
        (200, action("ALLOW"), Effect::GoesOn, Certainty::Documented),
        (200, update(json!({"roles": ["a"], "age": 1})), Effect::Updates, Certainty::Documented),
        (201, action("ALLOW"), Effect::GoesOn, Certainty::Inferred),
        (201, action("DENY"), Effect::Stops, Certainty::Inferred),
        (200, json!({"commands": allow(), "error": null}), Effect::GoesOn, Certainty::Inferred),
        (200, json!({"commands": allow(), "statusCode": 500}), Effect::Unknown, Certainty::Unknown),
        (200, json!({"commands": allow(), "Error": {}}), Effect::Unknown, Certainty::Unknown),
        (200, json!({"Commands": deny()}), Effect::Unknown, Certainty::Unknown),
        (200, json!({"commands": deny(), "statusCode": 500}), Effect::Stops, Certainty::Inferred),
        (200, json!({"commands": deny(), "Error": {}}), Effect::Stops, Certainty::Inferred),
        (200, denial_and_status, Effect::Stops, Certainty::Inferred),
        (200, update(json!({"password": "x"})), Effect::Stops, Certainty::Inferred),
        (200, update(json!({"roles": [{}]})), Effect::Stops, Certainty::Inferred),
        (200, update(json!({"roles": [null]})), Effect::Unknown, Certainty::Unknown),
    ] {
        let body = answer.to_string();
        let reply = HookReply::Answered { status, body: body.as_bytes() };

        let view = user_view(reply, flow, &FIELDS);

        failures.check_eq(format!("{status} {answer}"), view.effect, effect);
        failures.check_eq(format!("{status} {answer}"), view.certainty, certainty);
        for shown in view.clients.iter().flat_map(|view| &view.screens).flat_map(|s| &s.texts) {
            let is_documented = shown.text_certainty == Certainty::Documented;
            failures.check(format!("{status} {answer}"), !is_documented);
        }
    }
    failures.assert_none();
}

#[test]
fn a_name_twice_makes_every_statement_unknown() {
    let mut failures = Failures::default();
    let command = |value: &str| {
        format!(r#"{{"commands":[{{"type":"com.okta.action.update","value":{{{value}}}}}]}}"#)
    };
    for body in [
        command(r#""registration":"DENY","registration":"ALLOW""#),
        command(r#""registration":"ALLOW","registration":"DENY""#),
        r#"{"error":{},"error":null}"#.to_owned(),
        r#"{"error":{"errorCauses":[{"errorSummary":"A","errorSummary":"B"}]}}"#.to_owned(),
    ] {
        for flow in [Flow::SelfServiceRegistration, Flow::ProgressiveProfile, Flow::Classic] {
            let reply = HookReply::Answered { status: 200, body: body.as_bytes() };

            let view = user_view(reply, flow, &FIELDS);

            let row = format!("{} {body}", flow.spec().name);
            failures.check_eq(&row, view.effect, Effect::Unknown);
            failures.check_eq(&row, view.certainty, Certainty::Unknown);
            for screens in view.clients.iter().map(|client| &client.screens) {
                failures.check(&row, screens.iter().any(|s| s.form == FormState::NextStep));
                failures.check(&row, screens.len() > 2);
                for screen in screens {
                    failures.check_eq(&row, screen.form_certainty, Certainty::Unknown);
                    let is_unknown = |certainty| certainty == Certainty::Unknown;
                    failures.check(&row, screen.texts.iter().all(|t| is_unknown(t.text_certainty)));
                }
            }
        }
    }
    failures.assert_none();
}

#[test]
fn an_unknown_member_is_ignored_or_fails_the_call() {
    let with_status = |answer: Value| {
        let mut answer = answer;
        answer["statusCode"] = json!(500);
        answer
    };
    let flow = Flow::SelfServiceRegistration;
    let at_email = denial(vec![cause("No.", "data.userProfile.email")]);
    check(vec![
        (
            flow,
            with_status(action("DENY")),
            ClientKind::Gen2,
            "banner: T2 (unknown/rendered, 11); may stay OR banner: Registration denied. (unknown/rendered, 11); may stay",
        ),
        (
            flow,
            with_status(at_email),
            ClientKind::Gen2,
            "banner: T2 (unknown/rendered, 11); may stay OR banner: T1 (unknown/rendered, 11); email: No. (unknown/inferred, 11); stays",
        ),
        (
            flow,
            with_status(action("ALLOW")),
            ClientKind::Gen3,
            "banner: T2 (unknown/rendered, 11); may stay OR next",
        ),
        (
            Flow::ProgressiveProfile,
            with_status(action("DENY")),
            ClientKind::Gen2,
            "banner: There was an error updating your profile. Please try again later. (unknown/rendered, 11); may stay OR banner: Your profile couldn't be updated at this time. Please try again later. (unknown/rendered, 11); may stay OR banner: Profile update denied. (unknown/rendered, 11); may stay",
        ),
    ]);
}

#[test]
fn the_state_of_the_form_has_a_certainty() {
    let mut failures = Failures::default();
    let at_email = denial(vec![cause("No.", "data.userProfile.email")]);

    for (flow, answer, expected) in [
        (Flow::SelfServiceRegistration, &at_email, Certainty::Inferred),
        (Flow::SelfServiceRegistration, &action("DENY"), Certainty::Unknown),
        (Flow::SelfServiceRegistration, &action("ALLOW"), Certainty::Documented),
        (Flow::SelfServiceRegistration, &json!({}), Certainty::Inferred),
        (Flow::Classic, &at_email, Certainty::Rendered),
    ] {
        let view = view(flow, answer);

        let screen = &view.clients[0].screens[0];
        failures.check_eq(format!("{flow:?} {answer}"), screen.form_certainty, expected);
    }
    failures.assert_none();
}

#[test]
fn a_login_that_okta_filled_in_is_not_a_field() {
    let same = registration(r#"{"login":"a@okta.com","email":"a@okta.com","lastName":"Jones"}"#);
    let other = registration(r#"{"login":"rosario","email":"a@okta.com"}"#);

    let fields = |body: &[u8]| {
        let request = decode(body).unwrap();
        form_fields(&request, None).join(" ")
    };

    // Okta leaves out an empty default field, so the missing ones are fields, too.
    assert_eq!(fields(&same), "email lastName firstName");
    assert_eq!(fields(&other), "login email firstName lastName");
}

#[test]
fn an_attribute_that_rules_name_is_a_field_although_the_end_user_left_it_empty() {
    let rules = load_rules(&repository("tests/guide/rules")).unwrap();
    let hook = &rules.hooks["registrationHookSSRandPP"];
    let profile =
        br#"{"eventType":"com.okta.user.pre-registration","requestType":"progressive.profile","data":{"userProfileUpdate":{"costCenter":"1"}}}"#;
    let fields = |body: &[u8]| {
        let request = decode(body).unwrap();
        form_fields(&request, hook.section(request.flow)).join(" ")
    };

    assert_eq!(fields(&registration("{}")), "firstName lastName email employeeNumber");
    assert_eq!(fields(profile), "costCenter employeeNumber");
}

#[test]
fn a_browser_shows_a_line_break_as_a_space() {
    let answer = denial(vec![cause("Two\nlines", "data.userProfile.email")]);

    let view = view(Flow::SelfServiceRegistration, &answer);

    assert!(screens(&view, ClientKind::Gen2).contains("email: Two lines ("));
    assert!(screens(&view, ClientKind::App).contains("message: Two\nlines ("));
}

/// Commands, of which many are not valid.
fn any_command() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        Just("com.okta.action.update"),
        Just("com.okta.user.profile.update"),
        Just("com.okta.user.progressive.profile.update"),
        Just("com.action.update"),
    ];
    let value = prop_oneof![
        Just(json!({"registration": "ALLOW"})),
        Just(json!({"registration": "DENY"})),
        Just(json!({"action": "DENY"})),
        Just(json!({"city": "Oslo"})),
        Just(json!({})),
        Just(Value::Null),
    ];
    (name, value).prop_map(|(name, value)| json!({"type": name, "value": value}))
}

/// Errors, of which many are not valid.
fn any_error() -> impl Strategy<Value = Value> {
    let text = prop_oneof![Just(""), Just("No."), Just("email: no"), Just("<b>No</b>")];
    let location = prop_oneof![
        Just("data.userProfile.email"),
        Just("data.userProfileUpdate.email"),
        Just("email"),
        Just("data.userProfile"),
        Just(""),
    ];
    let cause = (text, location).prop_map(|(text, location)| cause(text, location));
    prop_oneof![
        Just(Value::Null),
        Just(json!({})),
        Just(json!("No.")),
        Just(json!({"errorCauses": [null]})),
        prop::collection::vec(cause, 0..4).prop_map(|causes| json!({"errorCauses": causes})),
    ]
}

proptest! {
    #[test]
    fn every_answer_has_a_screen_for_each_client_and_none_goes_on_beside_an_error(
        commands in prop::collection::vec(any_command(), 0..4),
        error in any_error(),
    ) {
        let (allow, deny) = (&action("ALLOW")["commands"][0], &action("DENY")["commands"][0]);
        let last_action = commands.iter().rfind(|command| [allow, deny].contains(command));
        let denies = last_action == Some(deny);
        let is_error = !error.is_null();
        let answer = json!({"commands": commands, "error": error});
        for flow in [Flow::SelfServiceRegistration, Flow::ProgressiveProfile, Flow::Classic] {
            let view = view(flow, &answer);

            prop_assert!(view.effect == Effect::Stops || !(is_error || denies), "{answer}");
            for client in view.clients {
                prop_assert!(!client.screens.is_empty());
                for screen in client.screens {
                    let goes_on = screen.form == FormState::NextStep;
                    prop_assert!(!goes_on || (screen.texts.is_empty() && view.effect != Effect::Stops));
                }
            }
        }
    }
}
