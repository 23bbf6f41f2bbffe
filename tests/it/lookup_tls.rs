//! TLS to HTTP APIs.

use std::{
    io::Write as _,
    net::{SocketAddr, TcpListener},
    thread,
};

use crate::{
    api::{Api, wait_for_end},
    lookup_faults::TIMED_OUT,
    lookup_service::{REGISTRATION, ask, found, hook, service},
    support::{Failures, repository},
};

/// A server without TLS: it responds to a TLS handshake as to an invalid request.
fn server_without_tls() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            wait_for_end(&mut stream);
        }
    });
    address
}

/// A service whose source is this server.
struct Trial {
    server: SocketAddr,
    /// The certificate in `ca_file`. If empty, the service trusts the authorities of the system.
    authority: &'static str,
    host: &'static str,
    /// Why lookups fail.
    failure: Option<&'static str>,
}

#[test]
fn only_trusted_certificates_of_the_host_are_accepted() {
    let good = Api::with_tls("p256", |_, wire| found(wire));
    let of_other_host = Api::with_tls("issuer", |_, wire| found(wire));
    let of_authority = Api::with_tls("authority", |_, wire| found(wire));
    let nameless = Api::with_tls("nameless", |_, wire| found(wire));
    // The authorities of `ca_file` are the right ones. Those of `by_rsa1024` and `by_p521` have keys that are not
    // supported. `by_renewed` sends a renewed intermediate in place of the one that signed its certificate.
    let by_rsa1024 = Api::with_tls("by-rsa1024", |_, wire| found(wire));
    let by_renewed = Api::with_tls("by-renewed", |_, wire| found(wire));
    let by_p521 = Api::with_tls("by-p521", |_, wire| found(wire));
    let plain = server_without_tls();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let ca_file = |name: &str| repository(&format!("tests/tls/{name}.crt")).display().to_string();
    // This listener is dropped at once, so nothing listens at its address.
    let unused_address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let other_authority = "its certificate is not signed by a trusted authority";
    let signature = "its certificate fails a signature check: the authority that it names was renewed (set `ca_file` of the source to the certificate that signed this one, or let the server send the right intermediate), or a key is RSA below 2048 bits";
    let key =
        "its certificate depends on a key or an algorithm that is not supported, such as P-521";
    let trial = |server: SocketAddr, authority| Trial {
        server,
        authority,
        host: "127.0.0.1",
        failure: None,
    };
    let trials = [
        trial(good.address, "p256"),
        Trial { host: "localhost", ..trial(good.address, "p256") },
        Trial { failure: Some(other_authority), ..trial(good.address, "issuer") },
        Trial { failure: Some(other_authority), ..trial(good.address, "") },
        Trial { failure: Some(signature), ..trial(good.address, "p256-other-key") },
        Trial { failure: Some(signature), ..trial(good.address, "p256-rsa-key") },
        Trial { failure: Some(signature), ..trial(by_rsa1024.address, "rsa1024-authority") },
        Trial { failure: Some(signature), ..trial(by_renewed.address, "renewed-authority") },
        Trial { failure: Some(key), ..trial(by_p521.address, "p521-authority") },
        Trial {
            failure: Some("its certificate is not for the host of the `url`"),
            ..trial(of_other_host.address, "issuer")
        },
        Trial {
            failure: Some("its certificate is a CA's own, used as the server's"),
            host: "localhost",
            ..trial(of_authority.address, "authority")
        },
        Trial {
            failure: Some("its certificate has no `subjectAltName`, and its CN does not count"),
            host: "localhost",
            ..trial(nameless.address, "nameless")
        },
        Trial { failure: Some("it does not offer TLS"), ..trial(plain, "p256") },
        Trial { failure: Some(TIMED_OUT), ..trial(silent.local_addr().unwrap(), "p256") },
        Trial { failure: Some("nothing listens at its address"), ..trial(unused_address, "p256") },
        // The reason depends on the machine's resolver, so the row has only its first word.
        Trial {
            host: "no-such-host.invalid",
            failure: Some("it"),
            ..trial(unused_address, "p256")
        },
    ];
    let mut failures = Failures::default();

    for Trial { server, authority, host, failure } in trials {
        let file = ca_file(authority);
        let mut more = Vec::new();
        if failure == Some(TIMED_OUT) {
            more.push(("HOOK__LOOKUPS__TIMEOUT", "500ms"));
        }
        if !authority.is_empty() {
            more.push(("HOOK__SOURCES__MEMBERS__CA_FILE", file.as_str()));
        }
        let url = format!("https://{host}:{}", server.port());
        let service = service(&url, &[("hook.toml", &hook("get = '/'"))], &more);
        let row = format!("{url} {authority}");
        let decision = ask(&service, "hook", REGISTRATION);
        let Some(why) = failure else {
            failures.check_eq(row, decision, "level gold");
            let warned = service.stderr().contains("cannot be used now");
            failures.check("no warning of a good source", !warned);
            continue;
        };
        failures.check_eq(&row, decision, "LOOKUP_FAILED");
        let log = service.wait_for_log("the lookup `account` failed");
        failures.check_contains(&row, &log, &format!("failed: {why}"));
        // The start of the service tries the source, too.
        let log = service.wait_for_log("cannot be used now");
        let warning =
            format!("the source `members` cannot be used now, so its lookups fail: {why}");
        failures.check_contains(&row, &log, &warning);
        failures.check_eq(row, log.matches("cannot be used now").count(), 1);
    }

    failures.check_eq("good", good.asked().len(), 2);
    failures.check_eq("others", of_other_host.asked().len(), 0);
    failures.assert_none();
}

#[test]
fn tls_connections_are_used_again() {
    let api = Api::with_tls("p256", |_, wire| found(wire));
    let file = repository("tests/tls/p256.crt");
    let more = [("HOOK__SOURCES__MEMBERS__CA_FILE", file.to_str().unwrap())];
    let url = format!("https://{}", api.address);
    let service = service(&url, &[("hook.toml", &hook("get = '/'"))], &more);

    for _ in 0..3 {
        assert_eq!(ask(&service, "hook", REGISTRATION), "level gold");
    }

    assert_eq!(api.connections(), 1);
}

#[test]
fn a_changed_ca_file_is_read_again_and_an_invalid_one_changes_nothing() {
    let api = Api::with_tls("p256", |_, wire| found(wire));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.crt");
    let write = |name: &str| {
        std::fs::copy(repository(&format!("tests/tls/{name}.crt")), &file).unwrap();
    };
    write("issuer");
    let more = [
        ("HOOK__SOURCES__MEMBERS__CA_FILE", file.to_str().unwrap()),
        ("HOOK__RULES__RELOAD", "100ms"),
    ];
    let url = format!("https://{}", api.address);
    // `service` deletes the rules folder after the start. The rules stay active without it.
    let service = service(&url, &[("hook.toml", &hook("get = '/'"))], &more);
    assert_eq!(ask(&service, "hook", REGISTRATION), "LOOKUP_FAILED");

    write("p256");
    service.wait_for_log("the new settings of [sources] are active");

    assert_eq!(ask(&service, "hook", REGISTRATION), "level gold");

    std::fs::write(&file, "no certificate").unwrap();
    service.wait_for_log("no PEM certificate");
    assert_eq!(ask(&service, "hook", REGISTRATION), "level gold");

    let good = std::fs::read_to_string(repository("tests/tls/p256.crt")).unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(&file, good + broken).unwrap();
    service.wait_for_log("invalid PEM certificate");
    assert_eq!(ask(&service, "hook", REGISTRATION), "level gold");
}
