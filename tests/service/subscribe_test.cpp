#include <stdexcept>

#include "service_world.hpp"
#include "tram/sql/connection.hpp"

namespace tram {
namespace {

using testing::Running;
using testing::ServiceWorld;

struct ShipmentBooked {
  int shipment_id{};
  std::string carrier;
};

std::string text_of(ShipmentBooked const& booked) {
  return std::to_string(booked.shipment_id) + " by " + booked.carrier;
}

TEST(Subscribe, takes_the_type_of_a_message_from_its_handler) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  service.relay_outbox();
  service.subscribe("arrivals", {"shipments"}, [&](Transaction&, ShipmentBooked const& booked) {
    world.happenings.add("arrived: " + text_of(booked));
  });
  Running running{service};
  ASSERT_TRUE(world.log.wait_for("service.started"));
  world.database.transact([&](Transaction& tx) {
    service.outbox().send(tx, "shipments", ShipmentBooked{7, "Hermes"});
  });
  EXPECT_TRUE(world.happenings.wait_for("arrived: 7 by Hermes"));
  EXPECT_EQ(running.stop(), 0);
}

TEST(Subscribe, gives_the_message_as_it_came_to_a_third_parameter) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  service.relay_outbox();
  service.subscribe(
      "arrivals", {"shipments"},
      [&](Transaction&, ShipmentBooked const& booked, IncomingMessage const& incoming) {
        world.happenings.add(text_of(booked) + " for " +
                             std::string{incoming.header("tenant").value_or("nobody")});
      });
  Running running{service};
  ASSERT_TRUE(world.log.wait_for("service.started"));
  world.database.transact([&](Transaction& tx) {
    service.outbox().send(tx, "shipments", ShipmentBooked{7, "Hermes"},
                          {.headers = {{"tenant", "blue"}}});
  });
  EXPECT_TRUE(world.happenings.wait_for("7 by Hermes for blue"));
  EXPECT_EQ(running.stop(), 0);
}

TEST(Subscribe, holds_what_is_no_message_of_the_type_and_says_why) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  service.relay_outbox();
  service.subscribe("arrivals", {"shipments"}, [&](Transaction&, ShipmentBooked const& booked) {
    world.happenings.add(text_of(booked));
  });
  Running running{service};
  ASSERT_TRUE(world.log.wait_for("service.started"));
  world.send(service, "shipments", R"({"shipmentId":"seven","carrier":"Hermes"})");
  world.send(service, "shipments", R"({"shipmentId":8,"carrier":"Hermes"})");
  EXPECT_TRUE(world.happenings.wait_for("8 by Hermes"));
  EXPECT_TRUE(world.log.wait_for("ShipmentBooked: ShipmentBooked.shipmentId: expected"));
  EXPECT_EQ(world.happenings.all().size(), 1U);
  EXPECT_EQ(running.stop(), 0);
}

TEST(Subscribe, refuses_a_handler_that_is_empty) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  void (*nothing)(Transaction&, ShipmentBooked const&) = nullptr;
  EXPECT_THROW(service.subscribe("arrivals", {"shipments"}, nothing), Error);
  EXPECT_THROW(service.subscribe("arrivals", {"shipments"}, MessageHandler{}), Error);
}

TEST(Subscribe, describes_the_messages) {
  auto const subscription =
      handle_messages("arrivals", {"a", "b"}, [](Transaction&, ShipmentBooked const&) {});
  ASSERT_EQ(subscription.messages.size(), 2U);
  EXPECT_EQ(subscription.messages.back().channel, "b");
  EXPECT_EQ(subscription.messages.back().operation, "arrivals");
  EXPECT_EQ(subscription.messages.back().payload.type, "ShipmentBooked");
  EXPECT_NE(subscription.messages.back().payload.schema.find("shipmentId"), std::string::npos);
}

TEST(SlowHandler, is_told_while_it_runs_and_again_when_that_took_twice_as_long) {
  ServiceWorld world;
  auto options = ServiceWorld::options();
  options.slow_handler_after = std::chrono::milliseconds{20};
  Service service{world.parts(), options};
  service.relay_outbox();
  std::atomic<bool> may_end{false};
  service.subscribe("arrivals", {"shipments"},
                    [&](Transaction&, ShipmentBooked const&, IncomingMessage const& incoming) {
                      world.happenings.add(incoming.id());
                      while (!may_end) world.clock.pause(std::chrono::milliseconds{1});
                    });
  Running running{service};
  ASSERT_TRUE(world.log.wait_for("service.started"));
  world.send(service, "shipments", R"({"shipmentId":7,"carrier":"Hermes"})");
  EXPECT_TRUE(world.log.wait_for("service.handler_blocks subscriber=arrivals", 2));
  EXPECT_TRUE(world.log.wait_for("message=" + world.happenings.all().front()));
  may_end = true;
  EXPECT_EQ(running.stop(), 0);
}

void make_notes(Transaction& tx) { tx.execute("CREATE TABLE IF NOT EXISTS note (text TEXT)"); }

TEST(Prepare, makes_the_tables_before_anything_is_handled_and_at_each_start) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  service.prepare(make_notes).prepare([&](Transaction& tx) {
    world.happenings.add(service.is_running() ? "too late" : "prepared");
    tx.execute("INSERT INTO note VALUES ('prepared')");
  });
  service.relay_outbox().add(world.noting("view", "orders"));
  for (std::size_t start = 1; start <= 2; ++start) {
    Running running{service};
    ASSERT_TRUE(world.log.wait_for("service.started", start));
    EXPECT_EQ(running.stop(), 0);
    EXPECT_EQ(world.happenings.count("prepared"), start);
  }
}

TEST(Prepare, waits_for_a_database_that_is_down) {
  ServiceWorld world;
  world.database_away = true;
  Service service{world.parts(), ServiceWorld::options()};
  service.prepare(make_notes);
  Running running{service};
  ASSERT_TRUE(world.log.wait_for("service.waits_for_database"));
  world.database_away = false;
  ASSERT_TRUE(world.log.wait_for("service.started"));
  world.database.transact([](Transaction& tx) { tx.execute("SELECT text FROM note"); });
  EXPECT_EQ(running.stop(), 0);
}

TEST(Prepare, ends_the_start_with_the_reason_when_it_throws) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  service.prepare([](Transaction& tx) { tx.execute("CREATE TABLE note (text TEXT"); });
  EXPECT_EQ(Running{service}.wait(), exit_cannot_start);
  EXPECT_TRUE(world.log.wait_for("CREATE TABLE note"));
  Service other{world.parts(), ServiceWorld::options()};
  other.prepare([](Transaction&) { throw std::runtime_error{"no plan of the tables"}; });
  EXPECT_EQ(Running{other}.wait(), exit_cannot_start);
  EXPECT_TRUE(world.log.wait_for("no plan of the tables"));
}

/// A driver that says nothing of an outbox.
class PlainDriver final : public DatabaseDriver {
 public:
  explicit PlainDriver(std::unique_ptr<DatabaseDriver> driver) : driver_{std::move(driver)} {}
  std::unique_ptr<Connection> connect(Deadline deadline) override {
    return driver_->connect(deadline);
  }
  [[nodiscard]] Dialect const& dialect() const override { return driver_->dialect(); }
  [[nodiscard]] std::string name() const override { return driver_->name(); }

 private:
  std::unique_ptr<DatabaseDriver> driver_;
};

TEST(RelayOutbox, asks_for_a_source_where_the_driver_has_none) {
  ServiceWorld world;
  Database database{std::make_unique<PlainDriver>(
                        sqlite::driver({.path = world.path()}, world.clock, world.random)),
                    {},
                    world.clock,
                    world.random};
  Service service{{database, *world.broker, {world.clock, world.random, {}}}, {}};
  try {
    service.relay_outbox();
    FAIL() << "it relays what it cannot follow";
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    EXPECT_NE(std::string{error.what()}.find("give the relay an OutboxSource"), std::string::npos);
  }
  service.relay_outbox({.outbox = outbox_of(world.database)});
}

}  // namespace
}  // namespace tram
