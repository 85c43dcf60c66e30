#include "pipelined_connection.hpp"
#include "session.hpp"
#include "tram/postgres/dialect.hpp"
#include "tram/postgres/outbox_source.hpp"
#include "tram/postgres/postgres.hpp"

namespace tram::postgres {
namespace {

class Driver final : public OutboxDriver {
 public:
  Driver(Config const& config, Clock& clock, Random& random)
      : server_{std::make_shared<Server>(Target{config.connection, config.application_name},
                                         config.statements)},
        connection_{config.connection},
        clock_{clock},
        random_{random} {}

  std::unique_ptr<Connection> connect(Deadline deadline) override {
    return std::make_unique<PipelinedConnection>(server_, clock_, deadline);
  }
  Dialect const& dialect() const override { return postgres::dialect; }
  std::string name() const override { return server_->target.name(); }
  std::unique_ptr<OutboxSource> outbox(OutboxSourceOptions const& options) const override {
    return outbox_source({.connection = connection_,
                          .schema = options.schema,
                          .table = options.table,
                          .slot = options.slot,
                          .publication = options.publication,
                          .new_slot = options.new_slot},
                         clock_, random_);
  }

 private:
  // Shared with the connections, which may need a second one to ask what became of a commit.
  std::shared_ptr<Server> server_;
  std::string connection_;
  Clock& clock_;
  Random& random_;
};

}  // namespace

std::unique_ptr<OutboxDriver> driver(Config const& config, Clock& clock, Random& random) {
  return std::make_unique<Driver>(config, clock, random);
}

}  // namespace tram::postgres
