#include "configuration.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <limits>
#include <map>
#include <string_view>
#include <system_error>

#include "nearest_name.hpp"
#include "shown.hpp"
#include "tram/base/error.hpp"
#include "values.hpp"

namespace tram::relay_program {
namespace {

using Apply = std::function<void(Configuration&, std::string const&)>;

struct Key {
  KeyDescription description;
  Apply apply;
};

constexpr std::string_view property_prefix{"broker.properties."};

template <class Value>
using Choices = std::array<std::pair<std::string_view, Value>, 4>;

constexpr Choices<NewSlot> new_slot_choices{
    {{"for_empty_outbox", NewSlot::for_empty_outbox},
     {"skip_existing_rows", NewSlot::skip_existing_rows},
     {"publish_existing_rows", NewSlot::publish_existing_rows},
     {"refuse", NewSlot::refuse}}};
constexpr Choices<LogLevel> log_level_choices{{{"debug", LogLevel::debug},
                                               {"info", LogLevel::info},
                                               {"warning", LogLevel::warning},
                                               {"error", LogLevel::error}}};

template <class Value>
std::vector<std::string> names_of(Choices<Value> const& choices) {
  std::vector<std::string> names;
  for (auto const& choice : choices) names.emplace_back(choice.first);
  return names;
}

template <class Value>
Value one_of(std::string const& text, Choices<Value> const& choices) {
  std::string names;
  for (auto const& [name, value] : choices) {
    if (text == name) return value;
    names.append(names.empty() ? "" : ", ").append(name);
  }
  throw Error{Fault::rejected, programs::shown(text) + " is not one of " + names};
}

Duration positive_duration(std::string const& text) {
  auto const duration = programs::parse_duration(text);
  if (duration > Duration{}) return duration;
  throw Error{Fault::rejected, "it must be longer than nothing"};
}

std::string not_empty(std::string const& text) {
  if (!text.empty()) return text;
  throw Error{Fault::rejected, "it must not be empty"};
}

/// As the server takes it: a name would be looked up somewhere first.
std::string numeric_address(std::string const& text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  bool const is_one =
      ::inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
      ::inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), address.data()) == 1;
  if (is_one) return text;
  throw Error{Fault::rejected, programs::shown(text) +
                                   " is no address to listen at; give a numeric "
                                   "one such as 0.0.0.0 (all), 127.0.0.1 (this machine) or ::"};
}

void set_retention(Configuration& to, std::string const& text) {
  if (text == "off") to.retention_age.reset();
  else
    to.retention_age = std::chrono::ceil<std::chrono::milliseconds>(programs::parse_duration(text));
}

void set_heartbeat(Configuration& to, std::string const& text) {
  if (text == "off") to.heartbeat_interval.reset();
  else to.heartbeat_interval = positive_duration(text);
}

void set_port(Configuration& to, std::string const& text) {
  if (text == "off") to.http_port.reset();
  else to.http_port = static_cast<std::uint16_t>(programs::parse_number(text, 0, 65535));
}

/// As the Java platform names several outbox tables: `message0`, `message1`, …; any other is the
/// plain one.
std::uint32_t number_of(std::string_view table) {
  constexpr std::string_view plain{"message"};
  std::uint32_t number = 0;
  if (!table.starts_with(plain)) return 0;
  table.remove_prefix(plain.size());
  auto const [end, trouble] = std::from_chars(table.data(), table.data() + table.size(), number);
  return trouble == std::errc{} && end == table.data() + table.size() ? number : 0;
}

constexpr std::uint64_t outbox_id_max{(std::uint64_t{1} << 48U) - 1};

// One row each: name, flag, what stands for the value, what it does, how it is taken.
std::vector<Key> const& keys() {
  static std::vector<Key> const all{
      {{"database.url", "--database", "URL",
        "the outbox's database: postgresql://… or sqlite:FILE"},
       [](auto& to, auto& text) { to.database_url = not_empty(text); }},
      {{"database.user", "", "NAME", "the role, when the URL has none"}, {}},
      {{"database.password", "", "TEXT", "its password, when the URL has none"}, {}},
      {{"database.schema", "--schema", "NAME",
        "the schema of the outbox; none: the connection's own (eventuate)"},
       [](auto& to, auto& text) { to.outbox.schema = SchemaName{text}; }},
      {{"database.table", "--table", "NAME", "the outbox table (message)"},
       [](auto& to, auto& text) {
         to.outbox.table = not_empty(text);
         to.relay.outbox_table = number_of(text);
       }},
      {{"database.install_schema", "--install-schema", "BOOL",
        "make the tables that are missing at the start (true)"},
       [](auto& to, auto& text) { to.install_schema = programs::parse_bool(text); }},
      {{"source.slot", "--slot", "NAME", "PostgreSQL: the replication slot (tram)"},
       [](auto& to, auto& text) { to.outbox.slot = not_empty(text); }},
      {{"source.publication", "--publication", "NAME", "PostgreSQL: the publication (tram)"},
       [](auto& to, auto& text) { to.outbox.publication = not_empty(text); }},
      {{"source.new_slot", "--new-slot", "CHOICE",
        "PostgreSQL: when the slot is missing: for_empty_outbox makes it unless rows would be "
        "lost, publish_existing_rows, skip_existing_rows, refuse (for_empty_outbox)",
        names_of(new_slot_choices)},
       [](auto& to, auto& text) { to.outbox.new_slot = one_of(text, new_slot_choices); }},
      {{"broker.url", "--broker", "URL", "kafka://HOST:PORT,…, embedded:FILE or memory:"},
       [](auto& to, auto& text) { to.broker_url = not_empty(text); }},
      {{"broker.multi_messages", "", "BOOL",
        "Kafka: messages of one partition share a record, which Java consumers from April 2021 on "
        "cannot read (false)"},
       [](auto& to, auto& text) {
         programs::parse_bool(text);
         to.broker_properties["tram.multi_messages"] = text;
       }},
      {{"broker.multi_message_bytes", "", "BYTES", "Kafka: the size of such a record (1MB)"},
       [](auto& to, auto& text) {
         to.broker_properties["tram.multi_message_bytes"] =
             std::to_string(programs::parse_bytes(text));
       }},
      {{"broker.multi_message_linger", "", "DURATION",
        "Kafka: how long such a record waits for further messages (250ms)"},
       [](auto& to, auto& text) {
         auto const linger =
             std::chrono::ceil<std::chrono::milliseconds>(programs::parse_duration(text));
         to.broker_properties["tram.multi_message_linger.ms"] = std::to_string(linger.count());
       }},
      {{"relay.name", "--name", "NAME", "names the relay in logs, metrics and paths (relay)"},
       [](auto& to, auto& text) { to.relay.name = not_empty(text); }},
      {{"relay.outbox_id", "", "NUMBER", "for rows whose ids the database makes: 0 to 2^48 - 1"},
       [](auto& to, auto& text) {
         to.relay.outbox_id =
             OutboxId{static_cast<std::int64_t>(programs::parse_number(text, 0, outbox_id_max))};
       }},
      {{"relay.hold_key", "", "BOOL",
        "a row that cannot be published holds back later ones of its key (true)"},
       [](auto& to, auto& text) { to.relay.hold_key = programs::parse_bool(text); }},
      {{"relay.create_channels", "", "BOOL", "make channels that are missing at the broker (true)"},
       [](auto& to, auto& text) { to.relay.create_channels = programs::parse_bool(text); }},
      {{"relay.window", "", "NUMBER", "rows in flight at most (2000)"},
       [](auto& to, auto& text) {
         to.relay.window = static_cast<std::size_t>(programs::parse_number(text, 1, 1'000'000));
       }},
      {{"relay.window_bytes", "", "BYTES", "bytes in flight at most (16MiB)"},
       [](auto& to, auto& text) { to.relay.window_bytes = programs::parse_bytes(text); }},
      {{"relay.read_pause", "", "TIME", "a pause behind each read, for fewer and larger ones (0s)"},
       [](auto& to, auto& text) { to.relay.read_pause = programs::parse_duration(text); }},
      {{"relay.stall_after", "", "TIME",
        "time without progress after which the relay is not ready (10s)"},
       [](auto& to, auto& text) { to.relay.stall_after = positive_duration(text); }},
      {{"relay.drain_timeout", "--drain-timeout", "TIME",
        "at a stop, time limit for what is in flight (5s)"},
       [](auto& to, auto& text) { to.relay.drain_timeout = programs::parse_duration(text); }},
      {{"retention.age", "--retention", "TIME",
        "published rows older than this are removed; off keeps them (48h)"},
       set_retention},
      {{"heartbeat.interval", "--heartbeat", "TIME",
        "PostgreSQL: so often the time is written to the Java service's table cdc_monitoring; off: "
        "never (off)"},
       set_heartbeat},
      {{"heartbeat.schema", "", "NAME", "the schema of that table (database.schema)"},
       [](auto& to, auto& text) { to.heartbeat_schema = SchemaName{text}; }},
      {{"http.address", "--http-address", "ADDRESS", "where to listen (0.0.0.0)"},
       [](auto& to, auto& text) { to.http_address = numeric_address(text); }},
      {{"http.port", "--http-port", "PORT", "for health and metrics; off: none (8080)"}, set_port},
      {{"log.level", "--log-level", "LEVEL", "debug, info, warning or error (info)",
        names_of(log_level_choices)},
       [](auto& to, auto& text) { to.log_level = one_of(text, log_level_choices); }},
      {{"takeover.old_slot", "--old-slot", "NAME",
        "the slot that the Java relay reads (eventuate_slot)"},
       [](auto& to, auto& text) { to.takeover.old_slot = not_empty(text); }},
      {{"takeover.rows_again", "--rows-again", "COUNT",
        "how many rows before the take-over are published again, with all later ones (250000)"},
       [](auto& to, auto& text) {
         to.takeover.rows_again = programs::parse_number(text, 0, 1'000'000'000);
       }},
  };
  return all;
}

/// A URL may stand where the key belongs.
std::string shown_key(std::string_view key) {
  constexpr std::string_view of_keys{"abcdefghijklmnopqrstuvwxyz0123456789_.-"};
  return key.find_first_not_of(of_keys) == std::string_view::npos ? "'" + std::string{key} + "'"
                                                                  : "of the name that stands there";
}

class Configurator {
 public:
  Configuration run(Settings const& settings, Purpose purpose) {
    for (auto const& setting : settings) take(setting);
    join_credentials();
    require("database.url", "name the outbox's database: --database postgresql://HOST/NAME");
    if (purpose == Purpose::relay)
      require("broker.url", "name the broker: --broker kafka://HOST:9092");
    refuse_contradictions();
    if (complaints_.empty()) return std::move(result_);
    throw Error{Fault::rejected, complaints_};
  }

 private:
  void complain(std::string const& what) {
    complaints_.append(complaints_.empty() ? "" : "\n").append(what);
  }

  void take(Setting const& setting) {
    if (setting.value.find('\0') != std::string::npos)
      return complain(setting.place + ": " + shown_key(setting.key) +
                      " holds the character U+0000; correct it");
    given_.insert_or_assign(setting.key, setting);
    if (is_broker_property(setting.key)) {
      result_.broker_properties.insert_or_assign(setting.key.substr(property_prefix.size()),
                                                 setting.value);
      return;
    }
    auto const key = std::ranges::find_if(
        keys(), [&](Key const& one) { return one.description.key == setting.key; });
    if (key == keys().end()) {
      return complain(setting.place + ": there is no key " + shown_key(setting.key) +
                      programs::did_you_mean(setting.key, known_keys()));
    }
    if (!key->apply) return;
    bool const is_a_schema_s = setting.key == "database.schema";
    bool const is_misplaced = programs::looks_like_a_url(setting.value) ||
                              (is_a_schema_s && programs::may_hold_a_password(setting.value));
    if (is_misplaced && !setting.key.ends_with(".url")) {
      return complain(setting.place + ": " + setting.key +
                      ": what it was given looks like a URL; give that to database.url or "
                      "broker.url");
    }
    try {
      key->apply(result_, setting.value);
    } catch (Error const& error) {
      complain(setting.place + ": " + setting.key + ": " + error.what());
    }
  }

  /// The Java service has them apart from the URL; libpq takes them as its parameters.
  void join_credentials() {
    for (auto const& [key, parameter] :
         {std::pair{"database.user", "user"}, std::pair{"database.password", "password"}}) {
      auto const found = given_.find(key);
      if (found == given_.end() || result_.database_url.empty()) continue;
      if (!is_postgres()) {
        complain(found->second.place + ": " + key + " is for PostgreSQL; remove it");
        continue;
      }
      if (stands_in_url(parameter)) {
        complain(found->second.place + ": " + key +
                 " is set, and the URL has one, too; remove one of them");
        continue;
      }
      bool const has_query = result_.database_url.find('?') != std::string::npos;
      result_.database_url.append(has_query ? "&" : "?").append(parameter).append("=");
      result_.database_url += percent_encoded(found->second.value);
    }
  }

  [[nodiscard]] bool stands_in_url(std::string_view parameter) const {
    auto const& url = result_.database_url;
    auto const authority = url.substr(0, url.find_first_of("/?", url.find("//") + 2));
    auto const at = authority.rfind('@');
    if (at == std::string::npos) return false;
    auto const user = authority.substr(0, at);
    return parameter == "user" || user.find(':', user.find("//")) != std::string::npos;
  }

  void require(std::string const& key, std::string const& remedy) {
    if (!given_.contains(key)) complain(key + " is missing; " + remedy);
  }

  void refuse_contradictions() {
    for (auto const* key : {"source.slot", "source.publication", "source.new_slot",
                            "heartbeat.interval", "heartbeat.schema"}) {
      auto const found = given_.find(key);
      if (found == given_.end() || is_postgres() || result_.database_url.empty()) continue;
      complain(found->second.place + ": " + key +
               " is for PostgreSQL, and the database is another "
               "one; remove it");
    }
    if (!result_.broker_properties.empty() && !result_.broker_url.empty() &&
        !result_.broker_url.starts_with("kafka:")) {
      auto const first = std::ranges::find_if(given_, [](auto const& one) {
        return one.first.starts_with("broker.") && one.first != "broker.url";
      });
      complain(first->second.place + ": " + first->first +
               " is for Kafka, and the broker is another one; remove it");
    }
    if (result_.outbox.slot == result_.takeover.old_slot) {
      auto const found = given_.find("source.slot");
      complain((found == given_.end() ? "takeover.old_slot" : found->second.place) + ": slot '" +
               result_.takeover.old_slot +
               "' is the Java relay's; give the new one another name, or name the old one with "
               "takeover.old_slot");
    }
    if (result_.relay.stall_after < result_.relay.read_pause) {
      complain("relay.read_pause is longer than relay.stall_after, so the relay would never be "
               "ready; shorten it");
    }
  }

  [[nodiscard]] bool is_postgres() const {
    auto const& url = result_.database_url;
    auto const scheme = std::string_view{url}.substr(0, url.find(':'));
    return is_same_word(scheme, "postgresql") || is_same_word(scheme, "postgres");
  }
  static bool is_same_word(std::string_view left, std::string_view in_lower_case) {
    return std::ranges::equal(left, in_lower_case, {}, [](char const character) {
      return character >= 'A' && character <= 'Z' ? static_cast<char>(character + ('a' - 'A'))
                                                  : character;
    });
  }

  static std::string percent_encoded(std::string const& text) {
    constexpr std::string_view digits{"0123456789ABCDEF"};
    std::string encoded;
    for (auto const character : text) {
      auto const byte = static_cast<unsigned char>(character);
      encoded += '%';
      encoded += digits[byte >> 4U];
      encoded += digits[byte & 15U];
    }
    return encoded;
  }

  Configuration result_;
  std::map<std::string, Setting> given_;
  std::string complaints_;
};

}  // namespace

std::vector<KeyDescription> const& key_descriptions() {
  static auto const all = [] {
    std::vector<KeyDescription> descriptions;
    for (auto const& key : keys()) descriptions.push_back(key.description);
    return descriptions;
  }();
  return all;
}

std::vector<std::string> const& known_keys() {
  static auto const all = [] {
    std::vector<std::string> names;
    for (auto const& key : key_descriptions()) names.push_back(key.key);
    return names;
  }();
  return all;
}

bool is_broker_property(std::string const& key) {
  return key.starts_with(property_prefix) && key.size() > property_prefix.size();
}

Configuration configure(Settings const& settings, Purpose purpose) {
  return Configurator{}.run(settings, purpose);
}

}  // namespace tram::relay_program
