//! Names and messages that try to take over a terminal or a pipeline.

use crate::case::{Case, case, finds};
use crate::support::{Sandbox, line};

const FORMATS: [&str; 9] = ["human", "github", "markdown", "csv", "gitlab", "junit", "sarif", "html", "json"];

/// No form of the report holds raw control or bidi characters, nor lines that a pipeline would obey.
fn shows_nothing_raw(t: &Sandbox) {
    for format in FORMATS {
        for color in ["never", "always"] {
            let run = t.muzzle(["scan", ".", "-o", format, "--color", color]);
            let text =
                String::from_utf8(run.stdout).unwrap_or_else(|_| panic!("{format}: no UTF-8")) + &run.stderr;
            let text = if color == "always" { anstream::adapter::strip_str(&text).to_string() } else { text };
            let raw = |c: char| {
                (c.is_control() && c != '\n' && !(c == '\r' && format == "csv"))
                    || ('\u{202a}'..='\u{202e}').contains(&c)
                    || ('\u{2066}'..='\u{2069}').contains(&c)
            };
            assert!(!text.contains(raw), "{format}: {:?}", text.lines().find(|line| line.contains(raw)));
            let own = |line: &str| {
                format == "github"
                    && ["::error ", "::warning ", "::notice "].iter().any(|own| line.starts_with(own))
            };
            let command = text
                .lines()
                .find(|line| line.starts_with("::") && (!own(line) || line.starts_with("::error file=x,")));
            assert_eq!(command, None, "{format}");
            let azure =
                text.lines().find(|line| line.trim_start().starts_with("##[") || line.starts_with("##vso"));
            assert_eq!(azure, None, "{format}");
        }
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let names: [(&str, Vec<u8>); 22] = [
        ("escape", b"a\x1b[2J\x1b]0;title\x07b".into()),
        ("hyperlink", b"a\x1b]8;;http:x\x1b\\b".into()),
        ("newline", b"a\nb".into()),
        ("carriage-return", b"a\rb".into()),
        ("tab", b"a\tb".into()),
        ("backspace", b"a\x08\x08\x08b".into()),
        ("delete", b"a\x7fb".into()),
        ("c1", "a\u{9b}31mb".into()),
        ("raw-c1", b"a\x9b31mb".into()),
        ("workflow-command", b"a\n::error file=x,title=evil-title::evil".into()),
        ("workflow-command-encoded", b"a%0A::set-output name=evil::b".into()),
        ("workflow-stop-commands", b"::stop-commands::evil".into()),
        ("azure-command", b"a\n##vso[task.setvariable variable=evil]b".into()),
        ("bidi", "a\u{202e}gpj.exe\u{2066}".into()),
        ("zero-width", "a\u{200b}\u{feff}b".into()),
        ("option", b"--no-history".into()),
        ("dash", b"-".into()),
        ("markup", b"<script>alert(1)<".into()),
        ("markdown", b"](http:x)![y](z)|`".into()),
        ("formula", b"=cmd|' 'C'!A0".into()),
        ("not-utf-8", b"\xff\xfe\xc0\x80".into()),
        ("template", b"${{ github.token }}$(id)`id`".into()),
    ];
    let mut cases = Vec::new();
    for (what, name) in names {
        let file = name.clone();
        cases.push(case(format!("file-name-{what}"), move |t| {
            use std::os::unix::ffi::OsStrExt as _;
            t.git(["init", "-q"]);
            t.write(std::ffi::OsStr::from_bytes(&file), line("one"));
            t.commit("m");
            shows_nothing_raw(t);
            finds(["one"])
        }));
        cases.push(case(format!("author-and-message-{what}"), move |t| {
            t.git(["init", "-q"]);
            let blob = t.git_with(["hash-object", "-w", "--stdin"], line("one").as_bytes());
            let tree = t.git_with(["mktree"], format!("100644 blob {blob}\ta\n").as_bytes());
            let mut text = format!("tree {tree}\nauthor ").into_bytes();
            let one_line: Vec<u8> = name.iter().map(|b| if *b == b'\n' { b' ' } else { *b }).collect();
            text.extend([&one_line, &b" <"[..], &one_line, b"> 1600000000 +0000\ncommitter "].concat());
            text.extend([&one_line, &b" <x> 1600000000 +0000\n\n"[..], &name, b"\n"].concat());
            let id = crate::broken::object(t, "commit", &text);
            t.write(".git/refs/heads/main", format!("{id}\n"));
            shows_nothing_raw(t);
            finds(["one"]).at("a:1:3 commit").beyond_git()
        }));
    }
    for (what, name) in [
        ("escape", "a\u{1b}[31mb"),
        ("bidi", "a\u{202e}b"),
        ("workflow-command", "::error::evil"),
        ("markup", "<script>alert(1)"),
        ("template", "${{github.token}}"),
    ] {
        cases.push(case(format!("branch-name-{what}"), move |t| {
            t.git(["init", "-q"]);
            let id = t.commit_file("a", line("one"));
            t.write(format!(".git/refs/heads/{name}"), format!("{id}\n"));
            shows_nothing_raw(t);
            finds(["one"]).either().beyond_git()
        }));
    }
    cases.push(case("line-that-is-a-command", |t| {
        t.write("a", format!("\u{1b}[2J{}\n::error::evil\n##vso[task.x]y\n", line("one").trim_end()));
        shows_nothing_raw(t);
        finds(["one"])
    }));
    cases
}
