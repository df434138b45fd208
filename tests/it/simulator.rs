//! The simulator behaves as the providers document: who is live, who is not, and what ends a credential.

use muzzle::response::call::{Purpose, Request, Transport as _};
use muzzle::response::network::Network;
use muzzle::response::simulator::{Kind, Planted, Simulator, SimulatorOptions, State};
use muzzle::secret::Secret;
use serde_json::{Value, json};

use crate::support::Sandbox;

struct Lab {
    simulator: Simulator,
    network: Network,
}

/// An answer.
struct Said {
    status: u16,
    text: String,
    headers: Vec<(String, String)>,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

#[expect(clippy::disallowed_methods, reason = "a test sends what was made up")]
fn raw(secret: &Secret) -> String {
    String::from_utf8(secret.expose().to_vec()).unwrap()
}

impl Lab {
    fn new() -> Self {
        let simulator = Simulator::start(SimulatorOptions::default()).unwrap();
        let network = Network::new(&simulator.settings()).unwrap();
        Lab { simulator, network }
    }

    fn plant(&self, kind: Kind, state: State) -> Planted {
        self.simulator.plant(kind, state)
    }

    /// `METHOD host/path`, headers, body.
    fn ask(&self, call: &str, headers: &[(&str, &str)], body: &str) -> Said {
        let (method, place) = call.split_once(' ').unwrap();
        let (host, path) = place.split_once('/').unwrap();
        let reply = self.network.send(&Request {
            purpose: Purpose::Revoke,
            method: method.into(),
            host: host.into(),
            port: 443,
            target: Secret::new(format!("/{path}").as_bytes()),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).into(), Secret::new(value.as_bytes())))
                .collect(),
            body: (!body.is_empty()).then(|| Secret::new(body.as_bytes())),
            template: call.into(),
        });
        let reply = reply.unwrap();
        Said { status: reply.status, text: text(&reply.body), headers: reply.headers }
    }

    fn bearer(&self, call: &str, secret: &Secret, body: &str) -> Said {
        self.ask(call, &[("authorization", &format!("Bearer {}", raw(secret)))], body)
    }
}

#[expect(clippy::disallowed_methods, reason = "a test reads what was made up")]
fn text(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}

const STATES: [State; 5] = [State::Live, State::Limited, State::Expired, State::Dead, State::Disabled];

#[test]
fn github() {
    let lab = Lab::new();
    let seen =
        STATES.map(|state| lab.bearer("GET api.github.com/user", &lab.plant(Kind::GitHub, state).secret, ""));
    assert_eq!(seen.each_ref().map(|said| said.status), [200, 403, 401, 401, 403]);
    assert_eq!(seen[0].json()["login"], "octo-drill");
    assert!(seen[1].header("x-github-sso").starts_with("required"));
    assert_eq!(seen[3].json()["message"], "Bad credentials");
    let app = lab.plant(Kind::GitHubInstallation, State::Live).secret;
    let list = "GET api.github.com/installation/repositories?per_page=1";
    assert_eq!(lab.bearer(list, &app, "").status, 200);
    // Revocation by value is not for tokens of installations.
    let by_value = json!({"credentials": [raw(&app)]}).to_string();
    assert_eq!(lab.ask("POST api.github.com/credentials/revoke", &[], &by_value).status, 202);
    assert_eq!(lab.bearer("DELETE api.github.com/installation/token", &app, "").status, 204);
    assert_eq!(lab.bearer("DELETE api.github.com/installation/token", &app, "").status, 401);
    assert_eq!(lab.bearer(list, &app, "").status, 401);
}

#[test]
fn gitlab_and_its_trap() {
    let lab = Lab::new();
    let own = "gitlab.com/api/v4/personal_access_tokens/self";
    let ask = |method: &str, path: &str, token: &str| {
        lab.ask(&format!("{method} {own}{path}"), &[("private-token", token)], "")
    };
    let seen = STATES.map(|state| ask("GET", "", &raw(&lab.plant(Kind::GitLab, state).secret)));
    assert_eq!(seen.each_ref().map(|said| said.status), [200, 403, 200, 401, 403]);
    assert_eq!((&seen[0].json()["active"], &seen[2].json()["active"]), (&json!(true), &json!(false)));
    assert_eq!(seen[1].json()["error"], "insufficient_scope");
    let token = raw(&lab.plant(Kind::GitLab, State::Live).secret);
    assert_eq!((ask("DELETE", "", &token).status, ask("DELETE", "", &token).status), (204, 401));
    let old = raw(&lab.plant(Kind::GitLab, State::Live).secret);
    let rotated = ask("POST", "/rotate", &old);
    let new = rotated.json()["token"].as_str().unwrap().to_owned();
    assert_eq!((ask("GET", "", &old).status, ask("GET", "", &new).status), (401, 200));
    assert_eq!(ask("POST", "/rotate", &old).status, 401);
    assert_eq!(ask("GET", "", &new).status, 401, "used twice, the old one takes the new one with it");
}

#[test]
fn slack_says_it_in_the_body() {
    let lab = Lab::new();
    let test = |secret: &Secret| lab.bearer("POST slack.com/api/auth.test", secret, "");
    let seen = STATES.map(|state| test(&lab.plant(Kind::Slack, state).secret));
    assert!(seen.iter().all(|said| said.status == 200));
    let errors = seen.each_ref().map(|said| said.json()["error"].as_str().unwrap_or("ok").to_owned());
    assert_eq!(errors, ["ok", "missing_scope", "token_expired", "token_revoked", "account_inactive"]);
    assert_eq!(test(&Secret::new(b"xoxb-unknown")).json()["error"], "invalid_auth");
    let secret = lab.plant(Kind::Slack, State::Live).secret;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let bearer = format!("Bearer {}", raw(&secret));
    let revoke = |body: &str| {
        lab.ask("POST slack.com/api/auth.revoke", &[("authorization", &bearer), form], body).json()
    };
    assert_eq!(revoke("test=1"), json!({"ok": true, "revoked": false}));
    assert_eq!(test(&secret).json()["ok"], true);
    assert_eq!(revoke(""), json!({"ok": true, "revoked": true}));
    assert_eq!(revoke(""), json!({"ok": false, "error": "token_revoked"}));
}

#[test]
fn a_registry_like_npms() {
    let lab = Lab::new();
    let who = |secret: &Secret| lab.bearer("GET registry.example.test/-/whoami", secret, "").status;
    assert_eq!(STATES.map(|state| who(&lab.plant(Kind::Npm, state).secret)), [200, 403, 401, 401, 401]);
    let [first, second] = [0, 1].map(|_| lab.plant(Kind::Npm, State::Live));
    let list = lab.bearer("GET registry.example.test/-/npm/v1/tokens", &first.secret, "").json();
    let own = list["objects"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|object| raw(&first.secret).starts_with(object["token"].as_str().unwrap()));
    let keys: Vec<&str> = own.map(|object| object["key"].as_str().unwrap()).collect();
    assert_eq!(keys, [first.id.to_string()]);
    let delete = |what: &str, secret: &Secret| {
        lab.bearer(&format!("DELETE registry.example.test/-/npm/v1/tokens/token/{what}"), secret, "").status
    };
    assert_eq!(delete(keys[0], &first.secret), 204);
    assert_eq!(delete(&raw(&second.secret), &second.secret), 204);
    assert_eq!((who(&first.secret), who(&second.secret)), (401, 401));
    assert!(lab.simulator.log().iter().any(|one| one.target == "/-/npm/v1/tokens/token/{secret}"));
    assert!(lab.simulator.log().iter().all(|one| !one.target.contains("npm_")));
}

#[test]
fn aws_wants_a_signature() {
    let lab = Lab::new();
    let ask = |planted: &Planted, service: &str, body: &str| {
        let key = raw(planted.companion.as_ref().unwrap());
        let signature = format!(
            "AWS4-HMAC-SHA256 Credential={key}/20261122/us-east-1/{service}/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, Signature={}",
            "0".repeat(64)
        );
        let host = if service == "iam" { "iam.amazonaws.com" } else { "sts.us-east-1.amazonaws.com" };
        let form = ("content-type", "application/x-www-form-urlencoded");
        lab.ask(&format!("POST {host}/"), &[("authorization", &signature), form], body)
    };
    let identity = "Action=GetCallerIdentity&Version=2011-06-15";
    assert!(
        lab.ask("POST sts.us-east-1.amazonaws.com/", &[], identity)
            .text
            .contains("MissingAuthenticationToken")
    );
    let code = |said: &Said| {
        let rest = said.text.split("<Code>").nth(1).unwrap_or("ok<");
        rest.split('<').next().unwrap().to_owned()
    };
    let seen = STATES.map(|state| code(&ask(&lab.plant(Kind::Aws, state), "sts", identity)));
    assert_eq!(seen, ["ok", "ok", "ExpiredToken", "InvalidClientTokenId", "InvalidClientTokenId"]);
    let pair = lab.plant(Kind::Aws, State::Live);
    let key = raw(pair.companion.as_ref().unwrap());
    assert!(ask(&pair, "sts", identity).text.contains("<Account>123456789012</Account>"));
    let change = |planted: &Planted, action: &str| {
        let body =
            format!("Action={action}&Version=2010-05-08&AccessKeyId={key}&Status=Inactive&UserName=drill");
        code(&ask(planted, "iam", &body))
    };
    assert_eq!(change(&lab.plant(Kind::Aws, State::Limited), "UpdateAccessKey"), "AccessDenied");
    assert_eq!(change(&pair, "UpdateAccessKey"), "ok");
    assert_eq!(lab.simulator.state(&pair.secret), Some(State::Disabled));
    assert_eq!(change(&pair, "UpdateAccessKey"), "InvalidClientTokenId");
    let other = lab.plant(Kind::Aws, State::Live);
    assert_eq!(change(&other, "DeleteAccessKey"), "ok");
    assert_eq!(change(&other, "DeleteAccessKey"), "NoSuchEntity");
}

#[test]
fn google_and_discord_by_value() {
    let lab = Lab::new();
    let secret = lab.plant(Kind::Google, State::Live).secret;
    let info = format!("GET oauth2.googleapis.com/tokeninfo?access_token={}", raw(&secret));
    assert_eq!(lab.ask(&info, &[], "").json()["email"], "drill@example.test");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let revoke =
        || lab.ask("POST oauth2.googleapis.com/revoke", &form, &format!("token={}", raw(&secret))).status;
    assert_eq!((revoke(), revoke()), (200, 400));
    assert_eq!(lab.ask(&info, &[], "").json()["error"], "invalid_token");
    assert!(lab.simulator.log().iter().any(|one| one.target == "/tokeninfo?access_token={secret}"));
    let url = raw(&lab.plant(Kind::Discord, State::Live).secret);
    let hook = url.strip_prefix("https://").unwrap();
    let ask = |method: &str| lab.ask(&format!("{method} {hook}"), &[], "");
    assert_eq!((ask("GET").status, ask("DELETE").status, ask("DELETE").status), (200, 204, 404));
    assert_eq!(ask("GET").json()["code"], 10015);
    assert_eq!(lab.simulator.log().last().unwrap().target, "/{secret}");
}

#[test]
fn stripe_sendgrid_and_vault() {
    let lab = Lab::new();
    let statuses =
        |kind, ask: &dyn Fn(&Secret) -> u16| STATES.map(|state| ask(&lab.plant(kind, state).secret));
    let account = |secret: &Secret| lab.bearer("GET api.stripe.com/v1/account", secret, "").status;
    assert_eq!(statuses(Kind::Stripe, &account), [200, 403, 401, 401, 401]);
    let scopes = |secret: &Secret| lab.bearer("GET api.sendgrid.com/v3/scopes", secret, "").status;
    assert_eq!(statuses(Kind::SendGrid, &scopes), [200, 403, 401, 401, 401]);
    let secret = lab.plant(Kind::SendGrid, State::Live).secret;
    let delete =
        |id: &str| lab.bearer(&format!("DELETE api.sendgrid.com/v3/api_keys/{id}"), &secret, "").status;
    assert_eq!(delete("another"), 404);
    let id = raw(&secret).split('.').nth(1).unwrap().to_owned();
    assert_eq!((delete(&id), delete(&id)), (204, 401));
    let vault = |method: &str, what: &str, secret: &Secret| {
        lab.ask(
            &format!("{method} vault.example.test/v1/auth/token/{what}"),
            &[("x-vault-token", &raw(secret))],
            "",
        )
    };
    let look = |secret: &Secret| vault("GET", "lookup-self", secret).status;
    assert_eq!(statuses(Kind::Vault, &look), [200, 200, 403, 403, 403]);
    let secret = lab.plant(Kind::Vault, State::Live).secret;
    assert_eq!(vault("POST", "revoke-self", &secret).status, 204);
    assert_eq!(vault("GET", "lookup-self", &secret).json()["errors"][1], "invalid token");
}

#[test]
fn oauth_says_200_for_junk() {
    let lab = Lab::new();
    let (name, password) = lab.simulator.oauth_client();
    let ask = |path: &str, token: &str, password: &str| {
        let body = format!("token={token}&client_id={name}&client_secret={password}");
        let form = [("content-type", "application/x-www-form-urlencoded")];
        lab.ask(&format!("POST issuer.example.test/{path}"), &form, &body)
    };
    let password = raw(&password);
    let token = raw(&lab.plant(Kind::OAuth, State::Live).secret);
    assert_eq!(ask("introspect", &token, "wrong").status, 401);
    assert_eq!(ask("introspect", &token, &password).json()["active"], true);
    assert_eq!(ask("introspect", "junk", &password).json(), json!({"active": false}));
    assert_eq!(ask("revoke", "junk", &password).status, 200);
    assert_eq!(ask("revoke", &token, &password).status, 200);
    assert_eq!(ask("introspect", &token, &password).json()["active"], false);
}

#[test]
fn the_kinds_are_those_of_the_rules() {
    let rules = muzzle::rules::RuleSet::embedded().unwrap();
    for kind in Kind::ALL {
        assert!(kind.rule().is_none_or(|id| rules.by_id(id).is_some()), "{kind}");
    }
}

#[test]
fn it_ends_with_all_that_hangs_on_it() {
    let simulator = Simulator::start(SimulatorOptions::default()).unwrap();
    let (address, settings) = (simulator.address(), simulator.settings());
    let idle = std::net::TcpStream::connect(address).unwrap();
    let started = std::time::Instant::now();
    drop(simulator);
    assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
    assert!(std::net::TcpStream::connect(address).is_err());
    assert!(!settings.ca_file.unwrap().exists());
    drop(idle);
}

#[test]
fn it_runs_from_the_command_line() {
    let sandbox = Sandbox::new();
    let started = std::time::Instant::now();
    let run = sandbox.muzzle([
        "debug",
        "simulator",
        "lab",
        "--seconds",
        "1",
        "--plant",
        "github",
        "--plant",
        "aws=dead",
        "--fail",
        "gitlab.com=429",
        "--host",
        "git.example.test",
    ]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(started.elapsed().as_secs() < 20);
    let planted: Value =
        serde_json::from_str(&std::fs::read_to_string(sandbox.path("lab/planted.json")).unwrap()).unwrap();
    let list = planted["planted"].as_array().unwrap();
    assert_eq!(
        (list[0]["kind"].as_str(), list[0]["rule"].as_str()),
        (Some("github"), Some("github-pat-classic"))
    );
    assert!(list[1]["state"] == "dead" && list[1]["companion"].as_str().unwrap().starts_with("AKIA"));
    let shown = sandbox.muzzle(["config", "show", "--config", "lab/muzzle.toml", "--json"]);
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let connect_to =
        shown["settings"].as_array().unwrap().iter().find(|one| one["key"] == "network.connect_to");
    assert_eq!(connect_to.unwrap()["value"]["git.example.test:443"], planted["address"]);
    for (arguments, expected) in [
        (["--plant", "acme"], "known ones: github"),
        (["--plant", "github=asleep"], "known ones: live"),
        (["--fail", "a=b"], "known ones: junk"),
        (["--fail", "a"], "write HOST=FAULT"),
    ] {
        let run = sandbox.muzzle(["debug", "simulator", "lab", "--seconds", "0"].iter().chain(&arguments));
        assert!(run.code == Some(2) && run.stderr.contains(expected), "{}", run.stderr);
    }
}
