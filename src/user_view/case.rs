//! The cases that the table of views distinguishes.

use super::{Certainty, Effect};
use crate::okta::{
    Flow,
    reply::{CallFailure, ReceivedAnswer, ReceivedCause, ReceivedCommand, ReplyContent},
};

/// The case of a reply. An error takes precedence over commands, and DENY over other commands, except for a later
/// ALLOW.
pub(super) enum ReplyCase<'a> {
    /// The flow goes on as submitted.
    GoesOn(Certainty),
    /// The flow goes on with the attributes of the answer.
    Updates(Certainty),
    /// An `error`.
    Error {
        /// Whether the answer has a DENY, too.
        has_deny: bool,
        /// Its causes.
        causes: Vec<ReceivedCause<'a>>,
    },
    /// DENY without an error.
    Deny {
        /// Whether `error` is null. Okta does not document that this counts as no error.
        has_null_error: bool,
    },
    /// ALLOW after DENY, without an error. Okta does not document whether it revokes DENY.
    AllowAfterDeny,
    /// Okta treats the call as failed.
    Failed(FailedCall),
    /// An unknown member, a command that Okta does not know in this flow, or an update with null. Okta either ignores
    /// it or treats the call as failed.
    Undocumented {
        /// The case without it. If it is a denial, Okta denies in both cases.
        if_ignored: Box<Self>,
        /// Whether it is the update of another flow.
        is_update_of_other_flow: bool,
    },
    /// An object that has a name twice. Okta does not document which of the two values counts.
    DuplicateName {
        /// The case if the last value counts.
        if_last: Box<Self>,
    },
}

/// How a call failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FailedCall {
    /// No answer in time.
    NoResponse,
    /// No connection, or a status outside 2xx.
    NotReached,
    /// An answer that Okta presumably cannot use.
    BadAnswer,
}

impl<'a> ReplyCase<'a> {
    pub(super) fn of(content: &'a ReplyContent, flow: Flow) -> Self {
        match content {
            ReplyContent::Empty => Self::GoesOn(Certainty::Documented),
            ReplyContent::Failure(failure) => Self::Failed(match failure {
                CallFailure::TimedOut => FailedCall::NoResponse,
                CallFailure::Unreachable | CallFailure::Redirect(_) | CallFailure::Status(_) => {
                    FailedCall::NotReached
                }
                CallFailure::TooLarge | CallFailure::NotObject => FailedCall::BadAnswer,
            }),
            ReplyContent::Answer(answer) => Self::of_answer(answer, flow),
        }
    }

    fn of_answer(answer: &'a ReceivedAnswer, flow: Flow) -> Self {
        let mut case = Self::of_known_members(answer, flow);
        if answer.has_unknown_member() {
            case = case.with_undocumented(false);
        }
        if answer.has_duplicate_name() {
            case = Self::DuplicateName { if_last: Box::new(case) };
        }
        case
    }

    fn of_known_members(answer: &'a ReceivedAnswer, flow: Flow) -> Self {
        if answer.has_malformed_error() {
            return Self::Failed(FailedCall::BadAnswer);
        }
        let commands = answer.commands(flow);
        let has_deny = commands.contains(&ReceivedCommand::Deny);
        if answer.error().is_some() {
            return Self::Error { has_deny, causes: answer.causes() };
        }
        if commands.contains(&ReceivedCommand::Malformed)
            || commands.contains(&ReceivedCommand::UnsettableUpdate)
        {
            return Self::Failed(FailedCall::BadAnswer);
        }
        let is_update_of_other_flow = commands.contains(&ReceivedCommand::UpdateOfOtherFlow);
        let case = Self::of_known_commands(&commands, answer, flow);
        if is_update_of_other_flow
            || commands.contains(&ReceivedCommand::UnknownType)
            || commands.contains(&ReceivedCommand::UpdateWithNull)
        {
            return case.with_undocumented(is_update_of_other_flow);
        }
        case
    }

    /// The case of an answer without an error, if Okta ignores the commands that it does not document.
    fn of_known_commands(
        commands: &[ReceivedCommand],
        answer: &ReceivedAnswer,
        flow: Flow,
    ) -> Self {
        if answer.has_allow_after_deny(flow) {
            return Self::AllowAfterDeny;
        }
        if commands.contains(&ReceivedCommand::Deny) {
            return Self::Deny { has_null_error: answer.has_null_error() };
        }
        // Okta documents that ALLOW is the default. It does not document that an answer may lack commands.
        let is_documented = !commands.is_empty() && !answer.has_null_error();
        let certainty = if is_documented { Certainty::Documented } else { Certainty::Inferred };
        if commands.contains(&ReceivedCommand::Update) {
            Self::Updates(certainty)
        } else {
            Self::GoesOn(certainty)
        }
    }

    /// This case, beside something that Okta either ignores or treats as a failed call.
    fn with_undocumented(self, is_update_of_other_flow: bool) -> Self {
        match self {
            Self::Failed(_) | Self::Undocumented { .. } => self,
            _ => Self::Undocumented { if_ignored: Box::new(self), is_update_of_other_flow },
        }
    }

    /// Okta's action.
    pub(super) fn effect(&self) -> Effect {
        match self {
            Self::GoesOn(_) => Effect::GoesOn,
            Self::Updates(_) => Effect::Updates,
            Self::Error { .. } | Self::Deny { .. } | Self::Failed(_) => Effect::Stops,
            Self::Undocumented { if_ignored, .. } if if_ignored.effect() == Effect::Stops => {
                Effect::Stops
            }
            Self::Undocumented { .. } | Self::AllowAfterDeny | Self::DuplicateName { .. } => {
                Effect::Unknown
            }
        }
    }

    /// How certain the effect is.
    pub(super) fn certainty(&self) -> Certainty {
        match self {
            Self::GoesOn(certainty) | Self::Updates(certainty) => *certainty,
            Self::Error { .. } | Self::Deny { has_null_error: false } => Certainty::Documented,
            Self::Deny { has_null_error: true } => Certainty::Inferred,
            Self::Failed(failure) => failure.certainty(),
            Self::Undocumented { .. } if self.effect() == Effect::Stops => Certainty::Inferred,
            Self::Undocumented { .. } | Self::AllowAfterDeny | Self::DuplicateName { .. } => {
                Certainty::Unknown
            }
        }
    }
}

impl FailedCall {
    /// How certain it is that Okta treats the call as failed.
    pub(super) fn certainty(self) -> Certainty {
        match self {
            Self::NoResponse | Self::NotReached => Certainty::Documented,
            Self::BadAnswer => Certainty::Inferred,
        }
    }
}
