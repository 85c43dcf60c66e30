#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tram/base/time.hpp"
#include "tram/http/message.hpp"

namespace tram::http {

enum class Afterwards : std::uint8_t { keep, close };

/// A response as it is sent. `with_body` is false for the answer to a HEAD: its length is told all
/// the same. Faults: rejected for a status or a header that cannot be sent.
struct AnswerOptions {
  Afterwards afterwards{Afterwards::keep};
  bool with_body{true};
};
/// What a status is called; empty when it has no name.
std::string_view reason_of(int status);
std::string answer_text(Response const& response, AnswerOptions const& options, WallTime now);

}  // namespace tram::http
