#include "stored_text.hpp"

#include <algorithm>

#include "tram/base/base64.hpp"
#include "tram/wire/storable_text.hpp"

namespace tram::stored_text {
namespace {

constexpr std::string_view prefix{"base64:"};
constexpr std::uint64_t prime{0x100000001b3U};
/// Two of them, in Base64, and their row's number fit into what PostgreSQL indexes (2704 bytes).
constexpr std::size_t indexed_max{700};
constexpr std::size_t indexed_kept{500};

/// In every encoding of a database.
bool is_plain(char character) {
  return character != '\0' && static_cast<unsigned char>(character) < 0x80U;
}

}  // namespace

std::uint64_t hash(std::string_view text, std::uint64_t before) {
  for (char const each : text) before = (before ^ static_cast<unsigned char>(each)) * prime;
  return (before ^ 0x100U) * prime;
}

std::string from_bytes(std::string_view bytes, Look look) {
  bool const is_text = look == Look::deceives ? std::ranges::all_of(bytes, is_plain)
                                              : find_unstorable(bytes) == std::string_view::npos;
  if (is_text && !bytes.starts_with(prefix)) return std::string{bytes};
  return std::string{prefix} + to_base64(bytes);
}

std::string to_bytes(std::string text) {
  if (!text.starts_with(prefix)) return text;
  auto bytes = from_base64(std::string_view{text}.substr(prefix.size()));
  return bytes ? *std::move(bytes) : text;
}

bool is_encoded(std::string_view text) {
  return text.starts_with(prefix) && from_base64(text.substr(prefix.size())).has_value();
}

bool is_no_text(std::string_view text) {
  return is_encoded(text) && !to_bytes(std::string{text}).starts_with(prefix);
}

std::string shortened(std::string_view name) {
  if (name.size() <= indexed_max) return std::string{name};
  return std::string{name.substr(0, indexed_kept)} + "~" + std::to_string(hash(name));
}

HeldRowKey held_key(std::string_view destination, std::string_view key) {
  return {shortened(destination), shortened(key)};
}

std::string readable(std::string_view text) {
  std::string plain{text};
  for (auto at = find_unstorable(plain); at != std::string::npos; at = find_unstorable(plain))
    plain[at] = '?';
  return plain;
}

std::string ascii(std::string_view text) {
  std::string plain{text};
  for (auto& each : plain) {
    if (!is_plain(each)) each = '?';
  }
  return plain;
}

}  // namespace tram::stored_text
