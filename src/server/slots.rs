//! The connections of a worker, and how a new connection gets a place among them.
//!
//! A stranger's connection is one on which no caller was admitted. Strangers' connections are evicted first.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use super::slot::Slot;

/// How many evicted connections that have not ended yet may exist in addition to the limit.
const SURPLUS: usize = 64;

/// The connections of a worker, in the order of their arrival.
pub(super) struct Slots {
    limit: usize,
    next_id: Cell<u64>,
    by_id: RefCell<BTreeMap<u64, Rc<Slot>>>,
}

/// Whether a worker has room for one more connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// The worker is below its limit.
    Free,
    /// The connection that has been idle longest was evicted to make room.
    Evicted,
    /// No connection may be evicted, or too many evicted ones have not ended yet.
    Full,
}

impl Slots {
    /// Slots for at most `limit` connections, not counting evicted ones.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, next_id: Cell::default(), by_id: RefCell::default() }
    }

    /// The most connections, evicted ones included.
    pub(super) fn hard_limit(&self) -> usize {
        self.limit + SURPLUS
    }

    /// Makes room for one more connection. At the limit, evicts the connection that has been idle longest. An evicted
    /// connection no longer counts toward the limit. It still exists until it ends, so it counts toward the hard
    /// limit. At the hard limit, aborts an evicted connection. It ends only later, so there is no room yet.
    pub(super) fn make_room(&self) -> Room {
        let slots = self.by_id.borrow();
        if slots.len() < self.limit {
            return Room::Free;
        }
        if slots.len() >= self.hard_limit() {
            if let Some(slot) = longest_idle(slots.values().filter(|slot| slot.is_evicted())) {
                slot.abort();
            }
            return Room::Full;
        }
        // Count again without evicted connections, which do not count toward the limit.
        let staying: Vec<_> = slots.values().filter(|slot| !slot.is_evicted()).collect();
        if staying.len() < self.limit {
            return Room::Free;
        }
        let has_strangers = staying.iter().any(|slot| !slot.is_trusted());
        match longest_idle(staying.into_iter()) {
            // `longest_idle` prefers strangers. If it finds a trusted connection, no stranger is idle, as in a burst of
            // new connections. An admitted caller does not give way to strangers.
            Some(slot) if slot.is_trusted() && has_strangers => Room::Full,
            Some(slot) => {
                slot.evict();
                Room::Evicted
            }
            None => Room::Full,
        }
    }

    /// Adds a connection. Returns the id with which to remove it.
    pub(super) fn add(&self, slot: Rc<Slot>) -> u64 {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        self.by_id.borrow_mut().insert(id, slot);
        id
    }

    /// Removes a connection that has ended.
    pub(super) fn remove(&self, id: u64) {
        self.by_id.borrow_mut().remove(&id);
    }

    /// Asks every connection to end, because the service stops.
    pub(super) fn stop_all(&self) {
        for slot in self.by_id.borrow().values() {
            slot.stop();
        }
    }
}

/// The connection that has been idle longest, a stranger's if one is idle. `None` if none is idle.
fn longest_idle<'s>(slots: impl Iterator<Item = &'s Rc<Slot>>) -> Option<&'s Rc<Slot>> {
    let idle = slots.filter(|slot| slot.idle_since().is_some());
    // `false` is less than `true`, so strangers come first.
    idle.min_by_key(|slot| (slot.is_trusted(), slot.idle_since()))
}
