//! The startup banner: the addresses of the service, and how to call it.

use std::net::{Ipv4Addr, SocketAddr};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::messages::BANNER;
use crate::{
    credentials::GENERATED_USER,
    load::RulesSource,
    okta::Flow,
    rule::RuleSet,
    settings::{AuthSettings, OAuthSettings},
    state::LiveState,
};

/// The facts about the running service that the banner shows.
pub(super) struct Banner<'a> {
    pub(super) rules_source: RulesSource,
    /// The address of the hooks.
    pub(super) address: SocketAddr,
    /// The path that precedes each hook's name.
    pub(super) path_prefix: &'a str,
    /// The address of the metrics, if they have a listener.
    pub(super) metrics_address: Option<SocketAddr>,
    /// The password that was generated because no authentication method is configured.
    pub(super) generated_password: Option<&'a str>,
}

/// How a caller authenticates.
struct Instructions {
    /// The fields of Okta's console, with their values.
    fields: Vec<ConsoleField>,
    /// The arguments of curl with the credentials.
    credentials: String,
    /// The secret, and the shell variable that `credentials` takes it from, such as "the password of `auth.basic` in
    /// $HOOK_PASSWORD". `None` if `credentials` has the secret itself.
    secret_in_variable: Option<&'static str>,
    /// A line that says how to compute the secret in `fields`. `None` if no computing is needed.
    secret_hint: Option<String>,
}

/// A field of Okta's console.
struct ConsoleField {
    label: &'static str,
    value: String,
}

impl Banner<'_> {
    /// Logs the banner. A generated password is the only secret that is ever printed.
    pub(super) fn log(&self, live: &LiveState) {
        let rules = live.rules.load();
        let version = env!("CARGO_PKG_VERSION");
        log_line(&format!(
            "registration-hook {version} listens on {}://{} with {}, revision {}",
            scheme(live),
            self.address,
            self.rules_source,
            rules.revision
        ));
        if let Some(address) = self.metrics_address {
            log_line(&format!("metrics: http://{address}/metrics"));
        }
        let mut hooks = String::new();
        for name in rules.hooks.keys() {
            hooks += &format!(" {}/{name}", self.path_prefix);
        }
        log_line(&format!("hooks:{hooks}"));
        if let Some(example) = example_request(&rules) {
            self.log_instructions(&example, live);
        }
    }

    /// The base of the hooks' URLs for a caller on this machine.
    pub(super) fn hooks_url(&self, live: &LiveState) -> String {
        let mut address = self.address;
        // `0.0.0.0` stands for all addresses of this machine, so a caller needs one of them.
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        format!("{}://{address}{}", scheme(live), self.path_prefix)
    }

    /// The arguments of curl for a caller on this machine. They show no secret but a generated password.
    pub(super) fn curl_arguments(&self, live: &LiveState) -> String {
        let Instructions { credentials, .. } = self.instructions(&live.credentials.load().settings);
        // The certificate is for the public name, and the URL has the address of this machine. So curl must not
        // verify it.
        if live.certificate.is_some() { format!("-k {credentials}") } else { credentials }
    }

    fn instructions(&self, auth: &AuthSettings) -> Instructions {
        match self.generated_password {
            Some(password) => instructions_for_generated(password),
            None => instructions_for(auth),
        }
    }

    /// Logs how to configure Okta, and how to try the service.
    fn log_instructions(&self, example: &Example<'_>, live: &LiveState) {
        let Example { hook, body } = example;
        if self.generated_password.is_some() {
            log_line(
                "no authentication method is configured; this password is valid until the service stops",
            );
        }
        log_line(
            "in Okta's Admin Console, Workflow > Inline Hooks > Add Inline Hook > Registration:",
        );
        log_line(&format!(
            "  URL                    https://YOUR-PUBLIC-HOST{}/{hook}",
            self.path_prefix
        ));
        let Instructions { fields, secret_in_variable, secret_hint, .. } =
            self.instructions(&live.credentials.load().settings);
        for ConsoleField { label, value } in fields {
            log_line(&format!("  {label:<21}  {value}"));
        }
        if let Some(hint) = secret_hint {
            log_line(&hint);
        }
        match secret_in_variable {
            Some(secret_in_variable) => log_line(&format!("try it, with {secret_in_variable}:")),
            None => log_line("try it:"),
        }
        let (arguments, url) = (self.curl_arguments(live), self.hooks_url(live));
        log_line(&format!(
            "  curl {arguments} -H 'content-type: application/json' -d '{body}' {url}/{hook}"
        ));
    }
}

/// The scheme of the hooks' URLs.
fn scheme(live: &LiveState) -> &'static str {
    if live.certificate.is_some() { "https" } else { "http" }
}

fn log_line(line: &str) {
    log::info!(target: BANNER, "{line}");
}

/// A request to try the service with.
struct Example<'r> {
    hook: &'r str,
    body: &'static str,
}

/// Returns a registration for the first hook that has a section for registrations. If no hook has one, returns a
/// profile update for the first hook that has a section for profile updates.
fn example_request(rules: &RuleSet) -> Option<Example<'_>> {
    for flow in [Flow::SelfServiceRegistration, Flow::ProgressiveProfile] {
        for (name, hook) in &rules.hooks {
            if hook.section(flow).is_some() {
                return Some(Example { hook: name, body: flow.spec().example });
            }
        }
    }
    None
}

/// How to authenticate with the generated password.
fn instructions_for_generated(password: &str) -> Instructions {
    let pair = format!("{GENERATED_USER}:{password}");
    let secret = format!("Basic {}", STANDARD.encode(&pair));
    let fields = header_fields("authorization", secret);
    let credentials = format!("-u {pair}");
    Instructions { fields, credentials, secret_in_variable: None, secret_hint: None }
}

/// How to authenticate with the first configured method. Shows no secret.
fn instructions_for(auth: &AuthSettings) -> Instructions {
    if let Some(basic) = &auth.basic {
        let secret = format!("Basic BASE64-OF-{}:PASSWORD", basic.username);
        let pair = format!("{}:$HOOK_PASSWORD", in_double_quotes(&basic.username));
        let secret_hint = format!(
            r#"the secret is the output of: echo "Basic $(printf %s "{pair}" | base64 | tr -d '\n')""#
        );
        return Instructions {
            fields: header_fields("authorization", secret),
            credentials: format!(r#"-u "{pair}""#),
            secret_in_variable: Some("the password of `auth.basic` in $HOOK_PASSWORD"),
            secret_hint: Some(secret_hint),
        };
    }
    if let Some(header) = &auth.header {
        let line = format!("{}: $HOOK_PASSWORD", in_double_quotes(&header.name));
        return Instructions {
            fields: header_fields(&header.name, "YOUR-SECRET".to_owned()),
            credentials: format!(r#"-H "{line}""#),
            secret_in_variable: Some("the secret of `auth.header` in $HOOK_PASSWORD"),
            secret_hint: None,
        };
    }
    // The only method left is OAuth 2.0. Without any method, the instructions are those for the generated password.
    let mut fields = Vec::new();
    if let Some(oauth) = &auth.oauth {
        fields = oauth_fields(oauth);
    }
    Instructions {
        fields,
        credentials: r#"-H "Authorization: Bearer $HOOK_TOKEN""#.to_owned(),
        secret_in_variable: Some("an access token of the issuer in $HOOK_TOKEN"),
        secret_hint: None,
    }
}

fn header_fields(name: &str, secret: String) -> Vec<ConsoleField> {
    vec![
        ConsoleField { label: "Authentication field", value: name.to_owned() },
        ConsoleField { label: "Authentication secret", value: secret },
    ]
}

fn oauth_fields(oauth: &OAuthSettings) -> Vec<ConsoleField> {
    const SEE_DOCS: &str = "see docs/oauth.md";
    // Okta's authorization servers have names such as `https://example.okta.com/oauth2/default`.
    let is_okta = oauth.issuer.contains("/oauth2/");
    let (token_url, scope) = if is_okta {
        (format!("{}/v1/token", oauth.issuer.trim_end_matches('/')), oauth.scope.clone())
    } else {
        // Other issuers have other token URLs. Entra ID also expects another scope than the one in its tokens.
        (SEE_DOCS.to_owned(), format!("{}, or with Entra ID {SEE_DOCS}", oauth.scope))
    };
    vec![
        ConsoleField { label: "Authentication method", value: "OAuth 2.0".to_owned() },
        ConsoleField { label: "Client ID", value: oauth.client_ids.join(" or ") },
        ConsoleField { label: "Token URL", value: token_url },
        ConsoleField { label: "Scope", value: scope },
    ]
}

/// Escapes a text for a shell's double quotes.
fn in_double_quotes(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        if matches!(letter, '\\' | '"' | '$' | '`') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}
