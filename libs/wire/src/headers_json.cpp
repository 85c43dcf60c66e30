#include "tram/wire/headers_json.hpp"

#include <utility>
#include <vector>

#include "header_reader.hpp"
#include "last_wins.hpp"
#include "tram/base/json_text.hpp"

namespace tram {
namespace {

constexpr std::size_t usual_count = 12;

/// A header that is to go once the last one of its name has won.
struct MarkedHeader {
  std::string name;
  std::string value;
  bool is_null;
};

/// Takes away the names whose last value is null; `nulls` holds the places of the nulls, in order.
std::vector<Header> without_nulls(std::vector<Header> headers,
                                  std::vector<std::size_t> const& nulls) {
  std::vector<MarkedHeader> marked;
  marked.reserve(headers.size());
  auto next_null = nulls.begin();
  for (auto& header : headers) {
    bool const is_null = next_null != nulls.end() && *next_null == marked.size();
    if (is_null) ++next_null;
    marked.push_back(
        {.name = std::move(header.name), .value = std::move(header.value), .is_null = is_null});
  }
  headers.clear();
  for (auto& header : last_wins(std::move(marked))) {
    if (!header.is_null)
      headers.push_back({.name = std::move(header.name), .value = std::move(header.value)});
  }
  return headers;
}

/// The size of the text when nothing in it needs an escape.
std::size_t json_size(Headers const& headers) {
  constexpr std::size_t punctuation = std::string_view{R"("":"",)"}.size();
  std::size_t size = std::string_view{"{}"}.size();
  for (auto const& [name, value] : headers) size += name.size() + value.size() + punctuation;
  return size;
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
  std::vector<Header> headers;
  std::vector<std::size_t> nulls;
  headers.reserve(usual_count);
  reader.enter_object();
  while (auto const name = reader.next_member()) {
    auto& header = headers.emplace_back(Header{.name = std::string{*name}, .value = {}});
    if (auto text = read_text(reader)) {
      header.value = *std::move(text);
    } else {
      nulls.push_back(headers.size() - 1);
    }
  }
  if (!nulls.empty()) headers = without_nulls(std::move(headers), nulls);
  return Headers{std::move(headers)};
}

void append_headers_json(std::string& out, Headers const& headers) {
  out.reserve(out.size() + json_size(headers) +
              1);  // and one for whoever closes an object around it
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
