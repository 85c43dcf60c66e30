#include "tram/sqlite/dialect.hpp"

namespace tram::sqlite {
namespace {

std::string on_conflict_update(std::string_view key, std::string_view change) {
  return " ON CONFLICT (" + std::string{key} + ") DO UPDATE SET " + std::string{change};
}

}  // namespace

// INSERT OR IGNORE would ignore a NULL in a column that must have a value, too. What RETURNING
// gives goes through a table in memory, which costs more than a second statement.
constinit Dialect const dialect{
    .lexical_rules = {.comments_need_text = true,
                      .byte_order_mark_is_space = true,
                      .backquotes_and_brackets = true},
    .single_writer = true,
    .schemas = false,
    .numbered_outbox = true,
    .cheap_returning = false,
    .now_milliseconds = "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)",
    .for_update = "",
    .insert_or_ignore = "INSERT ",
    .or_ignore = " ON CONFLICT DO NOTHING",
    // Any value can be in any column: a text, as from datetime('now').
    .creation_time = "CASE WHEN typeof(creation_time) = 'integer' THEN creation_time END",
    .types = {.name = "TEXT",
              .text = "TEXT",
              .big = "INTEGER",
              .small = "INTEGER",
              .counter = "INTEGER PRIMARY KEY AUTOINCREMENT"},
    .catalog = {.columns = "SELECT name FROM pragma_table_info(?)",
                .column_types = "SELECT name, lower(type) FROM pragma_table_info(?)",
                .hidden_schema = "",
                .lock_installation = "",
                .age_indexes = "",
                .make_age_index = ""},
    .inbox = {.receive_all = "", .forget_some = "", .row_number = "rowid", .unindexed = "+"},
    .or_update = on_conflict_update,
    .text_placeholder = nullptr,
    .append_to_list = nullptr};

}  // namespace tram::sqlite
