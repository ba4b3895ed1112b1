#!/usr/bin/env python3
"""Measures the sizes of the presets: held-out log-likelihood of one preset at several sizes on
several sets, early stopping on validation rows, a fixed number of steps.

    WEIR_DATA=... bench/preset_sizes.py WEIR [--sets a,b] [--sizes 5x64x1x0.1,...] [--seeds 2]

A set is the name of a recipe, or uci/NAME for a table taken with the column types that weir's own
warnings propose. A size is transforms x width x layers x dropout. One JSON line per run, then a
table of validation means per set; validation chooses, so that test rows stay unseen.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

SETS = "uci/housing,uci/concrete,uci_wine,uci/skillcraft,uci_parkinsons,magic,uci_bike,nsf_power"
SIZES = "3x16x1x0.2,4x32x1x0.2,5x64x1x0.1,6x96x2x0.1,8x128x2x0.05"


def run(words):
    return subprocess.run(words, capture_output=True, text=True, check=True)


def proposed(weir, table):
    """--column options for the columns that weir warns of."""
    said = run([weir, "fit", table, "--dry-run"]).stderr
    options = []
    for name, kind in re.findall(r"use --column (\S+?)=(\S+)", said):
        options += ["--column", f"{name}={kind}"]
    return options


def command(weir, name):
    if not name.startswith("uci/"):
        return [weir, "recipe", "run", name]
    table = os.path.join(os.environ["WEIR_DATA"], name, "data.csv.gz")
    return [weir, "fit", table] + proposed(weir, table)


def fit(words, preset, size, seed, steps, folder):
    transforms, width, layers, dropout = size.split("x")
    model = os.path.join(folder, "m.safetensors")
    sets = {"model": "{name: %s, transforms: %s, hidden_features: %s, hidden_layers: %s, dropout: %s}"
            % (preset, transforms, width, layers, dropout),
            "train": "{steps: %d, seed: %d}" % (steps, seed)}
    for key, value in sets.items():
        words = words + ["--set", f"{key}={value}"]
    out = run(words + ["-o", model, "--threads", "1", "--json", "-q"]).stdout
    return json.loads(out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("weir")
    parser.add_argument("--preset", default="nsf")
    parser.add_argument("--sets", default=SETS)
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3000)
    options = parser.parse_args()
    sizes = options.sizes.split(",")
    table = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, options.seeds + 1):
            for name in options.sets.split(","):
                words = command(options.weir, name)
                for size in sizes:
                    got = fit(words, options.preset, size, seed, options.steps, folder)
                    got["set"], got["size"] = name, size
                    print(json.dumps(got), flush=True)
                    valid = got["valid_log_prob"]
                    table.setdefault((name, size), []).append(valid)
    print("| set |" + "|".join(f" {s} " for s in sizes) + "|")
    print("|---" * (len(sizes) + 1) + "|")
    for name in options.sets.split(","):
        means = [statistics.mean(table[name, s]) for s in sizes]
        print(f"| {name} |" + "|".join(f" {m:.3f} " for m in means) + "|")


if __name__ == "__main__":
    sys.exit(main())
