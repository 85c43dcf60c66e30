#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>

#include "tram/relay/change_source.hpp"
#include "tram/relay/relay.hpp"
#include "tram/wire/record.hpp"

namespace tram {

/// Why a row can never be a record; its key where the headers tell it.
struct Unpublishable {
  std::optional<std::string> key;
  std::string reason;
};

/// What a row becomes.
using RowRecord = std::variant<RelayRecord, Unpublishable>;

/// Turns rows into records, and finds what no broker would take before it is on its way. Pure.
class RecordMaker {
 public:
  /// `value_bytes_max` is the broker's limit, 0 for none known.
  RecordMaker(std::optional<OutboxId> outbox, std::uint32_t table, std::size_t value_bytes_max)
      : outbox_{outbox}, table_{table}, value_bytes_max_{value_bytes_max} {}

  [[nodiscard]] RowRecord make(OutboxRow const& row) const;
  /// The key of a row, nothing when its headers do not tell it.
  [[nodiscard]] std::optional<std::string> key_of(OutboxRow const& row) const;

 private:
  [[nodiscard]] RowView view(OutboxRow const& row) const;

  std::optional<OutboxId> outbox_;
  std::uint32_t table_;
  std::size_t value_bytes_max_;
};

}  // namespace tram
