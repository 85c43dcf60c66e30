#include "statements.hpp"

#include <gtest/gtest.h>

#include "tram/base/error.hpp"
#include "tram/postgres/dialect.hpp"

namespace tram::postgres {
namespace {

bool only_reads(std::string_view sql) {
  return look_at_statement(sql, dialect.lexical_rules).only_reads;
}

TEST(StatementKind, tells_reading_statements_from_writing_ones) {
  EXPECT_TRUE(only_reads("SELECT 1"));
  EXPECT_TRUE(only_reads("  /* so */ select * FROM t"));
  EXPECT_TRUE(only_reads("SAVEPOINT tram_1"));
  EXPECT_TRUE(only_reads("ROLLBACK TO SAVEPOINT tram_1"));
  EXPECT_FALSE(only_reads("INSERT INTO t VALUES (1)"));
  EXPECT_FALSE(only_reads("WITH x AS (DELETE FROM t RETURNING a) SELECT * FROM x"));
  EXPECT_FALSE(only_reads("SELECTED()"));
}

TEST(StatementKind, tells_what_could_end_a_transaction) {
  auto const harmless = [](std::string_view sql) {
    return look_at_statement(sql, dialect.lexical_rules).leaves_transaction_alone;
  };
  EXPECT_TRUE(harmless("-- x\rINSERT INTO t VALUES (1)"));
  EXPECT_TRUE(harmless("SAVEPOINT tram_1"));
  EXPECT_FALSE(harmless("-- x\rCOMMIT"));
  EXPECT_FALSE(harmless("CALL p()"));
  EXPECT_FALSE(harmless("ROLLBACK"));
  EXPECT_FALSE(harmless("SELECT set_config('standard_conforming_strings', 'off', false)"));
}

TEST(StatementKind, refuses_what_no_pool_can_run) {
  for (auto const* const sql :
       {"COPY t FROM STDIN", "copy t (a) from /* why */ stdin WITH (FORMAT csv)",
        "COPY (SELECT 1) TO STDOUT", "LISTEN x", "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
        "DECLARE c NO SCROLL CURSOR WITH /**/ HOLD FOR SELECT 1", "DEALLOCATE ALL",
        "deallocate prepare all", "", " ", ";", "-- x", "/* /* */ */ ;;"}) {
    EXPECT_THROW(look_at_statement(sql, dialect.lexical_rules), Error) << sql;
  }
  for (auto const* const sql :
       {"COPY t FROM '/tmp/stdin'", "COPY \"stdin\" FROM PROGRAM 'x'", "NOTIFY x",
        "DECLARE c CURSOR FOR SELECT 'with hold'", "DEALLOCATE x"}) {
    EXPECT_NO_THROW(look_at_statement(sql, dialect.lexical_rules)) << sql;
  }
}

TEST(StatementKind, counts_the_question_marks_that_want_a_value) {
  auto const count = [](std::string_view sql) {
    return look_at_statement(sql, dialect.lexical_rules).placeholders;
  };
  EXPECT_EQ(count("SELECT 1"), 0U);
  EXPECT_EQ(count("SELECT ?, '?', $a$ ? $a$, \"?\" /* ? */ -- ?"), 1U);
  EXPECT_EQ(count("SELECT a ? 'b' AND c = ?"), 2U);
  EXPECT_EQ(count("SELECT a ?? 'b' AND c ??| d AND e @?? f AND g = ?"), 1U);
  EXPECT_EQ(count("SELECT ???"), 1U);
  EXPECT_EQ(count("SELECT ????"), 0U);
}

TEST(StatementCache, names_a_statement_when_it_comes_again) {
  StatementCache cache{Statements::prepared};
  EXPECT_EQ(cache.look_up("SELECT ?").name, "");
  auto const name = cache.look_up("SELECT ?").name;
  EXPECT_TRUE(name.starts_with("tram_1_")) << name;
  EXPECT_EQ(cache.look_up("SELECT ?").name, name);
  EXPECT_EQ(cache.look_up("SELECT ?").numbered, "SELECT $1");
}

std::string name_of(StatementCache& cache, std::string_view sql) {
  cache.look_up(sql);
  return cache.look_up(sql).name;
}

// A pooler in between may give a connection to each of them in turn.
TEST(StatementCache, never_gives_one_name_to_two_texts) {
  StatementCache one{Statements::prepared};
  StatementCache other{Statements::prepared};
  EXPECT_NE(name_of(one, "INSERT INTO a VALUES (?)"), name_of(other, "DELETE FROM a WHERE b = ?"));
}

TEST(StatementCache, reads_a_text_anew_when_the_rules_change) {
  StatementCache cache{Statements::prepared};
  constexpr std::string_view sql{R"(SELECT '\'?')"};
  auto const before = name_of(cache, sql);
  auto with_backslashes = dialect.lexical_rules;
  with_backslashes.backslashes = true;
  cache.follow(with_backslashes);
  EXPECT_EQ(cache.look_up(sql).numbered, sql);
  EXPECT_NE(name_of(cache, sql), before);
}

TEST(StatementCache, names_nothing_behind_a_pooler) {
  StatementCache cache{Statements::unnamed};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(cache.look_up("SELECT 1").name, "");
}

TEST(StatementCache, texts_made_up_at_run_time_do_not_fill_it) {
  StatementCache cache{Statements::prepared};
  cache.look_up("SELECT 'kept'");
  EXPECT_TRUE(cache.look_up("SELECT 'kept'").name.starts_with("tram_1_"));
  for (int i = 0; i < 5'000; ++i) EXPECT_EQ(cache.look_up("SELECT " + std::to_string(i)).name, "");
  EXPECT_TRUE(cache.look_up("SELECT 'kept'").name.starts_with("tram_1_"));
}

TEST(StatementCache, gives_only_so_many_names) {
  StatementCache cache{Statements::prepared};
  auto const named = [&](int i) {
    auto const sql = "SELECT " + std::to_string(i);
    cache.look_up(sql);
    return !cache.look_up(sql).name.empty();
  };
  int names = 0;
  for (int i = 0; i < 1'000; ++i) names += named(i) ? 1 : 0;
  EXPECT_EQ(names, 256);
}

}  // namespace
}  // namespace tram::postgres
