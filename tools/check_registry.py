#!/usr/bin/env python3
"""A registry line has its file, and a source file is listed once: by a registry line
(include/weir/*.def) or in its room's sources.cmake."""

import collections
import re

from rooms import ROOT, finish, tracked

ROOM = {"ops": "op", "elems": "elem", "nets": "nn", "blocks": "nn/block", "layers": "layer", "dists": "dist",
        "presets": "model", "readers": "data", "kls": "dist", "objectives": "infer",
        "optims": "optim", "schedules": "optim",
        "verbs": "cli", "targets": "infer/target", "methods": "infer/method"}
LINE = re.compile(r"^WEIR_[A-Z_]+\(([a-z0-9_]+)", re.M)


def registered(problems):
    """Counts the files that registry lines ask for."""
    count = collections.Counter()
    for path in tracked("include/weir/*.def"):
        if path.stem not in ROOM:
            problems.append(f"{path}: a registry that tools/check_registry.py and "
                            "cmake/weir_sources.cmake do not know")
            continue
        for name in LINE.findall((ROOT / path).read_text()):
            file = f"src/{ROOM[path.stem]}/{name}.c"
            count[file] += 1
            if not (ROOT / file).exists():
                problems.append(f"{path}: {name}: {file} does not exist")
    return count


def listed():
    """Counts the files that sources.cmake files name (kern builds some names)."""
    count = collections.Counter()
    for path in tracked("src/*/sources.cmake"):
        text = re.sub(r"(?m)#.*$", "", (ROOT / path).read_text())
        for call in re.findall(r"weir_sources\s*\(([^)]*)\)", text):
            count.update(f"{path.parent}/{name}" for name in call.split())
    return count


def main():
    problems = []
    count = registered(problems) + listed()
    files = {path.as_posix() for path in tracked("src/*.c")}
    problems += [f"{file}: in no list" for file in sorted(files - set(count))]
    problems += [f"{file}: listed {n} times" for file, n in sorted(count.items()) if n > 1]
    finish("check_registry", problems, f"{len(files)} files, {len(count)} lines")


main()
