#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "promise.hpp"
#include "targets.hpp"
#include "tram/sql/statement_text.hpp"
#include "tram/sqlite/dialect.hpp"

namespace tram::fuzz {
namespace {

using Kind = StatementTokens::Kind;

/// As PostgreSQL's.
constexpr LexicalRules rich{.nested_comments = true,
                            .carriage_return_ends_line = true,
                            .vertical_tab_is_space = true,
                            .dollar_quotes = true,
                            .prefixed_texts = true,
                            .continued_texts = true};
constexpr LexicalRules with_backslashes = [] {
  auto rules = rich;
  rules.backslashes = true;
  return rules;
}();

std::vector<StatementTokens::Token> tokens_of(std::string_view sql, LexicalRules rules) {
  std::vector<StatementTokens::Token> all;
  StatementTokens tokens{sql, rules};
  for (auto token = tokens.next(); token.kind != Kind::end; token = tokens.next())
    all.push_back(token);
  return all;
}

void nothing_is_left_out(std::string_view sql, LexicalRules rules) {
  std::string text;
  for (auto const& token : tokens_of(sql, rules)) {
    promise(!token.text.empty(), "a token has a text");
    text += token.text;
  }
  promise(text == sql, "the tokens of a text are all of it");
}

void statements(std::string_view sql) {
  for (auto const& rules :
       {LexicalRules{}, sqlite::dialect.lexical_rules, rich, with_backslashes}) {
    nothing_is_left_out(sql, rules);
    reading([&] { require_statement(sql, rules); });
    reading([&] { refuse_transaction_control(sql, rules); });
    (void)leading_word(sql, rules);
    if (sql.find('?') == std::string_view::npos)
      promise(number_placeholders(sql, rules) == sql, "without a placeholder nothing changes");
  }
}

sqlite3* database() {
  static std::unique_ptr<sqlite3, int (*)(sqlite3*)> const opened{
      [] {
        sqlite3* made{};
        sqlite3_open(":memory:", &made);
        sqlite3_exec(made, "CREATE TABLE t (a, b)", nullptr, nullptr, nullptr);
        return made;
      }(),
      sqlite3_close};
  return opened.get();
}

/// Placeholders as we see them; -1 where SQLite counts in another way.
int placeholders_in(std::string_view sql) {
  int count = 0;
  std::string_view before;
  for (auto const& token : tokens_of(sql, sqlite::dialect.lexical_rules)) {
    bool const other = token.kind == Kind::symbol && token.text.find_first_of(":@$#") == 0;
    if (other ||
        (before == "?" && token.kind != Kind::blank && token.text.find_first_of("0123456789") == 0))
      return -1;
    if (token.kind == Kind::symbol && token.text == "?") ++count;
    before = token.text;
  }
  return count;
}

/// What we say of a text, SQLite says of it too.
void statements_on_sqlite(std::string_view bytes) {
  if (bytes.find('\0') != std::string_view::npos) return;
  std::string const sql{bytes};
  sqlite3_stmt* prepared{};
  char const* rest{};
  int const result = sqlite3_prepare_v2(database(), sql.c_str(), -1, &prepared, &rest);
  std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> const statement{prepared, sqlite3_finalize};
  bool const is_empty = is_empty_statement(sql, sqlite::dialect.lexical_rules);
  if (is_empty) promise(result == SQLITE_OK && !statement, "what is empty is empty to SQLite");
  if (result != SQLITE_OK || *rest != '\0') return;
  promise(is_empty == !statement, "what is empty to SQLite is empty");
  auto const count = placeholders_in(sql);
  if (statement && count >= 0)
    promise(sqlite3_bind_parameter_count(prepared) == count, "SQLite sees the same placeholders");
}

constexpr std::array all{Target{"statements", statements},
                         Target{"statements_on_sqlite", statements_on_sqlite}};

}  // namespace

std::span<Target const> statement_targets() { return all; }

}  // namespace tram::fuzz
