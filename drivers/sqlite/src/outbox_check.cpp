#include "tram/sqlite/outbox_check.hpp"

#include <chrono>
#include <set>
#include <string>
#include <string_view>

#include "outbox_columns.hpp"
#include "tram/base/error.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace tram::sqlite {
namespace {

constexpr std::string_view table_of_schema{"message"};
constexpr auto patience = std::chrono::seconds{5};

std::string missing_columns(std::set<std::string> const& there) {
  std::string missing;
  for (auto const* wanted : {"seq", "id", "destination", "headers", "payload", "published"}) {
    if (there.contains(wanted)) continue;
    missing.append(missing.empty() ? "'" : ", '").append(wanted).append("'");
  }
  return missing;
}

void look_at_table(Transaction& tx, std::string const& table, std::vector<Finding>& findings) {
  std::set<std::string> columns;
  std::string complaint;
  auto const described = tx.execute(
      "SELECT c.name, c.type, coalesce((SELECT t.strict FROM pragma_table_list(?) t), 0) "
      "FROM pragma_table_info(?) c",
      table, table);
  for (auto const row : described) {
    columns.insert(row.get<std::string>(0));
    auto const typing = row.get<bool>(2) ? Typing::strict : Typing::flexible;
    if (complaint.empty())
      complaint = column_complaint(row.get<std::string>(0), row.get<std::string>(1), typing);
  }
  for (auto const row : tx.execute(numbering_question, table)) {
    if (complaint.empty())
      complaint = numbering_complaint(row.get<std::string>(0), row.get<std::string>(1));
  }
  auto const add = [&](bool good, std::string const& text) {
    findings.push_back(
        {.good = good, .subject = "outbox", .text = "table '" + table + "' " + text});
  };
  if (columns.empty()) {
    if (table != table_of_schema) add(false, "does not exist; correct its name");
    return;
  }
  auto const missing = missing_columns(columns);
  if (missing.empty() && !complaint.empty()) return add(false, complaint);
  if (missing.empty()) return add(true, "is there");
  add(false, "is no outbox of Tram: it lacks " + missing + "; correct its name");
}

}  // namespace

std::vector<Finding> check_outbox(ChangeSourceConfig const& config, Clock& clock, Random& random) {
  try {
    auto database = connect({.path = config.path, .opening = Opening::read_only},
                            {.connections_max = 1}, clock, random);
    std::vector<Finding> findings;
    database.transact({.access = Access::read_only, .timeout = patience}, [&](Transaction& tx) {
      findings = {{.good = true, .subject = "database", .text = "the file is there"}};
      look_at_table(tx, config.table, findings);
    });
    return findings;
  } catch (Error const& error) {
    return {{.good = false, .subject = "database", .text = error.what()}};
  }
}

}  // namespace tram::sqlite
