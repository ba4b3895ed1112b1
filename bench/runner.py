"""Runners: processes that make calls on order (protocol: bench_weir.c, peers/serve.py)."""
import json
import os
import select
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


LIMIT = 120.0  # seconds that an answer may take


class Failed(Exception):
    """A runner died, was silent for too long, or has no such model."""


class Runner:
    """One process for one case. first: seconds from the start of the process to the end of
    its first call. Threads are set by order where the peer can, else one process each.
    Between orders the process and its children are stopped: what looks for work after a
    call, or compiles for later, takes nothing from whoever is timed next."""

    def __init__(self, name, command, threads, env=None, cores=None, limit=LIMIT):
        self.name, self.threads, self.limit = name, threads, limit
        self.lines, self.words = b"", tempfile.TemporaryFile()
        start = time.monotonic()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.words, env=dict(os.environ, **(env or {})),
            start_new_session=True,
            preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None)
        try:
            self.ready = json.loads(self.read())
            if "unsupported" in self.ready:
                raise ValueError(self.ready["unsupported"])
            self.first = self.ready["first"] - start
            self.limit = max(limit, LIMIT)
            self.signal(signal.SIGSTOP)
        except (ValueError, KeyError, TypeError) as error:
            self.kill()
            raise Failed(f"{name}: {error}") from error

    def read(self):
        """A line of the answer, within the limit."""
        end = time.monotonic() + self.limit
        while b"\n" not in self.lines:
            left = end - time.monotonic()
            ready = left > 0 and select.select([self.process.stdout], [], [], left)[0]
            got = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not got:
                self.kill()
                self.words.seek(0)
                said = self.words.read().decode(errors="replace")
                last = said.strip().splitlines()[-1:] or ["nothing"]
                why = "ended" if ready else f"gave no answer in {self.limit:.0f} s"
                raise Failed(f"{self.name}: {why}; last words: {last[0]}")
            self.lines += got
        line, self.lines = self.lines.split(b"\n", 1)
        return line.decode()

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass  # it ended; reading says so

    def ask(self, order):
        self.signal(signal.SIGCONT)
        self.process.stdin.write(f"{order}\n".encode())
        self.process.stdin.flush()
        answer = self.read()
        self.signal(signal.SIGSTOP)
        return answer

    def set_threads(self, n):
        if n != self.threads:
            self.ask(f"t{n}")
            self.threads = n

    def seconds(self, calls):
        return float(self.ask(calls)) / calls

    def close(self):
        """Ends the process; its peak memory in MiB, and of training the mean objective of
        the first step and of the last."""
        peak, *objective = map(float, self.ask("q").split())
        self.signal(signal.SIGCONT)
        self.process.stdin.close()
        self.process.wait()
        return peak / 1024.0, objective

    def kill(self):
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
        self.process.wait()


def weir_runner(program, case, op, rows, threads, model, kind="normal"):
    return Runner("weir", [program, op, json.dumps(model), str(case["features"]),
                           str(rows), str(threads), kind], threads)


def peer_runner(python, peer, case, op, rows, threads, limit=LIMIT):
    """The JAX peer takes its threads from the cores that it may use."""
    env, cores = {}, None
    if peer == "flowjax":
        env = {"JAX_PLATFORMS": "cpu"}
        cores = set(sorted(os.sched_getaffinity(0))[:threads])
    return Runner(peer, [python, os.path.join(HERE, "peers", "serve.py"), peer,
                         json.dumps(case), op, str(rows), str(threads)],
                  threads, env, cores, limit)


def has_own_threads(peer):
    """Whether every number of threads needs a process of its own."""
    return peer in ("weir", "flowjax")
