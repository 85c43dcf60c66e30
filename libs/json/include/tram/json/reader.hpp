#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tram/base/detail/memory.hpp"

#pragma GCC visibility push(default)

namespace tram::json {

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

/// How strict a text is read and how absence is written.
enum class Policy : std::uint8_t {
  /// Messages: absent members are left out, types are strict, unknown members are ignored.
  wire,
  /// HTTP interfaces: absent members are written as `null`, and a number may be in quotes.
  rest,
};

/// How deep texts are written, and read unless told otherwise.
inline constexpr std::size_t depth_usual = 64;

struct ReaderOptions {
  Policy policy = Policy::wire;
  /// The first word of every error's path: usually the name of the type that is read. It must
  /// outlive the reader.
  std::string_view subject = "json";
  std::size_t bytes_max = 8U << 20U;
  /// At most 256.
  std::size_t depth_max = depth_usual;
};

/// Reads one JSON text from front to back, value by value. Nothing waits; one thread at a time.
///
///     Reader reader{R"({"ID":"1","retries":3})"};
///     reader.enter_object();
///     while (auto const name = reader.next_member()) {
///       if (reader.kind() == Kind::string) use(*name, reader.string());
///       else use(*name, reader.number());
///     }
///     reader.finish();
///
/// There is always one current value: at first the whole text, after `next_member` or
/// `next_element` the member or element. It is taken once, by one of the functions below; a value
/// that is not taken is checked and skipped. Members come in the order of the text, repeated names
/// included.
///
/// The text is copied, so it need not outlive the reader. Views that are handed out live as long as
/// the reader. Every function throws `Fault::malformed` where the text is not JSON (RFC 8259, valid
/// UTF-8, no unpaired surrogate), is too deep or too long, or is not what the function expects; the
/// message begins with the path and ends with what came: `ReserveCredit.lines[0].quantity: expected
/// an integer, got "two"`. Calls in a wrong order, in a codec of the application, are
/// `Fault::rejected`.
class Reader {
 public:
  explicit Reader(std::string_view text, ReaderOptions const& options = {});
  ~Reader();
  Reader(Reader const&) = delete;
  Reader& operator=(Reader const&) = delete;

  /// The kind of the current value; it is not taken.
  [[nodiscard]] Kind kind() const;
  [[nodiscard]] Policy policy() const;

  /// Takes the current value if it is `null`, and tells whether it was.
  bool null();
  bool boolean();
  /// The unescaped text of a string.
  std::string_view string();
  /// A number exactly as it is written: `1.50`, `1E+5`.
  std::string_view number();
  /// An integer without fraction and exponent, in the full range of the type.
  std::int64_t signed_integer();
  std::uint64_t unsigned_integer();
  /// The nearest double; one that is too large for a double is malformed. Java's strings `"NaN"`,
  /// `"Infinity"` and `"-Infinity"` are taken as well.
  double floating_point();

  /// Takes an object: its members follow.
  void enter_object();
  /// Goes to the next member and tells its name; none at the end of the object, which is left by
  /// that.
  std::optional<std::string_view> next_member();
  /// Takes an array: its elements follow.
  void enter_array();
  /// Goes to the next element; false at the end of the array, which is left by that.
  bool next_element();
  /// Takes any value with all that it contains, checking that it is JSON.
  void skip();

  /// To be called last: nothing but white space may follow the value.
  void finish();

  /// Throws `Fault::malformed` for the current value: its path, then `problem`.
  [[noreturn]] void fail(std::string_view problem) const;
  /// The same, with the text that came instead.
  [[noreturn]] void fail(std::string_view problem, std::string_view got) const;
  /// The same for a member that the object which was just left should have had.
  [[noreturn]] void fail_missing(std::string_view member) const;

 private:
  struct State;
  struct Release {
    void operator()(State* state) const noexcept;
  };
  std::unique_ptr<State, Release> state_;
};

}  // namespace tram::json

#pragma GCC visibility pop
