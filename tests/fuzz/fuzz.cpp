#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "targets.hpp"

namespace {

tram::fuzz::Target const* chosen{};

/// Ends the process at once, past libFuzzer, which takes an ordinary exit for a finding.
[[noreturn]] void end_with_names(int status) {
  for (auto const& target : tram::fuzz::targets())
    std::printf("%.*s\n", static_cast<int>(target.name.size()), target.name.data());
  std::fflush(stdout);
  std::_Exit(status);
}

}  // namespace

/// Takes the target that the environment names; without a name it lists them all.
// NOLINTNEXTLINE(readability-identifier-naming): the library's name
extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  auto const* const wanted = std::getenv("TRAM_FUZZ_TARGET");
  if (wanted == nullptr) end_with_names(0);
  auto const& all = tram::fuzz::targets();
  auto const found = std::ranges::find(all, std::string_view{wanted}, &tram::fuzz::Target::name);
  if (found == all.end()) end_with_names(2);
  chosen = &*found;
  return 0;
}

// NOLINTNEXTLINE(readability-identifier-naming): the library's name
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  chosen->run({reinterpret_cast<char const*>(bytes), size});
  return 0;
}
