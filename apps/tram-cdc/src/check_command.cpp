#include <algorithm>
#include <iterator>
#include <ostream>

#include "commands.hpp"
#include "heartbeat.hpp"
#include "tram/base/error.hpp"
#include "tram/connect/broker.hpp"
#include "tram/connect/database.hpp"
#include "tram/storage/schema.hpp"

namespace tram::relay_program {
namespace {

class Check {
 public:
  Check(Configuration const& configuration, Machine const& machine)
      : configuration_{configuration}, machine_{machine} {}

  std::vector<Finding> run() {
    findings_ = outbox_->check();
    if (database_is_there()) attempt("schema", [this] { look_at_schema(); });
    auto broker = connect::check_broker(configuration_.broker_url, configuration_.broker_properties,
                                        BrokerCheck::before_use, machine_.clock);
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
    auto database = connect::database(configuration_.database_url, {.connections_max = 1},
                                      machine_.clock, machine_.random, Opening::read_only);
    auto privileges = outbox_->privileges(
        database, configuration_.retention_age ? OutboxRemoval::on : OutboxRemoval::off);
    std::ranges::move(privileges.findings, std::back_inserter(findings_));
    if (!privileges.schema_readable) return;
    auto const status = schema_status(database, configuration_.outbox.schema);
    using State = SchemaStatus::State;
    bool const incomplete = status.state == State::absent || status.state == State::behind;
    bool const good = status.state == State::current ||
                      (incomplete && configuration_.install_schema && privileges.may_install);
    std::string text = good && incomplete ? "incomplete, and will be completed" : "";
    if (status.state == State::current) text = "version " + std::to_string(status.version);
    if (status.state == State::newer) text = "made by a newer release; use that";
    if (!good && incomplete) text = "incomplete; run \"tram schema install\"";
    if (!good && incomplete && !privileges.may_install) text += " as a role that may make tables";
    if (status.state == State::foreign)
      text = "the tables belong to something else; name another schema";
    if (!good) {
      for (auto const& finding : status.findings) text += "; " + finding;
    }
    findings_.push_back({.good = good, .subject = "schema", .text = std::move(text)});
    // A table that is to be made has nothing to be looked at yet.
    bool const made_by_us = heartbeat_schema().name() == configuration_.outbox.schema.name();
    if (configuration_.heartbeat_interval && (status.state == State::current || !made_by_us))
      attempt("heartbeat", [&] { look_at_heartbeat(database); });
  }

  [[nodiscard]] SchemaName heartbeat_schema() const {
    return configuration_.heartbeat_schema.value_or(configuration_.outbox.schema);
  }

  void look_at_heartbeat(Database& database) {
    auto const table = heartbeat_table(heartbeat_schema());
    auto const access = outbox_->table_access(database, table);
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
  Machine const& machine_;
  std::unique_ptr<OutboxSource> outbox_{connect::outbox(
      configuration_.database_url, configuration_.outbox, machine_.clock, machine_.random)};
  std::vector<Finding> findings_;
};

}  // namespace

int check_command(Configuration const& configuration, Machine const& machine) {
  bool good = true;
  for (auto const& finding : Check{configuration, machine}.run()) {
    good = good && finding.good;
    machine.out << (finding.good ? "good   " : "WRONG  ") << finding.subject << ": " << finding.text
                << "\n";
  }
  machine.out << (good ? "all good\n" : "put right what is marked WRONG, then check again\n");
  return good ? 0 : 1;
}

}  // namespace tram::relay_program
