//! The problems of one rules file. No more of them are kept than are shown.

use crate::{
    problem::{MOST_KEPT, Problems, SourceText},
    rule::node::Fault,
};

/// The first faults that were found, and a count of the others.
#[derive(Default)]
pub(crate) struct Faults {
    kept: Vec<Fault>,
    /// How many faults are not kept.
    more: usize,
    /// Whether one of them may be gone when the same files are read again.
    may_pass: bool,
}

impl Faults {
    /// Adds a fault, or only counts it if there are many already.
    pub(crate) fn push(&mut self, fault: Fault) {
        if self.is_full() {
            self.more += 1;
        } else {
            self.kept.push(fault);
        }
    }

    /// Counts one more fault without its message.
    pub(super) fn count_one(&mut self) {
        self.more += 1;
    }

    /// Notes that one of them may be gone when the same files are read again.
    pub(super) fn set_may_pass(&mut self) {
        self.may_pass = true;
    }

    /// Whether a further fault is only counted, so that its message is not worth making.
    pub(super) fn is_full(&self) -> bool {
        self.kept.len() >= MOST_KEPT
    }

    /// How many faults there are, including those that are not kept.
    pub(super) fn count(&self) -> usize {
        self.kept.len() + self.more
    }

    /// The problems of the file with this name and text, in its order.
    pub(super) fn into_problems(mut self, name: &str, text: &str) -> Problems {
        let mut source = SourceText::new(name, text);
        let mut problems = Problems::default();
        self.kept.sort_by_key(|fault| fault.span.start);
        for Fault { span, message } in self.kept {
            problems.push(source.problem(span, message));
        }
        problems.add_count(self.more);
        if self.may_pass {
            problems.set_may_pass();
        }
        problems
    }
}
