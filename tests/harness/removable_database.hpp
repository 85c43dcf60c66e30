#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "tram/base/error.hpp"
#include "tram/relay/outbox_driver.hpp"
#include "tram/relay/outbox_source.hpp"
#include "tram/sql/connection.hpp"

namespace tram::testing {

/// A database that can be taken away, connections and all.
class RemovableDatabase final : public OutboxDriver {
 public:
  RemovableDatabase(std::unique_ptr<OutboxDriver> driver, std::atomic<bool> const& away)
      : driver_{std::move(driver)}, away_{away} {}

  std::unique_ptr<Connection> connect(Deadline deadline) override {
    if (away_) throw Error{Fault::transient, "the database was taken away"};
    return std::make_unique<Removable>(driver_->connect(deadline), away_);
  }
  [[nodiscard]] Dialect const& dialect() const override { return driver_->dialect(); }
  [[nodiscard]] std::string name() const override { return driver_->name(); }
  [[nodiscard]] std::unique_ptr<OutboxSource> outbox(
      OutboxSourceOptions const& options) const override {
    return driver_->outbox(options);
  }

 private:
  class Removable final : public Connection {
   public:
    Removable(std::unique_ptr<Connection> connection, std::atomic<bool> const& away)
        : connection_{std::move(connection)}, away_{away} {}
    void begin(Access access, Deadline deadline) override {
      check();
      connection_->begin(access, deadline);
    }
    Rows execute(std::string_view sql, Parameters parameters, Deadline deadline) override {
      check();
      return connection_->execute(sql, parameters, deadline);
    }
    void post(std::string_view sql, Parameters parameters, Deadline deadline) override {
      check();
      connection_->post(sql, parameters, deadline);
    }
    void commit(Deadline deadline) override {
      check();
      connection_->commit(deadline);
    }
    bool reset() noexcept override { return connection_->reset() && !away_; }

   private:
    void check() const {
      if (away_) throw Error{Fault::broken, "the database was taken away"};
    }
    std::unique_ptr<Connection> connection_;
    std::atomic<bool> const& away_;
  };

  std::unique_ptr<OutboxDriver> driver_;
  std::atomic<bool> const& away_;
};

}  // namespace tram::testing
