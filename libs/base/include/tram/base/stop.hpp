#pragma once

// std::stop_token by its name: <stop_token> takes a sixth of a second to read, and a header that
// only passes one on need not (docs/decisions/0015-headers-below-half-a-second.md).
#if __has_include(<bits/c++config.h>)
#include <bits/c++config.h>
namespace std {
_GLIBCXX_BEGIN_NAMESPACE_VERSION
class stop_token;
_GLIBCXX_END_NAMESPACE_VERSION
}  // namespace std
#else
#include <stop_token>
#endif

#pragma GCC visibility push(default)

namespace tram {

/// A token on which no stop is ever requested: what calls that may wait take by default. Lives for
/// ever. Callable from any thread.
[[nodiscard]] std::stop_token const& no_stop() noexcept;

}  // namespace tram

#pragma GCC visibility pop
