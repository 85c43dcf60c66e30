#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tram/base/random.hpp"
#include "tram/sql/statement_text.hpp"

namespace tram::testing {

/// A text that mostly ends, and mostly goes on behind a line break.
inline std::string quoted_soup(Random& random) {
  constexpr std::array<std::string_view, 7> heads{"'", "E'", "e'", "N'", "U&'", "B'", "aE'"};
  constexpr std::array<std::string_view, 8> bodies{"?", "?", "x", "\\'", "\\\\", "''", "\\", "é"};
  constexpr std::array<std::string_view, 6> ends{"'\n'",     "'\r'", "' -- ?\n\t'",
                                                 "'/**/\n'", "' '",  "''"};
  std::string soup{heads[random.below(heads.size())]};
  for (auto parts = random.below(4);; --parts) {
    for (auto left = random.below(4); left > 0; --left) soup += bodies[random.below(bodies.size())];
    if (parts == 0) return soup + "'";
    soup += ends[random.below(ends.size())];
  }
}

/// Pieces of SQL that lexers fall over, thrown together. No parentheses and no semicolons: with
/// these the tests ask the database what it takes for text.
inline std::string token_soup(Random& random) {
  constexpr std::array<std::string_view, 62> pieces{
      "?",   "?",  "?",    "?",   "?",    "??",   "'",   "'",   "'",    "'",   "''", "\"",  "\"",
      "E'",  "e'", "N'",   "n'",  "B'1'", "x'a'", "U&'", "u&'", "U&\"", "\\",  "\\", "\\'", "\\\\",
      "\\n", "$",  "$$",   "$$",  "$a$",  "$a$",  "$é$", "$1",  "$b",   "a$b", "E",  "e",   "U&",
      "é",   "_x", "name", "7",   "1.5",  " ",    " ",   "\n",  "\r",   "\t",  "\f", "--",  "-- x",
      "/*",  "*/", "/*/",  "**/", "`",    "[",    "]",   "@",   "=",    "::"};
  std::string soup;
  for (auto left = 1 + random.below(14); left > 0; --left) {
    soup += random.below(4) == 0 ? quoted_soup(random)
                                 : std::string{pieces[random.below(pieces.size())]};
  }
  return soup;
}

/// Where the lexer sees question marks that stand in no text, no quoted name and no comment.
inline std::vector<bool> open_question_marks(std::string_view sql, LexicalRules rules) {
  std::vector<bool> is_open(sql.size(), false);
  StatementTokens tokens{sql, rules};
  for (auto token = tokens.next(); token.kind != StatementTokens::Kind::end;
       token = tokens.next()) {
    auto const at = static_cast<std::size_t>(token.text.data() - sql.data());
    is_open[at] = token.kind == StatementTokens::Kind::symbol && token.text == "?";
  }
  return is_open;
}

/// What a database and the lexer said about many soups.
struct Comparison {
  int soups{};
  int question_marks{};
  int open{};
  std::string difference;
};

/// `accepts(soup)` asks the database whether it takes the soup for a row of whole tokens. A
/// question mark stands in the open when a closing parenthesis in its place spoils that.
template <class Accepts>
Comparison compare_with_lexer(Random& random, int rounds, LexicalRules rules, Accepts accepts) {
  Comparison found;
  for (int round = 0; round < rounds && found.difference.empty(); ++round) {
    auto const soup = token_soup(random);
    if (soup.find('?') == std::string::npos || !accepts(soup)) continue;
    ++found.soups;
    auto const is_open = open_question_marks(soup, rules);
    for (auto at = soup.find('?'); at != std::string::npos; at = soup.find('?', at + 1)) {
      auto closed = soup;
      closed[at] = ')';
      bool const open = !accepts(closed);
      ++found.question_marks;
      found.open += open ? 1 : 0;
      if (open == is_open[at]) continue;
      found.difference = "byte " + std::to_string(at) + " of <" + soup + "> is " +
                         (open ? "a placeholder" : "text") + " for the database";
    }
  }
  return found;
}

}  // namespace tram::testing
