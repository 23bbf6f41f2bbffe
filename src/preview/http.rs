//! The small HTTP server of the page.

use std::{io, net::TcpListener, sync::Arc, time::Duration};

use actix_web::{
    App, HttpRequest, HttpServer,
    http::{Method, StatusCode, header},
    web,
};

use super::{Page, assets, decide, form, guard, open};

/// How long a request for the feed waits for a change. A browser waits longer, so it always gets a response.
const LONGEST_POLL: Duration = Duration::from_secs(20);
/// How many bytes the body of `api/decide` may have besides the request to decide.
const QUESTION_OVERHEAD: usize = 128 << 10;

/// Allows only files of the page itself: no inline code, no frames, and no text that becomes markup.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// The headers of every response.
const HEADERS: [(&str, &str); 7] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    // The path has the token.
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// A response of the page.
struct PageResponse {
    status: StatusCode,
    media_type: &'static str,
    body: String,
}

/// Serves the page.
pub(super) async fn serve(listener: TcpListener, page: Arc<Page>) -> io::Result<()> {
    HttpServer::new(move || {
        App::new().app_data(web::Data::from(page.clone())).default_service(web::to(respond))
    })
    .workers(1)
    .max_connections(64)
    // The server of the hooks handles the signals of the process.
    .disable_signals()
    .listen(listener)?
    .run()
    .await
}

async fn respond(
    request: HttpRequest,
    body: web::Payload,
    page: web::Data<Page>,
) -> actix_web::HttpResponse {
    let PageResponse { status, media_type, body } = find_response(&request, body, &page).await;
    let mut response = actix_web::HttpResponse::build(status);
    for (name, value) in HEADERS {
        response.insert_header((name, value));
    }
    if status == StatusCode::FORBIDDEN {
        // Callers without the token must not hold the few connections.
        response.force_close();
    }
    response.insert_header((header::CONTENT_TYPE, media_type)).body(body)
}

async fn find_response(request: &HttpRequest, body: web::Payload, page: &Page) -> PageResponse {
    let address = request.app_config().local_addr();
    let Some(path) = guard::admitted_path(request, address, &page.token) else {
        let why = "open the URL that `registration-hook preview` printed on standard error\n";
        return PageResponse::text(StatusCode::FORBIDDEN, why);
    };
    match (request.method(), path) {
        (&Method::GET, "api/hooks") => {
            let rules = page.live.rules.load_full();
            PageResponse::json(serde_json::to_string(&form::describe(page, &rules)).ok())
        }
        (&Method::GET, "api/rules") => PageResponse::json(Some(page.feed.rules().to_string())),
        (&Method::GET, "api/rules-file") => PageResponse::json(rules_file(request, page)),
        (&Method::GET, "api/fixtures") => {
            PageResponse::json(Some(page.feed.unchanged_fixtures().to_string()))
        }
        (&Method::GET, "api/feed") => {
            let version = query_number(request, "after").unwrap_or(0);
            PageResponse::json(Some(page.feed.list_after(version, LONGEST_POLL).await))
        }
        (&Method::GET, "api/request") => PageResponse::json(received_request(request, page)),
        (&Method::GET, "api/fixture") => PageResponse::json(recorded_request(request, page)),
        (&Method::POST, "api/decide") => decide_request(body, page).await,
        (&Method::GET, path) => asset_response(path),
        _ => PageResponse::not_found(),
    }
}

/// The content of the received request whose number the query has.
fn received_request(request: &HttpRequest, page: &Page) -> Option<String> {
    let content = page.feed.content(query_number(request, "number")?)?;
    Some(content.to_string())
}

/// The text of the rules file that the query names, or why it cannot be read, as JSON.
fn rules_file(request: &HttpRequest, page: &Page) -> Option<String> {
    open::open_rules_file(page, &query_value(request, "path")?)
}

/// The recorded request that the query names.
fn recorded_request(request: &HttpRequest, page: &Page) -> Option<String> {
    open::open_fixture(page, &query_value(request, "hook")?, &query_value(request, "case")?)
}

/// Decides the request in the body.
async fn decide_request(body: web::Payload, page: &Page) -> PageResponse {
    // The request is a string in JSON, in which each quote takes two bytes.
    let limit = page.body_limit.saturating_mul(2).saturating_add(QUESTION_OVERHEAD);
    let Ok(Ok(question)) = body.to_bytes_limited(limit).await else {
        return PageResponse::text(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large\n");
    };
    match decide::decide(page, &question) {
        Ok(decided) => PageResponse::json(Some(decided)),
        Err(error) => {
            let why = format!("the service cannot read this page's question: {error}\n");
            PageResponse::text(StatusCode::BAD_REQUEST, &why)
        }
    }
}

fn asset_response(path: &str) -> PageResponse {
    match assets::find_asset(path) {
        Some(asset) => PageResponse {
            status: StatusCode::OK,
            media_type: asset.media_type,
            body: asset.body(),
        },
        None => PageResponse::not_found(),
    }
}

/// The value of a parameter in the query.
fn query_value(request: &HttpRequest, name: &str) -> Option<String> {
    for (key, value) in url::form_urlencoded::parse(request.query_string().as_bytes()) {
        if key == name {
            return Some(value.into_owned());
        }
    }
    None
}

fn query_number(request: &HttpRequest, name: &str) -> Option<u64> {
    query_value(request, name)?.parse().ok()
}

impl PageResponse {
    fn text(status: StatusCode, text: &str) -> Self {
        Self { status, media_type: "text/plain; charset=utf-8", body: text.to_owned() }
    }

    /// A response with JSON, or with status 404 if there is none.
    fn json(body: Option<String>) -> Self {
        match body {
            Some(body) => Self { status: StatusCode::OK, media_type: "application/json", body },
            None => Self::not_found(),
        }
    }

    fn not_found() -> Self {
        Self::text(StatusCode::NOT_FOUND, "not found\n")
    }
}
