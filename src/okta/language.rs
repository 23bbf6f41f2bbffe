//! The language of an end user, as a language tag (BCP 47).

use std::iter::successors;

/// The longest tag that is read, in bytes. By RFC 5646 §4.4.1 no tag needs more.
const LENGTH_LIMIT: usize = 35;

/// A language tag of at most 35 bytes, in lower case and with hyphens: `pt-br`.
#[derive(Clone, PartialEq, Eq)]
pub struct LanguageTag(String);

impl LanguageTag {
    /// Reads a tag such as `pt-BR`. Okta writes a `locale` as `pt_BR`, which is read as the same tag.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LENGTH_LIMIT || !text.split(['-', '_']).all(is_subtag) {
            return None;
        }
        Some(Self(text.replace('_', "-").to_ascii_lowercase()))
    }

    /// Reads the first tag of a list such as `fr-CA, en;q=0.8` (RFC 9110 §12.5.4), the form of Okta's
    /// `preferredLanguage`. Ignores the rest of the list.
    pub fn first_of(list: &str) -> Option<Self> {
        let list = list.trim_ascii_start();
        // The list may be long, so look for the end of the tag only as far as a tag can reach. If no end comes by
        // then, the list is one tag, or begins with text that is too long for a tag.
        let mut reach_of_tag = list.bytes().take(LENGTH_LIMIT + 1);
        match reach_of_tag.position(|byte| matches!(byte, b',' | b';' | b' ' | b'\t')) {
            Some(end) => Self::parse(list.get(..end)?),
            None => Self::parse(list),
        }
    }

    /// The tag in lower case and with hyphens.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag, then the tag without its last subtag, and so on: `pt-br`, `pt` (RFC 4647 §3.4).
    pub fn fallbacks(&self) -> impl Iterator<Item = &str> {
        successors(Some(&*self.0), |tag| Some(tag.rsplit_once('-')?.0))
    }
}

/// Whether a text may be a part of a tag: one to eight ASCII letters and digits.
pub(crate) fn is_subtag(text: &str) -> bool {
    (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
