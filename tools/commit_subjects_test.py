#!/usr/bin/env python3
"""Every rule of commit_subjects, with a subject that it must find and one that it must let pass."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

from commit_subjects import problem

SCRIPT = pathlib.Path(__file__).with_name("commit_subjects.py").resolve()


class Subjects(unittest.TestCase):
    def test_may_have_72_characters(self):
        self.assertIsNone(problem("A" * 72))
        self.assertIn("73 characters", problem("A" * 73))

    def test_begin_with_a_capital_and_end_without_a_full_stop(self):
        self.assertIsNone(problem("Fix the relay's window"))
        self.assertIn("capital", problem("fix the relay's window"))
        self.assertIn("full stop", problem("Fix the relay's window."))

    def test_count_from_the_given_revision(self):
        with tempfile.TemporaryDirectory() as folder:
            def git(*arguments):
                subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments],
                               cwd=folder, check=True, capture_output=True)

            def check(*arguments):
                return subprocess.run([sys.executable, SCRIPT, *arguments], cwd=folder, capture_output=True).returncode

            git("init", "--quiet")
            git("commit", "--quiet", "--allow-empty", "-m", "an old one, before the rule.")
            git("tag", "old")
            git("commit", "--quiet", "--allow-empty", "-m", "Add a rule")
            self.assertEqual(check(), 0)  # after the last tag
            git("commit", "--quiet", "--allow-empty", "-m", "and break it")
            self.assertEqual(check(), 1)
            self.assertEqual(check("HEAD"), 0)
            self.assertEqual(check("nowhere"), 1)


if __name__ == "__main__":
    unittest.main()
