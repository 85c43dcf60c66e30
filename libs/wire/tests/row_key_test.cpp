#include <gtest/gtest.h>

#include "tram/base/error.hpp"
#include "tram/wire/record.hpp"

namespace {
using tram::Error;
using tram::relay_record;
using tram::row_key;
using tram::RowView;
using Key = std::optional<std::string>;

Key key_of(std::string_view headers) { return row_key({.headers_json = headers, .payload = {}}); }

TEST(RowKey, is_that_of_the_record_where_there_is_one) {
  for (std::string_view const headers :
       {R"({"ID":"1","PARTITION_ID":"k"})", R"({"ID":"1"})", R"({"ID":"1","PARTITION_ID":""})",
        R"({"ID":"1","PARTITION_ID":7})", R"({"ID":"1","PARTITION_ID":7.50})",
        R"({"ID":"1","PARTITION_ID":1e400})", R"({"ID":"1","PARTITION_ID":true})",
        R"({"ID":"1","PARTITION_ID":null})", R"({"PARTITION_ID":"a","PARTITION_ID":"b","ID":"1"})",
        R"({"PARTITION_ID":"a","PARTITION_ID":null,"ID":"1"})", R"({"ID":12,"x":-0})",
        R"({"ID":"1","PARTITION\u005fID":"\u006b\u0000\"\\k"})",
        " { \"ID\" : \"1\" , \"PARTITION_ID\" : \"caf\xC3\xA9\" } "}) {
    try {
      EXPECT_EQ(key_of(headers), relay_record({.headers_json = headers, .payload = "p"}).key)
          << headers;
    } catch (Error const&) { EXPECT_EQ(headers.find("1e400") == std::string_view::npos, false); }
  }
}

TEST(RowKey, is_told_by_headers_that_no_record_can_be_made_of) {
  for (std::string_view const headers : {
           R"({"ID":"1","PARTITION_ID":"k","x":{"a":[1,"}"]}})",
           R"({"x":["]",{"PARTITION_ID":"no"}],"ID":"1","PARTITION_ID":"k"})",
           R"({"PARTITION_ID":"k"})",
           R"({"ID":"","PARTITION_ID":"k"})",
           R"({"ID":null,"PARTITION_ID":"k"})",
           R"({"ID":["1"],"PARTITION_ID":"k"})",
           R"({"ID":"1","PARTITION_ID":"k","x":1e999})",
           R"({"ID":"1","PARTITION_ID":"k","x":"\ud800"})",
           R"({"ID":"1","PARTITION_ID":"k"} and more)",
           R"({"ID":"1","PARTITION_ID":"k")",
           R"({"ID":"1","PARTITION_ID":"k",})",
           R"({"ID":"1","PARTITION_ID":"k","x":)",
           R"({"ID":"1","PARTITION_ID":"k","x":nan})",
           R"({"ID":"1","PARTITION_ID":"k" "x":"y"})",
           "{\"ID\":\"1\",\"PARTITION_ID\":\"k\",\"x\":\"\xE9\"}",
           "{\"x\":\"\xE9\",\"ID\":\"1\",\"PARTITION_ID\":\"k\"}",
           "{\"ID\":\"1\",\"PARTITION_ID\":\"k\",\"x\":\"line\nbreak\"}",
           "\xEF\xBB\xBF{\"ID\":\"1\",\"PARTITION_ID\":\"k\"}",
           R"({"ID":"1" "PARTITION_ID":"k"})",
           R"({"ID":"1",,"PARTITION_ID":"k"})",
           R"({"ID":"1","name":"say "hi"","PARTITION_ID":"k"})",
           R"({"ID":"1","x":[1,2,"PARTITION_ID" : "k")",
           R"({"ID":"1","x":,"PARTITION_ID":"k","PARTITION_ID"})",
           R"({ID:"1","PARTITION_ID":"k"})",
           R"({'ID':'1',"PARTITION_ID":"k")",
           R"("PARTITION_ID":"k")",
       }) {
    EXPECT_EQ(key_of(headers), Key{"k"}) << headers;
  }
  EXPECT_EQ(key_of(R"({"ID":"1","x":{}})"), Key{"1"});
  EXPECT_EQ(row_key({.headers_json = R"({"x":{}})", .payload = {}, .database_id = tram::Int128{7}}),
            tram::Int128{7}.to_string());
}

TEST(RowKey, is_not_guessed) {
  for (std::string_view const headers : {
           "",
           "null",
           "[]",
           "no object",
           R"("text")",
           "{",
           R"({"ID")",
           R"({"ID":"1)",
           R"({"ID":"1","x":)",  // a PARTITION_ID may have followed
           R"({"x":{"PARTITION_ID":"k"}})",
           R"({"ID":"1","PARTITION_ID":{"a":1}})",
           R"({"ID":"1","PARTITION_ID":["k"]})",
           R"({"ID":"1","PARTITION_ID":"k","PARTITION_ID":[]})",
           R"({"ID":"1","PARTITION_ID":nope})",
           R"({"ID":"1","PARTITION_ID":"\ud800"})",
           "{\"ID\":\"1\",\"PARTITION_ID\":\"\xE9\"}",
           R"({"ID":[],"x":1})",
           R"({'PARTITION_ID':'k'})",
       }) {
    EXPECT_EQ(key_of(headers), std::nullopt) << headers;
  }
  EXPECT_EQ(row_key({.headers_json = std::nullopt, .payload = {}}), std::nullopt);
}

}  // namespace
