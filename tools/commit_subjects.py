#!/usr/bin/env python3
"""Checks the subjects of commits: 72 characters at most, a capital first, no full stop at the end.

Usage: tools/commit_subjects.py [REVISION]
Checks the commits after REVISION. Without one: after `origin/main`, or after the last tag where there is no such
branch. Prints `commit: subject: what to do` for every finding; exit status 1 when there is one.
"""

import subprocess
import sys

LENGTH_MAX = 72


def problem(subject):
    """What is wrong with a subject; None when nothing is."""
    if len(subject) > LENGTH_MAX:
        return f"{len(subject)} characters: say it in {LENGTH_MAX}, and the rest in the body"
    if not subject[:1].isupper():
        return "begin with a verb and a capital: 'Add', 'Fix'"
    if subject.endswith("."):
        return "end it without a full stop"
    return None


def git(*arguments):
    result = subprocess.run(["git", *arguments], capture_output=True, text=True)
    return result.stdout.strip() if result.returncode == 0 else None


def base():
    return git("merge-base", "HEAD", "origin/main") or git("describe", "--tags", "--abbrev=0") or "HEAD"


def main(arguments):
    since = arguments[0] if arguments else base()
    log = git("log", "--no-merges", "--format=%h\t%s", f"{since}..HEAD")
    if log is None:
        print(f"commit subjects: there is no revision '{since}'")
        return 1
    found = 0
    lines = log.splitlines()
    for line in lines:
        commit, _, subject = line.partition("\t")
        wrong = problem(subject)
        if wrong:
            print(f"{commit}: {subject}: {wrong}")
            found += 1
    print(f"commit subjects: {len(lines)} commits, {found} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
