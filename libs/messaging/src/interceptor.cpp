#include "tram/messaging/interceptor.hpp"

#include <string>

#include "tram/base/error.hpp"

namespace tram {

void require_interceptors(Interceptors const& interceptors, std::string_view owner) {
  for (auto const& each : interceptors) {
    if (each == nullptr)
      throw Error{Fault::rejected,
                  std::string{owner} + ": an interceptor is a null pointer; remove it"};
  }
}

}  // namespace tram
