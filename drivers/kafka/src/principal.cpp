#include "principal.hpp"

#include <array>
#include <string>
#include <string_view>

namespace tram::kafka {
namespace {

constexpr std::string_view anonymous{"grant this client "};

/// A longer name does not help anybody.
std::string user_of(rd_kafka_t const* client) {
  std::array<char, 256> name{};
  auto size = name.size();
  auto const* const conf = rd_kafka_conf(const_cast<rd_kafka_t*>(client));  // NOLINT
  auto const code = rd_kafka_conf_get(conf, "sasl.username", name.data(), &size);
  return code == RD_KAFKA_CONF_OK ? std::string{name.data()} : std::string{};
}

}  // namespace

Error with_principal(Error error, rd_kafka_t const* client) {
  std::string text{error.what()};
  auto const place = text.find(anonymous);
  if (place == std::string::npos) return error;
  auto const user = user_of(client);
  if (user.empty()) return error;
  text.replace(place, anonymous.size(), "grant user '" + user + "' ");
  return Error{error.fault(), text, error.native_code()};
}

}  // namespace tram::kafka
