#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "offset.hpp"

namespace tram::kafka {

/// What one record looks like. No other topic has such a record at this position, so that it tells
/// a topic from one that was made anew under its name.
struct Landmark {
  Offset position{};
  /// Milliseconds, by whichever clock the topic has them from.
  std::int64_t timestamp{};
  std::uint32_t key_hash{};
  std::uint32_t value_hash{};
  friend bool operator==(Landmark const&, Landmark const&) = default;
};

/// The hashes are stored beside positions: they never change.
Landmark landmark_of(Offset position, std::int64_t timestamp, std::string_view key,
                     std::string_view value);

/// What is stored beside a position, where members of a group may read it. Kafka takes any text.
struct PositionNote {
  /// Of the record before the position, or at it.
  std::optional<Landmark> landmark{};
  /// Hashes of the channels in which the group has begun; only of one that began at their ends.
  std::vector<std::uint32_t> begun{};
  /// The service that stored it; empty where none is known.
  std::string owner{};

  /// Empty for an empty note.
  [[nodiscard]] std::string text() const;
  /// Takes from any text what it understands.
  static PositionNote read(std::string_view text);
};

}  // namespace tram::kafka
