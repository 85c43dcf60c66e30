#include "pgoutput_decoder.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "tram/base/error.hpp"

namespace tram::postgres {
namespace {

[[noreturn]] void malformed(std::string const& what) {
  throw Error{Fault::malformed, "postgresql: the output of pgoutput is not understood: " + what};
}

std::optional<std::string_view> read_value(ByteReader& reader) {
  switch (auto const kind = reader.byte()) {
    case 'n': return std::nullopt;
    case 't': return reader.text(reader.uint32());
    case 'u': malformed("an inserted row has an unchanged value");
    default: malformed("unknown kind of value " + std::to_string(kind));
  }
}

std::optional<std::int64_t> to_number(std::string_view text) {
  std::int64_t number = 0;
  auto const [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (trouble != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<unsigned> to_nibble(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a') + 10;
  return std::nullopt;
}

/// Of a bytea in its hexadecimal form, which the session asks for.
std::optional<std::string> to_bytes(std::string_view text) {
  if (!text.starts_with("\\x") || text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t at = 2; at < text.size(); at += 2) {
    auto const high = to_nibble(text[at]);
    auto const low = to_nibble(text[at + 1]);
    if (!high || !low) return std::nullopt;
    bytes.push_back(static_cast<char>(*high << 4U | *low));
  }
  return bytes;
}

char const* why_unreadable(ColumnForm form) {
  if (form == ColumnForm::unknown) return "has a type that the relay does not know";
  return "holds bytes that are no text in the database's encoding, or characters that UTF-8 lacks";
}

std::string_view without_padding(std::string_view text) {
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

}  // namespace

Change PgoutputDecoder::decode(std::string_view message) {
  ByteReader reader{message};
  switch (auto const kind = reader.byte()) {
    case 'I': return insert(reader);
    case 'B': return TransactionBegin{commit_ = reader.uint64()};
    case 'C': {
      reader.byte();    // flags
      reader.uint64();  // where the commit record begins
      return TransactionEnd{reader.uint64()};
    }
    case 'R': relation(reader); return Irrelevant{};
    case 'O':  // origin
    case 'Y':  // type
    case 'U':  // update
    case 'D':  // delete
    case 'T':  // truncate
    case 'M':  // logical message
      return Irrelevant{};
    default: malformed("unknown message " + std::to_string(kind));
  }
}

void PgoutputDecoder::relation(ByteReader& reader) {
  auto const id = reader.uint32();
  auto const schema = reader.c_string();
  auto const table = reader.c_string();
  Relation relation{.columns = {},
                    .until = until(id, schema == schema_ && table == table_),
                    .name = std::string{schema}.append(".").append(table)};
  auto const unknown_before = unknown_type_;
  if (relation.until != Lsn{0}) {
    reader.byte();  // replica identity
    relation.columns.resize(reader.uint16());
    for (auto& each : relation.columns) each = column(reader);
    if (!shows_all(relation.columns)) relation.columns.clear();
  }
  if (!relation.until) unknown_type_ = unknown_before;
  relations_[id] = std::move(relation);
}

/// Up to where rows count; 0 for a table that is no part of the outbox.
std::optional<Lsn> PgoutputDecoder::until(std::uint32_t id, bool has_its_name) const {
  if (has_its_name) return std::numeric_limits<Lsn>::max();
  auto const part = parts_.find(id);
  return part == parts_.end() ? std::nullopt : std::optional{part->second};
}

/// Rows that were shown in part are as good as hidden: no NULL is made of a column that is missing.
bool PgoutputDecoder::shows_all(std::vector<Column> const& columns) {
  constexpr std::array needed{Meaning::destination, Meaning::headers, Meaning::payload};
  return std::ranges::all_of(needed, [&](Meaning meaning) {
    return std::ranges::find(columns, meaning, &Column::meaning) != columns.end();
  });
}

PgoutputDecoder::Column PgoutputDecoder::column(ByteReader& reader) {
  reader.byte();  // flags
  auto const meaning = meaning_of(reader.c_string());
  auto const type = reader.uint32();
  reader.uint32();  // the type's modifier
  auto const form = forms_.of(type);
  if (meaning != Meaning::other && form == ColumnForm::unknown) unknown_type_ = type;
  return {.meaning = meaning, .form = form};
}

PgoutputDecoder::Meaning PgoutputDecoder::meaning_of(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Meaning>, 6> names{
      {{"id", Meaning::id},
       {"dbid", Meaning::database_id},
       {"destination", Meaning::destination},
       {"headers", Meaning::headers},
       {"payload", Meaning::payload},
       {"published", Meaning::published}}};
  for (auto const& [known, meaning] : names) {
    if (known == name) return meaning;
  }
  return Meaning::other;
}

Change PgoutputDecoder::insert(ByteReader& reader) {
  auto const found = relations_.find(reader.uint32());
  if (found == relations_.end()) malformed("a row of a table that was not announced");
  auto const& [columns, until, name] = found->second;
  if (columns.empty()) return Irrelevant{};
  if (!until) return DoubtfulRow{.table = found->first, .name = name};
  if (commit_ >= *until) return Irrelevant{};
  if (reader.byte() != 'N') malformed("an inserted row has no new values");
  if (reader.uint16() != columns.size())
    malformed("a row has another number of columns than its table");

  OutboxRow row;
  bool published = false;
  for (auto const column : columns) {
    auto const value = read_value(reader);
    if (!value) continue;
    if (column.meaning == Meaning::published) published = *value != "0";
    take(row, column, *value);
  }
  if (published) return Irrelevant{};
  return row;
}

void PgoutputDecoder::take_value(OutboxRow& row, std::string_view column, std::uint32_t type,
                                 std::string_view value) const {
  take(row, {.meaning = meaning_of(column), .form = forms_.of(type)}, value);
}

void PgoutputDecoder::take(OutboxRow& row, Column column, std::string_view value) const {
  auto const shown = [&](char const* name) {
    auto text = read(column.form, value);
    if (!text) row.unreadable = std::string{"column '"} + name + "' " + why_unreadable(column.form);
    return text ? *std::move(text) : std::string{value};
  };
  switch (column.meaning) {
    // For people only: the record has the one of the headers.
    case Meaning::id: row.id = read(column.form, value).value_or(std::string{value}); break;
    case Meaning::destination: row.destination = shown("destination"); break;
    case Meaning::headers: row.headers = shown("headers"); break;
    case Meaning::payload: row.payload = shown("payload"); break;
    case Meaning::database_id:
      row.database_id = to_number(value);
      if (!row.database_id) row.unreadable = "column 'dbid' holds no whole number of 64 bits";
      break;
    case Meaning::published:
    case Meaning::other: break;
  }
}

std::optional<std::string> PgoutputDecoder::read(ColumnForm form, std::string_view value) const {
  switch (form) {
    case ColumnForm::bytes: return to_bytes(value);
    case ColumnForm::padded: return read(ColumnForm::text, without_padding(value));
    case ColumnForm::text: return to_utf8_ ? to_utf8_(std::string{value}) : std::string{value};
    case ColumnForm::unknown: break;
  }
  return std::nullopt;
}

}  // namespace tram::postgres
