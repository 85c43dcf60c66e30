#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tram/postgres/dialect.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/sql/statement_text.hpp"

namespace tram::postgres {

/// What the head of a statement says about it.
struct StatementKind {
  /// It can only read, or ends or marks a savepoint: it gives a transaction no number.
  bool only_reads{};
  /// It marks, releases or rolls back to a savepoint, as `Transaction` does.
  bool marks_savepoint{};
  /// Whatever it is, it ends no transaction and changes no rule for the statements behind it.
  bool leaves_transaction_alone{};
  /// It may set a limit of the transaction (`statement_timeout`, …).
  bool sets_limits{};
  /// How many `?` stand for a value.
  std::size_t placeholders{};
};

/// `Error{rejected}` where a `?` has no value: mostly an operator that was to be written `??`. The
/// server could only speak of a `$1` that nobody wrote.
void require_values(std::string_view sql, StatementKind const& kind, std::size_t values);

/// `Error{rejected}` for what no transaction of a pool can run: nothing at all, `COPY` from or to
/// the client, `LISTEN`, a cursor `WITH HOLD`.
StatementKind look_at_statement(std::string_view sql, LexicalRules rules);

/// Which statements of one connection are prepared under which name. A statement gets its name when
/// it comes for the second time, so that texts made up at run time do not fill the server. Names
/// are made of the texts: where a pooler gives the connection of another client, its statements are
/// never taken for one's own.
class StatementCache {
 public:
  struct Statement {
    /// The text with `$1`, `$2`, …
    std::string numbered;
    StatementKind kind{};
    /// Empty for a statement that is sent unnamed.
    std::string name{};
    /// The server has confirmed the name.
    bool prepared{};
  };

  explicit StatementCache(Statements mode) : mode_{mode} {}
  /// The statement for a text with `?`; valid until the next call. Faults: rejected, as
  /// `look_at_statement`.
  Statement& look_up(std::string_view sql);
  /// The server reads texts by these rules from now on.
  void follow(LexicalRules rules);

 private:
  struct TransparentHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct Entry {
    Statement statement;
    int uses{};
  };
  void forget_unnamed();
  std::string next_name(std::string_view numbered);

  static constexpr std::size_t entries_max = 512;
  static constexpr std::size_t names_max = 256;

  Statements mode_;
  LexicalRules rules_{dialect.lexical_rules};
  std::unordered_map<std::string, Entry, TransparentHash, std::equal_to<>> entries_;
  std::size_t names_{};
};

}  // namespace tram::postgres
