#include "tram/operations/doctor.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <utility>

#include "table_ages.hpp"
#include "tram/base/error.hpp"
#include "tram/operations/held_items.hpp"
#include "tram/operations/utc_text.hpp"
#include "tram/relay/outbox_source.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sql/database.hpp"
#include "tram/storage/outbox_table.hpp"

namespace tram {
namespace {

std::string days(Duration age) {
  auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  constexpr std::int64_t of_day{86'400};
  if (seconds % of_day == 0) return std::to_string(seconds / of_day) + "d";
  if (seconds % 3600 == 0) return std::to_string(seconds / 3600) + "h";
  return std::to_string(seconds) + "s";
}

/// A table that the Java platform made has no index.
std::string advice_on_index(Transaction& tx, std::string const& table) {
  auto const& catalog = tx.dialect().catalog;
  if (catalog.age_indexes.empty()) return "";
  auto const rows = tx.execute(catalog.age_indexes, table);
  if (rows[0].get<int>(0) > 0) return "";
  return "; removing old ones reads the whole table, which " +
         filled(catalog.make_age_index, {{"table", table}}) + " would spare";
}

class Doctor {
 public:
  explicit Doctor(DoctorParts const& parts) : parts_{parts} {}

  std::vector<Finding> examine() {
    findings_ = parts_.outbox.check();
    if (database_is_there()) attempt("schema", [this] { examine_database(); });
    compare_retentions();
    if (parts_.check_broker)
      std::ranges::move(parts_.check_broker(), std::back_inserter(findings_));
    return std::move(findings_);
  }

 private:
  [[nodiscard]] bool database_is_there() const {
    return std::ranges::none_of(findings_, [](Finding const& finding) {
      return finding.subject == "database" && !finding.good;
    });
  }

  void examine_database() {
    auto database = parts_.open();
    auto const schema = schema_in(database.dialect(), parts_.schema);
    auto const inbox = schema.qualify("received_messages");
    auto const outbox = schema.qualify("message");
    examine_schema(database, schema);
    attempt("outbox table", [&] { examine_outbox_table(database, schema); });
    attempt("inbox", [&] { examine_inbox(database, inbox); });
    attempt("inbox", [&] { examine_clocks(database, inbox, "inbox"); });
    attempt("outbox", [&] { examine_clocks(database, outbox, "outbox"); });
    attempt("held messages", [&] { examine_held(database, schema); });
  }

  void good(std::string subject, std::string text) {
    findings_.push_back({.good = true, .subject = std::move(subject), .text = std::move(text)});
  }
  void wrong(std::string subject, std::string text) {
    findings_.push_back({.good = false, .subject = std::move(subject), .text = std::move(text)});
  }

  template <class Function>
  void attempt(std::string const& subject, Function function) {
    try {
      function();
    } catch (Error const& error) { wrong(subject, error.what()); }
  }

  void examine_schema(Database& database, SchemaName const& schema) {
    require_schema(database, schema);
    auto const status = schema_status(database, schema);
    good("schema", "version " + std::to_string(status.version) +
                       (status.additions.empty() ? "" : "; the ") + additions_text(status));
  }

  void examine_outbox_table(Database& database, SchemaName const& schema) {
    auto const table = probe_outbox_table(database, schema);
    good("outbox table", table.ids == IdSource::database
                             ? "the database makes the ids: services and relay need the same "
                               "outbox id"
                             : "services make the ids");
  }

  /// They would live until the clock is where they say, and so would nothing else.
  void examine_clocks(Database& database, std::string const& table, std::string const& about) {
    auto const now = std::string{database.dialect().now_milliseconds};
    auto const ahead = database.transact({.access = Access::read_only},
                                         [&](Transaction& tx) { return rows_ahead(tx, table); });
    if (!ahead) return;
    wrong(about, std::to_string(ahead->rows) +
                     " rows were stamped by a clock that was ahead, the last one with " +
                     utc_text(ahead->last) +
                     " UTC, and may be kept until then; set the clocks right, and run \"UPDATE " +
                     table + " SET creation_time = " + now + " WHERE creation_time > " + now +
                     "\"");
  }

  void examine_inbox(Database& database, std::string const& table) {
    database.transact({.access = Access::read_only}, [&](Transaction& tx) {
      auto const ages = ages_of(tx, table);
      good("inbox", std::to_string(ages.rows) + " messages" +
                        (ages.oldest ? ", the oldest of " + utc_text(*ages.oldest) + " UTC" : "") +
                        advice_on_index(tx, table));
    });
  }

  void examine_held(Database& database, SchemaName const& schema) {
    auto const [messages, keys, rows] = HeldItems{database, schema}.totals();
    constexpr auto remedy = " wait; see \"tram held list\"";
    if (keys == 0) good("held messages", "none");
    else
      wrong("held messages",
            std::to_string(messages) + " messages of " + std::to_string(keys) + " keys" + remedy);
    if (rows == 0) good("rows that relays hold", "none");
    else wrong("rows that relays hold", std::to_string(rows) + remedy);
  }

  void compare_retentions() {
    auto const& inbox = parts_.inbox_age;
    auto const& broker = parts_.broker_age;
    auto const both = "the inbox keeps " + days(inbox.age) + inbox.remark + ", the broker " +
                      days(broker.age) + broker.remark;
    if (inbox.age >= broker.age) return good("retention", both + ": nothing is handled twice");
    wrong("retention", both + ": a record delivered again after its inbox row is gone has its "
                              "effect again; keep the inbox at least as long (inbox_age)");
  }

  DoctorParts const& parts_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> examine(DoctorParts const& parts) { return Doctor{parts}.examine(); }

}  // namespace tram
