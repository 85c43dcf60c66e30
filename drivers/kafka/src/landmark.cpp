#include "landmark.hpp"

#include <charconv>
#include <system_error>

#include "tram/wire/murmur2.hpp"

namespace tram::kafka {
namespace {

constexpr std::string_view record_is{"record="};
constexpr std::string_view begun_is{"begun="};
constexpr std::string_view service_is{"service="};

/// Takes a number and what ends it.
template <class Number>
bool take(std::string_view& text, Number& number, std::string_view end) {
  auto const* const last = text.data() + text.size();
  auto const [stopped, error] = std::from_chars(text.data(), last, number);
  auto const rest = text.substr(static_cast<std::size_t>(stopped - text.data()));
  if (error != std::errc{} || !rest.starts_with(end)) return false;
  text = rest.substr(end.size());
  return true;
}

std::string text_of(Landmark const& landmark) {
  return std::string{record_is} + std::to_string(landmark.position) + "/" +
         std::to_string(landmark.timestamp) + "/" + std::to_string(landmark.key_hash) + "/" +
         std::to_string(landmark.value_hash) + ".";
}

/// A text that was cut off or is another's is none.
std::optional<Landmark> take_landmark(std::string_view& text) {
  auto rest = text.substr(record_is.size());
  Landmark landmark;
  bool const whole = take(rest, landmark.position, "/") && take(rest, landmark.timestamp, "/") &&
                     take(rest, landmark.key_hash, "/") && take(rest, landmark.value_hash, ".");
  if (!whole || landmark.position < 0) return std::nullopt;
  text = rest;
  return landmark;
}

std::string text_of(std::vector<std::uint32_t> const& begun) {
  std::string text{begun_is};
  for (auto const hash : begun) text += std::to_string(hash) + ",";
  text.back() = '.';
  return text;
}

/// As a landmark, either whole or none.
std::vector<std::uint32_t> take_begun(std::string_view& text) {
  auto rest = text.substr(begun_is.size());
  std::vector<std::uint32_t> begun;
  std::uint32_t hash{};
  while (take(rest, hash, ",")) begun.push_back(hash);
  if (!take(rest, hash, ".")) return {};
  begun.push_back(hash);
  text = rest;
  return begun;
}

void append(std::string& text, std::string_view part) {
  if (!text.empty() && !part.empty()) text += ' ';
  text += part;
}

void skip_space(std::string_view& text) {
  if (text.starts_with(' ')) text.remove_prefix(1);
}

}  // namespace

Landmark landmark_of(Offset position, std::int64_t timestamp, std::string_view key,
                     std::string_view value) {
  return {.position = position,
          .timestamp = timestamp,
          .key_hash = static_cast<std::uint32_t>(murmur2(key)),
          .value_hash = static_cast<std::uint32_t>(murmur2(value))};
}

std::string PositionNote::text() const {
  std::string text;
  if (landmark) text = text_of(*landmark);
  if (!begun.empty()) append(text, text_of(begun));
  if (!owner.empty()) append(text, std::string{service_is} + owner);
  return text;
}

PositionNote PositionNote::read(std::string_view text) {
  PositionNote note;
  if (text.starts_with(record_is)) note.landmark = take_landmark(text);
  if (note.landmark) skip_space(text);
  if (text.starts_with(begun_is)) note.begun = take_begun(text);
  if (!note.begun.empty()) skip_space(text);
  if (text.starts_with(service_is)) note.owner = text.substr(service_is.size());
  return note;
}

}  // namespace tram::kafka
