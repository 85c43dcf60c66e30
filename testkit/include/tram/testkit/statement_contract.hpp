#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tram/sql/violations.hpp"
#include "tram/testkit/database_fixture.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// How statements are run, and what their errors say.
///
/// `INSTANTIATE_TYPED_TEST_SUITE_P(Mine, StatementContract, MyHarness);`
template <class Harness>
class StatementContract : public DatabaseFixture<Harness> {};

TYPED_TEST_SUITE_P(StatementContract);

TYPED_TEST_P(StatementContract, gives_values_back_as_they_were_given) {
  std::string const text{"quote ' backslash \\ \"é\" \n tab\t end"};
  this->database_.transact([&](Transaction& tx) {
    tx.execute("INSERT INTO contract (id, name, ratio) VALUES (?, ?, ?)", INT64_MIN, text, 0.1);
    tx.execute("INSERT INTO contract (id, name, ratio) VALUES (?, ?, ?)", INT64_MAX, nullptr,
               std::optional<double>{});
    tx.execute("INSERT INTO contract (id, name, ratio) VALUES (?, ?, ?)", 0, "", -1e300);
  });
  this->others_.transact([&](Transaction& tx) {
    auto const rows = tx.execute("SELECT id, name, ratio FROM contract ORDER BY id");
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0].template get<std::int64_t>(0), INT64_MIN);
    EXPECT_EQ(rows[0].template get<std::string>(1), text);
    EXPECT_EQ(rows[0].template get<double>(2), 0.1);
    EXPECT_EQ(rows[1].template get<std::string>(1), "");
    EXPECT_EQ(rows[1].template get<double>(2), -1e300);
    EXPECT_EQ(rows[2].template get<std::int64_t>(0), INT64_MAX);
    EXPECT_TRUE(rows[2].is_null(1));
    EXPECT_TRUE(rows[2].is_null(2));
  });
}

TYPED_TEST_P(StatementContract, keeps_a_text_of_a_megabyte) {
  std::string const text(1 << 20, 'x');
  this->database_.transact([&](Transaction& tx) {
    this->insert(tx, 1, text);
    EXPECT_EQ(tx.execute("SELECT name FROM contract")[0].template get<std::string>(0), text);
  });
}

TYPED_TEST_P(StatementContract, counts_the_rows_that_a_statement_changed) {
  this->database_.transact([&](Transaction& tx) {
    EXPECT_EQ(tx.execute("INSERT INTO contract (id) VALUES (1), (2)").affected(), 2);
    EXPECT_EQ(tx.execute("UPDATE contract SET name = 'b' WHERE id = ?", 1).affected(), 1);
    EXPECT_EQ(tx.execute("UPDATE contract SET name = 'b' WHERE id = ?", 7).affected(), 0);
    EXPECT_EQ(tx.execute("DELETE FROM contract").affected(), 2);
  });
}

TYPED_TEST_P(StatementContract, tells_a_duplicate_by_the_count_and_goes_on) {
  this->database_.transact([&](Transaction& tx) {
    auto const insert = insert_or_ignore(tx.dialect(), "INTO contract (id) VALUES (?)");
    EXPECT_EQ(tx.execute(insert, 1).affected(), 1);
    EXPECT_EQ(tx.execute(insert, 1).affected(), 0);
    EXPECT_EQ(tx.execute(insert, 2).affected(), 1);
  });
  EXPECT_EQ(this->count(), 2);
}

TYPED_TEST_P(StatementContract, runs_posted_statements_in_their_order_before_the_commit) {
  this->database_.transact([&](Transaction& tx) {
    tx.post("INSERT INTO contract (id, name) VALUES (?, ?)", 1, "a");
    tx.post("UPDATE contract SET name = ? WHERE id = ?", "b", 1);
    EXPECT_EQ(tx.execute("SELECT name FROM contract")[0].template get<std::string>(0), "b");
    tx.post("DELETE FROM contract WHERE id = ?", 1);
    tx.post("INSERT INTO contract (id) VALUES (?)", 2);
  });
  EXPECT_EQ(this->count(), 1);
}

TYPED_TEST_P(StatementContract, rejects_what_can_never_succeed_and_is_fit_afterwards) {
  EXPECT_EQ(this->fault_of_statement("SELEC 1"), Fault::rejected);
  EXPECT_EQ(this->fault_of_statement("SELECT * FROM no_such_table"), Fault::rejected);
  EXPECT_EQ(this->fault_of_statement("INSERT INTO contract (id) VALUES (1), (1)"), Fault::rejected);
  EXPECT_EQ(this->fault_of_statement("INSERT INTO contract (id) VALUES (1)"), std::nullopt);
}

TYPED_TEST_P(StatementContract, tells_what_is_missing_from_what_is_wrong) {
  auto const is_about_setup = [&](std::string const& sql) {
    try {
      this->database_.transact([&](Transaction& tx) { tx.execute(sql); });
    } catch (Error const& error) { return error.is_about_setup(); }
    ADD_FAILURE() << sql << " was run";
    return false;
  };
  for (auto const* const sql :
       {"SELECT * FROM no_such_table", "SELECT no_such_column FROM contract",
        "INSERT INTO contract (id, no_such_column) VALUES (1, 1)", "SELECT no_such_function(1)"}) {
    EXPECT_TRUE(is_about_setup(sql)) << sql;
  }
  for (auto const* const sql : {"SELEC 1", "INSERT INTO contract (id) VALUES (1), (1)"}) {
    EXPECT_FALSE(is_about_setup(sql)) << sql;
  }
}

TYPED_TEST_P(StatementContract, tells_which_rule_of_a_table_was_broken) {
  this->database_.transact([](Transaction& tx) {
    tx.execute("DROP TABLE IF EXISTS contract_child");
    tx.execute("DROP TABLE IF EXISTS contract_parent");
    tx.execute("CREATE TABLE contract_parent (id INTEGER PRIMARY KEY, code INTEGER UNIQUE)");
    tx.execute("CREATE TABLE contract_child (id INTEGER NOT NULL, parent INTEGER REFERENCES "
               "contract_parent (id), amount INTEGER CHECK (amount > 0))");
    tx.execute("INSERT INTO contract_parent (id, code) VALUES (1, 1)");
  });
  auto const error_of = [&](std::string const& sql) {
    try {
      this->database_.transact([&](Transaction& tx) { tx.execute(sql); });
    } catch (Error const& error) { return error; }
    ADD_FAILURE() << sql << " was run";
    return Error{Fault::rejected, ""};
  };
  auto const insert_parent = std::string{"INSERT INTO contract_parent (id, code) VALUES "};
  auto const insert_child = std::string{"INSERT INTO contract_child (id, parent, amount) VALUES "};
  EXPECT_TRUE(is_unique_violation(error_of(insert_parent + "(1, 2)")));
  EXPECT_TRUE(is_unique_violation(error_of(insert_parent + "(2, 1)")));
  EXPECT_TRUE(is_not_null_violation(error_of(insert_child + "(NULL, 1, 1)")));
  EXPECT_TRUE(is_check_violation(error_of(insert_child + "(1, 1, 0)")));
  auto const error = error_of(insert_child + "(1, 7, 1)");
  EXPECT_TRUE(is_foreign_key_violation(error));
  EXPECT_FALSE(is_unique_violation(error));
  EXPECT_FALSE(is_unique_violation(error_of("SELEC 1")));
}

TYPED_TEST_P(StatementContract, rejects_a_text_that_is_no_statement) {
  constexpr std::string_view with_nul{"DELETE FROM contract\0 WHERE id = 7", 34};
  for (auto const sql :
       {std::string_view{}, std::string_view{" "}, std::string_view{";"}, std::string_view{"-- so"},
        std::string_view{"/* so */ ;"}, std::string_view{"\0", 1}, with_nul}) {
    for (auto const& run : {std::function<void(Transaction&)>{[&](auto& tx) { tx.execute(sql); }},
                            std::function<void(Transaction&)>{[&](auto& tx) { tx.post(sql); }}}) {
      int runs = 0;
      EXPECT_EQ(this->fault_of([&] {
        this->database_.transact([&](Transaction& tx) {
          this->insert(tx, ++runs);
          run(tx);
        });
      }),
                Fault::rejected)
          << sql;
      EXPECT_EQ(runs, 1) << sql;
    }
  }
  EXPECT_EQ(this->count(), 0);
}

TYPED_TEST_P(StatementContract, rejects_a_wrong_number_of_values_once) {
  std::vector<Parameter> const far_too_many(70'000, Parameter{1});
  std::vector<std::function<void(Transaction&)>> const wrong{
      [](Transaction& tx) { tx.execute("SELECT id FROM contract WHERE id = ? OR name = ?", 1); },
      [](Transaction& tx) { tx.execute("SELECT id FROM contract WHERE id = ?", 1, "a"); },
      [](Transaction& tx) { tx.execute("SELECT id FROM contract", 1); },
      [&](Transaction& tx) { tx.execute_statement("SELECT id FROM contract", far_too_many); },
  };
  for (auto const& call : wrong) {
    int runs = 0;
    EXPECT_EQ(this->fault_of([&] {
      this->database_.transact([&](Transaction& tx) {
        ++runs;
        call(tx);
      });
    }),
              Fault::rejected);
    EXPECT_EQ(runs, 1);
  }
}

TYPED_TEST_P(StatementContract, tells_the_time_in_milliseconds) {
  auto const now = this->database_.transact([](Transaction& tx) {
    return tx.execute("SELECT " + std::string{tx.dialect().now_milliseconds})[0]
        .template get<std::int64_t>(0);
  });
  auto const here = this->clock_.wall().time_since_epoch().count();
  EXPECT_NEAR(static_cast<double>(now), static_cast<double>(here), 60'000.0);
}

TYPED_TEST_P(StatementContract, leaves_question_marks_in_quotes_alone) {
  this->database_.transact([](Transaction& tx) {
    tx.execute("INSERT INTO contract (id, name) VALUES (?, 'why?') -- really?", 1);
    EXPECT_EQ(
        tx.execute("SELECT name FROM contract WHERE name <> ?", "?")[0].template get<std::string>(
            0),
        "why?");
  });
}

REGISTER_TYPED_TEST_SUITE_P(StatementContract, gives_values_back_as_they_were_given,
                            keeps_a_text_of_a_megabyte, counts_the_rows_that_a_statement_changed,
                            tells_a_duplicate_by_the_count_and_goes_on,
                            runs_posted_statements_in_their_order_before_the_commit,
                            rejects_what_can_never_succeed_and_is_fit_afterwards,
                            tells_what_is_missing_from_what_is_wrong,
                            tells_which_rule_of_a_table_was_broken,
                            rejects_a_text_that_is_no_statement,
                            rejects_a_wrong_number_of_values_once, tells_the_time_in_milliseconds,
                            leaves_question_marks_in_quotes_alone);

}  // namespace tram::testkit

#pragma GCC visibility pop
