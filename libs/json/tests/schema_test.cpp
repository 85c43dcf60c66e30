#include "tram/json/schema.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "tram/json/value.hpp"

namespace shelf {

using BookId = tram::Id<struct BookTag>;
using ShelfId = tram::Id<struct ShelfTag, std::int64_t>;

enum class State { lent, here };
constexpr auto enum_names(State /*state*/) {
  return tram::json::names<State>({{State::lent, "LENT"}, {State::here, "HERE"}});
}

struct Author {
  std::string full_name;
};

struct Book {
  BookId book_id;
  ShelfId shelf;
  State state{};
  std::optional<std::string> note;
  std::vector<Author> authors;
};

struct Chapter {
  std::string title;
  std::vector<Chapter> parts;
  std::unique_ptr<Author> guest;
};

/// With a codec of its own.
struct Isbn {
  int prefix{};
};
/// With a schema of its own, too.
struct Price {
  tram::Decimal amount;
};
struct Offer {
  static constexpr auto json_style = tram::json::Style::as_written;
  Isbn isbn;
  Price list_price;
};
struct Nothing {};

}  // namespace shelf

template <>
struct tram::JsonCodec<shelf::Isbn> {
  static void encode(json::Writer& writer, shelf::Isbn const& isbn) {
    writer.string(std::to_string(isbn.prefix));
  }
};
template <>
struct tram::JsonSchema<shelf::Price> {
  static std::string schema() { return R"({"type":"string"})"; }
};

namespace tram::json {
namespace {

using shelf::Book;
using shelf::Chapter;

TEST(JsonSchema, names_members_as_json_does_and_requires_those_that_are_not_optional) {
  EXPECT_EQ(
      json_schema<Book>(),
      R"({"type":"object","properties":{"bookId":{"type":"string"},)"
      R"("shelf":{"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807},)"
      R"("state":{"type":"string","enum":["LENT","HERE"]},"note":{"type":"string"},)"
      R"("authors":{"type":"array","items":{"type":"object",)"
      R"("properties":{"fullName":{"type":"string"}},"required":["fullName"]}}},)"
      R"("required":["bookId","shelf","state","authors"]})");
}

TEST(JsonSchema, knows_every_type_that_json_knows) {
  EXPECT_EQ(json_schema<bool>(), R"({"type":"boolean"})");
  EXPECT_EQ(json_schema<std::uint8_t>(), R"({"type":"integer","minimum":0,"maximum":255})");
  EXPECT_EQ(json_schema<double>(), R"({"type":"number"})");
  EXPECT_EQ(json_schema<float>(), R"({"type":"number"})");
  EXPECT_EQ(json_schema<Decimal>(), R"({"type":"number"})");
  EXPECT_EQ(json_schema<std::vector<std::byte>>(),
            R"({"type":"string","contentEncoding":"base64"})");
  EXPECT_EQ((json_schema<std::array<bool, 2>>()),
            R"({"type":"array","minItems":2,"maxItems":2,"items":{"type":"boolean"}})");
  EXPECT_EQ((json_schema<std::map<std::string, bool>>()),
            R"({"type":"object","additionalProperties":{"type":"boolean"}})");
  EXPECT_EQ((json_schema<std::chrono::system_clock::time_point>()),
            R"({"type":"integer","description":"milliseconds since 1970, UTC"})");
  EXPECT_EQ(json_schema<Value>(), "{}");
  EXPECT_EQ(json_schema<shelf::Nothing>(), R"({"type":"object","properties":{}})");
}

TEST(JsonSchema, ends_in_a_struct_that_contains_itself) {
  EXPECT_EQ(json_schema<Chapter>(),
            R"({"type":"object","properties":{"title":{"type":"string"},)"
            R"("parts":{"type":"array","items":{"type":"object"}},)"
            R"("guest":{"type":"object","properties":{"fullName":{"type":"string"}},)"
            R"("required":["fullName"]}},"required":["title","parts"]})");
}

TEST(JsonSchema, leaves_open_what_only_a_codec_knows_and_takes_what_a_type_says_of_itself) {
  EXPECT_EQ(json_schema<shelf::Offer>(),
            R"({"type":"object","properties":{"isbn":{},"list_price":{"type":"string"}},)"
            R"("required":["isbn","list_price"]})");
}

}  // namespace
}  // namespace tram::json
