//! An org's own user schema and enrollment form, as Okta's API returns them.
//!
//! `lint` asks whether the form can submit each attribute that a rule names, and whether Okta stores each
//! attribute that a rules file writes.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    path::Path,
};

use serde_json::Value as Json;
use strsim::osa_distance;

use crate::{
    nearest::did_you_mean,
    okta::{Flow, base_attributes, is_base_attribute},
    problem::{MOST_KEPT, Problem, Problems},
};

mod attribute;
mod export;
mod policy_hooks;

use attribute::Barrier;
pub(crate) use attribute::{Samples, SchemaAttribute};
pub(crate) use policy_hooks::CallsHook;
use policy_hooks::PolicyHooks;

/// The known facts about an org. Without files, only the base attributes are known.
#[derive(Default)]
pub struct Org {
    /// The attributes of the user schema. `None` if the schema is not known.
    attributes: Option<BTreeMap<String, SchemaAttribute>>,
    /// The names of the form's attributes. `None` if the form is not known.
    form: Option<BTreeSet<String>>,
    /// The inline hooks of the policy, if it is known.
    hooks: Option<PolicyHooks>,
    /// The names of the attributes that the schema requires, except those with a default.
    pub required: BTreeSet<String>,
    /// Problems of the form itself.
    pub problems: Problems,
    /// How many messages have suggested a known name so far.
    suggestions: Cell<usize>,
}

impl Org {
    /// Reads a user schema and an enrollment policy, as exported from Okta's API. Fails if a file cannot
    /// be read, or is not such an export.
    pub fn read_files(schema: Option<&Path>, policy: Option<&Path>) -> Result<Self, Problem> {
        let mut org = Self::default();
        if let Some(path) = schema {
            export::read_schema(path, &mut org)?;
        }
        if let Some(path) = policy {
            export::read_policy(path, &mut org)?;
        }
        Ok(org)
    }

    /// Whether the user schema is known.
    pub(crate) fn has_schema(&self) -> bool {
        self.attributes.is_some()
    }

    /// Why an attribute does not exist in the org: neither the schema nor the form has it.
    pub(crate) fn why_unknown(&self, name: &str) -> Option<String> {
        if !self.is_missing_in_schema(name) {
            return None;
        }
        match self.is_on_form(name) {
            None => Some(self.not_in_schema(name, "; add --policy if the form has it")),
            Some(false) => Some(self.not_in_schema(name, ", nor has the form")),
            Some(true) => None,
        }
    }

    /// Why no form submits an attribute.
    pub(crate) fn why_never_submitted(&self, name: &str, flow: Flow) -> Option<String> {
        if let Some(why) = self.why_unknown(name) {
            return Some(why);
        }
        // Okta fills in the login from `email`.
        if flow.spec().creates_user && name == "login" {
            return None;
        }
        if let Some(attribute) = self.attribute(name)
            && let Some(barrier) = attribute.barrier
        {
            return Some(format!(
                "`{name}` is never submitted: it is {barrier}, which no form takes; in the Profile Editor make it Read-Write, not sensitive and sourced from Okta"
            ));
        }
        if flow.spec().uses_enrollment_form && self.is_on_form(name) == Some(false) {
            return Some(format!(
                "`{name}` is never submitted: it is not on the form; add it there"
            ));
        }
        None
    }

    /// Why no end user sees a message at this field. Asks the form first: it may have no field `login`, which
    /// [`Self::why_never_submitted`] lets pass, since Okta fills it in.
    pub(crate) fn why_not_shown(&self, name: &str, flow: Flow) -> Option<String> {
        if flow.spec().uses_enrollment_form && self.is_on_form(name) == Some(false) {
            return Some(format!(
                "the form has no field `{name}`, so no user sees the message; give a `location` that it has, such as `data.userProfile.email`"
            ));
        }
        self.why_never_submitted(name, flow)
    }

    /// Whether Okta calls the hook in this flow.
    pub(crate) fn calls_hook(&self, flow: Flow) -> CallsHook {
        match &self.hooks {
            Some(hooks) => hooks.are_called_in(flow),
            None => CallsHook::Perhaps,
        }
    }

    /// Whether the form is known.
    pub(crate) fn has_form(&self) -> bool {
        self.form.is_some()
    }

    /// Why no existing profile has an attribute. In a profile, the schema's `timezone` is spelt `timeZone`.
    pub(crate) fn why_not_in_profile(&self, name: &str) -> Option<String> {
        if name == "timeZone" || !self.is_missing_in_schema(name) {
            return None;
        }
        Some(self.not_in_schema(name, ""))
    }

    /// Why Okta writes no value to an attribute.
    pub(crate) fn why_never_written(&self, name: &str, flow: Flow) -> Option<String> {
        if self.is_missing_in_schema(name) {
            return Some(self.not_in_schema(name, ", so Okta does not store it"));
        }
        let attribute = self.attribute(name)?;
        match attribute.barrier {
            Some(barrier @ Barrier::Application) => Some(not_written(name, barrier)),
            Some(barrier @ Barrier::Sensitive) if !flow.spec().can_set_sensitive => {
                Some(not_written(name, barrier))
            }
            _ if attribute.is_read_only => Some(not_written(name, "read-only")),
            // The other barriers hold for the user, and not for a hook.
            _ => None,
        }
    }

    /// Why Okta does not write this value to an attribute.
    pub(crate) fn why_value_not_written(&self, name: &str, value: &Json) -> Option<String> {
        let attribute = self.attribute(name)?;
        if attribute.takes(value) {
            return None;
        }
        Some(not_written(name, &attribute.valid_values))
    }

    /// Why Okta writes no text to an attribute.
    pub(crate) fn why_text_not_written(&self, name: &str) -> Option<String> {
        let attribute = self.attribute(name)?;
        if attribute.takes_text() {
            return None;
        }
        Some(not_written(name, &attribute.valid_values))
    }

    /// The correction of a name that is nearly that of a base attribute. Returns `None` if the schema is
    /// known: [`Self::why_unknown`] then reports the name.
    pub(crate) fn likely_typo(&self, name: &str) -> Option<String> {
        if self.has_schema() || is_base_attribute(name) {
            return None;
        }
        let base = base_attributes().find(|base| is_near(name, base))?;
        Some(format!("`{name}` is not a base attribute; did you mean `{base}`?"))
    }

    /// The schema's attribute of this name. Returns `None` if there is none, or no schema is known.
    pub(crate) fn attribute(&self, name: &str) -> Option<&SchemaAttribute> {
        self.attributes.as_ref()?.get(name)
    }

    /// Whether the schema is known and has no attribute of this name.
    fn is_missing_in_schema(&self, name: &str) -> bool {
        self.has_schema() && self.attribute(name).is_none()
    }

    /// Whether an attribute of this name is sure to exist: every org has it, or the form is known and has it.
    pub(crate) fn surely_exists(&self, name: &str) -> bool {
        is_base_attribute(name) || self.is_on_form(name) == Some(true)
    }

    /// Whether the form has an attribute of this name. Returns `None` if the form is not known.
    pub(crate) fn is_on_form(&self, name: &str) -> Option<bool> {
        let form = self.form.as_ref()?;
        Some(form.contains(name))
    }

    /// The message that the schema has no attribute of this name. `addition` follows the name. The first messages
    /// also suggest a similar name.
    fn not_in_schema(&self, name: &str, addition: &str) -> String {
        let message = format!("the user schema has no attribute `{name}`{addition}");
        // The search for a similar name takes time in proportion to the schema. Only the first `MOST_KEPT` problems are
        // shown, so do not search for more.
        let suggestions = self.suggestions.get();
        if suggestions >= MOST_KEPT {
            return message;
        }
        self.suggestions.set(suggestions + 1);
        let mut others = Vec::new();
        if let Some(attributes) = &self.attributes {
            others.extend(attributes.keys().map(String::as_str));
        }
        if let Some(form) = &self.form {
            others.extend(form.iter().map(String::as_str));
        }
        others.retain(|other| *other != name);
        message + &did_you_mean(name, others)
    }
}

fn not_written(name: &str, state: impl Display) -> String {
    format!("Okta does not write this: `{name}` is {state} in the user schema")
}

/// Whether a name equals a base attribute but for case, or differs from it by one typing error.
fn is_near(name: &str, base: &str) -> bool {
    if name.eq_ignore_ascii_case(base) {
        return true;
    }
    // The distance is at least the difference in length, which is cheap to compute.
    name.len().abs_diff(base.len()) < 2 && osa_distance(name, base) < 2
}
