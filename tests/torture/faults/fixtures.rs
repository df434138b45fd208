//! Small grounds, each token in one place of its own.

use crate::support::{Sandbox, line};

/// A ground, and what a scan of it finds.
pub(crate) struct Fixture {
    pub(crate) name: &'static str,
    pub(crate) tokens: &'static [&'static str],
    /// Behind `muzzle scan`.
    pub(crate) arguments: &'static [&'static str],
    pub(crate) make: fn(&Sandbox),
}

pub(crate) static FIXTURES: &[Fixture] = &[
    Fixture { name: "directory", tokens: &["top", "below", "link", "wide"], arguments: &[], make: directory },
    Fixture { name: "loose", tokens: &["old", "kept", "new"], arguments: &[], make: loose },
    Fixture { name: "packed", tokens: &["first", "second"], arguments: &[], make: packed },
    Fixture { name: "several_packs", tokens: &["one", "two", "three"], arguments: &[], make: several_packs },
    Fixture { name: "alternates", tokens: &["lent", "own"], arguments: &[], make: alternates },
    Fixture { name: "refs", tokens: &["branch", "tagged", "logged"], arguments: &[], make: references },
    Fixture { name: "staged", tokens: &["staged"], arguments: &["--staged"], make: staged },
    Fixture { name: "range", tokens: &["late"], arguments: &["--range", "start..main"], make: range },
    Fixture { name: "worktrees", tokens: &["linked", "ignored"], arguments: &[], make: worktrees },
    Fixture { name: "bare", tokens: &["bared"], arguments: &[], make: bare },
    Fixture { name: "archive", tokens: &["zipped"], arguments: &[], make: archive },
];

fn init(t: &Sandbox) {
    t.git(["init", "-q", "--template="]);
}

fn directory(t: &Sandbox) {
    t.write("top.txt", line("top"));
    t.write("a/b/below.txt", line("below"));
    std::os::unix::fs::symlink(line("link").trim_end(), t.path("to")).unwrap();
    let wide: Vec<u8> =
        format!("\u{feff}{}", line("wide")).encode_utf16().flat_map(u16::to_le_bytes).collect();
    t.write("wide.txt", wide);
    t.write(".gitignore", "*.log\n");
}

fn loose(t: &Sandbox) {
    init(t);
    t.commit_file("a", line("old"));
    t.commit_file("a", "nothing\n");
    t.commit_file("d/b", line("kept"));
    t.write("c", line("new"));
}

fn packed(t: &Sandbox) {
    init(t);
    let text = "a line of text\n".repeat(40);
    t.commit_file("a", format!("{text}{}", line("first")));
    t.commit_file("a", format!("{text}{}{text}", line("second")));
    t.commit_file("a", text);
    t.git(["repack", "-qadf"]);
    t.git(["pack-refs", "--all"]);
}

fn several_packs(t: &Sandbox) {
    init(t);
    for name in ["one", "two", "three"] {
        t.commit_file("a", line(name));
        t.git(["repack", "-q"]);
        t.git(["prune-packed", "-q"]);
    }
    t.git(["multi-pack-index", "write"]);
    t.commit_file("a", "none\n");
}

fn alternates(t: &Sandbox) {
    init(t);
    t.git(["init", "-q", "--template=", "--bare", "../lender.git"]);
    t.commit_file("a", line("lent"));
    t.git(["repack", "-qad"]);
    t.git(["prune-packed", "-q"]);
    let lent = t.outside("lender.git/objects");
    std::fs::remove_dir(lent.join("pack")).unwrap();
    std::fs::rename(t.path(".git/objects/pack"), lent.join("pack")).unwrap();
    std::fs::create_dir(t.path(".git/objects/pack")).unwrap();
    t.write(".git/objects/info/alternates", format!("{}\n", lent.display()));
    t.commit_file("a", line("own"));
    t.commit_file("a", "none\n");
}

fn references(t: &Sandbox) {
    init(t);
    t.deleted_branch(line("logged"));
    t.git(["checkout", "-q", "-b", "deep/er/side"]);
    t.commit_file("s", line("branch"));
    t.git(["checkout", "-q", "main"]);
    t.git(["checkout", "-q", "--detach"]);
    t.commit_file("t", line("tagged"));
    t.git(["tag", "-a", "-m", "t", "v1"]);
    t.git(["checkout", "-q", "main"]);
}

fn staged(t: &Sandbox) {
    init(t);
    t.commit_file("d/a", "none\n");
    t.write("d/b", line("staged"));
    t.git(["add", "-A"]);
    t.write("d/b", "none\n");
}

fn range(t: &Sandbox) {
    init(t);
    t.commit_file("a", "none\n");
    t.git(["tag", "start"]);
    t.commit_file("d/b", line("late"));
    t.commit_file("d/b", "none\n");
    t.git(["repack", "-qad"]);
}

fn worktrees(t: &Sandbox) {
    init(t);
    t.commit_file("a", "none\n");
    // Only the HEAD of the other working tree leads there; and a tracked file that is ignored is read.
    t.git(["worktree", "add", "-q", "--detach", "../other"]);
    let other = t.outside("other");
    std::fs::write(other.join("l"), line("linked")).unwrap();
    t.git_in(&other, ["add", "-A"], b"");
    t.git_in(&other, ["commit", "-qm", "linked"], b"");
    std::fs::remove_dir_all(t.path(".git/worktrees/other/logs")).unwrap();
    t.write("i/ignored", "none\n");
    t.git(["add", "-A"]);
    t.write(".gitignore", "i/\n");
    t.write("i/ignored", line("ignored"));
}

fn bare(t: &Sandbox) {
    init(t);
    t.commit_file("a", line("bared"));
    t.git(["clone", "-q", "--bare", "--template=", ".", "../bare"]);
    std::fs::remove_dir_all(t.path("")).unwrap();
    std::fs::rename(t.outside("bare"), t.path("")).unwrap();
}

fn archive(t: &Sandbox) {
    init(t);
    // Members that are stored: the bytes stand in it as they are.
    let mut held = Vec::new();
    let mut encoder = flate2::write::GzEncoder::new(&mut held, flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, line("zipped").as_bytes()).unwrap();
    encoder.finish().unwrap();
    t.commit_file("a.gz", held);
    t.git(["repack", "-qad"]);
    t.git(["prune-packed", "-q"]);
}
