"""Helpers that the checks share: tracked files, C text without comments and strings."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def tracked(*patterns):
    """Paths, relative to the root, of tracked files that exist and match a pattern."""
    out = subprocess.run(["git", "ls-files", "--", *patterns], cwd=ROOT, check=True,
                         capture_output=True, text=True).stdout
    return [p for p in map(pathlib.Path, out.split("\n")) if p.name and (ROOT / p).exists()]


def bare(text):
    """C text with comments blanked and strings emptied; lines keep their numbers."""
    def blank(match):
        token = match.group()
        if token[0] == '"':
            return '""'
        if token[0] == "'":
            return "0"
        return "\n" * token.count("\n") or " "
    return TOKEN.sub(blank, text)


def finish(name, problems, what):
    """Prints the problems, or one line that says what was looked at; exits."""
    for problem in problems:
        print(problem)
    if problems:
        raise SystemExit(f"{name}: {len(problems)} problem(s)")
    print(f"{name}: {what}")
