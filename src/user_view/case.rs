//! The cases that the table of views distinguishes.

use super::{Certainty, Effect};
use crate::okta::{
    Flow,
    reply::{CallFailure, ReceivedAnswer, ReceivedCause, ReceivedCommand, ReplyContent},
};

/// The case of a reply. An error takes precedence over commands, and DENY over other commands.
pub(super) enum ReplyCase<'a> {
    /// The flow goes on as submitted.
    GoesOn(Certainty),
    /// The flow goes on with the attributes of the answer.
    Updates,
    /// An `error`.
    Error {
        /// Whether the answer has a DENY, too.
        has_deny: bool,
        /// Its causes.
        causes: Vec<ReceivedCause<'a>>,
    },
    /// DENY without an error.
    Deny,
    /// Okta treats the call as failed.
    Failed(FailedCall),
    /// A command that Okta does not know in this flow. Okta either ignores it or treats the call as failed.
    UnknownCommand {
        /// Whether the answer has a DENY, too. It counts if Okta ignores the unknown command.
        has_deny: bool,
        /// Whether the command is the update of another flow.
        is_update_of_other_flow: bool,
    },
}

/// How a call failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FailedCall {
    /// No answer in time.
    NoResponse,
    /// No connection, or a status that means failure.
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
        if answer.has_malformed_error() {
            return Self::Failed(FailedCall::BadAnswer);
        }
        let commands = answer.commands(flow);
        let has_deny = commands.contains(&ReceivedCommand::Deny);
        if answer.error().is_some() {
            return Self::Error { has_deny, causes: answer.causes() };
        }
        if commands.contains(&ReceivedCommand::Malformed) {
            return Self::Failed(FailedCall::BadAnswer);
        }
        let is_update_of_other_flow = commands.contains(&ReceivedCommand::UpdateOfOtherFlow);
        if is_update_of_other_flow || commands.contains(&ReceivedCommand::UnknownType) {
            return Self::UnknownCommand { has_deny, is_update_of_other_flow };
        }
        if has_deny {
            return Self::Deny;
        }
        if commands.contains(&ReceivedCommand::Update) {
            return Self::Updates;
        }
        if commands.is_empty() {
            // Okta documents that ALLOW is the default. It does not document that an answer may lack commands.
            return Self::GoesOn(Certainty::Inferred);
        }
        Self::GoesOn(Certainty::Documented)
    }

    /// Okta's action.
    pub(super) fn effect(&self) -> Effect {
        match self {
            Self::GoesOn(_) => Effect::GoesOn,
            Self::Updates => Effect::Updates,
            Self::Error { .. }
            | Self::Deny
            | Self::Failed(_)
            | Self::UnknownCommand { has_deny: true, .. } => Effect::Stops,
            Self::UnknownCommand { has_deny: false, .. } => Effect::Unknown,
        }
    }

    /// How certain the effect is.
    pub(super) fn certainty(&self) -> Certainty {
        match self {
            Self::GoesOn(certainty) => *certainty,
            Self::Updates | Self::Error { .. } | Self::Deny => Certainty::Documented,
            Self::Failed(failure) => failure.certainty(),
            Self::UnknownCommand { has_deny: true, .. } => Certainty::Inferred,
            Self::UnknownCommand { has_deny: false, .. } => Certainty::Unknown,
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
