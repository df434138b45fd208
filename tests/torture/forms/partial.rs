//! Repositories that do not hold all of their history.

use super::{past, script};
use crate::case::{Case, case, finds};
use crate::support::{Sandbox, line};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = filtered();
    cases.extend(cut_off());
    cases.extend(rewritten());
    cases
}

/// A repository beside, with a small token and a large one, in directories and in the past; its URL.
fn remote(t: &Sandbox) -> String {
    t.git(["init", "-q"]);
    past(t, "past");
    t.git(["tag", "old"]);
    t.commit_file("sub/small", line("small"));
    t.commit_file("large", format!("{}{}", line("large"), "filler\n".repeat(2000)));
    script(t, "config uploadpack.allowFilter true\nconfig uploadpack.allowAnySHA1InWant true");
    std::fs::rename(t.path(""), t.outside("remote")).unwrap();
    std::fs::create_dir(t.path("")).unwrap();
    format!("file://{}", t.outside("remote").display())
}

/// What git says is missing, as gaps.
fn missing(t: &Sandbox) -> Vec<String> {
    let list = t.git(["rev-list", "--objects", "--all", "--missing=print"]);
    let missing: Vec<_> =
        list.lines().filter_map(|line| Some(format!("missing-object {}", line.strip_prefix('?')?))).collect();
    assert!(!missing.is_empty());
    missing
}

/// Partial clones: each object that was not fetched is a gap, and nothing is fetched.
fn filtered() -> Vec<Case> {
    let clones: [(&str, &str, &[&str]); 5] = [
        ("without blobs", "clone -q --no-checkout --filter=blob:none URL .", &[]),
        ("without large blobs", "clone -q --no-checkout --filter=blob:limit=1k URL .", &["past", "small"]),
        ("without trees", "clone -q --no-checkout --filter=tree:0 URL .", &[]),
        ("without deep trees", "clone -q --no-checkout --filter=tree:2 URL .", &["past", "large"]),
        ("without blobs, bare", "clone -q --bare --filter=blob:none URL .", &[]),
    ];
    let mut cases: Vec<Case> = clones
        .into_iter()
        .map(|(name, lines, found)| {
            case(name, move |t| {
                let url = remote(t);
                script(t, &lines.replace("URL", &url));
                finds(found.iter().copied()).gaps(missing(t))
            })
        })
        .collect();
    cases.push(case("without blobs, but those of HEAD", |t| {
        let url = remote(t);
        t.git(["clone", "-q", "--filter=blob:none", &url, "."]);
        std::fs::remove_dir_all(t.outside("remote")).unwrap();
        finds(["small", "large"]).gaps(missing(t))
    }));
    cases.push(case("without blobs, and only a directory", |t| {
        let url = remote(t);
        t.git(["clone", "-q", "--filter=blob:none", "--sparse", &url, "."]);
        t.git(["sparse-checkout", "set", "sub"]);
        finds(["small", "large"]).gaps(missing(t))
    }));
    cases.push(case("a partial clone that got everything", |t| {
        let url = remote(t);
        t.git(["clone", "-q", "--no-checkout", "--filter=blob:none", &url, "."]);
        t.git(["fetch", "-q", "--no-filter", "--refetch"]);
        finds(["past", "small", "large"])
    }));
    cases
}

fn cut_off() -> Vec<Case> {
    let cut = |name: &'static str, lines: &'static str, found: &'static [&'static str]| {
        case(name, move |t| {
            let url = remote(t);
            script(t, &lines.replace("URL", &url));
            finds(found.iter().copied()).gaps(["shallow-history"])
        })
    };
    vec![
        cut("shallow, one commit", "clone -q --depth=1 URL .", &["small", "large"]),
        cut("shallow, bare", "clone -q --bare --depth=1 URL .", &["small", "large"]),
        cut("shallow, without what came before", "clone -q --shallow-exclude=old URL .", &["small", "large"]),
        cut(
            "shallow, and packed again",
            "clone -q --depth=1 URL .\nrepack -qadf\ngc -q",
            &["small", "large"],
        ),
        case("shallow no more", |t| {
            let url = remote(t);
            script(t, &format!("clone -q --depth=1 {url} .\nfetch -q --unshallow"));
            finds(["past", "small", "large"])
        }),
        case("shallow, and all is there", |t| {
            t.git(["init", "-q"]);
            let first = past(t, "past");
            t.write(".git/shallow", format!("{first}\n"));
            finds(["past"])
        }),
        case("shallow, an empty list", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            t.write(".git/shallow", "");
            finds(["past"])
        }),
        case("shallow, a list of nonsense", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            t.write(".git/shallow", "rubbish\n");
            finds(["past"]).gaps(["broken-ref"])
        }),
    ]
}

/// Grafts and replacements tell another history. It is not believed.
fn rewritten() -> Vec<Case> {
    vec![
        case("a graft that hides the parent", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            let last = t.commit_file("a", "a\n");
            t.git(["reflog", "expire", "--expire=now", "--all"]);
            t.write(".git/info/grafts", format!("{last}\n"));
            finds(["past"])
        }),
        case("a graft to a commit that is not there", |t| {
            t.git(["init", "-q"]);
            let first = past(t, "past");
            t.write(".git/info/grafts", format!("{first} {}\n", "12".repeat(20)));
            finds(["past"])
        }),
        case("a replaced blob", |t| {
            t.git(["init", "-q"]);
            t.commit_file("a", line("old"));
            let other = t.git_with(["hash-object", "-w", "--stdin"], b"harmless\n");
            t.git(["replace", &t.id("HEAD:a"), &other]);
            finds(["old"]).says("replace")
        }),
        case("a replaced commit", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            let last = t.commit_file("a", "a\n");
            let orphan = t.git(["commit-tree", "-m", "orphan", &t.id("HEAD^{tree}")]);
            t.git(["reflog", "expire", "--expire=now", "--all"]);
            t.git(["replace", &last, &orphan]);
            finds(["past"]).says("replace")
        }),
        case("a replacement that holds a token", |t| {
            t.git(["init", "-q"]);
            t.commit_file("a", "harmless\n");
            let other = t.git_with(["hash-object", "-w", "--stdin"], line("new").as_bytes());
            t.git(["replace", &t.id("HEAD:a"), &other]);
            finds(["new"]).says("replace")
        }),
        case("a replacement of what is not there", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            let other = t.git_with(["hash-object", "-w", "--stdin"], b"harmless\n");
            t.write(format!(".git/refs/replace/{}", "12".repeat(20)), format!("{other}\n"));
            finds(["past"]).says("replace")
        }),
    ]
}
