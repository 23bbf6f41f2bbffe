//! What the service says when it starts: where it is, and how to call it.

use std::net::{Ipv4Addr, SocketAddr};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::serve::USER;
use crate::{
    rule::RuleSet,
    settings::{Auth, Settings},
};

/// What to say: where the service is, and how to call it. The only secret ever
/// printed is the password that was made for this run.
pub(super) fn lines(
    settings: &Settings,
    rules: &RuleSet,
    place: &str,
    address: SocketAddr,
    password: Option<&str>,
) -> Vec<String> {
    let mut reachable = address;
    if address.ip().is_unspecified() {
        reachable.set_ip(Ipv4Addr::LOCALHOST.into());
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
