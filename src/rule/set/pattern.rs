//! `from` and `pattern`: a value made from the named groups of a pattern.

use std::panic::{RefUnwindSafe, UnwindSafe};

use regex_automata::{
    Anchored, PatternID,
    nfa::thompson::{
        Config, NFA, WhichCaptures,
        pikevm::{Cache, PikeVM},
    },
    util::pool::Pool,
};
use regex_syntax::hir::{Hir, Look};

use super::{
    outcome::WhyNotSet,
    value::{SetValue, find_required},
};
use crate::{
    okta::NewValue,
    problem::{SpanProblem, SpanProblems},
    rule::{
        check::{EvalContext, Mismatch, Pattern, PatternBudget},
        node::{Node, Spanned},
        value_name::ValueName,
    },
};

/// The most groups that a pattern may have. The time of a match grows with them.
const MOST_GROUPS: usize = 10;
/// The steps of the search for the groups, per step of the match before it. Both searches go through the same states.
const GROUP_STEPS_PER_STEP: usize = 2;
/// The most memory, in bytes, that the search for groups may take.
const MEMORY_LIMIT: usize = 4 << 20;

/// A value made from the groups of a pattern that matches another value as a whole.
pub(crate) struct Matched {
    pub(crate) from: Spanned<ValueName>,
    pub(crate) pattern: GroupPattern,
    pub(crate) value: Spanned<SetValue>,
}

/// A pattern that finds the texts of its groups.
pub(crate) struct GroupPattern {
    /// Decides whether a value matches, in a limited number of steps.
    whole: Pattern,
    /// Finds the groups of a value that matches.
    finder: PikeVM,
    /// The memory of earlier searches, to be used again.
    caches: Pool<Cache, Box<NewCache>>,
}

type NewCache = dyn Fn() -> Cache + Send + Sync + UnwindSafe + RefUnwindSafe;

impl Matched {
    /// The value to set, or the reason why none is.
    pub(super) fn fill<'r: 'q, 'q>(
        &'r self,
        context: &EvalContext<'_>,
    ) -> Result<NewValue<'q>, WhyNotSet<'r>> {
        let found = find_required(&self.from, context)?;
        let steps_left_before = context.work.steps_left();
        match self.pattern.whole.check_match(&found, context.work) {
            Ok(()) => {}
            Err(Mismatch::TooCostly) => return Err(WhyNotSet::TooCostly(&self.from)),
            Err(_) => return Err(WhyNotSet::NoMatch(&self.from)),
        }
        let steps_of_match = steps_left_before - context.work.steps_left();
        let steps_of_groups = GROUP_STEPS_PER_STEP * steps_of_match;
        context.work.spend(steps_of_groups).map_err(|_| WhyNotSet::TooCostly(&self.from))?;
        let text = found.text().unwrap_or_default();
        self.value.fill_with_groups(context, &self.pattern.groups(text))
    }
}

impl GroupPattern {
    /// Reads a pattern.
    pub(crate) fn read_pattern(node: &Node, budget: &PatternBudget) -> Result<Self, SpanProblems> {
        // The steps of a match tell how many steps the search for the groups takes. A pattern with a table would
        // not count the steps of a match.
        let whole = Pattern::read_pattern_without_table(node, budget)?;
        // `Pattern` has parsed the text already, within narrower limits, so this cannot fail.
        let hir = regex_syntax::parse(node.text()?).map_err(|_| too_large(node))?;
        let count = hir.properties().explicit_captures_len();
        if count > MOST_GROUPS {
            let message = format!(
                "the pattern has {count} groups; up to {MOST_GROUPS} are allowed, so write `(?:…)` for those without a name"
            );
            return Err(node.problem(message).into());
        }
        let nfa = compile(hir).ok_or_else(|| too_large(node))?;
        let memory = memory_of_search(&nfa);
        budget.take(memory);
        if memory > MEMORY_LIMIT {
            return Err(too_large(node).into());
        }
        let finder = PikeVM::new_from_nfa(nfa).map_err(|_| too_large(node))?;
        let owned_finder = finder.clone();
        let new_cache: Box<NewCache> = Box::new(move || owned_finder.create_cache());
        Ok(Self { whole, finder, caches: Pool::new(new_cache) })
    }

    /// The names of the groups, by their index. The whole match and unnamed groups have none.
    pub(crate) fn names(&self) -> Vec<Option<&str>> {
        self.finder.get_nfa().group_info().pattern_names(PatternID::ZERO).collect()
    }

    /// The texts of the groups by their index, if the pattern matches. A group that takes no part in the
    /// match has none.
    fn groups<'t>(&self, text: &'t str) -> Vec<Option<&'t str>> {
        let mut captures = self.finder.create_captures();
        let input = regex_automata::Input::new(text).anchored(Anchored::Yes);
        self.finder.search(&mut self.caches.get(), &input, &mut captures);
        captures.iter().map(|span| text.get(span?.range())).collect()
    }
}

/// Compiles a pattern that must match a text as a whole. Returns `None` if it is too large.
fn compile(pattern: Hir) -> Option<NFA> {
    let whole = Hir::concat(vec![Hir::look(Look::Start), pattern, Hir::look(Look::End)]);
    let config =
        Config::new().which_captures(WhichCaptures::All).nfa_size_limit(Some(MEMORY_LIMIT));
    NFA::compiler().configure(config).build_from_hir(&whole).ok()
}

/// The bytes of memory that a pattern and a search for its groups take.
fn memory_of_search(nfa: &NFA) -> usize {
    // For each state, a search keeps two copies of the places of all groups.
    let place_count = 2 * nfa.states().len() * nfa.group_info().slot_len();
    nfa.memory_usage() + place_count * size_of::<usize>()
}

fn too_large(node: &Node) -> SpanProblem {
    node.problem("the pattern is too large; repeat less, or shorten character classes")
}
