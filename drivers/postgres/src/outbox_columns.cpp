#include "outbox_columns.hpp"

#include <algorithm>
#include <array>

namespace tram::postgres {
namespace {

/// Built-in types have the same numbers in every database (pg_type.dat).
constexpr std::array<std::pair<std::uint32_t, ColumnForm>, 13> built_in{
    {{17, ColumnForm::bytes},     // bytea
     {18, ColumnForm::text},      // "char"
     {19, ColumnForm::text},      // name
     {20, ColumnForm::text},      // bigint
     {21, ColumnForm::text},      // smallint
     {23, ColumnForm::text},      // integer
     {25, ColumnForm::text},      // text
     {114, ColumnForm::text},     // json
     {142, ColumnForm::text},     // xml
     {1042, ColumnForm::padded},  // character(n)
     {1043, ColumnForm::text},    // character varying
     {2950, ColumnForm::text},    // uuid
     {3802, ColumnForm::text}}};  // jsonb

ColumnForm form_of_base(std::string_view base) {
  if (base == "bytea") return ColumnForm::bytes;
  if (base == "bpchar") return ColumnForm::padded;
  return ColumnForm::text;
}

template <class Names>
bool is_one_of(std::string_view name, Names const& names) {
  return std::ranges::find(names, name) != names.end();
}

bool is_whole_number(OutboxColumn const& column) {
  return is_one_of(column.base, std::array<std::string_view, 3>{"int2", "int4", "int8"});
}

/// Whether the log shows what was written: strings, enumerations, and these.
bool is_shown_as_written(OutboxColumn const& column) {
  // They are cut off, in silence, when they are written.
  if (column.base == "name" || column.base == "char") return false;
  if (column.category == "S" || column.category == "E") return true;
  return is_one_of(column.base,
                   std::array<std::string_view, 5>{"json", "jsonb", "xml", "uuid", "bytea"});
}

bool fits(OutboxColumn const& column) {
  if (column.name == "dbid" || column.name == "published") return is_whole_number(column);
  if (column.name == "id" && is_whole_number(column)) return true;
  return is_shown_as_written(column);
}

std::string remedy(OutboxColumn const& column, std::string const& table) {
  auto const alter = "run: ALTER TABLE " + table + " ALTER COLUMN " + column.name + " TYPE ";
  if (column.name == "dbid") return alter + "bigint USING " + column.name + "::bigint";
  if (column.name == "published") return alter + "smallint USING " + column.name + "::int";
  if (column.base == "hstore") return alter + "text USING hstore_to_json(" + column.name + ")";
  return alter + "text";
}

}  // namespace

ColumnForm TypeForms::of(std::uint32_t type) const {
  if (auto const found = forms_.find(type); found != forms_.end()) return found->second;
  auto const* const known =
      std::ranges::find(built_in, type, [](auto const& e) { return e.first; });
  return known == built_in.end() ? ColumnForm::unknown : known->second;
}

std::string OutboxColumns::query(std::string const& table) {
  return "WITH RECURSIVE chain AS (SELECT a.attname, a.atttypid AS declared, a.atttypid AS type, "
         "a.attgenerated <> '' AS generated FROM pg_catalog.pg_attribute a WHERE a.attrelid = "
         "to_regclass(" +
         table +
         ") AND a.attnum > 0 AND NOT a.attisdropped UNION ALL SELECT c.attname, c.declared, "
         "t.typbasetype, c.generated FROM chain c JOIN pg_catalog.pg_type t ON t.oid = c.type "
         "WHERE "
         "t.typtype = 'd') SELECT c.attname::text, c.declared::bigint, t.typname::text, "
         "t.typcategory::text, pg_catalog.format_type(c.declared, NULL), c.generated::int FROM "
         "chain c JOIN pg_catalog.pg_type t ON t.oid = c.type WHERE t.typtype <> 'd'";
}

OutboxColumn const* OutboxColumns::find(std::string_view name) const {
  auto const found = std::ranges::find(columns_, name, &OutboxColumn::name);
  return found == columns_.end() ? nullptr : &*found;
}

std::string OutboxColumns::complaint(std::string const& table) const {
  for (std::string_view const name :
       {"id", "dbid", "destination", "headers", "payload", "published"}) {
    auto const* const column = find(name);
    auto const subject = "column '" + std::string{name} + "' of " + table + " ";
    bool const needed = name == "destination" || name == "headers" || name == "payload";
    if (column == nullptr) {
      if (needed) return subject + "does not exist; name a table that is an outbox";
    } else if (column->generated) {
      return subject + "is generated, which the log does not show; make it an ordinary column";
    } else if (!fits(*column)) {
      return subject + "has type " + column->written +
             ", which the log does not show as it was written; " + remedy(*column, table);
    }
  }
  return {};
}

TypeForms OutboxColumns::forms() const {
  std::map<std::uint32_t, ColumnForm> forms;
  for (auto const& column : columns_) forms[column.type] = form_of_base(column.base);
  return TypeForms{std::move(forms)};
}

}  // namespace tram::postgres
