"""What the figures were measured on, and its ceilings."""
import datetime
import json
import os
import platform
import subprocess


def cpu_name():
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def caches():
    out = []
    for i in range(4):
        base = f"/sys/devices/system/cpu/cpu0/cache/index{i}/"
        try:
            with open(base + "level") as level, open(base + "size") as size, \
                    open(base + "type") as kind:
                if kind.read().strip() != "Instruction":
                    out.append(f"L{level.read().strip()} {size.read().strip()}")
        except OSError:
            pass
    return ", ".join(out)


def describe():
    return {"cpu": cpu_name(), "cores": len(os.sched_getaffinity(0)),
            "caches": caches(), "system": platform.platform(terse=True),
            "load": os.getloadavg()[0]}


def stamp(root):
    def git(*words):
        return subprocess.run(["git", "-C", root, *words], capture_output=True,
                              text=True).stdout.strip()
    commit = git("rev-parse", "--short=12", "HEAD") or "unknown"
    if git("status", "--porcelain", "--untracked-files=no"):
        commit += "+"
    return {"commit": commit, "date": datetime.date.today().isoformat()}


def ceilings(build):
    """{"1": {"gemm": GFLOP/s, "memory": GB/s, "cache": GB/s}, "2": ...}"""
    program = os.path.join(build, "bench", "bench_peak")
    done = subprocess.run([program, "0.15"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
