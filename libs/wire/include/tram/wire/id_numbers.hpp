#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tram/base/process_family.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Random;

/// Makes the ids of one process differ from those of all others: 48 bits, the place of a network
/// address in the ids of Java services.
struct MachineNumber {
  std::int64_t value{};
  /// The process that it is for: a child that is forked from it takes another one.
  std::uint64_t process{process_generation()};

  /// `environment` is the variable EVENTUATE_MAC_ADDRESS: a decimal number, as Java reads it;
  /// anything else is malformed. Without it 47 random bits are drawn, since two processes of one
  /// host share its addresses.
  static MachineNumber choose(std::optional<std::string> const& environment, Random& random);
};

/// The number of an outbox whose ids are made by the database. Service and relay must be given the
/// same one.
///
///     tram::OutboxOptions const options{.outbox_id = tram::OutboxId{7}};
class OutboxId {
 public:
  /// From 0 to 2^48 - 1; anything else: rejected.
  explicit OutboxId(std::int64_t value);
  [[nodiscard]] std::int64_t value() const { return value_; }
  friend bool operator==(OutboxId, OutboxId) = default;

 private:
  std::int64_t value_;
};

}  // namespace tram

#pragma GCC visibility pop
