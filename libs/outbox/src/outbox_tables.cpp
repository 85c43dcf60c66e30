#include "tram/outbox/outbox_tables.hpp"

#include <utility>

namespace tram {
namespace {

/// Contract: core 1.2. The numbered one has a number that is never used twice, which the relay
/// follows; the other one is the Java platform's, with the index that its polling relay looks for.
TableDefinition message_table(ColumnTypeNames const& type, bool numbered) {
  TableDefinition table{.name = "message", .columns = {}};
  if (numbered) table.columns.push_back({"seq", type.counter});
  table.columns.insert(table.columns.end(),
                       {{"id", type.name + (numbered ? " NOT NULL" : " PRIMARY KEY")},
                        {"destination", type.text + " NOT NULL"},
                        {"headers", type.text + " NOT NULL"},
                        {"payload", type.text + " NOT NULL"},
                        {"published", type.small + " DEFAULT 0"},
                        {"message_partition", type.small},
                        {"creation_time", type.big}});
  if (!numbered) table.indexes = {{"published, id", "message_published_idx"}};
  table.needed_columns = {"id", "destination", "headers", "payload", "published", "creation_time"};
  if (numbered) table.needed_columns.emplace_back("seq");
  return table;
}

}  // namespace

TablePart outbox_tables(Dialect const& dialect) {
  ColumnTypeNames const type{dialect.types};
  return {.name = "outbox",
          .tables = {message_table(type, dialect.numbered_outbox)},
          .remedy = schema_install_remedy};
}

}  // namespace tram
