//! The file of the decision log: reopened, unwritable or full.

use std::{
    fs,
    io::Read as _,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use log::LevelFilter;
use registration_hook::{
    decision_log::{DecisionId, DecisionLog, Line},
    settings::{LogFormat, LogSettings, LogTarget},
};

use crate::support::{
    BASIC, Failures, Service, program, registration, rules_folder, wait_for, wait_until,
};

fn start(path: &Path) -> Arc<DecisionLog> {
    let (decisions, format) = (LogTarget::File(path.to_owned()), LogFormat::Json);
    DecisionLog::start(&LogSettings { level: LevelFilter::Info, decisions, format })
        .unwrap()
        .unwrap()
}

/// Writes a line, and returns its id.
fn write(log: &DecisionLog, hook: &str) -> DecisionId {
    write_with_duration(log, hook, Duration::ZERO)
}

fn write_with_duration(log: &DecisionLog, hook: &str, duration: Duration) -> DecisionId {
    let id = DecisionId::next();
    log.write(&Line {
        time: SystemTime::now(),
        id,
        hook: Some(hook),
        flow: None,
        decision: None,
        status: "404",
        reason: None,
        event_id: None,
        verdicts: &[],
        lookups: &[],
        rules_revision: "r",
        caller: None,
        duration,
    });
    id
}

/// Waits for this many lines in a file, and returns this member of each.
fn members(name: &str, path: &Path, count: usize) -> Vec<String> {
    let text = wait_for("the lines", || {
        fs::read_to_string(path).ok().filter(|text| text.lines().count() == count)
    });
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.map(|line| line[name].as_str().unwrap().to_owned()).collect()
}

/// Waits for this many lines in a file, and returns the hook of each.
fn hooks(path: &Path, count: usize) -> Vec<String> {
    members("hook", path, count)
}

#[test]
fn each_line_has_its_own_id_and_the_time_in_utc_with_milliseconds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decisions.jsonl");
    let log = start(&path);
    let before = Timestamp::now().as_millisecond();

    // The later lines are in another second.
    let mut ids = Vec::new();
    for pause in [0, 1, 1000] {
        thread::sleep(Duration::from_millis(pause));
        ids.push(write(&log, "a").to_string());
    }

    let after = Timestamp::now().as_millisecond();
    assert_eq!(members("decision_id", &path, 3), ids);
    for id in &ids {
        assert_eq!(id.len(), 24, "{id}");
        assert!(id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{id}");
    }
    assert!(ids[0] < ids[1] && ids[1] < ids[2], "{ids:?}");
    let mut last = before;
    for time in members("time", &path, 3) {
        let parsed = time.parse::<Timestamp>().unwrap().as_millisecond();
        assert!(last <= parsed && parsed <= after, "{time} is not from {last} to {after}");
        assert_eq!(time.len(), "2022-04-25T17:35:27.000Z".len(), "{time}");
        last = parsed;
    }
    assert!(last >= before + 1000);
}

#[test]
fn a_duration_for_people_has_the_unit_of_its_rounded_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decisions");
    let decisions = LogTarget::File(path.clone());
    let settings = LogSettings { level: LevelFilter::Info, decisions, format: LogFormat::Human };
    let log = DecisionLog::start(&settings).unwrap().unwrap();
    let rows = [
        (0, "0.0 µs"),
        (36_640, "36.6 µs"),
        (999_940, "999.9 µs"),
        (999_960, "1.0 ms"),
        (1_250_000, "1.3 ms"),
        (999_960_000, "1.0 s"),
        (1_500_000_000, "1.5 s"),
    ];
    let mut failures = Failures::default();

    for (nanoseconds, _) in rows {
        write_with_duration(&log, "a", Duration::from_nanos(nanoseconds));
    }
    log.finish();

    let written = fs::read_to_string(&path).unwrap();
    failures.check_eq("lines", written.lines().count(), rows.len());
    for (line, (nanoseconds, text)) in written.lines().zip(rows) {
        failures.check_contains(nanoseconds, line, &format!(" ({text})"));
    }
    failures.assert_none();
}

#[test]
fn reopening_after_a_rename_writes_to_a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let (path, old) = (folder.path().join("decisions"), folder.path().join("decisions.1"));
    let log = start(&path);
    write(&log, "before");
    hooks(&path, 1);
    fs::rename(&path, &old).unwrap();
    log.sink.reopen();

    write(&log, "after");

    assert_eq!((hooks(&old, 1), hooks(&path, 1)), (vec!["before".into()], vec!["after".into()]));

    // The file is created before the first line is written.
    fs::remove_file(&path).unwrap();
    log.sink.reopen();
    wait_until("the file", || path.exists());
    log.finish();

    assert_eq!(log.sink.dropped(), 0);
}

#[test]
fn a_log_that_cannot_be_reopened_keeps_its_open_file() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    fs::create_dir(&here).unwrap();
    let log = start(&here.join("decisions"));
    fs::rename(&here, &there).unwrap();
    log.sink.reopen();
    write(&log, "kept");

    log.finish();

    assert_eq!(hooks(&there.join("decisions"), 1), ["kept"]);
}

#[test]
#[cfg(target_os = "linux")]
fn lines_that_cannot_be_written_are_counted_as_dropped() {
    let log = start(Path::new("/dev/full"));
    for _ in 0..3 {
        write(&log, "lost");
    }

    log.finish();

    assert_eq!(log.sink.dropped(), 3);
}

/// In each round, the pipe fills up, so that writing fails. Then the reader takes a little, so that it succeeds.
#[test]
fn repeated_short_write_failures_are_reported_once() {
    let id = "r".repeat(20_000);
    let rules = format!(
        "[[self_service_registration.rules]]\nid = '{id}'\nattribute = 'a'\ndigits = 1\nmessage = 'm'\n"
    );
    let folder = rules_folder(&[("hook.toml", &rules)]);
    let (mut reader, writer) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    let mut command = program();
    command.env("HOOK__SERVER__BIND", "127.0.0.1:0").envs(BASIC).arg("--rules").arg(folder.path());
    let service = Service::spawn_with_stdout(&mut command, OwnedFd::from(writer).into());
    let body = registration("{}");
    let mut taken = vec![0; 200_000];
    for _ in 0..6 {
        for _ in 0..20 {
            assert_eq!(service.post("/hook", &body).status, 200);
        }
        thread::sleep(Duration::from_millis(300));
        assert!(reader.read(&mut taken).unwrap() > 0);
        // Now the pipe has room for this line.
        assert_eq!(service.post("/hook", &body).status, 200);
        thread::sleep(Duration::from_millis(300));
    }

    let log = service.stderr();

    assert_eq!(log.matches("cannot write").count(), 1, "{log}");
    assert!(log.matches("writing again").count() <= 1, "{log}");
}
