#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "lsn.hpp"
#include "outbox_columns.hpp"
#include "replication_protocol.hpp"
#include "tram/relay/change_source.hpp"

namespace tram::postgres {

struct TransactionBegin {
  /// Where the commit record lies: no other transaction of this log has it.
  Lsn commit{};
};
struct TransactionEnd {
  /// Behind the commit record: confirmed, this transaction is never sent again.
  Lsn end{};
};
/// Something that is not for the outbox: another table, a row published already, an update.
struct Irrelevant {};
/// A row of a table that has the outbox's columns. Nobody knows whether it was a part of it.
struct DoubtfulRow {
  std::uint32_t table{};
  std::string name;
};
using Change = std::variant<Irrelevant, TransactionBegin, OutboxRow, TransactionEnd, DoubtfulRow>;

/// Turns a text of the log into UTF-8; nothing when it cannot be.
using TextReader = std::function<std::optional<std::string>(std::string const&)>;

/// The messages of the plugin pgoutput, protocol version 1 (PostgreSQL 15, chapter 55.9): bytes in,
/// rows out. Pure.
class PgoutputDecoder {
 public:
  /// `schema` and `table` as the catalog has them. `parts` are the numbers of tables whose rows
  /// belong to the outbox under whatever name: its partitions and heirs, and those that left it, up
  /// to a place in the log; 0 for tables that are none, whatever their columns are.
  PgoutputDecoder(std::string schema, std::string table, TypeForms forms = {},
                  TextReader to_utf8 = {}, std::map<std::uint32_t, Lsn> parts = {})
      : schema_{std::move(schema)},
        table_{std::move(table)},
        forms_{std::move(forms)},
        to_utf8_{std::move(to_utf8)},
        parts_{std::move(parts)} {}

  /// One message. Columns are found by their names, so their order and number may change at any
  /// time. A row of which a column cannot be read is marked so, whatever it contains.
  /// `Error{malformed}` for bytes that are no such message, and what the reader of texts throws;
  /// never anything else.
  Change decode(std::string_view message);
  /// One value of a row that was read from the table itself, in the text form of its type.
  void take_value(OutboxRow& row, std::string_view column, std::uint32_t type,
                  std::string_view value) const;
  /// A type of the outbox that nobody has looked at: the table changed. 0 when there is none.
  [[nodiscard]] std::uint32_t unknown_type() const { return unknown_type_; }

 private:
  enum class Meaning : std::uint8_t {
    other,
    id,
    database_id,
    destination,
    headers,
    payload,
    published
  };
  struct Column {
    Meaning meaning{};
    ColumnForm form{};
  };
  static Meaning meaning_of(std::string_view name);

  void relation(ByteReader& reader);
  [[nodiscard]] std::optional<Lsn> until(std::uint32_t id, bool has_its_name) const;
  static bool shows_all(std::vector<Column> const& columns);
  Column column(ByteReader& reader);
  Change insert(ByteReader& reader);
  void take(OutboxRow& row, Column column, std::string_view value) const;
  /// Nothing when the value cannot be read.
  [[nodiscard]] std::optional<std::string> read(ColumnForm form, std::string_view value) const;

  std::string schema_;
  std::string table_;
  TypeForms forms_;
  TextReader to_utf8_;
  std::map<std::uint32_t, Lsn> parts_;
  /// Where the commit record of the transaction lies that is read.
  Lsn commit_{};
  std::uint32_t unknown_type_{};
  struct Relation {
    /// None for one that is not the outbox.
    std::vector<Column> columns{};
    /// Nothing while nobody knows whether it is a part.
    std::optional<Lsn> until{};
    std::string name{};
  };
  std::unordered_map<std::uint32_t, Relation> relations_;
};

}  // namespace tram::postgres
