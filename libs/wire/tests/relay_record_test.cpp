#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <tuple>

#include "flat_headers.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "tram/wire/id_generator.hpp"
#include "tram/wire/record.hpp"
#include "vectors.hpp"

namespace tram {
namespace {

using testing::from_base64;
using testing::Json;

RelayRecord relayed(std::string_view headers, std::string_view payload = "{}",
                    std::optional<Int128> id = std::nullopt) {
  return relay_record({.headers_json = headers, .payload = payload, .database_id = id});
}

std::string refusal(RowView const& row) {
  try {
    relay_record(row);
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::malformed);
    return error.what();
  }
  return "accepted";
}

struct Row {
  std::string headers;
  std::string payload;
  std::optional<Int128> database_id;
};

/// In every run with database ids the outbox id is 5.
Row row_of(Json const& row) {
  Row result{.headers = row["headers"], .payload = row["payload"], .database_id = {}};
  if (row.contains("dbid")) result.database_id = database_message_id(row["dbid"], OutboxId{5});
  return result;
}

/// The header ID of a row, which leads to its record.
std::string id_of(Row const& row) {
  auto const headers = Json::parse(row.headers);
  return headers.contains("ID") ? headers["ID"].get<std::string>() : row.database_id->to_string();
}

using RowKey = std::tuple<std::string, std::string>;

std::map<RowKey, Row> captured_rows() {
  std::map<RowKey, Row> rows;
  for (auto const& line : testing::vectors("message_rows.jsonl")) {
    if (line["row"]["destination"] == "CDC-IGNORED") continue;
    auto const row = row_of(line["row"]);
    rows[{line["run"], id_of(row)}] = row;
  }
  return rows;
}

TEST(RelayRecord, of_every_captured_row_is_the_record_that_the_java_relay_published) {
  auto const rows = captured_rows();
  int exact = 0;
  int with_database_id = 0;
  std::set<std::string> runs;
  for (auto const& line : testing::vectors("kafka_records.jsonl")) {
    if (line["id"].is_null()) continue;  // a batch
    auto const found = rows.find({line["run"], line["id"]});
    if (found == rows.end()) continue;  // the saga runs, whose rows are not kept
    auto const& row = found->second;
    auto const record = relayed(row.headers, row.payload, row.database_id);
    auto const value = from_base64(line["value_base64"].get<std::string>());
    EXPECT_EQ(record.key, from_base64(line["key_base64"].get<std::string>()));
    runs.insert(line["run"]);
    if (row.database_id) {
      // Java puts the added ID somewhere among the others; the order of headers has no meaning.
      EXPECT_EQ(parse_record(record.value), parse_record(value));
      EXPECT_EQ(record.value.size(), value.size());
      ++with_database_id;
    } else {
      EXPECT_EQ(record.value, value) << line["run"] << ' ' << line["case"];
      ++exact;
    }
  }
  EXPECT_EQ(runs.size(), 9U);
  EXPECT_EQ(exact, 44 + 39 + 39 + 35 + 40 + 78 + 9);
  EXPECT_EQ(with_database_id, 39 + 39);
}

TEST(RelayRecord, of_the_rows_behind_the_captured_batches_is_what_the_batches_contain) {
  std::map<std::string, Row> rows;
  for (auto const& line : testing::vectors("message_rows.jsonl")) {
    if (line["run"] == "pg-batch") rows[line["row"]["id"]] = row_of(line["row"]);
  }
  std::size_t checked = 0;
  for (auto const& line : testing::vectors("kafka_records.jsonl")) {
    if (line["run"] != "pg-batch") continue;
    for (auto const& message : line["multi_message"]["messages"]) {
      auto const value = message["value"].get<std::string>();
      auto const& row = rows.at(Json::parse(value)["headers"]["ID"]);
      EXPECT_EQ(relayed(row.headers, row.payload), (RelayRecord{message["key"], value}));
      ++checked;
    }
  }
  EXPECT_EQ(checked, rows.size());
}

// The rows of the saga runs are not kept, but a record contains its row.
TEST(RelayRecord, of_the_headers_and_payload_inside_any_captured_record_is_that_record) {
  int checked = 0;
  for (auto const& line : testing::vectors("kafka_records.jsonl")) {
    if (line["id"].is_null()) continue;
    auto const value = from_base64(line["value_base64"].get<std::string>());
    auto const payload = Json::parse(value)["payload"].get<std::string>();
    constexpr std::string_view between{R"(","headers":)"};
    auto const headers_at = value.find(between) + between.size();
    auto const headers = value.substr(headers_at, value.size() - headers_at - 1);
    auto const record = relayed(headers, payload);
    EXPECT_EQ(record.value, value);
    EXPECT_EQ(record.key, from_base64(line["key_base64"].get<std::string>()));
    ++checked;
  }
  EXPECT_EQ(checked, 470);
}

TEST(RelayRecord, of_rows_that_java_wrote_copies_the_headers) {
  for (auto const& line : testing::vectors("message_rows.jsonl")) {
    if (line["run"] == "pg-foreign" || line["run"] == "pg-batch") continue;
    EXPECT_TRUE(scan_flat_headers(line["row"]["headers"].get<std::string>())) << line;
  }
}

TEST(RelayRecord, has_the_two_members_in_their_order) {
  EXPECT_EQ(
      relayed(R"({"ID":"x","PARTITION_ID":"7"})", R"({"a":1})"),
      (RelayRecord{"7", R"({"payload":"{\"a\":1}","headers":{"ID":"x","PARTITION_ID":"7"}})"}));
}

TEST(RelayRecord, takes_the_id_as_key_when_there_is_no_partition_id) {
  EXPECT_EQ(relayed(R"({"ID":"x"})").key, "x");
  EXPECT_EQ(relayed(R"({"ID":"x","PARTITION_ID":null})").key, "x");
  EXPECT_EQ(relayed(R"({"ID":"x","PARTITION_ID":""})").key, "");
  EXPECT_EQ(relayed(R"({"PARTITION_ID":null})", "{}", Int128{1, 2}).key,
            "0000000000000001-0000000000000002");
}

TEST(RelayRecord, adds_the_database_id_only_where_the_id_is_missing) {
  EXPECT_EQ(
      relayed("{}", "", Int128{1, 2}),
      (RelayRecord{"0000000000000001-0000000000000002",
                   R"({"payload":"","headers":{"ID":"0000000000000001-0000000000000002"}})"}));
  EXPECT_EQ(relayed(R"({"a":"b"})", "", Int128{1, 2}).value,
            R"({"payload":"","headers":{"a":"b","ID":"0000000000000001-0000000000000002"}})");
  EXPECT_EQ(relayed(R"({ "a":"b","ID":null})", "", Int128{1, 2}).value,
            R"({"payload":"","headers":{"a":"b","ID":"0000000000000001-0000000000000002"}})");
  EXPECT_EQ(relayed(R"({"ID":"x"})", "", Int128{1, 2}).value,
            R"({"payload":"","headers":{"ID":"x"}})");
}

TEST(RelayRecord, takes_an_empty_id_for_a_missing_one) {
  EXPECT_EQ(relayed(R"({"ID":"","PARTITION_ID":"7"})", "", Int128{1, 2}),
            (RelayRecord{"7", R"({"payload":"","headers":{"PARTITION_ID":"7",)"
                              R"("ID":"0000000000000001-0000000000000002"}})"}));
  EXPECT_EQ(relayed(R"({"ID":""})", "", Int128{1, 2}).key, "0000000000000001-0000000000000002");
  EXPECT_THROW(relayed(R"({"ID":"","PARTITION_ID":"7"})"), Error);
}

TEST(RelayRecord, normalises_foreign_headers_as_the_java_relay_does) {
  auto const headers = [](std::string const& text) {
    auto const value = relayed(text, "").value;
    constexpr std::string_view begin{R"({"payload":"","headers":)"};
    return value.substr(begin.size(), value.size() - begin.size() - 1);
  };
  EXPECT_EQ(headers(R"( { "ID" : "x" } )"), R"({"ID":"x"})");
  EXPECT_EQ(headers(R"({"ID":"x","n":1.50,"i":7,"t":true,"f":false,"no":null})"),
            R"({"ID":"x","n":1.5,"i":7,"t":true,"f":false})");
  EXPECT_EQ(headers(R"({"a":"1","ID":"x","a":"2"})"), R"({"a":"2","ID":"x"})");
  EXPECT_EQ(headers(R"({"a":"1","ID":"x","a":null})"), R"({"ID":"x"})");
  EXPECT_EQ(headers(R"({"ID":"x","a":"\u00e9\u001f\/\ud83d\ude00\u000a"})"),
            R"({"ID":"x","a":"é\u001F/😀\n"})");
  EXPECT_EQ(headers(R"({"ID":"x","\u0061":"1","a":"2"})"), R"({"ID":"x","a":"2"})");
  EXPECT_EQ(headers(R"({"ID":"x","a":"q\"b\\n\n\u0000\u001F é"})"),
            R"({"ID":"x","a":"q\"b\\n\n\u0000\u001F é"})");
}

// Java's relay dies of a PARTITION_ID that is no string; the key is what a consumer will read.
TEST(RelayRecord, takes_the_text_of_a_partition_id_that_is_no_string_as_key) {
  EXPECT_EQ(relayed(R"({"ID":"x","PARTITION_ID":42})"),
            (RelayRecord{"42", R"({"payload":"{}","headers":{"ID":"x","PARTITION_ID":42}})"}));
  EXPECT_EQ(relayed(R"({"ID":"x","PARTITION_ID":1.50})").key, "1.5");
  EXPECT_EQ(relayed(R"({"ID":"x","PARTITION_ID":true})").key, "true");
  for (auto const* headers :
       {R"({"ID":"x","PARTITION_ID":42})", R"({"ID":"x","PARTITION_ID":1.50})",
        R"({"ID":"x","PARTITION_ID":false})"}) {
    auto const record = relayed(headers);
    EXPECT_EQ(parse_record(record.value).partition_key(), record.key);
  }
}

TEST(RelayRecord, unescapes_its_key) {
  EXPECT_EQ(relayed(R"({"ID":"x","PARTITION_ID":"a\"b\u00e9"})").key, "a\"bé");
  EXPECT_EQ(relayed(R"({"ID":"a\\b"})").key, "a\\b");
}

TEST(RelayRecord, of_a_bad_row_is_refused_naming_the_column_and_the_remedy) {
  EXPECT_EQ(refusal({.headers_json = "{}", .payload = std::nullopt}),
            "outbox row: column 'payload' is NULL; correct the row or delete it");
  EXPECT_EQ(refusal({.headers_json = std::nullopt, .payload = ""}),
            "outbox row: column 'headers' is NULL; correct the row or delete it");
  EXPECT_EQ(refusal({.headers_json = R"({"ID":"x"})", .payload = "ab\xff"}),
            "outbox row: column 'payload' is no UTF-8 at byte 2; correct the row or delete it");
  EXPECT_NE(refusal({.headers_json = R"({"a":"b"})", .payload = ""})
                .find("column 'headers' has no header ID"),
            std::string::npos);
  EXPECT_NE(refusal({.headers_json = R"({"ID":null})", .payload = ""})
                .find("column 'headers' has no header ID"),
            std::string::npos);
  for (auto const* text :
       {"", "[]", "null", "\"{}\"", "{", "not JSON", R"({"ID":"x"}})", R"({"ID":"x","a":["1"]})",
        R"({"ID":"x","a":{"b":"c"}})", R"({"ID":"x","n":1e400})", R"({"ID":"x\ud800"})",
        "{\"ID\":\"\x80\"}", "{\"ID\":\"a\tb\"}", R"({"ID":"x",})", R"({"ID":"\x"})",
        R"({"ID":"\u00)"}) {
    auto const problem = refusal({.headers_json = text, .payload = "{}"});
    EXPECT_NE(problem.find("column 'headers'"), std::string::npos) << text << ": " << problem;
    EXPECT_NE(problem.find("correct the row or delete it"), std::string::npos) << problem;
  }
}

TEST(RelayRecord, treats_more_headers_than_the_quick_scan_remembers_alike) {
  std::string text{R"({"ID":"x")"};
  for (int i = 0; i < 100; ++i) text += ",\"" + std::to_string(i) + "\":\"v\"";
  text += '}';
  EXPECT_FALSE(scan_flat_headers(text));
  EXPECT_EQ(relayed(text, "").value, R"({"payload":"","headers":)" + text + "}");
}

/// A string of the kind that JSON writers produce: escapes that Java writes, escapes it does not,
/// many languages.
std::string random_string(Random& random) {
  static constexpr std::string_view pieces[]{
      "a",  "ID",  "\\\"",    "\\\\",    "\\n",     "\\u0000",        "\\u001F",     "é",
      "😀", "\\/", "\\u00e9", "\\u000A", "\\u001f", "\\ud83d\\ude00", "12345678901", "\x7f"};
  std::string text{"\""};
  for (auto count = random.below(5); count > 0; --count)
    text += pieces[random.below(std::size(pieces))];
  return text += '"';
}

// The quick way and the slow way are two ways to one result: what the slow one normalises, the
// quick one copies.
TEST(RelayRecord, copied_or_normalised_is_the_same) {
  SeededRandom random{11};
  int copied = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string members = R"("ID":"x")";
    for (auto count = random.below(5); count > 0; --count) {
      auto const name = random_string(random);
      auto const value = random_string(random);
      // An empty id is none.
      members += "," + name + ":" + (name == R"("ID")" && value == R"("")" ? R"("y")" : value);
    }
    auto const flat = "{" + members + "}";
    copied += scan_flat_headers(flat) ? 1 : 0;
    ASSERT_EQ(relayed(flat), relayed("{ " + members + "}")) << flat;
    auto const value = Json::parse(relayed(flat).value);
    ASSERT_EQ(value["headers"], Json::parse(flat)) << flat;
  }
  EXPECT_GT(copied, 2'000);
  EXPECT_LT(copied, 18'000);
}

TEST(RelayRecord, of_random_bytes_is_json_or_malformed) {
  SeededRandom random{5};
  std::string const good =
      R"({"ID":"f-03","PARTITION_ID":"1","n":1.50,"a":"é\u001F\"","d":"Mon, 23 Nov 2026"})";
  int accepted = 0;
  for (int round = 0; round < 30'000; ++round) {
    auto headers = good;
    for (std::uint64_t changes = 1 + random.below(3); changes > 0; --changes) {
      headers[random.below(headers.size())] = random.below(2) == 0
                                                  ? static_cast<char>(random.bits())
                                                  : R"({}[]",:\u0e)"[random.below(11)];
    }
    std::string payload(random.below(20), 'x');
    for (auto& c : payload) c = static_cast<char>(random.bits());
    try {
      auto const record = relayed(headers, random.below(2) == 0 ? payload : "{}");
      ASSERT_TRUE(Json::accept(record.value)) << headers;
      ASSERT_EQ(parse_record(record.value).headers.contains("ID"), true) << headers;
      ++accepted;
    } catch (Error const& error) { ASSERT_EQ(error.fault(), Fault::malformed) << headers; }
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace tram
