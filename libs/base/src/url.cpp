#include "tram/base/url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "tram/base/error.hpp"
#include "tram/base/percent.hpp"

namespace tram {
namespace {

[[noreturn]] void refuse(std::string const& what) { throw Error{Fault::rejected, "url: " + what}; }

bool is_letter(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

char lower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character + ('a' - 'A'))
                                              : character;
}

std::string decoded(std::string_view text) {
  auto result = percent_decoded(text);
  if (!result)
    refuse("a '%' is not followed by two hexadecimal digits; write %25 for the sign itself");
  return *std::move(result);
}

std::string list(std::initializer_list<std::string_view> names) {
  std::string text;
  for (auto const name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

std::map<std::string, std::string> parameters_of(std::string_view query) {
  std::map<std::string, std::string> parameters;
  while (!query.empty()) {
    auto const one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(one.size() + 1, query.size()));
    if (one.empty()) continue;
    auto const equals = one.find('=');
    auto const value = equals == std::string_view::npos ? "" : one.substr(equals + 1);
    parameters.insert_or_assign(decoded(one.substr(0, equals)), decoded(value));
  }
  return parameters;
}

}  // namespace

Url parse_url(std::string_view text) {
  auto const colon = text.find(':');
  auto const name = text.substr(0, colon);
  if (colon == std::string_view::npos || name.empty() || !std::ranges::all_of(name, is_letter))
    refuse("it does not begin with a scheme and a colon, such as 'postgresql://' or 'sqlite:'");
  Url url;
  std::ranges::transform(name, std::back_inserter(url.scheme), lower);
  url.text = text;
  text.remove_prefix(colon + 1);
  auto const question = text.find('?');
  if (question != std::string_view::npos) url.parameters = parameters_of(text.substr(question + 1));
  auto rest = text.substr(0, question);
  if (rest.starts_with("//")) rest.remove_prefix(2);
  url.rest = decoded(rest);
  return url;
}

int Url::whole_number(std::string const& name, int otherwise) const {
  auto const found = parameters.find(name);
  if (found == parameters.end()) return otherwise;
  auto const& digits = found->second;
  int value{};
  auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value < 1 ||
      value > 1'000'000'000) {
    refuse("parameter '" + name + "' of a '" + scheme + ":' URL must be a whole number from 1");
  }
  return value;
}

std::size_t Url::choice(std::string const& name,
                        std::initializer_list<std::string_view> values) const {
  auto const found = parameters.find(name);
  if (found == parameters.end()) return 0;
  auto const at = std::ranges::find(values, found->second);
  if (at != values.end()) return static_cast<std::size_t>(at - values.begin());
  refuse("parameter '" + name + "' of a '" + scheme + ":' URL must be one of " + list(values));
}

std::optional<unsigned> Url::file_mode() const {
  auto const found = parameters.find("file_mode");
  if (found == parameters.end()) return std::nullopt;
  auto const& digits = found->second;
  unsigned mode{};
  auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), mode, 8);
  constexpr unsigned owner = 0600;
  bool const is_mode = error == std::errc{} && end == digits.data() + digits.size() && mode <= 0666;
  if (is_mode && (mode & owner) == owner && (mode & 0111) == 0) return mode;
  refuse("parameter 'file_mode' of a '" + scheme +
         ":' URL must be octal digits that let the owner read and write and nobody execute, as "
         "0600 or 0640");
}

void Url::require_parameters(std::initializer_list<std::string_view> known) const {
  for (auto const& [name, value] : parameters) {
    if (std::ranges::find(known, name) != known.end()) continue;
    refuse("a '" + scheme + ":' URL has no parameter of the name that stands there; it has " +
           list(known));
  }
}

void Url::require_path() const {
  auto const colon = rest.find(':');
  bool const may_be_a_server =
      colon != std::string::npos && rest.find('@', colon) != std::string::npos;
  if (!may_be_a_server) return;
  refuse("behind '" + scheme +
         ":' stands the path of a file, and this one looks like the user, password and host of a "
         "server; correct the scheme, or rename the file");
}

std::string shown_scheme(Url const& url) {
  constexpr std::array<std::string_view, 21> known{
      "postgresql", "postgres", "sqlite",   "kafka",   "embedded",  "memory", "mysql",
      "mariadb",    "oracle",   "jdbc",     "mongodb", "sqlserver", "amqp",   "amqps",
      "redis",      "rediss",   "activemq", "http",    "https",     "file",   "tcp"};
  return std::ranges::find(known, url.scheme) == known.end() ? "what this one begins with"
                                                             : "'" + url.scheme + ":'";
}

}  // namespace tram
