#include "tram/wire/id_generator.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "excerpt.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"

namespace tram {
namespace {

constexpr unsigned counter_bits = 16;
constexpr std::int64_t counter_end = 1 << counter_bits;
constexpr std::int64_t period_end = std::int64_t{1} << (63U - counter_bits);
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
    return {.value = static_cast<std::int64_t>(random.bits() >> (64U - random_machine_bits))};
  if (auto const value = decimal(*environment)) return {.value = *value};
  throw Error{Fault::malformed,
              "EVENTUATE_MAC_ADDRESS: " + excerpt(*environment) +
                  " is not a decimal number of 64 bits; write the address as one number "
                  "(0242ac110080 is 2485377892480), or unset the variable"};
}

Int128 IdGenerator::next() {
  std::int64_t const now = clock_.wall().time_since_epoch().count();
  auto const period = std::clamp(now, -period_end + 1, period_end - 1);
  auto last = last_.load();
  std::int64_t next{};
  // A counter that is full carries over into the next millisecond.
  do next = period > last >> counter_bits ? period * counter_end : last + 1;
  while (!last_.compare_exchange_weak(last, next));
  auto const low = (static_cast<std::uint64_t>(machine()) << counter_bits) +
                   (static_cast<std::uint64_t>(next) & (counter_end - 1));
  return {.high = next >> counter_bits, .low = static_cast<std::int64_t>(low)};
}

/// Two threads that both draw one in a child do no harm: their counters differ.
std::int64_t IdGenerator::machine() {
  if (auto const here = process_generation(); process_.load(std::memory_order_acquire) != here) {
    SystemRandom random;
    machine_ = MachineNumber::choose(std::nullopt, random).value;
    process_.store(here, std::memory_order_release);
  }
  return machine_;
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
