//! What trusted configuration says.

use anyhow::Context as _;
use serde::de::DeserializeOwned;

use super::load::scanned;
use crate::cli::RevokeArgs;
use crate::config::{self, Environment};
use crate::report::text::visible;
use crate::response::journal::JournalSection;
use crate::response::revoke::RevokePolicy;
use crate::response::settings::Settings;

/// It.
#[derive(Debug, Default)]
pub(super) struct Trusted {
    pub(super) settings: Settings,
    pub(super) policy: RevokePolicy,
    pub(super) journal: JournalSection,
    /// What was ignored, and why.
    pub(super) notices: Vec<String>,
}

impl Trusted {
    /// Of the file that the user named, or of their own.
    pub(super) fn read(args: &RevokeArgs) -> anyhow::Result<Self> {
        let environment = Environment::of_process();
        let read = config::response(args.config.as_deref(), &scanned(args), &environment)?;
        let file = read.file.map(|file| file.display().to_string()).unwrap_or_default();
        let mut settings = read.network;
        settings.offline |= args.offline;
        Ok(Trusted {
            settings,
            policy: section(read.revoke, "[revoke]", &file)?,
            journal: section(read.journal, "[journal]", &file)?,
            notices: read.notices.iter().map(|notice| visible(notice.as_bytes())).collect(),
        })
    }
}

fn section<T: DeserializeOwned + Default>(
    table: Option<toml::Table>,
    name: &str,
    file: &str,
) -> anyhow::Result<T> {
    match table {
        Some(table) => table.try_into().with_context(|| format!("{name} of {file}")),
        None => Ok(T::default()),
    }
}
