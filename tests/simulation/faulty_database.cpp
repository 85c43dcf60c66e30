#include "faulty_database.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace tram::simulation {
namespace {

/// What a database does as one process sees it.
struct Behaviour {
  Lifeline& line;
  RowLocks const& locks;
  Clock& clock;
  Sabotage sabotage;
};

class FaultyConnection final : public Connection {
 public:
  /// `blamed`: what its first handler is made to raise.
  FaultyConnection(std::unique_ptr<Connection> inner, Behaviour const& behaviour,
                   std::optional<Error> blamed)
      : inner_{std::move(inner)},
        behaviour_{behaviour},
        line_{behaviour.line},
        blamed_{std::move(blamed)} {}

  void begin(Access access, Deadline deadline) override {
    check("begin");
    if (line_.chaos().happens(Trouble::idle_lost)) lose("while it lay idle");
    line_.fail(Trouble::conflict, Fault::conflict, "begin");
    inner_->begin(access, deadline);
    line_.leave("begin");
  }
  Rows execute(std::string_view sql, Parameters parameters, Deadline deadline) override {
    check(sql);
    line_.fail(Trouble::conflict, Fault::conflict, sql);
    if (behaviour_.sabotage == Sabotage::keeps_refused && sql.starts_with("ROLLBACK TO")) return {};
    if (sql.find("received_messages") != std::string_view::npos) await_locks(parameters, deadline);
    if (blamed_ && sql.starts_with("INSERT INTO effect")) throw Error{*std::exchange(blamed_, {})};
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
    if (line_.chaos().happens(Trouble::broken)) lose("in use");
  }

  [[noreturn]] void lose(std::string const& when) {
    broken_ = true;
    line_.chaos().trace().event(line_.name(), "connection broken " + when);
    throw Error{Fault::broken, "simulation: the connection broke " + when};
  }

  /// As a statement waits for a row that another transaction has written.
  void await_locks(Parameters parameters, Deadline deadline) {
    for (auto const& parameter : parameters) {
      auto const value = parameter.value();
      auto const* const text = std::get_if<std::string_view>(&value);
      if (text == nullptr) continue;
      if (auto const lock = behaviour_.locks.find(*text); lock != behaviour_.locks.end()) {
        await(lock->second, deadline);
      }
    }
  }
  void await(SteadyTime thaws, Deadline deadline) {
    auto& clock = behaviour_.clock;
    if (clock.steady() >= thaws) return;
    line_.chaos().trace().event(line_.name(), "waits for a frozen member");
    clock.pause(std::min(thaws, deadline.time()) - clock.steady());
    if (!deadline.reached(clock)) return;
    Error const trouble{Fault::broken, "simulation: no answer before the deadline (no attempt)"};
    if (behaviour_.sabotage != Sabotage::blames_messages) lose_with(trouble);
    blamed_ = Error{Fault::rejected, trouble.what()};
  }
  [[noreturn]] void lose_with(Error const& trouble) {
    broken_ = true;
    throw Error{trouble};
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
  Behaviour behaviour_;
  Lifeline& line_;
  std::optional<Error> blamed_;
  bool broken_{};
};

class FaultyDriver final : public DatabaseDriver {
 public:
  FaultyDriver(DatabaseDriver& inner, Behaviour const& behaviour)
      : inner_{inner}, behaviour_{behaviour} {}

  std::unique_ptr<Connection> connect(Deadline deadline) override {
    auto& line = behaviour_.line;
    line.enter("connect");
    auto trouble = trouble_now();
    bool const blames = trouble && behaviour_.sabotage == Sabotage::blames_messages;
    if (trouble && !blames) throw Error{*trouble};
    if (blames) trouble = Error{Fault::rejected, trouble->what()};
    return std::make_unique<FaultyConnection>(inner_.connect(deadline), behaviour_,
                                              std::move(trouble));
  }
  [[nodiscard]] Dialect const& dialect() const override { return inner_.dialect(); }
  [[nodiscard]] std::string name() const override { return inner_.name(); }

 private:
  std::optional<Error> trouble_now() {
    auto& chaos = behaviour_.line.chaos();
    if (chaos.happens(Trouble::no_connection)) {
      return Error{Fault::transient, "simulation: the server is away (no attempt)"};
    }
    if (chaos.happens(Trouble::role_refused)) {
      return Error{Fault::rejected, "simulation: the role is refused (no attempt)"};
    }
    return std::nullopt;
  }

  DatabaseDriver& inner_;
  Behaviour behaviour_;
};

}  // namespace

std::unique_ptr<DatabaseDriver> faulty_driver(DatabaseDriver& inner, Lifeline& line,
                                              RowLocks const& locks, Clock& clock,
                                              Sabotage sabotage) {
  return std::make_unique<FaultyDriver>(inner, Behaviour{line, locks, clock, sabotage});
}

}  // namespace tram::simulation
