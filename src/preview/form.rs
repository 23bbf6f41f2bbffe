//! The hooks, and for each flow the fields and lookups that the page offers.

use serde::Serialize;

use super::Page;
use crate::{
    form_fields::fields_of_section,
    okta::{Flow, FormMember},
    rule::{RuleSet, Section, lookup::Lookup, value_name::ValueName},
};

/// Everything that the page shows about the hooks.
#[derive(Serialize)]
pub(super) struct HooksJson<'a> {
    hooks: Vec<HookForms<'a>>,
    samples: Vec<SampleJson>,
    hooks_url: &'a str,
    revision: &'a str,
}

#[derive(Serialize)]
struct HookForms<'a> {
    name: &'a str,
    flows: Vec<FlowForm<'a>>,
}

/// The page's form for one flow.
#[derive(Serialize)]
struct FlowForm<'a> {
    flow: &'static str,
    /// Whether the hook has a section for the flow.
    has_section: bool,
    /// The fields, in their order.
    fields: Vec<&'a str>,
    /// The attributes of an existing profile that the section looks at.
    profile: Vec<&'a str>,
    lookups: Vec<LookupForm<'a>>,
}

#[derive(Serialize)]
struct LookupForm<'a> {
    name: &'a str,
    columns: &'a [String],
    /// Whether a table in the rules folder answers the lookup.
    is_table: bool,
}

#[derive(Serialize)]
struct SampleJson {
    flow: &'static str,
    /// The member of `data` that holds the form.
    member: &'static str,
    request: String,
}

/// Describes the hooks.
pub(super) fn describe<'a>(page: &'a Page, rules: &'a RuleSet) -> HooksJson<'a> {
    let mut hooks = Vec::new();
    for (name, hook) in &rules.hooks {
        let mut flows = Vec::new();
        for flow in Flow::ALL {
            flows.push(flow_form(flow, hook.section(flow)));
        }
        hooks.push(HookForms { name, flows });
    }
    let mut samples = Vec::new();
    for flow in Flow::ALL {
        let spec = flow.spec();
        let member = match spec.form {
            FormMember::UserProfile => "userProfile",
            FormMember::UserProfileUpdate => "userProfileUpdate",
        };
        samples.push(SampleJson { flow: spec.name, member, request: (page.sample)(flow) });
    }
    HooksJson { hooks, samples, hooks_url: &page.hooks_url, revision: &rules.revision }
}

fn flow_form(flow: Flow, section: Option<&Section>) -> FlowForm<'_> {
    let mut form = FlowForm {
        flow: flow.spec().name,
        has_section: section.is_some(),
        fields: fields_of_section(flow, section),
        profile: Vec::new(),
        lookups: Vec::new(),
    };
    let Some(section) = section else {
        return form;
    };
    for name in section.value_names() {
        if let ValueName::Profile(attribute) = name {
            form.profile.push(attribute);
        }
    }
    for lookup in &section.lookups {
        let Lookup { name, columns, .. } = lookup;
        // Every lookup but a table can fail.
        let is_table = !lookup.can_fail();
        form.lookups.push(LookupForm { name, columns, is_table });
    }
    form
}
