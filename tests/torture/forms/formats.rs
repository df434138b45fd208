//! Formats and extensions, known and unknown, and object ids of 32 bytes.

use super::{past, script};
use crate::case::{Case, case, clean, finds, refused};
use crate::support::{Sandbox, line};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = extensions();
    cases.extend(sha256());
    cases
}

/// What stands in the configuration, and whether it is supported; that is Git's rule.
fn extensions() -> Vec<Case> {
    let known = [
        ("version 1", "[core]\n\trepositoryformatversion = 1\n"),
        ("no version", "[core]\n\tbare = false\n"),
        ("an empty configuration", ""),
        ("extension noop", "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tnoop = true\n"),
        (
            "extension preciousObjects",
            "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpreciousObjects = true\n",
        ),
        (
            "extension partialClone",
            "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n",
        ),
        (
            "extension objectFormat",
            "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha1\n",
        ),
        (
            "extension refStorage",
            "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = files\n",
        ),
        (
            "extension worktreeConfig",
            "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tworktreeConfig = true\n",
        ),
        (
            "an unknown extension of version 0",
            "[core]\n\trepositoryformatversion = 0\n[extensions]\n\tunheard = true\n",
        ),
        ("format, odd case", "[CORE]\n\tRepositoryFormatVersion = 1\n[EXTENSIONS]\n\tNOOP = true\n"),
        (
            "format, said twice",
            "[core]\n\trepositoryformatversion = 7\n[core]\n\trepositoryformatversion = 0\n",
        ),
    ];
    let unknown = [
        ("version 2", "[core]\n\trepositoryformatversion = 2\n"),
        ("version 99", "[core]\n\trepositoryformatversion = 99\n"),
        ("an unknown extension", "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tunheard = true\n"),
        (
            "an unknown extension, switched off",
            "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tunheard = false\n",
        ),
        (
            "an unknown extension without a value",
            "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tunheard\n",
        ),
        ("an unknown hash", "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha3\n"),
        (
            "an unknown storage of refs",
            "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = cloud\n",
        ),
    ];
    let with = |text: &'static str| {
        move |t: &Sandbox| {
            t.git(["init", "-q"]);
            past(t, "past");
            t.write(".git/config", text);
        }
    };
    let known = known.map(|(name, text)| {
        case(name, move |t| {
            with(text)(t);
            t.git(["rev-parse", "HEAD"]);
            finds(["past"])
        })
    });
    let unknown = unknown.map(|(name, text)| {
        case(name, move |t| {
            with(text)(t);
            assert_ne!(t.try_git(["rev-parse", "HEAD"]).code, Some(0), "git reads it");
            refused("unsupported")
        })
    });
    known.into_iter().chain(unknown).collect()
}

fn sha256() -> Vec<Case> {
    let ground = |t: &Sandbox| {
        t.git(["init", "-q", "--object-format=sha256"]);
        for name in ["one", "", "two", ""] {
            let token = if name.is_empty() { String::new() } else { line(name) };
            t.commit_file("file", format!("{}{token}{}", "filler\n".repeat(200), "more\n".repeat(200)));
        }
    };
    let stores = [
        ("loose", ""),
        ("packed", "repack -qad"),
        ("deltas", "repack -qadf --depth=50"),
        ("reference deltas", "-c repack.useDeltaBaseOffset=false repack -qadf --depth=50"),
        ("multi-pack-index", "repack -qad\nmulti-pack-index write --bitmap"),
        ("cruft", "repack -qd --cruft"),
        ("collected", "gc -q"),
        ("packed refs", "tag -a -m tag tag HEAD~1\npack-refs --all"),
        ("index version 4", "update-index --index-version 4"),
        ("split index", "update-index --split-index"),
        ("commit-graph", "commit-graph write --reachable"),
        ("shared clone", "clone -q --shared --bare . ../clone"),
        ("detached", "checkout -q --detach HEAD~1"),
    ];
    let mut cases: Vec<Case> = stores
        .into_iter()
        .map(|(name, lines)| {
            case(format!("SHA-256, {name}"), move |t| {
                ground(t);
                script(t, lines);
                finds(["one", "two"])
            })
        })
        .collect();
    cases.extend([
        case("SHA-256, empty", |t| {
            t.git(["init", "-q", "--object-format=sha256"]);
            clean()
        }),
        case("SHA-256, places", move |t| {
            ground(t);
            let id = t.commit_file("sub/a", line("a"));
            finds(["one", "two", "a"]).at(format!("sub/a:1:3 commit {id} head"))
        }),
        case("SHA-256, staged", move |t| {
            ground(t);
            t.write("staged", line("staged"));
            t.git(["add", "staged"]);
            t.write("staged", "clean\n");
            finds(["one", "two", "staged"]).at("staged:1:3 staged")
        }),
        case("SHA-256, staged and nothing else", move |t| {
            ground(t);
            t.write("staged", line("staged"));
            t.git(["add", "staged"]);
            finds(["staged"]).with(["--staged"])
        }),
        case("SHA-256, files", move |t| {
            ground(t);
            t.write("new", line("new"));
            finds(["new"]).with(["--no-history", "."])
        }),
        case("SHA-256, stash", move |t| {
            ground(t);
            t.write("file", line("stashed"));
            t.git(["stash", "-q"]);
            finds(["one", "two", "stashed"])
        }),
        case("SHA-256, tags", move |t| {
            ground(t);
            let blob = t.git_with(["hash-object", "-w", "--stdin"], line("tagged").as_bytes());
            t.git(["tag", "-a", "-m", "a", "inner", &blob]);
            t.git(["tag", "-a", "-m", "b", "outer", "inner"]);
            t.git(["tag", "-d", "inner"]);
            finds(["one", "two", "tagged"])
        }),
        case("SHA-256, a range", move |t| {
            ground(t);
            finds(["two"]).with([".", "--range", "HEAD~2..HEAD"])
        }),
        case("SHA-256, a branch", move |t| {
            ground(t);
            t.git(["branch", "early", "HEAD~2"]);
            finds(["one"]).with([".", "--branch", "early"])
        }),
        case("SHA-256, linked", move |t| {
            ground(t);
            t.git(["worktree", "add", "-q", "../linked"]);
            finds(["one", "two"]).with(["../linked"])
        }),
        case("SHA-256, a blob is missing", move |t| {
            ground(t);
            let blob = t.id("HEAD~1:file");
            std::fs::remove_file(t.loose(&blob)).unwrap();
            finds(["one"]).gaps([format!("missing-object {blob}")])
        }),
        case("SHA-256, shallow", move |t| {
            ground(t);
            let url = format!("file://{}", t.path("").display());
            t.git(["clone", "-q", "--depth=2", &url, "../shallow"]);
            finds(["two"]).gaps(["shallow-history"]).with(["../shallow"])
        }),
    ]);
    cases
}
