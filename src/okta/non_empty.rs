//! A list that has an element.

use std::slice;

/// A list that has an element.
#[derive(Debug)]
pub struct NonEmpty<T>(Vec<T>);

impl<T> NonEmpty<T> {
    /// A list of one element.
    pub fn of(item: T) -> Self {
        Self(vec![item])
    }

    /// The elements of an iterator. Returns `None` if it has none.
    pub fn collect(items: impl IntoIterator<Item = T>) -> Option<Self> {
        let items: Vec<T> = items.into_iter().collect();
        if items.is_empty() { None } else { Some(Self(items)) }
    }

    /// Appends an element.
    pub fn push(&mut self, item: T) {
        self.0.push(item);
    }

    /// The elements in their order.
    pub fn iter(&self) -> slice::Iter<'_, T> {
        self.0.iter()
    }
}
