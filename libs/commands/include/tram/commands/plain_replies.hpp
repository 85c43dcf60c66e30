#pragma once

#include "tram/wire/header_names.hpp"
#include "tram/wire/wire_type.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// "Done", and nothing more: the reply of commands that declare no `Success`, and Java's.
struct Success {
  static constexpr WireType wire_type{plain_reply_type::success};
};

/// "Refused", and nothing more: the reply of commands that declare no `Failure`, and Java's.
struct Failure {
  static constexpr WireType wire_type{plain_reply_type::failure};
};

}  // namespace tram

#pragma GCC visibility pop
