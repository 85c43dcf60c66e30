#!/usr/bin/env python3
"""Every rule of house_lint, with a case that it must find and a case that it must let pass."""

import unittest

from house_lint import findings

DRIVERS = {f"drivers/{name}/src/driver.cpp": "" for name in ("sqlite", "kafka", "embedded")}


def rules(path, text, **others):
    found = findings({**DRIVERS, **others.get("others", {}), path: text})
    return [(finding.line, finding.rule) for finding in found if finding.file == path]


class Layers(unittest.TestCase):
    def test_a_lower_module_may_not_include_a_higher_one(self):
        self.assertEqual(rules("libs/wire/src/a.cpp", "\n#include <tram/sql/rows.hpp>\n"), [(2, "layers")])

    def test_a_higher_module_may_include_a_lower_one_and_itself(self):
        text = '#include "tram/wire/message.hpp"\n#include "tram/sql/rows.hpp"\n'
        self.assertEqual(rules("libs/outbox/src/a.cpp", text), [])

    def test_events_do_not_know_commands_nor_commands_events(self):
        self.assertEqual(rules("libs/events/src/a.cpp", '#include "tram/commands/a.hpp"'), [(1, "layers")])
        self.assertEqual(rules("libs/commands/src/a.cpp", '#include "tram/events/a.hpp"'), [(1, "layers")])

    def test_commands_do_not_know_the_relay_nor_the_host_the_service(self):
        self.assertEqual(rules("libs/commands/src/a.cpp", '#include "tram/relay/a.hpp"'), [(1, "layers")])
        self.assertEqual(rules("libs/host/src/a.cpp", '#include "tram/service/a.hpp"'), [(1, "layers")])

    def test_libraries_know_no_driver_but_the_testkit_knows_the_two_it_stands_on(self):
        include = '#include "tram/sqlite/sqlite.hpp"'
        self.assertEqual(rules("libs/subscriber/src/a.cpp", include), [(1, "layers")])
        self.assertEqual(rules("testkit/src/a.cpp", include), [])

    def test_a_driver_knows_the_seams_but_no_other_driver(self):
        self.assertEqual(rules("drivers/kafka/src/a.cpp", '#include "tram/broker/broker.hpp"'), [])
        self.assertEqual(rules("drivers/kafka/src/a.cpp", '#include "tram/outbox/outbox.hpp"'), [(1, "layers")])
        self.assertEqual(rules("drivers/kafka/src/a.cpp", '#include "tram/sqlite/sqlite.hpp"'), [(1, "layers")])
        self.assertEqual(rules("all_drivers/src/a.cpp", '#include "tram/sqlite/sqlite.hpp"'), [])

    def test_an_adapter_knows_its_driver_and_another_client_of_its_database(self):
        for line in ('#include "tram/sqlite/adopt.hpp"', "#include <soci/soci.h>", "#include <pqxx/pqxx>"):
            header = "#pragma once\n" + line
            self.assertEqual(rules("adapters/include/tram/adapters/a.hpp", header), [], line)
            self.assertNotEqual(rules("libs/sql/include/tram/sql/a.hpp", header), [], line)

    def test_tests_may_include_anything(self):
        for path in ("libs/wire/tests/a.cpp", "tests/contracts/a.cpp"):
            self.assertEqual(rules(path, '#include "tram/sqlite/sqlite.hpp"'), [], path)

    def test_a_program_names_its_drivers_where_main_is(self):
        include = '#include "tram/sqlite/sqlite.hpp"\n'
        for path in ("apps/tram/src/main.cpp", "examples/01_x/a.cpp"):
            self.assertEqual(rules(path, include + "int main() {}"), [], path)
            self.assertEqual(rules(path, include + "void run() {}"), [(1, "layers")], path)
        self.assertEqual(rules("apps/tram/src/a.cpp", '#include "tram/connect/database.hpp"\n'), [])

    def test_a_module_without_a_place_is_told_to_take_one(self):
        self.assertEqual(rules("libs/gossip/src/a.cpp", '#include "tram/base/error.hpp"'), [(1, "layers")])

    def test_only_drivers_read_positions(self):
        include = '#include "tram/broker/position_numbers.hpp"'
        self.assertEqual(rules("libs/subscriber/src/subscription_core.cpp", include), [(1, "position")])
        self.assertEqual(rules("examples/01_x/main.cpp", include), [(1, "position")])
        for path in ("drivers/kafka/src/a.cpp", "libs/subscriber/src/held_messages.cpp", "libs/subscriber/tests/a.cpp"):
            self.assertEqual(rules(path, include), [], path)

    def test_paths_that_climb_are_refused(self):
        self.assertEqual(rules("libs/wire/src/a.cpp", '#include "../include/tram/wire/a.hpp"'), [(1, "layers")])


class Databases(unittest.TestCase):
    SQL = ('"SELECT ctid FROM t"', '"SELECT 1 FROM pg_namespace"', '"PRAGMA foreign_keys"', '"SELECT * FROM unnest(?)"',
           '"SELECT name FROM sqlite_master"', '"SELECT ?::jsonb"', '" ON CONFLICT DO NOTHING"', '"SELECT julianday(1)"',
           '"SELECT to_regclass(?)"', '"INSERT IGNORE INTO t"', '"SELECT name FROM pragma_table_info(?)"')

    def test_sql_of_one_database_is_its_driver_s(self):
        for sql in self.SQL:
            line = f"tx.execute({sql});"
            for path in ("libs/subscriber/src/a.cpp", "all_drivers/src/a.cpp", "apps/tram/src/a.cpp", "testkit/src/a.cpp"):
                self.assertEqual(rules(path, line), [(1, "database")], path + sql)
            for path in ("drivers/postgres/src/a.cpp", "libs/sql/tests/a.cpp", "tests/contracts/a.hpp", "benchmarks/a.cpp"):
                self.assertNotIn((1, "database"), rules(path, line), path + sql)
            self.assertEqual(rules("examples/01_x/main.cpp", line + "\nint main() {}"), [], sql)

    def test_nobody_asks_which_database_it_is(self):
        for line in ("if (dialect.kind == x) return;", "if (tx.dialect().kind != DatabaseKind::sqlite) return;",
                     "switch (dialect_->kind) {", 'if (url.scheme == "sqlite") return;', "#ifdef TRAM_HAS_SQLITE"):
            self.assertEqual(rules("libs/storage/src/a.cpp", line), [(1, "database")], line)
            self.assertEqual(rules("all_drivers/src/a.cpp", line), [(1, "database")], line)
            self.assertEqual(rules("drivers/sqlite/src/a.cpp", line), [], line)

    def test_sql_of_all_databases_and_other_kinds_are_anybody_s(self):
        for line in ('tx.execute("SELECT max(seq) FROM message WHERE id = ? FOR UPDATE");', "if (mode.kind == Kind::group) return;",
                     "Told::As const as{Told::as::text};", "// PostgreSQL has ctid and pg_class", "std::int64_t page_number{};"):
            self.assertEqual(rules("libs/storage/src/a.cpp", line), [], line)


class ClientHeaders(unittest.TestCase):
    def test_stay_in_the_source_folder_of_their_driver(self):
        self.assertEqual(rules("drivers/sqlite/src/a.cpp", "#include <sqlite3.h>"), [])
        self.assertEqual(rules("libs/json/src/reader.cpp", "#include <simdjson.h>"), [])
        self.assertEqual(rules("libs/base/src/clock.cpp", "#include <simdjson.h>"), [(1, "client header")])
        self.assertEqual(rules("libs/subscriber/src/a.cpp", "#include <sqlite3.h>"), [(1, "client header")])

    def test_never_stand_in_a_public_header(self):
        for header in ("sqlite3.h", "libpq-fe.h", "librdkafka/rdkafka.h", "nlohmann/json.hpp"):
            text = f"#pragma once\n#include <{header}>\n"
            self.assertEqual(rules("drivers/sqlite/include/tram/sqlite/sqlite.hpp", text), [(2, "client header")], header)

    def test_googletest_is_for_tests_and_the_testkit(self):
        self.assertEqual(rules("libs/wire/src/a.cpp", "#include <gtest/gtest.h>"), [(1, "client header")])
        self.assertEqual(rules("libs/wire/tests/a.cpp", "#include <gtest/gtest.h>"), [])

    def test_the_standard_library_is_nobody_s_client(self):
        self.assertEqual(rules("libs/wire/src/a.cpp", "#include <string>\n#include <sys/stat.h>\n"), [])


class BannedCalls(unittest.TestCase):
    def test_sleeps(self):
        for call in ("std::this_thread::sleep_for(1s);", "usleep(10);", "sleep(1);", "this_thread::sleep_until(t);"):
            self.assertEqual(rules("libs/wire/tests/a.cpp", call), [(1, "sleep")], call)
        self.assertEqual(rules("libs/base/src/clock.cpp", "std::this_thread::sleep_for(1s);"), [])

    def test_the_machine_s_clocks(self):
        call = "auto now = std::chrono::steady_clock::now();"
        self.assertEqual(rules("libs/subscriber/src/a.cpp", call), [(1, "clock")])
        self.assertEqual(rules("tests/simulation/a.cpp", "system_clock::now()"), [(1, "clock")])
        for path in ("apps/tram-cdc/main.cpp", "libs/base/src/clock.cpp", "benchmarks/a.cpp"):
            self.assertEqual(rules(path, call), [], path)

    def test_catch_all_needs_its_reason_on_the_line(self):
        self.assertEqual(rules("libs/wire/src/a.cpp", "} catch (...) {"), [(1, "catch-all")])
        self.assertEqual(rules("libs/wire/src/a.cpp", "} catch (...) {  // thread top"), [])
        self.assertEqual(rules("libs/wire/src/a.cpp", "} catch(...) { // C callback: librdkafka"), [])
        self.assertEqual(rules("libs/wire/src/a.cpp", "} catch (std::exception const&) {"), [])

    def test_comments_and_strings_are_not_code(self):
        text = '// never sleep_for(1s)\nlog("sleep_for(1s)");\n/* usleep(1);\n usleep(2); */ int x;\n'
        self.assertEqual(rules("libs/wire/src/a.cpp", text), [])
        self.assertEqual(rules("libs/wire/src/a.cpp", "/* a */ usleep(1);"), [(1, "sleep")])


class Leftovers(unittest.TestCase):
    def test_skipped_tests(self):
        self.assertEqual(rules("libs/wire/tests/a.cpp", "TEST(A, DISABLED_works) {"), [(1, "skipped test")])
        self.assertEqual(rules("libs/wire/tests/a.cpp", 'GTEST_SKIP() << "later";'), [(1, "skipped test")])

    def test_work_left_undone(self):
        self.assertEqual(rules("tools/setup", "# TO" + "DO: more"), [(1, "undone")])

    def test_markers_of_a_merge_that_was_not_finished(self):
        text = "<<<<<<< Updated upstream\na\n=======\nb\n>>>>>>> Stashed changes\n"
        self.assertEqual(rules("docs/a.md", text), [(1, "conflict"), (3, "conflict"), (5, "conflict")])
        self.assertEqual(rules("docs/a.md", "Title\n========\n"), [])

    def test_paths_of_one_machine(self):
        self.assertEqual(rules("docs/a.md", "see /home" + "/someone/tram"), [(1, "machine path")])
        self.assertEqual(rules("docs/a.md", "see ${CMAKE_SOURCE_DIR}/wo" + "rk/a and ~/ho" + "me/x"), [])

    def test_headers_without_a_guard(self):
        self.assertEqual(rules("libs/wire/src/a.hpp", "int f();"), [(1, "header")])


class CMake(unittest.TestCase):
    def test_names_folders_that_exist(self):
        text = "if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${driver}/CMakeLists.txt)\n  add_subdirectory(${driver})\nendif()\n"
        self.assertEqual(rules("drivers/CMakeLists.txt", text), [(1, "cmake")])
        self.assertEqual(rules("drivers/CMakeLists.txt", "add_subdirectory(sqlite)\n"), [])


class Pages(unittest.TestCase):
    def test_name_tests_that_exist(self):
        others = {"tests/x/a_test.cpp": "TEST_F(Relay, loses_nothing) {}"}
        text = "[`Relay.%s`](../tests/x/a_test.cpp)"
        self.assertEqual(rules("docs/a.md", text % "loses_nothing", others=others), [])
        self.assertEqual(rules("docs/a.md", text % "loses", others=others), [(1, "named test")])
        self.assertEqual(rules("docs/a.md", text % "loses_nothing"), [(1, "named test")])

    def test_show_files_as_they_are(self):
        others = {"examples/a/main.cpp": "// What it is.\n\n#include <a>\nint main() {}\n"}
        mark = "Look:\n\n<!-- file: examples/a/main.cpp -->\n"
        good = mark + "```cpp\n#include <a>\nint main() {}\n```\n"
        self.assertEqual(rules("docs/a.md", good, others=others), [])
        self.assertEqual(rules("docs/a.md", good), [(3, "shown file")])
        for bad in (good.replace("{}", "{ }"), good.replace("#include <a>\n", ""), mark, mark + "```cpp\n```\n"):
            self.assertEqual(rules("docs/a.md", bad, others=others), [(3, "shown file")], bad)

    def test_link_to_pages_and_headings_that_exist(self):
        others = {"docs/b.md": "# Title\n\n## Rows, that cannot be *published*\n"}
        for link, expected in {
            "b.md": [], "b.md#rows-that-cannot-be-published": [], "https://example.org/c.md": [],
            "c.md": [(1, "link")], "b.md#columns": [(1, "link")],
        }.items():
            self.assertEqual(rules("docs/a.md", f"see [it]({link})", others=others), expected, link)


class Words(unittest.TestCase):
    def test_pages_have_none_of_the_habits(self):
        for sentence in ("Whoever reads it goes on.", "The database is away.", "It keeps so long.",
                         "There is none.", "A relay that stands by.", "It looks whether it is there.",
                         "A thread of its own.", "It is made anew.", "It gets on.", "Handled at last."):
            self.assertEqual(rules("docs/guide/a.md", sentence), [(1, "habit")], sentence)
        self.assertEqual(rules("docs/guide/a.md", "A relay on standby checks every second whether it is ready."), [])

    def test_comments_of_public_headers_have_none_either(self):
        header = "libs/wire/include/tram/wire/a.hpp"
        self.assertEqual(rules(header, "#pragma once\n/// Faults: rejected.\n"), [(2, "habit")])
        self.assertEqual(rules(header, "#pragma once\nint away = is_away;  // it is away\n"), [(2, "habit")])
        self.assertEqual(rules(header, "#pragma once\n/// Throws: rejected.\nbool goes_on();\n"), [])

    def test_decisions_and_hidden_headers_keep_their_words(self):
        self.assertEqual(rules("docs/decisions/0001-a.md", "Whoever reads it goes on."), [])
        self.assertEqual(rules("libs/wire/src/a.hpp", "#pragma once\n// It goes on.\n"), [])

    def test_public_classes_show_how_they_are_used(self):
        header = "libs/wire/include/tram/wire/a.hpp"
        plain = "#pragma once\n/// Reads ids.\nclass Ids {\n};\n"
        self.assertEqual(rules(header, plain), [(3, "example")])
        self.assertEqual(rules(header, plain.replace("ids.", "ids: `ids.read(text)`.")), [])
        self.assertEqual(rules(header, plain.replace("class", "///\n///     Ids ids;\ntemplate <class T>\nclass")), [])
        self.assertEqual(rules(header, "#pragma once\nclass Ids;\n"), [])
        self.assertEqual(rules("libs/wire/src/a.hpp", plain), [])


class Cycles(unittest.TestCase):
    def test_between_files_of_one_folder(self):
        others = {"libs/wire/src/b.hpp": '#pragma once\n#include "a.hpp"\n'}
        self.assertEqual(rules("libs/wire/src/a.hpp", '#pragma once\n#include "b.hpp"\n', others=others), [(2, "cycle")])

    def test_between_folders(self):
        others = {
            "examples/a.cpp": '#include "../apps/x.hpp"',
            "apps/x.hpp": '#pragma once\n#include "x.hpp"\n',
            "drivers/kafka/include/tram/kafka/open.hpp": '#pragma once\n#include "tram/embedded/a.hpp"\n',
            "drivers/embedded/include/tram/embedded/b.hpp": "#pragma once\n#include <tram/kafka/open.hpp>\n",
            "drivers/embedded/include/tram/embedded/a.hpp": "#pragma once\n",
        }
        found = [finding for finding in findings({**DRIVERS, **others}) if finding.rule == "cycle"]
        self.assertEqual(len(found), 1, found)
        self.assertIn("driver/embedded -> driver/kafka -> driver/embedded", found[0].advice)

    def test_a_chain_is_no_cycle(self):
        others = {"libs/wire/src/b.hpp": '#pragma once\n#include "c.hpp"\n', "libs/wire/src/c.hpp": "#pragma once\n"}
        self.assertEqual(rules("libs/wire/src/a.hpp", '#pragma once\n#include "b.hpp"\n#include "c.hpp"\n', others=others), [])


class Visibility(unittest.TestCase):
    shown = "#pragma once\n\n#pragma GCC visibility push(default)\n\nnamespace tram {}\n\n#pragma GCC visibility pop\n"

    def test_a_public_header_shows_what_it_declares(self):
        header = "libs/wire/include/tram/wire/a.hpp"
        self.assertEqual(rules(header, self.shown), [])
        self.assertEqual(rules(header, "#pragma once\nnamespace tram {}\n"), [(2, "visibility")])
        self.assertEqual(rules(header, self.shown.replace("#pragma GCC visibility pop", "")), [(5, "visibility")])

    def test_a_private_header_and_one_that_only_includes_need_not(self):
        self.assertEqual(rules("libs/wire/src/a.hpp", "#pragma once\nnamespace tram {}\n"), [])
        self.assertEqual(rules("libs/wire/include/tram/wire/a.hpp", "#pragma once\n#include <string>\n"), [])


if __name__ == "__main__":
    unittest.main()
