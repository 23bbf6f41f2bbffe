//! The variables that name proxies, as curl reads them.

use ureq::Proxy;

use super::{Environment, Layers, Settings, SourceSettings};
use crate::{
    problem::{Problem, Problems},
    proxies::{Proxies, parse_proxy},
};

/// Whether the service sends HTTP requests. If not, an invalid variable does not matter.
pub(super) fn are_used(settings: &Settings) -> bool {
    let mut sources = settings.sources.values();
    settings.auth.oauth.is_some() || sources.any(|source| matches!(source, SourceSettings::Http(_)))
}

/// Reads the proxies for a subcommand that calls a hook.
pub(crate) fn read_proxies_from(environment: &Environment) -> Result<Proxies, Problems> {
    let layers = Layers { environment: environment.to_vec(), ..Layers::default() };
    let mut problems = Problems::default();
    let proxies = read_proxies(&layers, &mut problems);
    if problems.is_empty() { Ok(proxies) } else { Err(problems) }
}

/// Reads the proxies from the environment. The name in lower case wins, and an empty variable counts as
/// absent. `HTTP_PROXY` is not read: a CGI server would take it from a request's header `Proxy`.
pub(super) fn read_proxies(layers: &Layers, problems: &mut Problems) -> Proxies {
    let mut proxies = Proxies {
        http: read_proxy(layers, &["http_proxy"], problems),
        https: read_proxy(layers, &["https_proxy", "HTTPS_PROXY"], problems),
        no_proxy: String::new(),
    };
    if let Some((_, list)) = first_variable(layers, &["no_proxy", "NO_PROXY"]) {
        proxies.no_proxy = list;
    }
    proxies
}

/// Reads the URL of a proxy from the first of these variables that is set. `None` if it is invalid.
fn read_proxy(layers: &Layers, names: &[&'static str], problems: &mut Problems) -> Option<Proxy> {
    let (name, url) = first_variable(layers, names)?;
    match parse_proxy(&url) {
        Ok(proxy) => Some(proxy),
        Err(why) => {
            problems.push(Problem::named(name, why));
            None
        }
    }
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
