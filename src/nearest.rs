//! What somebody may have meant by a name that is unknown.

/// How alike two names must be for one to be suggested for the other, from 0 to 1.
const ALIKE: f64 = 0.5;
/// Up to how many known names all are listed when none is alike.
const LIST: usize = 24;
/// A longer name, in bytes, is compared with none: the time is the product of the two lengths.
const LONGEST: usize = 64;
/// Up to how many known names are compared.
const COMPARED: usize = 1000;

/// The complaint that there is nothing of this kind with this name.
pub fn unknown<'a>(kind: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    format!("unknown {kind} `{name}`{}", did_you_mean(name, known))
}

/// The end of a complaint about an unknown name: the nearest known one, or else all of them, if
/// they are few. The time is bounded, whatever the names are.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<_> = known.into_iter().take(COMPARED).collect();
    match nearest(name, &known) {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None if known.is_empty() || known.len() > LIST => String::new(),
        None => format!("; known are `{}`", known.join("`, `")),
    }
}

/// The known name that is most like this one, and like enough; of equals the last.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let name = name.to_lowercase();
    let mut best = None;
    let mut best_similarity = ALIKE;
    for other in known.iter().filter(|other| other.len() <= LONGEST) {
        let similarity = strsim::normalized_damerau_levenshtein(&name, &other.to_lowercase());
        if similarity >= best_similarity {
            best = Some(*other);
            best_similarity = similarity;
        }
    }
    best
}
