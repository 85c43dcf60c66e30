#include "endpoints.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include "metrics.hpp"
#include "tram/json/json.hpp"
#include "tram/json/value.hpp"

namespace tram::relay_program {
namespace {

using namespace std::chrono_literals;

RelayView working() {
  SteadyTime const now{1h};
  RelayView view;
  view.name = "Orders";
  view.now = now;
  view.status.counters.rows_read = 12;
  view.status.counters.rows_published = 10;
  view.status.confirmed = LogPosition{700};
  view.status.behind = 30;
  view.status.connected = true;
  view.status.caught_up = true;
  view.status.last_progress = now;
  view.status.last_step = now;
  view.readiness = readiness(view.status, now, 10s);
  return view;
}
RelayView broken() {
  auto view = working();
  view.status.trouble = "source: the server is away; broker: nobody answers";
  view.status.caught_up = false;
  view.readiness = readiness(view.status, view.now, 10s);
  return view;
}

http::Response ask(RelayView const& view, std::string const& pattern,
                   http::Request const& request = {}, std::string const& broker_trouble = {}) {
  auto const routes = endpoints({.look = [view] { return view; },
                                 .finished = is_caught_up,
                                 .broker_trouble = [broker_trouble] { return broker_trouble; }});
  auto const route = std::ranges::find(routes, pattern, &http::Route::pattern);
  return route->handler(request);
}
http::Request for_reader(std::string const& name) {
  return {.method = "GET", .parameters = {{"name", name}}};
}
bool says(http::Response const& response, std::string const& part) {
  return response.body.find(part) != std::string::npos;
}

TEST(Endpoints, tell_a_working_relay_from_a_broken_one) {
  EXPECT_EQ(ask(working(), "/health/ready").status, 200);
  auto const answer = ask(broken(), "/health/ready");
  EXPECT_EQ(answer.status, 503);
  EXPECT_TRUE(says(answer, R"("reason":"source: the server is away; broker: nobody answers")"))
      << answer.body;
  EXPECT_EQ(ask(broken(), "/health/live").status, 200);
  auto stopped = working();
  stopped.now += 1h;
  EXPECT_EQ(ask(stopped, "/health/live").status, 503);
}

TEST(Endpoints, tell_that_the_broker_is_away_though_an_idle_relay_does_not_need_it) {
  auto const down = ask(working(), "/actuator/health", {}, "nobody answers");
  EXPECT_EQ(down.status, 503);
  EXPECT_TRUE(says(down, R"({"status":"DOWN","components")")) << down.body;
  EXPECT_TRUE(
      says(down, R"("kafkaHealthCheck":{"status":"DOWN","details":{"error-1":"nobody answers"}})"))
      << down.body;
  EXPECT_TRUE(says(down, R"("binlogEntryReaderHealthCheck":{"status":"UP")")) << down.body;
  EXPECT_EQ(ask(working(), "/health/ready", {}, "nobody answers").status, 200);
}

TEST(Endpoints, speak_the_java_services_health) {
  auto const up = ask(working(), "/actuator/health");
  EXPECT_EQ(up.status, 200);
  EXPECT_TRUE(says(
      up,
      R"({"status":"UP","components":{"binlogEntryReaderHealthCheck":{"status":"UP","details":{"detail-1":"Reader with id Orders received message 0 milliseconds ago","detail-2":"Reader with id Orders is connected"}})"))
      << up.body;
  auto const down = ask(broken(), "/actuator/health");
  EXPECT_EQ(down.status, 503);
  EXPECT_TRUE(says(
      down,
      R"("kafkaHealthCheck":{"status":"DOWN","details":{"error-1":"broker: nobody answers"}})"))
      << down.body;
  auto standby = working();
  standby.status.standby = true;
  EXPECT_TRUE(says(ask(standby, "/actuator/health"), "Reader with id Orders is not the leader"));
  // Well-formed.
  EXPECT_NE(json::decode<json::Value>(down.body).find("components"), nullptr);
}

TEST(Endpoints, link_to_what_the_java_service_has_there) {
  auto const answer = ask(working(), "/actuator", {.headers = {{"host", "cdc:8080"}}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "application/vnd.spring-boot.actuator.v3+json");
  auto const links = json::decode<json::Value>(answer.body);
  for (auto const* const part :
       {R"("self":{"href":"http://cdc:8080/actuator","templated":false})",
        R"("health":{"href":"http://cdc:8080/actuator/health","templated":false})",
        R"("prometheus":{"href":"http://cdc:8080/actuator/prometheus","templated":false})"}) {
    EXPECT_TRUE(says(answer, part)) << answer.body;
  }
  EXPECT_EQ(ask(working(), "/actuator/health").content_type, answer.content_type);
  EXPECT_NE(links.find("_links"), nullptr);
  for (auto const* const path : {"/actuator", "/actuator/health", "/actuator/prometheus"}) {
    EXPECT_EQ(ask(working(), std::string{path} + "/").content_type,
              ask(working(), path).content_type);
  }
}

TEST(Endpoints, tell_of_one_part_of_the_java_services_health) {
  auto const part = [](std::string const& name) {
    return ask(working(), "/actuator/health/{component}", {.parameters = {{"component", name}}},
               "nobody answers");
  };
  EXPECT_EQ(part("ping").body, R"({"status":"UP"})");
  EXPECT_EQ(part("kafkaHealthCheck").body,
            R"({"status":"DOWN","details":{"error-1":"nobody answers"}})");
  EXPECT_EQ(part("kafkaHealthCheck").status, 503);
  EXPECT_EQ(part("zookeeperHealthCheck").status, 404);
}

TEST(Endpoints, tell_scripts_when_a_reader_has_finished) {
  EXPECT_EQ(ask(working(), "/readers/{name}/finished", for_reader("ORDERS")).status, 200);
  EXPECT_EQ(ask(broken(), "/readers/{name}/finished", for_reader("orders")).status, 503);
  EXPECT_EQ(ask(working(), "/readers/{name}/finished", for_reader("other")).status, 404);
  auto standby = working();
  standby.status.standby = true;
  EXPECT_EQ(ask(standby, "/readers/{name}/finished", for_reader("orders")).status, 503);
}

TEST(Endpoints, tell_where_a_reader_stands) {
  EXPECT_EQ(ask(working(), "/readers/{name}/status", for_reader("orders")).body,
            R"({"lastEventOffset":700,"logsHighwaterMark":700,"cdcProcessingFinished":true})");
  EXPECT_EQ(ask(broken(), "/readers/{name}/status", for_reader("orders")).body,
            R"({"lastEventOffset":700,"logsHighwaterMark":730,"cdcProcessingFinished":false})");
  http::Request alias;
  alias.query = {{"readerName", "Orders"}};
  EXPECT_EQ(ask(working(), "/cdc-event-processing-status", alias).status, 200);
  EXPECT_EQ(ask(working(), "/cdc-event-processing-status").status, 400);
  alias.query = {{"readerName", "other"}};
  EXPECT_EQ(ask(working(), "/cdc-event-processing-status", alias).status, 404);
}

/// A name as metrics have it, without its labels.
std::string name_in(std::string const& line) { return line.substr(0, line.find_first_of("{ ")); }

TEST(Metrics, have_every_name_that_the_java_service_has) {
  auto const text = metrics_text(working());
  std::ifstream names{TRAM_TEST_VECTORS "/cdc_metric_names_pg.txt"};
  ASSERT_TRUE(names);
  std::string line;
  while (std::getline(names, line)) {
    auto const wanted = name_in(line);
    bool const labelled = line.find('{') != std::string::npos;
    auto const expected =
        "\n" + wanted + (labelled ? R"({readerName="Orders"} )" : std::string{" "});
    EXPECT_NE(text.find(expected), std::string::npos) << line;
  }
}

std::string sample_of(std::string const& text, std::string const& name) {
  auto const at = text.find("\n" + name);
  if (at == std::string::npos) return "none";
  auto const line = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
  return line.substr(line.rfind(' ') + 1);
}

TEST(Metrics, count_and_measure_what_the_java_service_does) {
  auto view = working();
  view.status.counters.transactions_read = 5;
  auto const lag_age = [&](HeartbeatView const& heartbeat) {
    return sample_of(metrics_text(view, heartbeat), "eventuate_cdc_replication_lag_age");
  };
  EXPECT_EQ(sample_of(metrics_text(view), "eventuate_cdc_binlog_entries_processed_total"), "5");
  EXPECT_EQ(sample_of(metrics_text(view), "eventuate_cdc_messages_processed_total"), "12");
  EXPECT_EQ(lag_age({.written = true}), "-1");
  EXPECT_EQ(lag_age({.written = true, .age = 1500ms}), "1500");
  EXPECT_EQ(lag_age({}), "0");
}

TEST(Metrics, have_those_of_every_process) {
  auto const text = metrics_text(working());
  for (auto const* const name :
       {"process_cpu_seconds_total", "process_start_time_seconds", "process_open_fds",
        "process_max_fds", "process_virtual_memory_bytes", "process_resident_memory_bytes"}) {
    auto const value = sample_of(text, name);
    ASSERT_NE(value, "none") << name;
    EXPECT_GE(std::stod(value), 0.0) << name;
  }
  EXPECT_GT(std::stod(sample_of(text, "process_resident_memory_bytes")), 1e6);
  EXPECT_GT(std::stod(sample_of(text, "process_start_time_seconds")), 1.6e9);
}

TEST(Metrics, are_described_one_by_one) {
  std::ifstream page{TRAM_DOCS "/reference/metrics.md"};
  std::string const described{std::istreambuf_iterator<char>{page}, {}};
  std::istringstream lines{metrics_text(working())};
  std::string line;
  constexpr std::string_view type{"# TYPE tram_"};
  while (std::getline(lines, line)) {
    if (!line.starts_with(type)) continue;
    auto const name = line.substr(7, line.find(' ', 7) - 7);
    EXPECT_NE(described.find("`" + name + "`"), std::string::npos) << name;
  }
}

TEST(Metrics, are_what_prometheus_reads) {
  auto const text = metrics_text(working());
  std::regex const sample{
      R"re([a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-zA-Z_]+="[^"]*"(,[a-zA-Z_]+="[^"]*")*\})? (-?[0-9.e+]+|NaN))re"};
  std::istringstream lines{text};
  std::string line;
  while (std::getline(lines, line)) {
    EXPECT_TRUE(line.starts_with("# ") || std::regex_match(line, sample)) << line;
  }
  EXPECT_NE(text.find("tram_relay_rows_published_total{relay=\"Orders\"} 10\n"), std::string::npos);
  EXPECT_NE(text.find("tram_relay_ready{relay=\"Orders\"} 1\n"), std::string::npos);
}

}  // namespace
}  // namespace tram::relay_program
