#include "faulty_database.hpp"

#include <utility>

namespace tram::simulation {
namespace {

class FaultyConnection final : public Connection {
 public:
  FaultyConnection(std::unique_ptr<Connection> inner, Lifeline& line, Sabotage sabotage)
      : inner_{std::move(inner)}, line_{line}, sabotage_{sabotage} {}

  void begin(Access access, Deadline deadline) override {
    check("begin");
    line_.fail(Trouble::conflict, Fault::conflict, "begin");
    inner_->begin(access, deadline);
    line_.leave("begin");
  }
  Rows execute(std::string_view sql, Parameters parameters, Deadline deadline) override {
    check(sql);
    line_.fail(Trouble::conflict, Fault::conflict, sql);
    if (sabotage_ == Sabotage::keeps_refused && sql.starts_with("ROLLBACK TO")) return {};
    auto rows = inner_->execute(sql, parameters, deadline);
    line_.leave(sql);
    return rows;
  }
  void post(std::string_view sql, Parameters parameters, Deadline deadline) override {
    check(sql);
    inner_->post(sql, parameters, deadline);
    line_.leave(sql);
  }
  void commit(Deadline deadline) override {
    check("commit");
    line_.fail(Trouble::conflict, Fault::conflict, "commit");
    if (line_.chaos().happens(Trouble::in_doubt)) doubt(deadline);
    inner_->commit(deadline);
    line_.leave("commit");
  }
  bool reset() noexcept override { return !broken_ && !line_.is_cut() && inner_->reset(); }

 private:
  void check(std::string_view call) {
    line_.enter(call);
    if (broken_) throw Error{Fault::broken, "simulation: this connection is broken"};
    line_.fail(Trouble::transient, Fault::transient, call);
    if (!line_.chaos().happens(Trouble::broken)) return;
    broken_ = true;
    line_.chaos().trace().event(line_.name(), "connection broken");
    throw Error{Fault::broken, "simulation: the connection broke"};
  }

  [[noreturn]] void doubt(Deadline deadline) {
    bool const committed = line_.chaos().chance(5'000);
    if (committed) inner_->commit(deadline);
    broken_ = true;
    line_.chaos().trace().event(line_.name(),
                                committed ? "in doubt, committed" : "in doubt, not committed");
    throw Error{Fault::in_doubt, "simulation: nobody knows whether the commit happened"};
  }

  std::unique_ptr<Connection> inner_;
  Lifeline& line_;
  Sabotage sabotage_;
  bool broken_{};
};

class FaultyDriver final : public DatabaseDriver {
 public:
  FaultyDriver(DatabaseDriver& inner, Lifeline& line, Sabotage sabotage)
      : inner_{inner}, line_{line}, sabotage_{sabotage} {}

  std::unique_ptr<Connection> connect(Deadline deadline) override {
    line_.enter("connect");
    line_.fail(Trouble::transient, Fault::transient, "connect");
    return std::make_unique<FaultyConnection>(inner_.connect(deadline), line_, sabotage_);
  }
  [[nodiscard]] Dialect const& dialect() const override { return inner_.dialect(); }
  [[nodiscard]] std::string name() const override { return inner_.name(); }

 private:
  DatabaseDriver& inner_;
  Lifeline& line_;
  Sabotage sabotage_;
};

}  // namespace

std::unique_ptr<DatabaseDriver> faulty_driver(DatabaseDriver& inner, Lifeline& line,
                                              Sabotage sabotage) {
  return std::make_unique<FaultyDriver>(inner, line, sabotage);
}

}  // namespace tram::simulation
