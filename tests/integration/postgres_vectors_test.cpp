#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <map>

#include "postgres_server.hpp"
#include "tram/postgres/change_source.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/wire/id_generator.hpp"
#include "tram/wire/record.hpp"
#include "vectors.hpp"

namespace tram::testing {
namespace {

using namespace std::chrono_literals;

constexpr char const* text_columns =
    "id VARCHAR(1000) PRIMARY KEY, destination TEXT NOT NULL, headers TEXT NOT NULL, payload TEXT "
    "NOT NULL, "
    "published SMALLINT DEFAULT 0, message_partition SMALLINT, creation_time BIGINT";
constexpr char const* json_columns = "id VARCHAR(1000) PRIMARY KEY, destination TEXT NOT NULL, "
                                     "published SMALLINT DEFAULT 0, message_partition SMALLINT, "
                                     "creation_time BIGINT, payload JSON, headers JSON";
constexpr char const* database_id_columns =
    "dbid BIGINT PRIMARY KEY, id VARCHAR(1000), destination TEXT NOT NULL, headers TEXT NOT NULL, "
    "payload TEXT NOT NULL, "
    "published SMALLINT DEFAULT 0, message_partition SMALLINT, creation_time BIGINT";

struct Run {
  char const* name;
  char const* columns;
  std::size_t records;
};

class PostgresVectors : public ::testing::TestWithParam<Run> {
 protected:
  void insert(Json const& row) {
    auto const sql = std::string{"INSERT INTO eventuate.message (id, destination, headers, "
                                 "payload, published, message_partition, creation_time"} +
                     (row.contains("dbid") ? ", dbid) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                                           : ") VALUES (?, ?, ?, ?, ?, ?, ?)") +
                     " ON CONFLICT DO NOTHING";
    auto const text = [&](char const* column) { return row[column].get<std::string>(); };
    auto const number = [&](char const* column) {
      return row[column].is_null() ? std::optional<std::int64_t>{}
                                   : row[column].get<std::int64_t>();
    };
    auto const id = text("id");
    auto const destination = text("destination");
    auto const headers = text("headers");
    auto const payload = text("payload");
    std::vector<Parameter> parameters{id,
                                      destination,
                                      headers,
                                      payload,
                                      number("published"),
                                      number("message_partition"),
                                      number("creation_time")};
    if (row.contains("dbid")) parameters.emplace_back(number("dbid"));
    connection_->begin(Access::read_write, soon());
    connection_->post(sql, parameters, soon());
    connection_->commit(soon());
  }
  Deadline soon() { return Deadline::after(clock_, 10s); }

  static RelayRecord relayed(OutboxRow const& row) {
    std::optional<Int128> id;
    if (row.database_id) id = database_message_id(*row.database_id, OutboxId{5});
    return relay_record({.headers_json = row.headers, .payload = row.payload, .database_id = id});
  }

  PostgresServer server_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<Connection> connection_{
      postgres::driver({.connection = server_.connection()}, clock_, random_)->connect(soon())};
};

TEST_P(PostgresVectors, rows_that_java_wrote_become_the_records_that_its_relay_published) {
  auto const& run = GetParam();
  server_.sql(std::string{"CREATE SCHEMA eventuate; CREATE TABLE eventuate.message ("} +
              run.columns + ")");
  auto const source = postgres::change_source({.connection = server_.connection()}, clock_);
  source->read(1);
  for (auto const& line : vectors("message_rows.jsonl")) {
    if (line["run"] == run.name) insert(line["row"]);
  }

  std::map<std::string, Json> expected;
  for (auto const& line : vectors("kafka_records.jsonl")) {
    if (line["run"] == run.name) expected[line["id"]] = line;
  }
  std::size_t checked = 0;
  EXPECT_TRUE(eventually([&] {
    for (auto const& row : source->read(1000).rows) {
      auto const record = relayed(row);
      auto const id = Json::parse(record.value)["headers"]["ID"].get<std::string>();
      EXPECT_TRUE(expected.contains(id)) << id;
      auto const& line = expected[id];
      auto const value = from_base64(line["value_base64"].get<std::string>());
      EXPECT_EQ(row.destination, line["topic"].get<std::string>());
      EXPECT_EQ(record.key, from_base64(line["key_base64"].get<std::string>()));
      // Java puts an ID that the database made somewhere among the others; their order has no
      // meaning.
      if (row.database_id) {
        EXPECT_EQ(parse_record(record.value), parse_record(value));
      } else {
        EXPECT_EQ(record.value, value) << id;
      }
      ++checked;
    }
    if (checked >= run.records) return true;
    pollfd waiting{.fd = source->descriptor(), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, 50);
    return false;
  }));
  EXPECT_EQ(checked, run.records);
  EXPECT_EQ(expected.size(), run.records);
}

INSTANTIATE_TEST_SUITE_P(Runs, PostgresVectors,
                         ::testing::Values(Run{"pg-wal", text_columns, 43},
                                           Run{"pg-json-wal", json_columns, 35},
                                           Run{"pg-db-id-wal", database_id_columns, 39},
                                           Run{"pg-foreign", text_columns, 9}),
                         [](auto const& instance) {
                           std::string name{instance.param.name};
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace tram::testing
