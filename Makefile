# The front door. `make` lists what there is; everything it does is a CMake preset or a script in tools/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo test fuzz bench check release install uninstall deb format

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
MINUTES ?= 10
# One compiler cache serves every checkout of the project.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

help: ## list the targets
	@sed -n -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: ## install the Debian packages that build and tests need, fetch Kafka; starts no service
	tools/setup test
	tools/kafka_local jars

demo: ## build and run example 01: a message sent in a transaction, relayed, handled once
	@tools/setup build
	@echo "building example 01 (the first time takes a minute or two; its output goes to build/demo.log)"
	@tools/quietly build/demo.log cmake --preset release
	@tools/quietly build/demo.log cmake --build --preset release -j $(JOBS) --target 01_transactional_message
	@mkdir -p build/demo && cd build/demo && ../release/bin/01_transactional_message

test: setup ## build everything and run every test
	cmake --preset dev -DTRAM_DRIVERS=ON
	cmake --build --preset dev -j $(JOBS)
	tools/run_tests dev -j $(JOBS)

fuzz: setup ## give any bytes to all that reads bytes from outside, for MINUTES=10 together
	tools/fuzz $(MINUTES)

bench: setup ## build and run the benchmarks
	cmake --preset bench -DTRAM_DRIVERS=ON
	cmake --build --preset bench -j $(JOBS)
	tools/run_benchmarks build/bench

check: ## format, layers, house lint, header budget, warnings as errors, unit tests
	tools/check

release: ## build the optimised programs into build/release/bin
	@tools/setup build
	cmake --preset release
	cmake --build --preset release -j $(JOBS)

install: release ## install libraries and programs; PREFIX=/usr/local unless given
	tools/install_tree add build/release $(PREFIX)

uninstall: ## take away what `make install` put into PREFIX, and nothing else
	tools/install_tree remove $(PREFIX)

deb: ## build Debian packages into build/packages/debs: libtram0.2, libtram-dev, tram, and debug information
	@tools/setup build
	cmake --preset packages
	cmake --build --preset packages -j $(JOBS)
	rm -rf build/packages/debs
	cd build/packages && cpack -G DEB

format: ## format all C++ files as .clang-format says
	tools/format
