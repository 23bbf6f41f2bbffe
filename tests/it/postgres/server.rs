//! The server that `.ci/postgres` starts, and questions to it.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use registration_hook::{
    clock,
    lookup::postgres::{Database, Unanswerable},
    okta::Value,
    pipeline,
    rule::lookup::{
        LookupFailure, LookupResult, PostgresQuery, PostgresQuestion, Question, SqlState,
    },
    settings::{self, Layers, SourceSettings},
};
use tokio::time::Instant;

use crate::support::{load_rules, registration, rules_folder, text};

/// The longest time for a question in most tests, even on a busy machine.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// The PostgreSQL server of the tests, by its folder. Beside its files, the folder has the commands `control` and
/// `sql`.
pub struct Server(PathBuf);

impl Server {
    pub fn new() -> Self {
        let folder = std::env::var_os("REGISTRATION_HOOK_TEST_POSTGRES");
        Self(folder.expect("these tests need a server; run .ci/postgres").into())
    }

    pub fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// Runs statements as the administrator. Returns the rows of the last one.
    pub fn sql(&self, statements: &str) -> String {
        let mut psql = Command::new(self.0.join("sql"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        psql.stdin.take().unwrap().write_all(statements.as_bytes()).unwrap();
        let output = psql.wait_with_output().unwrap();
        assert!(output.status.success(), "{statements}");
        text(&output.stdout).trim_end().to_owned()
    }

    /// Restarts the server, and cuts all connections.
    pub fn restart(&self) {
        let restart = ["restart", "-m", "immediate"];
        let status =
            Command::new(self.0.join("control")).args(restart).stdout(Stdio::null()).status();
        assert!(status.unwrap().success());
    }

    /// Sends a signal to all processes of the server.
    pub fn signal(&self, name: &str) {
        let pid = fs::read_to_string(self.0.join("data/postmaster.pid")).unwrap();
        let pid = pid.lines().next().unwrap();
        let children = Command::new("pgrep").args(["-P", pid]).output().unwrap().stdout;
        let pids = text(&children).split_whitespace().chain([pid]);
        assert!(
            Command::new("kill").arg(format!("-{name}")).args(pids).status().unwrap().success()
        );
    }

    /// The log beyond this length. It has the plan of each query.
    pub fn log_after(&self, length: usize) -> String {
        fs::read_to_string(self.0.join("log")).unwrap().split_off(length)
    }

    pub fn log_length(&self) -> usize {
        fs::metadata(self.0.join("log")).unwrap().len() as usize
    }

    fn port(&self) -> String {
        fs::read_to_string(self.0.join("port")).unwrap().trim().to_owned()
    }

    /// The database on the socket, with the password that its user has at first.
    pub fn database(&self) -> Database {
        self.database_with(&self.socket(), &[("PASSWORD", "first")])
    }

    pub fn socket(&self) -> String {
        let folder = self.0.to_str().unwrap().replace('/', "%2F");
        format!("postgres://hook@{folder}:{}/people", self.port())
    }

    pub fn tcp(&self, host: &str) -> String {
        format!("postgres://hook@{host}:{}/people", self.port())
    }

    /// A database with this URL and these settings of its source.
    pub fn database_with(&self, url: &str, keys: &[(&str, &str)]) -> Database {
        let mut environment = vec![("HOOK__SOURCES__PEOPLE__URL".to_owned(), url.into())];
        for (key, value) in keys {
            environment.push((format!("HOOK__SOURCES__PEOPLE__{key}"), (*value).into()));
        }
        let loaded = settings::load(&Layers { environment, ..Layers::default() }).unwrap();
        assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
        match &loaded.settings.sources["people"] {
            SourceSettings::Postgres(source) => Database::new(source, TIMEOUT).unwrap(),
            SourceSettings::Http(_) => panic!("{url}"),
        }
    }
}

/// A lock on a table, until it is dropped.
pub struct Lock(Child);

impl Server {
    /// Locks a table. Each question to it waits meanwhile.
    pub fn lock(&self, table: &str) -> Lock {
        let mut psql = Command::new(self.0.join("sql"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let statements = format!("BEGIN; LOCK {table}; SELECT 'locked';\n");
        psql.stdin.as_mut().unwrap().write_all(statements.as_bytes()).unwrap();
        // Waits for the word `locked`.
        let mut line = [0; 6];
        psql.stdout.as_mut().unwrap().read_exact(&mut line).unwrap();
        Lock(psql)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The end of the statements ends psql, and with it the transaction.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// The question of a lookup with these keys, for a form.
pub fn question(keys: &str, form: &str) -> PostgresQuestion {
    let rules = format!(
        "[[self_service_registration.rules]]\n\
         id = 'a'\nlookup = 'x'\nmessage = 'm'\nreason = 'R'\nlocation = 'data.userProfile.a'\n\
         [self_service_registration.lookups.x]\nsource = 'people'\n{keys}\n"
    );
    let folder = rules_folder(&[("h.toml", &rules)]);
    let rules = load_rules(folder.path()).unwrap_or_else(|problems| panic!("{}", problems[0]));
    let hook = &rules.hooks["h"];
    let asked = pipeline::questions(hook, &registration(form), &clock::facts()).unwrap();
    match &asked.first().expect("a question").question {
        Question::Postgres(question) => question.clone(),
        _ => panic!("{keys}"),
    }
}

/// The query of a lookup with these keys.
pub fn query(keys: &str) -> Arc<PostgresQuery> {
    question(keys, r#"{"email": "a@example.com", "number": "1"}"#).query
}

/// Runs a future as a worker does.
pub fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

/// Asks, and describes the result.
pub fn ask(database: &Database, question: &PostgresQuestion) -> String {
    ask_within(database, question, TIMEOUT)
}

pub fn ask_within(database: &Database, question: &PostgresQuestion, time: Duration) -> String {
    describe(&run(async { database.ask(question, Instant::now() + time).await }))
}

fn code(SqlState(state): SqlState) -> String {
    String::from_utf8(state.to_vec()).unwrap()
}

pub fn describe(result: &LookupResult) -> String {
    match result {
        LookupResult::NotFound => "not found".to_owned(),
        LookupResult::Failed(LookupFailure::Question(state)) => format!("refused {}", code(*state)),
        LookupResult::Failed(LookupFailure::Database(state)) => format!("down {}", code(*state)),
        LookupResult::Failed(failure) => format!("{failure:?}"),
        LookupResult::Found(columns) => {
            let mut found = Vec::new();
            for (name, value) in columns {
                match value {
                    Value::Text(text) => found.push(format!("{name}={text}")),
                    _ => panic!("{name} is not a text"),
                }
            }
            format!("found {}", found.join(" "))
        }
    }
}

/// The message about what the database does not have. Empty if it has all, or cannot be reached.
pub fn verify(database: &Database, query: &Arc<PostgresQuery>) -> String {
    match run(async { database.verify(query, Instant::now() + TIMEOUT).await }) {
        Err(Unanswerable::Refused(message)) => message,
        Ok(()) | Err(Unanswerable::Failed(_)) => String::new(),
    }
}
