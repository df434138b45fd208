//! Every value that an input may have, in every place where one may stand.

use std::collections::BTreeMap;

use super::*;

fn inputs(pairs: &[(&str, &str)]) -> Inputs {
    let mut inputs = Inputs::default();
    pairs.iter().for_each(|(name, value)| inputs.set(name, Secret::new(value.as_bytes())));
    inputs
}

fn spec(text: &str) -> RequestSpec {
    toml::from_str(text).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the test looks at what would be sent")]
fn text(secret: &Secret) -> String {
    String::from_utf8(secret.expose().to_vec()).unwrap()
}

fn filled(spec_text: &str, value: &str) -> Result<Request, CannotAsk> {
    request(&spec(spec_text), &inputs(&[("secret", value)]), None, Purpose::Verify)
}

fn header(request: &Request, name: &str) -> Option<String> {
    request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| text(value))
}

const NASTY: &str = "a\"b\\c&d=e%f#g?h/i j+ä";

fn basic_of(plain: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(plain))
}

#[test]
fn values_are_escaped_where_they_stand() {
    let request =
        filled("url = 'https://api.example.com/k/{secret}?a={secret}&b=1'\nsecret_in_url = true", NASTY);
    let request = request.unwrap();
    let escaped = "a%22b%5Cc%26d%3De%25f%23g%3Fh%2Fi%20j%2B%C3%A4";
    assert_eq!(text(&request.target), format!("/k/{escaped}?a={escaped}&b=1"));
    assert_eq!(request.template, "GET https://api.example.com/k/{secret}?a={secret}&b=1");
    assert_eq!((request.host.as_str(), request.port), ("api.example.com", 443));
    assert_eq!(header(&request, "accept").as_deref(), Some("application/json"));

    let form =
        "method = 'POST'\nurl = 'https://api.example.com'\nform = { 'a b' = '{secret}', c = 'x{secret}' }";
    let request = filled(form, NASTY).unwrap();
    assert_eq!(text(request.body.as_ref().unwrap()), format!("a%20b={escaped}&c=x{escaped}"));
    assert_eq!(header(&request, "content-type").as_deref(), Some("application/x-www-form-urlencoded"));
    assert_eq!(text(&request.target), "/");

    let json = "method = 'POST'\nurl = 'https://api.example.com?x=1'\njson = { a = ['{secret}', 1, true], b = { c = '{{{secret}}}' } }";
    let request = filled(json, "a\"b\\c\n\u{1}").unwrap();
    let body: serde_json::Value = serde_json::from_str(&text(request.body.as_ref().unwrap())).unwrap();
    assert_eq!(
        body,
        serde_json::json!({ "a": ["a\"b\\c\n\u{1}", 1, true], "b": { "c": "{a\"b\\c\n\u{1}}" } })
    );
    assert_eq!(text(&request.target), "/?x=1");

    let basic = "url = 'https://api.example.com/'\nbasic = 'api:{secret}'";
    let request = filled(basic, "a:b").unwrap();
    assert_eq!(header(&request, "authorization").as_deref(), Some(basic_of("api:a:b").as_str()));
    assert!(!format!("{request:?}").contains("YXBpOmE6"), "{request:?}");
}

#[test]
fn what_has_no_escape_is_refused() {
    let in_header = "url = 'https://api.example.com/'\nheaders = { Authorization = 'Bearer {secret}' }";
    assert_eq!(header(&filled(in_header, "abc def").unwrap(), "authorization").unwrap(), "Bearer abc def");
    for value in ["a\r\nx: y", "a\nb", "a\0", "a\tb", "ä", "\u{7f}", ""] {
        let error = filled(in_header, value).unwrap_err().to_string();
        assert!(error.contains("`secret`") && (value.is_empty() || !error.contains(value)), "{error}");
    }
    let in_path = "url = 'https://api.example.com/keys/{secret}/x'\nsecret_in_url = true";
    for value in ["..", ".", "a\nb", "../../x", "\0"] {
        assert!(filled(in_path, value).is_err(), "{value:?}");
    }
    let in_user = "url = 'https://api.example.com/'\nbasic = '{secret}:x'";
    assert!(filled(in_user, "a:b").is_err() && filled(in_user, "a\nb").is_err());
    let in_body = |value| {
        let body = "method = 'POST'\nurl = 'https://api.example.com/'\nbody = '<key>{secret}</key>'\nheaders = { content-type = 'text/xml' }";
        filled(body, value)
    };
    assert_eq!(text(&in_body("abc_1").unwrap().body.unwrap()), "<key>abc_1</key>");
    for value in ["</key>", "a&amp;", "a\"b", "a'", "a\\", "a\nb"] {
        assert!(in_body(value).is_err(), "{value:?}");
    }
    let missing = request(
        &spec("url = 'https://api.example.com/'\nbasic = '{user}:{secret}'"),
        &inputs(&[("secret", "a"), ("line", "user")]),
        None,
        Purpose::Verify,
    );
    assert!(missing.unwrap_err().to_string().contains("--set user=VALUE"));
    assert!(filled("url = 'https://api.example.com/'\nbasic = 'x:{line}'", "a").is_err());
}

#[test]
fn a_label_is_one_label() {
    let ask = |dc: &str| {
        let inputs = inputs(&[("secret", "a"), ("dc", dc)]);
        request(&spec("url = 'https://{dc}.api.example.com/3.0/'"), &inputs, None, Purpose::Verify)
    };
    assert_eq!(ask("US6").unwrap().host, "us6.api.example.com");
    for wrong in ["evil.com/", "evil.com#", "a.b", "", "a@b", "-a", "127", "ä", "x:1"] {
        let is_number = wrong == "127";
        assert_eq!(ask(wrong).is_ok(), is_number, "{wrong}");
    }
}

fn allowed(list: &str) -> Settings {
    let hosts = BTreeMap::from([("acme".to_owned(), list.split_whitespace().map(str::to_owned).collect())]);
    Settings { hosts, ..Settings::default() }
}

fn ask(named: &str, settings: &Settings) -> Result<Vec<String>, CannotAsk> {
    let spec = Hosts {
        fixed: Vec::new(),
        service: Some("acme".into()),
        from: Some("host".into()),
        suffixes: vec![".acme.com".into(), ".acme.io".into()],
    };
    hosts(&spec, &inputs(&[("host", named)]), settings)
}

#[test]
fn hosts_of_the_text_are_the_providers_or_listed() {
    let none = Settings::default();
    assert_eq!(ask("Tenant.ACME.com", &none).unwrap(), ["tenant.acme.com"]);
    assert_eq!(ask("a.b.acme.io:443", &none).unwrap(), ["a.b.acme.io"]);
    assert_eq!(ask("bücher.acme.com", &none).unwrap(), ["xn--bcher-kva.acme.com"]);
    for wrong in [
        "evilacme.com",
        "acme.com",
        ".acme.com",
        "a..acme.com",
        "acme.com.evil.net",
        "x.acme.com.",
        "x.acme.com:8443",
        "x.acme.com:0443",
        "x.acme.com:",
        "x.acme.com:443:443",
        "x.acme.com@evil.net",
        "evil.net@x.acme.com",
        "evil.net/.acme.com",
        "evil.net?.acme.com",
        "evil.net#.acme.com",
        "evil.net\\.acme.com",
        "evil.net%2f.acme.com",
        "evil.net\0.acme.com",
        "evil.net .acme.com",
        "evil.net\n.acme.com",
        "x_y.acme.com",
        "-x.acme.com",
        "[::1]",
        "::1",
        "127.0.0.1",
        "0x7f.0.0.1",
        "127.1",
        "2130706433",
        "017700000001",
        "localhost",
        "x.acme\u{200b}.evil.com",
        "x.acme.com\u{202e}",
        "x.аcme.com",
        "",
    ] {
        let error = ask(wrong, &none).unwrap_err().to_string();
        assert!(!error.contains(['\0', '\n', '\u{202e}']), "{error}");
        assert!(ask(wrong, &allowed("gitlab.acme.test")).is_err() || wrong.is_empty(), "{wrong}");
    }
    assert!(ask("git.evil.net", &none).unwrap_err().to_string().contains("[network.hosts] acme"));
}

#[test]
fn what_is_listed_is_asked_as_it_is_listed() {
    let settings = allowed("Vault.corp.test:8200 10.0.0.1 intranet git.corp.test");
    assert_eq!(ask("vault.corp.test:8200", &settings).unwrap(), ["vault.corp.test:8200"]);
    assert_eq!(ask("GIT.corp.test", &settings).unwrap(), ["git.corp.test"]);
    assert_eq!(ask("10.0.0.1", &settings).unwrap(), ["10.0.0.1"]);
    assert_eq!(ask("intranet", &settings).unwrap(), ["intranet"]);
    for wrong in ["vault.corp.test", "git.corp.test:8200", "x.git.corp.test", "012.0.0.1", "10.0.1"] {
        assert!(ask(wrong, &settings).is_err(), "{wrong}");
    }
    // Without a host in the text, those that are listed.
    let listed = ["vault.corp.test:8200", "10.0.0.1", "intranet", "git.corp.test"];
    assert_eq!(ask("", &settings).unwrap(), listed);
    let spec = Hosts { fixed: vec!["acme.com".into()], service: Some("acme".into()), ..Hosts::default() };
    let both = hosts(&spec, &Inputs::default(), &allowed("git.corp.test acme.com")).unwrap();
    assert_eq!(both, ["acme.com", "git.corp.test"]);
    assert!(hosts(&spec, &Inputs::default(), &allowed("http://x.test/")).is_err());
}

#[test]
fn groups_become_inputs() {
    let mut known =
        inputs(&[("secret", "acme-us6"), ("line", "//evil.net/:_auth user=bob"), ("user", "alice")]);
    let (parts, line) = ("-(?<dc>[a-z0-9]+)$", "//(?<host>[a-z.]+)/.*user=(?<user>[a-z]+)");
    add_groups(&mut known, Some(parts), Some(line)).unwrap();
    let get = |name| text(known.get(name).unwrap());
    assert_eq!([get("dc"), get("host"), get("user")], ["us6", "evil.net", "alice"]);
    assert!(add_groups(&mut inputs(&[("secret", "acme")]), Some(parts), None).is_err());
    assert_eq!(add_groups(&mut inputs(&[("secret", "acme")]), None, Some(line)), Ok(()));
}

#[test]
fn what_leaves_is_named() {
    let spec = spec(
        "method = 'POST'\nurl = 'https://{host}/{key_id}'\nbasic = '{user}:{secret}'\njson = { a = [{ b = '{companion}' }] }",
    );
    assert_eq!(sent(&spec), ["companion", "key_id", "secret", "user"]);
}

proptest::proptest! {
    /// Whatever an input holds, a request has the lines, fields and hosts of its template.
    #[test]
    fn no_value_is_more_than_a_value(value in "\\PC{0,20}|[\\x00-\\x7f]{0,20}") {
        let spec = spec("method = 'POST'\nurl = 'https://api.example.com/a/{secret}/b?c={secret}'\nsecret_in_url = true\nform = { f = '{secret}' }\nheaders = { x = '{secret}' }");
        if let Ok(request) = request(&spec, &inputs(&[("secret", &value)]), None, Purpose::Verify) {
            let target = text(&request.target);
            proptest::prop_assert_eq!(target.matches(['/', '?', '=', '&', '#']).count(), 5, "{}", target);
            let body = text(request.body.as_ref().unwrap());
            proptest::prop_assert_eq!(body.matches(['=', '&']).count(), 1, "{}", body);
            let header = header(&request, "x").unwrap();
            proptest::prop_assert!(header.bytes().all(|b| (b' '..=b'~').contains(&b)));
        }
    }

    /// A host that may be asked ends like the provider's.
    #[test]
    fn no_text_leads_to_another_host(text in "[a-zA-Z0-9.@:/%#?_\\-\\[\\]\\\\äа。 ]{0,12}(\\.acme\\.com)?[a-z.:/@#?%]{0,8}") {
        for host in ask(&text, &Settings::default()).unwrap_or_default() {
            proptest::prop_assert!(host.ends_with(".acme.com") || host.ends_with(".acme.io"), "{}", host);
            let url = url::Url::parse(&format!("https://{host}/")).unwrap();
            proptest::prop_assert_eq!(url.host_str(), Some(host.as_str()));
        }
    }
}
