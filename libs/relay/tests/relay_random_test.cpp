#include <gtest/gtest.h>

#include <map>

#include "relay_world.hpp"

namespace {
using namespace std::chrono_literals;
using tram::Error;
using tram::Fault;
using tram::OutboxRow;
using tram::RecordView;
using tram::testing::LandedRecord;
using tram::testing::payload_of;
using tram::testing::RelayWorld;
using tram::testing::row;

/// Rows of four keys. Of key "p" every fifth has no payload; of key "r" the broker refuses every
/// fourth until it is healed; the others are good.
class Writer {
 public:
  void commit_some(RelayWorld& world, tram::Random& random) {
    std::vector<OutboxRow> rows;
    for (auto count = 1 + random.below(4); count > 0; --count) rows.push_back(next(random));
    world.source.commit(std::move(rows));
  }
  /// Ids in the order they were committed, without those that can never be published.
  std::map<std::string, std::vector<std::string>> good;
  std::map<std::string, std::vector<std::string>> hopeless;

  static bool broker_refuses(RecordView const& record) {
    return record.key == "r" && record.value.find("refuse") != std::string::npos;
  }

 private:
  OutboxRow next(tram::Random& random) {
    std::string const key{"abpr"[random.below(4)]};
    auto const number = ++count_[key];
    auto const id = std::to_string(number) + (key == "r" && number % 4 == 0 ? "-refuse" : "");
    auto made = row(id, key);
    made.id = key + id;
    if (key == "p" && number % 5 == 0) {
      made.payload = std::nullopt;
      hopeless[key].push_back(made.id);
    } else {
      good[key].push_back(id);
    }
    return made;
  }
  std::map<std::string, int> count_;
};

/// For each key, the ids in the order of their first occurrences.
std::map<std::string, std::vector<std::string>> first_occurrences(
    std::vector<LandedRecord> const& landed) {
  std::map<std::string, std::vector<std::string>> firsts;
  for (auto const& record : landed) {
    auto& ids = firsts[record.key];
    auto const id = payload_of(record);
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
  }
  return firsts;
}

std::vector<std::string> without_refused(std::vector<std::string> ids) {
  std::erase_if(ids, [](auto const& id) { return id.find("refuse") != std::string::npos; });
  return ids;
}

std::vector<std::string> sorted(std::vector<std::string> ids) {
  std::ranges::sort(ids);
  return ids;
}

class RandomRun {
 public:
  explicit RandomRun(std::uint64_t seed) : random_{seed} {
    world_.options.window = 1 + random_.below(12);
    world_.options.read_rows_max = 1 + random_.below(6);
    world_.broker.producer_window = 1 + random_.below(12);
    world_.broker.lands_at_once = false;
    world_.broker.refuses = [this](RecordView const& record) -> std::optional<std::string> {
      if (!healed_ && Writer::broker_refuses(record)) return "broker: refused";
      return std::nullopt;
    };
    relay_ = world_.relay();
  }

  void check() {
    for (int event = 0; event < 300; ++event) disturb();
    heal();
    auto const firsts = first_occurrences(world_.broker.landed);
    for (auto const& [key, ids] : writer_.good) {
      ASSERT_TRUE(firsts.contains(key));
      EXPECT_EQ(sorted(firsts.at(key)), sorted(ids)) << "a row of '" << key << "' was lost";
      // Rows that were on their way when the broker refused one may land before it.
      EXPECT_EQ(without_refused(firsts.at(key)), without_refused(ids))
          << "order of '" << key << "'";
    }
    EXPECT_TRUE(world_.held.rows.empty());
    EXPECT_EQ(world_.source.confirmed, world_.source.log.size());
    EXPECT_TRUE(relay_->readiness().ready) << relay_->readiness().reason;
  }

 private:
  void disturb() {
    switch (random_.below(13)) {
      case 0:
      case 1: return writer_.commit_some(world_, random_);
      case 2:
      case 3:
      case 4: relay_->step(); return;
      case 5:
      case 6: return world_.broker.land(1 + random_.below(5));
      case 7: return world_.broker.shuffle_completions(random_);
      case 8: return world_.clock.advance(1ms * random_.below(4000));
      case 9: return rarely([&] { world_.broker.break_producer(random_.below(4)); });
      case 10:
        return rarely([&] { world_.source.errors.push_back(Error{Fault::broken, "source"}); });
      case 11:
        return rarely([&] { world_.held.errors.push_back(Error{Fault::transient, "held"}); });
      default: return rarely([&] { random_.below(2) == 0 ? crash() : operate(); });
    }
  }
  template <class Function>
  void rarely(Function function) {
    if (random_.below(3) == 0) function();
  }
  void crash() {
    relay_.reset();
    world_.broker.crash();
    world_.source.reopen();
    relay_ = world_.relay();
  }
  void operate() {
    for (auto& stored : world_.held.rows) stored.retry_requested = random_.below(2) == 0;
  }
  /// All is well again, refused rows are requested, hopeless ones dropped.
  void heal() {
    healed_ = true;
    world_.broker.lands_at_once = true;
    for (int round = 0; round < 20; ++round) {
      world_.run_until_quiet(*relay_);
      std::erase_if(world_.held.rows, [](auto const& stored) { return !stored.held.row.payload; });
      for (auto& stored : world_.held.rows) stored.retry_requested = true;
    }
  }

  RelayWorld world_;
  tram::SeededRandom random_;
  Writer writer_;
  bool healed_{};
  std::unique_ptr<tram::Relay> relay_;
};

TEST(RelayAtRandom, loses_nothing_and_keeps_first_occurrences_in_order) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomRun run{seed};
    run.check();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
