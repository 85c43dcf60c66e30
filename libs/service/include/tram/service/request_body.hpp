#pragma once

#include "tram/base/error.hpp"
#include "tram/http/message.hpp"
#include "tram/json/json.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The body of a request, decoded from JSON. Throws: `http::Problem` for one that is no such JSON,
/// which answers 400 and says which member is wrong.
///
///     auto const book = [&](tram::http::Request const& request) {
///       auto const booking = tram::body_of<Booking>(request);
///       …
///     };
///     service.route({.method = "POST", .pattern = "/shipments", .handler = book});
template <class T>
T body_of(http::Request const& request) {
  try {
    return json::decode<T>(request.body);
  } catch (Error const& error) {
    if (error.fault() != Fault::malformed) throw;
    throw http::Problem{400, error.what()};
  }
}

}  // namespace tram

#pragma GCC visibility pop
