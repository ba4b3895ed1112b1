#!/usr/bin/env python3
"""The four energies of Rezende & Mohamed (2015, figure 3) beside densities learned with 2,
8 and 32 planar and radial steps: one SVG of histograms of draws.

    energies.py WEIR OUT.svg [--steps N]

Only the standard library is used."""

import argparse
import ast
import json
import math
import pathlib
import struct
import subprocess
import tempfile

SIDE, CELLS = 4.0, 48


def energy(which, x, y):
    """-U(z), as the paper's table has it."""
    w1 = math.sin(2 * math.pi * x / 4)
    if which == 1:
        a = 0.5 * ((math.hypot(x, y) - 2) / 0.4) ** 2
        return -a + logsum(-0.5 * ((x - 2) / 0.6) ** 2, -0.5 * ((x + 2) / 0.6) ** 2)
    if which == 2:
        return -0.5 * ((y - w1) / 0.4) ** 2
    if which == 3:
        w2 = 3 * math.exp(-0.5 * ((x - 1) / 0.6) ** 2)
        return logsum(-0.5 * ((y - w1) / 0.35) ** 2, -0.5 * ((y - w1 + w2) / 0.35) ** 2)
    w3 = 3 / (1 + math.exp(-(x - 1) / 0.3))
    return logsum(-0.5 * ((y - w1) / 0.4) ** 2, -0.5 * ((y - w1 + w3) / 0.35) ** 2)


def logsum(a, b):
    m = max(a, b)
    return m + math.log(math.exp(a - m) + math.exp(b - m))


def read_npy(path):
    raw = pathlib.Path(path).read_bytes()
    size = struct.unpack("<H", raw[8:10])[0]
    head = ast.literal_eval(raw[10:10 + size].decode())
    count = math.prod(head["shape"])
    return struct.unpack(f"<{count}d", raw[10 + size:10 + size + 8 * count])


def histogram(values):
    grid = [0.0] * (CELLS * CELLS)
    for x, y in zip(values[0::2], values[1::2]):
        i, j = (int((v + SIDE) / (2 * SIDE) * CELLS) for v in (x, y))
        if 0 <= i < CELLS and 0 <= j < CELLS:
            grid[j * CELLS + i] += 1
    return grid


def exact(which):
    at = [(-SIDE + 2 * SIDE * (k + 0.5) / CELLS) for k in range(CELLS)]
    return [math.exp(energy(which, x, y)) for y in at for x in at]


def panel(grid, x0, y0, size, title):
    most, cell = max(grid) or 1.0, size / CELLS
    out = [f'<text x="{x0 + size / 2:.1f}" y="{y0 - 5:.1f}" text-anchor="middle" '
           f'font-size="11" font-family="sans-serif">{title}</text>',
           f'<rect x="{x0}" y="{y0}" width="{size}" height="{size}" fill="#f7fbff" '
           'stroke="#999"/>']
    for j in range(CELLS):
        for i in range(CELLS):
            v = math.sqrt(grid[j * CELLS + i] / most)
            if v > 0.03:
                shade = [int(a + (b - a) * v) for a, b in zip((247, 251, 255), (8, 48, 107))]
                out.append(f'<rect x="{x0 + i * cell:.1f}" '
                           f'y="{y0 + size - (j + 1) * cell:.1f}" width="{cell:.2f}" '
                           f'height="{cell:.2f}" fill="#{shade[0]:02x}{shade[1]:02x}'
                           f'{shade[2]:02x}"/>')
    return out


def learned(weir, which, family, length, steps):
    with tempfile.TemporaryDirectory() as folder:
        draws = f"{folder}/draws.npy"
        done = subprocess.run(
            [weir, "infer", "energy", "--set", f"target.which={which}", "--method", "vi",
             "--set", f"infer.method.family={{name: {family}, length: {length}}}",
             "--set", "infer.method.start=none", "--set", f"infer.method.anneal={steps // 2}",
             "--set", f"infer.method.steps={steps}", "--set", "infer.method.batch=64",
             "--set", "infer.method.rate=0.01", "--draws", "5000", "--seed", "1", "--json",
             "--quiet", "-o", draws], capture_output=True, text=True, check=False)
        result = json.loads(done.stdout)
        return histogram(read_npy(draws)), result


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("weir")
    p.add_argument("out")
    p.add_argument("--steps", type=int, default=20000)
    args = p.parse_args()
    size, gap = 110, 26
    columns = [("planar", 2), ("planar", 8), ("planar", 32), ("radial", 2), ("radial", 8),
               ("radial", 32)]
    body = []
    for row in range(4):
        y = gap + row * (size + gap)
        body += panel(exact(row + 1), 8, y, size, f"energy {row + 1}")
        for k, (family, length) in enumerate(columns):
            grid, result = learned(args.weir, row + 1, family, length, args.steps)
            facts = result["record"]["facts"]
            print(f"| {row + 1} | {family} | {length} | {facts['objective']:.3f} | "
                  f"{result['khat']['log_evidence']:.3f} | {result['khat']['khat']:.2f} | "
                  f"{result['record']['seconds']:.1f} |", flush=True)
            body += panel(grid, 8 + (k + 1) * (size + 8), y, size, f"{family} {length}")
    width, height = 8 + 7 * (size + 8), gap + 4 * (size + gap)
    pathlib.Path(args.out).write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        + "".join(body) + "</svg>\n", encoding="utf-8")


if __name__ == "__main__":
    main()
