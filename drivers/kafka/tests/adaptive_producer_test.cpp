#include "adaptive_producer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"

namespace tram::kafka {
namespace {

/// What reached one of the two clients, and what becomes of it.
struct Client {
  std::vector<Sequence> taken;
  std::vector<Completion> completions;
};

class ScriptedProducer final : public Producer {
 public:
  explicit ScriptedProducer(Client& client) : client_{client} {}
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
    for (std::size_t i = 0; i < count; ++i) client.completions.push_back({.sequence = done_++});
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
  int made_{};
  AdaptiveProducer producer_{std::make_unique<ScriptedProducer>(eager_),
                             [this] {
                               ++made_;
                               return std::make_unique<ScriptedProducer>(patient_);
                             },
                             clock_};
  Sequence next_{1};
  Sequence done_{1};
};

TEST_F(AdaptiveSending, lets_nothing_wait_while_few_are_on_their_way) {
  for (int round = 0; round < 1'000; ++round) {
    submit(AdaptiveProducer::many - 1);
    complete(eager_, AdaptiveProducer::many - 1);
  }
  EXPECT_EQ(made_, 0);
}

TEST_F(AdaptiveSending, fills_batches_when_many_are_on_their_way) {
  fill_batches();
  EXPECT_EQ(made_, 1);
}

TEST_F(AdaptiveSending, changes_only_when_nothing_is_on_its_way) {
  submit(AdaptiveProducer::many);
  EXPECT_FALSE(submit());
  complete(eager_, AdaptiveProducer::many - 1);
  EXPECT_FALSE(submit());
  EXPECT_TRUE(patient_.taken.empty());
  complete(eager_, 1);
  EXPECT_TRUE(submit());
  EXPECT_EQ(patient_.taken, (std::vector<Sequence>{AdaptiveProducer::many + 1}));
}

TEST_F(AdaptiveSending, lets_nothing_wait_again_when_few_are_left) {
  fill_batches();
  complete(patient_, AdaptiveProducer::many - 1);
  clock_.advance(AdaptiveProducer::calm);
  EXPECT_FALSE(submit());
  complete(patient_, 1);
  submit(1);
  EXPECT_EQ(eager_.taken.size(), AdaptiveProducer::many + 1);
  EXPECT_EQ(made_, 1);
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

}  // namespace
}  // namespace tram::kafka
