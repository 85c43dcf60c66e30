#pragma once

#include <algorithm>
#include <ostream>
#include <string>

#include "postgres_relay_world.hpp"
#include "tram/postgres/outbox_check.hpp"

namespace tram::testing {

/// What happens while no relay runs to a table that belongs to the outbox.
struct Absence {
  std::string name;
  std::string before{};
  /// Before the rows are written …
  std::string first{};
  /// … and behind that.
  std::string then{};
  std::string table{"eventuate.message"};
  friend std::ostream& operator<<(std::ostream& out, Absence const& absence) {
    return out << absence.name;
  }
};

inline void insert_into(std::string const& table, std::string const& id) {
  server().sql(
      "INSERT INTO " + table + " (id, destination, headers, payload, creation_time) VALUES ('" +
      id + "', 'orders', '{\"ID\":\"" + id + "\",\"PARTITION_ID\":\"k\"}', '" + id + "', 1000)");
}
class PostgresLeftPart : public PostgresRelay {
 protected:
  ~PostgresLeftPart() override { stop(); }

  static void remove_attic() { server().sql("DROP SCHEMA IF EXISTS attic CASCADE"); }
  [[nodiscard]] std::ptrdiff_t times(std::string const& id) const {
    return std::ranges::count_if(broker_.landed,
                                 [&](auto const& record) { return payload_of(record) == id; });
  }
  std::string told_by_check(std::string const& subject = "tables that left") {
    if (source_config_.connection.empty()) source_config_.connection = server().connection();
    std::string told;
    for (auto const& finding : postgres::check_outbox(source_config_, clock_, random_)) {
      if (finding.subject == subject) told += finding.text;
    }
    return told;
  }
  /// Follows every remedy that a relay asks for.
  void come_back(std::uint64_t rows) {
    begin();
    std::string last;
    EXPECT_TRUE(eventually([&] {
      auto const statement = remedy(relay_->readiness().reason);
      if (!statement.empty() && statement != last) server().sql(last = statement);
      return relay_->status().counters.rows_published >= rows && relay_->readiness().ready;
    })) << relay_->readiness().reason;
  }
  void live_through(Absence const& absence) {
    remove_attic();
    run_each(absence.before);
    start();
    insert_into("eventuate.message", "before");
    ASSERT_TRUE(published(1));
    stop();
    run_each(absence.first);
    for (auto const* const id : {"hidden 1", "hidden 2", "hidden 3"})
      insert_into(absence.table, id);
    run_each(absence.then);
    come_back(3);
    EXPECT_TRUE(all_published());
    stop();
    for (auto const* const id : {"before", "hidden 1", "hidden 2", "hidden 3", "after"}) {
      EXPECT_GE(times(id), 1) << id << " is not published";
      // Of tables that left, of what the operator told, and of the log.
      EXPECT_LE(times(id), 4) << id;
    }
    EXPECT_EQ(first_occurrences("k"),
              (Texts{"before", "hidden 1", "hidden 2", "hidden 3", "after", "last"}));
  }
  /// Rows that are written now, and all before them.
  static bool all_published(std::string const& more = "") {
    insert_into("eventuate.message", "after" + more);
    auto const position = server().sql("SELECT pg_current_wal_insert_lsn()");
    insert_into("eventuate.message", "last" + more);
    return eventually([&] {
      return server().sql("SELECT confirmed_flush_lsn >= '" + position +
                          "' FROM pg_replication_slots WHERE slot_name = 'tram'") == "t";
    });
  }
};

inline constexpr auto partitioned =
    "ALTER TABLE eventuate.message RENAME TO plain;"
    "CREATE TABLE eventuate.message (LIKE eventuate.plain INCLUDING DEFAULTS) PARTITION BY RANGE "
    "(creation_time); DROP TABLE eventuate.plain;"
    "CREATE TABLE eventuate.message_1 PARTITION OF eventuate.message FOR VALUES FROM (0) TO "
    "(2000);";
inline constexpr auto by_partition =
    "CREATE PUBLICATION tram FOR TABLE eventuate.message WITH (publish = 'insert');";
inline constexpr auto detach =
    "ALTER TABLE eventuate.message DETACH PARTITION eventuate.message_1;";
inline constexpr auto next_partition =
    "CREATE TABLE eventuate.message_2 PARTITION OF eventuate.message DEFAULT;";
inline constexpr auto with_own_partitions =
    "CREATE TABLE eventuate.message_1 PARTITION OF eventuate.message DEFAULT PARTITION BY RANGE "
    "(creation_time);"
    "CREATE TABLE eventuate.message_11 PARTITION OF eventuate.message_1 DEFAULT;";
inline constexpr auto made_meanwhile =
    "ALTER TABLE eventuate.message DETACH PARTITION eventuate.message_1;"
    "CREATE TABLE eventuate.message_0 PARTITION OF eventuate.message FOR VALUES FROM (0) TO "
    "(2000);";
inline constexpr auto forget_parts =
    "DELETE FROM eventuate.tram_relay_position WHERE relay LIKE '%#part1@%'";
inline constexpr auto heir = "CREATE TABLE eventuate.message_heir () INHERITS (eventuate.message);"
                             "CREATE PUBLICATION tram FOR TABLE eventuate.message;";

inline std::string all(std::initializer_list<char const*> parts) {
  std::string text;
  for (auto const* const part : parts) text += part;
  return text;
}

inline std::string shown_by_partition() { return all({partitioned, by_partition}); }

}  // namespace tram::testing
