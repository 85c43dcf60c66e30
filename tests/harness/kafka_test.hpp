#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kafka_publisher.hpp"
#include "tram/base/mutex.hpp"
#include "tram/kafka/kafka.hpp"

namespace tram::testing {

/// What tests of the Kafka driver do again and again, through one broker whose log they can read.
class KafkaTest : public ::testing::Test {
 protected:
  explicit KafkaTest(kafka::Config config) : config_{std::move(config)} { connect(config_); }

  /// False after `patience`.
  bool until(std::function<bool()> const& condition,
             Duration patience = std::chrono::seconds{60}) const {
    auto const give_up = Deadline::after(clock_, patience);
    while (!condition()) {
      if (give_up.reached(clock_)) return false;
    }
    return true;
  }
  /// From now on `broker_` is this one.
  void connect(kafka::Config const& config) { broker_ = kafka::connect(config, clock_, logger()); }
  void create(std::string const& channel, std::int32_t partitions = 1) {
    broker_->create_channels(std::array{channel}, partitions,
                             Deadline::after(clock_, std::chrono::seconds{20}));
  }
  /// In this order for each key, by a client that has seen nothing of the topic before.
  void publish(std::vector<testkit::OwnedRecord> records) {
    auto const broker = kafka::connect(config_, clock_);
    Publisher publisher{*broker, std::move(records)};
    ASSERT_TRUE(until([&] {
      publisher.step();
      return publisher.done();
    }));
  }
  /// The lines that say this.
  [[nodiscard]] std::size_t logged(std::string const& text) const { return log_->count(text); }
  [[nodiscard]] std::string log() const { return log_->all(); }

 private:
  class Log {
   public:
    void add(std::string const& line) {
      Lock const lock{mutex_};
      lines_.push_back(line);
    }
    [[nodiscard]] std::size_t count(std::string const& text) const {
      Lock const lock{mutex_};
      return static_cast<std::size_t>(std::ranges::count_if(
          lines_, [&](auto const& line) { return line.find(text) != std::string::npos; }));
    }
    [[nodiscard]] std::string all() const {
      Lock const lock{mutex_};
      std::string all;
      for (auto const& line : lines_) all += line + "\n";
      return all;
    }

   private:
    mutable Mutex mutex_;
    std::vector<std::string> lines_ TRAM_GUARDED_BY(mutex_);
  };
  [[nodiscard]] Logger logger() const {
    return Logger{[log = log_](LogLevel, std::string const& line) { log->add(line); },
                  LogLevel::info};
  }

  kafka::Config config_;
  /// Clients that are left behind may log later.
  std::shared_ptr<Log> log_{std::make_shared<Log>()};

 protected:
  SystemClock clock_{};
  std::unique_ptr<Broker> broker_{};
};

}  // namespace tram::testing
