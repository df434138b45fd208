//! The sections that say what may be sent where: `[network]`, `[revoke]`, `[[hooks]]`, `[journal]`.
//!
//! They are taken from one file that does not lie in the scanned tree: that of `--config` or `MUZZLE_CONFIG`, else
//! `muzzle/muzzle.toml` in `$XDG_CONFIG_HOME` or `~/.config`, of which nothing else is read. In a scanned tree they are
//! ignored, with a notice: whoever wrote it has no say in where a credential is sent, which program runs or what is revoked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize, Serializer};
use toml::Spanned;

use super::env::Environment;
use super::file::{self, FileError, Reader};
use super::layer::Layer;
use super::origin::{Origin, Setting};
use crate::git::Repository;
use crate::response::network;
use crate::response::settings::Settings;
use crate::rules::Place;

/// Below the directory for configuration.
const OWN: &str = "muzzle/muzzle.toml";

/// What `verify`, `revoke`, hooks and the journal go by.
#[derive(Debug, Clone, Default)]
pub struct ResponseConfig {
    /// What may be sent where. `offline` and `intrusive` are the command line's to set.
    pub network: Settings,
    /// `[revoke]`, as it stands.
    pub revoke: Option<toml::Table>,
    /// Each `[[hooks]]`, as it stands.
    pub hooks: Vec<toml::Table>,
    /// `[journal]`, as it stands.
    pub journal: Option<toml::Table>,
    /// The file that all of it is from; relative paths in it begin at its directory.
    pub file: Option<PathBuf>,
    /// What people must know: what was ignored, and why.
    pub notices: Vec<String>,
}

/// Reads it. `named` is the file of `--config`; `scanned` are the trees that findings come from.
///
/// # Errors
/// If the file cannot be read, or says something that cannot be.
pub fn response(
    named: Option<&Path>,
    scanned: &[PathBuf],
    environment: &Environment,
) -> anyhow::Result<ResponseConfig> {
    let named = named.map(Path::to_owned).or_else(|| environment.get("MUZZLE_CONFIG").map(PathBuf::from));
    let mut notices = Vec::new();
    let (file, mut layer) = match named {
        Some(path) => {
            let text = read(&path)?;
            let layer = if file::is_gitleaks(&text) {
                Layer::default()
            } else {
                file::parse(&path.display().to_string(), &text)?
            };
            (Some(path), layer)
        }
        None => match own(environment, &mut notices)? {
            Some((path, layer)) => (Some(path), layer),
            None => (None, Layer::default()),
        },
    };
    if let Some(path) = file.as_ref().filter(|path| environment.is_ci() && is_inside(path, scanned)) {
        let why = "it lies in the scanned tree, and CI is set";
        notices.extend(
            ignored(&mut layer).into_iter().map(|what| {
                format!("{what} is ignored: {} is not yours alone, because {why}", path.display())
            }),
        );
    }
    let directory = file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let value = |table: Option<Setting<Opaque>>| table.map(|setting| setting.value.0);
    Ok(ResponseConfig {
        network: settings(&layer, directory),
        revoke: value(layer.revoke),
        hooks: layer.hooks.into_iter().flat_map(|hooks| hooks.value).map(|hook| hook.0).collect(),
        journal: value(layer.journal),
        file,
        notices,
    })
}

/// The user's own file, if there is one.
pub(super) fn own(
    environment: &Environment,
    notices: &mut Vec<String>,
) -> anyhow::Result<Option<(PathBuf, Layer)>> {
    let directory = environment.get("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || environment.get("HOME").map(|home| Path::new(home).join(".config"));
    let Some(path) = directory.or_else(home).map(|directory| directory.join(OWN)) else { return Ok(None) };
    if !path.exists() {
        return Ok(None);
    }
    let name = path.display().to_string();
    let layer = file::parse(&name, &read(&path)?)?;
    let (mut rest, kept) = (layer.clone(), layer.response());
    ignored(&mut rest);
    if !rest.list().is_empty() || !rest.overrides.is_empty() || !rest.allowlists.is_empty() {
        notices.push(format!(
            "{name}: only the sections network, revoke, hooks and journal are read from it; what a scan does is set by \
             --config or the repository's own file"
        ));
    }
    Ok(Some((path, kept)))
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading configuration {}", path.display()))
}

/// Whether a file, or the link that was named, lies in one of the scanned trees.
pub(super) fn is_inside(file: &Path, scanned: &[PathBuf]) -> bool {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let places = [file.canonicalize().ok(), directory.canonicalize().ok()];
    scanned.iter().any(|path| {
        let repository = Repository::discover(path).ok().flatten();
        let root = repository.as_ref().and_then(Repository::worktree).unwrap_or(path);
        root.canonicalize().is_ok_and(|root| places.iter().flatten().any(|place| place.starts_with(&root)))
    })
}

/// Takes the sections out of a layer; what was taken, with its place.
pub(super) fn ignored(layer: &mut Layer) -> Vec<String> {
    let kept = std::mem::take(layer);
    let taken = kept.response();
    *layer = kept.without_response();
    taken.list().into_iter().map(|(key, _, origin)| format!("{key} in {origin}")).collect()
}

fn settings(layer: &Layer, directory: &Path) -> Settings {
    fn of<T: Clone>(setting: Option<&Setting<T>>) -> Option<T> {
        setting.map(|setting| setting.value.clone())
    }
    let default = Settings::default();
    let seconds = |setting: Option<&Setting<u32>>, default| {
        setting.map_or(default, |setting| Duration::from_secs(setting.value.into()))
    };
    Settings {
        hosts: of(layer.hosts.as_ref()).unwrap_or_default(),
        values: of(layer.values.as_ref()).unwrap_or_default().0,
        connect_to: of(layer.connect_to.as_ref()).unwrap_or_default(),
        allow_private: of(layer.allow_private.as_ref()).unwrap_or_default(),
        ca_file: of(layer.ca_file.as_ref()).map(|file| directory.join(file)),
        proxy: of(layer.proxy.as_ref()).map(|proxy| proxy.0),
        timeout: seconds(layer.timeout.as_ref(), default.timeout),
        most_requests: of(layer.most_requests.as_ref()).unwrap_or(default.most_requests),
        rate: of(layer.rate.as_ref()).unwrap_or(default.rate),
        longest_wait: seconds(layer.longest_wait.as_ref(), default.longest_wait),
        ..default
    }
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct NetworkSection {
    /// By service, such as `gitlab` or `vault`: hosts of your own that its credentials may be sent to.
    #[cfg_attr(test, schemars(with = "Option<BTreeMap<String, Vec<String>>>"))]
    hosts: Option<Spanned<BTreeMap<String, Vec<String>>>>,
    /// By rule (`*` for all): inputs that the scanned text does not tell.
    #[cfg_attr(test, schemars(with = "Option<BTreeMap<String, BTreeMap<String, String>>>"))]
    values: Option<Spanned<BTreeMap<String, BTreeMap<String, String>>>>,
    /// `HOST:PORT` and the `ADDRESS:PORT` to connect to in its place; the certificate must be that of the host.
    #[cfg_attr(test, schemars(with = "Option<BTreeMap<String, String>>"))]
    connect_to: Option<Spanned<BTreeMap<String, String>>>,
    /// Addresses that are not public and may be connected to all the same.
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    allow_private: Option<Spanned<Vec<String>>>,
    /// Certificates in PEM that are believed beside those of the system, relative to this file.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    ca_file: Option<Spanned<String>>,
    /// `http://HOST:PORT`, `https://HOST:PORT` or `socks5://HOST:PORT`.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    proxy: Option<Spanned<String>>,
    /// Seconds for one request, from connecting to the last byte.
    #[cfg_attr(test, schemars(with = "Option<u32>", range(min = 1, max = 600)))]
    timeout: Option<Spanned<u32>>,
    /// Requests of a whole run.
    #[cfg_attr(test, schemars(with = "Option<u32>"))]
    most_requests: Option<Spanned<u32>>,
    /// Requests a second and host.
    #[cfg_attr(test, schemars(with = "Option<f64>", range(min = 0.001, max = 1000)))]
    rate: Option<Spanned<f64>>,
    /// The most seconds that a provider may ask to wait.
    #[cfg_attr(test, schemars(with = "Option<u32>", range(max = 86400)))]
    longest_wait: Option<Spanned<u32>>,
}

/// The sections of a file, as they are read.
#[derive(Debug, Default)]
pub(super) struct Sections {
    pub(super) network: Option<Spanned<NetworkSection>>,
    pub(super) revoke: Option<Spanned<toml::Table>>,
    pub(super) hooks: Option<Spanned<Vec<toml::Table>>>,
    pub(super) journal: Option<Spanned<toml::Table>>,
}

impl Sections {
    /// What they say.
    pub(super) fn layer(self, reader: &Reader<'_>) -> Result<Layer, FileError> {
        let at = self.network.as_ref().map(|network| reader.place(network.span().start));
        let network = self.network.map(Spanned::into_inner).unwrap_or_default();
        let opaque = |table: Option<Spanned<toml::Table>>| reader.set(table).map(|set| set.map(Opaque));
        let range = |number: u32, most: u32, least: u32| {
            if (least..=most).contains(&number) {
                Ok(number)
            } else {
                Err(format!("{number} is not between {least} and {most}"))
            }
        };
        let rate = |rate: f64| {
            let is_rate = (0.001..=1000.0).contains(&rate);
            if is_rate { Ok(rate) } else { Err(format!("{rate} is not between 0.001 and 1000")) }
        };
        let layer = Layer {
            hosts: reader.checked(network.hosts, hosts)?,
            values: reader.set(network.values).map(|set| set.map(Values)),
            connect_to: reader.set(network.connect_to),
            allow_private: reader.set(network.allow_private),
            ca_file: reader.set(network.ca_file),
            proxy: reader.set(network.proxy).map(|set| set.map(ProxyUrl)),
            timeout: reader.checked(network.timeout, |number| range(number, 600, 1))?,
            most_requests: reader.set(network.most_requests),
            rate: reader.checked(network.rate, rate)?,
            longest_wait: reader.checked(network.longest_wait, |number| range(number, 86_400, 0))?,
            revoke: opaque(self.revoke),
            hooks: reader.set(self.hooks).map(|set| set.map(|hooks| hooks.into_iter().map(Opaque).collect())),
            journal: opaque(self.journal),
            ..Layer::default()
        };
        network::check(&settings(&layer, Path::new(""))).map_err(|error| FileError {
            place: place(&layer, &error.to_string()).or(at).unwrap_or_else(|| reader.place(0)),
            why: error.to_string(),
        })?;
        Ok(layer)
    }
}

/// Where the key that a message begins with stands.
fn place(layer: &Layer, why: &str) -> Option<Place> {
    layer.list().into_iter().find_map(|(key, _, origin)| match origin {
        Origin::File(place) if why.starts_with(key) => Some(place.clone()),
        _ => None,
    })
}

fn hosts(hosts: BTreeMap<String, Vec<String>>) -> Result<BTreeMap<String, Vec<String>>, String> {
    let is_host = |host: &str| {
        !host.is_empty() && !host.contains(['/', '@', '?', '#', '*']) && !host.contains(char::is_whitespace)
    };
    match hosts.values().flatten().find(|host| !is_host(host)) {
        Some(host) => {
            Err(format!("{host:?} is no host: write NAME or NAME:PORT, such as gitlab.example.com"))
        }
        None => Ok(hosts),
    }
}

/// Inputs; some are secrets, so that only their names are shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Values(pub(super) BTreeMap<String, BTreeMap<String, String>>);

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(rule, values)| (rule, values.keys().collect::<Vec<_>>())))
    }
}

/// A proxy, shown without name and password.
#[derive(Debug, Clone)]
pub(super) struct ProxyUrl(pub(super) String);

impl Serialize for ProxyUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.0.split_once("://"), self.0.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, place))) => {
                serializer.collect_str(&format_args!("{scheme}://********@{place}"))
            }
            _ => serializer.serialize_str(&self.0),
        }
    }
}

/// A section that others read; only its keys are shown.
#[derive(Debug, Clone)]
pub(super) struct Opaque(pub(super) toml::Table);

impl Serialize for Opaque {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.keys())
    }
}
