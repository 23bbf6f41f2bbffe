//! The `lookups` of a section.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::SignedDuration;

use super::{
    fields::{Fields, Misplaced},
    is_name_byte,
    part::read_when,
};
use crate::{
    okta::{ATTRIBUTE_LOCATION, Flow, is_base_attribute},
    problem::SpanProblem,
    rule::{
        lookup::{Lookup, OnFailure, Query},
        node::{Content, Entry, Node, Span, Spanned, Table},
        text::Text,
        value_name::ValueName,
    },
};

mod columns;
mod http;
mod http_body;
mod http_target;
mod postgres;
mod source;
mod surprises;
mod table;

use http::{read_get, read_post};
use postgres::read_postgres;
use table::read_table;

const DEFAULT_FAILURE_MESSAGE: &str = "We cannot check this right now. Please try again later.";

const ON_FAILURE: [(&str, OnFailure); 2] = [("deny", OnFailure::Deny), ("skip", OnFailure::Skip)];

/// An example of a lookup, for messages.
const EXAMPLE: &str =
    r#"{ file = "members.csv", match = { number = "{memberNumber}" }, returns = ["level"] }"#;

/// Names that a lookup may not have: `profile.…` and `request.…` are values without a lookup.
const RESERVED_NAMES: [&str; 2] = ["profile", "request"];

/// How many lookups a section may have. A request asks them all at once.
const MOST_LOOKUPS: usize = 100;

/// The shortest time for which a result may be cached.
const SHORTEST_CACHE: Duration = Duration::from_secs(1);

/// The longest time for which a result may be cached.
const LONGEST_CACHE: Duration = Duration::from_secs(24 * 60 * 60);

/// A kind of lookup.
struct LookupKind {
    /// The key that only this kind has.
    key: &'static str,
    /// The other keys that this kind may have.
    other_keys: &'static [&'static str],
    /// Reads the keys of this kind.
    read: fn(&Fields<'_>) -> Option<KindParts>,
}

/// The parts of a [`Lookup`] that are read differently for each kind.
struct KindParts {
    query: Query,
    /// The columns of a result, which rules may use.
    columns: Vec<String>,
    /// Notes for authors of rules.
    notes: Vec<String>,
}

/// The key `url` belongs to a source, which the settings define.
const BELONGS_TO_SOURCE: Misplaced<'_> = Misplaced {
    keys: &["url"],
    hint: "belongs to a source of the settings, `[sources.NAME]`; here write `source = \"NAME\"`, and the path in `get` or `post`",
};

/// The keys whose values have placeholders.
const QUESTION_KEYS: [&str; 4] = ["match", "get", "post", "body"];

const LOOKUP_KINDS: [LookupKind; 4] = [
    LookupKind { key: "file", other_keys: &["match", "returns", "ignore_case"], read: read_table },
    LookupKind {
        key: "get",
        other_keys: &["source", "found", "not_found", "returns"],
        read: read_get,
    },
    LookupKind {
        key: "post",
        other_keys: &["source", "body", "found", "not_found", "returns"],
        read: read_post,
    },
    LookupKind {
        key: "table",
        other_keys: &["source", "match", "returns", "ignore_case"],
        read: read_postgres,
    },
];

/// Reads the lookups of a section. Leaves out each lookup that has a problem, unless its only problem is that it
/// has the name of a base attribute: the columns of such a lookup are known, so rules are read with it.
pub(super) fn read_lookups<'n>(section: &Fields<'n>, entry: &'n Entry, flow: Flow) -> Vec<Lookup> {
    let mut lookups = Vec::new();
    let Some(table) = section.ok_or_report(entry.value.table(EXAMPLE)) else {
        return lookups;
    };
    let count = table.0.len();
    if count > MOST_LOOKUPS {
        let message = format!("these are {count} lookups; a section has up to {MOST_LOOKUPS}");
        section.report(entry.problem(message));
        return lookups;
    }
    for named in &table.0 {
        if let Some(lookup) = read_lookup(section, named, flow) {
            lookups.push(lookup);
        }
    }
    lookups
}

/// Reads a lookup, whose name is the key of the entry. Returns `None` if the lookup has a problem other than
/// the name of a base attribute.
fn read_lookup<'n>(section: &Fields<'n>, named: &'n Entry, flow: Flow) -> Option<Lookup> {
    let has_valid_name = section.ok_or_report(require_name(named)).is_some();
    report_base_attribute_name(section, named);
    let fields = section.table_in(&named.value, EXAMPLE)?;
    let lookup = read_keys_of_lookup(&fields, named, flow);
    if fields.table.get("url").is_some() {
        // The message about `url` says to write `source` and `get`. So do not report these two as missing, too.
        fields.suppress_missing("source");
        fields.suppress_missing("get");
    }
    let before = fields.problem_count();
    fields.report_unknown_and_misplaced_keys(&[BELONGS_TO_SOURCE]);
    // An unknown key may be a misspelt `returns`. The lookup then lacks columns, and each rule that uses them would
    // be reported, too. So the lookup counts as invalid: rules may use any column of an invalid lookup.
    let has_known_keys = fields.problem_count() == before;
    if has_valid_name && has_known_keys { lookup } else { None }
}

/// Reports a lookup that has the name of a base attribute. With a lookup `email`, `email.domain` would have
/// two meanings.
fn report_base_attribute_name(section: &Fields<'_>, named: &Entry) {
    let name = &named.key;
    if is_base_attribute(name) {
        section.report(named.problem(named_like_attribute(name)));
    }
}

/// The message that a lookup has the name of an attribute.
pub(super) fn named_like_attribute(name: &str) -> String {
    format!("`{name}` is an attribute of the form; give the lookup another name")
}

/// Succeeds if a lookup may have the name of this entry.
fn require_name(entry: &Entry) -> Result<(), SpanProblem> {
    let name = entry.key.as_str();
    if RESERVED_NAMES.contains(&name) {
        let message = format!("`{name}.…` names other values; give the lookup another name");
        return Err(entry.problem(message));
    }
    if name.is_empty() || !name.bytes().all(is_name_byte) {
        let message =
            format!("`{name}` is not a name of a lookup; use letters, digits, `_` and `-`");
        return Err(entry.problem(message));
    }
    Ok(())
}

/// Reads the keys of a lookup. `entry` has its name.
fn read_keys_of_lookup(fields: &Fields<'_>, entry: &Entry, flow: Flow) -> Option<Lookup> {
    let when = read_when(fields);
    let cache = fields.optional("cache", read_cache);
    let on_failure = fields.optional("on_failure", |node| node.choice("effect", &ON_FAILURE));
    let failure_message = fields.optional("failure_message", Text::read_text);
    let KindParts { query, columns, notes } = read_kind(fields)?;
    let mut lookup = Lookup {
        name: Spanned::new(entry.key.clone(), entry.key_span.clone()),
        when: when?,
        query,
        columns,
        cache,
        on_failure: on_failure.unwrap_or(OnFailure::Deny),
        failure_message: failure_message.unwrap_or_else(|| Text::new(DEFAULT_FAILURE_MESSAGE)),
        // Set below: these two depend on the other fields.
        location: String::new(),
        places: BTreeMap::new(),
        notes,
    };
    lookup.places = places_of_values(&lookup, fields.table);
    lookup.location = match lookup.first_form_attribute() {
        Some(attribute) => format!("{ATTRIBUTE_LOCATION}.{attribute}"),
        None => flow.spec().form_location.to_owned(),
    };
    Some(lookup)
}

/// The places of the values in a lookup's question.
fn places_of_values(lookup: &Lookup, table: &Table) -> BTreeMap<ValueName, Span> {
    let mut places = BTreeMap::new();
    for name in lookup.placeholders() {
        // For example `{email}`.
        let placeholder = format!("{{{name}}}");
        for key in QUESTION_KEYS {
            if let Some(entry) = table.get(key)
                && let Some(place) = place_of_text(&entry.value, &placeholder)
            {
                places.insert(name.clone(), place);
            }
        }
    }
    places
}

/// The place of the first string in a value that has this part.
fn place_of_text(node: &Node, part: &str) -> Option<Span> {
    match &node.content {
        Content::Text(text) if text.contains(part) => Some(node.span.clone()),
        Content::Table(table) => table.0.iter().find_map(|entry| place_of_text(&entry.value, part)),
        Content::List(items) => items.iter().find_map(|item| place_of_text(item, part)),
        _ => None,
    }
}

/// Reads the keys that depend on the kind of a lookup.
fn read_kind(fields: &Fields<'_>) -> Option<KindParts> {
    let mut kinds = LOOKUP_KINDS.iter().filter(|kind| fields.table.get(kind.key).is_some());
    match (kinds.next(), kinds.next()) {
        (Some(kind), None) => return (kind.read)(fields),
        (Some(first), Some(second)) => {
            let (first, second) = (first.key, second.key);
            let message = format!("`{first}` and `{second}` exclude each other; keep one of them");
            fields.report(fields.problem(message));
        }
        (None, _) => {
            let keys = LOOKUP_KINDS.map(|kind| kind.key);
            let message = format!("this asks no source; add one of `{}`", keys.join("`, `"));
            fields.report_missing(&keys, message);
        }
    }
    // Claims the keys of all kinds, so that only other keys are reported as unknown.
    for kind in &LOOKUP_KINDS {
        fields.claim(kind.key);
        for key in kind.other_keys {
            fields.claim(key);
        }
    }
    None
}

fn read_cache(node: &Node) -> Result<Duration, SpanProblem> {
    if let Content::Text(text) = &node.content
        && let Some(time) = parse_duration(text)
        && (SHORTEST_CACHE..=LONGEST_CACHE).contains(&time)
    {
        return Ok(time);
    }
    Err(node.problem("expected a duration from `1s` to `24h`, such as `60s`"))
}

fn parse_duration(text: &str) -> Option<Duration> {
    let duration: SignedDuration = text.parse().ok()?;
    Duration::try_from(duration).ok()
}

/// The lookups whose columns are among these names, in alphabetical order.
pub(super) fn lookups_of<'v>(names: impl IntoIterator<Item = &'v ValueName>) -> Vec<String> {
    let mut lookups = BTreeSet::new();
    for name in names {
        if let Some(lookup) = name.lookup() {
            lookups.insert(lookup.to_owned());
        }
    }
    lookups.into_iter().collect()
}
