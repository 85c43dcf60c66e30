// What a subscription costs by itself, without SQL: a record decoded, put into its lane, given out
// as a job, finished and acknowledged. Prints messages per second; 100 000 are promised.

#include <benchmark/benchmark.h>

#include <string>

#include "received_record.hpp"
#include "subscription_core.hpp"
#include "tram/wire/record.hpp"

namespace {

constexpr tram::SteadyTime now{std::chrono::hours{1}};
constexpr int records = 500;

std::string value(std::string const& id) {
  return tram::record_value({.headers = {{"ID", id},
                                         {"PARTITION_ID", "customer-4711"},
                                         {"DESTINATION", "orders.Order"},
                                         {"DATE", "Wed, 15 Nov 2023 22:13:20 GMT"},
                                         {"event-type", "orders.OrderPlaced"},
                                         {"event-aggregate-type", "orders.Order"},
                                         {"event-aggregate-id", "order-1"}},
                             .payload = std::string(300, 'x')});
}

void deliver(tram::SubscriptionCore& core, tram::TopicPartition const& partition,
             tram::Position position, int keys) {
  static std::string const text = value("0000018bcfe56800-0242ac1100800000");
  auto const key = "customer-" + std::to_string(position % keys);
  core.delivered(
      partition, position,
      tram::lane_items("order-history-view", {partition, position, key, std::string{text}}));
}

void work_off(tram::SubscriptionCore& core) {
  while (auto job = core.take_job(now)) {
    for (auto& item : job->items) item.outcome = tram::Outcome::handled;
    core.finished(*std::move(job), now);
  }
  benchmark::DoNotOptimize(core.take_acknowledgements());
}

void subscription(benchmark::State& state) {
  tram::SeededRandom random{1};
  tram::SubscriptionCore core{{}, 16, random};
  tram::TopicPartition const partition{"orders.Order", 3};
  core.assigned(partition);
  tram::Position position = 0;
  for (auto _ : state) {
    for (int i = 0; i < records; ++i) {
      deliver(core, partition, position++, static_cast<int>(state.range(0)));
    }
    work_off(core);
  }
  state.SetItemsProcessed(state.iterations() * records);
}
BENCHMARK(subscription)->Arg(1)->Arg(100)->Arg(1'000'000);

}  // namespace

BENCHMARK_MAIN();
