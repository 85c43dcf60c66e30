#include "tram/subscriber/subscriber_tables.hpp"

#include <utility>

#include "tram/storage/held_cause.hpp"

namespace tram {
namespace {

/// Contract: core 1.3. Old rows are removed by their age.
TableDefinition received_messages_table(Dialect const& dialect, ColumnTypeNames const& type) {
  std::vector<TableDefinition::Index> indexes;
  if (dialect.inbox.row_number.empty()) indexes.push_back({"creation_time"});
  return {.name = "received_messages",
          .columns = {{"consumer_id", type.name},
                      {"message_id", type.name},
                      {"creation_time", type.big},
                      {"published", type.small + " DEFAULT 0"}},
          .constraints = {"PRIMARY KEY (consumer_id, message_id)"},
          .indexes = std::move(indexes),
          .needed_columns = {"consumer_id", "message_id", "creation_time"}};
}

TableDefinition held_key_table(ColumnTypeNames const& type) {
  return {.name = "tram_held_key",
          .columns = {{"subscriber_id", type.text + " NOT NULL"},
                      {"channel", type.text + " NOT NULL"},
                      {"message_key", type.text + " NOT NULL"},
                      {"held_count", type.big + " NOT NULL"},
                      {"retry_requested", type.small + " NOT NULL DEFAULT 0"}},
          .constraints = {"PRIMARY KEY (subscriber_id, channel, message_key)"}};
}

TableDefinition held_message_table(ColumnTypeNames const& type) {
  return {.name = "tram_held_message",
          .columns = {{"sequence", type.counter},
                      {"subscriber_id", type.text + " NOT NULL"},
                      {"channel", type.text + " NOT NULL"},
                      {"message_key", type.text + " NOT NULL"},
                      {"message_id", type.text + " NOT NULL"},
                      {"partition", "INTEGER NOT NULL"},
                      {"position", type.big + " NOT NULL"},
                      {"headers", type.text + " NOT NULL"},
                      {"payload", type.text + " NOT NULL"},
                      {"reason", type.text + " NOT NULL"},
                      {"attempts", "INTEGER NOT NULL"},
                      {"held_at", type.big + " NOT NULL"},
                      {.name = "cause",
                       .definition = type.text,
                       .value_in_old_rows = cause_of_0_1(HeldTable::messages),
                       .optional = true}},
          .constraints = {"UNIQUE (subscriber_id, message_id)"},
          .indexes = {{"subscriber_id, channel, message_key, sequence"}}};
}

}  // namespace

TablePart subscriber_tables(Dialect const& dialect) {
  ColumnTypeNames const type{dialect.types};
  return {.name = "subscriber",
          .tables = {received_messages_table(dialect, type), held_key_table(type),
                     held_message_table(type)},
          .remedy = schema_install_remedy};
}

}  // namespace tram
