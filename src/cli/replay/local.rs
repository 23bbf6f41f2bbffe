//! Replays recorded requests in this process.

use std::{fs, path::PathBuf};

use super::{
    difference,
    report::ReplayOutcome,
    turn::{DecisionTurn, Judged},
};
use crate::{
    cli::{explain, fixtures::Case, live::LiveSources, pretty::pretty},
    file,
    okta::{DecisionKind, reply::HookReply},
    pipeline,
    problem::SourceText,
    rule::RuleSet,
    user_view::form_fields,
};

/// A recorded answer and the present one, formatted alike.
pub(super) struct Recorded {
    place: String,
    recorded: String,
    /// Whether the file itself is formatted so. Otherwise its lines are others.
    is_formatted: bool,
    request: Vec<u8>,
    answer: String,
    turn: DecisionTurn,
}

impl Recorded {
    /// Answers a recorded request by these rules.
    pub(super) fn of_local(case: &Case, rules: &RuleSet) -> Result<Self, String> {
        let PresentAnswer { request, text, judged } = answer(case, rules)?;
        Self::new(case, request, text, judged)
    }

    /// Reads the recorded answer to compare this one with.
    pub(super) fn new(
        case: &Case,
        request: Vec<u8>,
        answer: String,
        judged: Judged,
    ) -> Result<Self, String> {
        let place = case.response.display().to_string();
        let file = case
            .read_response()
            .map_err(|why| format!("{place}: {why}; record it with --update"))?;
        let recorded = pretty(&file)
            .map_err(|error| format!("{place}: the recorded answer is not JSON: {error}"))?;
        let is_formatted = recorded.as_bytes() == file;
        let turn = DecisionTurn { before: Judged::of_json(recorded.as_bytes()), after: judged };
        Ok(Self { place, recorded, is_formatted, request, answer, turn })
    }

    pub(super) fn compare(self) -> ReplayOutcome {
        if self.recorded == self.answer {
            return ReplayOutcome::Same;
        }
        let headers = (format!("{} (recorded)", self.place), "the answer now");
        let difference =
            difference::describe((&headers.0, headers.1), &self.recorded, &self.answer);
        let line = match self.is_formatted {
            true => difference::first_line(&self.recorded, &self.answer),
            false => 1,
        };
        let reply = HookReply::Answered { status: 200, body: self.answer.as_bytes() };
        let explanation = explain_reply(&self.request, reply);
        ReplayOutcome::Changed { turn: self.turn, file: self.place, line, difference, explanation }
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
        let before = fs::read(&case.lookups).ok();
        case.record_lookups(rules, sources).map_err(|problem| problem.to_string())?;
        has_other_lookups = before != fs::read(&case.lookups).ok();
    }
    let PresentAnswer { text, judged, .. } = answer(case, rules)?;
    let file = case.response.display().to_string();
    let mut before = None;
    if case.response.symlink_metadata().is_ok() {
        let recorded = case.read_response().map_err(|why| format!("{file}: {why}"))?;
        if recorded == text.as_bytes() {
            return Ok(match has_other_lookups {
                true => ReplayOutcome::OtherLookups,
                false => ReplayOutcome::Same,
            });
        }
        before = Judged::of_json(&recorded);
    }
    file::replace(&case.response, text.as_bytes()).map_err(|error| format!("{file}: {error}"))?;
    let turn = DecisionTurn { before, after: judged };
    Ok(ReplayOutcome::Changed {
        turn,
        file,
        line: 1,
        difference: String::new(),
        explanation: String::new(),
    })
}

/// Rules of another time, and the present ones.
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
        let old = case.answer_by_others(hook, &request).map_err(|problem| problem.to_string())?;
        let turn = DecisionTurn { before: Some(Judged::of_answer(&old)), after };
        let is_same = !turn.is_turned()
            && (answer.decision != DecisionKind::Update
                || have_same_values(&old.body, &answer.body));
        if is_same {
            return Ok(match old.body == answer.body {
                true => ReplayOutcome::Same,
                false => ReplayOutcome::OtherTexts,
            });
        }
        let (file, line) = self.place(case, &turn);
        let mut difference = String::new();
        if !turn.is_turned()
            && let (Ok(old), Ok(new)) = (pretty(&old.body), pretty(&answer.body))
        {
            let header = format!("{} (by the rules of --against)", case.name());
            difference = difference::describe((&header, "by the present rules"), &old, &new);
        }
        Ok(ReplayOutcome::Changed { turn, file, line, difference, explanation: String::new() })
    }

    /// The file and line of the first rule that denies now, or else of the request.
    fn place(&self, case: &Case, turn: &DecisionTurn) -> (String, usize) {
        let request = (case.request.display().to_string(), 1);
        let (Some(hook), Some(id)) = (self.after.hooks.get(&case.hook), turn.after.rules.first())
        else {
            return request;
        };
        let path = self.directory.join(format!("{}.toml", case.hook));
        let Ok(text) = fs::read_to_string(&path) else {
            return request;
        };
        match hook.rules().find(|rule| rule.id == *id) {
            Some(rule) => {
                let file = path.display().to_string();
                let line = SourceText::new(&file, &text).line(rule.places.id.start);
                (file, line)
            }
            None => request,
        }
    }
}

/// Whether two answers are equal as JSON, whatever the order of their members.
fn have_same_values(one: &[u8], other: &[u8]) -> bool {
    let one = serde_json::from_slice::<serde_json::Value>(one).ok();
    one.is_some() && one == serde_json::from_slice(other).ok()
}
