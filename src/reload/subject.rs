//! What follows its files: how each is looked at, read and put in force.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::sign::CertifiedKey;

use crate::{
    clock,
    credentials::Credentials,
    file::Fingerprint,
    load::{self, Extents, Loaded},
    problem::{Problem, Problems},
    rule::RuleSet,
    server::{Certificate, RULES, State},
    settings::{self, Sources, Tls},
};

/// Something that follows its files.
pub(super) enum Subject {
    /// The rules of a folder with the lists that they name.
    Rules {
        directory: PathBuf,
        /// What the lists held when they were good last.
        lists: Extents,
    },
    /// The settings of `[auth]`. The other settings stay what they were at the start.
    Credentials {
        sources: Sources,
        /// The files that the settings were read from last.
        files: Vec<PathBuf>,
    },
    /// The TLS pair.
    Certificate { files: Tls },
}

/// What came of reading.
pub(super) struct Reading {
    /// The files that were read, as they were before.
    pub(super) files: Fingerprint,
    pub(super) result: Result<Replacement, Problems>,
}

/// What may take the place of what is in force.
pub(super) enum Replacement {
    Rules(RuleSet),
    Credentials(Box<NewCredentials>),
    Certificate(CertifiedKey),
}

/// Credentials and what their settings say besides.
pub(super) struct NewCredentials {
    /// `None` where they are those in force.
    changed: Option<Credentials>,
    /// What is no problem and should be changed.
    warnings: Vec<String>,
    /// Whether settings outside of `[auth]` have changed.
    others_changed: bool,
}

impl Subject {
    /// The name in logs and metrics.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Rules { .. } => RULES,
            Self::Credentials { .. } => "credentials",
            Self::Certificate { .. } => "certificate",
        }
    }

    /// Looks at the files that matter; `last` are those that were read last.
    pub(super) fn look(&self, last: &Fingerprint) -> Fingerprint {
        match self {
            Self::Rules { directory, .. } => load::fingerprint(directory, last),
            Self::Credentials { files, .. } => Fingerprint::of(files),
            Self::Certificate { files } => Fingerprint::of([&files.certificate, &files.key]),
        }
    }

    /// Whether the other files can be read while these are being written.
    pub(super) fn can_hold(&self, writing: &[PathBuf]) -> bool {
        match self {
            Self::Rules { lists, .. } => lists.include(writing),
            Self::Credentials { .. } | Self::Certificate { .. } => false,
        }
    }

    /// Reads the files; of those that are being written what was good last.
    pub(super) fn read(&mut self, state: &State, writing: &[PathBuf]) -> Reading {
        match self {
            Self::Rules { directory, lists } => read_rules(directory, lists, writing),
            Self::Credentials { sources, files } => read_credentials(sources, files, state),
            Self::Certificate { files } => {
                let before = Fingerprint::of([&files.certificate, &files.key]);
                let pair = Certificate::read(files).map(Replacement::Certificate);
                Reading { files: before, result: pair.map_err(Problems::from) }
            }
        }
    }
}

fn read_rules(directory: &Path, lists: &mut Extents, writing: &[PathBuf]) -> Reading {
    let held = lists.only(writing);
    let Loaded { rules, files } = load::load_folder(directory, &clock::facts(), held);
    if rules.is_ok() {
        *lists = files.lists;
    }
    Reading { files: files.seen, result: rules.map(Replacement::Rules) }
}

/// Reads the settings, and notes the files that they name from now on.
fn read_credentials(sources: &Sources, files: &mut Vec<PathBuf>, state: &State) -> Reading {
    let before = Fingerprint::of(&*files);
    let (new, mut problems) = match settings::load(sources) {
        Ok(read) => read,
        Err(problem) => return Reading { files: before, result: Err(problem.into()) },
    };
    // Of bad settings, too: a file that is missing may come.
    files.clone_from(&new.files);
    let mut looked_at = Fingerprint::default();
    for file in &new.files {
        looked_at.add_from(file, &before);
    }
    let last = state.credentials.load_full();
    if problems.is_empty() && last.auth.is_configured() && !new.auth.is_configured() {
        problems.push(Problem::named("auth", "no way in is configured any more"));
    }
    if !problems.is_empty() {
        return Reading { files: looked_at, result: Err(problems) };
    }
    let others_changed = !new.same_but_for_auth(&state.settings);
    let changed = if new.auth == last.auth {
        None
    } else {
        match Credentials::new(new.auth, None, Some(&last)) {
            Ok(credentials) => Some(credentials),
            Err(problem) => return Reading { files: looked_at, result: Err(problem.into()) },
        }
    };
    let new = NewCredentials { changed, warnings: new.warnings, others_changed };
    Reading { files: looked_at, result: Ok(Replacement::Credentials(Box::new(new))) }
}

impl Replacement {
    /// Puts it in force. Returns what is new, or `None` if it is what was in force already.
    pub(super) fn put_in_force(self, state: &State) -> Option<String> {
        match self {
            Self::Rules(rules) => put_rules(rules, state),
            Self::Credentials(new) => put_credentials(*new, state),
            Self::Certificate(pair) => state.certificate.as_ref()?.replace(pair),
        }
    }
}

fn put_rules(rules: RuleSet, state: &State) -> Option<String> {
    if state.rules.load().revision == rules.revision {
        return None;
    }
    let news = format!("revision {}", rules.revision);
    state.metrics.rules_in_force(&rules.revision);
    state.metrics.rules_reloaded("applied");
    state.rules.store(Arc::new(rules));
    Some(news)
}

fn put_credentials(new: NewCredentials, state: &State) -> Option<String> {
    if new.others_changed {
        log::warn!("settings: what has changed outside of [auth] waits for a restart");
    }
    state.credentials.store(Arc::new(new.changed?));
    for warning in new.warnings {
        log::warn!("{warning}");
    }
    Some("what admits callers has changed".to_owned())
}
