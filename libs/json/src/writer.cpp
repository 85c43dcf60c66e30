#include "tram/json/writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "path.hpp"
#include "tram/base/error.hpp"

namespace tram::json {
namespace {

// Where a text that is not finished has got to, which is read off the text itself: what usually
// goes well pays nothing for it.
class Place {
 public:
  explicit Place(std::string_view text) : text_{text} {
    while (at_ < text_.size()) step();
  }

  [[nodiscard]] std::string path(std::string path) const {
    for (auto const& level : levels_) {
      if (level.name) append_name(path, *level.name);
      else if (!level.is_object) append_index(path, level.index);
    }
    return path;
  }

 private:
  struct Level {
    bool is_object;
    std::size_t index;
    std::optional<std::string> name;
  };

  void step() {
    switch (auto const character = text_[at_++]) {
      case '{':
      case '[': levels_.push_back({character == '{', 0, std::nullopt}); return;
      case '}':
      case ']': levels_.pop_back(); return;
      case ',':
        ++levels_.back().index;
        levels_.back().name.reset();
        return;
      case '"': pass_string(); return;
      default: return;
    }
  }
  void pass_string() {
    auto const first = at_;
    while (text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    auto const content = text_.substr(first, at_++ - first);
    if (text_.substr(at_).starts_with(':')) levels_.back().name = content;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Level> levels_;
};

std::string is_no_utf8_at(std::size_t at) {
  return " is no UTF-8 at byte " + std::to_string(at + 1) + "; convert it";
}

template <class Integer>
void append_integer(std::string& out, Integer value) {
  std::array<char, 20> digits{};
  auto const end = std::to_chars(digits.begin(), digits.end(), value).ptr;
  out.append(digits.begin(), end);
}

template <class Float>
std::string shortest(Float value, std::chars_format format) {
  std::array<char, 64> text{};
  auto const end = std::to_chars(text.begin(), text.end(), value, format).ptr;
  return std::string{text.begin(), end};
}

std::string with_fraction(std::string digits) {
  return digits.find('.') == std::string::npos ? digits.append(".0") : digits;
}

// `1.5e+10` becomes `1.5E10`, `1e-04` becomes `1.0E-4`.
std::string java_exponent(std::string const& text) {
  auto const mark = text.find('e');
  auto const digits = text.find_first_not_of("+-0", mark + 1);
  return with_fraction(text.substr(0, mark)) + (text[mark + 1] == '-' ? "E-" : "E") +
         text.substr(digits);
}

// Plain from 0.001 up to ten millions, otherwise with an exponent.
template <class Float>
std::string as_java(Float value) {
  auto const size = std::abs(value);
  if (size == 0 || (size >= static_cast<Float>(1e-3) && size < static_cast<Float>(1e7))) {
    return with_fraction(shortest(value, std::chars_format::fixed));
  }
  return java_exponent(shortest(value, std::chars_format::scientific));
}

template <class Float>
void append_floating_point(std::string& out, Float value) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value < 0 ? "\"-Infinity\"" : "\"Infinity\"";
  } else {
    out += as_java(value);
  }
}

}  // namespace

void Writer::number(std::string_view text) {
  if (!is_number(text)) fail("'" + beginning(text) + "' is no number in JSON");
  out_ += text;
}

void Writer::bad_text(std::string_view text, std::size_t at, std::size_t before) {
  out_.resize(before);
  if (options_.bad_text == BadText::replaced) return append_string(out_, text);
  fail("the text '" + beginning(text) + "'" + is_no_utf8_at(at) +
       ", or send the bytes as std::vector<std::byte>");
}

void Writer::bad_name(std::string_view name, std::size_t at, std::size_t before) {
  out_.resize(before);
  if (options_.bad_text == BadText::replaced) return append_string(out_, name);
  auto place = path();
  append_name(place, name);
  fail_at(std::move(place), "the name" + is_no_utf8_at(at));
}

void Writer::fail(std::string_view problem) { fail_at(path(), problem); }

void Writer::fail_too_deep() {
  fail("nested deeper than " + std::to_string(depth_usual) + " levels, which nobody reads");
}

void Writer::fail_at(std::string place, std::string_view problem) {
  out_.resize(start_);
  throw Error{Fault::rejected, place.append(": ").append(problem)};
}

std::string Writer::path() const {
  return Place{std::string_view{out_}.substr(start_)}.path(std::string{options_.subject});
}

void Writer::signed_integer(std::int64_t value) { append_integer(out_, value); }
void Writer::unsigned_integer(std::uint64_t value) { append_integer(out_, value); }
void Writer::floating_point(double value) { append_floating_point(out_, value); }
void Writer::floating_point(float value) { append_floating_point(out_, value); }

}  // namespace tram::json
