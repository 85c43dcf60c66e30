// What the codec costs beside code written by hand for one payload of 300 bytes, in one run. Prints
// the ratio at the end: 1.0 is as fast as by hand, and 0.7 is what we promise.

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <stdexcept>

#include "tram/base/json.hpp"

namespace {

struct Line {
  std::string product_id;
  std::int32_t quantity;
  tram::Decimal price;
};

struct OrderPlaced {
  tram::Id<struct OrderTag> order_id;
  tram::Id<struct CustomerTag> customer_id;
  tram::Decimal order_total;
  std::int64_t placed_at;
  bool express;
  std::optional<std::string> note;
  std::vector<Line> lines;
};

OrderPlaced const& payload() {
  static OrderPlaced const value{.order_id = {"0000018bcfe56800-0242ac1100800000"},
                                 .customer_id = {"customer-4711"},
                                 .order_total = tram::Decimal::parse("1234.50"),
                                 .placed_at = 1'700'000'000'123,
                                 .express = true,
                                 .note = "Leave it with the neighbours, please",
                                 .lines = {{"product-12345", 2, tram::Decimal::parse("500.00")},
                                           {"product-67890", 1, tram::Decimal::parse("234.50")}}};
  return value;
}

std::string const& text() {
  static std::string const value = tram::json::encode(payload());
  return value;
}

// By hand: what a careful person writes for just this struct, checks included.
namespace by_hand {

bool needs_escape(char character) {
  auto const byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == '"' || byte == '\\';
}

void append_slowly(std::string& out, std::string_view value) {
  for (char const character : value) {
    if (character == '"' || character == '\\') out += '\\';
    out += character;
  }
}

void append_string(std::string& out, std::string_view value) {
  out += '"';
  bool clean = true;
  for (char const character : value) clean &= !needs_escape(character);
  if (clean) out += value;
  else append_slowly(out, value);
  out += '"';
}

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 20> digits{};
  out.append(digits.begin(), std::to_chars(digits.begin(), digits.end(), value).ptr);
}

void append_line(std::string& out, Line const& line) {
  out += "{\"productId\":";
  append_string(out, line.product_id);
  out += ",\"quantity\":";
  append_integer(out, line.quantity);
  out += ",\"price\":";
  out += line.price.text();
  out += '}';
}

std::string encode(OrderPlaced const& order) {
  std::string out;
  out += "{\"orderId\":";
  append_string(out, order.order_id.value);
  out += ",\"customerId\":";
  append_string(out, order.customer_id.value);
  out += ",\"orderTotal\":";
  out += order.order_total.text();
  out += ",\"placedAt\":";
  append_integer(out, order.placed_at);
  out += ",\"express\":";
  out += order.express ? "true" : "false";
  if (order.note) {
    out += ",\"note\":";
    append_string(out, *order.note);
  }
  out += ",\"lines\":[";
  for (auto const& line : order.lines) {
    if (out.back() != '[') out += ',';
    append_line(out, line);
  }
  out += "]}";
  return out;
}

// The text of a number; the library's token includes what follows it up to the next one.
std::string_view number(simdjson::ondemand::value value) {
  auto const token = value.raw_json_token();
  return token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
}

Line decode_line(simdjson::ondemand::object object) {
  Line line;
  line.product_id = std::string_view{object["productId"]};
  auto const quantity = std::int64_t{object["quantity"]};
  if (!std::in_range<std::int32_t>(quantity)) throw std::runtime_error{"quantity is out of range"};
  line.quantity = static_cast<std::int32_t>(quantity);
  line.price = tram::Decimal::parse(number(object["price"]));
  return line;
}

OrderPlaced decode(simdjson::ondemand::parser& parser, std::string_view json) {
  simdjson::padded_string const padded{json};
  auto document = parser.iterate(padded);
  simdjson::ondemand::object object = document.get_object();
  OrderPlaced order;
  order.order_id.value = std::string_view{object["orderId"]};
  order.customer_id.value = std::string_view{object["customerId"]};
  order.order_total = tram::Decimal::parse(number(object["orderTotal"]));
  order.placed_at = std::int64_t{object["placedAt"]};
  order.express = bool{object["express"]};
  if (auto note = object["note"]; note.error() == simdjson::SUCCESS)
    order.note = std::string_view{note};
  for (auto line : object["lines"]) order.lines.push_back(decode_line(line));
  return order;
}

}  // namespace by_hand

void encode_by_hand(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(by_hand::encode(payload()));
}
void encode_by_codec(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(tram::json::encode(payload()));
}
void decode_by_hand(benchmark::State& state) {
  simdjson::ondemand::parser parser;
  for (auto _ : state) benchmark::DoNotOptimize(by_hand::decode(parser, text()));
}
void decode_by_codec(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(tram::json::decode<OrderPlaced>(text()));
}
BENCHMARK(encode_by_hand);
BENCHMARK(encode_by_codec);
BENCHMARK(decode_by_hand);
BENCHMARK(decode_by_codec);

// Remembers the median of each benchmark while it prints.
class Medians final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(std::vector<Run> const& runs) override {
    for (auto const& run : runs) {
      if (run.aggregate_name == "median")
        medians_[run.run_name.function_name] = run.GetAdjustedCPUTime();
    }
    ConsoleReporter::ReportRuns(runs);
  }
  [[nodiscard]] double of(std::string const& name) const { return medians_.at(name); }

 private:
  std::map<std::string, double> medians_;
};

void print_ratio(char const* what, double by_hand, double by_codec) {
  std::printf("%s: %.0f ns by hand, %.0f ns by the codec, ratio %.2f\n", what, by_hand, by_codec,
              by_hand / by_codec);
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<char*> all(arguments, arguments + count);
  std::string repetitions = "--benchmark_repetitions=9";
  std::string interleaved = "--benchmark_enable_random_interleaving=true";
  std::string aggregates = "--benchmark_report_aggregates_only=true";
  all.push_back(repetitions.data());
  all.push_back(aggregates.data());
  all.push_back(interleaved.data());
  auto all_count = static_cast<int>(all.size());
  benchmark::Initialize(&all_count, all.data());

  auto const first = text();
  simdjson::ondemand::parser parser;
  if (by_hand::encode(by_hand::decode(parser, first)) != first) return EXIT_FAILURE;

  Medians medians;
  benchmark::RunSpecifiedBenchmarks(&medians);
  auto const encode_hand = medians.of("encode_by_hand");
  auto const encode_codec = medians.of("encode_by_codec");
  auto const decode_hand = medians.of("decode_by_hand");
  auto const decode_codec = medians.of("decode_by_codec");
  std::printf("payload: %zu bytes\n", first.size());
  print_ratio("encode", encode_hand, encode_codec);
  print_ratio("decode", decode_hand, decode_codec);
  print_ratio("encode + decode", encode_hand + decode_hand, encode_codec + decode_codec);
}
