//! An authorization server for tests. Its behaviour can be set, and it counts requests for its keys.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
use serde_json::{Value, json};

use crate::support::repository;

pub const AUDIENCE: &str = "api://registration-hook";
pub const CLIENT: &str = "0oahookclient";
pub const SCOPE: &str = "registration.hook.invoke";

/// Settings of the issuer's answers.
#[derive(Clone)]
pub struct Behaviour {
    /// The status of the answer with the keys.
    pub status: u16,
    /// The body of the answer with the keys.
    pub keys: Vec<u8>,
    /// Further header lines of each answer.
    pub headers: String,
    /// The wait before each answer.
    pub delay: Duration,
    /// Accepts connections and does not answer.
    pub silent: bool,
    /// Offers to keep the connection open, and closes it this long after the answer.
    pub close_after: Option<Duration>,
    /// The issuer in its metadata, if it is to differ from the real one.
    pub name: Option<String>,
    /// Serves its metadata at `oauth-authorization-server` instead of `openid-configuration`.
    pub rfc8414: bool,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            status: 200,
            keys: key_set(&["k1"]),
            headers: String::new(),
            delay: Duration::ZERO,
            silent: false,
            close_after: None,
            name: None,
            rfc8414: false,
        }
    }
}

pub struct Issuer {
    pub address: SocketAddr,
    /// The number of requests for its keys.
    pub fetches: Arc<AtomicUsize>,
    behaviour: Arc<Mutex<Behaviour>>,
}

impl Issuer {
    pub fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        Self::serve(listener, address, behaviour)
    }

    fn serve(listener: TcpListener, address: SocketAddr, behaviour: Behaviour) -> Self {
        let issuer =
            Self { address, fetches: Arc::default(), behaviour: Arc::new(Mutex::new(behaviour)) };
        let (fetches, behaviour) = (issuer.fetches.clone(), issuer.behaviour.clone());
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (fetches, behaviour) = (fetches.clone(), behaviour.clone());
                thread::spawn(move || answer(stream, address, &fetches, &behaviour));
            }
        });
        issuer
    }

    /// An address without a listener, and a function that starts the issuer there.
    pub fn later() -> (SocketAddr, impl FnOnce(Behaviour) -> Self) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        (address, move |behaviour| {
            Self::serve(TcpListener::bind(address).unwrap(), address, behaviour)
        })
    }

    pub fn change(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.behaviour.lock().unwrap());
    }

    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    /// A valid token of this issuer, except for these changes of its claims. Null removes a claim.
    pub fn token(&self, changes: &Value) -> String {
        let mut claims = claims(&name(self.address));
        merge(&mut claims, changes);
        sign("k1", &json!({"alg": "RS256", "kid": "k1"}), &claims)
    }
}

/// The issuer's name at this address.
pub fn name(address: SocketAddr) -> String {
    format!("http://{address}/oauth2/default")
}

/// Settings that accept this issuer's tokens.
pub fn settings(address: SocketAddr) -> Vec<(&'static str, String)> {
    vec![
        ("HOOK__AUTH__OAUTH__ISSUER", name(address)),
        ("HOOK__AUTH__OAUTH__AUDIENCE", AUDIENCE.to_owned()),
        ("HOOK__AUTH__OAUTH__CLIENT_IDS", CLIENT.to_owned()),
        ("HOOK__AUTH__OAUTH__SCOPE", SCOPE.to_owned()),
    ]
}

/// The claims of Okta's custom authorization servers.
pub fn claims(issuer: &str) -> Value {
    json!({
        "ver": 1, "jti": "AT.test", "iss": issuer, "aud": AUDIENCE, "iat": 1_767_225_600,
        "exp": 4_102_444_800_u64, "cid": CLIENT, "scp": [SCOPE], "sub": CLIENT,
    })
}

/// Sets these members of an object. Null removes a member.
pub fn merge(value: &mut Value, changes: &Value) {
    for (name, change) in changes.as_object().unwrap() {
        match change {
            Value::Null => value.as_object_mut().unwrap().remove(name),
            change => value.as_object_mut().unwrap().insert(name.clone(), change.clone()),
        };
    }
}

fn key(name: &str) -> KeyPair {
    let der = std::fs::read(repository(&format!("tests/keys/{name}.pk8"))).unwrap();
    KeyPair::from_pkcs8(&der).unwrap()
}

/// A token with this header and these claims, signed by a key of `tests/keys`.
pub fn sign(with: &str, header: &Value, claims: &Value) -> String {
    sign_text(with, &header.to_string(), &claims.to_string())
}

/// A token with this text as its header and this as its claims, signed by a key of `tests/keys`.
pub fn sign_text(with: &str, header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = key(with);
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A public key as issuers publish it.
pub fn jwk(name: &str) -> Value {
    let public = key(name);
    let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(public.public());
    json!({
        "kty": "RSA", "kid": name, "use": "sig", "alg": "RS256",
        "n": URL_SAFE_NO_PAD.encode(public.n), "e": URL_SAFE_NO_PAD.encode(public.e),
    })
}

pub fn key_set(names: &[&str]) -> Vec<u8> {
    let keys: Vec<_> = names.iter().map(|name| jwk(name)).collect();
    json!({ "keys": keys }).to_string().into_bytes()
}

fn answer(
    mut stream: TcpStream,
    address: SocketAddr,
    fetches: &AtomicUsize,
    behaviour: &Mutex<Behaviour>,
) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap();
    let behaviour = behaviour.lock().unwrap().clone();
    let metadata = || {
        let issuer = behaviour.name.clone().unwrap_or_else(|| name(address));
        let jwks_uri = format!("{}/v1/keys", name(address));
        json!({ "issuer": issuer, "jwks_uri": jwks_uri }).to_string().into_bytes()
    };
    let (status, body) = match path {
        "/oauth2/default/.well-known/oauth-authorization-server" if behaviour.rfc8414 => {
            (200, metadata())
        }
        "/oauth2/default/.well-known/openid-configuration" if !behaviour.rfc8414 => {
            (200, metadata())
        }
        "/oauth2/default/v1/keys" => {
            fetches.fetch_add(1, Ordering::SeqCst);
            (behaviour.status, behaviour.keys.clone())
        }
        _ => (404, Vec::new()),
    };
    if behaviour.silent {
        thread::sleep(Duration::from_secs(30));
        return;
    }
    thread::sleep(behaviour.delay);
    let connection = if behaviour.close_after.is_some() { "keep-alive" } else { "close" };
    let head = format!(
        "HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: {connection}\r\n{}\r\n",
        body.len(),
        behaviour.headers
    );
    // The client may have closed the connection already.
    let _ = stream.write_all(&[head.as_bytes(), &body].concat());
    thread::sleep(behaviour.close_after.unwrap_or_default());
}
