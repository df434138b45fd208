"""docs/benchmarks.md."""

from .summary import NAMES, PEERS, Summary

TOP = """# Benchmarks

Written by `benches/compare`; every figure is from the runs described here. How it is so:
[history-engine.md](history-engine.md).

![CPU time of other scanners, and of muzzle without deltas, where muzzle is 1]({picture})

| | |
|---|---|
| date | {date} |
| machine | {cpu}, {cores} cores in use, {memory} GB, {system} |
| versions | {versions} |
| rounds | {rounds}, each tool once a round, every second round in the opposite order; medians |
"""

READING = """
## How to read this

- All tools read the whole history of a repository from a warm page cache, with the rules that they come with and
  without asking anybody whether a secret is valid. muzzle, `kingfisher` and `debug decode` read every object of the
  packs; `gitleaks` and `betterleaks` read the differences that `git log` prints, so their input is another one. Where
  there is a working tree, `kingfisher` reads it, too.
- CPU is user and system time of the whole tree of processes; in brackets the least and the most of the rounds. It says
  more than time by the clock where the machine has other things to do.
- Peak resident memory is that of the largest process, with the packs that it maps, and never less than the some 20 MB
  of the measuring script, which every process begins as a copy of. Peak anonymous memory leaves out
  what is mapped from files; it is sampled every 10 ms over all processes, so a shorter peak can be missed.
- *Stopped early*: the tool met an object that the repository does not hold, said so, and ended. Its figures are in the
  table, but it is not counted as fast, and enters no ratio. muzzle goes on and names each such object (exit 3 or 4).
- Ratios are of CPU time but for *wall ÷ CPU* (1 ÷ cores at best). *Decode* is the limit: every object decoded once
  by the same code, and nothing done with it. *Attribution* is muzzle's reading of all trees, commits and tags and what
  it says of each finding from them, in a run on one thread; `git rev-list --objects --all` reads the same trees.

## How to repeat it

```text
cargo build --release
benches/compare --rounds {rounds} --peers DIR --raw results.json REPOSITORY...
benches/compare --from results.json        # writes this page again
```

`benches/compare --help` says how to install the others into DIR. `muzzle debug decode` and `muzzle debug phases` are
muzzle's own measurements; `cargo bench` measures the parts by themselves.
"""


def render(results, picture):
    """The whole page."""
    machine = results["machine"]
    parts = [TOP.format(
        picture=picture,
        date=results["date"],
        cpu=machine["cpu"],
        cores=machine["cores"],
        memory=machine.get("memory_gb", "?"),
        system=machine["system"],
        versions=", ".join(f"{name} {version}" for name, version in results["versions"].items()),
        rounds=results["rounds"],
    )]
    summaries = [Summary(repository) for repository in results["repositories"]]
    parts.append(overview(summaries))
    parts += [section(summary) for summary in summaries]
    parts.append(READING.format(rounds=results["rounds"]))
    return "".join(parts)


def overview(summaries):
    """One line a repository: what it is, and the ratios."""
    titles = [title for title, _ in summaries[0].ratios()] if summaries else []
    for summary in summaries[1:]:
        titles += [title for title, _ in summary.ratios() if title not in titles]
    lines = ["", "## Ratios", "", row(["repository", *titles]), row(["---"] * (1 + len(titles)))]
    for summary in summaries:
        ratios = dict(summary.ratios())
        lines.append(row([summary.name, *(ratio_text(summary, title, ratios.get(title)) for title in titles)]))
    return "\n".join(lines) + "\n"


def ratio_text(summary, title, ratio):
    if ratio is not None:
        return f"{ratio:.3g}"
    peer = title.partition(" ")[0]
    return (summary.verdict(peer) if peer in PEERS else None) or "–"


def section(summary):
    """The table of one repository."""
    facts = summary.facts
    said = [
        f"{facts['objects']:,} objects",
        f"{facts['commits']:,} commits" if facts["commits"] is not None else None,
        f"{facts['pack_mb']:,.0f} MB packed",
        f"{facts['blobs']:,} blobs of {facts['blob_gb']:.2f} GB",
        f"{facts['gaps']:,} cannot be decoded" if facts["gaps"] else None,
    ]
    titles = ["", "CPU s", "wall s", "peak resident MB", "peak anonymous MB (sampled)", "exit", ""]
    lines = ["", f"## {summary.name}", "", ", ".join(filter(None, said)) + ".", "", row(titles),
             row(["---", "--:", "--:", "--:", "--:", "---", "---"])]
    for tool in summary.tools:
        least, most = summary.spread(tool, "cpu")
        anonymous = summary.median(tool, "anon")
        lines.append(row([
            NAMES[tool],
            f"{summary.median(tool, 'cpu'):.2f} ({least:.2f}–{most:.2f})",
            f"{summary.median(tool, 'wall'):.2f}",
            f"{summary.median(tool, 'rss'):,.0f}",
            f"{anonymous:,.0f}" if anonymous is not None else "–",
            summary.exits(tool),
            summary.verdict(tool) or "",
        ]))
    phases = {name: summary.phase(name) for name in ("rules", "open", "scan", "attribute")}
    if all(value is not None for value in phases.values()):
        said = ", ".join(f"{name} {value:.2f} s" for name, value in phases.items())
        lines += ["", f"Parts of the scan on one thread, CPU: {said}."]
    return "\n".join(lines) + "\n"


def row(cells):
    return "| " + " | ".join(cells) + " |"
