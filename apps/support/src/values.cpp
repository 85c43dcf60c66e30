#include "values.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "shown.hpp"
#include "tram/base/error.hpp"

namespace tram::programs {
namespace {

using namespace std::chrono_literals;

[[noreturn]] void refuse(std::string const& text, std::string const& wanted) {
  throw Error{Fault::rejected, shown(text) + " is not " + wanted};
}

struct Amount {
  std::uint64_t number{};
  std::string_view unit;
};

std::optional<Amount> amount(std::string const& text) {
  Amount result;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), result.number);
  if (error != std::errc{}) return std::nullopt;
  result.unit = std::string_view{text}.substr(static_cast<std::size_t>(end - text.data()));
  return result;
}

constexpr std::array<std::pair<std::string_view, Duration>, 5> duration_units{
    {{"ms", 1ms}, {"s", 1s}, {"m", 1min}, {"h", 1h}, {"d", 24h}}};
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 5> byte_units{
    {{"", 1}, {"kB", 1000}, {"KiB", 1024}, {"MB", 1'000'000}, {"MiB", 1'048'576}}};

}  // namespace

Duration parse_duration(std::string const& text) {
  if (auto const given = amount(text)) {
    for (auto const& [unit, duration] : duration_units) {
      if (given->unit != unit) continue;
      auto const most = static_cast<std::uint64_t>(Duration::max() / duration);
      if (given->number > most) break;
      return duration * static_cast<Duration::rep>(given->number);
    }
  }
  refuse(text, "a time with its unit, such as 500ms, 10s, 5m, 48h or 2d");
}

std::uint64_t parse_bytes(std::string const& text) {
  if (auto const given = amount(text)) {
    for (auto const& [unit, bytes] : byte_units) {
      if (given->unit != unit) continue;
      if (given->number > std::numeric_limits<std::uint64_t>::max() / bytes) break;
      return given->number * bytes;
    }
  }
  refuse(text, "a number of bytes, such as 1000, 500kB or 16MiB");
}

std::uint64_t parse_number(std::string const& text, std::uint64_t lowest, std::uint64_t highest) {
  auto const given = amount(text);
  if (given && given->unit.empty() && given->number >= lowest && given->number <= highest)
    return given->number;
  refuse(text, "a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest));
}

bool parse_bool(std::string const& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  refuse(text, "true or false");
}

}  // namespace tram::programs
