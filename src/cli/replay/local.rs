//! Replays recorded requests in this process.

use std::path::PathBuf;

use super::{
    change::{DecisionChange, Earlier, Judged},
    difference::{self, NamedText},
    report::ReplayOutcome,
};
use crate::{
    cli::{explain, fixtures::Case, live::LiveSources, pretty::pretty},
    file::{self, FileKind, Links},
    okta::{DecisionKind, reply::HookReply},
    pipeline,
    problem::SourceText,
    rule::RuleSet,
    user_view::form_fields,
};

/// A recorded answer and the present one, formatted alike.
pub(super) struct AnswerPair {
    /// The file of the recorded answer.
    file: String,
    recorded: String,
    /// Whether the file is formatted like `recorded`, so that both have the same lines.
    is_formatted: bool,
    request: Vec<u8>,
    present: String,
    change: DecisionChange,
}

impl AnswerPair {
    /// Answers a recorded request by these rules.
    pub(super) fn of_rules(case: &Case, rules: &RuleSet) -> Result<Self, String> {
        let PresentAnswer { request, text, judged } = answer(case, rules)?;
        Self::new(case, request, text, judged)
    }

    /// Reads the recorded answer to compare the present one with.
    pub(super) fn new(
        case: &Case,
        request: Vec<u8>,
        present: String,
        judged: Judged,
    ) -> Result<Self, String> {
        let file = case.response.display().to_string();
        let content = case
            .read_response()
            .map_err(|why| format!("{file}: {why}; record it with --update"))?;
        let recorded = pretty(&content)
            .map_err(|error| format!("{file}: the recorded answer is not JSON: {error}"))?;
        let is_formatted = recorded.as_bytes() == content;
        let change =
            DecisionChange { before: Earlier::of_json(recorded.as_bytes()), after: judged };
        Ok(Self { file, recorded, is_formatted, request, present, change })
    }

    pub(super) fn compare(self) -> ReplayOutcome {
        let Self { file, recorded, is_formatted, request, present, change } = self;
        if recorded == present {
            return ReplayOutcome::Same;
        }
        let difference = difference::describe(
            NamedText { name: &format!("{file} (recorded)"), text: &recorded },
            NamedText { name: "the answer now", text: &present },
        );
        let line = if is_formatted { difference::first_line(&recorded, &present) } else { 1 };
        let reply = HookReply::Answered { status: 200, body: present.as_bytes() };
        let explanation = explain_reply(&request, reply);
        ReplayOutcome::Changed { change, file, line, difference, explanation }
    }
}

/// The answer to a recorded request, formatted as it is recorded.
struct PresentAnswer {
    request: Vec<u8>,
    text: String,
    judged: Judged,
}

fn answer(case: &Case, rules: &RuleSet) -> Result<PresentAnswer, String> {
    let request = case.read_request().map_err(|problem| problem.to_string())?;
    let answer = case.answer(rules, &request).map_err(|problem| problem.to_string())?;
    let text =
        pretty(&answer.body).map_err(|error| format!("{}: {error}", case.request.display()))?;
    let judged = Judged::of_answer(&answer);
    // The answer borrows the request, which is returned.
    drop(answer);
    Ok(PresentAnswer { request, text, judged })
}

/// Explains a reply to a recorded request. Empty if it is not a request of Okta's.
pub(super) fn explain_reply(request: &[u8], reply: HookReply<'_>) -> String {
    match pipeline::decode(request) {
        Ok(request) => explain::reply(reply, request.flow, &form_fields(&request)),
        Err(_) => String::new(),
    }
}

/// Records the answer to a request. With sources, first records the results of its lookups.
pub(super) fn update(
    case: &Case,
    rules: &RuleSet,
    sources: Option<&LiveSources>,
) -> Result<ReplayOutcome, String> {
    let mut has_other_lookups = false;
    if let Some(sources) = sources {
        let before = read_lookups(case);
        case.record_lookups(rules, sources).map_err(|problem| problem.to_string())?;
        has_other_lookups = before != read_lookups(case);
    }
    let PresentAnswer { text, judged, .. } = answer(case, rules)?;
    let file = case.response.display().to_string();
    let mut before = Earlier::None;
    if case.response.symlink_metadata().is_ok() {
        let recorded = case.read_response().map_err(|why| format!("{file}: {why}"))?;
        if recorded == text.as_bytes() {
            return Ok(if has_other_lookups {
                ReplayOutcome::OtherLookups
            } else {
                ReplayOutcome::Same
            });
        }
        before = Earlier::of_json(&recorded);
    }
    file::replace(&case.response, text.as_bytes()).map_err(|error| format!("{file}: {error}"))?;
    let change = DecisionChange { before, after: judged };
    Ok(ReplayOutcome::Changed {
        change,
        file,
        line: 1,
        difference: String::new(),
        explanation: String::new(),
    })
}

/// The recorded results of lookups, if there are any.
fn read_lookups(case: &Case) -> Option<Vec<u8>> {
    file::read_bytes(&case.lookups, FileKind::Fixture, Links::Refuse).ok()
}

/// The rules of `--against`, and the present ones.
pub(super) struct Against {
    pub(super) before: RuleSet,
    pub(super) after: RuleSet,
    /// The folder of the present rules.
    pub(super) directory: PathBuf,
}

impl Against {
    /// Compares the decisions about a request. Updates are compared by their values.
    pub(super) fn compare(&self, case: &Case) -> Result<ReplayOutcome, String> {
        let request = case.read_request().map_err(|problem| problem.to_string())?;
        let answer = case.answer(&self.after, &request).map_err(|problem| problem.to_string())?;
        let after = Judged::of_answer(&answer);
        let Some(hook) = self.before.hooks.get(&case.hook) else {
            return Ok(ReplayOutcome::NewHook);
        };
        let old =
            case.answer_by_other_rules(hook, &request).map_err(|problem| problem.to_string())?;
        let change = DecisionChange { before: Earlier::Decision(Judged::of_answer(&old)), after };
        let is_other_update =
            answer.decision == DecisionKind::Update && !have_same_values(&old.body, &answer.body);
        if !change.changes_decision() && !is_other_update {
            return Ok(if old.body == answer.body {
                ReplayOutcome::Same
            } else {
                ReplayOutcome::OtherTexts
            });
        }
        let FileLine { file, line } = self.find_denying_rule(case, &change);
        let mut difference = String::new();
        if !change.changes_decision()
            && let (Ok(old), Ok(new)) = (pretty(&old.body), pretty(&answer.body))
        {
            difference = difference::describe(
                NamedText {
                    name: &format!("{} (by the rules of --against)", case.name()),
                    text: &old,
                },
                NamedText { name: "by the present rules", text: &new },
            );
        }
        Ok(ReplayOutcome::Changed { change, file, line, difference, explanation: String::new() })
    }

    /// The file and line of the first rule that denies now, or else of the request.
    fn find_denying_rule(&self, case: &Case, change: &DecisionChange) -> FileLine {
        let request = FileLine { file: case.request.display().to_string(), line: 1 };
        let (Some(hook), Some(id)) = (self.after.hooks.get(&case.hook), change.after.rules.first())
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
                let line = SourceText::new(&file, &text).line(rule.places.id.start);
                FileLine { file, line }
            }
            None => request,
        }
    }
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
