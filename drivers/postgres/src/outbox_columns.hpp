#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tram::postgres {

/// How a value of a column is written in the log.
enum class ColumnForm : std::uint8_t {
  text,
  /// character(n): the blanks at its end are no part of it, as a cast to text says.
  padded,
  /// bytea: `\x` and hexadecimal digits.
  bytes,
  /// A type that nobody has looked at.
  unknown,
};

/// The form of each type, by its OID; domains over built-in types are told by `OutboxColumns`.
class TypeForms {
 public:
  TypeForms() = default;
  explicit TypeForms(std::map<std::uint32_t, ColumnForm> forms) : forms_{std::move(forms)} {}
  [[nodiscard]] ColumnForm of(std::uint32_t type) const;

 private:
  std::map<std::uint32_t, ColumnForm> forms_;
};

/// One column of the outbox as the catalog has it.
struct OutboxColumn {
  std::string name;
  std::uint32_t type{};
  /// What the type is at the end of all domains, with its category (pg_type.typcategory).
  std::string base;
  std::string category;
  /// The type as SQL writes it.
  std::string written;
  bool generated{};
};

/// What the relay needs to know of the outbox's columns before it publishes what they hold. Pure.
class OutboxColumns {
 public:
  /// The columns of a table, one per row, in the order of `OutboxColumn`; `table` is an SQL
  /// expression: a literal, or a placeholder.
  static std::string query(std::string const& table);

  explicit OutboxColumns(std::vector<OutboxColumn> columns) : columns_{std::move(columns)} {}

  /// What is wrong, with the remedy, naming the first such column; empty when all is well. `table`
  /// is its quoted name.
  [[nodiscard]] std::string complaint(std::string const& table) const;
  [[nodiscard]] TypeForms forms() const;

 private:
  [[nodiscard]] OutboxColumn const* find(std::string_view name) const;

  std::vector<OutboxColumn> columns_;
};

}  // namespace tram::postgres
