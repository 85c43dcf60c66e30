#include "url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "tram/base/error.hpp"
#include "tram/base/percent.hpp"

namespace tram::connect {
namespace {

constexpr auto npos = std::string_view::npos;

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

/// A URL of a server with the scheme of a file: its path would be shown.
void require_path(Url const& url) {
  auto const colon = url.rest.find(':');
  bool const may_be_a_server = colon != std::string::npos && url.rest.find('@', colon) != npos;
  if (!may_be_a_server || (url.scheme != "sqlite" && url.scheme != "embedded")) return;
  refuse("behind '" + url.scheme +
         ":' stands the path of a file, and this one looks like the user, password and host of a "
         "server; correct the scheme, or rename the file");
}

/// Known ones, since all else may be anything.
std::string shown_scheme(Url const& url) {
  constexpr std::array<std::string_view, 20> known{
      "postgresql", "sqlite",   "kafka",   "embedded",  "memory", "mysql", "mariadb",
      "oracle",     "jdbc",     "mongodb", "sqlserver", "amqp",   "amqps", "redis",
      "rediss",     "activemq", "http",    "https",     "file",   "tcp"};
  return std::ranges::find(known, url.scheme) == known.end() ? "what this one begins with"
                                                             : "'" + url.scheme + ":'";
}

}  // namespace

Url parse_url(std::string_view text) {
  auto const colon = text.find(':');
  auto const name = text.substr(0, colon);
  if (colon == std::string_view::npos || name.empty() || !std::ranges::all_of(name, is_letter))
    refuse("it does not begin with a scheme and a colon, such as 'postgresql://' or 'sqlite:'");
  Url url;
  std::ranges::transform(name, std::back_inserter(url.scheme), lower);
  if (url.scheme == "postgres") url.scheme = "postgresql";
  text.remove_prefix(colon + 1);
  auto const question = text.find('?');
  if (question != std::string_view::npos) url.parameters = parameters_of(text.substr(question + 1));
  auto rest = text.substr(0, question);
  if (rest.starts_with("//")) rest.remove_prefix(2);
  url.rest = decoded(rest);
  require_path(url);
  return url;
}

int whole_number(Url const& url, std::string const& name, int otherwise) {
  auto const found = url.parameters.find(name);
  if (found == url.parameters.end()) return otherwise;
  auto const& text = found->second;
  int value{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1 ||
      value > 1'000'000'000) {
    refuse("parameter '" + name + "' of a '" + url.scheme + ":' URL must be a whole number from 1");
  }
  return value;
}

std::size_t choice(Url const& url, std::string const& name,
                   std::initializer_list<std::string_view> values) {
  auto const found = url.parameters.find(name);
  if (found == url.parameters.end()) return 0;
  auto const at = std::ranges::find(values, found->second);
  if (at != values.end()) return static_cast<std::size_t>(at - values.begin());
  refuse("parameter '" + name + "' of a '" + url.scheme + ":' URL must be one of " + list(values));
}

std::optional<unsigned> file_mode(Url const& url) {
  auto const found = url.parameters.find("file_mode");
  if (found == url.parameters.end()) return std::nullopt;
  auto const& text = found->second;
  unsigned mode{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  constexpr unsigned owner = 0600;
  bool const is_mode = error == std::errc{} && end == text.data() + text.size() && mode <= 0666;
  if (is_mode && (mode & owner) == owner && (mode & 0111) == 0) return mode;
  refuse("parameter 'file_mode' of a '" + url.scheme +
         ":' URL must be octal digits that let the owner read and write and nobody execute, as "
         "0600 or 0640");
}

void require_known_parameters(Url const& url, std::initializer_list<std::string_view> known) {
  for (auto const& [name, value] : url.parameters) {
    if (std::ranges::find(known, name) != known.end()) continue;
    refuse("a '" + url.scheme + ":' URL has no parameter of the name that stands there; it has " +
           list(known));
  }
}

void refuse_scheme(Url const& url, std::string_view kind, std::initializer_list<Scheme> schemes) {
  std::string names;
  for (auto const& scheme : schemes) {
    if (scheme.name == url.scheme) {
      refuse("the driver for '" + url.scheme +
             ":' is not built into this program; build Tram with "
             "its client library (CMake's output says which)");
    }
    names.append(names.empty() ? "" : ", ").append(scheme.name).append(":");
    if (!scheme.built) names += " (not built)";
  }
  refuse("no " + std::string{kind} + " has URLs that begin with " + shown_scheme(url) +
         "; there are " + names);
}

}  // namespace tram::connect
