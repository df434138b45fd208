//! Text in XML and HTML.

use std::fmt::Write as _;

/// Text between tags of HTML, where quotes mean nothing.
pub(super) fn content(text: &str) -> String {
    escape(text).replace("&quot;", "\"").replace("&#39;", "'")
}

/// Text between tags or in a quoted attribute. Control characters were made visible before; two more code points are no
/// characters of XML 1.0.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() && c != '\n' => _ = write!(out, "\\u{{{:x}}}", u32::from(c)),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_text_early() {
        assert_eq!(escape("<a b=\"c\" d='e'>&amp;"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;");
        assert_eq!(content("<a b=\"c\">&quot;'"), "&lt;a b=\"c\"&gt;&amp;quot;'");
        assert_eq!(escape("\u{0}\u{1b}\u{ffff}é"), "\\u{0}\\u{1b}\u{fffd}é");
    }
}
