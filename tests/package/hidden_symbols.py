#!/usr/bin/env python3
"""Shared libraries show what public headers declare, and nothing else.

Usage: tests/package/hidden_symbols.py FOLDER     (where libtram_*.so.* are, in it or below)

A type that only private headers name must own no exported name.
"""

import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
TYPE = re.compile(r"^(?:class|struct|enum class) (?:TRAM_\w+(?:\([^)]*\))? |\[\[\w+\]\] )?(\w+)", re.MULTILINE)
# Also a friend, and what is only declared.
NAMED = re.compile(r"\b(?:class|struct) (?:TRAM_\w+(?:\([^)]*\))? |\[\[\w+\]\] )?(\w+)")


def texts(*patterns):
    return [path.read_text(encoding="utf-8") for pattern in patterns for path in TOP.glob(pattern)]


def private_types():
    public = {name for text in texts("*/include/**/*.hpp", "*/*/include/**/*.hpp") for name in NAMED.findall(text)}
    private = {name for text in texts("libs/*/src/*.hpp", "drivers/*/src/*.hpp", "testkit/src/*.hpp")
               for name in TYPE.findall(text)}
    return private - public


def exported(library):
    listed = subprocess.run(["nm", "--dynamic", "--defined-only", "--demangle", library],
                            check=True, capture_output=True, text=True).stdout
    return [line.split(" ", 2)[2] for line in listed.splitlines()]


def entity(name):
    """The name without template arguments and parameters: what it is, and not what it is made for."""
    while True:
        shorter = re.sub(r"<[^<>]*>|\([^()]*\)", "", name)
        if shorter == name:
            return name
        name = shorter


def main(folder):
    libraries = sorted(path for path in pathlib.Path(folder).rglob("libtram_*.so.*") if not path.is_symlink())
    hidden = private_types()
    owned = re.compile(rf"\btram::(?:\w+::)*({'|'.join(sorted(hidden))})\b")
    names = {library: exported(library) for library in libraries}
    shown = [f"{library.name}: {name}" for library in libraries for name in names[library] if owned.search(entity(name))]
    for line in shown[:20]:
        print(f"exported, although no public header names it: {line}")
    if not any("typeinfo for tram::Error" in name for some in names.values() for name in some):
        print(f"no library below {folder} exports the type of tram::Error, which programs catch")
        return 1
    print(f"{len(libraries)} libraries export {sum(map(len, names.values()))} names; "
          f"{len(shown)} belong to one of {len(hidden)} private types")
    return 1 if shown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
