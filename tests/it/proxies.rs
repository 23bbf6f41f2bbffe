//! Proxies of outgoing HTTP: which URL takes which proxy, and how keys and lookups are asked for through a proxy.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use registration_hook::proxies::Proxies;
use rustls::{ServerConnection, StreamOwned};
use serde_json::json;

use crate::{
    issuer::{AUDIENCE, Behaviour, CLIENT, Issuer, SCOPE},
    lookups::rule,
    settings::{good, problems},
    support::{
        Failures, JSON, Service, registration, repository, request, rules_folder, wait_until,
    },
    tls::server_config,
};

/// `user:Pa55word`, without the padding.
const PASSWORD_IN_BASE64: &str = "dXNlcjpQYTU1d29yZA";
const SOURCE: &str = "[sources.members]\nurl = 'https://members.example'\n";

fn proxies(variables: &[(&str, &str)]) -> Proxies {
    good(SOURCE, variables).proxies
}

/// The proxy for a URL as `HOST:PORT`, or `-`.
fn proxy_for(proxies: &Proxies, url: &str) -> String {
    match proxies.for_url(&url.parse().unwrap()) {
        Some(proxy) => format!("{}:{}", proxy.host(), proxy.port()),
        None => "-".to_owned(),
    }
}

#[test]
fn the_scheme_of_a_url_decides_which_variable_counts() {
    let lower = ("https_proxy", "http://lower:1");
    let upper = ("HTTPS_PROXY", "http://upper:1");
    let mut failures = Failures::default();

    for (variables, url, proxy) in [
        (vec![], "https://a.example", "-"),
        (vec![lower], "https://a.example", "lower:1"),
        (vec![upper], "https://a.example:8443/x", "upper:1"),
        (vec![upper, lower], "https://a.example", "lower:1"),
        (vec![("https_proxy", ""), upper], "https://a.example", "upper:1"),
        (vec![lower], "http://a.example", "-"),
        (vec![("http_proxy", "http://plain:1")], "http://a.example", "plain:1"),
        (vec![("http_proxy", "http://plain:1")], "https://a.example", "-"),
        (vec![("HTTP_PROXY", "http://plain:1")], "http://a.example", "-"),
        (vec![("https_proxy", "bare:3128")], "https://a.example", "bare:3128"),
        (vec![("https_proxy", "user:Pa55word@bare:3128")], "https://a.example", "bare:3128"),
        (vec![("https_proxy", "https://u:p%40ss@tls:3128/")], "https://a.example", "tls:3128"),
        (vec![("https_proxy", "http://[::1]:3128")], "https://a.example", "[::1]:3128"),
        (vec![lower], "https://localhost:8443", "-"),
        (vec![lower], "https://127.0.0.1", "-"),
        (vec![lower], "https://127.1", "-"),
        (vec![lower], "https://[::1]:8443", "-"),
        (vec![lower], "https://localhost.example", "lower:1"),
        (vec![lower, ("no_proxy", "a.example")], "https://a.example", "-"),
        (vec![lower, ("NO_PROXY", "a.example")], "https://a.example", "-"),
        (
            vec![lower, ("NO_PROXY", "a.example"), ("no_proxy", "b.example")],
            "https://a.example",
            "lower:1",
        ),
    ] {
        let row = format!("{variables:?} {url}");
        failures.check_eq(row, proxy_for(&proxies(&variables), url), proxy);
    }

    failures.assert_none();
}

#[test]
fn no_proxy_lists_hosts_as_curl_reads_them() {
    let mut failures = Failures::default();

    for (list, url, is_listed) in [
        ("*", "https://a.example", true),
        ("*", "https://192.0.2.1", true),
        ("x.example,*", "https://a.example", false),
        ("a.example", "https://a.example", true),
        ("a.example", "https://A.EXAMPLE:8443/x", true),
        ("A.Example", "https://a.example", true),
        ("a.example", "https://www.a.example", true),
        ("a.example", "https://nota.example", false),
        ("a.example", "https://example", false),
        (".a.example", "https://www.a.example", true),
        (".a.example", "https://a.example", true),
        (".a.example", "https://nota.example", false),
        ("a.example.", "https://a.example", true),
        ("a.example", "https://a.example.", true),
        ("*.a.example", "https://www.a.example", false),
        ("a.example:443", "https://a.example", false),
        (".", "https://a.example", false),
        (",", "https://a.example", false),
        ("x.example, a.example ,,y.example", "https://a.example", true),
        ("192.0.2.1", "https://192.0.2.1", true),
        ("192.0.2.1", "https://192.0.2.10", false),
        ("192.0.2", "https://192.0.2.10", false),
        ("192.0.2.0/24", "https://192.0.2.10", true),
        ("192.0.2.0/24", "https://192.0.3.10", false),
        ("192.0.2.8/30", "https://192.0.2.11", true),
        ("192.0.2.8/30", "https://192.0.2.12", false),
        ("192.0.2.10/32", "https://192.0.2.10", true),
        ("192.0.2.0/33", "https://192.0.2.0", false),
        ("192.0.2.0/24", "https://a192.0.2.example", false),
        ("2001:db8::1", "https://[2001:db8::1]", true),
        ("2001:db8::/32", "https://[2001:db8:1::2]", true),
        ("2001:db8::/32", "https://[2001:db9::2]", false),
        ("2001:db8::1/128", "https://[2001:db8::1]", true),
        ("2001:db8::1/128", "https://[2001:db8::2]", false),
        ("192.0.2.0/24", "https://[2001:db8::1]", false),
    ] {
        let proxies = proxies(&[("https_proxy", "http://proxy:1"), ("no_proxy", list)]);
        let expected = if is_listed { "-" } else { "proxy:1" };

        failures.check_eq(format!("{list}: {url}"), proxy_for(&proxies, url), expected);
    }

    failures.assert_none();
}

#[test]
fn an_invalid_proxy_is_reported_by_the_variable_without_its_value() {
    let mut failures = Failures::default();

    for name in ["http_proxy", "https_proxy", "HTTPS_PROXY"] {
        for value in [
            "http://u:Pa55word@proxy",
            "u:Pa55word@proxy",
            "proxy",
            "http://proxy:",
            "http://proxy:99999",
            "http://:3128",
            "socks5://u:Pa55word@proxy:1080",
            "ftp://proxy:21",
            "http://u:Pa55word@pro xy:3128",
            "://",
        ] {
            failures.check_eq(
                value,
                problems(SOURCE, &[(name, value)]),
                [format!("{name}: expected `http://HOST:PORT` or `https://HOST:PORT`")],
            );
            let unused = problems("", &[(name, value)]);
            failures.check(format!("{name} is not used: {unused:?}"), unused.is_empty());
        }
    }
    let proxies = proxies(&[("https_proxy", "http://user:Pa55word@proxy:3128")]);
    failures.check(format!("{proxies:?}"), !format!("{proxies:?}").contains("Pa55"));

    failures.assert_none();
}

/// A proxy that leads every CONNECT to one address.
struct ConnectProxy {
    address: SocketAddr,
    /// The heads of all requests.
    heads: Arc<Mutex<Vec<String>>>,
}

impl ConnectProxy {
    fn start(target: SocketAddr, status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let collected = heads.clone();
        thread::spawn(move || {
            for mut client in listener.incoming().map_while(Result::ok) {
                let head = read_head(&mut client);
                collected.lock().unwrap().push(head);
                let _ = write!(client, "HTTP/1.1 {status}\r\n\r\n");
                if status.starts_with("200") {
                    thread::spawn(move || {
                        connect_both(client, TcpStream::connect(target).unwrap())
                    });
                }
            }
        });
        Self { address, heads }
    }
}

/// Reads the head of a request, one byte at a time, so that nothing after it is lost.
fn read_head(stream: &mut impl std::io::Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// Copies the bytes of each connection to the other one, until both end.
fn connect_both(mut one: TcpStream, mut other: TcpStream) {
    let (mut one_back, mut other_back) = (one.try_clone().unwrap(), other.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut other_back, &mut one_back);
        let _ = one_back.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut one, &mut other);
    let _ = other.shutdown(Shutdown::Write);
}

/// Serves TLS as `issuer.example`, and passes each request on to this address in plain text.
fn start_tls(target: SocketAddr) -> SocketAddr {
    let config = server_config("issuer");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            let head = read_head(&mut stream);
            let mut plain = TcpStream::connect(target).unwrap();
            plain.write_all(head.as_bytes()).unwrap();
            let mut answer = Vec::new();
            plain.read_to_end(&mut answer).unwrap();
            let _ = stream.write_all(&answer);
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    address
}

/// The service with keys from `https://issuer.example`, through this proxy.
fn service_behind(proxy: &ConnectProxy) -> Service {
    let certificate = repository("tests/tls/issuer.crt");
    let address = format!("http://user:Pa55word@{}", proxy.address);
    Service::start(&[
        ("HOOK__AUTH__OAUTH__ISSUER", "https://issuer.example/oauth2/default"),
        ("HOOK__AUTH__OAUTH__JWKS_URI", "https://issuer.example/oauth2/default/v1/keys"),
        ("HOOK__AUTH__OAUTH__AUDIENCE", AUDIENCE),
        ("HOOK__AUTH__OAUTH__CLIENT_IDS", CLIENT),
        ("HOOK__AUTH__OAUTH__SCOPE", SCOPE),
        ("HOOK__AUTH__OAUTH__CA_FILE", certificate.to_str().unwrap()),
        ("HTTPS_PROXY", &address),
    ])
}

#[test]
fn keys_of_an_issuer_are_fetched_through_a_proxy() {
    let issuer = Issuer::start(Behaviour::default());
    let proxy = ConnectProxy::start(start_tls(issuer.address), "200 OK");
    let service = service_behind(&proxy);
    let token = issuer.token(&json!({"iss": "https://issuer.example/oauth2/default"}));
    let body = registration(r#"{"login":"a@okta.com","email":"a@okta.com"}"#);
    let authorization = format!("Authorization: Bearer {token}");

    let answer =
        service.send(&request("POST", "/registrationHookSSR", &[&authorization, JSON], &body));

    assert_eq!((answer.status, answer.text().contains("ALLOW")), (200, true), "{answer:?}");

    let heads = proxy.heads.lock().unwrap();
    let mut lines = BufReader::new(heads[0].as_bytes()).lines();

    assert_eq!(lines.next().unwrap().unwrap(), "CONNECT issuer.example:443 HTTP/1.1");
    assert!(heads[0].contains("Proxy-Authorization: Basic dXNlcjpQYTU1d29yZA=="), "{}", heads[0]);
    assert!(!heads[0].contains("/oauth2"), "{}", heads[0]);
}

#[test]
fn a_proxy_that_refuses_is_named_in_the_log_without_its_password() {
    let issuer = Issuer::start(Behaviour::default());
    let proxy = ConnectProxy::start(issuer.address, "407 Proxy Authentication Required");

    let service = service_behind(&proxy);
    let log = service.wait_for_log("proxy server responded 407");

    assert!(log.contains("cannot fetch"), "{log}");
    assert!(!log.contains("Pa55word") && !log.contains(PASSWORD_IN_BASE64), "{log}");
    wait_until("the proxy to be asked", || !proxy.heads.lock().unwrap().is_empty());
}

/// The failure of a lookup in `https://members.example`, as the log has it.
fn lookup_failure_behind(proxy: &str) -> String {
    let lookup = "[self_service_registration.lookups.m]\nsource = 'members'\nget = '/{login}'\n";
    let folder = rules_folder(&[("h.toml", &format!("{lookup}{}", rule("r", "lookup = 'm'")))]);
    let service = Service::start(&[
        ("HOOK__AUTH__BASIC__USERNAME", "u"),
        ("HOOK__AUTH__BASIC__PASSWORD", "long-enough-for-a-test"),
        ("HOOK__SOURCES__MEMBERS__URL", "https://members.example"),
        ("HOOK__RULES__DIRECTORY", folder.path().to_str().unwrap()),
        ("HTTPS_PROXY", &format!("http://user:Pa55word@{proxy}")),
    ]);
    let credentials = "Authorization: Basic dTpsb25nLWVub3VnaC1mb3ItYS10ZXN0";
    let body = registration(r#"{"login":"a"}"#);

    let answer = service.send(&request("POST", "/h", &[credentials, JSON], &body));

    assert_eq!(answer.status, 200, "{answer:?}");
    let log = service.wait_for_log("the lookup `m` failed: ");
    assert!(!log.contains("Pa55word") && !log.contains(PASSWORD_IN_BASE64), "{log}");
    log.split("the lookup `m` failed: ").nth(1).unwrap().lines().next().unwrap().to_owned()
}

#[test]
fn a_lookup_names_the_proxy_that_fails_without_its_password() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refusing = ConnectProxy::start(unused, "407 Proxy Authentication Required").address;
    let end = "; `https_proxy` names it, and `no_proxy` the hosts that need none";
    let mut failures = Failures::default();

    for (proxy, fault) in [
        (unused.to_string(), "is not running: nothing listens at its address"),
        (refusing.to_string(), "refuses to connect to the source; does it ask for a password?"),
    ] {
        let found = lookup_failure_behind(&proxy);
        failures.check_eq(fault, found, format!("the proxy `{proxy}` {fault}{end}"));
    }

    failures.assert_none();
}
