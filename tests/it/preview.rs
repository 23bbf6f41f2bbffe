//! The preview page: who may use it, its decisions, and the requests that it shows.

use std::{
    fs,
    io::Write as _,
    net::{SocketAddr, TcpStream},
    os::unix::fs::symlink,
    path::Path,
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{
    Answer, BASIC, Failures, JSON, Service, program, registration, repository, rules_folder, text,
    wait_for,
};

/// A running service with its page.
pub struct Preview {
    pub service: Service,
    address: SocketAddr,
    token: String,
}

impl Preview {
    /// Starts the service with the guide's rules.
    fn start() -> Self {
        Self::start_in(&repository("tests/guide"))
    }

    /// Starts the service in a folder that has rules.
    pub fn start_in(folder: &Path) -> Self {
        Self::start_with(folder, &[("HOOK__RULES__RELOAD", "200ms")])
    }

    /// Starts the service in a folder that has rules, with these settings.
    fn start_with(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = program();
        command.current_dir(folder).args(["preview", "--page", "0"]).envs(BASIC);
        command.env("HOOK__SERVER__BIND", "127.0.0.1:0").envs(settings.iter().copied());
        let service = Service::spawn(&mut command);
        let log = service.wait_for_log("preview: open ");
        let (_, url) = log.split_once("preview: open http://").unwrap();
        let (address, rest) = url.split_once('/').unwrap();
        let (token, _) = rest.split_once('/').unwrap();
        Self { service, address: address.parse().unwrap(), token: token.to_owned() }
    }

    /// Sends a request to the page's listener.
    fn send(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nContent-Length: {}\r\n", body.len());
        for header in headers {
            head += &format!("{header}\r\n");
        }
        stream.write_all(&[head.as_bytes(), b"\r\n", body].concat()).unwrap();
        Answer::read(&mut stream)
    }

    fn host(&self) -> String {
        format!("Host: {}", self.address)
    }

    /// Gets a path after the token.
    fn get(&self, path: &str) -> Answer {
        self.send("GET", &format!("/{}/{path}", self.token), &[&self.host()], b"")
    }

    pub fn get_json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}");
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// Has the page decide a request.
    fn decide(&self, hook: &str, request: &[u8], lookups: Value) -> Value {
        self.decide_with(hook, request, lookups, json!({}))
    }

    /// Decides a request with these recorded results and failures of lookups.
    pub fn decide_with(
        &self,
        hook: &str,
        request: &[u8],
        lookups: Value,
        failures: Value,
    ) -> Value {
        let question = json!({
            "hook": hook,
            "request": text(request),
            "lookups": lookups,
            "failures": failures,
            "added": [],
            "order": [],
        });
        let path = format!("/{}/api/decide", self.token);
        let answer =
            self.send("POST", &path, &[&self.host(), JSON], question.to_string().as_bytes());
        assert_eq!(answer.status, 200);
        serde_json::from_slice(&answer.body).unwrap()
    }

    pub fn requests(&self) -> Vec<Value> {
        self.get_json("api/feed?after=0")["requests"].as_array().unwrap().clone()
    }
}

const RULES: &str = r#"
[self_service_registration.lookups.member]
file = "members.csv"
match = { memberNumber = "{memberNumber}" }
returns = ["lastName"]
[self_service_registration.lookups.account]
source = "members"
get = "/accounts/{email}"
returns = { status = "/status" }
[[self_service_registration.rules]]
id = "member"
attribute = "lastName"
equals = "member.lastName"
message = "We do not find this member."
[[self_service_registration.rules]]
id = "account"
attribute = "account.status"
one_of = ["active"]
message = "No active account."
location = "data.userProfile.email"
reason = "NO_ACCOUNT"
"#;

const MEMBER: &str = r#"{"email":"a@b.example","lastName":"Jones","memberNumber":"1"}"#;

#[test]
fn preview_page_answers_only_with_its_token() {
    let preview = Preview::start();
    let token = &preview.token;
    let shorter = &token[1..];
    let paths = [
        "/".to_owned(),
        "/api/hooks".to_owned(),
        "/main.js".to_owned(),
        "/favicon.ico".to_owned(),
        format!("/{token}"),
        format!("/{shorter}/"),
        format!("/x{shorter}/api/hooks"),
        format!("/?token={token}"),
        format!("/{}/", "0".repeat(token.len())),
        format!("//{token}/"),
    ];
    let mut failures = Failures::default();

    for path in paths {
        let answer = preview.send("GET", &path, &[&preview.host()], b"");
        failures.check_eq(&path, answer.status, 403);
    }
    failures.check("the token has 128 bits", token.len() == 32);
    for path in ["", "main.js", "api/hooks", "api/rules", "api/feed?after=0"] {
        failures.check_eq(path, preview.get(path).status, 200);
    }
    for path in ["api/none", "api/request?number=9", "../Cargo.toml", "page/main.js"] {
        failures.check_eq(path, preview.get(path).status, 404);
    }

    failures.assert_none();
}

#[test]
fn preview_page_loads_its_scripts_without_their_comments_and_with_their_lines() {
    let preview = Preview::start();
    let mut failures = Failures::default();

    for script in ["main.js", "lookups.js", "save.js"] {
        let file = repository(&format!("src/preview/page/{script}"));
        let written = fs::read_to_string(file).unwrap();
        let loaded = preview.get(script).text().to_owned();
        failures.check_eq(script, loaded.lines().count(), written.lines().count());
        for (line, original) in loaded.lines().zip(written.lines()) {
            let is_comment = original.trim_start().starts_with("//");
            failures.check_eq(original, line, if is_comment { "" } else { original });
        }
    }

    failures.assert_none();
}

#[test]
fn preview_page_closes_connections_without_the_token() {
    let preview = Preview::start();

    let refused = preview.send("GET", "/", &[&preview.host()], b"");

    assert_eq!(refused.status, 403);
    assert_eq!(refused.header("connection"), Some("close"));
    assert_eq!(preview.get("").header("connection"), None);
}

#[test]
fn preview_page_answers_only_to_its_own_host_and_origin() {
    let preview = Preview::start();
    let (host, port) = (preview.host(), preview.address.port());
    let localhost = format!("Host: localhost:{port}");
    let origin = format!("Origin: http://{}", preview.address);
    let other_port = format!("Host: 127.0.0.1:{}", port ^ 1);
    let path = format!("/{}/api/decide", preview.token);
    let question =
        br#"{"hook":"registrationHookSSR","request":"{}","lookups":{},"failures":{},"added":[],"order":[]}"#
            .as_slice();
    let rows: [(&[&str], u16); 13] = [
        (&[&host, JSON], 200),
        (&[&localhost, JSON], 200),
        (&[&host, &origin, JSON], 200),
        (&[&host, "Content-Type: text/plain"], 403),
        (&[&host], 403),
        (&["Host: evil.example", JSON], 403),
        (&["Host: 127.0.0.1", JSON], 403),
        (&[&other_port, JSON], 403),
        (&["Host: 127.0.0.1.evil.example:8082", JSON], 403),
        (&[&host, "Origin: https://evil.example", JSON], 403),
        (&[&host, "Origin: null", JSON], 403),
        (&[&host, &origin.replace("http:", "https:"), JSON], 403),
        (&[&host, &origin, &origin, JSON], 403),
    ];
    let mut failures = Failures::default();

    for (headers, status) in rows {
        let answer = preview.send("POST", &path, headers, question);
        failures.check_eq(format!("{headers:?}"), answer.status, status);
        // The page itself needs no content type: only a wrong host or origin refuses it.
        if status == 403 && headers.contains(&JSON) {
            let page = preview.send("GET", &format!("/{}/", preview.token), headers, b"");
            failures.check_eq(format!("GET {headers:?}"), page.status, 403);
        }
    }

    failures.assert_none();
}

#[test]
fn preview_page_is_on_loopback_and_serve_has_none() {
    let preview = Preview::start();
    let serve = Service::with_basic();
    let mut usage = program();
    usage.args(["serve", "--page", "0"]);

    assert!(preview.address.ip().is_loopback());
    assert!(!serve.stderr().contains("preview"));
    assert_eq!(usage.output().unwrap().status.code(), Some(2));
}

#[test]
fn preview_page_has_strict_headers_and_is_small() {
    let preview = Preview::start();
    let mut failures = Failures::default();
    let mut size = 0;
    // The page is at the empty name.
    let mut names = vec![String::new()];
    for entry in fs::read_dir(repository("src/preview/page")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name != "index.html" {
            names.push(name);
        }
    }

    for name in &names {
        let answer = preview.get(name);
        size += answer.head.len() + answer.body.len();
        failures.check_eq(name, answer.status, 200);
        let policy = answer.header("content-security-policy").unwrap_or_default();
        for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"] {
            failures.check_contains(name, policy, part);
        }
        failures.check(format!("{name}: {policy}"), !policy.contains("unsafe"));
        for (header, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            failures.check_eq(format!("{name}: {header}"), answer.header(header), Some(value));
        }
        let has_url = answer.text().replace("http://www.w3.org/2000/svg", "").contains("://");
        failures.check(format!("{name} has a URL"), !has_url);
    }
    let html = preview.get("");
    for inline in ["<style", "style=", "onclick", "javascript:", "<script>"] {
        failures.check(format!("inline `{inline}`"), !html.text().contains(inline));
    }
    failures.check(format!("{} files", names.len()), names.len() > 10);
    failures.check(format!("{size} bytes"), size < 100_000);

    failures.assert_none();
}

#[test]
fn preview_decides_with_the_bytes_of_production() {
    let preview = Preview::start();
    let mut failures = Failures::default();

    for (email, decision) in [("a@okta.com", "allow"), ("a@evil.example", "deny")] {
        let request = registration(&format!(r#"{{"login":"{email}","email":"{email}"}}"#));
        let served = preview.service.post("/registrationHookSSR", &request);
        let decided = preview.decide("registrationHookSSR", &request, json!({}));
        failures.check_eq(email, decided["explained"]["decision"].as_str(), Some(decision));
        failures.check_eq(email, decided["response"].as_str(), Some(served.text()));
    }
    let request = registration(r#"{"login":"a@b.example","email":"a@b.example"}"#);
    let decided = preview.decide("registrationHookSSR", &request, json!({}));
    failures.check_eq("fields", &decided["fields"], &json!(["email", "firstName", "lastName"]));
    let rule = &decided["explained"]["rules"][0];
    failures.check_eq("outcome", rule["outcome"].as_str(), Some("fail"));
    failures.check_contains("why", rule["why"].as_str().unwrap(), "expected a plain email address");
    let screen = decided["screens"]["gen2"][0].to_string();
    failures.check_contains("screen", &screen, "Only okta.com emails can register.");
    let curl = decided["curl"].as_str().unwrap();
    failures.check_contains("curl", curl, "$HOOK_PASSWORD");
    failures.check_contains("curl", curl, &preview.service.address.to_string());

    failures.assert_none();
}

#[test]
fn preview_gives_a_curl_line_that_works_with_tls() {
    let file = |name: &str| repository(&format!("tests/tls/{name}")).display().to_string();
    let settings = [
        ("HOOK__SERVER__TLS__CERTIFICATE", file("rsa.crt")),
        ("HOOK__SERVER__TLS__KEY", file("rsa.key")),
    ];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let preview = Preview::start_with(&repository("tests/guide"), &settings);
    let request = registration(r#"{"email":"a@okta.com"}"#);

    let decided = preview.decide("registrationHookSSR", &request, json!({}));
    let banner = preview.service.stderr();

    // The certificate does not name this machine's address, so curl needs `-k`.
    let start = r#"curl -k -u "admin:$HOOK_PASSWORD" "#;
    let curl = decided["curl"].as_str().unwrap();
    assert!(curl.starts_with(start), "{curl}");
    assert!(curl.contains(&format!("https://{}/", preview.service.address)), "{curl}");
    assert!(banner.contains(start), "{banner}");
}

#[test]
fn preview_shows_a_problem_of_the_request_at_its_line() {
    let preview = Preview::start();

    let broken =
        preview.decide("registrationHookSSR", b"{\n  \"a\": 1,\n  \"b\": 01\n}", json!({}));
    let twice =
        preview.decide("registrationHookSSR", b"{\n  \"a\": 1,\n  \"a\": 2\n\n}", json!({}));
    let other = preview.decide("registrationHookSSR", b"{}", json!({}));

    assert_eq!(broken["line"], 3);
    assert_eq!([&twice["line"], &twice["column"]], [3, 3]);
    assert!(twice["problem"].as_str().unwrap().contains("a name occurs twice"), "{twice}");
    assert!(broken["problem"].as_str().unwrap().contains("not strict JSON"), "{broken}");
    assert_eq!(broken["is_bad_request"], true);
    assert_eq!(other["is_bad_request"], true);
    assert_eq!(other["line"], Value::Null);
    assert!(other["problem"].as_str().unwrap().contains("not a registration"), "{other}");
}

#[test]
fn preview_does_not_call_a_request_bad_for_other_problems() {
    let folder = rules_folder(&[]);
    write_member_rules(folder.path());
    let preview = Preview::start_in(folder.path());
    let unknown_column = json!({ "account": { "state": "active" } });
    let large = registration(&format!(r#"{{"email":"{}"}}"#, "x".repeat(300 << 10)));
    let rows = [
        ("members", registration(MEMBER), unknown_column, "`state`"),
        ("none", registration(MEMBER), json!({}), "no longer have this hook"),
        ("members", large, json!({}), "larger than the service accepts"),
    ];
    let mut failures = Failures::default();

    for (hook, request, lookups, problem) in rows {
        let decided = preview.decide(hook, &request, lookups);
        failures.check_contains(problem, decided["problem"].as_str().unwrap(), problem);
        failures.check_eq(problem, decided["is_bad_request"].as_bool(), Some(false));
    }

    failures.assert_none();
}

#[test]
fn preview_names_the_failed_lookup_that_an_attribute_needs() {
    let folder = rules_folder(&[]);
    write_member_rules(folder.path());
    let set = "[self_service_registration.set]\ntitle = \"{account.status}\"\n";
    let start = RULES.find("[self_service_registration.lookups.account]").unwrap();
    let lookup = &RULES[start..RULES.find("[[self").unwrap()];
    let section = "[self_service_registration]\nallow_all = true\n";
    let rule = "[[self_service_registration.rules]]\nid = \"number\"\nattribute = \"employeeNumber\"\ndigits = 4\noptional = true\nmessage = \"No.\"\n";
    fs::write(folder.path().join("rules/free.toml"), format!("{section}{lookup}{set}")).unwrap();
    fs::write(folder.path().join("rules/ruled.toml"), format!("{lookup}{rule}{set}")).unwrap();
    let preview = Preview::start_in(folder.path());
    let mut failures = Failures::default();

    for hook in ["free", "ruled"] {
        let decided = preview.decide(hook, &registration(MEMBER), json!({ "account": "failed" }));
        let explained = &decided["explained"];
        failures.check_eq(hook, explained["decision"].as_str(), Some("deny"));
        let note = "The lookup `account` failed, and an attribute needs it.";
        failures.check_eq(hook, explained["note"].as_str(), Some(note));
    }

    failures.assert_none();
}

#[test]
fn preview_decides_with_the_lookup_results_that_the_user_sets() {
    let folder = rules_folder(&[]);
    write_member_rules(folder.path());
    let preview = Preview::start_in(folder.path());
    let request = registration(MEMBER);
    let active = json!({ "status": "active" });
    let rows = [
        (json!({ "account": active }), "allow", "found found"),
        (json!({ "account": { "status": "closed" } }), "deny", "found found"),
        (json!({ "account": "not_found" }), "deny", "found not_found"),
        (json!({ "account": "failed" }), "deny", "found failed"),
        (json!({}), "deny", "found failed"),
        (json!({ "account": active, "member": "not_found" }), "deny", "not_found found"),
        (json!({ "account": active, "member": { "lastName": "Smith" } }), "deny", "found found"),
    ];
    let mut failures = Failures::default();

    for (lookups, decision, outcomes) in rows {
        let decided = preview.decide("members", &request, lookups.clone());
        let explained = &decided["explained"];
        failures.check_eq(&lookups, explained["decision"].as_str(), Some(decision));
        let found: Vec<_> = explained["lookups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|lookup| lookup["outcome"].as_str().unwrap())
            .collect();
        failures.check_eq(&lookups, found.join(" "), outcomes.to_owned());
    }
    let unknown = preview.decide("members", &request, json!({ "acount": "failed" }));
    failures.check_contains("unknown", unknown["problem"].as_str().unwrap(), "`acount`");
    let hooks = preview.get_json("api/hooks");
    let form = &hooks["hooks"][0]["flows"][0];
    failures.check_eq("fields", form["fields"].to_string().contains("memberNumber"), true);
    failures.check_eq("table", form["lookups"][0]["is_table"].as_bool(), Some(true));
    failures.check_eq("columns", &form["lookups"][1]["columns"], &json!(["status"]));

    failures.assert_none();
}

fn write_member_rules(folder: &Path) {
    fs::create_dir(folder.join("rules")).unwrap();
    fs::write(folder.join("rules/members.toml"), RULES).unwrap();
    fs::write(folder.join("rules/members.csv"), "memberNumber,lastName\n1,Jones\n").unwrap();
    let settings = "[sources.members]\nurl = \"http://127.0.0.1:9\"\n";
    fs::write(folder.join("registration-hook.toml"), settings).unwrap();
}

#[test]
fn preview_shows_requests_that_arrive_and_logs_no_value() {
    let preview = Preview::start();
    let request = registration(r#"{"login":"secret-person@evil.example","email":"x"}"#);

    preview.service.post("/registrationHookSSR", &request);
    preview.service.send(&crate::support::request("POST", "/registrationHookSSR", &[JSON], b"{}"));

    let requests = preview.requests();
    let [refused, denied] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(denied["row"]["explained"]["decision"], "deny");
    assert_eq!(denied["row"]["explained"]["rules"][0]["id"], "okta-email");
    assert_eq!(denied["row"]["caller"], "basic");
    assert_eq!(refused["row"]["status"], 401);
    assert_eq!(refused["row"]["refusal"]["reason"], "credentials_missing");
    assert_eq!(refused["opens"], false);
    let opened = preview.get_json(&format!("api/request?number={}", denied["number"]));
    assert_eq!(opened["request"], text(&request));
    assert_eq!(opened["hook"], "registrationHookSSR");
    let logs = preview.service.stdout() + &preview.service.stderr();
    assert!(!logs.contains("secret-person"), "{logs}");
}

#[test]
fn preview_waits_for_the_next_request() {
    let preview = Preview::start();
    let version = preview.get_json("api/feed?after=0")["version"].clone();
    let path = format!("/{}/api/feed?after={version}", preview.token);

    let waiting = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| preview.send("GET", &path, &[&preview.host()], b""));
        std::thread::sleep(Duration::from_millis(100));
        preview.service.post("/registrationHookSSR", &registration("{}"));
        waiting.join().unwrap()
    });

    let list: Value = serde_json::from_slice(&waiting.body).unwrap();
    assert!(list["version"].as_u64() > version.as_u64(), "{list}");
}

#[test]
fn preview_counts_changes_of_the_rules_apart_from_requests() {
    let folder =
        rules_folder(&[("rules/hook.toml", "[self_service_registration]\nallow_all = true\n")]);
    let preview = Preview::start_in(folder.path());
    wait_for("the rules", || Some(preview.get_json("api/rules")).filter(|rules| !rules.is_null()));
    let list = || preview.get_json("api/feed?after=0");

    let first = list();
    preview.service.post("/hook", &registration("{}"));
    let second = list();
    assert_ne!(first["version"], second["version"]);
    assert_eq!(first["rules_version"], second["rules_version"]);

    fs::write(folder.path().join("rules/hook.toml"), "[progressive_profile]\nallow_all = true\n")
        .unwrap();
    wait_for("the rules", || {
        Some(list()).filter(|list| list["rules_version"] != first["rules_version"])
    });
}

#[test]
fn preview_says_whether_the_rules_reload_by_themselves() {
    for (reload, reloads) in [("200ms", true), ("off", false)] {
        let settings = [("HOOK__RULES__RELOAD", reload)];
        let preview = Preview::start_with(&repository("tests/guide"), &settings);
        let rules = wait_for("the rules", || {
            Some(preview.get_json("api/rules")).filter(|rules| !rules.is_null())
        });
        assert_eq!(rules["reloads"], reloads, "{reload}");
    }
}

#[test]
fn preview_keeps_a_bounded_number_of_requests_and_bytes() {
    let preview = Preview::start();
    let mut failures = Failures::default();

    for _ in 0..130 {
        preview.service.post("/registrationHookSSR", &registration("{}"));
    }
    let many = preview.requests();
    failures.check_eq("count", many.len(), 100);
    failures.check_eq("newest", many[0]["number"].as_u64(), Some(130));

    let padding = "x".repeat(200 << 10);
    let large = registration(&format!(r#"{{"email":"{padding}"}}"#));
    for _ in 0..30 {
        preview.service.post("/registrationHookSSR", &large);
    }
    let few = preview.requests();
    failures.check(format!("{} large requests", few.len()), few.len() < 25);
    failures.check_eq("newest", few[0]["number"].as_u64(), Some(160));

    failures.assert_none();
}

#[test]
fn preview_keeps_decided_requests_when_strangers_send_many_others() {
    let preview = Preview::start();
    preview.service.post("/registrationHookSSR", &registration("{}"));

    for _ in 0..130 {
        preview.service.send(&crate::support::request("POST", "/healthz", &[], b""));
        preview.service.send(&crate::support::request("POST", "/none", &[], b""));
    }

    // The newest 30 refused requests, and the decided one, which has a limit of its own.
    let requests = preview.requests();
    assert_eq!(requests.len(), 31);
    assert_eq!(requests[0]["row"]["refusal"]["reason"], "not_found");
    assert_eq!(requests[29]["row"]["status"], 404);
    assert_eq!(requests[30]["row"]["explained"]["decision"], "deny");
    assert_eq!(preview.get("api/request?number=1").status, 200);
}

#[test]
fn preview_shows_broken_fixtures_and_edits_of_fixtures() {
    let folder =
        rules_folder(&[("rules/hook.toml", "[self_service_registration]\nallow_all = true\n")]);
    let fixtures = folder.path().join("tests/fixtures/hook");
    fs::create_dir_all(&fixtures).unwrap();
    let deny =
        r#"{"commands":[{"type":"com.okta.action.update","value":{"registration":"DENY"}}]}"#;
    let request = registration(r#"{"email":"x@a.example"}"#);
    for case in ["good", "no-answer", "bad-answer"] {
        fs::write(fixtures.join(format!("{case}.request.json")), &request).unwrap();
    }
    fs::write(fixtures.join("good.response.json"), deny).unwrap();
    fs::write(fixtures.join("bad-answer.response.json"), "{,").unwrap();
    fs::write(fixtures.join("orphan.response.json"), deny).unwrap();
    let preview = Preview::start_in(folder.path());
    let case = |rules: &Value, name: &str| {
        let fixtures = rules["changed_fixtures"].as_array().unwrap();
        let found = fixtures.iter().find(|found| found["case"].as_str().unwrap().contains(name));
        found.cloned().unwrap_or_else(|| panic!("{name}: {rules}"))
    };
    let wait = |what: &str, holds: &dyn Fn(&Value) -> bool| {
        wait_for(what, || Some(preview.get_json("api/rules")).filter(|rules| holds(rules)))
    };

    let first = wait("the rules", &|rules| !rules.is_null());
    assert_eq!(case(&first, "good")["recorded"], "deny");
    let orphan = case(&first, "orphan");
    assert_eq!(orphan["hook"], Value::Null);
    assert!(
        orphan["problem"].as_str().unwrap().contains("no request belongs to this file"),
        "{orphan}"
    );
    for name in ["no-answer", "bad-answer"] {
        let problem = case(&first, name)["problem"].to_string();
        assert!(problem.contains(&format!("{name}.response.json")), "{name}: {problem}");
    }

    // An edit in place changes the file, but not the metadata of its folder.
    fs::write(fixtures.join("good.response.json"), deny.replace("DENY", "ALLOW")).unwrap();
    wait("the edited answer", &|rules| rules["unchanged_fixture_count"] == 1);
    assert_eq!(preview.get_json("api/fixtures")[0]["recorded"], "allow");
}

#[test]
fn preview_follows_edits_of_rules_and_compares_fixtures() {
    let folder = rules_folder(&[]);
    let rules = folder.path().join("rules");
    let fixtures = folder.path().join("tests/fixtures/hook");
    fs::create_dir_all(&fixtures).unwrap();
    fs::create_dir(&rules).unwrap();
    let rule = |domain: &str| {
        format!(
            "[self_service_registration]\n[[self_service_registration.rules]]\nid = \"mail\"\nattribute = \"email\"\ndomains = [\"{domain}\"]\nmessage = \"No.\"\n"
        )
    };
    fs::write(rules.join("hook.toml"), rule("a.example")).unwrap();
    fs::write(fixtures.join("one.request.json"), registration(r#"{"email":"x@a.example"}"#))
        .unwrap();
    let allow =
        r#"{"commands":[{"type":"com.okta.action.update","value":{"registration":"ALLOW"}}]}"#;
    fs::write(fixtures.join("one.response.json"), allow).unwrap();
    let preview = Preview::start_in(folder.path());
    let wait = |what: &str, holds: &dyn Fn(&Value) -> bool| {
        wait_for(what, || Some(preview.get_json("api/rules")).filter(|rules| holds(rules)))
    };

    let first = wait("the rules", &|rules| !rules.is_null());
    assert_eq!(first["changed_fixtures"], json!([]));
    assert_eq!(first["unchanged_fixture_count"], 1);
    let unchanged = preview.get_json("api/fixtures");
    assert_eq!(unchanged[0]["now"], "allow");
    assert_eq!(unchanged[0]["recorded"], "allow");

    fs::write(rules.join("hook.toml"), rule("b.example")).unwrap();
    let second = wait("the new rules", &|rules| rules["revision"] != first["revision"]);
    assert_eq!(second["changed_fixtures"][0]["now"], "deny");
    assert_eq!(second["changed_fixtures"][0]["denied_by"], json!(["mail"]));
    let request = registration(r#"{"email":"x@a.example"}"#);
    let decided = preview.decide("hook", &request, json!({}));
    assert_eq!(decided["explained"]["decision"], "deny");

    let wrong = rule("b.example").replace("domains", "domain");
    fs::write(rules.join("hook.toml"), &wrong).unwrap();
    let third = wait("the problem", &|rules| rules["problem_count"] != 0);
    let mut check = program();
    let printed = check.current_dir(folder.path()).arg("check").output().unwrap().stdout;
    let problem = third["problems"][0].as_str().unwrap();
    assert!(text(&printed).contains(problem), "{problem}\n{}", text(&printed));
    assert_eq!(third["revision"], second["revision"]);
    let path = third["files"][0].as_str().unwrap();
    let file = preview.get_json(&format!("api/rules-file?path={path}"));
    assert!(file["text"].as_str().unwrap().contains("domain ="));
    for other in ["registration-hook.toml", "rules/none.toml", "rules/../rules/hook.toml"] {
        let answer = preview.get(&format!("api/rules-file?path={other}"));
        assert_eq!(answer.status, 404, "{other}");
    }
}

#[test]
fn preview_opens_each_listed_rules_file_or_says_why_it_cannot() {
    let section = "[self_service_registration]\nallow_all = true\n";
    let rule = "[[self_service_registration.rules]]\nid = 'mail'\nattribute = 'email'\n\
        domains = { file = 'lists/domains.toml' }\nmessage = 'No.'\n";
    let large = format!("{section}#{}\n", "x".repeat(1 << 20));
    let folder = rules_folder(&[
        ("rules/hook.toml", rule),
        ("rules/lists/domains.toml", "okta.com\n"),
        ("rules/..2026/mounted.toml", section),
        ("elsewhere.toml", "secret = 'pa55word'\n"),
    ]);
    let rules = folder.path().join("rules");
    // Kubernetes mounts files so.
    symlink("..2026", rules.join("..data")).unwrap();
    symlink("..data/mounted.toml", rules.join("mounted.toml")).unwrap();
    let preview = Preview::start_in(folder.path());
    fs::write(rules.join("large.toml"), &large).unwrap();
    fs::write(rules.join("latin.toml"), b"# caf\xe9\n").unwrap();
    symlink("../elsewhere.toml", rules.join("outside.toml")).unwrap();
    let mut failures = Failures::default();

    let listed = wait_for("the files", || {
        let files = preview.get_json("api/rules")["files"].as_array()?.clone();
        Some(files).filter(|files| files.len() == 5)
    });

    for (file, (name, member, part)) in listed.iter().zip([
        ("hook.toml", "text", "lists/domains.toml"),
        ("large.toml", "problem", "it is larger than 1 MiB, the limit of a rules file"),
        ("latin.toml", "problem", "this is not UTF-8; save it as UTF-8 (line 1, column 6)"),
        ("mounted.toml", "text", "allow_all"),
        ("outside.toml", "problem", "it is not in the rules folder; put the file there"),
    ]) {
        let file = file.as_str().unwrap();
        let opened = preview.get(&format!("api/rules-file?path={file}"));
        failures.check(format!("{file} is not {name}"), file.ends_with(name));
        failures.check_eq(file, opened.status, 200);
        let json: Value = serde_json::from_slice(&opened.body).unwrap_or_default();
        failures.check_contains(file, json[member].as_str().unwrap_or_default(), part);
        failures.check(format!("{file} has a secret"), !opened.text().contains("pa55word"));
    }
    failures.assert_none();
}

#[test]
fn preview_lists_a_bounded_number_of_changed_fixtures() {
    let section = "[self_service_registration]\nallow_all = true\n";
    let folder = rules_folder(&[("rules/hook.toml", section)]);
    let fixtures = folder.path().join("tests/fixtures/hook");
    fs::create_dir_all(&fixtures).unwrap();
    for number in 0..130 {
        // Without an answer, each is a problem.
        let path = fixtures.join(format!("{number}.request.json"));
        fs::write(path, registration("{}")).unwrap();
    }
    let preview = Preview::start_in(folder.path());

    let rules = wait_for("the rules", || {
        Some(preview.get_json("api/rules")).filter(|rules| !rules.is_null())
    });

    assert_eq!(rules["changed_fixtures"].as_array().unwrap().len(), 100);
    assert_eq!(rules["changed_fixture_count"], 130);
    assert_eq!(rules["unchanged_fixture_count"], 0);
}

#[test]
fn preview_opens_fixtures_of_its_list_only() {
    let preview = Preview::start();
    let cases = wait_for("the fixtures", || {
        let fixtures = preview.get_json("api/fixtures");
        fixtures.as_array().filter(|found| !found.is_empty()).cloned()
    });
    let hook = cases[0]["hook"].as_str().unwrap();
    let case = cases[0]["case"].as_str().unwrap();

    let opened = preview.get_json(&format!("api/fixture?hook={hook}&case={case}"));
    assert!(opened["request"].as_str().unwrap().contains("com.okta.user.pre-registration"));
    for (hook, case) in [(hook, "none"), ("..", case), (hook, "../registrationHookPP/guide-deny")] {
        let answer = preview.get(&format!("api/fixture?hook={hook}&case={case}"));
        assert_eq!(answer.status, 404, "{hook}/{case}");
    }
}

#[test]
fn preview_refuses_a_question_that_is_too_large() {
    let preview = Preview::start();
    let path = format!("/{}/api/decide", preview.token);

    let answer = preview.send("POST", &path, &[&preview.host(), JSON], &vec![b'x'; 1 << 20]);

    assert_eq!(answer.status, 413);
}

#[test]
fn preview_says_why_it_cannot_read_a_question() {
    let preview = Preview::start();
    let path = format!("/{}/api/decide", preview.token);
    // A page can send a lone surrogate, and no strict reader of JSON takes it.
    let question = br#"{"hook":"h","request":"{}","lookups":{},"added":["\ud800"]}"#;

    let answer = preview.send("POST", &path, &[&preview.host(), JSON], question);

    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("cannot read this page's question"), "{}", answer.text());
}

#[cfg(unix)]
#[test]
fn preview_stops_gracefully_while_a_page_is_open() {
    let mut preview = Preview::start();
    let mut open = TcpStream::connect(preview.address).unwrap();
    let request = format!(
        "GET /{}/api/feed?after=1 HTTP/1.1\r\nHost: {}\r\n\r\n",
        preview.token, preview.address
    );
    open.write_all(request.as_bytes()).unwrap();

    preview.service.signal("TERM");

    let status = preview.service.child.wait().unwrap();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn preview_names_the_flag_whose_port_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut command = program();
    command.args(["preview", "--page", &port]).envs(BASIC);
    command.env("HOOK__SERVER__BIND", "127.0.0.1:0");

    let output = command.output().unwrap();

    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--page"), "{}", text(&output.stderr));
}
