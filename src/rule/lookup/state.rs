//! The state of a section's lookups while one request is judged.

use derive_more::Display;

use super::{
    outcome::{LookupOutcome, WhyNotAsked},
    result::Columns,
};
use crate::okta::Value;

/// The state of each lookup of a section. Empty while the rules that need no lookup are judged, and if one
/// of those rules denies.
#[derive(Default)]
pub(crate) struct LookupStates<'r, 'f>(Vec<NamedState<'r, 'f>>);

struct NamedState<'r, 'f> {
    lookup: &'r str,
    state: LookupState<'r, 'f>,
}

/// The state of a lookup.
#[derive(Clone, Copy)]
pub(crate) enum LookupState<'r, 'f> {
    /// It found these columns.
    Found(&'f Columns),
    /// It found nothing.
    NotFound,
    /// It failed, and the rules that need it deny.
    Failed,
    /// It failed, and the rules that need it do not count.
    FailedAndSkipped,
    /// It was not asked.
    NotAsked(WhyNotAsked<'r>),
}

/// Whether the lookups that a rule, or an attribute to set, needs have results.
#[derive(Clone, Copy)]
pub(crate) enum Readiness<'n> {
    /// Each of them has a result: it found something, or it found nothing.
    Ready,
    /// This lookup does not count.
    DoesNotCount(&'n str, WhyNotCounted),
    /// This lookup was not asked, because its question cannot be filled in: a value in it is missing, for instance.
    NotAsked(&'n str),
    /// This lookup failed.
    Failed(&'n str),
}

/// Why a lookup does not count. The rules that need it do not count either.
#[derive(Clone, Copy, Debug, Display)]
pub enum WhyNotCounted {
    /// Its conditions do not hold.
    #[display("its conditions (`when`) do not hold")]
    Conditions,
    /// Its source failed, and it has `on_failure = "skip"`.
    #[display("it failed, and has `on_failure = \"skip\"`")]
    FailureSkipped,
}

impl<'r, 'f> LookupStates<'r, 'f> {
    pub(crate) fn push(&mut self, lookup: &'r str, state: LookupState<'r, 'f>) {
        self.0.push(NamedState { lookup, state });
    }

    /// Whether no lookup has a state. Rules that need lookups are then not judged.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The state of the lookup of this name. Returns `None` only if no lookup has a state: the loader
    /// refuses names of lookups that the section does not have.
    pub(crate) fn get(&self, name: &str) -> Option<LookupState<'r, 'f>> {
        let found = self.0.iter().find(|named| named.lookup == name)?;
        Some(found.state)
    }

    /// The value that a lookup has found in a column.
    pub(crate) fn value(&self, lookup: &str, column: &str) -> Option<&'f Value<'static>> {
        match self.get(lookup)? {
            LookupState::Found(columns) => columns.get(column),
            _ => None,
        }
    }

    /// The needed lookups that failed, except those whose failure is skipped.
    pub(crate) fn failed<'n>(&self, needed: &'n [String]) -> impl Iterator<Item = &'n String> {
        needed.iter().filter(|name| matches!(self.readiness_of(name), Readiness::Failed(_)))
    }

    /// Whether the needed lookups have results. If some have no result, the lookup with the highest
    /// [`Readiness::rank`] decides, and the first of several with that rank.
    pub(crate) fn readiness<'n>(&self, needed: &'n [String]) -> Readiness<'n> {
        let mut readiness = Readiness::Ready;
        for name in needed {
            let readiness_of_lookup = self.readiness_of(name);
            if readiness_of_lookup.rank() > readiness.rank() {
                readiness = readiness_of_lookup;
            }
        }
        readiness
    }

    fn readiness_of<'n>(&self, name: &'n str) -> Readiness<'n> {
        match self.get(name) {
            Some(LookupState::Found(_) | LookupState::NotFound) => Readiness::Ready,
            Some(LookupState::NotAsked(WhyNotAsked::Conditions)) => {
                Readiness::DoesNotCount(name, WhyNotCounted::Conditions)
            }
            Some(LookupState::NotAsked(_)) => Readiness::NotAsked(name),
            Some(LookupState::FailedAndSkipped) => {
                Readiness::DoesNotCount(name, WhyNotCounted::FailureSkipped)
            }
            // `None`: the lookups are not asked yet, so no rule that needs one should be judged. If one is, it fails.
            Some(LookupState::Failed) | None => Readiness::Failed(name),
        }
    }
}

impl Readiness<'_> {
    /// The precedence among several lookups. If the conditions of one do not hold, a rule that needs it does not
    /// count, so the other lookups do not matter. Next come failures, which deny.
    fn rank(self) -> u8 {
        match self {
            Self::Ready => 0,
            Self::DoesNotCount(_, WhyNotCounted::FailureSkipped) => 1,
            Self::NotAsked(_) => 2,
            Self::Failed(_) => 3,
            Self::DoesNotCount(_, WhyNotCounted::Conditions) => 4,
        }
    }
}

impl<'r> LookupState<'r, '_> {
    /// The outcome, for logs and explanations.
    pub(crate) fn outcome(self) -> LookupOutcome<'r> {
        match self {
            Self::Found(_) => LookupOutcome::Found,
            Self::NotFound => LookupOutcome::NotFound,
            Self::Failed | Self::FailedAndSkipped => LookupOutcome::Failed,
            Self::NotAsked(why) => LookupOutcome::NotAsked(why),
        }
    }
}
