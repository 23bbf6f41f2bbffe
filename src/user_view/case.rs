//! The cases that the table of views distinguishes.

use super::{Certainty, Effect};
use crate::okta::{
    Flow,
    reply::{CallFailure, ReceivedAnswer, ReceivedCause, ReceivedCommand, ReplyContent},
};

/// The case of a reply. An error takes precedence over commands, and DENY over ALLOW.
pub(super) enum ReplyCase<'a> {
    /// The flow goes on, as submitted or with the attributes of the answer.
    GoesOn(Effect, Certainty),
    /// An `error`.
    Error {
        /// Whether a DENY stands beside it.
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
        /// Whether there is a DENY, too, which counts if Okta ignores the command.
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
            ReplyContent::Empty => Self::GoesOn(Effect::GoesOn, Certainty::Documented),
            ReplyContent::Failure(failure) => Self::Failed(match failure {
                CallFailure::TimedOut => FailedCall::NoResponse,
                CallFailure::Unreachable | CallFailure::Redirect | CallFailure::Status => {
                    FailedCall::NotReached
                }
                CallFailure::TooLarge | CallFailure::NotObject => FailedCall::BadAnswer,
            }),
            ReplyContent::Answer(answer) => Self::of_answer(answer, flow),
        }
    }

    fn of_answer(answer: &'a ReceivedAnswer, flow: Flow) -> Self {
        let commands = answer.commands(flow);
        let has_deny = commands.contains(&ReceivedCommand::Deny);
        if answer.has_malformed_error() {
            return Self::Failed(FailedCall::BadAnswer);
        }
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
            return Self::GoesOn(Effect::Updates, Certainty::Documented);
        }
        // Okta documents that ALLOW is the default, and not that an answer may have no command.
        let is_documented = !commands.is_empty();
        let certainty = if is_documented { Certainty::Documented } else { Certainty::Inferred };
        Self::GoesOn(Effect::GoesOn, certainty)
    }

    /// Okta's action.
    pub(super) fn effect(&self) -> (Effect, Certainty) {
        match self {
            Self::GoesOn(effect, certainty) => (*effect, *certainty),
            Self::Error { .. } | Self::Deny => (Effect::Stops, Certainty::Documented),
            Self::Failed(failure) => (Effect::Stops, failure.certainty()),
            Self::UnknownCommand { has_deny: true, .. } => (Effect::Stops, Certainty::Inferred),
            Self::UnknownCommand { has_deny: false, .. } => (Effect::Unknown, Certainty::Unknown),
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
