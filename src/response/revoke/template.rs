//! What a request's template says before it is filled in.

use crate::rules::response::RequestSpec;

/// `METHOD https://host/path` with names in place of inputs.
pub(super) fn text(spec: &RequestSpec, host: Option<&str>) -> String {
    let url = host.map_or_else(|| spec.url.clone(), |host| spec.url.replace("{host}", host));
    format!("{} {url}", spec.method)
}

/// The host that the URL names.
pub(super) fn host(spec: &RequestSpec) -> String {
    let behind = spec.url.split_once("://").map_or(spec.url.as_str(), |(_, behind)| behind);
    behind.split(['/', '?']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_told_where_the_url_leaves_it_open() {
        let spec = |url: &str| toml::from_str::<RequestSpec>(&format!("url = '{url}'")).unwrap();
        let open = spec("https://{host}/a/{id}?b={secret}");
        assert_eq!(text(&open, Some("acme.example")), "GET https://acme.example/a/{id}?b={secret}");
        let known = spec("https://api.acme.example/a?b");
        assert_eq!(host(&known), "api.acme.example");
        assert_eq!(text(&known, None), "GET https://api.acme.example/a?b");
    }
}
