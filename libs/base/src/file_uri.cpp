#include "tram/base/file_uri.hpp"

namespace tram {

std::string file_uri(std::string_view path) {
  std::string uri{"file:"};
  for (char const each : path) {
    if (each == '%') uri += "%25";
    else if (each == '?') uri += "%3f";
    else if (each == '#') uri += "%23";
    else uri += each;
  }
  return uri;
}

}  // namespace tram
