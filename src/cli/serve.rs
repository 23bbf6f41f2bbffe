//! `serve`: runs the service.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicBool},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::rand::{SecureRandom as _, SystemRandom};

use super::{
    Common, Exit, Failure, Rules,
    messages::{self, INTRODUCTION},
    rules,
};
use crate::{
    auth::{Authenticator, Bearer, Issuer, token::Expected},
    decision_log::DecisionLog,
    problem::Problem,
    rule::RuleSet,
    server::{self, State, Stopped, Warnings},
    settings::{Auth, OAuth, Secret, Settings},
};

/// The user of the password that is made where no way in is configured.
const USER: &str = "admin";

pub(super) fn run(common: &Common) -> Result<Exit, Failure> {
    let (settings, mut problems) = common.settings(true)?;
    problems.extend(settings.unguarded());
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let Rules { place, set } = rules(&settings);
    let rules = set?;
    let _messages = messages::start(settings.log.level)?;
    let address = settings.server.bind;
    let listener = server::bind(address).map_err(|error| {
        Failure::new(format!(
            "server.bind: cannot listen on `{address}`: {error}; choose another, as with HOOK__SERVER__BIND=127.0.0.1:8081"
        ))
    })?;
    let log = DecisionLog::start(&settings.log)
        .map_err(|error| Failure::new(format!("log.decisions: cannot open the file: {error}")))?;
    let password = match settings.auth.is_configured() {
        true => None,
        false => Some(make_password()?),
    };
    let authenticator = authenticator(&settings.auth, password.as_deref())?;
    let introduction =
        introduction(&settings, &rules, &place, listener.local_addr()?, password.as_deref());
    let state = Arc::new(State {
        rules,
        authenticator,
        body_limit: settings.server.body_limit,
        request_timeout: settings.server.request_timeout,
        draining: AtomicBool::new(false),
        warnings: Warnings::default(),
    });
    let served = server::run(listener, &state, &settings.server, log.as_ref(), || {
        for line in introduction {
            log::info!(target: INTRODUCTION, "{line}");
        }
    });
    if let Some(log) = log {
        log.finish();
    }
    Ok(match served? {
        Stopped::Gracefully => Exit::Good,
        Stopped::AtOnce => Exit::Interrupted,
    })
}

/// 128 random bits.
fn make_password() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| {
        Failure::new("no random password can be made here; set `auth.basic.username` and `auth.basic.password`")
    })?;
    let mut password = String::new();
    for byte in bytes {
        let _ = write!(password, "{byte:02x}");
    }
    Ok(password)
}

fn authenticator(auth: &Auth, password: Option<&str>) -> Result<Authenticator, Failure> {
    let mut authenticator = Authenticator::default();
    if let Some(basic) = &auth.basic {
        let passwords = basic.passwords.iter().map(Secret::expose);
        authenticator = authenticator.with_basic(&basic.username, passwords);
    }
    if let Some(header) = &auth.header {
        let secrets = header.secrets.iter().map(Secret::expose);
        authenticator = authenticator.with_header(&header.name, secrets);
    }
    if let Some(password) = password {
        authenticator = authenticator.with_basic(USER, [password]);
    }
    if let Some(oauth) = &auth.oauth {
        authenticator = authenticator.with_bearer(bearer(oauth)?);
    }
    Ok(authenticator)
}

pub(super) fn issuer(oauth: &OAuth) -> Result<Issuer, Problem> {
    Issuer::new(oauth.issuer.clone(), oauth.jwks_uri.clone(), oauth.ca_file.as_ref())
        .map_err(|why| Problem::named("auth.oauth.ca_file", why))
}

fn bearer(oauth: &OAuth) -> Result<Bearer, Failure> {
    let expected = Expected {
        issuer: oauth.issuer.clone(),
        audience: oauth.audience.clone(),
        clients: oauth.client_ids.clone(),
        scope: oauth.scope.clone(),
        leeway: oauth.leeway,
    };
    Ok(Bearer::new(issuer(oauth).map_err(|problem| vec![problem])?, expected, oauth.max_stale)?)
}

/// What the service says when it starts: where it is, and how to call it. The only secret ever
/// printed is the password that was made for this run.
fn introduction(
    settings: &Settings,
    rules: &RuleSet,
    place: &str,
    address: SocketAddr,
    password: Option<&str>,
) -> Vec<String> {
    let mut reachable = address;
    if address.ip().is_unspecified() {
        reachable.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let mut lines = vec![format!(
        "registration-hook {} listens on http://{address} with {place}, revision {}",
        env!("CARGO_PKG_VERSION"),
        rules.revision
    )];
    let hooks: Vec<_> = rules.hooks.keys().map(|name| format!("/{name}")).collect();
    lines.push(format!("hooks: {}", hooks.join(" ")));
    let Some(call) = Call::example(rules) else {
        return lines;
    };
    let way_in = WayIn::new(&settings.auth, password);
    if password.is_some() {
        lines.push(
            "no way in is configured; this password holds until the service stops".to_owned(),
        );
    }
    lines.extend([
        "in Okta's Admin Console, Workflow > Inline Hooks > Add Inline Hook > Registration:"
            .to_owned(),
        format!("  URL                    https://YOUR-PUBLIC-HOST/{}", call.hook),
    ]);
    lines.extend(way_in.fields.iter().map(|(field, value)| format!("  {field:<21}  {value}")));
    lines.push("try it:".to_owned());
    let (curl, body, hook) = (way_in.curl, call.body, call.hook);
    lines.push(format!("  curl {curl} --json '{body}' http://{reachable}/{hook}"));
    lines
}

/// A request to show.
struct Call<'r> {
    hook: &'r str,
    body: &'static str,
}

impl<'r> Call<'r> {
    /// For the guide's first hook if it is there, else for the first that judges registrations,
    /// else for any.
    fn example(rules: &'r RuleSet) -> Option<Self> {
        const REGISTRATION: &str = r#"{"eventType":"com.okta.user.pre-registration","requestType":"self.service.registration","data":{"userProfile":{"firstName":"Rosario","lastName":"Jones","login":"rosario.jones@okta.com","email":"rosario.jones@okta.com"}}}"#;
        const PROGRESSIVE: &str = r#"{"eventType":"com.okta.user.pre-registration","requestType":"progressive.profile","data":{"userProfileUpdate":{"employeeNumber":"1234"}}}"#;
        let hooks = &rules.hooks;
        let (hook, rules) = hooks
            .get_key_value("registrationHookSSR")
            .or_else(|| hooks.iter().find(|(_, hook)| hook.registration.is_some()))
            .or_else(|| hooks.first_key_value())?;
        let body = match rules.registration {
            Some(_) => REGISTRATION,
            None => PROGRESSIVE,
        };
        Some(Self { hook, body })
    }
}

/// A way in, as Okta's console and curl want to hear of it.
struct WayIn {
    fields: Vec<(&'static str, String)>,
    curl: String,
}

impl WayIn {
    fn new(auth: &Auth, password: Option<&str>) -> Self {
        let header = |field: &str, secret: String| {
            vec![("Authentication field", field.to_owned()), ("Authentication secret", secret)]
        };
        if let Some(password) = password {
            let secret = format!("Basic {}", STANDARD.encode(format!("{USER}:{password}")));
            return Self {
                fields: header("authorization", secret),
                curl: format!("-u {USER}:{password}"),
            };
        }
        if let Some(basic) = &auth.basic {
            return Self {
                fields: header(
                    "authorization",
                    format!("Basic BASE64-OF-{}:PASSWORD", basic.username),
                ),
                curl: format!(r#"-u "{}:$HOOK_PASSWORD""#, in_double_quotes(&basic.username)),
            };
        }
        if let Some(with_secret) = &auth.header {
            return Self {
                fields: header(&with_secret.name, "YOUR-SECRET".to_owned()),
                curl: format!(r#"-H "{}: $HOOK_PASSWORD""#, in_double_quotes(&with_secret.name)),
            };
        }
        let oauth = auth.oauth.iter().flat_map(|oauth| {
            [
                ("Authentication method", "OAuth 2.0".to_owned()),
                ("Client ID", oauth.client_ids.join(" or ")),
                // Where Okta's own authorization servers have it.
                ("Token URL", format!("{}/v1/token", oauth.issuer.trim_end_matches('/'))),
                ("Scope", oauth.scope.clone()),
            ]
        });
        Self {
            fields: oauth.collect(),
            curl: r#"-H "Authorization: Bearer $HOOK_TOKEN""#.to_owned(),
        }
    }
}

/// What a shell needs within double quotes.
fn in_double_quotes(text: &str) -> String {
    let mut quoted = String::new();
    for letter in text.chars() {
        if matches!(letter, '\\' | '"' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted
}
