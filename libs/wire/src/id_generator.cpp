#include "tram/wire/id_generator.hpp"

#include <charconv>
#include <string_view>

#include "excerpt.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"

namespace tram {
namespace {

constexpr unsigned counter_bits = 16;
constexpr std::uint32_t counter_end = 1U << counter_bits;
constexpr unsigned random_machine_bits = 47;
constexpr std::int64_t outbox_id_end = std::int64_t{1} << 48U;

/// With an optional sign in front, as Java's `Long.parseLong` reads it.
std::optional<std::int64_t> decimal(std::string_view text) {
  if (text.starts_with("+-")) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

MachineNumber MachineNumber::choose(std::optional<std::string> const& environment, Random& random) {
  // 47 and not 48 bits, so that the low half of an id stays positive.
  if (!environment)
    return {static_cast<std::int64_t>(random.bits() >> (64U - random_machine_bits))};
  if (auto const value = decimal(*environment)) return {*value};
  throw Error{Fault::malformed,
              "EVENTUATE_MAC_ADDRESS: " + excerpt(*environment) +
                  " is not a decimal number of 64 bits; write the address as one number "
                  "(0242ac110080 is 2485377892480), or unset the variable"};
}

Int128 IdGenerator::next() {
  auto const now = clock_.wall().time_since_epoch().count();
  Lock const lock{mutex_};
  if (now > period_) {
    period_ = now;
    counter_ = 0;
  } else if (counter_ == counter_end) {
    ++period_;
    counter_ = 0;
  }
  auto const low = (static_cast<std::uint64_t>(machine_.value) << counter_bits) + counter_++;
  return {.high = period_, .low = static_cast<std::int64_t>(low)};
}

OutboxId::OutboxId(std::int64_t value) : value_{value} {
  if (value >= 0 && value < outbox_id_end) return;
  throw Error{Fault::rejected,
              "outbox id: " + std::to_string(value) +
                  " is out of range; choose a number from 0 to 281474976710655 (2^48 - 1)"};
}

Int128 database_message_id(std::int64_t dbid, OutboxId outbox, std::uint32_t table) {
  return {.high = dbid, .low = outbox.value() + static_cast<std::int64_t>(table)};
}

}  // namespace tram
