#pragma once

#include <source_location>

#pragma GCC visibility push(default)

namespace tram {

/// Prints the broken invariant with its place to standard error and aborts; never returns.
[[noreturn]] void assertion_failed(char const* expression, char const* message,
                                   std::source_location where) noexcept;

}  // namespace tram

/// "We are wrong": a broken invariant or a broken precondition. On in release builds too.
#define TRAM_ASSERT(condition, message) \
  ((condition) ? void()                 \
               : ::tram::assertion_failed(#condition, message, std::source_location::current()))

#pragma GCC visibility pop
