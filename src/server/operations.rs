//! The operators' listener: metrics and the probes, on a worker that no load of hooks keeps busy.

use std::{io, net::TcpListener, sync::Arc};

use actix_http::KeepAlive;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::Server, http::Method, web};

use super::{
    State,
    answer::{self, Refusal},
    handler,
};

/// Connections at a time; further ones wait.
const CONNECTIONS: usize = 256;

/// Starts to answer there.
pub(super) fn start(listener: TcpListener, state: &Arc<State>) -> io::Result<Server> {
    let state = web::Data::from(state.clone());
    let app = move || App::new().app_data(state.clone()).default_service(web::to(handle));
    let server = HttpServer::new(app).workers(1).max_connections(CONNECTIONS).disable_signals();
    // Who is idle must not keep others waiting.
    let server = server.keep_alive(KeepAlive::Disabled);
    Ok(server.listen(listener)?.run())
}

async fn handle(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    match handler::probe(&request, &state) {
        Some(answer) => answer,
        None if request.path() == "/metrics" && request.method() != Method::GET => {
            answer::refused(Refusal::Method { allow: "GET" }, &state, request.head())
        }
        None if request.path() == "/metrics" => answer::metrics(&state, request.head()),
        None => answer::refused(Refusal::NotFound, &state, request.head()),
    }
}
