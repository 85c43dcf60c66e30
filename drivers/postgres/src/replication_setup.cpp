#include "replication_setup.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
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

std::vector<std::optional<std::string>> row_of(Result const& found, int row) {
  std::vector<std::optional<std::string>> values;
  for (int column = 0; column < PQnfields(found.get()); ++column) {
    bool const null = PQgetisnull(found.get(), row, column) != 0;
    values.push_back(null ? std::optional<std::string>{} : value(found, row, column));
  }
  return values;
}

std::string names_of(std::vector<FormerTable> const& tables) {
  std::string names;
  for (auto const& table : tables) names += (names.empty() ? ", or " : ", ") + table.name;
  return names.empty() ? "" : names + ", which left it,";
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

std::string problem_of_two_phases(std::string const& slot) {
  auto const name = sql_text(slot);
  return "was made with two_phase, so its log shows transactions that are only prepared; make it "
         "anew at the same place, run: SELECT pg_copy_logical_replication_slot(" +
         name + ", 'tram_copy'); SELECT pg_drop_replication_slot(" + name +
         "); SELECT pg_copy_logical_replication_slot('tram_copy', " + name +
         "); SELECT pg_drop_replication_slot('tram_copy')";
}

Session open_for_replication(Target const& target, Clock& clock, Deadline deadline) {
  try {
    auto session = Session::open(target, clock, deadline);
    session.query("IDENTIFY_SYSTEM", deadline);
    session.query(std::string{uncompiled}, deadline);
    return session;
  } catch (Error const& error) { explain_refusal(target, error); }
}

OutboxLook ReplicationSetup::look(std::string const& horizon) {
  return outbox_look(config_, row_of(query(outbox_question(config_, horizon)), 0));
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
      "), coalesce(r.replay_lsn::text, ''), to_jsonb(s) ->> 'two_phase' FROM pg_replication_slots "
      "s LEFT JOIN pg_stat_activity "
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
  if (value(found, 0, 10) == "true") refuse(slot + problem_of_two_phases(config_.slot));
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

std::map<std::string, FormerTable> ReplicationSetup::tables(
    std::vector<std::string> const& numbers) {
  std::map<std::string, FormerTable> there;
  if (numbers.empty()) return there;
  std::string list;
  for (auto const& number : numbers) list += (list.empty() ? "" : ",") + number;
  auto const found = query("SELECT c.oid, format('%I.%I', n.nspname, c.relname), " +
                           grants_expression() + ", " + columns_expression() +
                           " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE "
                           "c.oid = ANY (" +
                           sql_text("{" + list + "}") + "::oid[])");
  for (int row = 0; row < PQntuples(found.get()); ++row) {
    auto const name = value(found, row, 1);
    if (auto const grants = value(found, row, 2); !grants.empty())
      refuse("rows of " + name + ", which left the outbox, may not be read; run: " + grants);
    there[value(found, row, 0)] = {.name = name, .columns = words(value(found, row, 3))};
  }
  return there;
}

std::vector<AlikeTable> ReplicationSetup::alike_tables(std::string const& transaction) {
  auto const found = query(alike_tables_question(config_, transaction));
  std::vector<AlikeTable> tables;
  for (int row = 0; row < PQntuples(found.get()); ++row)
    tables.push_back(alike_table(row_of(found, row)));
  return tables;
}

std::vector<AlikeTable> ReplicationSetup::with_rows(std::vector<AlikeTable> const& tables) {
  std::vector<AlikeTable> holding;
  std::ranges::copy_if(tables, std::back_inserter(holding), [&](AlikeTable const& table) {
    return table.has_rows &&
           (!table.grants.empty() || holds_rows({.name = table.name, .columns = table.columns}));
  });
  return holding;
}

bool ReplicationSetup::holds_rows(FormerTable const& table) {
  return PQntuples(query(any_unpublished_row(table)).get()) > 0;
}

void ReplicationSetup::require_new_slot(OutboxLook const& outbox,
                                        std::vector<FormerTable> const& former, bool was_empty) {
  if (config_.new_slot == NewSlot::refuse) {
    refuse("slot '" + config_.slot +
           "' does not exist; make it before the first message is sent: SELECT "
           "pg_create_logical_replication_slot(" +
           sql_text(config_.slot) + ", 'pgoutput')");
  }
  if (config_.new_slot != NewSlot::for_empty_outbox || was_empty) return;
  if (!holds_unpublished_rows(outbox, former)) return require_no_other_relay();
  refuse("slot '" + config_.slot + "' does not exist, and the outbox" + names_of(former) +
         " already holds rows that a new slot would never show; "
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

bool ReplicationSetup::holds_unpublished_rows(OutboxLook const& outbox,
                                              std::vector<FormerTable> const& former) {
  return PQntuples(query(any_unpublished_row(outbox)).get()) > 0 ||
         std::ranges::any_of(former, [&](auto const& table) { return holds_rows(table); });
}

CommittedRows ReplicationSetup::committed_rows(OutboxLook const& outbox) {
  session_.query("SET statement_timeout = 0", deadline_);
  auto const found = session_.query(committed_rows_question(outbox), deadline_);
  return {.oldest = value(found, 0, 0), .transactions = value(found, 0, 1)};
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
