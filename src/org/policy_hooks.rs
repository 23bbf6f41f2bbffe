//! The inline hooks of an enrollment policy, and the flows in which Okta calls them.

use serde_json::Value as Json;

use super::attribute::items;
use crate::okta::{Flow, PolicySwitch};

/// The inline hooks of an enrollment policy.
#[derive(Default)]
pub(super) struct PolicyHooks {
    /// The enrollment of each policy rule.
    enrollments: Vec<Enrollment>,
}

/// The enrollment of a policy rule.
struct Enrollment {
    hooks: Vec<InlineHook>,
    /// The flows that the rule switches off.
    flows_off: Vec<Flow>,
}

/// An inline hook of a policy rule.
struct InlineHook {
    /// The scopes for which Okta calls the hook. `None` if the rule gives none.
    scopes: Option<Vec<String>>,
}

/// Whether an inline hook has a scope.
enum HasScope {
    Yes,
    /// The rule gives no scopes, or one that no flow has.
    Perhaps,
    No,
}

/// Whether Okta calls a hook in a flow, as far as the policy shows.
pub(crate) enum CallsHook {
    Yes,
    /// The policy does not say.
    Perhaps,
    /// The policy excludes such calls, for this reason.
    No(String),
}

impl InlineHook {
    fn has_scope(&self, scope: &str) -> HasScope {
        match &self.scopes {
            None => HasScope::Perhaps,
            Some(scopes) if scopes.iter().any(|other| other == scope) => HasScope::Yes,
            Some(scopes) if scopes.iter().all(|other| is_scope_of_flow(other)) => HasScope::No,
            // Okta does not document scopes. A scope that no flow has may stand for several flows.
            Some(_) => HasScope::Perhaps,
        }
    }
}

fn is_scope_of_flow(scope: &str) -> bool {
    Flow::WITH_SECTION.iter().any(|flow| flow.spec().hook_scope == scope)
}

impl PolicyHooks {
    /// Adds the enrollment of a policy rule.
    pub(super) fn add(&mut self, enrollment: &Json) {
        let mut hooks = Vec::new();
        for hook in items(&enrollment["preRegistrationInlineHooks"]) {
            let mut scopes = None;
            if let Json::Array(words) = &hook["scopes"] {
                scopes = Some(words.iter().filter_map(Json::as_str).map(str::to_owned).collect());
            }
            hooks.push(InlineHook { scopes });
        }
        let mut flows_off = Vec::new();
        for flow in Flow::WITH_SECTION {
            let PolicySwitch { key, off_value } = flow.spec().policy_switch;
            if enrollment[key] == off_value {
                flows_off.push(flow);
            }
        }
        self.enrollments.push(Enrollment { hooks, flows_off });
    }

    /// Whether Okta calls a hook of the policy in this flow.
    pub(super) fn are_called_in(&self, flow: Flow) -> CallsHook {
        let scope = flow.spec().hook_scope;
        let mut has_hook = false;
        let mut is_switched_off = false;
        let mut is_possible = false;
        for Enrollment { hooks, flows_off } in &self.enrollments {
            let is_off = flows_off.contains(&flow);
            for hook in hooks {
                has_hook = true;
                match hook.has_scope(scope) {
                    HasScope::No => {}
                    HasScope::Yes | HasScope::Perhaps if is_off => is_switched_off = true,
                    HasScope::Yes => return CallsHook::Yes,
                    HasScope::Perhaps => is_possible = true,
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
            // Every hook lacks the scope.
            return CallsHook::No(format!(
                "the policy's inline hooks lack the scope `{scope}` (probably \"Run this hook\" in Okta)"
            ));
        }
        // Each hook that may have the scope is in a rule that switches the flow off.
        let PolicySwitch { key, off_value } = flow.spec().policy_switch;
        CallsHook::No(format!("the policy has the `{key}` `{off_value}`"))
    }
}
