#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "replication_protocol.hpp"
#include "tram/cdc/change_source.hpp"

namespace tram::postgres {

struct TransactionBegin {
  /// Where the commit record lies: no other transaction of this log has it.
  LogPosition commit{};
};
struct TransactionEnd {
  /// Behind the commit record: confirmed, this transaction is never sent again.
  LogPosition end{};
};
/// Something that is not for the outbox: another table, a row published already, an update.
struct Irrelevant {};
using Change = std::variant<Irrelevant, TransactionBegin, OutboxRow, TransactionEnd>;

/// The messages of the plugin pgoutput, protocol version 1 (PostgreSQL 15, chapter 55.9): bytes in,
/// rows out. Pure.
class PgoutputDecoder {
 public:
  /// `schema` and `table` as the catalog has them.
  PgoutputDecoder(std::string schema, std::string table)
      : schema_{std::move(schema)}, table_{std::move(table)} {}

  /// One message. Columns are found by their names, so their order and number may change at any
  /// time. `Error{malformed}` for bytes that are no such message; never anything else.
  Change decode(std::string_view message);

 private:
  enum class Column : std::uint8_t {
    other,
    id,
    database_id,
    destination,
    headers,
    payload,
    published
  };
  static Column column_of(std::string_view name);

  void relation(ByteReader& reader);
  Change insert(ByteReader& reader);

  std::string schema_;
  std::string table_;
  /// The columns of each relation seen; none for those that are not the outbox.
  std::unordered_map<std::uint32_t, std::vector<Column>> relations_;
};

}  // namespace tram::postgres
