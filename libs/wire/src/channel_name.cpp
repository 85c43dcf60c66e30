#include "tram/wire/channel_name.hpp"

#include <algorithm>
#include <string>

#include "excerpt.hpp"
#include "tram/base/error.hpp"

namespace tram {
namespace {

bool allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

[[noreturn]] void reject(std::string_view name, std::string const& state) {
  throw Error{Fault::rejected, "channel " + excerpt(name) + ": " + state +
                                   "; choose a name of 1 to 249 letters, digits, '.', '_' and '-', "
                                   "or map the channel to one"};
}

}  // namespace

void check_channel_name(std::string_view name) {
  if (name.empty()) reject(name, "the name is empty");
  if (name == "." || name == "..") reject(name, "no broker takes this name");
  if (name.size() > channel_name_size_max)
    reject(name, "the name has " + std::to_string(name.size()) + " characters");
  auto const wrong = std::ranges::find_if_not(name, allowed);
  if (wrong != name.end()) {
    reject(name,
           "no broker takes the character at position " + std::to_string(wrong - name.begin() + 1));
  }
}

void check_destination(std::string_view name) {
  if (name == "__consumer_offsets" || name == "__transaction_state")
    reject(name, "Kafka keeps this name for itself");
  check_channel_name(name);
}

}  // namespace tram
