#!/usr/bin/env python3
"""Weir and its peers side by side: python3 bench/run.py --help, docs/benchmarks.md.

Every case runs in one process per package. Rounds go through the packages in turn, so that
what disturbs the machine disturbs all; medians are compared.
"""
import argparse
import json
import os
import subprocess
import sys
import time

import busy
import cases
import machine
import report
from runner import LIMIT, Failed, has_own_threads, peer_runner, weir_runner

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SLOW = 3.0  # seconds of a call from which it is timed once, at most threads alone
BROKEN = (Failed, OSError, ValueError)


def options():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--case", action="append", default=[], metavar="NAME",
                   help="cases to run, by name or its beginning; may be repeated")
    p.add_argument("--list", action="store_true", help="names of the cases")
    p.add_argument("--quick", action="store_true", help="3 short rounds")
    p.add_argument("--rounds", type=int, default=5, metavar="N")
    p.add_argument("--minutes", type=float, default=0.0, metavar="M",
                   help="peers that take longer than a case's share of this to start are "
                   "left out; 0: none is, unless it takes two minutes")
    p.add_argument("--threads", default="2,1", metavar="LIST")
    p.add_argument("--no-peers", action="store_true", help="weir alone")
    p.add_argument("--peers", metavar="LIST", help="only these peers")
    p.add_argument("--build", default=os.path.join(ROOT, "build", "release"), metavar="DIR")
    p.add_argument("--out", metavar="FILE", help="results, added to what is there; "
                   "default bench.json in the build directory")
    p.add_argument("--write", action="store_true",
                   help="then write docs/benchmarks.md from OUT, earlier results included")
    p.add_argument("--page", action="store_true", help="only write it")
    p.add_argument("--compare", nargs=2, metavar=("OLD", "NEW"),
                   help="two result files: weir against itself")
    a = p.parse_args()
    a.out = a.out or os.path.join(a.build, "bench.json")
    a.threads = sorted((int(t) for t in a.threads.split(",")), reverse=True)
    a.rounds = 3 if a.quick else a.rounds
    return a


def chosen(names):
    rows = [c for c in cases.CASES
            if not names or any(c[0].startswith(n) for n in names)]
    if not rows and not any("busy".startswith(n) for n in names):
        sys.exit(f"bench: no case is called {', '.join(names)}; see --list")
    return rows


def peers_python():
    """The interpreter of the peers' environment (bench/setup_peers.sh), or None."""
    home = os.environ.get("WEIR_PEERS", os.path.expanduser("~/.cache/weir-peers"))
    python = os.path.join(home, "bin", "python")
    return python if os.path.exists(python) else None


def installed(python, wanted):
    """Peers whose packages the environment has."""
    needs = {"zuko-compiled": "zuko", "pytorch": "torch", "pytorch-compiled": "torch"}
    found = []
    for peer in cases.PEERS:
        module = needs.get(peer, peer)
        code = f"import importlib.util as u, sys; sys.exit(u.find_spec('{module}') is None)"
        if (not wanted or peer in wanted) and subprocess.run([python, "-c", code]).returncode == 0:
            found.append(peer)
    return found


class Tool:
    """Weir or a peer in one case: its runners by number of threads, and what they gave."""

    def __init__(self, name, start, threads):
        self.name, self.times, self.runners = name, {}, {}
        self.peak, self.objective = None, []
        self.calls = 0
        if name.endswith("compiled"):
            threads = threads[:1]  # a compilation for each number of threads takes a minute
        try:
            for t in threads:
                own = has_own_threads(name) or not self.runners
                self.runners[t] = start(t) if own else self.runners[threads[0]]
        except BROKEN:
            self.kill()
            raise
        self.main = self.runners[threads[0]]

    def prepare(self, t, seconds):
        """Warm calls, and how many make a round of so many seconds."""
        slow = any(v and v[0] > SLOW for v in self.times.values())
        if t not in self.runners or slow:
            self.calls = 0
            return
        runner = self.runners[t]
        runner.set_threads(t)
        once = runner.seconds(1)
        if once > SLOW:
            self.times[t], self.calls = [once], 0
            return
        once = min(once, runner.seconds(max(1, min(10, int(0.1 / once)))))
        self.calls = max(1, int(seconds / once))
        self.times[t] = []

    def round(self, t):
        if self.calls and t in self.runners:
            self.times[t].append(self.runners[t].seconds(self.calls))

    def close(self):
        for runner in set(self.runners.values()) - {self.main}:
            runner.close()
        self.peak, self.objective = self.main.close()

    def kill(self):
        for runner in set(self.runners.values()):
            runner.kill()

    def result(self):
        ready = self.main.ready
        return {"version": ready.get("version"), "isa": ready.get("isa"),
                "parameters": ready["parameters"], "checks": ready["checks"],
                "first": self.main.first, "peak_mib": self.peak,
                "objective": self.objective,
                "times": {str(t): v for t, v in self.times.items()}}


def start_tools(args, case, peers, python, share):
    """Weir and the peers that start within share seconds in all."""
    _, _, model, op, rows, _ = case
    end = time.monotonic() + share
    tools, absent = [], {}
    starts = {"weir": lambda t: weir_runner(
        os.path.join(args.build, "bench", "bench_weir"), model, op, rows, t,
        cases.weir_model(model), "bits" if "vae" in model["family"] else "normal")}
    for peer in peers:
        starts[peer] = lambda t, peer=peer: peer_runner(
            python, peer, model, op, rows, t, max(10.0, min(LIMIT, end - time.monotonic())))
    for name, start in starts.items():
        try:
            tools.append(Tool(name, start, args.threads))
        except BROKEN as error:
            absent[name] = str(error)
    return tools, absent


def guarded(tools, absent, action):
    """Does it with every tool; one that fails is left out from there on."""
    for tool in list(tools):
        try:
            action(tool)
        except BROKEN as error:
            absent[tool.name] = str(error)
            tool.kill()
            tools.remove(tool)


def run_case(args, case, peers, python, ceilings, share):
    name, title, model, op, rows, goal = case
    print(f"{name}: {title}", flush=True)
    begun = time.monotonic()
    tools, absent = start_tools(args, case, peers, python, share)
    for t in args.threads:
        guarded(tools, absent, lambda tool: tool.prepare(t, 0.1 if args.quick else 0.2))
        for _ in range(args.rounds):
            guarded(tools, absent, lambda tool: tool.round(t))
    guarded(tools, absent, Tool.close)
    result = {"title": title, "op": op, "rows": rows, "goal": goal, "absent": absent,
              "floor": {str(t): cases.floor(model, op, rows, ceilings, t)
                        for t in args.threads},
              "tools": {tool.name: tool.result() for tool in tools}}
    result["wrong"] = report.wrong(result)
    result["seconds"] = time.monotonic() - begun
    result.update(machine.stamp(ROOT))
    report.show_case(result)
    return result


def load(path):
    if not os.path.exists(path):
        return {"cases": {}}
    with open(path) as f:
        return json.load(f)


def save(path, results):
    with open(path + ".new", "w") as f:
        json.dump(results, f, indent=1)
    os.replace(path + ".new", path)


def main():
    args = options()
    if args.compare:
        return report.compare(load(args.compare[0]), load(args.compare[1]))
    if args.list:
        print("\n".join(f"{c[0]:16}{c[1]}" for c in cases.CASES) + "\nbusy")
        return 0
    results = load(args.out)
    if args.page:
        report.write(os.path.join(ROOT, "docs", "benchmarks.md"), results)
        return 0
    python = None if args.no_peers else peers_python()
    peers = installed(python, args.peers and args.peers.split(",")) if python else []
    if not args.no_peers and not peers:
        print("bench: no peers found (bench/setup_peers.sh, WEIR_PEERS); weir alone")
    begun, todo = time.monotonic(), chosen(args.case)
    for i, case in enumerate(todo):
        left = 60.0 * args.minutes - (time.monotonic() - begun)
        share = 1.2 * left / (len(todo) - i) if args.minutes else len(peers) * LIMIT
        ceilings = machine.ceilings(args.build)
        results["machine"], results["ceilings"] = machine.describe(), ceilings
        results["cases"][case[0]] = run_case(
            args, case, peers, python, ceilings, share)
        save(args.out, results)
    if not args.case or any("busy".startswith(n) for n in args.case):
        results["busy"] = busy.run(args, "nflows" if "nflows" in peers else None, python)
        save(args.out, results)
    if args.write:
        order = [c[0] for c in cases.CASES]
        results["cases"] = {n: results["cases"][n] for n in order if n in results["cases"]}
        report.write(os.path.join(ROOT, "docs", "benchmarks.md"), results)
    return 1 if any(c["wrong"] for c in results["cases"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
