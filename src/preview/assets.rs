//! The files of the page, in the binary.

/// A file of the page.
pub(super) struct Asset {
    /// The path after the token of the page's URL, `/TOKEN/`.
    path: &'static str,
    pub(super) media_type: &'static str,
    text: &'static str,
}

impl Asset {
    /// The text that the page loads. Leaves out the comments of scripts, which saves 12 KB. A comment leaves an empty
    /// line, so that the other lines keep their numbers.
    pub(super) fn body(&self) -> String {
        if self.media_type != JAVASCRIPT {
            return self.text.to_owned();
        }
        let mut body = String::new();
        for line in self.text.lines() {
            // In our scripts, no comment follows code on its line, and no string has a line that begins with `//`.
            if !line.trim_start().starts_with("//") {
                body.push_str(line);
            }
            body.push('\n');
        }
        body
    }
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const ASSETS: &[Asset] = &[
    asset("", HTML, include_str!("page/index.html")),
    asset("style.css", CSS, include_str!("page/style.css")),
    asset("screen.css", CSS, include_str!("page/screen.css")),
    asset("icon.svg", SVG, include_str!("page/icon.svg")),
    asset("main.js", JAVASCRIPT, include_str!("page/main.js")),
    asset("dom.js", JAVASCRIPT, include_str!("page/dom.js")),
    asset("request.js", JAVASCRIPT, include_str!("page/request.js")),
    asset("editor.js", JAVASCRIPT, include_str!("page/editor.js")),
    asset("lookups.js", JAVASCRIPT, include_str!("page/lookups.js")),
    asset("result.js", JAVASCRIPT, include_str!("page/result.js")),
    asset("screen.js", JAVASCRIPT, include_str!("page/screen.js")),
    asset("live.js", JAVASCRIPT, include_str!("page/live.js")),
    asset("rules.js", JAVASCRIPT, include_str!("page/rules.js")),
    asset("save.js", JAVASCRIPT, include_str!("page/save.js")),
];

const fn asset(path: &'static str, media_type: &'static str, text: &'static str) -> Asset {
    Asset { path, media_type, text }
}

/// Returns the file at a path after the token of the page's URL.
pub(super) fn find_asset(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}
