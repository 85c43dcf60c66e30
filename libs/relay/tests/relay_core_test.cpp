#include "relay_core.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

namespace {
using namespace std::chrono_literals;
using tram::RelayCore;
using tram::RelayFacts;
using tram::SteadyTime;
using Reading = RelayCore::Reading;

constexpr SteadyTime now{1h};
constexpr SteadyTime before{now - 1ms};

constexpr std::array flags{&RelayFacts::draining,          &RelayFacts::has_producer,
                           &RelayFacts::broker_doubted,    &RelayFacts::held_known,
                           &RelayFacts::rows_pending,      &RelayFacts::window_open,
                           &RelayFacts::window_empty,      &RelayFacts::read_after_completion,
                           &RelayFacts::source_empty,      &RelayFacts::all_seen,
                           &RelayFacts::source_troubled,   &RelayFacts::waiting_to_be_held,
                           &RelayFacts::replays_in_flight, &RelayFacts::replays_to_settle,
                           &RelayFacts::has_old_rows};
constexpr std::array times{&RelayFacts::source_not_before, &RelayFacts::broker_not_before,
                           &RelayFacts::held_not_before,   &RelayFacts::retention_not_before,
                           &RelayFacts::next_rows,         &RelayFacts::next_poll,
                           &RelayFacts::next_held_check,   &RelayFacts::next_retention};

bool can_be(RelayFacts const& facts) {
  if (facts.all_seen && !facts.source_empty) return false;
  // An empty window has room, and nothing in it.
  return !facts.window_empty ||
         (facts.window_open && !facts.waiting_to_be_held && !facts.replays_in_flight);
}

/// Everything that a relay can know, as far as its decisions tell it apart: all times have come,
/// none has, or one of them has not, or only one has.
template <class Check>
void for_all_facts(Check const& check) {
  for (std::size_t bits = 0; bits < std::size_t{1} << flags.size(); ++bits) {
    RelayFacts facts{.now = now};
    for (std::size_t i = 0; i < flags.size(); ++i) facts.*flags[i] = (bits >> i & 1U) != 0;
    if (!can_be(facts)) continue;
    for (std::size_t chosen = 0; chosen <= times.size(); ++chosen) {
      for (bool const others_came : {true, false}) {
        for (std::size_t i = 0; i < times.size(); ++i) {
          bool const came = others_came != (i == chosen);
          // Each at a time of its own.
          facts.*times[i] = came ? before : now + static_cast<int>(i + 1) * 10ms;
        }
        check(facts);
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

std::string text_of(RelayFacts const& facts) {
  std::string text{"flags "};
  for (auto const flag : flags) text += facts.*flag ? '1' : '0';
  text += ", times to come ";
  for (auto const time : times) text += facts.*time > now ? '1' : '0';
  return text;
}

/// What is decided, one bit each.
unsigned decisions(RelayFacts const& facts) {
  RelayCore const core{facts};
  unsigned bits = 0;
  auto const add = [&](bool decided) { bits = bits << 1U | (decided ? 1U : 0U); };
  add(core.makes_producer());
  add(core.loads_held());
  // After a read that found nothing, the next one has time until the source wants to be called.
  add(core.reading() == Reading::rows && (!facts.source_empty || facts.now >= facts.next_poll));
  add(core.reading() == Reading::keep_alive);
  add(core.replays_held());
  add(core.stores_held());
  add(core.settles_replays());
  add(core.removes_old_rows());
  add(core.asks_broker());
  return bits;
}

TEST(RelayCore, begins_nothing_new_while_it_drains) {
  for_all_facts([](RelayFacts const& facts) {
    RelayCore const core{facts};
    if (!facts.draining) return;
    EXPECT_FALSE(core.makes_producer() || core.loads_held() || core.publishes() ||
                 core.replays_held() || core.removes_old_rows() || core.waits_for_rows());
    EXPECT_NE(core.reading(), Reading::rows);
  });
}

TEST(RelayCore, tries_no_side_before_its_time) {
  for_all_facts([](RelayFacts const& facts) {
    RelayCore const core{facts};
    if (now < facts.broker_not_before) {
      EXPECT_FALSE(core.makes_producer() || core.asks_broker());
    }
    if (now < facts.held_not_before) {
      EXPECT_FALSE(core.loads_held() || core.replays_held() || core.stores_held() ||
                   core.settles_replays());
    }
    if (now < facts.retention_not_before || now < facts.next_retention) {
      EXPECT_FALSE(core.removes_old_rows());
    }
    if (now < facts.source_not_before && !facts.draining) {
      EXPECT_EQ(core.reading(), Reading::nothing);
    }
  });
}

TEST(RelayCore, publishes_only_while_it_knows_what_is_held) {
  for_all_facts([](RelayFacts const& facts) {
    RelayCore const core{facts};
    EXPECT_EQ(core.publishes(),
              facts.has_producer && facts.held_known && facts.rows_pending && !facts.draining);
  });
}

TEST(RelayCore, takes_rows_only_when_there_is_room_and_the_last_ones_are_taken) {
  for_all_facts([](RelayFacts const& facts) {
    RelayCore const core{facts};
    if (core.reading() != Reading::rows) return;
    EXPECT_TRUE(facts.window_open && !facts.rows_pending && now >= facts.next_rows);
    EXPECT_TRUE(core.waits_for_rows());
    // A source that starts again would give rows twice that are on their way.
    EXPECT_TRUE(!facts.read_after_completion || facts.window_empty);
  });
}

TEST(RelayCore, replays_only_while_no_held_row_is_on_its_way) {
  for_all_facts([](RelayFacts const& facts) {
    RelayCore const core{facts};
    if (core.replays_held()) {
      EXPECT_TRUE(facts.has_producer && facts.held_known);
      EXPECT_FALSE(facts.waiting_to_be_held || facts.replays_in_flight || facts.replays_to_settle);
    }
    EXPECT_FALSE(core.settles_replays() && (core.stores_held() || facts.replays_in_flight));
  });
}

TEST(RelayCore, removes_nothing_while_the_source_is_in_trouble) {
  for_all_facts([](RelayFacts const& facts) {
    if (!RelayCore{facts}.removes_old_rows()) return;
    EXPECT_TRUE(facts.has_old_rows && !facts.source_troubled);
  });
}

TEST(RelayCore, asks_a_doubted_broker_only_when_no_record_will_tell) {
  for_all_facts([](RelayFacts const& facts) {
    RelayCore const core{facts};
    if (!core.asks_broker()) return;
    EXPECT_TRUE(core.caught_up() && facts.broker_doubted && facts.has_producer);
  });
}

TEST(RelayCore, is_caught_up_only_when_all_is_seen_and_done) {
  for_all_facts([](RelayFacts const& facts) {
    EXPECT_EQ(RelayCore{facts}.caught_up(),
              facts.all_seen && facts.window_empty && !facts.rows_pending);
  });
}

TEST(RelayCore, waits_unless_there_is_something_to_do_and_never_longer_than_a_second) {
  for_all_facts([](RelayFacts const& facts) {
    auto const next = RelayCore{facts}.next_step();
    EXPECT_LE(next, now + 1s);
    EXPECT_TRUE(decisions(facts) != 0 || next > now) << "the loop would spin: " << text_of(facts);
  });
}

/// Time passes and nothing else happens.
TEST(RelayCore, does_not_sleep_through_the_time_of_anything) {
  for_all_facts([](RelayFacts const& facts) {
    auto const next = RelayCore{facts}.next_step();
    for (auto const time : times) {
      if (facts.*time <= now) continue;
      auto later = facts;
      later.now = facts.*time;
      bool const is_new = (decisions(later) & ~decisions(facts)) != 0;
      EXPECT_TRUE(!is_new || next <= later.now) << text_of(facts);
    }
  });
}

}  // namespace
