#include "transaction_limits.hpp"

#include <limits>

namespace tram::postgres {
namespace {

using std::chrono::milliseconds;

// The client's own deadline comes first, and tells its caller more.
constexpr milliseconds grace{1000};
// The server counts in 32 bits.
constexpr milliseconds longest{std::numeric_limits<std::int32_t>::max()};
// So much less must be left for limits to be set again.
constexpr double much_less = 0.9;

/// Deadlines of one length give one limit, whatever the microseconds that have passed of them.
milliseconds rounded(Duration left) {
  constexpr Duration much = std::chrono::seconds{10};
  auto const exact = std::chrono::ceil<milliseconds>(left);
  milliseconds const step{left < much ? 100 : 1000};
  return (exact + step - milliseconds{1}) / step * step;
}

milliseconds lower_of(milliseconds limit, milliseconds own) {
  return own.count() != 0 && own < limit ? own : limit;
}

/// The statements that change one into the other, where that is known.
std::vector<std::string> changes(std::string const& set, std::optional<SessionLimits> const& from,
                                 SessionLimits const& to) {
  std::vector<std::string> statements;
  auto const change = [&](char const* setting, milliseconds SessionLimits::* limit) {
    if (from && *from.*limit == to.*limit) return;
    statements.push_back(set + setting + " = " + std::to_string((to.*limit).count()));
  };
  change("statement_timeout", &SessionLimits::statement);
  change("idle_in_transaction_session_timeout", &SessionLimits::idle_in_transaction);
  return statements;
}

}  // namespace

SessionLimits TransactionLimits::limits_for(Duration left) const {
  // What was late from the start has no limit but the client's.
  if (left <= Duration::zero() || left >= longest - 2 * grace) return own_;
  auto const limit = rounded(left) + grace;
  return {.statement = lower_of(limit, own_.statement),
          .idle_in_transaction = lower_of(limit, own_.idle_in_transaction)};
}

std::vector<std::string> TransactionLimits::begin(Duration left) {
  set_for_ = left;
  auto const limits = limits_for(left);
  after_commit_ = reach_ == Reach::session ? limits : standing_;
  return changes(reach_ == Reach::session ? "SET " : "SET LOCAL ", standing_, limits);
}

std::vector<std::string> TransactionLimits::renew(Duration left) {
  if (!set_for_ || left > *set_for_ * much_less) return {};
  auto const before = limits_for(*set_for_);
  set_for_ = left;
  return changes("SET LOCAL ", before, limits_for(left));
}

void TransactionLimits::leave_alone() {
  set_for_.reset();
  after_commit_.reset();
}

void TransactionLimits::committed() { standing_ = after_commit_; }

void TransactionLimits::forget() {
  standing_.reset();
  leave_alone();
}

}  // namespace tram::postgres
