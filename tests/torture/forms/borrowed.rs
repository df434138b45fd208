//! Objects that lie in another repository, by `objects/info/alternates`.

use super::past;
use crate::case::{Case, Expected, case, finds, refused};
use crate::support::{Sandbox, is_root};

const ALTERNATES: &str = ".git/objects/info/alternates";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = ways_to_say_it();
    cases.extend(several());
    cases.extend(broken());
    cases
}

/// Another repository with a token, and its object directory.
fn lender(t: &Sandbox, name: &str) -> String {
    let directory = t.outside(name);
    t.git_in(&t.outside("home"), ["init", "-q", directory.to_str().unwrap()], b"");
    std::fs::write(directory.join(name), crate::support::line(name)).unwrap();
    t.git_in(&directory, ["add", "-A"], b"");
    t.git_in(&directory, ["commit", "-q", "-m", name], b"");
    directory.join(".git/objects").to_str().unwrap().to_owned()
}

/// A repository that has the commits of others and none of their objects.
fn borrower(t: &Sandbox, names: &[&str], alternates: impl AsRef<[u8]>) {
    t.git(["init", "-q"]);
    past(t, "own");
    t.write(ALTERNATES, alternates);
    for name in names {
        let head = t.git_in(&t.outside(name), ["rev-parse", "HEAD"], b"");
        t.write(format!(".git/refs/heads/{name}"), format!("{head}\n"));
    }
}

/// One lender, named in different ways; `OBJECTS` stands for its object directory.
fn ways_to_say_it() -> Vec<Case> {
    let texts = [
        ("alternates, absolute", "OBJECTS\n"),
        ("alternates, relative", "../../../lent/.git/objects\n"),
        ("alternates, no line break", "OBJECTS"),
        ("alternates, comments and empty lines", "# borrowed\n\nOBJECTS\n\n"),
        ("alternates, a slash at the end", "OBJECTS/\n"),
        ("alternates, by detours", "OBJECTS/../objects/./\n"),
        ("alternates, quoted", "\"OBJECTS\"\n"),
        ("alternates, quoted with escapes", "\"OBJ\\105CTS\"\n"),
        ("alternates, twice", "OBJECTS\nOBJECTS\n"),
        ("alternates, itself as well", "../../.git/objects\nOBJECTS\n"),
    ];
    let make = |text: &'static str| {
        move |t: &Sandbox| {
            let objects = lender(t, "lent");
            // An escape stands in the middle of the last part.
            let (front, last) = objects.rsplit_once('/').unwrap();
            let escaped = format!("{front}/{}\\{:o}{}", &last[..1], last.as_bytes()[1], &last[2..]);
            let text = text.replace("OBJECTS", &objects).replace("OBJ\\105CTS", &escaped);
            borrower(t, &["lent"], text);
            finds(["own", "lent"])
        }
    };
    texts.into_iter().map(|(name, text)| case(name, make(text))).collect()
}

fn several() -> Vec<Case> {
    vec![
        case("alternates, in a chain", |t| {
            let names = ["one", "two", "three", "four"];
            let objects = names.map(|name| lender(t, name));
            for pair in objects.windows(2) {
                std::fs::write(format!("{}/info/alternates", pair[0]), format!("{}\n", pair[1])).unwrap();
            }
            borrower(t, &names, format!("{}\n", objects[0]));
            finds(["own", "one", "two", "three", "four"])
        }),
        case("alternates, in a circle", |t| {
            let objects = ["one", "two"].map(|name| lender(t, name));
            for (here, there) in [(0, 1), (1, 0)] {
                std::fs::write(format!("{}/info/alternates", objects[here]), format!("{}\n", objects[there]))
                    .unwrap();
            }
            borrower(t, &["one", "two"], format!("{}\n", objects[0]));
            finds(["own", "one", "two"])
        }),
        case("alternates, many", |t| {
            let names: Vec<String> = (0..20).map(|number| format!("lender{number}")).collect();
            let objects: Vec<String> = names.iter().map(|name| lender(t, name)).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            borrower(t, &names, objects.join("\n"));
            finds(names.into_iter().chain(["own"]))
        }),
        case("alternates, packed and collected", |t| {
            lender(t, "lent");
            t.git_in(&t.outside("lent"), ["gc", "-q"], b"");
            t.git_in(&t.outside("lent"), ["multi-pack-index", "write", "--bitmap"], b"");
            borrower(t, &["lent"], "../../../lent/.git/objects\n");
            finds(["own", "lent"])
        }),
        case("a shared clone", |t| {
            lender(t, "lent");
            t.git(["clone", "-q", "--shared", "--no-checkout", "../lent", "."]);
            finds(["lent"])
        }),
        case("a clone by reference", |t| {
            lender(t, "lent");
            t.git(["clone", "-q", "--no-local", "--reference", "../lent", "--no-checkout", "../lent", "."]);
            past(t, "own");
            finds(["lent", "own"])
        }),
        case("a fork network", |t| {
            lender(t, "pool");
            for fork in ["../left", "../right"] {
                t.git(["clone", "-q", "--shared", "--bare", "../pool", fork]);
            }
            t.git(["clone", "-q", "--shared", "--no-checkout", "../left", "."]);
            past(t, "own");
            finds(["pool", "own"])
        }),
    ]
}

/// What is borrowed and is not there is said, and what is there is read.
fn broken() -> Vec<Case> {
    let said = |t: &Sandbox, alternates: &[u8]| -> Expected {
        borrower(t, &[], alternates);
        finds(["own"]).gaps(["missing-object"])
    };
    let mut cases = vec![
        case("alternates, nowhere", move |t| said(t, b"../../../nowhere/.git/objects\n")),
        case("alternates, nowhere and somewhere", |t| {
            let objects = lender(t, "lent");
            borrower(t, &["lent"], format!("/nowhere/at/all\n{objects}\n"));
            finds(["own", "lent"]).gaps(["missing-object"])
        }),
        case("alternates, a file", move |t| {
            std::fs::write(t.outside("file"), "rubbish").unwrap();
            said(t, b"../../../file\n")
        }),
        case("alternates, a pipe", move |t| {
            pipe(t, "pipe");
            said(t, b"../../../pipe\n")
        }),
        case("alternates, a name that is none", move |t| said(t, b"../../../\xff\xfe\n")),
        case("alternates, a quote that does not end", move |t| said(t, b"\"../../../lent/.git/objects\n")),
        case("alternates, that of a lender is a directory", |t| {
            let objects = lender(t, "lent");
            std::fs::create_dir(format!("{objects}/info/alternates")).unwrap();
            borrower(t, &["lent"], format!("{objects}\n"));
            finds(["own", "lent"]).gaps(["missing-object"])
        }),
        case("alternates, that of a lender is a pipe", |t| {
            let objects = lender(t, "lent");
            pipe(t, "lent/.git/objects/info/alternates");
            borrower(t, &[], format!("{objects}\n"));
            refused("no file")
        }),
    ];
    if !is_root() {
        cases.push(case("alternates, not to be read", |t| {
            lender(t, "lent");
            borrower(t, &[], "../../../lent/.git/objects\n");
            let path = t.path(ALTERNATES);
            std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
            finds(["own"]).gaps(["missing-object"]).beyond_git()
        }));
    }
    cases
}

fn pipe(t: &Sandbox, below: &str) {
    let status = std::process::Command::new("mkfifo").arg(t.outside(below)).status().unwrap();
    assert!(status.success());
}
