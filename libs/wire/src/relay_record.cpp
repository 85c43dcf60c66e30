#include <algorithm>
#include <utility>

#include "flat_headers.hpp"
#include "header_reader.hpp"
#include "java_number.hpp"
#include "last_wins.hpp"
#include "tram/base/json_text.hpp"
#include "tram/wire/header_names.hpp"
#include "tram/wire/record.hpp"
#include "utf8.hpp"

namespace tram {
namespace {

constexpr std::string_view remedy{"correct the row or delete it"};
constexpr std::string_view payload_begin{R"({"payload":)"};
constexpr std::string_view headers_begin{R"(,"headers":)"};

[[noreturn]] void bad_row(std::string const& problem) {
  throw Error{Fault::malformed, "outbox row: " + problem + "; " + std::string{remedy}};
}

std::string_view required(std::optional<std::string_view> const& column, char const* name) {
  if (!column) bad_row("column '" + std::string{name} + "' is NULL");
  return *column;
}

std::string_view required_payload(RowView const& row) {
  auto const payload = required(row.payload, "payload");
  auto const invalid = utf8::find_invalid(payload);
  if (invalid == std::string_view::npos) return payload;
  bad_row("column 'payload' is no UTF-8 at byte " + std::to_string(invalid));
}

/// A header as it goes to the broker.
struct RelayedHeader {
  std::string name;
  std::string text;
  enum class As { string, literal, nothing } as{As::string};
};

std::string java_number_of(json::Reader& reader) {
  auto number = java_number(reader.number());
  if (!number) reader.fail("expected a number that a double can hold");
  return *std::move(number);
}

RelayedHeader relayed(std::string_view name, json::Reader& reader) {
  using As = RelayedHeader::As;
  std::string own_name{name};
  switch (reader.kind()) {
    case json::Kind::null:
      return reader.null(), RelayedHeader{std::move(own_name), "", As::nothing};
    case json::Kind::boolean:
      return {std::move(own_name), reader.boolean() ? "true" : "false", As::literal};
    case json::Kind::number: return {std::move(own_name), java_number_of(reader), As::literal};
    default: return {std::move(own_name), std::string{reader.string()}, As::string};
  }
}

std::vector<RelayedHeader> read_relayed(json::Reader& reader) {
  std::vector<RelayedHeader> headers;
  reader.enter_object();
  while (auto const name = reader.next_member()) headers.push_back(relayed(*name, reader));
  headers = last_wins(std::move(headers));
  std::erase_if(headers, [](RelayedHeader const& header) {
    // An empty id is none: its message would be refused wherever it arrives.
    return header.as == RelayedHeader::As::nothing ||
           (header.name == header::id && header.text.empty());
  });
  return headers;
}

std::string const* text_of(std::vector<RelayedHeader> const& headers, std::string_view name) {
  auto const found = std::ranges::find(headers, name, &RelayedHeader::name);
  return found == headers.end() ? nullptr : &found->text;
}

void append_relayed(std::string& out, std::vector<RelayedHeader> const& headers) {
  out.push_back('{');
  for (auto const& header : headers) {
    if (out.back() != '{') out.push_back(',');
    json::append_string(out, header.name);
    out.push_back(':');
    if (header.as == RelayedHeader::As::string) {
      json::append_string(out, header.text);
    } else {
      out.append(header.text);
    }
  }
  out.push_back('}');
}

std::string missing_id(RowView const& row) {
  if (row.database_id) return row.database_id->to_string();
  bad_row("column 'headers' has no header ID, or an empty one, and the database made no id");
}

std::string begin_value(std::string_view payload, std::size_t headers_size) {
  constexpr std::size_t others = 80;  // the names of the members, and an ID that may be added
  std::string value;
  // Payloads are mostly JSON, so about every sixth character is a quote and will have a backslash.
  value.reserve(payload.size() + payload.size() / 6 + headers_size + others);
  value.append(payload_begin);
  json::append_string(value, payload);
  value.append(headers_begin);
  return value;
}

RelayRecord copied(RowView const& row, std::string_view payload, std::string_view text,
                   FlatHeaders const& headers) {
  std::string added_id;
  if (!headers.id) added_id = missing_id(row);
  auto value = begin_value(payload, text.size());
  if (headers.id) {
    value.append(text).push_back('}');
  } else {
    text.remove_suffix(1);
    value.append(text)
        .append(headers.empty ? R"("ID":")" : R"(,"ID":")")
        .append(added_id)
        .append("\"}}");
  }
  auto const key = headers.partition_id.value_or(headers.id.value_or(added_id));
  return {.key = std::string{key}, .value = std::move(value)};
}

RelayRecord normalised(RowView const& row, std::string_view payload, std::string_view text) {
  auto headers = read_whole("outbox row: column 'headers'", text, remedy, read_relayed);
  if (text_of(headers, header::id) == nullptr)
    headers.push_back({std::string{header::id}, missing_id(row)});
  auto value = begin_value(payload, text.size());
  append_relayed(value, headers);
  value.push_back('}');
  auto const* const partition_id = text_of(headers, header::partition_id);
  auto const* const key = partition_id != nullptr ? partition_id : text_of(headers, header::id);
  return {.key = *key, .value = std::move(value)};
}

}  // namespace

RelayRecord relay_record(RowView const& row) {
  auto const text = required(row.headers_json, "headers");
  auto const payload = required_payload(row);
  auto const headers = scan_flat_headers(text);
  if (headers && headers->id != "") return copied(row, payload, text, *headers);
  return normalised(row, payload, text);
}

}  // namespace tram
