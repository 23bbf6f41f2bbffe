//! The latest requests of one kind, up to a number and a size.

use std::{collections::VecDeque, sync::Arc};

use serde_json::value::RawValue;

/// The most bytes that the requests of one kind take. Rows and contents count together.
const MOST_BYTES: usize = 4 << 20;

/// The latest requests of one kind, the oldest first.
#[derive(Default)]
pub(super) struct RequestQueue {
    queue: VecDeque<KeptRequest>,
    bytes: usize,
}

/// A request, as JSON.
pub(super) struct KeptRequest {
    pub(super) number: u64,
    /// Its row in the list of the page.
    pub(super) row: Box<RawValue>,
    /// The content. `None` if the request was refused, or is too large to keep.
    pub(super) content: Option<Arc<str>>,
}

impl RequestQueue {
    /// The requests, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &KeptRequest> {
        self.queue.iter()
    }

    /// Adds a request. Then drops the oldest ones until `most` or fewer remain, in [`MOST_BYTES`] or less.
    pub(super) fn push(&mut self, mut added: KeptRequest, most: usize) {
        if added.bytes() > MOST_BYTES {
            // The row alone may fit.
            added.content = None;
            if added.bytes() > MOST_BYTES {
                return;
            }
        }
        self.bytes += added.bytes();
        self.queue.push_back(added);
        while self.queue.len() > most || self.bytes > MOST_BYTES {
            let Some(dropped) = self.queue.pop_front() else {
                return;
            };
            self.bytes -= dropped.bytes();
        }
    }
}

impl KeptRequest {
    fn bytes(&self) -> usize {
        let content = match &self.content {
            Some(content) => content.len(),
            None => 0,
        };
        self.row.get().len() + content
    }
}
