//! Damaged loose objects, and those that lie about themselves.

use super::{as_far_as_git, change, object, three};
use crate::case::{Case, case, finds};
use crate::support::pack::{deflate, hex, made_up_id, write_loose};
use crate::support::{Sandbox, line};

pub(crate) fn cases() -> Vec<Case> {
    [damaged(), lying(), others()].into_iter().flatten().collect()
}

fn damaged() -> Vec<Case> {
    let damages: [(&str, fn(&mut Vec<u8>)); 11] = [
        ("empty", Vec::clear),
        ("one-byte", |bytes| bytes.truncate(1)),
        ("cut-in-header", |bytes| bytes.truncate(9)),
        ("cut-in-half", |bytes| bytes.truncate(bytes.len() / 2)),
        ("cut-in-checksum", |bytes| bytes.truncate(bytes.len() - 1)),
        ("flip-first", |bytes| bytes[0] ^= 1),
        ("flip-middle", |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 8;
        }),
        ("flip-last", |bytes| *bytes.last_mut().unwrap() ^= 1),
        ("garbage-behind", |bytes| bytes.extend(b"garbage")),
        ("zeros", |bytes| bytes.fill(0)),
        ("of-nothing", |bytes| *bytes = deflate(b"")),
    ];
    let mut cases = Vec::new();
    for (name, damage) in damages {
        cases.push(case(format!("loose-blob-{name}"), move |t| {
            three(t);
            let names = ["one", "two", "three"].map(|name| (name, t.id(&format!("HEAD:{name}"))));
            change(&t.loose(&names[1].1), damage);
            as_far_as_git(t, &names)
        }));
        cases.push(case(format!("loose-tree-{name}"), move |t| {
            let ids = three(t);
            // Only this tree holds it.
            t.git(["rm", "-q", "two"]);
            t.commit("without");
            let tree = t.id(&format!("{}^{{tree}}", ids[1]));
            change(&t.loose(&tree), damage);
            let expected = finds(["one", "two", "three"]).with([".", "--no-worktree"]).beyond_git();
            let is_readable = t.try_git(["cat-file", "tree", &tree]).code == Some(0);
            match name {
                _ if is_readable => expected,
                "garbage-behind" => expected.either(),
                _ => expected.gaps([format!("corrupt-object {tree}")]),
            }
        }));
        cases.push(case(format!("loose-commit-{name}"), move |t| {
            let ids = three(t);
            change(&t.loose(&ids[1]), damage);
            let expected = finds(["one", "two", "three"]).with([".", "--no-worktree"]).beyond_git();
            let is_readable = t.try_git(["cat-file", "commit", &ids[1]]).code == Some(0);
            match name {
                _ if is_readable => expected,
                // Nothing is lost with what git complains of.
                "garbage-behind" => expected.either(),
                _ => expected.gaps([format!("corrupt-object {}", ids[1])]),
            }
        }));
    }
    cases
}

fn lying() -> Vec<Case> {
    let headers = [
        ("size-absurd", "blob 18446744073709551615"),
        ("size-more-than-fits", "blob 99999999999999999999"),
        ("size-gigabytes", "blob 3000000000"),
        ("size-more", "blob 44"),
        ("size-less", "blob 42"),
        ("size-negative", "blob -43"),
        ("size-signed", "blob +43"),
        ("size-with-zeros", "blob 00043"),
        ("size-in-hex", "blob 0x2b"),
        ("size-missing", "blob "),
        ("no-space", "blob43"),
        ("two-spaces", "blob  43"),
        ("capitals", "BLOB 43"),
        ("kind-unknown", "note 43"),
        ("kind-none", " 43"),
        ("kind-tree", "tree 43"),
        ("kind-commit", "commit 43"),
        ("kind-tag", "tag 43"),
        ("control-bytes", "blob\x1b[31m 43"),
    ];
    let one = |(name, header): (&str, &'static str)| {
        case(format!("loose-{name}"), move |t| {
            three(t);
            let id = hex(&made_up_id(0xaa));
            write_loose(&t.path(".git/objects"), &id, header, line("liar").as_bytes());
            finds(["one", "two", "three"]).or_gap(["liar"]).with(super::EVERYTHING).beyond_git()
        })
    };
    headers.into_iter().map(one).collect()
}

/// A blob `two` that `main` names, and its file, which is gone.
fn without_two(t: &Sandbox) -> (String, std::path::PathBuf) {
    three(t);
    let id = t.id("HEAD:two");
    let path = t.loose(&id);
    std::fs::remove_file(&path).unwrap();
    (id, path)
}

fn others() -> Vec<Case> {
    let both = || finds(["one", "three"]).with([".", "--no-worktree"]).beyond_git();
    vec![
        case("loose-is-a-directory", move |t| {
            let (id, path) = without_two(t);
            std::fs::create_dir(path).unwrap();
            both().gaps([format!("corrupt-object {id}")])
        }),
        case("loose-is-not-compressed", move |t| {
            let (id, path) = without_two(t);
            std::fs::write(path, format!("blob 43\0{}", line("two"))).unwrap();
            both().gaps([format!("corrupt-object {id}")])
        }),
        case("loose-is-a-link-to-itself", move |t| {
            let (id, path) = without_two(t);
            std::os::unix::fs::symlink(&path, &path).unwrap();
            both().gaps([format!("corrupt-object {id}")])
        }),
        case("loose-is-an-endless-file", move |t| {
            let (id, path) = without_two(t);
            std::os::unix::fs::symlink("/dev/zero", path).unwrap();
            both().gaps([format!("corrupt-object {id}")])
        }),
        case("loose-under-a-wrong-id", |t| {
            three(t);
            let body = line("misnamed");
            write_loose(&t.path(".git/objects"), &hex(&made_up_id(0xbb)), "blob 43", body.as_bytes());
            finds(["one", "two", "three"]).or_gap(["misnamed"]).with(super::EVERYTHING).beyond_git()
        }),
        case("loose-beside-a-damaged-packed-one", |t| {
            // Two copies: one is enough.
            three(t);
            let blob = t.id("HEAD:two");
            let loose = std::fs::read(t.loose(&blob)).unwrap();
            t.git(["repack", "-qad"]);
            change(&t.only_pack("pack"), |bytes| {
                let end = bytes.len();
                bytes[12..end - 20].fill(0);
            });
            t.write(format!(".git/objects/{}/{}", &blob[..2], &blob[2..]), loose);
            finds(["two"]).or_gap(["one", "three"]).with(super::EVERYTHING).beyond_git()
        }),
        case("loose-names-that-are-none", |t| {
            three(t);
            for name in ["aa/short", "zz/rubbish", "aa/tmp_obj_123456", "aa/.hidden", "pack/tmp_pack_1"] {
                t.write(format!(".git/objects/{name}"), "rubbish");
            }
            finds(["one", "two", "three"]).with([".", "--no-worktree"])
        }),
        case("loose-directory-is-a-file", |t| {
            t.git(["init", "-q"]);
            t.commit_file("a", line("a"));
            let taken = (0..=255u8).map(|b| t.path(format!(".git/objects/{b:02x}"))).find(|p| !p.exists());
            std::fs::write(taken.unwrap(), "rubbish").unwrap();
            // Git ends its list there.
            finds(["a"]).either().with([".", "--no-worktree"]).beyond_git()
        }),
        case("loose-hundred-megabytes-of-zeros", |t| {
            // A hundred kilobytes that become 100 MB.
            three(t);
            object(t, "blob", &[vec![0; 100 << 20], line("end").into_bytes()].concat());
            finds(["one", "two", "three"]).or_gap(["end"]).with(super::EVERYTHING).beyond_git()
        }),
    ]
}
