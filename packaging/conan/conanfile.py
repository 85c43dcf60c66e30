"""Tram for Conan 2: `conan create packaging/conan` builds the tree that this file is in.

Each driver is an option; `programs` adds tram and tram-cdc.
"""

import pathlib
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy
from conan.tools.gnu import PkgConfigDeps

# What a driver needs of others.
DRIVERS = {
    "sqlite": ["sqlite3/[>=3.40 <4]"],
    "embedded": ["sqlite3/[>=3.40 <4]"],
    "postgres": ["libpq/[>=15 <18]"],
    "kafka": ["librdkafka/[>=2.0 <3]"],
}
SOURCES = ["CMakeLists.txt", "LICENSE", "cmake/*", "libs/*", "drivers/*", "adapters/*", "all_drivers/*", "testkit/*", "apps/*"]


class Tram(ConanFile):
    name = "tram"
    license = "Apache-2.0"
    description = "Transactional messaging for C++ services: outbox, inbox, relay"
    topics = ("messaging", "outbox", "kafka", "postgresql", "eventuate")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "shared": [True, False],
        "fPIC": [True, False],
        "programs": [True, False],
        **{driver: [True, False] for driver in DRIVERS},
    }
    default_options = {"shared": False, "fPIC": True, "programs": False, **{driver: True for driver in DRIVERS}}
    implements = ["auto_shared_fpic"]

    @property
    def _top(self):
        return pathlib.Path(self.recipe_folder).parent.parent

    def set_version(self):
        text = (self._top / "CMakeLists.txt").read_text(encoding="utf-8")
        self.version = re.search(r"project\(tram VERSION ([\d.]+)", text)[1]

    def export_sources(self):
        for pattern in SOURCES:
            copy(self, pattern, self._top, self.export_sources_folder)

    def validate(self):
        check_min_cppstd(self, 20)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("simdjson/[>=2.2 <5]")
        wanted = {need for driver, needs in DRIVERS.items() if self.options.get_safe(driver) for need in needs}
        for need in sorted(wanted):
            self.requires(need)
        if self.options.programs:
            self.requires("cli11/[>=2.1 <3]")
            self.requires("tomlplusplus/[>=3.3 <4]")

    def build_requirements(self):
        self.tool_requires("cmake/[>=3.25]")
        if self.options.kafka:
            self.tool_requires("pkgconf/[>=2]")

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["TRAM_TESTS"] = False
        toolchain.cache_variables["TRAM_PROGRAMS"] = bool(self.options.programs)
        toolchain.cache_variables["TRAM_EXAMPLES"] = False
        for driver in DRIVERS:
            toolchain.cache_variables[f"TRAM_{driver.upper()}"] = "ON" if self.options.get_safe(driver) else "OFF"
        toolchain.generate()
        CMakeDeps(self).generate()
        PkgConfigDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, pathlib.Path(self.package_folder) / "licenses")
        CMake(self).install()

    def package_info(self):
        # Tram's own package file knows its components and what they need.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = ["lib/cmake/tram"]
