#include "tram/commands/commands.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "java_catalogue.hpp"
#include "tram/commands/command_handlers.hpp"
#include "tram/commands/reply_handlers.hpp"
#include "typed_world.hpp"

namespace {

using catalogue::CreditLimitExceeded;
using catalogue::CreditReserved;
using catalogue::Ping;
using catalogue::ReserveCredit;
using tram::Command;
using tram::Commands;
using tram::Decimal;
using tram::Error;
using tram::Fault;
using tram::Headers;
using tram::IncomingMessage;
using tram::Outcome;
using tram::RawReply;
using tram::Reply;
using tram::ReplyOutcome;
using tram::ReplyToken;
using tram::Subscription;
using tram::Transaction;
using tram::testing::java_rows;
using tram::testing::SentMessage;
using tram::testing::vectors;

struct Reserve {
  static constexpr tram::WireType wire_type{"customers.Reserve"};
  static constexpr auto former_wire_types =
      tram::wire_types("interop.messages.Catalogue$ReserveCredit");
};
constexpr tram::Endpoint<Reserve> renamed_endpoint{{"interop.commands"}};

struct CommandsOnSqlite : tram::testing::TypedWorld {
  Commands commands{outbox};

  CommandsOnSqlite() {
    database.transact([](Transaction& tx) { tx.execute("CREATE TABLE reserved (id INTEGER)"); });
  }
  std::int64_t reserved() {
    return database.transact({.access = tram::Access::read_only}, [](Transaction& tx) {
      return tx.execute("SELECT count(*) FROM reserved")[0].get<std::int64_t>(0);
    });
  }
  SentMessage send(ReserveCredit const& command, tram::CommandOptions const& options) {
    database.transact(
        [&](Transaction& tx) { commands.send(tx, catalogue::commands, command, options); });
    return sent().back();
  }
  SentMessage send(ReserveCredit const& command) {
    return send(command, {.reply_to = catalogue::replies});
  }
  // As the Java service of the vectors did it.
  Subscription credit_handlers() {
    return tram::handle_commands(catalogue::commands, outbox)
        .on_resource(
            "/customers/{id}",
            [](Transaction&, Command<ReserveCredit> const& command) -> Outcome<ReserveCredit> {
              EXPECT_EQ(command.path_variable("id"), "7");
              EXPECT_EQ(command.path_variable_as<int>("id"), 7);
              return tram::Success{};
            })
        .on("reserve",
            [](Transaction& tx, Command<ReserveCredit> const& command) -> Outcome<ReserveCredit> {
              tx.execute("INSERT INTO reserved (id) VALUES (?)", command->order_id);
              if (command->order_total > Decimal::parse("1000"))
                return CreditLimitExceeded{"limit is 1000"};
              return CreditReserved{command->order_id};
            });
  }
};

TEST_F(CommandsOnSqlite, are_written_as_java_writes_them) {
  std::vector<SentMessage> expected;
  for (auto const* what :
       {"command", "command with a resource", "command with extra headers", "notification"})
    expected.push_back(comparable(java_rows(what).front()));

  database.transact([&](Transaction& tx) {
    auto const& endpoint = catalogue::commands;
    commands.send(tx, endpoint, ReserveCredit{1, Decimal::parse("12.30")},
                  {.reply_to = catalogue::replies});
    commands.send(tx, endpoint, ReserveCredit{3, Decimal::parse("1.50")},
                  {.reply_to = catalogue::replies,
                   .resource = tram::resource_path("/customers/{customerId}", 7)});
    commands.send(
        tx, endpoint, Ping{},
        {.reply_to = catalogue::replies,
         .partition_key = "42",
         .headers = {{"trace", "t-1"}, {"command_trace", "t-1"}, {"command_type", "forged"}}});
    commands.notify(tx, endpoint, Ping{}, {.headers = {{"command_note", "n"}}});
  });
  EXPECT_EQ(sent_comparably(), expected);
}

TEST_F(CommandsOnSqlite, of_java_are_answered_as_java_answers_them) {
  auto const subscription = credit_handlers();
  for (auto const* what : {"command", "command that fails", "command with a resource"})
    give(subscription, java_rows(what).front());
  auto expected = java_rows("reply");
  for (auto& row : expected) row = comparable(std::move(row));
  EXPECT_EQ(sent_comparably(), expected);
}

TEST_F(CommandsOnSqlite, hand_handlers_what_java_hands_its_handlers) {
  std::vector<ReplyToken> tokens;
  Subscription const subscription =
      tram::handle_commands(catalogue::commands, outbox)
          .on([&](Transaction&, Command<ReserveCredit> const& command) {
            tokens.push_back(command.reply_token());
          })
          .on([&](Transaction&, Command<Ping> const& command) {
            tokens.push_back(command.reply_token());
          });
  std::size_t expected = 0;
  for (auto const& line : vectors("handled.jsonl")) {
    if (line.at("handler") != "commands") continue;
    SentMessage command{.id = {}, .channel = "interop.commands", .headers = {}, .payload = "{}"};
    for (auto const& [name, value] : line.at("headers").items())
      command.headers.set(name, value.get<std::string>());
    if (command.headers.find("command_type") == ReserveCredit::wire_type.name)
      command.payload = R"({"orderId":1,"orderTotal":1})";
    give(subscription, command);
    std::map<std::string, std::string> const correlation = line.at("correlation_headers");
    EXPECT_EQ(tokens.back().reply_headers, correlation);
    ++expected;
  }
  EXPECT_EQ(tokens.size(), expected);
  EXPECT_EQ(tokens.size(), 5U);
}

TEST_F(CommandsOnSqlite, leave_nothing_behind_but_the_answer_when_it_is_a_failure) {
  auto const command = send({2, Decimal::parse("1000000")});
  database.transact([&](Transaction& tx) {
    tx.execute("INSERT INTO reserved (id) VALUES (0)");  // as the inbox row, before the handler
    credit_handlers().handler(tx, incoming(command));
    tx.execute("INSERT INTO reserved (id) VALUES (9)");
  });
  EXPECT_EQ(reserved(), 2);
  EXPECT_EQ(sent().back().headers.find("reply_outcome-type"), "FAILURE");
  give(credit_handlers(), send({1, Decimal::parse("1")}));
  EXPECT_EQ(reserved(), 3);
}

TEST_F(CommandsOnSqlite, may_have_several_answers_with_headers_of_their_own) {
  Subscription const subscription =
      tram::handle_commands(catalogue::commands, outbox)
          .on([](Transaction&, Command<ReserveCredit> const&) {
            return Outcome<ReserveCredit>::several(CreditReserved{1}, tram::Success{})
                .with_header("saga-locked-target", "Customer/7")
                .with_header("reply_to_message_id", "forged");
          });
  auto const command = send({});
  give(subscription, command);
  auto const messages = sent();
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[1].headers.find("reply_type"), CreditReserved::wire_type.name);
  EXPECT_EQ(messages[2].headers.find("reply_type"), "io.eventuate.tram.commands.common.Success");
  for (auto const& reply : {messages[1], messages[2]}) {
    EXPECT_EQ(reply.headers.find("saga-locked-target"), "Customer/7");
    EXPECT_EQ(reply.headers.find("reply_to_message_id"), command.id);
  }
}

TEST_F(CommandsOnSqlite, take_any_answer_as_a_variant) {
  Subscription const subscription =
      tram::handle_commands(catalogue::commands, outbox)
          .on([](Transaction&, Command<ReserveCredit> const&) -> Outcome<ReserveCredit> {
            return tram::AnyAnswerTo<ReserveCredit>{CreditLimitExceeded{"no"}};
          });
  give(subscription, send({}));
  EXPECT_EQ(sent().back().payload, R"({"reason":"no"})");
  EXPECT_EQ(sent().back().headers.find("reply_outcome-type"), "FAILURE");
}

TEST_F(CommandsOnSqlite, without_a_reply_channel_are_not_answered) {
  database.transact(
      [&](Transaction& tx) { commands.notify(tx, catalogue::commands, ReserveCredit{}); });
  give(credit_handlers(), sent().front());
  EXPECT_EQ(sent().size(), 1U);
  EXPECT_EQ(reserved(), 1);
}

TEST_F(CommandsOnSqlite, are_answered_later_by_a_token_that_was_stored) {
  std::string stored;
  Subscription const subscription =
      tram::handle_commands(catalogue::commands, outbox)
          .on([&](Transaction&, Command<ReserveCredit> const& command) -> Outcome<ReserveCredit> {
            stored = tram::json::encode(command.reply_token());
            return tram::no_reply;
          });
  auto const command = java_rows("command").front();
  give(subscription, command);
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(stored, R"({"replyHeaders":{"commandreply__destination":"interop.commands",)"
                    R"("commandreply_reply_to":"interop.replies",)"
                    R"("commandreply_type":"interop.messages.Catalogue$ReserveCredit",)"
                    R"("reply_to_message_id":")" +
                        command.id + R"("},"replyChannel":"interop.replies"})");

  database.transact([&](Transaction& tx) {
    commands.reply<ReserveCredit>(tx, tram::json::decode<ReplyToken>(stored), CreditReserved{1});
  });
  EXPECT_EQ(sent_comparably().front(), comparable(java_rows("reply").front()));
}

TEST_F(CommandsOnSqlite, answer_with_the_name_that_the_handler_knows) {
  Subscription const subscription =
      tram::handle_commands(renamed_endpoint, outbox)
          .on([](Transaction&, Command<Reserve> const&) -> Outcome<Reserve> {
            return tram::Failure{};
          });
  give(subscription, java_rows("command").front());
  EXPECT_EQ(sent().back().headers.find("commandreply_type"), "customers.Reserve");
  EXPECT_EQ(sent().back().headers.find("reply_type"), "io.eventuate.tram.commands.common.Failure");
}

TEST_F(CommandsOnSqlite, that_nobody_handles_are_malformed) {
  Subscription const subscription =
      tram::handle_commands(catalogue::commands, outbox)
          .on_resource("/accounts/{id}",
                       [](Transaction&, Command<ReserveCredit> const&) { FAIL(); });
  auto const error = refusal(subscription, java_rows("command with a resource").front());
  EXPECT_EQ(error.fault(), Fault::malformed);
  EXPECT_STREQ(error.what(),
               "channel 'interop.commands', message '000001a207852a7a-0242ac1100000000': no "
               "handler for command 'interop.messages.Catalogue$ReserveCredit' about "
               "'/customers/7'; deploy a service that knows it, or drop the message");
  EXPECT_EQ(refusal(subscription, java_rows("command").front()).fault(), Fault::malformed);
}

TEST_F(CommandsOnSqlite, that_cannot_be_read_are_malformed_and_say_where) {
  auto const subscription = credit_handlers();
  auto command = java_rows("command").front();
  auto const id = command.id;
  command.payload = R"({"orderId":9223372036854775808,"orderTotal":1})";
  auto const error = refusal(subscription, command);
  EXPECT_EQ(error.fault(), Fault::malformed);
  EXPECT_EQ(std::string{error.what()},
            "channel 'interop.commands', message '" + id +
                "': interop.messages.Catalogue$ReserveCredit: ReserveCredit.orderId: expected an "
                "integer in range, got 9223372036854775808");
  for (auto const* payload :
       {R"({"orderId":"1","orderTotal":1})", R"({"orderId":1.9,"orderTotal":1})",
        R"({"orderId":1})", R"({"orderId":1,"orderTotal":"\udc00"})", "", "null"}) {
    command.payload = payload;
    EXPECT_EQ(refusal(subscription, command).fault(), Fault::malformed) << payload;
  }
  command.payload = "{\"orderId\":" + std::string(10'000, '[');
  EXPECT_EQ(refusal(subscription, command).fault(), Fault::malformed);
  command.payload = "{\"x\":\"" + std::string(10U << 20U, 'x') + "\"}";
  EXPECT_EQ(refusal(subscription, command).fault(), Fault::malformed);
  for (auto const* name : {"command_type", "ID"}) {
    auto headless = java_rows("command").front();
    headless.headers.erase(name);
    EXPECT_EQ(refusal(subscription, headless).fault(), Fault::malformed) << name;
  }
  EXPECT_EQ(reserved(), 0);
  EXPECT_TRUE(sent().empty());
}

TEST_F(CommandsOnSqlite, roll_back_what_their_handler_did_whatever_it_throws) {
  Subscription const subscription =
      tram::handle_commands(catalogue::commands, outbox)
          .on([](Transaction& tx, Command<ReserveCredit> const&) -> Outcome<ReserveCredit> {
            tx.execute("INSERT INTO reserved (id) VALUES (1)");
            throw 14;
          });
  auto const message = incoming(send({}), 1);
  database.transact([&](Transaction& tx) { EXPECT_THROW(subscription.handler(tx, message), int); });
  EXPECT_EQ(reserved(), 0);
}

struct FailingHandler : CommandsOnSqlite {
  std::optional<Fault> fault;
  int attempts_max = 3;

  Subscription subscription() {
    return tram::handle_commands(catalogue::commands, outbox)
        .on([this](Transaction& tx, Command<ReserveCredit> const&) -> Outcome<ReserveCredit> {
          tx.execute("INSERT INTO reserved (id) VALUES (1)");
          if (fault) throw Error{*fault, "no"};
          throw std::runtime_error{"no"};
        })
        .options({.retry = {.attempts_max = attempts_max}})
        .answer_failure_when_exhausted();
  }
};

TEST_F(CommandsOnSqlite, fail_with_what_their_handler_threw_when_it_ended_the_transaction) {
  database.transact(
      [](Transaction& tx) { tx.execute("CREATE TABLE once (id INTEGER PRIMARY KEY)"); });
  Subscription const subscription =
      tram::handle_commands(catalogue::commands, outbox)
          .on([](Transaction& tx, Command<ReserveCredit> const&) -> Outcome<ReserveCredit> {
            tx.execute("INSERT OR ROLLBACK INTO once (id) VALUES (1), (1)");
            return CreditReserved{};
          })
          .options({.retry = {.attempts_max = 2}})
          .answer_failure_when_exhausted();
  auto const command = send({});
  for (int attempt = 1; attempt <= 2; ++attempt) {
    try {
      give(subscription, incoming(command, attempt));
      FAIL() << "it was answered";
    } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::rejected) << error.what(); }
  }
}

TEST_F(FailingHandler, is_answered_for_once_its_attempts_are_used_up_if_that_is_wished) {
  auto const command = send({});
  EXPECT_THROW(give(subscription(), incoming(command, 1)), std::runtime_error);
  EXPECT_THROW(give(subscription(), incoming(command, 2)), std::runtime_error);
  EXPECT_EQ(sent().size(), 1U);
  give(subscription(), incoming(command, 3));
  EXPECT_EQ(reserved(), 0);
  ASSERT_EQ(sent().size(), 2U);
  EXPECT_EQ(sent().back().headers.find("reply_type"), "io.eventuate.tram.commands.common.Failure");
  EXPECT_EQ(sent().back().headers.find("reply_outcome-type"), "FAILURE");
  EXPECT_EQ(sent().back().headers.find("reply_to_message_id"), command.id);
}

TEST_F(FailingHandler, is_not_answered_for_when_the_world_is_only_away) {
  auto const command = send({});
  for (auto const away : {Fault::transient, Fault::broken, Fault::in_doubt, Fault::conflict}) {
    fault = away;
    database.transact([&](Transaction& tx) {
      EXPECT_THROW(subscription().handler(tx, incoming(command, 3)), Error);
      EXPECT_EQ(tx.execute("SELECT * FROM reserved").size(), 0U);
    });
  }
  EXPECT_EQ(sent().size(), 1U);
}

TEST_F(FailingHandler, is_answered_for_at_once_when_another_attempt_cannot_help) {
  fault = Fault::malformed;
  auto const command = send({});
  give(subscription(), incoming(command, 1));
  EXPECT_EQ(sent().back().headers.find("reply_outcome-type"), "FAILURE");
  auto unreadable = command;
  unreadable.payload = "{}";
  give(subscription(), incoming(unreadable, 1));
  EXPECT_EQ(sent().size(), 3U);
}

struct Replies : CommandsOnSqlite {
  std::vector<std::string> seen;

  tram::ReplyHandlers handlers() {
    return tram::handle_replies(catalogue::replies, "orders")
        .on([this](Transaction&, Reply<CreditReserved> const& reply) {
          seen.push_back("reserved " + std::to_string(reply->order_id) + ' ' + reply.in_reply_to());
          EXPECT_EQ(reply.outcome(), ReplyOutcome::success);
        })
        .on([this](Transaction&, Reply<CreditLimitExceeded> const& reply) {
          seen.push_back(reply->reason + ' ' + reply.in_reply_to());
          EXPECT_EQ(reply.outcome(), ReplyOutcome::failure);
        });
  }
};

TEST_F(Replies, of_java_go_to_the_handler_of_their_type) {
  Subscription const subscription = handlers();
  EXPECT_EQ(subscription.subscriber_id, "orders");
  EXPECT_EQ(subscription.channels, std::vector<std::string>{"interop.replies"});
  auto const rows = java_rows("reply");
  give(subscription, rows.at(0));
  give(subscription, rows.at(1));
  EXPECT_EQ(seen, (std::vector<std::string>{
                      "reserved 1 " + java_rows("command").front().id,
                      "limit is 1000 " + java_rows("command that fails").front().id}));
}

TEST_F(Replies, of_undeclared_types_are_malformed_unless_somebody_takes_them) {
  auto const plain = java_rows("reply").at(2);
  auto const error = refusal(handlers(), plain);
  EXPECT_EQ(error.fault(), Fault::malformed);
  EXPECT_NE(std::string{error.what()}.find(
                "no handler for reply 'io.eventuate.tram.commands.common.Success' to command '" +
                java_rows("command with a resource").front().id),
            std::string::npos)
      << error.what();
  give(handlers().ignore_others(), plain);
  give(handlers().otherwise(
           [this](Transaction&, RawReply const& reply) { seen.push_back(reply.type()); }),
       plain);
  give(handlers().on(
           [this](Transaction&, Reply<tram::Success> const&) { seen.emplace_back("plain"); }),
       plain);
  EXPECT_EQ(seen, (std::vector<std::string>{"io.eventuate.tram.commands.common.Success", "plain"}));
}

TEST_F(Replies, that_are_none_are_malformed) {
  for (auto const* name : {"reply_type", "reply_to_message_id", "reply_outcome-type"}) {
    auto reply = java_rows("reply").front();
    reply.headers.erase(name);
    EXPECT_EQ(refusal(handlers(), reply).fault(), Fault::malformed) << name;
  }
  auto reply = java_rows("reply").front();
  reply.headers.set("reply_outcome-type", "MAYBE");
  EXPECT_EQ(refusal(handlers(), reply).fault(), Fault::malformed);
  reply = java_rows("reply").front();
  reply.payload = R"({"orderId":null})";
  auto const error = refusal(handlers(), reply);
  EXPECT_EQ(error.fault(), Fault::malformed);
  EXPECT_NE(std::string{error.what()}.find("CreditReserved.orderId"), std::string::npos);
}

template <class Function>
std::string rejection(Function const& function) {
  try {
    function();
  } catch (tram::Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    return error.what();
  }
  return "";
}

TEST_F(CommandsOnSqlite, are_sent_with_a_reply_channel_and_notified_without) {
  database.transact([&](Transaction& tx) {
    EXPECT_NE(rejection([&] {
                commands.send(tx, catalogue::commands, Ping{}, {});
              }).find("send() needs reply_to"),
              std::string::npos);
    for (auto const& options :
         {tram::CommandOptions{.reply_to = catalogue::replies},
          tram::CommandOptions{.headers = {{"command_reply_to", "elsewhere"}}}}) {
      EXPECT_NE(rejection([&] {
                  commands.notify(tx, catalogue::commands, Ping{}, options);
                }).find("a notification is not answered"),
                std::string::npos);
    }
  });
  EXPECT_TRUE(sent().empty());
}

TEST_F(CommandsOnSqlite, name_nothing_that_a_receiver_cannot_use) {
  using tram::CommandOptions;
  auto const reply_to = [](std::string_view name) {
    return CommandOptions{.reply_to = {name}, .resource = {}};
  };
  auto const refused = [&](CommandOptions const& options) {
    return rejection([&] {
      database.transact(
          [&](Transaction& tx) { commands.send(tx, catalogue::commands, Ping{}, options); });
    });
  };
  for (auto const name :
       {std::string_view{"re\0plies", 8}, std::string_view{"re plies"}, std::string_view{"a/b"},
        std::string_view{".."}, std::string_view{"M\xfcller"}}) {
    EXPECT_NE(refused(reply_to(name)).find("'command_reply_to'"), std::string::npos) << name;
  }
  auto const long_name = std::string(250, 'x');
  EXPECT_NE(refused(reply_to(long_name)), "");
  EXPECT_NE(refused({.reply_to = {"replies"}, .resource = "/a\nb"}).find("resource"),
            std::string::npos);
  EXPECT_NE(refused({.reply_to = {"replies"}, .partition_key = ""}).find("partition key"),
            std::string::npos);
  EXPECT_NE(refused({.reply_to = {"replies"}, .headers = {{"", "x"}}}).find("without a name"),
            std::string::npos);
  EXPECT_TRUE(sent().empty());
}

TEST_F(Replies, have_one_function_each_and_one_for_all_others) {
  std::function<void(Transaction&, Reply<tram::Success> const&)> const empty;
  auto const pass = [](Transaction&, tram::RawReply const&) {};
  EXPECT_NE(rejection([&] { handlers().on(empty); }).find("is empty"), std::string::npos);
  EXPECT_NE(rejection([&] { handlers().otherwise(nullptr); }).find("is empty"), std::string::npos);
  EXPECT_NE(rejection([&] { handlers().otherwise(pass).ignore_others(); }).find("second"),
            std::string::npos);
}

TEST_F(CommandsOnSqlite, have_no_handler_that_none_of_them_could_reach) {
  using tram::Command;
  constexpr tram::Endpoint<Ping> endpoint{{"pings"}};
  auto const ping = [](Transaction&, Command<Ping> const&) {};
  auto const handlers = [&] { return tram::handle_commands(endpoint, outbox); };
  auto const rejected = [&](auto const& add) {
    return rejection([&] {
      auto subject = handlers();
      add(subject);
    });
  };
  EXPECT_NE(rejected([&](auto& to) { to.on(ping).on(ping); }).find("is the second one"),
            std::string::npos);
  EXPECT_NE(rejected([&](auto& to) { to.on(ping).on_resource("/a", ping); }), "");
  EXPECT_NE(rejected([&](auto& to) { to.on_resource("/{id}", ping).on_resource("/a", ping); }), "");
  EXPECT_NE(rejected([&](auto& to) { to.on_raw({"x"}, nullptr); }), "");
  std::function<void(Transaction&, Command<Ping> const&)> const empty;
  EXPECT_NE(rejected([&](auto& to) { to.on(empty); }).find("is empty"), std::string::npos);
  EXPECT_NE(rejected([&](auto& to) {
              to.on_raw({"a\nb"}, [](auto&, auto&) { return tram::detail::Replies{}; });
            }),
            "");
  EXPECT_EQ(
      rejected([&](auto& to) { to.on_resource("/a", ping).on_resource("/{id}", ping).on(ping); }),
      "");
  for (auto const* pattern : {"u", "/u/{id", "/u/id}", "/u/{}", "/u/x{id}", "/{a}/{a}", "/u//v"}) {
    EXPECT_NE(rejected([&](auto& to) { to.on_resource(pattern, ping); }).find(pattern),
              std::string::npos)
        << pattern;
  }
}

TEST_F(CommandsOnSqlite, refuse_a_path_variable_that_the_handler_has_not) {
  constexpr tram::Endpoint<Ping> endpoint{{"pings"}};
  auto const handlers = tram::handle_commands(endpoint, outbox)
                            .on([](Transaction&, tram::Command<Ping> const& command) {
                              static_cast<void>(command.path_variable("id"));
                            });
  auto const error = refusal(
      handlers, {.id = "1-1",
                 .channel = "pings",
                 .headers = {{"ID", "1-1"}, {"command_type", std::string{Ping::wire_type.name}}},
                 .payload = "{}"});
  EXPECT_EQ(error.fault(), Fault::rejected);
  EXPECT_NE(std::string{error.what()}.find("has no variable 'id'"), std::string::npos);
}

}  // namespace
