//! A map from texts to texts in little memory. It may have millions of entries.

/// A map from texts to texts. All keys and values are in one allocation, each key before its value.
#[derive(Default)]
pub(crate) struct TextMap {
    all_texts: String,
    /// Sorted by key.
    entries: Vec<TextEntry>,
}

/// The bytes of a key and of its value among all texts.
#[derive(Clone, Copy)]
struct TextEntry {
    key_start: u32,
    /// Also the end of the key.
    value_start: u32,
    value_end: u32,
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
        let key_start = self.all_texts.len();
        let value_start = key_start + key.len();
        let value_end = value_start + value.len();
        if let (Ok(key_start), Ok(value_start), Ok(value_end)) =
            (u32::try_from(key_start), u32::try_from(value_start), u32::try_from(value_end))
        {
            self.all_texts.push_str(key);
            self.all_texts.push_str(value);
            self.entries.push(TextEntry { key_start, value_start, value_end, line });
        }
    }

    /// Makes the map ready for searches. Returns the keys that occur more than once.
    pub(crate) fn sort(&mut self) -> Vec<RepeatedKey> {
        let all_texts = self.all_texts.as_str();
        // Entries with the same key stay in the file's order.
        self.entries.sort_by(|a, b| a.key(all_texts).cmp(b.key(all_texts)));
        self.entries.shrink_to_fit();
        let mut repeated = Vec::new();
        for pair in self.entries.windows(2) {
            if let [first, second] = pair
                && first.key(all_texts) == second.key(all_texts)
            {
                repeated.push(RepeatedKey { first_line: first.line, line: second.line });
            }
        }
        self.all_texts.shrink_to_fit();
        repeated
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let found =
            self.entries.binary_search_by(|entry| entry.key(&self.all_texts).cmp(key)).ok()?;
        Some(self.entries.get(found)?.value(&self.all_texts))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The line and the value of each entry.
    pub(crate) fn values(&self) -> impl Iterator<Item = (u32, &str)> {
        self.entries.iter().map(|entry| (entry.line, entry.value(&self.all_texts)))
    }
}

impl TextEntry {
    fn key(self, all_texts: &str) -> &str {
        all_texts.get(self.key_start as usize..self.value_start as usize).unwrap_or_default()
    }

    fn value(self, all_texts: &str) -> &str {
        all_texts.get(self.value_start as usize..self.value_end as usize).unwrap_or_default()
    }
}
