//! `muzzle audit`: what it says of a journal that is whole, of one that is not, and of what is asked for.

use muzzle::response::journal::{Done, Intent, Journal};
use serde_json::Value;

use crate::support::{Run, Sandbox};

fn intent(action: &str, fingerprint: &str) -> Intent {
    Intent {
        action: action.into(),
        rule: "=cmd|x".into(),
        provider: "github".into(),
        fingerprint: fingerprint.into(),
        secret: "ghp_********".into(),
        place: "a\u{1b}[2J:1".into(),
        call: "POST https://api.github.com/credentials/revoke".into(),
        plan: None,
        consent: "--yes".into(),
        note: None,
    }
}

fn done(result: &str) -> Done {
    Done {
        outcome: None,
        result: result.into(),
        status: Some(202),
        request_id: None,
        reply_sha256: None,
        reason: "it said so".into(),
    }
}

/// A journal with a revocation that ended, and one that did not.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let journal = Journal::open(&sandbox.outside("home/.local/state/muzzle/journal.jsonl")).unwrap();
    journal.begin(intent("revoke", "v1:aaaa")).unwrap().finish(&done("accepted")).unwrap();
    drop(journal.begin(intent("revoke", "v1:bbbb")).unwrap());
    sandbox
}

impl Sandbox {
    fn audit(&self, arguments: &[&str]) -> Run {
        self.muzzle([&["audit"], arguments].concat())
    }
}

fn text(run: &Run) -> String {
    String::from_utf8(run.stdout.clone()).unwrap()
}

#[test]
fn a_whole_journal_and_its_head() {
    let sandbox = sandbox();
    let run = sandbox.audit(&["verify"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let said = text(&run);
    assert!(said.contains("3 lines, the chain holds"), "{said}");
    assert!(said.contains("unclear: line 3"), "{said}");
    let head = said.lines().find_map(|line| line.strip_prefix("head: ")).unwrap().to_owned();
    assert_eq!(sandbox.audit(&["verify", "--expect-head", &head]).code, Some(0));
    assert_eq!(sandbox.audit(&["verify", "--expect-head", &"0".repeat(64)]).code, Some(1));
    assert_eq!(sandbox.audit(&["verify", "--expect-head", "abc"]).code, Some(2));
    let json: Value = serde_json::from_str(&text(&sandbox.audit(&["verify", "--json"]))).unwrap();
    assert_eq!((&json["holds"], &json["head"]), (&Value::Bool(true), &Value::String(head)));
    assert_eq!(json["unclear"][0]["intent"]["fingerprint"], "v1:bbbb");
}

#[test]
fn a_broken_one_is_told_everywhere() {
    let sandbox = sandbox();
    let path = sandbox.outside("home/.local/state/muzzle/journal.jsonl");
    let changed = std::fs::read_to_string(&path).unwrap().replacen("accepted", "refused!", 1);
    std::fs::write(&path, changed).unwrap();
    let run = sandbox.audit(&["verify"]);
    assert_eq!(run.code, Some(1));
    assert!(text(&run).contains("BROKEN") && text(&run).contains("broken: line 2"), "{}", text(&run));
    for arguments in [["show"].as_slice(), &["export"], &["export", "--format", "csv"]] {
        let run = sandbox.audit(arguments);
        assert_eq!(run.code, Some(1));
        assert!(run.stderr.contains("not whole"), "{}", run.stderr);
    }
    assert_eq!(sandbox.audit(&["verify", "--journal", "nowhere"]).code, Some(2));
}

#[test]
fn what_is_asked_for_is_shown() {
    let sandbox = sandbox();
    let run = sandbox.audit(&["show"]);
    assert_eq!((run.code, text(&run).lines().count()), (Some(0), 4), "{}", text(&run));
    assert!(!text(&run).contains('\u{1b}'));
    let rows =
        |arguments: &[&str]| text(&sandbox.audit(&[&["show"], arguments].concat())).lines().count() - 1;
    assert_eq!(rows(&["--fingerprint", "v1:a"]), 2);
    assert_eq!(rows(&["--unclear"]), 1);
    assert_eq!(rows(&["--since", "1 hour ago"]), 3);
    assert!(text(&sandbox.audit(&["show", "--since", "2999-01-01"])).contains("nothing"));
    assert_eq!(sandbox.audit(&["show", "--since", "soon"]).code, Some(2));
    let json: Value = serde_json::from_str(&text(&sandbox.audit(&["show", "--format", "json"]))).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 3);
}

#[test]
fn auditors_get_a_copy_with_its_head() {
    let sandbox = sandbox();
    let run = sandbox.audit(&["export", "--format", "csv"]);
    assert_eq!(run.code, Some(0));
    let table = text(&run);
    let last = table.lines().last().unwrap();
    let head = run.stderr.lines().find_map(|line| line.strip_prefix("head: ")).unwrap();
    assert!(last.ends_with(head) && table.lines().count() == 4, "{table}");
    assert!(table.contains(",'=cmd|x,"), "no spreadsheet calculates it: {table}");
    let json: Value = serde_json::from_str(&text(&sandbox.audit(&["export"]))).unwrap();
    assert_eq!(json["head"], head);
    assert_eq!(json["lines"][2]["line_sha256"], head);
}
