#include "relay_lock.hpp"

#include <string_view>

#include "tram/base/error.hpp"

namespace tram::sqlite {
namespace {

/// Letters, digits, `-` and `_` as they are, all else as hexadecimal digits behind a dot.
std::string as_file_name(std::string_view name) {
  constexpr std::string_view digits{"0123456789abcdef"};
  std::string out;
  for (char const each : name) {
    auto const byte = static_cast<unsigned char>(each);
    bool const plain = (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') ||
                       (each >= '0' && each <= '9') || each == '-' || each == '_';
    if (plain) {
      out += each;
    } else {
      out.append({'.', digits[byte >> 4U], digits[byte & 15U]});
    }
  }
  return out;
}

}  // namespace

RelayLock::RelayLock(std::string const& database_path, std::string const& relay)
    : file_{database_path + "-" + as_file_name(relay) + ".lock"} {}

bool RelayLock::try_take() {
  try {
    return file_.try_take();
  } catch (Error const& error) {
    throw Error{Fault::transient,
                "sqlite relay: cannot lock '" + file_.path() + "': " + error.what() +
                    "; the relay needs a lock file that its user owns, in a writable folder",
                error.native_code()};
  }
}

}  // namespace tram::sqlite
