#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tram/sql/dialect.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Cuts the text of a statement into tokens as the database does. Accepts every text: an open quote
/// or comment ends with the text. Borrows the text.
///
///     tram::StatementTokens tokens{"SELECT 1", dialect.lexical_rules};
///     tokens.next_visible().text;  // "SELECT"
class StatementTokens {
 public:
  enum class Kind : std::uint8_t {
    /// White space and comments.
    blank,
    /// A keyword or a name without quotes.
    word,
    /// A text, a name in quotes, a dollar quote.
    quoted,
    /// Everything else: digits, or a single character.
    symbol,
    end,
  };
  /// What an end quote may be hidden by.
  enum class Escapes : std::uint8_t { none, doubled, doubled_and_backslash };
  struct Token {
    Kind kind{};
    std::string_view text;
  };

  StatementTokens(std::string_view sql, LexicalRules rules) : sql_{sql}, rules_{rules} {}
  Token next();
  /// The next token that is no blank.
  Token next_visible();

 private:
  [[nodiscard]] std::string_view rest() const { return sql_.substr(at_); }
  [[nodiscard]] std::size_t blank() const;
  [[nodiscard]] std::size_t line_comment(std::string_view text, std::size_t at) const;
  [[nodiscard]] std::size_t continuation(std::string_view text, std::size_t at) const;
  [[nodiscard]] std::size_t text_end(std::size_t at, Escapes escapes) const;
  [[nodiscard]] Escapes plain_text() const;
  [[nodiscard]] std::size_t quoted() const;
  [[nodiscard]] std::size_t prefixed() const;
  [[nodiscard]] std::size_t symbol() const;
  Token take(Kind kind, std::size_t length);

  std::string_view sql_;
  LexicalRules rules_;
  std::size_t at_{};
};

/// The first word of a statement, in capitals; empty where it begins with no word.
std::string leading_word(std::string_view sql, LexicalRules rules);

/// Nothing but blanks, comments and semicolons.
bool is_empty_statement(std::string_view sql, LexicalRules rules);

/// `Error{rejected}` for a text that holds no statement, only blanks, comments and semicolons, and
/// for one with a NUL, where client libraries would cut it off.
void require_statement(std::string_view sql, LexicalRules rules);
/// The same for an unknown database: empty by all rules.
void require_statement(std::string_view sql);

/// `Error{rejected}` for a statement that begins or ends a transaction or a savepoint: the
/// transaction would be another one afterwards than its owner believes.
void refuse_transaction_control(std::string_view sql, LexicalRules rules);

/// Replaces each placeholder `?` by `$1`, `$2`, … and `??` by `?`, leaving texts, quoted names and
/// comments alone: what PostgreSQL's protocol wants (its manual, chapter 55.2.3), with the rules of
/// `tram::postgres::dialect`.
std::string number_placeholders(std::string_view sql, LexicalRules rules);

}  // namespace tram

#pragma GCC visibility pop
