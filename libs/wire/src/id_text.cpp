#include "tram/wire/id_text.hpp"

#include <charconv>

#include "tram/base/error.hpp"

namespace tram::detail {
namespace {

template <class Integer>
Integer parse(std::string_view text) {
  Integer number{};
  auto const [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size()) throw_no_such_id(text);
  return number;
}

}  // namespace

std::int64_t parse_signed_id(std::string_view text) { return parse<std::int64_t>(text); }
std::uint64_t parse_unsigned_id(std::string_view text) { return parse<std::uint64_t>(text); }

void throw_no_such_id(std::string_view text) {
  throw Error{Fault::malformed,
              "id '" + std::string{text.substr(0, 100)} + "': expected an integer in range"};
}

}  // namespace tram::detail
