"""What is run, and how it is told that a run did not get to the end."""

import json
import pathlib
import re
import subprocess

PEERS = {
    "kingfisher": lambda exe, repo, out: [
        exe, "scan", repo, "--git-history", "full", "--no-validate", "--no-update-check", "--format", "json", "-o", out],
    "gitleaks": lambda exe, repo, out: [
        exe, "git", repo, "--no-banner", "--report-format", "json", "--report-path", out],
    "betterleaks": lambda exe, repo, out: [exe, "git", repo, "-o", out],
}

# What scanners that read the output of `git log` say when it ended at an object that is not there. Their exit code
# does not always tell: gitleaks ends with 0.
STOPPED = re.compile(
    rb"fatal: |stderr is not empty|git command error|failed to scan Git repository|incomplete scan", re.IGNORECASE)

# Which exit codes mean that the tool did what it was asked. Muzzle's 3 and 4: with gaps, each of which it names.
FINE = {
    "muzzle": (0, 1, 3, 4),
    "muzzle, no delta": (0, 1, 3, 4),
    "muzzle, 50 commits": (0, 1, 3, 4),
    "kingfisher": (0, 200, 205),
    "gitleaks": (0, 1),
    "betterleaks": (0, 1),
}


class Tool:
    """A command for a repository and a place for its report."""

    def __init__(self, name, command, discard_output=False):
        self.name, self.command, self.discard_output = name, command, discard_output

    def verdict(self, result, log, out):
        """Why a run does not count, or None."""
        if result["exit"] == "timeout":
            return "timeout"
        if self.name in PEERS and STOPPED.search(re.sub(rb"\x1b\[[0-9;]*m", b"", pathlib.Path(log).read_bytes())):
            return "stopped early"
        # Who finds something and who cannot read its options may both end with 1; only one of them writes a report.
        if result["exit"] not in FINE.get(self.name, (0,)) or self.name in FINE and not pathlib.Path(out).exists():
            return "failed"
        return None


def listed(muzzle, peers):
    """All tools that are there."""
    tools = [
        Tool("muzzle", lambda repo, out: [muzzle, "scan", repo, "--no-worktree", "-q", "-o", f"json={out}"]),
        Tool("muzzle, no delta", lambda repo, out: [
            muzzle, "scan", repo, "--no-worktree", "--no-delta", "-q", "-o", f"json={out}"]),
        Tool("muzzle, 50 commits", lambda repo, out: [
            muzzle, "scan", repo, "--range", "HEAD~50..HEAD", "-q", "-o", f"json={out}"]),
        Tool("decode", lambda repo, out: [muzzle, "debug", "decode", repo]),
        Tool("decode, blobs", lambda repo, out: [muzzle, "debug", "decode", repo, "--blobs"]),
        Tool("phases", lambda repo, out: [muzzle, "debug", "phases", repo]),
        Tool("git rev-list", lambda repo, out: [
            "git", "-C", repo, "rev-list", "--objects", "--all", "--missing=allow-any"], discard_output=True),
    ]
    for name, command in PEERS.items():
        executable = find_peer(peers, name)
        if executable:
            tools.append(Tool(name, lambda repo, out, c=command, e=executable: c(e, repo, out)))
    return tools


def find_peer(peers, name):
    """The program itself rather than the Python script that starts it, so that nobody pays for Python."""
    folder = pathlib.Path(peers or "/nonexistent") / name
    inside = sorted(folder.glob(f"lib/python*/site-packages/*/bin/{name}"))
    return next((path for path in [*inside, folder / "bin" / name] if path.exists()), None)


def versions(muzzle, peers):
    """What each tool says that it is."""
    commands = {"muzzle": [muzzle, "--version"], "git": ["git", "--version"]}
    for name in PEERS:
        if executable := find_peer(peers, name):
            commands[name] = [executable, "--version"]
    found = {}
    for name, command in commands.items():
        output = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout
        found[name] = re.search(r"\d+(\.\d+)+\S*", output).group()
    return found


def facts(muzzle, repository):
    """How large the repository is. The decoding warms the page cache, too."""
    counts = git(repository, "count-objects", "-v")
    counted = dict(line.split(": ", 1) for line in counts.splitlines() if ": " in line)
    decoded = subprocess.run([str(muzzle), "debug", "decode", str(repository)], capture_output=True, check=True).stdout
    decoded = json.loads(decoded)
    commits = git(repository, "rev-list", "--all", "--count")
    return {
        "objects": int(counted["count"]) + int(counted["in-pack"]),
        "pack_mb": int(counted["size-pack"]) / 1024,
        "commits": int(commits) if commits.strip().isdigit() else None,
        "blobs": decoded["blobs"]["objects"],
        "blob_gb": decoded["blobs"]["bytes"] / 1e9,
        "gaps": decoded["blobs"]["gaps"] + decoded["trees_commits_tags"]["gaps"] + decoded["unopened"],
    }


def git(repository, *arguments):
    """What git says; nothing where it fails."""
    return subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True).stdout


def title(repository):
    """A name for the page: nothing of where the repository lies on this machine."""
    path = pathlib.Path(repository).resolve()
    while path.name in ("repo", ".git", "git") and path.parent != path:
        path = path.parent
    return path.name.removesuffix(".git").rpartition("+")[2]
