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
  [[nodiscard]] std::size_t size() const { return texts_.size() + bytes_ + 4 * pointers_.size(); }
  [[nodiscard]] char const* const* values() const { return pointers_.data(); }
  /// Null where all are texts, which end with a NUL.
  [[nodiscard]] int const* lengths() const { return lengths_.empty() ? nullptr : lengths_.data(); }
  [[nodiscard]] int const* formats() const { return formats_.empty() ? nullptr : formats_.data(); }

 private:
  void add_text(std::string_view sql, std::string_view text);
  void set_bytes(std::string_view sql, std::size_t place, BytesView const& bytes);

  std::string texts_;
  std::vector<char const*> pointers_;
  // Of each parameter where one is of bytes.
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::size_t bytes_{};
};

/// One value of it, which ends with a NUL.
Cell to_cell(Oid type, std::string_view text);

/// Two digits for each byte.
std::string hexadecimal(std::string_view bytes);

/// A text-format result of a statement as rows: integers, floats and truth values as numbers, bytes
/// as they are, everything else as its text.
Rows to_rows(std::string statement, PGresult const* result);

}  // namespace tram::postgres
