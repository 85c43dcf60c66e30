// How fast records go through the embedded broker, from `submit` to a consumer's hands and
// acknowledgement, beside a bare SQLite loop with the same statements: the floor. In turns; the
// median of five. Prints records per second for both, and the ratio.
//
// embedded_benchmark [FOLDER]   (the current one unless given; its disk matters)

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/embedded/embedded.hpp"

namespace {

constexpr int runs = 5;
constexpr std::size_t value_bytes = 300;
constexpr char const* channel = "orders";

struct Shape {
  char const* name;
  std::size_t records;
  std::size_t batch;
  bool syncs;
};

std::string key_of(std::size_t number) { return "key-" + std::to_string(number % 1'000); }

/// One transaction per batch, then one that reads it, then one that stores the position.
class Bare {
 public:
  Bare(std::string const& path, bool syncs) {
    sqlite3_open_v2(path.c_str(), &writer_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    run(writer_, "PRAGMA journal_mode = WAL");
    run(writer_, syncs ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    run(writer_, "CREATE TABLE record (place INTEGER PRIMARY KEY, time INTEGER NOT NULL, key BLOB "
                 "NOT NULL, value BLOB NOT NULL) STRICT");
    run(writer_, "CREATE TABLE progress (id INTEGER PRIMARY KEY, next INTEGER) STRICT");
    run(writer_, "INSERT INTO progress VALUES (1, 0)");
    sqlite3_open_v2(path.c_str(), &reader_, SQLITE_OPEN_READWRITE, nullptr);
    run(reader_, "PRAGMA synchronous = NORMAL");
    insert_ = prepare(writer_, "INSERT INTO record VALUES (?, ?, ?, ?)");
    read_ =
        prepare(reader_, "SELECT place, key, value FROM record WHERE place >= ? ORDER BY place");
    store_ = prepare(reader_, "UPDATE progress SET next = ? WHERE id = 1");
  }
  ~Bare() {
    for (auto* const statement : {insert_, read_, store_}) sqlite3_finalize(statement);
    sqlite3_close(reader_);
    sqlite3_close(writer_);
  }
  Bare(Bare const&) = delete;
  Bare& operator=(Bare const&) = delete;

  void pass(Shape const& shape, std::string const& value) {
    std::size_t handled = 0;
    for (std::size_t sent = 0; sent < shape.records;) {
      run(writer_, "BEGIN IMMEDIATE");
      for (auto const end = sent + shape.batch; sent < end; ++sent) insert(sent, value);
      run(writer_, "COMMIT");
      sqlite3_bind_int64(read_, 1, static_cast<sqlite3_int64>(handled));
      while (sqlite3_step(read_) == SQLITE_ROW) {
        bytes_ += text(1).size() + text(2).size();
        ++handled;
      }
      sqlite3_reset(read_);
    }
    sqlite3_bind_int64(store_, 1, static_cast<sqlite3_int64>(handled));
    sqlite3_step(store_);
    sqlite3_reset(store_);
  }

 private:
  static void run(sqlite3* connection, char const* sql) {
    if (sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) != SQLITE_OK) std::abort();
  }
  static sqlite3_stmt* prepare(sqlite3* connection, char const* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(connection, sql, -1, &statement, nullptr) != SQLITE_OK) std::abort();
    return statement;
  }
  void insert(std::size_t number, std::string const& value) {
    auto const key = key_of(number);
    sqlite3_bind_int64(insert_, 1, static_cast<sqlite3_int64>(number));
    sqlite3_bind_int64(insert_, 2, 1'700'000'000'000);
    sqlite3_bind_blob(insert_, 3, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
    sqlite3_bind_blob(insert_, 4, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
    if (sqlite3_step(insert_) != SQLITE_DONE) std::abort();
    sqlite3_reset(insert_);
  }
  [[nodiscard]] std::string text(int column) const {
    auto const* const begin = static_cast<char const*>(sqlite3_column_blob(read_, column));
    return {begin, static_cast<std::size_t>(sqlite3_column_bytes(read_, column))};
  }

  sqlite3* writer_{};
  sqlite3* reader_{};
  sqlite3_stmt* insert_{};
  sqlite3_stmt* read_{};
  sqlite3_stmt* store_{};
  std::size_t bytes_{};
};

void pass(tram::Broker& broker, Shape const& shape, std::string const& value) {
  auto const producer = broker.producer();
  auto const consumer = broker.subscribe({.group = "billing"}, std::array{std::string{channel}});
  std::size_t handled = 0;
  auto const take = [&] {
    for (auto const& event : consumer->poll()) {
      auto const* const delivery = std::get_if<tram::Delivery>(&event);
      if (delivery == nullptr) continue;
      consumer->acknowledge(delivery->source, delivery->position);
      ++handled;
    }
  };
  for (std::size_t sent = 0; sent < shape.records;) {
    for (auto const end = sent + shape.batch; sent < end; ++sent) {
      auto const key = key_of(sent);
      tram::RecordView const record{.channel = channel, .key = key, .value = value};
      if (!producer->submit(record, tram::Sequence{sent + 1})) std::abort();
    }
    if (producer->completions().size() != shape.batch) std::abort();
    take();
  }
  while (handled < shape.records) take();
  consumer->close(std::chrono::seconds{1});
}

double records_per_second(tram::Clock& clock, Shape const& shape,
                          std::function<void()> const& work) {
  auto const begun = clock.steady();
  work();
  return static_cast<double>(shape.records) /
         std::chrono::duration<double>(clock.steady() - begun).count();
}

double median(std::vector<double> all) {
  std::ranges::sort(all);
  return all[all.size() / 2];
}

void compare(std::filesystem::path const& parent, Shape const& shape) {
  tram::SystemClock clock;
  std::string const value(value_bytes, 'x');
  std::vector<double> bare;
  std::vector<double> ours;
  for (int run = 0; run < runs; ++run) {
    auto name = (parent / "embedded-benchmark-XXXXXX").string();
    std::filesystem::path const folder{::mkdtemp(name.data())};
    {
      Bare loop{(folder / "bare.db").string(), shape.syncs};
      bare.push_back(records_per_second(clock, shape, [&] { loop.pass(shape, value); }));
      using tram::embedded::Durability;
      auto const durability = shape.syncs ? Durability::power_failure : Durability::process_crash;
      auto const broker = tram::embedded::connect(
          {.path = (folder / "broker.db").string(), .durability = durability}, clock);
      broker->create_channels(std::array{std::string{channel}}, 4, tram::Deadline::never());
      ours.push_back(records_per_second(clock, shape, [&] { pass(*broker, shape, value); }));
    }
    std::filesystem::remove_all(folder);
  }
  std::printf("%-38s bare %9.0f/s   embedded %9.0f/s   ratio %.2f\n", shape.name, median(bare),
              median(ours), median(ours) / median(bare));
}

}  // namespace

int main(int argc, char** argv) {
  std::filesystem::path const folder{argc > 1 ? argv[1] : "."};
  for (Shape const& shape : {Shape{"batches of 500, synced", 100'000, 500, true},
                             Shape{"batches of 500, not synced", 200'000, 500, false},
                             Shape{"batches of 10, synced", 10'000, 10, true},
                             Shape{"one by one, synced", 1'000, 1, true},
                             Shape{"one by one, not synced", 20'000, 1, false}}) {
    compare(folder, shape);
  }
}
