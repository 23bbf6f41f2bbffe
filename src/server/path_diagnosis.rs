//! Why a path has no route. Names the hook or probe that was probably meant, and how its path differs.

use std::fmt;

use super::routes::Listener;
use crate::{
    escape,
    nearest::{did_you_mean, nearest},
    rule::RuleSet,
};

/// How many characters of a path are logged.
const PATH_LIMIT: usize = 100;
/// How many segments at the end of a path are searched for the name of a route.
const NAME_SEGMENTS: usize = 4;
/// How many names are compared with a path for a suggestion. Comparisons are slow, and any stranger can provoke them.
const MOST_COMPARED: usize = 32;
/// The probes, whose names no hook can have.
const PROBES: [&str; 2] = ["healthz", "readyz"];
/// White space in a path, percent-encoded.
const ENCODED_SPACES: [&str; 6] = ["%20", "%09", "%0A", "%0a", "%0D", "%0d"];

/// Why a path has no route. Printed, it is the text for the log.
pub(super) struct PathDiagnosis<'a> {
    path: &'a str,
    prefix: &'a str,
    rules: &'a RuleSet,
    kind: Kind<'a>,
}

enum Kind<'a> {
    /// The request came to the operators' listener.
    Operations,
    /// The path ends with `/metrics`, which only the operators' listener has.
    Metrics,
    /// A segment of the path is the name of a route.
    Near(NearRoute<'a>),
    /// The last segment is similar to the name of a route.
    Misspelt,
    /// No route has a similar name.
    Far,
}

/// A route whose name is a segment of the path.
struct NearRoute<'a> {
    name: &'a str,
    /// How the path of the request differs from the path of the route.
    differences: Vec<Difference>,
}

/// A segment of a path that is the name of a route, in upper or lower case and with any ending: `Join.toml` for `join`.
struct NamedSegment<'p, 'n> {
    segment: &'p str,
    /// The name of the route.
    name: &'n str,
    /// The segments before this one.
    before: &'p [&'p str],
    /// The segments after this one.
    after: &'p [&'p str],
}

/// A difference between the path of the request and the path of a route.
struct Difference {
    kind: &'static str,
    /// The difference as a sentence about the path.
    text: String,
}

impl Difference {
    fn new(kind: &'static str, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

impl<'a> PathDiagnosis<'a> {
    /// The diagnosis of a path without a route on this listener. `prefix` is `server.path_prefix`.
    pub(super) fn of(
        listener: Listener,
        path: &'a str,
        prefix: &'a str,
        rules: &'a RuleSet,
    ) -> Self {
        let kind = if listener == Listener::Operations {
            Kind::Operations
        } else if let Some(near) = find_near(path, prefix, rules) {
            Kind::Near(near)
        } else if last_segment(path) == "metrics" {
            Kind::Metrics
        } else if nearest(last_segment(path), &compared_names(rules)).is_some() {
            Kind::Misspelt
        } else {
            Kind::Far
        };
        Self { path, prefix, rules, kind }
    }

    /// The kind of the diagnosis. Diagnoses of one kind share a limit in the log.
    pub(super) fn kind(&self) -> &'static str {
        match &self.kind {
            Kind::Operations => "operations",
            Kind::Metrics => "metrics",
            // If there are several differences, the last one gives the kind.
            Kind::Near(NearRoute { differences, .. }) => match differences.last() {
                Some(Difference { kind, .. }) => kind,
                // A near route always has a difference, so this is never used.
                None => "near",
            },
            Kind::Misspelt => "misspelt",
            Kind::Far => "no similar path",
        }
    }
}

impl fmt::Display for PathDiagnosis<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, prefix) = (escape::in_backticks(self.path, PATH_LIMIT), self.prefix);
        match &self.kind {
            Kind::Operations => write!(
                out,
                "`metrics.bind` serves only `/metrics`, `/healthz` and `/readyz`, not {path}; the hooks \
                 are at `server.bind`"
            ),
            Kind::Metrics => write!(
                out,
                "no hook has the path {path}; `/metrics` is at the address of `metrics.bind`"
            ),
            Kind::Near(NearRoute { name, differences }) => {
                let texts: Vec<_> = differences.iter().map(|one| one.text.as_str()).collect();
                let differences = texts.join(", and ");
                write!(
                    out,
                    "no hook has the path {path}; the nearest path is `{prefix}/{name}`: {differences}"
                )
            }
            Kind::Misspelt | Kind::Far => {
                write!(out, "no hook has the path {path}")?;
                if !prefix.is_empty() {
                    write!(out, " below `server.path_prefix`, which is `{prefix}`")?;
                }
                let hint = did_you_mean(last_segment(self.path), compared_names(self.rules));
                out.write_str(&hint)
            }
        }
    }
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// The names of the hooks and of the probes.
fn route_names(rules: &RuleSet) -> Vec<&str> {
    let mut names: Vec<&str> = rules.hooks.keys().map(String::as_str).collect();
    names.extend(PROBES);
    names
}

/// The names that may be suggested.
fn compared_names(rules: &RuleSet) -> Vec<&str> {
    let mut names = route_names(rules);
    names.truncate(MOST_COMPARED);
    names
}

/// Finds the route whose name is a segment of the path, and how the path differs from the path of this route.
fn find_near<'a>(path: &str, prefix: &str, rules: &'a RuleSet) -> Option<NearRoute<'a>> {
    let trimmed = trim_end_spaces(path);
    let path_segments = segments(trimmed);
    let named = last_named_segment(&path_segments, &route_names(rules))?;
    let mut differences = Vec::new();
    if trimmed.len() < path.len() {
        differences.push(Difference::new("space", "the path has white space at its end"));
    }
    add_differences_of_slashes(trimmed, &mut differences);
    add_differences_of_name(&named, &mut differences);
    // In `/https://example.com/join`, the segments before the name are those of a URL, not of another prefix.
    if !has_url(trimmed) && named.before != segments(prefix) {
        let text = prefix_difference(&named.before.join("/"), prefix);
        differences.push(Difference::new("prefix", text));
    }
    Some(NearRoute { name: named.name, differences })
}

fn has_url(path: &str) -> bool {
    path.contains("://")
}

fn add_differences_of_slashes(path: &str, differences: &mut Vec<Difference>) {
    if path.ends_with('/') {
        differences.push(Difference::new("slash", "the path has a slash at its end"));
    }
    if has_url(path) {
        let text = "the path has a whole URL in it; correct the URL in Okta or in the proxy";
        differences.push(Difference::new("url", text));
    } else if path.contains("//") {
        differences.push(Difference::new("slashes", "the path has two slashes together"));
    }
}

fn add_differences_of_name(named: &NamedSegment<'_, '_>, differences: &mut Vec<Difference>) {
    let NamedSegment { segment, name, after, .. } = *named;
    if !after.is_empty() {
        let after = escape::in_backticks(&format!("/{}", after.join("/")), PATH_LIMIT);
        let text = format!("the path goes on with {after}");
        differences.push(Difference::new("longer", text));
    }
    let (stem, ending) = split_ending(segment);
    if !ending.is_empty() {
        let ending = escape::in_backticks(ending, PATH_LIMIT);
        differences.push(Difference::new("ending", format!("the path has the ending {ending}")));
    }
    if name != stem {
        differences.push(Difference::new("case", "upper and lower case differ"));
    }
}

/// Finds the last segment that is the name of a route. Searches only the end of the path, since a stranger may send
/// thousands of segments.
fn last_named_segment<'p, 'n>(
    path_segments: &'p [&'p str],
    names: &[&'n str],
) -> Option<NamedSegment<'p, 'n>> {
    for (index, segment) in path_segments.iter().enumerate().rev().take(NAME_SEGMENTS) {
        let (stem, _) = split_ending(segment);
        if let Some(name) = names.iter().find(|name| name.eq_ignore_ascii_case(stem)) {
            let (before, rest) = path_segments.split_at(index);
            let (_, after) = rest.split_first()?;
            return Some(NamedSegment { segment, name, before, after });
        }
    }
    None
}

/// Splits `join.toml` into `join` and `.toml`. No hook has a dot in its name.
fn split_ending(segment: &str) -> (&str, &str) {
    segment.split_at(segment.find('.').unwrap_or(segment.len()))
}

/// Describes how `before`, the start of a path, differs from the prefix of the settings.
fn prefix_difference(before: &str, prefix: &str) -> String {
    if before.is_empty() {
        return format!("the path lacks `{prefix}`, which is `server.path_prefix`");
    }
    let before = escape::in_backticks(&format!("/{before}"), PATH_LIMIT);
    if prefix.is_empty() {
        return format!(
            "the path begins with {before}; set `server.path_prefix` to it, or have the proxy \
             strip it"
        );
    }
    format!("the path begins with {before}, and `server.path_prefix` is `{prefix}`")
}

/// The path without encoded white space at its end.
fn trim_end_spaces(path: &str) -> &str {
    let mut path = path;
    loop {
        let length = path.len();
        for space in ENCODED_SPACES {
            path = path.strip_suffix(space).unwrap_or(path);
        }
        if path.len() == length {
            return path;
        }
    }
}

/// The segments of a path that are not empty.
fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}
