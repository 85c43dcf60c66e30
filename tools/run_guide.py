#!/usr/bin/env python3
"""Runs the commands of the guide, so that the guide stays true.

Usage: tools/run_guide.py [PAGE…]     (all of docs/guide/*.md unless given)

A block that follows a line `<!-- run -->` is run:

    <!-- run -->
    ```sh
    build/release/bin/tram schema print sqlite
    ```

All pages run in one fresh folder that holds a copy of the project's files and nothing built; the blocks
of a page run in order, in one shell with `set -eu`. A page fails when a command does.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^<!-- run -->\n+```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"^<!-- run -->$", re.MULTILINE)


def blocks(page):
    """The commands of one page; raises when a mark has no ```sh block behind it."""
    found = BLOCK.findall(page)
    if len(found) != len(MARK.findall(page)):
        raise ValueError("a <!-- run --> line is not followed by a ```sh block")
    return found


def script(commands):
    return "set -eu\n" + "".join(commands)


def project_files():
    listed = subprocess.run(["git", "-C", TOP, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, check=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (TOP / name).is_file()]


def copy_project(folder):
    for name in project_files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(TOP / name, target)


def run_page(page, folder):
    """Runs one page in `folder`; prints what became of it and tells whether it went well."""
    print(f"== {page.name}", flush=True)
    try:
        commands = blocks(page.read_text(encoding="utf-8"))
        outcome = subprocess.run(["bash", "-x", "-c", script(commands)], cwd=folder, check=False,
                                 stdin=subprocess.DEVNULL, timeout=900)
    except (ValueError, subprocess.TimeoutExpired) as error:
        print(f"{page.name}: {error}", flush=True)
        return False
    verdict = f"failed with {outcome.returncode}" if outcome.returncode else "fine"
    print(f"{page.name}: {len(commands)} blocks, {verdict}", flush=True)
    return outcome.returncode == 0


def main(arguments):
    pages = [pathlib.Path(name) for name in arguments] or sorted((TOP / "docs" / "guide").glob("*.md"))
    with tempfile.TemporaryDirectory(prefix="tram-guide-") as folder:
        copy_project(pathlib.Path(folder))
        failed = sum(not run_page(page, folder) for page in pages)
    print(f"guide: {len(pages)} pages, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
