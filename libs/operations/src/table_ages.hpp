#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tram/sql/transaction.hpp"

namespace tram {

/// How many rows a table has, and how old they are by its column `creation_time`, in epoch
/// milliseconds.
struct TableAges {
  std::int64_t rows{};
  std::optional<std::int64_t> oldest;
  std::optional<std::int64_t> newest;
};
TableAges ages_of(Transaction& tx, std::string const& table);

/// Rows that were stamped by a clock that was ahead.
struct RowsAhead {
  std::int64_t rows{};
  std::int64_t last{};
};
/// Nothing when there are none.
std::optional<RowsAhead> rows_ahead(Transaction& tx, std::string const& table);

}  // namespace tram
