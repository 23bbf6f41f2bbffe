//! Why lookups fail, in words for the log and for `eval --explain`.

use std::fmt;

use derive_more::Display;

/// Why a lookup has failed. Holds no value.
#[derive(Clone, Debug, Display, PartialEq, Eq)]
pub enum LookupFailure {
    /// The source took too long.
    #[display("it did not respond in time")]
    Timeout,
    /// The name of the source's host has no address.
    #[display("its host name is not found; see the `url` of the source")]
    HostNotFound,
    /// Nothing listens at the address of the source.
    #[display("nothing listens at its address; is it running, and is the port of its `url` right?")]
    Refused,
    /// The connection to the source cannot be made for another reason, or was closed.
    #[display("the connection to it has failed")]
    Connection,
    /// The proxy before the source cannot be used.
    #[display(
        "the proxy `{address}` {fault}; `https_proxy` names it, and `no_proxy` the hosts that need none"
    )]
    Proxy {
        /// The host and the port of the proxy, without credentials.
        address: String,
        /// The fault, to follow the address.
        fault: &'static str,
    },
    /// The source does not speak TLS.
    #[display("it does not offer TLS")]
    NoTls,
    /// The certificate of the source is not trusted.
    #[display("its certificate {_0}")]
    Certificate(CertificateFault),
    /// No TLS connection can be made for another reason.
    #[display("no TLS connection can be made")]
    Tls,
    /// The source answers with a status that the lookup does not expect.
    #[display("it responded with status {_0}")]
    Status(u16),
    /// The database asks for a password that the settings do not have, or for another way to sign in.
    #[display(
        "it asks for a password; set `password_file` of the source, and let the database ask for `scram-sha-256`"
    )]
    SignIn,
    /// The database refuses the connection or cannot serve it.
    #[display("the database cannot serve the question: {_0}")]
    Database(SqlState),
    /// The database refuses the question itself.
    #[display("the database refuses the question: {_0}")]
    Question(SqlState),
    /// The source is being asked as many questions as it may have at a time.
    #[display("all its connections are busy; raise `concurrency` or `connections` of the source")]
    Busy,
    /// The request had used up its time before the source could be asked.
    #[display(
        "the request had too little time left to ask; did its body come slowly, or is the service overloaded?"
    )]
    TimeoutBeforeAsking,
    /// The response is larger than 64 KiB.
    #[display("the response is larger than 64 KiB")]
    TooLarge,
    /// The response breaks the rules of HTTP.
    #[display("the response is not valid HTTP")]
    NotHttp,
    /// The response is not strict JSON.
    #[display("the response is not strict JSON")]
    NotJson,
    /// The result for this column is not a text, a number or a boolean.
    #[display("the result for `{_0}` is not a text, a number or a boolean")]
    NotScalar(String),
    /// There are two rows for one question.
    #[display("two rows match the question")]
    Ambiguous,
    /// The settings no longer have the source, or it is of another kind now.
    #[display("the settings have no such source any more")]
    NoSource,
    /// The lookup panicked, which is a bug of ours. The panic hook has logged the place.
    #[display("it met a bug of ours; please report it")]
    Panicked,
    /// The recorded result is a failure.
    #[display("its recorded result is `failed`")]
    Recorded,
    /// There is no recorded result.
    #[display(
        "no result is recorded; give one in <case>.lookups.json or with --lookups, or ask with --live"
    )]
    NotRecorded,
    /// The failure that the preview page shows or lets its user assume.
    #[display("{why}")]
    OnPreviewPage {
        /// The failure, in words of its own.
        why: String,
        /// Whether the source itself has failed.
        is_fault_of_source: bool,
    },
}

/// Why a certificate is not trusted. Printed, it follows "its certificate".
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq)]
pub enum CertificateFault {
    /// No trusted authority has signed it.
    #[display(
        "is not signed by a trusted authority; set `ca_file` of the source to the authority's certificate"
    )]
    UnknownAuthority,
    /// A key or a signature algorithm of the certificate, or of its authority, is not supported.
    #[display(
        "depends on a key or an algorithm that is not supported, such as P-521 or SHA-1; use RSA from 2048 bits, P-256, P-384 or Ed25519, with SHA-256 or SHA-384"
    )]
    UnsupportedKey,
    /// A signature does not fit its key.
    #[display(
        "fails a signature check: the authority that it names was renewed (set `ca_file` of the source to the certificate that signed this one, or let the server send the right intermediate), or a key is RSA below 2048 bits, which is not supported"
    )]
    Signature,
    /// It does not have the name of the host.
    #[display("is not for the host of the `url`; have that host put into its `subjectAltName`")]
    OtherHost,
    /// It has no name of a host.
    #[display(
        "has no `subjectAltName`, and its CN does not count; have one issued with the host of the `url` in it"
    )]
    NoHost,
    /// It is the certificate of an authority, which cannot be that of a server as well.
    #[display(
        "is a CA's own, used as the server's; make it with `basicConstraints=critical,CA:FALSE`, or let the CA sign one for the server"
    )]
    OfAuthority,
    /// It has expired, or is not valid yet.
    #[display("is not valid at this time; see its dates and this machine's clock")]
    NotNow,
    /// It is invalid for another reason.
    #[display("is invalid")]
    Invalid,
}

/// PostgreSQL's code of an error. Printed, its meaning comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqlState(pub [u8; 5]);

impl fmt::Display for SqlState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(meaning) = self.meaning() {
            write!(out, "{meaning}, ")?;
        }
        write!(out, "SQLSTATE {}", String::from_utf8_lossy(&self.0))
    }
}

impl SqlState {
    /// The meaning of a code that administrators meet. Returns `None` for other codes.
    fn meaning(&self) -> Option<&'static str> {
        let meaning = match &self.0 {
            b"08P01" => "it refuses a message; for PgBouncer, see docs/lookup-details.md",
            b"28P01" => "the user or the password of the source is wrong",
            b"28000" => "the user of the source may not connect",
            b"3D000" => "there is no such database",
            b"53300" => "it has too many connections",
            b"57P01" | b"57P02" | b"57P03" => "the server stops or starts",
            b"25006" => "the table is a view that writes",
            b"42501" => "the user of the source may not read the table",
            b"42703" => "a column does not exist",
            b"42883" => "a column of `ignore_case` is not text, or one of `match` has no `=`",
            b"42P01" => "the table does not exist, or is in a schema of its own",
            // The class of data exceptions.
            [b'2', b'2', ..] => {
                "a value in the table or view, or a constant of `match`, is invalid"
            }
            _ => return None,
        };
        Some(meaning)
    }
}

impl LookupFailure {
    /// Whether the source itself has failed. `on_failure = "skip"` applies to no other failure.
    pub(crate) fn is_fault_of_source(&self) -> bool {
        match self {
            Self::Timeout
            | Self::HostNotFound
            | Self::Refused
            | Self::Connection
            | Self::Proxy { .. }
            | Self::NoTls
            | Self::Certificate(_)
            | Self::Tls
            | Self::Status(_)
            | Self::SignIn
            | Self::Database(_)
            | Self::Recorded
            | Self::NotRecorded => true,
            Self::Question(_)
            | Self::Busy
            | Self::TimeoutBeforeAsking
            | Self::TooLarge
            | Self::NotHttp
            | Self::NotJson
            | Self::NotScalar(_)
            | Self::Ambiguous
            | Self::NoSource
            | Self::Panicked => false,
            Self::OnPreviewPage { is_fault_of_source, .. } => *is_fault_of_source,
        }
    }
}
