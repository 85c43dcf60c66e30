#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tram/base/error.hpp"
#include "tram/broker/record.hpp"
#include "tram/broker/sequence.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Why a channel takes no records.
enum class ChannelTrouble : std::uint8_t {
  none,
  /// It does not exist, or was deleted.
  missing,
  /// This client may not write to it, for now.
  forbidden,
};

/// The result of one record.
struct Completion {
  Sequence sequence{};
  /// Nothing: the record is durable at the broker. `rejected`: this record can never be taken (too
  /// large, no such or an illegal channel, not authorised), and no other record is affected. Any
  /// other fault: the producer is broken; see Producer.
  std::optional<Error> error{};
  /// With `rejected`: what is wrong with the channel, and not with the record.
  ChannelTrouble channel{};
};

/// Sends records. One thread only. Never waits: its user waits on `descriptor()`.
///
/// Order per (channel, key) is the order of `submit`. One poison record fails alone. After a
/// completion with a fault other than `rejected` the producer is *broken*: records not completed
/// yet may or may not have landed. The caller drops it, takes a new one, and submits again
/// everything from the first record that was not completed, in order. Retrying one record alone
/// would break the order, since a later one may have landed.
class Producer {
 public:
  virtual ~Producer() = default;
  /// Takes a record into a bounded window, copying it; false when the window is full (nothing
  /// happened: wait for completions). `sequence` must be larger than any before. Throws only
  /// `Error{broken}`, when the producer is broken.
  [[nodiscard]] virtual bool submit(RecordView const& record, Sequence sequence) = 0;
  /// Results since the last call, in any order; possibly empty.
  virtual std::vector<Completion> completions() = 0;
  /// Readable (poll(2), POLLIN) when `completions` has news; -1 when news is always ready right
  /// after `submit`.
  [[nodiscard]] virtual int descriptor() const = 0;
};

}  // namespace tram

#pragma GCC visibility pop
