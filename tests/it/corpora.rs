//! Replays the inputs that fuzzing has kept, each through the target that it was found for.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};

use crate::{
    fuzz_targets,
    support::{Service, repository},
};

/// A target and its name, which is that of its folder in `fuzz/corpus`.
type Target = (&'static str, fn(&[u8]));

const TARGETS: &[Target] = &[
    ("authorization", fuzz_targets::authorization),
    ("body", fuzz_targets::body),
    ("connection", connection),
    ("email", fuzz_targets::email),
    ("key_set", fuzz_targets::key_set),
    ("rules_file", fuzz_targets::rules_file),
    ("settings", fuzz_targets::settings),
    ("token", fuzz_targets::token),
];

/// Sends the bytes to the program. (The fuzzer sends them to a service in its own process.)
fn connection(data: &[u8]) {
    thread_local! {
        // Ended with the thread of the test.
        static SERVICE: Service = Service::with_basic();
    }
    SERVICE.with(|service| fuzz_targets::connection(service.address, data));
}

/// A larger corpus makes the test slow.
const FILES_PER_TARGET: usize = 200;
const BYTES_PER_TARGET: usize = 300 << 10;

fn files_in(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(repository(folder)).unwrap_or_else(|_| panic!("no `{folder}`"));
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.unwrap().path());
    }
    paths.sort();
    paths
}

#[test]
fn every_corpus_file_passes() {
    let mut failed = Vec::new();
    for (name, target) in TARGETS {
        for path in files_in(&format!("fuzz/corpus/{name}")) {
            let data = fs::read(&path).unwrap();
            // The panic's message is in the output of the test.
            if catch_unwind(AssertUnwindSafe(|| target(&data))).is_err() {
                failed.push(path.display().to_string());
            }
        }
    }
    assert!(failed.is_empty(), "these inputs fail:\n{}", failed.join("\n"));
}

#[test]
fn every_corpus_is_small() {
    for (name, _) in TARGETS {
        let files = files_in(&format!("fuzz/corpus/{name}"));
        let mut bytes = 0;
        for path in &files {
            bytes += fs::read(path).unwrap().len();
        }
        let count = files.len();
        assert!(count > 0, "{name} has no corpus");
        assert!(count <= FILES_PER_TARGET, "{name} has {count} files; run `fuzz/minimise {name}`");
        assert!(bytes <= BYTES_PER_TARGET, "{name} has {bytes} bytes; run `fuzz/minimise {name}`");
    }
}

#[test]
fn every_fuzz_target_is_replayed() {
    let mut targets = Vec::new();
    for path in files_in("fuzz/fuzz_targets") {
        targets.push(path.file_stem().unwrap().to_str().unwrap().to_owned());
    }
    let mut replayed = Vec::new();
    for (name, _) in TARGETS {
        replayed.push((*name).to_owned());
    }
    assert_eq!(targets, replayed);
}
