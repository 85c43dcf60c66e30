// What it costs to read rows into structs by name, beside reading the columns by number, and to
// insert structs, beside statements written out: one run, SQLite in memory. Prints ratios: 1.0 is
// as fast as by hand.

#include <benchmark/benchmark.h>

#include <cstdio>

#include "medians.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"
#include "tram/sql/structs.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace {

struct OrderLine {
  std::int64_t id{};
  std::string product;
  int amount{};
  double price{};
  std::optional<std::string> remark;
};

constexpr int count = 1000;
constexpr auto select = "SELECT id, product, amount, price, remark FROM order_lines";

tram::Database& database() {
  static tram::SystemClock clock;
  static tram::SystemRandom random;
  static tram::Database instance =
      tram::sqlite::connect({.path = tram::sqlite::memory_path(random)}, {}, clock, random);
  return instance;
}

std::vector<OrderLine> order_lines() {
  std::vector<OrderLine> lines;
  for (int i = 0; i < count; ++i) {
    lines.push_back({.id = i,
                     .product = "a product with a name",
                     .amount = i % 7,
                     .price = 9.5,
                     .remark = i % 2 == 0 ? std::nullopt : std::optional<std::string>{"fragile"}});
  }
  return lines;
}

void read_by_number(benchmark::State& state) {
  for (auto _ : state) {
    database().transact([&](tram::Transaction& tx) {
      std::vector<OrderLine> lines;
      auto const rows = tx.execute(select);
      lines.reserve(rows.size());
      for (auto const row : rows) {
        lines.push_back({.id = row.get<std::int64_t>(0),
                         .product = row.get<std::string>(1),
                         .amount = row.get<int>(2),
                         .price = row.get<double>(3),
                         .remark = row.get<std::optional<std::string>>(4)});
      }
      benchmark::DoNotOptimize(lines);
    });
  }
}
void read_structs(benchmark::State& state) {
  for (auto _ : state) {
    database().transact([&](tram::Transaction& tx) {
      benchmark::DoNotOptimize(tx.execute(select).as<OrderLine>());
    });
  }
}
void insert_one_by_one(benchmark::State& state) {
  auto const lines = order_lines();
  for (auto _ : state) {
    database().transact([&](tram::Transaction& tx) {
      tx.execute("DELETE FROM order_lines");
      for (auto const& line : lines) {
        tx.execute("INSERT INTO order_lines VALUES (?, ?, ?, ?, ?)", line.id, line.product,
                   line.amount, line.price, line.remark);
      }
    });
  }
}
void insert_structs(benchmark::State& state) {
  auto const lines = order_lines();
  for (auto _ : state) {
    database().transact([&](tram::Transaction& tx) {
      tx.execute("DELETE FROM order_lines");
      tram::insert(tx, "order_lines", lines);
    });
  }
}
BENCHMARK(read_by_number);
BENCHMARK(read_structs);
BENCHMARK(insert_one_by_one);
BENCHMARK(insert_structs);

}  // namespace

int main(int argument_count, char** arguments) {
  database().transact([](tram::Transaction& tx) {
    tx.execute("CREATE TABLE order_lines (id INTEGER PRIMARY KEY, product TEXT, amount INTEGER, "
               "price REAL, remark TEXT)");
    tram::insert(tx, "order_lines", order_lines());
  });
  benchmarks::Medians medians;
  benchmarks::run(medians, argument_count, arguments);
  benchmarks::print_ratio("read", medians.of("read_by_number"), medians.of("read_structs"));
  benchmarks::print_ratio("insert", medians.of("insert_one_by_one"), medians.of("insert_structs"));
}
