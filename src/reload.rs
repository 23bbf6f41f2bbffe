//! Keeps what files say in force while they change: rules with their lists, credentials, the TLS
//! pair.
//!
//! A thread looks at their content, from time to time and on SIGHUP. A change is read when two looks
//! agree, and put in place when a third one, after reading, agrees still: nothing half-written is
//! ever in force. What is at fault changes nothing; it is told once, and the last good one goes on.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    mem,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use ring::digest::{Context, SHA256};

use crate::{
    credentials::Credentials,
    load::{self, Scrutiny},
    problem::Problem,
    server::{Certificate, State},
    settings::{self, Sources, Tls},
};

/// Between two looks when somebody waits for them, after SIGHUP.
const SETTLE: Duration = Duration::from_millis(100);
/// How many such looks there are at most.
const PATIENCE: usize = 20;
/// How many problems are told of at a time.
const TOLD: usize = 10;
/// How deep folders are looked into.
const DEPTH: usize = 8;
/// Of what is followed, the one thing that readiness tells of.
const RULES: &str = "rules";

/// Something that follows its files.
struct Watched {
    what: &'static str,
    paths: Vec<PathBuf>,
    /// What the last look saw.
    seen: Vec<u8>,
    /// What was read last, be it good or bad; nothing yet, since files may have changed since the
    /// service read them at its start.
    read: Vec<u8>,
    reader: Box<Reader>,
}

/// Reads the files, and says where to look from now on.
type Reader = dyn FnMut(&State, &mut Vec<PathBuf>) -> Result<Put, Vec<Problem>> + Send;

/// Puts what was read in place, and says what is new; nothing if it is what was there before.
type Put = Box<dyn FnOnce(&State) -> Option<String>>;

/// Starts to follow the files of settings, of rules where they are in a folder, and of TLS. A change
/// is in force within `rules.reload`, or only when asked for by a message to `asked`, which makes
/// looks follow each other at once.
///
/// # Errors
///
/// No thread can be started.
pub fn keep(
    state: Arc<State>,
    sources: Sources,
    folder: Option<PathBuf>,
    asked: Receiver<()>,
) -> io::Result<()> {
    let mut watched = vec![credentials(sources, state.settings.files.clone())];
    watched.extend(folder.map(rules));
    watched.extend(state.settings.server.tls.clone().map(certificate));
    let pause = state.settings.rules.reload.map_or(Duration::MAX, |within| within / 2);
    let watch = move || {
        loop {
            let looks = match asked.recv_timeout(pause) {
                Ok(()) => PATIENCE,
                Err(RecvTimeoutError::Timeout) => 1,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            for _ in 0..looks {
                let changing = watched.iter_mut().map(|one| one.look(&state));
                if !changing.fold(false, |any, one| any | one) || looks == 1 {
                    break;
                }
                thread::sleep(SETTLE);
            }
        }
    };
    thread::Builder::new().name("reload".to_owned()).spawn(watch).map(drop)
}

fn rules(folder: PathBuf) -> Watched {
    Watched::new(RULES, vec![folder.clone()], move |_, _| {
        let rules = load::folder(&folder, &Scrutiny::default())?;
        Ok(Box::new(|state| {
            if state.rules.load().revision == rules.revision {
                return None;
            }
            let news = format!("revision {}", rules.revision);
            state.metrics.rules_in_force(&rules.revision);
            state.rules.store(Arc::new(rules));
            Some(news)
        }))
    })
}

/// The ways in. The other settings stay what they were at the start.
fn credentials(sources: Sources, files: Vec<PathBuf>) -> Watched {
    Watched::new("credentials", files, move |state, paths| {
        let (new, mut problems) = settings::load(&sources).map_err(|problem| vec![problem])?;
        problems.extend(new.unguarded());
        let last = state.credentials.load_full();
        if last.auth.is_configured() && !new.auth.is_configured() {
            problems.push(Problem::named("auth", "no way in is configured any more"));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        if !new.same_but_for_auth(&state.settings) {
            log::warn!("settings: what has changed outside of [auth] waits for a restart");
        }
        paths.clone_from(&new.files);
        if new.auth == last.auth {
            return Ok(Box::new(|_| None));
        }
        let new = Credentials::new(new.auth, None, Some(&last)).map_err(|problem| vec![problem])?;
        Ok(Box::new(|state| {
            state.credentials.store(Arc::new(new));
            Some("what admits callers has changed".to_owned())
        }))
    })
}

fn certificate(files: Tls) -> Watched {
    let paths = vec![files.certificate.clone(), files.key.clone()];
    Watched::new("certificate", paths, move |_, _| {
        let pair = Certificate::read(&files).map_err(|problem| vec![problem])?;
        Ok(Box::new(|state| state.certificate.as_ref()?.replace(pair)))
    })
}

impl Watched {
    fn new(
        what: &'static str,
        paths: Vec<PathBuf>,
        reader: impl FnMut(&State, &mut Vec<PathBuf>) -> Result<Put, Vec<Problem>> + Send + 'static,
    ) -> Self {
        Self { what, paths, seen: Vec::new(), read: Vec::new(), reader: Box::new(reader) }
    }

    /// Looks once; true if something is changing.
    fn look(&mut self, state: &State) -> bool {
        let now = digest(&self.paths);
        let settled = mem::replace(&mut self.seen, now.clone()) == now;
        if now == self.read {
            return false;
        }
        if !settled {
            return true;
        }
        let reading = (self.reader)(state, &mut self.paths);
        if digest(&self.paths) != now {
            return true;
        }
        self.read = now;
        let what = self.what;
        if what == RULES {
            state.rules_stale.store(reading.is_err(), Ordering::Release);
        }
        match reading {
            Ok(put) => {
                if let Some(news) = put(state) {
                    log::info!("{what}: reloaded; {news}");
                    state.metrics.reloaded(what, "applied");
                }
            }
            Err(problems) => {
                // A line a problem; `check` shows more.
                for problem in problems.iter().take(TOLD).map(Problem::to_string) {
                    let problem = problem.lines().next().unwrap_or_default();
                    log::error!("{what}: not reloaded, what was in force stays so: {problem}");
                }
                state.metrics.reloaded(what, "rejected");
            }
        }
        false
    }
}

/// A digest of the names and the content of files, and of the files in folders.
fn digest(paths: &[PathBuf]) -> Vec<u8> {
    let mut digest = Context::new(&SHA256);
    for path in paths {
        if let Err(error) = add(&mut digest, path, DEPTH) {
            digest.update(error.to_string().as_bytes());
        }
    }
    digest.finish().as_ref().to_vec()
}

fn add(digest: &mut Context, path: &Path, depth: usize) -> io::Result<()> {
    let name = path.as_os_str().as_encoded_bytes();
    digest.update(&name.len().to_be_bytes());
    digest.update(name);
    if fs::metadata(path)?.is_dir() {
        let entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path()));
        let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
        // Kubernetes keeps what its links lead to in folders that are hidden.
        let hidden = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b".");
        entries.retain(|entry| depth > 0 && !entry.file_name().is_some_and(hidden));
        entries.sort();
        return entries.iter().try_for_each(|entry| add(digest, entry, depth - 1));
    }
    let mut file = File::open(path)?;
    let mut buffer = [0; 1 << 13];
    let mut length = 0;
    loop {
        let count = file.read(&mut buffer)?;
        digest.update(buffer.get(..count).unwrap_or_default());
        length += count;
        if count == 0 {
            digest.update(&length.to_be_bytes());
            return Ok(());
        }
    }
}
