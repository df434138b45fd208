//! Mistakes, each with what is said of it.

use super::*;

/// What is said of a file with one rule that has this table.
fn said(table: &str) -> String {
    let text = format!("[[rules]]\nid = 'acme'\n{table}\n");
    let tables: Tables = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{table}"));
    let mistakes = mistakes(&tables);
    if let Some(mistake) = mistakes.first() {
        assert!(text[mistake.at..].starts_with("[rules."), "{mistake:?}");
    }
    mistakes.into_iter().map(|mistake| mistake.why).collect()
}

/// A `verify` in which `request` and `when` are these, with `more` in front.
fn verify(more: &str, request: &str, when: &str) -> String {
    said(&format!("[rules.verify]\ntrust = 'V'\n{more}\nrequest = {{ {request} }}\nwhen = [{when}]"))
}

const URL: &str = "url = 'https://api.example.com/me'";
const GET: &str = "url = 'https://api.example.com/me', headers = { authorization = 'Bearer {secret}' }";
const LIVE: &str = "{ status = 200, has = ['/id'], means = 'live' }";

#[track_caller]
fn refused(said: &str, why: &str) {
    assert!(said.contains(why), "{said:?} does not say {why:?}");
}

#[test]
fn a_sound_table_has_no_mistake() {
    assert_eq!(verify("", GET, LIVE), "");
    assert_eq!(said("[rules.verify]\nnone = 'It would send a message.'"), "");
    assert_eq!(said("[rules.verify]\ntrust = 'V'\nmodule = 'aws'"), "");
    let more = "parts = '^acme_(?<key_id>[a-z]{4})'\nneeds = ['user']";
    let request = "url = 'https://api.example.com/{key_id}', basic = '{user}:{secret}'";
    assert_eq!(verify(more, request, LIVE), "");
    let request = "url = 'https://{host}/', headers = { x = '{secret}' }, host = { fixed = ['a.example.com'], service = 'acme' }";
    assert_eq!(verify("", request, LIVE), "");
    let from = "url = 'https://{host}/', headers = { x = '{secret}' }, host = { from = 'host', suffixes = ['.example.com'] }";
    assert_eq!(verify("line = '//(?<host>[a-z.]{1,99})/'", from, LIVE), "");
    let label = "url = 'https://{dc}.api.example.com/', headers = { x = '{secret}' }";
    assert_eq!(verify("parts = '-(?<dc>[a-z]{2}[0-9]{1,2})$'", label, LIVE), "");
}

#[test]
fn one_way_and_its_trust() {
    refused(&said("[rules.verify]\ntrust = 'V'"), "exactly one of");
    refused(&said("[rules.verify]\nmodule = 'aws'\nnone = 'x'"), "exactly one of");
    refused(&said("[rules.verify]\nmodule = 'aws'"), "`trust`");
    refused(&said("[rules.verify]\nnone = ' '"), "why there is no safe call");
    refused(&said(&format!("[rules.verify]\nnone = 'x'\nwhen = [{LIVE}]")), "belong to `request`");
}

#[test]
fn requests_go_where_they_may() {
    for (request, why) in [
        ("url = 'http://api.example.com/', headers = { x = '{secret}' }", "https://"),
        ("url = 'https://{host}/', headers = { x = '{secret}' }", "wants `host`"),
        (
            "url = 'https://{host}/', host = { from = 'where', suffixes = ['.example.com'] }, headers = { x = '{secret}' }",
            "\"where\" is no group",
        ),
        (
            "url = 'https://{host}/', host = { from = 'companion' }, headers = { x = '{secret}' }",
            "wants `suffixes`",
        ),
        (
            "url = 'https://{host}/', host = { from = 'companion', suffixes = ['example.com'] }, headers = { x = '{secret}' }",
            "at least two labels",
        ),
        (
            "url = 'https://{host}/', host = { from = 'companion', suffixes = ['.github.io'] }, headers = { x = '{secret}' }",
            "anybody can answer",
        ),
        (
            "url = 'https://{host}/', host = { fixed = ['a.example.com'], suffixes = ['.example.com'] }, headers = { x = '{secret}' }",
            "belong to `from`",
        ),
        ("url = 'https://{companion}.herokuapp.com/', headers = { x = '{secret}' }", "anybody can answer"),
        (
            "url = 'https://api.example.com/', host = { service = 'acme' }, headers = { x = '{secret}' }",
            "belongs to an URL with `{host}`",
        ),
        ("url = 'https://api.example.com/?k={secret}'", "`secret_in_url = true`"),
        ("url = 'https://api.example.com/', headers = { x = '{user}' }", "needs = [\"user\"]"),
        ("url = 'https://api.example.com/', headers = { x = '{line}' }", "not known"),
        ("url = 'https://api.example.com/', headers = { x = '{responder}' }", "not known"),
        (URL, "does not stand in the request"),
        (
            "method = 'DELETE', url = 'https://api.example.com/', headers = { x = '{secret}' }",
            "method \"DELETE\"",
        ),
        ("method = 'get', url = 'https://api.example.com/', headers = { x = '{secret}' }", "method \"get\""),
        ("url = 'https://api.example.com/', headers = { Host = '{secret}' }", "not a rule's"),
        ("url = 'https://api.example.com/', headers = { 'a b' = '{secret}' }", "no name of a header"),
        ("url = 'https://api.example.com/', headers = { a = '{secret}', A = 'x' }", "twice"),
        ("url = 'https://api.example.com/', headers = { a = \"{secret}\\r\\nb: c\" }", "printable ASCII"),
        ("url = 'https://api.example.com/', form = { a = '{secret}' }", "GET has no body"),
        (
            "method = 'POST', url = 'https://api.example.com/', form = { a = '{secret}' }, json = {}",
            "at most one",
        ),
        ("method = 'POST', url = 'https://api.example.com/', body = '{secret}'", "`content-type`"),
        ("url = 'https://api.example.com/', basic = '{secret}'", "USER:PASSWORD"),
        ("url = 'https://api.example.com/', headers = { a = '{secret' }", "`{NAME}`"),
    ] {
        refused(&verify("", request, LIVE), why);
    }
    refused(&verify("parts = '(?<a'", GET, LIVE), "does not compile");
    refused(&verify("parts = 'a'", GET, LIVE), "no named group");
    refused(&verify("parts = '(?<secret>a)'", GET, LIVE), "no name that an input can have");
    refused(&verify("identity = { user = 'login' }", GET, LIVE), "`identity.user`");
}

#[test]
fn only_the_providers_word_counts() {
    for (when, why) in [
        ("{ status = 200, means = 'live' }", "no proof of live"),
        ("{ status = 200, is_json = true, means = 'live' }", "no proof of live"),
        ("{ status = 200, is_empty = true, means = 'live' }", "no proof of live"),
        ("{ status = 200, header = { content-type = 'json' }, means = 'live' }", "no proof of live"),
        ("{ status = 403, means = 'live_limited' }", "no proof of live_limited"),
        ("{ status = 401, means = 'dead' }", "does not say dead"),
        ("{ status = 401, is_empty = true, means = 'dead' }", "does not say dead"),
        ("{ status = 401, header = { www-authenticate = '*' }, means = 'dead' }", "does not say dead"),
        ("{ status = [401, 403], is_json = true, means = 'dead' }", "does not say dead"),
        ("{ status = 403, means = 'dead' }", "does not say dead"),
        ("{ status = 404, is_json = true, means = 'expired' }", "does not say expired"),
        ("{ status = 429, means = 'dead' }", "status 429"),
        ("{ status = 500, means = 'dead' }", "status 500"),
        ("{ status = 302, means = 'live' }", "status 302"),
        ("{ status = 403, means = 'rate_limited' }", "does not say rate_limited"),
        ("{ status = 401, means = 'canary' }", "no reply means canary"),
        ("{ status = [], means = 'ambiguous' }", "has a `status`"),
        ("{ status = 401, json = { error = 'x' }, means = 'dead' }", "no JSON pointer"),
        ("{ status = 401, text = '\"error\":\"bad\"', means = 'dead' }", "how JSON is written"),
        ("{ status = 401, text = 'no', means = 'dead' }", "stands in anything"),
    ] {
        refused(&verify("", GET, &format!("{LIVE}, {when}")), why);
    }
    refused(&verify("", GET, "{ status = 401, is_json = true, means = 'dead' }"), "no case means `live`");
    assert_eq!(verify("", GET, &format!("{LIVE}, {{ status = 401, is_json = true, means = 'dead' }}")), "");
    assert_eq!(verify("", GET, "{ status = 204, is_empty = true, means = 'live' }"), "");
    assert_eq!(verify("probe = true", GET, "{ status = 200, is_json = true, means = 'live' }"), "");
}

#[test]
fn revocations_fit_their_class() {
    let revoke = |class: &str, more: &str| said(&format!("[rules.revoke]\nclass = '{class}'\n{more}"));
    let call = "trust = 'V'\ncall = { request = { method = 'DELETE', url = 'https://api.example.com/me', headers = { x = '{secret}' } }, when = [{ status = 204, means = 'accepted' }] }";
    for class in ["anyone", "itself", "responder"] {
        assert_eq!(revoke(class, call), "");
    }
    assert_eq!(revoke("console", "page = 'https://example.com/keys'"), "");
    assert_eq!(revoke("responder", "steps = ['Ask an administrator.']"), "");
    refused(&said("[rules.revoke]\npage = 'https://example.com/keys'"), "`class` says who can");
    refused(&revoke("console", call), "no `call`");
    refused(&revoke("nobody", ""), "`page` or `steps`");
    refused(&revoke("itself", "page = 'https://example.com/keys'"), "`call` or a `module`");
    refused(&revoke("look_up", call), "`look_up` and `call`");
    refused(&revoke("itself", &call.replace("trust = 'V'", "")), "`trust`");
    refused(&revoke("itself", &call.replace("204", "404")), "not accepted");
    refused(&revoke("itself", &call.replace("'accepted'", "'confirmed'")), "no reply here means confirmed");
    refused(&revoke("itself", &call.replace("'accepted'", "'refused'")), "no case means `accepted`");
    let dead = "means = 'accepted' }, { status = 404, means = 'already_dead' }";
    refused(&revoke("itself", &call.replace("means = 'accepted' }", dead)), "does not say already_dead");
    refused(&revoke("console", "page = 'javascript:alert(1)'"), "`page` begins");

    let look_up = "look_up = { request = { url = 'https://api.example.com/me', headers = { x = '{secret}' } }, take = { key_id = '/id' } }\n";
    let by_id = call.replace("example.com/me", "example.com/keys/{key_id}");
    assert_eq!(revoke("look_up", &format!("{look_up}{by_id}")), "");
    refused(&revoke("itself", &by_id), "`{key_id}` is not known");
    refused(&revoke("look_up", &format!("{}{by_id}", look_up.replace("/id", "id"))), "`take.key_id`");
    let deletes = look_up.replace("{ url", "{ method = 'DELETE', url");
    refused(&revoke("look_up", &format!("{deletes}{by_id}")), "method \"DELETE\"");
    let responder = call.replace("{secret}", "{responder}{responder_key}");
    assert_eq!(revoke("responder", &responder), "");
}

#[test]
fn rotations_say_where_the_new_value_stands() {
    let call = "trust = 'V'\ncall = { request = { method = 'POST', url = 'https://api.example.com/rotate', headers = { x = '{secret}' } }, when = [{ status = 200, has = ['/token'], means = 'accepted' }] }";
    assert_eq!(said(&format!("[rules.rotate]\n{call}\nnew_secret = '/token'")), "");
    refused(&said(&format!("[rules.rotate]\n{call}")), "`new_secret`");
    refused(&said("[rules.rotate]\nwarning = 'x'"), "`page` or `steps`");
}

/// What the documentation shows is held to what it says.
#[test]
fn the_documented_tables_are_sound() {
    let page = include_str!("../../../../rules/README.md");
    let fences = page.split("```toml\n").skip(1).filter_map(|fence| fence.split("```").next());
    let tables: Vec<&str> = fences
        .filter(|text| {
            ["verify", "revoke", "rotate"].iter().any(|name| text.starts_with(&format!("[rules.{name}]")))
        })
        .collect();
    assert_eq!(tables.len(), 3);
    for table in tables {
        assert_eq!(said(table), "", "{table}");
    }
}
