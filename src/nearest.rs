//! Suggestions for unknown names.

use std::cmp::Ordering;

/// How similar a known name must be to be suggested, from 0 to 1.
const LEAST_SIMILARITY: f64 = 0.5;
/// How many known names may be listed if none is similar. If there are more, none is listed.
const MOST_LISTED: usize = 24;
/// The longest name that is compared, in bytes. The time to compare two names is the product of their lengths.
const LONGEST_COMPARED: usize = 64;
/// The shortest name that may abbreviate another one, in bytes.
const SHORTEST_ABBREVIATION: usize = 3;
/// How many known names are compared at most.
const MOST_COMPARED: usize = 1000;

/// The message that a name of this kind is unknown, with a suggestion.
pub fn unknown<'a>(kind: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    format!("unknown {kind} `{name}`{}", did_you_mean(name, known))
}

/// The end of a message about an unknown name. Suggests the most similar known name, or else lists the
/// known names if they are few. Takes bounded time.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<_> = known.into_iter().take(MOST_COMPARED).collect();
    match nearest(name, &known) {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None if known.is_empty() || known.len() > MOST_LISTED => String::new(),
        None => format!("; known are `{}`", known.join("`, `")),
    }
}

/// The known name that is most likely meant: the shortest that begins with `name`, or else the most similar
/// one, or else one that `name` abbreviates.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if name.len() > LONGEST_COMPARED {
        return None;
    }
    let name = name.to_lowercase();
    let known: Vec<&str> =
        known.iter().copied().filter(|other| other.len() <= LONGEST_COMPARED).collect();
    if name.len() >= SHORTEST_ABBREVIATION {
        let longer = known.iter().copied().filter(|other| other.to_lowercase().starts_with(&name));
        if let Some(shortest) = longer.min_by_key(|other| other.len()) {
            return Some(shortest);
        }
    }
    if let Some(similar) = most_similar(&name, &known) {
        return Some(similar);
    }
    known.into_iter().find(|other| is_abbreviation(&name, other))
}

/// The most similar name. If several are equally similar, takes the first with which `name` begins (`email` rather
/// than `emailx` for `emails`), or else the last.
fn most_similar<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let mut best = None;
    let mut best_similarity = LEAST_SIMILARITY;
    for &other in known {
        let similarity = strsim::normalized_damerau_levenshtein(name, &other.to_lowercase());
        let is_taken = match (similarity.total_cmp(&best_similarity), best) {
            (Ordering::Less, _) => false,
            (Ordering::Equal, Some(best)) if begins_with(name, best) => false,
            (Ordering::Equal | Ordering::Greater, _) => true,
        };
        if is_taken {
            best = Some(other);
            best_similarity = similarity;
        }
    }
    best
}

fn begins_with(name: &str, beginning: &str) -> bool {
    name.starts_with(&beginning.to_lowercase())
}

/// Whether a name consists of the first letter and some later ones of a longer name, in their order: `msg` for
/// `message`.
fn is_abbreviation(name: &str, longer: &str) -> bool {
    let longer = longer.to_lowercase();
    if name.len() < SHORTEST_ABBREVIATION || name.chars().next() != longer.chars().next() {
        return false;
    }
    let mut rest = longer.chars();
    // Each search continues after the letter that the last one found.
    name.chars().all(|letter| rest.any(|other| other == letter))
}
