//! Suggestions for unknown names.

/// How similar a known name must be to be suggested, from 0 to 1.
const SIMILAR: f64 = 0.5;
/// How many known names are listed if none is similar. More are not listed at all.
const MOST_LISTED: usize = 24;
/// The longest name that is compared, in bytes. The time is the product of the two lengths.
const LONGEST: usize = 64;
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

/// The most similar known name, if it is similar enough. If several are equally similar, the last.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let name = name.to_lowercase();
    let mut best = None;
    let mut best_similarity = SIMILAR;
    for other in known.iter().filter(|other| other.len() <= LONGEST) {
        let similarity = strsim::normalized_damerau_levenshtein(&name, &other.to_lowercase());
        if similarity >= best_similarity {
            best = Some(*other);
            best_similarity = similarity;
        }
    }
    best
}
