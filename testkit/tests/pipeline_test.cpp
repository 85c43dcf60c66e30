#include "tram/relay/pipeline.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/embedded/in_memory.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/relay/change_source.hpp"
#include "tram/relay/relay_view.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sqlite/change_source.hpp"
#include "tram/sqlite/sqlite.hpp"
#include "tram/wire/id_generator.hpp"

namespace {
using namespace std::chrono_literals;
using tram::Error;
using tram::Fault;
using tram::Message;
using tram::Pipeline;
using tram::PipelineParts;
using tram::RelayOptions;
using tram::Transaction;

/// A database with an outbox.
struct Shop {
  Shop(tram::Clock& clock, tram::Random& random)
      : path{tram::sqlite::memory_path(random)},
        database{tram::sqlite::connect({.path = path}, tram::PoolOptions{}, clock, random)},
        ids{clock, tram::MachineNumber::choose(std::nullopt, random)},
        source{tram::sqlite::change_source({.path = path}, clock)} {
    tram::install_schema(database, tram::SchemaName::none());
    outbox.emplace(tram::Outbox::of(database, ids, random, {.schema = tram::SchemaName::none()}));
  }
  void send(std::string const& payload) {
    database.transact([&](Transaction& tx) {
      outbox->send(tx, "letters", Message{.headers = {}, .payload = payload});
    });
  }

  std::string path;
  tram::Database database;
  tram::IdGenerator ids;
  std::unique_ptr<tram::ChangeSource> source;
  std::optional<tram::Outbox> outbox;
};

class PipelineTest : public ::testing::Test {
 protected:
  PipelineParts parts(Shop& shop) {
    return {.source = std::move(shop.source),
            .broker = broker_,
            .database = shop.database,
            .schema = tram::SchemaName::none(),
            .clock = clock_,
            .random = random_};
  }
  void run(Pipeline& pipeline) {
    for (int round = 0; round < 100; ++round) {
      if (!pipeline.relay().step()) clock_.advance(100ms);
    }
  }

  tram::ManualClock clock_;
  tram::SeededRandom random_{1};
  tram::embedded::InMemoryBroker broker_{{}, clock_};
};

TEST_F(PipelineTest, stands_beside_others_in_one_process) {
  Shop orders{clock_, random_};
  Shop customers{clock_, random_};
  Pipeline first{parts(orders), {.name = "orders"}};
  Pipeline second{parts(customers), {.name = "customers"}};
  orders.send("one");
  customers.send("two");
  customers.send("three");
  run(first);
  run(second);
  EXPECT_EQ(first.view().name, "orders");
  EXPECT_EQ(first.view().status.counters.rows_published, 1U);
  EXPECT_EQ(second.view().name, "customers");
  EXPECT_EQ(second.view().status.counters.rows_published, 2U);
  for (auto* const pipeline : {&first, &second}) {
    EXPECT_TRUE(pipeline->has_begun());
    EXPECT_TRUE(pipeline->view().readiness.ready) << pipeline->view().readiness.reason;
    EXPECT_TRUE(pipeline->view().status.caught_up);
  }
}

TEST_F(PipelineTest, prepares_its_tables_until_that_works_and_then_no_more) {
  Shop shop{clock_, random_};
  auto with_tables = parts(shop);
  int calls = 0;
  with_tables.prepare_tables = [&] {
    if (++calls < 3) throw Error{Fault::transient, "test: no tables yet"};
  };
  Pipeline pipeline{std::move(with_tables), {}};
  EXPECT_FALSE(pipeline.has_begun());
  pipeline.relay().step();
  EXPECT_TRUE(pipeline.has_begun());
  EXPECT_NE(pipeline.view().readiness.reason.find("no tables yet"), std::string::npos)
      << pipeline.view().readiness.reason;
  shop.send("one");
  run(pipeline);
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(pipeline.view().status.counters.rows_published, 1U);
}

TEST_F(PipelineTest, is_refused_without_a_source) {
  Shop shop{clock_, random_};
  shop.source.reset();
  EXPECT_THROW(Pipeline(parts(shop), {}), Error);
}

TEST_F(PipelineTest, is_not_ready_when_nothing_moves_for_the_time_of_its_options) {
  Shop shop{clock_, random_};
  Pipeline pipeline{parts(shop), {.stall_after = 3s}};
  run(pipeline);
  EXPECT_TRUE(pipeline.view().readiness.ready);
  clock_.advance(4s);
  EXPECT_FALSE(pipeline.view().readiness.ready);
}

}  // namespace
