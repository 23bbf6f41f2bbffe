//! Matches a small pattern by a table, in one step per byte.

use regex_automata::{
    Anchored,
    dfa::{
        Automaton as _, StartKind,
        dense::{Builder, Config, DFA},
    },
    nfa::thompson::NFA,
    util::{primitives::StateID, start},
};

/// The most memory, in bytes, that a table may take, and that making it may take.
pub(super) const SIZE_LIMIT: usize = 16 << 10;

/// A pattern that matches whole texts, as a table of its states by the next byte.
pub(super) struct PatternTable {
    states: DFA<Vec<u32>>,
    /// The state before the first byte.
    start: StateID,
}

impl PatternTable {
    /// Makes the table of a compiled pattern. Returns `None` if the table would be too large, or if the pattern
    /// has an assertion about Unicode, such as `\b`, which no table can have.
    pub(super) fn new(nfa: &NFA) -> Option<Self> {
        let config = Config::new()
            .start_kind(StartKind::Anchored)
            .accelerate(false)
            .dfa_size_limit(Some(SIZE_LIMIT))
            .determinize_size_limit(Some(SIZE_LIMIT));
        let states = Builder::new().configure(config).build_from_nfa(nfa).ok()?;
        let start = states.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        Some(Self { states, start })
    }

    /// The memory that the table takes, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.states.memory_usage()
    }

    /// Whether the pattern matches the whole text.
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut state = self.start;
        for byte in text.bytes() {
            // A state from which no match is possible leads only to itself, so the loop needs no early end.
            state = self.states.next_state(state, byte);
        }
        let end = self.states.next_eoi_state(state);
        self.states.is_match_state(end)
    }
}
