#!/usr/bin/env bash
# Runs `muzzle ci github` with the inputs of the action, and says which SARIF files to upload in the outputs upload-head
# and upload-history.
#
# In: MUZZLE, INPUT_*, and what every runner sets. The inputs are data: none is ever a part of a script.
set -euo pipefail

fail() {
    printf '::error title=muzzle::%s\n' "$*"
    exit 2
}

# true or false; anything else is a mistake that should not pass for either.
is_true() {
    case "$2" in
        true) return 0 ;;
        false | "") return 1 ;;
        *) fail "the input $1 must be true or false" ;;
    esac
}

common=()
add() { [ -z "$2" ] || common+=("$1=$2"); }
add --confidence "${INPUT_CONFIDENCE:-}"
add --fail-on "${INPUT_FAIL_ON:-}"
add --config "${INPUT_CONFIG:-}"
add --config-from "${INPUT_CONFIG_FROM:-}"
if is_true fetch "${INPUT_FETCH:-}"; then common+=(--fetch); fi
if is_true allow-incomplete "${INPUT_ALLOW_INCOMPLETE:-}"; then common+=(--allow-incomplete); fi
while IFS= read -r argument; do
    argument="${argument%$'\r'}"
    [ -z "$argument" ] || common+=("$argument")
done <<<"${INPUT_ARGS:-}"
upload=false
if is_true upload-sarif "${INPUT_UPLOAD_SARIF:-}"; then upload=true; fi
sarif="${INPUT_SARIF:-${RUNNER_TEMP:?}/muzzle.sarif}"
path="${INPUT_PATH:-.}"

# The value of an output that was set last.
output() { sed -n "s/^$1=//p" "$outputs" | tail -n 1; }

outputs="$(mktemp "${RUNNER_TEMP:?}/muzzle-outputs-XXXXXX")"
code=0
GITHUB_OUTPUT="$outputs" "$MUZZLE" ci github --mode="${INPUT_MODE:-auto}" --sarif="$sarif" "${common[@]}" -- "$path" || code=$?

# What is uploaded for a branch stands for all of it, and closes every alert that it lacks. So for a push, whose scan is
# of its own commits, there is another one of everything. For a pull request, what it adds is what counts.
if "$upload" && [ "$code" -ne 2 ]; then
    head="$(output sarif-head)"
    history="$(output sarif-history)"
    case "${GITHUB_EVENT_NAME:-}" in
        pull_request* | merge_group) whole=false ;;
        *) if [ "$(output scope)" = everything ]; then whole=false; else whole=true; fi ;;
    esac
    if "$whole"; then
        all="$(mktemp -d "$RUNNER_TEMP/muzzle-all-XXXXXX")"
        second=0
        GITHUB_OUTPUT="$all/outputs" GITHUB_STEP_SUMMARY='' "$MUZZLE" ci github --mode=full --sarif="$all/muzzle.sarif" \
            "${common[@]}" -- "$path" >"$all/log" || second=$?
        case "$second" in
            0 | 1) ;;
            3 | 4) echo "::error title=muzzle::Not all of the history could be read, so that what is uploaded is incomplete." ;;
            *) cat "$all/log" && exit 2 ;;
        esac
        # Findings of older commits are alerts; only what could not be read fails this step, too.
        if [ "$second" -ge 3 ] && [ "$code" -le 1 ]; then code=$((code + 3)); fi
        head="$(sed -n 's/^sarif-head=//p' "$all/outputs")"
        history="$(sed -n 's/^sarif-history=//p' "$all/outputs")"
        [ -n "$head" ] || head="$all/muzzle.sarif"
    fi
    # A version that does not keep the two apart has all results in one.
    [ -n "$head" ] || head="$(output sarif)"
    printf 'upload-head=%s\nupload-history=%s\n' "$head" "$history" >>"$outputs"
    if [ "$code" -ge 3 ]; then printf 'complete=false\n' >>"$outputs"; fi
fi
printf 'exit-code=%s\n' "$code" >>"$outputs"
cat "$outputs" >>"${GITHUB_OUTPUT:?}"
exit "$code"
