#include "tram/base/host_port.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <system_error>

#include <arpa/inet.h>

namespace tram {
namespace {

constexpr std::size_t name_size_max{253};

bool is_alphanumeric(char character) noexcept {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9');
}

bool is_of_a_name(char character) noexcept {
  return is_alphanumeric(character) || character == '-' || character == '_' || character == '.';
}

/// With a zone behind it, perhaps: `fe80::1%eth0`.
bool is_ipv6(std::string_view text) noexcept {
  auto const address = text.substr(0, text.find('%'));
  auto const zone = text.substr(address.size());
  if (!zone.empty() && !std::ranges::all_of(zone.substr(1), is_of_a_name)) return false;
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  // The end of a text to inet_pton().
  bool const ends_early = address.find('\0') != std::string_view::npos;
  if (ends_early || address.size() >= terminated.size()) return false;
  std::ranges::copy(address, terminated.begin());
  in6_addr parsed{};
  return ::inet_pton(AF_INET6, terminated.data(), &parsed) == 1;
}

}  // namespace

bool is_plain_host(std::string_view text) noexcept {
  if (text.empty() || text.size() > name_size_max) return false;
  return std::ranges::all_of(text, is_of_a_name) || is_ipv6(text);
}

bool is_port(std::string_view text) noexcept {
  std::uint16_t port{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port > 0;
}

bool is_host_and_port(std::string_view text) noexcept {
  bool const brackets = text.starts_with('[');
  auto const close = brackets ? text.find(']') : text.find(':');
  if (brackets && close == std::string_view::npos) return false;
  auto const host = brackets ? text.substr(1, close - 1) : text.substr(0, close);
  auto const behind =
      close == std::string_view::npos ? "" : text.substr(brackets ? close + 1 : close);
  if (brackets ? !is_ipv6(host) : !is_plain_host(host)) return false;
  return behind.empty() || (behind.starts_with(':') && is_port(behind.substr(1)));
}

}  // namespace tram
