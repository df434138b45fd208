//! Changes to `muzzle.ignore.toml` that leave comments and order as they are.

use std::collections::BTreeSet;

use jiff::civil::Date;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::identity::Salt;
use super::ignore_file::{IgnoreFile, TABLE};

/// What a new file begins with.
const HEAD: &str = "\
# Findings that somebody answers for. `muzzle ignore add` writes entries; docs/suppression.md of muzzle explains them.
";

/// An entry to write.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// A fingerprint, or a seal under the file's salt.
    pub identity: String,
    /// A glob.
    pub path: Option<String>,
    /// The rule, for people.
    pub rule: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub who: String,
    /// Since when.
    pub when: Date,
    /// The last day on which it holds.
    pub until: Option<Date>,
}

/// Why a file cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It cannot be written without losing what cannot be read.
    #[error("{origin} is no TOML: {why}; mend it first")]
    NoToml {
        /// The file.
        origin: String,
        /// What the parser says.
        why: String,
    },
    /// A key is in the way.
    #[error("in {0}, `ignore` is something else than [[ignore]] entries; mend it first")]
    NoEntries(String),
}

fn document(text: &str, origin: &str) -> Result<DocumentMut, EditError> {
    text.parse().map_err(|error: toml_edit::TomlError| EditError::NoToml {
        origin: origin.to_owned(),
        why: error.message().to_owned(),
    })
}

/// Writes entries below the others; one that has the same identity and path is brought up to date where it stands. The
/// salt is written if seals are and the file has none.
pub fn add(text: &str, origin: &str, salt: Option<Salt>, entries: &[NewEntry]) -> Result<String, EditError> {
    let is_new = text.trim().is_empty();
    let mut document = document(text, origin)?;
    if let Some(salt) = salt {
        document.insert("salt", value(salt.to_string()));
    }
    let tables = document.entry(TABLE).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let tables = tables.as_array_of_tables_mut().ok_or_else(|| EditError::NoEntries(origin.to_owned()))?;
    for entry in entries {
        let says =
            |table: &Table, key: &str, what: Option<&str>| table.get(key).and_then(Item::as_str) == what;
        let is_same = |table: &Table| {
            says(table, "fingerprint", Some(&entry.identity)) && says(table, "path", entry.path.as_deref())
        };
        let known = tables.iter().position(is_same);
        match known.and_then(|at| tables.get_mut(at)) {
            Some(table) => fill(table, entry),
            None => {
                let mut table = Table::new();
                fill(&mut table, entry);
                let has_above = !(is_new && tables.is_empty() && salt.is_none());
                table.decor_mut().set_prefix(if has_above { "\n" } else { "" });
                tables.push(table);
            }
        }
    }
    Ok(if is_new { format!("{HEAD}\n{document}") } else { document.to_string() })
}

fn fill(table: &mut Table, entry: &NewEntry) {
    let day = |day: Date| {
        let date = toml_edit::Date {
            year: u16::try_from(day.year()).unwrap_or(0),
            month: day.month().unsigned_abs(),
            day: day.day().unsigned_abs(),
        };
        value(toml_edit::Datetime { date: Some(date), time: None, offset: None })
    };
    let mut set = |key: &str, item: Option<Item>| match item {
        Some(new) => match table.get_mut(key).and_then(Item::as_value_mut) {
            // A comment behind the value stays.
            Some(old) => {
                let decor = old.decor().clone();
                if let Ok(mut new) = new.into_value() {
                    *new.decor_mut() = decor;
                    *old = new;
                }
            }
            None => _ = table.insert(key, new),
        },
        None => _ = table.remove(key),
    };
    set("fingerprint", Some(value(&entry.identity)));
    if let Some(path) = &entry.path {
        set("path", Some(value(path)));
    }
    set("rule", Some(value(&entry.rule)));
    set("reason", Some(value(&entry.reason)));
    set("who", Some(value(&entry.who)));
    set("when", Some(day(entry.when)));
    set("until", entry.until.map(day));
}

/// Takes out the entries that begin at these lines, with the comments right above them. `None` if the file is not as it
/// should be afterwards.
pub fn remove(text: &str, gone: &BTreeSet<usize>) -> Option<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let is_head = |line: &str| line.trim_start().starts_with('[');
    let is_comment = |line: &str| line.trim_start().starts_with('#');
    let mut kept = vec![true; lines.len()];
    for first in gone.iter().map(|line| line - 1) {
        let above = lines[..first].iter().rev().take_while(|line| is_comment(line)).count();
        let next = first + 1 + lines[first + 1..].iter().take_while(|line| !is_head(line)).count();
        // Comments above the next entry are its own.
        let of_next = if next == lines.len() {
            0
        } else {
            lines[first + 1..next].iter().rev().take_while(|line| is_comment(line)).count()
        };
        kept[first - above..next - of_next].fill(false);
    }
    let rest: String = lines.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(line, _)| *line).collect();
    let rest = if rest.trim().is_empty() { String::new() } else { format!("{}\n", rest.trim_end()) };
    let before = IgnoreFile::parse(text, "", false);
    let after = IgnoreFile::parse(&rest, "", false);
    let left = before.entries.iter().filter(|entry| !gone.contains(&entry.line)).map(|entry| &entry.identity);
    let is_right = left.eq(after.entries.iter().map(|entry| &entry.identity))
        && before.notices.len() == after.notices.len();
    is_right.then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(digit: char, until: Option<Date>) -> NewEntry {
        NewEntry {
            identity: format!("v1:{}", digit.to_string().repeat(32)),
            path: None,
            rule: "a-rule".into(),
            reason: "made \"up\"".into(),
            who: "Ada <ada@example.test>".into(),
            when: jiff::civil::date(2025, 1, 2),
            until,
        }
    }

    #[test]
    fn entries_are_added_and_renewed_in_place() {
        let one = add("", "f", None, &[entry('1', None)]).unwrap();
        assert!(one.starts_with(HEAD), "{one}");
        assert!(one.ends_with("who = \"Ada <ada@example.test>\"\nwhen = 2025-01-02\n"), "{one}");
        let commented = one.replace("when = 2025-01-02\n", "when = 2025-01-02 # why then\n# the end\n");
        let salt = Salt::random().unwrap();
        let two = add(&commented, "f", Some(salt), &[entry('2', None)]).unwrap();
        assert!(two.contains("# why then\n# the end") || two.contains("# the end"), "{two}");
        let file = IgnoreFile::parse(&two, "f", false);
        assert_eq!((file.notices.len(), file.entries.len(), file.salts), (0, 2, vec![salt]), "{two}");
        let until = jiff::civil::date(2031, 1, 2);
        let three = add(&two, "f", None, &[entry('1', Some(until))]).unwrap();
        let file = IgnoreFile::parse(&three, "f", false);
        assert_eq!(file.entries.iter().map(|entry| entry.until).collect::<Vec<_>>(), [Some(until), None]);
        assert!(three.contains("when = 2025-01-02 # why then\nuntil = 2031-01-02\n"), "{three}");
    }

    #[test]
    fn entries_are_taken_out_with_their_comments() {
        let text = add("", "f", None, &[entry('1', None), entry('2', None), entry('3', None)]).unwrap();
        let text = text
            .replace("\n[[ignore]]\nfingerprint = \"v1:2", "\n# of two\n[[ignore]]\nfingerprint = \"v1:2");
        let text = text
            .replace("\n[[ignore]]\nfingerprint = \"v1:3", "\n# of three\n[[ignore]]\nfingerprint = \"v1:3");
        let lines: Vec<usize> = IgnoreFile::parse(&text, "f", false).entries.iter().map(|e| e.line).collect();
        let rest = remove(&text, &BTreeSet::from([lines[1]])).unwrap();
        assert!(
            !rest.contains("of two") && rest.contains("# of three\n[[ignore]]") && rest.contains(HEAD),
            "{rest}"
        );
        let rest = remove(&text, &lines.iter().copied().collect()).unwrap();
        assert_eq!(rest, HEAD);
    }

    #[test]
    fn what_is_no_toml_is_not_touched() {
        assert!(add("[[ignore]\n", "f", None, &[entry('1', None)]).is_err());
        assert!(add("ignore = 3\n", "f", None, &[entry('1', None)]).is_err());
    }
}
