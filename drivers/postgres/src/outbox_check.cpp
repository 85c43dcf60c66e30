#include "tram/postgres/outbox_check.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "other_readers.hpp"
#include "outbox_columns.hpp"
#include "outbox_look.hpp"
#include "part_check.hpp"
#include "replication_setup.hpp"
#include "tram/base/error.hpp"
#include "tram/postgres/postgres.hpp"

namespace tram::postgres {
namespace {

class OutboxCheck {
 public:
  OutboxCheck(ChangeSourceConfig const& config, Transaction& tx) : config_{config}, tx_{tx} {}

  std::vector<Finding> run() {
    tx_.execute(std::string{uncompiled_here});
    look_at_server();
    look_at_role();
    if (look_at_schema() && look_at_table()) {
      bool const columns_fit = look_at_columns();
      look_at_publication();
      if (columns_fit) look_at_slot();
      look_at_other_readers();
    }
    return std::move(findings_);
  }

 private:
  void add(bool good, std::string subject, std::string text) {
    findings_.push_back({.good = good, .subject = std::move(subject), .text = std::move(text)});
  }

  void look_at_server() {
    auto const rows = tx_.execute("SELECT current_setting('wal_level'), pg_is_in_recovery()::int, "
                                  "current_setting('server_version')");
    auto const level = rows[0].get<std::string>(0);
    bool const standby = rows[0].get<std::int64_t>(1) != 0;
    add(!standby, "server",
        "version " + rows[0].get<std::string>(2) +
            (standby ? ", a standby; connect to the primary (target_session_attrs=read-write)"
                     : ""));
    add(level == "logical", "wal_level",
        level == "logical"
            ? level
            : "'" + level + "' does not show rows; set wal_level = logical and restart the server");
  }

  void look_at_role() {
    auto const rows = tx_.execute("SELECT current_user::text, (rolreplication OR rolsuper)::int "
                                  "FROM pg_roles WHERE rolname = current_user");
    auto const role = rows[0].get<std::string>(0);
    bool const may = rows[0].get<std::int64_t>(1) != 0;
    add(may, "replication privilege",
        may ? "role '" + role + "' has it"
            : "role '" + role + "' may not read the log; run: ALTER ROLE " + sql_name(role) +
                  " REPLICATION");
  }

  /// Whether the table can be looked for: names in a schema that may not be used cannot be asked
  /// about.
  bool look_at_schema() {
    auto const rows = tx_.execute("SELECT has_schema_privilege(oid, 'USAGE')::int, nspname::text, "
                                  "current_user::text FROM pg_namespace WHERE nspname = lower(?)",
                                  config_.schema.name());
    if (rows.size() == 0 || rows[0].get<std::int64_t>(0) != 0) return true;
    add(false, "outbox",
        "schema " + config_.schema.name() + " may not be used; run: GRANT USAGE ON SCHEMA " +
            sql_name(rows[0].get<std::string>(1)) + " TO " + sql_name(rows[0].get<std::string>(2)));
    return false;
  }

  bool look_at_table() {
    auto const rows = tx_.execute(outbox_question(config_));
    std::vector<std::optional<std::string>> row;
    for (std::size_t column = 0; column < rows[0].columns(); ++column) {
      row.push_back(rows[0].get<std::optional<std::string>>(column));
    }
    outbox_ = outbox_look(config_, row);
    look_at_changes();
    if (!outbox_.table_is_fit) {
      bool const of_column = outbox_.trouble.starts_with("column ");
      add(false, of_column ? "outbox columns" : "outbox", outbox_.trouble);
      return false;
    }
    return look_at_privileges();
  }

  /// What waits for a synchronous standby is in the log, and no look shows it.
  void look_at_changes() {
    if (outbox_.changing.empty()) return;
    add(false, "change under way",
        outbox_.changing +
            " and has not ended: the relay confirms and removes nothing until then; " +
            std::string{end_the_change});
  }

  bool look_at_privileges() {
    auto const rows = tx_.execute(
        "SELECT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, "
        "'SELECT'))::int, (pg_has_role(c.relowner, 'USAGE') AND "
        "has_database_privilege(current_database(), 'CREATE'))::int, current_user::text FROM "
        "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(?)",
        outbox_.name());
    may_publish_ = rows[0].get<std::int64_t>(1) != 0;
    bool const readable = rows[0].get<std::int64_t>(0) != 0;
    auto const table = config_.schema.qualify(config_.table);
    auto const role = sql_name(rows[0].get<std::string>(2));
    add(readable, "outbox",
        readable ? "table " + table + " is there"
                 : "table " + table + " may not be read; run: GRANT USAGE ON SCHEMA " +
                       sql_name(outbox_.schema) + " TO " + role + "; GRANT SELECT ON " +
                       outbox_.name() + " TO " + role);
    return readable;
  }

  /// Whether rows can be read as they are.
  bool look_at_columns() {
    std::vector<OutboxColumn> columns;
    for (auto const row : tx_.execute(OutboxColumns::query("?"), outbox_.name())) {
      columns.push_back({.name = row.get<std::string>(0),
                         .type = static_cast<std::uint32_t>(row.get<std::int64_t>(1)),
                         .base = row.get<std::string>(2),
                         .category = row.get<std::string>(3),
                         .written = row.get<std::string>(4),
                         .generated = row.get<std::int64_t>(5) != 0});
    }
    auto const complaint = OutboxColumns{std::move(columns)}.complaint(outbox_.name());
    if (!complaint.empty()) add(false, "outbox columns", complaint);
    return complaint.empty();
  }

  void look_at_publication() {
    auto const name = "'" + config_.publication + "' ";
    if (outbox_.publication_exists) {
      bool const good = outbox_.trouble.empty();
      return add(good, "publication", good ? name + "shows the outbox" : outbox_.trouble);
    }
    if (may_publish_ && config_.new_slot != NewSlot::refuse)
      return add(true, "publication", name + "does not exist and will be made");
    add(false, "publication",
        name + "does not exist; let the owner of the table run: " +
            create_publication_statement(config_, outbox_));
  }

  void look_at_slot() {
    auto const rows = tx_.execute(
        "SELECT plugin::text, (database = current_database())::int, coalesce(wal_status, ''), "
        "coalesce(confirmed_flush_lsn::text, ''), active::int, coalesce(database::text, ''), "
        "coalesce(to_jsonb(s) ->> 'two_phase', '') FROM pg_replication_slots s WHERE slot_name = ?",
        config_.slot);
    auto const name = "'" + config_.slot + "' ";
    if (rows.size() == 0) return look_at_missing_slot();
    auto const row = rows[0];
    auto const plugin = row.get<std::string>(0);
    if (row.get<std::int64_t>(1) == 0) {
      return add(false, "replication slot",
                 name + "belongs to database '" + row.get<std::string>(5) + "'; name another slot");
    }
    if (plugin != "pgoutput") {
      return add(false, "replication slot",
                 name + "was made for the plugin '" + plugin +
                     "'; name another slot, or take over with \"tram-cdc takeover\"");
    }
    if (row.get<std::string>(6) == "true")
      return add(false, "replication slot", name + problem_of_two_phases(config_.slot));
    if (row.get<std::string>(2) == "lost") {
      return add(false, "replication slot",
                 name + "has lost its log (max_slot_wal_keep_size) behind " +
                     row.get<std::string>(3) + "; drop it (SELECT pg_drop_replication_slot(" +
                     sql_text(config_.slot) + ")), and start with " +
                     std::string{publish_existing_rows});
    }
    add(true, "replication slot",
        name + "stands at " + row.get<std::string>(3) +
            (row.get<std::int64_t>(4) != 0 ? ", read by another process: this one would stand by"
                                           : ""));
  }

  void look_at_missing_slot() {
    auto const problem = problem_of_slot_name(config_.slot);
    if (!problem.empty()) return add(false, "replication slot", problem);
    auto const name = "'" + config_.slot + "' does not exist";
    if (config_.new_slot == NewSlot::refuse)
      return add(false, "replication slot", name + ", and may not be made");
    auto const slots =
        tx_.execute("SELECT current_setting('max_replication_slots')::int - count(*) FROM "
                    "pg_replication_slots");
    if (slots[0].get<std::int64_t>(0) < 2) {
      return add(false, "replication slot",
                 name +
                     ", and there is no room for two more, of which one stays; drop unused slots "
                     "or raise max_replication_slots");
    }
    auto const rows = tx_.execute(any_unpublished_row(outbox_));
    if (rows.size() == 0 || config_.new_slot != NewSlot::for_empty_outbox)
      return add(true, "replication slot", name + " and will be made");
    add(false, "replication slot",
        name + ", and the outbox holds rows that a new one would never show; start with " +
            std::string{publish_existing_rows} +
            ", or take over from the relay that read them so far (\"tram-cdc takeover\")");
  }

  /// Whoever says what a new slot begins with, knows of them.
  void look_at_other_readers() {
    std::vector<OtherReader> readers;
    for (auto const row : tx_.execute(other_readers_question(config_))) {
      readers.push_back({.slot = row.get<std::string>(0),
                         .plugin = row.get<std::string>(1),
                         .process = row.get<std::string>(2)});
    }
    if (readers.empty()) return;
    bool const known = config_.new_slot == NewSlot::skip_existing_rows ||
                       config_.new_slot == NewSlot::publish_existing_rows;
    auto const others = of_other_plugins(readers);
    if (!known && !others.empty()) return add(false, "other readers", complaint_about(others));
    add(true, "other readers",
        "other slots are being read: " + names_of(readers) +
            "; if one shows the same outbox, its rows come twice");
  }

  ChangeSourceConfig const& config_;
  Transaction& tx_;
  OutboxLook outbox_;
  bool may_publish_{};
  std::vector<Finding> findings_;
};

/// Of tables that have left the outbox since a relay read the log, or may have.
std::vector<Finding> findings_of(PartCheck const& parts, ChangeSourceConfig const& config) {
  std::vector<Finding> findings;
  auto const add = [&](bool good, std::string subject, std::string text) {
    if (text.empty()) return;
    findings.push_back({.good = good, .subject = std::move(subject), .text = std::move(text)});
  };
  if (!parts.left.empty()) {
    add(true, "tables that left",
        parts.left +
            ": what the log shows of them is published; their other rows of the last transactions "
            "are read from the tables that are there");
  }
  add(!parts.must_be_answered, "tables in doubt", parts.question);
  if (!parts.unread.empty() && config.new_slot == NewSlot::for_empty_outbox) {
    add(false, "replication slot",
        parts.unread +
            ", which left the outbox, holds rows that a new one would never show; start "
            "with " +
            std::string{publish_existing_rows});
  }
  return findings;
}

/// What the relay does first; a pooler lets everything else pass.
std::vector<Finding> try_to_read_the_log(ChangeSourceConfig const& config, Clock& clock) {
  constexpr auto subject = "replication connection";
  try {
    Target const target{config.connection, "tram-cdc", {{"replication", "database"}}};
    auto const deadline = Deadline::after(clock, config.connect_timeout);
    auto session = open_for_replication(target, clock, deadline);
    auto findings = findings_of(check_parts(config, session, deadline), config);
    findings.insert(findings.begin(), {.good = true, .subject = subject, .text = "possible"});
    return findings;
  } catch (Error const& error) {
    return {{.good = false, .subject = subject, .text = error.what()}};
  }
}

}  // namespace

std::vector<Finding> check_outbox(ChangeSourceConfig const& config, Clock& clock, Random& random) {
  auto database = connect({.connection = config.connection, .application_name = "tram-cdc"},
                          {.connections_max = 1}, clock, random);
  try {
    auto findings =
        database.transact({.access = Access::read_only, .timeout = config.connect_timeout},
                          [&](Transaction& tx) { return OutboxCheck{config, tx}.run(); });
    findings.insert(findings.begin(), {.good = true, .subject = "database", .text = "reachable"});
    std::ranges::move(try_to_read_the_log(config, clock), std::back_inserter(findings));
    return findings;
  } catch (Error const& error) {
    return {{.good = false, .subject = "database", .text = error.what()}};
  }
}

}  // namespace tram::postgres
