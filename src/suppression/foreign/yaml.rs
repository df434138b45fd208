//! Files in YAML: the baselines of kingfisher, the configuration of ggshield.

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};

use super::super::identity::hex;
use super::super::places::NamedPlace;
use super::{Criterion, Hash, Import, ImportError};
use crate::finding::NoticeKind;
use crate::secret::Secret;

#[derive(Deserialize)]
struct Kingfisher {
    #[serde(default)]
    repositories: Vec<KingfisherRepository>,
    #[serde(rename = "ExactFindings", default)]
    exact_findings: Option<ExactFindings>,
}

#[derive(Deserialize)]
struct KingfisherRepository {
    #[serde(default)]
    findings: Vec<KingfisherFinding>,
}

#[derive(Deserialize)]
struct KingfisherFinding {
    path: String,
    #[serde(default)]
    rule_id: String,
    #[serde(default)]
    line: u32,
}

#[derive(Deserialize)]
struct ExactFindings {
    #[serde(default)]
    matches: Vec<ExactFinding>,
}

#[derive(Deserialize)]
struct ExactFinding {
    filepath: String,
    #[serde(default)]
    linenum: u32,
}

/// Both versions; names of keys with dashes are those of the first.
#[derive(Deserialize)]
struct Ggshield {
    #[serde(default)]
    secret: Option<GgshieldSecret>,
    #[serde(rename = "matches-ignore", alias = "matches_ignore", default)]
    matches_ignore: Vec<Ignored>,
}

#[derive(Deserialize)]
struct GgshieldSecret {
    #[serde(rename = "ignored_matches", alias = "ignored-matches", default)]
    ignored_matches: Vec<Ignored>,
}

/// A value, by itself or with a name.
struct Ignored {
    name: Option<String>,
    value: String,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: Option<String>,
    #[serde(rename = "match")]
    value: String,
}

/// By hand, since a value that looks like a number or like `yes` is a text all the same.
impl<'de> Deserialize<'de> for Ignored {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IgnoredVisitor)
    }
}

struct IgnoredVisitor;

impl<'de> Visitor<'de> for IgnoredVisitor {
    type Value = Ignored;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value, or a map with `match`")
    }

    fn visit_str<E>(self, value: &str) -> Result<Ignored, E> {
        Ok(Ignored { name: None, value: value.to_owned() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Ignored, A::Error> {
        let Named { name, value } = Named::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Ignored { name, value })
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8], import: &Import) -> Result<T, ImportError> {
    let unreadable = |why: String| ImportError::Unreadable {
        origin: import.origin.clone(),
        format: import.format.as_str(),
        why,
    };
    let text = std::str::from_utf8(bytes).map_err(|error| unreadable(error.to_string()))?;
    serde_saphyr::from_str(text).map_err(|error| {
        // What the parser quotes may be a value.
        let place = error.location().map_or_else(String::new, |at| format!(" near line {}", at.line()));
        unreadable(format!("it is not the YAML that was expected{place}"))
    })
}

/// Its fingerprints cover offsets, so that the place decides.
pub(super) fn kingfisher(bytes: &[u8], import: &mut Import) -> Result<(), ImportError> {
    let file: Kingfisher = read(bytes, import)?;
    let of_second = file.repositories.into_iter().flat_map(|repository| repository.findings);
    let of_first = file
        .exact_findings
        .into_iter()
        .flat_map(|exact| exact.matches)
        .map(|exact| KingfisherFinding { path: exact.filepath, rule_id: String::new(), line: exact.linenum });
    for finding in of_second.chain(of_first) {
        let path = finding.path.replace('\\', "/");
        let path = path.strip_prefix("./").unwrap_or(&path).into();
        let place = NamedPlace { commit: None, path, line: finding.line };
        import.push(0, Criterion::Place { place, rule: finding.rule_id, value: None }, None);
    }
    Ok(())
}

pub(super) fn ggshield(bytes: &[u8], import: &mut Import) -> Result<(), ImportError> {
    let file: Ggshield = read(bytes, import)?;
    let ignored =
        file.secret.into_iter().flat_map(|secret| secret.ignored_matches).chain(file.matches_ignore);
    for Ignored { name, value } in ignored {
        let criterion = match hex::<32>(&value) {
            Some(digest) => Criterion::Hash(Hash::Ggshield, digest.to_vec()),
            None if value.is_empty() => {
                import.notice(NoticeKind::Malformed, 0, "an entry without a match hides nothing".into());
                continue;
            }
            None => Criterion::Value(Secret::new(value.as_bytes())),
        };
        import.push(0, criterion, name.filter(|name| !name.is_empty()));
    }
    Ok(())
}
