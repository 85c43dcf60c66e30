#include <algorithm>
#include <iterator>
#include <ostream>

#include "commands.hpp"
#include "heartbeat.hpp"
#include "tram/all_drivers.hpp"
#include "tram/base/error.hpp"
#include "tram/connect/broker.hpp"
#include "tram/connect/database.hpp"
#include "tram/schema/schema.hpp"

namespace tram::relay_program {
namespace {

class Check {
  using State = SchemaStatus::State;

 public:
  Check(Configuration const& configuration, Runtime const& runtime)
      : configuration_{configuration}, runtime_{runtime} {}

  std::vector<Finding> run() {
    findings_ = outbox_->check();
    if (database_is_there()) attempt("schema", [this] { look_at_schema(); });
    auto broker = connect::check_broker(configuration_.broker_url, all_drivers(), runtime_,
                                        BrokerCheck::before_use, configuration_.broker_properties);
    std::ranges::move(broker, std::back_inserter(findings_));
    return std::move(findings_);
  }

 private:
  [[nodiscard]] bool database_is_there() const {
    return std::ranges::none_of(findings_, [](Finding const& finding) {
      return finding.subject == "database" && !finding.good;
    });
  }

  template <class Look>
  void attempt(std::string const& subject, Look look) {
    try {
      look();
    } catch (Error const& error) {
      findings_.push_back({.good = false, .subject = subject, .text = error.what()});
    }
  }

  void look_at_schema() {
    auto privileges = outbox_->privileges(
        database_, configuration_.retention_age ? OutboxRemoval::on : OutboxRemoval::off);
    std::ranges::move(privileges.findings, std::back_inserter(findings_));
    if (!privileges.schema_readable) return;
    auto const status = schema_status(database_, configuration_.outbox.schema);
    findings_.push_back(schema_finding(status, privileges));
    // A table that is to be made has nothing to be looked at yet.
    bool const is_there = status.state == State::current || is_upgradable(status);
    bool const made_by_us = heartbeat_schema().name() == configuration_.outbox.schema.name();
    if (configuration_.heartbeat_interval && (is_there || !made_by_us))
      attempt("heartbeat", [&] { look_at_heartbeat(); });
  }

  static Finding finding(bool good, std::string text) {
    return {.good = good, .subject = "schema", .text = std::move(text)};
  }
  /// The relay works on the tables as they are.
  static bool is_upgradable(SchemaStatus const& status) {
    return status.state == State::behind && status.findings.empty() && !status.additions.empty();
  }

  [[nodiscard]] Finding schema_finding(SchemaStatus const& status,
                                       Privileges const& privileges) const {
    auto const version = "version " + std::to_string(status.version);
    if (status.state == State::current) return finding(true, version);
    if (is_upgradable(status)) return finding(true, version + "; " + upgrade(status, privileges));
    if (status.state == State::newer)
      return finding(false, "made by a newer release; use that" + details(status));
    if (status.state == State::foreign)
      return finding(false,
                     "the tables belong to something else; name another schema" + details(status));
    bool const may = privileges.may_install && (status.additions.empty() || privileges.may_alter);
    if (may && configuration_.install_schema)
      return finding(true, "incomplete, and will be completed");
    return finding(false, std::string{"incomplete; run \"tram schema install\""} +
                              (may ? "" : " as a role that may make tables") + details(status));
  }
  static std::string details(SchemaStatus const& status) {
    std::string text;
    for (auto const& each : status.findings) text += "; " + each;
    return text;
  }

  [[nodiscard]] std::string upgrade(SchemaStatus const& status,
                                    Privileges const& privileges) const {
    if (configuration_.install_schema && privileges.may_alter)
      return "tables of the release before, which will be upgraded";
    return "the " + additions_text(status);
  }

  [[nodiscard]] SchemaName heartbeat_schema() const {
    return configuration_.heartbeat_schema.value_or(configuration_.outbox.schema);
  }

  void look_at_heartbeat() {
    auto const table = heartbeat_table(heartbeat_schema());
    auto const access = outbox_->table_access(database_, table);
    bool const may = access == TableAccess::writable;
    bool const there = access != TableAccess::missing;
    auto const remedy = there ? " may not be written; run: GRANT SELECT, INSERT, UPDATE ON " +
                                    table + " TO the relay's role"
                              : std::string{" does not exist; correct heartbeat.schema, or set "
                                            "heartbeat.interval to off"};
    findings_.push_back({.good = may,
                         .subject = "heartbeat",
                         .text = "table " + table + (may ? " may be written" : remedy)});
  }

  Configuration const& configuration_;
  Runtime const& runtime_;
  Database database_{connect::database(configuration_.database_url, all_drivers(), runtime_,
                                       {.connections_max = 1}, Opening::read_only)};
  std::unique_ptr<OutboxSource> outbox_{outbox_of(database_, configuration_.outbox)};
  std::vector<Finding> findings_;
};

}  // namespace

int check_command(Configuration const& configuration, Machine const& machine) {
  bool good = true;
  for (auto const& finding : Check{configuration, machine.runtime}.run()) {
    good = good && finding.good;
    machine.out << (finding.good ? "good   " : "WRONG  ") << finding.subject << ": " << finding.text
                << "\n";
  }
  machine.out << (good ? "all good\n" : "put right what is marked WRONG, then check again\n");
  return good ? 0 : 1;
}

}  // namespace tram::relay_program
