#include "tram/broker/consumer.hpp"

#include "tram/base/error.hpp"
#include "tram/broker/consumer_mode.hpp"

namespace tram {

void refuse_missing_channels(ConsumerMode const& mode, std::vector<std::string> const& missing) {
  if (missing.empty()) return;
  std::string names;
  for (auto const& each : missing) names += (names.empty() ? "'" : ", '") + each + "'";
  throw Error{Fault::rejected, "group '" + mode.group +
                                   "' may create no channels, and the broker has no " + names +
                                   "; create them, correct their names, or set create_channels"};
}

}  // namespace tram
