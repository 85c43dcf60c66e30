#pragma once

#include <cstdio>
#include <cstdlib>

#include "tram/base/error.hpp"

namespace tram::fuzz {

/// Ends the process, which the fuzzer takes for a finding.
inline void promise(bool kept, char const* what) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

/// Runs what may refuse its input, which is the only thing that it may raise.
template <class Use>
void reading(Use use) {
  try {
    use();
  } catch (Error const& error) {
    auto const fault = error.fault();
    promise(fault == Fault::malformed || fault == Fault::rejected, "bytes are refused for good");
  }
}

}  // namespace tram::fuzz
