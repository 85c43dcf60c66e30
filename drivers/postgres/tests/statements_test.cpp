#include "statements.hpp"

#include <gtest/gtest.h>

namespace tram::postgres {
namespace {

TEST(StatementCache, names_a_statement_when_it_comes_again) {
  StatementCache cache{Statements::prepared};
  EXPECT_EQ(cache.look_up("SELECT ?").name, "");
  EXPECT_EQ(cache.look_up("SELECT ?").name, "tram_1");
  EXPECT_EQ(cache.look_up("SELECT ?").name, "tram_1");
  EXPECT_EQ(cache.look_up("SELECT ?").numbered, "SELECT $1");
}

TEST(StatementCache, names_nothing_behind_a_pooler) {
  StatementCache cache{Statements::unnamed};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(cache.look_up("SELECT 1").name, "");
}

TEST(StatementCache, texts_made_up_at_run_time_do_not_fill_it) {
  StatementCache cache{Statements::prepared};
  cache.look_up("SELECT 'kept'");
  EXPECT_EQ(cache.look_up("SELECT 'kept'").name, "tram_1");
  for (int i = 0; i < 5'000; ++i) EXPECT_EQ(cache.look_up("SELECT " + std::to_string(i)).name, "");
  EXPECT_EQ(cache.look_up("SELECT 'kept'").name, "tram_1");
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
