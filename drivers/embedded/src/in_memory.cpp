#include "tram/embedded/in_memory.hpp"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "local_consumer.hpp"
#include "memory_log.hpp"
#include "record_rules.hpp"
#include "tram/base/assert.hpp"
#include "tram/wire/channel_name.hpp"

namespace tram::embedded {

struct InMemoryState {
  InMemoryState(InMemoryConfig const& given, Clock& time)
      : config{given},
        clock{time},
        log{given.records_max},
        groups{std::make_shared<Groups>(given.session_timeout)} {}

  /// When a record submitted now becomes visible; asks the clock only if there is a delay.
  SteadyTime visible_at() {
    Duration const delay{delay_nanoseconds.load(std::memory_order_relaxed)};
    if (delay == Duration::zero() && !was_delayed.load(std::memory_order_relaxed)) {
      return SteadyTime::min();
    }
    Lock const lock{mutex};
    last_visible_at = std::max(last_visible_at, clock.steady() + delay);
    return last_visible_at;
  }

  InMemoryConfig const config;
  Clock& clock;
  MemoryLog log;
  // Shared with the consumers.
  std::shared_ptr<Groups> groups;
  std::atomic<std::uint64_t> broken_producers{0};
  std::atomic<Duration::rep> delay_nanoseconds{0};
  std::atomic<bool> was_delayed{false};
  Mutex mutex;
  // Never goes back, so that a shorter delay does not let records overtake.
  SteadyTime last_visible_at TRAM_GUARDED_BY(mutex){SteadyTime::min()};
};

namespace {

class MemoryProducer final : public Producer {
 public:
  explicit MemoryProducer(std::shared_ptr<InMemoryState> state)
      : state_{std::move(state)}, born_{state_->broken_producers.load()} {}

  bool submit(RecordView const& record, Sequence sequence) override {
    TRAM_ASSERT(!last_ || sequence > *last_, "sequences ascend");
    if (finished_) throw finished();
    if (completions_.size() >= state_->config.window) return false;
    last_ = sequence;
    if (is_broken()) {
      lost_.push_back(sequence);
    } else {
      completions_.push_back({.sequence = sequence, .error = append(record)});
    }
    return true;
  }

  std::vector<Completion> completions() override {
    if (is_broken() && !finished_) finish();
    return std::exchange(completions_, {});
  }

  [[nodiscard]] int descriptor() const override { return -1; }

 private:
  std::optional<Error> append(RecordView const& record) {
    if (auto refused = refusal(record, state_->config.record_bytes_max)) return refused;
    if (channel_ == nullptr || channel_name_ != record.channel) {
      channel_ = state_->log.find(record.channel);
      if (channel_ == nullptr) return missing_channel(record.channel);
      channel_name_ = record.channel;
    }
    channel_->append(record.key, record.value, state_->visible_at());
    return std::nullopt;
  }

  /// What has landed without a completion stays unknown to the caller, as after a lost connection.
  void finish() {
    auto const first = completions_.empty() ? lost_ : std::vector{completions_.front().sequence};
    completions_.clear();
    if (first.empty()) return;
    finished_ = true;
    completions_.push_back(
        {.sequence = first.front(),
         .error = Error{Fault::transient, "in-memory broker: the producer was broken; take a new "
                                          "one and submit again what was not completed"}});
  }

  [[nodiscard]] bool is_broken() const { return born_ != state_->broken_producers.load(); }
  static Error finished() {
    return Error{Fault::broken, "in-memory broker: this producer is finished; take a new one"};
  }

  std::shared_ptr<InMemoryState> state_;
  std::uint64_t born_;
  std::vector<Completion> completions_;
  std::vector<Sequence> lost_;
  std::optional<Sequence> last_;
  /// The last one used: most producers stay with one for a while.
  MemoryChannel* channel_{};
  std::string channel_name_;
  bool finished_{};
};

class MemoryStore final : public ConsumerStore {
 public:
  MemoryStore(std::shared_ptr<InMemoryState> state, std::span<std::string const> channels,
              std::shared_ptr<EventSignal> signal)
      : state_{std::move(state)}, signal_{std::move(signal)} {
    for (auto const& name : channels) {
      auto const [place, added] = channels_.emplace(name, state_->log.find(name));
      if (added) place->second->listen(signal_);
    }
  }
  ~MemoryStore() override {
    for (auto const& [name, channel] : channels_) channel->forget(signal_);
  }
  MemoryStore(MemoryStore const&) = delete;
  MemoryStore& operator=(MemoryStore const&) = delete;

  Offset end(TopicPartition const& partition) override {
    return channels_.at(partition.channel)->end(partition.partition);
  }
  Offset read(TopicPartition const& partition, Offset from, std::size_t max,
              std::vector<ConsumerEvent>& events) override {
    return channels_.at(partition.channel)
        ->read(partition.partition, from, max, state_->clock.steady(), events);
  }
  std::optional<Offset> claim(std::string const& group, Claim const& claim) override {
    return state_->log.claim(group, claim);
  }
  void store(std::string const& group, std::span<Progress const> progress) override {
    state_->log.store(group, progress);
  }

 private:
  std::shared_ptr<InMemoryState> state_;
  std::shared_ptr<EventSignal> signal_;
  std::map<std::string, MemoryChannel*> channels_;
};

}  // namespace

InMemoryBroker::InMemoryBroker(InMemoryConfig const& config, Clock& clock)
    : state_{std::make_shared<InMemoryState>(config, clock)} {
  if (config.partitions > 0 && config.window > 0) return;
  throw Error{Fault::rejected, "in-memory broker: partitions and window must be at least 1"};
}

InMemoryBroker::~InMemoryBroker() = default;

BrokerTraits InMemoryBroker::traits() const {
  return {.name = "in-memory",
          .durable = false,
          .record_bytes_max = state_->config.record_bytes_max,
          .shared_by_processes = false,
          .refuses_missing_channels = true,
          .keys_as_kafka = true};
}

std::unique_ptr<Producer> InMemoryBroker::producer() {
  return std::make_unique<MemoryProducer>(state_);
}

std::unique_ptr<Consumer> InMemoryBroker::subscribe(ConsumerMode const& mode,
                                                    std::span<std::string const> channels,
                                                    std::stop_token const&) {
  std::vector<std::string> created;
  if (mode.create_channels) created = create_channels(channels, 0, Deadline::now());
  else refuse_missing_channels(mode, state_->log.missing(channels));
  ConsumerOrder order{.mode = mode,
                      .wanted = {},
                      .generation = 0,
                      .store_interval = {},
                      .created = std::move(created)};
  for (auto const& name : channels)
    add_partitions(order, name, state_->log.find(name)->partitions());
  auto const signal = std::make_shared<EventSignal>();
  auto store = std::make_unique<MemoryStore>(state_, channels, signal);
  return std::make_unique<LocalConsumer>(
      ConsumerParts{std::move(store), state_->groups, signal, state_->clock}, std::move(order));
}

std::vector<std::string> InMemoryBroker::create_channels(std::span<std::string const> channels,
                                                         std::int32_t partitions, Deadline,
                                                         std::stop_token const&) {
  for (auto const& channel : channels) check_channel_name(channel);
  auto const count = partitions > 0 ? partitions : state_->config.partitions;
  std::vector<std::string> created;
  for (auto const& channel : channels) {
    if (state_->log.create(channel, count)) created.push_back(channel);
  }
  return created;
}

void InMemoryBroker::rebalance(std::string const& group) { state_->groups->scatter(group); }

void InMemoryBroker::expire_members(std::string const& group) { state_->groups->expire(group); }

void InMemoryBroker::delay(Duration delay) {
  if (delay > Duration::zero()) state_->was_delayed = true;
  state_->delay_nanoseconds = delay.count();
}

void InMemoryBroker::break_producers() { ++state_->broken_producers; }

std::unique_ptr<InMemoryBroker> in_memory_broker(InMemoryConfig const& config, Clock& clock) {
  return std::make_unique<InMemoryBroker>(config, clock);
}

}  // namespace tram::embedded
