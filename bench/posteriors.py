#!/usr/bin/env python3
"""Posteriors of posteriordb by every method, against its reference draws.

    posteriors.py WEIR MODELS [--posterior NAME]... [--method NAME]... [--seed N]
                  [--stan FOLDER] [--append FILE]

WEIR is the program, MODELS the folder of the shared objects that examples/posteriors
builds; WEIR_DATA holds the folder posteriordb. --stan: a folder of models compiled with
BridgeStan (NAME_model.so) to run in place of MODELS. One row a run: the largest
difference of a mean from the reference mean in reference standard deviations, of a
standard deviation from the reference one as a share of it, what flags the run (fits: k-hat,
and how many of the short chains of --check-modes settled where the fit has no draws), gradient
evaluations, bulk ESS per gradient (of chains), CPU seconds of all threads. Beside each largest difference
stands that of z, the difference over its Monte-Carlo error (both sides counted), for
chains. Only the standard library is used."""

import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

POSTERIORS = [
    ("eight_schools_noncentered", "eight_schools", "eight_schools-eight_schools_noncentered"),
    ("arK", "arK", "arK-arK"),
    ("garch11", "garch", "garch-garch11"),
    ("kidscore_interaction", "kidiq", "kidiq-kidscore_interaction"),
    ("logmesquite", "mesquite", "mesquite-logmesquite"),
    ("lotka_volterra", "hudson_lynx_hare", "hudson_lynx_hare-lotka_volterra"),
    ("one_comp_mm_elim_abs", "one_comp_mm_elim_abs",
     "one_comp_mm_elim_abs-one_comp_mm_elim_abs"),
    ("nes", "nes1996", "nes1996-nes"),
]

METHODS = {
    "nuts": ["--method", "nuts"],
    "full-rank": ["--method", "vi", "--check-modes"],
    "spline": ["--method", "vi", "--check-modes", "--set", "infer.method.family=nsf",
               "--set", "infer.method.steps=6000"],
    "tsc": ["--method", "tsc", "--check-modes", "--set", "infer.method.family=nsf"],
    "neutra": ["--method", "neutra", "--set", "infer.method.family=nsf",
               "--set", "infer.method.steps=3000", "--warmup", "300", "--draws", "500"],
}


def database():
    root = pathlib.Path(os.environ.get("WEIR_DATA", "")) / "posteriordb"
    if not root.is_dir():
        sys.exit("WEIR_DATA must name a folder that holds posteriordb")
    return root


def unpacked(path):
    with zipfile.ZipFile(path) as z:
        return z.read(z.namelist()[0])


def reference(path):
    """Mean, standard deviation and standard error of the mean of every parameter: ten
    chains of independent-looking draws."""
    chains = json.loads(unpacked(path))
    out = {}
    for name in chains[0]:
        x = [v for c in chains for v in c[name]]
        mean = sum(x) / len(x)
        sd = math.sqrt(sum((v - mean) ** 2 for v in x) / (len(x) - 1))
        out[name] = (mean, sd, sd / math.sqrt(len(x)))
    return out


def weigh(rows):
    """(mean, sd, standard error or None) of each parameter, as weir's summary has them."""
    return {r["name"]: (r["mean"], r["sd"], r.get("mcse_mean")) for r in rows}


def compare(ref, found):
    worst_mean, worst_sd, worst_z, where = 0.0, 0.0, 0.0, ""
    for name, (mean, sd, se) in ref.items():
        m, s, mcse = found[name]
        off = abs(m - mean) / sd
        if off > worst_mean:
            worst_mean, where = off, name
        worst_sd = max(worst_sd, abs(s / sd - 1.0))
        if mcse:
            worst_z = max(worst_z, abs(m - mean) / math.hypot(mcse, se))
    return worst_mean, where, worst_sd, worst_z


def run(weir, model, data, options, seed):
    before = os.times()
    command = [weir, "infer", str(model), "--data", data, "--seed", str(seed), "--json",
               "--quiet", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after = os.times()
    seconds = (after.children_user + after.children_system
               - before.children_user - before.children_system)
    if done.returncode not in (0, 3):
        return None, done.stderr.strip().splitlines()[-1:] or ["no message"], seconds
    return json.loads(done.stdout), None, seconds


def line(name, method, result, ref, seconds):
    mean, where, sd, z = compare(ref, weigh(result["summary"]))
    record = result["record"]
    flags = []
    fit = result.get("khat")
    if fit:
        flags.append(f"k-hat {fit['khat']:.2f} (limit {fit['threshold']:.2f})")
    else:
        flags.append(f"R-hat {result['rhat']:.3f}")
    if result["divergent"]:
        flags.append(f"{result['divergent']} diverged")
    modes = result.get("modes")
    if modes:
        flags.append(f"{modes['missed']} of {modes['chains']} chains elsewhere")
    flags.append("good" if result["good"] else "flagged")
    ess = None if fit else result["ess_bulk"]
    per = f"{ess / record['gradients']:.4f}" if ess else "-"
    z = "-" if fit else f"{z:.1f}"
    return (f"| {name} | {method} | {mean:.3f} ({where}) | {sd:.3f} | "
            f"{z} | {', '.join(flags)} | {record['gradients']} | {per} | "
            f"{seconds:.1f} |")


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("weir")
    p.add_argument("models")
    p.add_argument("--posterior", action="append")
    p.add_argument("--method", action="append", choices=list(METHODS))
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--stan")
    p.add_argument("--append")
    args = p.parse_args()
    root = database()
    print("| posterior | method | mean off, in sd | sd off, share | z | flags | "
          "gradients | ESS per gradient | CPU seconds |\n|---|---|---|---|---|---|---|---|---|")
    for name, data, draws in POSTERIORS:
        if args.posterior and name not in args.posterior:
            continue
        ref = reference(root / "draws" / f"{draws}.json.zip")
        model = (pathlib.Path(args.stan) / f"{name}_model.so" if args.stan
                 else pathlib.Path(args.models) / f"{name}.so")
        with tempfile.NamedTemporaryFile(suffix=".json") as f:
            f.write(unpacked(root / "data" / f"{data}.json.zip"))
            f.flush()
            for method in args.method or METHODS:
                result, error, seconds = run(
                    args.weir, model, f.name, METHODS[method], args.seed)
                text = (f"| {name} | {method} | failed: {error[0]} | | | | | | "
                        f"{seconds:.1f} |" if result is None
                        else line(name, method, result, ref, seconds))
                print(text, flush=True)
                if args.append:
                    with open(args.append, "a", encoding="utf-8") as out:
                        out.write(text + "\n")


if __name__ == "__main__":
    main()
