#include <array>
#include <string>

#include "configuration_file.hpp"
#include "jdbc_url.hpp"
#include "promise.hpp"
#include "targets.hpp"
#include "tram/base/secrets.hpp"
#include "tram/base/url.hpp"
#include "values.hpp"

namespace tram::fuzz {
namespace {

void toml(std::string_view bytes) {
  reading([&] { (void)relay_program::parse_configuration(bytes, "settings.toml"); });
}

void jdbc(std::string_view bytes) {
  reading([&] {
    auto const converted =
        relay_program::convert_jdbc_url("jdbc:postgresql://" + std::string{bytes});
    promise(converted.url.starts_with("postgresql://"), "it is one for libpq");
  });
}

void urls(std::string_view bytes) {
  reading([&] { promise(!parse_url(bytes).scheme.empty(), "a URL has a scheme"); });
}

void values(std::string_view bytes) {
  std::string const text{bytes};
  reading([&] { promise(programs::parse_duration(text) >= Duration{}, "a time is no debt"); });
  reading([&] { (void)programs::parse_bytes(text); });
  reading(
      [&] { promise(programs::parse_number(text, 3, 7) <= 7, "a number is within its limits"); });
}

/// A secret and a text that may hold it, apart at the first NUL.
void secrets(std::string_view bytes) {
  auto const middle = std::min(bytes.find('\0'), bytes.size());
  std::string const secret{bytes.substr(0, middle)};
  Secrets all;
  all.add("", secret);
  auto const shown = all.hidden_in(bytes.substr(std::min(middle + 1, bytes.size())));
  // What stands in its place, `<>`, could be a part of another one.
  if (secret.size() >= 3 && secret.find_first_of("<>") == std::string::npos)
    promise(shown.find(secret) == std::string::npos, "a secret is not shown");
}

constexpr std::array all{Target{"toml", toml}, Target{"jdbc", jdbc}, Target{"urls", urls},
                         Target{"values", values}, Target{"secrets", secrets}};

}  // namespace

std::span<Target const> settings_targets() { return all; }

}  // namespace tram::fuzz
