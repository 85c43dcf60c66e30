#include <array>

#include "base64_alphabet.hpp"
#include "tram/base/base64.hpp"
#include "tram/base/detail/json_types.hpp"
#include "tram/base/error.hpp"

namespace tram::json::detail {
namespace {

constexpr std::uint8_t no_digit = 0xFF;

consteval std::array<std::uint8_t, 256> digit_table() {
  std::array<std::uint8_t, 256> table{};
  table.fill(no_digit);
  for (std::size_t i = 0; i < base64_alphabet.size(); ++i) {
    table[static_cast<unsigned char>(base64_alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}

// The padding that a text of this length in Base64 must have, which is also the bytes that it
// lacks.
std::size_t padding(std::string_view text) {
  if (text.ends_with("==")) return 2;
  return text.ends_with('=') ? 1 : 0;
}

}  // namespace

std::string base64(std::vector<std::byte> const& bytes) {
  return to_base64({reinterpret_cast<char const*>(bytes.data()), bytes.size()});
}

std::vector<std::byte> decode_base64(Reader& reader) {
  static constexpr auto digits = digit_table();
  auto const text = reader.string();
  auto const digits_count = text.size() - padding(text);
  if (text.size() % 4 != 0) reader.fail("expected base64 with padding");
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < digits_count; ++i) {
    auto const digit = digits[static_cast<unsigned char>(text[i])];
    if (digit == no_digit) reader.fail("expected base64 with padding");
    group = group << 6U | digit;
    // The bits that are not yet handed out after this digit: 6, 4, 2, 0 and again from the start.
    auto const left = 6U - 2U * (static_cast<unsigned>(i) % 4U);
    if (i % 4 != 0) bytes.push_back(static_cast<std::byte>(group >> left & 0xFFU));
  }
  return bytes;
}

Decimal decode_decimal(Reader& reader) {
  auto const text = reader.number();
  try {
    return Decimal::parse(text);
  } catch (Error const& error) { reader.fail(error.what()); }
}

}  // namespace tram::json::detail
