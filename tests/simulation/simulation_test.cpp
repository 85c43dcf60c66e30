#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "world.hpp"

namespace {
using tram::simulation::Finding;
using tram::simulation::Findings;
using tram::simulation::PerTrouble;
using tram::simulation::run;
using tram::simulation::Sabotage;
using tram::simulation::Trouble;

/// True when one of the first seeds shows a finding of this kind, with these words.
bool notices(Sabotage sabotage, Finding::Kind kind, std::uint64_t seeds_max,
             std::string_view words = {}) {
  for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
    for (auto const& finding : run({.seed = seed, .sabotage = sabotage}).findings) {
      if (finding.kind == kind && finding.what.find(words) != std::string::npos) return true;
    }
  }
  return false;
}

TEST(Simulation, is_the_same_for_the_same_seed) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    auto const first = run({.seed = seed});
    auto const second = run({.seed = seed});
    EXPECT_EQ(first.hash, second.hash) << "seed " << seed;
    EXPECT_EQ(first.last_events, second.last_events) << "seed " << seed;
    hashes.insert(first.hash);
  }
  EXPECT_EQ(hashes.size(), 20U) << "different seeds give different lives";
}

/// A world that is too gentle finds nothing.
TEST(Simulation, meets_every_kind_of_trouble_and_every_answer_to_it) {
  PerTrouble troubles{};
  std::map<std::string, std::size_t> logged;
  std::map<std::string, std::size_t> noted;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    auto const result = run({.seed = seed});
    for (std::size_t i = 0; i < troubles.size(); ++i) troubles[i] += result.happened[i];
    for (auto const& [event, times] : result.logged) logged[event] += times;
    for (auto const& [what, times] : result.noted) noted[what] += times;
  }
  for (std::size_t i = 0; i < troubles.size(); ++i) {
    EXPECT_GT(troubles[i], 20U) << to_string(static_cast<Trouble>(i));
  }
  for (auto const* const event :
       {"relay.held", "relay.trouble", "relay.recovered", "subscription.held",
        "subscription.failed", "subscription.unavailable", "subscription.paused",
        "subscription.resumed", "subscription.replayed", "subscription.trouble",
        "subscription.recovered"}) {
    EXPECT_GT(logged[event], 20U) << event;
  }
  for (auto const* const what : {"stuck", "intercepted", "event seen", "granted at once",
                                 "refused at once", "granted later", "refused later"}) {
    EXPECT_GT(noted[what], 50U) << what;
  }
  for (auto const* const what : {"restored", "clock set forward", "clock set back"}) {
    EXPECT_GT(noted[what], 20U) << what;
  }
  for (auto const& [event, times] : logged) RecordProperty(event, std::to_string(times));
}

TEST(Simulation, notices_a_consumer_that_acknowledges_what_is_delivered) {
  EXPECT_TRUE(notices(Sabotage::acknowledges_early, Finding::Kind::lost, 200));
}

TEST(Simulation, notices_an_inbox_that_forgets) {
  EXPECT_TRUE(notices(Sabotage::forgets_inbox, Finding::Kind::repeated, 200));
}

TEST(Simulation, notices_a_command_that_is_answered_twice) {
  EXPECT_TRUE(notices(Sabotage::forgets_inbox, Finding::Kind::repeated, 200, "is answered"));
}

TEST(Simulation, notices_a_refused_command_that_left_something) {
  EXPECT_TRUE(
      notices(Sabotage::keeps_refused, Finding::Kind::phantom, 200, "handled by credit than"));
}

TEST(Simulation, notices_a_ledger_that_passes_over_holes) {
  EXPECT_TRUE(notices(Sabotage::acknowledges_over_holes, Finding::Kind::lost, 500));
}

TEST(Simulation, notices_a_producer_that_takes_the_refused_for_written) {
  EXPECT_TRUE(notices(Sabotage::believes_implied, Finding::Kind::lost, 200));
}

TEST(Simulation, notices_a_relay_that_confirms_what_it_has_read) {
  EXPECT_TRUE(notices(Sabotage::confirms_early, Finding::Kind::lost, 500));
}

TEST(Simulation, notices_a_log_that_passes_over_a_row_within_a_transaction) {
  EXPECT_TRUE(notices(Sabotage::settles_early, Finding::Kind::lost, 500));
}

TEST(Simulation, notices_messages_that_are_blamed_for_the_database) {
  EXPECT_TRUE(notices(Sabotage::blames_messages, Finding::Kind::inconsistent, 200,
                      "held for what is no attempt"));
}

TEST(Simulation, notices_one_message_that_stops_all) {
  EXPECT_TRUE(notices(Sabotage::one_stops_all, Finding::Kind::starved, 200));
}

TEST(Simulation, notices_requests_for_replays_that_get_lost) {
  EXPECT_TRUE(notices(Sabotage::loses_requests, Finding::Kind::held, 200));
}

TEST(Simulation, notices_a_contribution_that_hands_over_what_it_forgot_already) {
  EXPECT_TRUE(notices(Sabotage::hands_over_apart, Finding::Kind::lost, 500, "handled by delayed"));
}

TEST(Simulation, notices_a_source_that_takes_silence_for_nothing) {
  EXPECT_TRUE(notices(Sabotage::believes_silence, Finding::Kind::lost, 200));
}

TEST(Simulation, notices_a_relay_that_starts_and_takes_silence_for_nothing) {
  EXPECT_TRUE(notices(Sabotage::forgets_silence, Finding::Kind::lost, 500));
}

TEST(Simulation, notices_an_outbox_that_forgets_when_the_clock_is_set) {
  EXPECT_TRUE(notices(Sabotage::believes_clock, Finding::Kind::lost, 200, "is not published"));
}

TEST(Simulation, notices_an_inbox_that_forgets_when_the_clock_is_set) {
  EXPECT_TRUE(notices(Sabotage::believes_clock, Finding::Kind::repeated, 200));
}

TEST(Simulation, notices_rows_of_a_clock_that_was_ahead_that_are_kept) {
  EXPECT_TRUE(notices(Sabotage::keeps_ahead, Finding::Kind::kept, 200));
}

TEST(Simulation, notices_a_relay_that_trusts_its_memory_more_than_a_restored_database) {
  EXPECT_TRUE(notices(Sabotage::trusts_memory, Finding::Kind::lost, 500));
}

}  // namespace
