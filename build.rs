//! Embeds every file of `rules/` into the library: a new rule file is picked up by itself.

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
    let mut code = String::from("pub(crate) static FILES: &[(&str, &str)] = &[\n");
    for name in files {
        let path = Path::new(&root).join("rules").join(&name);
        println!("cargo::rerun-if-changed=rules/{name}");
        let _ = writeln!(code, "    ({name:?}, include_str!({:?})),", path.display().to_string());
    }
    code.push_str("];\n");
    fs::write(Path::new(&out).join("embedded.rs"), code).expect("OUT_DIR is writable");
}
