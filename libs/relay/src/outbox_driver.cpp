#include "tram/relay/outbox_driver.hpp"

#include "tram/base/error.hpp"
#include "tram/relay/outbox_source.hpp"
#include "tram/sql/database.hpp"

namespace tram {

std::unique_ptr<OutboxSource> outbox_of(Database const& database,
                                        OutboxSourceOptions const& options) {
  if (auto const* driver = dynamic_cast<OutboxDriver const*>(&database.driver()))
    return driver->outbox(options);
  throw Error{Fault::rejected,
              "relay: the driver of " + database.name() +
                  " does not say how its outbox is followed; give the relay an OutboxSource"};
}

}  // namespace tram
