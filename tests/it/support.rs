//! Runs the program, and sends it HTTP exactly as a test writes it.

use std::{
    ffi::OsStr,
    fmt::{Debug, Display},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use registration_hook::{
    clock,
    lint::{self, Lints},
    load::{self, Purpose, RulesSource},
    problem::Problems,
    rule::{
        Hook, RuleSet,
        lookup::{SourceKind, SourceKinds},
    },
};

pub const BASIC: [(&str, &str); 2] =
    [("HOOK__AUTH__BASIC__USERNAME", "admin"), ("HOOK__AUTH__BASIC__PASSWORD", "supersecret")];
pub const AUTHORIZATION: &str = "Authorization: Basic YWRtaW46c3VwZXJzZWNyZXQ=";
pub const JSON: &str = "Content-Type: application/json";

/// A command that takes longer waits for something that does not happen.
const LONGEST_RUN: Duration = Duration::from_secs(120);

/// The variables that the program reads besides its own `HOOK__…`.
const OTHER_VARIABLES: [&str; 7] =
    ["PORT", "RUST_LOG", "http_proxy", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"];

/// The path of a file of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The program, in a folder with the guide's rules and no settings file, and without the settings of this
/// process. The user may change `rules` and `tests/fixtures`, so the tests have copies.
pub fn program() -> Command {
    let mut command = isolated(env!("CARGO_BIN_EXE_registration-hook"));
    command.current_dir(repository("tests/guide"));
    command
}

/// A program without the settings in this process's environment.
pub fn isolated(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in OTHER_VARIABLES {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().to_uppercase().starts_with("HOOK__") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command to its end with these bytes on standard input.
///
/// # Panics
///
/// If it takes more than [`LONGEST_RUN`]. It is left running, since its children may hold its output open.
pub fn run(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(LONGEST_RUN) else {
        panic!("still running after {LONGEST_RUN:?}: {command:?}");
    };
    output.unwrap()
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A running service. It is killed when dropped.
pub struct Service {
    pub child: Child,
    pub address: SocketAddr,
    stdout: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
}

impl Service {
    /// Starts the service on a free port.
    pub fn start(environment: &[(&str, &str)]) -> Self {
        let mut command = program();
        command.env("HOOK__SERVER__BIND", "127.0.0.1:0").envs(environment.iter().copied());
        Self::spawn(&mut command)
    }

    /// Starts the service with the guide's credentials.
    pub fn with_basic() -> Self {
        Self::start(&BASIC)
    }

    pub fn spawn(command: &mut Command) -> Self {
        Self::spawn_with_stdout(command, Stdio::piped())
    }

    pub fn spawn_with_stdout(command: &mut Command, stdout: Stdio) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take().map(collect_lines).unwrap_or_default();
        let stderr = collect_lines(child.stderr.take().unwrap());
        let address = wait_for("the service to listen", || {
            let log = stderr.lock().unwrap();
            let (_, rest) = log.split_once(" listens on http")?;
            let (_, rest) = rest.split_once("://")?;
            rest.split_whitespace().next()?.parse().ok()
        });
        Self { child, address, stdout, stderr }
    }

    /// A running service whose output the test reads itself.
    pub fn from_child(child: Child, address: SocketAddr) -> Self {
        Self { child, address, stdout: Arc::default(), stderr: Arc::default() }
    }

    /// Waits until standard error has this part, and returns all of it.
    pub fn wait_for_log(&self, part: &str) -> String {
        self.wait_for_log_count(part, 1)
    }

    /// Waits until standard error has this part at least `count` times, and returns all of it.
    pub fn wait_for_log_count(&self, part: &str, count: usize) -> String {
        wait_for(&format!("{count} of `{part}` in the log"), || {
            let log = self.stderr();
            if log.matches(part).count() >= count { Some(log) } else { None }
        })
    }

    pub fn stdout(&self) -> String {
        self.stdout.lock().unwrap().clone()
    }

    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Sends bytes and reads one answer.
    pub fn send(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        Answer::read(&mut stream)
    }

    /// Posts a body with the guide's credentials.
    pub fn post(&self, path: &str, body: &[u8]) -> Answer {
        self.send(&request("POST", path, &[AUTHORIZATION, JSON], body))
    }

    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {id}")]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Collects the lines of a pipe, on a thread, until it ends.
fn collect_lines(pipe: impl std::io::Read + Send + 'static) -> Arc<Mutex<String>> {
    let collected = Arc::new(Mutex::new(String::new()));
    let shared = collected.clone();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let mut text = shared.lock().unwrap();
            text.push_str(&line);
            text.push('\n');
        }
    });
    collected
}

/// Calls `look` until it finds something, and returns that. Fails after a minute.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "timed out waiting for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until the condition holds. Fails after a minute.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    wait_for(what, || if holds() { Some(()) } else { None });
}

/// The bytes of a request, with its `Content-Length`.
pub fn request(method: &str, path: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
    for header in headers {
        bytes.push_str(header);
        bytes.push_str("\r\n");
    }
    bytes.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    [bytes.as_bytes(), body].concat()
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn read(stream: &mut TcpStream) -> Self {
        Self::try_read(stream).expect("an answer")
    }

    /// The next answer, or `None` if the connection ends without one.
    pub fn try_read(stream: &mut TcpStream) -> Option<Self> {
        let mut head = Vec::new();
        // Reads byte by byte, so that no byte of the next answer is taken.
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0; 1];
            match stream.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                _ => return None,
            }
        }
        let head = String::from_utf8(head).unwrap();
        // After `HTTP/1.1 `.
        let status = head[9..12].parse().unwrap();
        let mut answer = Self { status, head, body: Vec::new() };
        if let Some(length) = answer.header("content-length") {
            answer.body = vec![0; length.parse().unwrap()];
        }
        stream.read_exact(&mut answer.body).ok()?;
        Some(answer)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        for line in self.head.lines() {
            if let Some((key, value)) = line.split_once(": ")
                && key.eq_ignore_ascii_case(name)
            {
                return Some(value);
            }
        }
        None
    }

    pub fn text(&self) -> &str {
        text(&self.body)
    }
}

/// A folder with files of these names and texts.
pub fn rules_folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The sources that rules of the tests may name.
pub fn sources() -> SourceKinds {
    SourceKinds::from([
        ("members".to_owned(), SourceKind::Http),
        ("people".to_owned(), SourceKind::Postgres),
    ])
}

/// Loads the rules of a folder. Judges their examples today.
pub fn load_rules(folder: &Path) -> Result<RuleSet, Problems> {
    let source = RulesSource::Folder(folder.to_owned());
    load::load_rules(&source, &clock::facts(), &sources(), Purpose::Serve).into_rules()
}

/// Loads the rules of a folder and lints them.
pub fn lint_rules(folder: &Path, lints: &Lints) -> Result<RuleSet, Problems> {
    let facts = clock::facts();
    let source = RulesSource::Folder(folder.to_owned());
    let mut draft = load::load_rules(&source, &facts, &sources(), Purpose::Inspect);
    lint::run(&mut draft, lints, &facts);
    draft.into_rules()
}

/// The hook of a rules file with this text.
pub fn hook(text: &str) -> Hook {
    let folder = rules_folder(&[("hook.toml", text)]);
    let mut rules = load_rules(folder.path()).unwrap_or_else(|problems| panic!("{}", problems[0]));
    rules.hooks.remove("hook").unwrap()
}

/// The body of a registration with this form.
pub fn registration(form: &str) -> Vec<u8> {
    format!(
        r#"{{"eventType":"com.okta.user.pre-registration","requestType":"self.service.registration","data":{{"userProfile":{form}}}}}"#
    )
    .into_bytes()
}

/// JSON without the white space between its tokens, in the same order.
pub fn compact(json: &str) -> String {
    let mut out = String::new();
    let mut in_string = false;
    let mut after_backslash = false;
    for letter in json.chars() {
        if in_string || !letter.is_whitespace() {
            out.push(letter);
        }
        if letter == '"' && !after_backslash {
            in_string = !in_string;
        }
        after_backslash = in_string && letter == '\\' && !after_backslash;
    }
    out
}

/// The rows of a table test that failed, so that one run reports all of them.
#[derive(Default)]
pub struct Failures {
    rows: Vec<String>,
    is_asserted: bool,
}

impl Failures {
    pub fn add(&mut self, row: impl Display) {
        self.rows.push(row.to_string());
    }

    /// Adds the row if the condition does not hold.
    pub fn check(&mut self, row: impl Display, holds: bool) {
        if !holds {
            self.add(row);
        }
    }

    /// Adds the row and both values if they differ.
    pub fn check_eq<A: PartialEq<B> + Debug, B: Debug>(
        &mut self,
        row: impl Display,
        actual: A,
        expected: B,
    ) {
        if actual != expected {
            self.add(format!("{row}: {actual:?}, expected {expected:?}"));
        }
    }

    /// Adds the row and the text if the text does not have this part.
    pub fn check_contains(&mut self, row: impl Display, text: &str, part: &str) {
        if !text.contains(part) {
            self.add(format!("{row}: `{part}` is missing in: {text}"));
        }
    }

    pub fn assert_none(mut self) {
        self.is_asserted = true;
        let count = self.rows.len();
        assert!(count == 0, "{count} rows failed:\n{}", self.rows.join("\n"));
    }
}

impl Drop for Failures {
    fn drop(&mut self) {
        assert!(self.is_asserted || thread::panicking(), "call `assert_none`");
    }
}
