#include <span>

#include "tram/base/base64.hpp"
#include "tram/base/error.hpp"
#include "tram/json/detail/type_codecs.hpp"

namespace tram::json::detail {
std::string base64(std::vector<std::byte> const& bytes) {
  return to_base64({reinterpret_cast<char const*>(bytes.data()), bytes.size()});
}

std::vector<std::byte> decode_base64(Reader& reader) {
  auto const text = reader.string();
  auto const decoded = from_base64(text);
  if (!decoded) reader.fail("expected base64 with padding", text);
  auto const bytes = std::as_bytes(std::span{*decoded});
  return {bytes.begin(), bytes.end()};
}

Decimal decode_decimal(Reader& reader) {
  auto const text = reader.number();
  try {
    return Decimal::parse(text);
  } catch (Error const& error) { reader.fail(error.what(), text); }
}

}  // namespace tram::json::detail
