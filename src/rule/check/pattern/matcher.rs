//! Matches a compiled pattern within a bounded number of steps.
//!
//! A [`PatternTable`] matches a small pattern. The table of a larger one would take too much memory. The other
//! engines of `regex-automata` take time linear in the text, by a factor that grows with the pattern: up to
//! 50 ms for 1 KiB. None of them can be stopped midway or counts its work, and some keep caches. So [`Search`]
//! runs Thompson's algorithm on the compiled pattern: it follows all states at once, byte by byte, and counts
//! its steps.

use std::panic::{RefUnwindSafe, UnwindSafe};

use regex_automata::{
    nfa::thompson::{self, Config, NFA, WhichCaptures},
    util::{pool::Pool, primitives::StateID},
};
use regex_syntax::hir::{Hir, Look};

use super::table::{self, PatternTable};
use crate::rule::check::work::{TooCostly, WorkBudget};

/// The steps that a search may take: up to 4 ms in a release build.
const STEP_LIMIT: usize = 1_000_000;

/// The longest text that is matched, in bytes.
const LENGTH_LIMIT: usize = 1 << 10;

/// The most memory that a compiled pattern may take, in bytes. A pattern for names of up to 64
/// letters, in any script, takes less.
pub(super) const SIZE_LIMIT: usize = 4 << 20;

/// A compiled pattern that matches whole texts.
pub(super) struct Matcher {
    nfa: NFA,
    /// `None` if the pattern is too large for a table, or the memory for tables is used up.
    table: Option<Box<PatternTable>>,
    /// Searches of earlier matches, to be used again.
    searches: Pool<Search, Box<NewSearch>>,
}

pub(super) type NewSearch = dyn Fn() -> Search + Send + Sync + UnwindSafe + RefUnwindSafe;

/// The compiled pattern would take more memory than [`SIZE_LIMIT`].
pub(super) struct TooLarge;

impl Matcher {
    /// Compiles a pattern.
    pub(super) fn new(pattern: Hir) -> Result<Self, TooLarge> {
        // The anchors are added to the parsed pattern. If they were added to its source, a comment could hide the
        // last one: `^(?x)a # note$`.
        let whole = Hir::concat(vec![Hir::look(Look::Start), pattern, Hir::look(Look::End)]);
        let config =
            Config::new().which_captures(WhichCaptures::None).nfa_size_limit(Some(SIZE_LIMIT));
        let nfa = NFA::compiler().configure(config).build_from_hir(&whole).map_err(|_| TooLarge)?;
        let states = nfa.states().len();
        let new_search: Box<NewSearch> = Box::new(move || Search::new(states));
        Ok(Self { nfa, table: None, searches: Pool::new(new_search) })
    }

    /// Makes a table, if the pattern is small enough, so that matches take less time. Returns the memory to charge, in
    /// bytes: that of the table, or else the most that the attempt to make one takes.
    pub(super) fn add_table(&mut self) -> usize {
        self.table = PatternTable::new(&self.nfa).map(Box::new);
        match &self.table {
            Some(table) => table.memory(),
            None => table::SIZE_LIMIT,
        }
    }

    /// The memory that the compiled pattern takes, in bytes, without the memory of its table and its searches.
    pub(super) fn memory(&self) -> usize {
        self.nfa.memory_usage()
    }

    /// Whether the pattern matches the whole text. Fails if the text is longer than [`LENGTH_LIMIT`], or if
    /// the search takes more than [`STEP_LIMIT`] steps or more than `work` has left.
    pub(super) fn matches(&self, text: &str, work: &WorkBudget) -> Result<bool, TooCostly> {
        if text.len() > LENGTH_LIMIT {
            return Err(TooCostly);
        }
        if let Some(table) = &self.table {
            return Ok(table.matches(text));
        }
        let mut search = self.searches.get();
        let result = search.run(&self.nfa, text.as_bytes());
        work.spend(search.steps)?;
        result
    }
}

/// The additional steps of an assertion such as `\b`, which decodes the letters on both sides.
const LOOK_STEPS: usize = 2;

/// The number of byte ranges that are tried in the time of a step.
const RANGES_PER_STEP: usize = 4;

/// A search. Its memory is allocated once, and serves one match after another.
pub(super) struct Search {
    /// The states that the bytes so far can lead to.
    active: StateSet,
    /// States that are about to become active.
    pending: Vec<StateID>,
    /// The steps of the present match.
    steps: usize,
}

impl Search {
    fn new(states: usize) -> Self {
        let active = StateSet { members: Vec::new(), places: vec![0; states] };
        Self { active, pending: Vec::new(), steps: 0 }
    }

    /// Whether the compiled pattern matches the text.
    fn run(&mut self, nfa: &NFA, text: &[u8]) -> Result<bool, TooCostly> {
        self.steps = 0;
        self.pending.clear();
        self.pending.push(nfa.start_anchored());
        for at in 0..=text.len() {
            if self.activate(nfa, text, at) {
                return Ok(true);
            }
            // One comparison per byte suffices: a byte takes fewer steps than the compiled pattern has bytes.
            if self.steps > STEP_LIMIT {
                return Err(TooCostly);
            }
            let Some(&byte) = text.get(at) else {
                break;
            };
            self.follow(nfa, byte);
            if self.pending.is_empty() {
                break;
            }
        }
        Ok(false)
    }

    /// Activates the pending states and all states that can be reached from them without a byte. Returns true
    /// if one of them is the match state. That state is behind the last anchor, so a search reaches it only at the
    /// end of the text.
    fn activate(&mut self, nfa: &NFA, text: &[u8], at: usize) -> bool {
        self.active.members.clear();
        while let Some(id) = self.pending.pop() {
            self.steps += 1;
            if !self.active.insert(id) {
                continue;
            }
            match nfa.state(id) {
                thompson::State::Match { .. } => return true,
                thompson::State::Look { look, next } => {
                    self.steps += LOOK_STEPS;
                    if nfa.look_matcher().matches(*look, text, at) {
                        self.pending.push(*next);
                    }
                }
                thompson::State::Union { alternates } => self.pending.extend_from_slice(alternates),
                thompson::State::BinaryUnion { alt1, alt2 } => self.pending.extend([*alt1, *alt2]),
                thompson::State::Capture { next, .. } => self.pending.push(*next),
                thompson::State::ByteRange { .. }
                | thompson::State::Sparse(_)
                | thompson::State::Dense(_)
                | thompson::State::Fail => {}
            }
        }
        false
    }

    /// Makes pending each state that this byte leads to from an active one.
    fn follow(&mut self, nfa: &NFA, byte: u8) {
        for &id in &self.active.members {
            self.steps += 1;
            let next = match nfa.state(id) {
                thompson::State::ByteRange { trans } if trans.matches_byte(byte) => {
                    Some(trans.next)
                }
                thompson::State::Sparse(ranges) => {
                    // The ranges are tried one after another.
                    self.steps += ranges.transitions.len() / RANGES_PER_STEP;
                    ranges.matches_byte(byte)
                }
                thompson::State::Dense(table) => table.matches_byte(byte),
                thompson::State::Look { .. }
                | thompson::State::Union { .. }
                | thompson::State::BinaryUnion { .. }
                | thompson::State::Capture { .. }
                | thompson::State::ByteRange { .. }
                | thompson::State::Fail
                | thompson::State::Match { .. } => None,
            };
            if let Some(next) = next {
                self.pending.push(next);
            }
        }
    }
}

/// A sparse set of states. To clear the set, clear the members: a place is valid only if the member there is the
/// state itself, so the places need not be reset.
struct StateSet {
    members: Vec<StateID>,
    /// For each state, its place among the members, if it is a member. Otherwise a number without meaning.
    places: Vec<usize>,
}

impl StateSet {
    /// Adds a state. Returns false if the set has the state already.
    fn insert(&mut self, id: StateID) -> bool {
        let Some(place) = self.places.get_mut(id.as_usize()) else {
            return false;
        };
        if self.members.get(*place) == Some(&id) {
            return false;
        }
        *place = self.members.len();
        self.members.push(id);
        true
    }
}
