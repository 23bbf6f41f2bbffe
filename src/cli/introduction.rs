//! What the service says when it starts: where it is, and how to call it.

use std::net::{Ipv4Addr, SocketAddr};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::messages::INTRODUCTION;
use crate::{credentials::USER, okta::Flow, rule::RuleSet, server::State, settings::Auth};

/// Says where the service is, and how to call it. The only secret ever printed is the password that
/// was made for this run.
pub(super) fn say(state: &State, place: &str, address: SocketAddr, password: Option<&str>) {
    let say = |line: &str| log::info!(target: INTRODUCTION, "{line}");
    let rules = state.rules.load();
    let scheme = if state.certificate.is_some() { "https" } else { "http" };
    say(&format!(
        "registration-hook {} listens on {scheme}://{address} with {place}, revision {}",
        env!("CARGO_PKG_VERSION"),
        rules.revision
    ));
    if let Some(address) = state.settings.metrics {
        say(&format!("metrics: http://{address}/metrics"));
    }
    let hooks: Vec<_> = rules.hooks.keys().map(|name| format!("/{name}")).collect();
    say(&format!("hooks: {}", hooks.join(" ")));
    let Some((hook, body)) = example(&rules) else {
        return;
    };
    if password.is_some() {
        say("no way in is configured; this password holds until the service stops");
    }
    say("in Okta's Admin Console, Workflow > Inline Hooks > Add Inline Hook > Registration:");
    say(&format!("  URL                    https://YOUR-PUBLIC-HOST/{hook}"));
    let (fields, credentials) = way_in(&state.credentials.load().auth, password);
    for (field, value) in fields {
        say(&format!("  {field:<21}  {value}"));
    }
    let mut reachable = address;
    if address.ip().is_unspecified() {
        reachable.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    say("try it:");
    say(&format!("  curl {credentials} --json '{body}' {scheme}://{reachable}/{hook}"));
}

/// A hook and a request to show: the first hook that judges registrations, else the first of all.
fn example(rules: &RuleSet) -> Option<(&str, &'static str)> {
    for flow in Flow::WITH_SECTION {
        for (name, hook) in &rules.hooks {
            if hook.section(flow).is_some() {
                return Some((name, flow.spec().example));
            }
        }
    }
    None
}

/// How to get in: the fields of Okta's console, and curl's arguments.
fn way_in(auth: &Auth, password: Option<&str>) -> (Vec<(&'static str, String)>, String) {
    let header = |field: &str, secret: String| {
        vec![("Authentication field", field.to_owned()), ("Authentication secret", secret)]
    };
    if let Some(password) = password {
        let pair = format!("{USER}:{password}");
        let secret = format!("Basic {}", STANDARD.encode(&pair));
        (header("authorization", secret), format!("-u {pair}"))
    } else if let Some(basic) = &auth.basic {
        let secret = format!("Basic BASE64-OF-{}:PASSWORD", basic.username);
        let pair = format!("{}:$HOOK_PASSWORD", in_double_quotes(&basic.username));
        (header("authorization", secret), format!(r#"-u "{pair}""#))
    } else if let Some(with_secret) = &auth.header {
        let name = &with_secret.name;
        let line = format!("{}: $HOOK_PASSWORD", in_double_quotes(name));
        (header(name, "YOUR-SECRET".to_owned()), format!(r#"-H "{line}""#))
    } else {
        let fields = auth.oauth.iter().flat_map(|oauth| {
            [
                ("Authentication method", "OAuth 2.0".to_owned()),
                ("Client ID", oauth.client_ids.join(" or ")),
                // Where Okta's own authorization servers have it.
                ("Token URL", format!("{}/v1/token", oauth.issuer.trim_end_matches('/'))),
                ("Scope", oauth.scope.clone()),
            ]
        });
        (fields.collect(), r#"-H "Authorization: Bearer $HOOK_TOKEN""#.to_owned())
    }
}

/// What a shell takes for this text within double quotes.
fn in_double_quotes(text: &str) -> String {
    ['\\', '"', '$', '`']
        .iter()
        .fold(text.to_owned(), |text, special| text.replace(*special, &format!("\\{special}")))
}
