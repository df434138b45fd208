//! Where files and their versions hide: odd commits, odd entries, the index, and what is under way.

use super::{forget_reflogs, repository};
use crate::case::{Case, clean, finds};
use crate::support::{Sandbox, github, line};

pub(crate) fn cases() -> Vec<Case> {
    [merges(), histories(), files(), indexes(), states()].into_iter().flatten().collect()
}

fn merges() -> Vec<Case> {
    vec![
        repository("evil merge", |t| {
            t.commit_file("base", "base\n");
            t.git(["checkout", "-q", "-b", "topic"]);
            t.commit_file("b", "b\n");
            t.git(["checkout", "-q", "main"]);
            t.commit_file("c", "c\n");
            t.git(["merge", "-q", "--no-commit", "topic"]);
            let id = t.commit_file("evil", line("evil"));
            t.git(["rm", "-q", "evil"]);
            t.commit_staged("without");
            finds(["evil"]).at(format!("evil:1:3 commit {id}"))
        }),
        repository("evil change in a merge", |t| {
            t.commit_file("a", "base\n");
            t.git(["checkout", "-q", "-b", "topic"]);
            t.commit_file("b", "b\n");
            t.git(["checkout", "-q", "main"]);
            t.commit_file("c", "c\n");
            t.git(["merge", "-q", "--no-commit", "topic"]);
            let id = t.commit_file("a", line("evil"));
            finds(["evil"]).at(format!("a:1:3 commit {id} head"))
        }),
        repository("octopus", |t| {
            let id = t.merge_of_four(line("four"));
            finds(["one", "two", "three", "four"]).at(format!("four:1:3 commit {id} head"))
        }),
        repository("merge that keeps our side", |t| {
            t.commit_file("base", "base\n");
            t.git(["checkout", "-q", "-b", "topic"]);
            let id = t.commit_file("a", line("theirs"));
            t.git(["checkout", "-q", "main"]);
            t.git(["merge", "-q", "-s", "ours", "-m", "ours", "topic"]);
            t.git(["branch", "-q", "-D", "topic"]);
            finds(["theirs"]).at(format!("a:1:3 commit {id}"))
        }),
        repository("unrelated histories", |t| {
            t.commit_file("a", "a\n");
            t.git(["checkout", "-q", "--orphan", "other"]);
            t.git(["rm", "-rqf", "."]);
            let id = t.commit_file("b", line("other"));
            t.git(["checkout", "-q", "main"]);
            t.git(["merge", "-q", "--allow-unrelated-histories", "-m", "both", "other"]);
            finds(["other"]).at(format!("b:1:3 commit {id} head"))
        }),
    ]
}

fn histories() -> Vec<Case> {
    vec![
        repository("cherry-pick", |t| {
            let id = t.deleted_branch(line("one"));
            t.git(["cherry-pick", &id]);
            finds(["one"]).at(format!("a:1:3 commit {id} head"))
        }),
        repository("cherry-pick of what is forgotten", |t| {
            let id = t.deleted_branch(line("one"));
            t.set_clock(1_700_000_000);
            t.git(["cherry-pick", "-n", &id]);
            let picked = t.commit("picked");
            forget_reflogs(t);
            finds(["one"]).at(format!("a:1:3 commit {picked} head"))
        }),
        repository("revert", |t| {
            t.commit_file("base", "base\n");
            let id = t.commit_file("a", line("one"));
            t.git(["revert", "--no-edit", "HEAD"]);
            finds(["one"]).at(format!("a:1:3 commit {id}"))
        }),
        repository("revert of a revert", |t| {
            t.commit_file("base", "base\n");
            let id = t.commit_file("a", line("one"));
            t.git(["revert", "--no-edit", "HEAD"]);
            t.git(["revert", "--no-edit", "HEAD"]);
            finds(["one"]).at(format!("a:1:3 commit {id} head"))
        }),
        repository("orphan branch", |t| {
            t.commit_file("a", "a\n");
            t.git(["checkout", "-q", "--orphan", "pages"]);
            let id = t.commit_file("b", line("one"));
            t.git(["checkout", "-q", "main"]);
            finds(["one"]).at(format!("b:1:3 commit {id}"))
        }),
        repository("root commit", |t| {
            let id = t.commit_file("a", line("one"));
            t.git(["rm", "-q", "a"]);
            t.commit_staged("gone");
            finds(["one"]).at(format!("a:1:3 commit {id}"))
        }),
        repository("empty tree", |t| {
            t.commit_staged("nothing");
            clean()
        }),
        repository("empty tree between", |t| {
            t.commit_file("a", line("one"));
            t.git(["rm", "-q", "a"]);
            t.commit_staged("nothing");
            t.commit_file("b", line("two"));
            finds(["one", "two"])
        }),
        repository("detached HEAD", |t| {
            t.commit_file("a", "a\n");
            t.git(["checkout", "-q", "--detach"]);
            let id = t.commit_file("b", line("one"));
            forget_reflogs(t);
            finds(["one"]).at(format!("b:1:3 commit {id} head"))
        }),
        repository("replaced blob", |t| {
            let id = t.commit_file("a", line("one"));
            let other = t.git_with(["hash-object", "-w", "--stdin"], line("two").as_bytes());
            t.git(["replace", &t.id("HEAD:a"), &other]);
            finds(["one", "two"]).at(format!("a:1:3 commit {id} head"))
        }),
        repository("replaced commit", |t| {
            let id = t.commit_file("a", line("one"));
            t.git(["checkout", "-q", "--orphan", "clean"]);
            t.git(["rm", "-rqf", "."]);
            let other = t.commit_file("a", "clean\n");
            t.git(["checkout", "-q", "main"]);
            t.git(["replace", &id, &other]);
            finds(["one"]).at(format!("a:1:3 commit {id} head"))
        }),
        repository("grafts", |t| {
            let id = t.commit_file("a", line("one"));
            t.git(["rm", "-q", "a"]);
            let head = t.commit_staged("gone");
            t.write(".git/info/grafts", format!("{head}\n"));
            finds(["one"]).at(format!("a:1:3 commit {id}")).beyond_git()
        }),
    ]
}

fn files() -> Vec<Case> {
    vec![
        repository(".gitmodules", |t| {
            let token = github("one");
            let url = format!("\turl = https://app:{token}@git.acme.io/sub.git\n");
            let id = t.commit_file(".gitmodules", format!("[submodule \"sub\"]\n\tpath = sub\n{url}"));
            finds(["one"]).at(format!(".gitmodules:3:20 commit {id} head"))
        }),
        repository(".gitattributes", |t| {
            t.write("a", line("two"));
            t.commit_file(".gitattributes", format!("# {}* -text -diff export-ignore binary\n", line("one")));
            finds(["one", "two"])
        }),
        repository(".mailmap", |t| {
            let id = t.commit_file(".mailmap", format!("Ada <{}> <ada@example.test>\n", github("one")));
            finds(["one"]).at(format!(".mailmap:1:6 commit {id} head"))
        }),
        #[cfg(unix)]
        repository("target of a symbolic link", |t| {
            std::os::unix::fs::symlink(format!("../{}", github("one")), t.path("link")).unwrap();
            let id = t.commit("link");
            finds(["one"]).at(format!("link:1:4 commit {id} head")).at("link:1:4 worktree")
        }),
        repository("symbolic link that is gone", |t| {
            let text = github("one");
            let blob = t.git_with(["hash-object", "-w", "--stdin"], text.as_bytes());
            t.git(["update-index", "--add", "--cacheinfo", &format!("120000,{blob},link")]);
            let id = t.commit_staged("link");
            t.git(["rm", "-q", "--cached", "link"]);
            t.commit_staged("gone");
            finds(["one"]).at(format!("link:1:1 commit {id}"))
        }),
        repository("changed mode", |t| {
            let id = t.commit_file("a", line("one"));
            t.git(["update-index", "--chmod=+x", "a"]);
            t.commit_staged("executable");
            finds(["one"]).at(format!("a:1:3 commit {id} head"))
        }),
        repository("file that became a directory", |t| {
            let id = t.commit_file("a", line("one"));
            std::fs::remove_file(t.path("a")).unwrap();
            let other = t.commit_file("a/b", line("two"));
            finds(["one", "two"]).at(format!("a:1:3 commit {id}")).at(format!("a/b:1:3 commit {other} head"))
        }),
        repository("directory that became a file", |t| {
            let id = t.commit_file("a/b", line("one"));
            std::fs::remove_dir_all(t.path("a")).unwrap();
            t.commit_file("a", line("two"));
            finds(["one", "two"]).at(format!("a/b:1:3 commit {id}"))
        }),
        repository("submodule that is not there", |t| {
            t.write("a", line("one"));
            t.git(["add", "a"]);
            let nowhere = "1".repeat(40);
            t.git(["update-index", "--add", "--cacheinfo", &format!("160000,{nowhere},sub")]);
            let id = t.commit_staged("gitlink");
            finds(["one"]).at(format!("a:1:3 commit {id} head"))
        }),
        repository("submodule that became a file", |t| {
            let nowhere = "1".repeat(40);
            t.git(["update-index", "--add", "--cacheinfo", &format!("160000,{nowhere},sub")]);
            t.commit_staged("gitlink");
            t.git(["rm", "-q", "--cached", "sub"]);
            let id = t.commit_file("sub", line("one"));
            finds(["one"]).at(format!("sub:1:3 commit {id} head"))
        }),
        repository("renamed and copied", |t| {
            let id = t.commit_file("a", line("one"));
            t.git(["mv", "a", "b"]);
            let moved = t.commit_file("c", line("one"));
            finds(["one"]).at(format!("a:1:3 commit {id}")).at(format!("c:1:3 commit {moved} head"))
        }),
        repository("ignored and tracked", |t| {
            t.write(".gitignore", "*\n");
            t.write("a", line("one"));
            t.git(["add", "-f", "a"]);
            let id = t.commit_staged("forced");
            finds(["one"]).at(format!("a:1:3 commit {id} head")).at("a:1:3 worktree")
        }),
    ]
}

fn indexes() -> Vec<Case> {
    vec![
        repository("in the index alone", |t| {
            t.commit_file("base", "base\n");
            t.write("a", line("one"));
            t.git(["add", "a"]);
            std::fs::remove_file(t.path("a")).unwrap();
            finds(["one"]).at("a:1:3 staged")
        }),
        repository("in the index alone, without the history", |t| {
            t.commit_file("base", "base\n");
            t.write("a", line("one"));
            t.git(["add", "a"]);
            t.write("a", "other\n");
            finds(["one"]).at("a:1:3 staged").with([".", "--no-history"])
        }),
        repository("in the index of a linked worktree", |t| {
            t.commit_file("base", "base\n");
            let other = t.outside("linked");
            t.git(["worktree", "add", "-q", "--detach", other.to_str().unwrap()]);
            std::fs::write(other.join("a"), line("one")).unwrap();
            t.git_in(&other, ["add", "a"], b"");
            finds(["one"]).at("a:1:3 staged")
        }),
        repository("intended addition", |t| {
            t.commit_file("base", "base\n");
            t.write("a", line("one"));
            t.git(["add", "--intent-to-add", "a"]);
            finds(["one"]).at("a:1:3 worktree")
        }),
        repository("stages of a conflict", |t| {
            t.commit_file("base", "base\n");
            let blob = |name: &str| t.git_with(["hash-object", "-w", "--stdin"], line(name).as_bytes());
            let stage = |(stage, name)| format!("100644 {} {stage}\ta\n", blob(name));
            let stages: String = [(1, "base"), (2, "ours"), (3, "theirs")].map(stage).concat();
            t.git_with(["update-index", "--index-info"], stages.as_bytes());
            finds(["base", "ours", "theirs"]).at("a:1:3 staged")
        }),
        repository("staged removal", |t| {
            let id = t.commit_file("a", line("one"));
            t.git(["rm", "-q", "a"]);
            finds(["one"]).at(format!("a:1:3 commit {id} head"))
        }),
    ]
}

/// In the middle of something.
fn states() -> Vec<Case> {
    let conflict = |t: &Sandbox| {
        t.commit_file("a", "base\n");
        t.git(["checkout", "-q", "-b", "topic"]);
        t.commit_file("a", line("theirs"));
        t.git(["checkout", "-q", "main"]);
        t.commit_file("a", line("ours"));
    };
    vec![
        repository("merge with a conflict", move |t| {
            conflict(t);
            assert_ne!(t.try_git(["merge", "-q", "topic"]).code, Some(0));
            finds(["ours", "theirs"]).at("a:2:3 worktree")
        }),
        repository("rebase with a conflict", move |t| {
            conflict(t);
            assert_ne!(t.try_git(["rebase", "-q", "main", "topic"]).code, Some(0));
            finds(["ours", "theirs"]).at("a:2:3 worktree").at(".git/rebase-merge/patch:")
        }),
        repository("cherry-pick with a conflict", move |t| {
            conflict(t);
            assert_ne!(t.try_git(["cherry-pick", "topic"]).code, Some(0));
            finds(["ours", "theirs"])
        }),
        repository("mails with a conflict", move |t| {
            conflict(t);
            let mail = super::printed(t, &["format-patch", "--stdout", "-1", "topic"]);
            t.git(["branch", "-q", "-D", "topic"]);
            t.write("mail", &mail);
            forget_reflogs(t);
            assert_ne!(t.try_git(["am", "-q", "mail"]).code, Some(0));
            std::fs::remove_file(t.path("mail")).unwrap();
            finds(["ours", "theirs"]).at(".git/rebase-apply/")
        }),
    ]
}
