#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tram/postgres/change_source.hpp"

namespace tram::postgres {

/// A table with the outbox's columns that is no part of the outbox now.
struct AlikeTable {
  /// In the catalog.
  std::string number{};
  /// The transaction in which the table left another one, which may have been the outbox. Empty for
  /// a table that left none, and for one of another outbox.
  std::string left{};
  /// As SQL has it.
  std::string name{};
  /// Those of the outbox's columns that it has.
  std::vector<std::string> columns{};
  /// Its file is not empty.
  bool has_rows{};
  /// What lets the relay's role read all its rows; empty where the role may.
  std::string grants{};
};

/// `table "a"."b"`, or several.
std::string names_of(std::vector<AlikeTable> const& tables);

/// One statement without parameters that returns all of them, columns text. A table counts as left
/// if it did so at or behind the transaction with number `horizon`; an empty one stands for ever.
std::string alike_tables_question(ChangeSourceConfig const& config, std::string const& horizon);
AlikeTable alike_table(std::vector<std::optional<std::string>> const& row);

/// An expression in SQL: those that left, as `number=left`, blanks between.
/// `horizon` is an expression. It is cheap, and does not see a plain table that was an heir for a
/// moment: only the question above does.
std::string left_tables_expression(ChangeSourceConfig const& config, std::string const& horizon);

/// An expression in SQL: which of the outbox's columns table `c` has, blanks between.
std::string columns_expression();
/// An expression in SQL: what lets this role read all rows of table `c` in schema `n`.
std::string grants_expression();

/// One statement: what lets this role keep in `table` what people answer about such tables; empty
/// text where it may.
std::string remedy_for_answers_question(std::string const& table);

}  // namespace tram::postgres
