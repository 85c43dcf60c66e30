// What the codec costs beside code written by hand for one payload of 300 bytes, in one run. Prints
// the ratio at the end: 1.0 is as fast as by hand, and 0.7 is what we promise.

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <cstdio>
#include <cstdlib>

#include "medians.hpp"
#include "order_placed.hpp"
#include "tram/json/json.hpp"

namespace {

namespace by_hand = benchmarks::by_hand;
using benchmarks::OrderPlaced;
using benchmarks::payload;
using benchmarks::text;

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

}  // namespace

int main(int count, char** arguments) {
  auto const first = text();
  simdjson::ondemand::parser parser;
  if (by_hand::encode(by_hand::decode(parser, first)) != first) return EXIT_FAILURE;

  benchmarks::Medians medians;
  benchmarks::run(medians, count, arguments);
  auto const encode_hand = medians.of("encode_by_hand");
  auto const encode_codec = medians.of("encode_by_codec");
  auto const decode_hand = medians.of("decode_by_hand");
  auto const decode_codec = medians.of("decode_by_codec");
  std::printf("payload: %zu bytes\n", first.size());
  benchmarks::print_ratio("encode", encode_hand, encode_codec);
  benchmarks::print_ratio("decode", decode_hand, decode_codec);
  benchmarks::print_ratio("encode + decode", encode_hand + decode_hand,
                          encode_codec + decode_codec);
}
