#include "privileges.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "left_tables.hpp"

namespace tram::postgres {
namespace {

/// A name within SQL: every character is legal in one.
std::string quoted(std::string const& name) {
  std::string text{'"'};
  for (char const character : name) text.append(character == '"' ? 2 : 1, character);
  return text + '"';
}

class PrivilegeLook {
 public:
  PrivilegeLook(Transaction& tx, SchemaName const& schema) : tx_{tx}, schema_{schema} {
    role_ = tx.execute("SELECT current_user::text")[0].get<std::string>(0);
  }

  Privileges run(std::string const& outbox, OutboxRemoval removal) {
    if (!may_use_schema()) {
      result_.schema_readable = false;
      result_.may_install = false;
      return std::move(result_);
    }
    look_at_installation();
    result_.schema_readable = look_at("tram_schema", {"SELECT"});
    look_at("tram_relay_held", {"SELECT", "INSERT", "UPDATE", "DELETE"});
    if (removal == OutboxRemoval::on) {
      look_at(outbox, {"DELETE"}, ", or set retention.age to off");
      look_at_ages(outbox);
    }
    look_at_memory();
    if (all_good_) add(true, "role " + quoted(role_) + " may do what the relay does");
    return std::move(result_);
  }

 private:
  void add(bool good, std::string text) {
    all_good_ = all_good_ && good;
    result_.findings.push_back({.good = good, .subject = "privileges", .text = std::move(text)});
  }

  /// When it may not, the outbox is what is wrong.
  bool may_use_schema() {
    auto const rows = tx_.execute("SELECT 1 FROM pg_namespace WHERE nspname = lower(?) AND NOT "
                                  "has_schema_privilege(oid, 'USAGE')",
                                  schema_.name());
    return rows.empty();
  }

  /// An installation says CREATE SCHEMA IF NOT EXISTS, which needs the right to make one even where
  /// it is there.
  void look_at_installation() {
    auto const rows = schema_.name().empty()
                          ? tx_.execute("SELECT has_schema_privilege(current_schema(), 'CREATE')"
                                        "::int")
                          : tx_.execute("SELECT (has_database_privilege(current_database(), "
                                        "'CREATE') AND NOT EXISTS (SELECT 1 FROM pg_namespace "
                                        "WHERE nspname = lower(?) AND NOT "
                                        "has_schema_privilege(oid, 'CREATE')))::int",
                                        schema_.name());
    result_.may_install = rows[0].get<std::optional<std::int64_t>>(0).value_or(0) != 0;
    result_.may_alter = owns("tram_relay_held") && owns("tram_held_message");
  }

  bool owns(std::string const& table) {
    return tx_
        .execute("SELECT 1 FROM pg_class WHERE oid = to_regclass(?) AND NOT "
                 "pg_has_role(relowner, 'USAGE')",
                 schema_.qualify(table))
        .empty();
  }

  /// Whether the role may do all of it. A table that is not there is for others to complain about.
  bool look_at(std::string const& name, std::vector<std::string> const& wanted,
               std::string const& way_out = "") {
    auto const table = schema_.qualify(name);
    auto const missing = missing_on(table, wanted);
    if (missing.empty()) return true;
    add(false, "role " + quoted(role_) + " has no " + missing + " on " + table +
                   "; run: " + grant(missing, table) + way_out);
    return false;
  }

  /// The relay works without it.
  void look_at_memory() {
    auto const table = schema_.qualify("tram_relay_position");
    auto const remedy = tx_.execute(remedy_for_answers_question(table))[0].get<std::string>(0);
    if (remedy.empty()) return;
    auto const missing = missing_on(table, {"SELECT", "INSERT", "UPDATE"});
    add(true, (missing.empty() ? "table " + table + " does not exist"
                               : "role " + quoted(role_) + " has no " + missing + " on " + table) +
                  ", so a slot that is moved or made again by hand is not noticed, and people must "
                  "answer for each table that leaves the outbox; run: " +
                  (missing.empty() ? remedy : grant(missing, table)));
  }

  std::string missing_on(std::string const& table, std::vector<std::string> const& wanted) {
    std::string missing;
    for (auto const& privilege : wanted) {
      auto const rows =
          tx_.execute("SELECT has_table_privilege(to_regclass(?), ?)::int", table, privilege);
      if (rows[0].get<std::optional<std::int64_t>>(0).value_or(1) != 0) continue;
      missing += (missing.empty() ? "" : ", ") + privilege;
    }
    return missing;
  }

  [[nodiscard]] std::string grant(std::string const& privileges, std::string const& table) const {
    return "GRANT " + privileges + " ON " + table + " TO " + quoted(role_);
  }

  /// Rows are as old as a column with milliseconds says.
  void look_at_ages(std::string const& name) {
    auto const table = schema_.qualify(name);
    auto const rows =
        tx_.execute("SELECT format_type(a.atttypid, NULL), (t.typcategory = 'D')::int FROM "
                    "pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = "
                    "to_regclass(?) AND a.attname = 'creation_time' AND t.typcategory <> 'N'",
                    table);
    if (rows.empty()) return;
    std::string const milliseconds = rows[0].get<std::int64_t>(1) != 0
                                         ? "extract(epoch FROM creation_time) * 1000"
                                         : "creation_time::text::bigint";
    result_.findings.push_back(
        {.good = false,
         .subject = "retention",
         .text = "column 'creation_time' of " + table + " has type " + rows[0].get<std::string>(0) +
                 ", which tells no age in milliseconds; run: ALTER TABLE " + table +
                 " ALTER COLUMN creation_time DROP DEFAULT, ALTER COLUMN creation_time TYPE bigint "
                 "USING " +
                 milliseconds + ", or set retention.age to off"});
  }

  Transaction& tx_;
  SchemaName const& schema_;
  std::string role_;
  bool all_good_{true};
  Privileges result_;
};

}  // namespace

Privileges look_at_privileges(Database& database, ChangeSourceConfig const& config,
                              OutboxRemoval removal) {
  return database.transact({.access = Access::read_only}, [&](Transaction& tx) {
    return PrivilegeLook{tx, config.schema}.run(config.table, removal);
  });
}

}  // namespace tram::postgres
