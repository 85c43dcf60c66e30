#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// `scheme:rest?name=value&name=value`, taken apart. It may hold a password: no message shows more
/// of it than the scheme of a driver.
///
///     auto const url = parse_url("embedded:channels.db?partitions=8");
///     url.scheme;                         // "embedded"
///     url.rest;                           // "channels.db"
///     url.whole_number("partitions", 4);  // 8
///
/// All functions throw `Error{rejected}`, with a text that names the parameter and shows no value.
struct Url {
  /// In lower case.
  std::string scheme;
  /// Between the colon and the question mark, percent-decoded, without leading `//`.
  std::string rest;
  std::map<std::string, std::string> parameters;
  /// As it was written.
  std::string text;

  /// A parameter as a whole number within 1 and 1 000 000 000; `otherwise` when it is not given.
  [[nodiscard]] int whole_number(std::string const& name, int otherwise) const;
  /// Which of the values the parameter has, counted from 0; 0 when it is not given.
  [[nodiscard]] std::size_t choice(std::string const& name,
                                   std::initializer_list<std::string_view> values) const;
  /// Parameter `file_mode` in octal digits, as `chmod` takes it; nothing when it is not given.
  /// Rejected unless it lets the owner read and write.
  [[nodiscard]] std::optional<unsigned> file_mode() const;
  /// Rejected, naming the scheme, unless all parameters are among `known`.
  void require_parameters(std::initializer_list<std::string_view> known) const;
  /// Rejected if what should be a path looks like user, password and host of a server: a path is
  /// shown in messages.
  void require_path() const;
};

/// Throws: rejected for a text without a scheme or with a broken escape.
Url parse_url(std::string_view text);

/// How messages call the scheme: its name if it is well known, since anything else may be part of a
/// password.
std::string shown_scheme(Url const& url);

}  // namespace tram

#pragma GCC visibility pop
