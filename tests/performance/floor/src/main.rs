//! The floor of the measurements: actix-web with one route, which reads the body and answers a constant.
//!
//! `floor PORT WORKERS` listens on loopback.

use std::{env, io, process::exit};

use actix_web::{
    App, HttpResponse, HttpServer,
    http::header::ContentType,
    web::{self, Bytes},
};

/// The denial of Okta's guide.
const DENIAL: &[u8] = br#"{"commands":[{"type":"com.okta.action.update","value":{"registration":"DENY"}}],"error":{"errorSummary":"Incorrect email address. Please contact your admin.","errorCauses":[{"errorSummary":"Only okta.com emails can register.","reason":"INVALID_EMAIL_DOMAIN","locationType":"body","location":"data.userProfile.login","domain":"end-user"}]}}"#;

async fn deny(_body: Bytes) -> HttpResponse {
    HttpResponse::Ok().insert_header(ContentType::json()).body(Bytes::from_static(DENIAL))
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let (Some(port), Some(workers)) = (number(arguments.next()), number(arguments.next())) else {
        eprintln!("usage: floor PORT WORKERS");
        exit(2);
    };
    HttpServer::new(|| App::new().route("/registrationHookSSR", web::post().to(deny)))
        .workers(workers.into())
        .bind(("127.0.0.1", port))?
        .run()
        .await
}

fn number(argument: Option<String>) -> Option<u16> {
    argument?.parse().ok()
}
