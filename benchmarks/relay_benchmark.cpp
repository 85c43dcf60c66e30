// The program tram-cdc between a real PostgreSQL and a real Kafka on this machine:
//
// - how fast it drains a backlog, beside a reader of the log that only counts rows and beside a
//   producer of the same records (the two floors), and beside a relay that lets no batch wait
//   (linger.ms = 0), in turns, the median of three; with its processor time per row, its memory,
//   the broker's processor time, and how many batches hold a single record;
// - how many records come twice after a kill -9 in the middle of a drain;
// - how soon a record is there after its commit, beside a producer that writes to the same Kafka;
// - how soon it streams after it was started, and after a kill -9 in the middle.

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cdc_process.hpp"
#include "kafka_batches.hpp"
#include "kafka_harness.hpp"
#include "postgres_server.hpp"

namespace {

using namespace std::chrono_literals;
using namespace tram;
using testing::CdcProcess;
using testing::KafkaBatches;
using testing::KafkaServer;
using testing::PostgresServer;

constexpr std::size_t rows = 200'000;
constexpr int runs = 3;
constexpr int partitions = 4;
constexpr char const* topic = "example.Order.events";

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }
double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}
double quantile(std::vector<double> values, double part) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

void fail(std::string const& what) {
  std::fprintf(stderr, "relay_benchmark: %s\n", what.c_str());
  std::exit(1);
}

/// Looks again every half millisecond.
void await(Clock& clock, std::string const& what, std::function<bool()> const& condition) {
  auto const deadline = Deadline::after(clock, 120s);
  while (!condition()) {
    if (deadline.reached(clock)) fail("no end of waiting for " + what);
    clock.pause(500us);
  }
}

/// Processor seconds and memory of another process, as the system accounts for them.
struct Usage {
  double processor_seconds{};
  double resident_megabytes{};
};
Usage usage_of(pid_t process) {
  std::ifstream stat{"/proc/" + std::to_string(process) + "/stat"};
  std::string text{std::istreambuf_iterator<char>{stat}, {}};
  std::istringstream fields{text.substr(text.rfind(')') + 2)};
  std::vector<std::string> words{std::istream_iterator<std::string>{fields}, {}};
  auto const ticks = std::stod(words[11]) + std::stod(words[12]);
  return {.processor_seconds = ticks / static_cast<double>(::sysconf(_SC_CLK_TCK)),
          .resident_megabytes = std::stod(words[21]) * static_cast<double>(::getpagesize()) / 1e6};
}

/// One connection that is kept.
class Session {
 public:
  explicit Session(PostgresServer const& server)
      : connection_{PQconnectdb(server.connection().c_str()), PQfinish} {}
  std::string value(std::string const& sql) const {
    std::unique_ptr<PGresult, void (*)(PGresult*)> const result{
        PQexec(connection_.get(), sql.c_str()), PQclear};
    auto const status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
      fail(sql + ": " + PQerrorMessage(connection_.get()));
    }
    return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
  }

 private:
  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
};

class Machine {
 public:
  Machine() {
    session_.value(
        "SET client_min_messages = warning; CREATE SCHEMA eventuate; CREATE TABLE "
        "eventuate.message (id VARCHAR(1000) PRIMARY KEY, "
        "destination TEXT NOT NULL, headers TEXT NOT NULL, payload TEXT NOT NULL, published "
        "SMALLINT DEFAULT 0, message_partition SMALLINT, creation_time BIGINT); CREATE PUBLICATION "
        "tram FOR TABLE eventuate.message WITH (publish = 'insert')");
    broker->create_channels(std::vector<std::string>{topic}, partitions,
                            Deadline::after(clock, 30s));
  }
  /// `properties` of the producer, as in a URL.
  [[nodiscard]] std::unique_ptr<CdcProcess> relay(std::string const& slot,
                                                  std::string const& properties = "") const {
    return std::make_unique<CdcProcess>(std::vector<std::string>{
        "--database",
        "postgresql://postgres@127.0.0.1:" + std::to_string(postgres.port()) + "/postgres",
        "--broker", "kafka://" + kafka.servers() + properties, "--slot", slot, "--retention", "off",
        "--install-schema", "true"});
  }
  void insert_backlog(std::size_t rows_per_transaction) const {
    session_.value("SET synchronous_commit = off");
    session_.value(
        "DO $$ BEGIN FOR i IN 1.." + std::to_string(rows) +
        " LOOP INSERT INTO eventuate.message VALUES (gen_random_uuid()::text, "
        "'example.Order.events', '{\"PARTITION_ID\":\"' || i % 1000 || '\",\"DATE\":\"Tue, 14 Nov "
        "2023 22:13:20 GMT\",\"event-type\":\"example.OrderPlaced\",\"event-aggregate-type\":"
        "\"example.Order\",\"event-aggregate-id\":\"4711\",\"DESTINATION\":\"example.Order.events"
        "\",\"ID\":\"0000018bcfe56800-0242ac1100800000\"}', repeat('x', 100), 0, NULL, "
        "1700000000000); IF i % " +
        std::to_string(rows_per_transaction) + " = 0 THEN COMMIT; END IF; END LOOP; END $$");
    session_.value("RESET synchronous_commit; CHECKPOINT");
  }
  std::string sql(std::string const& text) const { return session_.value(text); }
  [[nodiscard]] bool streams(std::string const& slot) const {
    return sql("SELECT active FROM pg_replication_slots WHERE slot_name = '" + slot + "'") == "t";
  }

  /// A commit is durable here, as in production.
  PostgresServer postgres{"-c fsync=on"};
  KafkaServer kafka;
  SystemClock clock;
  std::unique_ptr<Broker> broker{kafka::connect(testing::kafka_config(kafka), clock)};

 private:
  Session session_{postgres};
};

double floor_rate(Machine& machine, std::string const& slot) {
  auto const begun = machine.clock.steady();
  std::unique_ptr<PGconn, void (*)(PGconn*)> const connection{
      PQconnectdb((machine.postgres.connection() + " replication=database").c_str()), PQfinish};
  PQclear(PQexec(connection.get(), ("START_REPLICATION SLOT " + slot +
                                    " LOGICAL 0/0 (proto_version '1', publication_names 'tram')")
                                       .c_str()));
  for (std::size_t seen = 0; seen < rows;) {
    pollfd waiting{.fd = PQsocket(connection.get()), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, 1000);
    PQconsumeInput(connection.get());
    char* bytes = nullptr;
    for (int length = 0; (length = PQgetCopyData(connection.get(), &bytes, 1)) > 0;
         PQfreemem(bytes)) {
      if (length > 25 && bytes[0] == 'w' && bytes[25] == 'I') ++seen;
    }
    // Fewer and larger reads let the server go faster.
    machine.clock.pause(500us);
  }
  return static_cast<double>(rows) / seconds(machine.clock.steady() - begun);
}

KafkaBatches batches_in(Machine const& machine) {
  return testing::batches_of(machine.kafka, topic, partitions);
}

struct Drained {
  double rate{};
  double microseconds_per_row{};
  double megabytes{};
  /// Of the broker.
  double seconds_per_100_000{};
  double single_record_batches{};
};

Drained drain(Machine& machine, std::string const& slot, std::string const& properties) {
  auto const begun = machine.clock.steady();
  auto const batches_before = batches_in(machine);
  auto const broker_before = usage_of(machine.kafka.process()).processor_seconds;
  auto const relay = machine.relay(slot, properties);
  await(machine.clock, "the drain", [&] {
    machine.clock.pause(20ms);
    return relay->has_metric("eventuate_cdc_events_sent_total " + std::to_string(rows));
  });
  auto const taken = seconds(machine.clock.steady() - begun);
  auto const usage = usage_of(relay->id());
  relay->signal(SIGTERM);
  relay->wait();
  auto const batches = batches_in(machine);
  auto const broker = usage_of(machine.kafka.process()).processor_seconds - broker_before;
  return {.rate = static_cast<double>(rows) / taken,
          .microseconds_per_row = usage.processor_seconds * 1e6 / static_cast<double>(rows),
          .megabytes = usage.resident_megabytes,
          .seconds_per_100_000 = broker * 1e5 / static_cast<double>(rows),
          .single_record_batches =
              static_cast<double>(batches.of_one_record - batches_before.of_one_record) /
              static_cast<double>(batches.all - batches_before.all)};
}

/// Records of the same size and keys, through a producer of this process.
double producer_rate(Machine& machine) {
  auto const producer = machine.broker->producer();
  std::string const value(430, 'x');
  auto const begun = machine.clock.steady();
  for (std::size_t sent = 0, completed = 0; completed < rows;) {
    while (sent < rows && sent - completed < 2'000 &&
           producer->submit({topic, std::to_string(sent % 1000), value}, Sequence{sent + 1}))
      ++sent;
    pollfd waiting{.fd = producer->descriptor(), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, 1000);
    completed += producer->completions().size();
  }
  return static_cast<double>(rows) / seconds(machine.clock.steady() - begun);
}

/// Medians of what several drains have shown.
Drained median_of(std::vector<Drained> const& all) {
  auto const of = [&](double Drained::* member) {
    std::vector<double> values;
    for (auto const& each : all) values.push_back(each.*member);
    return median(values);
  };
  return {.rate = of(&Drained::rate),
          .microseconds_per_row = of(&Drained::microseconds_per_row),
          .megabytes = of(&Drained::megabytes),
          .seconds_per_100_000 = of(&Drained::seconds_per_100_000),
          .single_record_batches = of(&Drained::single_record_batches)};
}

void print(char const* what, Drained const& drained) {
  std::printf(
      "  %-15s %7.0f rows/s, %.1f us of processor per row, %.1f MB after it; broker: %.2f s "
      "per 100 000 records, %.0f %% of the batches hold one record\n",
      what, drained.rate, drained.microseconds_per_row, drained.megabytes,
      drained.seconds_per_100_000, 100 * drained.single_record_batches);
}

/// The work gets a copy of the slot 'origin'.
template <typename Work>
auto on_copy(Machine& machine, Work const& work) {
  machine.sql("SELECT pg_copy_logical_replication_slot('origin', 'copy')");
  auto const result = work("copy");
  await(machine.clock, "the slot", [&] { return !machine.streams("copy"); });
  machine.sql("SELECT pg_drop_replication_slot('copy')");
  // A relay remembers where it was.
  machine.sql("DROP TABLE IF EXISTS eventuate.tram_relay_position");
  return result;
}

void compare_drains(std::size_t rows_per_transaction, double wanted) {
  Machine machine;
  machine.sql("SELECT pg_create_logical_replication_slot('origin', 'pgoutput')");
  machine.insert_backlog(rows_per_transaction);
  producer_rate(machine);
  std::vector<double> readers;
  std::vector<double> producers;
  std::vector<double> ratios;
  std::vector<Drained> eager;
  std::vector<Drained> drained;
  for (int run = 0; run < runs; ++run) {
    readers.push_back(
        on_copy(machine, [&](auto const& slot) { return floor_rate(machine, slot); }));
    producers.push_back(producer_rate(machine));
    eager.push_back(
        on_copy(machine, [&](auto const& slot) { return drain(machine, slot, "?linger.ms=0"); }));
    drained.push_back(on_copy(machine, [&](auto const& slot) { return drain(machine, slot, ""); }));
    ratios.push_back(drained.back().rate / readers.back());
  }
  std::printf("drain, %zu rows per transaction: a reader %.0f rows/s, a producer %.0f records/s; "
              "relay beside the reader %.2f (%.1f wanted), beside the producer %.2f\n",
              rows_per_transaction, median(readers), median(producers), median(ratios), wanted,
              median_of(drained).rate / median(producers));
  print("linger.ms = 0", median_of(eager));
  print("relay", median_of(drained));
}

/// Kills the relay when half of the rows are there.
std::size_t repeats_after_kill(Machine& machine, std::string const& slot) {
  auto const before = batches_in(machine).records;
  auto first = machine.relay(slot);
  await(machine.clock, "half of the drain",
        [&] { return batches_in(machine).records - before >= rows / 2; });
  first->signal(SIGKILL);
  first->wait();
  auto const second = machine.relay(slot);
  // What the stopped one has sent is among them.
  await(machine.clock, "the rest of the drain", [&] {
    machine.clock.pause(100ms);
    return second->answers("/readers/relay/finished", 200);
  });
  second->signal(SIGTERM);
  second->wait();
  return batches_in(machine).records - before - rows;
}

void measure_repeats() {
  Machine machine;
  machine.sql("SELECT pg_create_logical_replication_slot('origin', 'pgoutput')");
  machine.insert_backlog(1);
  std::vector<double> repeats;
  for (int run = 0; run < runs; ++run) {
    repeats.push_back(static_cast<double>(
        on_copy(machine, [&](auto const& slot) { return repeats_after_kill(machine, slot); })));
  }
  std::printf("records that come twice after a kill -9 in the middle of %zu: %.0f (2000 wanted)\n",
              rows, median(repeats));
}

/// Records as they come, in one consumer that was there before.
class Listener {
 public:
  explicit Listener(Machine& machine)
      : clock_{machine.clock},
        consumer_{machine.broker->subscribe({.kind = ConsumerMode::Kind::broadcast},
                                            std::vector<std::string>{topic})} {
    consumer_->poll();
  }
  /// Polls until so many came, or for so long; notes when each came, by its payload's number.
  void listen(std::size_t count, Duration longest) {
    for (auto const end = clock_.steady() + longest;
         came_.size() < count && clock_.steady() < end;) {
      pollfd waiting{.fd = consumer_->descriptor(), .events = POLLIN, .revents = 0};
      ::poll(&waiting, 1, 1);
      for (auto const& event : consumer_->poll()) {
        auto const* const delivery = std::get_if<Delivery>(&event);
        if (delivery == nullptr) continue;
        came_[std::stoul(delivery->value.substr(12))] = clock_.steady();
      }
    }
  }
  [[nodiscard]] std::map<std::size_t, SteadyTime> const& came() const { return came_; }

 private:
  Clock& clock_;
  std::unique_ptr<Consumer> consumer_;
  std::map<std::size_t, SteadyTime> came_;
};

/// How long after `send(number)` returned each record came, at a thousand a second.
std::vector<double> latencies(Machine& machine, std::function<void(std::size_t)> const& send) {
  constexpr std::size_t count = 5'000;
  Listener listener{machine};
  listener.listen(count, 1s);
  std::vector<SteadyTime> sent(count);
  std::jthread sending{[&] {
    auto next = machine.clock.steady();
    for (std::size_t number = 0; number < count; ++number) {
      machine.clock.pause(std::max(next - machine.clock.steady(), Duration{}));
      send(number);
      sent[number] = machine.clock.steady();
      next += 1ms;
    }
  }};
  listener.listen(count, 60s);
  sending.join();
  std::vector<double> result;
  for (auto const& [number, came] : listener.came()) {
    result.push_back(1e3 * seconds(came - sent[number]));
  }
  if (result.size() != count) fail(std::to_string(result.size()) + " records came of 5000");
  return result;
}

/// At the same pace through a producer in this process and through the relay, in turns: the
/// difference is what the relay costs. Neither side waits for an acknowledgement.
void compare_latencies(Machine& machine, Session const& writer) {
  auto const producer = machine.broker->producer();
  Sequence sequence;
  auto const publish = [&](std::size_t number) {
    auto const value = "{\"payload\":\"" + std::to_string(number) + "\",\"headers\":{}}";
    [[maybe_unused]] bool const taken =
        producer->submit({topic, std::to_string(number % 100), value}, ++sequence);
    producer->completions();
  };
  auto const commit = [&](std::size_t number) {
    auto const text = std::to_string(number);
    writer.value("INSERT INTO eventuate.message VALUES (gen_random_uuid()::text, '" +
                 std::string{topic} + "', '{\"PARTITION_ID\":\"" + std::to_string(number % 100) +
                 "\",\"ID\":\"" + text + "\"}', '" + text + "', 0, NULL, 0)");
  };
  std::vector<double> direct_half;
  std::vector<double> direct_most;
  std::vector<double> relayed_half;
  std::vector<double> relayed_most;
  for (int run = 0; run < runs; ++run) {
    auto const direct = latencies(machine, publish);
    auto const relayed = latencies(machine, commit);
    direct_half.push_back(quantile(direct, 0.5));
    direct_most.push_back(quantile(direct, 0.99));
    relayed_half.push_back(quantile(relayed, 0.5));
    relayed_most.push_back(quantile(relayed, 0.99));
  }
  std::printf("to a consumer, 1000 messages/s: from the commit p50 %.2f ms, p99 %.2f ms; from a "
              "producer of its own p50 %.2f ms, p99 %.2f ms (at most 0.30 and 1.00 more wanted)\n",
              median(relayed_half), median(relayed_most), median(direct_half), median(direct_most));
}

void measure_latency() {
  Machine machine;
  // The first start makes tables and slot.
  std::unique_ptr<CdcProcess> relay;
  std::vector<double> starts;
  for (int run = 0; run <= runs; ++run) {
    auto const begun = machine.clock.steady();
    relay = machine.relay("tram");
    await(machine.clock, "the slot", [&] { return machine.streams("tram"); });
    starts.push_back(seconds(machine.clock.steady() - begun));
    await(machine.clock, "readiness", [&] { return relay->ready(); });
    if (run == runs) break;
    relay->signal(SIGTERM);
    relay->wait();
  }
  Session const writer{machine.postgres};
  compare_latencies(machine, writer);
  std::printf("from exec to streaming: %.0f ms (50 wanted), %.0f ms the first time; resident "
              "afterwards: %.1f MB (20 wanted when idle)\n",
              1e3 * median({starts.begin() + 1, starts.end()}), 1e3 * starts.front(),
              usage_of(relay->id()).resident_megabytes);
  relay->signal(SIGKILL);
  relay->wait();
  auto const killed = machine.clock.steady();
  auto const again = machine.relay("tram");
  writer.value("INSERT INTO eventuate.message VALUES ('after', '" + std::string{topic} +
               "', '{\"PARTITION_ID\":\"k\",\"ID\":\"after\"}', '7', 0, NULL, 0)");
  await(machine.clock, "the record after a kill", [&] {
    auto const metrics = again->get("/metrics");
    auto const at = metrics.find("\neventuate_cdc_events_sent_total ");
    return at != std::string::npos && metrics.compare(at + 33, 2, "0\n") != 0;
  });
  std::printf("from kill -9 to the next record in Kafka: %.2f s (2 wanted)\n",
              seconds(machine.clock.steady() - killed));
}

}  // namespace

/// With a word only the drains or the rest.
int main(int count, char** words) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::string const part{count > 1 ? words[1] : ""};
  if (part != "drains") measure_latency();
  if (part == "latency") return 0;
  measure_repeats();
  compare_drains(1, 0.6);
  compare_drains(100, 0.4);
}
