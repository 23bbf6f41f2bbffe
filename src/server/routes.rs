//! The routing table.

use actix_web::http::Method;

use super::{State, http_response::HttpResponse, operations};
use crate::rule::{Hook, RuleSet};

/// A listener of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listener {
    /// The hooks and the probes.
    Hooks,
    /// Metrics and the probes.
    Operations,
}

/// The target of a request. Only a request for [`Route::Hook`] has a line in the decision log.
pub(super) enum Route<'r> {
    /// A probe or the metrics.
    Operations {
        /// The allowed methods, as the header `Allow` lists them.
        allow: &'static str,
        respond: fn(&State) -> HttpResponse,
    },
    /// Any other path of the hooks' listener. `None` if no hook has this path.
    Hook(Option<NamedHook<'r>>),
    /// An unknown path of the operators' listener.
    Unknown,
}

/// A hook and its name.
#[derive(Clone, Copy)]
pub(super) struct NamedHook<'r> {
    pub(super) name: &'r str,
    pub(super) hook: &'r Hook,
}

/// Finds the route of a path. All routes of the hooks' listener are below `prefix`.
pub(super) fn find<'r>(
    listener: Listener,
    path: &str,
    prefix: &str,
    rules: &'r RuleSet,
) -> Route<'r> {
    let path = match listener {
        // A path that is not below the prefix becomes the empty path, which has no route.
        Listener::Hooks => path.strip_prefix(prefix).unwrap_or_default(),
        Listener::Operations => path,
    };
    match (listener, path) {
        (_, "/healthz") => Route::Operations { allow: "GET, HEAD", respond: operations::alive },
        (_, "/readyz") => Route::Operations { allow: "GET, HEAD", respond: operations::readiness },
        (Listener::Operations, "/metrics") => {
            Route::Operations { allow: "GET", respond: operations::metrics }
        }
        (Listener::Operations, _) => Route::Unknown,
        (Listener::Hooks, _) => Route::Hook(find_hook(path, rules)),
    }
}

fn find_hook<'r>(path: &str, rules: &'r RuleSet) -> Option<NamedHook<'r>> {
    let (name, hook) = rules.hooks.get_key_value(path.strip_prefix('/')?)?;
    Some(NamedHook { name, hook })
}

/// Whether the header `Allow` lists a method.
pub(super) fn allows(allow: &str, method: &Method) -> bool {
    allow.split(", ").any(|allowed| allowed == method.as_str())
}
