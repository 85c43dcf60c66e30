#include <algorithm>
#include <future>

#include "postgres_relay_world.hpp"
#include "tcp_proxy.hpp"

namespace tram::testing {
namespace {

/// Time passes for the relay without passing: as if each of its steps had taken so long.
class LeapingClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return clock_.wall(); }
  [[nodiscard]] SteadyTime steady() const override { return clock_.steady() + leapt_; }
  void pause(Duration duration, std::stop_token const& stop) override {
    clock_.pause(duration, stop);
  }
  void leap(Duration duration) { leapt_ += duration; }

 private:
  SystemClock clock_;
  Duration leapt_{};
};

/// Rows wait for a broker that takes none, and the server is to stop.
class ServerStop : public SteppedPostgresRelay {
 protected:
  static constexpr Duration soon = 20s;

  ServerStop() { options_.window = 50; }
  void let_wait(std::size_t rows) {
    insert_one_transaction(rows, "repeat('x', 1000)");
    rows_ = rows;
    ASSERT_TRUE(eventually([&] {
      relay_->step();
      return relay_->status().in_flight == std::min<std::size_t>(rows, 50);
    }));
    step_for(100ms);
  }
  void begin_stop() {
    begun_ = clock_.steady();
    stopping_ = std::async(std::launch::async, [] { server().stop("fast"); });
  }
  bool stops_now(Duration wait = 1ms) {
    return stopping_.wait_for(wait) != std::future_status::ready;
  }
  void step_slowly() {
    relay_->step();
    // Later it may recover, so that the test ends.
    if (stopping_for() < soon) leaping_.leap(6s);
  }
  Duration stopping_for() { return clock_.steady() - begun_; }
  void expect_stopped() {
    EXPECT_LT(stopping_for(), soon);
    EXPECT_NO_THROW(stopping_.get());
    EXPECT_FALSE(relay_->readiness().ready);
  }
  /// However slow the machine is: rows land all the time.
  void expect_it_comes_back() {
    server().start();
    broker_.lands_at_once = true;
    bool caught_up = false;
    std::size_t before = 0;
    do {
      before = broker_.landed.size();
      caught_up = eventually([&] {
        relay_->step();
        return relay_->readiness().ready && relay_->status().caught_up;
      });
    } while (!caught_up && broker_.landed.size() > before);
    EXPECT_TRUE(caught_up) << relay_->readiness().reason;
    EXPECT_EQ(broker_.landed.size(), rows_);
  }

  LeapingClock leaping_;

 private:
  std::size_t rows_{};
  SteadyTime begun_{};
  std::future<void> stopping_;
};

/// A few rows, or so many that the server is stuck in sending them.
class ServerStopWithRows : public ServerStop, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(ServerStopWithRows, is_not_kept_by_rows_that_wait_for_the_broker) {
  make();
  let_wait(GetParam());
  begin_stop();
  while (stops_now()) relay_->step();
  expect_stopped();
  expect_it_comes_back();
}

INSTANTIATE_TEST_SUITE_P(Waiting, ServerStopWithRows, ::testing::Values(3, 40'000));

TEST_F(ServerStop, is_not_kept_by_a_relay_whose_steps_take_seconds) {
  // As they do while it waits for a broker, or for a table, that does not answer.
  make(leaping_, server().connection());
  let_wait(3);
  begin_stop();
  while (stops_now()) step_slowly();
  expect_stopped();
  expect_it_comes_back();
}

using SlowSteps = ServerStop;

TEST_F(SlowSteps, let_the_relay_store_its_position_all_the_same) {
  make(leaping_, server().connection());
  broker_.lands_at_once = true;
  insert_one_transaction(3, "'x'");
  auto const end = server().sql("SELECT pg_current_wal_lsn()");
  // In seconds a server answers; the clock alone would give it no time to.
  auto const has_answered = [] {
    return server().sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> "
                        "pg_backend_pid() AND backend_type = 'client backend'") == "0";
  };
  EXPECT_TRUE(eventually([&] {
    relay_->step();
    EXPECT_TRUE(eventually(has_answered));
    leaping_.leap(6s);
    return server().sql("SELECT confirmed_flush_lsn >= '" + end +
                        "' FROM pg_replication_slots WHERE slot_name = 'tram'") == "t";
  }));
}

TEST_F(ServerStop, is_not_kept_by_such_a_relay_where_the_server_is_slow_too) {
  TcpProxy proxy{server().port()};
  make(leaping_,
       "host=127.0.0.1 port=" + std::to_string(proxy.port()) + " user=postgres dbname=postgres");
  let_wait(3);
  proxy.withhold_requests(1);
  auto const before = proxy.connections();
  begin_stop();
  while (proxy.connections() == before) relay_->step();
  leaping_.leap(6s);
  relay_->step();
  proxy.withhold_requests(0);
  // Each answer of the server comes between two steps.
  while (stops_now(300ms)) step_slowly();
  expect_stopped();
  expect_it_comes_back();
}

TEST_F(ServerStop, is_not_kept_by_an_attempt_to_connect_that_nobody_carries_on) {
  TcpProxy proxy{server().port()};
  make(clock_,
       "host=127.0.0.1 port=" + std::to_string(proxy.port()) + " user=postgres dbname=postgres");
  let_wait(3);
  proxy.withhold_requests(1);
  auto const before = proxy.connections();
  begin_stop();
  while (proxy.connections() == before) relay_->step();
  step_for(500ms);
  // The relay gives up its session, to begin anew, before the server has heard from the attempt.
  broker_.break_producer(0);
  relay_->step();
  proxy.withhold_requests(0);
  while (stops_now()) relay_->step();
  expect_stopped();
  expect_it_comes_back();
}

}  // namespace
}  // namespace tram::testing
