//! Rule files on disk: which there are, and in whose format.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::{Place, RuleError, RuleSet, foreign};

/// Keys that every rule of muzzle's own format has, and none of another scanner's.
const OWN_KEYS: [&str; 3] = ["name", "severity", "remediation"];

impl RuleSet {
    /// Adds the rules of a file, or of each `*.toml` of a directory in the order of their names: in muzzle's own format,
    /// or a gitleaks configuration. The expressions are compiled, so that every mistake shows now.
    pub fn load(&mut self, path: &Path) -> Result<(), RuleError> {
        let unreadable = |source| RuleError::Unreadable { path: path.to_owned(), source };
        if !path.is_dir() {
            return self.load_file(path);
        }
        let mut files: Vec<PathBuf> = std::fs::read_dir(path)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
            .map_err(unreadable)?;
        // What cannot be looked at is told when it is opened.
        files.retain(|file| file.extension().is_some_and(|extension| extension == "toml") && !file.is_dir());
        files.sort();
        if files.is_empty() {
            return Err(unreadable(std::io::Error::other("the directory holds no *.toml")));
        }
        files.iter().try_for_each(|file| self.load_file(file))
    }

    /// The rules of a gitleaks configuration, as gitleaks would run them: in place of the built-in ones, or with them if it
    /// extends the default.
    pub fn of_gitleaks(file: &str, text: &str) -> Result<Self, RuleError> {
        let set = foreign::alone(file, text)?;
        set.compile_from(set.rules.iter().filter(|rule| rule.builtin).count())?;
        Ok(set)
    }

    /// Adds the rules of a text that somebody wrote who is not trusted: in muzzle's own format only, and so that they take
    /// nothing away. They give way to other rules on the same bytes and claim no other half; ids that are there stay what
    /// they are.
    pub fn add_untrusted(&mut self, file: &str, text: &str) -> Result<(), RuleError> {
        let mut more = RuleSet::default();
        more.add_own(file, text)?;
        more.rules.retain(|rule| self.by_id(&rule.id).is_none());
        for rule in &mut more.rules {
            rule.generic = true;
            rule.companion = None;
        }
        self.extend(more.rules)
    }

    /// Adds the rules of a text in muzzle's own format, compiled. Another format may lead to other files.
    pub fn add_own(&mut self, file: &str, text: &str) -> Result<(), RuleError> {
        if !is_own(file, text)? {
            let why = "it is no rule file of muzzle's own format; a gitleaks configuration is given by --config or --rules";
            return Err(RuleError::File { place: Place::start_of(file), why: why.into() });
        }
        let first = self.rules.len();
        self.add(file, text)?;
        self.compile_from(first)
    }

    /// The files, as they were named, whose rules say what to send where; but for those that come with muzzle.
    pub fn files_with_responses(&self) -> std::collections::BTreeSet<String> {
        let says = |rule: &&super::Rule| {
            !rule.builtin && (rule.verify.is_some() || rule.revoke.is_some() || rule.rotate.is_some())
        };
        self.rules.iter().filter(says).map(|rule| rule.place.file().to_owned()).collect()
    }

    /// Forgets what the rules of this file say of it.
    pub fn forget_responses(&mut self, file: &str) {
        for rule in self.rules.iter_mut().filter(|rule| !rule.builtin && rule.place.file() == file) {
            (rule.verify, rule.revoke, rule.rotate) = (None, None, None);
        }
    }

    fn load_file(&mut self, path: &Path) -> Result<(), RuleError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| RuleError::Unreadable { path: path.to_owned(), source })?;
        let file = path.display().to_string();
        let first = self.rules.iter().filter(|rule| !rule.builtin).count();
        let own = is_own(&file, &text)?;
        let added = if own { self.add(&file, &text) } else { foreign::add(self, &file, &text) };
        added?;
        // Built-in rules may have gone; they are always the first.
        let builtin = self.rules.iter().filter(|rule| rule.builtin).count();
        self.compile_from(builtin + first)
    }
}

/// Whether a text is in muzzle's own format: if one of its rules has a key that no other scanner's rules have, or if
/// there is nothing in it.
fn is_own(file: &str, text: &str) -> Result<bool, RuleError> {
    let root = DeTable::parse(text).map_err(|error| RuleError::syntax(file, text, &error))?;
    let rules = root.get_ref().iter().find(|(key, _)| key.get_ref().eq_ignore_ascii_case("rules"));
    match rules.map(|(key, value)| (key.span().start, value.get_ref())) {
        Some((_, DeValue::Array(rules))) => Ok(rules.iter().any(|rule| match rule.get_ref() {
            DeValue::Table(rule) => rule.keys().any(|key| OWN_KEYS.contains(&key.get_ref().as_ref())),
            _ => false,
        })),
        Some((offset, _)) => {
            let place = Place::new(&file.into(), text, offset);
            let why = "`rules` is not a list here; rule files have `[[rules]]` (is this a configuration, for --config?)";
            Err(RuleError::File { place, why: why.into() })
        }
        None => Ok(root.get_ref().is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_rules() {
        let own = |text| is_own("f.toml", text).map_err(|error| error.to_string());
        assert_eq!(own(""), Ok(true));
        assert_eq!(own("[[rules]]\nid = 'a'\nseverity = 'low'"), Ok(true));
        assert_eq!(own("title = 'x'\n[[rules]]\nid = 'a'\nname = 'low'"), Ok(true));
        assert_eq!(own("[[rules]]\nid = 'a'\nregex = 'b'"), Ok(false));
        assert_eq!(own("[[RULES]]\nid = 'a'\nregex = 'b'\nconfidence = 'high'"), Ok(false));
        assert_eq!(own("[extend]\nuseDefault = true"), Ok(false));
        assert_eq!(own("[allowlist]\npaths = []"), Ok(false));
        assert!(own("\n[rules]\nonly = []").unwrap_err().starts_with("f.toml:2:2: "));
        assert!(own("a = ").unwrap_err().starts_with("f.toml:1:"));
    }
}
