"""A peer as a runner of bench/run.py: the protocol, and which module knows which peer.

    python3 serve.py PEER CASE OP ROWS THREADS

CASE is the case's JSON (bench/cases.py), OP one of train, log_prob, sample, row. After the
first call: a line of JSON. Then a line "N" is answered by the seconds of N calls, "t N"
sets the number of threads, "q" is answered by the peak memory in KiB and, of training, the
mean objective of the first step and of the last.
"""
import importlib
import json
import resource
import sys
import time

MODULES = {
    "nflows": "on_nflows", "zuko": "on_zuko", "zuko-compiled": "on_zuko",
    "normflows": "on_normflows", "flowjax": "on_flowjax",
    "pytorch": "on_pytorch", "pytorch-compiled": "on_pytorch",
}


class Unsupported(Exception):
    """The peer has no such model."""


def moments_z(z):
    """Largest |z| of mean and mean square of numbers that should be standard normal."""
    n = z.size
    return max(abs(float(z.mean())) * n**0.5,
               abs(float((z * z).mean()) - 1.0) * (n / 2.0) ** 0.5)


def main():
    peer, case, op, rows, threads = sys.argv[1:6]
    module = importlib.import_module(MODULES[peer])
    try:
        runner = module.make(peer, json.loads(case), op, int(rows), int(threads))
    except Unsupported as error:
        print(json.dumps({"unsupported": str(error)}), flush=True)
        return
    ready = {"parameters": runner.parameters, "version": module.VERSION}
    ready["checks"] = runner.first()
    ready["first"] = time.monotonic()
    before = runner.objective() if op == "train" else None
    print(json.dumps(ready), flush=True)
    for line in sys.stdin:
        if line.startswith("q"):
            break
        if line.startswith("t"):
            runner.threads(int(line[1:]))
            print("ok", flush=True)
            continue
        n, start = int(line), time.monotonic()
        for _ in range(n):
            runner.call()
        runner.wait()
        print(f"{time.monotonic() - start:.9f}", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak, *([] if before is None else [before, runner.objective()]))


if __name__ == "__main__":
    sys.modules["serve"] = sys.modules["__main__"]
    main()
