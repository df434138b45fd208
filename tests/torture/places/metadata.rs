//! Commits and tags themselves, and the names of refs.

use super::{forget_reflogs, printed, repository, spot};
use crate::case::{Case, Expected, clean, finds};
use crate::support::{Sandbox, github, line};

pub(crate) fn cases() -> Vec<Case> {
    [messages(), people(), raw_commits(), tags(), names(), reach(), scopes()].into_iter().flatten().collect()
}

/// The place of a token in an object, as git prints it.
fn place(t: &Sandbox, kind: &str, id: &str, name: &str) -> String {
    format!(".git/{kind}/{id}:{}", spot(&printed(t, &["cat-file", "-p", id]), name))
}

/// The token `one` is in this commit.
fn in_commit(t: &Sandbox, id: &str) -> Expected {
    finds(["one"]).at(format!("{} commit {id}", place(t, "commits", id, "one")))
}

/// The token `one` is in this tag.
fn in_tag(t: &Sandbox, id: &str) -> Expected {
    finds(["one"]).at(format!("{} ref", place(t, "tags", id, "one")))
}

type Text = fn() -> String;

fn messages() -> Vec<Case> {
    let messages: [(&str, Text); 7] = [
        ("subject", || format!("use {} now", github("one"))),
        ("body", || format!("subject\n\nbody\n\nand {} in it\n", github("one"))),
        ("trailer", || format!("subject\n\nSigned-off-by: Ada <{}@acme.io>\n", github("one"))),
        ("nothing else", || github("one")),
        ("behind wide characters", || format!("日本 é {} ü", github("one"))),
        ("of a megabyte", || format!("long\n\n{}{}", "words and words\n".repeat(1 << 16), line("one"))),
        ("in one line of a megabyte", || format!("long\n\n{}{}", "words ".repeat(1 << 18), line("one"))),
    ];
    let of_message = |(name, text): (&str, Text)| {
        repository(format!("message: {name}"), move |t| {
            t.git_with(["commit", "-q", "--allow-empty", "--no-verify", "-F", "-"], text().as_bytes());
            in_commit(t, &t.id("HEAD"))
        })
    };
    let mut cases: Vec<Case> = messages.into_iter().map(of_message).collect();
    cases.extend([
        repository("message of a merge", |t| {
            t.commit_file("a", "a\n");
            t.git(["checkout", "-q", "-b", "topic"]);
            t.commit_file("b", "b\n");
            t.git(["checkout", "-q", "main"]);
            t.git(["merge", "-q", "--no-ff", "-m", &line("one"), "topic"]);
            in_commit(t, &t.id("HEAD"))
        }),
        repository("message of a stash", |t| {
            t.commit_file("a", "a\n");
            t.write("a", "b\n");
            t.git(["stash", "push", "-q", "-m", &line("one")]);
            in_commit(t, &t.id("stash"))
        }),
        repository("message that a note's commit has", |t| {
            t.commit_file("a", "a\n");
            t.git(["notes", "add", "-m", "note"]);
            let tree = t.id("refs/notes/commits^{tree}");
            let id = t.git(["commit-tree", "-m", &line("one"), &tree]);
            t.git(["update-ref", "refs/notes/commits", &id]);
            in_commit(t, &id)
        }),
        repository("message, and the file", |t| {
            t.write("a", line("one"));
            let id = t.commit(&line("one"));
            in_commit(t, &id).at(format!("a:1:3 commit {id} head"))
        }),
        repository("message that is decoded", |t| {
            t.commit_staged(&format!("see https://acme.io/?q={}", percent(&github("one"))));
            finds(["one"]).at(format!(".git/commits/{}:", t.id("HEAD")))
        }),
    ]);
    cases
}

/// Every byte as `%XX`.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02x}"))
}

fn people() -> Vec<Case> {
    let fields = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"];
    let of_commit = |field: &'static str| {
        repository(format!("{field} of a commit"), move |t| {
            let tree = t.git_with(["mktree"], b"");
            let mut command = t.git_command(&t.path(""), ["commit-tree", "-m", "subject", &tree]);
            command.env(field, github("one"));
            let run = crate::support::run(&mut command, b"");
            let id = String::from_utf8(run.stdout).unwrap().trim().to_owned();
            t.git(["update-ref", "refs/heads/main", &id]);
            in_commit(t, &id)
        })
    };
    let mut cases: Vec<Case> = fields.into_iter().map(of_commit).collect();
    cases.push(repository("tagger", |t| {
        t.commit_file("a", "a\n");
        let mut command = t.git_command(&t.path(""), ["tag", "-a", "-m", "subject", "v1"]);
        command.env("GIT_COMMITTER_NAME", github("one"));
        crate::support::run(&mut command, b"");
        in_tag(t, &t.id("refs/tags/v1"))
    }));
    cases
}

/// A commit of these bytes behind `tree`, on the branch; its id.
fn raw_commit(t: &Sandbox, rest: &[u8]) -> String {
    let tree = t.git_with(["mktree"], b"");
    let bytes = [format!("tree {tree}\n").as_bytes(), rest].concat();
    let id = t.git_with(["hash-object", "-t", "commit", "-w", "--stdin", "--literally"], &bytes);
    std::fs::create_dir_all(t.path(".git/refs/heads")).unwrap();
    t.write(".git/refs/heads/main", format!("{id}\n"));
    id
}

const WHO: &str = "C <c@d.test> 1600000000 +0000";
const PEOPLE: &str = "author A <a@b.test> 1600000000 +0000\ncommitter C <c@d.test> 1600000000 +0000\n";

type Bytes = fn() -> Vec<u8>;

fn raw_commits() -> Vec<Case> {
    let headers: [(&str, Bytes); 6] = [
        ("in Latin-1", || {
            let text = format!("{PEOPLE}encoding ISO-8859-1\n\nW?rter ?ber {}\n", line("one"));
            text.bytes().map(|byte| if byte == b'?' { 0xfc } else { byte }).collect()
        }),
        ("NUL in the message", || format!("{PEOPLE}\nsub\0ject\n\n\0 {}\n", line("one")).into()),
        ("header that nobody knows", || format!("{PEOPLE}custom {}\nsubject\n", line("one")).into()),
        ("merged tag", || {
            let tag = "mergetag object 1111111111111111111111111111111111111111\n type commit\n tag v1\n";
            format!("{PEOPLE}{tag} tagger T <t@e.test> 1 +0000\n \n {}\nmerge\n", line("one")).into()
        }),
        ("encoding", || format!("{PEOPLE}encoding {}\n\nsubject\n", github("one")).into()),
        ("no message", || {
            format!("author {} <a@b> 1 +0000\ncommitter C <c> 1 +0000\n", github("one")).into()
        }),
    ];
    let of_raw = |(name, rest): (&str, Bytes)| {
        repository(format!("commit: {name}"), move |t| {
            let id = raw_commit(t, &rest());
            in_commit(t, &id)
        })
    };
    let mut cases: Vec<Case> = headers.into_iter().map(of_raw).collect();
    let signature = |mark: &str, end: &str| {
        let lines = noise(40).join("\n ");
        format!("gpgsig {mark}\n \n {lines}\n =aB3d\n {end}\n")
    };
    let kinds = [
        ("PGP", "-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----"),
        ("SSH", "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"),
        ("X.509", "-----BEGIN SIGNED MESSAGE-----", "-----END SIGNED MESSAGE-----"),
    ];
    for (kind, mark, end) in kinds {
        cases.push(repository(format!("commit: signature, {kind}"), move |t| {
            raw_commit(t, format!("{PEOPLE}{}\nsubject\n", signature(mark, end)).as_bytes());
            clean()
        }));
        cases.push(repository(format!("commit: token in a signature, {kind}"), move |t| {
            let signature = signature(mark, end).replace(" =aB3d", &format!(" {}", github("one")));
            let id = raw_commit(t, format!("{PEOPLE}{signature}\nsubject\n").as_bytes());
            in_commit(t, &id)
        }));
    }
    cases
}

/// Lines of base64.
fn noise(lines: u32) -> Vec<String> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter =
        |row: u32, at: u32| char::from(alphabet[((row * 977 + at * at * 31 + at * 7) % 64) as usize]);
    (0..lines).map(|row| (0..64).map(|at| letter(row, at)).collect()).collect()
}

fn tags() -> Vec<Case> {
    vec![
        repository("message of a tag", |t| {
            t.commit_file("a", "a\n");
            t.git(["tag", "-a", "-m", &line("one"), "v1"]);
            in_tag(t, &t.id("refs/tags/v1"))
        }),
        repository("message of a packed tag", |t| {
            t.commit_file("a", "a\n");
            t.git(["tag", "-a", "-m", &line("one"), "v1"]);
            t.git(["pack-refs", "--all"]);
            t.git(["repack", "-q", "-a", "-d"]);
            in_tag(t, &t.id("refs/tags/v1"))
        }),
        repository("message of a tag of a tag", |t| {
            t.commit_file("a", "a\n");
            t.git(["tag", "-a", "-m", &line("one"), "inner"]);
            let id = t.id("refs/tags/inner");
            t.git(["tag", "-a", "-m", "outer", "outer", "inner"]);
            t.git(["tag", "-d", "inner"]);
            in_tag(t, &id)
        }),
        repository("message of a tag of a tree", |t| {
            t.commit_file("a", "a\n");
            t.git(["tag", "-a", "-m", &line("one"), "tree", "HEAD^{tree}"]);
            in_tag(t, &t.id("refs/tags/tree"))
        }),
        repository("message of a tag of a blob", |t| {
            t.commit_file("a", "a\n");
            t.git(["tag", "-a", "-m", &line("one"), "blob", "HEAD:a"]);
            in_tag(t, &t.id("refs/tags/blob"))
        }),
        repository("message of a deleted tag", |t| {
            t.commit_file("a", "a\n");
            t.git(["tag", "-a", "-m", &line("one"), "v1"]);
            t.git(["tag", "-d", "v1"]);
            clean().tells("/not_reported/unreachable", 1)
        }),
        repository("message of a deleted tag, asked for", |t| {
            t.commit_file("a", "a\n");
            t.git(["tag", "-a", "-m", &line("one"), "v1"]);
            let id = t.id("refs/tags/v1");
            t.git(["tag", "-d", "v1"]);
            let place = place(t, "tags", &id, "one");
            finds(["one"]).at(format!("{place} unreachable")).with([".", "--unreachable"])
        }),
    ]
}

fn names() -> Vec<Case> {
    let refs = [
        "refs/heads/",
        "refs/tags/",
        "refs/heads/feature/",
        "refs/notes/",
        "refs/remotes/origin/",
        "refs/odd/",
    ];
    let of_ref = |packed: bool| {
        move |prefix: &'static str| {
            let how = if packed { ", packed" } else { "" };
            repository(format!("name below {prefix}{how}"), move |t| {
                t.commit_file("a", "a\n");
                let name = format!("{prefix}{}", github("one"));
                t.git(["update-ref", &name, "HEAD"]);
                if packed {
                    t.git(["pack-refs", "--all"]);
                }
                // What is found in a path is masked in it, whatever is asked for.
                finds(["one"]).at(format!(".git/{prefix}ghp_********:1:{} ref", prefix.len() + 1))
            })
        }
    };
    let loose = refs.into_iter().map(of_ref(false));
    let mut cases: Vec<Case> = loose.chain(refs.into_iter().take(2).map(of_ref(true))).collect();
    cases.push(repository("name of a ref of another worktree", |t| {
        t.commit_file("a", "a\n");
        let linked = t.outside("linked");
        t.git(["worktree", "add", "-q", "--detach", linked.to_str().unwrap()]);
        t.git_in(&linked, ["update-ref", &format!("refs/worktree/{}", github("one")), "HEAD"], b"");
        finds(["one"]).at(".git/worktrees/linked/refs/worktree/ghp_********:1:32 ref")
    }));
    cases.push(repository("refs through one long chain of tags", |t| {
        t.commit_file("a", "a\n");
        t.git(["tag", "-a", "-m", &line("one"), "first"]);
        let mut id = t.id("refs/tags/first");
        for number in 0..40 {
            let tag = format!("object {id}\ntype tag\ntag t{number}\ntagger {WHO}\n\nmore\n");
            id = t.git_with(["hash-object", "-t", "tag", "-w", "--stdin"], tag.as_bytes());
        }
        let refs: String = (0..500).map(|number| format!("create refs/tags/r{number} {id}\n")).collect();
        t.git_with(["update-ref", "--stdin"], refs.as_bytes());
        in_tag(t, &t.id("refs/tags/first")).tells("/findings/0/refs_total", 501)
    }));
    cases
}

fn reach() -> Vec<Case> {
    let amended = |t: &Sandbox| {
        t.commit_file("a", "a\n");
        let id = t.commit_staged(&line("one"));
        t.git(["commit", "-q", "--amend", "--allow-empty", "-m", "clean"]);
        std::fs::remove_file(t.path(".git/COMMIT_EDITMSG")).unwrap();
        id
    };
    vec![
        repository("amended message", move |t| {
            let id = amended(t);
            in_commit(t, &id)
        }),
        repository("amended message without a reflog", move |t| {
            amended(t);
            forget_reflogs(t);
            clean().tells("/not_reported/unreachable", 1)
        }),
        repository("amended message without a reflog, asked for", move |t| {
            let id = amended(t);
            forget_reflogs(t);
            let place = place(t, "commits", &id, "one");
            finds(["one"]).at(format!("{place} unreachable")).with([".", "--unreachable"])
        }),
        repository("message of a packed commit", |t| {
            t.commit_file("a", "a\n");
            let id = t.commit_staged(&line("one"));
            t.git(["repack", "-q", "-a", "-d"]);
            in_commit(t, &id)
        }),
        repository("not asked for", |t| {
            let name = format!("refs/heads/{}", github("two"));
            t.commit_staged(&line("one"));
            t.git(["update-ref", &name, "HEAD"]);
            t.git(["tag", "-a", "-m", &line("three"), "v1"]);
            clean().with([".", "--no-metadata", "--no-local"])
        }),
        repository("without the history", |t| {
            t.commit_staged(&line("one"));
            clean().with([".", "--no-history", "--no-local"])
        }),
        repository("repository further in", |t| {
            t.commit_file("a", "a\n");
            let inner = t.path("vendor/lib");
            t.git(["init", "-q", "vendor/lib"]);
            t.git_in(&inner, ["commit", "-q", "--allow-empty", "-m", &line("one")], b"");
            t.git_in(&inner, ["branch", &github("two")], b"");
            let id = t.git_in(&inner, ["rev-parse", "HEAD"], b"");
            let text = t.git_in(&inner, ["cat-file", "-p", &id], b"");
            finds(["one", "two"])
                .at(format!("vendor/lib/.git/commits/{id}:{} commit {id}", spot(text.as_bytes(), "one")))
                .at("vendor/lib/.git/refs/heads/ghp_********:1:12 ref")
        }),
        repository("bundle", |t| {
            let id = t.commit_staged(&line("one"));
            t.git(["bundle", "create", "-q", "../all.bundle", "--all"]);
            in_commit(t, &id).with(["../all.bundle"]).beyond_git()
        }),
        repository("bare", |t| {
            let id = t.commit_staged(&line("one"));
            t.git(["clone", "-q", "--bare", ".", "../bare.git"]);
            in_commit(t, &id).with(["../bare.git"])
        }),
    ]
}

/// Less than the whole history.
fn scopes() -> Vec<Case> {
    let ground = |t: &Sandbox| {
        t.commit_staged(&line("old"));
        t.git(["tag", "-a", "-m", &line("tag"), "v1"]);
        t.set_clock(1_700_000_000);
        t.git(["checkout", "-q", "-b", "topic"]);
        t.commit_staged(&line("one"));
    };
    let scopes: [(&'static str, &'static [&'static str]); 6] = [
        ("range", &["--range", "main..topic"]),
        ("one commit", &["--range", "HEAD^!"]),
        ("since a tag", &["--since", "v1"]),
        ("since a date", &["--since", "2023-01-01"]),
        ("newest commit", &["--max-commits", "1"]),
        ("newest commit of a branch", &["--branch", "topic", "--max-commits", "1"]),
    ];
    let of_scope = |(name, arguments): (&'static str, &'static [&'static str])| {
        repository(format!("scope: {name}"), move |t| {
            ground(t);
            in_commit(t, &t.id("topic")).with([&["."], arguments].concat())
        })
    };
    let mut cases: Vec<Case> = scopes.into_iter().map(of_scope).collect();
    cases.extend([
        repository("scope: branch", move |t| {
            ground(t);
            finds(["old"])
                .at(format!("{} commit {}", place(t, "commits", &t.id("main"), "old"), t.id("main")))
                .with([".", "--branch", "main"])
        }),
        repository("scope: what is staged", move |t| {
            ground(t);
            t.write("a", "a\n");
            t.git(["add", "a"]);
            clean().with([".", "--staged"])
        }),
        repository("scope: range, not asked for", move |t| {
            ground(t);
            clean().with([".", "--range", "main..topic", "--no-metadata"])
        }),
    ]);
    cases
}
