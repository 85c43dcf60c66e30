#pragma once

#include <memory>
#include <stop_token>

#include "tram/relay/numbered_outbox_retention.hpp"
#include "tram/relay/relay.hpp"
#include "tram/relay/relay_view.hpp"
#include "tram/relay/sql_held_row_store.hpp"
#include "tram/service/service.hpp"

namespace tram {

/// A relay with what it needs of the service's database.
class RunningRelay final {
 public:
  RunningRelay(ServiceRelay& relay, ServiceParts const& parts, SchemaName const& schema);

  void run(std::stop_token const& stop) { relay_.run(stop); }
  [[nodiscard]] std::string const& name() const { return options_.name; }
  /// It follows the outbox, or another one does, or it has said what is in its way.
  [[nodiscard]] bool has_begun() const;
  [[nodiscard]] RelayView view() const;

 private:
  ServiceParts const& parts_;
  RelayOptions options_;
  SqlHeldRowStore held_;
  std::unique_ptr<OutboxRetention> own_retention_;
  Relay relay_;
};

}  // namespace tram
