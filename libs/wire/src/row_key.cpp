#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "java_number.hpp"
#include "tram/base/error.hpp"
#include "tram/json/reader.hpp"
#include "tram/wire/header_names.hpp"
#include "tram/wire/record.hpp"

namespace tram {
namespace {

constexpr std::string_view spaces{" \t\r\n"};
constexpr std::string_view byte_order_mark{"\xEF\xBB\xBF"};

/// What a text tells of one header.
struct Told {
  enum class As { absent, text, unknown } as{As::absent};
  std::string text;
};

/// The text of one JSON string, quotes included; unknown when it is none.
Told text_of_string(std::string_view token) {
  try {
    json::Reader reader{token, {.bytes_max = token.size()}};
    return {.as = Told::As::text, .text = std::string{reader.string()}};
  } catch (Error const&) {
    return {.as = Told::As::unknown, .text = {}};  // That is the answer.
  }
}

/// The same for what is no string, as the record has it.
Told text_of_word(std::string_view word) {
  if (word == "null") return {};
  if (word == "true" || word == "false") return {.as = Told::As::text, .text = std::string{word}};
  try {
    json::Reader reader{word, {.bytes_max = word.size()}};
    if (auto number = java_number(reader.number())) {
      return {.as = Told::As::text, .text = *std::move(number)};
    }
  } catch (Error const&) {}  // No number: unknown.
  return {.as = Told::As::unknown, .text = {}};
}

/// Goes through the members of an object whose text may be broken anywhere.
class TolerantHeaders {
 public:
  explicit TolerantHeaders(std::string_view text) : rest_{text} {
    if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
    whole_ = read();
    if (!whole_) search_rest();
  }

  [[nodiscard]] Told const& id() const { return id_; }
  [[nodiscard]] Told const& partition_id() const { return partition_id_; }
  /// The object was read to its end.
  [[nodiscard]] bool whole() const { return whole_; }

 private:
  bool read() {
    if (!take('{')) return false;
    if (take('}')) return true;
    do {
      if (!read_member()) return false;
    } while (take(','));
    return take('}');
  }

  /// Behind the place where the text is broken. A key that is too many holds rows back; one too few
  /// lets later rows of its key pass this one.
  void search_rest() {
    constexpr std::string_view name{"\"PARTITION_ID\""};
    for (auto at = rest_.find(name); at != std::string_view::npos; at = rest_.find(name)) {
      rest_.remove_prefix(at + name.size());
      if (!take(':')) continue;
      if (auto const token = string_token()) partition_id_ = text_of_string(*token);
    }
  }

  /// Of equal names the last one wins.
  bool read_member() {
    auto const name_token = string_token();
    if (!name_token || !take(':')) return false;
    auto const name = text_of_string(*name_token);
    auto value = read_value();
    if (!value) return false;
    if (name.text == header::id) id_ = *std::move(value);
    if (name.text == header::partition_id) partition_id_ = *std::move(value);
    return true;
  }

  std::optional<Told> read_value() {
    skip_spaces();
    if (rest_.starts_with('"')) {
      auto const token = string_token();
      return token ? std::optional{text_of_string(*token)} : std::nullopt;
    }
    if (rest_.starts_with('{') || rest_.starts_with('[')) {
      auto const begin = rest_;
      if (!skip_nested()) {
        rest_ = begin;
        return std::nullopt;
      }
      return Told{.as = Told::As::unknown, .text = {}};
    }
    auto const word = rest_.substr(0, rest_.find_first_of(",}] \t\r\n"));
    if (word.empty() || word.size() == rest_.size()) return std::nullopt;
    rest_.remove_prefix(word.size());
    return text_of_word(word);
  }

  /// An object or array with everything in it; false when it has no end.
  bool skip_nested() {
    std::size_t depth = 0;
    do {
      if (rest_.empty()) return false;
      char const next = rest_.front();
      if (next == '"') {
        if (!string_token()) return false;
        continue;
      }
      if (next == '{' || next == '[') ++depth;
      if (next == '}' || next == ']') --depth;
      rest_.remove_prefix(1);
    } while (depth > 0);
    return true;
  }

  /// With its quotes.
  std::optional<std::string_view> string_token() {
    skip_spaces();
    if (!rest_.starts_with('"')) return std::nullopt;
    for (std::size_t at = 1; at < rest_.size(); at += rest_[at] == '\\' ? 2 : 1) {
      if (rest_[at] != '"') continue;
      auto const token = rest_.substr(0, at + 1);
      rest_.remove_prefix(at + 1);
      return token;
    }
    return std::nullopt;
  }

  bool take(char expected) {
    skip_spaces();
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_spaces() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(spaces), rest_.size()));
  }

  std::string_view rest_;
  Told id_;
  Told partition_id_;
  bool whole_{};
};

}  // namespace

std::optional<std::string> row_key(RowView const& row) {
  if (!row.headers_json) return std::nullopt;
  TolerantHeaders const headers{*row.headers_json};
  auto const& [as, text] = headers.partition_id();
  if (as == Told::As::text) return text;
  // What is broken off could have told one.
  if (as == Told::As::unknown || !headers.whole() || headers.id().as == Told::As::unknown)
    return std::nullopt;
  if (!headers.id().text.empty()) return headers.id().text;
  if (row.database_id) return row.database_id->to_string();
  return std::nullopt;
}

}  // namespace tram
