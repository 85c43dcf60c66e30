#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tram/base/error.hpp"
#include "tram/json/names.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/structs.hpp"
#include "tram/sql/violations.hpp"

// Every type that a parameter and a column have, in both directions, on any database.
namespace tram::testing {

enum class Mood { calm, wild };
constexpr auto enum_names(Mood /*of*/) {
  return json::names<Mood>({{Mood::calm, "CALM"}, {Mood::wild, "WILD"}});
}

using Bytes = std::vector<std::byte>;
using Moment = std::chrono::sys_time<std::chrono::microseconds>;
using Name = Id<struct NameTag>;

struct EveryValue {
  int id{};
  Name name;
  bool yes{};
  double ratio{};
  Decimal amount;
  Mood mood{};
  Uuid uuid;
  Bytes bytes;
  Moment at{};
  std::chrono::sys_days day;
  std::chrono::milliseconds took{};
  std::optional<Decimal> maybe_amount;
  std::optional<Mood> maybe_mood;
  std::optional<Uuid> maybe_uuid;
  std::optional<Bytes> maybe_bytes;
  std::optional<Moment> maybe_at;
  std::optional<std::chrono::nanoseconds> maybe_took;
  friend bool operator==(EveryValue const&, EveryValue const&) = default;
};

/// A table `every_value` with these types of columns.
struct EveryColumn {
  std::string boolean, real, decimal, uuid, bytes, moment, day, duration;
};

inline std::string table_of(EveryColumn const& types) {
  return "CREATE TABLE every_value (id INTEGER PRIMARY KEY, name TEXT NOT NULL, yes " +
         types.boolean + ", ratio " + types.real + ", amount " + types.decimal +
         ", mood TEXT, uuid " + types.uuid + ", bytes " + types.bytes + ", at " + types.moment +
         ", day " + types.day + ", took " + types.duration + ", maybe_amount " + types.decimal +
         ", maybe_mood TEXT, maybe_uuid " + types.uuid + ", maybe_bytes " + types.bytes +
         ", maybe_at " + types.moment + ", maybe_took " + types.duration + ")";
}

inline std::vector<EveryValue> every_value() {
  using namespace std::chrono_literals;
  Bytes all;
  for (int i = 0; i < 256; ++i) all.push_back(std::byte{static_cast<unsigned char>(i)});
  EveryValue empty;
  empty.id = 1;
  EveryValue const full{.id = 2,
                        .name = {"Zoë 'the' \"first\"\n"},
                        .yes = true,
                        .ratio = -0.1,
                        .amount = Decimal::parse("-12345678901234567890.0500"),
                        .mood = Mood::wild,
                        .uuid = Uuid::parse("0b9c0b9c-8f6e-4bb4-a2ab-0fbc0c1d2e3f"),
                        .bytes = all,
                        .at = Moment{1'796'040'000'000'001us},
                        .day = std::chrono::sys_days{std::chrono::year{1969} / 12 / 31},
                        .took = -1500ms,
                        .maybe_amount = Decimal::parse("0.10"),
                        .maybe_mood = Mood::calm,
                        .maybe_uuid = Uuid{},
                        .maybe_bytes = Bytes{std::byte{0}},
                        .maybe_at = Moment{-1us},
                        .maybe_took = 400h + 1us};
  return {empty, full};
}

inline void expect_every_value_back(Database& database, EveryColumn const& types) {
  auto const values = every_value();
  database.transact([&](Transaction& tx) {
    tx.execute(table_of(types));
    insert(tx, "every_value", values);
  });
  database.transact([&](Transaction& tx) {
    auto const rows = tx.execute("SELECT * FROM every_value ORDER BY id");
    EXPECT_EQ(rows.as<EveryValue>(), values);
    EXPECT_EQ(rows[1].get<Decimal>("AMOUNT").text(), "-12345678901234567890.0500");
    EXPECT_TRUE(rows[0].is_null("maybe_bytes"));
    EXPECT_EQ(tx.execute("SELECT * FROM every_value WHERE id = ?", 2).one<EveryValue>(), values[1]);
    EXPECT_FALSE(tx.execute("SELECT * FROM every_value WHERE id = 3").maybe_one<EveryValue>());
    EXPECT_EQ(tx.execute("SELECT count(*) FROM every_value").one<int>(), 2);
    // Each is found by its own value, too.
    EXPECT_EQ(tx.execute("SELECT id FROM every_value WHERE uuid = ? AND bytes = ? AND at = ? AND "
                         "mood = ? AND took = ? AND maybe_took = ?",
                         values[1].uuid, values[1].bytes, values[1].at, values[1].mood,
                         values[1].took, values[1].maybe_took)
                  .one<int>(),
              2);
  });
  Bytes const large(1 << 20, std::byte{0x5c});
  database.transact([&](Transaction& tx) {
    tx.execute("UPDATE every_value SET bytes = ?", large);
    EXPECT_EQ(tx.execute("SELECT bytes FROM every_value").as<Bytes>(), std::vector(2, large));
  });
}

/// Errors name statement, column and value.
inline void expect_misfits_named(Database& database) {
  auto const refusal = [&](auto read) -> std::string {
    try {
      database.transact([&](Transaction& tx) {
        read(tx.execute("SELECT 1 AS one, 'x' AS word, NULL AS gone, CAST('1.5' AS TEXT) AS "
                        "half"));
      });
    } catch (Error const& error) { return error.what(); }
    return "read";
  };
  auto const expect = [&](std::string const& words, auto read) {
    auto const text = refusal(read);
    EXPECT_NE(text.find(words), std::string::npos) << text;
    EXPECT_NE(text.find("SELECT 1 AS one"), std::string::npos) << text;
  };
  auto const ignore = [](auto const&) {};
  expect("column 1 ('word')", [&](Rows const& rows) { ignore(rows[0].get<int>("word")); });
  expect("holds 'x', which is no integer",
         [&](Rows const& rows) { ignore(rows[0].get<int>("word")); });
  expect("holds '1.5', which is no integer",
         [&](Rows const& rows) { ignore(rows[0].get<int>("half")); });
  expect("holds 'x', which is no point of time",
         [&](Rows const& rows) { ignore(rows[0].get<Moment>("word")); });
  expect("holds 1, which is no duration",
         [&](Rows const& rows) { ignore(rows[0].get<std::chrono::seconds>("one")); });
  expect("holds 'x', which is no UUID",
         [&](Rows const& rows) { ignore(rows[0].get<Uuid>("word")); });
  expect("holds 'x', which is none of CALM, WILD",
         [&](Rows const& rows) { ignore(rows[0].get<Mood>("word")); });
  expect("is NULL", [&](Rows const& rows) { ignore(rows[0].get<std::string>("gone")); });
  expect("no column 'two'; it returned one, word, gone, half",
         [&](Rows const& rows) { ignore(rows[0].get<int>("two")); });
}

}  // namespace tram::testing
