#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "text_table.hpp"
#include "tram/base/error.hpp"
#include "tram/connect/broker.hpp"
#include "tram/connect/database.hpp"
#include "tram/json/json.hpp"
#include "tram/storage/outbox_table.hpp"
#include "tram/storage/schema.hpp"
#include "tram/subscriber/held_messages.hpp"

namespace tram::operator_program {
namespace {

// Those of the library and of Kafka.
constexpr Duration inbox_retention_default{std::chrono::hours{14 * 24}};
constexpr Duration broker_retention_default{std::chrono::hours{7 * 24}};

class Doctor {
 public:
  Doctor(Arguments const& arguments, SchemaName const& schema, Machine const& machine)
      : arguments_{arguments}, schema_{schema}, machine_{machine} {}

  std::vector<Finding> look() {
    findings_ = connect::outbox(arguments_.database_url, {.schema = schema_}, machine_.clock,
                                machine_.random)
                    ->check();
    if (database_is_there()) look_into_database();
    compare_retentions();
    if (!arguments_.broker_url.empty()) look_at_broker();
    return std::move(findings_);
  }

 private:
  [[nodiscard]] bool database_is_there() const {
    return std::ranges::none_of(findings_, [](Finding const& finding) {
      return finding.subject == "database" && !finding.good;
    });
  }

  void look_into_database() {
    attempt("schema", [this] {
      auto database = connect::database(arguments_.database_url, {.connections_max = 1},
                                        machine_.clock, machine_.random, Opening::read_only);
      schema_ = schema_in(database.dialect(), schema_);
      look_at_schema(database);
      attempt("outbox table", [&] { look_at_outbox_table(database); });
      attempt("inbox", [&] { look_at_inbox(database); });
      attempt("inbox", [&] { look_at_stamps(database, "received_messages", "inbox"); });
      attempt("outbox", [&] { look_at_stamps(database, "message", "outbox"); });
      attempt("held messages", [&] { look_at_held(database); });
      attempt("rows that relays hold", [&] { look_at_rows_of_relays(database); });
    });
  }

  void good(std::string subject, std::string text) {
    findings_.push_back({.good = true, .subject = std::move(subject), .text = std::move(text)});
  }
  void wrong(std::string subject, std::string text) {
    findings_.push_back({.good = false, .subject = std::move(subject), .text = std::move(text)});
  }

  template <class Look>
  void attempt(std::string const& subject, Look look) {
    try {
      look();
    } catch (Error const& error) { wrong(subject, error.what()); }
  }

  void look_at_schema(Database& database) {
    require_schema(database, schema_);
    auto const status = schema_status(database, schema_);
    good("schema", "version " + std::to_string(status.version) +
                       (status.additions.empty() ? "" : "; the ") + additions_text(status));
  }

  void look_at_outbox_table(Database& database) {
    auto const table = probe_outbox_table(database, schema_);
    good("outbox table", table.ids == IdSource::database
                             ? "the database makes the ids: services and relay need the same "
                               "outbox id"
                             : "services make the ids");
  }

  /// They would live until the clock is where they say, and so would nothing else.
  void look_at_stamps(Database& database, std::string const& name, std::string const& about) {
    auto const table = schema_.qualify(name);
    auto const now = std::string{database.dialect().now_milliseconds};
    database.transact({.access = Access::read_only}, [&](Transaction& tx) {
      auto const rows = tx.execute("SELECT count(*), max(creation_time) FROM " + table +
                                   " WHERE creation_time > " + now + " + 60000");
      if (rows[0].get<std::int64_t>(0) == 0) return;
      wrong(about, rows[0].get<std::string>(0) +
                       " rows were stamped by a clock that was ahead, the last one with " +
                       utc_text(rows[0].get<std::int64_t>(1)) +
                       " UTC, and may be kept until then; set the clocks right, and run \"UPDATE " +
                       table + " SET creation_time = " + now + " WHERE creation_time > " + now +
                       "\"");
    });
  }

  void look_at_inbox(Database& database) {
    auto const table = schema_.qualify("received_messages");
    database.transact({.access = Access::read_only}, [&](Transaction& tx) {
      auto const rows = tx.execute("SELECT count(*), min(creation_time) FROM " + table);
      auto const oldest = rows[0].get<std::optional<std::int64_t>>(1);
      good("inbox", rows[0].get<std::string>(0) + " messages" +
                        (oldest ? ", the oldest of " + utc_text(*oldest) + " UTC" : "") +
                        advice_on_index(tx, table));
    });
  }

  /// A table that the Java platform made has none.
  static std::string advice_on_index(Transaction& tx, std::string const& table) {
    auto const& catalog = tx.dialect().catalog;
    if (catalog.age_indexes.empty()) return "";
    auto const rows = tx.execute(catalog.age_indexes, table);
    if (rows[0].get<int>(0) > 0) return "";
    return "; removing old ones reads the whole table, which " +
           filled(catalog.make_age_index, {{"table", table}}) + " would spare";
  }

  void look_at_held(Database& database) {
    HeldMessages const held{database.dialect(), schema_};
    auto const [keys, messages] =
        database.transact({.access = Access::read_only}, [&](Transaction& tx) {
          std::int64_t count = 0;
          auto const found = held.keys(tx, {});
          for (auto const& key : found) count += key.count;
          return std::pair{found.size(), count};
        });
    if (keys == 0) return good("held messages", "none");
    wrong("held messages", std::to_string(messages) + " messages of " + std::to_string(keys) +
                               " keys wait; see \"tram held list\"");
  }

  void look_at_rows_of_relays(Database& database) {
    auto const count = database.transact({.access = Access::read_only}, [&](Transaction& tx) {
      return tx.execute("SELECT count(*) FROM " + schema_.qualify("tram_relay_held"))[0]
          .get<std::int64_t>(0);
    });
    if (count == 0) return good("rows that relays hold", "none");
    wrong("rows that relays hold", std::to_string(count) + " wait; see \"tram held list\"");
  }

  void compare_retentions() {
    auto const inbox = arguments_.inbox_retention.value_or(inbox_retention_default);
    auto const broker = arguments_.broker_retention.value_or(broker_retention_default);
    auto const both = "the inbox keeps " + days(inbox) +
                      assumed(arguments_.inbox_retention, "--inbox-retention") + ", the broker " +
                      days(broker) + assumed(arguments_.broker_retention, "--broker-retention");
    if (inbox >= broker) return good("retention", both + ": nothing is handled twice");
    wrong("retention", both + ": a record delivered again after its inbox row is gone has its "
                              "effect again; keep the inbox at least as long (inbox_age)");
  }
  static std::string days(Duration age) {
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
    constexpr std::int64_t of_day{86'400};
    if (seconds % of_day == 0) return std::to_string(seconds / of_day) + "d";
    if (seconds % 3600 == 0) return std::to_string(seconds / 3600) + "h";
    return std::to_string(seconds) + "s";
  }
  /// Nobody was asked: services and brokers are configured elsewhere.
  static std::string assumed(std::optional<Duration> const& said, std::string const& flag) {
    return said ? "" : " (assumed; " + flag + " says otherwise)";
  }

  void look_at_broker() {
    auto found =
        connect::check_broker(arguments_.broker_url, {}, BrokerCheck::from_outside, machine_.clock);
    std::ranges::move(found, std::back_inserter(findings_));
  }

  Arguments const& arguments_;
  SchemaName schema_;
  Machine const& machine_;
  std::vector<Finding> findings_;
};

}  // namespace

int doctor(Arguments const& arguments, SchemaName const& schema, Machine const& machine) {
  auto const findings = Doctor{arguments, schema, machine}.look();
  bool const all_good = std::ranges::all_of(findings, &Finding::good);
  if (arguments.json) {
    machine.out << json::encode_report(findings) << "\n";
    return all_good ? exit_done : exit_no;
  }
  for (auto const& finding : findings) {
    machine.out << (finding.good ? "good   " : "WRONG  ") << finding.subject << ": " << finding.text
                << "\n";
  }
  machine.out << (all_good ? "all good\n" : "correct what is marked WRONG, then run this again\n");
  return all_good ? exit_done : exit_no;
}

}  // namespace tram::operator_program
