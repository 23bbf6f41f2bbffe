//! The subjects of reloads: how the files of each are checked, read and applied.

use std::{path::PathBuf, sync::Arc};

use rustls::sign::CertifiedKey;

use super::{Target, quoted_names};
use crate::{
    certificate, clock,
    credentials::Credentials,
    file::Fingerprint,
    load::{self, HeldFiles, Loaded, LoadedTexts, Purpose, RulesSource},
    metrics::ReloadResult,
    problem::{Problem, Problems},
    rule::RuleSet,
    settings::{self, Layers, LoadedSettings, Settings, TlsFiles},
    state::{LivePart, LiveState},
};

/// A part of the live state, with the files that it is read from.
pub(super) enum Subject {
    /// The rules of a folder, with the lists that they name.
    Rules { directory: PathBuf },
    /// The settings of `[auth]`. The other settings stay as they were at the start.
    Credentials {
        layers: Layers,
        /// The files that the settings were last read from.
        files: Vec<PathBuf>,
        settings_at_start: Arc<Settings>,
    },
    /// The TLS certificate and its key.
    Certificate { files: TlsFiles },
}

/// The result of reading the files of a subject.
pub(super) struct ReadResult {
    /// The files, as they were before they were read.
    pub(super) files: Fingerprint,
    /// The texts that a later read may hold. Only rules have any.
    pub(super) texts: LoadedTexts,
    pub(super) replacement: Result<Replacement, Problems>,
}

/// Valid content that can replace the live one.
pub(super) enum Replacement {
    Rules(RuleSet),
    Credentials(Box<NewCredentials>),
    Certificate(CertifiedKey),
}

/// Credentials from new settings, and what else is to be said about these settings.
pub(super) struct NewCredentials {
    /// `None` if they are the same as the live ones.
    credentials: Option<Credentials>,
    warnings: Vec<String>,
    /// Whether settings outside of `[auth]` differ from those at the start.
    others_changed: bool,
}

/// The effect of a replacement.
pub(super) enum Applied {
    /// The new content is live. For the log, this is what is new.
    Changed(String),
    /// The content is the same as before.
    Unchanged,
}

impl Subject {
    /// The part of the live state that is replaced.
    pub(super) fn part(&self) -> LivePart {
        match self {
            Self::Rules { .. } => LivePart::Rules,
            Self::Credentials { .. } => LivePart::Credentials,
            Self::Certificate { .. } => LivePart::Certificate,
        }
    }

    /// Takes the fingerprint of the files. `last` is the one of the files that were last read.
    pub(super) fn fingerprint(&self, last: &Fingerprint) -> Fingerprint {
        match self {
            Self::Rules { directory } => load::fingerprint(directory, last),
            Self::Credentials { files, .. } => Fingerprint::of(files),
            Self::Certificate { files } => Fingerprint::of([&files.certificate, &files.key]),
        }
    }

    /// Whether some files can be read while others are held.
    pub(super) fn can_hold_files(&self) -> bool {
        matches!(self, Self::Rules { .. })
    }

    /// Reads the files. Takes the last valid texts of held ones.
    pub(super) fn read(&mut self, live: &LiveState, held: HeldFiles) -> ReadResult {
        match self {
            Self::Rules { directory } => {
                let purpose = Purpose::Reload { held };
                let source = RulesSource::Folder(directory.clone());
                let draft = load::load_rules(&source, &clock::facts(), purpose);
                let Loaded { rules, files } = draft.into_loaded();
                let replacement = rules.map(Replacement::Rules);
                ReadResult { files: files.seen, texts: files.texts, replacement }
            }
            Self::Credentials { layers, files, settings_at_start } => {
                read_credentials(layers, files, settings_at_start, live)
            }
            Self::Certificate { files } => read_certificate(files),
        }
    }
}

impl ReadResult {
    /// The result of a read whose files cannot be held.
    fn without_texts(files: Fingerprint, replacement: Result<Replacement, Problems>) -> Self {
        Self { files, texts: LoadedTexts::default(), replacement }
    }
}

/// Reads the settings, and puts the files that they name now into `files`.
fn read_credentials(
    layers: &Layers,
    files: &mut Vec<PathBuf>,
    settings_at_start: &Settings,
    live: &LiveState,
) -> ReadResult {
    let before = Fingerprint::of(&*files);
    let LoadedSettings { settings: new, problems } = match settings::load(layers) {
        Ok(loaded) => loaded,
        Err(problem) => return ReadResult::without_texts(before, Err(problem.into())),
    };
    // Those of invalid settings, too: a missing file may be created.
    files.clone_from(&new.files);
    let mut read = Fingerprint::default();
    for file in &new.files {
        read.add_from(file, &before);
    }
    let credentials = new_credentials(new, problems, settings_at_start, live);
    let replacement = credentials.map(|new| Replacement::Credentials(Box::new(new)));
    ReadResult::without_texts(read, replacement)
}

fn new_credentials(
    new: Settings,
    mut problems: Problems,
    settings_at_start: &Settings,
    live: &LiveState,
) -> Result<NewCredentials, Problems> {
    let last = live.credentials.load_full();
    if problems.is_empty() && last.settings.is_configured() && !new.auth.is_configured() {
        let why = "no authentication method is configured any more; set one, or restart";
        problems.push(Problem::named("auth", why));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let others_changed = !new.equals_apart_from_auth(settings_at_start);
    let mut credentials = None;
    if new.auth != last.settings {
        credentials = Some(Credentials::new(new.auth, None, Some(&last))?);
    }
    Ok(NewCredentials { credentials, warnings: new.warnings, others_changed })
}

fn read_certificate(files: &TlsFiles) -> ReadResult {
    let before = Fingerprint::of([&files.certificate, &files.key]);
    let replacement = match certificate::read_pair(files) {
        Ok(pair) => Ok(Replacement::Certificate(pair)),
        Err(problem) => Err(problem.into()),
    };
    ReadResult::without_texts(before, replacement)
}

impl Replacement {
    /// Makes the content live, unless it is the same as before.
    pub(super) fn apply(self, target: &Target) -> Applied {
        match self {
            Self::Rules(rules) => apply_rules(rules, target),
            Self::Credentials(new) => apply_credentials(*new, &target.live),
            Self::Certificate(pair) => apply_certificate(pair, &target.live),
        }
    }
}

fn apply_rules(rules: RuleSet, target: &Target) -> Applied {
    let last = target.live.rules.load_full();
    if last.revision == rules.revision {
        return Applied::Unchanged;
    }
    let mut news = format!("revision {}", rules.revision);
    let (added, removed) = (hooks_only_in(&rules, &last), hooks_only_in(&last, &rules));
    if !added.is_empty() {
        news += &format!("; hooks added: {}", quoted_names(&added));
    }
    if !removed.is_empty() {
        news += &format!("; hooks removed: {}", quoted_names(&removed));
    }
    target.metrics.rules_reloaded(ReloadResult::Applied);
    target.live.rules.store(rules);
    Applied::Changed(news)
}

/// The hooks that `other` does not have.
fn hooks_only_in<'r>(rules: &'r RuleSet, other: &RuleSet) -> Vec<&'r String> {
    rules.hooks.keys().filter(|hook| !other.hooks.contains_key(*hook)).collect()
}

fn apply_credentials(new: NewCredentials, live: &LiveState) -> Applied {
    if new.others_changed {
        log::warn!("settings: changes outside of [auth] need a restart");
    }
    let Some(credentials) = new.credentials else {
        return Applied::Unchanged;
    };
    live.credentials.store(credentials);
    for warning in new.warnings {
        log::warn!("{warning}");
    }
    Applied::Changed("the new settings of [auth] are active".to_owned())
}

fn apply_certificate(pair: CertifiedKey, live: &LiveState) -> Applied {
    match &live.certificate {
        Some(certificate) if certificate.load().cert != pair.cert => {
            certificate.store(pair);
            Applied::Changed("new connections get the new certificate".to_owned())
        }
        _ => Applied::Unchanged,
    }
}
