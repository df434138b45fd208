//! Settings, hooks and attributes that name programs or hide files.
//!
//! Each program would leave a mark below the directory that is scanned, and under `strace` it would be seen to start.

use std::os::unix::fs::PermissionsExt as _;

use crate::case::{Case, Expected, case, finds};
use crate::support::{Sandbox, line};

pub(crate) fn cases() -> Vec<Case> {
    [programs(), hooks(), leading_away(), attributes(), ignores()].into_iter().flatten().collect()
}

/// A script that leaves a mark; its path.
fn script(t: &Sandbox) -> String {
    let path = t.outside("script");
    let mark = t.path("mark");
    std::fs::write(&path, format!("#!/bin/sh\necho \"$0 $*\" >> {}\ncat\n", mark.display())).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A repository with `one` in a commit, `two` staged and changed, `three` untracked.
fn ground(t: &Sandbox) {
    t.git(["init", "-q"]);
    t.commit_file("one", line("one"));
    t.write("two", line("two"));
    t.git(["add", "two"]);
    t.write("two", "changed\n");
    t.write("three", line("three"));
}

fn all() -> Expected {
    finds(["one", "two", "three"]).beyond_git()
}

fn configure(t: &Sandbox, text: &str) {
    let path = t.path(".git/config");
    let before = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, before + text).unwrap();
}

fn programs() -> Vec<Case> {
    let settings = [
        ("fsmonitor", "[core]\n\tfsmonitor = CMD\n"),
        ("fsmonitor-with-index", "[core]\n\tfsmonitor = CMD\n\tuntrackedCache = true\n"),
        ("ssh-command", "[core]\n\tsshCommand = CMD\n"),
        ("git-proxy", "[core]\n\tgitProxy = CMD\n"),
        ("pager", "[core]\n\tpager = CMD\n[pager]\n\tlog = CMD\n\tscan = CMD\n"),
        ("editor", "[core]\n\teditor = CMD\n[sequence]\n\teditor = CMD\n"),
        ("ask-pass", "[core]\n\taskPass = CMD\n"),
        ("hooks-path", "[core]\n\thooksPath = SCRIPTS\n"),
        ("alternate-refs-command", "[core]\n\talternateRefsCommand = CMD\n"),
        ("filter-clean", "[filter \"evil\"]\n\tclean = CMD\n\trequired = true\n"),
        ("filter-smudge", "[filter \"evil\"]\n\tsmudge = CMD\n\trequired = true\n"),
        ("filter-process", "[filter \"evil\"]\n\tprocess = CMD\n\trequired = true\n"),
        ("textconv", "[diff \"evil\"]\n\ttextconv = CMD\n\tcachetextconv = true\n"),
        ("diff-command", "[diff \"evil\"]\n\tcommand = CMD\n"),
        ("diff-external", "[diff]\n\texternal = CMD\n"),
        ("merge-driver", "[merge \"evil\"]\n\tdriver = CMD\n"),
        ("gpg", "[gpg]\n\tprogram = CMD\n[commit]\n\tgpgSign = true\n[log]\n\tshowSignature = true\n"),
        ("gpg-ssh", "[gpg]\n\tformat = ssh\n[gpg \"ssh\"]\n\tprogram = CMD\n\tdefaultKeyCommand = CMD\n"),
        ("credential-helper", "[credential]\n\thelper = !CMD\n"),
        ("upload-pack-hook", "[uploadpack]\n\tpackObjectsHook = CMD\n"),
        ("alias", "[alias]\n\tscan = !CMD\n\tlog = !CMD\n\tstatus = !CMD\n"),
        ("remote-ext", "[remote \"origin\"]\n\turl = ext::CMD %S\n[protocol]\n\tallow = always\n"),
        (
            "remote-programs",
            "[remote \"origin\"]\n\turl = x\n\tuploadpack = CMD\n\treceivepack = CMD\n\tvcs = evil\n",
        ),
        (
            "browser-and-tools",
            "[web]\n\tbrowser = CMD\n[difftool \"x\"]\n\tcmd = CMD\n[mergetool \"x\"]\n\tcmd = CMD\n",
        ),
        ("interactive-filter", "[interactive]\n\tdiffFilter = CMD\n[sendemail]\n\tsendmailCmd = CMD\n"),
        ("trailer", "[trailer \"x\"]\n\tcommand = CMD\n\tcmd = CMD\n"),
        ("tar-filter", "[tar \"tgz\"]\n\tcommand = CMD\n"),
        ("submodule-update", "[submodule \"x\"]\n\tupdate = !CMD\n\turl = ext::CMD\n\tactive = true\n"),
    ];
    let one = |(name, text): (&str, &'static str)| {
        case(format!("config-{name}"), move |t| {
            let script = script(t);
            ground(t);
            t.write(".gitattributes", "* filter=evil diff=evil merge=evil\n");
            for name in ["post-index-change", "pre-commit", "post-checkout", "reference-transaction"] {
                let path = t.outside(format!("scripts/{name}"));
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::copy(&script, path).unwrap();
            }
            let scripts = t.outside("scripts");
            configure(t, &text.replace("SCRIPTS", scripts.to_str().unwrap()).replace("CMD", &script));
            all()
        })
    };
    let mut cases: Vec<Case> = settings.into_iter().map(one).collect();
    cases.push(case("config-promisor-remote-that-is-a-program", |t| {
        let script = script(t);
        ground(t);
        let id = t.id("HEAD:one");
        configure(
            t,
            &format!(
                "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n\
                 [remote \"origin\"]\n\turl = ext::{script} %S\n\tpromisor = true\n[protocol]\n\tallow = always\n"
            ),
        );
        std::fs::remove_file(t.loose(&id)).unwrap();
        all().gaps([format!("missing-object {id}")])
    }));
    cases
}

fn hooks() -> Vec<Case> {
    let names = [
        "fsmonitor-watchman",
        "post-index-change",
        "reference-transaction",
        "pre-auto-gc",
        "post-checkout",
        "pre-commit",
        "sendemail-validate",
    ];
    vec![case("hooks-of-every-name", move |t| {
        let script = script(t);
        ground(t);
        for name in names {
            std::fs::create_dir_all(t.path(".git/hooks")).unwrap();
            std::fs::copy(&script, t.path(".git/hooks").join(name)).unwrap();
        }
        all()
    })]
}

/// Settings that name more files, or other directories.
fn leading_away() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, text) in [
        ("worktree-elsewhere", "[core]\n\tworktree = ../../elsewhere\n"),
        ("worktree-root", "[core]\n\tworktree = /\n"),
        ("bare", "[core]\n\tbare = true\n"),
        ("include-of-itself", "[include]\n\tpath = config\n"),
        ("include-of-nothing", "[include]\n\tpath = /nowhere\n"),
        ("include-endless", "[include]\n\tpath = /dev/zero\n[core]\n\texcludesFile = /dev/zero\n"),
        ("attributes-endless", "[core]\n\tattributesFile = /dev/zero\n[mailmap]\n\tfile = /dev/zero\n"),
        ("include-if", "[includeIf \"gitdir:/\"]\n\tpath = /dev/zero\n"),
        ("grafts-and-replacements", "[core]\n\tuseReplaceRefs = true\n"),
        ("big-file-threshold", "[core]\n\tbigFileThreshold = 1\n"),
        ("ignore-case", "[core]\n\tignoreCase = true\n\tprecomposeUnicode = true\n"),
        ("no-symlinks", "[core]\n\tsymlinks = false\n\tfileMode = false\n"),
        ("delta-base-cache", "[core]\n\tdeltaBaseCacheLimit = 9999g\n\tpackedGitWindowSize = 1\n"),
        ("loose-compression", "[core]\n\tcompression = -9\n"),
    ] {
        cases.push(case(format!("config-{name}"), move |t| {
            ground(t);
            std::fs::create_dir(t.outside("elsewhere")).unwrap();
            std::fs::write(t.outside("elsewhere/file"), line("elsewhere")).unwrap();
            configure(t, text);
            all()
        }));
    }
    cases.push(case("config-of-ten-megabytes", |t| {
        ground(t);
        configure(t, &"[a]\n\tb = c\n".repeat(1_000_000));
        all().or_refused()
    }));
    cases.push(case("config-of-brackets", |t| {
        ground(t);
        configure(t, &"[".repeat(100_000));
        all().or_refused()
    }));
    cases.push(case("config-that-is-a-link-to-an-endless-file", |t| {
        ground(t);
        std::fs::remove_file(t.path(".git/config")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", t.path(".git/config")).unwrap();
        crate::case::refused("config")
    }));
    cases
}

/// What stands in these files hides nothing.
fn attributes() -> Vec<Case> {
    let texts = [
        ("binary", "* binary\n"),
        ("no-text", "* -text -diff -merge\n"),
        ("export-ignore", "* export-ignore\n"),
        ("generated", "* linguist-generated linguist-vendored -linguist-detectable\n"),
        ("encoding", "* working-tree-encoding=UTF-16LE text eol=crlf ident\n"),
        ("lfs", "* filter=lfs diff=lfs merge=lfs -text\n"),
        ("macros", "[attr]a a\n[attr]b a b\n* a b\n"),
    ];
    let mut cases = Vec::new();
    for (name, text) in texts {
        cases.push(case(format!("attributes-{name}"), move |t| {
            ground(t);
            t.write(".gitattributes", text);
            t.write(".git/info/attributes", text);
            all()
        }));
    }
    cases.push(case("attributes-huge", |t| {
        ground(t);
        t.write(".gitattributes", "*.x a=b c=d\n".repeat(1_000_000));
        all()
    }));
    cases
}

fn ignores() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, text) in [
        ("everything", "*\n"),
        ("everything-deep", "**\n/**\n"),
        ("themselves", "*\n.gitignore\n!nothing\n"),
        ("worst-case-patterns", "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\n"),
        ("unclosed-brackets", "[[[[[[a-\n\\\n*\n"),
        ("endless-braces", "{a,{b,{c,{d,{e,{f,*\n*\n"),
    ] {
        cases.push(case(format!("ignore-{name}"), move |t| {
            t.git(["init", "-q"]);
            t.commit_file("tracked", line("tracked"));
            t.commit_file("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", line("long"));
            t.write(".gitignore", text);
            t.write(".git/info/exclude", text);
            // What is tracked cannot be ignored.
            let place = "tracked:1:3 worktree";
            finds(["tracked", "long"]).at(place).with([".", "--no-history"]).beyond_git()
        }));
    }
    cases.push(case("ignore-with-hundred-thousand-patterns", |t| {
        t.git(["init", "-q"]);
        t.commit_file("tracked", line("tracked"));
        let patterns: String = (0..100_000).map(|i| format!("*{i}*x\n")).collect();
        t.write(".gitignore", patterns);
        finds(["tracked"]).at("tracked:1:3 worktree").beyond_git()
    }));
    cases
}
