#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <thread>
#include <variant>

#include "java_catalogue.hpp"
#include "tram/commands/command_calls.hpp"
#include "tram/commands/command_handlers.hpp"
#include "tram/embedded/in_memory.hpp"
#include "tram/host/contribution.hpp"
#include "tram/wire/record.hpp"
#include "typed_world.hpp"

namespace {

using namespace std::chrono_literals;
using catalogue::CreditLimitExceeded;
using catalogue::CreditReserved;
using catalogue::ReserveCredit;
using tram::Command;
using tram::CommandCalls;
using tram::Deadline;
using tram::Decimal;
using tram::Error;
using tram::Fault;
using tram::Outcome;
using tram::Subscription;
using tram::Transaction;

using Answer = tram::AnyAnswerTo<ReserveCredit>;

/// An instance of a service that calls, with its thread.
struct Instance {
  explicit Instance(CommandCalls::Parts parts) : calls{std::move(parts), catalogue::replies} {}
  CommandCalls calls;
  std::jthread reader{
      [this](std::stop_token const& stop) { calls.contribution().components.front().run(stop); }};
};

struct Calls : tram::testing::TypedWorldOn<tram::SystemClock> {
  tram::embedded::InMemoryBroker broker{{}, clock};
  std::unique_ptr<tram::Producer> producer = broker.producer();
  std::size_t published = 0;

  CommandCalls::Parts parts() {
    return {.database = database, .broker = broker, .outbox = outbox, .clock = clock};
  }
  [[nodiscard]] Deadline in(tram::Duration time) const { return Deadline::after(clock, time); }

  Subscription credit_handlers() {
    return tram::handle_commands(catalogue::commands, outbox)
        .on([](Transaction&, Command<ReserveCredit> const& command) -> Outcome<ReserveCredit> {
          if (command->order_total > Decimal::parse("1000"))
            return CreditLimitExceeded{"limit is 1000"};
          return CreditReserved{command->order_id};
        });
  }

  // The relay and the other service, by hand: commands are handled, all else is published.
  void work(Subscription const& other_service) {
    auto const messages = sent();
    while (published < messages.size()) {
      auto const& message = messages[published++];
      if (message.channel == catalogue::commands.channel.name) give(other_service, message);
      else publish(message);
    }
  }
  void publish(tram::testing::SentMessage const& message) {
    auto const value = tram::record_value({message.headers, message.payload});
    EXPECT_TRUE(producer->submit({.channel = message.channel, .key = "k", .value = value},
                                 tram::Sequence{published}));
    static_cast<void>(producer->completions());
  }
  template <class Result>
  Result work_until(std::future<Result>& done, Subscription const& other_service) {
    while (done.wait_for(1ms) != std::future_status::ready) work(other_service);
    return done.get();
  }
  std::future<Answer> call(Instance& instance, ReserveCredit command) {
    return std::async(std::launch::async, [this, &instance, command = std::move(command)] {
      return instance.calls.call(catalogue::commands, command, in(30s));
    });
  }
};

TEST_F(Calls, wait_for_the_answer_whatever_it_is) {
  Instance instance{parts()};
  auto reserved = call(instance, {7, Decimal::parse("1")});
  EXPECT_EQ(std::get<CreditReserved>(work_until(reserved, credit_handlers())).order_id, 7);
  auto refused = call(instance, {8, Decimal::parse("1001")});
  EXPECT_EQ(std::get<CreditLimitExceeded>(work_until(refused, credit_handlers())).reason,
            "limit is 1000");
}

TEST_F(Calls, of_several_instances_share_one_channel) {
  Instance one{parts()};
  Instance other{parts()};
  auto first = call(one, {1, Decimal::parse("1")});
  auto second = call(other, {2, Decimal::parse("1")});
  auto third = call(one, {3, Decimal::parse("1")});
  EXPECT_EQ(std::get<CreditReserved>(work_until(first, credit_handlers())).order_id, 1);
  EXPECT_EQ(std::get<CreditReserved>(work_until(second, credit_handlers())).order_id, 2);
  EXPECT_EQ(std::get<CreditReserved>(work_until(third, credit_handlers())).order_id, 3);
}

TEST_F(Calls, are_in_doubt_when_no_answer_comes) {
  Instance instance{parts()};
  auto first = call(instance, {1, Decimal::parse("1")});  // so that it reads
  work_until(first, credit_handlers());
  try {
    instance.calls.call(catalogue::commands, ReserveCredit{}, in(500ms));
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::in_doubt);
    EXPECT_NE(std::string{error.what()}.find(sent().back().id), std::string::npos);
  }
  // Its answer comes too late, and disturbs nobody.
  auto next = call(instance, {2, Decimal::parse("1")});
  EXPECT_EQ(std::get<CreditReserved>(work_until(next, credit_handlers())).order_id, 2);
}

TEST_F(Calls, send_nothing_before_answers_are_read) {
  CommandCalls calls{parts(), catalogue::replies};
  try {
    calls.call(catalogue::commands, ReserveCredit{}, in(1ms));
    FAIL();
  } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::transient); }
  EXPECT_TRUE(sent().empty());
}

/// A call that waits when a stop is requested.
struct StoppedCalls : Calls {
  void call_and_stop() {
    waiting = call(instance, {7, Decimal::parse("1")});
    while (sent().empty()) clock.pause(1ms);
    instance.reader.request_stop();
  }
  Instance instance{parts()};
  std::future<Answer> waiting;
};

TEST_F(StoppedCalls, get_the_answer_that_comes_during_the_stop) {
  call_and_stop();
  EXPECT_EQ(std::get<CreditReserved>(work_until(waiting, credit_handlers())).order_id, 7);
  instance.reader.join();
}

TEST_F(StoppedCalls, end_in_doubt_soon_when_none_comes) {
  auto const began = clock.steady();
  call_and_stop();
  instance.reader.join();
  try {
    waiting.get();
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::in_doubt);
    EXPECT_NE(std::string{error.what()}.find("before the service stopped"), std::string::npos);
  }
  EXPECT_LT(clock.steady() - began, 25s) << "it waited for its own deadline of 30 s";
}

TEST_F(StoppedCalls, are_refused_from_then_on) {
  call_and_stop();
  auto const began = clock.steady();
  try {
    instance.calls.call(catalogue::commands, ReserveCredit{}, in(30s));
    FAIL();
  } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::transient); }
  EXPECT_LT(clock.steady() - began, 25s);
  EXPECT_EQ(sent().size(), 1U);
  work_until(waiting, credit_handlers());
}

TEST_F(Calls, do_not_keep_a_stop_waiting_when_none_of_them_waits) {
  Instance instance{parts()};
  auto first = call(instance, {1, Decimal::parse("1")});
  work_until(first, credit_handlers());
  auto const began = clock.steady();
  instance.reader.request_stop();
  instance.reader.join();
  EXPECT_LT(clock.steady() - began, 1900ms) << "the time of grace is for calls that wait";
}

TEST_F(Calls, refuse_what_is_no_answer_to_their_command) {
  Instance instance{parts()};
  Subscription const strange =
      tram::handle_commands(catalogue::commands, outbox)
          .on_raw(ReserveCredit::wire_type, [](Transaction&, tram::RawCommand const&) {
            return std::vector<tram::ReplyDraft>{{.type = "strange", .payload = "{}"}};
          });
  auto answer = call(instance, {});
  try {
    work_until(answer, strange);
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::malformed);
    EXPECT_NE(std::string{error.what()}.find("reply 'strange' is no answer to command "
                                             "'interop.messages.Catalogue$ReserveCredit'"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(Calls, pass_over_what_is_no_message) {
  Instance instance{parts()};
  auto first = call(instance, {1, Decimal::parse("1")});
  work_until(first, credit_handlers());
  auto second = call(instance, {2, Decimal::parse("1")});
  EXPECT_TRUE(
      producer->submit({.channel = catalogue::replies.name, .key = "k", .value = "no message"},
                       tram::Sequence{++published}));
  --published;
  EXPECT_EQ(std::get<CreditReserved>(work_until(second, credit_handlers())).order_id, 2);
}

}  // namespace
