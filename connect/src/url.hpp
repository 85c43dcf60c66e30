#pragma once

#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tram::connect {

/// A URL in the parts that choose a driver.
struct Url {
  /// In lower case, `postgres` as `postgresql`.
  std::string scheme;
  /// Between the colon and the question mark, percent-decoded, without leading `//`.
  std::string rest;
  std::map<std::string, std::string> parameters;
};

/// Faults: rejected for a text without a scheme or with a broken escape. Messages never show the
/// text: it may hold a password.
Url parse_url(std::string_view text);

/// A parameter as a whole number within 1 and 1 000 000 000; `otherwise` when it is not given.
/// Rejected for anything else.
int whole_number(Url const& url, std::string const& name, int otherwise);

/// Which of the values the parameter has, counted from 0, which it is when it is not given.
/// Rejected for anything else.
std::size_t choice(Url const& url, std::string const& name,
                   std::initializer_list<std::string_view> values);

/// Parameter `file_mode` in octal digits, as `chmod` takes it; nothing when it is not given.
/// Rejected for what its owner could not read and write.
std::optional<unsigned> file_mode(Url const& url);

/// Rejected, naming the parameter, unless all parameters are among `known`.
void require_known_parameters(Url const& url, std::initializer_list<std::string_view> known);

/// `kind` is `database` or `broker`; `schemes` all that could be, each with whether its driver is
/// built.
struct Scheme {
  std::string_view name;
  bool built;
};
[[noreturn]] void refuse_scheme(Url const& url, std::string_view kind,
                                std::initializer_list<Scheme> schemes);

}  // namespace tram::connect
