#include "replication_setup.hpp"

#include <cstdlib>
#include <string_view>

#include "replication_protocol.hpp"
#include "tram/sql/schema.hpp"

namespace tram::postgres {
namespace {

std::string value(Result const& result, int row, int column) {
  return PQgetvalue(result.get(), row, column);
}

}  // namespace

std::string OutboxName::quoted(PGconn* connection) const {
  return quote_name(connection, schema) + "." + quote_name(connection, table);
}

std::string quote_name(PGconn* connection, std::string const& name) {
  return Buffer{PQescapeIdentifier(connection, name.c_str(), name.size())}.get();
}

std::string quote_text(PGconn* connection, std::string const& text) {
  return Buffer{PQescapeLiteral(connection, text.c_str(), text.size())}.get();
}

OutboxName ReplicationSetup::outbox() {
  auto const wanted = config_.schema.qualify(config_.table);
  auto const found = query(
      "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.oid = to_regclass(" +
      text(wanted) + ")");
  if (PQntuples(found.get()) == 0) {
    auto const hidden = query("SELECT 1 FROM pg_namespace WHERE nspname <> lower(nspname) AND "
                              "nspname = " +
                              text(config_.schema.name()));
    if (PQntuples(hidden.get()) != 0)
      refuse("table " + wanted + ": " + capitals_remedy(config_.schema));
    refuse("table " + wanted +
           " does not exist; create the tables (\"tram schema install\") or correct the schema's "
           "name");
  }
  return {.schema = value(found, 0, 0), .table = value(found, 0, 1)};
}

TypeForms ReplicationSetup::column_types(OutboxName const& outbox) {
  auto const table = outbox.quoted(session_.connection());
  auto const found = query(OutboxColumns::query(text(table)));
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

SlotPosition ReplicationSetup::prepare(OutboxName const& outbox) {
  require_logical_log();
  // The publication first: a slot shows a change only through publications that are older than the
  // change.
  require_publication(outbox);
  return slot_position(outbox);
}

void ReplicationSetup::require_logical_log() {
  auto const level = value(query("SHOW wal_level"), 0, 0);
  if (level == "logical") return;
  refuse("the server's wal_level is '" + level +
         "', which does not show rows; set wal_level = logical and restart the server");
}

void ReplicationSetup::require_publication(OutboxName const& outbox) {
  auto const found =
      query("SELECT p.pubinsert, EXISTS (SELECT 1 FROM pg_publication_tables t WHERE t.pubname = "
            "p.pubname AND t.schemaname = " +
            text(outbox.schema) + " AND t.tablename = " + text(outbox.table) +
            ") FROM pg_publication p WHERE p.pubname = " + text(config_.publication));
  if (PQntuples(found.get()) == 0) return create_publication(outbox);
  auto const table = outbox.quoted(session_.connection());
  auto const alter = "ALTER PUBLICATION " + name(config_.publication);
  if (value(found, 0, 1) != "t") {
    refuse("publication '" + config_.publication + "' does not show " + table + "; run: " + alter +
           " ADD TABLE " + table);
  }
  if (value(found, 0, 0) != "t") {
    refuse("publication '" + config_.publication + "' does not show inserts; run: " + alter +
           " SET (publish = 'insert')");
  }
}

void ReplicationSetup::create_publication(OutboxName const& outbox) {
  auto const create = "CREATE PUBLICATION " + name(config_.publication) + " FOR TABLE " +
                      outbox.quoted(session_.connection()) + " WITH (publish = 'insert')";
  if (config_.missing_slot == MissingSlot::refuse) {
    refuse("publication '" + config_.publication + "' does not exist; run: " + create);
  }
  try {
    query(create);
  } catch (Error const& error) {
    if (error.fault() != Fault::rejected) throw;
    refuse("publication '" + config_.publication + "' does not exist and cannot be made (" +
           error.what() + "); let the owner of the table run: " + create);
  }
}

SlotPosition ReplicationSetup::slot_position(OutboxName const& outbox) {
  auto const look = "SELECT plugin, coalesce(database, ''), coalesce(active_pid::text, ''), "
                    "coalesce(wal_status, ''), "
                    "coalesce(confirmed_flush_lsn::text, '0/0'), current_database() FROM "
                    "pg_replication_slots WHERE slot_name = " +
                    text(config_.slot);
  auto found = query(look);
  if (PQntuples(found.get()) == 0) {
    create_slot(outbox);
    found = query(look);
    if (PQntuples(found.get()) == 0)
      refuse("slot '" + config_.slot +
             "' vanished while it was made; is another relay taking over?");
  }
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
           " cannot be read from it any more; drop the slot (SELECT pg_drop_replication_slot('" +
           config_.slot +
           "')), start with a new one, and publish the rows in between from the table");
  }
  SlotPosition position{.confirmed = parse_lsn(value(found, 0, 4)).value_or(0),
                        .reader = value(found, 0, 2),
                        .history = {}};
  identify_system(position);
  return position;
}

void ReplicationSetup::create_slot(OutboxName const& outbox) {
  if (config_.missing_slot == MissingSlot::refuse) {
    refuse("slot '" + config_.slot +
           "' does not exist; make it before the first message is sent: SELECT "
           "pg_create_logical_replication_slot('" +
           config_.slot + "', 'pgoutput')");
  }
  // The slot's snapshot shows exactly the rows that the slot does not.
  query("BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ");
  query("CREATE_REPLICATION_SLOT " + name(config_.slot) + " LOGICAL pgoutput (SNAPSHOT 'use')");
  bool existing = false;
  if (config_.missing_slot == MissingSlot::create_for_empty_outbox) {
    try {
      auto const rows = query("SELECT 1 FROM " + outbox.quoted(session_.connection()) +
                              " WHERE coalesce(published, 0) = 0 LIMIT 1");
      existing = PQntuples(rows.get()) > 0;
    } catch (Error const&) {
      drop_slot();
      throw;
    }
  }
  query("COMMIT");
  if (!existing) return;
  drop_slot();
  refuse("slot '" + config_.slot +
         "' does not exist, and the outbox already holds rows that a new slot would never show; "
         "delete or publish them, take over the slot of the relay that read them so far, or create "
         "the slot so that it skips them");
}

void ReplicationSetup::drop_slot() {
  if (PQtransactionStatus(session_.connection()) != PQTRANS_IDLE) query("ROLLBACK");
  query("DROP_REPLICATION_SLOT " + name(config_.slot));
}

void ReplicationSetup::identify_system(SlotPosition& slot) {
  auto const system = query("IDENTIFY_SYSTEM");
  slot.history = value(system, 0, 0) + "/" + value(system, 0, 1);
  slot.log_end = parse_lsn(value(system, 0, 2)).value_or(0);
}

void ReplicationSetup::refuse(std::string const& what) const {
  throw Error{Fault::rejected,
              "postgresql: cannot read the log of " + session_.name() + ": " + what};
}

}  // namespace tram::postgres
