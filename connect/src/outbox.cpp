#include "tram/connect/outbox.hpp"

#include "postgres_url.hpp"
#include "schemes.hpp"
#include "tram/base/error.hpp"
#include "tram/connect/database.hpp"
#include "tram/relay/numbered_outbox_retention.hpp"
#ifdef TRAM_HAS_POSTGRES
#include "tram/postgres/change_source.hpp"
#include "tram/postgres/outbox_check.hpp"
#include "tram/postgres/outbox_retention.hpp"
#endif
#ifdef TRAM_HAS_SQLITE
#include "tram/sqlite/change_source.hpp"
#include "tram/sqlite/outbox_check.hpp"
#endif

namespace tram::connect {
namespace {

#ifdef TRAM_HAS_POSTGRES
postgres::MissingSlot missing_slot(NewSlot slot) {
  switch (slot) {
    case NewSlot::for_empty_outbox: return postgres::MissingSlot::create_for_empty_outbox;
    case NewSlot::skip_existing_rows: return postgres::MissingSlot::create_and_skip_existing_rows;
    case NewSlot::publish_existing_rows:
      return postgres::MissingSlot::create_and_publish_existing_rows;
    case NewSlot::refuse: break;
  }
  return postgres::MissingSlot::refuse;
}

postgres::ChangeSourceConfig postgres_config(std::string_view text, OutboxOptions const& options) {
  return {.connection = libpq_url(text),
          .schema = options.schema,
          .table = options.table,
          .slot = options.slot,
          .publication = options.publication,
          .missing_slot = missing_slot(options.new_slot)};
}
#endif

#ifdef TRAM_HAS_SQLITE
sqlite::ChangeSourceConfig sqlite_config(Url const& url, OutboxOptions const& options) {
  require_sqlite_parameters(url);
  return {.path = url.rest, .table = options.table, .relay = options.relay};
}
#endif

}  // namespace

std::unique_ptr<ChangeSource> change_source(std::string_view text, OutboxOptions const& options,
                                            Clock& clock) {
  auto const url = parse_url(text);
#ifdef TRAM_HAS_POSTGRES
  if (url.scheme == "postgresql")
    return postgres::change_source(postgres_config(text, options), clock);
#endif
#ifdef TRAM_HAS_SQLITE
  if (url.scheme == "sqlite") { return sqlite::change_source(sqlite_config(url, options), clock); }
#endif
  refuse_database(url);
}

std::unique_ptr<OutboxRetention> outbox_retention(std::string_view text,
                                                  OutboxOptions const& options, Database& database,
                                                  std::chrono::milliseconds age) {
  auto const url = parse_url(text);
#ifdef TRAM_HAS_POSTGRES
  if (url.scheme == "postgresql")
    return postgres::outbox_retention(database, options.schema, age, options.table,
                                      options.publication);
#endif
#ifdef TRAM_HAS_SQLITE
  if (url.scheme == "sqlite") {
    return std::make_unique<NumberedOutboxRetention>(
        database, SchemaName::none(), age, options.table,
        held_rows_name_of(options.relay, options.table));
  }
#endif
  refuse_database(url);
}

LogPosition log_end(OutboxOptions const& options, Database& database, Deadline deadline) {
  bool const counted = database.dialect().numbered_outbox;
  // Flushed: what is not yet is not committed either, or its writer did not want to wait for it.
  auto const question =
      counted ? "SELECT coalesce(max(seq), 0) FROM " + SchemaName::none().qualify(options.table)
              : std::string{"SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint"};
  return database.transact({.access = Access::read_only, .deadline = deadline},
                           [&](Transaction& tx) {
                             auto const rows = tx.execute(question);
                             return static_cast<LogPosition>(rows[0].get<std::int64_t>(0));
                           });
}

std::vector<Finding> check_outbox(std::string_view text, OutboxOptions const& options,
                                  [[maybe_unused]] Clock& clock, [[maybe_unused]] Random& random) {
  auto const url = parse_url(text);
#ifdef TRAM_HAS_POSTGRES
  if (url.scheme == "postgresql")
    return postgres::check_outbox(postgres_config(text, options), clock, random);
#endif
#ifdef TRAM_HAS_SQLITE
  if (url.scheme == "sqlite") {
    return sqlite::check_outbox(sqlite_config(url, options), clock, random);
  }
#endif
  refuse_database(url);
}

}  // namespace tram::connect
