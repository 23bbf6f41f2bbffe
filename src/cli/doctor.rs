//! `doctor`: calls a running hook as Okta does, and checks it against Okta's contract.

use clap::{Args, ValueEnum};
use url::Url;

use super::{
    CliError, ExitStatus,
    client::{CallFlags, HookClient, read_url, without_query},
    print_result,
    sample::sample_request,
};
use crate::{okta::Flow, settings};

mod answers;
mod checkup;
mod credentials;
mod handshake;
mod time;
mod tls;

use checkup::Checkup;

const EXAMPLES: &str = "\
The hook may be anyone's. It gets some 30 made-up requests: registrations and a
profile update of Rosario Jones, rosario.jones@okta.com.

Examples:
  registration-hook doctor https://hooks.example.com/join --user okta
  registration-hook doctor http://127.0.0.1:8080/registrationHookSSR \\
    --user \"okta:$HOOK_PASSWORD\" --format json

Exit codes: 0 healthy, 1 not healthy, 2 could not answer";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DoctorArguments {
    /// The URL that Okta calls
    url: String,
    #[command(flatten)]
    call: CallFlags,
    /// The format of the result
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    format: DoctorFormat,
}

/// The format of the result.
#[derive(Clone, Copy, ValueEnum)]
enum DoctorFormat {
    Human,
    Json,
}

/// A running hook, and how to call it.
struct CheckedHook<'d> {
    url: &'d Url,
    client: HookClient,
    has_credentials: bool,
    /// The body of a registration.
    body: Vec<u8>,
}

pub(super) fn run(arguments: &DoctorArguments) -> Result<ExitStatus, CliError> {
    let DoctorArguments { url, call, format } = arguments;
    let url = &read_url("URL", url)?;
    let mut checkup = Checkup::default();
    examine(url, call, &mut checkup)?;
    let text = match format {
        DoctorFormat::Human => checkup.to_text(),
        DoctorFormat::Json => checkup.to_json(without_query(url).as_str())?,
    };
    print_result(text.as_bytes())?;
    Ok(if checkup.is_healthy() { ExitStatus::Success } else { ExitStatus::Negative })
}

/// Runs the checks. Stops early if the URL or its certificate has a problem, if the hook does not answer, or if it
/// refuses the credentials.
fn examine(url: &Url, call: &CallFlags, checkup: &mut Checkup) -> Result<(), CliError> {
    let hook = CheckedHook {
        url,
        client: HookClient::new(call)?,
        has_credentials: call.has_credentials(),
        body: sample(Flow::SelfServiceRegistration)?,
    };
    tls::check_url(url, checkup);
    if url.scheme() == "https" {
        check_https(url, call, checkup)?;
    }
    // After a problem of the URL or of TLS, strangers might read the credentials. So no request is sent.
    if !checkup.is_healthy() {
        return Ok(());
    }
    let Some(headers) = credentials::check_acceptance(&hook, checkup) else {
        // The hook's answers cannot be checked. `check_acceptance` has reported why.
        return Ok(());
    };
    if call.has_oauth() {
        // The hook judges by its clock whether a token is valid. These headers have just arrived, so their `Date`
        // shows the hook's present time.
        time::check_clock(&headers, checkup);
    }
    credentials::check_refusals(&hook, checkup);
    answers::check_answers(&hook, checkup)?;
    time::check_latency(&hook, checkup);
    Ok(())
}

fn check_https(url: &Url, call: &CallFlags, checkup: &mut Checkup) -> Result<(), CliError> {
    let proxies = settings::read_proxies_from(&settings::environment())?;
    if proxies.for_url(url).is_some() {
        checkup.note(
            "tls",
            "the versions were not checked, because calls go through a proxy",
            "add the host to `no_proxy` if it can be reached directly",
        );
        return Ok(());
    }
    tls::check_tls(url, call.ca_file.as_deref(), checkup)
}

/// A request of this flow as Okta sends it.
fn sample(flow: Flow) -> Result<Vec<u8>, CliError> {
    Ok(sample_request(flow, &[])?.into_bytes())
}
