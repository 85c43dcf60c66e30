#include "tram/base/error.hpp"

namespace tram {

std::string_view to_string(Fault fault) noexcept {
  switch (fault) {
    case Fault::transient: return "transient";
    case Fault::conflict: return "conflict";
    case Fault::broken: return "broken";
    case Fault::in_doubt: return "in_doubt";
    case Fault::rejected: return "rejected";
    case Fault::malformed: return "malformed";
  }
  return "unknown";
}

Error::Error(Fault fault, std::string const& what, int native_code, std::source_location where)
    : std::runtime_error{what}, fault_{fault}, native_code_{native_code}, where_{where} {}

}  // namespace tram
