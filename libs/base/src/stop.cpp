#include "tram/base/stop.hpp"

#include <stop_token>

namespace tram {

std::stop_token const& no_stop() noexcept {
  static std::stop_token const none;
  return none;
}

}  // namespace tram
