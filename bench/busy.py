"""A process that spins on one of two cores: two threads against one, weir and a peer."""
import os
import subprocess
import sys

import cases
from runner import Failed, peer_runner, weir_runner

CASE = cases.CASES[0]


def spin():
    """A process that never rests, on the last core."""
    core = sorted(os.sched_getaffinity(0))[-1]
    return subprocess.Popen([sys.executable, "-c", "while True: pass"],
                            preexec_fn=lambda: os.sched_setaffinity(0, {core}))


def rounds(start, threads, n, most):
    """Seconds a step in n rounds, for each number of threads; rounds alternate."""
    runners = {t: start(t) for t in threads}
    times = {str(t): [] for t in threads}
    other = spin()
    try:
        for _ in range(n):
            for t, runner in runners.items():
                times[str(t)].append(runner.seconds(3))
                if sum(times[str(t)]) > most:
                    return times
    finally:
        other.kill()
        other.wait()
        for runner in runners.values():
            runner.kill()
    return times


def run(args, peer, python):
    _, title, model, op, rows, _ = CASE
    program = os.path.join(args.build, "bench", "bench_weir")
    starts = {"weir": lambda t: weir_runner(
        program, model, op, rows, t, cases.weir_model(model))}
    if peer:
        starts[peer] = lambda t: peer_runner(python, peer, model, op, rows, t)
    out = {"title": title, "tools": {}}
    print("busy: another process on one of the two cores", flush=True)
    for name, start in starts.items():
        try:
            out["tools"][name] = times = rounds(start, (1, 2), 5, 10.0)
            print(f"  {name:18}" + "".join(
                f"{t} threads {1e3 * min(v):.0f} to {1e3 * max(v):.0f} ms  "
                for t, v in times.items() if v))
        except Failed as error:
            print(f"  left out: {error}")
    return out
