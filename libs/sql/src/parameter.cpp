#include "tram/sql/parameter.hpp"

#include <utility>

#include "tram/base/error.hpp"

namespace tram {

Parameter::Parameter(std::string_view text) : value_{text} {}

Parameter::Parameter(std::string const& text) : value_{std::string_view{text}} {}

Parameter::Parameter(char const* text) {
  if (text != nullptr) value_ = std::string_view{text};
}

namespace sql_detail {

std::int64_t as_signed(std::uint64_t number) {
  if (std::in_range<std::int64_t>(number)) return static_cast<std::int64_t>(number);
  throw Error{Fault::rejected, "sql: " + std::to_string(number) +
                                   " is larger than the integers of a database; bind it as text"};
}

}  // namespace sql_detail

}  // namespace tram
