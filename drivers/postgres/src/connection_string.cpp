#include "connection_string.hpp"

#include <algorithm>
#include <utility>

#include "tram/base/error.hpp"
#include "tram/base/host_port.hpp"
#include "tram/base/percent.hpp"

namespace tram::postgres {
namespace {

using namespace std::string_view_literals;

constexpr auto npos = std::string_view::npos;

[[noreturn]] void refuse(std::string const& what) {
  throw Error{Fault::rejected,
              "postgresql: the connection string is not understood: " + what +
                  "; write postgresql://user:password@host:port/database, with % escapes for signs "
                  "in the parts: %40 for @, %2F for /, %3A for :, %3F for ?, %25 for %"};
}

char lower(char character) noexcept {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character + ('a' - 'A'))
                                              : character;
}

std::string_view behind_scheme(std::string_view text) noexcept {
  for (auto const scheme : {"postgresql://"sv, "postgres://"sv}) {
    if (std::ranges::equal(text.substr(0, scheme.size()), scheme, {}, lower))
      return text.substr(scheme.size());
  }
  return {};
}

std::string unescaped(std::string_view text) {
  auto result = percent_decoded(text);
  if (!result) refuse("a '%' is not followed by two hexadecimal digits");
  if (result->find('\0') != npos) refuse("it has %00");
  return *std::move(result);
}

/// Takes the text up to one of `ends` away from the front.
std::string_view take_until(std::string_view& text, std::string_view ends) {
  auto const taken = text.substr(0, text.find_first_of(ends));
  text.remove_prefix(taken.size());
  return taken;
}

class Parser {
 public:
  Keywords run(std::string_view rest) {
    if (rest.find('\0') != npos) refuse("it has a NUL");
    take_user(rest);
    take_hosts(rest);
    if (rest.starts_with('/')) take_database(rest);
    if (rest.starts_with('?')) take_parameters(rest.substr(1));
    return std::move(result_);
  }

 private:
  void add(std::string keyword, std::string value) {
    result_.emplace_back(std::move(keyword), std::move(value));
  }

  void take_user(std::string_view& rest) {
    auto const at = rest.find('@');
    if (at == npos) return;
    auto const user = rest.substr(0, at);
    if (user.find_first_of("/?") != npos || rest.find('@', at + 1) != npos)
      refuse("an '@' is where it ends no user and password");
    auto const colon = user.find(':');
    if (user.substr(0, colon).find_first_of(" =") != npos)
      refuse("the user's name holds a blank or a '='");
    if (!user.substr(0, colon).empty()) add("user", unescaped(user.substr(0, colon)));
    if (colon != npos) add("password", unescaped(user.substr(colon + 1)));
    rest.remove_prefix(at + 1);
  }

  void take_hosts(std::string_view& rest) {
    std::string hosts;
    std::string ports;
    while (true) {
      hosts += take_host(rest);
      if (rest.starts_with(':')) {
        rest.remove_prefix(1);
        ports += take_until(rest, "/?,");
      }
      if (!rest.starts_with(',')) break;
      rest.remove_prefix(1);
      hosts += ',';
      ports += ',';
    }
    require_hosts(hosts, ports);
    if (hosts.find_first_not_of(',') != npos) add("host", hosts);
    if (ports.find_first_not_of(',') != npos) add("port", ports);
  }

  static std::string take_host(std::string_view& rest) {
    if (!rest.starts_with('[')) return one_host(take_until(rest, ":/?,"));
    rest.remove_prefix(1);
    auto const host = take_until(rest, "]");
    if (rest.empty()) refuse("a '[' is not followed by an IPv6 address and ']'");
    rest.remove_prefix(1);
    if (!rest.empty() && ":/?,"sv.find(rest.front()) == npos)
      refuse("a ']' is followed by something else than a port or a path");
    return one_host(host);
  }
  static std::string one_host(std::string_view text) {
    auto host = unescaped(text);
    if (host.find(',') != npos) refuse("a host's name holds a ','");
    return host;
  }

  void take_database(std::string_view& rest) {
    rest.remove_prefix(1);
    auto const database = take_until(rest, "?");
    if (database.find('/') != npos) refuse("the database's name holds a '/'");
    if (!database.empty()) add("dbname", unescaped(database));
  }

  void take_parameters(std::string_view query) {
    while (!query.empty()) {
      auto const one = take_until(query, "&");
      if (!query.empty()) query.remove_prefix(1);
      auto const equals = one.find('=');
      if (equals == npos) refuse("a parameter behind the '?' has no '='");
      if (one.find('=', equals + 1) != npos) refuse("a parameter behind the '?' has a second '='");
      take_parameter(unescaped(one.substr(0, equals)), unescaped(one.substr(equals + 1)));
    }
  }
  /// As libpq does, which knows JDBC's name for it.
  void take_parameter(std::string keyword, std::string value) {
    if (keyword.empty()) refuse("a parameter behind the '?' has no name");
    if (keyword == "host" || keyword == "hostaddr") require_hosts(value, "");
    if (keyword == "port") require_hosts("", value);
    if (keyword == "ssl" && value == "true") return add("sslmode", "require");
    add(std::move(keyword), std::move(value));
  }

  Keywords result_;
};

std::vector<std::string_view> items(std::string_view list) {
  std::vector<std::string_view> all;
  while (true) {
    all.push_back(list.substr(0, list.find(',')));
    if (all.back().size() == list.size()) return all;
    list.remove_prefix(all.back().size() + 1);
  }
}

/// Empty ones are the default.
bool is_host(std::string_view host) {
  if (host.starts_with('/')) return host.find_first_of("@?#") == npos;
  return host.empty() || is_plain_host(host);
}

}  // namespace

bool is_uri(std::string_view text) noexcept { return behind_scheme(text).data() != nullptr; }

Keywords parse_uri(std::string_view text) { return Parser{}.run(behind_scheme(text)); }

void require_hosts(std::string_view hosts, std::string_view ports) {
  if (!std::ranges::all_of(items(hosts), is_host))
    refuse("what should be a host is no name, address or folder of a socket");
  auto const is_number = [](auto port) { return port.empty() || is_port(port); };
  if (!std::ranges::all_of(items(ports), is_number))
    refuse("what should be a port is no number from 1 to 65535");
}

bool is_plain_name(std::string_view text) noexcept {
  return !text.empty() && text.find_first_of("@:/?#&=%\\'\" \t\r\n") == npos;
}

}  // namespace tram::postgres
