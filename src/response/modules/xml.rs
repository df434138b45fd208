//! Texts out of small XML replies. What is not plain elements and text yields nothing: no entities of its own, no
//! document type, no processing instructions but the first.

/// The text of the first element of that name, wherever it stands. `None` for an element with elements inside.
pub(super) fn text_of(xml: &str, name: &str) -> Option<String> {
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        let tag = &rest[at + 1..];
        if tag.starts_with('!') {
            return None;
        }
        let end = tag.find('>')?;
        let inside = &tag[..end];
        rest = &tag[end + 1..];
        let is_it = inside.split_ascii_whitespace().next().is_some_and(|word| word == name);
        if is_it && !inside.ends_with('/') {
            let text = &rest[..rest.find('<')?];
            let closes = rest[text.len()..].strip_prefix("</")?.strip_prefix(name)?;
            return closes.trim_start().starts_with('>').then(|| unescape(text));
        }
    }
    None
}

/// The name of the outermost element.
pub(super) fn root(xml: &str) -> Option<&str> {
    let mut rest = xml.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    if let Some(declaration) = rest.strip_prefix("<?xml") {
        rest = declaration[declaration.find("?>")? + 2..].trim_start();
    }
    let name = rest.strip_prefix('<')?;
    let end = name.find([' ', '>', '/', '\n', '\r', '\t'])?;
    let name = &name[..end];
    (!name.is_empty() && !name.starts_with(['!', '?'])).then_some(name)
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read() {
        let xml = "<?xml version=\"1.0\"?>\n<A xmlns=\"urn:x\"><B a='1'>one &amp; &lt;two&gt;</B><C/><D><E>x</E></D></A>";
        assert_eq!(text_of(xml, "B").as_deref(), Some("one & <two>"));
        assert_eq!(text_of(xml, "E").as_deref(), Some("x"));
        for missing in ["C", "D", "F", "A"] {
            assert_eq!(text_of(xml, missing), None, "{missing}");
        }
        assert_eq!(root(xml), Some("A"));
        assert_eq!(root("\u{feff}<Error>"), Some("Error"));
    }

    #[test]
    fn odd_documents_yield_nothing() {
        for xml in [
            "",
            "<",
            "<B",
            "<B>",
            "<B>text",
            "<B>text</C>",
            "<!DOCTYPE a [<!ENTITY x 'y'>]><B>&x;</B>",
            "<![CDATA[<B>text</B>]]>",
            "<Bx>text</Bx>",
            "text",
        ] {
            assert_eq!(text_of(xml, "B"), None, "{xml}");
        }
        for xml in ["", "text", "<", "<?xml", "<!DOCTYPE html><html>", "{\"a\": 1}"] {
            assert_eq!(root(xml), None, "{xml}");
        }
    }
}
