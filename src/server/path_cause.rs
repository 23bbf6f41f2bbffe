//! Why a path has no route: the path, and the hook or probe that is near it.

use std::fmt;

use crate::{escape, nearest::did_you_mean, rule::RuleSet};

/// How many characters of a path are logged.
const PATH_LIMIT: usize = 100;
/// The probes, whose names no hook can have.
const PROBES: [&str; 2] = ["healthz", "readyz"];
/// White space in a path, as it is encoded.
const ENCODED_SPACES: [&str; 5] = ["%20", "%09", "%0A", "%0a", "%0D"];

/// Why a path has no route. Printed, it is the cause for the log.
pub(super) struct PathCause<'a> {
    path: &'a str,
    prefix: &'a str,
    rules: &'a RuleSet,
    near: Option<NearRoute<'a>>,
}

/// A route whose name is that of the path's last segment.
struct NearRoute<'a> {
    name: &'a str,
    /// How the path differs from that of the route.
    differences: Vec<String>,
}

impl<'a> PathCause<'a> {
    /// The cause for a path without a route. `prefix` is that of the settings.
    pub(super) fn of(path: &'a str, prefix: &'a str, rules: &'a RuleSet) -> Self {
        Self { path, prefix, rules, near: find_near(path, prefix, rules) }
    }

    /// The kind of the cause. Causes of one kind share a limit in the log.
    pub(super) fn kind(&self) -> &'static str {
        if self.near.is_some() { "near" } else { "far" }
    }
}

impl fmt::Display for PathCause<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, prefix) = (escape::excerpt(self.path, PATH_LIMIT), self.prefix);
        match &self.near {
            Some(NearRoute { name, differences }) => {
                let differences = differences.join(", and ");
                write!(
                    out,
                    "no hook has the path `{path}`; near it is `{prefix}/{name}`: {differences}"
                )
            }
            None => {
                let last = self.path.rsplit('/').next().unwrap_or_default();
                let hint = did_you_mean(last, route_names(self.rules));
                write!(out, "no hook has the path `{path}`")?;
                if !prefix.is_empty() {
                    write!(out, " below `server.path_prefix`, which is `{prefix}`")?;
                }
                out.write_str(&hint)
            }
        }
    }
}

/// The names of the hooks and of the probes.
fn route_names(rules: &RuleSet) -> Vec<&str> {
    let mut names: Vec<&str> = rules.hooks.keys().map(String::as_str).collect();
    names.extend(PROBES);
    names
}

/// Finds the route whose name is that of the path's last segment, in any case.
fn find_near<'a>(path: &str, prefix: &str, rules: &'a RuleSet) -> Option<NearRoute<'a>> {
    let mut differences = Vec::new();
    let trimmed = without_spaces(path);
    if trimmed.len() < path.len() {
        differences.push("the path has white space at its end".to_owned());
    }
    if trimmed.ends_with('/') {
        differences.push("the path has a slash at its end".to_owned());
    }
    if trimmed.contains("//") {
        differences.push("the path has two slashes together".to_owned());
    }
    let path_segments = segments(trimmed);
    let (last, before) = path_segments.split_last()?;
    let name = route_names(rules).into_iter().find(|name| name.eq_ignore_ascii_case(last))?;
    if name != *last {
        differences.push("upper and lower case differ".to_owned());
    }
    if before != segments(prefix) {
        let before = escape::excerpt(&before.join("/"), PATH_LIMIT).into_owned();
        differences.push(prefix_difference(&before, prefix));
    }
    Some(NearRoute { name, differences })
}

/// Describes another prefix than that of the settings.
fn prefix_difference(before: &str, prefix: &str) -> String {
    if before.is_empty() {
        return format!("the path lacks `{prefix}`, which is `server.path_prefix`");
    }
    if prefix.is_empty() {
        return format!(
            "the path begins with `/{before}`; set `server.path_prefix` to it, or have the proxy \
             strip it"
        );
    }
    format!("the path begins with `/{before}`, and `server.path_prefix` is `{prefix}`")
}

/// The path without encoded white space at its end.
fn without_spaces(path: &str) -> &str {
    let mut path = path;
    while let Some(shorter) = ENCODED_SPACES.iter().find_map(|space| path.strip_suffix(space)) {
        path = shorter;
    }
    path
}

/// The segments of a path that are not empty.
fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}
