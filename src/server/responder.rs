//! Answers the requests of one listener on one worker.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use actix_http::{Request, ServiceConfig};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    State,
    answer::{Answer, Refusal},
    body::Body,
    handler, routes,
    turns::Turns,
};
use crate::metrics::OpenConnection;

/// The longest wait of a request for its turn. Okta gives up after 3 s.
const LONGEST_WAIT: Duration = Duration::from_millis(250);

/// A listener of the service.
#[derive(Clone, Copy)]
pub(super) enum Listener {
    /// The hooks and the probes.
    Hooks,
    /// Metrics and the probes.
    Operations,
}

/// Answers requests.
pub(super) struct Responder {
    listener: Listener,
    pub(super) state: Arc<State>,
    judging: Turns,
    config: ServiceConfig,
}

impl Responder {
    /// Must be called on the worker's own runtime, where the codec keeps the time.
    /// Half of the worker's connections may have a request that waits, so that others find a place.
    pub(super) fn new(listener: Listener, connections: usize, state: Arc<State>) -> Self {
        let judging = Turns::new(connections.div_ceil(2), LONGEST_WAIT);
        Self { listener, state, judging, config: ServiceConfig::default() }
    }

    /// Answers a request.
    pub(super) async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        request: &Request,
        body: &mut Body<'_, S>,
    ) -> Answer {
        match self.listener {
            Listener::Hooks => {
                handler::answer(&self.state, &self.judging, request.head(), body).await
            }
            Listener::Operations => {
                match routes::answer(&routes::OPERATIONS, request.head(), &self.state) {
                    Some(answer) => answer,
                    None => Answer::refusal(Refusal::NotFound, &self.state),
                }
            }
        }
    }

    /// Answers what did not become a request.
    pub(super) fn refuse(&self, refusal: Refusal) -> Answer {
        match self.listener {
            Listener::Hooks => handler::refuse_head(&self.state, refusal),
            Listener::Operations => Answer::refusal(refusal, &self.state),
        }
    }

    /// Whether the service is about to end, so that clients had better open another connection.
    pub(super) fn is_stopping(&self) -> bool {
        self.state.draining.load(Ordering::Acquire)
    }

    /// How long a connection may wait for its next request.
    pub(super) fn keep_alive(&self) -> Duration {
        self.state.settings.server.keep_alive
    }

    /// The settings of the codec.
    pub(super) fn codec_config(&self) -> &ServiceConfig {
        &self.config
    }

    /// Counts a connection of the hooks until the returned guard is dropped. Others are not counted.
    pub(super) fn count_connection(&self) -> Option<OpenConnection> {
        match self.listener {
            Listener::Hooks => Some(self.state.metrics.connection()),
            Listener::Operations => None,
        }
    }
}
