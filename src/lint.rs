//! Optional checks of loaded rules. Each lint is a pass over rules that the loader has finished.
//!
//! | lint | reports |
//! |---|---|
//! | `org` | names and values that do not fit the org's user schema and form |
//! | [`probe`] | inputs that pass a rule and ought to fail it |
//! | `coverage` | rules that no recorded request passes, or fails, and branches that none takes |
//! | `notes` | rules that have no problem and may still surprise |

use crate::{
    load::{Draft, SourceFile},
    org::Org,
    rule::Facts,
};

pub(crate) mod coverage;
pub(crate) mod notes;
mod org;
pub mod probe;

use probe::Probed;

/// The lints that report problems.
#[derive(Default)]
pub struct Lints {
    /// The org's own schema and form, as far as they are known.
    pub org: Org,
    /// Whether to probe each rule.
    pub probe: bool,
}

/// Adds the problems that the lints find to those of the draft. The rules are judged with
/// these facts. Returns how much the probe has tried.
pub fn run(draft: &mut Draft, lints: &Lints, facts: &Facts) -> Probed {
    let mut probed = Probed::default();
    for SourceFile { hook, lists, problems, .. } in &mut draft.files {
        let Some(hook) = draft.rules.hooks.get(hook) else {
            continue;
        };
        for (flow, section) in &hook.sections {
            let flow = *flow;
            org::OrgLint { org: &lints.org, flow, lists, facts, problems }.check_section(section);
            if lints.probe {
                probe::check_section(section, lists, facts, problems, &mut probed);
            }
        }
    }
    probed
}
