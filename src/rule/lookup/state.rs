//! The state of a section's lookups while one request is judged.

use derive_more::Display;

use super::{
    outcome::{LookupOutcome, WhyNotAsked},
    result::Columns,
};
use crate::okta::Value;

/// The state of each lookup of a section, by its name. Empty if a rule that needs no lookup denies the
/// request, and while those rules are judged.
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
    /// It failed, which denies.
    Failed,
    /// It failed, and the rules that need it do not count.
    FailedAndSkipped,
    /// It was not asked.
    NotAsked(WhyNotAsked<'r>),
}

/// Whether a rule, or an attribute to set, can be judged with the lookups that it needs.
#[derive(Clone, Copy)]
pub(crate) enum Readiness<'n> {
    /// All of them were asked and have answered.
    Ready,
    /// This lookup does not count.
    DoesNotCount(&'n str, WhyNotCounted),
    /// This lookup failed.
    Failed(&'n str),
    /// This lookup was not asked, because a value in its question is missing.
    NotAsked(&'n str),
}

/// Why a lookup does not count, and so neither do the rules that need it.
#[derive(Clone, Copy, Debug, Display)]
pub enum WhyNotCounted {
    /// Its conditions do not hold.
    #[display("its conditions (`when`) do not hold")]
    Conditions,
    /// It failed, and its failure is to be skipped.
    #[display("it failed, and has `on_failure = \"skip\"`")]
    FailureSkipped,
}

impl<'r, 'f> LookupStates<'r, 'f> {
    pub(crate) fn push(&mut self, lookup: &'r str, state: LookupState<'r, 'f>) {
        self.0.push(NamedState { lookup, state });
    }

    /// Whether no lookup has a state. The rules that need one are then not judged.
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

    /// The lookups among these that failed, which denies.
    pub(crate) fn failed<'n>(&self, needed: &'n [String]) -> impl Iterator<Item = &'n String> {
        needed.iter().filter(|name| matches!(self.get(name), Some(LookupState::Failed) | None))
    }

    /// Whether something that needs these lookups can be judged. If several of them stand in the way,
    /// returns the one that decides: first of all one whose conditions do not hold, then the one with
    /// the highest [`Readiness::rank`].
    pub(crate) fn readiness<'n>(&self, needed: &'n [String]) -> Readiness<'n> {
        let mut readiness = Readiness::Ready;
        for name in needed {
            let of_lookup = match self.get(name) {
                Some(LookupState::Found(_) | LookupState::NotFound) => Readiness::Ready,
                Some(LookupState::NotAsked(WhyNotAsked::Conditions)) => {
                    return Readiness::DoesNotCount(name, WhyNotCounted::Conditions);
                }
                Some(LookupState::NotAsked(_)) => Readiness::NotAsked(name),
                Some(LookupState::FailedAndSkipped) => {
                    Readiness::DoesNotCount(name, WhyNotCounted::FailureSkipped)
                }
                Some(LookupState::Failed) | None => Readiness::Failed(name),
            };
            if of_lookup.rank() > readiness.rank() {
                readiness = of_lookup;
            }
        }
        readiness
    }
}

impl Readiness<'_> {
    /// The lookup with the highest rank decides. A failure, which denies, has the highest.
    fn rank(self) -> u8 {
        match self {
            Self::Ready => 0,
            Self::DoesNotCount(..) => 1,
            Self::NotAsked(_) => 2,
            Self::Failed(_) => 3,
        }
    }
}

impl<'r> LookupState<'r, '_> {
    pub(crate) fn outcome(self) -> LookupOutcome<'r> {
        match self {
            Self::Found(_) => LookupOutcome::Found,
            Self::NotFound => LookupOutcome::NotFound,
            Self::Failed | Self::FailedAndSkipped => LookupOutcome::Failed,
            Self::NotAsked(why) => LookupOutcome::NotAsked(why),
        }
    }
}
