#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "targets.hpp"

namespace {

/// The one that the environment names; the process ends when there is none.
tram::fuzz::Target const& chosen() {
  auto const* const wanted = std::getenv("TRAM_FUZZ_TARGET");
  auto const all = tram::fuzz::targets();
  auto const found = std::ranges::find(all, std::string_view{wanted == nullptr ? "" : wanted},
                                       &tram::fuzz::Target::name);
  if (found != all.end()) return *found;
  for (auto const& target : all)
    std::printf("%.*s\n", static_cast<int>(target.name.size()), target.name.data());
  std::exit(wanted == nullptr ? 0 : 2);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the library's name
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  static auto const& target = chosen();
  target.run({reinterpret_cast<char const*>(bytes), size});
  return 0;
}
