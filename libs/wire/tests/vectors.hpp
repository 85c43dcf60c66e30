#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tram::testing {

using Json = nlohmann::json;

/// The lines of a file of golden vectors, one JSON object each (see tests/vectors/README.md).
inline std::vector<Json> vectors(std::string const& file) {
  std::ifstream in{std::filesystem::path{TRAM_TEST_VECTORS} / file};
  if (!in) throw std::runtime_error{"cannot read the vectors in " + file};
  std::vector<Json> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
  return lines;
}

/// A text, or nothing where the vector has null.
inline std::optional<std::string> text_or_null(Json const& value) {
  if (value.is_null()) return std::nullopt;
  return value.get<std::string>();
}

inline std::string from_base64(std::string_view text) {
  constexpr std::string_view digits{
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"};
  std::string bytes;
  unsigned bits = 0;
  unsigned count = 0;
  for (char const c : text) {
    if (c == '=') break;
    bits = (bits << 6U | static_cast<unsigned>(digits.find(c))) & 0xFFFFU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> count & 0xFFU));
  }
  return bytes;
}

inline std::string from_hex(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string{text.substr(at, 2)}, nullptr, 16)));
  }
  return bytes;
}

}  // namespace tram::testing
