#include "tram/sql/statement_text.hpp"

#include <gtest/gtest.h>

#include "tram/base/error.hpp"
#include "tram/sql/function_executor.hpp"

namespace tram {
namespace {

constexpr LexicalRules postgres{.nested_comments = true,
                                .carriage_return_ends_line = true,
                                .vertical_tab_is_space = true,
                                .dollar_quotes = true,
                                .prefixed_texts = true,
                                .continued_texts = true};
constexpr LexicalRules postgres_with_backslashes = [] {
  auto rules = postgres;
  rules.backslashes = true;
  return rules;
}();
constexpr LexicalRules sqlite{
    .comments_need_text = true, .byte_order_mark_is_space = true, .backquotes_and_brackets = true};

std::string with_numbers(std::string_view sql) { return number_placeholders(sql, postgres); }

TEST(NumberPlaceholders, counts_from_one) {
  EXPECT_EQ(with_numbers("INSERT INTO t (a, b) VALUES (?, ?)"),
            "INSERT INTO t (a, b) VALUES ($1, $2)");
  EXPECT_EQ(with_numbers("SELECT 1"), "SELECT 1");
  EXPECT_EQ(with_numbers(""), "");
}

TEST(NumberPlaceholders, a_doubled_one_is_a_question_mark) {
  EXPECT_EQ(with_numbers("SELECT a ?? ?"), "SELECT a ? $1");
  EXPECT_EQ(with_numbers("SELECT a ??| ? AND b ???"), "SELECT a ?| $1 AND b ?$2");
}

// `LIMIT$1` is a name, and `$12` another parameter.
TEST(NumberPlaceholders, keeps_a_number_apart_from_what_stands_beside_it) {
  EXPECT_EQ(with_numbers("SELECT a FROM t WHERE b=?AND c=? LIMIT?"),
            "SELECT a FROM t WHERE b=$1 AND c=$2 LIMIT $3");
  EXPECT_EQ(with_numbers("SELECT ?1"), "SELECT $1 1");
}

TEST(NumberPlaceholders, leaves_texts_names_and_comments_alone) {
  EXPECT_EQ(with_numbers("SELECT '?' || ?"), "SELECT '?' || $1");
  EXPECT_EQ(with_numbers("SELECT 'it''s ?' || ?"), "SELECT 'it''s ?' || $1");
  EXPECT_EQ(with_numbers("SELECT E'\\'?' || ?"), "SELECT E'\\'?' || $1");
  EXPECT_EQ(with_numbers("SELECT 'a\\' || ?"), "SELECT 'a\\' || $1");
  EXPECT_EQ(with_numbers("SELECT \"?\" = ?"), "SELECT \"?\" = $1");
  EXPECT_EQ(with_numbers("SELECT 1 -- why?\n = ?"), "SELECT 1 -- why?\n = $1");
  EXPECT_EQ(with_numbers("SELECT 1 -- why?\r = ?"), "SELECT 1 -- why?\r = $1");
  EXPECT_EQ(with_numbers("SELECT /* ? /* ? */ ? */ ?"), "SELECT /* ? /* ? */ ? */ $1");
  EXPECT_EQ(with_numbers("SELECT $$?$$ || $a$?$b$?$a$ || ?"), "SELECT $$?$$ || $a$?$b$?$a$ || $1");
}

struct Reading {
  std::string_view sql;
  std::string_view numbered;
  LexicalRules rules = postgres;
};

// Each of these was read differently from the server once.
TEST(NumberPlaceholders, follows_the_servers_rules) {
  for (auto const& [sql, numbered, rules] : {
           Reading{"$é$ ? $é$ ?", "$é$ ? $é$ $1"},
           Reading{"$1$ ? $1$", "$1$ $1 $1$"},
           Reading{"a$b$ ? $b$ ?", "a$b$ $1 $b$ ?"},
           Reading{"E'a' -- ?'\n '\\' ?' ?", "E'a' -- ?'\n '\\' ?' $1"},
           Reading{"'a'\n'\\' ?", "'a'\n'\\' $1"},
           Reading{"éE'\\' ?", "éE'\\' $1"},
           Reading{"n'\\' ?", "n'\\' $1"},
           Reading{"U&'\\' ?", "U&'\\' $1"},
           Reading{"u&\"?\"\"?\" ?", "u&\"?\"\"?\" $1"},
           Reading{"'\\' ?' ?", "'\\' ?' $1", postgres_with_backslashes},
           Reading{"B'1''\\' ?' ?", "B'1''\\' ?' $1", postgres_with_backslashes},
           Reading{"`?``?` [?] ?", "`?``?` [?] $1", sqlite},
           Reading{"/* /* ? */ ?", "/* /* ? */ $1", sqlite},
           Reading{"/*/ ? */ ?", "/*/ ? */ $1", sqlite},
           Reading{"-- ?\r?\n?", "-- ?\r?\n$1", sqlite},
           Reading{"E'\\' ?", "E'\\' $1", sqlite},
           Reading{"$$?$$", "$$ $1 $$", sqlite},
       }) {
    EXPECT_EQ(number_placeholders(sql, rules), numbered) << sql;
  }
}

TEST(NumberPlaceholders, survives_what_has_no_end) {
  for (auto const* const sql :
       {"SELECT '?", "SELECT \"?", "SELECT /* ?", "SELECT -- ?", "SELECT $a$?", "SELECT E'\\",
        "SELECT U&\"?", "SELECT 'a'\n'?", "$", "$a", "U&", "E"}) {
    EXPECT_EQ(with_numbers(sql), sql);
    EXPECT_EQ(number_placeholders(sql, postgres_with_backslashes), sql);
  }
  for (auto const* const sql : {"SELECT [?", "SELECT `?", "/* ?", "/*"})
    EXPECT_EQ(number_placeholders(sql, sqlite), sql);
}

TEST(LeadingWord, stands_behind_blanks_and_comments_as_the_database_reads_them) {
  EXPECT_EQ(leading_word(" ;\t-- x\rCommit", postgres), "COMMIT");
  EXPECT_EQ(leading_word("/* /* */ */ COMMIT", postgres), "COMMIT");
  EXPECT_EQ(leading_word("/* /* */ COMMIT", postgres), "");
  EXPECT_EQ(leading_word("-- x\rSELECT\n COMMIT", sqlite), "COMMIT");
  EXPECT_EQ(leading_word("/* /* */ COMMIT", sqlite), "COMMIT");
  EXPECT_EQ(leading_word("\xEF\xBB\xBF COMMIT", sqlite), "COMMIT");
  EXPECT_EQ(leading_word("\xEF\xBB\xBF;\xEF\xBB\xBF/**/COMMIT", sqlite), "COMMIT");
  EXPECT_EQ(leading_word("(SELECT 1)", postgres), "");
  EXPECT_EQ(leading_word("\"COMMIT\"", postgres), "");
}

template <class Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    return error.what();
  }
  return "taken";
}

constexpr std::string_view with_nul{"DELETE FROM t WHERE id = 1\0 AND owner = 2", 40};

TEST(RequireStatement, refuses_what_is_empty_or_would_be_cut_off) {
  constexpr std::string_view empty =
      "sql: the text of a statement is empty or holds comments only; leave the call out";
  for (auto const* const sql : {"", " ", ";", " ;; ", "-- x", "/* x */", "/* x"}) {
    EXPECT_EQ(refusal([&] { require_statement(sql, postgres); }), empty) << sql;
    EXPECT_EQ(refusal([&] { require_statement(sql, sqlite); }), empty) << sql;
  }
  EXPECT_EQ(refusal([&] { require_statement("\v", sqlite); }), "taken") << "an error to SQLite";
  for (auto const* const sql : {" ; \v; ", "--\n\v"})
    EXPECT_EQ(refusal([&] { require_statement(sql, sqlite); }), empty)
        << "behind white space it is white space to SQLite";
  EXPECT_EQ(refusal([&] { require_statement("-- x\rSELECT 1", sqlite); }), empty);
  EXPECT_EQ(refusal([&] { require_statement("-- x\rSELECT 1", postgres); }), "taken");
  EXPECT_EQ(refusal([&] { require_statement(with_nul, postgres); }),
            "sql: the text of a statement holds the character U+0000 at byte 26, where it would be "
            "cut off; remove it");
}

TEST(FunctionExecutor, passes_on_only_what_is_a_statement) {
  int calls = 0;
  FunctionExecutor tx{[&](std::string_view, Parameters) {
    ++calls;
    return Rows{};
  }};
  tx.execute("SELECT 1");
  tx.post("SELECT 1");
  EXPECT_EQ(calls, 2);
  for (auto const sql : {std::string_view{}, std::string_view{"\0", 1}, with_nul,
                         std::string_view{"-- x"}, std::string_view{" ;/**/"}}) {
    EXPECT_NE(refusal([&] { tx.execute(sql); }), "taken") << sql;
    EXPECT_NE(refusal([&] { tx.post(sql); }), "taken") << sql;
  }
  EXPECT_EQ(calls, 2);
}

TEST(RefuseTransactionControl, knows_its_words_behind_every_disguise) {
  for (auto const* const sql :
       {"COMMIT", "commit and chain", ";ROLLBACK", "/* /* */ */ COMMIT", "-- x\rEND", "ABORT",
        "PREPARE TRANSACTION 'x'", "prepare /* so */ transaction 'x'", "COMMIT PREPARED 'x'",
        "START TRANSACTION", "BEGIN", "SAVEPOINT s", "RELEASE s"}) {
    EXPECT_NE(refusal([&] { refuse_transaction_control(sql, postgres); }), "taken") << sql;
  }
  for (auto const* const sql :
       {"PREPARE x AS SELECT 1", "SELECT 'COMMIT'", "\"COMMIT\"", "COMMITTED", "/* /* */ COMMIT"}) {
    EXPECT_EQ(refusal([&] { refuse_transaction_control(sql, postgres); }), "taken") << sql;
  }
}

}  // namespace
}  // namespace tram
