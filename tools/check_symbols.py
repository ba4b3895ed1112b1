#!/usr/bin/env python3
"""check_symbols.py BUILD: the shared library exports what the public headers declare with
WEIR_API, no less and no more; names of the static library begin with weir_ or weiri_."""

import pathlib
import re
import subprocess
import sys

from rooms import ROOT, finish

MARK = '__attribute__((visibility("default")))'
SKIP = re.compile(r"__attribute__\s*\(\([^()]*(\([^()]*\))?[^()]*\)\)")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def declared():
    """Names after WEIR_API in all public headers, registries expanded."""
    headers = sorted((ROOT / "include").rglob("*.h"))
    text = "".join(f'#include "{h}"\n' for h in headers)
    plain = subprocess.run(
        ["cc", "-std=c17", "-E", "-P", f"-I{ROOT / 'include'}", "-x", "c", "-"],
        input=text, check=True, capture_output=True, text=True).stdout
    names = set()
    for piece in plain.split(MARK)[1:]:
        match = re.search(r"\b(\w+)\s*[(;\[]", SKIP.sub("", piece))
        names.add(match.group(1))
    return names


def defined(*nm):
    """Names of defined global symbols."""
    lines = (line.split() for line in output("nm", *nm).splitlines())
    return {line[2] for line in lines if len(line) == 3 and line[1] in "TDBRVWCi"}


def main():
    build = pathlib.Path(sys.argv[1])
    want = declared()
    have = defined("-D", "--defined-only", str(build / "libweir.so"))
    every = defined("-g", "--defined-only", str(build / "libweir_static.a"))
    problems = [f"{name}: declared, not exported" for name in sorted(want - have)]
    problems += [f"{name}: exported, not declared" for name in sorted(have - want)]
    problems += [f"{name}: neither weir_ nor weiri_" for name in sorted(every)
                 if not re.match(r"weiri?_", name)]
    finish("check_symbols", problems, f"{len(want)} public symbols")


main()
