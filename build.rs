//! Embeds every file of `rules/` into the library, whole and as far as a scan needs them: a new rule file is picked up by itself.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=rules");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let mut files: Vec<String> = fs::read_dir(Path::new(&root).join("rules"))
        .expect("the rules folder is part of the source tree")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|ext| ext == "toml"))
        .collect();
    files.sort();
    let short_files = Path::new(&out).join("lean");
    fs::create_dir_all(&short_files).expect("OUT_DIR is writable");
    let mut code = String::from("pub(crate) static FILES: &[File] = &[\n");
    for name in files {
        let path = Path::new(&root).join("rules").join(&name);
        println!("cargo::rerun-if-changed=rules/{name}");
        let text = fs::read_to_string(&path).expect("rule files are text");
        let short = short_files.join(&name);
        fs::write(&short, lean(&text)).expect("OUT_DIR is writable");
        let [path, short] = [path, short].map(|path| path.display().to_string());
        let _ = writeln!(
            code,
            "    File {{ name: {name:?}, text: include_str!({path:?}), lean: include_str!({short:?}) }},"
        );
    }
    code.push_str("];\n");
    fs::write(Path::new(&out).join("embedded.rs"), code).expect("OUT_DIR is writable");
}

/// Half of a rule file is examples and what can be done about a finding, which a scan has no use for. Line numbers stay.
fn lean(text: &str) -> String {
    const LEFT_OUT: [&str; 4] = ["[rules.examples", "[rules.verify", "[rules.revoke", "[rules.rotate"];
    let mut inside = false;
    let keep = |line: &str| {
        if line.starts_with('[') {
            inside = LEFT_OUT.iter().any(|table| line.starts_with(table));
        }
        if inside { "" } else { line }.to_owned() + "\n"
    };
    text.lines().map(keep).collect()
}
