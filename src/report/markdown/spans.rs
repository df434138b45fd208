//! Text that Markdown takes for text.

use super::super::text::one_line;

/// A code span. What stands in it is shown as it is; the two characters that could end the span or the cell of a table
/// are written out.
pub(super) fn code(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".into();
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('`');
    for c in text.chars() {
        match c {
            '`' => out.push_str("\\u{60}"),
            '|' => out.push_str("\\u{7c}"),
            c => out.push(c),
        }
    }
    out.push('`');
    out
}

/// Our own words or those of a rule, on one line: no markup, no HTML, no mention of anybody.
pub(super) fn prose(text: &str) -> String {
    let text = one_line(text);
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for (at, c) in characters.iter().enumerate() {
        let inside_a_word = at > 0
            && characters[at - 1].is_alphanumeric()
            && characters.get(at + 1).is_some_and(|next| next.is_alphanumeric());
        match c {
            // In a name or an address it means nothing, and escaped it would break a link.
            '_' if inside_a_word => out.push('_'),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Whoever is mentioned is written to.
            '@' => out.push_str("`@`"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(*c);
            }
            c => out.push(*c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_span_or_a_cell() {
        assert_eq!(code("a`b|c\\"), r"`a\u{60}b\u{7c}c\`");
        assert_eq!(code(""), "(empty)");
    }

    #[test]
    fn prose_has_no_markup() {
        assert_eq!(
            prose("see [x](y) <b>@a</b>\n| #1 https://a.example/b_c"),
            r"see \[x\](y) &lt;b&gt;`@`a&lt;/b&gt; \| \#1 https://a.example/b_c"
        );
    }
}
