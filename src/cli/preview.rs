//! `preview`: the service, and a page on loopback that shows its decisions.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;

use super::{
    CliError,
    banner::Banner,
    fixtures::{self, Case},
    messages::BANNER,
    replay::{denying_rules, recorded_decision},
    sample::sample_request,
};
use crate::{
    okta::{DecisionKind, Flow},
    preview::{FixtureFiles, Fixtures, JudgedFixture, LiveDecision, Page},
    problem::Problem,
    rule::RuleSet,
    server::State,
    settings::Settings,
    user_view::ReplyDecision,
};

const EXAMPLES: &str = "\
Examples:
  registration-hook preview              serve the hooks and the page
  registration-hook preview --page 9000  the page on another port than 8082

Standard error shows the page's URL. It has a random token: without it, the
page answers 403.

Exit codes: 0 stopped cleanly, 2 could not start,
130 stopped at once by a second signal";

/// The folder that `replay` reads without an argument.
const FIXTURES: &str = "tests/fixtures";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PreviewArguments {
    /// The page's port on 127.0.0.1; 0 for any free one
    #[arg(long, value_name = "PORT", default_value_t = 8082)]
    pub(super) page: u16,
}

/// Starts the page, and logs its URL. If the page cannot start, the service goes on without it.
pub(super) fn start_page(
    listener: TcpListener,
    token: String,
    banner: &Banner<'_>,
    state: &Arc<State>,
) {
    // The service has a feed whenever it has a page.
    let Some(feed) = &state.feed else {
        return;
    };
    let live = state.live.clone();
    let page = Page {
        feed: feed.clone(),
        rules_source: banner.rules_source.clone(),
        reloads: state.settings.rules.reload.is_some(),
        token,
        hooks_url: banner.hooks_url(&live),
        curl_arguments: banner.curl_arguments(&live),
        live,
        body_limit: state.settings.server.body_limit,
        sample,
        fixtures: locate_fixtures(&state.settings),
    };
    match page.start(listener) {
        Ok(url) => log::info!(target: BANNER, "preview: open {url}"),
        Err(error) => log::error!("preview: cannot serve the page: {error}"),
    }
}

/// A request as Okta sends it in a flow.
fn sample(flow: Flow) -> String {
    match sample_request(flow, &[]) {
        Ok(request) => request,
        // The system has no random numbers for an `eventId`. This example has no `eventId`.
        Err(_) => flow.spec().example.to_owned(),
    }
}

/// The recorded requests: those that `replay` finds, or else those beside the rules folder.
fn locate_fixtures(settings: &Settings) -> Fixtures {
    let mut directory = PathBuf::from(FIXTURES);
    let beside = settings.rules.directory.with_file_name("fixtures");
    if !directory.exists() && beside.exists() {
        directory = beside;
    }
    Fixtures { directory, judge: judge_fixtures, find: find_files_of_case }
}

/// Judges the recorded requests of a folder. A missing folder has none.
fn judge_fixtures(directory: &Path, rules: &RuleSet) -> Vec<Result<JudgedFixture, Problem>> {
    if !directory.exists() {
        return Vec::new();
    }
    let cases = match fixtures::read_cases(directory) {
        Ok(cases) => cases,
        Err(CliError(why)) => {
            return vec![Err(Problem::named(directory.display().to_string(), why))];
        }
    };
    let mut judged = Vec::new();
    for case in cases {
        judged.push(case.map(|case| judge_case(case, rules)));
    }
    judged
}

fn judge_case(case: Case, rules: &RuleSet) -> JudgedFixture {
    JudgedFixture {
        case: case.case_name(),
        recorded: read_recorded_decision(&case),
        now: decide_now(&case, rules).map_err(|problem| problem.message),
        hook: case.hook,
    }
}

/// The decision of these rules about a recorded request.
fn decide_now(case: &Case, rules: &RuleSet) -> Result<LiveDecision, Problem> {
    let request = case.read_request()?;
    let answer = case.answer(rules, &request)?;
    Ok(LiveDecision { decision: answer.decision, denied_by: denying_rules(&answer) })
}

/// The decision of a recorded answer, or why it has none.
fn read_recorded_decision(case: &Case) -> Result<DecisionKind, String> {
    let request = case.read_request().map_err(|problem| problem.to_string())?;
    let place = case.response.display();
    let response = case.read_response().map_err(|why| format!("{place}: {why}"))?;
    match recorded_decision(&request, &response) {
        ReplyDecision::Decision(decision) => Ok(decision),
        ReplyDecision::Failed | ReplyDecision::Unclear => {
            Err(format!("{place}: this is not an answer with a decision"))
        }
    }
}

/// Finds the files of a case by its name in the list of the folder. So the name, which the page sends, cannot lead
/// to another path.
fn find_files_of_case(directory: &Path, hook: &str, name: &str) -> Option<FixtureFiles> {
    for case in fixtures::read_cases(directory).ok()?.into_iter().flatten() {
        if case.hook == hook && case.case_name() == name {
            return Some(FixtureFiles { request: case.request, lookups: case.lookups });
        }
    }
    None
}
