//! The preview page. It tries requests on the live rules, shows the end user's screen, and lists the
//! requests that arrive at the hooks.
//!
//! The page has its own listener on loopback, and its own thread. It answers only requests that have the
//! random token in the path, and the page's own `Host` and `Origin`. [`pipeline`](crate::pipeline) makes its
//! decisions, as in production. The page writes no file, and logs no value of a form.

use std::{
    io,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use actix_web::rt::System;

use crate::{
    load::RulesSource,
    okta::{DecisionKind, Flow},
    problem::Problem,
    rule::RuleSet,
    state::LiveState,
};

mod assets;
mod decide;
mod failures;
mod feed;
mod finding;
mod form;
mod guard;
mod http;
mod open;
mod queue;
mod rules;

pub(crate) use feed::{Feed, ReceivedCall};

/// Everything that the page needs of the running service and of the command line. Its functions come from the
/// subcommands `sample` and `replay`, which this module may not import.
pub(crate) struct Page {
    pub(crate) live: Arc<LiveState>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) rules_source: RulesSource,
    /// Whether the service reloads changed rules without a signal.
    pub(crate) reloads: bool,
    /// The random text in the page's path.
    pub(crate) token: String,
    /// The base of the hooks' URLs: `http://127.0.0.1:8080`.
    pub(crate) hooks_url: String,
    /// The arguments of curl for a caller on this machine.
    pub(crate) curl_arguments: String,
    /// The largest request, in bytes.
    pub(crate) body_limit: usize,
    /// Makes a request as Okta sends it in a flow.
    pub(crate) sample: fn(Flow) -> String,
    pub(crate) fixtures: Fixtures,
}

/// The recorded requests, and the functions that read them.
pub(crate) struct Fixtures {
    pub(crate) directory: PathBuf,
    /// Judges every recorded request of the folder. Returns a problem for a file that belongs to no
    /// recorded request.
    pub(crate) judge: fn(&Path, &RuleSet) -> Vec<Result<JudgedFixture, Problem>>,
    /// Finds the files of a hook's case. Returns `None` for a name that the folder does not list.
    pub(crate) find: fn(&Path, hook: &str, case: &str) -> Option<FixtureFiles>,
}

/// The files of a recorded request that the page opens.
pub(crate) struct FixtureFiles {
    pub(crate) request: PathBuf,
    /// The recorded results of lookups. The file may be missing.
    pub(crate) lookups: PathBuf,
}

/// A recorded request, and its decisions.
pub(crate) struct JudgedFixture {
    pub(crate) hook: String,
    pub(crate) case: String,
    /// The recorded decision, or why it cannot be read.
    pub(crate) recorded: Result<DecisionKind, String>,
    /// The decision of the live rules, or why they cannot decide.
    pub(crate) now: Result<LiveDecision, String>,
}

/// A decision of the live rules.
pub(crate) struct LiveDecision {
    pub(crate) decision: DecisionKind,
    /// The rules that deny.
    pub(crate) denied_by: Vec<String>,
}

impl Page {
    /// Serves the page for as long as the process runs. Returns its URL, which has the token.
    pub(crate) fn start(self, listener: TcpListener) -> io::Result<String> {
        let url = format!("http://{}/{}/", listener.local_addr()?, self.token);
        let page = Arc::new(self);
        let watcher_page = page.clone();
        let watcher = thread::Builder::new().name("preview-rules".to_owned());
        watcher.spawn(move || rules::watch(&watcher_page))?;
        let server = thread::Builder::new().name("preview".to_owned());
        server.spawn(move || serve(listener, page))?;
        Ok(url)
    }
}

/// Serves the page for as long as the process runs.
fn serve(listener: TcpListener, page: Arc<Page>) {
    if let Err(error) = System::new().block_on(http::serve(listener, page)) {
        log::error!("preview: the page is no longer served: {error}");
    }
}
