#include "request_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tram::http {
namespace {

using namespace std::string_literals;
using State = RequestReader::State;

constexpr RequestReader::Limits limits{.header_bytes_max = 8192, .body_bytes_max = 100};

/// What becomes of the bytes, in one piece and byte by byte: `METHOD path [body] …`, then what is
/// left or the status of the refusal.
std::string read(std::string const& bytes) {
  std::vector<std::string> both;
  for (std::size_t const piece : {bytes.size(), std::size_t{1}}) {
    RequestReader reader{limits};
    std::string text;
    auto const take_all = [&] {
      while (reader.state() == State::complete) {
        auto const head = reader.take();
        text += head.request.method + " " + head.raw_path + " [" + head.request.body + "] ";
      }
    };
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      if (reader.state() == State::reading) reader.feed(std::string_view{bytes}.substr(at, piece));
      take_all();
    }
    if (reader.state() == State::refused) text += std::to_string(reader.refusal().status);
    else if (reader.has_begun()) text += "begun";
    both.push_back(text);
  }
  EXPECT_EQ(both[0], both[1]) << bytes;
  return both[0];
}

std::string get(std::string const& fields) {
  return "GET /a?b HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}
std::string post(std::string const& fields, std::string const& body) {
  return "POST /a HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n" + body;
}

TEST(RequestReader, finds_requests_one_behind_the_other) {
  EXPECT_EQ(read(get("")), "GET /a [] ");
  EXPECT_EQ(read(get("") + "\r\n" + get("X: y\r\n") + "GET"), "GET /a [] GET /a [] begun");
  EXPECT_EQ(read(post("Content-Length: 3\r\n", "abc") + get("")), "POST /a [abc] GET /a [] ");
  EXPECT_EQ(read(post("transfer-encoding: CHUNKED\r\n",
                      "3\r\nabc\r\n02;x=\"y\"\r\nde\r\n0\r\nTrailer: t\r\n\r\n") +
                 get("")),
            "POST /a [abcde] GET /a [] ");
  EXPECT_EQ(read(post("Content-Length: 0\r\n", "")), "POST /a [] ");
  EXPECT_EQ(read("GET / HTTP/1.0\r\n\r\n"), "GET / [] ");
}

TEST(RequestReader, passes_over_one_empty_line_before_each_request) {
  EXPECT_EQ(read("\r\n" + get("") + "\r\n" + get("")), "GET /a [] GET /a [] ");
  EXPECT_EQ(read(get("") + "\r\n"), "GET /a [] ");
  EXPECT_EQ(read("\r\n\r\n" + get("")), "400");
  EXPECT_EQ(read("\r\n\r\n\r\na HTTP/1PE"), "400");
}

TEST(RequestReader, refuses_what_two_readers_could_understand_in_two_ways) {
  for (auto const& bytes :
       {post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"),
        post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
        post("Content-Length: 3, 4\r\n", "abcd"),
        post("Content-Length: 3, 3\r\n", "abc"),
        post("Content-Length: +3\r\n", "abc"),
        post("Content-Length: -1\r\n", ""),
        post("Content-Length: 0x3\r\n", "abc"),
        post("Content-Length: 3 3\r\n", "abc"),
        post("Content-Length:\r\n", "abc"),
        post("Content-Length: \r\n", "abc"),
        post("Content-Length: 3;\r\n", "abc"),
        post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
        post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
        post("Transfer-Encoding: identity, chunked\r\n", "0\r\n\r\n"),
        post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
        post("Transfer-Encoding: identity\r\n", ""),
        post("Transfer-Encoding: xchunked\r\n", ""),
        post("Transfer-Encoding: \x0b"
             "chunked\r\n",
             ""),
        post("Transfer-Encoding: \"chunked\"\r\n", ""),
        post("Transfer-Encoding:\r\n", ""),
        post("Content-Length : 3\r\n", "abc"),
        post("Transfer-Encoding : chunked\r\n", ""),
        post("Content-Length\t: 3\r\n", "abc"),
        post(" Content-Length: 3\r\n", "abc"),
        post("Content Length: 3\r\n", "abc"),
        post("Content-Length\0: 3\r\n"s, "abc"),
        post("Content-Length: 3\0\r\n"s, "abc"),
        post("X: a\0b\r\n"s, ""),
        post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"),
        post("X: a\r\n b\r\n", ""),
        post("X: a\r\n\tContent-Length: 3\r\n", "abc"),
        post("X\r\n", ""),
        post(": x\r\n", ""),
        post("X: a\nContent-Length: 3\r\n", "abc"),
        post("X: a\rContent-Length: 3\r\n", "abc"),
        post("X: a\r\r\n", ""),
        "GET / HTTP/1.1\nHost: h\n\n"s,
        "GET / HTTP/1.1\r\nHost: h\n\n"s,
        "GET / HTTP/1.1\rHost: h\r\r"s,
        "GET / HTTP/1.1\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: h\r\nhost: other\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: h, other\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n"s,
        "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n"s,
        "GET / HTTP/1.1\r\n Host: h\r\n\r\n"s,
        "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"s,
        "GET / x HTTP/1.1\r\nHost: h\r\n\r\n"s,
        "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n"s,
        "GET /\x7f HTTP/1.1\r\nHost: h\r\n\r\n"s,
        "GET /é HTTP/1.1\r\nHost: h\r\n\r\n"s,
        "GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n"s,
        "GET / http/1.1\r\nHost: h\r\n\r\n"s,
        "GET /\r\nHost: h\r\n\r\n"s,
        " GET / HTTP/1.1\r\nHost: h\r\n\r\n"s,
        "G@T / HTTP/1.1\r\nHost: h\r\n\r\n"s,
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"s,
        post("Transfer-Encoding: chunked\r\n", "3\nabc\r\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\n", "3\r\nabcd\r\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\n", "3\r\nabc\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\n", "0x3\r\nabc\r\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\n", "+3\r\nabc\r\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\n", "-1\r\nabc\r\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\n", " 3\r\nabc\r\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\n", "3 \r\nabc\r\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\n", "\r\nabc\r\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\n", "ffffffffffffffff1\r\nabc"),
        post("Transfer-Encoding: chunked\r\n", "3;a\nb\r\nabc\r\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\n", "3;a\rb\r\nabc\r\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\n", "3;" + std::string(300, 'a')),
        post("Transfer-Encoding: chunked\r\n", "0\r\nX: a\nb\r\n\r\n")}) {
    EXPECT_EQ(read(bytes), "400") << bytes;
  }
}

TEST(RequestReader, says_what_is_too_large) {
  EXPECT_EQ(read(post("Content-Length: 101\r\n", "")), "413");
  EXPECT_EQ(read(post("Content-Length: 99999999999999999999\r\n", "")), "413");
  EXPECT_EQ(read(post("Transfer-Encoding: chunked\r\n", "65\r\n")), "413");
  EXPECT_EQ(read("GET /" + std::string(9000, 'a')), "414");
  EXPECT_EQ(read(get("X: " + std::string(9000, 'a') + "\r\n")), "431");
  EXPECT_EQ(read("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), "505");
  EXPECT_EQ(read(get("Expect: much\r\n")), "417");
}

TEST(RequestReader, knows_plus_as_a_space_in_a_query_only) {
  RequestReader reader{limits};
  reader.feed("GET /a+b?x+y=a+b%2B HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_EQ(reader.state(), State::complete);
  auto const head = reader.take();
  EXPECT_EQ(head.raw_path, "/a+b");
  EXPECT_EQ(head.request.query.at("x y"), "a b+");
}

TEST(RequestReader, takes_a_query_of_many_parameters) {
  std::string query = "?n0=0";
  for (int number = 1; number < 800; ++number) query += "&n" + std::to_string(number) + "=v";
  RequestReader reader{limits};
  reader.feed("GET /a" + query + " HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_EQ(reader.state(), State::complete);
  EXPECT_EQ(reader.take().request.query.size(), 800U);
}

TEST(RequestReader, knows_when_a_client_waits_to_send_its_body) {
  RequestReader reader{limits};
  reader.feed(post("Content-Length: 3\r\nExpect: 100-continue\r\n", ""));
  EXPECT_TRUE(reader.take_wish_to_continue());
  EXPECT_FALSE(reader.take_wish_to_continue());
  EXPECT_EQ(reader.feed("abc"), State::complete);
  EXPECT_TRUE(reader.take().keeps_connection);
  reader.feed(get("Connection: keep-alive, Close\r\n"));
  EXPECT_FALSE(reader.take().keeps_connection);
}

}  // namespace
}  // namespace tram::http
