#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "tram/base/detail/function.hpp"
#include "tram/broker/position.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// One partition of one channel (topic).
struct TopicPartition {
  std::string channel;
  std::int32_t partition{};
  friend auto operator<=>(TopicPartition const&, TopicPartition const&) = default;
};

/// A record for a producer. Borrows its texts for the call.
struct RecordView {
  std::string_view channel;
  std::string_view key;
  std::string_view value;
};

}  // namespace tram

template <>
struct std::hash<tram::TopicPartition> {
  std::size_t operator()(tram::TopicPartition const& where) const noexcept {
    return std::hash<std::string>{}(where.channel) * 31U +
           static_cast<std::size_t>(where.partition);
  }
};

#pragma GCC visibility pop
