#include "pipelined_connection.hpp"
#include "session.hpp"
#include "tram/postgres/dialect.hpp"
#include "tram/postgres/postgres.hpp"

namespace tram::postgres {
namespace {

class Driver final : public DatabaseDriver {
 public:
  Driver(Config const& config, Clock& clock)
      : server_{std::make_shared<Server>(Target{config.connection, config.application_name},
                                         config.statements)},
        clock_{clock} {}

  std::unique_ptr<Connection> connect(Deadline deadline) override {
    return std::make_unique<PipelinedConnection>(server_, clock_, deadline);
  }
  Dialect const& dialect() const override { return postgres::dialect; }
  std::string name() const override { return server_->target.name(); }

 private:
  // Shared with the connections, which may need a second one to ask what became of a commit.
  std::shared_ptr<Server> server_;
  Clock& clock_;
};

}  // namespace

std::unique_ptr<DatabaseDriver> driver(Config const& config, Clock& clock) {
  return std::make_unique<Driver>(config, clock);
}

}  // namespace tram::postgres
