#include "tram/wire/id_generator.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <thread>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "vectors.hpp"

namespace tram {
namespace {

using namespace std::chrono_literals;

WallTime at(std::int64_t milliseconds) { return WallTime{std::chrono::milliseconds{milliseconds}}; }

TEST(IdGenerator, composes_milliseconds_machine_number_and_counter) {
  ManualClock const clock{at(1'700'000'000'000)};
  IdGenerator generator{clock, MachineNumber{12345}};
  for (int i = 0; i < 7; ++i) generator.next();
  EXPECT_EQ(generator.next().to_string(), "0000018bcfe56800-0000000030390007");
}

TEST(IdGenerator, goes_on_in_the_next_millisecond_when_a_counter_is_full) {
  ManualClock clock{at(1000)};
  IdGenerator generator{clock, MachineNumber{0x0242ac110080}};
  for (int i = 0; i < 65535; ++i) generator.next();
  EXPECT_EQ(generator.next().to_string(), "00000000000003e8-0242ac110080ffff");
  EXPECT_EQ(generator.next().to_string(), "00000000000003e9-0242ac1100800000");
  clock.advance(1ms);
  EXPECT_EQ(generator.next().to_string(), "00000000000003e9-0242ac1100800001");
  clock.advance(1ms);
  EXPECT_EQ(generator.next().to_string(), "00000000000003ea-0242ac1100800000");
}

TEST(IdGenerator, keeps_increasing_when_the_clock_steps_back) {
  ManualClock clock{at(1000)};
  IdGenerator generator{clock, MachineNumber{1}};
  Int128 last = generator.next();
  for (int i = 0; i < 200'000; ++i) {
    if (i == 10) clock.set_wall(at(500));
    auto const id = generator.next();
    ASSERT_GT(id, last);
    last = id;
  }
  EXPECT_EQ(last.high, 1003);
}

TEST(IdGenerator, never_makes_the_same_id_in_two_threads) {
  SystemClock const clock;
  IdGenerator generator{clock, MachineNumber{1}};
  std::vector<std::vector<Int128>> ids(4);
  {
    std::vector<std::jthread> threads;
    for (auto& own : ids) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50'000; ++i) own.push_back(generator.next());
      });
    }
  }
  std::vector<Int128> all;
  for (auto const& own : ids) {
    EXPECT_TRUE(std::ranges::is_sorted(own));
    all.insert(all.end(), own.begin(), own.end());
  }
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

/// The ids that a child makes, by a generator and a machine number from before the fork.
class Worker {
 public:
  static constexpr int count = 500;

  Worker(IdGenerator& generator, Clock const& clock, MachineNumber machine) {
    if (::pipe(ends_.data()) != 0) ::abort();
    child_ = ::fork();
    if (child_ != 0) return;
    IdGenerator own{clock, machine};
    for (int i = 0; i < count; ++i) {
      auto const id = i % 2 == 0 ? generator.next() : own.next();
      if (::write(ends_[1], &id, sizeof id) != sizeof id) ::_exit(1);
    }
    ::_exit(0);
  }
  ~Worker() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Worker(Worker const&) = delete;
  Worker& operator=(Worker const&) = delete;

  std::vector<Int128> ids() const {
    std::vector<Int128> ids(count);
    int status{};
    ::waitpid(child_, &status, 0);
    EXPECT_EQ(status, 0);
    for (auto& id : ids) EXPECT_EQ(::read(ends_[0], &id, sizeof id), ssize_t{sizeof id});
    return ids;
  }

 private:
  std::array<int, 2> ends_{};
  pid_t child_{};
};

TEST(IdGenerator, makes_no_id_twice_in_processes_that_are_forked) {
  // A clock that stands still, and a number that was set: the worst that can be.
  ManualClock const clock{at(1'700'000'000'000)};
  MachineNumber const machine{12345};
  IdGenerator generator{clock, machine};
  generator.next();
  Worker const first{generator, clock, machine};
  Worker const second{generator, clock, machine};
  std::vector<Int128> all;
  for (int i = 0; i < Worker::count; ++i) all.push_back(generator.next());
  EXPECT_EQ(all.back().low >> 16, 12345);
  for (auto const* worker : {&first, &second}) {
    auto const ids = worker->ids();
    all.insert(all.end(), ids.begin(), ids.end());
  }
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

TEST(IdGenerator, goes_on_whatever_the_clock_says) {
  ManualClock clock{at(std::numeric_limits<std::int64_t>::max())};
  IdGenerator generator{clock, MachineNumber{1}};
  auto const first = generator.next();
  EXPECT_GT(generator.next(), first);
  clock.set_wall(at(std::numeric_limits<std::int64_t>::min()));
  EXPECT_GT(generator.next(), first);
  IdGenerator early{clock, MachineNumber{1}};
  auto const earliest = early.next();
  EXPECT_GT(early.next(), earliest);
}

TEST(IdGenerator, makes_the_ids_that_java_made_from_the_same_clock) {
  SeededRandom random{1};
  int checked = 0;
  for (auto const& line : testing::vectors("ids.jsonl")) {
    auto const id = Int128::parse(line["id"].get<std::string>());
    EXPECT_EQ(id.to_string(), line["id"].get<std::string>());
    EXPECT_EQ(id.high, line["hi"].get<std::int64_t>());
    EXPECT_EQ(id.low, line["lo"].get<std::int64_t>());
    if (line["EVENTUATE_MAC_ADDRESS"].is_null()) continue;
    ManualClock const clock{at(id.high)};
    IdGenerator generator{
        clock, MachineNumber::choose(testing::text_or_null(line["EVENTUATE_MAC_ADDRESS"]), random)};
    for (std::int64_t i = 0; i < (id.low & 0xffff); ++i) generator.next();
    EXPECT_EQ(generator.next(), id);
    ++checked;
  }
  EXPECT_GT(checked, 90);
}

TEST(MachineNumber, is_read_from_the_environment_as_java_reads_it) {
  SeededRandom random{1};
  EXPECT_EQ(MachineNumber::choose("2485377892352", random).value, 0x0242ac110000);
  EXPECT_EQ(MachineNumber::choose("+5", random).value, 5);
  EXPECT_EQ(MachineNumber::choose("-1", random).value, -1);
}

TEST(MachineNumber, that_is_no_decimal_number_is_refused_with_the_remedy) {
  SeededRandom random{1};
  for (auto const* text :
       {"", " ", "02:42:ac:11:00:80", "0242ac110080", "5 ", "+-5", "9223372036854775808", "1.0"}) {
    try {
      MachineNumber::choose(text, random);
      ADD_FAILURE() << "accepted: " << text;
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::malformed);
      EXPECT_NE(std::string{error.what()}.find("EVENTUATE_MAC_ADDRESS"), std::string::npos);
      EXPECT_NE(std::string{error.what()}.find("unset the variable"), std::string::npos);
    }
  }
}

TEST(MachineNumber, without_environment_is_drawn_anew_and_keeps_ids_positive) {
  SeededRandom random{1};
  std::int64_t all = 0;
  for (int i = 0; i < 1000; ++i) {
    auto const number = MachineNumber::choose(std::nullopt, random).value;
    EXPECT_GE(number, 0);
    EXPECT_LT(number, std::int64_t{1} << 47U);
    all |= number;
  }
  EXPECT_EQ(all, (std::int64_t{1} << 47U) - 1);
  EXPECT_NE(MachineNumber::choose(std::nullopt, random).value,
            MachineNumber::choose(std::nullopt, random).value);
}

TEST(DatabaseMessageId, composes_database_id_outbox_id_and_table) {
  EXPECT_EQ(database_message_id(1'700'000'000'001, OutboxId{1}, 3).to_string(),
            "0000018bcfe56801-0000000000000004");
  EXPECT_EQ(database_message_id(INT64_MAX, OutboxId{77}), (Int128{INT64_MAX, 77}));
  EXPECT_EQ(database_message_id(INT64_MAX, OutboxId{77}, 1), (Int128{INT64_MAX, 78}));
}

TEST(OutboxId, has_48_bits) {
  EXPECT_EQ(OutboxId{0}.value(), 0);
  EXPECT_EQ(OutboxId{(std::int64_t{1} << 48U) - 1}.value(), 281474976710655);
  for (std::int64_t const value : {std::int64_t{-1}, std::int64_t{1} << 48U}) {
    try {
      OutboxId{value};
      ADD_FAILURE() << "accepted: " << value;
    } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::rejected); }
  }
}

}  // namespace
}  // namespace tram
