#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/operations/held_items.hpp"
#include "tram/sql/dialect.hpp"

namespace tram::operator_program {

/// What the program can be asked to do.
enum class Command : std::uint8_t {
  schema_install,
  schema_status,
  schema_print,
  outbox_list,
  outbox_status,
  held_list,
  held_show,
  held_retry,
  held_drop,
  request,
  doctor,
  /// Write `text` and be done.
  print,
};

/// The command line, understood.
struct Arguments {
  Command command{Command::print};
  std::string database_url{};
  std::string schema{};
  bool json{};
  std::size_t limit{50};
  /// Of database, for `schema print`: `sqlite` or `postgresql`.
  std::string kind{};
  HeldChoice held{};
  /// `--all`: the choice may be empty.
  bool all_held{};
  /// For `request`.
  struct Request {
    std::string kind{};
    std::string argument{};
    std::string asked_by{"tram"};
    std::string reason{};
    Duration wait{std::chrono::seconds{10}};
  } request{};
  std::string broker_url{};
  /// How long records and inbox rows live; nothing when it was not said.
  std::optional<Duration> broker_retention{};
  std::optional<Duration> inbox_retention{};
  std::string text{};
};

/// `arguments` without the program's own name. Faults: rejected for what is not known, with the
/// nearest known name.
Arguments parse_arguments(std::vector<std::string> const& arguments);

}  // namespace tram::operator_program
