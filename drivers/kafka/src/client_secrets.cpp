#include "client_secrets.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace tram::kafka {
namespace {

constexpr std::array names{"sasl.password",
                           "sasl.oauthbearer.config",
                           "sasl.oauthbearer.client.secret",
                           "sasl.oauthbearer.extensions",
                           "sasl.oauthbearer.token.endpoint.url",
                           "sasl.kerberos.kinit.cmd",
                           "sasl.kerberos.keytab",
                           "ssl.key.password",
                           "ssl.key.pem",
                           "ssl.key.location",
                           "ssl.certificate.pem",
                           "ssl.certificate.location",
                           "ssl.keystore.password",
                           "ssl.keystore.location",
                           "ssl.ca.pem",
                           "ssl.ca.location",
                           "ssl.crl.location",
                           "plugin.library.paths"};
constexpr std::array names_of_names{"sasl.username", "sasl.oauthbearer.client.id",
                                    "sasl.kerberos.principal", "client.id"};
constexpr std::array<std::string_view, 5> mechanisms{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512",
                                                     "GSSAPI", "OAUTHBEARER"};

std::string value_of(rd_kafka_conf_t const* conf, char const* name) {
  std::size_t size = 0;
  if (rd_kafka_conf_get(conf, name, nullptr, &size) != RD_KAFKA_CONF_OK || size < 2) return {};
  std::string value(size, '\0');
  if (rd_kafka_conf_get(conf, name, value.data(), &size) != RD_KAFKA_CONF_OK) return {};
  value.resize(value.find('\0'));
  return value;
}

}  // namespace

Secrets secrets_in(rd_kafka_conf_t const* conf) {
  Secrets secrets;
  for (auto const* name : names) secrets.add(name, value_of(conf, name));
  for (auto const* name : names_of_names) secrets.add_quoted(name, value_of(conf, name));
  auto mechanism = value_of(conf, "sasl.mechanisms");
  if (std::ranges::find(mechanisms, mechanism) == mechanisms.end())
    secrets.add("sasl.mechanism", std::move(mechanism));
  return secrets;
}

Secrets secrets_in(rd_kafka_t const* client) {
  // It is only read.
  return secrets_in(rd_kafka_conf(const_cast<rd_kafka_t*>(client)));
}

}  // namespace tram::kafka
