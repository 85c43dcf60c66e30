#include "connection.hpp"
#include "session.hpp"
#include "tram/postgres/postgres.hpp"

namespace tram::postgres {
namespace {

class Driver final : public DatabaseDriver {
 public:
  Driver(Config const& config, Clock& clock)
      : target_{std::make_shared<Target const>(config.connection, config.application_name)},
        statements_{config.statements},
        clock_{clock} {}

  std::unique_ptr<Connection> connect(Deadline deadline) override {
    return std::make_unique<PipelinedConnection>(target_, statements_, clock_, deadline);
  }
  Dialect const& dialect() const override { return postgres_dialect(); }
  std::string name() const override { return target_->name(); }

 private:
  // Shared with the connections, which may need a second one to ask what became of a commit.
  std::shared_ptr<Target const> target_;
  Statements statements_;
  Clock& clock_;
};

}  // namespace

std::unique_ptr<DatabaseDriver> driver(Config const& config, Clock& clock) {
  return std::make_unique<Driver>(config, clock);
}

}  // namespace tram::postgres
