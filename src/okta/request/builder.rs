//! Collects the members that a decision needs, and builds a [`Request`] from them.

use std::borrow::Cow;

use super::DecodeError;
use crate::okta::{
    Flow, Form, FormMember, Request, Value,
    json::{JsonReader, NotStrict},
    language::LanguageTag,
};

/// Okta's `eventType` of this hook.
const EVENT_TYPE: &str = "com.okta.user.pre-registration";

/// The members that a decision needs, as far as the body has been read.
#[derive(Default)]
pub(super) struct RequestBuilder<'a> {
    /// Whether the body is an object.
    is_object: bool,
    event_type: Option<Value<'a>>,
    request_type: Option<Value<'a>>,
    event_id: Option<Value<'a>>,
    event_time: Option<Value<'a>>,
    /// Whether `data` is an object.
    has_data: bool,
    /// `preferredLanguage` of the profile of an end user who already has one.
    preferred_language: Option<Value<'a>>,
    /// `locale` of that profile.
    locale: Option<Value<'a>>,
    user_profile: SubmittedForm<'a>,
    user_profile_update: SubmittedForm<'a>,
}

/// A member that should be a form.
#[derive(Default)]
enum SubmittedForm<'a> {
    #[default]
    Absent,
    Form(Form<'a>),
    /// Another value than an object.
    NotAnObject,
}

impl<'a> RequestBuilder<'a> {
    /// Reads the whole body.
    pub(super) fn read_body(&mut self, reader: &mut JsonReader<'a>) -> Result<(), NotStrict> {
        let Some(body) = reader.open_object()? else {
            return Ok(());
        };
        self.is_object = true;
        while let Some(name) = reader.next_name(&body)? {
            if name == "data" {
                self.read_data(reader)?;
                continue;
            }
            let value = reader.read_value()?;
            match &*name {
                "eventType" => self.event_type = Some(value),
                "requestType" => self.request_type = Some(value),
                "eventId" => self.event_id = Some(value),
                "eventTime" => self.event_time = Some(value),
                _ => {}
            }
        }
        Ok(())
    }

    fn read_data(&mut self, reader: &mut JsonReader<'a>) -> Result<(), NotStrict> {
        let Some(data) = reader.open_object()? else {
            return Ok(());
        };
        self.has_data = true;
        while let Some(name) = reader.next_name(&data)? {
            match &*name {
                "context" => self.read_context(reader)?,
                "userProfile" => self.user_profile = SubmittedForm::read(reader)?,
                "userProfileUpdate" => self.user_profile_update = SubmittedForm::read(reader)?,
                _ => {
                    reader.read_value()?;
                }
            }
        }
        Ok(())
    }

    fn read_context(&mut self, reader: &mut JsonReader<'a>) -> Result<(), NotStrict> {
        let Some(context) = reader.open_object()? else {
            return Ok(());
        };
        while let Some(name) = reader.next_name(&context)? {
            if name == "user" {
                self.read_user(reader)?;
            } else {
                reader.read_value()?;
            }
        }
        Ok(())
    }

    fn read_user(&mut self, reader: &mut JsonReader<'a>) -> Result<(), NotStrict> {
        let Some(user) = reader.open_object()? else {
            return Ok(());
        };
        while let Some(name) = reader.next_name(&user)? {
            if name == "profile" {
                self.read_profile(reader)?;
            } else {
                reader.read_value()?;
            }
        }
        Ok(())
    }

    fn read_profile(&mut self, reader: &mut JsonReader<'a>) -> Result<(), NotStrict> {
        let Some(profile) = reader.open_object()? else {
            return Ok(());
        };
        while let Some(name) = reader.next_name(&profile)? {
            let value = reader.read_value()?;
            match &*name {
                "preferredLanguage" => self.preferred_language = Some(value),
                "locale" => self.locale = Some(value),
                _ => {}
            }
        }
        Ok(())
    }

    /// Builds the request from this body and the members that were read from it. Fails if the body is not a request.
    pub(super) fn build(self, body: &'a str) -> Result<Request<'a>, DecodeError> {
        let flow = match self.verified_flow() {
            Ok(flow) => flow,
            Err(why) => {
                return Err(DecodeError::NotHookRequest {
                    why,
                    event_type: text_of(self.event_type).map(Cow::into_owned),
                    request_type: text_of(self.request_type).map(Cow::into_owned),
                });
            }
        };
        let form = match flow.spec().form {
            FormMember::UserProfile => self.user_profile,
            FormMember::UserProfileUpdate => self.user_profile_update,
        };
        let language = match language_of(self.preferred_language) {
            Some(language) => Some(language),
            None => language_of(self.locale),
        };
        Ok(Request {
            flow,
            event_id: text_of(self.event_id),
            event_time: text_of(self.event_time),
            profile_language: language,
            form: match form {
                SubmittedForm::Form(form) => form,
                SubmittedForm::Absent | SubmittedForm::NotAnObject => Form::default(),
            },
            body,
        })
    }

    /// The flow of the request. Fails with the reason why the body is not a request.
    fn verified_flow(&self) -> Result<Flow, &'static str> {
        if !self.is_object {
            return Err("it is not an object");
        }
        if self.event_type.is_none() {
            return Err("`eventType` is missing");
        }
        if !matches!(&self.event_type, Some(Value::Text(name)) if name == EVENT_TYPE) {
            return Err("`eventType` is not that of a registration inline hook");
        }
        if !self.has_data {
            return Err("`data` is not an object");
        }
        let flow = self.flow()?;
        if matches!(self.user_profile, SubmittedForm::NotAnObject) {
            return Err("the form `userProfile` is not an object");
        }
        if matches!(self.user_profile_update, SubmittedForm::NotAnObject) {
            return Err("the form `userProfileUpdate` is not an object");
        }
        Ok(flow)
    }

    fn flow(&self) -> Result<Flow, &'static str> {
        match &self.request_type {
            Some(Value::Text(name)) => {
                Flow::of_request_type(name).ok_or("`requestType` is unknown")
            }
            Some(_) => Err("`requestType` is unknown"),
            // Classic Engine sends no `requestType`.
            None => match self.user_profile {
                SubmittedForm::Absent => Err("it has neither `requestType` nor `data.userProfile`"),
                _ => Ok(Flow::Classic),
            },
        }
    }
}

impl<'a> SubmittedForm<'a> {
    fn read(reader: &mut JsonReader<'a>) -> Result<Self, NotStrict> {
        match read_form(reader)? {
            Some(form) => Ok(Self::Form(form)),
            None => Ok(Self::NotAnObject),
        }
    }
}

/// Reads a value that should be a form. Returns `None` if it is not an object.
pub(super) fn read_form<'a>(reader: &mut JsonReader<'a>) -> Result<Option<Form<'a>>, NotStrict> {
    Ok(reader.read_members()?.map(Form::new))
}

fn text_of(value: Option<Value<'_>>) -> Option<Cow<'_, str>> {
    match value {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn language_of(value: Option<Value<'_>>) -> Option<LanguageTag> {
    LanguageTag::first_of(&text_of(value)?)
}
