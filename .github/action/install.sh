#!/usr/bin/env bash
# Installs muzzle into the runner's temporary folder: a release whose checksum agrees, or built from the action's own
# checkout. Says where it is in the output `muzzle`.
#
# In: INPUT_VERSION, ACTION_REF, ACTION_REPOSITORY, and what every runner sets. A mirror of the releases can be named in
# MUZZLE_RELEASES (default: https://github.com/OWNER/NAME/releases/download).
set -euo pipefail

fail() {
    printf '::error title=muzzle::%s\n' "$*"
    exit 2
}

# A name of a release: what comes from outside becomes a part of an address and of paths.
is_release() { [[ "$1" =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]]; }

target() {
    case "${RUNNER_OS:-$(uname -s)}/${RUNNER_ARCH:-$(uname -m)}" in
        Linux/X64 | Linux/x86_64) echo x86_64-unknown-linux-musl ;;
        Linux/ARM64 | Linux/aarch64) echo aarch64-unknown-linux-musl ;;
        macOS/X64 | Darwin/x86_64) echo x86_64-apple-darwin ;;
        macOS/ARM64 | Darwin/arm64) echo aarch64-apple-darwin ;;
        Windows/X64) echo x86_64-pc-windows-msvc ;;
        *) return 1 ;;
    esac
}

sha256() {
    if command -v sha256sum >/dev/null; then sha256sum -- "$1"; else shasum -a 256 -- "$1"; fi | cut -d ' ' -f 1
}

download() {
    curl --proto '=https,file' --proto-redir '=https' --fail --silent --show-error --location --retry 3 \
        --connect-timeout 20 --max-time 300 --output "$2" -- "$1"
}

# 1: there is none for this machine, or it does not come. A wrong checksum ends everything.
install_release() {
    local version="$1" target name base wanted found
    target="$(target)" || return 1
    name="muzzle-$version-$target.tar.gz"
    base="${MUZZLE_RELEASES:-https://github.com/${ACTION_REPOSITORY:-}/releases/download}/$version"
    download "$base/SHA256SUMS" "$folder/SHA256SUMS" || return 1
    download "$base/$name" "$folder/$name" || return 1
    # One line: the sum, a space, a space or an asterisk, the name.
    wanted="$(awk -v name="$name" '$2 == name || $2 == "*" name { print $1 }' "$folder/SHA256SUMS")"
    [[ "$wanted" =~ ^[0-9a-f]{64}$ ]] || fail "SHA256SUMS of $version does not name $name"
    found="$(sha256 "$folder/$name")"
    [ "$found" = "$wanted" ] || fail "the checksum of $name is $found, and SHA256SUMS says $wanted: it was not installed"
    mkdir "$folder/release"
    tar -xzf "$folder/$name" -C "$folder/release"
    muzzle="$(find "$folder/release" -type f \( -name muzzle -o -name muzzle.exe \) -print -quit)"
    [ -n "$muzzle" ] || fail "$name holds no muzzle"
}

# The version that the action itself is: nothing is downloaded but what Cargo.lock names with a checksum.
build() {
    command -v cargo >/dev/null || fail "there is neither a release to install nor cargo to build one: set up Rust before this step"
    local profile="${MUZZLE_PROFILE:-release}" built="${CARGO_TARGET_DIR:-$folder/target}"
    echo "Building muzzle from the action's own checkout; a release would be quicker."
    cargo build --quiet --locked --profile "$profile" --manifest-path "$GITHUB_ACTION_PATH/Cargo.toml" \
        --target-dir "$built" --bin muzzle
    [ "$profile" != dev ] || profile=debug
    muzzle="$built/$profile/muzzle"
    [ -x "$muzzle" ] || muzzle="$muzzle.exe"
}

folder="$(mktemp -d "${RUNNER_TEMP:?}/muzzle-XXXXXX")"
muzzle=""
version="${INPUT_VERSION:-}"
if [ -z "$version" ]; then
    version=source
    if is_release "${ACTION_REF:-}"; then
        install_release "$ACTION_REF" || echo "::notice title=muzzle::There is no release $ACTION_REF for this machine, so that muzzle is built."
    fi
fi
if [ -z "$muzzle" ] && [ "$version" = source ]; then
    build
elif [ -z "$muzzle" ]; then
    is_release "$version" || fail "the input version must be a release such as v1.2.3, or source"
    install_release "$version" || fail "there is no release $version for this machine, or it cannot be downloaded; see the log, or say version: source"
fi
"$muzzle" --version
echo "muzzle=$muzzle" >>"${GITHUB_OUTPUT:?}"
