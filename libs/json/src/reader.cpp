#include "tram/json/reader.hpp"

// The library's own misuse checks follow the optimiser's settings; ours are in this file.
#define SIMDJSON_DEVELOPMENT_CHECKS 0
#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "path.hpp"
#include "tram/base/error.hpp"
#include "tram/base/json_text.hpp"

namespace tram::json {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t depth_limit = 256;

// One open object or array.
struct Frame {
  bool is_object = false;
  bool started = false;
  std::string_view name;  // of the current member
  std::size_t index = 0;  // of the current element, counted from 1; 0 before the first
  ondemand::object_iterator members;
  ondemand::array_iterator elements;
};

bool is_space(char character) {
  return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

// As it is written, since it has its quotes and escapes already.
std::string beginning_of_token(std::string_view token) {
  constexpr std::size_t size_max = 64;
  auto size = std::min(token.size(), size_max);
  while (size < token.size() && size > 0 &&
         (static_cast<unsigned char>(token[size]) & 0xC0U) == 0x80U) {
    --size;
  }
  return std::string{token.substr(0, size)} + (size < token.size() ? "…" : "");
}

std::string_view without_trailing_space(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_digit(char character) { return character >= '0' && character <= '9'; }

// How many of the eight bytes from here on are before the first quote or backslash.
std::size_t bytes_before_quote_or_backslash(char const* text) {
  constexpr std::uint64_t each = 0x0101010101010101U;
  std::uint64_t word = 0;
  std::memcpy(&word, text, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  // Marks the byte; a borrow can mark further bytes behind it, never one before it.
  auto const marks = [word](char wanted) {
    auto const zero = word ^ (each * static_cast<unsigned char>(wanted));
    return (zero - each) & ~zero & (each << 7U);
  };
  return static_cast<std::size_t>(std::countr_zero(marks('"') | marks('\\'))) / 8;
}

}  // namespace

// Everything that is worth keeping from one text to the next: buffers, mostly.
struct Reader::State {
  ondemand::parser parser;
  std::vector<char> buffer;
  ondemand::document document;
  // The current value lies in one of these two, where the library made it: to copy it right away
  // would stall the processor longer than everything else takes.
  simdjson::simdjson_result<ondemand::field> member;
  simdjson::simdjson_result<ondemand::value> element;
  ondemand::value* value = nullptr;
  bool pending = false;  // whether the current value is still to be taken
  std::vector<Frame> frames;
  std::size_t depth = 0;  // frames in use; the first is the array around the whole text
  ReaderOptions options;

  void start(std::string_view text);
  void check_size(std::string_view text) const;
  void copy(std::string_view text);
  void open_root();

  Frame& push(bool is_object);
  ondemand::value& take();
  bool at_end();
  void settle();
  void skip_current();
  void skip_container(Kind kind);
  std::optional<std::string_view> advance_member(Frame& frame);
  bool advance_element(Frame& frame);
  bool advance(Frame& frame);
  std::string_view name_of(ondemand::field& field) const;
  std::string_view token() { return without_trailing_space(value->raw_json_token()); }
  std::string_view scalar(std::string_view expected);
  [[nodiscard]] char first_character() const {
    if (!pending) fail_misuse("a JSON value is looked at before it is taken");
    return *value->raw_json_token().data();
  }
  [[nodiscard]] Kind kind() const;

  template <class Integer>
  Integer integer();
  std::string_view quoted_or_plain_number(std::string_view expected);

  [[nodiscard]] std::string path() const;
  [[noreturn]] void fail(std::string_view problem) const;
  // For the current value, not yet taken.
  [[noreturn]] void fail_expecting(std::string_view expected) const;
  [[noreturn]] void fail_got(std::string_view expected, std::string_view text) const;
  [[noreturn]] void fail_misuse(std::string_view rule) const;
  [[noreturn]] void fail_syntax(simdjson::error_code code) const;
  template <class Value>
  Value check(simdjson::simdjson_result<Value> result) const {
    if (result.error()) fail_syntax(result.error());
    return std::move(result).value_unsafe();
  }
};

namespace {

// Parsers own large buffers, so that making one per message would cost more than reading the
// message. Those not in use wait here, a few per thread; nothing observable depends on them.
template <class State>
std::vector<std::unique_ptr<State>>& idle_states() {
  thread_local std::vector<std::unique_ptr<State>> idle;
  return idle;
}

constexpr std::size_t idle_states_max = 4;
constexpr std::size_t idle_buffer_max = 1U << 20U;

}  // namespace

void Reader::Release::operator()(State* state) const noexcept {
  std::unique_ptr<State> owner{state};
  auto& idle = idle_states<State>();
  if (idle.size() >= idle_states_max || owner->buffer.size() > idle_buffer_max) return;
  idle.reserve(idle_states_max);
  idle.push_back(std::move(owner));
}

Reader::Reader(std::string_view text, ReaderOptions const& options) {
  if (options.depth_max > depth_limit) {
    throw Error{Fault::rejected, "json: depth_max is " + std::to_string(options.depth_max) +
                                     "; a reader goes at most 256 levels deep"};
  }
  auto& idle = idle_states<State>();
  if (idle.empty()) idle.push_back(std::make_unique<State>());
  state_.reset(idle.back().release());
  idle.pop_back();
  state_->options = options;
  state_->start(text);
}

Reader::~Reader() = default;

void Reader::State::start(std::string_view text) {
  depth = 0;
  pending = false;
  check_size(text);
  copy(text);
  open_root();
}

void Reader::State::check_size(std::string_view text) const {
  if (text.size() <= options.bytes_max) return;
  fail("expected at most " + std::to_string(options.bytes_max) + " bytes, got " +
       std::to_string(text.size()));
}

// The library treats a number or string at the top differently from one inside. Brackets around the
// text remove the difference, and "nothing follows" becomes "one element".
void Reader::State::copy(std::string_view text) {
  auto const needed = text.size() + 2 + simdjson::SIMDJSON_PADDING;
  if (buffer.size() < needed) buffer.resize(std::max<std::size_t>(needed, 2 * buffer.size()));
  buffer[0] = '[';
  if (!text.empty()) std::memcpy(&buffer[1], text.data(), text.size());
  buffer[text.size() + 1] = ']';
  std::memset(&buffer[text.size() + 2], ' ', simdjson::SIMDJSON_PADDING);
  document = check(parser.iterate(buffer.data(), text.size() + 2, buffer.size()));
}

void Reader::State::open_root() {
  auto array = check(document.get_array());
  auto& root = push(false);
  root.elements = check(array.begin());
  if (!advance(root)) fail("expected JSON, got an empty text");
}

Frame& Reader::State::push(bool is_object) {
  if (depth > options.depth_max) {
    fail("nested deeper than " + std::to_string(options.depth_max) + " levels");
  }
  if (depth == frames.size()) frames.emplace_back();
  auto& frame = frames[depth++];
  frame.is_object = is_object;
  frame.started = false;
  frame.name = {};
  frame.index = 0;
  return frame;
}

// Hands out the current value, once: the library's string buffer has room for each string once.
ondemand::value& Reader::State::take() {
  if (!pending) {
    fail_misuse("a JSON value is taken once; go to the next member or element first");
  }
  pending = false;
  return *value;
}

std::optional<std::string_view> Reader::State::advance_member(Frame& frame) {
  if (frame.started) ++frame.members;
  frame.started = true;
  if (frame.members == ondemand::object_iterator{}) return std::nullopt;
  std::construct_at(&member, *frame.members);
  if (member.error()) fail_syntax(member.error());
  value = &member.value_unsafe().value();
  pending = true;
  return frame.name = name_of(member.value_unsafe());
}

bool Reader::State::advance_element(Frame& frame) {
  if (frame.started) ++frame.elements;
  frame.started = true;
  if (frame.elements == ondemand::array_iterator{}) return false;
  ++frame.index;
  std::construct_at(&element, *frame.elements);
  if (element.error()) fail_syntax(element.error());
  value = &element.value_unsafe();
  return pending = true;
}

bool Reader::State::advance(Frame& frame) {
  return frame.is_object ? advance_member(frame).has_value() : advance_element(frame);
}

// Names seldom hold an escape; then they are read where they stand. The padding behind the text
// lets eight bytes be looked at together.
std::string_view Reader::State::name_of(ondemand::field& field) const {
  auto const* const first = field.key().raw();
  auto const* last = first;
  for (std::size_t clean = 8; clean == 8; last += clean) {
    clean = bytes_before_quote_or_backslash(last);
  }
  if (*last == '"') return {first, static_cast<std::size_t>(last - first)};
  return check(field.unescaped_key());
}

bool Reader::State::at_end() {
  auto& root = frames.front().elements;
  ++root;
  return root == ondemand::array_iterator{} &&
         document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

Kind Reader::State::kind() const {
  switch (first_character()) {
    case '{': return Kind::object;
    case '[': return Kind::array;
    case '"': return Kind::string;
    case 't':
    case 'f': return Kind::boolean;
    case 'n': return Kind::null;
    case '-': return Kind::number;
    default:
      if (is_digit(first_character())) return Kind::number;
      fail_expecting("expected a JSON value");
  }
}

// The library skips without looking; we look, so that what is accepted does not depend on who reads
// it.
void Reader::State::skip_current() {
  switch (auto const found = kind()) {
    case Kind::object:
    case Kind::array: skip_container(found); return;
    case Kind::string: check(take().get_string()); return;
    case Kind::number:
      if (!is_number(token())) fail_expecting("expected a number");
      break;
    default:
      if (auto const text = token(); text != "true" && text != "false" && text != "null") {
        fail_expecting("expected a JSON value");
      }
  }
  pending = false;
}

void Reader::State::skip_container(Kind kind) {
  auto const outer = depth;
  auto enter = [this](Kind opened) {
    auto& frame = push(opened == Kind::object);
    if (opened == Kind::object) frame.members = check(check(take().get_object()).begin());
    else frame.elements = check(check(take().get_array()).begin());
  };
  enter(kind);
  while (depth > outer) {
    if (!advance(frames[depth - 1])) {
      --depth;
    } else if (auto const found = this->kind(); found == Kind::object || found == Kind::array) {
      enter(found);
    } else {
      skip_current();
    }
  }
}

void Reader::State::settle() {
  if (pending) skip_current();
}

std::string Reader::State::path() const {
  std::string path{options.subject};
  for (std::size_t i = 1; i < depth; ++i) {
    auto const& frame = frames[i];
    if (frame.is_object) {
      if (frame.started) append_name(path, frame.name);
    } else if (frame.index > 0) {
      append_index(path, frame.index - 1);
    }
  }
  return path;
}

void Reader::State::fail(std::string_view problem) const {
  throw Error{Fault::malformed, path().append(": ").append(problem)};
}

void Reader::State::fail_expecting(std::string_view expected) const {
  auto const raw = without_trailing_space(value->raw_json_token());
  auto const first = raw.empty() ? ' ' : raw.front();
  std::string text{expected};
  if (first == '{') fail(text.append(", got an object"));
  if (first == '[') fail(text.append(", got an array"));
  fail(text.append(", got ").append(beginning_of_token(raw)));
}

void Reader::State::fail_got(std::string_view expected, std::string_view text) const {
  fail(std::string{expected}.append(", got \"").append(beginning(text)).append("\""));
}

void Reader::State::fail_misuse(std::string_view rule) const {
  throw Error{Fault::rejected, path().append(": the codec of this type is wrong: ").append(rule)};
}

void Reader::State::fail_syntax(simdjson::error_code code) const {
  switch (code) {
    case simdjson::UTF8_ERROR: fail("the text is not valid UTF-8");
    case simdjson::STRING_ERROR: fail("a string holds a wrong escape or an unpaired surrogate");
    case simdjson::UNESCAPED_CHARS: fail("a string holds a control character that is not escaped");
    case simdjson::UNCLOSED_STRING: fail("a string does not end");
    default: fail("the text is not JSON (" + std::string{simdjson::error_message(code)} + ")");
  }
}

Kind Reader::kind() const { return state_->kind(); }
Policy Reader::policy() const { return state_->options.policy; }

bool Reader::null() {
  if (state_->first_character() != 'n') return false;
  state_->skip_current();
  return true;
}

bool Reader::boolean() {
  static_cast<void>(state_->first_character());
  auto const text = state_->token();
  if (text != "true" && text != "false") state_->fail_expecting("expected true or false");
  state_->take();
  return text == "true";
}

std::string_view Reader::string() {
  if (state_->first_character() != '"') state_->fail_expecting("expected a string");
  return state_->check(state_->take().get_string());
}

std::string_view Reader::number() { return state_->quoted_or_plain_number("expected a number"); }

std::string_view Reader::State::quoted_or_plain_number(std::string_view expected) {
  auto const first = first_character();
  if (first == '"' && options.policy == Policy::rest) {
    auto const text = check(take().get_string());
    if (!is_number(text)) fail_got(expected, text);
    return text;
  }
  if (first != '-' && !is_digit(first)) fail_expecting(expected);
  auto const text = token();
  if (!is_number(text)) fail_expecting(expected);
  take();
  return text;
}

template <class Integer>
Integer Reader::State::integer() {
  Integer result{};
  if (is_digit(first_character()) && first_character() != '0') {
    // The usual case, read in one go; all others are looked at more closely.
    auto const text = token();
    auto const* const last = text.data() + text.size();
    auto const [end, code] = std::from_chars(text.data(), last, result);
    if (code == std::errc{} && end == last) {
      take();
      return result;
    }
  }
  auto const text = quoted_or_plain_number("expected an integer");
  auto const [end, code] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (code == std::errc::result_out_of_range || (code != std::errc{} && text.starts_with('-'))) {
    fail("expected an integer in range, got " + beginning(text));
  }
  if (code != std::errc{} || end != text.data() + text.size()) {
    fail("expected an integer, got " + beginning(text));
  }
  return result;
}

std::int64_t Reader::signed_integer() { return state_->integer<std::int64_t>(); }
std::uint64_t Reader::unsigned_integer() { return state_->integer<std::uint64_t>(); }

double Reader::floating_point() {
  if (state_->first_character() == '"' && policy() == Policy::wire) {
    auto const text = string();
    if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity") return std::numeric_limits<double>::infinity();
    if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
    state_->fail_got("expected a number", text);
  }
  auto const text = state_->quoted_or_plain_number("expected a number");
  double result = 0;
  auto const [end, code] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (code == std::errc::result_out_of_range) {
    fail("expected a number in range, got " + beginning(text));
  }
  return result;
}

void Reader::enter_object() {
  if (state_->first_character() != '{') state_->fail_expecting("expected an object");
  auto& frame = state_->push(true);
  frame.members = state_->check(state_->check(state_->take().get_object()).begin());
}

std::optional<std::string_view> Reader::next_member() {
  state_->settle();
  auto& frame = state_->frames[state_->depth - 1];
  if (state_->depth <= 1 || !frame.is_object) {
    state_->fail_misuse("next_member() without enter_object()");
  }
  auto const name = state_->advance_member(frame);
  if (!name) --state_->depth;
  return name;
}

void Reader::enter_array() {
  if (state_->first_character() != '[') state_->fail_expecting("expected an array");
  auto& frame = state_->push(false);
  frame.elements = state_->check(state_->check(state_->take().get_array()).begin());
}

bool Reader::next_element() {
  state_->settle();
  auto& frame = state_->frames[state_->depth - 1];
  if (state_->depth <= 1 || frame.is_object) {
    state_->fail_misuse("next_element() without enter_array()");
  }
  auto const found = state_->advance_element(frame);
  if (!found) --state_->depth;
  return found;
}

void Reader::skip() { state_->skip_current(); }

void Reader::finish() {
  state_->settle();
  if (state_->depth != 1) state_->fail_misuse("finish() inside an object or array");
  if (!state_->at_end()) fail("expected the end of the text");
  state_->depth = 0;
}

void Reader::fail(std::string_view problem) const { state_->fail(problem); }
void Reader::fail(std::string_view problem, std::string_view got) const {
  state_->fail_got(problem, got);
}

void Reader::fail_missing(std::string_view member) const {
  auto path = state_->path();
  append_name(path, member);
  throw Error{Fault::malformed, path.append(": missing")};
}

}  // namespace tram::json
