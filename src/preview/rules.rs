//! Watches the rules for the page: their files, their problems, and the decisions about recorded requests.
//!
//! The service itself reloads the rules. The page shows the live rules, and the problems of the files on disk.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{JudgedFixture, LiveDecision, Page};
use crate::{
    clock, escape,
    file::{self, Fingerprint},
    load::{self, Loaded, Purpose, RulesSource},
    problem::{Problem, Problems},
    rule::RuleSet,
};

/// How often the rules are checked for changes.
const INTERVAL: Duration = Duration::from_millis(200);
/// How often the recorded requests are checked, which may be thousands of files.
const FIXTURES_INTERVAL: Duration = Duration::from_secs(2);
/// The most recorded requests in [`RulesJson::changed_fixtures`].
const MOST_CHANGED_FIXTURES: usize = 100;

/// The rules, as the page shows them.
#[derive(Serialize)]
struct RulesJson {
    /// The revision of the live rules.
    revision: String,
    /// The source of the rules, for the middle of a sentence: `the rules in …`.
    source: String,
    /// Whether the service reloads changed rules without a signal.
    reloads: bool,
    /// The paths of the rules files. The page asks for a text once somebody opens it.
    files: Vec<String>,
    /// Each problem of the files on disk, as `check` prints it.
    problems: Vec<String>,
    /// The number of all problems. `problems` may have only the first ones.
    problem_count: usize,
    /// The recorded requests with a problem, and those that are no longer decided as recorded.
    changed_fixtures: Vec<FixtureJson>,
    /// The number of all such requests. `changed_fixtures` may have only the first ones.
    changed_fixture_count: usize,
    /// How many other recorded requests there are. The page asks for them once somebody opens their list.
    unchanged_fixture_count: usize,
}

#[derive(Serialize)]
struct FixtureJson {
    /// `None` for a file that is not part of a recorded request.
    hook: Option<String>,
    /// The case, or the path of a file that is not part of a recorded request.
    case: String,
    recorded: Option<&'static str>,
    now: Option<&'static str>,
    problem: Option<String>,
    denied_by: Vec<String>,
}

/// The files of the rules folder, and their problems. Empty for built-in rules.
#[derive(Default)]
struct RulesOnDisk {
    files: Fingerprint,
    problems: Problems,
}

/// The state that the page last showed.
struct ShownState {
    on_disk: RulesOnDisk,
    fixtures: Fingerprint,
    fixtures_checked_at: Instant,
    revision: String,
}

/// Reports every change of the rules and of the recorded requests to the feed, for as long as the process runs.
pub(super) fn watch(page: &Page) {
    let mut shown = ShownState {
        on_disk: RulesOnDisk::default(),
        fixtures: fixtures_fingerprint(page),
        fixtures_checked_at: Instant::now(),
        revision: String::new(),
    };
    loop {
        let live = page.live.rules.load_full();
        let rules_changed = shown.update_rules(page, &live);
        let fixtures_changed = shown.update_fixtures(page);
        if rules_changed || fixtures_changed {
            report_rules(page, &live, &shown.on_disk.problems);
        }
        thread::sleep(INTERVAL);
    }
}

impl ShownState {
    /// Stores the files on disk and the live revision. Returns whether either has changed.
    fn update_rules(&mut self, page: &Page, live: &RuleSet) -> bool {
        let fingerprint = files_fingerprint(page, &self.on_disk.files);
        let files_changed = fingerprint != self.on_disk.files;
        if files_changed {
            self.on_disk = read_rules(page, fingerprint);
        }
        let revision_changed = live.revision != self.revision;
        self.revision.clone_from(&live.revision);
        files_changed || revision_changed
    }

    /// Stores the fingerprint of the recorded requests. Returns whether they have changed. Checks them only once per
    /// [`FIXTURES_INTERVAL`].
    fn update_fixtures(&mut self, page: &Page) -> bool {
        if self.fixtures_checked_at.elapsed() < FIXTURES_INTERVAL {
            return false;
        }
        let fixtures = fixtures_fingerprint(page);
        let changed = fixtures != self.fixtures;
        self.fixtures = fixtures;
        self.fixtures_checked_at = Instant::now();
        changed
    }
}

/// The fingerprint of the rules folder. `last` is the one before. Empty for built-in rules.
fn files_fingerprint(page: &Page, last: &Fingerprint) -> Fingerprint {
    match &page.rules_source {
        RulesSource::Folder(directory) => load::fingerprint(directory, last),
        RulesSource::BuiltIn => Fingerprint::default(),
    }
}

/// The fingerprint of the folders of the recorded requests and the files in them.
fn fixtures_fingerprint(page: &Page) -> Fingerprint {
    let directory = &page.fixtures.directory;
    let mut fingerprint = Fingerprint::of([directory]);
    for folder in file::entries(directory).unwrap_or_default() {
        fingerprint.add(&folder);
        for path in file::entries(&folder).unwrap_or_default() {
            fingerprint.add(&path);
        }
    }
    fingerprint
}

/// Loads the rules on disk. The result has the files that were read. If the load panics, these are not known, and the
/// result has the given `fingerprint` instead.
fn read_rules(page: &Page, fingerprint: Fingerprint) -> RulesOnDisk {
    if matches!(page.rules_source, RulesSource::BuiltIn) {
        return RulesOnDisk::default();
    }
    let source_kinds = page.live.sources.load().kinds();
    let result = catch_unwind(AssertUnwindSafe(|| {
        load::load_rules(&page.rules_source, &clock::facts(), &source_kinds, Purpose::Inspect)
    }));
    let Ok(draft) = result else {
        let problem = Problem::named("rules", "reading them met a bug of ours; please report it");
        return RulesOnDisk { files: fingerprint, problems: problem.into() };
    };
    let Loaded { rules, files } = draft.into_loaded();
    RulesOnDisk { files: files.seen, problems: rules.err().unwrap_or_default() }
}

/// Gives the state of the rules to the feed.
fn report_rules(page: &Page, live: &RuleSet, problems: &Problems) {
    let mut paths = Vec::new();
    for path in rules_files(page) {
        paths.push(path.display().to_string());
    }
    let mut changed_fixtures = Vec::new();
    let mut changed_fixture_count = 0;
    let mut unchanged_fixtures = Vec::new();
    for fixture in (page.fixtures.judge)(&page.fixtures.directory, live) {
        let fixture = match fixture {
            Ok(fixture) => fixture_json(fixture),
            Err(problem) => stray_file_json(problem),
        };
        if fixture.problem.is_none() && fixture.recorded == fixture.now {
            unchanged_fixtures.push(fixture);
            continue;
        }
        changed_fixture_count += 1;
        if changed_fixture_count <= MOST_CHANGED_FIXTURES {
            changed_fixtures.push(fixture);
        }
    }
    let mut lines = Vec::new();
    for line in problems.lines() {
        lines.push(escape::lines(&line).into_owned());
    }
    let rules = RulesJson {
        revision: live.revision.clone(),
        source: page.rules_source.to_string(),
        reloads: page.reloads,
        files: paths,
        problems: lines,
        problem_count: problems.total(),
        changed_fixtures,
        changed_fixture_count,
        unchanged_fixture_count: unchanged_fixtures.len(),
    };
    page.feed.set_rules(
        serde_json::to_string(&rules).unwrap_or_default(),
        serde_json::to_string(&unchanged_fixtures).unwrap_or_default(),
    );
}

/// The rules files. Returns none for built-in rules, and for a folder that cannot be listed, which is a problem.
pub(super) fn rules_files(page: &Page) -> Vec<PathBuf> {
    match &page.rules_source {
        RulesSource::Folder(directory) => {
            load::rules_files(directory, &mut Fingerprint::default()).unwrap_or_default()
        }
        RulesSource::BuiltIn => Vec::new(),
    }
}

fn fixture_json(fixture: JudgedFixture) -> FixtureJson {
    let JudgedFixture { hook, case, recorded, now } = fixture;
    let mut json = FixtureJson {
        hook: Some(hook),
        case,
        recorded: None,
        now: None,
        problem: None,
        denied_by: Vec::new(),
    };
    match recorded {
        Ok(decision) => json.recorded = Some(decision.as_str()),
        Err(why) => json.problem = Some(why),
    }
    match now {
        Ok(LiveDecision { decision, denied_by }) => {
            json.now = Some(decision.as_str());
            json.denied_by = denied_by;
        }
        // Replaces a problem of the recorded answer, which matters less.
        Err(why) => json.problem = Some(why),
    }
    json
}

/// The row of a file that is not part of a recorded request.
fn stray_file_json(problem: Problem) -> FixtureJson {
    FixtureJson {
        hook: None,
        case: problem.place,
        recorded: None,
        now: None,
        problem: Some(problem.message),
        denied_by: Vec::new(),
    }
}
