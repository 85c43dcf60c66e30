#!/usr/bin/env python3
"""Compiles uses that are wrong, and checks that the compiler refuses each with the words it promises.

Usage: wrong_uses.py FOLDER COMPILER ARGUMENT…

The first line of every FOLDER/*.cpp is `// expect: ` and those words. All of them are compiled at once, each
in a namespace of its own, since reading the headers is what takes the time.
"""

import pathlib
import re
import subprocess
import sys
import tempfile


def source_of(snippets):
    lines = [f'#include "{header}"' for header in sorted(snippets[0].parent.glob("*.hpp"))]
    for snippet in snippets:
        lines += [f"namespace {snippet.stem} {{", f'#include "{snippet}"', "}"]
    return "\n".join(lines) + "\n"


def refusals(words):
    """What the compiler said, one text an error, with the lines that tell where it comes from."""
    errors, trail = [], []
    for line in words.splitlines():
        trail.append(line)
        if re.search(r"\berror: ", line):
            errors.append("\n".join(trail))
            trail = []
    return errors


def main(folder, *command):
    snippets = sorted(pathlib.Path(folder).glob("*.cpp"))
    with tempfile.NamedTemporaryFile("w", suffix=".cpp") as source:
        source.write(source_of(snippets))
        source.flush()
        outcome = subprocess.run([*command, "-fsyntax-only", source.name], check=False, capture_output=True, text=True)
    errors = refusals(outcome.stderr)
    failures = 0
    for snippet in snippets:
        expected = snippet.read_text().splitlines()[0].removeprefix("// expect: ")
        refused = (f"error: static assertion failed: {expected}", f"error: {expected}")
        found = any(f"{snippet.name}:" in error and any(words in error for words in refused) for error in errors)
        print(f"{'ok  ' if found else 'FAIL'} {snippet.name}: {expected}")
        failures += not found
    if failures:
        print(outcome.stderr)
    return 1 if failures or not snippets else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
