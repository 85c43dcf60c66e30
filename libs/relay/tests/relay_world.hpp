#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tram/base/assert.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "tram/broker/broker.hpp"
#include "tram/relay/held_row_store.hpp"
#include "tram/relay/outbox_retention.hpp"
#include "tram/relay/relay.hpp"
#include "tram/wire/record.hpp"

/// A source, a broker and a store that fail when and how a test says.
namespace tram::testing {

inline OutboxRow row(std::string const& id, std::string const& key,
                     std::optional<LogPosition> ends_at = std::nullopt) {
  return {.id = id,
          .database_id = std::nullopt,
          .destination = "orders",
          .headers = R"({"ID":")" + id + R"(","PARTITION_ID":")" + key + R"("})",
          .payload = id,
          .ends_at = ends_at};
}

/// Positions count rows: a row that ends a transaction is confirmed by its number, counted from 1.
class ScriptedSource final : public ChangeSource {
 public:
  void commit(std::vector<OutboxRow> rows) {
    LogPosition const transaction{log.size() + 1};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i].place = RowPlace{.transaction = transaction, .row = i + 1};
      log.push_back(std::move(rows[i]));
    }
    log.back().ends_at = LogPosition{log.size()};
  }

  void keep_alive() override {
    ++kept_alive;
    throw_next_error();
  }
  ChangeBatch read(std::size_t rows_max) override {
    reads.push_back(rows_max);
    throw_next_error();
    if (starts_over) settled_rows = 0;
    if (std::exchange(starts_again_, false)) start_again();
    ChangeBatch batch;
    if (in_standby) return batch;
    if (busy) {
      batch.at_end = false;
      return batch;
    }
    batch.starts_over = std::exchange(starts_over, false);
    while (next_ < log.size() && batch.rows.size() < rows_max) batch.rows.push_back(log[next_++]);
    batch.seen_up_to = seen;
    return batch;
  }
  void confirm(LogPosition position) override { confirmed = position.number(); }
  void flush() override { flushed = confirmed; }
  void settled(RowPlace place) override {
    settled_rows = place.transaction.number() + place.row - 1;
  }
  void rewind() override {
    start_again();
    ++rewinds;
  }
  [[nodiscard]] int descriptor() const override { return -1; }
  [[nodiscard]] Duration poll_interval() const override { return std::chrono::milliseconds{100}; }
  [[nodiscard]] ChangeSourceStatus status() const override {
    return {.connected = connected,
            .standby = in_standby,
            .behind = log.size() - confirmed,
            .trouble = trouble};
  }
  [[nodiscard]] std::string held_rows_name() const override { return "relay"; }
  /// As a new process would find it.
  void reopen() {
    settled_rows = 0;
    start_again();
  }

  std::vector<OutboxRow> log;
  std::deque<Error> errors;
  std::vector<std::size_t> reads;
  std::size_t kept_alive{};
  std::optional<LogPosition> seen;
  std::size_t confirmed{};
  /// Within a transaction that is not confirmed.
  std::size_t settled_rows{};
  std::optional<std::size_t> flushed;
  int rewinds{};
  bool connected{true};
  bool in_standby{};
  /// Cannot look now.
  bool busy{};
  /// With the next batch.
  bool starts_over{};
  std::string trouble;

 private:
  void throw_next_error() {
    if (errors.empty()) return;
    Error const error = errors.front();
    errors.pop_front();
    starts_again_ = true;
    throw error;
  }
  void start_again() { next_ = std::max(confirmed, settled_rows); }

  std::size_t next_{};
  bool starts_again_{};
};

struct LandedRecord {
  std::string channel;
  std::string key;
  std::string value;
};

class ScriptedBroker final : public Broker {
 public:
  /// Refuses a record with this reason.
  std::function<std::optional<std::string>(RecordView const&)> refuses = [](RecordView const&) {
    return std::nullopt;
  };
  /// Records land by themselves as soon as completions are asked for.
  bool lands_at_once{true};
  std::size_t producer_window{1000};
  std::vector<LandedRecord> landed;
  std::deque<Error> producer_errors;
  std::deque<Error> channel_errors;
  std::set<std::string> channels;
  /// Records for any other channel are refused.
  bool knows_only_its_channels{};
  /// Take no records of this client.
  std::set<std::string> forbidden;
  std::size_t record_bytes_max{};

  [[nodiscard]] BrokerTraits traits() const override {
    return {.name = "scripted",
            .durable = true,
            .record_bytes_max = record_bytes_max,
            .shared_by_processes = false};
  }
  std::unique_ptr<Producer> producer() override;
  std::unique_ptr<Consumer> subscribe(ConsumerMode const&, std::span<std::string const>,
                                      std::stop_token const& = {}) override {
    throw Error{Fault::rejected, "scripted broker: no consumers here"};
  }
  std::vector<std::string> create_channels(std::span<std::string const> names, std::int32_t,
                                           Deadline, std::stop_token const& = {}) override {
    ping(Deadline::now());
    std::vector<std::string> created;
    for (auto const& name : names) {
      if (channels.insert(name).second) created.push_back(name);
    }
    return created;
  }
  void ping(Deadline, std::stop_token const& = {}) override {
    if (channel_errors.empty()) return;
    Error const error = channel_errors.front();
    channel_errors.pop_front();
    throw error;
  }

  /// The oldest `count` records in flight land or are refused.
  void land(std::size_t count);
  /// As `land`, and then the producer is finished: nobody learns what landed.
  void break_producer(std::size_t landing, Fault fault = Fault::transient);
  [[nodiscard]] std::size_t in_flight() const { return queue_.size(); }
  /// Completions are given in an order of their own.
  void shuffle_completions(Random& random) {
    for (std::size_t i = completions_.size(); i > 1; --i) {
      std::swap(completions_[i - 1], completions_[random.below(i)]);
    }
  }
  /// Of the completions that nobody has taken yet, only the last one is ever told.
  void complete_only_the_last() {
    completions_.erase(completions_.begin(), completions_.end() - 1);
  }
  void crash() {
    queue_.clear();
    completions_.clear();
    finished_ = false;
  }

  [[nodiscard]] std::vector<std::string> landed_keys_and_ids() const;

 private:
  friend class ScriptedProducer;
  struct Queued {
    LandedRecord record;
    Sequence sequence;
  };
  std::deque<Queued> queue_;
  std::vector<Completion> completions_;
  bool finished_{};
};

class ScriptedProducer final : public Producer {
 public:
  explicit ScriptedProducer(ScriptedBroker& broker) : broker_{broker} {}
  bool submit(RecordView const& record, Sequence sequence) override {
    TRAM_ASSERT(sequence > last_, "sequences ascend");
    if (broker_.finished_) throw Error{Fault::broken, "scripted broker: the producer is finished"};
    if (broker_.queue_.size() >= broker_.producer_window) return false;
    last_ = sequence;
    broker_.queue_.push_back(
        {{std::string{record.channel}, std::string{record.key}, std::string{record.value}},
         sequence});
    return true;
  }
  std::vector<Completion> completions() override {
    if (broker_.lands_at_once) broker_.land(broker_.queue_.size());
    return std::exchange(broker_.completions_, {});
  }
  [[nodiscard]] int descriptor() const override { return -1; }

 private:
  ScriptedBroker& broker_;
  Sequence last_{};
};

inline std::unique_ptr<Producer> ScriptedBroker::producer() {
  if (!producer_errors.empty()) {
    Error const error = producer_errors.front();
    producer_errors.pop_front();
    throw error;
  }
  crash();
  return std::make_unique<ScriptedProducer>(*this);
}

inline void ScriptedBroker::land(std::size_t count) {
  for (; count > 0 && !queue_.empty(); --count) {
    auto [record, sequence] = std::move(queue_.front());
    queue_.pop_front();
    if (knows_only_its_channels && !channels.contains(record.channel)) {
      completions_.push_back({.sequence = sequence,
                              .error = Error{Fault::rejected, "broker: no such channel"},
                              .channel = ChannelTrouble::missing});
      continue;
    }
    if (forbidden.contains(record.channel)) {
      completions_.push_back({.sequence = sequence,
                              .error = Error{Fault::rejected, "broker: not allowed"},
                              .channel = ChannelTrouble::forbidden});
      continue;
    }
    auto const refusal = refuses({record.channel, record.key, record.value});
    if (refusal) {
      completions_.push_back({.sequence = sequence, .error = Error{Fault::rejected, *refusal}});
    } else {
      landed.push_back(std::move(record));
      completions_.push_back({.sequence = sequence});
    }
  }
}

inline void ScriptedBroker::break_producer(std::size_t landing, Fault fault) {
  std::vector<Completion> const told = completions_;
  land(landing);
  completions_ = told;
  Sequence const unlucky = queue_.empty() ? Sequence{1} : queue_.front().sequence;
  queue_.clear();
  finished_ = true;
  completions_.push_back(
      {.sequence = unlucky, .error = Error{fault, "scripted broker: the connection is gone"}});
}

/// The payload of a record, which in these tests is the id of its row.
inline std::string payload_of(LandedRecord const& record) {
  return parse_record(record.value).payload;
}

inline std::vector<std::string> ScriptedBroker::landed_keys_and_ids() const {
  std::vector<std::string> texts;
  for (auto const& record : landed) texts.push_back(record.key + ":" + payload_of(record));
  return texts;
}

class MemoryHeldRows final : public HeldRowStore {
 public:
  struct Stored {
    std::int64_t id{};
    HeldRow held;
    bool retry_requested{};
  };
  std::vector<Stored> rows;
  std::deque<Error> errors;
  /// The next look for rows to replay fails, though the one at the summary did not.
  std::optional<Error> replay_error;
  /// While a call fails, so that a test can have it take its time.
  std::function<void()> before_error = [] {};
  std::size_t stores{};

  void store(std::span<HeldRow const> more) override {
    fail_if_told();
    ++stores;
    for (auto const& held : more) {
      if (!find(held.row.id)) rows.push_back({.id = ++last_id_, .held = held});
    }
  }
  HeldSummary summary() override {
    fail_if_told();
    HeldSummary summary{.rows = rows.size(), .keys = {}};
    for (auto const& each : rows) {
      if (each.held.key) summary.keys.emplace(each.held.row.destination, *each.held.key);
      if (each.held.cause == HeldCause::channel_closed)
        summary.closed_channels.insert(each.held.row.destination);
    }
    return summary;
  }
  std::vector<StoredHeldRow> replayable(std::size_t rows_max, ReplayOrder order) override {
    fail_if_told();
    if (auto const error = std::exchange(replay_error, std::nullopt)) throw Error{*error};
    std::vector<StoredHeldRow> found;
    std::set<HeldRowKey> keys;
    for (auto const& each : rows) {
      bool const first =
          !each.held.key || keys.emplace(each.held.row.destination, *each.held.key).second;
      if (order == ReplayOrder::by_key && !first) continue;
      if (!each.retry_requested && each.held.cause != HeldCause::key_held) continue;
      if (found.size() < rows_max) found.push_back({.id = each.id, .row = each.held.row});
    }
    return found;
  }
  void settle(ReplayOutcome const& outcome) override {
    fail_if_told();
    std::erase_if(rows, [&](Stored const& each) {
      return std::ranges::find(outcome.published, each.id) != outcome.published.end();
    });
    for (auto const& [id, reason, cause] : outcome.refused) {
      for (auto& each : rows) {
        if (each.id != id) continue;
        each.held.reason = reason;
        each.held.cause = cause;
        each.retry_requested = false;
      }
    }
    for (auto& each : rows) {
      auto const& channels = outcome.channels_to_try;
      bool const wanted = std::ranges::find(channels, each.held.row.destination) != channels.end();
      if (wanted && each.held.cause != HeldCause::key_held) each.retry_requested = true;
    }
  }

  Stored* find(std::string const& row_id) {
    auto const found =
        std::ranges::find_if(rows, [&](Stored const& each) { return each.held.row.id == row_id; });
    return found == rows.end() ? nullptr : &*found;
  }
  [[nodiscard]] std::vector<std::string> ids() const {
    std::vector<std::string> ids;
    for (auto const& each : rows) ids.push_back(each.held.row.id);
    return ids;
  }

 private:
  void fail_if_told() {
    if (errors.empty()) return;
    before_error();
    Error const error = errors.front();
    errors.pop_front();
    throw error;
  }
  std::int64_t last_id_{};
};

struct RelayWorld {
  ManualClock clock;
  SeededRandom random{1};
  ScriptedSource source;
  ScriptedBroker broker;
  MemoryHeldRows held;
  std::vector<std::string> log;
  RelayOptions options{};
  OutboxRetention* retention{};

  std::unique_ptr<Relay> relay() {
    return std::make_unique<Relay>(
        RelayParts{
            .source = source,
            .broker = broker,
            .held = held,
            .retention = retention,
            .clock = clock,
            .random = random,
            .logger = Logger{[this](LogLevel, std::string const& line) { log.push_back(line); },
                             LogLevel::info}},
        options);
  }
  /// Steps until nothing happens any more, pauses for errors and held rows included.
  void run_until_quiet(Relay& relay) {
    for (int quiet = 0; quiet < 100;) {
      if (relay.step()) {
        quiet = 0;
      } else {
        ++quiet;
        EXPECT_GT(relay.next_step(), clock.steady()) << "the loop would spin";
        clock.advance(
            std::max<Duration>(relay.next_step() - clock.steady(), std::chrono::milliseconds{1}));
      }
    }
  }
  /// Steps while there is something to do, without letting time pass.
  static void run_at_once(Relay& relay) {
    while (relay.step()) {}
  }
  [[nodiscard]] std::size_t logged(std::string const& event) const {
    return static_cast<std::size_t>(std::ranges::count_if(log, [&](std::string const& line) {
      return line.find("event=" + event) != std::string::npos;
    }));
  }
};

}  // namespace tram::testing
