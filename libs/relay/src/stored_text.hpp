#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tram/relay/held_row_store.hpp"

namespace tram {

/// Texts of a held row as every database takes them, whatever they contain. A row that cannot be
/// written down would stop all others.
namespace stored_text {

/// Whether the bytes are what they look like: no text where they came from, text all the same.
enum class Look : std::uint8_t { can_be_trusted, deceives };
/// As it is, or `base64:…` for what is no text, or only looks so (and for what begins so).
std::string from_bytes(std::string_view bytes, Look look = Look::can_be_trusted);
/// What `from_bytes` was given.
std::string to_bytes(std::string text);
/// Whether it was stored as `base64:…`: still the bytes of the row, not what an operator wrote.
bool is_encoded(std::string_view text);
/// Whether it was stored so since it is no text.
bool is_no_text(std::string_view text);

/// What a database can index: long ones become a beginning and a hash. Equal ones stay equal.
std::string shortened(std::string_view name);
/// A destination and a key as they are held: shortened.
HeldRowKey held_key(std::string_view destination, std::string_view key);

/// For people: with question marks for what is no text …
std::string readable(std::string_view text);
/// … or for all that is no ASCII, which every encoding has.
std::string ascii(std::string_view text);

/// FNV-1a, 64 bits: the same in every process.
inline constexpr std::uint64_t hash_begin{0xcbf29ce484222325U};
std::uint64_t hash(std::string_view text, std::uint64_t before = hash_begin);

}  // namespace stored_text
}  // namespace tram
