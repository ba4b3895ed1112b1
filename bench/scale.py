#!/usr/bin/env python3
"""Cost as the work grows: python3 bench/scale.py [--quick]. Time of a call and peak memory
over rows, columns, depth, width, bins and threads, as plots in docs/pictures/scale-*.svg and
a table in docs/benchmarks.md."""
import argparse
import math
import os

import machine
from cases import flow, weir_model
from report import replace_between, seconds
from runner import Failed, weir_runner

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BASE = dict(family="nsf", features=8, transforms=4, hidden=64, layers=2, bins=8)

# name, what the axis is, operation, rows, values, what a value changes
SWEEPS = [
    ("rows", "rows of log_prob", "log_prob", None, [10**k for k in range(3, 8)], "rows"),
    ("columns", "columns (spline coupling, batch 256: train)", "train", 256,
     [2**k for k in range(1, 11)], "features"),
    ("depth", "transforms (batch 256: train)", "train", 256, [1, 2, 4, 8, 16, 32],
     "transforms"),
    ("width", "hidden features (batch 256: train)", "train", 256,
     [16, 32, 64, 128, 256, 512], "hidden"),
    ("bins", "bins (batch 256: train)", "train", 256, [2, 4, 8, 16, 32, 64], "bins"),
    ("threads", "threads (batch 512: train)", "train", 512, [1, 2, 4, 8], "threads"),
]


def measure(program, op, rows, key, value):
    """Seconds of a call and MiB."""
    c = dict(flow(**BASE))
    threads = 2
    if key == "rows":
        rows = value
    elif key == "threads":
        threads = value
    else:
        c[key] = value
    runner = weir_runner(program, c, op, rows, threads, weir_model(c))
    once = runner.seconds(1)
    calls = max(1, min(500, int(0.15 / once)))
    best = min(runner.seconds(calls) for _ in range(5)) if once < 1.0 else once
    return best, runner.close()[0]


def polyline(points, box, ranges, colour):
    (x0, y0, w, h), (ax, bx, ay, by) = box, ranges
    at = [(x0 + w * (math.log10(x) - ax) / (bx - ax),
           y0 + h - h * (math.log10(y) - ay) / (by - ay)) for x, y in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
                   for x, y in at)
    return f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'


def panel(points, left, unit, axis, colour):
    """One logarithmic plot at the given place."""
    box = (left + 60, 20, 260, 190)
    xs, ys = [math.log10(p[0]) for p in points], [math.log10(p[1]) for p in points]
    ranges = (min(xs), max(max(xs), min(xs) + 0.1), math.floor(min(ys)), math.ceil(max(ys) + 1e-9))
    ranges = (*ranges[:2], ranges[2], max(ranges[3], ranges[2] + 1))
    out = [f'<rect x="{box[0]}" y="{box[1]}" width="{box[2]}" height="{box[3]}" '
           'fill="none" stroke="#999"/>']
    for k in range(ranges[2], ranges[3] + 1):
        y = box[1] + box[3] * (1 - (k - ranges[2]) / (ranges[3] - ranges[2]))
        out.append(f'<line x1="{box[0]}" x2="{box[0] + box[2]}" y1="{y:.1f}" y2="{y:.1f}" '
                   f'stroke="#ddd"/><text x="{box[0] - 6}" y="{y + 4:.1f}" '
                   f'text-anchor="end">{10.0 ** k:g}</text>')
    for p in points:
        x = box[0] + box[2] * (math.log10(p[0]) - ranges[0]) / (ranges[1] - ranges[0])
        out.append(f'<text x="{x:.1f}" y="{box[1] + box[3] + 16}" '
                   f'text-anchor="middle">{p[0]:g}</text>')
    out.append(polyline(points, box, ranges, colour))
    out.append(f'<text x="{box[0]}" y="{box[1] - 6}">{unit} over {axis}</text>')
    return "".join(out)


def svg(name, axis, rows):
    time = panel([(v, 1e3 * s) for v, s, _ in rows], 0, "ms", axis, "#0062a3")
    memory = panel([(v, m) for v, _, m in rows], 340, "MiB", name, "#a34900")
    return ('<svg xmlns="http://www.w3.org/2000/svg" width="690" height="240" '
            f'font-family="sans-serif" font-size="11">{time}{memory}</svg>\n')


def sweep(program, op, rows, values, key):
    """[(value, seconds, MiB)]; values that fail are said and left out."""
    found = []
    for value in values:
        try:
            found.append((value, *measure(program, op, rows, key, value)))
        except (Failed, OSError, ValueError) as error:
            print(f"{key} {value:g}: {error}")
    return found


def table(name, found):
    """Lines of the table: time and memory by value, and how time grew from the value before."""
    cells = []
    for i, (value, took, mib) in enumerate(found):
        power = "" if i == 0 else ", power {:.2f}".format(
            math.log(took / found[i - 1][1]) / math.log(value / found[i - 1][0]))
        cells.append(f"{value:,}: {seconds(took)}, {mib:.0f} MiB{power}")
    return f"| {name} | " + "; ".join(cells) + " |"


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    p.add_argument("--docs", default=os.path.join(ROOT, "docs"))
    p.add_argument("--sweep", action="append", default=[], metavar="NAME",
                   help="only these; may be repeated: the table is written with all alone")
    p.add_argument("--quick", action="store_true", help="all values but the largest two; "
                   "nothing is written")
    a = p.parse_args()
    program = os.path.join(a.build, "bench", "bench_weir")
    pictures, lines = os.path.join(a.docs, "pictures"), []
    for name, axis, op, rows, values, key in SWEEPS:
        if a.sweep and name not in a.sweep:
            continue
        found = sweep(program, op, rows, values[:-2] if a.quick else values, key)
        lines.append(table(axis, found))
        print(lines[-1], flush=True)
        if len(found) > 1 and not a.quick:
            with open(os.path.join(pictures, f"scale-{name}.svg"), "w") as f:
                f.write(svg(name, axis, found))
    if not (a.sweep or a.quick):
        m, s = machine.describe(), machine.stamp(ROOT)
        head = (f"Measured {s['date']} at commit {s['commit']} on {m['cores']} cores of "
                f"{m['cpu']}, load {m['load']:.1f} at the end.")
        replace_between(os.path.join(a.docs, "benchmarks.md"), "scale", "\n".join(
            [head, "", "| what grows | value: a call, peak memory, power of the growth |",
             "|---|---|"] + lines))


if __name__ == "__main__":
    main()
