#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/transaction.hpp"
#include "tram/wire/headers_json.hpp"
#include "tram/wire/http_date.hpp"
#include "tram/wire/id_generator.hpp"
#include "tram/wire/int128.hpp"
#include "vectors.hpp"

namespace tram::testkit {

/// How the rows of a run of the golden vectors came about.
struct JavaRun {
  std::string name;
  OutboxOptions options{};
};

/// Sends again what the Java framework sent, and holds each row against the one that it wrote:
/// they differ in ids and in the order of headers only. An empty key and a header without a name,
/// which Java sends, are refused.
class JavaRows {
 public:
  JavaRows(Database& database, JavaRun run) : database_{database}, run_{std::move(run)} {}

  void expect_the_same() {
    for (auto const& line : tram::testing::vectors("message_rows.jsonl")) {
      if (line["run"] != run_.name) continue;
      SCOPED_TRACE(line["case"].get<std::string>());
      expect_the_same(line["row"]);
      ++checked_;
    }
  }
  [[nodiscard]] int checked() const { return checked_; }

 private:
  void expect_the_same(tram::testing::Json const& java) {
    auto const java_headers = java["headers"].get<std::string>();
    auto headers = headers_from_json(java_headers);
    ManualClock clock{parse_http_date(headers.require("DATE"))};
    Outbox const outbox{{.dialect = database_.dialect(),
                         .table = probe_outbox_table(
                             database_, schema_in(database_.dialect(), run_.options.schema)),
                         .ids = ids_,
                         .clock = clock,
                         .random = random_},
                        run_.options};
    for (auto const* name : {"ID", "DATE", "DESTINATION"}) headers.erase(name);
    auto const payload = java["payload"].get<std::string>();
    auto const send = [&](Transaction& tx) {
      return outbox.send(tx, java["destination"].get<std::string>(),
                         Message{.headers = headers, .payload = payload});
    };
    if (headers.find("PARTITION_ID") == "" || headers.contains("")) {
      EXPECT_THROW(database_.transact(send), Error);
      return;
    }
    database_.transact([&](Transaction& tx) {
      auto const id = send(tx);
      expect_row(tx, java, id);
    });
  }

  void expect_row(Transaction& tx, tram::testing::Json const& java, std::string const& id) {
    bool const numbered = java.contains("dbid");
    auto const table =
        java.contains("table") ? java["table"].get<std::string>() : std::string{"message"};
    auto const rows =
        tx.execute("SELECT id, destination, headers, payload, published, message_partition FROM " +
                       schema_in(tx.dialect(), run_.options.schema)
                           .qualify(table.substr(table.find('.') + 1)) +
                       " WHERE " + (numbered ? "dbid" : "id") + " = ?",
                   numbered ? std::to_string(Int128::parse(id).high) : id);
    ASSERT_EQ(rows.size(), 1U) << table;
    EXPECT_EQ(rows[0].get<std::string>(0), numbered ? "" : id);
    EXPECT_EQ(rows[0].get<std::string>(1), java["destination"].get<std::string>());
    auto const java_headers = java["headers"].get<std::string>();
    auto expected = headers_from_json(java_headers);
    if (!numbered) expected.set("ID", id);
    EXPECT_EQ(headers_from_json(rows[0].get<std::string>(2)), expected);
    // All ids are of one length: as many bytes means escaped alike.
    EXPECT_EQ(rows[0].get<std::string>(2).size(), java_headers.size());
    EXPECT_EQ(rows[0].get<std::string>(3), java["payload"].get<std::string>());
    EXPECT_EQ(rows[0].get<int>(4), 0);
    EXPECT_EQ(rows[0].get<std::optional<int>>(5),
              java["message_partition"].is_null()
                  ? std::nullopt
                  : std::optional{java["message_partition"].get<int>()});
  }

  Database& database_;
  JavaRun run_;
  SystemClock clock_;
  SystemRandom random_;
  IdGenerator ids_{clock_, {0x0242'ac11'0000}};
  int checked_{};
};

}  // namespace tram::testkit
