#include "multi_message_producer.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <map>
#include <optional>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"

namespace tram::kafka {
namespace {

using Texts = std::vector<std::string>;
using Sequences = std::vector<Sequence>;

/// What reached the client below, and what becomes of it.
struct Records {
  struct Record {
    std::string channel;
    std::string key;
    std::string value;
    Sequence sequence{};
  };
  std::vector<Record> taken;
  std::vector<Completion> completions;
  bool full{};
  int rings{};
};

class ScriptedProducer final : public Producer {
 public:
  explicit ScriptedProducer(Records& records) : records_{records} {}
  bool submit(RecordView const& record, Sequence sequence) override {
    if (records_.full) return false;
    records_.taken.push_back({.channel = std::string{record.channel},
                              .key = std::string{record.key},
                              .value = std::string{record.value},
                              .sequence = sequence});
    return true;
  }
  std::vector<Completion> completions() override { return std::exchange(records_.completions, {}); }
  [[nodiscard]] int descriptor() const override { return -1; }

 private:
  Records& records_;
};

class MultiMessages : public ::testing::Test {
 protected:
  void make(MultiMessageProducer::Options options = {.window = 100, .bytes_max = 10'000}) {
    producer_ = std::make_unique<MultiMessageProducer>(
        std::make_unique<ScriptedProducer>(records_),
        MultiMessageProducer::Below{.partitions = [this](auto) { return partitions_; },
                                    .ring = [this] { ++records_.rings; }},
        options, record_bytes_, clock_);
  }
  bool submit(std::string const& key, std::string const& value, Sequence sequence,
              std::string const& channel = "orders") {
    return producer_->submit({.channel = channel, .key = key, .value = value}, sequence);
  }
  /// `key:value` of the messages in a record.
  Texts messages(std::size_t record) const {
    Texts texts;
    for (auto const& each : decode_multi_message(records_.taken.at(record).value).messages)
      texts.push_back(each.key + ":" + each.value);
    return texts;
  }
  void complete(std::size_t record, std::optional<Error> error = std::nullopt) {
    records_.completions.push_back(
        {.sequence = records_.taken.at(record).sequence, .error = std::move(error)});
  }
  Sequences completed() {
    Sequences sequences;
    for (auto const& completion : producer_->completions()) {
      EXPECT_FALSE(completion.error);
      sequences.push_back(completion.sequence);
    }
    return sequences;
  }

  ManualClock clock_;
  Records records_;
  std::int32_t partitions_{1};
  std::shared_ptr<BatchBytes> record_bytes_{std::make_shared<BatchBytes>(1'000'000)};
  std::unique_ptr<MultiMessageProducer> producer_;
};

TEST_F(MultiMessages, share_a_record_under_the_key_of_the_first) {
  make();
  submit("a", "1", Sequence{5});
  submit("b", "2", Sequence{6});
  submit("a", "3", Sequence{9});
  EXPECT_TRUE(records_.taken.empty());
  EXPECT_EQ(records_.rings, 1);
  EXPECT_TRUE(completed().empty());
  ASSERT_EQ(records_.taken.size(), 1U);
  EXPECT_EQ(records_.taken[0].key, "a");
  EXPECT_EQ(messages(0), (Texts{"a:1", "b:2", "a:3"}));
  complete(0);
  EXPECT_EQ(completed(), (Sequences{Sequence{5}, Sequence{6}, Sequence{9}}));
}

TEST_F(MultiMessages, of_other_partitions_and_channels_have_records_of_their_own) {
  partitions_ = 8;  // '1' goes to 7, 'Customer-42' to 7, the empty key to 1.
  make();
  submit("1", "x", Sequence{1});
  submit("", "y", Sequence{2});
  submit("Customer-42", "z", Sequence{3});
  submit("1", "other", Sequence{4}, "customers");
  EXPECT_TRUE(completed().empty());
  ASSERT_EQ(records_.taken.size(), 3U);
  EXPECT_EQ(messages(0), (Texts{"1:x", "Customer-42:z"}));
  EXPECT_EQ(messages(1), Texts{":y"});
  EXPECT_EQ(records_.taken[2].channel, "customers");
}

TEST_F(MultiMessages, of_one_key_share_a_record_while_partitions_are_not_known) {
  partitions_ = 0;
  make();
  submit("a", "1", Sequence{1});
  submit("b", "2", Sequence{2});
  submit("a", "3", Sequence{3});
  EXPECT_TRUE(completed().empty());
  ASSERT_EQ(records_.taken.size(), 2U);
  EXPECT_EQ(messages(0), (Texts{"a:1", "a:3"}));
}

TEST_F(MultiMessages, fill_records_up_to_their_size_in_order) {
  make({.window = 100, .bytes_max = 48 + 3 * (12 + 1 + 10)});
  for (Sequence i{1}; i <= Sequence{7}; ++i) submit("k", "0123456789", i);
  EXPECT_TRUE(completed().empty());
  complete(0);
  EXPECT_EQ(completed().size(), 3U);
  complete(1);
  EXPECT_EQ(completed().size(), 3U);
  ASSERT_EQ(records_.taken.size(), 3U);
  EXPECT_EQ(messages(0).size(), 3U);
  EXPECT_LE(records_.taken[0].value.size(), 48U + 3 * (12 + 1 + 10));
  EXPECT_EQ(messages(2).size(), 1U);
}

TEST_F(MultiMessages, alone_in_a_record_that_is_too_small_for_the_format_go_without_it) {
  make({.window = 100, .bytes_max = 100});
  submit("k", std::string(100, 'x'), Sequence{1});
  submit("k", "after", Sequence{2});
  EXPECT_TRUE(completed().empty());
  complete(0);
  EXPECT_EQ(completed(), (Sequences{Sequence{1}}));
  ASSERT_EQ(records_.taken.size(), 2U);
  EXPECT_EQ(records_.taken[0].value, std::string(100, 'x'));
  EXPECT_EQ(messages(1), Texts{"k:after"});
}

TEST_F(MultiMessages, wait_in_order_while_the_client_takes_none) {
  make({.window = 3, .bytes_max = 10'000});
  records_.full = true;
  EXPECT_TRUE(submit("a", "1", Sequence{1}));
  EXPECT_TRUE(completed().empty());
  EXPECT_TRUE(submit("a", "2", Sequence{2}));
  EXPECT_TRUE(submit("a", "3", Sequence{3}));
  EXPECT_FALSE(submit("a", "4", Sequence{4}));
  records_.full = false;
  EXPECT_TRUE(completed().empty());
  ASSERT_EQ(records_.taken.size(), 1U);
  EXPECT_EQ(messages(0), Texts{"a:1"});
  complete(0);
  EXPECT_EQ(completed(), (Sequences{Sequence{1}}));
  ASSERT_EQ(records_.taken.size(), 2U);
  EXPECT_EQ(messages(1), (Texts{"a:2", "a:3"}));
  complete(1);
  EXPECT_EQ(completed(), (Sequences{Sequence{2}, Sequence{3}}));
  EXPECT_TRUE(submit("a", "4", Sequence{4}));
}

TEST_F(MultiMessages, are_all_refused_with_their_channel) {
  make();
  submit("a", "1", Sequence{1});
  submit("a", "2", Sequence{2});
  EXPECT_TRUE(completed().empty());
  complete(0, Error{Fault::rejected, "kafka: not authorised",
                    RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
  auto const completions = producer_->completions();
  ASSERT_EQ(completions.size(), 2U);
  EXPECT_EQ(completions[1].sequence, Sequence{2});
  EXPECT_EQ(completions[1].error->fault(), Fault::rejected);
}

TEST_F(MultiMessages, that_are_too_large_together_come_again_in_smaller_records) {
  make();
  submit("a", std::string(4000, 'x'), Sequence{1});
  submit("a", "2", Sequence{2});
  EXPECT_TRUE(completed().empty());
  complete(0, Error{Fault::rejected, "kafka: too large", RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  auto const completions = producer_->completions();
  ASSERT_EQ(completions.size(), 1U);
  EXPECT_EQ(completions[0].sequence, Sequence{1});
  EXPECT_EQ(completions[0].error->fault(), Fault::broken);
  EXPECT_THROW(submit("a", "3", Sequence{3}), Error);
  records_.taken.clear();
  make();
  submit("a", std::string(4000, 'x'), Sequence{4});
  submit("a", "2", Sequence{5});
  EXPECT_TRUE(completed().empty());
  complete(0, Error{Fault::rejected, "kafka: too large", RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  auto const singled_out = producer_->completions();
  ASSERT_EQ(singled_out.size(), 1U);
  EXPECT_TRUE(singled_out[0].error);
  ASSERT_EQ(records_.taken.size(), 2U);
  complete(1);
  EXPECT_EQ(completed(), (Sequences{Sequence{5}}));
}

TEST_F(MultiMessages, of_a_broken_producer_are_told_of_by_the_first) {
  make();
  submit("a", "1", Sequence{3});
  submit("a", "2", Sequence{4});
  EXPECT_TRUE(completed().empty());
  complete(0, Error{Fault::broken, "kafka: gone"});
  auto const completions = producer_->completions();
  ASSERT_EQ(completions.size(), 1U);
  EXPECT_EQ(completions[0].sequence, Sequence{3});
  EXPECT_TRUE(producer_->completions().empty());
}

TEST_F(MultiMessages, gather_while_a_record_of_their_partition_is_on_its_way) {
  partitions_ = 8;
  make();
  submit("1", "a", Sequence{1});
  EXPECT_TRUE(completed().empty());
  for (Sequence i{2}; i <= Sequence{20}; ++i) {
    submit("1", "b", i);
    EXPECT_TRUE(completed().empty());
  }
  submit("", "elsewhere", Sequence{21});
  EXPECT_TRUE(completed().empty());
  EXPECT_EQ(records_.taken.size(), 2U) << "another partition waits for nobody";
  complete(0);
  EXPECT_EQ(completed(), (Sequences{Sequence{1}}));
  ASSERT_EQ(records_.taken.size(), 3U);
  EXPECT_EQ(messages(2).size(), 19U);
}

TEST_F(MultiMessages, wait_for_others_as_long_as_they_come_and_no_longer_than_they_may) {
  using namespace std::chrono_literals;
  make({.window = 100, .bytes_max = 10'000, .linger = 200ms});
  Sequence sequence;
  for (int i = 0; i < 10; ++i) {
    submit("k", "x", ++sequence);
    EXPECT_TRUE(completed().empty());
    EXPECT_TRUE(records_.taken.empty()) << i;
    clock_.advance(20ms);
  }
  EXPECT_TRUE(completed().empty());
  ASSERT_EQ(records_.taken.size(), 1U);
  EXPECT_EQ(messages(0).size(), 10U);
  complete(0);
  EXPECT_EQ(completed().size(), 10U);
  // Nobody else comes.
  submit("k", "alone", ++sequence);
  clock_.advance(50ms);
  EXPECT_TRUE(completed().empty());
  EXPECT_EQ(records_.taken.size(), 2U);
}

TEST_F(MultiMessages, wait_for_nobody_when_many_wait) {
  using namespace std::chrono_literals;
  make({.window = 1000, .bytes_max = 1'000'000, .linger = 1h});
  for (Sequence i{1}; i <= Sequence{600}; ++i) submit("k", "x", i);
  EXPECT_TRUE(completed().empty());
  ASSERT_EQ(records_.taken.size(), 1U);
  EXPECT_EQ(messages(0).size(), 600U);
}

TEST_F(MultiMessages, wake_the_caller_when_it_is_time) {
  using namespace std::chrono_literals;
  make({.window = 100, .bytes_max = 10'000, .linger = 40ms});
  submit("k", "x", Sequence{1});
  EXPECT_TRUE(completed().empty());
  EXPECT_TRUE(records_.taken.empty());
  pollfd watched{.fd = producer_->descriptor(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&watched, 1, 10'000), 1);
  clock_.advance(40ms);
  EXPECT_TRUE(completed().empty());
  EXPECT_EQ(records_.taken.size(), 1U);
  EXPECT_EQ(::poll(&watched, 1, 0), 0) << "the caller would spin";
}

TEST_F(MultiMessages, keep_their_order_when_the_number_of_partitions_changes) {
  partitions_ = 8;
  make();
  submit("1", "a", Sequence{1});
  EXPECT_TRUE(completed().empty());
  submit("1", "b", Sequence{2});
  partitions_ = 3;
  submit("1", "c", Sequence{3});
  EXPECT_TRUE(completed().empty());
  ASSERT_EQ(records_.taken.size(), 3U);
  EXPECT_EQ(messages(1), Texts{"1:b"});
  EXPECT_EQ(messages(2), Texts{"1:c"});
}

}  // namespace
}  // namespace tram::kafka
