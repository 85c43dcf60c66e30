#include "tram/outbox/outbox.hpp"

#include <atomic>
#include <cstdint>

#include "sendable.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/json_text.hpp"
#include "tram/base/mutex.hpp"
#include "tram/base/thrown.hpp"
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

std::string insert_into(std::string const& table, Dialect const& dialect,
                        OutboxTable const& columns) {
  bool const numbered = columns.ids == IdSource::database;
  return "INSERT INTO " + table +
         " (id, destination, headers, payload, creation_time, published, message_partition) "
         "VALUES (" +
         (numbered ? "''" : "?") + ", ?, " + text_placeholder(dialect, columns.headers_type) +
         ", " + text_placeholder(dialect, columns.payload_type) + ", " +
         std::string{dialect.now_milliseconds} + ", 0, ?)" + (numbered ? " RETURNING dbid" : "");
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
  Table table{.columns = std::move(columns), .insert_statements = {}};
  auto const base = schema_in(parts_.dialect, options_.schema).qualify("message");
  table.insert_statements.push_back(insert_into(base, parts_.dialect, table.columns));
  auto const tables = options_.partitioning.tables > 1 ? options_.partitioning.tables : 0;
  for (std::uint32_t number = 0; number < tables; ++number) {
    table.insert_statements.push_back(
        insert_into(base + std::to_string(number), parts_.dialect, table.columns));
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
  require_schema(database, options.schema);
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
  auto addressed_message = addressed(channel, std::move(message), options);
  auto const& context = tx.context();
  if (is_usable(context.traceparent) && !addressed_message.headers.contains(traceparent)) {
    addressed_message.headers.set(traceparent, context.traceparent);
    if (is_usable(context.tracestate)) {
      addressed_message.headers.set(tracestate, context.tracestate);
    }
  }
  return write(tx, addressed_message);
}

Message Outbox::addressed(std::string_view channel, Message message,
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
  return message;
}

std::string Outbox::write(StatementExecutor& tx, Message& message) const {
  for (auto const& interceptor : options_.interceptors) interceptor->before_send(message);
  try {
    auto id = insert(tx, message);
    tell_after_send(message, nullptr);
    return id;
  } catch (...) {  // thread top: whatever it is, the interceptors hear of it
    tell_after_send(message, std::current_exception());
    throw;
  }
}

std::string Outbox::insert(StatementExecutor& tx, Message& message) const {
  auto& headers = message.headers;
  require_sendable(message, options_.channel_mapping);
  auto const place = options_.partitioning.place(message.destination(), message.partition_key());
  auto const& table = known(tx);
  auto const& statement = table.insert_statements[place.table ? *place.table + 1 : 0];
  bool const numbered = table.columns.ids == IdSource::database;
  auto id = numbered ? std::string{} : parts_.ids.next().to_string();
  // The relay adds the id to the stored headers where the database makes it.
  if (!numbered) headers.set(header::id, id);
  auto const headers_json = headers_to_json(headers);
  constexpr std::size_t id_entry_size = 41;
  check_size(message, headers_json.size() + (numbered ? id_entry_size : 0),
             options_.message_bytes_max);
  if (!numbered) {
    tx.post(statement, id, message.destination(), headers_json, message.payload,
            place.message_partition);
  } else {
    auto const rows = tx.execute(statement, message.destination(), headers_json, message.payload,
                                 place.message_partition);
    id = database_message_id(rows[0].get<std::int64_t>(0), *options_.outbox_id,
                             place.table.value_or(0))
             .to_string();
    headers.set(header::id, id);
  }
  return id;
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
