#include "tram/outbox/outbox.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>

#include "sendable.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/json_text.hpp"
#include "tram/base/mutex.hpp"
#include "tram/base/thrown.hpp"
#include "tram/outbox/outbox_tables.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/transaction.hpp"
#include "tram/storage/schema.hpp"
#include "tram/wire/header_names.hpp"
#include "tram/wire/headers_json.hpp"
#include "tram/wire/http_date.hpp"
#include "tram/wire/id_generator.hpp"
#include "tram/wire/name_text.hpp"

namespace tram {
namespace {

constexpr std::string_view traceparent{"traceparent"};
constexpr std::string_view tracestate{"tracestate"};

std::string text_placeholder(Dialect const& dialect, std::string const& type) {
  return dialect.text_placeholder == nullptr ? "?" : dialect.text_placeholder(type);
}

std::string values_of_row(Dialect const& dialect, OutboxTable const& columns) {
  return std::string{columns.ids == IdSource::database ? "(''" : "(?"} + ", ?, " +
         text_placeholder(dialect, columns.headers_type) + ", " +
         text_placeholder(dialect, columns.payload_type) + ", " +
         std::string{dialect.now_milliseconds} + ", 0, ?)";
}

std::string insert_into(std::string const& table) {
  return "INSERT INTO " + table +
         " (id, destination, headers, payload, creation_time, published, message_partition) "
         "VALUES ";
}

/// A trace came with a message from elsewhere, which must not keep what is sent from being sent.
bool is_usable(std::string_view trace) { return problem_of_name(trace).empty(); }

std::size_t json_size(std::string_view text) {
  std::string json;
  json::append_string(json, text);
  return json.size();
}

/// `{"payload":…,"headers":…}`, as the relay is going to write it.
void check_size(Message const& message, std::size_t headers_size, std::size_t bytes_max) {
  constexpr std::size_t braces_and_names = 24;
  constexpr std::size_t escape_size_max = 6;
  auto const rest = headers_size + braces_and_names;
  if (message.payload.size() * escape_size_max + rest <= bytes_max) return;
  auto const size = json_size(message.payload) + rest;
  if (size <= bytes_max) return;
  refuse_message(message,
                 "has " + std::to_string(size) + " bytes, more than the " +
                     std::to_string(bytes_max) +
                     " that are allowed (message_bytes_max); send a reference to the content");
}

}  // namespace

struct Outbox::Found {
  std::atomic<Table const*> table{nullptr};
  Mutex mutex;
  std::unique_ptr<Table const> kept TRAM_GUARDED_BY(mutex);

  Table const& keep(Table found) {
    Lock const lock{mutex};
    if (!kept) kept = std::make_unique<Table const>(std::move(found));
    table.store(kept.get(), std::memory_order_release);
    return *kept;
  }
};

Outbox::Outbox(Parts parts, OutboxOptions options)
    : parts_{std::move(parts)}, options_{std::move(options)}, found_{std::make_shared<Found>()} {
  require_interceptors(options_.interceptors, "outbox");
  if (parts_.table) found_->keep(understand(*parts_.table));
}

Outbox::Table Outbox::understand(OutboxTable columns) const {
  if (columns.ids == IdSource::database && !options_.outbox_id) {
    throw Error{Fault::rejected, "outbox: the database makes the ids of messages here, and the "
                                 "number of the outbox is missing; give outbox_id, the same as to "
                                 "the relay"};
  }
  auto row = values_of_row(parts_.dialect, columns);
  Table table{.columns = std::move(columns), .row = std::move(row), .insert_statements = {}};
  auto const base = schema_in(parts_.dialect, options_.schema).qualify("message");
  table.insert_statements.push_back(insert_into(base));
  auto const tables = options_.partitioning.tables > 1 ? options_.partitioning.tables : 0;
  for (std::uint32_t number = 0; number < tables; ++number) {
    table.insert_statements.push_back(insert_into(base + std::to_string(number)));
  }
  return table;
}

/// Those who send first at the same time look each for themselves: nobody waits for a transaction
/// that is not his own.
Outbox::Table const& Outbox::known(StatementExecutor& tx) const {
  if (auto const* table = found_->table.load(std::memory_order_acquire)) return *table;
  return found_->keep(understand(
      probe_outbox_table(tx, parts_.dialect, schema_in(parts_.dialect, options_.schema))));
}

Outbox Outbox::of(Database& database, IdGenerator& ids, Random& random, OutboxOptions options) {
  require_tables(database, options.schema, {outbox_tables(database.dialect())});
  auto table = probe_outbox_table(database, schema_in(database.dialect(), options.schema));
  return Outbox{{.dialect = database.dialect(),
                 .table = std::move(table),
                 .ids = ids,
                 .clock = database.clock(),
                 .random = random},
                std::move(options)};
}

std::string Outbox::send(StatementExecutor& tx, std::string_view channel, Message message,
                         SendOptions const& options) const {
  auto addressed_message = addressed(tx, channel, std::move(message), options);
  return std::move(write(tx, {&addressed_message, 1}).front());
}

std::vector<std::string> Outbox::send_all(StatementExecutor& tx,
                                          std::vector<OutgoingMessage> messages) const {
  std::vector<Message> addressed_messages;
  addressed_messages.reserve(messages.size());
  for (auto& each : messages) {
    addressed_messages.push_back(
        addressed(tx, each.channel, std::move(each.message), each.options));
  }
  return write(tx, addressed_messages);
}

Message Outbox::addressed(StatementExecutor const& tx, std::string_view channel, Message message,
                          SendOptions const& options) const {
  auto& headers = message.headers;
  for (auto const& [name, value] : options.headers) headers.set(name, value);
  headers.set(header::destination, mapped(options_.channel_mapping, channel));
  headers.set(header::date, http_date(parts_.clock.wall()));
  if (options.partition_key) {
    headers.set(header::partition_id, *options.partition_key);
  } else if (!headers.contains(header::partition_id)) {
    headers.set(header::partition_id, random_uuid(parts_.random));
  }
  auto const& context = tx.context();
  if (!is_usable(context.traceparent) || headers.contains(traceparent)) return message;
  headers.set(traceparent, context.traceparent);
  if (is_usable(context.tracestate)) headers.set(tracestate, context.tracestate);
  return message;
}

/// A row of the outbox; it refers to its message.
struct Outbox::Row {
  Message* message;
  std::string id;
  std::string headers_json;
  std::optional<std::uint32_t> message_partition;
  /// The table's number behind that of the plain one.
  std::size_t table;
};

/// How many of the first rows go into one statement: of one table, of a bounded size, and a power
/// of two, so that there are few different statements to prepare.
std::size_t Outbox::count_together(std::span<Row const> rows) {
  constexpr std::size_t count_max = 64;
  constexpr std::size_t bytes_max = 1'000'000;
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < std::min(rows.size(), count_max) && rows[count].table == rows[0].table) {
    bytes += rows[count].headers_json.size() + rows[count].message->payload.size();
    if (bytes > bytes_max) break;
    ++count;
  }
  return std::max<std::size_t>(std::bit_floor(count), 1);
}

std::vector<std::string> Outbox::write(StatementExecutor& tx, std::span<Message> messages) const {
  std::vector<Row> rows;
  rows.reserve(messages.size());
  std::size_t begun = 0;
  auto const tell_all = [&](std::exception_ptr const& error) {
    for (auto const& message : messages.first(begun)) tell_after_send(message, error);
  };
  try {
    for (auto& message : messages) {
      for (auto const& interceptor : options_.interceptors) interceptor->before_send(message);
      ++begun;
      require_sendable(message, options_.channel_mapping);
      rows.push_back(row_of(known(tx), message));
    }
    if (!rows.empty()) insert(tx, known(tx), rows);
  } catch (...) {  // thread top: whatever it is, the interceptors hear of it
    tell_all(std::current_exception());
    throw;
  }
  tell_all(nullptr);
  std::vector<std::string> ids;
  ids.reserve(rows.size());
  for (auto& row : rows) ids.push_back(std::move(row.id));
  return ids;
}

Outbox::Row Outbox::row_of(Table const& table, Message& message) const {
  auto const place = options_.partitioning.place(message.destination(), message.partition_key());
  bool const numbered = table.columns.ids == IdSource::database;
  auto id = numbered ? std::string{} : parts_.ids.next().to_string();
  // The relay adds the id to the stored headers where the database makes it.
  if (!numbered) message.headers.set(header::id, id);
  auto headers_json = headers_to_json(message.headers);
  constexpr std::size_t id_entry_size = 41;
  check_size(message, headers_json.size() + (numbered ? id_entry_size : 0),
             options_.message_bytes_max);
  return {.message = &message,
          .id = std::move(id),
          .headers_json = std::move(headers_json),
          .message_partition = place.message_partition,
          .table = place.table ? *place.table + 1 : 0};
}

void Outbox::insert(StatementExecutor& tx, Table const& table, std::span<Row> rows) const {
  if (table.columns.ids == IdSource::database) {
    for (auto& row : rows) insert_numbered(tx, table, row);
    return;
  }
  while (!rows.empty()) {
    auto const together = rows.first(count_together(rows));
    std::string statement = table.insert_statements[together.front().table];
    std::vector<Parameter> parameters;
    for (auto const& row : together) {
      statement.append(parameters.empty() ? "" : ", ").append(table.row);
      parameters.insert(
          parameters.end(),
          {Parameter{row.id}, Parameter{row.message->destination()}, Parameter{row.headers_json},
           Parameter{row.message->payload}, Parameter{row.message_partition}});
    }
    tx.post_statement(statement, parameters);
    rows = rows.subspan(together.size());
  }
}

void Outbox::insert_numbered(StatementExecutor& tx, Table const& table, Row& row) const {
  auto const rows = tx.execute(table.insert_statements[row.table] + table.row + " RETURNING dbid",
                               row.message->destination(), row.headers_json, row.message->payload,
                               row.message_partition);
  auto const table_number = row.table == 0 ? 0 : static_cast<std::uint32_t>(row.table - 1);
  row.id = database_message_id(rows[0].get<std::int64_t>(0), *options_.outbox_id, table_number)
               .to_string();
  row.message->headers.set(header::id, row.id);
}

void Outbox::tell_after_send(Message const& message, std::exception_ptr const& error) const {
  for (auto const& interceptor : options_.interceptors) {
    try {
      interceptor->after_send(message, error);
    } catch (...) {  // thread top: whatever the user's code threw
      parts_.logger.error("outbox.interceptor_failed", {{"hook", "after_send"},
                                                        {"channel", message.destination()},
                                                        {"error", describe_current_exception()}});
    }
  }
}

}  // namespace tram
