//! The subjects of reloads: how the files of each are checked, read and applied.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use rustls::sign::CertifiedKey;

use super::{Target, quoted_names, sources::verify_source_names, warn_of_hidden_messages};
use crate::{
    certificate, clock,
    credentials::Credentials,
    file::Fingerprint,
    load::{self, HeldFiles, Loaded, LoadedTexts, Purpose, RulesSource},
    lookup::{Sources, source_kinds},
    metrics::{ReloadResult, SeriesName},
    problem::{Problem, Problems},
    rule::RuleSet,
    settings::{self, Layers, LoadedSettings, Settings, TlsFiles},
    state::LiveState,
};

/// A part of the live state, with the files that it is read from.
pub(super) enum Subject {
    /// The rules of a folder, with the lists that they name.
    Rules { directory: PathBuf },
    /// The settings of `[auth]` and `[sources]`. The log calls these two "credentials". The other settings stay as
    /// they were at the start.
    Settings {
        layers: Layers,
        /// The files that the settings were last read from.
        files: Vec<PathBuf>,
        /// The rules, which name sources of the settings.
        rules: RulesSource,
        settings_at_start: Arc<Settings>,
    },
    /// The TLS certificate and its key.
    Certificate { files: TlsFiles },
}

/// The result of reading the files of a subject.
pub(super) struct ReadResult {
    /// The fingerprint of the files before the read.
    pub(super) before: Fingerprint,
    pub(super) replacement: Result<Replacement, Problems>,
}

/// Valid content that can replace the live one.
pub(super) enum Replacement {
    Rules {
        rules: RuleSet,
        /// Texts to reuse while a file keeps changing.
        texts: LoadedTexts,
    },
    Settings(Box<NewSettings>),
    Certificate(CertifiedKey),
}

/// The parts of new settings that a reload changes, and warnings about them.
pub(super) struct NewSettings {
    /// `None` if the settings of `[auth]` are the same as the live ones.
    credentials: Option<Credentials>,
    /// `None` if the settings of `[sources]` are the same as the live ones.
    sources: Option<Sources>,
    warnings: Vec<String>,
    /// Whether settings outside of `[auth]` and `[sources]` differ from those at the start.
    other_settings_changed: bool,
}

/// The effect of a replacement.
pub(super) enum Applied {
    /// The new content is live. The log describes the change.
    Changed { description: String },
    /// The content is the same as before.
    Unchanged,
}

impl Subject {
    /// The name in the log.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Rules { .. } => "rules",
            Self::Settings { .. } => "credentials",
            Self::Certificate { .. } => "certificate",
        }
    }

    /// Notes whether the last reload of this part of the live state was rejected.
    pub(super) fn set_stale(&self, live: &LiveState, is_stale: bool) {
        match self {
            Self::Rules { .. } => live.rules.set_stale(is_stale),
            Self::Settings { .. } => live.credentials.set_stale(is_stale),
            Self::Certificate { .. } => {
                if let Some(certificate) = &live.certificate {
                    certificate.set_stale(is_stale);
                }
            }
        }
    }

    /// Takes the present fingerprint of the files. For rules, it includes the list files in `last`, the fingerprint of
    /// the last read, since only a read finds the lists that rules name.
    pub(super) fn fingerprint(&self, last: &Fingerprint) -> Fingerprint {
        match self {
            Self::Rules { directory } => load::fingerprint(directory, last),
            Self::Settings { files, .. } => Fingerprint::of(files),
            Self::Certificate { files } => Fingerprint::of([&files.certificate, &files.key]),
        }
    }

    /// Whether these are rules. Only files of rules are held; the other subjects are read as a whole.
    pub(super) fn is_rules(&self) -> bool {
        matches!(self, Self::Rules { .. })
    }

    /// Reads the files. Uses the last valid texts of held ones.
    pub(super) fn read(&mut self, live: &LiveState, held_files: HeldFiles) -> ReadResult {
        match self {
            Self::Rules { directory } => {
                let purpose = Purpose::Reload { held_files };
                let source = RulesSource::Folder(directory.clone());
                let kinds = live.sources.load().kinds();
                let draft = load::load_rules(&source, &clock::facts(), &kinds, purpose);
                let Loaded { rules, files } = draft.into_loaded();
                let texts = files.texts;
                let replacement = rules.map(|rules| Replacement::Rules { rules, texts });
                ReadResult { before: files.seen, replacement }
            }
            Self::Settings { layers, files, rules, settings_at_start } => {
                read_settings(layers, files, rules, settings_at_start, live)
            }
            Self::Certificate { files } => read_certificate(files),
        }
    }
}

/// Reads the settings, and replaces `files` by the files that they name now.
fn read_settings(
    layers: &Layers,
    files: &mut Vec<PathBuf>,
    rules: &RulesSource,
    settings_at_start: &Settings,
    live: &LiveState,
) -> ReadResult {
    let before_load = Fingerprint::of(&*files);
    let LoadedSettings { settings, problems } = match settings::load(layers) {
        Ok(loaded) => loaded,
        Err(problem) => {
            return ReadResult { before: before_load, replacement: Err(problem.into()) };
        }
    };
    // Watch the files of invalid settings too: creating a missing one may fix them.
    files.clone_from(&settings.files);
    // A file that the last settings did not name is not in `before_load`. Its fingerprint is taken now.
    let mut before = Fingerprint::default();
    for file in &settings.files {
        before.add_from(file, &before_load);
    }
    if !problems.is_empty() {
        return ReadResult { before, replacement: Err(problems) };
    }
    let replacement = match new_settings(settings, rules, settings_at_start, live) {
        Ok(settings) => Ok(Replacement::Settings(Box::new(settings))),
        Err(problem) => Err(problem.into()),
    };
    ReadResult { before, replacement }
}

/// Prepares the parts of the settings that differ from the live ones.
fn new_settings(
    settings: Settings,
    rules: &RulesSource,
    settings_at_start: &Settings,
    live: &LiveState,
) -> Result<NewSettings, Problem> {
    let last = live.credentials.load_full();
    // Only a start generates a password, so without a method the service would refuse every caller.
    if last.settings.is_configured() && !settings.auth.is_configured() {
        let why = "no authentication method is configured any more; set one, or restart";
        return Err(Problem::named("auth", why));
    }
    let other_settings_changed = !settings.equals_apart_from_reloaded_parts(settings_at_start);
    let mut sources = None;
    if !live.sources.load().is_up_to_date(&settings.sources) {
        verify_source_names(&source_kinds(&settings.sources), rules, live)?;
        sources =
            Some(Sources::new(settings.sources, settings.lookups_timeout, &settings.proxies)?);
    }
    let mut credentials = None;
    if !last.has_settings(&settings.auth) {
        credentials = Some(Credentials::new(settings.auth, None, Some(&last), &settings.proxies)?);
    }
    Ok(NewSettings { credentials, sources, warnings: settings.warnings, other_settings_changed })
}

fn read_certificate(files: &TlsFiles) -> ReadResult {
    let before = Fingerprint::of([&files.certificate, &files.key]);
    let replacement = match certificate::read_pair(files) {
        Ok(pair) => Ok(Replacement::Certificate(pair)),
        Err(problem) => Err(problem.into()),
    };
    ReadResult { before, replacement }
}

impl Replacement {
    /// Makes the content live, unless it is the same as before. For rules, also replaces `texts`, the last
    /// valid texts.
    pub(super) fn apply(self, target: &Target, texts: &mut Arc<LoadedTexts>) -> Applied {
        match self {
            Self::Rules { rules, texts: new_texts } => {
                let applied = apply_rules(rules, target);
                *texts = Arc::new(new_texts);
                applied
            }
            Self::Settings(settings) => apply_settings(*settings, &target.live),
            Self::Certificate(pair) => apply_certificate(pair, &target.live),
        }
    }
}

fn apply_rules(rules: RuleSet, target: &Target) -> Applied {
    let last = target.live.rules.load_full();
    if last.revision == rules.revision {
        return Applied::Unchanged;
    }
    let mut description = format!("revision {}", rules.revision);
    let added = hooks_only_in(&rules, &last);
    let removed = hooks_only_in(&last, &rules);
    if !added.is_empty() {
        description += &format!("; hooks added: {}", quoted_names(&added));
    }
    if !removed.is_empty() {
        description += &format!("; hooks removed: {}", quoted_names(&removed));
    }
    target.metrics.count_rules_reload(ReloadResult::Applied);
    let removed_series = &series_names(&last) - &series_names(&rules);
    target.metrics.forget(&removed_series);
    warn_of_hidden_messages(&rules);
    target.live.rules.store(rules);
    target.live.sources.load().verify_databases(&target.live.rules.load());
    Applied::Changed { description }
}

/// The names of the hooks, rules and lookups, each of which has series in the metrics.
fn series_names(rules: &RuleSet) -> BTreeSet<SeriesName<'_>> {
    let mut names = BTreeSet::new();
    for (name, hook) in &rules.hooks {
        let hook_series = SeriesName { hook: name, rule: None, lookup: None };
        names.insert(hook_series.clone());
        for rule in hook.rules() {
            names.insert(SeriesName { rule: Some(&rule.id), ..hook_series.clone() });
        }
        for lookup in hook.lookup_names() {
            names.insert(SeriesName { lookup: Some(lookup), ..hook_series.clone() });
        }
    }
    names
}

/// The hooks in `rules` that are not in `other`.
fn hooks_only_in<'r>(rules: &'r RuleSet, other: &RuleSet) -> Vec<&'r String> {
    rules.hooks.keys().filter(|hook| !other.hooks.contains_key(*hook)).collect()
}

fn apply_settings(new: NewSettings, live: &LiveState) -> Applied {
    if new.other_settings_changed {
        log::warn!("settings: changes outside of [auth] and [sources] need a restart");
    }
    let mut active = Vec::new();
    if let Some(credentials) = new.credentials {
        live.credentials.store(credentials);
        active.push("[auth]");
    }
    if let Some(sources) = new.sources {
        live.sources.store(sources);
        let (sources, rules) = (live.sources.load(), live.rules.load());
        sources.try_apis(&rules);
        sources.verify_databases(&rules);
        active.push("[sources]");
    }
    if active.is_empty() {
        // The warnings about these settings were logged when they became active.
        return Applied::Unchanged;
    }
    for warning in new.warnings {
        log::warn!("{warning}");
    }
    Applied::Changed {
        description: format!("the new settings of {} are active", active.join(" and ")),
    }
}

fn apply_certificate(pair: CertifiedKey, live: &LiveState) -> Applied {
    match &live.certificate {
        Some(certificate) if certificate.load().cert != pair.cert => {
            certificate.store(pair);
            Applied::Changed { description: "new connections get the new certificate".to_owned() }
        }
        _ => Applied::Unchanged,
    }
}
