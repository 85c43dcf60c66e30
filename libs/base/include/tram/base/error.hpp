#pragma once

#include <cstdint>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tram {

/// What went wrong, told as the answer to "what may I do now?".
///
/// Choosing the fault is the only translation a driver owes: the runtime never looks at native
/// codes.
enum class Fault : std::uint8_t {
  /// Nothing happened; the same call may be tried again, after a pause, within the deadline.
  transient,
  /// A deadlock, a serialization failure or a busy database: run the whole transaction again, few
  /// times.
  conflict,
  /// This connection is finished: drop it, take another, then as `transient`.
  broken,
  /// A commit may or may not have happened. Never retried blindly: the inbox row decides for a
  /// consumer.
  in_doubt,
  /// The other side understood and refused; trying again cannot help.
  rejected,
  /// These bytes are not what was agreed upon.
  malformed,
};

/// The fault's name as it stands in logs and metrics: `transient`, `conflict`, …
std::string_view to_string(Fault fault) noexcept;

/// What is wrong outside of Tram: the one exception type that it throws. `TRAM_ASSERT` is for what
/// no data, cast or call of a user can bring about, and an answer of "no" is a value.
class Error final : public std::runtime_error {
 public:
  /// `what` names operation, object, state and remedy:
  /// `sqlite: cannot open '/data/orders.db': read-only file system; make the folder writable`.
  /// `native_code` is the client library's own code, 0 where there is none.
  Error(Fault fault, std::string const& what, int native_code = 0,
        std::source_location where = std::source_location::current());

  [[nodiscard]] Fault fault() const noexcept { return fault_; }
  [[nodiscard]] int native_code() const noexcept { return native_code_; }
  [[nodiscard]] std::source_location const& where() const noexcept { return where_; }

  /// An object that was named is missing, is of another shape or is not allowed (a table, a column,
  /// a privilege), and so every request that needs it fails until somebody puts that right;
  /// whatever the fault. Drivers of databases tell. A handler that lets such an error out is not to
  /// blame, and neither is its message.
  [[nodiscard]] bool is_about_setup() const noexcept { return is_about_setup_; }
  /// The same error, and `is_about_setup`.
  [[nodiscard]] Error about_setup() const;

 private:
  Fault fault_;
  int native_code_;
  std::source_location where_;
  bool is_about_setup_{};
};

}  // namespace tram
