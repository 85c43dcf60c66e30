#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "tram/messaging/incoming_message.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sql/database.hpp"
#include "tram/sqlite/sqlite.hpp"
#include "tram/storage/outbox_table.hpp"
#include "tram/subscriber/subscription.hpp"
#include "tram/wire/headers_json.hpp"
#include "tram/wire/id_generator.hpp"
#include "vectors.hpp"

namespace tram::testing {

/// A message as its row has it, without what differs from run to run.
struct SentMessage {
  std::string id;
  std::string channel;
  Headers headers;
  std::string payload;
  friend bool operator==(SentMessage const&, SentMessage const&) = default;
};

/// Takes away id, date, and a random partition key.
inline SentMessage comparable(SentMessage message) {
  message.id.clear();
  message.headers.erase("ID");
  message.headers.erase("DATE");
  auto const key = message.headers.find("PARTITION_ID");
  if (key && key->size() == 36) message.headers.erase("PARTITION_ID");
  return message;
}

/// Rows that Java wrote in one run, for one case.
inline std::vector<SentMessage> java_rows(std::string const& what) {
  std::vector<SentMessage> rows;
  for (auto const& line : vectors("message_rows.jsonl")) {
    if (line.at("run") != "pg-wal" || line.at("case") != what) continue;
    auto const& row = line.at("row");
    rows.push_back({.id = row.at("id"),
                    .channel = row.at("destination"),
                    .headers = headers_from_json(row.at("headers").get<std::string>()),
                    .payload = row.at("payload")});
  }
  EXPECT_FALSE(rows.empty()) << "no Java row for: " << what;
  return rows;
}

/// A database in memory with an outbox, and messages given to handlers by hand.
template <class AnyClock>
struct TypedWorldOn : ::testing::Test {
  AnyClock clock;
  SystemRandom random;
  Database database = sqlite::connect({.path = sqlite::memory_path(random)}, {}, clock, random);
  IdGenerator ids{clock, MachineNumber{17}};
  Outbox outbox{{.dialect = database.dialect(),
                 .table = install(),
                 .ids = ids,
                 .clock = clock,
                 .random = random},
                {}};

  OutboxTable install() {
    install_schema(database, SchemaName{});
    return probe_outbox_table(database, SchemaName{});
  }

  /// What was sent and committed, in order.
  std::vector<SentMessage> sent() {
    std::vector<SentMessage> messages;
    database.transact({.access = Access::read_only}, [&](Transaction& tx) {
      messages.clear();
      for (auto const& row :
           tx.execute("SELECT id, destination, headers, payload FROM message ORDER BY seq"))
        messages.push_back({.id = row.get<std::string>(0),
                            .channel = row.get<std::string>(1),
                            .headers = headers_from_json(row.get<std::string>(2)),
                            .payload = row.get<std::string>(3)});
    });
    return messages;
  }
  std::vector<SentMessage> sent_comparably() {
    auto messages = sent();
    for (auto& message : messages) message = comparable(std::move(message));
    return messages;
  }

  static IncomingMessage incoming(SentMessage const& message, int attempt = 1) {
    return {.message = {message.headers, message.payload},
            .subscriber_id = "test",
            .source = {.channel = message.channel},
            .key = std::string{message.headers.find("PARTITION_ID").value_or("")},
            .attempt = attempt};
  }

  void give(Subscription const& subscription, IncomingMessage const& message) {
    database.transact([&](Transaction& tx) { subscription.handler(tx, message); });
  }
  void give(Subscription const& subscription, SentMessage const& message) {
    give(subscription, incoming(message));
  }
  /// What the handler throws, and that it does.
  Error refusal(Subscription const& subscription, SentMessage const& message) {
    try {
      give(subscription, message);
    } catch (Error const& error) { return error; }
    ADD_FAILURE() << "nothing was raised";
    return Error{Fault::transient, ""};
  }
};
using TypedWorld = TypedWorldOn<ManualClock>;

}  // namespace tram::testing
