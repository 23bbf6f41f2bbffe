//! The faults of one rules file, of which no more than can be told are kept.

use crate::{
    problem::{MOST_KEPT, Problems, SourceText},
    rule::node::Fault,
};

/// The first faults that were found, and a count of the others.
#[derive(Default)]
pub(super) struct Faults {
    kept: Vec<Fault>,
    /// How many there are besides.
    more: usize,
    /// Whether any of them may have passed when the same files are read again.
    may_pass: bool,
}

impl Faults {
    pub(super) fn push(&mut self, fault: Fault) {
        if self.is_full() {
            self.more += 1;
        } else {
            self.kept.push(fault);
        }
    }

    /// Adds faults of which nothing but their number is known.
    pub(super) fn add_count(&mut self, more: usize) {
        self.more += more;
    }

    /// Notes that one of them may have passed when the same files are read again.
    pub(super) fn set_may_pass(&mut self) {
        self.may_pass = true;
    }

    /// Whether a further one is only counted, so that its message is not worth making.
    pub(super) fn is_full(&self) -> bool {
        self.kept.len() >= MOST_KEPT
    }

    pub(super) fn count(&self) -> usize {
        self.kept.len() + self.more
    }

    /// The problems of the file of this name and text, in its order.
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
