#pragma once

#include <string>
#include <vector>

namespace tram::relay_program {

/// One value that somebody set.
struct Setting {
  /// `http.port`.
  std::string key;
  std::string value;
  /// For messages: `tram-cdc.toml:12`, `--http-port`, `EVENTUATE_OUTBOX_ID`.
  std::string place;
};

/// Later ones win.
using Settings = std::vector<Setting>;

}  // namespace tram::relay_program
