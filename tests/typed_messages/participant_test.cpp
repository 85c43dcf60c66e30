#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/commands/command_handlers.hpp"
#include "tram/commands/commands.hpp"
#include "tram/commands/reply_token.hpp"
#include "tram/host/contribution.hpp"
#include "tram/requests/operator_requests.hpp"
#include "tram/sql/database.hpp"
#include "tram/storage/table_part.hpp"
#include "tram/subscriber/held_messages.hpp"
#include "tram/testkit/in_memory_world.hpp"

namespace {

using namespace std::chrono_literals;
using tram::Command;
using tram::HeldMessages;
using tram::Outcome;
using tram::RawCommand;
using tram::Transaction;
using Texts = std::vector<std::string>;
using Instead = std::optional<std::vector<tram::ReplyDraft>>;

struct Reserve {
  static constexpr tram::WireType wire_type{"stock.Reserve"};
  int count{};
};
struct Release {
  static constexpr tram::WireType wire_type{"stock.Release"};
};
constexpr tram::Endpoint<Reserve, Release> stock{{"stock"}};
constexpr tram::Channel replies{"replies"};

tram::TablePart lock_tables(tram::Dialect const& dialect) {
  tram::ColumnTypeNames const type{dialect.types};
  return {.name = "locks",
          .tables = {{.name = "tram_lock",
                      .columns = {{"target", type.text + " PRIMARY KEY"}, {"owner", type.text}}},
                     {.name = "tram_stash",
                      .columns = {{"number", type.counter},
                                  {"target", type.text},
                                  {"owner", type.text},
                                  {"channel", type.text},
                                  {"message_key", type.text},
                                  {"message_id", type.text},
                                  {"headers", type.text},
                                  {"payload", type.text}}}}};
}

/// What a participant of sagas needs of Tram: a lock that is claimed before the command is handled
/// and that a refusal keeps; commands that wait for it, kept by the module and handed over; an
/// operator's request.
struct Participant : ::testing::Test {
  tram::testkit::InMemoryWorld world;
  tram::Commands commands{world.outbox()};
  HeldMessages held{world.database().dialect(), tram::SchemaName{}};
  tram::OperatorRequests requests{world.database().dialect(), tram::SchemaName{}};
  Texts runs;
  bool fails{};

  Participant() {
    world.database().transact(
        [](Transaction& tx) { tx.execute("CREATE TABLE reserved (count INTEGER)"); });
    world.add(tram::Contribution{
        .subscriptions =
            {tram::handle_commands(stock, world.outbox())
                 .guard([this](Transaction& tx, RawCommand const& command) {
                   return claim(tx, command);
                 })
                 .on([this](Transaction& tx, Command<Reserve> const& command) -> Outcome<Reserve> {
                   runs.push_back(owner_of(command));
                   if (fails) throw std::runtime_error{"the shelf is broken"};
                   tx.execute("INSERT INTO reserved VALUES (?)", command->count);
                   if (command->count > 10) return tram::Failure{};
                   return tram::Success{};
                 })
                 .on([this](Transaction& tx, Command<Release> const&) { release(tx); })},
        .tables = {lock_tables},
        .requests = {
            {"locks.release", [this](Transaction& tx, tram::OperatorRequest const& request) {
               if (request.argument != "shelf")
                 throw tram::Error{tram::Fault::rejected, "no such target"};
               release(tx);
               return "released for " + request.asked_by;
             }}}});
  }

  static std::string owner_of(RawCommand const& command) {
    return std::string{command.message().headers.find("command_saga").value()};
  }
  Instead claim(Transaction& tx, RawCommand const& command) {
    if (command.type() == "stock.Release") return std::nullopt;
    auto const owner = owner_of(command);
    tx.execute("INSERT INTO tram_lock VALUES ('shelf', ?) ON CONFLICT DO NOTHING", owner);
    auto const rows = tx.execute("SELECT owner FROM tram_lock");
    if (rows[0].get<std::string>(0) != owner) {
      auto const kept = tram::held_message(command.incoming(), "waits for the shelf");
      tx.execute(
          "INSERT INTO tram_stash (target, owner, channel, message_key, message_id, headers, "
          "payload) VALUES ('shelf', ?, ?, ?, ?, ?, ?)",
          owner, kept.key.channel, kept.key.key, kept.message_id, kept.headers_json, kept.payload);
      return Instead{std::in_place};
    }
    command.add_reply_header("saga-locked-target", "shelf");
    return std::nullopt;
  }
  void release(Transaction& tx) {
    auto const rows = tx.execute("SELECT number, owner, channel, message_key, message_id, headers, "
                                 "payload FROM tram_stash ORDER BY number LIMIT 1");
    tx.execute("DELETE FROM tram_lock");
    if (rows.empty()) return;
    auto const row = rows[0];
    tx.execute("DELETE FROM tram_stash WHERE number = ?", row.get<std::int64_t>(0));
    tx.execute("INSERT INTO tram_lock VALUES ('shelf', ?)", row.get<std::string>(1));
    held.hand_over(tx, {.key = {.subscriber_id = "stock",
                                .channel = row.get<std::string>(2),
                                .key = row.get<std::string>(3)},
                        .message_id = row.get<std::string>(4),
                        .headers_json = row.get<std::string>(5),
                        .payload = row.get<std::string>(6),
                        .reason = "the shelf is free"});
  }

  template <class C>
  void send(C const& command, std::string const& saga) {
    world.database().transact([&](Transaction& tx) {
      commands.send(
          tx, stock, command,
          {.reply_to = replies, .partition_key = saga, .headers = {{"command_saga", saga}}});
    });
    world.run_until_quiet();
  }
  /// Saga, outcome, locked target.
  Texts answers() {
    auto const text_of = [](tram::Headers const& headers) {
      auto const text = [&](std::string const& name) {
        return std::string{headers.find(name).value_or("-")};
      };
      return text("commandreply_saga") + " " + text("reply_outcome-type") + " " +
             text("saga-locked-target");
    };
    Texts texts;
    for (auto const& each : world.published("replies"))
      texts.push_back(text_of(each.message.headers));
    return texts;
  }
  Texts column(std::string const& sql) {
    return world.database().transact([&](Transaction& tx) {
      Texts values;
      for (auto const row : tx.execute(sql)) values.push_back(row.get<std::string>(0));
      return values;
    });
  }
  std::optional<tram::RequestAnswer> ask(std::string const& argument) {
    world.database().transact([&](Transaction& tx) {
      requests.ask(tx, {.id = argument,
                        .kind = "locks.release",
                        .argument = argument,
                        .asked_by = "ann",
                        .reason = "it is stuck"});
    });
    world.run_until_quiet();
    return world.database().transact(
        [&](Transaction& tx) { return requests.answer(tx, argument); });
  }
  void run_for(tram::Duration duration) {
    world.clock().advance(duration);
    world.run_until_quiet();
  }
};

TEST_F(Participant, keeps_its_lock_when_the_command_is_refused_and_tells_of_it) {
  send(Reserve{11}, "A");
  EXPECT_EQ(column("SELECT owner FROM tram_lock"), Texts{"A"});
  EXPECT_EQ(column("SELECT count FROM reserved"), Texts{});
  send(Reserve{1}, "A");
  EXPECT_EQ(answers(), (Texts{"A FAILURE shelf", "A SUCCESS shelf"}));
}

TEST_F(Participant, leaves_nothing_but_what_it_kept_of_a_command_that_waits) {
  send(Reserve{1}, "A");
  send(Reserve{2}, "B");
  EXPECT_EQ(runs, Texts{"A"});
  EXPECT_EQ(answers(), Texts{"A SUCCESS shelf"});
  EXPECT_EQ(column("SELECT owner FROM tram_stash"), Texts{"B"});
  EXPECT_TRUE(world.held().empty());
}

TEST_F(Participant, handles_what_waited_when_the_lock_is_released_in_order) {
  send(Reserve{1}, "A");
  send(Reserve{2}, "B");
  send(Reserve{3}, "C");
  for (auto const* const owner : {"A", "B", "C"}) {
    EXPECT_EQ(column("SELECT owner FROM tram_lock"), Texts{owner});
    send(Release{}, owner);
    run_for(5s);
  }
  EXPECT_EQ(runs, (Texts{"A", "B", "C"}));
  EXPECT_EQ(answers(), (Texts{"A SUCCESS shelf", "B SUCCESS shelf", "C SUCCESS shelf"}));
  EXPECT_EQ(column("SELECT owner FROM tram_lock"), Texts{});
  EXPECT_TRUE(world.held().empty());
}

TEST_F(Participant, holds_what_waited_and_fails_then_as_any_other) {
  send(Reserve{1}, "A");
  send(Reserve{2}, "B");
  fails = true;
  send(Release{}, "A");
  run_for(5s);
  ASSERT_EQ(world.held().size(), 1U);
  EXPECT_NE(world.held()[0].reason.find("the shelf is broken"), std::string::npos);
  fails = false;
  world.retry_held();
  world.run_until_quiet();
  EXPECT_EQ(answers(), (Texts{"A SUCCESS shelf", "B SUCCESS shelf"}));
}

TEST_F(Participant, goes_on_after_a_crash_between_release_and_hand_over) {
  send(Reserve{1}, "A");
  send(Reserve{2}, "B");
  world.database().transact([&](Transaction& tx) { release(tx); });
  world.crash();
  world.run_until_quiet();
  run_for(5s);
  EXPECT_EQ(runs, (Texts{"A", "B"}));
}

TEST_F(Participant, carries_out_what_operators_ask_for) {
  send(Reserve{1}, "A");
  send(Reserve{2}, "B");
  auto const done = ask("shelf");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->outcome, tram::RequestAnswer::Outcome::done);
  EXPECT_EQ(done->text, "released for ann");
  run_for(5s);
  EXPECT_EQ(runs, (Texts{"A", "B"}));
  auto const refused = ask("table");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->outcome, tram::RequestAnswer::Outcome::refused);
  EXPECT_EQ(refused->text, "no such target");
  EXPECT_EQ(column("SELECT owner FROM tram_lock"), Texts{"B"});
}

/// One guard that does what the test says.
struct Guarded : Participant {
  Texts log(std::string const& text) { return column("SELECT '" + text + "' FROM tram_lock"); }
  void add(tram::Endpoint<Reserve> const& endpoint, tram::CommandGuard guard) {
    world.add(tram::handle_commands(endpoint, world.outbox())
                  .guard(std::move(guard))
                  .answer_failure_when_exhausted()
                  .on([this](Transaction& tx, Command<Reserve> const& command) {
                    runs.push_back("handled");
                    token = command.reply_token();
                    tx.execute("INSERT INTO reserved VALUES (1)");
                  }));
  }
  void send_to(tram::Endpoint<Reserve> const& endpoint) {
    world.database().transact([&](Transaction& tx) {
      commands.send(tx, endpoint, Reserve{},
                    {.reply_to = replies, .headers = {{"command_saga", "A"}}});
    });
    world.run_until_quiet();
  }
  tram::ReplyToken token;
};
constexpr tram::Endpoint<Reserve> other{{"other"}};

TEST_F(Guarded, command_may_be_answered_in_its_handlers_place) {
  add(other, [](Transaction&, RawCommand const&) {
    return Instead{{{.outcome = tram::ReplyOutcome::failure, .type = "Deadlock", .payload = "{}"}}};
  });
  send_to(other);
  EXPECT_EQ(runs, Texts{});
  EXPECT_EQ(answers(), Texts{"A FAILURE -"});
}

TEST_F(Guarded, command_whose_guard_throws_is_tried_again_and_then_answered) {
  int calls = 0;
  add(other, [&](Transaction& tx, RawCommand const&) -> Instead {
    ++calls;
    tx.execute("INSERT INTO tram_lock VALUES ('other', 'A')");
    throw std::runtime_error{"no"};
  });
  send_to(other);
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(answers(), Texts{"A FAILURE -"});
  EXPECT_EQ(column("SELECT owner FROM tram_lock"), Texts{});
  EXPECT_EQ(runs, Texts{});
}

TEST_F(Guarded, command_that_is_answered_later_tells_what_its_guard_added) {
  add(other, [](Transaction&, RawCommand const& command) -> Instead {
    command.add_reply_header("saga-locked-target", "other");
    return std::nullopt;
  });
  send_to(other);
  EXPECT_EQ(runs, Texts{"handled"});
  world.database().transact(
      [&](Transaction& tx) { commands.reply<Reserve>(tx, token, tram::Success{}); });
  world.run_until_quiet();
  EXPECT_EQ(answers(), Texts{"A SUCCESS other"});
}

TEST(RawCommandAlone, takes_no_reply_headers) {
  tram::IncomingMessage incoming;
  incoming.message = {.headers = {{"ID", "1"}}, .payload = "{}"};
  RawCommand const command{incoming, "x", {}};
  EXPECT_THROW(command.add_reply_header("a", "b"), tram::Error);
}

}  // namespace
