#include "tram/sql/dialect.hpp"

#include <algorithm>
#include <cstddef>

#include "tram/base/error.hpp"

namespace tram {
namespace {

bool is_name_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Walks over SQL, passing on everything but placeholders (PostgreSQL 15, chapter 4.1).
class PlaceholderLexer {
 public:
  explicit PlaceholderLexer(std::string_view sql) : sql_{sql} {}

  std::string numbered() {
    while (at_ < sql_.size()) step();
    return std::move(result_);
  }

 private:
  void step() {
    if (starts_with("--")) return copy_until(sql_.find('\n', at_), 1);
    if (starts_with("/*")) return copy_comment();
    switch (sql_[at_]) {
      case '?': return placeholder();
      case '\'': return copy_quoted('\'', is_escape_string());
      case '"': return copy_quoted('"', false);
      case '$': return copy_dollar_quoted();
      default: return copy(1);
    }
  }

  void placeholder() {
    if (starts_with("??")) {
      result_.push_back('?');
      at_ += 2;
      return;
    }
    result_ += "$" + std::to_string(++count_);
    ++at_;
  }

  /// `E'…'`, where a backslash escapes.
  [[nodiscard]] bool is_escape_string() const {
    if (at_ == 0 || (sql_[at_ - 1] != 'E' && sql_[at_ - 1] != 'e')) return false;
    return at_ == 1 || !is_name_part(sql_[at_ - 2]);
  }

  void copy_quoted(char quote, bool backslash_escapes) {
    auto end = at_ + 1;
    while (end < sql_.size() && sql_[end] != quote)
      end += backslash_escapes && sql_[end] == '\\' ? 2 : 1;
    // A doubled quote begins a quoted text anew, which comes to the same.
    copy_until(std::min(end, sql_.size()), 1);
  }

  void copy_comment() {
    std::size_t depth = 0;
    do {
      if (starts_with("/*")) {
        ++depth;
        copy(2);
      } else if (starts_with("*/")) {
        --depth;
        copy(2);
      } else {
        copy(1);
      }
    } while (depth > 0 && at_ < sql_.size());
  }

  void copy_dollar_quoted() {
    auto end = at_ + 1;
    while (end < sql_.size() && is_name_part(sql_[end])) ++end;
    bool const is_tag =
        end < sql_.size() && sql_[end] == '$' && (at_ == 0 || !is_name_part(sql_[at_ - 1]));
    if (!is_tag) return copy(1);
    auto const tag = sql_.substr(at_, end + 1 - at_);
    copy_until(sql_.find(tag, end + 1), tag.size());
  }

  [[nodiscard]] bool starts_with(std::string_view text) const {
    return sql_.substr(at_).starts_with(text);
  }
  void copy(std::size_t length) {
    auto const part = sql_.substr(at_, length);
    result_ += part;
    at_ += part.size();
  }
  /// Up to and with the `length` characters at `end`, or everything where there is no end.
  void copy_until(std::size_t end, std::size_t length) {
    copy(end == std::string_view::npos ? sql_.size() - at_ : end + length - at_);
  }

  std::string_view sql_;
  std::size_t at_{};
  int count_{};
  std::string result_;
};

}  // namespace

std::string_view to_string(DatabaseKind kind) noexcept {
  switch (kind) {
    case DatabaseKind::sqlite: return "sqlite";
    case DatabaseKind::postgres: return "postgres";
    case DatabaseKind::mysql: return "mysql";
  }
  return "unknown";
}

Dialect const& sqlite_dialect() {
  static constexpr Dialect dialect{
      .kind = DatabaseKind::sqlite,
      .now_milliseconds = "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)",
      .for_update = ""};
  return dialect;
}

Dialect const& postgres_dialect() {
  static constexpr Dialect dialect{
      .kind = DatabaseKind::postgres,
      .now_milliseconds = "(ROUND(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) * 1000))",
      .for_update = "FOR UPDATE"};
  return dialect;
}

Dialect const& mysql_dialect() {
  static constexpr Dialect dialect{.kind = DatabaseKind::mysql,
                                   .now_milliseconds = "ROUND(UNIX_TIMESTAMP(CURTIME(4)) * 1000)",
                                   .for_update = "FOR UPDATE"};
  return dialect;
}

std::string insert_or_ignore(Dialect const& dialect, std::string_view into) {
  // Not SQLite's INSERT OR IGNORE: that passes over a NULL in a column that must have a value, too.
  if (dialect.kind == DatabaseKind::mysql) return "INSERT IGNORE " + std::string{into};
  return "INSERT " + std::string{into} + " ON CONFLICT DO NOTHING";
}

std::string number_placeholders(std::string_view sql) { return PlaceholderLexer{sql}.numbered(); }

SchemaName::SchemaName(std::string_view configured) {
  if (configured == "none") return;
  name_ = configured.empty() ? "eventuate" : configured;
  if (std::all_of(name_.begin(), name_.end(), [](char c) { return is_name_part(c) || c == '$'; }))
    return;
  throw Error{Fault::rejected, "sql: '" + name_ +
                                   "' cannot be a schema name; use letters, digits, '_' and '$', "
                                   "or 'none' for unqualified tables"};
}

std::string SchemaName::qualify(std::string_view table) const {
  return name_.empty() ? std::string{table} : name_ + "." + std::string{table};
}

SchemaName schema_in(Dialect const& dialect, SchemaName const& schema) {
  return dialect.kind == DatabaseKind::sqlite ? SchemaName::none() : schema;
}

}  // namespace tram
