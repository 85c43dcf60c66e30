#include "left_tables.hpp"

#include "outbox_look.hpp"

namespace tram::postgres {
namespace {

/// Between which transactions something happened. age() counts back from now; what is frozen and
/// wrapped around seems to lie ahead.
struct Since {
  explicit Since(std::string const& horizon)
      : recent_{horizon.empty() ? "" : " BETWEEN 0 AND age(" + horizon + ")"} {}
  [[nodiscard]] std::string recent(std::string const& transaction) const {
    return recent_.empty() ? "true" : "age(" + transaction + ")" + recent_;
  }
  [[nodiscard]] std::string old(std::string const& transaction) const {
    return recent_.empty() ? "true" : "NOT " + recent(transaction);
  }

 private:
  std::string recent_;
};

constexpr std::string_view needed_columns{
    "a.attnum > 0 AND NOT a.attisdropped AND a.attname IN ('destination', 'headers', 'payload')"};

/// A table that leaves another one gets new rows in the catalog for all columns that they share, by
/// a later command than the one that made it; those of the system's columns never change.
std::string alike(std::string const& table, Since const& since) {
  return "alike AS (SELECT c.oid AS number, bool_and((a.xmin <> made.xmin OR NOT a.cmin = "
         "made.cmin) AND " +
         since.recent("a.xmin") +
         ") AS left_one, (array_agg(a.xmin::text ORDER BY age(a.xmin) DESC))[1] AS mark FROM "
         "candidate c JOIN pg_attribute made ON made.attrelid = c.oid AND made.attnum = -1 JOIN "
         "pg_attribute a ON a.attrelid = c.oid WHERE a.attnum > 0 AND NOT a.attisdropped AND "
         "a.attname IN (SELECT attname FROM pg_attribute WHERE attrelid = " +
         table +
         " AND attnum > 0 AND NOT attisdropped) GROUP BY c.oid HAVING count(*) FILTER (WHERE "
         "a.attname IN ('destination', 'headers', 'payload')) = 3)";
}

/// The tables of other outboxes that have partitions or heirs. In the schema of ours they were the
/// same at the horizon.
std::string others(Since const& since) {
  std::string const elsewhere{" OR c.relnamespace NOT IN (SELECT oid FROM home)"};
  return "other AS (SELECT c.oid, c.relnamespace FROM pg_class c JOIN pg_type t ON t.oid = "
         "c.reltype WHERE (c.relkind = 'p' OR c.relhassubclass) AND c.relkind IN ('r', 'p') AND "
         "c.oid NOT IN (SELECT oid FROM ours) AND NOT EXISTS (SELECT FROM pg_inherits WHERE "
         "inhrelid = c.oid) AND (" +
         since.old("t.xmin") + elsewhere +
         ") AND 3 = (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND " +
         std::string{needed_columns} + " AND (" + since.old("a.xmin") + elsewhere +
         "))), theirs AS (SELECT oid FROM other UNION ALL SELECT i.inhrelid FROM theirs t JOIN "
         "pg_inherits i ON i.inhparent = t.oid)";
}

/// What is above a table may have left, or have got another name, which changes the row of its
/// type. A table in the schema of another outbox is of that one.
std::string left(Since const& since) {
  return "renamed AS (SELECT t.typrelid AS number, t.xmin::text AS mark FROM pg_type t JOIN "
         "pg_attribute made ON made.attrelid = t.typrelid AND made.attnum = -1 WHERE t.typrelid IN "
         "(SELECT number FROM alike) AND t.xmin <> made.xmin AND " +
         since.recent("t.xmin") +
         "), below AS (SELECT number, mark FROM alike WHERE left_one UNION SELECT i.inhrelid, "
         "r.mark FROM pg_inherits i JOIN renamed r ON r.number = i.inhparent UNION SELECT "
         "i.inhrelid, b.mark FROM pg_inherits i JOIN below b ON b.number = i.inhparent), gone AS "
         "(SELECT b.number, max(b.mark) AS mark FROM below b JOIN pg_class c ON c.oid = b.number "
         "WHERE b.number NOT IN (SELECT oid FROM ours) AND b.number NOT IN (SELECT oid FROM "
         "theirs) "
         "AND NOT (c.relnamespace IN (SELECT relnamespace FROM other) AND c.relnamespace NOT IN "
         "(SELECT oid FROM home)) GROUP BY b.number)";
}

std::string with(ChangeSourceConfig const& config, Since const& since,
                 std::string const& candidates) {
  auto const table = "to_regclass(" + sql_text(config.schema.qualify(config.table)) + ")::oid";
  return "WITH RECURSIVE ours AS (SELECT " + table +
         " AS oid UNION ALL SELECT i.inhrelid FROM ours o JOIN pg_inherits i ON i.inhparent = "
         "o.oid), home AS (SELECT relnamespace AS oid FROM pg_class WHERE oid IN (SELECT oid FROM "
         "ours)), candidate AS MATERIALIZED (SELECT oid FROM pg_class WHERE relkind IN ('r', 'p') "
         "AND relpersistence <> 't' AND " +
         candidates + "), " + alike(table, since) + ", " + others(since) + ", " + left(since);
}

}  // namespace

std::string names_of(std::vector<AlikeTable> const& tables) {
  std::string names;
  for (auto const& table : tables) names += (names.empty() ? "table " : ", ") + table.name;
  return names;
}

std::string columns_expression() {
  return "(SELECT string_agg(attname, ' ') FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 "
         "AND attname IN ('id', 'dbid', 'destination', 'headers', 'payload', 'published'))";
}

std::string grants_expression() {
  return "concat(CASE WHEN NOT has_schema_privilege(n.oid, 'USAGE') THEN format('GRANT USAGE ON "
         "SCHEMA %I TO %I; ', n.nspname, current_user) END, CASE WHEN NOT "
         "has_table_privilege(c.oid, 'SELECT') THEN format('GRANT SELECT ON %I.%I TO %I; ', "
         "n.nspname, c.relname, current_user) END, CASE WHEN row_security_active(c.oid) THEN "
         "format('ALTER ROLE %I BYPASSRLS; ', current_user) END)";
}

std::string alike_tables_question(ChangeSourceConfig const& config, std::string const& horizon) {
  Since const since{horizon.empty() ? "" : sql_text(horizon) + "::xid"};
  return with(config, since, "true") +
         " SELECT a.number::text, g.mark, format('%I.%I', n.nspname, c.relname), CASE WHEN "
         "g.mark IS NOT NULL AND c.relkind = 'r' AND pg_relation_size(c.oid) > 0 THEN 'yes' END, " +
         grants_expression() + ", " + columns_expression() +
         " FROM (SELECT number FROM alike UNION SELECT number FROM gone) a JOIN pg_class c ON "
         "c.oid "
         "= a.number JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN gone g ON g.number = "
         "a.number WHERE a.number NOT IN (SELECT oid FROM ours) ORDER BY a.number";
}

AlikeTable alike_table(std::vector<std::optional<std::string>> const& row) {
  return {.number = row.at(0).value_or(""),
          .left = row.at(1).value_or(""),
          .name = row.at(2).value_or(""),
          .columns = words(row.at(5).value_or("")),
          .has_rows = row.at(3).has_value(),
          .grants = row.at(4).value_or("")};
}

std::string left_tables_expression(ChangeSourceConfig const& config, std::string const& horizon) {
  Since const since{horizon};
  return "(" + with(config, since, since.recent("xmin")) +
         " SELECT string_agg(concat(g.number, '=', g.mark), ' ') FROM gone g JOIN pg_class c ON "
         "c.oid = g.number WHERE c.relkind = 'r')";
}

std::string remedy_for_answers_question(std::string const& table) {
  auto const grant = "format(" + sql_text("GRANT SELECT, INSERT, UPDATE ON " + table + " TO %I") +
                     ", current_user)";
  return "SELECT CASE WHEN t IS NULL THEN concat(" +
         sql_text("CREATE TABLE " + table +
                  " (relay text NOT NULL PRIMARY KEY, position bigint NOT NULL); ") +
         ", " + grant +
         ") WHEN has_table_privilege(t, 'SELECT') AND has_table_privilege(t, 'INSERT') AND "
         "has_table_privilege(t, 'UPDATE') THEN '' ELSE " +
         grant + " END FROM (SELECT to_regclass(" + sql_text(table) + ")) AS there (t)";
}

}  // namespace tram::postgres
