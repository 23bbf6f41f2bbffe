//! The three hooks of Okta's guide, as plain code: which requests they take, and what they answer
//! to the byte.
//!
//! Written from the documentation of the HTTP interface and from `tests/guide/fixtures`.

use std::sync::LazyLock;

use registration_hook::{
    clock,
    load::{self, Purpose, RulesSource},
    rule::{self, lookup::SourceKinds},
};

use super::{
    answer::Outcome,
    email::domain_of,
    json::{self, Json, Kind},
};

/// The hooks of the guide.
#[derive(Clone, Copy, Debug)]
pub enum Hook {
    Pp,
    Ssr,
    SsrAndPp,
}

impl Hook {
    pub const ALL: [Self; 3] = [Self::Pp, Self::Ssr, Self::SsrAndPp];

    /// The shipped rules of this hook, as the service loads them.
    pub fn rules(self) -> &'static rule::Hook {
        static PP: LazyLock<rule::Hook> =
            LazyLock::new(|| load_rules(include_str!("../guide/rules/registrationHookPP.toml")));
        static SSR: LazyLock<rule::Hook> =
            LazyLock::new(|| load_rules(include_str!("../guide/rules/registrationHookSSR.toml")));
        static SSR_AND_PP: LazyLock<rule::Hook> = LazyLock::new(|| {
            load_rules(include_str!("../guide/rules/registrationHookSSRandPP.toml"))
        });
        match self {
            Self::Pp => &PP,
            Self::Ssr => &SSR,
            Self::SsrAndPp => &SSR_AND_PP,
        }
    }
}

/// Loads the rules of one hook.
fn load_rules(text: &str) -> rule::Hook {
    let folder = tempfile::tempdir().expect("a folder for the rules");
    std::fs::write(folder.path().join("hook.toml"), text).expect("the rules can be written");
    let source = RulesSource::Folder(folder.path().to_owned());
    match load::load_rules(&source, &clock::facts(), &SourceKinds::new(), Purpose::Serve)
        .into_rules()
    {
        Ok(mut rules) => rules.hooks.remove("hook").expect("the rules are of one hook"),
        Err(problems) => panic!("{}", problems[0]),
    }
}

/// The answer that a hook must give.
#[derive(Debug, PartialEq, Eq)]
pub enum Expected {
    /// 400: the body is not strict JSON.
    NotStrictJson,
    /// 400: the body is JSON, but no request of a registration hook.
    NoHookRequest,
    /// 200 with this decision and body.
    Answer { outcome: Outcome, body: String },
}

/// A request, as far as the guide's hooks look into it.
enum Request<'a> {
    /// The form is `None` where there is no `data.userProfile`.
    Registration { form: Option<&'a Json<'a>> },
    /// The form is `None` where there is no `data.userProfileUpdate`.
    ProgressiveProfile { form: Option<&'a Json<'a>> },
}

/// The answer that this hook must give to these bytes.
pub fn expected_answer(hook: Hook, body: &[u8]) -> Expected {
    let Ok(text) = str::from_utf8(body) else {
        return Expected::NotStrictJson;
    };
    let Some(document) = json::parse(text) else {
        return Expected::NotStrictJson;
    };
    if !document.faults.is_empty() {
        return Expected::NotStrictJson;
    }
    let Some(request) = read_request(&document.top) else {
        return Expected::NoHookRequest;
    };
    let (outcome, body) = match (hook, request) {
        (Hook::Ssr, Request::Registration { form }) => judge_ssr(form),
        (Hook::Pp, Request::ProgressiveProfile { form }) => judge_pp(form),
        (Hook::SsrAndPp, Request::Registration { form }) => judge_registration_of_both(form),
        (Hook::SsrAndPp, Request::ProgressiveProfile { form }) => judge_progressive_of_both(form),
        (Hook::Pp, Request::Registration { .. }) => {
            (Outcome::Deny, format!(r#"{{"commands":[{DENY}],{UNHANDLED}}}"#))
        }
        (Hook::Ssr, Request::ProgressiveProfile { .. }) => {
            (Outcome::Deny, format!(r#"{{"commands":[],{UNHANDLED}}}"#))
        }
    };
    Expected::Answer { outcome, body }
}

/// Reads a request. `None` where it is not one of a registration hook.
fn read_request<'a>(top: &'a Json<'a>) -> Option<Request<'a>> {
    if top.member("eventType")?.text()? != "com.okta.user.pre-registration" {
        return None;
    }
    let data = top.member("data")?;
    if !is_object(data) {
        return None;
    }
    for form in ["userProfile", "userProfileUpdate"] {
        if data.member(form).is_some_and(|form| !is_object(form)) {
            return None;
        }
    }
    let registration = Request::Registration { form: data.member("userProfile") };
    let progressive = Request::ProgressiveProfile { form: data.member("userProfileUpdate") };
    match top.member("requestType") {
        // Classic Engine sends a registration without a type.
        None if data.member("userProfile").is_some() => Some(registration),
        None => None,
        Some(request_type) => match request_type.text() {
            Some("self.service.registration") => Some(registration),
            Some("progressive.profile") => Some(progressive),
            _ => None,
        },
    }
}

fn is_object(value: &Json<'_>) -> bool {
    matches!(value.kind, Kind::Object(_))
}

/// `login` and `email` must be at okta.com.
fn judge_ssr(form: Option<&Json<'_>>) -> (Outcome, String) {
    if is_at_okta(attribute(form, "login")) && is_at_okta(attribute(form, "email")) {
        return (Outcome::Allow, format!(r#"{{"commands":[{ALLOW}]}}"#));
    }
    let error = error(
        "Incorrect email address. Please contact your admin.",
        "Only okta.com emails can register.",
        "INVALID_EMAIL_DOMAIN",
        "data.userProfile.email",
    );
    (Outcome::Deny, format!(r#"{{"commands":[{DENY}],{error}}}"#))
}

/// The employee number must have four digits; it and the mobile phone are written.
fn judge_pp(form: Option<&Json<'_>>) -> (Outcome, String) {
    if has_four_digits(attribute(form, "employeeNumber")) {
        return (Outcome::Update, update(form, &["employeeNumber", "mobilePhone"]));
    }
    let error = error(
        "Incorrect employee number. Enter an employee number with 4 digits.",
        "Employee numbers must have 4 digits.",
        "INVALID_EMPLOYEE_NUMBER",
        "data.userProfile.employeeNumber",
    );
    (Outcome::Deny, format!(r#"{{"commands":[],{error}}}"#))
}

/// `email` must be at okta.com, and the employee number must have four digits.
fn judge_registration_of_both(form: Option<&Json<'_>>) -> (Outcome, String) {
    let number_fits = has_four_digits(attribute(form, "employeeNumber"));
    if is_at_okta(attribute(form, "email")) && number_fits {
        return (Outcome::Allow, format!(r#"{{"commands":[{ALLOW}]}}"#));
    }
    let error = error(
        "Incorrect email address or employee number. Please contact your admin.",
        r#"To register, you must have an \"okta\" email and a 4-digit employee number."#,
        "INVALID_EMAIL_DOMAIN",
        "data.userProfile.email",
    );
    (Outcome::Deny, format!(r#"{{"commands":[{DENY}],{error}}}"#))
}

/// The employee number must have four digits; it alone is written.
fn judge_progressive_of_both(form: Option<&Json<'_>>) -> (Outcome, String) {
    if has_four_digits(attribute(form, "employeeNumber")) {
        return (Outcome::Update, update(form, &["employeeNumber"]));
    }
    let error = error(
        "Incorrect employee number. Enter an employee number with 4 digits.",
        "Only employee numbers with 4 digits can register.",
        "INVALID_EMPLOYEE_NUMBER",
        "data.userProfile.employeeNumber",
    );
    (Outcome::Deny, format!(r#"{{"commands":[{DENY}],{error}}}"#))
}

fn attribute<'a>(form: Option<&'a Json<'a>>, name: &str) -> Option<&'a Json<'a>> {
    form?.member(name)
}

fn is_at_okta(value: Option<&Json<'_>>) -> bool {
    let domain = value.and_then(Json::text).and_then(domain_of);
    domain.is_some_and(|domain| domain.eq_ignore_ascii_case("okta.com"))
}

/// Whether a value is text of four digits, or the number that is written with four digits.
fn has_four_digits(value: Option<&Json<'_>>) -> bool {
    let Some(value) = value else {
        return false;
    };
    let text = match &value.kind {
        Kind::Text(text) => text,
        Kind::Number => value.source,
        _ => return false,
    };
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

const ALLOW: &str = r#"{"type":"com.okta.action.update","value":{"registration":"ALLOW"}}"#;
const DENY: &str = r#"{"type":"com.okta.action.update","value":{"registration":"DENY"}}"#;
const UNHANDLED: &str = r#""error":{"errorSummary":"This request cannot be processed here. Please contact your admin.","errorCauses":[{"errorSummary":"This request cannot be processed here. Please contact your admin.","reason":"UNHANDLED_REQUEST_TYPE","locationType":"body","location":"requestType","domain":"external-service"}]}"#;

/// An `error` of one cause. The texts are JSON already.
fn error(summary: &str, message: &str, reason: &str, location: &str) -> String {
    format!(
        r#""error":{{"errorSummary":"{summary}","errorCauses":[{{"errorSummary":"{message}","reason":"{reason}","locationType":"body","location":"{location}","domain":"end-user"}}]}}"#
    )
}

/// The update that copies these attributes as they were submitted, unless they are absent or null.
fn update(form: Option<&Json<'_>>, names: &[&str]) -> String {
    let mut values = Vec::new();
    for name in names {
        if let Some(value) = attribute(form, name)
            && !matches!(value.kind, Kind::Null)
        {
            values.push(format!(r#""{name}":{}"#, value.source));
        }
    }
    let values = values.join(",");
    format!(
        r#"{{"commands":[{{"type":"com.okta.user.progressive.profile.update","value":{{{values}}}}}]}}"#
    )
}
