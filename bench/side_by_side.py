#!/usr/bin/env python3
"""Trains a recipe with weir and the same architecture with a peer (flows with nflows, autoencoders in
plain PyTorch): the same rows, the same optimiser settings, the same seconds, one thread each, pinned
to a core of its own, at the same time.

    WEIR_PEERS=DIRECTORY WEIR_DATA=... bench/side_by_side.py WEIR RECIPE [--seconds 60]

WEIR_PEERS is a virtual environment with torch, nflows and numpy (bench/setup_peers.sh makes one; default
~/.cache/weir-peers). Recipes of the presets nsf and nsf-ar,
whose columns are real, ordinal or context, and at most one categorical; of vae on binary columns. Prints both test
log-likelihoods with standard errors, and a row of a Markdown table; the last line is JSON.
"""
import argparse
import ast
import json
import os
import platform
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = {"nsf": ("nflows", "nflows_fit.py"), "nsf-ar": ("nflows", "nflows_fit.py"),
         "vae": ("PyTorch", "vae_fit.py")}


def pinned(core):
    return lambda: os.sched_setaffinity(0, {core})


def start(words, core):
    env = dict(os.environ, OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=env,
                            preexec_fn=pinned(core))


def finish(job, name):
    out = job.communicate()[0]
    if job.returncode != 0:
        sys.exit(f"{name} failed with exit code {job.returncode}")
    return json.loads(out)


def batch_size(config, rows):
    """weir's own choice, so that both get the same number."""
    asked = config["train"]["batch_size"]
    auto = 64 if rows < 4000 else 128 if rows < 10000 else 256 if rows < 100000 else 512
    return asked if asked > 0 else auto


def npy_rows(path):
    with open(path, "rb") as f:
        return ast.literal_eval(f.read(128)[10:].decode().strip())["shape"][0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("weir")
    parser.add_argument("recipe")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", action="append", default=[])
    options = parser.parse_args()
    peers = os.environ.get("WEIR_PEERS", os.path.expanduser("~/.cache/weir-peers"))
    python = os.path.join(peers, "bin", "python")
    if not os.path.exists(python):
        sys.exit(f"{python}: not there; WEIR_PEERS says where the virtual environment is")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("two cores are needed, one for each")
    common = ["--time-limit", str(options.seconds), "--seed", str(options.seed)]
    for word in options.set:
        common += ["--set", word]
    with tempfile.TemporaryDirectory() as folder:
        rows = os.path.join(folder, "rows")
        told = subprocess.run(
            [options.weir, "recipe", "rows", options.recipe, "-o", rows, "--format", "npy",
             "--json", "-q"] + common, stdout=subprocess.PIPE, text=True, check=True).stdout
        config = json.loads(told)
        if config["model"]["name"] not in PEERS:
            sys.exit(f"{options.recipe}: its preset is none of {', '.join(PEERS)}")
        peer, script = PEERS[config["model"]["name"]]
        batch = batch_size(config, npy_rows(rows + "-train.npy"))
        config["train"]["batch_size"] = batch
        with open(os.path.join(folder, "config.json"), "w") as f:
            json.dump(config, f)
        ours = start([options.weir, "recipe", "run", options.recipe, "-o",
                      os.path.join(folder, "m.safetensors"), "--threads", "1", "--json", "-q",
                      "--set", f"train.batch_size={batch}"] + common, cores[0])
        theirs = start([python, os.path.join(HERE, script), f.name, rows,
                        str(options.seconds), str(options.seed)], cores[1])
        result = {"weir": finish(ours, "weir"), peer: finish(theirs, peer)}
    print("| recipe | library | mean test log-likelihood | standard error | steps | seconds |")
    print("|---|---|---|---|---|---|")
    for name, r in result.items():
        print(f"| {options.recipe} | {name} | {r['mean_log_prob']:.4f} | "
              f"{r['standard_error']:.4f} | {r['steps']} | {r['seconds']:.0f} |")
    gaussian = (result["weir"].get("baselines") or {}).get("gaussian")
    if gaussian:
        print(f"| {options.recipe} | Gaussian, full covariance | "
              f"{gaussian['mean_log_prob']:.4f} | {gaussian['standard_error']:.4f} | | |")
    result["machine"] = {"cores": cores[:2], "processor": platform.processor() or
                         platform.machine(), "load": os.getloadavg(),
                         "date": time.strftime("%Y-%m-%d")}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
