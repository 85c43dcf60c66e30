#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tram/base/json_reader.hpp"
#include "tram/base/json_text.hpp"

namespace tram::json {

/// Appends one JSON value to a text: compact, members in the order of the calls. Nothing waits and
/// nothing fails; that the calls form one value is the caller's duty.
///
///     Writer writer{text};
///     writer.begin_object();
///     writer.member("amount");
///     writer.number("12.50");
///     writer.end_object();
class Writer {
 public:
  /// `out` is appended to and must outlive the writer.
  explicit Writer(std::string& out, Policy policy = Policy::wire) : out_{out}, policy_{policy} {}

  [[nodiscard]] Policy policy() const { return policy_; }

  void null() { out_ += "null"; }
  void boolean(bool value) { out_ += value ? "true" : "false"; }
  void string(std::string_view text) { append_string(out_, text); }
  void signed_integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  /// The shortest text that reads back as the same value, laid out as Java does: `1.0`, `0.001`,
  /// `1.0E-4`, `1.0E10`. What is no number becomes a string: `"NaN"`, `"Infinity"`, `"-Infinity"`.
  void floating_point(double value);
  void floating_point(float value);
  /// `text` must be a JSON number; it is copied as it is.
  void number(std::string_view text) { out_ += text; }

  void begin_object() { out_ += '{'; }
  /// The name of the next member, which the next value belongs to.
  void member(std::string_view name) {
    separate('{');
    append_string(out_, name);
    out_ += ':';
  }
  /// The same with a name that already has its quotes, escapes and colon: `"amount":`.
  void member_as_is(std::string_view quoted_name_and_colon) {
    separate('{');
    out_ += quoted_name_and_colon;
  }
  void end_object() { out_ += '}'; }

  void begin_array() { out_ += '['; }
  /// To be called before each element.
  void element() { separate('['); }
  void end_array() { out_ += ']'; }

 private:
  // A bracket at the end of the text can only be the one that the current object or array began
  // with.
  void separate(char opening) {
    if (out_.back() != opening) out_ += ',';
  }

  std::string& out_;
  Policy policy_;
};

}  // namespace tram::json
