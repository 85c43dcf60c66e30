// How fast the producer publishes to a real Kafka on this machine, in turns with bare librdkafka
// under the same settings and window: the floor. Records of 350 bytes, 1000 keys, 4 partitions; the
// median of five. Prints records per second, processor time of this process per record, and the
// ratio; the same for the first records of new clients, of which one per partition goes alone; and
// the time of one record at a time.

#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "kafka_server.hpp"
#include "tram/kafka/kafka.hpp"

namespace {

using namespace std::chrono_literals;

constexpr std::size_t records = 200'000;
constexpr std::size_t window = 10'000;
constexpr std::size_t singles = 2'000;
constexpr std::size_t first_records = 50'000;
constexpr int runs = 5;

struct Figures {
  double records_per_second{};
  double microseconds_per_record{};
};

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

Figures measure(tram::Clock const& clock, std::size_t count, std::function<void()> const& publish) {
  auto const begun = clock.steady();
  auto const processor_before = processor_seconds();
  publish();
  auto const seconds = std::chrono::duration<double>(clock.steady() - begun).count();
  auto const total = static_cast<double>(count);
  return {.records_per_second = total / seconds,
          .microseconds_per_record = (processor_seconds() - processor_before) * 1e6 / total};
}

void wait_readable(int descriptor) {
  pollfd waiting{.fd = descriptor, .events = POLLIN, .revents = 0};
  ::poll(&waiting, 1, 1000);
}

std::vector<std::string> keys() {
  std::vector<std::string> all;
  for (int i = 0; i < 1000; ++i) all.push_back("customer-" + std::to_string(i));
  return all;
}

std::string const value(350, 'x');

void publish(tram::Producer& producer, std::size_t count, std::size_t in_flight_max) {
  static auto const all_keys = keys();
  static tram::Sequence sequence;
  std::size_t submitted = 0;
  std::size_t completed = 0;
  while (completed < count) {
    while (submitted < count && submitted - completed < in_flight_max &&
           producer.submit(
               {.channel = "ours", .key = all_keys[submitted % all_keys.size()], .value = value},
               sequence + 1)) {
      ++sequence;
      ++submitted;
    }
    wait_readable(producer.descriptor());
    completed += producer.completions().size();
  }
}

/// The same with nothing around it.
class Bare {
 public:
  explicit Bare(std::string const& servers) {
    auto* const conf = rd_kafka_conf_new();
    std::array<std::pair<char const*, std::string>, 6> const properties{
        {{"bootstrap.servers", servers},
         {"enable.idempotence", "true"},
         {"linger.ms", "0"},
         {"message.timeout.ms", "0"},
         {"partitioner", "murmur2_random"},
         {"socket.nagle.disable", "true"}}};
    std::array<char, 512> reason{};
    for (auto const& [name, setting] : properties) {
      rd_kafka_conf_set(conf, name, setting.c_str(), reason.data(), reason.size());
    }
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
    client_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason.data(), reason.size());
    queue_ = rd_kafka_queue_get_main(client_);
    topic_ = rd_kafka_topic_new(client_, "bare", nullptr);
    rd_kafka_queue_io_event_enable(queue_, event_, &one_, sizeof one_);
  }
  Bare(Bare const&) = delete;
  Bare& operator=(Bare const&) = delete;
  ~Bare() {
    rd_kafka_topic_destroy(topic_);
    rd_kafka_queue_destroy(queue_);
    rd_kafka_destroy(client_);
    ::close(event_);
  }

  void publish(std::size_t count) {
    static auto const all_keys = keys();
    std::size_t submitted = 0;
    std::size_t completed = 0;
    while (completed < count) {
      for (; submitted < count && submitted - completed < window; ++submitted) {
        auto const& key = all_keys[submitted % all_keys.size()];
        rd_kafka_produce(topic_, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                         const_cast<char*>(value.data()), value.size(), key.data(), key.size(),
                         nullptr);
      }
      wait_readable(event_);
      std::uint64_t rung{};
      (void)!::read(event_, &rung, sizeof rung);
      while (auto* const event = rd_kafka_queue_poll(queue_, 0)) {
        completed += rd_kafka_event_message_count(event);
        rd_kafka_event_destroy(event);
      }
    }
  }

 private:
  std::uint64_t one_{1};
  int event_{::eventfd(0, EFD_NONBLOCK)};
  rd_kafka_t* client_{};
  rd_kafka_queue_t* queue_{};
  rd_kafka_topic_t* topic_{};
};

Figures median(std::vector<Figures> all) {
  auto const middle_of = [&](double Figures::* member) {
    auto const middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
    std::ranges::nth_element(all, middle, {}, member);
    return *middle.*member;
  };
  return {.records_per_second = middle_of(&Figures::records_per_second),
          .microseconds_per_record = middle_of(&Figures::microseconds_per_record)};
}

void print_ratio(Figures const& ours, Figures const& floor) {
  std::printf("%-22s %8.2f of the floor's records/s\n", "",
              ours.records_per_second / floor.records_per_second);
}

void print(char const* what, Figures const& figures) {
  std::printf("%-22s %8.0f records/s %6.2f us of processor per record\n", what,
              figures.records_per_second, figures.microseconds_per_record);
}

}  // namespace

int main() {
  tram::testing::KafkaServer const server;
  tram::SystemClock clock;
  auto const broker = tram::kafka::connect({.servers = server.servers(), .window = window}, clock);
  broker->create_channels(std::array<std::string, 2>{"ours", "bare"}, 4,
                          tram::Deadline::after(clock, 30s));
  auto const producer = broker->producer();
  Bare bare{server.servers()};
  // The server's code is compiled while it runs.
  bare.publish(records);
  publish(*producer, records, window);
  std::vector<Figures> floor;
  std::vector<Figures> ours;
  for (int run = 0; run < runs; ++run) {
    floor.push_back(measure(clock, records, [&] { bare.publish(records); }));
    ours.push_back(measure(clock, records, [&] { publish(*producer, records, window); }));
  }
  print("bare librdkafka", median(floor));
  print("producer", median(ours));
  print_ratio(median(ours), median(floor));
  std::vector<Figures> new_floor;
  std::vector<Figures> new_ours;
  for (int run = 0; run < runs; ++run) {
    new_floor.push_back(measure(clock, first_records, [&] {
      Bare fresh{server.servers()};
      fresh.publish(first_records);
    }));
    new_ours.push_back(measure(clock, first_records, [&] {
      auto const fresh = broker->producer();
      publish(*fresh, first_records, window);
    }));
  }
  print("new bare clients", median(new_floor));
  print("new producers", median(new_ours));
  print_ratio(median(new_ours), median(new_floor));
  print("producer, one by one", measure(clock, singles, [&] { publish(*producer, singles, 1); }));
}
