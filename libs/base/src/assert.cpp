#include "tram/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace tram {

void assertion_failed(char const* expression, char const* message,
                      std::source_location where) noexcept {
  std::fprintf(stderr, "tram: broken invariant: %s (%s) at %s:%u in %s\n", message, expression,
               where.file_name(), static_cast<unsigned>(where.line()), where.function_name());
  std::abort();
}

}  // namespace tram
