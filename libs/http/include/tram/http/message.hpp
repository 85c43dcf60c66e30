#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tram/base/detail/function.hpp"

#pragma GCC visibility push(default)

namespace tram::http {

/// A request as its handler sees it: complete, and within the server's limits.
struct Request {
  /// In capitals: `GET`.
  std::string method{};
  /// Percent-decoded, without the query.
  std::string path{};
  /// The values of the route's `{name}` segments, percent-decoded.
  std::map<std::string, std::string, std::less<>> parameters{};
  /// Percent-decoded; of a repeated name the last value.
  std::map<std::string, std::string, std::less<>> query{};
  /// Names in lower case; of a repeated name the last value.
  std::map<std::string, std::string, std::less<>> headers{};
  std::string body{};
};

/// The answer of a handler.
struct Response {
  int status{200};
  std::string content_type{"text/plain; charset=utf-8"};
  std::string body{};
  /// Further headers.
  std::map<std::string, std::string, std::less<>> headers{};
};

inline Response json_response(std::string body, int status = 200) {
  return {.status = status, .content_type = "application/json", .body = std::move(body)};
}

/// An answer that says what is wrong with a request (RFC 9457,
/// https://www.rfc-editor.org/rfc/rfc9457):
/// `{"type":"about:blank","title":"Bad Request","status":400,"detail":"…"}`. `status` is from 400
/// to 599.
Response problem_response(int status, std::string_view detail);

/// Thrown by a handler for a request that is the client's fault; it becomes a `problem_response`.
///
///     if (order.lines.empty()) throw tram::http::Problem{422, "an order has lines"};
class Problem : public std::runtime_error {
 public:
  Problem(int status, std::string const& detail) : std::runtime_error{detail}, status_{status} {}
  [[nodiscard]] int status() const { return status_; }

 private:
  int status_;
};

/// Answers one request. Called on one of the server's threads, on several at once. A `Problem` that
/// it throws becomes that answer; anything else becomes an answer 500 and a line in the log.
using Handler = std::function<Response(Request const&)>;

/// Which thread answers.
enum class Urgency : std::uint8_t {
  /// One of those that handlers share: it may have to wait for others.
  normal,
  /// A thread for such handlers alone, which must not wait for anything.
  health,
};

/// Which requests go to which handler.
struct Route {
  /// In capitals: `GET`, which answers `HEAD` too.
  std::string method{};
  /// Segments between slashes, each one literal or `{name}`, which takes any one segment that is
  /// not empty: `/readers/{name}/status`. Of several routes that fit the first one is taken.
  std::string pattern;
  Handler handler;
  Urgency urgency{Urgency::normal};
};

/// Throws: rejected, naming the route, for one that no request can reach: a method that is
/// malformed or in small letters, a pattern that is malformed, a handler that is missing, and a
/// route all of whose paths go to an earlier one.
void check_routes(std::vector<Route> const& routes);

}  // namespace tram::http

#pragma GCC visibility pop
