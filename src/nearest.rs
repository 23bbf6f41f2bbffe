//! What somebody may have meant by a name that is unknown.

/// How alike two names must be for one to be suggested for the other, from 0 to 1.
const ALIKE: f64 = 0.5;
/// Up to how many known names all are listed when none is alike.
const LIST: usize = 24;

/// The complaint that there is nothing of this kind with this name.
pub fn unknown<'a>(kind: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    format!("unknown {kind} `{name}`{}", did_you_mean(name, known))
}

/// The end of a complaint about an unknown name: the nearest known one, or else all of them, if
/// they are few.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<_> = known.into_iter().collect();
    let similarity = |other: &str| {
        strsim::normalized_damerau_levenshtein(&name.to_lowercase(), &other.to_lowercase())
    };
    let nearest = known
        .iter()
        .map(|other| (similarity(other), other))
        .filter(|(similarity, _)| *similarity >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    match nearest {
        Some((_, nearest)) => format!("; did you mean `{nearest}`?"),
        None if known.is_empty() || known.len() > LIST => String::new(),
        None => format!("; known are `{}`", known.join("`, `")),
    }
}
