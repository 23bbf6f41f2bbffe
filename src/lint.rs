//! Optional checks of loaded rules. Each lint is a pass over rules that the loader has finished.
//!
//! | lint | reports |
//! |---|---|
//! | `org` | names and values that do not fit the org's user schema and form |
//! | [`probe`] | inputs that pass a rule and should fail it |
//! | `coverage` | rules that no recorded request passes, or fails, and branches that none takes |
//! | `notes` | rules that have no problem and may still surprise |

use std::collections::BTreeMap;

use crate::{
    load::Draft,
    okta::Flow,
    org::Org,
    problem::SpanProblems,
    rule::{Facts, Section, check::WorkBudget},
};

pub(crate) mod coverage;
mod email_notes;
pub(crate) mod file_notes;
mod location_notes;
mod lookup_notes;
pub(crate) mod note;
pub(crate) mod notes;
mod org;
pub mod probe;
mod set_notes;

use probe::Probed;

/// The lints that report problems.
#[derive(Default)]
pub struct Lints {
    /// The org's own schema and form, if they are known.
    pub org: Org,
    /// Whether to probe each rule.
    pub probe: bool,
}

/// The lints of one section of a rules file.
struct SectionLint<'p> {
    flow: Flow,
    section: &'p Section,
    /// The facts with which rules are judged.
    facts: &'p Facts,
    /// The work that the probe may still do.
    work: &'p WorkBudget,
    /// The problems of the whole file.
    problems: &'p mut SpanProblems,
}

/// Adds the problems that the lints find to those of the draft. Judges the rules with these facts.
/// Returns how much the probe has tried.
pub fn run(draft: &mut Draft, lints: &Lints, facts: &Facts) -> Probed {
    let mut probed = Probed::default();
    let work = WorkBudget::of_probe();
    let mut found = BTreeMap::new();
    for (name, hook) in &draft.rules.hooks {
        let mut problems = SpanProblems::default();
        for (flow, section) in &hook.sections {
            let mut lint =
                SectionLint { flow: *flow, section, facts, work: &work, problems: &mut problems };
            lint.check_org(&lints.org);
            if lints.probe {
                lint.probe(&mut probed);
            }
        }
        found.insert(name.clone(), problems);
    }
    for (hook, problems) in found {
        draft.add_problems(&hook, problems);
    }
    probed
}
