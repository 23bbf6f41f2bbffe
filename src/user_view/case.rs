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
        /// The causes of the error.
        causes: Vec<ReceivedCause<'a>>,
    },
    /// DENY without an error.
    Deny(NoError),
    /// ALLOW after DENY, without an error. Okta does not document whether ALLOW revokes DENY.
    AllowAfterDeny,
    /// Okta treats the call as failed.
    Failed(FailedCall),
    /// The answer has an undocumented part. Okta either ignores this part or treats the call as failed.
    Undocumented {
        /// The case without the part. If it is a denial, Okta denies either way.
        if_ignored: Box<Self>,
        /// The part.
        part: UndocumentedPart,
    },
    /// An object that has a name twice. Okta does not document which of the two values counts.
    DuplicateName {
        /// The case if the last value counts.
        if_last: Box<Self>,
    },
}

/// The ways in which an answer can lack an error.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NoError {
    /// The member `error` is absent.
    Absent,
    /// The member is null. Okta does not document that this counts as no error.
    Null,
}

/// The part of an answer that Okta does not document.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum UndocumentedPart {
    /// The update of another flow.
    UpdateOfOtherFlow,
    /// A command of unknown type, an update with null, or an unknown member.
    Other,
}

/// How a call failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FailedCall {
    /// No answer in time.
    TimedOut,
    /// No connection, or a status outside 2xx.
    Unsuccessful,
    /// An answer that Okta presumably cannot use.
    UnusableAnswer,
}

impl<'a> ReplyCase<'a> {
    pub(super) fn of(content: &'a ReplyContent, flow: Flow) -> Self {
        match content {
            ReplyContent::Empty => Self::GoesOn(Certainty::Documented),
            ReplyContent::Failure(failure) => Self::Failed(match failure {
                CallFailure::TimedOut => FailedCall::TimedOut,
                CallFailure::Unreachable | CallFailure::Redirect(_) | CallFailure::Status(_) => {
                    FailedCall::Unsuccessful
                }
                CallFailure::TooLarge | CallFailure::NotObject => FailedCall::UnusableAnswer,
            }),
            ReplyContent::Answer(answer) => Self::of_answer(answer, flow),
        }
    }

    fn of_answer(answer: &'a ReceivedAnswer, flow: Flow) -> Self {
        let mut case = Self::of_known_members(answer, flow);
        if answer.has_unknown_member() {
            case = case.with_undocumented(UndocumentedPart::Other);
        }
        if answer.has_duplicate_name() {
            case = Self::DuplicateName { if_last: Box::new(case) };
        }
        case
    }

    fn of_known_members(answer: &'a ReceivedAnswer, flow: Flow) -> Self {
        if answer.has_malformed_error() {
            return Self::Failed(FailedCall::UnusableAnswer);
        }
        let commands = answer.commands(flow);
        if answer.error().is_some() {
            let has_deny = commands.contains(&ReceivedCommand::Deny);
            return Self::Error { has_deny, causes: answer.causes() };
        }
        if commands.contains(&ReceivedCommand::Malformed)
            || commands.contains(&ReceivedCommand::UnsettableUpdate)
        {
            return Self::Failed(FailedCall::UnusableAnswer);
        }
        let case = Self::of_known_commands(&commands, answer, flow);
        if commands.contains(&ReceivedCommand::UpdateOfOtherFlow) {
            return case.with_undocumented(UndocumentedPart::UpdateOfOtherFlow);
        }
        if commands.contains(&ReceivedCommand::UnknownType)
            || commands.contains(&ReceivedCommand::UpdateWithNull)
        {
            return case.with_undocumented(UndocumentedPart::Other);
        }
        case
    }

    /// The case of an answer without an error. Passes over the commands that Okta does not document.
    fn of_known_commands(
        commands: &[ReceivedCommand],
        answer: &ReceivedAnswer,
        flow: Flow,
    ) -> Self {
        if answer.has_allow_after_deny(flow) {
            return Self::AllowAfterDeny;
        }
        let no_error = if answer.has_null_error() { NoError::Null } else { NoError::Absent };
        if commands.contains(&ReceivedCommand::Deny) {
            return Self::Deny(no_error);
        }
        // Okta documents that ALLOW is the default. It does not document that an answer may lack commands.
        let certainty =
            if commands.is_empty() { Certainty::Inferred } else { no_error.certainty() };
        if commands.contains(&ReceivedCommand::Update) {
            Self::Updates(certainty)
        } else {
            Self::GoesOn(certainty)
        }
    }

    /// The case if the answer also has an undocumented part. A failed call stays one, and only the first such part
    /// counts.
    fn with_undocumented(self, part: UndocumentedPart) -> Self {
        match self {
            Self::Failed(_) | Self::Undocumented { .. } => self,
            _ => Self::Undocumented { if_ignored: Box::new(self), part },
        }
    }

    /// Okta's action.
    pub(super) fn effect(&self) -> Effect {
        match self {
            Self::GoesOn(_) => Effect::GoesOn,
            Self::Updates(_) => Effect::Updates,
            Self::Error { .. } | Self::Deny(_) | Self::Failed(_) => Effect::Stops,
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
            Self::Error { .. } => Certainty::Documented,
            Self::Deny(no_error) => no_error.certainty(),
            Self::Failed(failure) => failure.certainty(),
            Self::Undocumented { .. } if self.effect() == Effect::Stops => Certainty::Inferred,
            Self::Undocumented { .. } | Self::AllowAfterDeny | Self::DuplicateName { .. } => {
                Certainty::Unknown
            }
        }
    }
}

impl NoError {
    /// How certain it is that Okta sees no error.
    pub(super) fn certainty(self) -> Certainty {
        match self {
            Self::Absent => Certainty::Documented,
            Self::Null => Certainty::Inferred,
        }
    }
}

impl FailedCall {
    /// How certain it is that Okta treats the call as failed.
    pub(super) fn certainty(self) -> Certainty {
        match self {
            Self::TimedOut | Self::Unsuccessful => Certainty::Documented,
            Self::UnusableAnswer => Certainty::Inferred,
        }
    }
}
