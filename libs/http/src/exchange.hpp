#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "router.hpp"
#include "tram/base/log.hpp"

#include <microhttpd.h>

namespace tram::http {

/// One request and its answer, from the first header to the last byte.
class Exchange {
 public:
  Exchange(char const* method, char const* path, std::size_t body_bytes_max)
      : raw_path_{path}, body_bytes_max_{body_bytes_max} {
    request_.method = method;
  }

  /// Once, when all headers are there.
  void read_headers(MHD_Connection* connection);
  /// A part of the body.
  void read_body(std::string_view part);
  /// The body will be, or was, larger than allowed.
  [[nodiscard]] bool too_large() const { return too_large_; }
  /// Has the request answered and hands over the answer.
  MHD_Result answer(MHD_Connection* connection, Router const& router, Logger const& logger);
  MHD_Result refuse_body(MHD_Connection* connection) const;

 private:
  Response answered(Router const& router, Logger const& logger);

  Request request_;
  std::string raw_path_;
  std::size_t body_bytes_max_;
  bool too_large_{};
  bool malformed_query_{};
};

}  // namespace tram::http
