//! `muzzle.ignore.toml`: one entry a finding, with a reason, somebody who answers for it, and an end.
//!
//! An entry that cannot be read hides nothing and says so; the others go on working.

use std::ops::Range;

use bstr::ByteSlice as _;
use globset::{GlobBuilder, GlobMatcher};
use jiff::civil::Date;
use toml_edit::{Document, Item, Table, TableLike, Value};

use super::identity::{Salt, is_identity, is_seal};
use crate::finding::{Notice, NoticeKind, Occurrence};

/// Where it lies in a repository.
pub const NAME: &str = "muzzle.ignore.toml";
/// The name of its tables.
pub(super) const TABLE: &str = "ignore";
/// Every key of an entry.
const KEYS: [&str; 7] = ["fingerprint", "path", "rule", "reason", "who", "when", "until"];

/// One that can be read.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it stands in the file, from 1.
    pub line: usize,
    /// A fingerprint or a seal.
    pub identity: String,
    /// Where it holds, as written, and as it is compared.
    pub scope: Option<(String, GlobMatcher)>,
    /// For people.
    pub rule: Option<String>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub who: String,
    /// Since when.
    pub when: Option<Date>,
    /// The last day on which it holds.
    pub until: Option<Date>,
}

impl Entry {
    /// Whether its last day is over.
    pub fn is_expired(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }

    /// Whether it holds in this file.
    pub(super) fn covers(&self, place: &Occurrence) -> bool {
        let is_at =
            |path: &[u8]| self.scope.as_ref().is_none_or(|(_, glob)| glob.is_match(path.to_path_lossy()));
        is_at(&place.path) || is_at(place.file())
    }
}

/// A file, read.
#[derive(Debug, Clone, Default)]
pub struct IgnoreFile {
    /// As messages name it.
    pub origin: String,
    /// The scanned tree holds it.
    pub of_scanned_tree: bool,
    /// Of its seals.
    pub salts: Vec<Salt>,
    /// In the order of the file.
    pub entries: Vec<Entry>,
    /// What could not be read.
    pub notices: Vec<Notice>,
}

impl IgnoreFile {
    /// Reads what can be read.
    pub fn parse(text: &str, origin: &str, of_scanned_tree: bool) -> Self {
        let mut file = IgnoreFile { origin: origin.to_owned(), of_scanned_tree, ..IgnoreFile::default() };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match Document::parse(text) {
            Ok(document) => file.read(document.as_table(), text, 0),
            // One mistake, or two branches' conflict, must not take the other entries along.
            Err(_) => pieces(text).into_iter().for_each(|piece| file.read_piece(text, piece)),
        }
        if file.salts.is_empty() {
            let (sealed, entries) = file.entries.drain(..).partition(|entry| is_seal(&entry.identity));
            file.entries = entries;
            let sealed: Vec<Entry> = sealed;
            for entry in sealed {
                file.malformed(entry.line, "its seal means nothing without the file's `salt`");
            }
        }
        file
    }

    fn read_piece(&mut self, text: &str, piece: Range<usize>) {
        let above = text[..piece.start].matches('\n').count();
        match Document::parse(&text[piece.clone()]) {
            Ok(document) => self.read(document.as_table(), &text[piece], above),
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                let line = above + line_at(&text[piece], at);
                self.malformed(line, &format!("this is not TOML: {}", one_line(error.message())));
            }
        }
    }

    fn read(&mut self, table: &Table, text: &str, above: usize) {
        let line = |span: Option<Range<usize>>| above + line_at(text, span.map_or(0, |span| span.start));
        for (key, item) in table {
            let at = line(table.key(key).and_then(toml_edit::Key::span).or_else(|| item.span()));
            match (key, item) {
                ("salt", item) => match item.as_str().and_then(Salt::parse) {
                    Some(salt) if !self.salts.contains(&salt) => self.salts.push(salt),
                    Some(_) => {}
                    None => self.malformed(at, "the salt is not 32 hex digits"),
                },
                (TABLE, Item::ArrayOfTables(tables)) => {
                    for table in tables {
                        let at = line(table.span());
                        match entry(table, at) {
                            Ok(entry) => self.entries.push(entry),
                            Err(why) => self.malformed(at, &why),
                        }
                    }
                }
                (TABLE, _) => self.malformed(at, "entries are written as [[ignore]]"),
                _ => self.malformed(at, &format!("`{key}` is not known here; entries begin with [[ignore]]")),
            }
        }
    }

    fn malformed(&mut self, line: usize, why: &str) {
        let place = format!("{}:{line}", self.origin);
        let detail = format!("{why}; what stands here hides nothing");
        self.notices.push(Notice { kind: NoticeKind::Malformed, place, detail });
    }
}

/// Where each entry begins, and what stands above the first.
fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("[[") && at > 0 {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

fn line_at(text: &str, offset: usize) -> usize {
    1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..offset.min(text.len())]).count()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn entry(table: &Table, line: usize) -> Result<Entry, String> {
    for (key, _) in table {
        if !KEYS.contains(&key) {
            // A misspelt `until` would be one that never ends.
            return Err(format!("`{key}` is no key of an entry; there are {}", KEYS.join(", ")));
        }
    }
    let identity = text(table, "fingerprint")?.ok_or("the fingerprint is missing")?;
    if !is_identity(&identity) {
        return Err("the fingerprint is not `v1:` or `s1:` and 32 hex digits, as the report shows it".into());
    }
    let scope = text(table, "path")?.map(|path| scope(&path).map(|glob| (path, glob))).transpose()?;
    Ok(Entry {
        line,
        identity,
        scope,
        rule: text(table, "rule")?,
        reason: text(table, "reason")?.ok_or("the reason is missing")?,
        who: text(table, "who")?.ok_or("`who`, the person who answers for it, is missing")?,
        when: date(table, "when")?,
        until: date(table, "until")?,
    })
}

/// A glob in which `*` stays within a directory; a path that ends in `/` means all below.
pub fn scope(path: &str) -> Result<GlobMatcher, String> {
    let below = if path.ends_with('/') { format!("{path}**") } else { path.to_owned() };
    let glob = GlobBuilder::new(below.trim_start_matches("./")).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| format!("the path is no glob: {error}"))
}

fn text(table: &dyn TableLike, key: &str) -> Result<Option<String>, String> {
    let Some(item) = table.get(key) else { return Ok(None) };
    match item.as_str().map(str::trim) {
        None => Err(format!("`{key}` is not text in quotes")),
        Some("") => Err(format!("`{key}` is empty")),
        Some(text) => Ok(Some(text.to_owned())),
    }
}

fn date(table: &dyn TableLike, key: &str) -> Result<Option<Date>, String> {
    let written = match table.get(key) {
        None => return Ok(None),
        Some(Item::Value(Value::String(text))) => text.value().clone(),
        Some(Item::Value(Value::Datetime(date))) => date.value().to_string(),
        Some(_) => String::new(),
    };
    match written.parse() {
        Ok(date) if written.len() == "2030-12-31".len() => Ok(Some(date)),
        _ => Err(format!("`{key}` is no day such as 2030-12-31")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "v1:0123456789abcdef0123456789abcdef";

    fn parse(text: &str) -> IgnoreFile {
        IgnoreFile::parse(text, "f", true)
    }

    fn notices(text: &str) -> Vec<String> {
        parse(text).notices.into_iter().map(|notice| format!("{} {}", notice.place, notice.detail)).collect()
    }

    fn full(more: &str) -> String {
        format!("[[ignore]]\nfingerprint = \"{ID}\"\nreason = \"r\"\nwho = \"w\"\n{more}\n")
    }

    #[test]
    fn entries_are_read_with_their_lines() {
        let text =
            format!("# c\n{}\n{}", full("path = 'a/*.py'\nuntil = 2030-01-02"), full("until = '2031-02-03'"));
        let file = parse(&text);
        assert_eq!(file.notices, []);
        assert_eq!(file.entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [2, 9]);
        let (_, glob) = file.entries[0].scope.as_ref().unwrap();
        assert!(glob.is_match("a/b.py") && !glob.is_match("a/b/c.py") && !glob.is_match("x/a/b.py"));
        assert!(file.entries[0].is_expired(jiff::civil::date(2030, 1, 3)));
        assert!(!file.entries[0].is_expired(jiff::civil::date(2030, 1, 2)), "the last day counts");
        assert_eq!(file.entries[1].until, Some(jiff::civil::date(2031, 2, 3)));
    }

    #[test]
    fn what_cannot_be_read_hides_nothing_and_says_so() {
        for (text, said) in [
            (full("untill = 2030-01-01"), "f:1 `untill` is no key of an entry"),
            (full("until = 'tomorrow'"), "f:1 `until` is no day"),
            (full("until = 2030-02-30"), "f:"),
            (full("until = 2030-01-01T00:00:00Z"), "f:1 `until` is no day"),
            (full("path = '['"), "f:1 the path is no glob"),
            (full("rule = 3"), "f:1 `rule` is not text"),
            (full("").replace("reason = \"r\"", "reason = \" \""), "f:1 `reason` is empty"),
            (full("").replace("who", "when"), "f:1 `who`, the person"),
            (full("").replace("reason = \"r\"\n", ""), "f:1 the reason is missing"),
            (full("").replace("v1:", "v1:0"), "f:1 the fingerprint is not"),
            (full("").replace("v1:", "s1:"), "f:1 its seal means nothing"),
            ("\nsalt = 'x'".into(), "f:2 the salt is not"),
            ("[[ignored]]\na = 1".into(), "f:1 `ignored` is not known here"),
            ("ignore = 1".into(), "f:1 entries are written as"),
        ] {
            let notices = notices(&text);
            assert_eq!(notices.len(), 1, "{text}: {notices:?}");
            assert!(notices[0].starts_with(said), "{notices:?}");
            assert_eq!(parse(&text).entries.len(), 0, "{text}");
        }
    }

    #[test]
    fn one_broken_entry_does_not_take_the_others_along() {
        let text = format!("salt = 'nonsense\n{}{}<<<<<<< HEAD\n{}", full(""), full(""), full(""));
        let file = parse(&text);
        assert_eq!(file.entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [2, 13]);
        let places: Vec<&str> = file.notices.iter().map(|notice| notice.place.as_str()).collect();
        assert_eq!(places, ["f:1", "f:12"]);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "\\PC*", salt in "(salt = '[0-9a-f]{0,33}'\n)?", cut in 0usize..120) {
            parse(&text);
            let whole = format!("{salt}{}", full(&text));
            parse(&whole[..whole.floor_char_boundary(cut)]);
        }
    }
}
