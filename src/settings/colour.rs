//! Whether output on a terminal may have colours.

use super::environment;

/// Whether `NO_COLOR` is absent or empty.
pub(crate) fn is_colour_allowed() -> bool {
    !environment().iter().any(|(name, value)| name == "NO_COLOR" && !value.is_empty())
}
