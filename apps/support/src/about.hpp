#pragma once

#include <optional>
#include <string>
#include <vector>

#include "command_words.hpp"

namespace tram::programs {

/// What a program can be asked about itself: `--help`, `--version`, `--completion` and `--man`, all
/// answered from its parser.
class About {
 public:
  struct Parts {
    /// Of the manual.
    int manual_section;
    std::vector<Section> sections;
    KnownValues values;
  };
  /// Adds the flags. Borrows the parser.
  About(CLI::App& app, Parts parts);
  About(About const&) = delete;
  About& operator=(About const&) = delete;

  /// The text that a flag asks for; empty where no flag does. Call it when the parser ran. Throws:
  /// rejected for an unknown shell.
  [[nodiscard]] std::optional<std::string> answer() const;

 private:
  CLI::App& app_;
  Parts parts_;
  std::string shell_;
  bool manual_{};
};

}  // namespace tram::programs
