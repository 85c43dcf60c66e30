#include "tram/outbox/outbox.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "tram/sql/connection.hpp"
#include "tram/sql/transaction.hpp"
#include "tram/wire/headers_json.hpp"
#include "tram/wire/id_generator.hpp"

namespace tram {
namespace {

using namespace std::string_literals;

/// Notes what it is asked to run; answers as a database that made id 1700000000001.
class RecordingExecutor final : public StatementExecutor {
 public:
  Rows execute_statement(std::string_view sql, Parameters parameters) override {
    note("execute", sql, parameters);
    return Rows{1, {Cell{std::int64_t{1'700'000'000'001}}}, 1};
  }
  void post_statement(std::string_view sql, Parameters parameters) override {
    note("post", sql, parameters);
  }

  struct Call {
    std::string how;
    std::string sql;
    std::vector<std::string> texts;
  };
  std::vector<Call> calls;

 private:
  void note(std::string how, std::string_view sql, Parameters parameters) {
    calls.push_back({std::move(how), std::string{sql}, {}});
    for (auto const& parameter : parameters) {
      auto const value = parameter.value();
      auto const* text = std::get_if<std::string_view>(&value);
      calls.back().texts.emplace_back(text != nullptr ? *text : "");
    }
  }
};

class RecordingConnection final : public Connection {
 public:
  explicit RecordingConnection(RecordingExecutor& to) : to_{to} {}
  void begin(Access, Deadline) override {}
  Rows execute(std::string_view sql, Parameters parameters, Deadline) override {
    return to_.execute_statement(sql, parameters);
  }
  void post(std::string_view sql, Parameters parameters, Deadline) override {
    to_.post_statement(sql, parameters);
  }
  void commit(Deadline) override {}
  bool reset() noexcept override { return true; }

 private:
  RecordingExecutor& to_;
};

std::string cast_to(std::string_view type) { return "?::" + std::string{type}; }

constexpr Dialect casting_dialect{
    .schemas = true, .now_milliseconds = "now_ms()", .text_placeholder = cast_to};
constexpr Dialect plain_dialect{};

class OutboxTest : public ::testing::Test {
 protected:
  Outbox outbox(OutboxOptions options = {}, Dialect const& dialect = casting_dialect,
                OutboxTable table = {.ids = IdSource::application,
                                     .headers_type = "text",
                                     .payload_type = "jsonb"}) {
    return Outbox{{.dialect = dialect,
                   .table = std::move(table),
                   .ids = ids_,
                   .clock = clock_,
                   .random = random_,
                   .logger = Logger{[this](LogLevel, std::string const& line) { log_ += line; },
                                    LogLevel::info}},
                  std::move(options)};
  }
  std::string refusal(Outbox const& outbox, std::string_view channel, Message const& message,
                      SendOptions const& options = {}) {
    try {
      outbox.send(tx_, channel, message, options);
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected);
      EXPECT_TRUE(tx_.calls.empty());
      return error.what();
    }
    return "";
  }

  ManualClock clock_;
  SeededRandom random_{1};
  IdGenerator ids_{clock_, {12345}};
  RecordingExecutor tx_;
  std::string log_;
};

TEST_F(OutboxTest, posts_the_row_that_the_platform_writes) {
  auto const id = outbox().send(tx_, "orders", Message{.headers = {{"kind", "a"}}, .payload = "{}"},
                                {.partition_key = "7"});
  EXPECT_EQ(id, "0000018bcfe56800-0000000030390000");
  ASSERT_EQ(tx_.calls.size(), 1U);
  EXPECT_EQ(tx_.calls[0].how, "post");
  EXPECT_EQ(tx_.calls[0].sql,
            "INSERT INTO eventuate.message (id, destination, headers, payload, creation_time, "
            "published, message_partition) VALUES (?, ?, ?::text, ?::jsonb, "
            "now_ms(), 0, ?)");
  EXPECT_EQ(tx_.calls[0].texts,
            (std::vector<std::string>{id, "orders",
                                      R"({"kind":"a","DESTINATION":"orders",)"
                                      R"("DATE":"Tue, 14 Nov 2023 22:13:20 GMT",)"
                                      R"("PARTITION_ID":"7","ID":")" +
                                          id + R"("})",
                                      "{}", ""}));
}

TEST_F(OutboxTest, can_still_send_where_it_was_moved_from) {
  auto first = outbox();
  auto const second = std::move(first);
  second.send(tx_, "orders", Message{});
  first.send(tx_, "orders", Message{});  // NOLINT(bugprone-use-after-move): that it may
  EXPECT_EQ(tx_.calls.size(), 2U);
}

/// Throws what is no exception, in the hook behind the message.
class Throwing final : public MessageInterceptor {
 public:
  void after_send(Message const&, std::exception_ptr const& error) override {
    failed = error != nullptr;
    throw 7;
  }
  bool failed{};
};

TEST_F(OutboxTest, logs_whatever_a_hook_throws_and_sends_all_the_same) {
  auto const hook = std::make_shared<Throwing>();
  auto const hooked = outbox({.interceptors = {hook}});
  hooked.send(tx_, "orders", Message{});
  EXPECT_EQ(tx_.calls.size(), 1U);
  EXPECT_NE(log_.find("of type int"), std::string::npos) << log_;
  EXPECT_THROW(hooked.send(tx_, "", Message{}), Error);
  EXPECT_TRUE(hook->failed);
  EXPECT_THROW(outbox({.interceptors = {nullptr}}), Error);
}

TEST_F(OutboxTest, takes_the_schema_and_the_casts_from_the_database) {
  outbox({.schema = SchemaName{"custom"}}).send(tx_, "orders", Message{});
  outbox({.schema = SchemaName{"custom"}}, plain_dialect).send(tx_, "orders", Message{});
  EXPECT_TRUE(tx_.calls[0].sql.starts_with("INSERT INTO custom.message "));
  EXPECT_TRUE(tx_.calls[1].sql.starts_with("INSERT INTO message "));
  EXPECT_EQ(tx_.calls[1].sql.find("::"), std::string::npos);
}

TEST_F(OutboxTest, waits_for_the_id_where_the_database_makes_it) {
  OutboxTable const numbered{
      .ids = IdSource::database, .headers_type = "text", .payload_type = "text"};
  EXPECT_THROW(outbox({}, casting_dialect, numbered), Error);
  OutboxOptions const options{.partitioning = {.tables = 4}, .outbox_id = OutboxId{1}};
  auto const id = outbox(options, casting_dialect, numbered)
                      .send(tx_, "Order", Message{}, {.partition_key = "2"});
  ASSERT_EQ(tx_.calls.size(), 1U);
  EXPECT_EQ(tx_.calls[0].how, "execute");
  EXPECT_TRUE(tx_.calls[0].sql.starts_with("INSERT INTO eventuate.message3 ")) << tx_.calls[0].sql;
  EXPECT_TRUE(tx_.calls[0].sql.ends_with(", 0, ?) RETURNING dbid"));
  EXPECT_FALSE(headers_from_json(tx_.calls[0].texts[1]).contains("ID"));
  EXPECT_EQ(id, "0000018bcfe56801-0000000000000004");
}

TEST_F(OutboxTest, gives_a_random_key_to_a_message_without_one) {
  outbox().send(tx_, "orders", Message{});
  outbox().send(tx_, "orders", Message{});
  auto const key = [&](std::size_t call) {
    return headers_from_json(tx_.calls[call].texts[2]).require("PARTITION_ID");
  };
  EXPECT_EQ(key(0).size(), 36U);
  EXPECT_NE(key(0), key(1));
}

TEST_F(OutboxTest, maps_the_channel_and_checks_what_comes_of_it) {
  OutboxOptions const options{.channel_mapping = [](std::string_view channel) {
    return channel == "a b" ? "a.b"s : "prod/"s + std::string{channel};
  }};
  outbox(options).send(tx_, "a b", Message{});
  EXPECT_EQ(tx_.calls[0].texts[1], "a.b");
  EXPECT_EQ(headers_from_json(tx_.calls[0].texts[2]).require("DESTINATION"), "a.b");
  tx_.calls.clear();
  EXPECT_NE(refusal(outbox(options), "orders", {}).find("prod/orders"), std::string::npos);
}

TEST_F(OutboxTest, refuses_text_that_some_database_does_not_take_and_says_where) {
  auto const wrong = "ok\0"s;
  EXPECT_EQ(refusal(outbox(), "orders", {.headers = {}, .payload = wrong}),
            "outbox: a message to 'orders' has a NUL in its payload, at byte 3; send text, and "
            "other bytes as Base64");
  EXPECT_NE(refusal(outbox(), "orders", {.headers = {{"colour", "\xff"}}, .payload = ""})
                .find("no UTF-8 in header 'colour', at byte 1"),
            std::string::npos);
  EXPECT_NE(refusal(outbox(), "orders", {.headers = {{"\xff" + wrong, ""}}, .payload = ""})
                .find(R"(no UTF-8 in the name of header '?ok\u0000')"),
            std::string::npos);
  EXPECT_NE(refusal(outbox(), "orders", {}, {.partition_key = "\xc3"}).find("'PARTITION_ID'"),
            std::string::npos);
}

TEST_F(OutboxTest, refuses_names_that_no_receiver_can_use_and_says_which) {
  struct Bad {
    Headers headers;
    std::string told;
  };
  std::vector<Bad> const bad{
      {{{"event-aggregate-id", ""}}, "its aggregate id (header 'event-aggregate-id') is empty"},
      {{{"event-aggregate-type", "a\nb"}}, "its aggregate type (header 'event-aggregate-type')"},
      {{{"event-type", std::string(5000, 'x')}}, "its event type (header 'event-type') has 5000"},
      {{{"command_type", "a\0b"s}}, "(header 'command_type') holds a NUL at byte 2"},
      {{{"command_reply_to", "re\0plies"s}}, "reply channel (header 'command_reply_to')"},
      {{{"command_reply_to", "re plies"}}, "its reply channel (header 'command_reply_to')"},
      {{{"command_reply_to", std::string(250, 'x')}}, "its reply channel"},
      {{{"command_resource", "/a\tb"}}, "its resource (header 'command_resource')"},
      {{{"reply_to_message_id", ""}}, "(header 'reply_to_message_id') is empty"},
      {{{"PARTITION_ID", ""}}, "its partition key (header 'PARTITION_ID') is empty"},
      {{{"", "x"}}, "has a header without a name"},
      {{{"a\nb", "x"}}, "has a header whose name holds a control character at byte 2"},
      {{{std::string(5000, 'x'), "x"}}, "has a header whose name has 5000 bytes"},
      {{{"note", "a\xff"
                 "b"s}},
       "has no UTF-8 in header 'note', at byte 2"}};
  for (auto const& [headers, told] : bad) {
    auto const text = refusal(outbox(), "orders", {.headers = headers, .payload = "{}"});
    EXPECT_NE(text.find(told), std::string::npos) << text << "\n" << told;
    EXPECT_LT(text.size(), 700U);
  }
  EXPECT_NE(refusal(outbox(), "orders", {}, {.partition_key = ""}), "");
  EXPECT_NE(refusal(outbox(), "orders", {}, {.headers = {{"", ""}}}), "");
  outbox().send(tx_, "orders",
                Message{.headers = {{"note", "two\nlines"}, {"empty", ""}}, .payload = ""});
}

TEST_F(OutboxTest, judges_a_reply_channel_by_what_comes_of_its_mapping) {
  OutboxOptions const options{.channel_mapping = [](std::string_view channel) {
    return channel == "a b" ? "a.b"s : std::string{channel};
  }};
  outbox(options).send(tx_, "orders",
                       Message{.headers = {{"command_reply_to", "a b"}}, .payload = ""});
}

TEST_F(OutboxTest, goes_without_a_trace_that_could_not_be_sent) {
  RecordingConnection connection{tx_};
  Transaction tx{connection,
                 casting_dialect,
                 Deadline::after(clock_, std::chrono::seconds{1}),
                 {.causation_id = "", .traceparent = "00-1-2-01", .tracestate = "a=\0"s}};
  outbox().send(tx, "orders", Message{});
  auto const headers = headers_from_json(tx_.calls[0].texts[2]);
  EXPECT_TRUE(headers.contains("traceparent"));
  EXPECT_FALSE(headers.contains("tracestate"));
}

TEST_F(OutboxTest, refuses_an_id_from_elsewhere) {
  EXPECT_NE(refusal(outbox(), "orders", {.headers = {{"ID", "1"}}, .payload = ""})
                .find("has a header 'ID' already"),
            std::string::npos);
  EXPECT_NE(refusal(outbox(), "orders", {}, {.headers = {{"ID", "1"}}}), "");
}

TEST_F(OutboxTest, measures_a_message_as_it_stands_in_the_record) {
  auto const with_payload = [](std::string payload) {
    return Message{.headers = {{"PARTITION_ID", "1"}}, .payload = std::move(payload)};
  };
  // Frame 24, headers 123, quotes 2: the rest is the payload's.
  OutboxOptions const options{.message_bytes_max = 24 + 123 + 2 + 10};
  outbox(options).send(tx_, "orders", with_payload("0123456789"));
  outbox(options).send(tx_, "orders", with_payload("12345678\n"));
  ASSERT_EQ(tx_.calls[0].texts[2].size(), 123U);
  tx_.calls.clear();
  EXPECT_NE(refusal(outbox(options), "orders", with_payload("123456789\n")).find("has 160 bytes"),
            std::string::npos);
}

TEST_F(OutboxTest, takes_trace_context_along_from_the_transaction) {
  RecordingConnection connection{tx_};
  auto const deadline = Deadline::after(clock_, std::chrono::seconds{1});
  Transaction tx{connection,
                 casting_dialect,
                 deadline,
                 {.causation_id = "", .traceparent = "00-1-2-01", .tracestate = "a=b"}};
  outbox().send(tx, "orders", Message{});
  outbox().send(tx, "orders", Message{.headers = {{"traceparent", "mine"}}, .payload = ""});
  auto const first = headers_from_json(tx_.calls[0].texts[2]);
  EXPECT_EQ(first.require("traceparent"), "00-1-2-01");
  EXPECT_EQ(first.require("tracestate"), "a=b");
  auto const second = headers_from_json(tx_.calls[1].texts[2]);
  EXPECT_EQ(second.require("traceparent"), "mine");
  EXPECT_FALSE(second.contains("tracestate"));
  StatementExecutor& seen_as_its_base = tx;
  outbox().send(seen_as_its_base, "orders", Message{});
  EXPECT_EQ(headers_from_json(tx_.calls[2].texts[2]).require("traceparent"), "00-1-2-01");
}

class Witness final : public MessageInterceptor {
 public:
  Witness(std::string name, std::string& log) : name_{std::move(name)}, log_{log} {}
  void before_send(Message& message) override {
    EXPECT_FALSE(message.headers.contains("ID"));
    message.headers.set("seen-by-" + name_, "yes");
    log_ += "before " + name_ + "; ";
  }
  void after_send(Message const& message, std::exception_ptr const& error) override {
    EXPECT_EQ(message.headers.contains("ID"), error == nullptr);
    log_ += (error ? "failed " : "after ") + name_ + "; ";
    throw std::runtime_error{"no"};
  }

 private:
  std::string name_;
  std::string& log_;
};

TEST_F(OutboxTest, asks_interceptors_in_their_order_and_logs_what_they_throw_afterwards) {
  std::string told;
  OutboxOptions const options{
      .interceptors = {std::make_shared<Witness>("a", told), std::make_shared<Witness>("b", told)}};
  outbox(options).send(tx_, "orders", Message{});
  EXPECT_EQ(told, "before a; before b; after a; after b; ");
  auto const headers = headers_from_json(tx_.calls[0].texts[2]);
  EXPECT_TRUE(headers.contains("seen-by-a") && headers.contains("seen-by-b"));
  EXPECT_NE(log_.find("event=outbox.interceptor_failed"), std::string::npos);

  told.clear();
  tx_.calls.clear();
  refusal(outbox(options), "no such channel", {});
  EXPECT_EQ(told, "before a; before b; failed a; failed b; ");
}

TEST_F(OutboxTest, encodes_a_plain_struct) {
  struct OrderPlaced {
    std::int64_t order_id{};
  };
  outbox().send(tx_, "orders", OrderPlaced{.order_id = 7});
  outbox().send(RecordingExecutor{}, "orders", OrderPlaced{.order_id = 8});
  EXPECT_EQ(tx_.calls[0].texts[3], R"({"orderId":7})");
}

}  // namespace
}  // namespace tram
