#include "pgoutput_decoder.hpp"

#include <array>
#include <charconv>
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

std::int64_t to_number(std::string_view text) {
  std::int64_t number = 0;
  auto const [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (trouble != std::errc{} || end != text.data() + text.size())
    malformed("column dbid holds no number");
  return number;
}

}  // namespace

Change PgoutputDecoder::decode(std::string_view message) {
  ByteReader reader{message};
  switch (auto const kind = reader.byte()) {
    case 'I': return insert(reader);
    case 'B': return TransactionBegin{reader.uint64()};
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
  bool const is_outbox = reader.c_string() == schema_ && reader.c_string() == table_;
  std::vector<Column> columns;
  if (is_outbox) {
    reader.byte();  // replica identity
    columns.resize(reader.uint16());
    for (auto& column : columns) {
      reader.byte();  // flags
      column = column_of(reader.c_string());
      reader.uint64();  // type and its modifier
    }
  }
  relations_[id] = std::move(columns);
}

PgoutputDecoder::Column PgoutputDecoder::column_of(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Column>, 6> names{
      {{"id", Column::id},
       {"dbid", Column::database_id},
       {"destination", Column::destination},
       {"headers", Column::headers},
       {"payload", Column::payload},
       {"published", Column::published}}};
  for (auto const& [known, column] : names) {
    if (known == name) return column;
  }
  return Column::other;
}

Change PgoutputDecoder::insert(ByteReader& reader) {
  auto const found = relations_.find(reader.uint32());
  if (found == relations_.end()) malformed("a row of a table that was not announced");
  auto const& columns = found->second;
  if (columns.empty()) return Irrelevant{};
  if (reader.byte() != 'N') malformed("an inserted row has no new values");
  if (reader.uint16() != columns.size())
    malformed("a row has another number of columns than its table");

  OutboxRow row;
  bool published = false;
  for (auto const column : columns) {
    auto const value = read_value(reader);
    if (!value) continue;
    switch (column) {
      case Column::id: row.id = *value; break;
      case Column::database_id: row.database_id = to_number(*value); break;
      case Column::destination: row.destination = *value; break;
      case Column::headers: row.headers = *value; break;
      case Column::payload: row.payload = std::string{*value}; break;
      case Column::published: published = *value != "0"; break;
      case Column::other: break;
    }
  }
  if (published) return Irrelevant{};
  return row;
}

}  // namespace tram::postgres
