"""Results of many runs → the figures of one repository."""

import statistics

# In the order in which they are shown, with what they are called.
NAMES = {
    "muzzle": "muzzle",
    "muzzle, no delta": "muzzle --no-delta",
    "muzzle, 50 commits": "muzzle --range HEAD~50..HEAD",
    "decode": "muzzle debug decode",
    "decode, blobs": "muzzle debug decode --blobs",
    "phases": "muzzle debug phases (one thread)",
    "git rev-list": "git rev-list --objects --all",
    "kingfisher": "kingfisher",
    "gitleaks": "gitleaks",
    "betterleaks": "betterleaks",
}
PEERS = ("kingfisher", "gitleaks", "betterleaks")


class Summary:
    """One repository."""

    def __init__(self, repository):
        self.name, self.facts, self.runs = repository["name"], repository["facts"], repository["runs"]
        self.tools = [tool for tool in NAMES if self.runs.get(tool)]

    def verdict(self, tool):
        """Why the figures of a tool do not count, or None. One run that went wrong is enough."""
        verdicts = [run["verdict"] for run in self.runs.get(tool, [])]
        return next((verdict for verdict in verdicts if verdict), None)

    def values(self, tool, key):
        return [run[key] for run in self.runs.get(tool, []) if run[key] is not None]

    def median(self, tool, key):
        values = self.values(tool, key)
        return statistics.median(values) if values else None

    def spread(self, tool, key):
        values = self.values(tool, key)
        return (min(values), max(values)) if values else None

    def exits(self, tool):
        return ", ".join(sorted({str(run["exit"]) for run in self.runs[tool]}))

    def counted(self, tool, key="cpu"):
        """The median of a tool whose runs count."""
        return None if self.verdict(tool) else self.median(tool, key)

    def phase(self, name):
        """Computing time of a part of the scan: its share of the time by the clock, of the run's CPU. On one thread the
        two are the same but for waiting, which hits all parts alike."""
        found = [
            run["cpu"] * run["phases"][name] / run["phases"]["total"]
            for run in self.runs.get("phases", []) if run.get("phases")
        ]
        return statistics.median(found) if found else None

    def ratios(self):
        """(what, value or None), in the order in which they are shown."""
        def ratio(above, below):
            return above / below if above is not None and below else None

        muzzle = self.counted("muzzle")
        pairs = [
            ("scan ÷ decode", ratio(muzzle, self.counted("decode"))),
            ("delta ÷ no delta", ratio(muzzle, self.counted("muzzle, no delta"))),
        ]
        pairs += [(f"{peer} ÷ muzzle", ratio(self.counted(peer), muzzle)) for peer in PEERS if self.runs.get(peer)]
        pairs += [
            ("wall ÷ CPU of muzzle", ratio(self.counted("muzzle", "wall"), muzzle)),
            ("50 commits ÷ full scan", ratio(self.counted("muzzle, 50 commits"), muzzle)),
            ("attribution ÷ rev-list", ratio(self.phase("attribute"), self.counted("git rev-list"))),
        ]
        return pairs
