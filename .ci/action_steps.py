"""Runs the steps of action.yml as a runner of GitHub Actions would, and says whether they did what they should.

A runner evaluates the expressions in `env`, writes `run` to a file, and runs it with `bash --noprofile --norc -eo
pipefail`. Expressions are few here, so that the ones in use are all that is understood: another one is an error.
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
ZERO = "0" * 40
KEPT = ("PATH", "HOME", "CARGO_HOME", "CARGO_TARGET_DIR", "MUZZLE_PROFILE", "RUSTUP_HOME", "LANG")


class Runner:
    """A workspace with a repository, and what a runner sets."""

    def __init__(self, folder, muzzle=None):
        self.folder = pathlib.Path(folder)
        self.workspace = self.folder / "workspace"
        self.temp = self.folder / "temp"
        self.muzzle = muzzle
        for path in (self.workspace, self.temp, self.folder / "home"):
            path.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments):
        identity = {"HOME": str(self.folder / "home"), "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"]}
        for who in ("AUTHOR", "COMMITTER"):
            identity |= {f"GIT_{who}_NAME": "A", f"GIT_{who}_EMAIL": "a@example.test"}
        run = subprocess.run(["git", *arguments], cwd=self.workspace, env=identity, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return run.stdout.strip()

    def commit(self, name, text):
        (self.workspace / name).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", name)
        return self.git("rev-parse", "HEAD")

    def use(self, event_name, event, inputs=None, github=None, environment=None):
        """What `uses:` does: exit codes and outputs of the steps, what they wrote, and what would be uploaded."""
        values = {name: str(spec.get("default", "")) for name, spec in ACTION["inputs"].items()}
        assert set(inputs or {}) <= set(values), "an input that the action does not have"
        values |= inputs or {}
        context = {"action_ref": "", "action_repository": "acme/muzzle"} | (github or {})
        steps, uploads, log, failed = {}, [], "", False
        event_file, summary = self.folder / "event.json", self.folder / "summary.md"
        event_file.write_text(json.dumps(event))
        summary.write_text("")

        def evaluate(text):
            def one(match):
                parts = match[1].split(".")
                match parts:
                    case ["inputs", name]:
                        return values[name]
                    case ["github", name]:
                        return context[name]
                    case ["steps", step, "outputs", name]:
                        return steps[step]["outputs"].get(name, "")
                raise AssertionError(f"an expression that is not understood: {match[0]}")

            return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", one, str(text))

        def holds(condition):
            """`!cancelled() && steps.S.outputs.O != '' && github.event.… != true`: the form of all conditions here."""
            parts = re.fullmatch(
                r"\$\{\{ !cancelled\(\) && steps\.(\w+)\.outputs\.([\w-]+) != '' && ([\w.]+) != true \}\}", condition
            )
            assert parts, f"a condition that is not understood: {condition}"
            value = {"event": event}
            for name in parts[3].removeprefix("github.").split("."):
                value = (value or {}).get(name)
            return steps.get(parts[1], {"outputs": {}})["outputs"].get(parts[2], "") != "" and value is not True

        for step in ACTION["runs"]["steps"]:
            if "uses" in step:
                if holds(step["if"]):
                    uploads.append({name: evaluate(value) for name, value in step["with"].items()})
                continue
            assert "if" not in step and step["shell"] == "bash", "a form of step that is not understood"
            if failed:
                continue
            # With a muzzle that is given, nothing is installed.
            if step["id"] == "install" and self.muzzle:
                steps["install"] = {"outputs": {"muzzle": self.muzzle}, "code": 0}
                continue
            output = self.folder / "output"
            output.write_text("")
            script = self.temp / "step.sh"
            script.write_text(evaluate(step["run"]))
            env = {name: os.environ[name] for name in KEPT if name in os.environ}
            env |= {name: evaluate(value) for name, value in step["env"].items()}
            env |= {
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_EVENT_NAME": event_name,
                "GITHUB_EVENT_PATH": str(event_file),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_REPOSITORY": "acme/app",
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_WORKSPACE": str(self.workspace),
                "RUNNER_ARCH": "X64",
                "RUNNER_OS": "Linux",
                "RUNNER_TEMP": str(self.temp),
            } | (environment or {})
            run = subprocess.run(
                ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
                cwd=self.workspace,
                env=env,
                capture_output=True,
                text=True,
            )
            lines = output.read_text().splitlines()
            outputs = dict(line.split("=", 1) for line in lines)
            steps[step["id"]] = {"outputs": outputs, "code": run.returncode}
            log += run.stdout + run.stderr
            failed = run.returncode != 0
        outputs = {name: evaluate(spec["value"]) for name, spec in ACTION["outputs"].items()} if "scan" in steps else {}
        return Use(steps, outputs, uploads, log, summary.read_text())


class Use:
    """What a `uses:` step left behind."""

    def __init__(self, steps, outputs, uploads, log, summary):
        self.steps, self.outputs, self.uploads, self.log, self.summary = steps, outputs, uploads, log, summary

    def expect(self, code, **outputs):
        assert self.steps["scan"]["code"] == code, f"{self.steps}\n{self.log}"
        wanted = {"exit-code": str(code)} | {name.replace("_", "-"): value for name, value in outputs.items()}
        found = {name: self.outputs[name] for name in wanted}
        assert found == wanted, f"{found} is not {wanted}\n{self.log}"
        return self


def push(before, after):
    return {
        "ref": "refs/heads/main",
        "before": before,
        "after": after,
        "repository": {"default_branch": "main"},
    }


def results(upload):
    return len(json.loads(pathlib.Path(upload["sarif_file"]).read_text())["runs"][0]["results"])


def scans(folder, muzzle):
    """The step that scans, and what is uploaded after it."""
    runner = Runner(folder / "scans", muzzle)

    def leak(number):
        command = [muzzle, "rules", "example", "github-pat-classic", "--from", str(number)]
        return f"x {subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()}\n"

    first = runner.commit("old", leak(1))
    clean = runner.commit("clean", "nothing\n")
    leaked = runner.commit("new", leak(2))

    runner.use("push", push(first, clean)).expect(0, count="0", complete="true", scope=f"--range {first}..{clean}")
    use = runner.use("push", push(clean, leaked)).expect(1, count="1", complete="true")
    assert use.log.startswith("::error file=new,line=1,"), use.log
    assert use.summary.startswith("## muzzle: 1 finding: 1 critical"), use.summary
    assert use.uploads == [] and results({"sarif_file": use.outputs["sarif"]}) == 1
    runner.use("push", push(clean, leaked), {"mode": "full"}).expect(1, count="2", scope="everything")
    runner.use("schedule", {}, {"upload-sarif": "true"}).expect(1, count="2", scope="everything")
    runner.use("schedule", {}, {"mode": "range"}).expect(2, count="0", complete="false")
    runner.use("push", push(clean, leaked), {"args": "--disable-rule\ngithub-pat-classic\n"}).expect(0)

    # What is uploaded for a branch is everything; the verdict is about the push.
    use = runner.use("push", push(first, clean), {"upload-sarif": "true"}).expect(0, count="0")
    assert sum(results(upload) for upload in use.uploads) == 2, use.uploads
    assert use.uploads[0]["category"] == "muzzle/head", use.uploads
    assert use.summary.count("## muzzle") == 1, use.summary
    pull = {
        "number": 1,
        "pull_request": {"head": {"sha": leaked, "repo": {"fork": False}}, "base": {"sha": clean, "ref": "main"}},
    }
    use = runner.use("pull_request", pull, {"upload-sarif": "true"}).expect(1, count="1")
    assert sum(results(upload) for upload in use.uploads) == 1, use.uploads
    pull["pull_request"]["head"]["repo"]["fork"] = True
    assert runner.use("pull_request", pull, {"upload-sarif": "true"}).expect(1, count="1").uploads == []

    # A checkout that is too shallow.
    clone = runner.folder / "clone"
    runner.git("clone", "-q", "--depth", "1", f"file://{runner.workspace}", str(clone))
    where = {"path": str(clone)}
    use = runner.use("push", push(clean, leaked), where | {"fetch": "false"}).expect(3, complete="false")
    assert "fetch-depth: 0" in use.log, use.log
    runner.use("push", push(clean, leaked), where | {"fetch": "false", "allow-incomplete": "true"}).expect(0)
    runner.use("push", push(clean, leaked), where).expect(1, count="1", complete="true")

    # Inputs are data.
    for name in ("path", "mode", "fetch", "confidence", "config", "args", "upload-sarif", "allow-incomplete"):
        for value in ('"; touch pwned; "', "$(touch pwned)", "`touch pwned`", "--version", "a\nb=$(touch pwned)"):
            use = runner.use("push", push(first, clean), {name: value})
            assert use.steps["scan"]["code"] == 2, f"{name}={value}: {use.log}"
    assert not list(runner.folder.rglob("pwned")), "an input was run"
    print("  scanning and uploading: ok")


def releases(folder, muzzle):
    """The step that installs, from a release that is made up here but for the binary."""
    runner = Runner(folder / "releases")
    first = runner.commit("a", "nothing\n")
    mirror = runner.folder / "mirror"
    name = "muzzle-v1.2.3-x86_64-unknown-linux-musl"
    place = mirror / "v1.2.3"
    place.mkdir(parents=True)
    with tarfile.open(place / f"{name}.tar.gz", "w:gz") as archive:
        archive.add(muzzle, f"{name}/muzzle")
    digest = hashlib.sha256((place / f"{name}.tar.gz").read_bytes()).hexdigest()
    sums = f"{'0' * 64}  other.tar.gz\n{digest}  {name}.tar.gz\n"
    (place / "SHA256SUMS").write_text(sums)
    mirrored = {"MUZZLE_RELEASES": f"file://{mirror}", "CARGO_TARGET_DIR": str(folder / "nothing-is-built")}
    use = lambda version, ref="": runner.use(
        "push", push(ZERO, first), {"version": version}, {"action_ref": ref}, mirrored
    )
    for chosen in (use("v1.2.3"), use("", "v1.2.3")):
        chosen.expect(0, complete="true")
        assert "/release/" in chosen.steps["install"]["outputs"]["muzzle"]

    def refused(version, word, ref=""):
        chosen = use(version, ref)
        assert chosen.steps["install"]["code"] == 2 and word in chosen.log, chosen.log
        assert "scan" not in chosen.steps

    refused("v9.9.9", "there is no release v9.9.9")
    for odd in ("1.2.3", "../v1.2.3", "v1.2.3/../../x", "$(touch pwned)", "v1.2.3\nx"):
        refused(odd, "must be a release")
    for ref in ("", "v1.2.3"):
        (place / "SHA256SUMS").write_text(sums.replace(digest, "1" * 64))
        refused("" if ref else "v1.2.3", "it was not installed", ref)
        (place / "SHA256SUMS").write_text(f"{digest}  x-{name}.tar.gz\n")
        refused("" if ref else "v1.2.3", "does not name", ref)
    assert not (folder / "nothing-is-built").exists() and not list(runner.folder.rglob("pwned"))
    print("  installing a release: ok")


def builds(folder):
    """The fallback: no release, so that the action builds itself. Returns what was built."""
    runner = Runner(folder / "builds")
    first = runner.commit("a", "nothing\n")
    for version, ref in (("source", ""), ("", "main"), ("", "v0.0.0")):
        mirror = {"MUZZLE_RELEASES": f"file://{runner.folder}/none"}
        use = runner.use("push", push(ZERO, first), {"version": version}, {"action_ref": ref}, mirror)
        use.expect(0, complete="true")
        assert ("There is no release v0.0.0" in use.log) == (ref == "v0.0.0"), use.log
    print("  building: ok")
    return use.steps["install"]["outputs"]["muzzle"]


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name).resolve()
        # Built where it stays, so that the next run need not build it again.
        os.environ.setdefault("CARGO_TARGET_DIR", str(ROOT / "target"))
        muzzle = str(pathlib.Path(sys.argv[1]).resolve()) if len(sys.argv) > 1 else builds(folder)
        copy = folder / "muzzle"
        shutil.copy(muzzle, copy)
        scans(folder, str(copy))
        releases(folder, str(copy))


main()
