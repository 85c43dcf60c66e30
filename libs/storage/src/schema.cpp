#include "tram/storage/schema.hpp"

#include <chrono>
#include <cstdint>

#include "schema_installation.hpp"
#include "schema_search.hpp"
#include "tram/base/error.hpp"
#include "tram/sql/connection.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/transaction.hpp"

namespace tram {
namespace {

using State = SchemaStatus::State;

/// Two services that start at once on one database install one after the other.
constexpr std::int64_t installation_lock{0x7472616d};  // "tram"

/// Who can work without an addition waits no longer for it: those who use the table wait, too.
constexpr std::chrono::seconds addition_timeout{5};

std::string findings_of(SchemaStatus const& status) {
  std::string text;
  for (auto const& finding : status.findings) text.append(text.empty() ? "" : ", ").append(finding);
  return text.empty() ? "the tables are of an old version" : text;
}

[[noreturn]] void refuse(Database const& database, std::string const& what) {
  throw Error{Fault::rejected, "schema: " + database.name() + ": " + what};
}

/// Nothing can be done here about either.
void refuse_foreign_or_newer(Database const& database, SchemaStatus const& status) {
  if (status.state == State::foreign) {
    refuse(database,
           findings_of(status) + "; it belongs to something else: name another database or schema");
  }
  if (status.state == State::newer) refuse(database, findings_of(status) + "; use a newer release");
}

SchemaFound look(Database& database, SchemaName const& schema, TableParts const& parts) {
  require_usable(parts);
  return database.transact({.access = Access::read_only}, [&](Transaction& tx) {
    auto found = find_tables(tx, schema, parts);
    if (found.status.state == State::behind)
      found.status.additions = SchemaInstallation{tx.dialect(), schema, found}.additions(parts);
    return found;
  });
}

void lock_installation(Transaction& tx) {
  auto const lock = tx.dialect().catalog.lock_installation;
  if (!lock.empty()) tx.execute(lock, installation_lock);
}

void install(Database& database, SchemaName const& wanted, TableParts const& parts,
             TransactOptions const& options) {
  require_usable(parts);
  auto const schema = schema_in(database.dialect(), wanted);
  database.transact(options, [&](Transaction& tx) {
    lock_installation(tx);
    auto const found = find_tables(tx, schema, parts);
    refuse_foreign_or_newer(database, found.status);
    if (found.status.state == State::current) return;
    if (found.status.state == State::absent && is_hidden_by_capitals(tx, tx.dialect(), schema))
      refuse(database, capitals_remedy(schema));
    SchemaInstallation installation{tx.dialect(), schema, found};
    for (auto const& statement : installation.statements(parts)) tx.execute(statement);
  });
}

}  // namespace

void install_tables(Database& database, SchemaName const& schema, TableParts const& parts) {
  install(database, schema, parts, {});
}

void make_tables(Database& database, std::function<void(Transaction&)> const& make) {
  database.transact([&](Transaction& tx) {
    lock_installation(tx);
    make(tx);
  });
}

std::string prepare_tables(Database& database, SchemaName const& schema, TableParts const& parts) {
  auto const found = look(database, schema_in(database.dialect(), schema), parts);
  if (!found.usable || found.status.additions.empty()) {
    install_tables(database, schema, parts);
    return "";
  }
  try {
    install(database, schema, parts, {.timeout = addition_timeout});
    return "";
  } catch (Error const& error) { return additions_text(found.status) + " (" + error.what() + ")"; }
}

std::string additions_text(SchemaStatus const& status) {
  if (status.additions.empty()) return "";
  std::string text = "tables are of the release before, which works; to upgrade them " +
                     status.remedy + " as their owner, or ";
  for (auto const& statement : status.additions)
    text.append(&statement == &status.additions.front() ? "" : "; ").append(statement);
  return text;
}

SchemaStatus tables_status(Database& database, SchemaName const& schema, TableParts const& parts) {
  return look(database, schema_in(database.dialect(), schema), parts).status;
}

void require_tables(Database& database, SchemaName const& schema, TableParts const& parts) {
  auto const found = look(database, schema_in(database.dialect(), schema), parts);
  refuse_foreign_or_newer(database, found.status);
  if (found.usable) return;
  refuse(database, findings_of(found.status) + "; " + found.status.remedy);
}

bool is_hidden_by_capitals(StatementExecutor& tx, Dialect const& dialect,
                           SchemaName const& schema) {
  auto const question = dialect.catalog.hidden_schema;
  return !question.empty() && !tx.execute(question, schema.name()).empty();
}

std::string capitals_remedy(SchemaName const& schema) {
  auto const& name = schema.name();
  return "schema " + name +
         " is read in lower case, since names stand without quotes, as in the Java platform; the "
         "database has a schema with these capitals: run ALTER SCHEMA \"" +
         name + "\" RENAME TO " + name + ", or name another";
}

std::string print_tables(Dialect const& dialect, SchemaName const& wanted,
                         TableParts const& parts) {
  require_usable(parts);
  std::string text;
  auto const schema = schema_in(dialect, wanted);
  for (auto const& statement : SchemaInstallation{dialect, schema, {}}.statements(parts))
    text += statement + ";\n";
  return text;
}

}  // namespace tram
