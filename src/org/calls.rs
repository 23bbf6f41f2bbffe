//! The requests that an enrollment policy lets Okta send to a hook.

use serde_json::Value as Json;

use super::attribute::items;
use crate::okta::Flow;

/// The inline hooks of an enrollment policy.
#[derive(Default)]
pub(super) struct HookCalls {
    /// One for each policy rule.
    enrollments: Vec<Enrollment>,
}

struct Enrollment {
    /// The `scopes` of each hook. `None` for a hook without scopes.
    hooks: Vec<Option<Vec<String>>>,
    /// The flows that the rule switches off.
    off: Vec<Flow>,
}

/// Whether Okta calls a hook in a flow, as far as the policy says.
pub(crate) enum CallsHook {
    /// The policy says so.
    Yes,
    /// The policy does not exclude it.
    Perhaps,
    /// The policy excludes it, for this reason.
    No(String),
}

impl HookCalls {
    /// Adds the enrollment of a policy rule.
    pub(super) fn add(&mut self, enrollment: &Json) {
        let mut hooks = Vec::new();
        for hook in items(&enrollment["preRegistrationInlineHooks"]) {
            let mut scopes = None;
            if let Json::Array(words) = &hook["scopes"] {
                scopes = Some(words.iter().filter_map(Json::as_str).map(str::to_owned).collect());
            }
            hooks.push(scopes);
        }
        let mut off = Vec::new();
        for flow in Flow::WITH_SECTION {
            let (key, value) = flow.spec().policy_switch;
            if enrollment[key] == value {
                off.push(flow);
            }
        }
        self.enrollments.push(Enrollment { hooks, off });
    }

    pub(super) fn of_flow(&self, flow: Flow) -> CallsHook {
        let scope = flow.spec().hook_scope;
        let mut has_hook = false;
        let mut is_switched_off = false;
        let mut is_possible = false;
        for Enrollment { hooks, off } in &self.enrollments {
            for scopes in hooks {
                has_hook = true;
                let is_named = match scopes {
                    Some(scopes) => scopes.iter().any(|word| word == scope),
                    None => false,
                };
                if !is_named && scopes.is_some() {
                    continue;
                }
                if off.contains(&flow) {
                    is_switched_off = true;
                } else if is_named {
                    return CallsHook::Yes;
                } else {
                    is_possible = true;
                }
            }
        }
        if is_possible {
            return CallsHook::Perhaps;
        }
        if !has_hook {
            return CallsHook::No("the policy names no inline hook".to_owned());
        }
        if !is_switched_off {
            return CallsHook::No(format!(
                "the policy's inline hooks lack the scope `{scope}` (\"Run this hook\" in Okta)"
            ));
        }
        let (key, value) = flow.spec().policy_switch;
        CallsHook::No(format!("the policy has the `{key}` `{value}`"))
    }
}
