//! The small HTTP server of the page.

use std::{io, net::TcpListener, sync::Arc, time::Duration};

use actix_web::{
    App, HttpRequest, HttpServer,
    http::{Method, StatusCode, header},
    web,
};

use super::{Page, assets, decide, form, guard, rules};

/// How long a request for news waits. Shorter than the time limits of browsers.
const LONGEST_POLL: Duration = Duration::from_secs(20);
/// How many bytes a question may have besides the request in it, whose characters may be escaped.
const QUESTION_OVERHEAD: usize = 128 << 10;

/// Only files of the page itself, no inline code, no frames, and no text that becomes markup.
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
    let make_app = move || {
        App::new().app_data(web::Data::from(page.clone())).default_service(web::to(respond))
    };
    HttpServer::new(make_app)
        .workers(1)
        .max_connections(64)
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
        (&Method::GET, "api/feed") => {
            let version = query(request, "after").and_then(|text| text.parse().ok()).unwrap_or(0);
            PageResponse::json(Some(page.feed.list_after(version, LONGEST_POLL).await))
        }
        (&Method::GET, "api/request") => {
            let number = query(request, "number").and_then(|text| text.parse().ok());
            let content = number.and_then(|number| page.feed.content(number));
            PageResponse::json(content.map(|content| content.to_string()))
        }
        (&Method::GET, "api/fixture") => {
            let (hook, case) = (query(request, "hook"), query(request, "case"));
            let opened = hook.zip(case);
            PageResponse::json(
                opened.and_then(|(hook, case)| rules::open_fixture(page, &hook, &case)),
            )
        }
        (&Method::POST, "api/decide") => {
            let limit = page.body_limit.saturating_mul(2).saturating_add(QUESTION_OVERHEAD);
            match body.to_bytes_limited(limit).await {
                Ok(Ok(question)) => PageResponse::json(decide::decide(page, &question)),
                _ => {
                    PageResponse::text(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large\n")
                }
            }
        }
        (&Method::GET, path) => match assets::find(path) {
            Some(asset) => PageResponse {
                status: StatusCode::OK,
                media_type: asset.media_type,
                body: asset.text.to_owned(),
            },
            None => PageResponse::not_found(),
        },
        _ => PageResponse::not_found(),
    }
}

/// A value of the query.
fn query(request: &HttpRequest, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

impl PageResponse {
    fn text(status: StatusCode, text: &str) -> Self {
        Self { status, media_type: "text/plain; charset=utf-8", body: text.to_owned() }
    }

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
