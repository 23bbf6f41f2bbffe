//! `sample`: prints a request as Okta sends it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::value::RawValue;

use super::{CliError, ExitStatus, pretty::pretty, print_result};
use crate::okta::Flow;

const EXAMPLES: &str = "\
Examples:
  registration-hook sample ssr --set email=rosario.jones@example.com
  registration-hook sample ssr --set accepted:=true
  registration-hook sample pp --set employeeNumber=1234 |
    registration-hook eval registrationHookPP -
  registration-hook sample classic |
    curl --json @- --user \"okta:$HOOK_PASSWORD\" \\
      http://127.0.0.1:8080/registrationHookSSR

Exit codes: 0 printed, 2 could not answer";

/// The prefix that names an attribute of the existing profile, which only a progressive profile has.
const PROFILE_PREFIX: &str = "profile.";

/// A registration of Identity Engine, as in Okta's guide. Words in backticks, such as `FORM`,
/// stand for values.
const REGISTRATION: &str = r#"{
"eventId":"`EVENT-ID`","eventTime":"`EVENT-TIME`","eventType":"com.okta.user.pre-registration",
"eventTypeVersion":"1.0","contentType":"application/json","cloudEventVersion":"0.1",
"source":"regt4qeBKU29vSoPz0g3","requestType":"self.service.registration",
"data":{"context":{"request":{"method":"POST","ipAddress":"203.0.113.7","id":"`REQUEST-ID`",
"url":{"value":"/idp/idx/enroll/new"}}},"userProfile":`FORM`,"action":"ALLOW"}}"#;

/// A progressive profile, as in Okta's guide. `PROFILE` stands for the existing profile.
const PROGRESSIVE: &str = r#"{
"eventId":"`EVENT-ID`","eventTime":"`EVENT-TIME`","eventType":"com.okta.user.pre-registration",
"eventTypeVersion":"1.0","contentType":"application/json","cloudEventVersion":"0.1",
"source":"regt4qeBKU29vSoPz0g3","requestType":"progressive.profile",
"data":{"context":{"request":{"method":"POST","ipAddress":"203.0.113.7","id":"`REQUEST-ID`",
"url":{"value":"/idp/idx/enroll/update"}},"user":{"passwordChanged":"2022-01-01T00:00:00.000Z",
"_links":{"groups":{"href":"/api/v1/users/00u48gwcu01WxvNol0g7/groups"},
"factors":{"href":"/api/v1/users/00u48gwcu01WxvNol0g7/factors"}},"profile":`PROFILE`,
"id":"00u48gwcu01WxvNol0g7"}},"action":"ALLOW","userProfileUpdate":`FORM`}}"#;

/// A registration of Classic Engine: it has no `requestType`, and in captures `action` is null.
const CLASSIC: &str = r#"{
"eventId":"`EVENT-ID`","eventTime":"`EVENT-TIME`","eventType":"com.okta.user.pre-registration",
"eventTypeVersion":"1.0","contentType":"application/json","cloudEventVersion":"0.1",
"source":"regt4qeBKU29vSoPz0g3","data":{"context":{"request":{"method":"POST",
"ipAddress":"203.0.113.7","id":"`REQUEST-ID`",
"url":{"value":"/api/v1/registration/regt4qeBKU29vSoPz0g3/register"}}},"userProfile":`FORM`,"action":null}}"#;

const REGISTRATION_FORM: [(&str, &str); 4] = [
    ("firstName", r#""Rosario""#),
    ("lastName", r#""Jones""#),
    ("login", r#""rosario.jones@okta.com""#),
    ("email", r#""rosario.jones@okta.com""#),
];
const PROGRESSIVE_FORM: [(&str, &str); 1] = [("employeeNumber", r#""1234""#)];
const EXISTING_PROFILE: [(&str, &str); 5] = [
    ("firstName", r#""Rosario""#),
    ("lastName", r#""Jones""#),
    ("timeZone", r#""America/Los_Angeles""#),
    ("login", r#""rosario.jones@okta.com""#),
    ("locale", r#""en_US""#),
];

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SampleArguments {
    /// The kind of request
    kind: SampleKind,
    /// Set an attribute of the form to a text (name=text) or to JSON (name:=json); `profile.name`
    /// sets an attribute of the existing profile of pp
    #[arg(long, value_name = "ATTRIBUTE=VALUE")]
    set: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum SampleKind {
    /// Self-service registration (Identity Engine)
    Ssr,
    /// Progressive profile (Identity Engine)
    Pp,
    /// Registration of Classic Engine
    Classic,
}

pub(super) fn run(arguments: &SampleArguments) -> Result<ExitStatus, CliError> {
    let flow = match arguments.kind {
        SampleKind::Ssr => Flow::SelfServiceRegistration,
        SampleKind::Pp => Flow::ProgressiveProfile,
        SampleKind::Classic => Flow::Classic,
    };
    print_result(sample_request(flow, &arguments.set)?.as_bytes())?;
    Ok(ExitStatus::Success)
}

/// A request of this flow with a fresh `eventId`, in which these attributes are set.
pub(super) fn sample_request(flow: Flow, set: &[String]) -> Result<String, CliError> {
    let (template, defaults) = match flow {
        Flow::SelfServiceRegistration => (REGISTRATION, &REGISTRATION_FORM[..]),
        Flow::ProgressiveProfile => (PROGRESSIVE, &PROGRESSIVE_FORM[..]),
        Flow::Classic => (CLASSIC, &REGISTRATION_FORM[..]),
    };
    let mut form = JsonMembers::new(defaults);
    let mut profile = JsonMembers::new(&EXISTING_PROFILE);
    let mut is_login_set = false;
    for argument in set {
        let JsonMember { name, json } = read_set(argument)?;
        match name.strip_prefix(PROFILE_PREFIX) {
            Some(name) if flow == Flow::ProgressiveProfile => profile.set(name, json),
            Some(_) => return Err(CliError("--set: only `pp` has an existing profile".to_owned())),
            None => {
                if name == "login" {
                    is_login_set = true;
                }
                form.set(&name, json);
            }
        }
    }
    if flow.spec().creates_user && !is_login_set {
        copy_email_to_login(&mut form);
    }
    let request = fill_in(template, &form, &profile)?;
    Ok(pretty(request.as_bytes())?)
}

/// Fills in the username from the email, as Okta does for a sign-up form without `login`.
fn copy_email_to_login(form: &mut JsonMembers) {
    if let Some(email) = form.get("email") {
        let login = email.to_owned();
        form.set("login", login);
    }
}

/// Replaces the words in backticks by values.
fn fill_in(template: &str, form: &JsonMembers, profile: &JsonMembers) -> Result<String, CliError> {
    let mut request = String::new();
    for piece in template.split('`') {
        match piece {
            "EVENT-ID" => request += &random_text::<16>()?,
            "EVENT-TIME" => {
                request += &Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
            }
            "REQUEST-ID" => request += &random_text::<15>()?,
            "PROFILE" => request += &profile.to_json(),
            "FORM" => request += &form.to_json(),
            text => request += text,
        }
    }
    Ok(request)
}

/// Reads `name=text` or `name:=json`.
fn read_set(argument: &str) -> Result<JsonMember, CliError> {
    const EXPECTED: &str = "--set: expected `attribute=text` or `attribute:=json`";
    let Some((name, value)) = argument.split_once('=') else {
        return Err(CliError(EXPECTED.to_owned()));
    };
    let (name, json) = match name.strip_suffix(':') {
        Some(name) => (name, read_json(name, value)?),
        None => (name, json_text(value)),
    };
    // In `profile.=text`, the attribute has no name.
    if name.is_empty() || name == PROFILE_PREFIX {
        return Err(CliError(EXPECTED.to_owned()));
    }
    Ok(JsonMember { name: name.to_owned(), json })
}

fn read_json(name: &str, value: &str) -> Result<String, CliError> {
    match serde_json::from_str::<&RawValue>(value) {
        Ok(json) => Ok(json.get().to_owned()),
        Err(error) => Err(CliError(format!(
            "--set: the value of `{name}` is not JSON ({error}); write `{name}=…` for a text"
        ))),
    }
}

fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A base64url text of this many random bytes.
fn random_text<const BYTES: usize>() -> Result<String, CliError> {
    let mut bytes = [0; BYTES];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => Ok(URL_SAFE_NO_PAD.encode(bytes)),
        Err(_) => Err(CliError("the system has no random numbers".to_owned())),
    }
}

/// A member of an object, with its value as JSON.
struct JsonMember {
    name: String,
    json: String,
}

/// The members of an object, in their order.
struct JsonMembers(Vec<JsonMember>);

impl JsonMembers {
    fn new(members: &[(&str, &str)]) -> Self {
        let mut owned = Vec::new();
        for (name, json) in members {
            owned.push(JsonMember { name: (*name).to_owned(), json: (*json).to_owned() });
        }
        Self(owned)
    }

    fn set(&mut self, name: &str, json: String) {
        match self.0.iter_mut().find(|member| member.name == name) {
            Some(member) => member.json = json,
            None => self.0.push(JsonMember { name: name.to_owned(), json }),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let member = self.0.iter().find(|member| member.name == name)?;
        Some(&member.json)
    }

    fn to_json(&self) -> String {
        let mut members = Vec::new();
        for JsonMember { name, json } in &self.0 {
            members.push(format!("{}:{json}", json_text(name)));
        }
        format!("{{{}}}", members.join(","))
    }
}
