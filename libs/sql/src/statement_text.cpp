#include "tram/sql/statement_text.hpp"

#include <algorithm>
#include <array>

#include "tram/base/error.hpp"

namespace tram {
namespace {

using Kind = StatementTokens::Kind;

std::string in_capitals(std::string_view word) {
  std::string capitals{word};
  std::transform(capitals.begin(), capitals.end(), capitals.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return capitals;
}

/// The first token behind blanks and semicolons.
StatementTokens::Token first_token(StatementTokens& tokens) {
  auto token = tokens.next_visible();
  while (token.text == ";") token = tokens.next_visible();
  return token;
}

/// The longest word that matters at the head of a statement; longer ones need not be copied.
constexpr std::size_t word_max = 20;

std::string as_word(StatementTokens::Token const& token) {
  bool const is_word = token.kind == Kind::word && token.text.size() <= word_max;
  return is_word ? in_capitals(token.text) : std::string{};
}

/// What `$1` would become a part of, if it followed.
bool would_swallow(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

void append_placeholder(std::string& numbered, int number, std::string_view rest) {
  if (!numbered.empty() && would_swallow(numbered.back())) numbered += ' ';
  numbered += '$' + std::to_string(number);
  if (!rest.empty() && would_swallow(rest.front())) numbered += ' ';
}

[[noreturn]] void refuse_word(std::string const& word) {
  throw Error{Fault::rejected,
              "sql: " + word +
                  " inside a Transaction: it commits when the function of `transact` returns and "
                  "rolls back when it throws; use `with_savepoint` for a part of it"};
}

void refuse_nul(std::string_view sql) {
  auto const at = sql.find('\0');
  if (at == std::string_view::npos) return;
  throw Error{Fault::rejected, "sql: the text of a statement holds the character U+0000 at byte " +
                                   std::to_string(at) + ", where it would be cut off; remove it"};
}

[[noreturn]] void refuse_empty() {
  throw Error{Fault::rejected, "sql: the text of a statement is empty or holds comments only; "
                               "leave the call out"};
}

}  // namespace

std::string leading_word(std::string_view sql, LexicalRules rules) {
  StatementTokens tokens{sql, rules};
  return as_word(first_token(tokens));
}

bool is_empty_statement(std::string_view sql, LexicalRules rules) {
  StatementTokens tokens{sql, rules};
  return first_token(tokens).kind == Kind::end;
}

void require_statement(std::string_view sql, LexicalRules rules) {
  refuse_nul(sql);
  if (is_empty_statement(sql, rules)) refuse_empty();
}

void require_statement(std::string_view sql) {
  refuse_nul(sql);
  constexpr LexicalRules flat{.comments_need_text = true};
  constexpr LexicalRules nested{.nested_comments = true, .carriage_return_ends_line = true};
  if (is_empty_statement(sql, flat) && is_empty_statement(sql, nested)) refuse_empty();
}

void refuse_transaction_control(std::string_view sql, LexicalRules rules) {
  constexpr std::array<std::string_view, 8> words{"ABORT",   "BEGIN",    "COMMIT",    "END",
                                                  "RELEASE", "ROLLBACK", "SAVEPOINT", "START"};
  StatementTokens tokens{sql, rules};
  auto const word = as_word(first_token(tokens));
  if (std::find(words.begin(), words.end(), word) != words.end()) refuse_word(word);
  if (word != "PREPARE" || as_word(tokens.next_visible()) != "TRANSACTION") return;
  refuse_word("PREPARE TRANSACTION");
}

std::string number_placeholders(std::string_view sql, LexicalRules rules) {
  std::string numbered;
  numbered.reserve(sql.size() + sql.size() / 8);
  int count = 0;
  StatementTokens tokens{sql, rules};
  std::size_t at = 0;
  for (auto token = tokens.next(); token.kind != Kind::end; token = tokens.next()) {
    at += token.text.size();
    if (token.kind != Kind::symbol || token.text != "?") {
      numbered += token.text;
    } else if (sql.substr(at).starts_with("?")) {
      numbered += '?';
      at += tokens.next().text.size();
    } else {
      append_placeholder(numbered, ++count, sql.substr(at));
    }
  }
  return numbered;
}

}  // namespace tram
