#include "tram/sql/parameter.hpp"

#include <algorithm>
#include <utility>

#include "tram/base/assert.hpp"
#include "tram/base/error.hpp"

namespace tram {

Parameter::Parameter(std::string_view text) : value_{text} {}

Parameter::Parameter(std::string const& text) : value_{std::string_view{text}} {}

Parameter::Parameter(char const* text) {
  if (text != nullptr) value_ = std::string_view{text};
}

void Parameter::borrow(std::span<std::byte const> bytes) {
  value_ = BytesView{.data = reinterpret_cast<char const*>(bytes.data()), .size = bytes.size()};
}

Parameter::Parameter(Uuid const& uuid) { keep(uuid.text()); }

void Parameter::keep(std::string_view text) {
  TRAM_ASSERT(text.size() <= own_.size(), "Tram's own texts are short");
  std::ranges::copy(text, own_.begin());
  own_size_ = static_cast<std::uint8_t>(text.size());
}

namespace sql_detail {

void no_name_of(std::int64_t enum_value, std::string const& names) {
  throw Error{Fault::rejected, "sql: " + std::to_string(enum_value) +
                                   " is no value of this enum (" + names +
                                   "); add it to enum_names, or bind one of them"};
}

std::int64_t as_signed(std::uint64_t number) {
  if (std::in_range<std::int64_t>(number)) return static_cast<std::int64_t>(number);
  throw Error{Fault::rejected, "sql: " + std::to_string(number) +
                                   " is larger than the integers of a database; bind it as text"};
}

}  // namespace sql_detail

}  // namespace tram
