//! How refs are stored and what they name.

use super::{loner, past};
use crate::case::{Case, case, finds};
use crate::support::{Sandbox, line};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = packed();
    cases.extend(loose());
    cases.extend(targets());
    cases
}

/// A commit that only the ref `refs/heads/odd` will name, and nothing else but `main`. Its id.
fn ground(t: &Sandbox) -> String {
    t.git(["init", "-q"]);
    past(t, "past");
    let id = loner(t, "odd");
    t.git(["reflog", "expire", "--expire=now", "--all"]);
    id
}

/// `packed-refs` in different hands; `ID` stands for the commit of `refs/heads/odd`, `TAG` for an annotated tag,
/// `PEELED` for what it names.
fn packed() -> Vec<Case> {
    let whole = [
        (
            "as git writes it",
            "# pack-refs with: peeled fully-peeled sorted \nID refs/heads/odd\nTAG refs/tags/tag\n^PEELED\n",
        ),
        ("no header", "ID refs/heads/odd\nTAG refs/tags/tag\n^PEELED\n"),
        ("not peeled", "# pack-refs with:\nTAG refs/tags/tag\nID refs/heads/odd\n"),
        ("not sorted", "TAG refs/tags/tag\n^PEELED\nID refs/heads/odd\n"),
        ("not sorted, long", "LISTTAG refs/tags/tag\nID refs/heads/odd\n"),
        ("old header", "# pack-refs with: peeled \nID refs/heads/odd\nTAG refs/tags/tag\n^PEELED\n"),
        (
            "unknown traits",
            "# pack-refs with: peeled unheard-of sorted \nID refs/heads/odd\nTAG refs/tags/tag\n^PEELED\n",
        ),
        ("capital letters", "CAPITAL refs/heads/odd\n"),
        ("twice", "# pack-refs with: peeled fully-peeled sorted \nID refs/heads/odd\nID refs/heads/odd\n"),
        ("other names", "# pack-refs with: peeled fully-peeled sorted \nID refs/\u{e4}/\u{20ac}\n"),
    ];
    let mut cases: Vec<Case> = whole
        .into_iter()
        .map(|(name, text)| {
            case(format!("packed refs, {name}"), move |t| {
                let id = ground(t);
                t.git(["tag", "-a", "-m", "tag", "tag", &id]);
                t.write(".git/packed-refs", filled(t, text, &id));
                std::fs::remove_file(t.path(".git/refs/tags/tag")).unwrap();
                finds(["past", "odd"])
            })
        })
        .collect();
    let damaged = [
        ("line breaks of Windows", "# pack-refs with: peeled fully-peeled sorted \r\nID refs/heads/odd\r\n"),
        ("comments", "# pack-refs with: peeled fully-peeled sorted \n# a comment\nID refs/heads/odd\n"),
        ("rubbish at the end", "ID refs/heads/odd\nrubbish\n"),
        ("rubbish in the middle", "ID refs/heads/aaa\nrubbish\nID refs/heads/odd\n"),
        ("no line break at the end", "# pack-refs with: peeled fully-peeled sorted \nID refs/heads/odd"),
        ("a name that is none", "ID refs/heads/odd\nID refs/heads/..\n"),
        ("an id that is too short", "ID refs/heads/odd\n1234 refs/heads/short\n"),
    ];
    cases.extend(damaged.into_iter().map(|(name, text)| {
        case(format!("packed refs, {name}"), move |t| {
            let id = ground(t);
            t.write(".git/packed-refs", filled(t, text, &id));
            // Git gives up on some of these altogether. Either it is read, or it is said that it was not.
            finds(["past", "odd"]).either()
        })
    }));
    cases.push(case("packed refs, empty", |t| {
        ground(t);
        t.write(".git/packed-refs", "");
        finds(["past"])
    }));
    cases.push(case("packed refs, overridden by files", |t| {
        ground(t);
        t.git(["pack-refs", "--all"]);
        let stale = "12".repeat(20);
        let text = std::fs::read_to_string(t.path(".git/packed-refs")).unwrap();
        let main = t.id("main");
        t.write(".git/refs/heads/main", format!("{main}\n"));
        t.write(".git/packed-refs", text.replace(&main, &stale));
        finds(["past"])
    }));
    cases
}

fn filled(t: &Sandbox, text: &str, id: &str) -> String {
    let tag = t.try_git(["rev-parse", "-q", "--verify", "refs/tags/tag"]);
    let tag = String::from_utf8(tag.stdout).unwrap();
    let list =
        (0..300).rev().map(|number| format!("{id} refs/heads/n{number:03}\n")).collect::<Vec<_>>().concat();
    let text = text.replace("CAPITAL", &id.to_uppercase()).replace("LIST", &list);
    text.replace("PEELED", id).replace("TAG", tag.trim_end()).replace("ID", id)
}

/// Files below `refs`.
fn loose() -> Vec<Case> {
    let whole = [
        ("without line break", "refs/heads/odd", "ID"),
        ("with something behind", "refs/heads/odd", "ID\nmore\n"),
        ("with a space behind", "refs/heads/odd", "ID \n"),
        ("with the line break of Windows", "refs/heads/odd", "ID\r\n"),
        ("in capital letters", "refs/heads/odd", "CAPITAL\n"),
        ("deep down", "refs/heads/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z", "ID\n"),
        ("a stash", "refs/stash", "ID\n"),
        ("notes", "refs/notes/commits", "ID\n"),
        ("a pull request", "refs/pull/1/head", "ID\n"),
        ("at the top", "refs/odd", "ID\n"),
        ("of a remote", "refs/remotes/origin/odd", "ID\n"),
        ("with odd bytes", "refs/heads/\u{e4}\u{20ac}\u{1f600}", "ID\n"),
        ("with signs", "refs/heads/a'b\"c`d$e;f|g&h(i)j<k>l", "ID\n"),
        ("called HEAD", "refs/heads/HEAD", "ID\n"),
        ("like an id", "refs/heads/1212121212121212121212121212121212121212", "ID\n"),
    ];
    let mut cases: Vec<Case> = whole
        .into_iter()
        .map(|(name, path, text)| {
            case(format!("a ref {name}"), move |t| {
                let id = ground(t);
                t.write(format!(".git/{path}"), filled(t, text, &id));
                t.git(["rev-parse", "--verify", path]);
                finds(["past", "odd"])
            })
        })
        .collect();
    cases.extend([
        case("a ref that is a link", |t| {
            let id = ground(t);
            t.write(".git/refs/heads/odd", format!("{id}\n"));
            std::os::unix::fs::symlink("odd", t.path(".git/refs/heads/link")).unwrap();
            finds(["past", "odd"])
        }),
        case("refs that are shared by a link", |t| {
            let id = ground(t);
            t.write(".git/refs/heads/odd", format!("{id}\n"));
            t.git(["clone", "-q", "--shared", "--no-checkout", ".", "../other"]);
            std::fs::remove_dir_all(t.outside("other/.git/refs")).unwrap();
            std::os::unix::fs::symlink(t.path(".git/refs"), t.outside("other/.git/refs")).unwrap();
            finds(["past", "odd"]).with(["../other"])
        }),
        case("refs that are a link to all there is", |t| {
            let id = ground(t);
            t.write(".git/packed-refs", format!("{} refs/heads/main\n{id} refs/heads/odd\n", t.id("main")));
            std::fs::remove_dir_all(t.path(".git/refs")).unwrap();
            std::os::unix::fs::symlink("/", t.path(".git/refs")).unwrap();
            finds(["past", "odd"]).gaps(["broken-ref"]).beyond_git()
        }),
        case("a ref that is a link to what is endless", |t| {
            ground(t);
            std::os::unix::fs::symlink("/dev/zero", t.path(".git/refs/heads/zero")).unwrap();
            std::os::unix::fs::symlink("/proc", t.path(".git/refs/heads/proc")).unwrap();
            finds(["past"]).gaps(["broken-ref"]).beyond_git()
        }),
        case("a ref that is a link to a name", |t| {
            let id = ground(t);
            t.write(".git/packed-refs", format!("{id} refs/heads/odd\n"));
            std::os::unix::fs::symlink("refs/heads/odd", t.path(".git/refs/heads/link")).unwrap();
            finds(["past", "odd"]).either()
        }),
        case("a lock that was left", |t| {
            let id = ground(t);
            t.write(".git/refs/heads/odd", format!("{id}\n"));
            t.write(".git/refs/heads/odd.lock", "");
            t.write(".git/packed-refs.lock", "");
            t.write(".git/HEAD.lock", "");
            finds(["past", "odd"])
        }),
        case("symbolic refs in a circle", |t| {
            ground(t);
            t.write(".git/refs/heads/one", "ref: refs/heads/two\n");
            t.write(".git/refs/heads/two", "ref: refs/heads/one\n");
            finds(["past"])
        }),
        case("a symbolic ref to itself", |t| {
            ground(t);
            t.write(".git/refs/heads/self", "ref: refs/heads/self\n");
            finds(["past"])
        }),
        case("a symbolic ref to nothing", |t| {
            ground(t);
            t.git(["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone"]);
            finds(["past"])
        }),
        case("a directory where a ref was", |t| {
            ground(t);
            std::fs::create_dir_all(t.path(".git/refs/heads/empty/inside")).unwrap();
            finds(["past"])
        }),
        case("many refs", |t| {
            let id = ground(t);
            let list = (0..5000)
                .map(|number| format!("{id} refs/heads/n{number:04}\n"))
                .collect::<Vec<_>>()
                .concat();
            t.write(".git/packed-refs", format!("# pack-refs with: peeled fully-peeled sorted \n{list}"));
            finds(["past", "odd"])
        }),
    ]);
    cases
}

/// What a ref names besides commits.
fn targets() -> Vec<Case> {
    let blob = |t: &Sandbox| t.git_with(["hash-object", "-w", "--stdin"], line("odd").as_bytes());
    vec![
        case("a ref to a blob", move |t| {
            ground(t);
            t.git(["update-ref", "refs/odd/blob", &blob(t)]);
            finds(["past", "odd"]).at("refs/odd/blob:1:3 ref")
        }),
        case("a ref to a tree", |t| {
            let id = ground(t);
            t.git(["update-ref", "refs/odd/tree", &t.id(&format!("{id}^{{tree}}"))]);
            finds(["past", "odd"]).at("refs/odd/tree/odd:1:3 ref")
        }),
        case("a tag of a tag of a blob", move |t| {
            ground(t);
            t.git(["tag", "-a", "-m", "a", "one", &blob(t)]);
            t.git(["tag", "-a", "-m", "b", "two", "one"]);
            t.git(["tag", "-d", "one"]);
            finds(["past", "odd"])
        }),
        case("a tag of a tree", |t| {
            let id = ground(t);
            t.git(["tag", "-a", "-m", "a", "one", &format!("{id}^{{tree}}")]);
            finds(["past", "odd"])
        }),
        case("tags fifty deep", |t| {
            let mut id = ground(t);
            for number in 0..50 {
                let text = format!(
                    "object {id}\ntype {}\ntag n{number}\ntagger A <a@b> 1 +0000\n\nm\n",
                    if number == 0 { "commit" } else { "tag" }
                );
                id = t.git_with(["hash-object", "-w", "-t", "tag", "--stdin"], text.as_bytes());
            }
            t.git(["update-ref", "refs/tags/deep", &id]);
            finds(["past", "odd"])
        }),
        case("a tag of what is not there", |t| {
            ground(t);
            let nothing = "12".repeat(20);
            let text = format!("object {nothing}\ntype commit\ntag n\ntagger A <a@b> 1 +0000\n\nm\n");
            let id =
                t.git_with(["hash-object", "-w", "-t", "tag", "--literally", "--stdin"], text.as_bytes());
            t.write(".git/refs/tags/n", format!("{id}\n"));
            finds(["past"]).gaps([format!("missing-object {nothing}")])
        }),
    ]
}
