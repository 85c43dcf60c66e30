#pragma once

#include <optional>
#include <string>

#include "outbox_look.hpp"
#include "session.hpp"
#include "tram/postgres/change_source.hpp"

namespace tram::postgres {

/// How far relays have moved the slot, beside the slot: in table `tram_relay_position` of the
/// outbox's database. It is stored before the server is told, so a slot that is further was moved
/// or made by somebody else, and rows that it does not show may be unpublished.
///
/// Where the table is missing or may not be written nothing is remembered, and nothing noticed.
class SlotMemory {
 public:
  /// `name` is that of the position, as held rows have it.
  SlotMemory(ChangeSourceConfig const& config, std::string const& name);

  /// Reads what is stored for the server with this history (system identifier and time line).
  void recall(Session& session, std::string const& history, Deadline deadline);
  [[nodiscard]] bool works() const { return works_; }
  /// Up to here the server may be told; 0 where nothing is stored.
  [[nodiscard]] LogPosition position() const { return position_; }
  /// No transaction with a smaller number is committed behind the position. Empty where nothing is
  /// stored.
  [[nodiscard]] std::string const& horizon() const { return horizon_; }

  /// Stores them, unless more is stored already.
  [[nodiscard]] std::string store(LogPosition position, std::string const& horizon) const;
  void stored(LogPosition position, std::string horizon);
  /// Forgets what is stored, for a slot that is made behind all rows; empty where nothing is.
  [[nodiscard]] std::string forget() const;

 private:
  std::string table_;
  std::string name_;
  /// Of the two rows: a position means something on one server only.
  std::string position_name_;
  std::string horizon_name_;
  bool works_{};
  LogPosition position_{};
  std::string horizon_;
};

}  // namespace tram::postgres
