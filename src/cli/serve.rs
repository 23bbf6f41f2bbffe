//! `serve`: runs the service.

use std::{fmt::Write as _, net::SocketAddr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::rand::{SecureRandom as _, SystemRandom};

use super::{Common, Exit, Failure, messages, serves_built_in};
use crate::{
    auth::Authenticator,
    decision_log::{self, DecisionLog, Sink},
    rule::RuleSet,
    server::{self, State},
    settings::{Auth, Decisions, Format, Log, Secret, Settings},
};

/// The user of the password that is made where no way in is configured.
const USER: &str = "admin";

pub(super) fn run(common: &Common) -> Result<Exit, Failure> {
    let (settings, rules) = common.load()?;
    if let Some(problem) = settings.unguarded() {
        return Err(vec![problem].into());
    }
    messages::start(settings.log.level);
    let address = settings.server.bind;
    let listener = server::bind(address).map_err(|error| {
        Failure::new(format!(
            "server.bind: cannot listen on `{address}`: {error}; choose another with HOOK__SERVER__BIND or PORT"
        ))
    })?;
    let log = start_log(&settings.log)?;
    let password = match settings.auth.is_configured() {
        true => None,
        false => Some(make_password()?),
    };
    let authenticator = authenticator(&settings.auth, password.as_deref());
    for line in introduction(&settings, &rules, listener.local_addr()?, password.as_deref()) {
        log::info!("{line}");
    }
    let state = Arc::new(State::new(
        rules,
        authenticator,
        settings.server.body_limit,
        settings.server.request_timeout,
    ));
    let served = server::run(listener, &state, &settings.server, log.as_ref());
    if let Some(log) = log {
        log.finish();
    }
    served?;
    Ok(Exit::Good)
}

fn start_log(log: &Log) -> Result<Option<Arc<DecisionLog>>, Failure> {
    let sink = match &log.decisions {
        Decisions::Off => return Ok(None),
        Decisions::Stdout => Sink::Stdout,
        Decisions::File(path) => Sink::File(path.clone()),
    };
    let format = match log.format {
        Format::Auto => decision_log::Format::for_sink(&sink),
        Format::Human => decision_log::Format::Human { colour: false },
        Format::Json => decision_log::Format::Json,
    };
    let log = DecisionLog::start(&sink, format)
        .map_err(|error| Failure::new(format!("log.decisions: cannot open the file: {error}")))?;
    Ok(Some(Arc::new(log)))
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

fn authenticator(auth: &Auth, password: Option<&str>) -> Authenticator {
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
    authenticator
}

/// What the service says when it starts: where it is, and how to call it. The only secret ever
/// printed is the password that was made for this run.
fn introduction(
    settings: &Settings,
    rules: &RuleSet,
    address: SocketAddr,
    password: Option<&str>,
) -> Vec<String> {
    let mut reachable = address;
    if address.ip().is_unspecified() {
        reachable.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let place = if serves_built_in(settings) {
        "the built-in rules".to_owned()
    } else {
        format!("the rules in `{}`", settings.rules.directory.display())
    };
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
        format!("  Authentication field   {}", way_in.field),
        format!("  Authentication secret  {}", way_in.secret),
        "try it:".to_owned(),
        format!("  curl {} --json '{}' http://{reachable}/{}", way_in.curl, call.body, call.hook),
    ]);
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
    field: String,
    secret: String,
    curl: String,
}

impl WayIn {
    fn new(auth: &Auth, password: Option<&str>) -> Self {
        match (password, &auth.basic, &auth.header) {
            (Some(password), _, _) => Self {
                field: "authorization".to_owned(),
                secret: format!("Basic {}", STANDARD.encode(format!("{USER}:{password}"))),
                curl: format!("-u {USER}:{password}"),
            },
            (None, Some(basic), _) => Self {
                field: "authorization".to_owned(),
                secret: format!("Basic BASE64-OF-{}:PASSWORD", basic.username),
                curl: format!(r#"-u "{}:$HOOK_PASSWORD""#, in_double_quotes(&basic.username)),
            },
            (None, None, Some(header)) => Self {
                field: header.name.clone(),
                secret: "YOUR-SECRET".to_owned(),
                curl: format!(r#"-H "{}: $HOOK_PASSWORD""#, in_double_quotes(&header.name)),
            },
            (None, None, None) => Self {
                field: "authorization".to_owned(),
                secret: "YOUR-SECRET".to_owned(),
                curl: String::new(),
            },
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
