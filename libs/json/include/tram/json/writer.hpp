#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tram/base/json_text.hpp"
#include "tram/json/reader.hpp"

#pragma GCC visibility push(default)

namespace tram::json {

/// What becomes of text that is no UTF-8.
enum class BadText : std::uint8_t {
  /// It is refused, so that no other text is sent than was meant.
  refused,
  /// Each malformed character becomes `?`: for reports, which must not fail for what they show.
  replaced,
};

struct WriterOptions {
  Policy policy = Policy::wire;
  /// The first word of every error's path: usually the name of the type that is written. It must
  /// outlive the writer.
  std::string_view subject = "json";
  BadText bad_text = BadText::refused;
};

/// Appends one JSON value to a text: compact, members in the order of the calls. Nothing waits; the
/// caller makes sure that the calls form one value.
///
///     Writer writer{text};
///     writer.begin_object();
///     writer.member("amount");
///     writer.number("12.50");
///     writer.end_object();
///
/// Throws `Fault::rejected` for values that no reader would take, and undoes its writes: text that
/// is not UTF-8, NaN or an infinite number, more than 64 levels. The message begins with the path:
/// `OrderPlaced.lines[0].product: the text 'M?ller' is no UTF-8 at byte 2; convert it, …`.
class Writer {
 public:
  /// `out` is appended to and must outlive the writer.
  explicit Writer(std::string& out, Policy policy = Policy::wire)
      : Writer{out, WriterOptions{.policy = policy}} {}
  Writer(std::string& out, WriterOptions const& options)
      : out_{out}, options_{options}, start_{out.size()} {}

  [[nodiscard]] Policy policy() const { return options_.policy; }

  void null() { out_ += "null"; }
  void boolean(bool value) { out_ += value ? "true" : "false"; }
  void string(std::string_view text) {
    auto const before = out_.size();
    auto const bad = append_utf8_string(out_, text);
    if (bad != std::string_view::npos) bad_text(text, bad, before);
  }
  void signed_integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  /// The shortest text that reads back as the same value, laid out as Java does: `1.0`, `0.001`,
  /// `1.0E-4`, `1.0E10`. What is no number becomes a string: `"NaN"`, `"Infinity"`, `"-Infinity"`.
  void floating_point(double value);
  void floating_point(float value);
  /// `text` must be a JSON number; it is copied as it is.
  void number(std::string_view text);

  void begin_object() { open('{'); }
  /// The name of the next member, which the next value belongs to.
  void member(std::string_view name) {
    separate('{');
    auto const before = out_.size();
    auto const bad = append_utf8_string(out_, name);
    if (bad != std::string_view::npos) bad_name(name, bad, before);
    out_ += ':';
  }
  /// The same with a name that already has its quotes, escapes and colon: `"amount":`.
  void member_as_is(std::string_view quoted_name_and_colon) {
    separate('{');
    out_ += quoted_name_and_colon;
  }
  void end_object() { close('}'); }

  void begin_array() { open('['); }
  /// To be called before each element.
  void element() { separate('['); }
  void end_array() { close(']'); }

  /// Throws `Fault::rejected` for the value that would be written next: its path, then `problem`.
  /// For codecs of types with values that have no JSON form.
  [[noreturn]] void fail(std::string_view problem);

 private:
  // A bracket at the end of the text can only be the one that the current object or array began
  // with.
  void separate(char opening) {
    if (out_.back() != opening) out_ += ',';
  }
  void open(char bracket) {
    if (++depth_ > depth_usual) fail_too_deep();
    out_ += bracket;
  }
  void close(char bracket) {
    --depth_;
    out_ += bracket;
  }
  // For the byte at `at`; `before` is where the string began in `out_`.
  void bad_text(std::string_view text, std::size_t at, std::size_t before);
  void bad_name(std::string_view name, std::size_t at, std::size_t before);
  [[noreturn]] void fail_too_deep();
  [[noreturn]] void fail_at(std::string place, std::string_view problem);
  [[nodiscard]] std::string path() const;

  std::string& out_;
  WriterOptions options_;
  std::size_t start_;
  std::size_t depth_ = 0;
};

}  // namespace tram::json

#pragma GCC visibility pop
