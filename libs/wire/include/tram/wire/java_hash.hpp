#pragma once

#include <cstdint>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// `String.hashCode` of Java: over UTF-16 units, so that Java services and we choose the same
/// outbox table and the same Redis partition. Takes UTF-8; an invalid byte counts as U+FFFD, as
/// when Java decodes it.
std::int32_t java_hash(std::string_view text);

}  // namespace tram

#pragma GCC visibility pop
