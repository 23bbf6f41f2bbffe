//! A set of texts in little memory: a list may have millions of lines.

/// Texts in order, one after another in one allocation.
pub(super) struct TextSet {
    text: String,
    /// The place of each text, sorted by the texts.
    spans: Vec<Span>,
}

/// The bytes of one text.
#[derive(Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

impl TextSet {
    pub(super) fn new() -> Self {
        Self { text: String::new(), spans: Vec::new() }
    }

    /// Adds a text. [`TextSet::sort`] must follow before the first look-up. A text that would make
    /// the set larger than 4 GiB is left out; the loader's bound on lists is far below.
    pub(super) fn push(&mut self, text: &str) {
        let end = self.text.len() + text.len();
        if let (Ok(start), Ok(end)) = (u32::try_from(self.text.len()), u32::try_from(end)) {
            self.text.push_str(text);
            self.spans.push(Span { start, end });
        }
    }

    /// Makes the set ready for look-ups.
    pub(super) fn sort(&mut self) {
        let text = &*self.text;
        self.spans.sort_unstable_by(|a, b| a.of(text).cmp(b.of(text)));
        self.spans.dedup_by(|a, b| a.of(text) == b.of(text));
        self.spans.shrink_to_fit();
        self.text.shrink_to_fit();
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        self.spans.binary_search_by(|span| span.of(&self.text).cmp(text)).is_ok()
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// The first text in order.
    pub(super) fn first(&self) -> Option<&str> {
        Some(self.spans.first()?.of(&self.text))
    }
}

impl Span {
    fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}
