#include "files.hpp"

#include <cerrno>
#include <cstddef>
#include <fstream>

namespace tram::programs {

std::optional<std::string> content_of_file(std::string const& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) return std::nullopt;
  // Copying nothing counts as a failure to the library.
  if (file.peek() == std::char_traits<char>::eof() && !file.bad()) return "";
  // Settings and passwords are small; a device has no end.
  constexpr std::size_t bytes_max = std::size_t{4} << 20U;
  std::string text(bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return std::nullopt;
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() <= bytes_max) return text;
  errno = EFBIG;
  return std::nullopt;
}

}  // namespace tram::programs
