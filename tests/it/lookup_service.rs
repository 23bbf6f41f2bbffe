//! A service with a lookup in an HTTP API.

use std::{io::Write as _, net::TcpStream};

use serde_json::Value;

use crate::{
    api::{Api, Then, Wire, write_response},
    support::{
        AUTHORIZATION, Answer, BASIC, JSON, Service, program, registration, request, rules_folder,
        wait_until,
    },
};

pub const REGISTRATION: &[u8] = br#"{"email":"ann@example.com","login":"ann"}"#;

/// A service with these rules files and settings.
pub fn service_with(files: &[(&str, &str)], settings: &[(&str, &str)]) -> Service {
    let folder = rules_folder(files);
    let mut command = program();
    command
        .envs(BASIC)
        .env("HOOK__SERVER__BIND", "127.0.0.1:0")
        .env("HOOK__LOG__FORMAT", "json")
        .env("HOOK__RULES__RELOAD", "off")
        .envs(settings.iter().copied())
        .arg("--rules")
        .arg(folder.path());
    let service = Service::spawn(&mut command);
    // The service listens, so it has read the rules.
    drop(folder);
    service
}

/// A service with the source `members` at this URL.
pub fn service(url: &str, files: &[(&str, &str)], more: &[(&str, &str)]) -> Service {
    let mut settings = more.to_vec();
    settings.push(("HOOK__SOURCES__MEMBERS__URL", url));
    service_with(files, &settings)
}

pub fn service_of(api: &Api, files: &[(&str, &str)], more: &[(&str, &str)]) -> Service {
    service(&format!("http://{}", api.address), files, more)
}

/// A hook with a lookup in `members` that has these keys. It sets `level` to what the lookup finds.
pub fn hook(keys: &str) -> String {
    hook_of(&format!("source = 'members'\nreturns.level = '/level'\n{keys}"))
}

/// A hook with a lookup of these keys. It sets `level` to what the lookup finds.
pub fn hook_of(keys: &str) -> String {
    format!(
        "[self_service_registration.lookups.account]\n{keys}\n\
         [[self_service_registration.rules]]\nid = 'account'\nlookup = 'account'\n\
         location = 'data.userProfile.email'\nreason = 'NO_ACCOUNT'\nmessage = 'no account'\n\
         [self_service_registration.set]\nlevel = '{{account.level}}'\n"
    )
}

/// The decision in an answer: `level` and the level that is set, `allow`, or the reason of the denial.
pub fn decision(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    if let Some(cause) = body.pointer("/error/errorCauses/0") {
        return cause["reason"].as_str().unwrap().to_owned();
    }
    match body.pointer("/commands/0/value/level") {
        Some(level) => format!("level {}", level.as_str().unwrap()),
        None => "allow".to_owned(),
    }
}

pub fn ask(service: &Service, hook: &str, form: &[u8]) -> String {
    let body = registration(str::from_utf8(form).unwrap());
    let answer = service.post(&format!("/{hook}"), &body);
    assert_eq!(answer.status, 200, "{hook}: {answer:?}");
    decision(&answer)
}

/// The first lookup in the last decision line of a hook.
pub fn lookup_line(service: &Service, hook: &str) -> Value {
    let mut found = None;
    wait_until("the decision line", || {
        let lines = service.stdout();
        let line = lines.lines().rfind(|line| line.contains(&format!(r#""hook":"{hook}""#)));
        found = line.map(|line| serde_json::from_str::<Value>(line).unwrap());
        found.is_some()
    });
    found.unwrap()["lookups"][0].clone()
}

pub fn found(wire: &mut dyn Wire) -> Then {
    write_response(wire, "200 OK", br#"{"level":"gold"}"#)
}

pub fn write(wire: &mut dyn Wire, text: &str, then: Then) -> Then {
    let _ = wire.write_all(text.as_bytes());
    then
}

/// Sends so many requests to the hook `hung`, whose questions the API does not answer. Returns their connections
/// when the API has all questions.
pub fn hang(service: &Service, api: &Api, count: usize) -> Vec<TcpStream> {
    let body = registration(str::from_utf8(REGISTRATION).unwrap());
    let mut connections = Vec::new();
    for _ in 0..count {
        let mut connection = service.connect();
        let bytes = request("POST", "/hung", &[AUTHORIZATION, JSON], &body);
        connection.write_all(&bytes).unwrap();
        connections.push(connection);
    }
    wait_until("the questions", || api.asked().len() == count);
    connections
}
