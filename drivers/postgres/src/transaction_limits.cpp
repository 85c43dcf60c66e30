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

std::string set_local(std::string const& setting, milliseconds limit) {
  return "SET LOCAL " + setting + " = " + std::to_string(limit.count());
}

bool is_lower(milliseconds limit, milliseconds of_session) {
  return of_session.count() == 0 || limit < of_session;
}

}  // namespace

std::vector<std::string> TransactionLimits::begin(Duration left) {
  set_for_.reset();
  return set(left);
}

std::vector<std::string> TransactionLimits::renew(Duration left) {
  if (!set_for_ || left > *set_for_ * much_less) return {};
  return set(left);
}

std::vector<std::string> TransactionLimits::set(Duration left) {
  // What was late from the start has no limit but the client's.
  if (left <= Duration::zero() || left >= longest - grace) return {};
  set_for_ = left;
  auto const limit = std::chrono::ceil<milliseconds>(left) + grace;
  std::vector<std::string> statements;
  if (is_lower(limit, session_.statement))
    statements.push_back(set_local("statement_timeout", limit));
  if (is_lower(limit, session_.idle_in_transaction))
    statements.push_back(set_local("idle_in_transaction_session_timeout", limit));
  return statements;
}

}  // namespace tram::postgres
