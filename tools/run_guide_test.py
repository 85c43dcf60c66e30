#!/usr/bin/env python3
"""What run_guide takes for commands, and that a failing command fails the page."""

import contextlib
import io
import pathlib
import tempfile
import unittest

import run_guide

PAGE = """# A page
```sh
not run
```
<!-- run -->
```sh
first
```
text
<!-- run -->

```sh
second
third
```
"""


class Blocks(unittest.TestCase):
    def test_only_marked_blocks_are_commands(self):
        self.assertEqual(run_guide.blocks(PAGE), ["first\n", "second\nthird\n"])

    def test_a_mark_without_a_block_is_an_error(self):
        with self.assertRaises(ValueError):
            run_guide.blocks("<!-- run -->\ntext\n```sh\nfirst\n```\n")


class Pages(unittest.TestCase):
    def outcome_of(self, commands):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            page = pathlib.Path(folder, "page.md")
            page.write_text(f"<!-- run -->\n```sh\n{commands}\n```\n", encoding="utf-8")
            return run_guide.main([str(page)])

    def test_run_beside_the_project_s_files_but_not_in_them(self):
        self.assertEqual(self.outcome_of("test -f CMakeLists.txt; test ! -e .git; touch CMakeLists.txt.new"), 0)
        self.assertFalse((run_guide.TOP / "CMakeLists.txt.new").exists())

    def test_fail_with_their_first_failing_command(self):
        self.assertEqual(self.outcome_of("false\ntrue"), 1)


if __name__ == "__main__":
    unittest.main()
