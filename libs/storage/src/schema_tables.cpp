#include "schema_tables.hpp"

#include <utility>

#include "tram/storage/held_cause.hpp"

namespace tram {
namespace {

/// As texts that can be added to.
struct Types {
  explicit Types(ColumnTypes const& types)
      : name{types.name},
        text{types.text},
        big{types.big},
        small{types.small},
        counter{types.counter} {}
  std::string name;
  std::string text;
  std::string big;
  std::string small;
  std::string counter;
};

/// Contract: core 1.2. The numbered one has a number that is never used twice, which the relay
/// follows; the other one is the Java platform's, with the index that its polling relay looks for.
TableDefinition message_table(Types const& type, bool numbered) {
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
  if (!numbered) table.indexes = {"published, id"};
  table.needed_columns = {"id", "destination", "headers", "payload", "published", "creation_time"};
  if (numbered) table.needed_columns.emplace_back("seq");
  return table;
}

/// Contract: core 1.3. Old rows are removed by their age.
TableDefinition received_messages_table(Dialect const& dialect, Types const& type) {
  std::vector<std::string> indexes;
  if (dialect.inbox.row_number.empty()) indexes.emplace_back("creation_time");
  return {.name = "received_messages",
          .columns = {{"consumer_id", type.name},
                      {"message_id", type.name},
                      {"creation_time", type.big},
                      {"published", type.small + " DEFAULT 0"}},
          .constraints = {"PRIMARY KEY (consumer_id, message_id)"},
          .indexes = std::move(indexes),
          .needed_columns = {"consumer_id", "message_id", "creation_time"}};
}

/// Contract: core 1.4. Only where a Java relay may work too.
std::vector<TableDefinition> java_relay_tables(Types const& type) {
  return {{.name = "cdc_monitoring",
           .columns = {{"reader_id", type.name + " PRIMARY KEY"}, {"last_time", type.big}},
           .needed_columns = {"reader_id", "last_time"}},
          {.name = "offset_store",
           .columns = {{"client_name", "VARCHAR(255) NOT NULL PRIMARY KEY"},
                       {"serialized_offset", "VARCHAR(255)"}},
           .needed_columns = {"client_name", "serialized_offset"}}};
}

TableDefinition held_key_table(Types const& type) {
  return {.name = "tram_held_key",
          .columns = {{"subscriber_id", type.text + " NOT NULL"},
                      {"channel", type.text + " NOT NULL"},
                      {"message_key", type.text + " NOT NULL"},
                      {"held_count", type.big + " NOT NULL"},
                      {"retry_requested", type.small + " NOT NULL DEFAULT 0"}},
          .constraints = {"PRIMARY KEY (subscriber_id, channel, message_key)"}};
}

TableDefinition held_message_table(Types const& type) {
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
                      {"cause", type.text, cause_of_0_1(HeldTable::messages)}},
          .constraints = {"UNIQUE (subscriber_id, message_id)"},
          .indexes = {"subscriber_id, channel, message_key, sequence"}};
}

TableDefinition relay_position_table(Types const& type) {
  return {.name = "tram_relay_position",
          .columns = {{"relay", type.text + " NOT NULL PRIMARY KEY"},
                      {"position", type.big + " NOT NULL"}}};
}

TableDefinition relay_held_table(Types const& type) {
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
                      {"cause", type.text, cause_of_0_1(HeldTable::relay_rows)}},
          .constraints = {"UNIQUE (relay, row_id)"},
          .indexes = {"relay, destination, message_key, id"}};
}

/// The last one made, so that a version stands only above a whole schema.
TableDefinition version_table(Types const& type) {
  return {.name = "tram_schema",
          .columns = {{"version", "INTEGER NOT NULL"}, {"installed_at", type.big + " NOT NULL"}}};
}

std::string joined(std::vector<std::string> const& parts) {
  std::string text;
  for (auto const& part : parts) text.append(text.empty() ? "" : ", ").append(part);
  return text;
}

std::string index_name(TableDefinition const& table, std::size_t number) {
  // The platform's own name where the index is the platform's.
  if (table.name == "message") return "message_published_idx";
  return table.name + "_idx" + (number == 0 ? "" : std::to_string(number + 1));
}

}  // namespace

std::vector<TableDefinition> schema_tables(Dialect const& dialect) {
  Types const type{dialect.types};
  std::vector<TableDefinition> tables{message_table(type, dialect.numbered_outbox),
                                      received_messages_table(dialect, type)};
  if (!dialect.numbered_outbox) {
    for (auto& table : java_relay_tables(type)) tables.push_back(std::move(table));
  }
  tables.insert(tables.end(),
                {held_key_table(type), held_message_table(type), relay_position_table(type),
                 relay_held_table(type), version_table(type)});
  return tables;
}

std::vector<std::string> create_statements(TableDefinition const& table, SchemaName const& schema) {
  std::vector<std::string> parts;
  for (auto const& column : table.columns) {
    parts.push_back("\"" + column.name + "\" " + column.definition);
  }
  parts.insert(parts.end(), table.constraints.begin(), table.constraints.end());
  std::vector<std::string> statements{"CREATE TABLE IF NOT EXISTS " + schema.qualify(table.name) +
                                      " (" + joined(parts) + ")"};
  for (std::size_t i = 0; i < table.indexes.size(); ++i) {
    statements.push_back("CREATE INDEX IF NOT EXISTS " + index_name(table, i) + " ON " +
                         schema.qualify(table.name) + " (" + table.indexes[i] + ")");
  }
  return statements;
}

std::string add_column_statement(TableDefinition const& table,
                                 TableDefinition::Column const& column, SchemaName const& schema) {
  return "ALTER TABLE " + schema.qualify(table.name) + " ADD COLUMN \"" + column.name + "\" " +
         column.definition;
}

std::vector<std::string> add_statements(TableDefinition const& table,
                                        TableDefinition::Column const& column,
                                        SchemaName const& schema) {
  return {add_column_statement(table, column, schema), "UPDATE " + schema.qualify(table.name) +
                                                           " SET " + column.name + " = " +
                                                           column.value_in_old_rows};
}

}  // namespace tram
