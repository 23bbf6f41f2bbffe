//! The reply of a hook to Okta, as any service may give it: read leniently, for explanations.
//!
//! The service itself never reads an answer. `user_view` and `findings` do, and they read the answers
//! of other people's hooks, too. So a malformed reply is a value here, not an error.

use serde_json::{Map, Value as Json};

use super::{Flow, flow::ACTION_COMMAND, json, response::SIZE_LIMIT};

/// The members of an answer that Okta documents.
pub const MEMBERS: [&str; 3] = ["commands", "error", "debugContext"];
/// The attribute that no hook can set.
pub const PASSWORD: &str = "password";

/// The outcome of Okta's call to a hook.
#[derive(Clone, Copy)]
pub enum HookReply<'a> {
    /// No complete answer within Okta's time limit of 3 seconds.
    TimedOut,
    /// No connection, or no TLS on it.
    Unreachable,
    /// An answer over HTTP.
    Answered {
        /// The status code.
        status: u16,
        /// The body.
        body: &'a [u8],
    },
}

/// A reply as Okta reads it.
pub enum ReplyContent {
    /// Okta treats the call as failed.
    Failure(CallFailure),
    /// Status 204: the hook lets the request through.
    Empty,
    /// A JSON object.
    Answer(ReceivedAnswer),
}

/// Why Okta treats a call as failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFailure {
    /// No complete answer in time.
    TimedOut,
    /// No connection, or no TLS on it.
    Unreachable,
    /// A redirect with this status. Okta does not follow it.
    Redirect(u16),
    /// Another status outside 2xx.
    Status(u16),
    /// 256 KB or more. Okta documents the limit, and not its consequence.
    TooLarge,
    /// Not a JSON object.
    NotObject,
}

/// The JSON object of an answer. If an object has a name twice, only the last value is kept.
pub struct ReceivedAnswer {
    members: Map<String, Json>,
    has_duplicate_name: bool,
}

/// An entry of `commands`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ReceivedCommand {
    /// ALLOW.
    Allow,
    /// DENY.
    Deny,
    /// The update of this flow, with at least one attribute.
    Update,
    /// An [`Update`](Self::Update) with null as a value or in a list. Okta does not document its reaction.
    UpdateWithNull,
    /// An [`Update`](Self::Update) of `password`, or with a value that no attribute can have.
    UnsettableUpdate,
    /// The update of another flow.
    UpdateOfOtherFlow,
    /// A type that Okta does not document.
    UnknownType,
    /// A command without a type, or without the value that its type requires.
    Malformed,
}

impl ReceivedCommand {
    /// Whether this is the update of the flow, with any values.
    pub fn is_update(self) -> bool {
        matches!(self, Self::Update | Self::UpdateWithNull | Self::UnsettableUpdate)
    }
}

/// An entry of `errorCauses`. A member that is not a string counts as absent.
#[derive(Clone, Copy)]
pub struct ReceivedCause<'a> {
    /// `errorSummary`
    pub message: Option<&'a str>,
    /// `location`
    pub location: Option<&'a str>,
}

impl HookReply<'_> {
    /// The status, if it means success and Okta does not document it.
    pub fn undocumented_status(self) -> Option<u16> {
        let Self::Answered { status, .. } = self else {
            return None;
        };
        match status {
            200 | 204 => None,
            201..=299 => Some(status),
            _ => None,
        }
    }

    /// Reads the reply.
    pub fn read(self) -> ReplyContent {
        let (status, body) = match self {
            Self::TimedOut => return ReplyContent::Failure(CallFailure::TimedOut),
            Self::Unreachable => return ReplyContent::Failure(CallFailure::Unreachable),
            Self::Answered { status, body } => (status, body),
        };
        match status {
            204 => return ReplyContent::Empty,
            200..=299 => {}
            300..=399 => return ReplyContent::Failure(CallFailure::Redirect(status)),
            _ => return ReplyContent::Failure(CallFailure::Status(status)),
        }
        if body.len() >= SIZE_LIMIT {
            return ReplyContent::Failure(CallFailure::TooLarge);
        }
        match serde_json::from_slice(body) {
            Ok(Json::Object(members)) => ReplyContent::Answer(ReceivedAnswer {
                members,
                has_duplicate_name: has_duplicate_name(body),
            }),
            _ => ReplyContent::Failure(CallFailure::NotObject),
        }
    }
}

impl ReceivedAnswer {
    /// The members of the object.
    pub fn members(&self) -> &Map<String, Json> {
        &self.members
    }

    /// Whether an object of the answer has a name twice. The check stops at the first fault of strict JSON. So it misses
    /// a name that follows another fault, such as a lone surrogate.
    pub fn has_duplicate_name(&self) -> bool {
        self.has_duplicate_name
    }

    /// Whether Okta does not document the name of a member.
    pub fn has_unknown_member(&self) -> bool {
        self.members.keys().any(|name| !MEMBERS.contains(&name.as_str()))
    }

    /// Whether `error` is null.
    pub fn has_null_error(&self) -> bool {
        self.members.get("error").is_some_and(Json::is_null)
    }

    /// The member `error`. Returns `None` if it is absent or null.
    pub fn error(&self) -> Option<&Json> {
        self.members.get("error").filter(|error| !error.is_null())
    }

    /// The causes of the error.
    pub fn causes(&self) -> Vec<ReceivedCause<'_>> {
        let causes = match self.error().and_then(|error| error.get("errorCauses")) {
            Some(Json::Array(causes)) => causes.as_slice(),
            _ => &[],
        };
        let mut read = Vec::new();
        for cause in causes {
            read.push(ReceivedCause {
                message: cause.get("errorSummary").and_then(Json::as_str),
                location: cause.get("location").and_then(Json::as_str),
            });
        }
        read
    }

    /// The entries of `commands`, in their order.
    pub fn commands(&self, flow: Flow) -> Vec<ReceivedCommand> {
        match self.members.get("commands") {
            None | Some(Json::Null) => Vec::new(),
            Some(Json::Array(commands)) => {
                commands.iter().map(|command| read_command(command, flow)).collect()
            }
            Some(_) => vec![ReceivedCommand::Malformed],
        }
    }

    /// Whether there is a DENY, and an ALLOW after the last one. Okta applies commands in their order, and does not
    /// document whether this ALLOW revokes the DENY.
    pub fn has_allow_after_deny(&self, flow: Flow) -> bool {
        let mut has_deny = false;
        let mut allow_follows = false;
        for command in self.commands(flow) {
            match command {
                ReceivedCommand::Deny => {
                    has_deny = true;
                    allow_follows = false;
                }
                ReceivedCommand::Allow => allow_follows = true,
                _ => {}
            }
        }
        has_deny && allow_follows
    }

    /// Whether `error` or its `errorCauses` is not of the type that Okta documents.
    pub fn has_malformed_error(&self) -> bool {
        let Some(error) = self.error() else {
            return false;
        };
        let Json::Object(error) = error else {
            return true;
        };
        match error.get("errorCauses") {
            None | Some(Json::Null) => false,
            Some(Json::Array(causes)) => !causes.iter().all(Json::is_object),
            Some(_) => true,
        }
    }
}

fn has_duplicate_name(body: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(body) else {
        return false;
    };
    matches!(json::read_members(text), Err(fault) if fault.is_duplicate_name())
}

/// Reads an entry of `commands` in an answer to a request of this flow.
pub fn read_command(command: &Json, flow: Flow) -> ReceivedCommand {
    let Some(name) = command.get("type").and_then(Json::as_str) else {
        return ReceivedCommand::Malformed;
    };
    let value = command.get("value").and_then(Json::as_object);
    if name == ACTION_COMMAND {
        let Some(attributes) = value else {
            return ReceivedCommand::Malformed;
        };
        return match attributes.get("registration").and_then(Json::as_str) {
            Some("ALLOW") => ReceivedCommand::Allow,
            Some("DENY") => ReceivedCommand::Deny,
            _ => ReceivedCommand::Malformed,
        };
    }
    if !Flow::WITH_SECTION.iter().any(|known| known.spec().update_command == name) {
        return ReceivedCommand::UnknownType;
    }
    if flow.spec().update_command != name {
        return ReceivedCommand::UpdateOfOtherFlow;
    }
    match value {
        Some(attributes) if !attributes.is_empty() => read_update(attributes),
        _ => ReceivedCommand::Malformed,
    }
}

fn read_update(attributes: &Map<String, Json>) -> ReceivedCommand {
    let mut has_null = false;
    for (name, value) in attributes {
        if name == PASSWORD || !is_attribute_value(value) {
            return ReceivedCommand::UnsettableUpdate;
        }
        match value {
            Json::Null => has_null = true,
            Json::Array(items) if items.contains(&Json::Null) => has_null = true,
            _ => {}
        }
    }
    if has_null { ReceivedCommand::UpdateWithNull } else { ReceivedCommand::Update }
}

/// Whether an attribute can have this value: no attribute of Okta's is an object, or a list of objects or lists.
pub fn is_attribute_value(value: &Json) -> bool {
    match value {
        Json::Object(_) => false,
        Json::Array(items) => !items.iter().any(|item| item.is_object() || item.is_array()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => true,
    }
}
