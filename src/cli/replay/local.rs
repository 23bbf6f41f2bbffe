//! Replays recorded requests in this process.

use std::path::PathBuf;

use super::{
    change::{AnswerDecision, DecisionChange, recorded_decision},
    difference::{self, NamedText},
    report::ReplayOutcome,
};
use crate::{
    cli::{explain, fixtures::Case, live::LiveSources, pretty::pretty},
    file::{self, FileKind, Links},
    form_fields::form_fields,
    okta::{DecisionKind, reply::HookReply},
    pipeline,
    problem::SourceText,
    rule::{Hook, RuleSet},
};

/// An answer to a recorded request.
pub(super) struct PresentAnswer {
    pub(super) request: Vec<u8>,
    /// The exact body.
    pub(super) body: Vec<u8>,
    pub(super) decision: AnswerDecision,
}

/// Compares the answer of these rules to a recorded request with the recorded answer.
pub(super) fn compare(case: &Case, rules: &RuleSet) -> Result<ReplayOutcome, String> {
    let present = answer(case, rules)?;
    present.compare(case, rules.hooks.get(&case.hook))
}

impl PresentAnswer {
    /// Compares the answer with the recorded one. `hook` has the rules, if they are known.
    pub(super) fn compare(self, case: &Case, hook: Option<&Hook>) -> Result<ReplayOutcome, String> {
        let Self { request, body, decision: after } = self;
        let present = pretty(&body).map_err(|error| format!("the answer is not JSON: {error}"))?;
        let file = case.response.display().to_string();
        let content = case
            .read_response()
            .map_err(|why| format!("{file}: {why}; record it with --update"))?;
        let recorded = pretty(&content)
            .map_err(|error| format!("{file}: the recorded answer is not JSON: {error}"))?;
        if recorded == present {
            return Ok(ReplayOutcome::Same);
        }
        let before = Some(AnswerDecision::of_any_hook(recorded_decision(&request, &content)));
        let difference = difference::describe(
            NamedText { name: &format!("{file} (recorded)"), text: &recorded },
            NamedText { name: "the answer now", text: &present },
        );
        // The lines of `recorded` are those of the file only if formatting has changed nothing.
        let is_formatted = recorded.as_bytes() == content;
        let line = if is_formatted { difference::first_line(&recorded, &present) } else { 1 };
        let reply = HookReply::Answered { status: 200, body: &body };
        let explanation = explain_reply(&request, reply, hook);
        let change = DecisionChange { before, after };
        Ok(ReplayOutcome::Changed { change, file, line, difference, explanation })
    }
}

fn answer(case: &Case, rules: &RuleSet) -> Result<PresentAnswer, String> {
    let request = case.read_request().map_err(|problem| problem.to_string())?;
    let answer = case.answer(rules, &request).map_err(|problem| problem.to_string())?;
    let decision = AnswerDecision::of_answer(&answer);
    // The rest of the answer borrows the request, so only the body is kept.
    let body = answer.body;
    Ok(PresentAnswer { request, body, decision })
}

/// Explains a reply to a recorded request. Shortens a long explanation. Empty if `request` is not one of Okta's.
pub(super) fn explain_reply(request: &[u8], reply: HookReply<'_>, hook: Option<&Hook>) -> String {
    match pipeline::decode(request) {
        Ok(request) => {
            let section = hook.and_then(|hook| hook.section(request.flow));
            let fields = form_fields(&request, section);
            difference::shorten(&explain::reply(reply, request.flow, &fields))
        }
        Err(_) => String::new(),
    }
}

/// Records the answer to a request. With sources, first records the results of its lookups.
pub(super) fn update(
    case: &Case,
    rules: &RuleSet,
    sources: Option<&LiveSources>,
) -> Result<ReplayOutcome, String> {
    let mut outcome_if_same = ReplayOutcome::Same;
    if let Some(sources) = sources {
        let lookups_before = lookups_content(case);
        case.record_lookups(rules, sources).map_err(|problem| problem.to_string())?;
        if lookups_before != lookups_content(case) {
            outcome_if_same = ReplayOutcome::OtherLookups;
        }
    }
    let PresentAnswer { request, body, decision: after } = answer(case, rules)?;
    let text = pretty(&body).map_err(|error| format!("{}: {error}", case.request.display()))?;
    let file = case.response.display().to_string();
    let mut before = None;
    // A broken symbolic link counts, so that reading it is an error.
    let is_recorded = case.response.symlink_metadata().is_ok();
    if is_recorded {
        let recorded = case.read_response().map_err(|why| format!("{file}: {why}"))?;
        if recorded == text.as_bytes() {
            return Ok(outcome_if_same);
        }
        before = Some(AnswerDecision::of_any_hook(recorded_decision(&request, &recorded)));
    }
    file::replace(&case.response, text.as_bytes()).map_err(|error| format!("{file}: {error}"))?;
    let change = DecisionChange { before, after };
    Ok(ReplayOutcome::Changed {
        change,
        file,
        line: 1,
        difference: String::new(),
        explanation: String::new(),
    })
}

/// The content of the file with the recorded lookups, if there is one.
fn lookups_content(case: &Case) -> Option<Vec<u8>> {
    file::read_bytes(&case.lookups, FileKind::Fixture, Links::Refuse).ok()
}

/// The rules of `--against`, and the present ones.
pub(super) struct RulesChange {
    pub(super) before: RuleSet,
    pub(super) after: RuleSet,
    /// The folder of the present rules.
    pub(super) directory: PathBuf,
}

impl RulesChange {
    /// Compares the decisions about a request, and the values of updates.
    pub(super) fn compare(&self, case: &Case) -> Result<ReplayOutcome, String> {
        let request = case.read_request().map_err(|problem| problem.to_string())?;
        let new = case.answer(&self.after, &request).map_err(|problem| problem.to_string())?;
        let Some(hook) = self.before.hooks.get(&case.hook) else {
            return Ok(ReplayOutcome::NewHook);
        };
        let old =
            case.answer_by_other_rules(hook, &request).map_err(|problem| problem.to_string())?;
        let change = DecisionChange {
            before: Some(AnswerDecision::of_answer(&old)),
            after: AnswerDecision::of_answer(&new),
        };
        if change.changes_decision() {
            return Ok(self.changed(case, change, String::new()));
        }
        if old.body == new.body {
            return Ok(ReplayOutcome::Same);
        }
        // Only an update has values. Equal values may be written differently, which counts as other texts.
        if new.decision != DecisionKind::Update || have_same_values(&old.body, &new.body) {
            return Ok(ReplayOutcome::OtherTexts);
        }
        Ok(self.changed(case, change, describe_update(case, &old.body, &new.body)))
    }

    fn changed(&self, case: &Case, change: DecisionChange, difference: String) -> ReplayOutcome {
        let FileLine { file, line } = self.place_of_change(case, &change);
        ReplayOutcome::Changed { change, file, line, difference, explanation: String::new() }
    }

    /// The file and line of the first rule that denies now, or else of the request.
    fn place_of_change(&self, case: &Case, change: &DecisionChange) -> FileLine {
        let request = FileLine { file: case.request.display().to_string(), line: 1 };
        let (Some(hook), Some(id)) =
            (self.after.hooks.get(&case.hook), change.after.denied_by.first())
        else {
            return request;
        };
        let path = self.directory.join(format!("{}.toml", case.hook));
        let Ok(text) = file::read_text(&path, FileKind::Rules) else {
            return request;
        };
        match hook.rules().find(|rule| rule.id == *id) {
            Some(rule) => {
                let file = path.display().to_string();
                let line = SourceText::new(&file, &text).line(rule.origin.id_span.start);
                FileLine { file, line }
            }
            None => request,
        }
    }
}

/// Describes the difference of two updates by the rules of `--against` and by the present ones.
fn describe_update(case: &Case, before: &[u8], after: &[u8]) -> String {
    let (Ok(before), Ok(after)) = (pretty(before), pretty(after)) else {
        return String::new();
    };
    let name = format!("{} (by the rules of --against)", case.name());
    difference::describe(
        NamedText { name: &name, text: &before },
        NamedText { name: "by the present rules", text: &after },
    )
}

/// A place to look at.
struct FileLine {
    file: String,
    line: usize,
}

/// Whether two answers are equal as JSON, whatever the order of their members.
fn have_same_values(one: &[u8], other: &[u8]) -> bool {
    let one = serde_json::from_slice::<serde_json::Value>(one).ok();
    one.is_some() && one == serde_json::from_slice(other).ok()
}
