//! The flows in which Okta calls a registration inline hook, and the table of their differences.

use super::DenyStyle;

/// The command that carries ALLOW or DENY, in every flow.
pub const ACTION_COMMAND: &str = "com.okta.action.update";

/// The start of a cause's default `location`. A dot and the attribute's name follow. Okta's guide uses it in
/// every flow.
pub const ATTRIBUTE_LOCATION: &str = "data.userProfile";

/// A flow in which Okta calls the hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flow {
    /// Identity Engine's self-service registration.
    SelfServiceRegistration,
    /// Identity Engine's progressive profile: an existing user completes the profile.
    ProgressiveProfile,
    /// Classic Engine's registration.
    Classic,
}

/// The row of a flow in the table of differences.
pub struct FlowSpec {
    /// The name in logs and metrics: Okta's `requestType`, or `classic`.
    pub name: &'static str,
    /// Okta's `requestType`. `None` if Okta sends none in this flow.
    pub request_type: Option<&'static str>,
    /// The flow whose section of the rules judges this one.
    pub judged_as: Flow,
    /// The key of that section in a rules file.
    pub section: &'static str,
    /// The member of `data` that holds the form.
    pub form: FormMember,
    /// The `location` of a cause that concerns the whole form.
    pub form_location: &'static str,
    /// The command that writes attributes.
    pub update_command: &'static str,
    /// Whether the ALLOW command follows the command that writes attributes.
    pub allow_follows_update: bool,
    /// The style of the denial if the hook has no section for the flow.
    pub unhandled_denial: DenyStyle,
    /// Completes the sentence "Okta …" after ALLOW.
    pub after_allow: &'static str,
    /// Completes the sentence "Okta …" after a denial.
    pub after_deny: &'static str,
    /// Whether Okta creates the user. Okta then fills in `login` from `email`, and requires the
    /// attributes that the user schema requires.
    pub creates_user: bool,
    /// Whether a section may have the key `update`, which writes attributes as submitted. In a registration
    /// Okta stores the whole form anyway. `set` works in every flow.
    pub accepts_update_key: bool,
    /// Whether the form is that of the enrollment policy. A progressive profile may use another form.
    pub uses_enrollment_form: bool,
    /// The word for this flow among the `scopes` of a hook in an enrollment policy.
    pub hook_scope: &'static str,
    /// How an enrollment policy switches this flow off.
    pub policy_switch: PolicySwitch,
    /// Whether Okta sets an attribute that the user schema marks as sensitive, if the hook asks for it.
    pub can_set_sensitive: bool,
    /// A sample request.
    pub example: &'static str,
}

/// The member of an enrollment policy that switches a flow off.
pub struct PolicySwitch {
    /// The member's name.
    pub key: &'static str,
    /// The value that means off.
    pub off_value: &'static str,
}

/// The members of a request's `data` that can hold a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormMember {
    /// `userProfile`
    UserProfile,
    /// `userProfileUpdate`
    UserProfileUpdate,
}

const SELF_SERVICE_REGISTRATION: FlowSpec = FlowSpec {
    name: "self.service.registration",
    request_type: Some("self.service.registration"),
    judged_as: Flow::SelfServiceRegistration,
    section: "self_service_registration",
    form: FormMember::UserProfile,
    form_location: "data.userProfile",
    update_command: "com.okta.user.profile.update",
    allow_follows_update: true,
    unhandled_denial: DenyStyle::Command,
    after_allow: "goes on with the registration",
    after_deny: "stops the registration",
    creates_user: true,
    accepts_update_key: false,
    uses_enrollment_form: true,
    hook_scope: "SELF_SERVICE_REGISTRATION",
    policy_switch: PolicySwitch { key: "unknownUserAction", off_value: "DENY" },
    can_set_sensitive: true,
    example: r#"{"eventId":"example","eventType":"com.okta.user.pre-registration","requestType":"self.service.registration","data":{"userProfile":{"firstName":"Rosario","lastName":"Jones","login":"rosario.jones@okta.com","email":"rosario.jones@okta.com"}}}"#,
};

const PROGRESSIVE_PROFILE: FlowSpec = FlowSpec {
    name: "progressive.profile",
    request_type: Some("progressive.profile"),
    judged_as: Flow::ProgressiveProfile,
    section: "progressive_profile",
    form: FormMember::UserProfileUpdate,
    form_location: "data.userProfileUpdate",
    update_command: "com.okta.user.progressive.profile.update",
    allow_follows_update: false,
    unhandled_denial: DenyStyle::Error,
    after_allow: "saves the profile as submitted",
    after_deny: "leaves the profile as it was",
    creates_user: false,
    accepts_update_key: true,
    uses_enrollment_form: false,
    hook_scope: "PROGRESSIVE_PROFILING",
    policy_switch: PolicySwitch { key: "progressiveProfilingAction", off_value: "DISABLED" },
    can_set_sensitive: false,
    example: r#"{"eventId":"example","eventType":"com.okta.user.pre-registration","requestType":"progressive.profile","data":{"userProfileUpdate":{"employeeNumber":"1234"}}}"#,
};

const CLASSIC: FlowSpec = FlowSpec {
    name: "classic",
    request_type: None,
    example: r#"{"eventId":"example","eventType":"com.okta.user.pre-registration","data":{"userProfile":{"firstName":"Rosario","lastName":"Jones","login":"rosario.jones@okta.com","email":"rosario.jones@okta.com"}}}"#,
    ..SELF_SERVICE_REGISTRATION
};

impl Flow {
    /// All flows.
    pub const ALL: [Self; 3] =
        [Self::SelfServiceRegistration, Self::ProgressiveProfile, Self::Classic];

    /// The flows that have a section of their own in a rules file.
    pub const WITH_SECTION: [Self; 2] = [Self::SelfServiceRegistration, Self::ProgressiveProfile];

    /// The flow's row in the table.
    pub fn spec(self) -> &'static FlowSpec {
        match self {
            Self::SelfServiceRegistration => &SELF_SERVICE_REGISTRATION,
            Self::ProgressiveProfile => &PROGRESSIVE_PROFILE,
            Self::Classic => &CLASSIC,
        }
    }

    /// The flow with this `requestType` of Okta's.
    pub fn of_request_type(request_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flow| flow.spec().request_type == Some(request_type))
    }
}
