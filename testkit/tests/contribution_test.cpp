#include "tram/host/contribution.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/sql/database.hpp"
#include "tram/storage/table_part.hpp"
#include "tram/testkit/in_memory_world.hpp"

namespace tram {
namespace {

using namespace std::chrono_literals;
using testkit::InMemoryWorld;

constexpr Duration patience{1h};

/// Sends a message for each reminder that is due.
class Reminders final : public Stepper {
 public:
  Reminders(StepParts const& parts, Outbox const& outbox, int& made)
      : parts_{parts}, outbox_{outbox} {
    ++made;
  }

  bool step() override {
    return parts_.database.transact([&](Transaction& tx) {
      auto const due =
          tx.execute("SELECT id FROM reminder WHERE due <= ? ORDER BY due LIMIT 1", now());
      if (due.empty()) return false;
      auto const id = due[0].get<std::string>(0);
      tx.execute("DELETE FROM reminder WHERE id = ?", id);
      outbox_.send(tx, "reminded", Message{.headers = {}, .payload = id});
      return true;
    });
  }
  [[nodiscard]] SteadyTime next_step() const override { return parts_.clock.steady() + 1min; }

 private:
  [[nodiscard]] std::int64_t now() const {
    return parts_.clock.wall().time_since_epoch() / std::chrono::milliseconds{1};
  }
  StepParts parts_;
  Outbox const& outbox_;
};

TablePart reminder_tables(Dialect const& dialect) {
  ColumnTypeNames const type{dialect.types};
  return {.name = "reminders",
          .tables = {{.name = "reminder",
                      .columns = {{"id", type.text + " PRIMARY KEY"}, {"due", type.big}}}}};
}

/// What sagas will look like: tables, a subscription that writes into them, and deadlines.
class ContributionInAWorld : public ::testing::Test {
 protected:
  Contribution reminders() {
    auto const remember = [this](Transaction& tx, IncomingMessage const& incoming) {
      auto const due = world_.clock().wall() + patience;
      tx.execute("INSERT INTO reminder (id, due) VALUES (?, ?)", incoming.message.payload,
                 due.time_since_epoch() / std::chrono::milliseconds{1});
    };
    return {.subscriptions = {{.subscriber_id = "reminders",
                               .channels = {"orders"},
                               .handler = remember}},
            .tables = {reminder_tables},
            .stepped = {{.name = "reminders", .make = [this](StepParts const& parts) {
                           return std::make_unique<Reminders>(parts, world_.outbox(), made_);
                         }}}};
  }
  void send(std::string const& payload) {
    world_.database().transact([&](Transaction& tx) {
      world_.outbox().send(tx, "orders", Message{.headers = {}, .payload = payload});
    });
  }
  std::vector<std::string> reminded() {
    std::vector<std::string> payloads;
    for (auto const& each : world_.published("reminded")) payloads.push_back(each.message.payload);
    return payloads;
  }

  InMemoryWorld world_;
  int made_{};
};

TEST_F(ContributionInAWorld, runs_on_manual_time) {
  world_.add(reminders());
  send("a");
  auto const before = world_.clock().steady();
  world_.run_until_quiet();
  EXPECT_TRUE(reminded().empty());
  EXPECT_LT(world_.clock().steady() - before, patience) << "what waits for a later time is at rest";
  world_.clock().advance(patience / 2);
  send("b");
  world_.run_until_quiet();
  world_.clock().advance(patience / 2);
  world_.run_until_quiet();
  EXPECT_EQ(reminded(), std::vector<std::string>{"a"});
  world_.clock().advance(patience);
  world_.run_until_quiet();
  EXPECT_EQ(reminded(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(ContributionInAWorld, goes_on_after_a_crash_with_what_its_table_holds) {
  world_.add(reminders());
  send("a");
  world_.run_until_quiet();
  EXPECT_EQ(made_, 1);
  world_.crash();
  EXPECT_EQ(made_, 2);
  world_.clock().advance(patience);
  world_.run_until_quiet();
  EXPECT_EQ(reminded(), std::vector<std::string>{"a"});
}

TEST_F(ContributionInAWorld, is_refused_when_it_needs_a_thread) {
  try {
    world_.add(Contribution{.components = {{.name = "poller", .run = [](auto const&) {}}}});
    FAIL() << "it was added";
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    EXPECT_NE(std::string{error.what()}.find("'poller'"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace tram
