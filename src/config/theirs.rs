//! Whose configuration a file is, by its shape.

use toml::de::{DeTable, DeValue};

/// Whether a text is a gitleaks configuration: by what it has that `muzzle.toml` has not.
pub(super) fn is_gitleaks(text: &str) -> bool {
    let Ok(root) = DeTable::parse(text) else { return false };
    root.get_ref().iter().any(|(key, value)| {
        let is_list = matches!(value.get_ref(), DeValue::Array(_));
        match key.get_ref().to_lowercase().as_str() {
            "extend" | "allowlists" | "title" | "minversion" => true,
            "rules" => is_list,
            "allowlist" => !is_list,
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_tell_whose_configuration_it_is() {
        for theirs in
            ["[[rules]]\nid='a'", "[extend]", "[allowlist]\npaths=[]", "[[Allowlists]]", "title='x'"]
        {
            assert!(is_gitleaks(theirs), "{theirs}");
        }
        for ours in ["", "[rules]\nonly=[]", "[[allowlist]]\npaths=['a']", "[scan]", "a = "] {
            assert!(!is_gitleaks(ours), "{ours}");
        }
    }
}
