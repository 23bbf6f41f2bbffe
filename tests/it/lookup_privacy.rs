//! Lookups leave no value of a request, no result and no secret in logs and metrics, at any level.

use std::{io::Write as _, net::TcpStream};

use crate::{
    api::{Api, Then, Wire, write_response},
    operations::metrics_address,
    support::{
        Answer, BASIC, Failures, Service, program, registration, request, rules_folder, wait_until,
    },
};

const EMAIL: &str = "planted.email@example.com";
const RESULT: &str = "planted-result";
const SECRET: &str = "planted-secret";

const RULES: &str = r#"
[self_service_registration.lookups.table]
file = "table.csv"
match = { email = "{email}" }
returns = ["level"]
[self_service_registration.lookups.found]
source = "members"
get = "/found/{email}?again={email}"
returns = { level = "/level" }
[self_service_registration.lookups.posted]
source = "members"
post = "/posted"
body = { email = "{email}" }
returns = { level = "/level" }
cache = "60s"
[self_service_registration.lookups.status]
source = "members"
get = "/status/{email}"
on_failure = "skip"
[self_service_registration.lookups.invalid]
source = "members"
get = "/invalid/{email}"
on_failure = "skip"
[self_service_registration.lookups.database]
source = "people"
table = "people"
match = { email = "{email}" }
on_failure = "skip"
[self_service_registration]
allow_all = true
[self_service_registration.set]
a = "{table.level}"
b = "{found.level}"
c = "{posted.level}"
"#;

fn respond(target: &str, wire: &mut dyn Wire) -> Then {
    let body = format!(r#"{{"level":"{RESULT}","email":"{EMAIL}"}}"#);
    match target {
        _ if target.starts_with("/status") => {
            write_response(wire, "500 planted-result", body.as_bytes())
        }
        _ if target.starts_with("/invalid") => write_response(wire, "200 OK", RESULT.as_bytes()),
        _ => write_response(wire, "200 OK", body.as_bytes()),
    }
}

#[test]
fn no_log_and_no_metric_has_a_value_a_result_or_a_secret() {
    let api = Api::start(|asked, wire| respond(&asked.target, wire));
    let table = format!("email,level\n{EMAIL},{RESULT}\n");
    let folder = rules_folder(&[("hook.toml", RULES), ("table.csv", &table)]);
    // Nothing listens at this address: its listener is dropped at once.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let service = Service::spawn(
        program()
            .envs(BASIC)
            .env("RUST_LOG", "trace")
            .env("HOOK__SERVER__BIND", "127.0.0.1:0")
            .env("HOOK__METRICS__BIND", "127.0.0.1:0")
            .env("HOOK__SOURCES__MEMBERS__URL", format!("http://{}", api.address))
            .env("HOOK__SOURCES__MEMBERS__HEADER", "authorization")
            .env("HOOK__SOURCES__MEMBERS__SECRET", SECRET)
            .env("HOOK__SOURCES__PEOPLE__URL", format!("postgres://hook@{closed}/people"))
            .env("HOOK__SOURCES__PEOPLE__PASSWORD", SECRET)
            .arg("--rules")
            .arg(folder.path()),
    );

    let body = registration(&format!(r#"{{"email":"{EMAIL}"}}"#));
    let answers = [service.post("/hook", &body), service.post("/hook", &body)];
    wait_until("two decision lines", || service.stdout().lines().count() == 2);

    let mut failures = Failures::default();
    for answer in answers {
        failures.check_contains("the answer", answer.text(), &format!(r#""c":"{RESULT}""#));
    }
    // Each kind of text must report lookups. Otherwise the absence of the planted values would prove nothing.
    let lines = service.stdout();
    failures.check_contains(
        "the lines",
        &lines,
        r#"{"name":"posted","outcome":"found","cached":true"#,
    );
    let log = service.stderr();
    failures.check_contains("the log", &log, "the lookup `status` failed");
    let mut stream = TcpStream::connect(metrics_address(&service)).unwrap();
    stream.write_all(&request("GET", "/metrics", &[], b"")).unwrap();
    let metrics = Answer::read(&mut stream).text().to_owned();
    failures.check_contains(
        "the metrics",
        &metrics,
        r#"lookups_total{hook="hook",lookup="database",outcome="failed"} 2"#,
    );
    // The last two are parts of the percent-encoded email address.
    for planted in ["planted", "example.com", "example%2Ecom", "%40"] {
        for (what, text) in [("lines", &lines), ("log", &log), ("metrics", &metrics)] {
            let found: Vec<&str> = text.lines().filter(|line| line.contains(planted)).collect();
            failures.check(format!("{what}: {found:?}"), found.is_empty());
        }
    }
    failures.assert_none();
}
