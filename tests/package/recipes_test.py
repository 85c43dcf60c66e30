#!/usr/bin/env python3
"""The recipes for vcpkg and Conan say what CMake says: version, drivers, options, folders. Needs neither of the two.

Where Conan 2 is installed, it also reads its recipe.
"""

import ast
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
PORT = TOP / "packaging" / "vcpkg" / "tram"
CONAN = TOP / "packaging" / "conan" / "conanfile.py"
# What a client library is called there, by its name in tram_driver(DEPENDENCY …).
VCPKG_NAMES = {"SQLite3": "sqlite3", "PostgreSQL": "libpq", "pkg-config:rdkafka": "librdkafka"}


def text(path):
    return path.read_text(encoding="utf-8")


def project_version():
    return re.search(r"project\(tram VERSION ([\d.]+)", text(TOP / "CMakeLists.txt"))[1]


def drivers():
    """The name of each driver, and its client library."""
    found = {}
    for path in (TOP / "drivers").glob("*/CMakeLists.txt"):
        call = re.search(r"tram_driver\(NAME (\w+)[^)]*?DEPENDENCY (\S+)", text(path))
        found[call[1]] = VCPKG_NAMES[call[2]]
    return found


def cmake_options():
    """All options that a configuration may be given."""
    named = set(re.findall(r"option\((TRAM_\w+)", text(TOP / "CMakeLists.txt")))
    return named | {f"TRAM_{driver.upper()}" for driver in drivers()}


def conan_recipe():
    """The constants of the recipe; Conan itself need not be there."""
    recipe = text(CONAN)
    constants = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(recipe).body
                 if isinstance(node, ast.Assign)}
    return recipe, constants["DRIVERS"], constants["SOURCES"]


class Vcpkg(unittest.TestCase):
    manifest = json.loads(text(PORT / "vcpkg.json"))
    portfile = text(PORT / "portfile.cmake")

    def test_has_the_version_of_the_project(self):
        self.assertEqual(self.manifest["version"], project_version())

    def test_has_a_feature_for_each_driver_with_its_client_library(self):
        features = {name: feature["dependencies"] for name, feature in self.manifest["features"].items()
                    if name != "programs"}
        self.assertEqual(features, {driver: [library] for driver, library in drivers().items()})
        self.assertEqual(sorted(self.manifest["default-features"]), sorted(drivers()))

    def test_turns_each_feature_into_an_option_that_cmake_knows(self):
        mapped = dict(re.findall(r"^  (\w+) +(TRAM_\w+)\)?$", self.portfile, re.MULTILINE))
        self.assertEqual(mapped, {name: f"TRAM_{name.upper()}" for name in self.manifest["features"]})
        self.assertLessEqual(set(re.findall(r"TRAM_\w+", self.portfile)), cmake_options())

    def test_keeps_to_the_form_of_a_manifest(self):
        known = {"name", "version", "description", "license", "supports", "dependencies", "default-features", "features"}
        self.assertLessEqual(set(self.manifest), known)
        for name, feature in self.manifest["features"].items():
            self.assertRegex(name, r"^[a-z0-9]+(-[a-z0-9]+)*$")
            self.assertEqual(set(feature), {"description", "dependencies"})


class Conan(unittest.TestCase):
    def test_has_an_option_for_each_driver_with_its_client_library(self):
        _, named, _ = conan_recipe()
        self.assertEqual({driver: [need.split("/")[0] for need in needs] for driver, needs in named.items()},
                         {driver: [library] for driver, library in drivers().items()})

    def test_gives_options_that_cmake_knows(self):
        recipe, _, _ = conan_recipe()
        self.assertLessEqual(set(re.findall(r'"(TRAM_\w+)"', recipe)), cmake_options())

    def test_takes_all_folders_that_cmake_reads(self):
        _, _, sources = conan_recipe()
        read = re.search(r"^set\(parts (.*)\)$", text(TOP / "CMakeLists.txt"), re.MULTILINE)[1].split()
        self.assertLessEqual({f"{folder}/*" for folder in [*read, "apps", "cmake"]}, set(sources))
        for pattern in sources:
            self.assertTrue((TOP / pattern.removesuffix("/*")).exists(), pattern)

    def test_is_read_by_conan_where_it_is_installed(self):
        conan = shutil.which("conan")
        if conan is None:
            print("conan is not installed: its own reading of the recipe is left out", file=sys.stderr)
            return
        shown = subprocess.run([conan, "inspect", CONAN.parent, "--format=json"], check=True, capture_output=True, text=True)
        self.assertEqual(json.loads(shown.stdout)["version"], project_version())


if __name__ == "__main__":
    unittest.main()
