//! Matches a small pattern by a table, in one step per byte.

use regex_automata::{
    Anchored,
    dfa::{
        Automaton as _, StartKind,
        dense::{Builder, Config, DFA},
    },
    nfa::thompson::NFA,
};

/// The most memory, in bytes, that a table may take, and that making it may take.
pub(super) const SIZE_LIMIT: usize = 16 << 10;

/// A pattern that matches whole texts, as a table of its states by the next byte.
pub(super) struct PatternTable(DFA<Vec<u32>>);

impl PatternTable {
    /// Makes the table of a compiled pattern. Returns `None` if the table would be too large, or if the pattern
    /// has an assertion about Unicode, such as `\b`, which no table can have.
    pub(super) fn new(nfa: &NFA) -> Option<Self> {
        let config = Config::new()
            .start_kind(StartKind::Anchored)
            .accelerate(false)
            .dfa_size_limit(Some(SIZE_LIMIT))
            .determinize_size_limit(Some(SIZE_LIMIT));
        Builder::new().configure(config).build_from_nfa(nfa).ok().map(Self)
    }

    /// The memory that the table takes, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.0.memory_usage()
    }

    /// Whether the pattern matches the whole text. Returns `None` if the table does not decide it.
    pub(super) fn matches(&self, text: &str) -> Option<bool> {
        let input = regex_automata::Input::new(text).anchored(Anchored::Yes).earliest(true);
        Some(self.0.try_search_fwd(&input).ok()?.is_some())
    }
}
