//! Predicts the texts on the end user's screen from a hook's reply.
//!
//! [`user_view`] is a pure function of the reply, the flow and the fields on the form. It covers the sign-in
//! widgets of Identity Engine and Classic Engine, and apps that have no widget. `docs/user-view.md` has a
//! table of cases, with the source of each row. Each text carries the number of its row.
//!
//! Okta does not publish how its server turns an answer into a message for the client. So each text says
//! how certain it is, and a client may have several possible screens.

use crate::okta::{
    DecisionKind, Flow,
    reply::{HookReply, ReceivedCause},
};

mod case;
mod classic;
mod fields;
mod identity_engine;
pub(crate) mod json;
mod texts;

use case::ReplyCase;

/// How certain a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// Okta's documentation says it.
    Documented,
    /// The real widget drew it, given the message that Okta's server presumably sends.
    Rendered,
    /// It follows from documentation or code that does not say it outright.
    Inferred,
    /// One of several possibilities.
    Unknown,
}

/// The program that shows Okta's answer to the end user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// Identity Engine's sign-in widget, second generation: the default.
    Gen2,
    /// Identity Engine's sign-in widget, third generation.
    Gen3,
    /// An app on Identity Engine without the widget, built with okta-auth-js.
    App,
    /// Classic Engine's sign-in widget.
    Classic,
    /// An app that calls Classic Engine's registration API.
    ClassicApp,
}

/// Okta's action after a reply, and the view in each client.
pub struct UserView {
    /// The action of Okta.
    pub effect: Effect,
    /// How certain the effect is.
    pub certainty: Certainty,
    /// The clients of the flow's engine.
    pub clients: Vec<ClientView>,
}

/// Okta's action after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The registration or the profile update goes on as submitted.
    GoesOn,
    /// The registration or the profile update goes on with the attributes of the answer.
    Updates,
    /// The registration or the profile update is denied.
    Stops,
    /// Either goes on or is denied: Okta does not document which.
    Unknown,
}

/// The view of one client.
pub struct ClientView {
    /// The client.
    pub client: ClientKind,
    /// The possible screens, of which Okta shows one. If there is only one, it is the prediction.
    pub screens: Vec<Screen>,
}

/// A screen of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// The state of the form.
    pub form: FormState,
    /// How certain the state of the form is.
    pub form_certainty: Certainty,
    /// The texts on the screen, from top to bottom. Empty if the flow goes on.
    pub texts: Vec<ShownText>,
}

/// The state of the form after the end user has submitted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormState {
    /// The form stays, filled in. The end user can correct it and send it again.
    Stays,
    /// The form stays, or a page with only the message replaces it. Okta does not document which.
    MayStay,
    /// A page with only the message replaces the form.
    Replaced,
    /// The next step replaces the form.
    NextStep,
}

/// A text on a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownText {
    /// The place of the text.
    pub place: TextPlace,
    /// The text. If it is empty, the place is marked without words.
    pub text: String,
    /// How certain the text is.
    pub text_certainty: Certainty,
    /// How certain the place is.
    pub place_certainty: Certainty,
    /// The row of the table in `docs/user-view.md`.
    pub row: u8,
}

/// The place of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextPlace {
    /// The red box at the top of the form or page.
    Banner,
    /// Below the field of this attribute.
    Field(String),
    /// `messages` of an app's transaction, or `errorSummary` of the answer of Classic Engine's API.
    Message,
    /// `messages` of an app's input for this attribute.
    Input(String),
    /// `errorCauses` of the answer of Classic Engine's API.
    Cause,
}

/// Predicts the view of an end user who has submitted a form with these fields.
pub fn user_view(reply: HookReply<'_>, flow: Flow, fields: &[&str]) -> UserView {
    let content = reply.read();
    let case = ReplyCase::of(&content, flow);
    let clients = match flow {
        Flow::Classic => classic::views(&case, fields),
        Flow::SelfServiceRegistration | Flow::ProgressiveProfile => {
            identity_engine::views(&case, flow, fields)
        }
    };
    let mut view = UserView { effect: case.effect(), certainty: case.certainty(), clients };
    if reply.undocumented_status().is_some() {
        view.lower_certainty();
    }
    view
}

/// The decision that Okta reads from a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyDecision {
    /// A decision of the hook.
    Decision(DecisionKind),
    /// No decision: Okta treats the call as failed, and denies.
    Failed,
    /// Okta does not document whether it goes on or denies.
    Unclear,
}

/// The decision that Okta reads from a reply.
pub fn decision(reply: HookReply<'_>, flow: Flow) -> ReplyDecision {
    let content = reply.read();
    let case = ReplyCase::of(&content, flow);
    if matches!(case, ReplyCase::Failed(_)) {
        return ReplyDecision::Failed;
    }
    match case.effect() {
        Effect::GoesOn => ReplyDecision::Decision(DecisionKind::Allow),
        Effect::Updates => ReplyDecision::Decision(DecisionKind::Update),
        Effect::Stops => ReplyDecision::Decision(DecisionKind::Deny),
        Effect::Unknown => ReplyDecision::Unclear,
    }
}

impl UserView {
    /// Lowers the documented certainties to inferred, for a status that Okta does not document. Leaves out the places
    /// of texts, none of which is documented.
    fn lower_certainty(&mut self) {
        self.certainty = self.certainty.without_documentation();
        for client in &mut self.clients {
            for screen in &mut client.screens {
                screen.form_certainty = screen.form_certainty.without_documentation();
                for shown in &mut screen.texts {
                    shown.text_certainty = shown.text_certainty.without_documentation();
                }
            }
        }
    }
}

impl Screen {
    /// The next step of the flow, without a message.
    fn next_step(certainty: Certainty) -> Self {
        Self { form: FormState::NextStep, form_certainty: certainty, texts: Vec::new() }
    }

    /// A message, and a form that may or may not stay.
    fn with_message(shown: ShownText) -> Self {
        Self { form: FormState::MayStay, form_certainty: Certainty::Unknown, texts: vec![shown] }
    }
}

/// Marks screens as several possible ones: their certainty is unknown, and this row of the table lists their texts.
/// Leaves out repeated screens.
fn uncertain_screens(screens: Vec<Screen>, row: u8) -> Vec<Screen> {
    let mut possible = Vec::new();
    for mut screen in screens {
        screen.form_certainty = Certainty::Unknown;
        for shown in &mut screen.texts {
            shown.text_certainty = Certainty::Unknown;
            shown.row = row;
        }
        if !possible.contains(&screen) {
            possible.push(screen);
        }
    }
    possible
}

impl Certainty {
    /// Inferred in place of documented: the certainty of a case that the documentation does not cover.
    fn without_documentation(self) -> Self {
        if self == Self::Documented { Self::Inferred } else { self }
    }

    /// The name in explanations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Rendered => "rendered",
            Self::Inferred => "inferred",
            Self::Unknown => "unknown",
        }
    }
}

/// The text of a cause. An absent text counts as empty.
fn cause_text<'a>(cause: &ReceivedCause<'a>) -> &'a str {
    cause.message.unwrap_or_default()
}
