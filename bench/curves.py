#!/usr/bin/env python3
"""Learning curves of several runs in one picture: bench/curves.py OUT.svg NAME=RUN.metrics.jsonl ...

What `weir fit` writes beside the model: log-likelihood (of autoencoders: its bound) of training and
validation rows over training samples seen, the latter on a logarithmic axis.
"""
import argparse
import json
import math

COLOURS = ["#0062a3", "#a34900", "#3d7d2c", "#7b3294", "#b2182b", "#555"]
LEFT, TOP, WIDTH, HEIGHT = 70, 20, 520, 300


def lines_of(path, batch):
    """(samples, training, validation) of every line of a run."""
    with open(path) as f:
        lines = [json.loads(line) for line in f]
    return [(batch * m["step"], m["train"], m["valid"])
            for m in lines if m["step"] > 0]


def axis_of(runs, low):
    values = [v for run in runs for line in run for v in line[1:] if v is not None]
    top = max(values)
    bottom = low if low is not None else min(values)
    step = 10 ** math.floor(math.log10(max(top - bottom, 1e-9)))
    step = step / 2 if (top - bottom) / step < 3 else step
    return math.floor(bottom / step) * step, math.ceil(top / step) * step, step


class Plot:
    def __init__(self, runs, low):
        seen = [line[0] for run in runs for line in run]
        self.x = math.log10(min(seen)), math.log10(max(seen))
        self.bottom, self.top, self.step = axis_of(runs, low)

    def at(self, samples, value):
        x = LEFT + WIDTH * (math.log10(samples) - self.x[0]) / (self.x[1] - self.x[0])
        y = TOP + HEIGHT * (self.top - value) / (self.top - self.bottom)
        return f"{x:.1f},{y:.1f}"

    def line(self, run, which, colour, dash):
        points, last = [], -1.0
        for line in run:
            pixel = WIDTH * math.log10(line[0]) / (self.x[1] - self.x[0])
            seen = line[which] is not None and line[which] >= self.bottom
            if seen and (pixel > last + 1.5 or line is run[-1]):
                points.append(self.at(line[0], line[which]))
                last = pixel
        return (f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" '
                f'stroke-width="1.6"{dash}/>')

    def frame(self):
        out = [f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" '
               'stroke="#999"/>']
        for k in range(round((self.top - self.bottom) / self.step) + 1):
            value = self.bottom + k * self.step
            y = TOP + HEIGHT * (1 - k * self.step / (self.top - self.bottom))
            out.append(f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" '
                       f'stroke="#ddd"/><text x="{LEFT - 6}" y="{y + 4:.1f}" '
                       f'text-anchor="end">{value:g}</text>')
        for k in range(math.ceil(self.x[0]), math.floor(self.x[1]) + 1):
            x = LEFT + WIDTH * (k - self.x[0]) / (self.x[1] - self.x[0])
            out.append(f'<text x="{x:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">'
                       f'10<tspan dy="-4" font-size="8">{k}</tspan></text>')
        out.append(f'<text x="{LEFT}" y="{TOP - 6}">nats per row (full: validation, dashed: '
                   f'training) over training samples</text>')
        return out


def picture(names, runs, low):
    plot = Plot(runs, low)
    out = plot.frame()
    for i, (name, run) in enumerate(zip(names, runs)):
        colour = COLOURS[i % len(COLOURS)]
        out.append(plot.line(run, 1, colour, ' stroke-dasharray="4 3" stroke-opacity="0.7"'))
        out.append(plot.line(run, 2, colour, ""))
        out.append(f'<text x="{LEFT + WIDTH + 10}" y="{TOP + 12 + 16 * i}" fill="{colour}">'
                   f'{name}</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 130}" '
            f'height="{TOP + HEIGHT + 30}" font-family="sans-serif" font-size="11">'
            '<rect width="100%" height="100%" fill="white"/>' + "".join(out) + "</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("runs", nargs="+", metavar="NAME=FILE")
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--low", type=float, help="lower end of the axis of nats")
    options = parser.parse_args()
    pairs = [word.rsplit("=", 1) for word in options.runs]
    runs = [lines_of(path, options.batch_size) for _, path in pairs]
    with open(options.out, "w") as f:
        f.write(picture([name for name, _ in pairs], runs, options.low))


if __name__ == "__main__":
    main()
