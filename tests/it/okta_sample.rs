//! The sample of Okta's guide for registration inline hooks, written down from its JavaScript as it behaves
//! under Express. The handlers in the guide check no credentials.

use serde_json::{Value, json};

use crate::api::{Api, Asked, Then, Wire, wait_for_end};

/// The sample on a free port.
pub fn okta_sample() -> Api {
    Api::start(respond)
}

fn respond(asked: &Asked, wire: &mut dyn Wire) -> Then {
    let request: Value = serde_json::from_slice(&asked.body).unwrap();
    let answer = match asked.target.as_str() {
        "/registrationHookSSR" => ssr(&request),
        "/registrationHookPP" => pp(&request),
        "/registrationHookSSRandPP" => ssr_and_pp(&request),
        _ => return send(wire, "404 Not Found", "<pre>Cannot POST</pre>"),
    };
    match answer {
        Some(answer) => send(wire, "200 OK", &answer.to_string()),
        // An exception in an `async` handler: Express 4 never answers.
        None => wait_for_end(wire),
    }
}

/// `response.send(JSON.stringify(returnValue))`: Express takes a string for HTML.
fn send(wire: &mut dyn Wire, status: &str, body: &str) -> Then {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nX-Powered-By: Express\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\r\n"
    );
    let _ = wire.write_all(&[head.as_bytes(), body.as_bytes()].concat());
    Then::KeepOpen
}

/// Returns `None` for an exception.
fn ssr(request: &Value) -> Option<Value> {
    if request["requestType"] != "self.service.registration" {
        return Some(json!({}));
    }
    let allowed = domain_includes_okta(&request["data"]["userProfile"]["login"])?;
    Some(if allowed { allow() } else { deny("Only okta.com emails can register.", "email") })
}

fn pp(request: &Value) -> Option<Value> {
    if request["requestType"] != "progressive.profile" {
        return Some(json!({}));
    }
    Some(employee_number(request))
}

fn ssr_and_pp(request: &Value) -> Option<Value> {
    if request["requestType"] == "progressive.profile" {
        return Some(employee_number(request));
    }
    let form = &request["data"]["userProfile"];
    let allowed = domain_includes_okta(&form["email"])? && has_length_4(&form["employeeNumber"]);
    let text = r#"To register, you must have an "okta" email and a 4-digit employee number."#;
    Some(if allowed { allow() } else { deny(text, "email") })
}

fn employee_number(request: &Value) -> Value {
    let number = &request["data"]["userProfileUpdate"]["employeeNumber"];
    if !has_length_4(number) {
        return deny("Only employee numbers with 4 digits can register.", "employeeNumber");
    }
    json!({"commands": [{
        "type": "com.okta.user.progressive.profile.update",
        "value": {"employeeNumber": number},
    }]})
}

/// `value.split('@')[1].includes('okta.com')`
fn domain_includes_okta(value: &Value) -> Option<bool> {
    Some(value.as_str()?.split('@').nth(1)?.contains("okta.com"))
}

/// `value && value.length === 4`
fn has_length_4(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.encode_utf16().count() == 4)
}

fn allow() -> Value {
    json!({"commands": [action("ALLOW")]})
}

fn deny(text: &str, attribute: &str) -> Value {
    json!({
        "commands": [action("DENY")],
        "error": {
            "errorSummary": "Incorrect value. Please contact your admin.",
            "errorCauses": [{
                "errorSummary": text,
                "reason": "INVALID_VALUE",
                "locationType": "body",
                "location": format!("data.userProfile.{attribute}"),
                "domain": "end-user",
            }],
        },
    })
}

fn action(registration: &str) -> Value {
    json!({"type": "com.okta.action.update", "value": {"registration": registration}})
}
