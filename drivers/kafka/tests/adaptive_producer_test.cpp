#include "adaptive_producer.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"

namespace tram::kafka {
namespace {

/// What reached one of the two clients, and what becomes of it.
struct Client {
  std::vector<Sequence> taken;
  std::vector<Completion> completions;
  /// Runs when it ends.
  std::function<void()> at_end{[] {}};
};

class ScriptedProducer final : public Producer {
 public:
  explicit ScriptedProducer(Client& client) : client_{client} {}
  ~ScriptedProducer() override { client_.at_end(); }
  ScriptedProducer(ScriptedProducer const&) = delete;
  ScriptedProducer& operator=(ScriptedProducer const&) = delete;
  bool submit(RecordView const& /*record*/, Sequence sequence) override {
    client_.taken.push_back(sequence);
    return true;
  }
  std::vector<Completion> completions() override { return std::exchange(client_.completions, {}); }
  [[nodiscard]] int descriptor() const override { return -1; }

 private:
  Client& client_;
};

class AdaptiveSending : public ::testing::Test {
 protected:
  bool submit() {
    if (!producer_.submit({.channel = "orders", .key = "k", .value = "v"}, next_)) return false;
    ++next_;
    return true;
  }
  void submit(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) EXPECT_TRUE(submit()) << next_;
  }
  /// The oldest ones.
  void complete(Client& client, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      client.completions.push_back({.sequence = done_});
      ++done_;
    }
    EXPECT_EQ(producer_.completions().size(), count);
  }
  /// As behind a backlog.
  void fill_batches() {
    submit(AdaptiveProducer::many);
    EXPECT_FALSE(submit());
    complete(eager_, AdaptiveProducer::many);
    submit(AdaptiveProducer::many);
    ASSERT_EQ(patient_.taken.size(), AdaptiveProducer::many);
  }

  ManualClock clock_;
  Client eager_;
  Client patient_;
  int asked_{};
  bool can_be_made_{true};
  std::unique_ptr<AdaptiveProducer> owned_{std::make_unique<AdaptiveProducer>(
      std::make_unique<ScriptedProducer>(eager_),
      [this] {
        ++asked_;
        if (!can_be_made_) throw Error{Fault::transient, "no descriptor left"};
        return std::make_unique<ScriptedProducer>(patient_);
      },
      clock_, Logger{})};
  AdaptiveProducer& producer_{*owned_};
  Sequence next_{1};
  Sequence done_{1};
};

TEST_F(AdaptiveSending, lets_nothing_wait_while_few_are_on_their_way) {
  for (int round = 0; round < 1'000; ++round) {
    submit(AdaptiveProducer::many - 1);
    complete(eager_, AdaptiveProducer::many - 1);
  }
  EXPECT_EQ(asked_, 0);
}

TEST_F(AdaptiveSending, fills_batches_when_many_are_on_their_way) {
  fill_batches();
  EXPECT_EQ(asked_, 1);
}

TEST_F(AdaptiveSending, changes_only_when_nothing_is_on_its_way) {
  submit(AdaptiveProducer::many);
  EXPECT_FALSE(submit());
  complete(eager_, AdaptiveProducer::many - 1);
  EXPECT_FALSE(submit());
  EXPECT_TRUE(patient_.taken.empty());
  complete(eager_, 1);
  EXPECT_TRUE(submit());
  EXPECT_EQ(patient_.taken, (std::vector{Sequence{AdaptiveProducer::many + 1}}));
}

TEST_F(AdaptiveSending, lets_nothing_wait_again_when_few_are_left) {
  fill_batches();
  complete(patient_, AdaptiveProducer::many - 1);
  clock_.advance(AdaptiveProducer::calm);
  EXPECT_FALSE(submit());
  complete(patient_, 1);
  submit(1);
  EXPECT_EQ(eager_.taken.size(), AdaptiveProducer::many + 1);
  EXPECT_EQ(asked_, 1);
}

TEST_F(AdaptiveSending, fills_batches_for_some_time_however_few_there_are) {
  fill_batches();
  clock_.advance(AdaptiveProducer::calm);
  submit(1);
  complete(patient_, AdaptiveProducer::many + 1);
  clock_.advance(AdaptiveProducer::calm - std::chrono::nanoseconds{1});
  submit(1);
  EXPECT_EQ(eager_.taken.size(), AdaptiveProducer::many);
}

TEST_F(AdaptiveSending, tells_when_either_client_broke) {
  fill_batches();
  patient_.completions.push_back({.sequence = done_, .error = Error{Fault::broken, "gone"}});
  auto const completions = producer_.completions();
  ASSERT_EQ(completions.size(), 1U);
  EXPECT_EQ(completions.front().error->fault(), Fault::broken);
}

TEST_F(AdaptiveSending, goes_on_with_one_client_when_the_second_cannot_be_made) {
  can_be_made_ = false;
  submit(AdaptiveProducer::many);
  EXPECT_FALSE(submit());
  complete(eager_, AdaptiveProducer::many);
  submit(3 * AdaptiveProducer::many);
  EXPECT_EQ(eager_.taken.size(), 4 * AdaptiveProducer::many);
  EXPECT_EQ(asked_, 1) << "it does not wait for an empty window again and again";
}

TEST_F(AdaptiveSending, makes_the_second_client_when_that_is_possible_again) {
  can_be_made_ = false;
  submit(AdaptiveProducer::many);
  EXPECT_FALSE(submit());
  complete(eager_, AdaptiveProducer::many);
  submit(1);
  complete(eager_, 1);
  can_be_made_ = true;
  clock_.advance(AdaptiveProducer::make_again_after);
  fill_batches();
  EXPECT_EQ(asked_, 2);
}

/// Each may take as long as a stop can bear.
TEST_F(AdaptiveSending, ends_both_clients_at_once) {
  fill_batches();
  std::mutex mutex;
  std::condition_variable news;
  int ending = 0;
  int met = 0;
  eager_.at_end = patient_.at_end = [&] {
    std::unique_lock lock{mutex};
    ++ending;
    news.notify_all();
    met += news.wait_for(lock, std::chrono::seconds{10}, [&] { return ending == 2; }) ? 1 : 0;
  };
  owned_.reset();
  EXPECT_EQ(met, 2);
}

}  // namespace
}  // namespace tram::kafka
