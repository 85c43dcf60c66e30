#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kafka_frame.hpp"

namespace tram::testing::kafka_frame {

/// A question for the positions of a group.
struct PositionQuestion {
  std::int64_t version{};
  std::int64_t correlation{};
};

inline std::optional<PositionQuestion> position_question_of(std::string_view request) {
  constexpr int offset_fetch{9};
  Reader reader{request};
  if (reader.number(2) != offset_fetch) return std::nullopt;
  PositionQuestion question;
  question.version = reader.number(2);
  question.correlation = reader.number(4);
  return question;
}

/// A request to store positions, of this topic among others.
inline bool stores_position_of(std::string_view request, std::string_view topic) {
  constexpr int offset_commit{8};
  return Reader{request}.number(2) == offset_commit &&
         request.find(topic) != std::string_view::npos;
}

/// Where in an answer the position of the first partition of a topic is that has `value` there: the
/// name is followed by the number of partitions, and each begins with its number and its position.
inline std::optional<std::size_t> place_of_position(std::string_view answer, std::int64_t version,
                                                    std::string_view topic, std::int64_t value) {
  auto const name = answer.find(topic);
  if (name == std::string_view::npos) return std::nullopt;
  constexpr std::int64_t first_compact_version{6};
  std::size_t const count_bytes = version >= first_compact_version ? 1 : 4;
  auto const place = name + topic.size() + count_bytes + 4;
  if (place + 8 > answer.size() || Reader{answer.substr(place)}.number(8) != value)
    return std::nullopt;
  return place;
}

}  // namespace tram::testing::kafka_frame
