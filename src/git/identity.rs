//! Who works here, as Git would write it into a commit. Files are read, nothing is run.

use gix::config::{File, Source};

use super::Repository;

/// `Name <e-mail>` of this repository's configuration, else of the user's and the system's.
pub(crate) fn user(repository: Option<&Repository>) -> Option<String> {
    let own = repository.map(|repository| repository.gix.config_snapshot());
    let global = global();
    let value = |key: &str| {
        let of_file = |file: &File| file.string(key).map(|value| value.to_string());
        own.as_ref()
            .and_then(|own| own.string(key).map(|value| value.to_string()))
            .or_else(|| global.as_ref().and_then(of_file))
            .filter(|value| !value.trim().is_empty())
    };
    match (value("user.name"), value("user.email")) {
        (Some(name), Some(email)) => Some(format!("{name} <{email}>")),
        (name, email) => name.or(email),
    }
}

/// The files of the system and the user. Not those of the installation: to find them Git would have to be asked.
fn global() -> Option<File> {
    let mut variable = |name: &str| std::env::var_os(name);
    let files = [Source::System, Source::Git, Source::User].into_iter().filter_map(|source| {
        let path = source.storage_location(&mut variable)?;
        path.is_file().then(|| gix::config::file::Metadata {
            path: Some(path.clone()),
            source,
            level: 0,
            trust: gix::sec::Trust::Full,
        })
    });
    File::from_paths_metadata(files, gix::config::file::init::Options::default()).ok().flatten()
}
