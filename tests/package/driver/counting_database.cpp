#include <tram/base/url.hpp>
#include <tram/relay/outbox_source.hpp>
#include <tram/sql/database.hpp>
#include <tram/sqlite/dialect.hpp>
#include <tram/sqlite/kit.hpp>
#include <tram/sqlite/sqlite.hpp>

#include "counting.hpp"

namespace counting {
namespace {

// What SQLite says, and SQLite's statements.
tram::Dialect const dialect = tram::sqlite::dialect;

class CountingConnection final : public tram::Connection {
 public:
  explicit CountingConnection(std::unique_ptr<tram::Connection> below) : below_{std::move(below)} {}

  void begin(tram::Access access, tram::Deadline deadline) override {
    below_->begin(access, deadline);
  }
  tram::Rows execute(std::string_view sql, tram::Parameters parameters,
                     tram::Deadline deadline) override {
    ++statements;
    return below_->execute(sql, parameters, deadline);
  }
  void post(std::string_view sql, tram::Parameters parameters, tram::Deadline deadline) override {
    ++statements;
    below_->post(sql, parameters, deadline);
  }
  void commit(tram::Deadline deadline) override { below_->commit(deadline); }
  bool reset() noexcept override { return below_->reset(); }

 private:
  std::unique_ptr<tram::Connection> below_;
};

class CountingDriver final : public tram::OutboxDriver {
 public:
  explicit CountingDriver(std::unique_ptr<tram::OutboxDriver> below) : below_{std::move(below)} {}

  std::unique_ptr<tram::Connection> connect(tram::Deadline deadline) override {
    return std::make_unique<CountingConnection>(below_->connect(deadline));
  }
  [[nodiscard]] tram::Dialect const& dialect() const override { return counting::dialect; }
  [[nodiscard]] std::string name() const override { return "counting " + below_->name(); }
  /// The outbox is followed as any file's.
  [[nodiscard]] std::unique_ptr<tram::OutboxSource> outbox(
      tram::OutboxSourceOptions const& options) const override {
    return below_->outbox(options);
  }

 private:
  std::unique_ptr<tram::OutboxDriver> below_;
};

tram::Database open(tram::Url const& url, tram::PoolOptions const& options, tram::Opening opening,
                    tram::Clock& clock, tram::Random& random) {
  url.require_parameters({});
  tram::sqlite::Config const config{
      .path = url.rest, .opening = opening, .statements = {"PRAGMA foreign_keys = ON"}};
  return {std::make_unique<CountingDriver>(tram::sqlite::driver(config, clock, random)), options,
          clock, random};
}

}  // namespace

std::atomic<int> statements;
tram::DatabaseKit const database_kit{
    .scheme = "counting", .alias = "", .dialect = dialect, .open = open};

}  // namespace counting
