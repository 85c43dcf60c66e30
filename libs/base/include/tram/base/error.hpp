#pragma once

#include <array>
#include <cstdint>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// What went wrong, as the answer to "what may I do now?".
///
/// Choosing the fault is the only translation that a driver does: the runtime never reads native
/// codes.
enum class Fault : std::uint8_t {
  /// Nothing happened; the same call may be tried again, after a pause, within the deadline.
  transient,
  /// A deadlock, a serialization failure or a busy database: run the whole transaction again, few
  /// times.
  conflict,
  /// This connection (or producer, or consumer) is of no more use: drop it, take another, then as
  /// `transient`.
  broken,
  /// A commit may or may not have happened. Never retried blindly: the inbox row decides for a
  /// consumer.
  in_doubt,
  /// The other side understood and refused; trying again cannot help.
  rejected,
  /// These bytes do not have the agreed form.
  malformed,
};

/// The fault's name in logs and metrics: `transient`, `conflict`, …
std::string_view to_string(Fault fault) noexcept;

/// The one exception type that Tram throws. `TRAM_ASSERT` is for states that no data, cast or call
/// of a user can cause; an answer of "no" is a value.
///
///     try {
///       database.transact(place_order);
///     } catch (tram::Error const& error) {
///       if (error.fault() == tram::Fault::in_doubt) ask_whether_it_happened();
///     }
class Error final : public std::runtime_error {
 public:
  /// `what` names operation, object, state and remedy: `sqlite: cannot open '/data/orders.db':
  /// read-only file system; make the folder writable`. `native_code` is the client library's code,
  /// 0 without one.
  Error(Fault fault, std::string const& what, int native_code = 0,
        std::source_location where = std::source_location::current());

  [[nodiscard]] Fault fault() const noexcept { return fault_; }
  [[nodiscard]] int native_code() const noexcept { return native_code_; }
  [[nodiscard]] std::source_location const& where() const noexcept { return where_; }
  /// The five characters that SQL has for what a statement met (PostgreSQL, appendix A); empty
  /// where the database gave none. SQLite's constraints have PostgreSQL's codes. Valid as long as
  /// this object. `tram/sql/violations.hpp` knows the common ones by name.
  [[nodiscard]] std::string_view sqlstate() const noexcept {
    return {sqlstate_.data(), has_sqlstate_ ? sqlstate_.size() : 0};
  }
  /// The same error, with `remark` behind its text.
  [[nodiscard]] Error with_remark(std::string_view remark) const;
  /// The same error with that code. A code of another length than five is ignored.
  [[nodiscard]] Error with_sqlstate(std::string_view code) const;

  /// True when a named object (a table, a column, a privilege) is missing, has another shape or is
  /// not allowed. Every request that needs it fails until an operator corrects that, whatever the
  /// fault. Set by the drivers of databases. A handler that lets such an error out is not to blame,
  /// and neither is its message.
  [[nodiscard]] bool is_about_setup() const noexcept { return is_about_setup_; }
  /// The same error, and `is_about_setup`.
  [[nodiscard]] Error about_setup() const;

 private:
  Fault fault_;
  int native_code_;
  std::source_location where_;
  bool is_about_setup_{};
  bool has_sqlstate_{};
  std::array<char, 5> sqlstate_{};
};

}  // namespace tram

#pragma GCC visibility pop
