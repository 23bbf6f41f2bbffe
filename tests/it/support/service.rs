//! A running service.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use super::{AUTHORIZATION, Answer, JSON, program, request, wait_for};

/// The variables with the guide's credentials.
pub const BASIC: [(&str, &str); 2] =
    [("HOOK__AUTH__BASIC__USERNAME", "admin"), ("HOOK__AUTH__BASIC__PASSWORD", "supersecret")];

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

    /// A service that the test has started itself, and whose output it reads itself.
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
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
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
