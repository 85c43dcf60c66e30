#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "java_catalogue.hpp"
#include "tram/commands/command_handlers.hpp"
#include "tram/commands/reply_handlers.hpp"
#include "tram/embedded/in_memory.hpp"
#include "tram/events/event_handlers.hpp"
#include "tram/subscriber/held_messages.hpp"
#include "tram/subscriber/subscriber.hpp"
#include "tram/subscriber/workers.hpp"
#include "tram/wire/record.hpp"
#include "typed_world.hpp"

namespace {

using namespace std::chrono_literals;
using catalogue::CreditReserved;
using catalogue::CustomerCreated;
using catalogue::ReserveCredit;
using tram::Command;
using tram::Event;
using tram::Outcome;
using tram::Reply;
using tram::Subscription;
using tram::Transaction;
using tram::testing::java_rows;
using tram::testing::SentMessage;

/// Java's messages, and broken ones between them, on their way through real subscriptions.
struct BadMessages : tram::testing::TypedWorldOn<tram::SystemClock> {
  tram::embedded::InMemoryBroker broker{{.record_bytes_max = std::size_t{32} << 20U}, clock};
  std::unique_ptr<tram::Producer> producer = broker.producer();
  tram::WorkerPool workers{2};
  tram::Sequence published;
  std::mutex mutex;
  std::condition_variable news;
  std::vector<std::string> handled;

  void note(std::string what) {
    std::lock_guard const lock{mutex};
    handled.push_back(std::move(what));
    news.notify_all();
  }
  bool await(std::size_t count) {
    std::unique_lock lock{mutex};
    return news.wait_for(lock, 30s, [&] { return handled.size() >= count; });
  }
  /// Each under a key of its own, so that nothing waits behind what is held.
  void publish(SentMessage const& message) {
    auto const value = tram::record_value({message.headers, message.payload});
    EXPECT_TRUE(producer->submit({.channel = message.channel, .key = message.id, .value = value},
                                 ++published));
  }
  /// A message of its own that differs from Java's in one header, or in its payload.
  static SentMessage spoilt(SentMessage message, std::string const& header,
                            std::optional<std::string> const& value) {
    message.id += '-' + header;
    message.headers.set("ID", message.id);
    if (header == "payload") message.payload = *value;
    else if (value) message.headers.set(header, *value);
    else message.headers.erase(header);
    return message;
  }
  std::vector<std::string> held_reasons() {
    return database.transact([&](Transaction& tx) {
      std::vector<std::string> reasons;
      for (auto const& row : tx.execute("SELECT reason FROM tram_held_message ORDER BY sequence"))
        reasons.push_back(row.get<std::string>(0));
      return reasons;
    });
  }
  void run(Subscription subscription, std::vector<SentMessage> const& bad,
           SentMessage const& good) {
    auto const channel = subscription.channels.front();
    broker.create_channels(std::span{&channel, 1}, 1, tram::Deadline::never());
    for (auto const& message : bad) publish(message);
    publish(good);
    std::vector<Subscription> subscriptions;
    subscriptions.push_back(std::move(subscription));
    tram::Subscriber subscriber{
        {database, broker, workers, clock, random}, {}, std::move(subscriptions)};
    std::jthread const running{[&](std::stop_token const& stop) { subscriber.run(stop); }};
    EXPECT_TRUE(await(1));
    auto const deadline = tram::Deadline::after(clock, 30s);
    while (held_reasons().size() < bad.size() && !deadline.reached(clock)) clock.pause(5ms);
  }
};

TEST_F(BadMessages, of_commands_are_held_and_the_others_go_on) {
  auto const good = java_rows("command").front();
  run(tram::handle_commands(catalogue::commands, outbox)
          .on([this](Transaction&,
                     Command<ReserveCredit> const& command) -> Outcome<ReserveCredit> {
            note(command.message_id());
            return CreditReserved{command->order_id};
          }),
      {spoilt(good, "command_type", "unknown"), spoilt(good, "payload", R"({"orderId":1.9})")},
      good);
  EXPECT_EQ(handled, std::vector<std::string>{good.id});
  auto const reasons = held_reasons();
  EXPECT_EQ(reasons.size(), 2U);
  EXPECT_EQ(std::ranges::count(reasons, "channel 'interop.commands', message '" + good.id +
                                            "-payload': interop.messages.Catalogue$ReserveCredit: "
                                            "ReserveCredit.orderId: expected an integer, got 1.9"),
            1);
  ASSERT_EQ(sent_comparably().size(), 1U);
  EXPECT_EQ(sent_comparably().front(), comparable(java_rows("reply").front()));
}

TEST_F(BadMessages, of_events_are_held_and_the_others_go_on) {
  auto const good = java_rows("event").front();
  std::vector<SentMessage> bad{spoilt(good, "event-type", std::nullopt)};
  for (auto const& payload :
       {std::string{R"({"name":"Fred"})"}, R"({"name":")" + std::string(10U << 20U, 'x') + R"("})",
        R"({"name":)" + std::string(10'000, '['), std::string{R"({"name":"\udc00"})"}}) {
    bad.push_back(spoilt(good, "payload", payload));
    bad.back().id += std::to_string(bad.size());
    bad.back().headers.set("ID", bad.back().id);
  }
  run(tram::handle_events<catalogue::Customer>("view").on(
          [this](Transaction&, Event<CustomerCreated> const& event) { note(event.message_id()); }),
      bad, good);
  EXPECT_EQ(handled, std::vector<std::string>{good.id});
  auto const reasons = held_reasons();
  ASSERT_EQ(reasons.size(), bad.size());
  std::string all;
  for (auto const& reason : reasons) all += reason + '\n';
  for (std::string const part : {"CustomerCreated.creditLimit: missing", "CustomerCreated.name: ",
                                 "expected at most 8388608 bytes", "event-type"}) {
    EXPECT_NE(all.find(part), std::string::npos) << part << " in\n" << all;
  }
}

TEST_F(BadMessages, of_replies_are_held_and_the_others_go_on) {
  auto const good = java_rows("reply").front();
  run(tram::handle_replies(catalogue::replies)
          .on([this](Transaction&, Reply<CreditReserved> const& reply) {
            note(reply.message_id());
          }),
      {java_rows("reply").at(1), spoilt(good, "reply_to_message_id", std::nullopt)}, good);
  EXPECT_EQ(handled, std::vector<std::string>{good.id});
  EXPECT_EQ(held_reasons().size(), 2U);
}

}  // namespace
