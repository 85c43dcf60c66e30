#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tram/postgres/postgres.hpp"

namespace tram::postgres {

/// Which statements of one connection are prepared under which name. A statement gets its name when
/// it comes for the second time, so that texts made up at run time do not fill the server.
class StatementCache {
 public:
  struct Statement {
    /// The text with `$1`, `$2`, …
    std::string numbered;
    /// Empty for a statement that is sent unnamed.
    std::string name;
    /// The server has confirmed the name.
    bool prepared{};
  };

  explicit StatementCache(Statements mode) : mode_{mode} {}
  /// The statement for a text with `?`; valid until the next call.
  Statement& look_up(std::string_view sql);

 private:
  struct TransparentHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct Entry {
    Statement statement;
    int uses{};
  };
  void forget_unnamed();

  static constexpr std::size_t entries_max = 512;
  static constexpr std::size_t names_max = 256;

  Statements mode_;
  std::unordered_map<std::string, Entry, TransparentHash, std::equal_to<>> entries_;
  std::size_t names_{};
};

}  // namespace tram::postgres
