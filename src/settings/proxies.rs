//! The variables that name proxies, as curl reads them.

use super::{Layers, Settings, SourceSettings};
use crate::{
    problem::{Problem, Problems},
    proxies::{Proxies, parse_proxy},
};

/// Whether the service sends HTTP requests. Otherwise an invalid variable would only be in the way.
pub(super) fn are_used(settings: &Settings) -> bool {
    let mut sources = settings.sources.values();
    settings.auth.oauth.is_some() || sources.any(|source| matches!(source, SourceSettings::Http(_)))
}

/// Reads the proxies for a subcommand that calls a hook.
pub(crate) fn read_proxies_of(environment: &[(String, Vec<u8>)]) -> Result<Proxies, Problems> {
    let layers = Layers { environment: environment.to_vec(), ..Layers::default() };
    let mut problems = Problems::default();
    let proxies = read_proxies(&layers, &mut problems);
    if problems.is_empty() { Ok(proxies) } else { Err(problems) }
}

/// Reads the proxies from the environment. The name in lower case wins, and an empty variable counts as
/// absent. `HTTP_PROXY` is not read: a CGI server would take it from a request's header `Proxy`.
pub(super) fn read_proxies(layers: &Layers, problems: &mut Problems) -> Proxies {
    let mut proxies = Proxies::default();
    for (names, proxy) in [
        (&["http_proxy"][..], &mut proxies.http),
        (&["https_proxy", "HTTPS_PROXY"], &mut proxies.https),
    ] {
        let Some((name, url)) = first_variable(layers, names) else {
            continue;
        };
        match parse_proxy(&url) {
            Ok(url) => *proxy = Some(url),
            Err(why) => problems.push(Problem::named(name, why)),
        }
    }
    if let Some((_, list)) = first_variable(layers, &["no_proxy", "NO_PROXY"]) {
        proxies.no_proxy = list;
    }
    proxies
}

/// Returns the name and value of the first variable that is set and not empty.
fn first_variable(layers: &Layers, names: &[&'static str]) -> Option<(&'static str, String)> {
    for name in names {
        if let Some(value) = layers.variable(name)
            && !value.is_empty()
        {
            return Some((name, value));
        }
    }
    None
}
