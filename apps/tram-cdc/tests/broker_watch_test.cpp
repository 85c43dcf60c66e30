#include "broker_watch.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "tram/base/error.hpp"

namespace tram::relay_program {
namespace {

using namespace std::chrono_literals;

TEST(BrokerWatch, asks_the_broker_again_when_its_answer_is_old) {
  ManualClock clock;
  int asked = 0;
  bool away = false;
  BrokerWatch watch{[&](std::stop_token const&) {
                      ++asked;
                      if (away) throw Error{Fault::transient, "nobody answers"};
                    },
                    clock, 5s};
  EXPECT_EQ(watch.trouble(), "");
  away = true;
  EXPECT_EQ(watch.trouble(), "");
  EXPECT_EQ(asked, 1);
  clock.advance(5s);
  EXPECT_EQ(watch.trouble(), "nobody answers");
  away = false;
  EXPECT_EQ(watch.trouble(), "nobody answers");
  clock.advance(5s);
  EXPECT_EQ(watch.trouble(), "");
  EXPECT_EQ(asked, 3);
}

TEST(BrokerWatch, gives_others_the_last_answer_while_one_asks) {
  SystemClock clock;
  std::latch asks{1};
  std::latch may_answer{1};
  BrokerWatch watch{[&](std::stop_token const&) {
                      asks.count_down();
                      may_answer.wait();
                      throw Error{Fault::transient, "nobody answers"};
                    },
                    clock, 1h};
  std::jthread const first{[&] { EXPECT_EQ(watch.trouble(), "nobody answers"); }};
  asks.wait();
  EXPECT_EQ(watch.trouble(), "");
  may_answer.count_down();
}

}  // namespace
}  // namespace tram::relay_program
