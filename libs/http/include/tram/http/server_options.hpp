#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tram/base/time.hpp"

#pragma GCC visibility push(default)

namespace tram::http {

struct ServerOptions {
  /// A numeric address of this machine, IPv4 or IPv6; `::` takes both kinds.
  std::string address{"0.0.0.0"};
  /// 0: any free one, see `Server::port`.
  std::uint16_t port{0};
  /// How many handlers may run at once; further requests wait. Health has a further thread.
  unsigned threads{4};
  /// Open connections at most. A further one takes the place of the one that has done nothing for
  /// longest, among those of the address that has most; connections with a running handler are
  /// closed last.
  unsigned connections_max{256};
  /// For one request's first line and headers; more is answered with 431 or 414.
  std::size_t header_bytes_max{std::size_t{16} << 10U};
  /// A larger body is answered with 413 and not kept.
  std::size_t body_bytes_max{std::size_t{1} << 20U};
  /// A connection is closed after this long without a request, or when a request is not answered
  /// within this time; the time of its handlers counts.
  Duration request_timeout{std::chrono::seconds{10}};
  /// At a stop, time limit for requests that have begun.
  Duration stop_timeout{std::chrono::seconds{2}};
};

}  // namespace tram::http

#pragma GCC visibility pop
