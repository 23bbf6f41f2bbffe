//! An HTTP API for tests. It records the questions, and responds as the test says.

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::tls::server_config;

/// A question as it reached the API.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// The path and query as they are on the wire.
    pub target: String,
    /// The header lines, with names in lower case.
    pub headers: String,
    pub body: Vec<u8>,
    /// The connection's number, from 1.
    pub connection: usize,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        let line = self.headers.lines().find(|line| line.starts_with(&format!("{name}: ")))?;
        Some(&line[name.len() + 2..])
    }
}

/// The next action on a connection after a response.
pub enum Then {
    KeepOpen,
    Close,
    /// Closes the connection so that the other side sees a reset. Over TLS, the same as `Close`.
    Reset,
}

/// The connection of a question.
pub trait Wire: Read + Write {}

impl<S: Read + Write> Wire for S {}

type Respond = dyn Fn(&Asked, &mut dyn Wire) -> Then + Send + Sync;

/// An API on a free port. It serves each connection in a thread.
pub struct Api {
    pub address: SocketAddr,
    record: Arc<Record>,
}

#[derive(Default)]
struct Record {
    asked: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
}

impl Api {
    pub fn start(respond: impl Fn(&Asked, &mut dyn Wire) -> Then + Send + Sync + 'static) -> Self {
        Self::serve(Arc::new(respond), None)
    }

    /// An API that speaks TLS with a certificate of `tests/tls`.
    pub fn with_tls(
        certificate: &str,
        respond: impl Fn(&Asked, &mut dyn Wire) -> Then + Send + Sync + 'static,
    ) -> Self {
        Self::with_tls_config(server_config(certificate), respond)
    }

    /// An API that speaks TLS by this configuration.
    pub fn with_tls_config(
        config: Arc<ServerConfig>,
        respond: impl Fn(&Asked, &mut dyn Wire) -> Then + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Arc::new(respond), Some(config))
    }

    fn serve(respond: Arc<Respond>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let api = Self { address: listener.local_addr().unwrap(), record: Arc::default() };
        let record = api.record.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (respond, record, tls) = (respond.clone(), record.clone(), tls.clone());
                thread::spawn(move || match tls {
                    None => serve_connection(stream, &record, &*respond),
                    Some(config) => serve_tls(stream, config, &record, &*respond),
                });
            }
        });
        api
    }

    /// The questions so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.record.asked.lock().unwrap().clone()
    }

    /// The number of connections with a question so far.
    pub fn connections(&self) -> usize {
        self.record.connections.load(Ordering::SeqCst)
    }
}

fn serve_connection(stream: TcpStream, record: &Record, respond: &Respond) {
    let mut number = None;
    let (mut reader, mut writer) = (BufReader::new(stream.try_clone().unwrap()), stream);
    while let Some(asked) = read_question(&mut reader, record, &mut number) {
        record.asked.lock().unwrap().push(asked.clone());
        match respond(&asked, &mut writer) {
            Then::KeepOpen => {}
            Then::Close => return,
            Then::Reset => {
                let linger = Some(std::time::Duration::ZERO);
                socket2::SockRef::from(&writer).set_linger(linger).unwrap();
                return;
            }
        }
    }
}

fn serve_tls(stream: TcpStream, config: Arc<ServerConfig>, record: &Record, respond: &Respond) {
    let mut number = None;
    let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    loop {
        // Reads no byte ahead: the reader is dropped after the question, since `respond` needs the connection.
        let mut reader = BufReader::with_capacity(1, &mut tls);
        let Some(asked) = read_question(&mut reader, record, &mut number) else {
            return;
        };
        record.asked.lock().unwrap().push(asked.clone());
        if !matches!(respond(&asked, &mut tls), Then::KeepOpen) {
            return;
        }
    }
}

/// Reads a question. Returns `None` at the end of the connection.
///
/// A connection gets its number with its first question, since the service also opens connections without one, to
/// try whether a source can be reached.
fn read_question(
    reader: &mut BufReader<impl Read>,
    record: &Record,
    number: &mut Option<usize>,
) -> Option<Asked> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let connection =
        *number.get_or_insert_with(|| record.connections.fetch_add(1, Ordering::SeqCst) + 1);
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut asked = Asked { method, target, headers: String::new(), body: Vec::new(), connection };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        asked.headers.push_str(&format!("{}: {value}\n", name.to_lowercase()));
    }
    let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    asked.body = vec![0; length];
    reader.read_exact(&mut asked.body).ok()?;
    Some(asked)
}

/// Writes a response with this status line and body.
pub fn write_response(wire: &mut dyn Wire, status: &str, body: &[u8]) -> Then {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    // A client whose time is over has closed the connection.
    let _ = wire.write_all(&[head.as_bytes(), body].concat());
    Then::KeepOpen
}

/// Waits until the other side closes the connection.
pub fn wait_for_end(wire: &mut dyn Wire) -> Then {
    while wire.read(&mut [0; 64]).is_ok_and(|length| length > 0) {}
    Then::Close
}
