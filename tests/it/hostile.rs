//! Repositories that were made to run commands, to hide files, or to use up time and memory.

use std::time::{Duration, Instant};

use crate::support::pack::{
    Body, COPY_16_MB, Entry, Id, blob_id, delta, hex, insert, made_up_id, write_loose, write_pack,
};
use crate::support::{RULE, Sandbox, line};

#[test]
fn nothing_that_the_configuration_names_is_run() {
    let sandbox = Sandbox::repository();
    let marker = sandbox.outside("marker");
    let script = sandbox.outside("script");
    std::fs::write(&script, format!("#!/bin/sh\necho \"$0 $*\" >> {}\ncat\n", marker.display())).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    sandbox.write(
        ".gitattributes",
        "* filter=evil diff=evil merge=evil working-tree-encoding=UTF-16 eol=crlf ident\n",
    );
    sandbox.write("a", line("a"));
    let blob = sandbox.git_with(["hash-object", "-w", "--stdin"], line("a").as_bytes());
    sandbox.git(["update-index", "--add", "--cacheinfo", &format!("100644,{blob},a")]);
    let id = sandbox.commit_staged("a");
    for hook in
        ["pre-commit", "post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"]
    {
        sandbox.write(format!(".git/hooks/{hook}"), std::fs::read(&script).unwrap());
        let path = sandbox.path(format!(".git/hooks/{hook}"));
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let command = script.to_str().unwrap();
    let mut config = std::fs::read_to_string(sandbox.path(".git/config")).unwrap();
    for (section, keys) in [
        (
            "core",
            &["fsmonitor", "sshCommand", "gitProxy", "pager", "editor", "askPass", "alternateRefsCommand"][..],
        ),
        ("filter \"evil\"", &["clean", "smudge", "process"]),
        ("diff \"evil\"", &["textconv", "command"]),
        ("diff", &["external"]),
        ("merge \"evil\"", &["driver"]),
        ("credential", &["helper"]),
        ("uploadpack", &["packObjectsHook"]),
        ("remote \"origin\"", &["uploadpack", "receivepack", "vcs"]),
        ("gpg", &["program"]),
        ("alias", &["scan", "status"]),
        ("pager", &["log"]),
    ] {
        config.push_str(&format!("[{section}]\n"));
        for key in keys {
            config.push_str(&format!("\t{key} = {command}\n"));
        }
    }
    config.push_str(
        "[filter \"evil\"]\n\trequired = true\n[core]\n\tautocrlf = true\n\tuntrackedCache = true\n",
    );
    // A promisor remote must not be asked for what is missing.
    config.push_str(&format!(
        "[remote \"origin\"]\n\turl = ext::{command} %S\n\tpromisor = true\n\tpartialclonefilter = blob:none\n\
         [extensions]\n\tpartialClone = origin\n[protocol]\n\tallow = always\n"
    ));
    sandbox.write(".git/config", config);
    sandbox.write(".git/refs/heads/missing", format!("{}\n", hex(&made_up_id(9))));
    for arguments in [&[][..], &["--no-history"], &["--no-worktree"]] {
        let scan = sandbox.scan(arguments);
        assert_eq!(scan.count(), 1, "{:#}", scan.report);
        assert!(scan.places().iter().all(|place| place.contains(" a:1:3 ")), "{:?}", scan.places());
    }
    let scan = sandbox.scan(&["--no-worktree"]);
    assert_eq!(scan.expect_gaps().gaps(), [format!("missing-object {}", hex(&made_up_id(9)))]);
    assert_eq!(scan.only(), [format!("a:1:3 commit {id} head")]);
    assert!(!marker.exists(), "{}", std::fs::read_to_string(marker).unwrap());
}

#[test]
fn the_configuration_cannot_lead_away_from_the_files() {
    for setting in ["worktree = ../../elsewhere", "worktree = /", "bare = true"] {
        let sandbox = Sandbox::repository();
        let id = sandbox.commit_file("tracked", line("tracked"));
        sandbox.write("untracked", line("untracked"));
        std::fs::create_dir(sandbox.outside("elsewhere")).unwrap();
        let config = format!("[core]\n\trepositoryformatversion = 0\n\t{setting}\n");
        sandbox.write(".git/config", config);
        let mut places = sandbox.scan(&[]).expect_complete().places();
        places.sort();
        let expected = [
            format!("tracked:1:3 commit {id} head"),
            "tracked:1:3 worktree".into(),
            "untracked:1:3 worktree".into(),
        ];
        assert_eq!(places, expected.map(|place| format!("{RULE} {place}")), "{setting}");
        assert_eq!(sandbox.scan(&["--no-history"]).expect_complete().count(), 2, "{setting}");
    }
}

#[test]
fn the_configuration_cannot_name_more_files_to_read() {
    let sandbox = Sandbox::repository();
    let id = sandbox.commit_file("a", line("a"));
    let pipe = sandbox.outside("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut config = std::fs::read_to_string(sandbox.path(".git/config")).unwrap();
    // Whoever opens it waits for ever.
    config.push_str(&format!(
        "[include]\n\tpath = {0}\n[includeIf \"gitdir:/\"]\n\tpath = {0}\n\
         [core]\n\tattributesFile = {0}\n\texcludesFile = {0}\n[mailmap]\n\tfile = {0}\n",
        pipe.display()
    ));
    sandbox.write(".git/config", config);
    assert_eq!(
        sandbox.scan(&["--no-worktree"]).expect_complete().only(),
        [format!("a:1:3 commit {id} head")]
    );
    sandbox.scan(&[]).expect_complete();
}

#[test]
fn pipes_inside_the_git_directory_do_not_hold_the_scan_up() {
    let loose = format!("objects/aa/{}", "a".repeat(38));
    for name in [
        "logs/refs/pipe",
        "refs/heads/pipe",
        "FETCH_HEAD",
        "index",
        "objects/pack/pack-1.idx",
        "objects/pack/pack-1.pack",
        &loose,
    ] {
        let sandbox = Sandbox::repository();
        sandbox.commit_file("a", line("a"));
        let path = sandbox.path(".git").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(&path);
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let scan = sandbox.scan(&[]);
        assert_eq!(scan.count(), 1, "{name} {:?}", scan.gaps());
    }
}

#[test]
fn pipes_in_place_of_what_a_repository_is_made_of_are_an_error() {
    for name in ["HEAD", "config", "info/exclude", "objects/info/alternates", "packed-refs", "shallow"] {
        let sandbox = Sandbox::repository();
        let path = sandbox.path(".git").join(name);
        let _ = std::fs::remove_file(&path);
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let output = sandbox.muzzle(["scan"]);
        assert_eq!(output.code, Some(2), "{name}: {}", output.stderr);
        assert!(output.stderr.contains(name), "{}", output.stderr);
    }
}

#[test]
fn a_pipe_called_gitignore() {
    let sandbox = Sandbox::repository();
    assert!(std::process::Command::new("mkfifo").arg(sandbox.path(".gitignore")).status().unwrap().success());
    sandbox.write("a", line("a"));
    assert_eq!(sandbox.scan(&[]).count(), 1);
}

#[test]
fn an_index_cannot_lead_out_of_the_working_tree() {
    let sandbox = Sandbox::repository();
    std::fs::write(sandbox.outside("outside"), line("outside")).unwrap();
    let target = sandbox.outside("");
    sandbox.write("a", "a\n");
    let blob = sandbox.git(["hash-object", "-w", "a"]);
    sandbox.git(["update-index", "--add", "--cacheinfo", &format!("100644,{blob},link/outside")]);
    // git refuses such names, so the name is changed afterwards, and so is the checksum, to "none".
    let mut index = std::fs::read(sandbox.path(".git/index")).unwrap();
    let at = index.windows(12).position(|window| window == b"link/outside").unwrap();
    for name in [&b"../x/../outs"[..], b"../../outsid", b".git/config\0"] {
        index[at..at + 12].copy_from_slice(name);
        let end = index.len() - 20;
        index[end..].fill(0);
        sandbox.write(".git/index", &index);
        let scan = sandbox.scan(&["--no-history"]);
        assert!(scan.count() == 0 && matches!(scan.code, 0 | 3), "{:#}", scan.report);
    }
    std::fs::remove_file(sandbox.path(".git/index")).unwrap();
    sandbox.git(["update-index", "--add", "--cacheinfo", &format!("100644,{blob},link/outside")]);
    std::os::unix::fs::symlink(target, sandbox.path("link")).unwrap();
    sandbox.scan(&[]).expect_clean();
}

/// A repository with one honest commit, and the directory for packs.
fn honest() -> (Sandbox, std::path::PathBuf) {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("honest", line("honest"));
    let packs = sandbox.path(".git/objects/pack");
    (sandbox, packs)
}

fn scan_and_keep_honest(sandbox: &Sandbox) -> crate::support::Scan {
    let started = Instant::now();
    let scan = sandbox.scan(&["--no-worktree", "--unreachable"]);
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    assert!(scan.places().iter().any(|place| place.contains(" honest:1:3 ")), "{:#}", scan.report);
    scan
}

#[test]
fn a_pack_written_by_hand_is_read() {
    let (sandbox, packs) = honest();
    let (base, text) = (line("base"), line("child"));
    let ids = [base.as_bytes(), text.as_bytes()].map(blob_id);
    let operations = insert(text.as_bytes());
    let change = delta(base.len() as u64, text.len() as u64, &operations);
    let whole = || Entry::new(ids[0], Body::Blob(base.clone().into_bytes()));
    // Forward references come before what they refer to.
    let layouts: [Vec<Entry>; 3] = [
        vec![whole(), Entry::new(ids[1], Body::Offset(0, change.clone()))],
        vec![whole(), Entry::new(ids[1], Body::Reference(ids[0], change.clone()))],
        vec![Entry::new(ids[1], Body::Reference(ids[0], change.clone())), whole()],
    ];
    for entries in layouts {
        write_pack(&packs, "hand", &entries);
        let scan = scan_and_keep_honest(&sandbox);
        let mut expected: Vec<String> =
            ids.iter().map(|id| format!("{RULE} {}:1:3 unreachable", hex(id))).collect();
        expected.push(format!("{RULE} honest:1:3 commit {} head", sandbox.id("HEAD")));
        let mut places = scan.expect_complete().places();
        places.sort();
        expected.sort();
        assert_eq!(places, expected);
    }
}

#[test]
fn deltas_that_go_round_in_circles() {
    let (a, b, c) = (made_up_id(1), made_up_id(2), made_up_id(3));
    let change = || delta(4, 4, &insert(b"abcd"));
    let reference = |id: Id, base: Id| Entry::new(id, Body::Reference(base, change()));
    let circles: [Vec<Entry>; 5] = [
        vec![reference(a, a)],
        vec![reference(a, b), reference(b, a)],
        vec![reference(a, b), reference(b, c), reference(c, a)],
        // One leg by offset, one by name.
        vec![reference(a, b), Entry::new(b, Body::Offset(0, change()))],
        vec![Entry::new(a, Body::Distance(0, change())), Entry::new(b, Body::Distance(1 << 40, change()))],
    ];
    for (number, entries) in circles.iter().enumerate() {
        let (sandbox, packs) = honest();
        write_pack(&packs, "circle", entries);
        let scan = scan_and_keep_honest(&sandbox);
        let expected: Vec<String> =
            entries.iter().map(|entry| format!("corrupt-object {}", hex(&entry.id))).collect();
        assert_eq!(scan.expect_gaps().gaps(), expected, "{number}");
    }
}

#[test]
fn a_delta_of_something_that_is_not_in_the_pack() {
    let (sandbox, packs) = honest();
    let lost = made_up_id(7);
    write_pack(
        &packs,
        "thin",
        &[Entry::new(lost, Body::Reference(made_up_id(8), delta(4, 4, &insert(b"abcd"))))],
    );
    let scan = scan_and_keep_honest(&sandbox);
    assert_eq!(scan.expect_gaps().gaps(), [format!("corrupt-object {}", hex(&lost))]);
}

#[test]
fn entries_that_lie_about_their_size() {
    for size in [0, 1, 43, 45, 1 << 20, 300 << 20, 1 << 40, u64::MAX >> 1] {
        let (sandbox, packs) = honest();
        let id = made_up_id(5);
        let mut entry = Entry::new(id, Body::Blob(line("liar").into_bytes()));
        assert_eq!(entry.size, 43);
        entry.size = size;
        write_pack(&packs, "liar", &[entry]);
        let scan = scan_and_keep_honest(&sandbox);
        if size == 43 {
            assert_eq!(scan.expect_complete().count(), 2);
        } else {
            let gaps = scan.expect_gaps().gaps();
            assert!(gaps.contains(&format!("corrupt-object {}", hex(&id))), "{size} {gaps:?}");
        }
    }
}

#[test]
fn deltas_that_lie() {
    let base = b"0123456789abcdef";
    let lies: [Vec<u8>; 7] = [
        delta(16, 1 << 40, &insert(b"x")),
        delta(16, u64::MAX >> 1, &COPY_16_MB),
        delta(15, 1, &insert(b"x")),
        delta(16, 17, &[0x90, 17]),
        delta(16, 5, &[]),
        vec![0xff; 30],
        Vec::new(),
    ];
    let (sandbox, packs) = honest();
    let ids: Vec<Id> = (0..lies.len()).map(|i| made_up_id(u8::try_from(i).unwrap() + 10)).collect();
    let mut entries = vec![Entry::new(blob_id(base), Body::Blob(base.to_vec()))];
    // Each has a child that is lost with it.
    for (lie, id) in lies.iter().zip(&ids) {
        let at = entries.len();
        entries.push(Entry::new(*id, Body::Offset(0, lie.clone())));
        entries.push(Entry::new(made_up_id(id[0] + 100), Body::Offset(at, delta(1, 1, &insert(b"x")))));
    }
    write_pack(&packs, "lies", &entries);
    let scan = scan_and_keep_honest(&sandbox);
    assert_eq!(scan.expect_gaps().gaps().len(), 2 * lies.len(), "{:#}", scan.report["gaps"]);
}

/// Each step doubles; the last would have 16 GiB.
#[test]
fn deltas_that_grow_beyond_all_bounds() {
    let (sandbox, packs) = honest();
    let mut size = (16 << 20) - 1;
    let mut entries = vec![Entry::new(made_up_id(1), Body::Blob(vec![b' '; (16 << 20) - 1]))];
    for step in 0..10u8 {
        // Copies of 16 MiB at most, as often as needed.
        let operations = COPY_16_MB.repeat(usize::try_from(2 * size / ((16 << 20) - 1)).unwrap());
        let body = Body::Offset(usize::from(step), delta(size, 2 * size, &operations));
        entries.push(Entry::new(made_up_id(step + 2), body));
        size *= 2;
    }
    write_pack(&packs, "bomb", &entries);
    let scan = scan_and_keep_honest(&sandbox);
    let gaps = scan.expect_gaps().gaps();
    // What is larger than the budget, and what is made from that.
    assert!(gaps.iter().any(|gap| gap.starts_with("too-large ")), "{gaps:?}");
    assert!(gaps.contains(&format!("corrupt-object {}", hex(&made_up_id(11)))), "{gaps:?}");
}

#[test]
fn very_long_chains_of_deltas() {
    let (sandbox, packs) = honest();
    let first = line("chain0");
    let mut entries = vec![Entry::new(blob_id(first.as_bytes()), Body::Blob(first.clone().into_bytes()))];
    let length = first.len() as u64;
    let count = 20_000usize;
    for i in 0..count {
        let mut id = made_up_id(0x40);
        id[..4].copy_from_slice(&u32::try_from(i).unwrap().to_be_bytes());
        // The last one is something else; all the others copy their base.
        let change = if i + 1 == count {
            delta(length, length, &insert(line("chain9").as_bytes()))
        } else {
            delta(length, length, &[0x90, u8::try_from(length).unwrap()])
        };
        entries.push(Entry::new(id, Body::Offset(i, change)));
    }
    write_pack(&packs, "chain", &entries);
    let scan = scan_and_keep_honest(&sandbox);
    assert_eq!(scan.expect_complete().count(), 3);
    assert_eq!(scan.report["scanned"]["blobs"], 2 + count);
}

#[test]
fn loose_objects_that_lie() {
    let body = line("liar");
    let lies = [
        ("blob 99999999999999999".to_owned(), 1),
        ("blob 18446744073709551615".into(), 1),
        ("blob 18446744073709551616".into(), 0),
        ("blob 50000000".into(), 1),
        (format!("blob {}", body.len() + 1), 0),
        (format!("blob {}", body.len() - 1), 0),
        ("blob -1".into(), 0),
        ("blob".into(), 0),
        ("rubbish 43".into(), 0),
        ("x".repeat(100), 0),
        ("tree 43".into(), 0),
        ("commit 43".into(), 1),
        ("tag 43".into(), 1),
    ];
    for (header, found) in lies {
        let (sandbox, _) = honest();
        let id = hex(&made_up_id(0xaa));
        write_loose(&sandbox.path(".git/objects"), &id, &header, body.as_bytes());
        let scan = scan_and_keep_honest(&sandbox);
        let gaps = scan.expect_gaps().gaps();
        assert_eq!(gaps, [format!("corrupt-object {id}")], "{header}");
        assert_eq!(scan.count(), 1 + found, "{header}");
    }
}

/// 41 MB are announced, and one more line follows.
#[test]
fn a_large_loose_object_that_goes_on() {
    let (sandbox, packs) = honest();
    let objects = packs.parent().unwrap();
    let id = hex(&made_up_id(0xbb));
    let mut body = vec![b'\n'; 41_000_000];
    write_loose(objects, &id, "blob 41000000", &body);
    scan_and_keep_honest(&sandbox).expect_complete();
    body.extend(line("beyond").as_bytes());
    write_loose(objects, &id, "blob 41000000", &body);
    let scan = scan_and_keep_honest(&sandbox);
    assert_eq!(scan.expect_gaps().gaps(), [format!("corrupt-object {id}")]);
}

#[test]
fn directories_two_thousand_deep() {
    let sandbox = Sandbox::repository();
    let path = format!("{}secret", "d/".repeat(2000));
    let text = line("deep");
    let stream = format!(
        "commit refs/heads/main\ncommitter A <a@b> 1600000000 +0000\ndata 1\nm\nM 100644 inline {path}\ndata {}\n{text}\n",
        text.len()
    );
    sandbox.git_with(["fast-import", "--quiet"], stream.as_bytes());
    let expected = [format!("{path}:1:3 commit {} head", sandbox.id("main"))];
    assert_eq!(sandbox.scan(&["--no-worktree"]).expect_complete().only(), expected);
}

/// A tree that unfolds to ten thousand million files.
#[test]
fn a_tree_bomb() {
    let sandbox = Sandbox::repository();
    let mut object = sandbox.git_with(["hash-object", "-w", "--stdin"], line("bomb").as_bytes());
    for level in 0..10 {
        let kind = if level == 0 { "100644 blob" } else { "040000 tree" };
        let listing: String = (0..10).map(|i| format!("{kind} {object}\tf{i}\n")).collect();
        object = sandbox.git_with(["mktree"], listing.as_bytes());
    }
    let commit = sandbox.git(["commit-tree", "-m", "bomb", &object]);
    sandbox.git(["update-ref", "refs/heads/main", &commit]);
    let started = Instant::now();
    let scan = sandbox.scan(&["--no-worktree"]);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert_eq!(scan.count(), 1);
    assert_eq!(scan.findings()[0]["in_head"], true);
    assert_eq!(scan.findings()[0]["first_seen"]["id"], commit);
}

#[test]
fn alternates_that_go_round_in_circles_or_nowhere() {
    for text in [".\n", "../objects\n", "/dev/null\n", "/nowhere\n", "\0\u{1}\n", "/dev/zero\n"] {
        let (sandbox, _) = honest();
        sandbox.write(".git/objects/info/alternates", text);
        let output = sandbox.muzzle(["scan", "-o", "json", "--no-worktree"]);
        // Refused, or read as far as it goes.
        assert!(matches!(output.code, Some(1 | 2 | 4)), "{text:?} {:?} {}", output.code, output.stderr);
    }
}
