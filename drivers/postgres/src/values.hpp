#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libpq.hpp"
#include "tram/sql/parameter.hpp"
#include "tram/sql/rows.hpp"

namespace tram::postgres {

/// Parameters in libpq's text format, of types that the server infers.
class TextParameters {
 public:
  /// `Error{rejected}` for text with a NUL character, which PostgreSQL cannot hold.
  explicit TextParameters(std::string_view sql, Parameters parameters);
  [[nodiscard]] int count() const { return static_cast<int>(pointers_.size()); }
  /// Bytes on the way, with the length in front of each.
  [[nodiscard]] std::size_t size() const { return texts_.size() + 4 * pointers_.size(); }
  [[nodiscard]] char const* const* values() const { return pointers_.data(); }

 private:
  std::string texts_;
  std::vector<char const*> pointers_;
};

/// A text-format result as rows: integers, floats and truth values as numbers, everything else as
/// its text.
Rows to_rows(PGresult const* result);

}  // namespace tram::postgres
