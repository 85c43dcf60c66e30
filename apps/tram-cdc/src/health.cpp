#include "health.hpp"

#include <chrono>
#include <string_view>
#include <vector>

#include "tram/json/writer.hpp"

namespace tram::relay_program {
namespace {

/// What is shown of a database or a broker may hold any bytes.
constexpr json::WriterOptions report_options{.bad_text = json::BadText::replaced};

std::int64_t milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

/// The part of the trouble that is the broker's.
std::string_view broker_trouble(std::string_view trouble) {
  auto const at = trouble.find("broker: ");
  return at == std::string_view::npos ? std::string_view{} : trouble.substr(at);
}

struct Component {
  std::string_view name;
  bool up{true};
  std::vector<std::string> details{};
};

class Health {
 public:
  Health(RelayView const& view, std::string_view broker) : view_{view}, broker_{broker} {}

  [[nodiscard]] bool up() const { return view_.readiness.ready && broker_.empty(); }

  [[nodiscard]] std::vector<Component> components() const {
    bool const publishes = broker_trouble(view_.status.trouble).empty();
    auto const kafka = std::string{broker_.empty() ? "Connected to Kafka" : broker_};
    return {reader(),
            {.name = "cdcDataPublisherHealthCheck", .up = publishes},
            {.name = "kafkaHealthCheck", .up = broker_.empty(), .details = {kafka}},
            {.name = "ping"}};
  }

  [[nodiscard]] std::string json() const {
    std::string text;
    json::Writer writer{text, report_options};
    writer.begin_object();
    member(writer, "status", up() ? "UP" : "DOWN");
    writer.member("components");
    writer.begin_object();
    for (auto const& component : components()) {
      writer.member(component.name);
      append(writer, component);
    }
    writer.end_object();
    writer.end_object();
    return text;
  }

  static std::string json(Component const& component) {
    std::string text;
    json::Writer writer{text, report_options};
    append(writer, component);
    return text;
  }

 private:
  /// The details in the order in which the Java service numbers them.
  [[nodiscard]] Component reader() const {
    Component component{.name = "binlogEntryReaderHealthCheck"};
    auto const subject = "Reader with id " + view_.name + " ";
    if (!view_.readiness.ready) {
      component.up = false;
      component.details = {subject + view_.readiness.reason};
    } else if (view_.status.standby) {
      component.details = {subject + "is not the leader"};
    } else {
      component.details = {subject + "received message " +
                               std::to_string(milliseconds(view_.since_progress())) +
                               " milliseconds ago",
                           subject + "is connected"};
    }
    return component;
  }
  static void append(json::Writer& writer, Component const& component) {
    writer.begin_object();
    member(writer, "status", component.up ? "UP" : "DOWN");
    if (!component.details.empty()) {
      writer.member("details");
      writer.begin_object();
      int number = 0;
      for (auto const& detail : component.details)
        member(writer, (component.up ? "detail-" : "error-") + std::to_string(++number), detail);
      writer.end_object();
    }
    writer.end_object();
  }
  static void member(json::Writer& writer, std::string_view name, std::string_view value) {
    writer.member(name);
    writer.string(value);
  }

  RelayView const& view_;
  std::string_view broker_;
};

/// What was noticed of the broker, and else what it answered.
std::string_view trouble_with_broker(RelayView const& view, std::string const& answer) {
  auto const noticed = broker_trouble(view.status.trouble);
  return noticed.empty() ? std::string_view{answer} : noticed;
}

void write(json::Writer& writer, std::string_view name, bool value) {
  writer.member(name);
  writer.boolean(value);
}
void write(json::Writer& writer, std::string_view name, std::uint64_t value) {
  writer.member(name);
  writer.unsigned_integer(value);
}
void write(json::Writer& writer, std::string_view name, std::string_view value) {
  writer.member(name);
  writer.string(value);
}

}  // namespace

bool is_caught_up(RelayView const& view) {
  return view.readiness.ready && !view.status.standby && view.status.caught_up;
}

JavaHealth java_health(RelayView const& view, std::string const& broker_trouble_now) {
  Health const health{view, trouble_with_broker(view, broker_trouble_now)};
  return {.up = health.up(), .json = health.json()};
}

std::optional<JavaHealth> java_health_component(RelayView const& view,
                                                std::string const& broker_trouble_now,
                                                std::string_view name) {
  Health const health{view, trouble_with_broker(view, broker_trouble_now)};
  for (auto const& component : health.components()) {
    if (component.name == name)
      return JavaHealth{.up = component.up, .json = Health::json(component)};
  }
  return std::nullopt;
}

std::string readiness_json(RelayView const& view) {
  auto const& status = view.status;
  std::string text;
  json::Writer writer{text, report_options};
  writer.begin_object();
  write(writer, "ready", view.readiness.ready);
  if (!view.readiness.reason.empty())
    write(writer, "reason", std::string_view{view.readiness.reason});
  write(writer, "relay", std::string_view{view.name});
  write(writer, "connected", status.connected);
  write(writer, "standby", status.standby);
  write(writer, "caughtUp", status.caught_up);
  write(writer, "inFlight", std::uint64_t{status.in_flight});
  write(writer, "heldRows", std::uint64_t{status.held_rows});
  write(writer, "heldKeys", std::uint64_t{status.held_keys});
  if (status.confirmed) write(writer, "confirmed", status.confirmed->number());
  if (status.behind) write(writer, "behind", *status.behind);
  writer.end_object();
  return text + "\n";
}

std::string reader_status_json(RelayView const& view, bool finished) {
  auto const position = view.status.confirmed.value_or(LogPosition{}).number();
  std::string text;
  json::Writer writer{text, report_options};
  writer.begin_object();
  write(writer, "lastEventOffset", position);
  write(writer, "logsHighwaterMark",
        finished ? position : position + view.status.behind.value_or(0));
  write(writer, "cdcProcessingFinished", finished);
  writer.end_object();
  return text;
}

}  // namespace tram::relay_program
