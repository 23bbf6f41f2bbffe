//! The variable that switches colours off.

use super::environment;

/// Whether output on a terminal may have colours: `NO_COLOR` is absent or empty.
pub(crate) fn is_colour_allowed() -> bool {
    !environment().iter().any(|(name, value)| name == "NO_COLOR" && !value.is_empty())
}
