#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tram/base/error.hpp"
#include "tram/sql/connection.hpp"

namespace tram::testing {

/// A database that notes what it is asked and fails as it is told, for faults that no real one has
/// at hand.
struct Script {
  std::vector<std::string> calls;
  /// The faults of the next calls of that name, one each; nothing is a success.
  std::deque<std::optional<Fault>> begin;
  std::deque<std::optional<Fault>> execute;
  std::deque<std::optional<Fault>> post;
  std::deque<std::optional<Fault>> commit;
  std::deque<bool> reset;
  int connections{};
};

class ScriptedConnection final : public Connection {
 public:
  explicit ScriptedConnection(Script& script) : script_{script} {}
  void begin(Access, Deadline) override { call("begin", script_.begin); }
  Rows execute(std::string_view sql, Parameters, Deadline) override {
    call(std::string{sql}, script_.execute);
    return {};
  }
  void post(std::string_view sql, Parameters, Deadline) override {
    call("post " + std::string{sql}, script_.post);
  }
  void commit(Deadline) override { call("commit", script_.commit); }
  bool reset() noexcept override {
    script_.calls.emplace_back("reset");
    if (script_.reset.empty()) return true;
    bool const usable = script_.reset.front();
    script_.reset.pop_front();
    return usable;
  }

 private:
  void call(std::string name, std::deque<std::optional<Fault>>& faults) {
    script_.calls.push_back(std::move(name));
    if (faults.empty()) return;
    auto const fault = faults.front();
    faults.pop_front();
    if (fault) throw Error{*fault, "scripted"};
  }

  Script& script_;
};

inline constexpr Dialect one_writer{.single_writer = true};

class ScriptedDriver final : public DatabaseDriver {
 public:
  explicit ScriptedDriver(Script& script, Dialect const& dialect = one_writer)
      : script_{script}, dialect_{dialect} {}
  std::unique_ptr<Connection> connect(Deadline) override {
    ++script_.connections;
    return std::make_unique<ScriptedConnection>(script_);
  }
  Dialect const& dialect() const override { return dialect_; }
  std::string name() const override { return "scripted"; }

 private:
  Script& script_;
  Dialect const& dialect_;
};

}  // namespace tram::testing
