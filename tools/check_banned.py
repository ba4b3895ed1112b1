#!/usr/bin/env python3
"""Calls and constructs that have no place here, each with its reason."""

import re

from rooms import ROOT, bare, finish, tracked

# pattern, reason, files it is allowed in
CALLS = [
    (r"\b(atoi|atol|atof)\s*\(", "no error reporting", None),
    (r"\bstrtok\s*\(", "hidden state", None),
    (r"\b(sprintf|vsprintf|strcpy|strcat|gets)\s*\(", "no bound on the output", None),
    (r"\b(s?rand|s?random|drand48)\s*\(", "numbers come from base/rng.h", None),
    (r"\b(setjmp|longjmp|sigsetjmp|siglongjmp)\s*\(", "skips the freeing of memory", None),
    (r"\balloca\s*\(", "stack of unknown size", None),
    (r"\b(exit|_exit|abort)\s*\(", "the library returns a status", r"src/cli/"),
    (r"\b(printf|vprintf|puts|putchar)\s*\(", "the library never prints", r"src/cli/"),
    (r"\b(malloc|calloc|realloc)\s*\(", "memory comes from the context",
     r"src/(cli/|base/(memory|c_locale|text)\.c|dev/ctx\.c)"),
    (r"\bassert\s*\(", "input errors get a message, the rest a test", None),
    (r"#\s*pragma\s+omp\b|<omp\.h>", "weiri_parallel is the only parallel construct", None),
    (r"\bpthread_create\s*\(", "weiri_parallel is the only parallel construct",
     r"src/dev/threads\.c"),
    (r"#\s*pragma\s+(STDC\s+FENV|GCC\s+optimize)", "flags belong to the build", None),
    (r"-ffast-math|-Ofast", "infinities and NaN keep their meaning", None),
]
BUILD = [(r"-ffast-math|-Ofast", "infinities and NaN keep their meaning")]


def scan(path, text, rules):
    for pattern, reason in rules:
        for match in re.finditer(pattern, text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{path}:{line}: {match.group().strip()}: {reason}"


def main():
    problems = []
    files = tracked("src/*.c", "src/*.h", "src/*.inl", "include/*.h")
    for path in files:
        rules = [(pattern, reason) for pattern, reason, allowed in CALLS
                 if not (allowed and re.match(allowed, path.as_posix()))]
        problems += scan(path, bare((ROOT / path).read_text()), rules)
    for path in tracked("CMakeLists.txt", "*.cmake", "CMakePresets.json", "Makefile"):
        lines = re.sub(r"(?m)#.*$", "", (ROOT / path).read_text())
        problems += scan(path, lines, BUILD)
    finish("check_banned", problems, f"{len(files)} files")


main()
