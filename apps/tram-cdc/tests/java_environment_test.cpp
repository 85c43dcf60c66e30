#include "java_environment.hpp"

#include <algorithm>
#include <optional>

#include "configuration.hpp"
#include "jdbc_url.hpp"
#include "refusal.hpp"
#include "tram/all_drivers.hpp"
#include "tram/connect/broker.hpp"

namespace tram::relay_program {
namespace {

using namespace std::chrono_literals;

/// As the Java service's own deployment on PostgreSQL sets it.
Variables java_deployment() {
  return {{"SPRING_DATASOURCE_URL", "jdbc:postgresql://postgres/eventuate"},
          {"SPRING_DATASOURCE_USERNAME", "eventuate"},
          {"SPRING_DATASOURCE_PASSWORD", "eventuate"},
          {"SPRING_DATASOURCE_DRIVER_CLASS_NAME", "org.postgresql.Driver"},
          {"SPRING_PROFILES_ACTIVE", "PostgresWal"},
          {"EVENTUATELOCAL_KAFKA_BOOTSTRAP_SERVERS", "kafka:29092, other:29092"},
          {"EVENTUATELOCAL_ZOOKEEPER_CONNECTION_STRING", "zookeeper:2181"},
          {"EVENTUATELOCAL_CDC_READER_NAME", "PostgresWalReader"},
          {"EVENTUATE_OUTBOX_ID", "1"}};
}

JavaEnvironment with(Variables more) {
  auto variables = java_deployment();
  for (auto const& [name, value] : more) variables.insert_or_assign(name, value);
  return read_java_environment(variables);
}

std::optional<std::string> value_of(JavaEnvironment const& environment, std::string const& key) {
  std::optional<std::string> value;
  for (auto const& setting : environment.settings) {
    if (setting.key == key) value = setting.value;
  }
  return value;
}
bool notes(JavaEnvironment const& environment, std::string const& part) {
  return std::ranges::any_of(environment.notes, [&](auto const& note) { return says(note, part); });
}
std::string refusals(Variables more) {
  std::string text;
  for (auto const& refusal : with(std::move(more)).refusals) text += refusal + "\n";
  return text;
}

TEST(JavaEnvironment, is_enough_to_relay) {
  auto const environment = with({});
  EXPECT_TRUE(environment.refusals.empty());
  auto const configuration = configure(environment.settings, Purpose::relay);
  EXPECT_TRUE(configuration.database_url.starts_with("postgresql://postgres/eventuate?user="));
  EXPECT_EQ(configuration.broker_url, "kafka://kafka:29092,other:29092");
  EXPECT_EQ(configuration.relay.name, "PostgresWalReader");
  EXPECT_EQ(configuration.relay.outbox_id, OutboxId{1});
  EXPECT_EQ(configuration.outbox.schema.name(), "eventuate");
  // Without a cleaner the Java service removes nothing.
  EXPECT_EQ(configuration.retention_age, std::nullopt);
  EXPECT_EQ(configuration.heartbeat_interval, 10s);
  EXPECT_EQ(configuration.heartbeat_schema->name(), "eventuate");
}

TEST(JavaEnvironment, names_the_schema_of_the_heartbeats) {
  auto const environment = with({{"EVENTUATE_MONITORING_SCHEMA", "watched"}});
  auto const configuration = configure(environment.settings, Purpose::relay);
  EXPECT_EQ(configuration.heartbeat_schema->name(), "watched");
}

TEST(JavaEnvironment, notes_what_is_not_needed) {
  auto const environment = with({{"EVENTUATELOCAL_CDC_POLLING_INTERVAL_IN_MILLISECONDS", "500"},
                                 {"EVENTUATELOCAL_CDC_LEADERSHIP_LOCK_PATH", "/x"},
                                 {"EVENTUATELOCAL_CDC_POLING_INTERVAL", "1"}});
  EXPECT_TRUE(environment.refusals.empty());
  EXPECT_TRUE(notes(environment, "EVENTUATELOCAL_ZOOKEEPER_CONNECTION_STRING is not needed"));
  EXPECT_TRUE(notes(environment, "POLLING_INTERVAL_IN_MILLISECONDS is for a reader that polls"));
  EXPECT_TRUE(notes(environment, "EVENTUATELOCAL_CDC_POLING_INTERVAL is not known"));
}

TEST(JavaEnvironment, keeps_the_cleaner_for_messages) {
  auto const environment =
      with({{"EVENTUATE_CDC_CLEANER_1_PIPELINE", "default"},
            {"EVENTUATE_CDC_CLEANER_1_MESSAGE_CLEANING_ENABLED", "true"},
            {"EVENTUATE_CDC_CLEANER_1_MESSAGESMAXAGEINSECONDS", "2592000"},
            {"EVENTUATE_CDC_CLEANER_1_RECEIVED_MESSAGE_CLEANING_ENABLED", "true"}});
  EXPECT_EQ(configure(environment.settings, Purpose::relay).retention_age, 720h);
  EXPECT_TRUE(notes(environment, "does not touch the inbox"));
  EXPECT_EQ(configure(with({{"EVENTUATE_CDC_CLEANER_X_MESSAGECLEANINGENABLED", "true"}}).settings,
                      Purpose::relay)
                .retention_age,
            48h);
}

TEST(JavaEnvironment, hands_on_properties_of_the_producer) {
  auto const environment =
      with({{"EVENTUATE_LOCAL_KAFKA_PRODUCER_PROPERTIES_COMPRESSION_TYPE", "lz4"},
            {"EVENTUATE_LOCAL_KAFKA_PRODUCER_PROPERTIES_BUFFER_MEMORY", "1"}});
  EXPECT_EQ(value_of(environment, "broker.properties.compression.type"), "lz4");
  EXPECT_TRUE(notes(environment, "BUFFER_MEMORY"));
  EXPECT_TRUE(says(refusals({{"EVENTUATE_LOCAL_KAFKA_PRODUCER_PROPERTIES_SASL_JAAS_CONFIG", "x"}}),
                   "sasl.username"));
}

/// All that ProducerConfig of kafka-clients 3.9 knows, with values that are legal there.
Variables java_producer_properties() {
  return {{"ACKS", "all"},
          {"AUTO_INCLUDE_JMX_REPORTER", "true"},
          {"BATCH_SIZE", "16384"},
          {"BOOTSTRAP_SERVERS", "h:1"},
          {"BUFFER_MEMORY", "33554432"},
          {"CLIENT_DNS_LOOKUP", "use_all_dns_ips"},
          {"CLIENT_ID", "me"},
          {"COMPRESSION_TYPE", "zstd"},
          {"CONNECTIONS_MAX_IDLE_MS", "540000"},
          {"DELIVERY_TIMEOUT_MS", "120000"},
          {"ENABLE_IDEMPOTENCE", "true"},
          {"ENABLE_METRICS_PUSH", "true"},
          {"INTERCEPTOR_CLASSES", "x.Y"},
          {"KEY_SERIALIZER", "x.Y"},
          {"LINGER_MS", "5"},
          {"MAX_BLOCK_MS", "60000"},
          {"MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION", "5"},
          {"MAX_REQUEST_SIZE", "2000000"},
          {"METADATA_MAX_AGE_MS", "300000"},
          {"METADATA_MAX_IDLE_MS", "300000"},
          {"METRIC_REPORTERS", "x.Y"},
          {"METRICS_NUM_SAMPLES", "2"},
          {"METRICS_RECORDING_LEVEL", "INFO"},
          {"METRICS_SAMPLE_WINDOW_MS", "30000"},
          {"PARTITIONER_ADAPTIVE_PARTITIONING_ENABLE", "true"},
          {"PARTITIONER_AVAILABILITY_TIMEOUT_MS", "0"},
          {"PARTITIONER_CLASS", "x.Y"},
          {"PARTITIONER_IGNORE_KEYS", "true"},
          {"RECEIVE_BUFFER_BYTES", "-1"},
          {"RECONNECT_BACKOFF_MAX_MS", "1000"},
          {"RECONNECT_BACKOFF_MS", "50"},
          {"REQUEST_TIMEOUT_MS", "30000"},
          {"RETRIES", "2147483647"},
          {"RETRY_BACKOFF_MS", "100"},
          {"SASL_CLIENT_CALLBACK_HANDLER_CLASS", "x.Y"},
          {"SASL_JAAS_CONFIG", "x"},
          {"SASL_KERBEROS_SERVICE_NAME", "kafka"},
          {"SASL_LOGIN_CALLBACK_HANDLER_CLASS", "x.Y"},
          {"SASL_LOGIN_CLASS", "x.Y"},
          {"SASL_MECHANISM", "SCRAM-SHA-512"},
          {"SECURITY_PROTOCOL", "SASL_PLAINTEXT"},
          {"SECURITY_PROVIDERS", "x.Y"},
          {"SEND_BUFFER_BYTES", "131072"},
          {"SOCKET_CONNECTION_SETUP_TIMEOUT_MAX_MS", "30000"},
          {"SOCKET_CONNECTION_SETUP_TIMEOUT_MS", "10000"},
          {"SSL_CIPHER_SUITES", "TLS_AES_128_GCM_SHA256"},
          {"SSL_ENABLED_PROTOCOLS", "TLSv1.3"},
          {"SSL_ENDPOINT_IDENTIFICATION_ALGORITHM", "https"},
          {"SSL_ENGINE_FACTORY_CLASS", "x.Y"},
          {"SSL_KEY_PASSWORD", "x"},
          {"SSL_KEYMANAGER_ALGORITHM", "SunX509"},
          {"SSL_KEYSTORE_TYPE", "JKS"},
          {"SSL_PROTOCOL", "TLSv1.3"},
          {"SSL_PROVIDER", "x"},
          {"SSL_SECURE_RANDOM_IMPLEMENTATION", "x"},
          {"SSL_TRUSTMANAGER_ALGORITHM", "PKIX"},
          {"SSL_TRUSTSTORE_LOCATION", "a.jks"},
          {"SSL_TRUSTSTORE_PASSWORD", "x"},
          {"SSL_TRUSTSTORE_TYPE", "JKS"},
          {"TRANSACTION_TIMEOUT_MS", "60000"},
          {"TRANSACTIONAL_ID", "x"},
          {"VALUE_SERIALIZER", "x.Y"}};
}

// Either it is set, and the client library takes it, or a word is said.
TEST(JavaEnvironment, does_something_with_each_property_of_the_java_producer) {
  for (auto const& [name, value] : java_producer_properties()) {
    auto const variable = "EVENTUATE_LOCAL_KAFKA_PRODUCER_PROPERTIES_" + name;
    auto const environment = with({{variable, value}});
    if (notes(environment, variable + " has no effect: ")) continue;
    if (!environment.refusals.empty()) {
      EXPECT_TRUE(says(environment.refusals.front(), variable + ": "));
      EXPECT_GT(environment.refusals.front().size(), variable.size() + 10);
      continue;
    }
    auto const configuration = configure(environment.settings, Purpose::relay);
    ASSERT_EQ(configuration.broker_properties.size(), 1U) << name;
    EXPECT_NO_THROW(connect::broker("kafka://127.0.0.1:1", all_drivers(), {.logger = {}},
                                    configuration.broker_properties))
        << name;
  }
}

TEST(JavaEnvironment, switches_batches_on) {
  auto const configuration =
      configure(with({{"EVENTUATE_CDC_KAFKA_ENABLE_BATCH_PROCESSING", "true"},
                      {"EVENTUATE_CDC_KAFKA_BATCH_PROCESSING_MAX_BATCH_SIZE", "500000"}})
                    .settings,
                Purpose::relay);
  EXPECT_EQ(configuration.broker_properties.at("tram.multi_messages"), "true");
  EXPECT_EQ(configuration.broker_properties.at("tram.multi_message_bytes"), "500000");
}

TEST(JavaEnvironment, gives_properties_the_names_of_the_c_client) {
  auto const environment =
      with({{"EVENTUATE_LOCAL_KAFKA_PRODUCER_PROPERTIES_MAX_REQUEST_SIZE", "2000000"},
            {"EVENTUATE_LOCAL_KAFKA_PRODUCER_PROPERTIES_SEND_BUFFER_BYTES", "-1"},
            {"EVENTUATE_LOCAL_KAFKA_PRODUCER_PROPERTIES_SSL_TRUSTSTORE_CERTIFICATES", "PEM"}});
  EXPECT_EQ(value_of(environment, "broker.properties.message.max.bytes"), "2000000");
  EXPECT_EQ(value_of(environment, "broker.properties.socket.send.buffer.bytes"), "0");
  EXPECT_EQ(value_of(environment, "broker.properties.ssl.ca.pem"), "PEM");
  auto const configuration = configure(
      with({{"EVENTUATE_LOCAL_KAFKA_PRODUCER_PROPERTIES_MAX_REQUEST_SIZE", "2000000"}}).settings,
      Purpose::relay);
  auto const broker = connect::broker("kafka://127.0.0.1:1", all_drivers(), {.logger = {}},
                                      configuration.broker_properties);
  EXPECT_EQ(broker->traits().record_bytes_max, 2'000'000U);
}

TEST(JavaEnvironment, refuses_what_this_program_does_not_do) {
  EXPECT_TRUE(says(refusals({{"SPRING_PROFILES_ACTIVE", "EventuatePolling"}}), "polls"));
  EXPECT_TRUE(says(refusals({{"SPRING_PROFILES_ACTIVE", "PostgresWal, RabbitMQ"}}), "RabbitMQ"));
  EXPECT_TRUE(says(refusals({{"SPRING_DATASOURCE_URL", "jdbc:mysql://h/d"}}), "MySQL"));
  EXPECT_TRUE(says(refusals({{"SPRING_DATASOURCE_URL", "jdbc:sqlserver://h"}}), "SQL Server"));
  EXPECT_TRUE(says(refusals({{"EVENTUATE_CDC_TYPE", "EventuateLocal"}}), "Eventuate Local"));
  EXPECT_TRUE(
      says(refusals({{"EVENTUATE_CDC_OUTBOX_PARTITIONING_OUTBOX_TABLES", "8"}}), "8 tables"));
  EXPECT_TRUE(says(refusals({{"EVENTUATE_CDC_READER_R1_TYPE", "postgres-wal"},
                             {"EVENTUATE_CDC_PIPELINE_P1_TYPE", "eventuate-tram"}}),
                   "several readers"));
  EXPECT_TRUE(says(refusals({{"EVENTUATE_CDC_SERVICE_DRY_RUN", "true"}}), "--check"));
  EXPECT_EQ(refusals({{"EVENTUATE_CDC_SERVICE_DRY_RUN", "false"},
                      {"EVENTUATE_CDC_TYPE", "EventuateTram"}}),
            "");
}

TEST(JavaEnvironment, passes_over_other_programs) {
  auto const environment = read_java_environment(
      {{"SPRING_DATASOURCE_URL", "jdbc:h2:mem:x"}, {"SERVER_PORT", "80"}, {"PATH", "/bin"}});
  EXPECT_TRUE(environment.settings.empty());
  EXPECT_TRUE(environment.refusals.empty());
}

TEST(JdbcUrl, becomes_one_for_libpq) {
  auto const converted = convert_jdbc_url(
      "jdbc:postgresql://h1:5432,h2:5433/db?ssl=true&currentSchema=s&targetServerType=primary&"
      "ApplicationName=x&prepareThreshold=0");
  EXPECT_EQ(converted.url,
            "postgresql://h1:5432,h2:5433/db?sslmode=verify-full&options=-csearch_path%3Ds&"
            "target_session_attrs=read-write&application_name=x");
  EXPECT_EQ(converted.dropped, std::vector<std::string>{"the parameter 'prepareThreshold'"});
  EXPECT_TRUE(says(refusal([] { convert_jdbc_url("jdbc:postgresql:db"); }), "write the host out"));
}

}  // namespace
}  // namespace tram::relay_program
