#include "tram/json/json.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <list>
#include <map>
#include <unordered_map>
#include <variant>

#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "tram/json/value.hpp"

namespace shop {

using OrderId = tram::Id<struct OrderTag>;

enum class Colour { red, green };
constexpr auto enum_names(Colour) {
  return tram::json::names<Colour>({{Colour::red, "RED"}, {Colour::green, "GREEN"}});
}

struct Line {
  std::string product_id;
  int quantity = 0;
  friend bool operator==(Line const&, Line const&) = default;
};

struct ReserveCredit {
  OrderId order_id;
  tram::Decimal order_total;
  std::vector<Line> lines;
  std::optional<std::string> note;
};

struct Money {
  static constexpr bool json_bare_value = true;
  tram::Decimal amount;
};

// A type that has its own form: a text like "12:30".
class TimeOfDay {
 public:
  TimeOfDay(int hour, int minute) : hour_{hour}, minute_{minute} {}
  [[nodiscard]] int minutes() const { return hour_ * 60 + minute_; }

 private:
  int hour_;
  int minute_;
};

}  // namespace shop

template <>
struct tram::JsonCodec<shop::TimeOfDay> {
  static void encode(json::Writer& writer, shop::TimeOfDay const& time) {
    writer.string(std::to_string(time.minutes() / 60) + ":" + std::to_string(time.minutes() % 60));
  }
  static shop::TimeOfDay decode(json::Reader& reader) {
    auto const text = reader.string();
    if (text.size() != 5) reader.fail("expected a time like 12:30");
    return {std::stoi(std::string{text.substr(0, 2)}), std::stoi(std::string{text.substr(3)})};
  }
};

namespace {
using namespace tram;
using namespace std::string_literals;
using json::Policy;
using shop::Colour;
using shop::Line;

// The message of the error that encoding raises; empty when there is none.
template <class T>
std::string refusal(T const& value, Policy policy = Policy::wire) {
  std::string out{"as it was"};
  try {
    json::encode_to(out, value, policy);
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    EXPECT_EQ(out, "as it was");
    return error.what();
  }
  return "";
}

// The message of the error that decoding raises; empty when there is none.
template <class T>
std::string complaint(std::string_view text, Policy policy = Policy::wire) {
  try {
    static_cast<void>(json::decode<T>(text, policy));
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::malformed);
    return error.what();
  }
  return "";
}

template <class T>
T there_and_back(T const& value, Policy policy = Policy::wire) {
  return json::decode<T>(json::encode(value, policy), policy);
}

struct Nothing {
  friend bool operator==(Nothing, Nothing) = default;
};

TEST(Json, writes_members_in_order_and_in_camel_case) {
  shop::ReserveCredit const command{.order_id = {"o-1"},
                                    .order_total = Decimal::parse("12.50"),
                                    .lines = {{.product_id = "p", .quantity = 2}},
                                    .note = std::nullopt};
  EXPECT_EQ(json::encode(command),
            R"({"orderId":"o-1","orderTotal":12.50,"lines":[{"productId":"p","quantity":2}]})");
}

TEST(Json, writes_a_struct_without_members_as_an_empty_object) {
  EXPECT_EQ(json::encode(Nothing{}), "{}");
  EXPECT_EQ(json::decode<Nothing>(R"({"whatever":[1,2,{"a":null}]})"), Nothing{});
}

// Every kind of value as Java writes it: the expected text is a line of
// tests/vectors/json_values.jsonl.
struct Customer {
  std::string name;
  Decimal credit_limit;
};
struct EveryKind {
  static constexpr auto json_renames = json::renames({{"url_path", "urlpath"}});
  int an_int = -1;
  std::int64_t a_long = std::numeric_limits<std::int64_t>::max();
  double a_double = 0.1;
  double whole_double = 1;
  double big_double = 1e10;
  double small_double = 1e-4;
  double not_a_number = std::nan("");
  double infinite = -std::numeric_limits<double>::infinity();
  float a_float = 0.1F;
  bool a_boolean = true;
  std::string a_char = "c";
  Decimal amount = Decimal::parse("123.40");
  Decimal exponent = Decimal::parse("1E+5");
  Decimal tiny = Decimal::parse("1E-10");
  Colour colour = Colour::green;
  std::chrono::sys_time<std::chrono::milliseconds> date{
      std::chrono::milliseconds{1'700'000'000'123}};
  std::vector<std::byte> bytes{std::byte{0}, std::byte{1}, std::byte{0xFF}, std::byte{0x7F}};
  std::string text;
  std::string empty;
  std::vector<std::string> list{"x", "y"};
  std::vector<std::string> empty_list;
  std::map<std::string, int> map{{"k", 1}};
  std::optional<std::string> absent;
  std::optional<std::string> present = "here";
  Customer nested{"Fred", Decimal::parse("15.00")};
  std::string computed = "getter";
  bool ready = true;
  std::string url_path = "/x";
};

// The lines of the file by the name of their case.
std::map<std::string, std::string> java_vectors() {
  std::ifstream file{TRAM_TEST_VECTORS "/json_values.jsonl"};
  std::map<std::string, std::string> vectors;
  for (std::string line; std::getline(file, line);) {
    auto const entry = json::decode<std::map<std::string, std::string>>(line);
    vectors[entry.at("case")] = entry.at("json");
  }
  return vectors;
}

TEST(Json, writes_every_kind_byte_for_byte_as_java_does) {
  auto const java = java_vectors().at("EveryKind");
  auto const text = json::decode<json::Value>(java);
  EveryKind value;
  value.text = std::get<std::string>(text.find("text")->content());
  EXPECT_EQ(json::encode(value), java);
  EXPECT_EQ(json::encode(json::decode<EveryKind>(java)), java);
}

TEST(Json, writes_the_other_vectors_of_java_too) {
  auto const java = java_vectors();
  EXPECT_EQ(json::encode(Nothing{}), java.at("no properties"));
  EXPECT_EQ(json::encode(std::optional<int>{}), java.at("absent optional"));
  EXPECT_EQ(json::encode("a\"b\\c/d\b\f\n\r\t\0\x1f\x7f\u2028\u00e9\U0001F600"s), java.at("text"));
}

TEST(Json, leaves_out_what_is_absent_on_the_wire_and_writes_null_for_rest) {
  struct Partial {
    std::optional<int> first;
    std::unique_ptr<Line> second;
    std::map<std::string, std::optional<int>> entries;
    std::vector<std::optional<int>> elements;
  };
  Partial value;
  value.entries["x"] = std::nullopt;
  value.elements = {1, std::nullopt};
  EXPECT_EQ(json::encode(value), R"({"entries":{},"elements":[1,null]})");
  EXPECT_EQ(json::encode(value, Policy::rest),
            R"({"first":null,"second":null,"entries":{"x":null},"elements":[1,null]})");
}

TEST(Json, reads_null_and_nothing_as_absent_where_a_member_is_optional) {
  struct Partial {
    std::optional<int> first;
    std::unique_ptr<Line> second;
  };
  for (auto const* text : {"{}", R"({"first":null,"second":null})"}) {
    auto const value = json::decode<Partial>(text);
    EXPECT_EQ(value.first, std::nullopt);
    EXPECT_EQ(value.second, nullptr);
  }
  EXPECT_EQ(json::decode<Partial>(R"({"second":{"productId":"p","quantity":3}})").second->quantity,
            3);
}

TEST(Json, ignores_unknown_members_but_not_their_faults) {
  EXPECT_EQ(json::decode<Line>(R"({"x":{"deep":[1,"\n"]},"quantity":1,"productId":"p","y":null})"),
            (Line{"p", 1}));
  EXPECT_NE(complaint<Line>(R"({"x":[01],"quantity":1,"productId":"p"})"), "");
  EXPECT_NE(complaint<Line>(R"({"x":"\ud800","quantity":1,"productId":"p"})"), "");
}

TEST(Json, lets_the_last_of_repeated_members_win) {
  EXPECT_EQ(json::decode<Line>(R"({"productId":"a","quantity":1,"productId":"b","quantity":2})"),
            (Line{"b", 2}));
  struct Lists {
    std::vector<int> numbers;
    std::optional<int> maybe;
  };
  auto const lists =
      json::decode<Lists>(R"({"numbers":[1,2],"maybe":1,"numbers":[3],"maybe":null})");
  EXPECT_EQ(lists.numbers, std::vector<int>{3});
  EXPECT_EQ(lists.maybe, std::nullopt);
  EXPECT_EQ((json::decode<std::map<std::string, int>>(R"({"a":1,"a":2})").at("a")), 2);
}

TEST(Json, tells_the_whole_path_of_a_fault) {
  using shop::ReserveCredit;
  EXPECT_EQ(
      complaint<ReserveCredit>(
          R"({"orderId":"o","orderTotal":1,"lines":[{"productId":"p","quantity":9223372036854775808}]})"),
      "ReserveCredit.lines[0].quantity: expected an integer in range, got 9223372036854775808");
  EXPECT_EQ(
      complaint<ReserveCredit>(R"({"orderId":"o","orderTotal":1,"lines":[{"productId":"p"}]})"),
      "ReserveCredit.lines[0].quantity: missing");
  EXPECT_EQ(complaint<ReserveCredit>("{}"), "ReserveCredit.orderId: missing");
  EXPECT_EQ(complaint<ReserveCredit>(R"({"orderId":7})"),
            "ReserveCredit.orderId: expected a string, got 7");
  EXPECT_EQ(complaint<ReserveCredit>(R"({"orderId":null})"),
            "ReserveCredit.orderId: expected a string, got null");
  EXPECT_EQ(complaint<ReserveCredit>("[]"), "ReserveCredit: expected an object, got an array");
  EXPECT_EQ(complaint<ReserveCredit>(R"({"lines":{}})"),
            "ReserveCredit.lines: expected an array, got an object");
  EXPECT_EQ(complaint<ReserveCredit>(""), "ReserveCredit: expected JSON, got an empty text");
  EXPECT_EQ(complaint<ReserveCredit>(R"({"orderId":"\ud800"})"),
            "ReserveCredit.orderId: a string holds a wrong escape or an unpaired surrogate");
  EXPECT_EQ((complaint<std::map<std::string, Line>>(R"({"a b":{"productId":"p","quantity":1.9}})")
                 .find("[\"a b\"].quantity: expected an integer")),
            (complaint<std::map<std::string, Line>>(R"({"a b":1})")
                 .find("[\"a b\"]: expected an object")));
}

TEST(Json, refuses_what_follows_a_value) {
  EXPECT_EQ(complaint<int>("1 2"), "int: expected the end of the text");
  EXPECT_NE(complaint<Line>(R"({"productId":"p","quantity":1}})"), "");
  EXPECT_NE(complaint<Line>(R"({"productId":"p","quantity":1} x)"), "");
  EXPECT_EQ(json::decode<int>(" 1\n"), 1);
}

TEST(Json, narrows_no_integer) {
  EXPECT_EQ(complaint<int>("2147483648"), "int: expected an integer in range, got 2147483648");
  EXPECT_EQ(complaint<std::int8_t>("128"), "signed char: expected an integer in range, got 128");
  EXPECT_EQ(json::decode<std::int8_t>("-128"), -128);
  EXPECT_EQ(json::decode<std::uint8_t>("255"), 255);
  EXPECT_NE(complaint<std::uint8_t>("256"), "");
  EXPECT_NE(complaint<std::uint16_t>("-1"), "");
  EXPECT_NE(complaint<std::int64_t>("9223372036854775808"), "");
  EXPECT_NE(complaint<std::uint64_t>("18446744073709551616"), "");
  EXPECT_NE(complaint<int>("1.9"), "");
  EXPECT_NE(complaint<int>("1e2"), "");
  EXPECT_NE(complaint<int>("true"), "");
  EXPECT_NE(complaint<bool>("1"), "");
}

TEST(Json, keeps_integers_of_every_width_exact) {
  EXPECT_EQ(there_and_back(std::numeric_limits<std::int64_t>::min()),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(there_and_back(std::numeric_limits<std::uint64_t>::max()),
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(there_and_back(std::int16_t{-32768}), -32768);
  EXPECT_EQ(json::encode(std::int8_t{65}), "65");
}

TEST(Json, writes_doubles_shortest_and_as_java_lays_them_out) {
  auto const text = [](double value) { return json::encode(value); };
  EXPECT_EQ(text(0), "0.0");
  EXPECT_EQ(text(-0.0), "-0.0");
  EXPECT_EQ(text(100), "100.0");
  EXPECT_EQ(text(-1234.5), "-1234.5");
  EXPECT_EQ(text(0.001), "0.001");
  EXPECT_EQ(text(0.00099), "9.9E-4");
  EXPECT_EQ(text(9999999), "9999999.0");
  EXPECT_EQ(text(1e7), "1.0E7");
  EXPECT_EQ(text(12345678.9), "1.23456789E7");
  EXPECT_EQ(text(1.7976931348623157e308), "1.7976931348623157E308");
  EXPECT_EQ(json::encode(0.1F), "0.1");
  EXPECT_EQ(json::encode(16777216.0F), "1.6777216E7");
}

TEST(Json, reads_doubles_but_nothing_that_overflows) {
  EXPECT_EQ(json::decode<double>("1"), 1.0);
  EXPECT_EQ(json::decode<double>("1E+5"), 1e5);
  EXPECT_TRUE(std::isnan(json::decode<double>("\"NaN\"")));
  EXPECT_EQ(json::decode<float>("\"-Infinity\""), -std::numeric_limits<float>::infinity());
  EXPECT_NE(complaint<double>("NaN"), "");
  EXPECT_NE(complaint<double>("1e999"), "");
  EXPECT_NE(complaint<float>("1e39"), "");
  EXPECT_NE(complaint<double>("\"1.0\""), "");
}

TEST(Json, keeps_the_text_of_decimals) {
  EXPECT_EQ(json::encode(json::decode<Decimal>("1.50")), "1.50");
  EXPECT_EQ(json::encode(json::decode<Decimal>("1E+5")), "100000");
  EXPECT_NE(complaint<Decimal>("1E+5000"), "");
  EXPECT_NE(complaint<Decimal>("\"1.5\""), "");
}

TEST(Json, accepts_quoted_numbers_and_bare_money_under_the_rest_policy_only) {
  EXPECT_EQ(json::decode<int>("\"12\"", Policy::rest), 12);
  EXPECT_EQ(json::decode<double>("\"1.5\"", Policy::rest), 1.5);
  for (auto const* text : {R"({"amount":12.50})", R"({"amount":"12.50"})", "12.50", "\"12.50\""}) {
    EXPECT_EQ(json::encode(json::decode<shop::Money>(text, Policy::rest), Policy::rest),
              R"({"amount":12.50})");
  }
  EXPECT_EQ(complaint<shop::Money>("12.50"), "Money: expected an object, got 12.50");
  EXPECT_EQ(complaint<shop::Money>("\"abc\"", Policy::rest),
            "Money: expected a number, got \"abc\"");
  EXPECT_NE(complaint<bool>("\"true\"", Policy::rest), "");
}

TEST(Json, takes_enums_by_their_names_only) {
  EXPECT_EQ(json::encode(Colour::red), "\"RED\"");
  EXPECT_EQ(json::decode<Colour>("\"GREEN\""), Colour::green);
  EXPECT_EQ(complaint<Colour>("\"BLUE\""), "Colour: expected RED or GREEN, got \"BLUE\"");
  EXPECT_NE(complaint<Colour>("0"), "");
}

TEST(Json, refuses_an_enum_value_without_a_name_and_says_where) {
  struct Paint {
    std::map<std::string, std::vector<Colour>> layers;
  };
  EXPECT_EQ(refusal(static_cast<Colour>(7)),
            "Colour: 7 is no value of this enum (RED or GREEN); add it to enum_names, or send one "
            "of them");
  EXPECT_EQ(
      refusal(
          Paint{{{"door", {Colour::red}}, {"front wall", {Colour::red, static_cast<Colour>(-1)}}}}),
      "Paint.layers[\"front wall\"][1]: -1 is no value of this enum (RED or GREEN); add it to "
      "enum_names, or send one of them");
}

struct Texts {
  std::string name;
  std::vector<std::string> lines;
  std::map<std::string, std::optional<std::string>> by_name;
  std::unique_ptr<Texts> inner;
};

TEST(Json, refuses_text_that_is_no_utf8_and_says_where) {
  constexpr auto const* bad = "M\xfcller";
  auto const ends = [](std::string const& text) {
    return text.ends_with(": the text 'M?ller' is no UTF-8 at byte 2; convert it, or send the "
                          "bytes as std::vector<std::byte>");
  };
  for (auto const policy : {Policy::wire, Policy::rest}) {
    auto const text = refusal(Texts{.name = bad, .lines = {}, .by_name = {}, .inner = {}}, policy);
    EXPECT_TRUE(text.starts_with("Texts.name: ") && ends(text)) << text;
  }
  auto text = refusal(Texts{.name = "\"\\{[,:", .lines = {"a", bad}, .by_name = {}, .inner = {}});
  EXPECT_TRUE(text.starts_with("Texts.lines[1]: ") && ends(text)) << text;
  Texts deep{.name = "a", .lines = {"{", "]"}, .by_name = {{"k", "v"}}, .inner = {}};
  deep.inner = std::make_unique<Texts>();
  deep.inner->by_name = {{"absent", std::nullopt}, {"fine", "x"}, {"here", bad}};
  text = refusal(deep);
  EXPECT_TRUE(text.starts_with("Texts.inner.byName.here: ") && ends(text)) << text;
  deep.inner->by_name = {{"fine", "x"}, {bad, "x"}};
  EXPECT_EQ(refusal(deep),
            "Texts.inner.byName[\"M?ller\"]: the name is no UTF-8 at byte 2; convert it");
  EXPECT_TRUE(refusal(std::string{bad}).starts_with("basic_string")) << refusal(std::string{bad});
  EXPECT_NE(refusal(shop::OrderId{"\xed\xa0\x80"}), "");  // a surrogate of its own
  EXPECT_NE(refusal(json::Value{json::Value::Object{{"a", json::Value{std::string{bad}}}}}), "");
}

TEST(Json, shortens_a_long_text_that_it_refuses) {
  auto const text = refusal(std::string(1'000'000, 'x') + "\xff");
  EXPECT_LT(text.size(), 300U);
  EXPECT_NE(text.find("at byte 1000001"), std::string::npos) << text;
}

TEST(Json, replaces_in_a_report_what_is_no_utf8) {
  EXPECT_EQ(json::encode_report(std::map<std::string, std::string>{{"M\xfcller", "\xff"}}),
            R"({"M?ller":"?"})");
}

struct Chain {
  std::unique_ptr<Chain> next;
};

Chain chain_of(int links) {
  Chain chain;
  for (int link = 1; link < links; ++link) chain = Chain{std::make_unique<Chain>(std::move(chain))};
  return chain;
}

TEST(Json, writes_no_deeper_than_it_reads) {
  auto const deepest = json::encode(chain_of(64));
  EXPECT_NO_THROW(static_cast<void>(json::decode<Chain>(deepest)));
  EXPECT_NE(refusal(chain_of(65)).find(": nested deeper than 64 levels"), std::string::npos);
  EXPECT_NE(refusal(chain_of(20'000)), "");
}

TEST(Json, refuses_a_number_that_is_none_and_a_time_that_no_millisecond_reaches) {
  EXPECT_EQ(refusal(json::Value{json::Value::Array{json::Value{json::Number{"1"}},
                                                   json::Value{json::Number{"0x1"}}}}),
            "Value[1]: '0x1' is no number in JSON");
  using Far = std::chrono::sys_time<std::chrono::duration<std::int64_t, std::ratio<3600>>>;
  EXPECT_NE(refusal(Far{Far::duration::max()}).find("out of the range"), std::string::npos);
  EXPECT_EQ(json::encode(Far{Far::duration{1}}), "3600000");
}

struct Renamed {
  static constexpr auto json_style = json::Style::as_written;
  static constexpr auto json_renames = json::renames({{"order_id", "@id"}});
  int order_id;
  int order_total;
};

TEST(Json, follows_the_style_and_the_renames_of_a_struct) {
  struct Keywords {
    int default_;
    int a_b_2_c;
    int plain;
  };
  EXPECT_EQ(json::encode(Renamed{1, 2}), R"({"@id":1,"order_total":2})");
  EXPECT_EQ(json::decode<Renamed>(R"({"@id":1,"order_total":2})").order_total, 2);
  EXPECT_EQ(json::encode(Keywords{1, 2, 3}), R"({"default":1,"aB2C":2,"plain":3})");
}

TEST(Json, carries_containers_of_many_kinds) {
  EXPECT_EQ(json::encode(std::vector<bool>{true, false}), "[true,false]");
  EXPECT_EQ(there_and_back(std::vector<bool>{true, false}), (std::vector<bool>{true, false}));
  EXPECT_EQ(there_and_back(std::list<std::string>{"a"}), std::list<std::string>{"a"});
  EXPECT_EQ(there_and_back(std::array<int, 3>{1, 2, 3}), (std::array<int, 3>{1, 2, 3}));
  EXPECT_EQ((complaint<std::array<int, 3>>("[1,2]").find("expected 3 elements, got 2")),
            (complaint<std::array<int, 3>>("[1,2,3,4]").find("expected 3 elements, got 4")));
  std::unordered_map<std::string, std::vector<Line>> const map{{"a\"", {{"p", 1}}}};
  EXPECT_EQ(there_and_back(map), map);
  EXPECT_EQ(json::encode(std::string_view{"x"}), "\"x\"");
  EXPECT_EQ(json::encode(std::vector<std::vector<int>>{{}, {1}, {}}), "[[],[1],[]]");
}

TEST(Json, writes_ids_as_their_bare_values) {
  using Number = Id<struct NumberTag, std::int64_t>;
  EXPECT_EQ(json::encode(shop::OrderId{"o"}), "\"o\"");
  EXPECT_EQ(json::encode(Number{7}), "7");
  EXPECT_EQ(json::decode<Number>("7"), Number{7});
}

TEST(Json, writes_points_in_time_as_epoch_milliseconds) {
  using namespace std::chrono;
  EXPECT_EQ(json::encode(sys_seconds{seconds{2}}), "2000");
  EXPECT_EQ(json::encode(sys_time<nanoseconds>{nanoseconds{-1}}), "-1");
  EXPECT_EQ(json::decode<sys_seconds>("2000"), sys_seconds{seconds{2}});
  EXPECT_EQ(json::decode<sys_time<nanoseconds>>("-1"), sys_time<nanoseconds>{milliseconds{-1}});
  EXPECT_NE(complaint<sys_seconds>("2001"), "");
  EXPECT_NE(complaint<sys_time<nanoseconds>>("9223372036854775807"), "");
}

TEST(Json, reads_base64_with_padding_only) {
  using Bytes = std::vector<std::byte>;
  for (std::size_t size = 0; size < 10; ++size) {
    EXPECT_EQ(there_and_back(Bytes(size, std::byte{0xA7})), Bytes(size, std::byte{0xA7}));
  }
  for (auto const* text :
       {"\"A\"", "\"AA\"", "\"AA=A\"", "\"A===\"", "\"====\"", "\"A\u00e9==\"", "1"}) {
    EXPECT_NE(complaint<Bytes>(text), "") << text;
  }
}

TEST(Json, leaves_a_type_its_own_form) {
  EXPECT_EQ(json::encode(std::vector{shop::TimeOfDay{12, 30}}), R"(["12:30"])");
  EXPECT_EQ(json::decode<shop::TimeOfDay>("\"12:30\"").minutes(), 750);
  EXPECT_EQ(complaint<shop::TimeOfDay>("\"1\""), "TimeOfDay: expected a time like 12:30");
}

struct Tree {
  std::vector<Tree> children;
};

TEST(Json, stops_at_too_deep_and_too_long_texts) {
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += R"({"children":[)";
  EXPECT_NE(complaint<Tree>(deep), "");
  for (int i = 0; i < 10'000; ++i) deep += "]}";
  EXPECT_NE(complaint<Tree>(deep).find("nested deeper than 64 levels"), std::string::npos);
  EXPECT_NE(complaint<std::string>("\"" + std::string(10'000'000, 'x') + "\"")
                .find("at most 8388608 bytes"),
            std::string::npos);
  EXPECT_EQ(json::decode<std::string>("\"" + std::string(8'000'000, 'x') + "\"").size(),
            8'000'000U);
}

}  // namespace
