#!/usr/bin/env bash
# Packs a built muzzle for a release: dist/muzzle-VERSION-TARGET.tar.gz with the binary, its manual pages, completions
# and licences, and a Python wheel with the same binary.
#
# Usage: archive.sh TARGET VERSION. The version is the tag, such as v1.2.3, and must be that of Cargo.toml.
set -euo pipefail
cd "$(dirname "$0")/../.."
target="$1" version="$2"

binary="${CARGO_TARGET_DIR:-target}/$target/release/muzzle"
[ -x "$binary" ] || binary="$binary.exe"
is="v$("$binary" --version | cut -d ' ' -f 2)"
[ "$is" = "$version" ] || { echo "the tag is $version, and muzzle says that it is $is" >&2; exit 1; }

name="muzzle-$version-$target"
folder="$(mktemp -d)"
trap 'rm -rf -- "$folder"' EXIT
mkdir -p "$folder/$name/completions" dist
cp -- "$binary" README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "$folder/$name/"
"$binary" man --directory "$folder/$name/man"
for shell in bash elvish fish powershell zsh; do
    "$binary" completions "$shell" > "$folder/$name/completions/muzzle.$shell"
done
tar -czf "dist/$name.tar.gz" -C "$folder" "$name"

python3 -m venv "$folder/venv"
pip="$folder/venv/bin/pip"
[ -x "$pip" ] || pip="$folder/venv/Scripts/pip"
"$pip" install --quiet --disable-pip-version-check 'maturin>=1.9,<2'
"$(dirname "$pip")/maturin" build --release --locked --target "$target" --out dist --compatibility pypi
