#include "tram/wire/headers_json.hpp"

#include <utility>
#include <vector>

#include "header_reader.hpp"
#include "last_wins.hpp"
#include "tram/base/json_text.hpp"

namespace tram {
namespace {

constexpr std::size_t usual_count = 12;

struct NullableHeader {
  std::string name;
  std::optional<std::string> value;
};

/// A null hides an earlier value of its name, so it counts until the last one has won.
Headers without_nulls(std::vector<NullableHeader> read) {
  std::vector<Header> headers;
  for (auto& header : last_wins(std::move(read))) {
    if (header.value) headers.push_back({.name = std::move(header.name), .value = *std::move(header.value)});
  }
  return Headers{std::move(headers)};
}

}  // namespace

std::optional<std::string> read_text(json::Reader& reader) {
  switch (reader.kind()) {
    case json::Kind::null: return reader.null(), std::nullopt;
    case json::Kind::boolean: return reader.boolean() ? "true" : "false";
    case json::Kind::number: return std::string{reader.number()};
    default: return std::string{reader.string()};
  }
}

Headers read_headers(json::Reader& reader) {
  std::vector<NullableHeader> read;
  bool any_null = false;
  read.reserve(usual_count);
  reader.enter_object();
  while (auto const name = reader.next_member()) {
    read.push_back({.name = std::string{*name}, .value = read_text(reader)});
    any_null = any_null || !read.back().value;
  }
  if (any_null) return without_nulls(std::move(read));
  std::vector<Header> headers;
  headers.reserve(read.size());
  for (auto& header : read) headers.push_back({.name = std::move(header.name), .value = *std::move(header.value)});
  return Headers{std::move(headers)};
}

void append_headers_json(std::string& out, Headers const& headers) {
  out.push_back('{');
  bool first = true;
  for (auto const& [name, value] : headers) {
    if (!std::exchange(first, false)) out.push_back(',');
    json::append_string(out, name);
    out.push_back(':');
    json::append_string(out, value);
  }
  out.push_back('}');
}

std::string headers_to_json(Headers const& headers) {
  std::string out;
  append_headers_json(out, headers);
  return out;
}

Headers headers_from_json(std::string_view text) {
  return read_whole("headers", text, "headers are one JSON object of strings", read_headers);
}

}  // namespace tram
