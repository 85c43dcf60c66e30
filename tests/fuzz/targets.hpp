#pragma once

#include <span>
#include <string_view>

namespace tram::fuzz {

/// What reads bytes from outside, given any bytes. `run` raises nothing and ends the process where
/// a promise is broken.
struct Target {
  std::string_view name;
  void (*run)(std::string_view bytes);
};

/// All of them; seeds are in `seeds/NAME`.
std::span<Target const> targets();

// One list per file of this folder.
std::span<Target const> wire_targets();
std::span<Target const> server_targets();
std::span<Target const> http_targets();
std::span<Target const> settings_targets();
std::span<Target const> statement_targets();
std::span<Target const> stored_targets();

}  // namespace tram::fuzz
