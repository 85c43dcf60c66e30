#!/usr/bin/env python3
"""Checks what the compiler cannot: layers, hidden client libraries, banned calls, skipped tests, pages.

Usage: tools/house_lint.py [FOLDER]     (the project itself unless given)
Prints `file:line: rule: what to do` for every finding; exit status 1 when there is one.
"""

import collections
import os
import pathlib
import re
import subprocess
import sys

# Who may include whom: a module's row names all it may see. STYLE.md and docs/ARCHITECTURE.md draw it.
SEES = {
    "base": "",
    "json": "base",
    "wire": "base json",
    "metrics": "base",
    "sql": "base",
    "broker": "base",
    "storage": "base sql",
    "requests": "base sql storage",
    "messaging": "base json wire sql broker",
    "outbox": "base json wire sql storage messaging",
    "subscriber": "base json wire metrics sql broker storage messaging",
    "relay": "base wire metrics sql broker storage",
    "connect": "base sql broker relay",
    "schema": "sql storage outbox subscriber relay",
    "operations": "base wire sql storage subscriber relay schema",
    "host": "base sql metrics storage requests messaging subscriber http",
    "events": "base json wire sql broker messaging outbox subscriber host",
    "commands": "base json wire sql broker messaging outbox subscriber host",
    "http": "base",
    "service": "base json wire metrics sql broker storage messaging outbox subscriber relay schema host http",
    "facade": "base json wire metrics sql broker storage messaging outbox subscriber relay schema connect host events commands http service",
    "testkit": "base json wire metrics sql broker storage messaging outbox subscriber relay schema host sqlite embedded",
}
SEES = {module: set(names.split()) for module, names in SEES.items()}
DRIVER_SEES = {"base", "wire", "sql", "broker", "storage", "relay"}

CLIENT_HEADER = re.compile(
    r"(sqlite3(ext)?|libpq-fe|libpq/.*|postgres_ext|pg_config.*|mysql|mysql/.*|mariadb.*|librdkafka/.*|amqp.*"
    r"|hiredis/.*|proton/.*|mongoc.*|bson.*|microhttpd|httplib|nlohmann/.*|simdjson|CLI/.*|soci/.*|pqxx/.*"
    r"|spdlog/.*|fmt/.*|boost/.*|prometheus/.*|toml\+\+/.*)(\.h|\.hpp)?$")
CLIENT_PLACES = re.compile(
    r"(drivers/[^/]+/(src|tests)/|libs/json/src/|libs/[^/]+/tests/|apps/|tests/|benchmarks/|examples/)")
# Headers for a driver and another client of its database, which only those include who have both.
ADAPTERS = "adapters/include/"
CLOCK_PLACES = re.compile(r"libs/base/src/|benchmarks/|(.*/)?main\.cpp$")
# Who may read what is in a position: drivers, tests, and what stores it in a column that is a number.
POSITION_PLACES = re.compile(r"drivers/|libs/broker/|testkit/|benchmarks/|libs/subscriber/src/held_messages\.cpp$")
SLEEP_PLACES = re.compile(r"libs/base/src/|benchmarks/")

# A composition root, which may name drivers.
MAIN = re.compile(r"^int main\(", re.MULTILINE)

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(")
CLOCK = re.compile(r"\b(system_clock|steady_clock|high_resolution_clock)\s*::\s*now\b")
CATCH_ALL = re.compile(r"\bcatch\s*\(\s*\.\.\.\s*\)")
CATCH_ALL_ALLOWED = re.compile(r"//\s*(thread top|C callback)\b")
SKIPPED = re.compile(r"\bGTEST_SKIP\b|\bDISABLED_")
# What one database says only, and who asks which database it is. A driver says it, as a value: its dialect, its kit.
DATABASE_SQL = re.compile(
    r"\bpg_\w+|\bctid\b|\btableoid\b|\bunnest\b|\bto_regclass\b|\bhas_\w+_privilege\b|\bsqlite_\w+\b|\bpragma\b|\bpragma_\w+"
    r"|\bjulianday\b|\browid\b|\btypeof\s*\(|\binstr\s*\(|\bon (conflict|duplicate key)\b|\binsert ignore\b|\binformation_schema\b"
    r"|[?')]::\w", re.IGNORECASE)
DATABASE_BRANCH = re.compile(r"\bDatabaseKind\b|\bdialect(_|\(\))?(\.|->)kind\b|\bscheme\s*[!=]=\s*\"")
DRIVER_SWITCH = re.compile(r"\bTRAM_HAS_\w*")
TEXT_LITERAL = re.compile(r'"((?:\\.|[^"\\])*)"')

UNDONE = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
CONFLICT = re.compile(r"(<{7}|>{7}) \S|={7}$")
MACHINE_PATH = re.compile(r"(?<![\w.~$}/-])/(home|root|Users|work)/\w")

# [`Suite.test`](../tests/x_test.cpp): a sentence of a page, and the test that shows it.
NAMED_TEST = re.compile(r"\[`(\w+)\.(\w+)`\]\(([^)#]+)\)")
LINK = re.compile(r"\]\(([^):]+\.md)(?:#([^)]*))?\)")
# <!-- file: examples/a/main.cpp -->, and the block of code behind it.
SHOWN_FILE = re.compile(r"^<!-- file: (\S+) -->\n+(?:```\w+\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)

# Habits that pages and public headers have lost, with what to write instead.
HABITS = {
    r"\bwhoever\b": "say who, or use 'if' or 'when'",
    r"\b(for|takes?|keeps?|kept|waits?) so long\b": "give the time: 'maximum time', 'after this long'",
    r"\b(is|are) none\b": "say what is missing: 'is empty', 'is not valid', 'does not exist'",
    r"\b(goes|go|went) on\b": "'continues'",
    r"\bstands? (in|on|there|at|between|still|by)\b|\bstood by\b": "'is', 'needs', 'is on standby'",
    r"\bof (its|their|one's) own\b": "'its own …', or 'a separate …'",
    r"\banew\b": "'again'",
    r"\bgets? on\b": "'is handled', 'succeeds'",
    r"\bat last\b": "say when or by what",
    r"\b(is|are|was|were) away\b": "'is down', 'does not answer'",
    r"\blooks? (at|whether|how)\b|\b(a|the|its|last|next) look\b": "'reads', 'checks', 'a check'",
    r"\bnobody could mean\b": "'that makes no sense'",
    r"\bfor want of\b": "'because there is no'",
    r"\bFaults( of [^:]*)?:": "'Throws:'",
    r"\b(?<!`)raises\b": "'throws'",
}
HABIT = re.compile("|".join(f"(?:{habit})" for habit in HABITS), re.IGNORECASE)
PUBLIC_HEADER = re.compile(r"((libs|drivers)/[^/]+|adapters|all_drivers|testkit)/include/.*\.hpp$")
SHOW, SHOW_END = "#pragma GCC visibility push(default)", "#pragma GCC visibility pop"
# Pages of decisions are never edited.
PAGE = re.compile(r"(?!docs/decisions/).*\.md$")
CLASS = re.compile(r"class (?:TRAM_\w+(?:\([^)]*\))? )?(?:\[\[nodiscard\]\] )?(\w+)[^;]*$")

CPP = {".hpp", ".cpp", ".h"}
TEXT = CPP | {".cmake", ".txt", ".md", ".py", ".sh", ".sql", ".json", ".yml", ".in", ""}
# This file and its test spell out what they look for.
SELF = {"tools/house_lint.py", "tools/house_lint_test.py"}

Finding = collections.namedtuple("Finding", "file line rule advice")


def module_of(path):
    """('lib', 'wire'), ('driver', 'sqlite') or ('top', 'apps')."""
    parts = path.split("/")
    if parts[0] == "libs" and len(parts) > 2:
        return ("lib", parts[1])
    if parts[0] == "drivers" and len(parts) > 2:
        return ("driver", parts[1])
    if parts[0] == "testkit":
        return ("lib", "testkit")
    return ("top", parts[0])


def is_test(path):
    return path.startswith("tests/") or "/tests/" in path


def without_comments_and_strings(line):
    line = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    return line.split("//")[0]


def layer_finding(path, number, included, drivers):
    """What is wrong with `path` including `tram/<included>/…`; None when it may."""
    kind, name = module_of(path)
    if kind == "top" or is_test(path) or included == name:
        return None
    if kind == "driver":
        if included in drivers:
            return Finding(path, number, "layers",
                           f"a driver knows no other driver: move what both need below them, not into '{included}'")
        if included not in DRIVER_SEES:
            return Finding(path, number, "layers",
                           f"drivers see only {', '.join(sorted(DRIVER_SEES))}, not '{included}'")
        return None
    if name not in SEES:
        return Finding(path, number, "layers", f"module '{name}' has no row in tools/house_lint.py: give it its place")
    if included not in SEES[name]:
        allowed = ", ".join(sorted(SEES[name])) or "nothing of tram"
        return Finding(path, number, "layers", f"'{name}' may include {allowed}, not '{included}': turn the dependency round")
    return None


def include_findings(path, number, opening, target, drivers):
    parts = target.split("/")
    if parts[0] == "tram" and len(parts) > 1:
        finding = layer_finding(path, number, parts[1].removesuffix(".hpp"), drivers)
        if finding:
            yield finding
    elif parts[0] == ".." and not path.startswith(("tests/", "benchmarks/")):
        yield Finding(path, number, "layers", "name the header from its include or src folder, without '..'")
    elif CLIENT_HEADER.match(target):
        if path.startswith(ADAPTERS):
            return
        if "/include/" in path:
            yield Finding(path, number, "client header",
                          f"<{target}> in a public header reaches every user: include it in src/ and forward-declare its handle here")
        elif not CLIENT_PLACES.match(path):
            yield Finding(path, number, "client header", f"<{target}> belongs into drivers/<driver>/src; go through the seam here")
    elif target.startswith(("gtest/", "gmock/")) and not is_test(path) and not path.startswith("testkit/"):
        yield Finding(path, number, "client header", "GoogleTest belongs into tests/ and testkit/")


def cpp_findings(path, text, drivers):
    names_drivers = is_test(path) or path.startswith(("all_drivers/", ADAPTERS)) or MAIN.search(text)
    if path.endswith((".hpp", ".h")) and "#pragma once" not in text:
        yield Finding(path, 1, "header", "begin it with #pragma once")
    knows_databases = is_test(path) or path.startswith(("drivers/", "benchmarks/")) or MAIN.search(text)
    in_block_comment = False
    for number, line in enumerate(text.splitlines(), 1):
        if not knows_databases:
            for advice in database_findings(path, line):
                yield Finding(path, number, "database", advice)
        include = INCLUDE.match(line)
        if include:
            yield from include_findings(path, number, *include.groups(), drivers)
            if include.group(2).endswith("broker/position_numbers.hpp") and not POSITION_PLACES.match(path) and not is_test(path):
                yield Finding(path, number, "position", "only the driver that made a position reads it: compare it, pass it on, or print it")
            driver = next(iter(re.findall(r"^tram/([^/]+)/", include.group(2))), None)
            if module_of(path)[0] == "top" and driver in drivers and not names_drivers:
                yield Finding(path, number, "layers",
                              f"name the '{driver}' driver where main() is, or take tram::Drivers; the rest takes the seam")
            continue
        code = line
        if in_block_comment:
            if "*/" not in code:
                continue
            code, in_block_comment = code.split("*/", 1)[1], False
        code = re.sub(r"/\*.*?\*/", "", code)
        code = without_comments_and_strings(code)
        if "/*" in code:
            code, in_block_comment = code.split("/*", 1)[0], True
        if SLEEP.search(code) and not SLEEP_PLACES.match(path):
            yield Finding(path, number, "sleep", "wait on a condition with a deadline, or take a tram::Clock and pause on it")
        if CLOCK.search(code) and not CLOCK_PLACES.match(path):
            yield Finding(path, number, "clock", "take a tram::Clock as a parameter; only main.cpp knows the machine's")
        if CATCH_ALL.search(code) and not CATCH_ALL_ALLOWED.search(line):
            yield Finding(path, number, "catch-all",
                          "catch what you can answer; where a thread or a C callback ends, say `// thread top` or `// C callback` on this line")
        if SKIPPED.search(code):
            yield Finding(path, number, "skipped test", "make it run, or delete it with its reason in the commit")


def text_findings(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if UNDONE.search(line):
            yield Finding(path, number, "undone", "do it, or open an issue; the code does not keep lists")
        if CONFLICT.match(line):
            yield Finding(path, number, "conflict", "keep what both sides meant, and remove the marker")
        if MACHINE_PATH.search(line):
            yield Finding(path, number, "machine path", "name the file relative to the project, or take it as a parameter")


def cmake_findings(path, text):
    """What is built is named: a folder that is missing is an error, and no reason to leave it out."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\bif\s*\(\s*EXISTS\b.*CMakeLists\.txt", line):
            yield Finding(path, number, "cmake", "name the folders that exist with add_subdirectory; a typing error must not pass")


def anchors(text):
    """What `#…` behind a page's name may be, made of its headings as GitHub makes it."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}


def page_findings(path, text, files):
    """Pages name tests and other pages that exist."""
    folder = pathlib.PurePosixPath(path).parent

    def resolved(target):
        return os.path.normpath(folder / target)

    for number, line in enumerate(text.splitlines(), 1):
        for suite, test, target in NAMED_TEST.findall(line):
            if not re.search(rf"\w*TEST\w*\(\s*{suite}\s*,\s*{test}\b", files.get(resolved(target), "")):
                yield Finding(path, number, "named test", f"{target} has no test {suite}.{test}: name one that shows the same")
        for target, anchor in LINK.findall(line):
            page = files.get(resolved(target))
            if page is None:
                yield Finding(path, number, "link", f"there is no {target}")
            elif anchor and anchor not in anchors(page):
                yield Finding(path, number, "link", f"{target} has no heading #{anchor}")


def shown_file_findings(path, text, files):
    """A page that says `<!-- file: examples/a/main.cpp -->` shows that file, from its first #include on."""
    for shown in SHOWN_FILE.finditer(text):
        target, block = shown.groups()
        code = files.get(target, "")
        if not block or block != code[max(code.find("#include"), 0):]:
            number = text.count("\n", 0, shown.start()) + 1
            yield Finding(path, number, "shown file", f"the block behind this line is not what {target} has from its first #include on")


def habit_findings(path, text):
    """Pages and public headers are written in plain sentences."""
    is_header = PUBLIC_HEADER.match(path)
    if not is_header and not PAGE.match(path):
        return
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("//")[2] if is_header else line
        found = HABIT.search(words)
        if found:
            advice = next(advice for habit, advice in HABITS.items() if re.search(habit, words, re.IGNORECASE))
            yield Finding(path, number, "habit", f"'{found.group()}': {advice}")


def visibility_findings(path, text):
    """Shared libraries export what a public header declares, and hide the rest."""
    lines = text.splitlines()
    declares = next((number for number, line in enumerate(lines, 1) if re.match(r"(inline )?namespace \w", line)), None)
    shown = [line for line in lines if line.startswith("#pragma GCC visibility ")]
    if PUBLIC_HEADER.match(path) and declares and shown != [SHOW, SHOW_END]:
        yield Finding(path, declares, "visibility", f"put '{SHOW}' behind the includes, and '{SHOW_END}' at the end")


def example_findings(path, text):
    """Every class in a public header shows its use in a few lines, or in one between backticks."""
    if not PUBLIC_HEADER.match(path) or "/detail/" in path:
        return
    comment = []
    for number, line in enumerate(text.splitlines(), 1):
        name = CLASS.match(line)
        shown = any(re.match(r"///? {3,}\S", each) or re.search(r"`[^`]*\([^`]*`", each) for each in comment)
        if name and not shown:
            yield Finding(path, number, "example", f"show how '{name.group(1)}' is used, in a few lines of its comment")
        if line.startswith("//"):
            comment.append(line)
        elif not line.startswith(("template", "  requires")):
            comment = []


def database_findings(path, line):
    """What belongs into a driver, in a line outside of them. SQL stands in text literals."""
    comment_free = re.sub(r'//[^"]*$', "", line)
    if DRIVER_SWITCH.search(comment_free):
        yield "ask for nothing that was built: look the kit up by its scheme, with tram::connect"
    if DATABASE_BRANCH.search(comment_free):
        yield "ask for no database by name: give Dialect the statement or trait that differs, and let each driver fill it"
    if any(DATABASE_SQL.search(text) for text in TEXT_LITERAL.findall(comment_free)):
        yield "this is SQL of one database: put it into the driver's dialect or outbox source"


def resolve(path, opening, target, known):
    """The project file that an include line means; None for a header from elsewhere."""
    candidates = [str(pathlib.PurePosixPath(path).parent / target)] if opening == '"' else []
    parts = target.split("/")
    if parts[0] == "tram" and len(parts) > 2:
        candidates += [f"{top}{parts[1]}/include/{target}" for top in ("libs/", "drivers/", "")]
    candidates += [re.sub(r"/(tests|include)/.*", "/src/", path) + target]
    return next((candidate for candidate in candidates if candidate in known and candidate != path), None)


def cycle(graph):
    """One cycle as a list of nodes, first one repeated at the end; None without one."""
    state = {}
    for start in sorted(graph):
        if start in state:
            continue
        state[start] = "open"
        trail = [(start, iter(sorted(graph[start])))]
        while trail:
            following = next(trail[-1][1], None)
            if following is None:
                state[trail.pop()[0]] = "done"
            elif state.get(following) == "open":
                names = [node for node, _ in trail]
                return names[names.index(following):] + [following]
            elif following not in state:
                state[following] = "open"
                trail.append((following, iter(sorted(graph.get(following, ())))))
    return None


def cycle_findings(files):
    file_graph, folder_graph, places = {}, {}, {}
    for path, text in files.items():
        file_graph[path] = set()
        folder = "/".join(module_of(path))
        folder_graph.setdefault(folder, set())
        for number, line in enumerate(text.splitlines(), 1):
            include = INCLUDE.match(line)
            target = include and resolve(path, *include.groups(), files)
            if not target:
                continue
            file_graph[path].add(target)
            places[path, target] = number
            other = "/".join(module_of(target))
            if other != folder and not is_test(path):
                folder_graph[folder].add(other)
                places.setdefault((folder, other), (path, number))
    names = cycle(file_graph)
    if names:
        yield Finding(names[0], places[names[0], names[1]], "cycle", "files include each other: " + " -> ".join(names))
    names = cycle(folder_graph)
    if names:
        path, number = places[names[0], names[1]]
        yield Finding(path, number, "cycle", "folders depend on each other: " + " -> ".join(names))


def findings(files):
    """All findings over a project given as {path relative to its top: text}."""
    found = []
    drivers = {path.split("/")[1] for path in files if path.startswith("drivers/") and path.count("/") > 1}
    sources = {path: text for path, text in files.items() if pathlib.PurePosixPath(path).suffix in CPP}
    for path, text in sources.items():
        found += cpp_findings(path, text, drivers)
        found += example_findings(path, text)
        found += visibility_findings(path, text)
    for path, text in files.items():
        if path not in SELF:
            found += text_findings(path, text)
            found += habit_findings(path, text)
        if path.endswith("CMakeLists.txt"):
            found += cmake_findings(path, text)
        if path.endswith(".md"):
            found += page_findings(path, text, files)
            found += shown_file_findings(path, text, files)
    found += cycle_findings(sources)
    return sorted(found)


def read_project(top):
    listed = subprocess.run(["git", "-C", top, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, check=True, text=True).stdout.split("\0")
    files = {}
    for path in filter(None, listed):
        file = pathlib.Path(top, path)
        recorded = path.startswith("tests/vectors/") and file.suffix != ".md"
        if file.suffix in TEXT and file.is_file() and not recorded:
            files[path] = file.read_text(encoding="utf-8", errors="replace")
    return files


def main(arguments):
    top = arguments[0] if arguments else str(pathlib.Path(__file__).resolve().parent.parent)
    files = read_project(top)
    found = findings(files)
    for finding in found:
        print(f"{finding.file}:{finding.line}: {finding.rule}: {finding.advice}")
    print(f"house lint: {len(files)} files, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
