//! The report of `doctor`: a line for each check, and one for each finding about an answer.

use std::fmt::Write as _;

use serde::Serialize;

use crate::escape;

/// The lines in the order of the checks.
#[derive(Default)]
pub(super) struct Checkup {
    lines: Vec<CheckupLine>,
}

/// A check and its result.
#[derive(Serialize)]
struct CheckupLine {
    check: &'static str,
    result: Grade,
    message: String,
    /// How to correct the note or problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

/// A problem after which no further check is possible.
pub(super) struct Obstacle {
    pub(super) check: &'static str,
    pub(super) message: String,
    pub(super) fix: &'static str,
}

impl Obstacle {
    pub(super) fn report(self, checkup: &mut Checkup) {
        checkup.problem(self.check, self.message, self.fix);
    }
}

/// The result of a check.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Grade {
    Ok,
    /// The hook works with a drawback, or the check was not possible.
    Note,
    /// Okta cannot use the hook, or the hook does not protect the org.
    Problem,
}

/// The checkup for programs.
#[derive(Serialize)]
struct CheckupDocument<'r> {
    url: &'r str,
    healthy: bool,
    checks: &'r [CheckupLine],
}

impl Checkup {
    pub(super) fn ok(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(check, Grade::Ok, message.into(), None);
    }

    pub(super) fn note(
        &mut self,
        check: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(check, Grade::Note, message.into(), Some(fix.into()));
    }

    pub(super) fn problem(
        &mut self,
        check: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(check, Grade::Problem, message.into(), Some(fix.into()));
    }

    fn add(&mut self, check: &'static str, result: Grade, message: String, fix: Option<String>) {
        self.lines.push(CheckupLine { check, result, message, fix });
    }

    /// Whether no check has found a problem.
    pub(super) fn is_healthy(&self) -> bool {
        self.count(Grade::Problem) == 0
    }

    fn count(&self, grade: Grade) -> usize {
        self.lines.iter().filter(|line| line.result == grade).count()
    }

    /// The checkup for people.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        for CheckupLine { check, result, message, fix } in &self.lines {
            let mark = match result {
                Grade::Ok => "ok",
                Grade::Note => "note",
                Grade::Problem => "problem",
            };
            // Writing to memory cannot fail. The text is escaped, since the hook chooses parts of it.
            let _ = write!(text, "{mark:<7}  {check}: {}", escape::line(message));
            if let Some(fix) = fix {
                let _ = write!(text, "; {}", escape::line(fix));
            }
            text.push('\n');
        }
        let (problems, notes) = (self.count(Grade::Problem), self.count(Grade::Note));
        let _ = writeln!(text, "problems: {problems}, notes: {notes}");
        text
    }

    /// The checkup for programs.
    pub(super) fn to_json(&self, url: &str) -> serde_json::Result<String> {
        let healthy = self.is_healthy();
        let document = CheckupDocument { url, healthy, checks: &self.lines };
        Ok(serde_json::to_string_pretty(&document)? + "\n")
    }
}
