#include "tram/commands/outcome.hpp"

#include "tram/wire/header_names.hpp"

namespace tram {

std::string_view to_string(ReplyOutcome outcome) noexcept {
  return outcome == ReplyOutcome::success ? reply_outcome::success : reply_outcome::failure;
}

}  // namespace tram
