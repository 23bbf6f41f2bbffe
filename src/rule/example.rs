//! An example of a rule: the part of a request that the rule looks at.

use std::borrow::Cow;

use super::check::{EvalContext, Facts, Work};
use crate::okta::{DataContext, Form};

/// An example of a rule.
#[derive(Default)]
pub struct RuleExample<'a> {
    /// The submitted form.
    pub form: Form<'a>,
    /// The existing profile and the client's address.
    pub context: DataContext<'a>,
    /// The time of the request.
    pub event_time: Option<Cow<'a, str>>,
}

impl RuleExample<'_> {
    /// The context in which the rule is judged.
    pub(crate) fn eval_context<'c>(&'c self, facts: &'c Facts, work: &'c Work) -> EvalContext<'c> {
        let event_time = self.event_time.as_deref();
        EvalContext { form: &self.form, event_time, context: &self.context, facts, work }
    }
}
