"""docs/benchmarks.svg: CPU time as a multiple of muzzle's, on a logarithmic axis."""

import math
from xml.sax.saxutils import escape

from .summary import Summary

BARS = [
    ("decode", "decode only", "limit"),
    ("muzzle", "muzzle", "own"),
    ("muzzle, no delta", "muzzle --no-delta", "full"),
    ("kingfisher", "kingfisher", "peer"),
    ("betterleaks", "betterleaks", "peer"),
    ("gitleaks", "gitleaks", "peer"),
]
WIDTH, LEFT, RIGHT, BAR, GAP, TOP = 860, 150, 120, 15, 20, 74

STYLE = """
  .card { fill: #ffffff; stroke: #d0d7de }
  text { font: 12px system-ui, sans-serif; fill: #1f2328; paint-order: stroke; stroke: #ffffff; stroke-width: 3px }
  .title { font-size: 15px; font-weight: 600 } .name { font-weight: 600 } .faint { fill: #59636e }
  .grid { stroke: #d8dee4 } .one { stroke: #59636e }
  .own { fill: #1a7f37 } .full { fill: #8fc9a0 } .limit { fill: #8c959f } .peer { fill: #bc4c00 }
  .stopped { fill: none; stroke: #bc4c00; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    .card { fill: #0d1117; stroke: #3d444d } text { fill: #e6edf3; stroke: #0d1117 } .faint { fill: #9198a1 }
    .grid { stroke: #2a313c } .one { stroke: #9198a1 }
    .own { fill: #3fb950 } .full { fill: #23703a } .limit { fill: #6e7681 } .peer { fill: #db6d28 }
    .stopped { stroke: #db6d28 }
  }
"""


def render(results):
    """The whole picture."""
    summaries = [Summary(repository) for repository in results["repositories"]]
    summaries = [summary for summary in summaries if summary.counted("muzzle")]
    ratios = [
        summary.counted(tool) / summary.counted("muzzle")
        for summary in summaries for tool, _, _ in BARS if summary.counted(tool)
    ] or [1]
    axis = Axis(min(0.5, *ratios), max(2, *ratios))
    bottom, drawn = TOP, []
    for summary in summaries:
        group, bottom = draw(summary, axis, bottom)
        drawn += group
    height = bottom
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'role="img" aria-label="CPU time of secret scanners as multiples of that of muzzle">',
        f"<style>{STYLE}</style>",
        f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
        '<text class="title" x="20" y="28">CPU time for a whole history, muzzle = 1</text>',
        '<text class="faint" x="20" y="46">logarithmic; further to the right is slower; '
        "dashed: stopped early, not comparable</text>",
    ]
    for value in axis.marks():
        x, one = axis.x(value), "one" if value == 1 else "grid"
        lines.append(f'<line class="{one}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{bottom - GAP / 2:.0f}"/>')
        lines.append(f'<text class="faint" x="{x:.1f}" y="{TOP - 10}" text-anchor="middle">{value:g}×</text>')
    return "\n".join([*lines, *drawn, "</svg>"]) + "\n"


class Axis:
    """Logarithmic, with a mark at 1."""

    def __init__(self, least, most):
        self.least, self.most = math.log10(least) - 0.05, math.log10(most) + 0.05

    def x(self, value):
        share = (math.log10(value) - self.least) / (self.most - self.least)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def marks(self):
        """1, 2 and 5 of each decade; only the decades where that would be too many."""
        steps = (1, 2, 5) if self.most - self.least < 2.2 else (1,)
        decades = range(math.floor(self.least), math.ceil(self.most) + 1)
        values = [step * 10.0**decade for decade in decades for step in steps]
        return [value for value in values if self.least <= math.log10(value) <= self.most]


def draw(summary, axis, top):
    """The bars of one repository, from the mark at 1 outwards; and where they end."""
    base, one = summary.counted("muzzle"), axis.x(1)
    facts = summary.facts
    about = f"{facts['objects']:,} objects, {facts['blob_gb']:.1f} GB of blobs, muzzle {base:.1f} s CPU"
    lines = [f'<text x="20" y="{top + 14}"><tspan class="name">{escape(summary.name)}</tspan>'
             f'<tspan class="faint" dx="8">{about}</tspan></text>']
    y = top + 22
    for tool, label, kind in BARS:
        value = summary.median(tool, "cpu")
        if value is None:
            continue
        verdict = summary.verdict(tool)
        if verdict in ("failed", "timeout"):
            x, kind, text = one, None, verdict
        else:
            ratio = value / base
            x = min(max(axis.x(ratio), LEFT), WIDTH - RIGHT)
            kind, text = ("stopped", verdict) if verdict else (kind, f"{ratio:.2g}×" if ratio < 10 else f"{ratio:.0f}×")
        lines.append(f'<text x="{LEFT - 10}" y="{y + 12}" text-anchor="end">{escape(label)}</text>')
        left, width = min(one, x), max(abs(x - one), 3)
        if kind:
            lines.append(f'<rect class="{kind}" x="{left:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>')
        lines.append(f'<text x="{max(one, x) + 8:.1f}" y="{y + 12}">{escape(text)}</text>')
        y += BAR + 4
    return lines, y + GAP
