//! The list of findings, which is bounded: an answer may have tens of thousands of faults.

use std::collections::BTreeMap;

use super::{Finding, WHOLE_REPLY};

/// How many findings of a kind are listed. Further ones are only counted.
const LISTED_PER_KIND: usize = 10;

/// The findings about a reply.
#[derive(Default)]
pub(super) struct FindingList {
    listed: Vec<Finding>,
    /// How many findings of each kind there are, listed or not. The key is [`Finding::id`].
    counts: BTreeMap<&'static str, usize>,
}

impl FindingList {
    pub(super) fn push(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.id).or_default();
        *count += 1;
        if *count <= LISTED_PER_KIND {
            self.listed.push(finding);
        }
    }

    /// The listed findings, then a finding such as `2990 more like it` for each kind with more than
    /// [`LISTED_PER_KIND`]. It repeats the effect and the fix of the last listed finding of its kind.
    pub(super) fn into_vec(self) -> Vec<Finding> {
        let Self { mut listed, counts } = self;
        for (id, count) in counts {
            if count <= LISTED_PER_KIND {
                continue;
            }
            if let Some(last) = listed.iter().rfind(|finding| finding.id == id) {
                listed.push(Finding {
                    id,
                    place: WHOLE_REPLY.into(),
                    problem: format!("{} more like it", count - LISTED_PER_KIND),
                    effect: last.effect,
                    fix: last.fix.clone(),
                });
            }
        }
        listed
    }
}
