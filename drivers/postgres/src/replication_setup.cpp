#include "replication_setup.hpp"

#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "other_readers.hpp"
#include "replication_protocol.hpp"

namespace tram::postgres {
namespace {

std::string value(Result const& result, int row, int column) {
  return PQgetvalue(result.get(), row, column);
}

bool says(Error const& error, std::string_view words) {
  return std::string_view{error.what()}.find(words) != std::string_view::npos;
}

[[noreturn]] void explain_refusal(Target const& target, Error const& error) {
  auto const log = "the log of " + target.name();
  if (error.fault() == Fault::rejected && error.sqlstate() == "42501") {
    throw Error{Fault::rejected, "postgresql: role '" + target.user() + "' may not read " + log +
                                     "; run: ALTER ROLE " + target.user() + " REPLICATION"};
  }
  // Protocol violation or syntax error: what answers passes on no connection for replication.
  bool const pooler = error.sqlstate() == "08P01" || error.sqlstate() == "42601" ||
                      says(error, "startup parameter");
  if (!pooler) throw error;
  throw Error{Fault::rejected,
              "postgresql: cannot read " + log +
                  " through a pooler, which passes on no "
                  "connections for replication; give the relay the server's own address (" +
                  std::string{error.what()} + ")"};
}

}  // namespace

std::string problem_of_slot_name(std::string_view name) {
  constexpr std::size_t size_max = 63;
  constexpr std::string_view letters{"abcdefghijklmnopqrstuvwxyz0123456789_"};
  bool const is_one = !name.empty() && name.size() <= size_max &&
                      name.find_first_not_of(letters) == std::string_view::npos;
  if (is_one) return {};
  return "'" + std::string{name} +
         "' is no name of a slot; give 1 to 63 lower-case letters, digits and '_'";
}

Session open_for_replication(Target const& target, Clock& clock, Deadline deadline) {
  try {
    auto session = Session::open(target, clock, deadline);
    session.query("IDENTIFY_SYSTEM", deadline);
    return session;
  } catch (Error const& error) { explain_refusal(target, error); }
}

OutboxLook ReplicationSetup::look(std::string const& horizon) {
  auto const found = query(outbox_question(config_, horizon));
  std::vector<std::optional<std::string>> row;
  for (int column = 0; column < PQnfields(found.get()); ++column) {
    bool const null = PQgetisnull(found.get(), 0, column) != 0;
    row.push_back(null ? std::optional<std::string>{} : value(found, 0, column));
  }
  return outbox_look(config_, row);
}

TypeForms ReplicationSetup::column_types(OutboxLook const& outbox) {
  auto const table = outbox.name();
  auto const found = query(OutboxColumns::query(sql_text(table)));
  std::vector<OutboxColumn> described;
  for (int row = 0; row < PQntuples(found.get()); ++row) {
    auto const type = std::strtoul(value(found, row, 1).c_str(), nullptr, 10);
    described.push_back({.name = value(found, row, 0),
                         .type = static_cast<std::uint32_t>(type),
                         .base = value(found, row, 2),
                         .category = value(found, row, 3),
                         .written = value(found, row, 4),
                         .generated = value(found, row, 5) == "1"});
  }
  OutboxColumns const columns{std::move(described)};
  if (auto const complaint = columns.complaint(table); !complaint.empty()) refuse(complaint);
  return columns.forms();
}

OutboxLook ReplicationSetup::outbox() {
  require_primary();
  auto found = look();
  if (!found.table_exists) refuse(found.trouble);
  require_logical_log();
  // The publication comes before the slot: a slot shows a change only through publications that are
  // older than the change.
  if (found.table_is_fit && !found.publication_exists) {
    create_publication(found);
    found = look();
  }
  if (!found.trouble.empty()) refuse(found.trouble);
  return found;
}

void ReplicationSetup::require_primary() {
  if (value(query("SELECT pg_is_in_recovery()::int"), 0, 0) == "0") return;
  refuse("the server is a standby; connect to the primary (target_session_attrs=read-write)");
}

void ReplicationSetup::require_logical_log() {
  auto const level = value(query("SHOW wal_level"), 0, 0);
  if (level == "logical") return;
  refuse("the server's wal_level is '" + level +
         "', which does not show rows; set wal_level = logical and restart the server");
}

void ReplicationSetup::create_publication(OutboxLook const& outbox) {
  if (config_.new_slot == NewSlot::refuse) refuse(outbox.trouble);
  auto const create = create_publication_statement(config_, outbox);
  try {
    query(create);
  } catch (Error const& error) {
    if (error.fault() != Fault::rejected) throw;
    refuse("publication '" + config_.publication + "' does not exist and cannot be made (" +
           error.what() + "); let the owner of the table run: " + create);
  }
}

std::optional<SlotPosition> ReplicationSetup::slot() {
  auto const found = query(
      "SELECT plugin, coalesce(database, ''), coalesce(s.active_pid::text, ''), "
      "coalesce(wal_status, ''), coalesce(confirmed_flush_lsn::text, ''), current_database(), "
      "coalesce(quote_literal(a.application_name) || ' of role ' || a.usename, 'unknown'), "
      "pg_current_wal_flush_lsn()::text, (SELECT coalesce(obj_description(oid, 'pg_publication'), "
      "'') FROM pg_publication WHERE pubname = " +
      sql_text(config_.publication) +
      "), coalesce(r.replay_lsn::text, '') FROM pg_replication_slots s LEFT JOIN pg_stat_activity "
      "a ON a.pid = s.active_pid LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid WHERE "
      "slot_name = " +
      sql_text(config_.slot));
  if (PQntuples(found.get()) == 0) return std::nullopt;
  auto const slot = "slot '" + config_.slot + "' ";
  if (value(found, 0, 1) != value(found, 0, 5)) {
    refuse(slot + "belongs to database '" + value(found, 0, 1) +
           "'; connect to that one or name another slot");
  }
  if (value(found, 0, 0) != "pgoutput") {
    refuse(slot + "was made for the plugin '" + value(found, 0, 0) +
           "'; name another slot, or take over from its reader with \"tram-cdc takeover\"");
  }
  if (value(found, 0, 3) == "lost") {
    refuse(slot + "has lost its log (max_slot_wal_keep_size): rows committed after " +
           value(found, 0, 4) +
           " cannot be read from it any more; drop the slot (SELECT pg_drop_replication_slot(" +
           sql_text(config_.slot) + ")), and start with " + std::string{publish_existing_rows});
  }
  auto const confirmed = parse_lsn(value(found, 0, 4)).value_or(0);
  auto copy = parse_takeover_mark(value(found, 0, 8));
  if (copy && (copy->slot != config_.slot || copy->copied_at < confirmed)) copy.reset();
  return SlotPosition{.confirmed = confirmed,
                      .published = parse_lsn(value(found, 0, 9)).value_or(confirmed),
                      .reader = value(found, 0, 2),
                      .reader_details = value(found, 0, 6),
                      .unfinished = value(found, 0, 4).empty(),
                      .log_end = parse_lsn(value(found, 0, 7)).value_or(0),
                      .history = history(),
                      .copy = std::move(copy)};
}

std::map<std::string, std::string> ReplicationSetup::names(
    std::vector<std::string> const& numbers) {
  std::map<std::string, std::string> there;
  if (numbers.empty()) return there;
  std::string list;
  for (auto const& number : numbers) list += (list.empty() ? "" : ",") + number;
  auto const found = query("SELECT c.oid, format('%I.%I', n.nspname, c.relname) FROM pg_class c "
                           "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY (" +
                           sql_text("{" + list + "}") + "::oid[])");
  for (int row = 0; row < PQntuples(found.get()); ++row)
    there[value(found, row, 0)] = value(found, row, 1);
  return there;
}

/// A table that leaves another one gets new rows in the catalog for all its columns, by a later
/// command than the one that made it; those of the system's columns never change. What is above it
/// may have left, or have got another name, which changes the row of its type.
std::vector<std::string> ReplicationSetup::tables_that_left_none(std::string const& transaction) {
  auto const recent = "age(" + sql_text(transaction) + "::xid)";
  auto const found = query(
      "WITH RECURSIVE alike AS (SELECT a.attrelid AS number, bool_and((a.xmin <> made.xmin "
      "OR NOT a.cmin = made.cmin) AND age(a.xmin) <= " +
      recent +
      ") AS left_one FROM pg_attribute a JOIN pg_attribute made ON made.attrelid = a.attrelid AND "
      "made.attnum = -1 WHERE a.attname IN ('destination', 'headers', 'payload') AND NOT "
      "a.attisdropped GROUP BY a.attrelid HAVING count(*) = 3), renamed AS (SELECT t.typrelid AS "
      "number FROM pg_type t JOIN pg_attribute made ON made.attrelid = t.typrelid AND made.attnum "
      "= "
      "-1 WHERE t.typrelid IN (SELECT number FROM alike) AND t.xmin <> made.xmin AND age(t.xmin) "
      "<= " +
      recent +
      "), doubtful AS (SELECT number FROM alike WHERE left_one UNION SELECT i.inhrelid FROM "
      "pg_inherits i JOIN renamed r ON r.number = i.inhparent UNION SELECT i.inhrelid FROM "
      "pg_inherits "
      "i JOIN doubtful d ON d.number = i.inhparent) SELECT number FROM alike WHERE number NOT IN "
      "(SELECT number FROM doubtful)");
  std::vector<std::string> numbers;
  for (int row = 0; row < PQntuples(found.get()); ++row) numbers.push_back(value(found, row, 0));
  return numbers;
}

void ReplicationSetup::require_new_slot(OutboxLook const& outbox, bool was_empty) {
  if (config_.new_slot == NewSlot::refuse) {
    refuse("slot '" + config_.slot +
           "' does not exist; make it before the first message is sent: SELECT "
           "pg_create_logical_replication_slot(" +
           sql_text(config_.slot) + ", 'pgoutput')");
  }
  if (config_.new_slot != NewSlot::for_empty_outbox || was_empty) return;
  if (!holds_unpublished_rows(outbox)) return require_no_other_relay();
  refuse("slot '" + config_.slot +
         "' does not exist, and the outbox already holds rows that a new slot would never show; "
         "start with " +
         std::string{publish_existing_rows} +
         ", take over the slot of the relay that read them so far (\"tram-cdc takeover\"), or "
         "start with --new-slot skip_existing_rows when they are published");
}

/// An outbox is empty also where another relay publishes it, and both would.
void ReplicationSetup::require_no_other_relay() {
  auto const found = query(other_readers_question(config_));
  std::vector<OtherReader> readers;
  for (int row = 0; row < PQntuples(found.get()); ++row) {
    readers.push_back({.slot = value(found, row, 0),
                       .plugin = value(found, row, 1),
                       .process = value(found, row, 2)});
  }
  auto const others = of_other_plugins(readers);
  if (others.empty()) return;
  refuse("slot '" + config_.slot + "' does not exist, and " + complaint_about(others));
}

bool ReplicationSetup::holds_unpublished_rows(OutboxLook const& outbox) {
  return PQntuples(query(any_unpublished_row(outbox)).get()) > 0;
}

std::string ReplicationSetup::snapshot() {
  return value(query("SELECT pg_current_snapshot()::text"), 0, 0);
}

std::string ReplicationSetup::history() {
  auto const system = query("IDENTIFY_SYSTEM");
  return value(system, 0, 0) + "/" + value(system, 0, 1);
}

void ReplicationSetup::refuse(std::string const& what) const {
  throw Error{Fault::rejected,
              "postgresql: cannot read the log of " + session_.name() + ": " + what};
}

}  // namespace tram::postgres
