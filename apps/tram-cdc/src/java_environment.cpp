#include "java_environment.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "java_producer_properties.hpp"
#include "jdbc_url.hpp"
#include "nearest_name.hpp"
#include "shown.hpp"
#include "tram/base/error.hpp"

namespace tram::relay_program {
namespace {

/// What becomes of a variable that needs no thought.
struct Variable {
  enum class Use : std::uint8_t {
    /// It is the value of the key `text`.
    setting,
    /// It changes nothing here, because of `text`.
    noted,
    /// See the functions below.
    special,
  };
  std::string_view name;
  Use use;
  std::string_view text;
};

constexpr std::string_view no_polling{
    "is for a reader that polls; this program reads the database's log and is woken by commits"};
constexpr std::string_view no_mysql{"is for MySQL's log, which this program does not read"};
constexpr std::string_view no_zookeeper{
    "is not needed: the replication slot has one reader at a time, and others are on standby"};
constexpr std::string_view no_retries{"has no effect: this program retries until it is stopped"};
constexpr std::string_view no_helper_slot{"is not needed: the relay's own position tells"};

using enum Variable::Use;
constexpr std::array variables_known{
    Variable{"SPRING_DATASOURCE_URL", special, ""},
    Variable{"SPRING_DATASOURCE_USERNAME", setting, "database.user"},
    Variable{"SPRING_DATASOURCE_PASSWORD", setting, "database.password"},
    Variable{"SPRING_DATASOURCE_DRIVER_CLASS_NAME", noted, "is not needed: the URL tells"},
    Variable{"SPRING_PROFILES_ACTIVE", special, ""},
    Variable{"SERVER_PORT", setting, "http.port"},
    Variable{"EVENTUATELOCAL_CDC_READER_NAME", setting, "relay.name"},
    Variable{"EVENTUATE_OUTBOX_ID", setting, "relay.outbox_id"},
    Variable{"EVENTUATE_DATABASE_SCHEMA", setting, "database.schema"},
    Variable{"EVENTUATELOCAL_CDC_SOURCE_TABLE_NAME", setting, "database.table"},
    Variable{"EVENTUATE_CDC_TYPE", special, ""},
    Variable{"EVENTUATELOCAL_CDC_LEADERSHIP_LOCK_PATH", noted, no_zookeeper},
    Variable{"EVENTUATELOCAL_ZOOKEEPER_CONNECTION_STRING", noted, no_zookeeper},
    Variable{"EVENTUATELOCAL_CDC_POSTGRES_REPLICATION_SLOT_NAME", setting, "takeover.old_slot"},
    Variable{"EVENTUATELOCAL_CDC_POSTGRES_WAL_INTERVAL_IN_MILLISECONDS", noted, no_polling},
    Variable{"EVENTUATELOCAL_CDC_POSTGRES_REPLICATION_STATUS_INTERVAL_IN_MILLISECONDS", noted,
             "has no effect: positions are told four times a second"},
    Variable{"EVENTUATELOCAL_CDC_ADDITIONAL_SERVICE_REPLICATION_SLOT_NAME", noted, no_helper_slot},
    Variable{"EVENTUATELOCAL_CDC_WAIT_FOR_OFFSET_SYNC_TIMEOUT_IN_MILLISECONDS", noted,
             no_helper_slot},
    Variable{"EVENTUATELOCAL_CDC_DB_USER_NAME", noted, no_mysql},
    Variable{"EVENTUATELOCAL_CDC_DB_PASSWORD", noted, no_mysql},
    Variable{"EVENTUATELOCAL_CDC_MYSQL_BINLOG_CLIENT_UNIQUE_ID", noted, no_mysql},
    Variable{"EVENTUATELOCAL_CDC_READ_OLD_DEBEZIUM_DB_OFFSET_STORAGE_TOPIC", noted, no_mysql},
    Variable{"EVENTUATELOCAL_CDC_OFFSET_STORAGE_TOPIC_NAME", noted, no_mysql},
    Variable{"EVENTUATELOCAL_CDC_OFFSET_STORE_KEY", noted, no_mysql},
    Variable{"EVENTUATELOCAL_CDC_BINLOG_CONNECTION_TIMEOUT_IN_MILLISECONDS", noted, no_retries},
    Variable{"EVENTUATELOCAL_CDC_MAX_ATTEMPTS_FOR_BINLOG_CONNECTION", noted, no_retries},
    Variable{"EVENTUATE_MONITORING_SCHEMA", setting, "heartbeat.schema"},
    Variable{"EVENTUATELOCAL_CDC_REPLICATION_LAG_MEASURING_INTERVAL_IN_MILLISECONDS", noted,
             "has no effect, as in the Java service's form for one reader; set heartbeat.interval"},
    Variable{"EVENTUATELOCAL_CDC_MONITORING_RETRY_INTERVAL_IN_MILLISECONDS", noted, no_retries},
    Variable{"EVENTUATELOCAL_CDC_MONITORING_RETRY_ATTEMPTS", noted, no_retries},
    Variable{"EVENTUATELOCAL_CDC_POLLING_INTERVAL_IN_MILLISECONDS", noted, no_polling},
    Variable{"EVENTUATELOCAL_CDC_MAX_EVENTS_PER_POLLING", noted, no_polling},
    Variable{"EVENTUATELOCAL_CDC_MAX_ATTEMPTS_FOR_POLLING", noted, no_polling},
    Variable{"EVENTUATELOCAL_CDC_POLLING_RETRY_INTERVAL_IN_MILLESECONDS", noted, no_polling},
    Variable{"EVENTUATELOCAL_CDC_POLLING_PARALLEL_CHANNELS", noted, no_polling},
    Variable{"EVENTUATE_CDC_OUTBOX_PARTITIONING_OUTBOX_TABLES", special, ""},
    Variable{"EVENTUATE_CDC_OUTBOX_PARTITIONING_MESSAGE_PARTITIONS", noted,
             "is not needed: the relay does not read that column"},
    Variable{"EVENTUATE_CDC_SERVICE_DRY_RUN", special, ""},
    Variable{"EVENTUATELOCAL_KAFKA_BOOTSTRAP_SERVERS", special, ""},
    Variable{"EVENTUATELOCAL_KAFKA_CONNECTION_VALIDATION_TIMEOUT", noted,
             "has no effect, as in the Java service"},
    Variable{"EVENTUATE_CDC_KAFKA_ENABLE_BATCH_PROCESSING", setting, "broker.multi_messages"},
    Variable{"EVENTUATE_CDC_KAFKA_BATCH_PROCESSING_MAX_BATCH_SIZE", setting,
             "broker.multi_message_bytes"},
    Variable{"EVENTUATELOCAL_CDC_MAX_EVENT_INTERVAL_TO_ASSUME_READER_HEALTHY", special, ""},
    Variable{"EVENTUATE_CURRENT_TIME_IN_MILLISECONDS_SQL", noted,
             "is not needed: the program knows its databases"},
    Variable{"ACTIVEMQ_URL", noted, "is for ActiveMQ, which this program does not publish to"},
    Variable{"ACTIVEMQ_USER", noted, "is for ActiveMQ, which this program does not publish to"},
    Variable{"ACTIVEMQ_PASSWORD", noted, "is for ActiveMQ, which this program does not publish to"},
    Variable{"RABBITMQ_URL", noted, "is for RabbitMQ, which this program does not publish to"},
    Variable{"RABBITMQ_BROKER_ADDRESSES", noted,
             "is for RabbitMQ, which this program does not publish to"},
    Variable{"EVENTUATE_REDIS_SERVERS", noted,
             "is for Redis, which this program does not publish to"},
    Variable{"EVENTUATE_REDIS_PARTITIONS", noted,
             "is for Redis, which this program does not publish to"},
    Variable{"EVENTUATE_REDIS_LEADERSHIP_TTL_IN_MILLISECONDS", noted, no_zookeeper},
};

constexpr std::string_view producer_prefix{"EVENTUATE_LOCAL_KAFKA_PRODUCER_PROPERTIES_"};
constexpr std::string_view cleaner_prefix{"EVENTUATE_CDC_CLEANER_"};

std::string lower_dotted(std::string_view name) {
  std::string text;
  for (char const character : name) {
    if (character == '_') text += '.';
    else
      text += character >= 'A' && character <= 'Z' ? static_cast<char>(character + ('a' - 'A'))
                                                   : character;
  }
  return text;
}

std::vector<std::string> list_of(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    auto item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
  }
  return items;
}

class Reading {
 public:
  explicit Reading(Variables const& variables)
      : variables_{variables}, is_java_service_{is_java_service(variables)} {}

  JavaEnvironment run() {
    for (auto const& [name, value] : variables_) {
      // An empty one is as good as none, as for the Java service.
      if (!value.empty()) take(name, value);
    }
    if (is_java_service_) {
      take_cleaners();
      take_heartbeat();
    }
    return std::move(result_);
  }

 private:
  void set(std::string key, std::string value, std::string_view place) {
    result_.settings.push_back({std::move(key), std::move(value), std::string{place}});
  }
  void note(std::string_view name, std::string_view text) {
    result_.notes.push_back(std::string{name} + " " + std::string{text});
  }
  void refuse(std::string_view name, std::string_view text) {
    result_.refusals.push_back(std::string{name} + ": " + std::string{text});
  }

  void take(std::string const& name, std::string const& value) {
    auto const* const known = std::ranges::find(variables_known, name, &Variable::name);
    if (known == variables_known.end()) return take_unlisted(name, value);
    if (!is_java_service_) return;
    switch (known->use) {
      case setting: return set(std::string{known->text}, value, name);
      case noted: return note(name, known->text);
      case special: return take_special(name, value);
    }
  }

  void take_special(std::string const& name, std::string const& value) {
    if (name == "SPRING_DATASOURCE_URL") take_url(name, value);
    if (name == "SPRING_PROFILES_ACTIVE") take_profiles(name, value);
    if (name == "EVENTUATE_CDC_TYPE" && value != "EventuateTram") {
      refuse(name, programs::shown(value) +
                       " asks for events of Eventuate Local; this program relays "
                       "messages of Eventuate Tram only");
    }
    if (name == "EVENTUATE_CDC_OUTBOX_PARTITIONING_OUTBOX_TABLES" && value != "1") {
      refuse(name,
             "the outbox has " + (programs::may_hold_a_password(value) ? "several" : value) +
                 " tables, and a relay follows one; run one "
                 "tram-cdc per table, each with its database.table and source.slot, and remove "
                 "this");
    }
    if (name == "EVENTUATE_CDC_SERVICE_DRY_RUN" && value == "true")
      refuse(name, "run tram-cdc --check instead, and remove this");
    if (name == "EVENTUATELOCAL_KAFKA_BOOTSTRAP_SERVERS") {
      std::string servers;
      for (auto const& server : list_of(value)) servers += (servers.empty() ? "" : ",") + server;
      set("broker.url", "kafka://" + servers, name);
    }
    if (name == "EVENTUATELOCAL_CDC_MAX_EVENT_INTERVAL_TO_ASSUME_READER_HEALTHY")
      set("relay.stall_after", value + "ms", name);
  }

  void take_url(std::string const& name, std::string const& value) {
    try {
      auto const converted = convert_jdbc_url(value);
      set("database.url", converted.url, name);
      for (auto const& dropped : converted.dropped)
        note(name, "has " + dropped + ", which means nothing here");
    } catch (Error const& error) { refuse(name, error.what()); }
  }

  void take_profiles(std::string const& name, std::string const& value) {
    for (auto const& profile : list_of(value)) {
      if (profile == "EventuatePolling") {
        refuse(name, "the profile EventuatePolling asks for a reader that polls, and this program "
                     "reads the log; see the guide \"Replacing the Java CDC\", then remove it");
      } else if (profile == "ActiveMQ" || profile == "RabbitMQ" || profile == "Redis") {
        refuse(name, "the profile " + profile +
                         " asks for a broker that this program does not publish to; keep the Java "
                         "service for this one");
      } else if (profile == "KafkaLeadership") {
        note(name, "has the profile KafkaLeadership, which " + std::string{no_zookeeper});
      }
    }
  }

  void take_unlisted(std::string const& name, std::string const& value) {
    if (name.starts_with(producer_prefix)) {
      return take_property(name, lower_dotted(name.substr(producer_prefix.size())), value);
    }
    if (name.starts_with("EVENTUATE_CDC_READER_") || name.starts_with("EVENTUATE_CDC_PIPELINE_")) {
      if (!several_told_) {
        refuse(name, "is of the form for several readers and pipelines; run one tram-cdc per "
                     "reader, each with the form for one");
      }
      several_told_ = true;
      return;
    }
    if (name.starts_with("EVENTUATE_CDC_CONNECTION_PROPERTIES_") ||
        name.starts_with("EVENTUATE_LOCAL_KAFKA_CONSUMER_PROPERTIES_") ||
        name.starts_with("EVENTUATE_TRAM_CHANNELTYPES_")) {
      return note(name, "has no effect: there is nothing here that it belongs to");
    }
    if (name.starts_with(cleaner_prefix)) return;
    if (name.starts_with("EVENTUATELOCAL_") || name.starts_with("EVENTUATE_CDC_"))
      note(name, "is not known, and has no effect" + programs::did_you_mean(name, names()));
  }

  void take_property(std::string const& variable, std::string const& name,
                     std::string const& value) {
    auto const property = java_producer_property(name);
    switch (property.use) {
      case JavaProducerProperty::Use::set:
        return set("broker.properties." + property.text, system_default(name, value), variable);
      case JavaProducerProperty::Use::noted: return note(variable, property.text);
      case JavaProducerProperty::Use::refused: return refuse(variable, property.text);
    }
  }
  /// "As the operating system does it" is -1 to the Java client and 0 to the C client.
  static std::string system_default(std::string_view name, std::string const& value) {
    bool const is_buffer = name == "receive.buffer.bytes" || name == "send.buffer.bytes";
    return is_buffer && value == "-1" ? "0" : value;
  }

  /// The Java service writes one whatever it is told; its dashboards look at it.
  void take_heartbeat() {
    set("heartbeat.interval", "10s", "the Java service's environment");
    if (!variables_.contains("EVENTUATE_MONITORING_SCHEMA"))
      set("heartbeat.schema", "eventuate", "the Java service's environment");
  }

  /// The Java service removes rows only when it is told to.
  void take_cleaners() {
    bool cleans = false;
    for (auto const& [name, value] : variables_) {
      if (!name.starts_with(cleaner_prefix) || value != "true") continue;
      auto const squeezed = without_underscores(name);
      if (squeezed.ends_with("RECEIVEDMESSAGECLEANINGENABLED")) {
        note(name, "has no effect: a relay does not touch the inbox, which services clean");
      } else if (squeezed.ends_with("MESSAGECLEANINGENABLED")) {
        cleans = true;
        set("retention.age", age_of(squeezed) + "s", name);
      }
    }
    if (!cleans) set("retention.age", "off", "the Java service's environment, without a cleaner");
  }
  /// Of the cleaner that this variable switches on.
  [[nodiscard]] std::string age_of(std::string const& squeezed) const {
    constexpr std::string_view enabled{"MESSAGECLEANINGENABLED"};
    auto const cleaner = squeezed.substr(0, squeezed.size() - enabled.size());
    for (auto const& [name, value] : variables_) {
      if (without_underscores(name) == cleaner + "MESSAGESMAXAGEINSECONDS") return value;
    }
    return "172800";
  }
  static std::string without_underscores(std::string const& name) {
    std::string text;
    std::ranges::copy_if(name, std::back_inserter(text), [](char one) { return one != '_'; });
    return text;
  }

  /// Without them, variables of Spring are another program's.
  static bool is_java_service(Variables const& variables) {
    return std::ranges::any_of(variables, [](auto const& one) {
      return one.first.starts_with("EVENTUATELOCAL_") || one.first.starts_with("EVENTUATE_CDC_");
    });
  }
  static std::vector<std::string> names() {
    std::vector<std::string> all;
    for (auto const& variable : variables_known) all.emplace_back(variable.name);
    return all;
  }

  Variables const& variables_;
  bool is_java_service_;
  JavaEnvironment result_;
  bool several_told_{};
};

}  // namespace

JavaEnvironment read_java_environment(Variables const& variables) {
  return Reading{variables}.run();
}

}  // namespace tram::relay_program
