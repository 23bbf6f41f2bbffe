//! A list that has a first element.

use std::iter::once;

/// A list that has a first element.
#[derive(Debug)]
pub struct NonEmpty<T> {
    first: T,
    rest: Vec<T>,
}

impl<T> NonEmpty<T> {
    /// A list of one element.
    pub fn of(first: T) -> Self {
        Self { first, rest: Vec::new() }
    }

    /// The elements of an iterator. Returns `None` if it has none.
    pub fn collect(items: impl IntoIterator<Item = T>) -> Option<Self> {
        let mut items = items.into_iter();
        Some(Self { first: items.next()?, rest: items.collect() })
    }

    /// Appends an element.
    pub fn push(&mut self, item: T) {
        self.rest.push(item);
    }

    /// The first element.
    pub fn first(&self) -> &T {
        &self.first
    }

    /// The elements in their order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        once(&self.first).chain(&self.rest)
    }
}
