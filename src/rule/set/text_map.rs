//! A map from texts to texts in little memory. It may have millions of entries.

/// A map from texts to texts. All are in one allocation, each key before its value.
#[derive(Default)]
pub(crate) struct TextMap {
    text: String,
    /// Sorted by key.
    entries: Vec<TextEntry>,
}

/// The bytes of a key and of its value.
#[derive(Clone, Copy)]
struct TextEntry {
    start: u32,
    middle: u32,
    end: u32,
    /// The line of the file, from 1.
    line: u32,
}

/// A key that a file has twice.
pub(crate) struct RepeatedKey {
    pub(crate) first_line: u32,
    pub(crate) line: u32,
}

impl TextMap {
    /// Adds an entry from a line of a file. An entry that would make the map larger than 4 GiB is left
    /// out. The loader's bound on lists is far below.
    pub(crate) fn push(&mut self, key: &str, value: &str, line: u32) {
        let start = self.text.len();
        let middle = start + key.len();
        if let (Ok(start), Ok(middle), Ok(end)) =
            (u32::try_from(start), u32::try_from(middle), u32::try_from(middle + value.len()))
        {
            self.text.push_str(key);
            self.text.push_str(value);
            self.entries.push(TextEntry { start, middle, end, line });
        }
    }

    /// Makes the map ready for searches. Returns the keys that occur more than once.
    pub(crate) fn sort(&mut self) -> Vec<RepeatedKey> {
        let text = &*self.text;
        // Entries with the same key stay in the file's order.
        self.entries.sort_by(|a, b| a.key(text).cmp(b.key(text)));
        self.entries.shrink_to_fit();
        let mut repeated = Vec::new();
        for pair in self.entries.windows(2) {
            if let [first, second] = pair
                && first.key(text) == second.key(text)
            {
                repeated.push(RepeatedKey { first_line: first.line, line: second.line });
            }
        }
        self.text.shrink_to_fit();
        repeated
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let found = self.entries.binary_search_by(|entry| entry.key(&self.text).cmp(key)).ok()?;
        Some(self.entries.get(found)?.value(&self.text))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The values, each with its line.
    pub(crate) fn values(&self) -> impl Iterator<Item = (u32, &str)> {
        self.entries.iter().map(|entry| (entry.line, entry.value(&self.text)))
    }
}

impl TextEntry {
    fn key(self, text: &str) -> &str {
        text.get(self.start as usize..self.middle as usize).unwrap_or_default()
    }

    fn value(self, text: &str) -> &str {
        text.get(self.middle as usize..self.end as usize).unwrap_or_default()
    }
}
