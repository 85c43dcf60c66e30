#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tram/base/error.hpp"
#include "tram/base/url.hpp"

namespace tram::connect {

/// Throws: rejected. `kind` is `database` or `broker`; `built` and `left_out` are all schemes that
/// could be.
[[noreturn]] inline void refuse_scheme(Url const& url, std::string const& kind,
                                       std::vector<std::string_view> const& built,
                                       std::vector<std::string_view> const& left_out) {
  if (std::ranges::find(left_out, url.scheme) != left_out.end()) {
    throw Error{Fault::rejected, "url: the driver for '" + url.scheme +
                                     ":' is not built into this program; build Tram with its "
                                     "client library (CMake's output says which)"};
  }
  std::string names;
  auto const add = [&names](std::string_view name, std::string_view note) {
    names.append(names.empty() ? "" : ", ").append(name).append(":").append(note);
  };
  for (auto const name : built) add(name, "");
  for (auto const name : left_out) add(name, " (not built)");
  throw Error{Fault::rejected, "url: no " + kind + " has URLs that begin with " +
                                   shown_scheme(url) + "; there are " + names};
}

}  // namespace tram::connect
