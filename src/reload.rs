//! Keeps what files say in force while they change: rules with their lists, credentials, the TLS
//! pair.
//!
//! A thread looks at them, from time to time and on SIGHUP. A change is read when two looks agree, and
//! put in place when a third one, after reading, agrees still: nothing half-written is ever in force.
//! What is at fault changes nothing; it is told once, and the last good one goes on.

use std::{
    fmt::Write as _,
    fs, io, mem,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use crate::{
    credentials::Credentials,
    file,
    load::{self, FOLLOWED_DEPTH, Scrutiny},
    problem::Problem,
    server::{Certificate, RULES, State},
    settings::{self, Sources, Tls},
};

/// Between two looks when somebody waits for them, after SIGHUP.
const SETTLE: Duration = Duration::from_millis(100);
/// How many such looks there are at most.
const PATIENCE: usize = 20;
/// How many problems are told of at a time.
const TOLD: usize = 10;

/// Something that follows its files.
struct Watched {
    what: &'static str,
    paths: Vec<PathBuf>,
    /// What the last look saw.
    seen: String,
    /// What was there when the files were read last, good or bad; nothing where that is not known.
    read: String,
    reader: Box<Reader>,
}

/// Reads the files, and says where to look from now on.
type Reader = dyn Fn(&State, &mut Vec<PathBuf>) -> Result<Put, Vec<Problem>> + Send;

/// Puts what was read in place, and says what is new; nothing if it is what was there before.
type Put = Box<dyn FnOnce(&State) -> Option<String>>;

/// Starts to follow the files of settings, of TLS, and of rules, where these are in a folder; with the
/// traces of that from before it was read, since to read a large list twice costs memory. A change is
/// in force within `rules.reload`, or only when asked for by a message to `asked`, which has all files
/// read anew and looks follow each other.
pub(crate) fn keep(
    state: Arc<State>,
    sources: Sources,
    folder: Option<(PathBuf, String)>,
    asked: Receiver<()>,
) -> io::Result<()> {
    let mut watched = vec![credentials(sources, state.settings.files.clone())];
    watched.extend(folder.map(|(folder, read)| Watched { read, ..rules(folder) }));
    watched.extend(state.settings.server.tls.clone().map(certificate));
    let pause = state.settings.rules.reload.map_or(Duration::MAX, |within| within / 2);
    let watch = move || {
        loop {
            let asked = match asked.recv_timeout(pause) {
                Ok(()) => true,
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            for one in watched.iter_mut().filter(|_| asked) {
                one.read.clear();
            }
            for _ in 0..if asked { PATIENCE } else { 1 } {
                let changing = watched.iter_mut().map(|one| one.look(&state, asked));
                if !changing.fold(false, |any, one| any | one) {
                    break;
                }
                thread::sleep(SETTLE);
            }
        }
    };
    thread::Builder::new().name("reload".to_owned()).spawn(watch).map(drop)
}

fn rules(folder: PathBuf) -> Watched {
    let paths = vec![folder.clone()];
    let reader: Box<Reader> = Box::new(move |_, _| {
        let rules = load::folder(&folder, &Scrutiny::default())?;
        Ok(Box::new(|state| {
            if state.rules.load().revision == rules.revision {
                return None;
            }
            let news = format!("revision {}", rules.revision);
            state.metrics.rules_in_force(&rules.revision);
            state.metrics.rules_reloaded("applied");
            state.rules.store(Arc::new(rules));
            Some(news)
        }))
    });
    Watched::new(RULES, paths, reader)
}

/// The ways in. The other settings stay what they were at the start.
fn credentials(sources: Sources, files: Vec<PathBuf>) -> Watched {
    let reader: Box<Reader> = Box::new(move |state, paths| {
        let (new, mut problems) = settings::load(&sources).map_err(|problem| vec![problem])?;
        // Of bad ones, too: what is missing may come.
        paths.clone_from(&new.files);
        let last = state.credentials.load_full();
        if problems.is_empty() && last.auth.is_configured() && !new.auth.is_configured() {
            problems.push(Problem::named("auth", "no way in is configured any more"));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let waits = !new.same_but_for_auth(&state.settings);
        let other = (new.auth != last.auth).then(|| Credentials::new(new.auth, None, Some(&last)));
        let other = other.transpose().map_err(|problem| vec![problem])?;
        Ok(Box::new(move |state| {
            if waits {
                log::warn!("settings: what has changed outside of [auth] waits for a restart");
            }
            state.credentials.store(Arc::new(other?));
            new.warnings.iter().for_each(|warning| log::warn!("{warning}"));
            Some("what admits callers has changed".to_owned())
        }))
    });
    Watched::new("credentials", files, reader)
}

fn certificate(files: Tls) -> Watched {
    let paths = vec![files.certificate.clone(), files.key.clone()];
    let reader: Box<Reader> = Box::new(move |_, _| {
        let pair = Certificate::read(&files).map_err(|problem| vec![problem])?;
        Ok(Box::new(|state| state.certificate.as_ref()?.replace(pair)))
    });
    Watched::new("certificate", paths, reader)
}

impl Watched {
    fn new(what: &'static str, paths: Vec<PathBuf>, reader: Box<Reader>) -> Self {
        Self { what, paths, seen: String::new(), read: String::new(), reader }
    }

    /// Looks once; true if something is changing. What was `asked` for is answered.
    fn look(&mut self, state: &State, asked: bool) -> bool {
        let now = traces(&self.paths);
        let settled = mem::replace(&mut self.seen, now.clone()) == now;
        if now == self.read {
            return false;
        }
        if !settled {
            return true;
        }
        let paths = self.paths.clone();
        let reading = (self.reader)(state, &mut self.paths);
        if traces(&paths) != now {
            return true;
        }
        self.read = if self.paths == paths { now } else { traces(&self.paths) };
        let what = self.what;
        let was_stale = state.metrics.is_stale(what);
        state.metrics.set_stale(what, reading.is_err());
        match reading.map(|put| put(state)) {
            Ok(Some(news)) => log::info!("{what}: reloaded; {news}"),
            Ok(None) if asked || was_stale => log::info!("{what}: as they were, and good"),
            Ok(None) => {}
            Err(problems) => {
                // A line a problem; `check` shows more.
                for problem in problems.iter().take(TOLD).map(Problem::to_string) {
                    let problem = problem.lines().next().unwrap_or_default();
                    log::error!("{what}: not reloaded, what was in force stays so: {problem}");
                }
                if what == RULES {
                    state.metrics.rules_reloaded("rejected");
                }
            }
        }
        false
    }
}

/// What tells that files, or those in a folder, have changed: every write, rename and swapped link
/// leaves other numbers.
pub(crate) fn traces(paths: &[PathBuf]) -> String {
    let mut traces = String::new();
    for path in paths {
        trace(&mut traces, path, FOLLOWED_DEPTH);
    }
    traces
}

/// Writing to memory cannot fail, and what cannot be looked at hides nothing else.
fn trace(out: &mut String, path: &Path, depth: usize) {
    let _ = write!(out, "{path:?} ");
    let looked = fs::metadata(path).and_then(|file| {
        if !file.is_dir() {
            let times = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()];
            let _ = write!(out, "{times:?} {:?}", [file.dev(), file.ino(), file.size()]);
            return Ok(());
        }
        for entry in file::entries(path)?.iter().filter(|_| depth > 0) {
            let name = entry.file_name().unwrap_or_default();
            // Kubernetes keeps what its links lead to in folders that are hidden.
            if !name.as_encoded_bytes().starts_with(b".") {
                trace(out, entry, depth - 1);
            }
        }
        Ok(())
    });
    let _ = looked.map_err(|error| write!(out, "{error}"));
}
