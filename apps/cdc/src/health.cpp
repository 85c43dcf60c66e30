#include "health.hpp"

#include <chrono>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "tram/base/json_writer.hpp"

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

class Health {
 public:
  Health(RelayView const& view, std::string_view broker) : view_{view}, broker_{broker} {}

  [[nodiscard]] bool up() const { return view_.readiness.ready && broker_.empty(); }

  std::string json() {
    writer_.begin_object();
    text("status", up() ? "UP" : "DOWN");
    writer_.member("components");
    writer_.begin_object();
    reader_component();
    component("cdcDataPublisherHealthCheck", broker_trouble(view_.status.trouble).empty(), {});
    component("kafkaHealthCheck", broker_.empty(),
              {std::string{broker_.empty() ? "Connected to Kafka" : broker_}});
    component("ping", true, {});
    writer_.end_object();
    writer_.end_object();
    return std::move(json_);
  }

 private:
  void reader_component() {
    auto const& status = view_.status;
    auto const reader = "Reader with id " + view_.name + " ";
    if (!view_.readiness.ready)
      return component("binlogEntryReaderHealthCheck", false, {reader + view_.readiness.reason});
    if (status.standby)
      return component("binlogEntryReaderHealthCheck", true, {reader + "is not the leader"});
    component("binlogEntryReaderHealthCheck", true,
              {reader + "is connected", reader + "received message " +
                                            std::to_string(milliseconds(view_.since_progress())) +
                                            " milliseconds ago"});
  }
  void component(std::string_view name, bool up, std::initializer_list<std::string> details) {
    writer_.member(name);
    writer_.begin_object();
    text("status", up ? "UP" : "DOWN");
    if (details.size() > 0) {
      writer_.member("details");
      writer_.begin_object();
      int number = 0;
      for (auto const& detail : details)
        text((up ? "detail-" : "error-") + std::to_string(++number), detail);
      writer_.end_object();
    }
    writer_.end_object();
  }
  void text(std::string_view name, std::string_view value) {
    writer_.member(name);
    writer_.string(value);
  }

  RelayView const& view_;
  std::string_view broker_;
  std::string json_;
  json::Writer writer_{json_, report_options};
};

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
  auto const noticed = broker_trouble(view.status.trouble);
  Health health{view, noticed.empty() ? std::string_view{broker_trouble_now} : noticed};
  return {.up = health.up(), .json = health.json()};
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
  if (status.confirmed) write(writer, "confirmed", *status.confirmed);
  if (status.behind) write(writer, "behind", *status.behind);
  writer.end_object();
  return text + "\n";
}

std::string reader_status_json(RelayView const& view, bool finished) {
  auto const position = view.status.confirmed.value_or(0);
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
