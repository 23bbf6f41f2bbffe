//! Every refusal explains itself: its decision line has a reason, and standard error the most likely cause.

use std::{collections::BTreeSet, fs, io::Write as _, net::TcpStream};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    issuer::{self, Behaviour, Issuer, claims, sign},
    operations::{metrics_address, samples},
    support::{
        AUTHORIZATION, Answer, BASIC, Failures, JSON, Service, registration, repository, request,
        wait_for, wait_until,
    },
};

const HOOK: &str = "/registrationHookSSR";
const HEADER: [(&str, &str); 2] = [
    ("HOOK__AUTH__HEADER__NAME", "x-hook-secret"),
    ("HOOK__AUTH__HEADER__SECRET", "s3cr3t-value-0123456789abcdef"),
];

/// A refused request, and what the operator learns of it.
struct Refused {
    bytes: Vec<u8>,
    status: u16,
    reason: &'static str,
    cause: &'static str,
}

fn refused(bytes: Vec<u8>, status: u16, reason: &'static str, cause: &'static str) -> Refused {
    Refused { bytes, status, reason, cause }
}

/// Sends the request to the service, and checks the decision line, the message and the answer. The
/// service must have refused no request of this kind before, since messages are throttled.
fn check(failures: &mut Failures, service: &Service, row: &Refused) {
    let Refused { bytes, status, reason, cause } = row;
    let before = service.stdout().lines().count();
    let answer = service.send(bytes);
    let shown = String::from_utf8_lossy(bytes).into_owned();
    let line = wait_for("the decision line", || {
        let line: Value = serde_json::from_str(service.stdout().lines().nth(before)?).ok()?;
        Some(line)
    });
    let start = format!("refused with {status} {reason}: ");
    let log = service.wait_for_log(&start);
    let message = log.lines().rfind(|line| line.contains(&start)).unwrap();

    failures.check_eq(&shown, answer.status, *status);
    failures.check_eq(&shown, line["status"].as_u64(), Some(u64::from(*status)));
    failures.check_eq(&shown, line["reason"].as_str(), Some(*reason));
    failures.check_contains(&shown, message, cause);
    // The answer may show its sender the cause of a bad body, but not the cause of wrong credentials or paths.
    let is_secret = matches!(status, 401 | 403 | 404);
    failures.check(&shown, !is_secret || !answer.text().contains(cause));
}

/// Checks each row with a service of its own, so that no message is throttled.
fn check_each(failures: &mut Failures, settings: &[(&str, &str)], rows: &[Refused]) {
    for row in rows {
        check(failures, &Service::start(settings), row);
    }
}

fn post(path: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    request("POST", path, headers, body.as_ref())
}

fn at(path: &str) -> Vec<u8> {
    post(path, &[AUTHORIZATION, JSON], registration("{}"))
}

fn with(header: &str) -> Vec<u8> {
    post(HOOK, &[header, JSON], registration("{}"))
}

fn basic(pair: &str) -> Vec<u8> {
    with(&format!("Authorization: Basic {}", STANDARD.encode(pair)))
}

fn with_body(body: impl AsRef<[u8]>) -> Vec<u8> {
    post(HOOK, &[AUTHORIZATION, JSON], body)
}

#[test]
fn an_unknown_path_is_shown_with_the_hook_near_it() {
    let not_found = |path: &str, cause| refused(at(path), 404, "not_found", cause);
    let long = format!("/{}", "x".repeat(300));
    let mut failures = Failures::default();

    check_each(
        &mut failures,
        &BASIC,
        &[
            not_found(
                "/registrationHookSSR/",
                "`/registrationHookSSR`: the path has a slash at its end",
            ),
            not_found("//registrationHookSSR", "two slashes together"),
            not_found(
                "/RegistrationHookssr",
                "`/registrationHookSSR`: upper and lower case differ",
            ),
            not_found(
                "/https://hooks.example.com/registrationHookSSR",
                "the nearest path is `/registrationHookSSR`: the path has a whole URL in it; correct the URL \
                 in Okta or in the proxy",
            ),
            not_found("/registrationHookSSR%20", "white space at its end"),
            not_found(
                "/okta/registrationHookSSR?token=abc",
                "the path `/okta/registrationHookSSR`; the nearest path is `/registrationHookSSR`: the path \
                 begins with `/okta`; set `server.path_prefix` to it, or have the proxy strip it",
            ),
            not_found(
                "/Okta//registrationhookssr/",
                "a slash at its end, and the path has two slashes together, and upper and lower",
            ),
            not_found("/okta/healthz", "the nearest path is `/healthz`"),
            not_found("/registrationHookSSR.toml", "the path has the ending `.toml`"),
            not_found("/registrationHookSSR/execute", "the path goes on with `/execute`"),
            not_found("/registrationHookSSR/1/2/3/4", "/1/2/3/4`; known are"),
            not_found("/registrationHookSR", "did you mean `registrationHookSSR`?"),
            not_found("/metrics", "`/metrics` is at the address of `metrics.bind`"),
            not_found("/", "known are `registrationHookPP`"),
            not_found("/%0d%0aforged", "the path `/%0d%0aforged`"),
            not_found(&long, "xxxx…`"),
        ],
    );
    let prefix = [&BASIC[..], &[("HOOK__SERVER__PATH_PREFIX", "okta/hooks/")]].concat();
    check_each(
        &mut failures,
        &prefix,
        &[
            not_found(
                HOOK,
                "the nearest path is `/okta/hooks/registrationHookSSR`: the path lacks `/okta/hooks`",
            ),
            not_found(
                "/okta/registrationHookSSR",
                "begins with `/okta`, and `server.path_prefix` is",
            ),
            not_found("/okta/hooks/none", "below `server.path_prefix`, which is `/okta/hooks`"),
            not_found("/okta/hooksregistrationHookSSR", "below `server.path_prefix`"),
        ],
    );

    failures.assert_none();
}

#[test]
fn hooks_and_probes_are_below_the_path_prefix() {
    let service = Service::start(&[&BASIC[..], &[("HOOK__SERVER__PATH_PREFIX", "/okta")]].concat());
    let body = registration(r#"{"login":"a@okta.com","email":"a@okta.com"}"#);
    let mut failures = Failures::default();

    for (path, status) in [("/okta/healthz", 200), ("/okta/readyz", 200), ("/healthz", 404)] {
        failures.check_eq(path, service.send(&request("GET", path, &[], b"")).status, status);
    }
    failures.check_eq("hook", service.post("/okta/registrationHookSSR", &body).status, 200);
    let log = service.stderr();
    failures.check_contains("console", &log, "https://YOUR-PUBLIC-HOST/okta/registrationHook");
    failures.check_contains("hooks", &log, " /okta/registrationHookSSR");
    failures.check_contains("curl", &log, &format!("http://{}/okta/registration", service.address));

    failures.assert_none();
}

#[test]
fn wrong_basic_credentials_are_diagnosed() {
    let wrong = |bytes, cause| refused(bytes, 401, "credentials_wrong", cause);
    let mut failures = Failures::default();

    check_each(
        &mut failures,
        &BASIC,
        &[
            refused(
                post(HOOK, &[JSON], "{}"),
                401,
                "credentials_missing",
                "there is no header `authorization`",
            ),
            refused(
                with("X-Authorization: Basic YWRtaW46c3VwZXJzZWNyZXQ="),
                401,
                "credentials_missing",
                "came in the header `x-authorization` instead of `authorization`",
            ),
            refused(
                with("Authorization: YWRtaW46c3VwZXJzZWNyZXQ="),
                401,
                "scheme_missing",
                "has to begin with `Basic` and a space; it is right otherwise",
            ),
            refused(
                with("Authorization: admin:supersecret"),
                401,
                "scheme_missing",
                "is a user name and password that are not encoded; write `Basic`, a space, and the \
                 output of `printf %s 'USER:PASSWORD' | base64 | tr -d '\\n'`; the user name and the \
                 password are right",
            ),
            refused(
                with("Authorization: admin:correct horse"),
                401,
                "scheme_other",
                "is a user name and password that are not encoded",
            ),
            refused(
                with("Authorization: \"Basic admin:supersecret\""),
                401,
                "scheme_other",
                "is in quotes; remove them in Okta; it is not encoded, either",
            ),
            wrong(
                with("Authorization: Basic Basic YWRtaW46c3VwZXJzZWNyZXQ="),
                "has `Basic` twice; write it once; it is right otherwise",
            ),
            refused(with("Authorization: xyz"), 401, "scheme_missing", "has no scheme"),
            refused(
                with("Authorization: Bearer abc"),
                401,
                "scheme_other",
                "has the scheme `Bearer`, and `Basic` is configured",
            ),
            refused(
                with("Authorization: correct horse"),
                401,
                "scheme_other",
                "has an unknown scheme",
            ),
            refused(
                post(HOOK, &[AUTHORIZATION, AUTHORIZATION, JSON], "{}"),
                401,
                "credentials_repeated",
                "`authorization` occurs twice",
            ),
            wrong(with("Authorization: Basic"), "no value after `Basic`"),
            wrong(with("Authorization: Basic BASE64-OF-admin:PASSWORD"), "the startup banner"),
            wrong(with("Authorization: Basic replace-this"), "the secret is the placeholder"),
            wrong(basic(&format!("admin:{}", "x".repeat(51))), "after 76 characters"),
            wrong(with("Authorization: Basic admin:supersecret"), "that are not encoded"),
            wrong(with("Authorization: Basic YWRtaW46 c3VwZXJzZWNyZXQ="), "has a space in it"),
            wrong(
                with("Authorization: Basic YWRtaW46c3VwZXJzZWNyZXQ"),
                "not Base64 with its padding",
            ),
            wrong(basic("admin:supersecret\n"), "has a line break at its end, as `echo` adds it"),
            wrong(basic("admin:supersecret\r\n"), "has a line break at its end, as `echo` adds it"),
            wrong(basic("adminsupersecret"), "has no colon"),
            wrong(basic("admin:"), "is empty; was its variable set?"),
            wrong(basic("admin:PASSWORD"), "the secret is the placeholder"),
            wrong(basic("admin:$HOOK_PASSWORD"), "the secret is the placeholder"),
            wrong(
                basic("admin:\"supersecret\""),
                "the request has quotes around the right credentials",
            ),
            wrong(
                basic("'admin:supersecret'"),
                "the request has quotes around the right credentials",
            ),
            wrong(
                basic("admin: supersecret "),
                "the request has white space around the right credentials",
            ),
            wrong(
                basic("\"admin\":supersecret"),
                "the request has quotes around the right credentials",
            ),
            wrong(
                basic("“admin:supersecret”"),
                "the request has quotes around the right credentials",
            ),
            wrong(
                basic("supersecret:admin"),
                "the user name and the password are right, but exchanged",
            ),
            wrong(basic("okta:admin:supersecret"), "is itself a user name and password"),
            wrong(
                basic("admin:Basic YWRtaW46c3VwZXJzZWNyZXQ="),
                "is itself a user name and password",
            ),
            wrong(with("Authorization: Basic \"YWRtaW46c3VwZXJzZWNyZXQ=\""), "is in quotes"),
            refused(
                with("Authorization: \"Basic YWRtaW46c3VwZXJzZWNyZXQ=\""),
                401,
                "scheme_other",
                "is in quotes; remove them in Okta; it is right otherwise",
            ),
            refused(
                with("Authorization: Basic: YWRtaW46c3VwZXJzZWNyZXQ="),
                401,
                "scheme_other",
                "has a colon after the scheme; write a space in its place; it is right otherwise",
            ),
            refused(
                with("Authorization: Authorization: Basic YWRtaW46c3VwZXJzZWNyZXQ="),
                401,
                "scheme_other",
                "repeats the name of the header; begin it with the scheme; it is right otherwise",
            ),
            wrong(basic("admin:other"), "the user name is right, and the password is wrong"),
            wrong(basic("okta:supersecret"), "the user name is not the configured one"),
        ],
    );
    for (configured, cause) in [
        ("\"pa ss\"", "the settings have quotes around this secret"),
        ("'pa ss'", "the settings have quotes around this secret"),
        ("pa ss ", "the settings have white space around this secret"),
        (" pa ss", "the settings have white space around this secret"),
    ] {
        let settings = [BASIC[0], ("HOOK__AUTH__BASIC__PASSWORD", configured)];
        check_each(&mut failures, &settings, &[wrong(basic("admin:pa ss"), cause)]);
    }
    for user in ["\"admin\"", "admin "] {
        let settings = [("HOOK__AUTH__BASIC__USERNAME", user), BASIC[1]];
        let cause = "around this user name; remove them there";
        check_each(&mut failures, &settings, &[wrong(basic("admin:supersecret"), cause)]);
    }

    failures.assert_none();
}

#[test]
fn a_wrong_secret_in_a_header_is_diagnosed() {
    let wrong = |bytes, cause| refused(bytes, 401, "credentials_wrong", cause);
    let mut failures = Failures::default();

    check_each(
        &mut failures,
        &HEADER,
        &[
            refused(with("X: y"), 401, "credentials_missing", "there is no header `x-hook-secret`"),
            refused(
                with("X-Hook-Secrets: s3cr3t-value-0123456789abcdef"),
                401,
                "credentials_missing",
                "came in the header `x-hook-secrets` instead of `x-hook-secret`; correct Okta's",
            ),
            refused(
                with("Authorization: s3cr3t-value-0123456789abcdef"),
                401,
                "credentials_missing",
                "came in the header `authorization` instead of `x-hook-secret`",
            ),
            wrong(with("X-Hook-Secret:"), "the header `x-hook-secret` is empty"),
            wrong(with("X-Hook-Secret: YOUR-SECRET"), "the secret is the placeholder"),
            wrong(
                with("X-Hook-Secret: \"s3cr3t-value-0123456789abcdef\""),
                "the request has quotes around the right credentials",
            ),
            wrong(with("X-Hook-Secret: abc"), "`x-hook-secret` is not a secret of `auth.header`"),
            wrong(
                with("X-Hook-Secret: Basic s3cr3t-value-0123456789abcdef"),
                "the right secret in Base64, or after a scheme",
            ),
            wrong(
                with("X-Hook-Secret: czNjcjN0LXZhbHVlLTAxMjM0NTY3ODlhYmNkZWY="),
                "the right secret in Base64, or after a scheme",
            ),
            wrong(
                with("X-Hook-Secret: Basic czNjcjN0LXZhbHVlLTAxMjM0NTY3ODlhYmNkZWY="),
                "the right secret in Base64, or after a scheme",
            ),
            wrong(with("X-Hook-Secret: Basic abc"), "begins with `Basic`, and the whole value"),
        ],
    );
    let both = [&BASIC[..], &HEADER[..]].concat();
    let secret = "X-Hook-Secret: s3cr3t-value-0123456789abcdef";
    check_each(
        &mut failures,
        &both,
        &[
            refused(
                with("Authorization: s3cr3t-value-0123456789abcdef"),
                401,
                "scheme_missing",
                "came in the header `authorization` instead of `x-hook-secret`",
            ),
            refused(
                post(HOOK, &[secret, secret, JSON], "{}"),
                401,
                "credentials_repeated",
                "the header `x-hook-secret` occurs twice",
            ),
            refused(
                with("X: y"),
                401,
                "credentials_missing",
                "there is no header `authorization` or `x-hook-secret` with a value",
            ),
        ],
    );
    let quoted = [HEADER[0], ("HOOK__AUTH__HEADER__SECRET", "'abc'")];
    check_each(
        &mut failures,
        &quoted,
        &[wrong(with("X-Hook-Secret: abc"), "the settings have quotes around this secret")],
    );

    failures.assert_none();
}

#[test]
fn a_refused_token_names_what_differs() {
    let issuer = Issuer::start(Behaviour::default());
    let settings = issuer::settings(issuer.address);
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, &**value)).collect();
    let name = issuer::name(issuer.address);
    let bearer = |token: &str| with(&format!("Authorization: Bearer {token}"));
    let claims_of = |changes: Value| bearer(&issuer.token(&changes));
    let header_of = |header: Value| bearer(&sign("k1", &header, &claims(&name)));
    let elsewhere = claims("https://org.okta.com");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let mut failures = Failures::default();

    let rows = [
        refused(bearer("opaque"), 401, "malformed_token", "is it an opaque token?"),
        refused(bearer("a.b.c.d.e"), 401, "malformed_token", "the token is encrypted"),
        refused(bearer("a.b.c"), 401, "malformed_token", "the token's header is not Base64url"),
        refused(
            bearer("e30.e30.e30="),
            401,
            "malformed_token",
            "the token's signature is not Base64url",
        ),
        refused(bearer("e30.e30.e30"), 401, "malformed_token", "header has `alg` and `kid`"),
        refused(bearer("Bearer a.b.c"), 401, "malformed_token", "has `Bearer` twice"),
        refused(bearer("a.b"), 401, "malformed_token", "it has 2 parts instead of 3"),
        refused(header_of(json!({"alg": "HS256", "kid": "k1"})), 401, "alg_not_allowed", "`HS256`"),
        refused(
            header_of(json!({"alg": "RS256", "kid": "k1", "typ": "logout+jwt"})),
            401,
            "typ_not_allowed",
            "`logout+jwt`, which is not that of an access token",
        ),
        refused(
            header_of(json!({"alg": "RS256", "kid": "k1", "crit": ["x"]})),
            401,
            "crit_not_supported",
            "`crit` asks for an extension",
        ),
        refused(
            bearer(&sign("k2", &json!({"alg": "RS256", "kid": "other"}), &elsewhere)),
            401,
            "unknown_kid",
            "`kid`, `other`; the token's `iss` is `https://org.okta.com`, and `auth.oauth.issuer` is \
             `http://127.0.0.1",
        ),
        refused(header_of(json!({"alg": "RS256", "kid": "gone"})), 401, "unknown_kid", "`gone`"),
        refused(
            bearer(&sign("k2", &json!({"alg": "RS256", "kid": "k1"}), &claims(&name))),
            401,
            "bad_signature",
            "not made with the issuer's key `k1`",
        ),
        refused(claims_of(json!({"exp": null})), 401, "malformed_claims", "has no claim `exp`"),
        refused(
            claims_of(json!({"cid": 7})),
            401,
            "malformed_claims",
            "`cid` does not have the type that its standard defines",
        ),
        refused(
            claims_of(json!({"client_id": "x"})),
            401,
            "malformed_claims",
            "`cid` and `client_id` differ",
        ),
        refused(
            claims_of(json!({"iss": format!("{name}/")})),
            401,
            "wrong_iss",
            "/oauth2/default/`, and `auth.oauth.issuer` is `http://127.0.0.1",
        ),
        refused(
            claims_of(json!({"aud": ["api://x", "y"]})),
            401,
            "wrong_aud",
            "`aud` is `api://x`, `y`, and `auth.oauth.audience` is `api://registration-hook`",
        ),
        refused(claims_of(json!({"aud": []})), 401, "wrong_aud", "`aud` is an empty list"),
        refused(
            claims_of(json!({"exp": now - 100})),
            401,
            "expired",
            " s ago, and `auth.oauth.leeway` is 60 s",
        ),
        refused(
            claims_of(json!({"iat": now + 1000, "nbf": now + 2000})),
            401,
            "not_yet_valid",
            "the token's `nbf` is ",
        ),
        refused(
            claims_of(json!({"cid": "someone"})),
            403,
            "wrong_client",
            "the token's `cid` is not one of `auth.oauth.client_ids`",
        ),
        refused(
            claims_of(json!({"cid": null, "azp": "x"})),
            403,
            "wrong_client",
            "no claim `cid` or `client_id`, but `azp`; see `auth.oauth.client_claim`",
        ),
        refused(
            claims_of(json!({"scp": ["openid"]})),
            403,
            "insufficient_scope",
            "the token's `scp` lacks `registration.hook.invoke`",
        ),
        refused(
            claims_of(json!({"scp": null})),
            403,
            "insufficient_scope",
            "the token has no claim `scp` or `scope`",
        ),
    ];
    for row in &rows {
        let service = Service::start(&settings);
        wait_until("the keys", || service.send(&request("GET", "/readyz", &[], b"")).status == 200);
        check(&mut failures, &service, row);
    }
    // The first setting is the issuer. Nothing listens at this one.
    let down = [&settings[1..], &[("HOOK__AUTH__OAUTH__ISSUER", "http://127.0.0.1:9/x")]].concat();
    let row = refused(claims_of(json!({})), 503, "keys_unavailable", "begins with `token keys:`");
    check(&mut failures, &Service::start(&down), &row);

    failures.assert_none();
}

#[test]
fn metadata_of_another_issuer_is_logged_with_both_names() {
    let other = "https://custom.example.com/oauth2/default".to_owned();
    let issuer = Issuer::start(Behaviour { name: Some(other), ..Behaviour::default() });
    let settings = issuer::settings(issuer.address);
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, &**value)).collect();

    let log = Service::start(&settings).wait_for_log("`issuer` is `https://custom.example.com/");

    let name = issuer::name(issuer.address);
    assert!(log.contains(&format!("but `auth.oauth.issuer` is `{name}`")), "{log}");
}

#[test]
fn every_other_refusal_names_its_cause() {
    let long = format!("{HOOK}?{}", "x".repeat(9000));
    let large = format!("X: {}", "x".repeat(20_000));
    let mut chunked = post(HOOK, &[AUTHORIZATION, JSON], "");
    let end = b"Content-Length: 0\r\n\r\n".len();
    chunked.truncate(chunked.len() - end);
    chunked.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\nx\r\n");
    let utf16: Vec<u8> = "{\"a\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let settings = [&BASIC[..], &[("HOOK__SERVER__REQUEST_TIMEOUT", "300ms")]].concat();
    let cut = with_body(registration("{}"));
    let mut failures = Failures::default();

    check_each(
        &mut failures,
        &settings,
        &[
            refused(b"nonsense\r\n\r\n".to_vec(), 400, "not_http", "not an HTTP/1.1 request"),
            refused(
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
                400,
                "not_http",
                "the client speaks HTTP/2, and the service HTTP/1.1",
            ),
            refused(
                b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\n\r\n".to_vec(),
                400,
                "not_http",
                "the PROXY protocol precedes the request",
            ),
            refused(
                b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n".to_vec(),
                400,
                "not_http",
                "the header `host` is not the name of a host",
            ),
            refused(
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc".to_vec(),
                400,
                "tls_on_plain_http",
                "the client speaks TLS, and the service plain HTTP; set `server.tls.certificate`",
            ),
            refused(at(&long), 414, "uri_too_long", "8 KiB"),
            refused(with(&large), 431, "headers_too_large", "16 KiB"),
            refused(
                request("GET", HOOK, &[AUTHORIZATION], b""),
                405,
                "method_not_allowed",
                "the method is GET, and this path takes POST",
            ),
            refused(
                post(HOOK, &[AUTHORIZATION], "{}"),
                415,
                "media_type",
                "there is no `content-type`",
            ),
            refused(
                post(HOOK, &[AUTHORIZATION, "Content-Type: text/plain"], "{}"),
                415,
                "media_type",
                "there is `content-type: text/plain`; send `content-type: application/json`",
            ),
            refused(
                post(HOOK, &[AUTHORIZATION, JSON, "Content-Encoding: gzip"], "{}"),
                415,
                "content_encoding",
                "there is `content-encoding: gzip`",
            ),
            refused(
                with_body(vec![b' '; 300_000]),
                413,
                "body_too_large",
                "the body has 300000 bytes, and `server.body_limit` is 262144",
            ),
            refused(
                cut[..cut.len() - 5].to_vec(),
                408,
                "body_too_slow",
                "not complete within `server.request_timeout`, 300 ms",
            ),
            refused(chunked, 400, "body_incomplete", "or sent invalid chunks"),
            refused(
                with_body(b"\xef\xbb\xbf{}"),
                400,
                "json_encoding",
                "begins with a byte order mark at line 1, column 1",
            ),
            refused(with_body(&utf16), 400, "json_encoding", "is UTF-16 at line 1, column 1"),
            refused(with_body(b"{\n  \"a\": \xff}"), 400, "json_encoding", "at line 2, column 8"),
            refused(with_body("{\n\"a\":1,}"), 400, "json_syntax", "at line 2, column 7"),
            refused(
                with_body("{\n\"a\":1,\n\"a\":2}"),
                400,
                "json_syntax",
                "since a name occurs twice in an object, at line 3, column 1",
            ),
            refused(with_body("[1e999]"), 400, "json_syntax", "since a number is beyond"),
            refused(
                with_body(r#"["\ud800"]"#),
                400,
                "json_syntax",
                "since it has a lone surrogate",
            ),
            refused(with_body(""), 400, "json_syntax", "since it is empty"),
            refused(with_body("{\"a\":"), 400, "json_syntax", "since it ends too early"),
            refused(with_body("{}"), 400, "not_hook_request", "`eventType` is missing"),
            refused(
                with_body(r#"{"eventType":1}"#),
                400,
                "not_hook_request",
                "`eventType` is not that of",
            ),
            refused(
                with_body(r#"{"eventType":"com.okta.\n","requestType":"x","data":{}}"#),
                400,
                "not_hook_request",
                "inline hook; `eventType` is `com.okta.\\n`; `requestType` is `x`",
            ),
        ],
    );

    failures.assert_none();
}

/// Each row has bytes that break one rule of RFC 9112, and nothing else is wrong with them.
#[test]
fn bytes_that_are_not_http_name_the_rule_that_they_break() {
    let first_line = |line: &str| format!("{line}\r\nHost: a\r\n\r\n").into_bytes();
    let headers =
        |lines: &str| format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\nb").into_bytes();
    let proxy =
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01\x01\0\x02\0GET / HTTP/1.1";
    let latin_1 = b"GET /s3cr3t\xff HTTP/1.1\r\nHost: a\r\n\r\n";
    let old = b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut failures = Failures::default();

    for (bytes, cause) in [
        (proxy.to_vec(), "the PROXY protocol precedes the request"),
        (vec![b'\n'; 100], "too many empty lines"),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "the header `host` is missing"),
        (headers("Host: s3cr3t"), "the header `host` occurs more than once"),
        (
            headers("Content-Length: 1\r\nTransfer-Encoding: chunked"),
            "clear length of the body: `content-length` and `transfer-encoding` exclude each other",
        ),
        (headers("Content-Length: 1\r\nContent-Length: 1"), "more than one `content-length`"),
        (headers("Content-Length: 1\r\nContent-Length: 2"), "more than one `content-length`"),
        (headers("Content-Length: -1"), "`content-length` is not a number"),
        (headers("Content-Length: 99999999999999999999"), "`content-length` is not a number"),
        (headers("Transfer-Encoding: gzip, chunked"), "is not `chunked` alone"),
        (
            headers("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
            "more than one `transfer-encoding`",
        ),
        (old.to_vec(), "HTTP/1.0 has no `transfer-encoding`"),
        (headers("X: s3cr3t\r\n s3cr3t"), "line 4 of the request is not a header"),
        (headers("X: s3cr3t\r\n s3cr3t"), "it begins with white space"),
        (headers("X s3cr3t: s3cr3t"), "the name is empty, or has a space"),
        (headers("X : s3cr3t"), "white space before the colon"),
        (headers("Authorization: Basic s3cr3t\r\ns3cr3t=="), "may have a line break in its value"),
        (headers("X: s3cr3t\0"), "the value has a control character"),
        (first_line("GET /s3cr3t s3cr3t HTTP/1.1"), "the line has more than two spaces"),
        (first_line("GET /s3cr3té HTTP/1.1"), "the line has a character beyond ASCII"),
        (latin_1.to_vec(), "the line has a character beyond ASCII"),
        (first_line("GET /s3cr3t\x01 HTTP/1.1"), "the line has a control character"),
        (first_line("GET / HTTP/3.0"), "the line names another version of HTTP"),
        (first_line("GET /s3cr3t"), "the line does not end with `HTTP/1.1`"),
    ] {
        let service = Service::start(&BASIC);

        check(&mut failures, &service, &refused(bytes, 400, "not_http", cause));

        let log = service.wait_for_log("not_http");
        failures.check(cause, !log.contains("s3cr3t"));
    }

    failures.assert_none();
}

#[test]
fn a_flood_of_refusals_writes_few_messages_and_no_secret() {
    let service = Service::start(&[&BASIC[..], &HEADER[..]].concat());
    for number in 0..100 {
        service.send(&at(&format!("/{number}")));
        service.send(&with(&format!("X-Hook-Secret: secret-{number}")));
        service.send(&basic(&format!("admin:secret-{number}")));
    }

    let log = service.wait_for_log("the user name is right");

    assert!(log.matches("refused with").count() <= 6, "{log}");
    assert!(!log.contains("secret-") && !log.contains("YWRtaW4"), "{log}");

    service.signal("TERM");

    service.wait_for_log(
        "left out of the log since the last message of the kind \"refusal with `not_found`: no similar path\": 99",
    );
}

#[test]
fn a_stranger_does_not_hide_a_misspelt_hook() {
    let service = Service::start(&BASIC);

    service.send(&at("/wp-login.php"));
    service.send(&at("/registrationHookSR"));

    service.wait_for_log("did you mean `registrationHookSSR`?");

    service.send(&at("/registrationHookSSR/"));
    service.send(&at("/okta/registrationHookSSR"));

    service.wait_for_log("the path begins with `/okta`");
}

#[test]
fn the_metrics_listener_logs_the_causes_of_its_refusals() {
    let settings = [&BASIC[..], &[("HOOK__METRICS__BIND", "127.0.0.1:0")]].concat();
    let service = Service::start(&settings);
    for bytes in [request("GET", "/metric", &[], b""), b"nonsense\r\n\r\n".to_vec()] {
        let mut stream = TcpStream::connect(metrics_address(&service)).unwrap();
        stream.write_all(&bytes).unwrap();
        Answer::read(&mut stream);
    }

    service.wait_for_log("404 not_found: `metrics.bind` serves only");
    service.wait_for_log("400 not_http: this is not an HTTP/1.1 request");
}

#[test]
fn long_credentials_are_not_guessed_at() {
    let service = Service::start(&[&BASIC[..], &HEADER[..]].concat());

    service.send(&basic(&format!("admin:\"{}\"", "x".repeat(1500))));
    service.send(&with(&format!("X-Hook-Secret: {}", "x".repeat(1500))));

    service.wait_for_log("the Basic value is wrong, and longer than 1 KiB");
    service.wait_for_log("the value of `x-hook-secret` is wrong, and longer than 1 KiB");
}

/// The words in the first column of the table of reasons.
fn documented() -> BTreeSet<String> {
    let page = fs::read_to_string(repository("docs/troubleshooting.md")).unwrap();
    let mut words = BTreeSet::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("| `")
            && let Some((word, _)) = rest.split_once("` | ")
        {
            words.insert(word.to_owned());
        }
    }
    words
}

#[test]
fn the_documentation_lists_every_reason_and_no_other() {
    let settings = [&BASIC[..], &[("HOOK__METRICS__BIND", "127.0.0.1:0")]].concat();
    let service = Service::start(&settings);
    let mut counted = BTreeSet::new();
    for sample in samples(metrics_address(&service)).keys() {
        if let Some(rest) = sample.strip_prefix("registration_hook_refusals_total{reason=\"") {
            counted.insert(rest.trim_end_matches("\"}").to_owned());
        }
    }

    assert!(counted.len() > 30, "{counted:?}");
    assert_eq!(documented(), counted);
}
