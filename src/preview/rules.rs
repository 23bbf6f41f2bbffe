//! Watches the rules for the page: their files, their problems, and the decisions about recorded requests.
//!
//! The service itself reloads the rules. The page shows the live rules, and the problems of the files on disk.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{FixtureFiles, JudgedFixture, Page};
use crate::{
    clock, escape,
    file::{self, FileKind, Fingerprint},
    load::{self, Loaded, Purpose, RulesSource},
    okta::DecisionKind,
    problem::{Problem, Problems},
    rule::RuleSet,
};

/// How often the rules are checked for changes.
const INTERVAL: Duration = Duration::from_millis(200);
/// How often the recorded requests are checked, which may be thousands of files.
const FIXTURES_INTERVAL: Duration = Duration::from_secs(2);

/// The rules, as the page shows them.
#[derive(Serialize)]
struct RulesJson {
    /// The revision of the live rules.
    revision: String,
    /// The source of the rules, for the middle of a sentence: `the rules in …`.
    source: String,
    /// Whether the service reloads the rules by itself.
    reloads: bool,
    files: Vec<RulesFileJson>,
    /// Each problem of the files on disk, as `check` prints it.
    problems: Vec<String>,
    /// How many problems there are. Not all may be listed.
    problem_count: usize,
    fixtures: Vec<FixtureJson>,
}

#[derive(Serialize)]
struct RulesFileJson {
    path: String,
    text: String,
}

#[derive(Serialize)]
struct FixtureJson {
    /// `None` for a file that is not part of a recorded request.
    hook: Option<String>,
    /// The case, or the path of such a file.
    case: String,
    recorded: Option<&'static str>,
    now: Option<&'static str>,
    problem: Option<String>,
    denied_by: Vec<String>,
}

/// A recorded request that the page opens.
#[derive(Serialize)]
struct OpenedFixture {
    request: String,
    /// The recorded results of lookups, as JSON. `None` without a file.
    lookups: Option<String>,
}

/// The files of the rules folder, and their problems. Empty for built-in rules.
#[derive(Default)]
struct RulesOnDisk {
    files: Fingerprint,
    problems: Problems,
}

/// Reports every change of the rules to the feed, for as long as the process runs.
pub(super) fn watch(page: &Page) {
    let mut on_disk = RulesOnDisk::default();
    let mut last_fixtures = fixtures_fingerprint(page);
    let mut fixtures_checked_at = Instant::now();
    let mut last_revision = String::new();
    loop {
        let live = page.live.rules.load_full();
        let files = files_fingerprint(page, &on_disk.files);
        let files_changed = files != on_disk.files;
        if files_changed {
            on_disk = read_rules(page, files);
        }
        let mut fixtures_changed = false;
        if fixtures_checked_at.elapsed() >= FIXTURES_INTERVAL {
            let fixtures = fixtures_fingerprint(page);
            fixtures_changed = fixtures != last_fixtures;
            last_fixtures = fixtures;
            fixtures_checked_at = Instant::now();
        }
        if files_changed || fixtures_changed || live.revision != last_revision {
            last_revision.clone_from(&live.revision);
            page.feed.set_rules(rules_json(page, &live, &on_disk));
        }
        thread::sleep(INTERVAL);
    }
}

fn files_fingerprint(page: &Page, last: &Fingerprint) -> Fingerprint {
    match &page.source {
        RulesSource::Folder(directory) => load::fingerprint(directory, last),
        RulesSource::BuiltIn => Fingerprint::default(),
    }
}

/// The folders of the recorded requests and the files in them.
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

/// Loads the rules on disk. If that panics, it cannot say which files it has read: then the result has `files`.
fn read_rules(page: &Page, files: Fingerprint) -> RulesOnDisk {
    if matches!(page.source, RulesSource::BuiltIn) {
        return RulesOnDisk::default();
    }
    let kinds = page.live.sources.load().kinds();
    let result = catch_unwind(AssertUnwindSafe(|| {
        load::load_rules(&page.source, &clock::facts(), &kinds, Purpose::Inspect)
    }));
    let Ok(draft) = result else {
        let problem = Problem::named("rules", "reading them met a bug of ours; please report it");
        return RulesOnDisk { files, problems: problem.into() };
    };
    let Loaded { rules, files } = draft.into_loaded();
    RulesOnDisk { files: files.seen, problems: rules.err().unwrap_or_default() }
}

fn rules_json(page: &Page, live: &RuleSet, on_disk: &RulesOnDisk) -> String {
    let RulesOnDisk { files, problems } = on_disk;
    let mut files_json = Vec::new();
    for path in files.paths().filter(|path| path.extension() == Some("toml".as_ref())) {
        let text = file::read_text(path, FileKind::Rules).unwrap_or_default();
        files_json.push(RulesFileJson { path: path.display().to_string(), text });
    }
    let mut fixtures = Vec::new();
    for fixture in (page.fixtures.judge)(&page.fixtures.directory, live) {
        fixtures.push(match fixture {
            Ok(fixture) => fixture_json(fixture),
            Err(problem) => stray_file_json(problem),
        });
    }
    let mut lines = Vec::new();
    for line in problems.lines() {
        lines.push(escape::lines(&line).into_owned());
    }
    let rules = RulesJson {
        revision: live.revision.clone(),
        source: page.source.to_string(),
        reloads: page.reloads,
        files: files_json,
        problems: lines,
        problem_count: problems.total(),
        fixtures,
    };
    serde_json::to_string(&rules).unwrap_or_default()
}

fn fixture_json(fixture: JudgedFixture) -> FixtureJson {
    let JudgedFixture { hook, case, recorded, now, denied_by } = fixture;
    let problem = match (&now, &recorded) {
        (Err(why), _) | (Ok(_), Err(why)) => Some(why.clone()),
        (Ok(_), Ok(_)) => None,
    };
    FixtureJson {
        hook: Some(hook),
        case,
        recorded: recorded.ok().map(DecisionKind::as_str),
        now: now.ok().map(DecisionKind::as_str),
        problem,
        denied_by,
    }
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

/// Reads a recorded request. Returns it as JSON, or `None` if there is none of this name.
pub(super) fn open_fixture(page: &Page, hook: &str, case: &str) -> Option<String> {
    let FixtureFiles { request, lookups } =
        (page.fixtures.find)(&page.fixtures.directory, hook, case)?;
    let opened =
        OpenedFixture { request: read_fixture(&request)?, lookups: read_fixture(&lookups) };
    serde_json::to_string(&opened).ok()
}

fn read_fixture(path: &Path) -> Option<String> {
    file::read_text(path, FileKind::Fixture).ok()
}
