#include "tram/relay/relay_tables.hpp"

#include "tram/storage/held_cause.hpp"

namespace tram {
namespace {

/// Contract: core 1.4. Only where a Java relay may work too.
std::vector<TableDefinition> java_relay_tables(ColumnTypeNames const& type) {
  return {{.name = "cdc_monitoring",
           .columns = {{"reader_id", type.name + " PRIMARY KEY"}, {"last_time", type.big}},
           .needed_columns = {"reader_id", "last_time"}},
          {.name = "offset_store",
           .columns = {{"client_name", "VARCHAR(255) NOT NULL PRIMARY KEY"},
                       {"serialized_offset", "VARCHAR(255)"}},
           .needed_columns = {"client_name", "serialized_offset"}}};
}

TableDefinition relay_position_table(ColumnTypeNames const& type) {
  return {.name = "tram_relay_position",
          .columns = {{"relay", type.text + " NOT NULL PRIMARY KEY"},
                      {"position", type.big + " NOT NULL"}}};
}

TableDefinition relay_held_table(ColumnTypeNames const& type) {
  return {.name = "tram_relay_held",
          .columns = {{"id", type.counter},
                      {"relay", type.text + " NOT NULL"},
                      {"row_id", type.text + " NOT NULL"},
                      {"database_id", type.big},
                      {"destination", type.text + " NOT NULL"},
                      {"message_key", type.text},
                      {"headers", type.text},
                      {"payload", type.text},
                      {"reason", type.text + " NOT NULL"},
                      {"held_at", type.big + " NOT NULL"},
                      {"retry_requested", type.small + " NOT NULL DEFAULT 0"},
                      {.name = "cause",
                       .definition = type.text,
                       .value_in_old_rows = cause_of_0_1(HeldTable::relay_rows),
                       .optional = true}},
          .constraints = {"UNIQUE (relay, row_id)"},
          .indexes = {{"relay, destination, message_key, id"}}};
}

}  // namespace

TablePart relay_tables(Dialect const& dialect) {
  ColumnTypeNames const type{dialect.types};
  TablePart part{.name = "relay", .tables = {}, .remedy = schema_install_remedy};
  if (!dialect.numbered_outbox) part.tables = java_relay_tables(type);
  part.tables.push_back(relay_position_table(type));
  part.tables.push_back(relay_held_table(type));
  return part;
}

}  // namespace tram
