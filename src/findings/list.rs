//! The list of findings, which is bounded: an answer may have tens of thousands of faults.

use std::collections::BTreeMap;

use super::{Finding, WHOLE_REPLY};

/// How many findings of a kind are listed. The others are only counted.
const MOST_OF_A_KIND: usize = 10;

/// The findings about a reply.
#[derive(Default)]
pub(super) struct FindingList {
    listed: Vec<Finding>,
    /// How many findings of each kind there are.
    counts: BTreeMap<&'static str, usize>,
}

impl FindingList {
    pub(super) fn push(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.id).or_default();
        *count += 1;
        if *count <= MOST_OF_A_KIND {
            self.listed.push(finding);
        }
    }

    /// The listed findings, then one for each kind that has more: it says how many.
    pub(super) fn into_vec(self) -> Vec<Finding> {
        let Self { mut listed, counts } = self;
        for (id, count) in counts {
            let omitted = count.saturating_sub(MOST_OF_A_KIND);
            if omitted > 0
                && let Some(last) = listed.iter().rfind(|finding| finding.id == id)
            {
                let problem = format!("{omitted} more like it");
                let (effect, fix) = (last.effect, last.fix.clone());
                listed.push(Finding::new(id, WHOLE_REPLY, problem, effect, fix));
            }
        }
        listed
    }
}
