#include "key_depth.hpp"

#include <algorithm>

namespace tram::relay_program {
namespace {

constexpr std::size_t dots_max{16};

/// Walks over the text and counts the dots between the parts of one key. Numbers and times have
/// some too, but few.
class Walk {
 public:
  explicit Walk(std::string_view text) : rest_{text} {}

  std::size_t line_of_deep_key() {
    while (!rest_.empty()) {
      step();
      if (dots_ > dots_max) return line_;
    }
    return 0;
  }

 private:
  void step() {
    auto const first = rest_.front();
    if (first == '"' || first == '\'') return pass_quoted(first);
    if (first == '#') return pass(rest_.find('\n'));
    if (first == '.') ++dots_;
    else if (!is_of_a_key(first)) dots_ = 0;
    pass(1);
  }

  static bool is_of_a_key(char character) {
    return character == ' ' || character == '\t' || character == '-' || character == '_' ||
           (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
           (character >= 'A' && character <= 'Z') || static_cast<unsigned char>(character) >= 0x80;
  }

  /// Three quotes hold what may have line ends.
  void pass_quoted(char quote) {
    bool const is_long = rest_.size() >= 3 && rest_[1] == quote && rest_[2] == quote;
    auto const marks = rest_.substr(0, is_long ? 3 : 1);
    auto at = marks.size();
    while (at < rest_.size() && !rest_.substr(at).starts_with(marks)) {
      if (!is_long && rest_[at] == '\n') break;
      at += quote == '"' && rest_[at] == '\\' ? 2 : 1;
    }
    pass(at + marks.size());
  }

  void pass(std::size_t count) {
    auto const passed = rest_.substr(0, count);
    line_ += static_cast<std::size_t>(std::ranges::count(passed, '\n'));
    rest_.remove_prefix(passed.size());
  }

  std::string_view rest_;
  std::size_t line_{1};
  std::size_t dots_{};
};

}  // namespace

std::size_t line_of_deep_key(std::string_view text) { return Walk{text}.line_of_deep_key(); }

}  // namespace tram::relay_program
