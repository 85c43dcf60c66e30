#include "outbox_look.hpp"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <utility>

#include "left_tables.hpp"
#include "replication_protocol.hpp"
#include "tram/base/error.hpp"
#include "tram/storage/schema.hpp"

namespace tram::postgres {
namespace {

enum Column : std::uint8_t {
  schema,
  table,
  root,
  kind,
  not_logged,
  blinded,
  columns_there,
  publication_there,
  inserts_shown,
  hidden,
  leaving,
  shown_as,
  filtered,
  cut,
  publication_mark,
  tables,
  horizon,
  changed,
  joined,
  left,
  log_end,
  kept_bytes,
  wal_status,
  capitals,
  far_parts,
  farewell,
  changing,
  columns_of_look
};

// Names of tables are written as SQL has them, since they go into remedies.
constexpr std::string_view question_before{
    "WITH RECURSIVE root AS (SELECT c.oid, c.relkind, n.nspname, c.relname FROM pg_class c JOIN "
    "pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass("};
constexpr std::string_view question_behind_table{
    ")), family AS (SELECT oid, ARRAY[oid] AS line, NULL::xid AS joined FROM root UNION ALL SELECT "
    "i.inhrelid, f.line || i.inhrelid, CASE WHEN age(f.joined) <= age(i.xmin) THEN f.joined ELSE "
    "i.xmin END FROM family f JOIN pg_inherits i ON i.inhparent = "
    "f.oid), member AS (SELECT f.oid, f.line, f.joined, c.relkind, c.relpersistence, "
    "c.relispartition, c.xmin AS changed, '\"' || replace(n.nspname, '\"', '\"\"') || '\".\"' || "
    "replace(c.relname, '\"', '\"\"') || '\"' AS name FROM family f JOIN pg_class c ON c.oid = "
    "f.oid JOIN pg_namespace n ON n.oid = c.relnamespace), publication AS (SELECT oid, xmin AS "
    "changed, pubinsert, pubname FROM pg_publication WHERE pubname = "};
constexpr std::string_view question_behind_publication{
    "), listed AS (SELECT r.prrelid, r.xmin AS changed FROM pg_publication_rel r JOIN publication "
    "p ON p.oid = r.prpubid WHERE r.prrelid IN (SELECT oid FROM family)), schemas AS "
    "(SELECT d.objid, d.xmin AS changed FROM pg_depend d JOIN publication p ON d.refclassid = "
    "'pg_publication'::regclass AND d.refobjid = p.oid WHERE d.classid = 6237), published AS "
    "(SELECT "
    "c.oid, to_jsonb(t) AS details FROM pg_publication_tables t JOIN publication p ON p.pubname = "
    "t.pubname JOIN pg_namespace n ON n.nspname = t.schemaname JOIN pg_class c ON c.relname = "
    "t.tablename AND c.relnamespace = n.oid), shown AS (SELECT m.oid, m.name, details ->> "
    "'rowfilter' AS filter, details -> 'attnames' AS columns FROM published p JOIN member m ON "
    "m.oid = p.oid), needed AS (SELECT attname::text AS name, xmin AS changed FROM pg_attribute "
    "WHERE attrelid = (SELECT oid FROM root) AND attnum > 0 AND NOT attisdropped AND attname IN "
    "('id', 'dbid', 'destination', 'headers', 'payload', 'published')), slot AS (SELECT "};
constexpr std::string_view question_behind_horizon{
    " AS catalog_xmin, wal_status, confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name "
    "= "};
constexpr std::string_view question_end{
    ") SELECT (SELECT nspname FROM root)::text, (SELECT relname FROM root)::text, (SELECT oid FROM "
    "root)::text, (SELECT relkind FROM root)::text, "
    "(SELECT string_agg(name, ', ' ORDER BY name) FROM member WHERE relpersistence <> 'p' AND "
    "relkind IN ('r', 'p')), "
    "(SELECT quote_ident(current_user) FROM root WHERE row_security_active(oid)), "
    "(SELECT string_agg(name, ' ' ORDER BY name) FROM needed), "
    "(SELECT 'yes' FROM publication), (SELECT 'yes' FROM publication WHERE pubinsert), "
    // A table is shown under its own name, or a partition under that of one above it.
    "(SELECT string_agg(name, ', ' ORDER BY name) FROM member m WHERE relkind = 'r' AND NOT EXISTS "
    "(SELECT FROM shown s WHERE s.oid = m.oid OR (m.relispartition AND s.oid = ANY (m.line)))), "
    // The column is there since PostgreSQL 14.
    "(SELECT string_agg(format('ALTER TABLE %s DETACH PARTITION %s FINALIZE', inhparent::regclass, "
    "inhrelid::regclass), '; ') FROM pg_inherits i WHERE inhparent IN (SELECT oid FROM family) AND "
    "to_jsonb(i) ->> 'inhdetachpending' = 'true'), "
    "(SELECT p.oid::regclass::text FROM root, pg_partition_ancestors(root.oid) a, published p "
    "WHERE a <> root.oid AND p.oid = a LIMIT 1), "
    "(SELECT string_agg(name, ', ' ORDER BY name) FROM shown WHERE filter IS NOT NULL), "
    "(SELECT string_agg(name, ', ' ORDER BY name) FROM shown s WHERE EXISTS (SELECT FROM needed n "
    "WHERE NOT s.columns @> to_jsonb(n.name))), "
    "concat_ws(' ', (SELECT concat(oid, ':', changed) FROM publication), (SELECT "
    "string_agg(concat(prrelid, ':', changed), ' ' ORDER BY prrelid) FROM listed WHERE prrelid = "
    "(SELECT oid FROM root)), (SELECT string_agg(concat(objid, ':', changed), ' ' ORDER BY objid) "
    "FROM schemas), (SELECT hashtextextended(s::text, 0) FROM shown s WHERE oid = "
    "(SELECT oid FROM "
    "root)), (SELECT string_agg(changed::text, ' ' ORDER BY name) FROM needed)), "
    "(SELECT string_agg(concat(oid, '=', changed, ':', joined, ':', (SELECT changed FROM listed l "
    "WHERE l.prrelid = m.oid)), ' ' ORDER BY oid) FROM member m), "
    "(SELECT catalog_xmin FROM slot)::text, "
    "(SELECT 'yes' WHERE EXISTS (SELECT FROM slot, (SELECT changed FROM publication UNION ALL "
    "SELECT changed FROM listed UNION ALL SELECT changed FROM schemas UNION ALL SELECT changed "
    "FROM needed UNION ALL SELECT changed FROM "
    "member, slot WHERE joined IS NULL OR age(joined) > age(catalog_xmin)) AS changes WHERE "
    "age(changed) <= age(catalog_xmin))), "
    "(SELECT string_agg(oid::text, ' ') FROM member, slot WHERE age(joined) <= "
    "age(catalog_xmin)), "};
constexpr std::string_view question_behind_left{
    // A standby has no log of its own to tell the end of.
    ", CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_insert_lsn()::text END, "
    "(SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE (pg_current_wal_lsn() - "
    "confirmed_flush_lsn)::bigint::text END FROM slot), "
    "(SELECT wal_status FROM slot), (SELECT 'yes' FROM pg_namespace WHERE nspname <> "
    "lower(nspname) AND nspname = "};
constexpr std::string_view question_behind_capitals{
    "), (SELECT string_agg(name, ', ' ORDER BY name) FROM member WHERE relkind = 'f' AND oid <> "
    "(SELECT oid FROM root)), (SELECT string_agg(CASE WHEN relispartition THEN format('ALTER TABLE "
    "%s DETACH PARTITION %s', inhparent::regclass, inhrelid::regclass) ELSE format('ALTER FOREIGN "
    "TABLE %s NO INHERIT %s', inhrelid::regclass, inhparent::regclass) END, '; ') FROM "
    "pg_inherits i JOIN member m ON m.oid = i.inhrelid WHERE m.relkind = 'f'"};

// The last column, so that it is found out behind the end of the log. A row of the catalog that is
// there and has an `xmax` is being changed, unless the transaction of that number has failed. One
// that waits for a synchronous standby is in the log already and shows to nobody. Who adds to the
// publication changes no row of it, but has it locked. Row versions have 32 bits of the number.
constexpr std::string_view question_changing{
    "), (SELECT concat('transaction ', number, coalesce(' of process ' || (SELECT pid FROM "
    "pg_locks l WHERE l.locktype = 'transactionid' AND l.granted AND l.transactionid = changer "
    "LIMIT 1), ' of a savepoint, of one of the processes ' || (SELECT string_agg(pid::text, ', "
    "') FROM pg_locks l WHERE l.locktype = 'transactionid' AND l.granted AND "
    "age(l.transactionid) > age(changer))), ' (prepared as ' || (SELECT quote_literal(gid) FROM "
    "pg_prepared_xacts WHERE transaction = changer) || ')', ' has changed ', what) FROM (SELECT "
    "changer, what, newest, newest + mod(changer::text::numeric - mod(newest, 4294967296) + "
    "6442450944, 4294967296) - 2147483648 AS number FROM (SELECT c.xmax AS changer, 'table ' || "
    "c.oid::regclass AS what FROM pg_class c WHERE c.oid IN (SELECT oid FROM family) UNION ALL "
    "SELECT i.xmax, 'table ' || i.inhrelid::regclass FROM pg_inherits i WHERE i.inhparent IN "
    "(SELECT oid FROM family) UNION ALL SELECT a.xmax, 'column ' || a.attname FROM pg_attribute "
    "a WHERE a.attrelid = (SELECT oid FROM root) AND a.attnum > 0 UNION ALL SELECT n.xmax, "
    "'schema ' || n.nspname FROM pg_namespace n WHERE n.nspname = (SELECT nspname FROM root) "
    "UNION ALL SELECT p.xmax, 'publication ' || p.pubname FROM pg_publication p WHERE p.oid = "
    "(SELECT oid FROM publication) UNION ALL SELECT r.xmax, 'the publication of ' || "
    "r.prrelid::regclass FROM pg_publication_rel r WHERE r.prpubid = (SELECT oid FROM "
    "publication) AND r.prrelid IN (SELECT oid FROM family) UNION ALL SELECT d.xmax, 'the "
    "schemas of the publication' FROM pg_depend d WHERE d.refclassid = "
    "'pg_publication'::regclass AND d.refobjid = (SELECT oid FROM publication) AND d.classid = "
    "6237 UNION ALL SELECT t.transactionid, 'the publication' FROM pg_locks o JOIN pg_locks t ON "
    "t.virtualtransaction = o.virtualtransaction AND t.locktype = 'transactionid' AND t.granted "
    "WHERE o.locktype = 'object' AND o.granted AND o.mode = 'AccessExclusiveLock' AND o.classid "
    "= 'pg_publication'::regclass AND o.objid = (SELECT oid FROM publication) AND o.database = "
    "(SELECT oid FROM pg_database WHERE datname = current_database())) AS changes, (SELECT "
    "pg_snapshot_xmax(pg_current_snapshot())::text::numeric AS newest) AS n WHERE changer::text "
    "<> '0') AS numbered WHERE CASE WHEN number < 3 THEN false WHEN number >= newest THEN true "
    "ELSE pg_xact_status(number::text::xid8) = 'in progress' END LIMIT 1)"};

/// Of words like `number=mark`.
std::map<std::string, std::string> pairs(std::string const& text) {
  std::map<std::string, std::string> all;
  for (auto const& each : words(text)) {
    auto const middle = each.find('=');
    all.emplace(each.substr(0, middle), each.substr(middle + 1));
  }
  return all;
}

std::string kind_of(std::string const& relkind) {
  if (relkind == "v" || relkind == "m") return "a view";
  if (relkind == "f") return "a foreign table";
  return "no table";
}

class Reader {
 public:
  Reader(ChangeSourceConfig const& config, std::vector<std::optional<std::string>> const& row)
      : config_{config}, row_{row} {}

  OutboxLook read() {
    if (row_.size() != columns_of_look)
      throw Error{Fault::malformed, "postgresql: the catalog's answer is not understood"};
    OutboxLook look;
    look.table_exists = given(table);
    look.schema = text(schema);
    look.table = text(table);
    look.root = text(root);
    look.publication_exists = given(publication_there);
    look.columns = words(text(columns_there));
    look.publication_mark = text(publication_mark);
    look.tables = pairs(text(tables));
    look.left = pairs(text(left));
    look.horizon = text(horizon);
    look.changed_behind_horizon = given(changed);
    look.joined_behind_horizon = words(text(joined));
    look.log_end = parse_lsn(text(log_end)).value_or(0);
    if (given(kept_bytes)) look.kept_bytes = std::strtoull(text(kept_bytes).c_str(), nullptr, 10);
    look.wal_status = text(wal_status);
    look.changing = text(changing);
    look.table_is_fit = look.table_exists && trouble_of_table(look).empty();
    look.trouble = trouble(look);
    return look;
  }

 private:
  [[nodiscard]] bool given(Column column) const { return row_[column].has_value(); }
  [[nodiscard]] std::string text(Column column) const { return row_[column].value_or(""); }

  [[nodiscard]] std::string trouble(OutboxLook const& look) const {
    if (!look.table_exists && given(capitals)) {
      return "table " + config_.schema.qualify(config_.table) + ": " +
             capitals_remedy(config_.schema);
    }
    if (!look.table_exists) {
      return "table " + config_.schema.qualify(config_.table) +
             " does not exist; create the tables (\"tram schema install\") or correct the "
             "schema's name";
    }
    if (auto wrong = trouble_of_table(look); !wrong.empty()) return wrong;
    return look.publication_exists ? trouble_of_publication(look) : trouble_without(look);
  }

  [[nodiscard]] std::string trouble_of_table(OutboxLook const& look) const {
    if (text(kind) != "r" && text(kind) != "p") {
      return look.name() + " is " + kind_of(text(kind)) +
             ", and the log shows rows of tables only; name the table that they are written to";
    }
    if (given(not_logged)) {
      return "the log shows no row of " + text(not_logged) +
             ", which is UNLOGGED or TEMPORARY; run: ALTER TABLE " + text(not_logged) +
             " SET LOGGED";
    }
    if (given(far_parts)) {
      return "the log shows no row of " + text(far_parts) +
             ", which is a foreign table; write its unpublished rows into an ordinary part of the "
             "outbox, and run: " +
             text(farewell);
    }
    if (given(blinded)) {
      return "row-level security hides rows of " + look.name() + " from role " + text(blinded) +
             ", which reads them from the table where the log does not show them; run: ALTER "
             "ROLE " +
             text(blinded) + " BYPASSRLS";
    }
    for (auto const* const column : {"destination", "headers", "payload"}) {
      if (!look.has(column)) return lacks(look, column);
    }
    return look.has("id") || look.has("dbid") ? "" : lacks(look, "id");
  }

  static std::string lacks(OutboxLook const& look, std::string const& column) {
    return "column '" + column + "' of " + look.name() +
           " does not exist; name a table that is an outbox, or give the column its name back";
  }

  [[nodiscard]] std::string trouble_without(OutboxLook const& look) const {
    return "publication '" + config_.publication +
           "' does not exist; run: " + create_publication_statement(config_, look);
  }

  [[nodiscard]] std::string trouble_of_publication(OutboxLook const& look) const {
    auto const name = "publication '" + config_.publication + "' ";
    auto const alter = "ALTER PUBLICATION " + sql_name(config_.publication);
    if (given(hidden) && given(shown_as)) {
      return name + "shows " + look.name() + " as a part of " + text(shown_as) + "; run: " + alter +
             " SET (publish_via_partition_root = false)";
    }
    if (given(hidden) && given(leaving)) {
      return name + "does not show " + text(hidden) +
             ", which is being detached; if that was interrupted, run: " + text(leaving);
    }
    if (given(hidden)) {
      bool const all = text(hidden).find(look.name()) != std::string::npos || text(kind) == "p";
      auto const missing = all ? look.name() : text(hidden);
      return name + "does not show " + text(hidden) + "; run: " + alter + " ADD TABLE " + missing;
    }
    if (!given(inserts_shown))
      return name + "does not show inserts; run: " + alter + " SET (publish = 'insert')";
    if (given(filtered)) return remake(name + "has a row filter on ", text(filtered), alter);
    if (given(cut)) return remake(name + "does not show every column of ", text(cut), alter);
    return "";
  }

  static std::string remake(std::string const& wrong, std::string const& names,
                            std::string const& alter) {
    return wrong + names + "; run: BEGIN; " + alter + " DROP TABLE " + names + "; " + alter +
           " ADD TABLE " + names + "; COMMIT";
  }

  ChangeSourceConfig const& config_;
  std::vector<std::optional<std::string>> const& row_;
};

}  // namespace

std::vector<std::string> words(std::string const& text) {
  std::istringstream in{text};
  std::vector<std::string> all;
  for (std::string word; in >> word;) all.push_back(word);
  return all;
}

std::string sql_text(std::string const& text) {
  bool const escapes = text.find('\\') != std::string::npos;
  std::string quoted{escapes ? " E'" : "'"};
  for (char const character : text) {
    quoted.append(character == '\'' || character == '\\' ? 2 : 1, character);
  }
  return quoted + '\'';
}

std::string sql_name(std::string const& name) {
  std::string quoted{'"'};
  for (char const character : name) quoted.append(character == '"' ? 2 : 1, character);
  return quoted + '"';
}

bool OutboxLook::has(std::string_view column) const {
  return std::ranges::find(columns, column) != columns.end();
}

std::string outbox_question(ChangeSourceConfig const& config, std::string const& horizon) {
  return std::string{question_before} + sql_text(config.schema.qualify(config.table)) +
         std::string{question_behind_table} + sql_text(config.publication) +
         std::string{question_behind_publication} +
         (horizon.empty() ? "catalog_xmin" : sql_text(horizon) + "::xid") +
         std::string{question_behind_horizon} + sql_text(config.slot) + std::string{question_end} +
         left_tables_expression(config, "(SELECT catalog_xmin FROM slot)") +
         std::string{question_behind_left} + sql_text(config.schema.name()) +
         std::string{question_behind_capitals} + std::string{question_changing};
}

OutboxLook outbox_look(ChangeSourceConfig const& config,
                       std::vector<std::optional<std::string>> const& row) {
  return Reader{config, row}.read();
}

std::string create_publication_statement(ChangeSourceConfig const& config,
                                         OutboxLook const& outbox) {
  return "CREATE PUBLICATION " + sql_name(config.publication) + " FOR TABLE " + outbox.name() +
         " WITH (publish = 'insert', publish_via_partition_root = true)";
}

namespace {

std::string any_unpublished_row(std::string const& table, std::vector<std::string> const& columns) {
  bool const marks = std::ranges::find(columns, "published") != columns.end();
  return "SELECT 1 FROM " + table +
         (marks ? " WHERE coalesce(published::text, '0') = '0' LIMIT 1" : " LIMIT 1");
}

}  // namespace

std::string any_unpublished_row(OutboxLook const& outbox) {
  return any_unpublished_row(outbox.name(), outbox.columns);
}

std::string any_unpublished_row(FormerTable const& table) {
  return any_unpublished_row("ONLY " + table.name, table.columns);
}

namespace {

/// The publication names it by itself: that it does so no more is not seen of one that has left.
bool has_own_listing(std::string const& mark) { return !mark.ends_with(':'); }

bool hid_what_left(OutboxLook const& before, OutboxLook const& now) {
  return std::ranges::any_of(before.tables, [&](auto const& each) {
    return has_own_listing(each.second) && !now.tables.contains(each.first);
  });
}

}  // namespace

std::optional<Gap> gap_between(OutboxLook const& before, OutboxLook const& now) {
  Gap gap;
  bool changed = before.publication_mark != now.publication_mark || hid_what_left(before, now);
  for (auto const& [table, mark] : now.tables) {
    auto const known = before.tables.find(table);
    if (known == before.tables.end()) gap.whole_tables.push_back(table);
    else changed = changed || known->second != mark;
  }
  if (changed) gap.from_transaction = before.horizon;
  if (!changed && gap.whole_tables.empty()) return std::nullopt;
  return gap;
}

std::optional<Gap> gap_behind_horizon(OutboxLook const& now) {
  if (!now.changed_behind_horizon && now.joined_behind_horizon.empty()) return std::nullopt;
  return Gap{.from_transaction = now.changed_behind_horizon ? now.horizon : "",
             .whole_tables = now.joined_behind_horizon};
}

}  // namespace tram::postgres
