#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tram::postgres {

/// Keywords and values as libpq takes them, all unescaped.
using Keywords = std::vector<std::pair<std::string, std::string>>;

/// `postgresql://…` or `postgres://…`, in any letter case.
bool is_uri(std::string_view text) noexcept;

/// A URI in libpq's grammar, as far as it has one meaning only: what a person may have meant in
/// another way, such as a second `@`, is refused. Several hosts stay joined by commas. Faults:
/// rejected; the text says which rule was broken, and shows nothing of the URI.
Keywords parse_uri(std::string_view text);

/// Faults: rejected for a list of hosts or ports that holds anything but hosts, folders of sockets
/// and ports, showing nothing of it.
void require_hosts(std::string_view hosts, std::string_view ports);

/// A name that can stand in a message: what only looks like a name because a URL came apart at the
/// wrong place is none.
bool is_plain_name(std::string_view text) noexcept;

}  // namespace tram::postgres
