#include <algorithm>

#include "tram/sql/statement_text.hpp"

namespace tram {
namespace {

using Escapes = StatementTokens::Escapes;

constexpr auto nowhere = std::string_view::npos;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_name_part(char c) { return is_name_start(c) || is_digit(c) || c == '$'; }
bool is_tag_part(char c) { return is_name_start(c) || is_digit(c); }

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
bool is_newline(char c) { return c == '\n' || c == '\r'; }
bool is_letter(char c, char small) { return (c | 0x20) == small; }

/// How far `belongs` holds, from `at` on.
template <class Predicate>
std::size_t run_end(std::string_view text, std::size_t at, Predicate belongs) {
  while (at < text.size() && belongs(text[at])) ++at;
  return at;
}

/// Behind `what`, or the end of the text where there is none.
std::size_t behind(std::string_view text, std::string_view what, std::size_t at) {
  auto const found = text.find(what, at);
  return found == nowhere ? text.size() : found + what.size();
}

/// PostgreSQL's comments in `/* */` nest.
std::size_t nested_comment(std::string_view text) {
  std::size_t depth = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    auto const two = text.substr(at, 2);
    bool const is_mark = two == "/*" || two == "*/";
    at += is_mark ? 2 : 1;
    if (two == "/*") ++depth;
    if (two == "*/" && --depth == 0) break;
  }
  return at;
}

std::size_t flat_comment(std::string_view text, bool needs_text) {
  if (needs_text && text.size() == 2) return 0;
  return behind(text, "*/", 2);
}

/// Behind the end quote of what begins with a quote at `at`.
std::size_t quoted_end(std::string_view text, std::size_t at, Escapes escapes) {
  char const quote = text[at++];
  while (at < text.size()) {
    if (text[at] == '\\' && escapes == Escapes::doubled_and_backslash) {
      at = std::min(at + 2, text.size());
    } else if (text[at] != quote) {
      ++at;
    } else if (escapes != Escapes::none && at + 1 < text.size() && text[at + 1] == quote) {
      at += 2;
    } else {
      return at + 1;
    }
  }
  return at;
}

/// `$$…$$` and `$tag$…$tag$`; 0 for what is none.
std::size_t dollar_quoted(std::string_view text) {
  bool const has_tag = text.size() > 1 && is_name_start(text[1]);
  auto const tag_end = has_tag ? run_end(text, 1, is_tag_part) : 1;
  if (tag_end >= text.size() || text[tag_end] != '$') return 0;
  return behind(text, text.substr(0, tag_end + 1), tag_end + 1);
}

constexpr std::string_view byte_order_mark{"\xEF\xBB\xBF"};

}  // namespace

StatementTokens::Token StatementTokens::next() {
  if (at_ >= sql_.size()) return {.kind = Kind::end, .text = {}};
  if (auto const length = blank(); length > 0) return take(Kind::blank, length);
  if (auto const length = quoted(); length > 0) return take(Kind::quoted, length);
  if (is_name_start(sql_[at_])) return take(Kind::word, run_end(rest(), 0, is_name_part));
  return take(Kind::symbol, symbol());
}

StatementTokens::Token StatementTokens::next_visible() {
  auto token = next();
  while (token.kind == Kind::blank) token = next();
  return token;
}

StatementTokens::Token StatementTokens::take(Kind kind, std::size_t length) {
  Token const token{.kind = kind, .text = sql_.substr(at_, length)};
  at_ += length;
  return token;
}

std::size_t StatementTokens::blank() const {
  auto const text = rest();
  bool const begins = rules_.vertical_tab_is_space || text.front() != '\v';
  if (begins && is_space(text.front())) return run_end(text, 0, is_space);
  if (text.starts_with("--")) return line_comment(text, 0);
  if (text.starts_with("/*"))
    return rules_.nested_comments ? nested_comment(text)
                                  : flat_comment(text, rules_.comments_need_text);
  if (rules_.byte_order_mark_is_space && text.starts_with(byte_order_mark))
    return byte_order_mark.size();
  return 0;
}

std::size_t StatementTokens::line_comment(std::string_view text, std::size_t at) const {
  bool const either = rules_.carriage_return_ends_line;
  return run_end(text, at, [&](char c) { return c != '\n' && (c != '\r' || !either); });
}

/// Where a text goes on after its end quote: a second quote behind white space with a line break,
/// in which comments to the end of a line count as white space. Nowhere for one that is over.
std::size_t StatementTokens::continuation(std::string_view text, std::size_t at) const {
  if (!rules_.continued_texts) return nowhere;
  bool line_broken = false;
  while (at < text.size()) {
    if (text.substr(at).starts_with("--")) {
      at = line_comment(text, at);
    } else if (is_space(text[at])) {
      line_broken = line_broken || is_newline(text[at]);
      ++at;
    } else {
      break;
    }
  }
  return line_broken && at < text.size() && text[at] == '\'' ? at : nowhere;
}

/// A text with all its continuations.
std::size_t StatementTokens::text_end(std::size_t at, Escapes escapes) const {
  auto const text = rest();
  auto end = quoted_end(text, at, escapes);
  for (auto next = continuation(text, end); next != nowhere; next = continuation(text, end))
    end = quoted_end(text, next, escapes);
  return end;
}

std::size_t StatementTokens::quoted() const {
  auto const text = rest();
  switch (text.front()) {
    case '\'': return text_end(0, plain_text());
    case '"': return quoted_end(text, 0, Escapes::doubled);
    case '`': return rules_.backquotes_and_brackets ? quoted_end(text, 0, Escapes::doubled) : 0;
    case '[': return rules_.backquotes_and_brackets ? behind(text, "]", 1) : 0;
    case '$': return rules_.dollar_quotes ? dollar_quoted(text) : 0;
    default: return rules_.prefixed_texts ? prefixed() : 0;
  }
}

StatementTokens::Escapes StatementTokens::plain_text() const {
  return rules_.backslashes ? Escapes::doubled_and_backslash : Escapes::doubled;
}

std::size_t StatementTokens::prefixed() const {
  auto const text = rest();
  auto const second = text.substr(1, 1);
  if (second == "'") {
    if (is_letter(text.front(), 'e')) return text_end(1, Escapes::doubled_and_backslash);
    if (is_letter(text.front(), 'n')) return text_end(1, plain_text());
    bool const bits = is_letter(text.front(), 'b') || is_letter(text.front(), 'x');
    if (bits) return text_end(1, Escapes::none);
  }
  if (!is_letter(text.front(), 'u') || second != "&") return 0;
  auto const third = text.substr(2, 1);
  if (third == "'") return text_end(2, Escapes::doubled);
  return third == "\"" ? quoted_end(text, 2, Escapes::doubled) : 0;
}

/// A number, a parameter such as `$1`, or one character.
std::size_t StatementTokens::symbol() const {
  auto const text = rest();
  if (is_digit(text.front())) return run_end(text, 0, is_digit);
  return text.front() == '$' ? std::max<std::size_t>(1, run_end(text, 1, is_digit)) : 1;
}

}  // namespace tram
