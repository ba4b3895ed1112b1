#!/usr/bin/env python3
"""A room includes itself and the rooms below it: docs/CONVENTIONS.md, Rooms.

Public headers include public headers only; cli includes its own and public ones; kern
includes its own and weir/dtype.h; no file of op/ includes another's .c."""

import re

from rooms import ROOT, finish, tracked

ORDER = ["base", "kern", "dev", "tensor", "ad data comm", "op", "nn optim", "elem", "part",
         "move", "dist layer", "model", "infer", "train", "report", "cli"]
RANK = {room: i for i, rooms in enumerate(ORDER) for room in rooms.split()}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)


def verdict(path, target):
    """Why `path` may not include `target`; None when it may."""
    parts = path.parts
    public = target.startswith("weir/")
    if parts[0] == "include":
        return None if public else "a public header includes a private one"
    room = parts[1]
    if room not in RANK:
        return f"unknown room {room}"
    if public:
        if room == "kern" and target != "weir/dtype.h":
            return "kern sees weir/dtype.h only"
        return None
    if target == "weir_build.h":
        return None if room == "base" else "only base sees the build's header"
    other = target.split("/")[0]
    if "/" not in target or other not in RANK:
        return 'write includes from src/ or include/, as in "base/base.h"'
    if target.endswith(".c"):
        return "a source file is not included"
    if other == room:
        return None
    if room == "cli":
        return "cli includes public headers only"
    if room == "kern":
        return "kern includes nothing of other rooms"
    if RANK[other] >= RANK[room]:
        return f"{room} does not lie above {other}"
    return None


def main():
    problems = []
    files = tracked("src/*.c", "src/*.h", "src/*.inl", "include/*.h")
    for path in files:
        text = (ROOT / path).read_text()
        for match in INCLUDE.finditer(text):
            why = verdict(path, match.group(1))
            if why:
                line = text.count("\n", 0, match.start()) + 1
                problems.append(f'{path}:{line}: "{match.group(1)}": {why}')
    finish("check_layers", problems, f"{len(files)} files")


main()
