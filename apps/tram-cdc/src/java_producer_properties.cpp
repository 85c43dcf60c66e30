#include "java_producer_properties.hpp"

#include <algorithm>
#include <array>

namespace tram::relay_program {
namespace {

using Use = JavaProducerProperty::Use;
using enum JavaProducerProperty::Use;

struct Entry {
  std::string_view name;
  Use use;
  std::string_view text;
};

constexpr std::string_view ours{"has no effect: this program decides it"};
constexpr std::string_view always_all{
    "has no effect: a row is done when all in-sync replicas have its record"};
constexpr std::string_view unlimited{
    "has no effect: a record is sent until it is acknowledged, and the relay recovers by itself"};
constexpr std::string_view no_java{"has no effect: it is about the Java client's own parts"};
constexpr std::string_view tls_by_openssl{"has no effect: OpenSSL decides it"};
constexpr std::string_view pem_authority{
    "the C client reads no Java trust store; name the authority's certificate in PEM with "
    "broker.properties.ssl.ca.location, and remove this"};
constexpr std::string_view pkcs12{
    "name a key store in PKCS#12 with broker.properties.ssl.keystore.location, and remove this"};
constexpr std::string_view no_plugins{"Java classes cannot be loaded here; remove it"};

// In the order of their names.
constexpr std::array properties{
    Entry{"acks", noted, always_all},
    Entry{"auto.include.jmx.reporter", noted, no_java},
    Entry{"batch.size", noted, "has no effect: batches are as large as the broker takes"},
    Entry{"bootstrap.servers", refused,
          "name the brokers in EVENTUATELOCAL_KAFKA_BOOTSTRAP_SERVERS, and remove this"},
    Entry{"buffer.memory", noted, "has no effect: relay.window_bytes bounds the memory"},
    Entry{"client.dns.lookup", noted, "has no effect: all addresses of a name are tried"},
    Entry{"delivery.timeout.ms", noted, unlimited},
    Entry{"enable.idempotence", noted, always_all},
    Entry{"enable.metrics.push", noted, no_java},
    Entry{"interceptor.classes", refused, no_plugins},
    Entry{"key.serializer", noted, ours},
    Entry{"max.block.ms", noted, unlimited},
    Entry{"max.request.size", set, "message.max.bytes"},
    Entry{"metadata.max.idle.ms", noted, ours},
    Entry{"metric.reporters", noted, no_java},
    Entry{"metrics.num.samples", noted, no_java},
    Entry{"metrics.recording.level", noted, no_java},
    Entry{"metrics.sample.window.ms", noted, no_java},
    Entry{"partitioner.adaptive.partitioning.enable", noted,
          "has no effect: every record has a key"},
    Entry{"partitioner.availability.timeout.ms", noted, "has no effect: every record has a key"},
    Entry{"partitioner.class", refused, "remove it: keys go to the partitions that Java chooses"},
    Entry{"partitioner.ignore.keys", refused,
          "remove it: keys go to the partitions that Java chooses"},
    Entry{"receive.buffer.bytes", set, "socket.receive.buffer.bytes"},
    Entry{"retries", noted, unlimited},
    Entry{"sasl.client.callback.handler.class", refused, no_plugins},
    Entry{"sasl.jaas.config", refused,
          "set broker.properties.sasl.username and sasl.password, and remove this"},
    Entry{"sasl.login.callback.handler.class", refused, no_plugins},
    Entry{"sasl.login.class", refused, no_plugins},
    Entry{"security.providers", noted, no_java},
    Entry{"send.buffer.bytes", set, "socket.send.buffer.bytes"},
    Entry{"socket.connection.setup.timeout.max.ms", noted, ours},
    Entry{"ssl.cipher.suites", refused,
          "ciphers have OpenSSL's names here; set broker.properties.ssl.cipher.suites, and remove "
          "this"},
    Entry{"ssl.enabled.protocols", noted, tls_by_openssl},
    Entry{"ssl.engine.factory.class", refused, no_plugins},
    Entry{"ssl.keymanager.algorithm", noted, tls_by_openssl},
    Entry{"ssl.keystore.certificate.chain", set, "ssl.certificate.pem"},
    Entry{"ssl.keystore.key", set, "ssl.key.pem"},
    Entry{"ssl.keystore.type", refused, pkcs12},
    Entry{"ssl.protocol", noted, tls_by_openssl},
    Entry{"ssl.provider", noted, tls_by_openssl},
    Entry{"ssl.secure.random.implementation", noted, tls_by_openssl},
    Entry{"ssl.trustmanager.algorithm", noted, tls_by_openssl},
    Entry{"ssl.truststore.certificates", set, "ssl.ca.pem"},
    Entry{"ssl.truststore.location", refused, pem_authority},
    Entry{"ssl.truststore.password", refused, pem_authority},
    Entry{"ssl.truststore.type", refused, pem_authority},
    Entry{"transaction.timeout.ms", noted,
          "has no effect: there are no transactions in Kafka here"},
    Entry{"transactional.id", refused, "there are no transactions in Kafka here; remove it"},
    Entry{"value.serializer", noted, ours},
};

}  // namespace

JavaProducerProperty java_producer_property(std::string_view name) {
  auto const* const found = std::ranges::find(properties, name, &Entry::name);
  if (found == properties.end()) return {.use = Use::set, .text = std::string{name}};
  return {.use = found->use, .text = std::string{found->text}};
}

}  // namespace tram::relay_program
