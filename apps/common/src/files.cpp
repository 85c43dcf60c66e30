#include "files.hpp"

#include <fstream>
#include <sstream>

namespace tram::programs {

std::optional<std::string> content_of_file(std::string const& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) return std::nullopt;
  // Copying nothing counts as a failure to the library.
  if (file.peek() == std::char_traits<char>::eof() && !file.bad()) return "";
  std::stringstream text;
  text << file.rdbuf();
  if (!file || !text) return std::nullopt;
  return text.str();
}

}  // namespace tram::programs
