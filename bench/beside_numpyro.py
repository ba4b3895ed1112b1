#!/usr/bin/env python3
"""Posteriors of posteriordb by weir's NUTS and by NumPyro's in one run, one after the other:
the same chains, warm-up, draws, target acceptance and metric, one core each.

    WEIR_DATA=... beside_numpyro.py WEIR MODELS [--posterior NAME]... [--seed N]

WEIR and MODELS as of posteriors.py; WEIR_PEERS is a virtual environment with numpyro and
arviz (default ~/.cache/weir-peers). Seconds of the processor are those of warm-up and draws; of NumPyro what
compiling took stands apart, of weir loading the model is counted."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import posteriors

HERE = pathlib.Path(__file__).resolve().parent
NAMES = ["eight_schools_noncentered", "arK", "kidscore_interaction"]
CHAINS, WARMUP, DRAWS = 4, 1000, 1000


def by_weir(args, name, data):
    options = ["--method", "nuts", "--chains", str(CHAINS), "--warmup", str(WARMUP),
               "--draws", str(DRAWS), "--threads", "1"]
    model = pathlib.Path(args.models) / f"{name}.so"
    result, error, seconds = posteriors.run(args.weir, model, data, options, args.seed)
    if result is None:
        sys.exit(f"weir, {name}: {error[0]}")
    return {"seconds": seconds, "compile": None, "summary": result["summary"],
            "gradients": result["record"]["gradients"], "ess_bulk": result["ess_bulk"],
            "rhat": result["rhat"], "divergent": result["divergent"]}


def by_numpyro(args, name, data):
    venv = pathlib.Path(os.environ.get("WEIR_PEERS", "~/.cache/weir-peers")).expanduser()
    command = [venv / "bin" / "python", HERE / "peers" / "on_numpyro.py", name, data,
               args.seed, CHAINS, WARMUP, DRAWS]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"numpyro, {name}: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout.splitlines()[-1])


def row(name, who, r, ref):
    mean, where, sd, z = posteriors.compare(ref, posteriors.weigh(r["summary"]))
    compiling = "-" if r["compile"] is None else f"{r['compile']:.1f}"
    return (f"| {name} | {who} | {r['seconds']:.2f} | {compiling} | {r['gradients']} | "
            f"{r['ess_bulk']:.0f} | {r['ess_bulk'] / r['seconds']:.0f} | {mean:.3f} ({where}) | "
            f"{sd:.3f} | {z:.1f} | {r['rhat']:.3f} | {r['divergent']} |")


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("weir")
    p.add_argument("models")
    p.add_argument("--posterior", action="append")
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    root = posteriors.database()
    print("| posterior | sampler | CPU seconds | compiling | gradients | least bulk ESS | "
          "ESS per CPU second | mean off, in sd | sd off, share | z | R-hat | diverged |\n"
          "|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name, data, draws in posteriors.POSTERIORS:
        if name not in (args.posterior or NAMES):
            continue
        ref = posteriors.reference(root / "draws" / f"{draws}.json.zip")
        with tempfile.NamedTemporaryFile(suffix=".json") as f:
            f.write(posteriors.unpacked(root / "data" / f"{data}.json.zip"))
            f.flush()
            print(row(name, "weir", by_weir(args, name, f.name), ref), flush=True)
            peer = by_numpyro(args, name, f.name)
            print(row(name, f"NumPyro {peer['version']}", peer, ref), flush=True)


if __name__ == "__main__":
    main()
